"""The cast of the test population: who they are, how they are related, where they lived. Invented, every one.

A person is named by a key; relations point at keys. `tools/population.py` turns the cast into the register's records.
Dates may be partial, as the register's are: `1988-03-14`, `1988-03`, `1988` or empty for unknown.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from population_shape import Abroad, Soul, Spot, Value, boxtel, date, died, elsewhere, marks, part, permit, suspended

TILBURG = elsewhere("0855", "Tilburg", "Wolkenhof", 12, "5038XK")
VUGHT = elsewhere("0865", "Vught", "Klokkenpad", 4, "5261ZT")
DEN_BOSCH = elsewhere("0796", "'s-Hertogenbosch", "Zilverdreef", 88, "5211XN")
SCHIJNDEL = elsewhere("0844", "Schijndel", "Hopakker", 31, "5481XL")
MEIERIJSTAD = elsewhere("1948", "Schijndel", "Hopakker", 31, "5481XL")
EINDHOVEN = elsewhere("0772", "Eindhoven", "Gloeidraadhof", 101, "5611XZ", addition="2")
STORY_HOME = boxtel("Zilverspoorlaan", 14)
FIRST_HOME = boxtel("Leemakker", 7, "5283XB")


def _story() -> list[Soul]:
    came = ((TILBURG, "1989-03-14"), (FIRST_HOME, "2014-05-01"), (STORY_HOME, "2018-09-15"))
    home = ((STORY_HOME, "2018-09-15"),)
    children = ("noor", "sami")
    return [
        Soul(key="aisha", sex="V", born="1989-03-14", given="Aisha", family="Mardoun", birthplace="0855", stays=came,
             partner="joris", wed="2015-07-03", children=children, tags=("verhaal", "binding_nu")),
        Soul(key="joris", sex="M", born="1987-10-30", given="Joris Antonius", family="Eikbracht",
             stays=((FIRST_HOME, "2012-02-01"), (STORY_HOME, "2018-09-15")), partner="aisha", wed="2015-07-03",
             children=children, tags=("binding_nu",)),
        Soul(key="noor", sex="V", born="2016-06-02", given="Noor", family="Eikbracht",
             stays=((FIRST_HOME, "2016-06-02"), *home), tags=("minderjarig",)),
        Soul(key="sami", sex="M", born="2019-11-20", given="Sami Joris", family="Eikbracht",
             stays=((STORY_HOME, "2019-11-20"),), tags=("minderjarig",)),
        Soul(key="willem", sex="M", born="1957-01-09", given="Willem Cornelis", family="Peelhorst",
             stays=((boxtel("Zilverspoorlaan", 16), "1998-02-01"),), tags=("buur", "binding_nu")),
    ]  # fmt: skip


def _ties() -> list[Soul]:
    """Six years in the municipality: now, earlier within ten years, never, or nobody can tell."""
    old = boxtel("Karrenpad", 3)
    new = boxtel("Vlinderhof", 22, "5282XT")
    merged = ((SCHIJNDEL, "2009-05-01"), (MEIERIJSTAD, "2017-01-01"))
    liempde = elsewhere("0806", "Liempde", "Populierendreef", 5, "5298XA")
    haaren = elsewhere("0788", "Esch", "Runpad", 9, "5296XB")
    return [
        Soul(key="tie_past", sex="V", born="1979-05-21", given="Margriet", family="Lindhout",
             stays=((old, "2009-03-01"), (VUGHT, "2023-06-01"), (new, "2025-04-01")), tags=("binding_eerder",)),
        Soul(key="tie_none", sex="M", born="1996-08-02", given="Daan", family="Ooidijk",
             stays=((EINDHOVEN, "2016-09-01"), (boxtel("Vlinderhof", 24, "5282XT"), "2025-09-01")),
             tags=("binding_geen",)),
        Soul(key="tie_broken", sex="V", born="1990-12-12", given="Femke", family="Brembeek",
             stays=((old, "2014-01-15"), (DEN_BOSCH, "2018-01-15"), (old, "2021-10-01")), tags=("binding_geen",)),
        Soul(key="tie_year", sex="M", born="1983-04-04", given="Bas", family="Keradrecht",
             stays=((boxtel("Hazelhof", 5), "2020"),), registered="2020", tags=("binding_onzeker",)),
        Soul(key="tie_unknown", sex="V", born="1944-02-29", given="Petronella", family="Dalwaard",
             stays=((boxtel("Hazelhof", 7), ""),), registered="", tags=("binding_onzeker",)),
        Soul(key="tie_day", sex="M", born="1991-06-30", given="Ruben", family="Maasveld",
             stays=((TILBURG, "2012-01-01"), (boxtel("Hazelhof", 9), "2020-12-31")), tags=("binding_rand",)),
        Soul(key="merged", sex="M", born="1972-03-03", given="Harrie", family="Hopkamp", birthplace="1948",
             stays=merged, tags=("binding_nu", "fusie")),
        Soul(key="merged_same_start", sex="V", born="1974-07-19", given="Truus", family="Hopkamp", birthplace="1948",
             stays=((SCHIJNDEL, "2011-08-01"), (MEIERIJSTAD, "2011-08-01")), registered="2017-01-01",
             tags=("binding_nu", "fusie")),
        Soul(key="liempde", sex="V", born="1961-11-11", given="Johanna Maria", family="Populierman", stays=(
             (liempde, "1985-04-01"), (elsewhere("0757", "Liempde", "Populierendreef", 5, "5298XA"), "1996-01-01")),
             tags=("binding_nu", "fusie")),
        Soul(key="haaren", sex="M", born="1980-10-10", given="Geert", family="Runbeek", stays=(
             (haaren, "2015-02-01"), (elsewhere("0757", "Esch", "Runpad", 9, "5296XB"), "2021-01-01")),
             tags=("fusie",)),
        Soul(key="restless", sex="M", born="1969-09-09", given="Otto", family="Zwervink", stays=(
             (DEN_BOSCH, "1990-01-01"), (VUGHT, "1993"), (TILBURG, "1997-05"), (EINDHOVEN, "2001-02-03"),
             (Abroad(country="5010", lines=("Kopermolenstraat 1", "2300 Turnhout")), "2004-07-01"),
             (Abroad(), "2007"), (DEN_BOSCH, "2011-03-01"), (VUGHT, ""), (boxtel("Karrenpad", 41), "2022-05-16")),
             tags=("binding_geen",),
             extra={"immigratie": {"landVanwaarIngeschreven": {"code": "0000", "omschrijving": "Onbekend"},
                                   "datumVestigingInNederland": date("2011-03-01"),
                                   "vanuitVerblijfplaatsOnbekend": True}}),
    ]  # fmt: skip


def _secrecy_and_doubt() -> list[Soul]:
    """Secrecy, and data under investigation."""
    hidden = boxtel("Wilgendreef", 18)
    secret: Mapping[str, Value] = {"geheimhoudingPersoonsgegevens": True}
    since = "2026-02-16"
    whole_address: Mapping[str, Value] = {"verblijfplaats": {
        "inOnderzoek": marks(since, "type", "datumVan", "functieAdres", "adresseerbaarObjectIdentificatie",
                             "nummeraanduidingIdentificatie"),
        "verblijfadres": {"inOnderzoek": marks(since, "huisnummer", "korteStraatnaam", "officieleStraatnaam",
                                               "postcode", "woonplaats")}},
        "adressering": {"inOnderzoek": {"adresregel1": True, "adresregel2": True,
                                        "datumIngangOnderzoekVerblijfplaats": date(since)}}}  # fmt: skip
    doubts: tuple[tuple[str, str, str, Mapping[str, Value]], ...] = (
        ("doubt_name", "Sanne", "Elskamp", {"naam": {"inOnderzoek": marks(since, "geslachtsnaam", "volledigeNaam")},
            "adressering": {"inOnderzoek": {"aanschrijfwijze": True, "aanhef": True, "gebruikInLopendeTekst": True,
                                            "datumIngangOnderzoekPersoon": date(since)}}}),
        ("doubt_birth", "Kees", "Elsbroek", {"geboorte": {"inOnderzoek": marks(since, "datum")}, "inOnderzoek": {
            "leeftijd": True, "datumIngangOnderzoekPersoon": date(since)}}),
        ("doubt_bsn", "Mirjam", "Elshorst", {"inOnderzoek": {
            "burgerservicenummer": True, "geslacht": True, "datumIngangOnderzoekPersoon": date(since)}}),
        ("doubt_address", "Pieter", "Elsmans", whole_address),
        ("doubt_number", "Wilma", "Elsdijk",
         {"verblijfplaats": {"verblijfadres": {"inOnderzoek": marks(since, "huisnummer")}}}),
        ("doubt_municipality", "Theo", "Elsveld", {"inOnderzoek": {
            "gemeenteVanInschrijving": True, "datumInschrijvingInGemeente": True,
            "datumIngangOnderzoekGemeente": date(since)}}),
        ("doubt_guardian", "Ineke", "Elswaard", {"inOnderzoek": {
            "indicatieCurateleRegister": True, "datumIngangOnderzoekGezag": date(since)}}),
    )  # fmt: skip
    people = [
        Soul(key=key, sex="V" if number % 2 == 0 else "M", born=f"{1968 + 3 * number}-05-1{number}", given=given,
             family=family, stays=((boxtel("Wilgendreef", 30 + 2 * number), "2016-04-01"),), extra=extra)
        for number, (key, given, family, extra) in enumerate(doubts)
    ]  # fmt: skip
    people += [
        Soul(key="hidden_a", sex="V", born="1985-08-08", given="Yasmin", family="Heideveld", partner="hidden_b",
             children=("hidden_c",), stays=((hidden, "2017-03-01"),), extra=secret),
        Soul(key="hidden_b", sex="V", born="1984-01-20", given="Lotte", family="Ketelkamp", partner="hidden_a",
             bond="P", children=("hidden_c",), stays=((hidden, "2017-03-01"),)),
        Soul(key="hidden_c", sex="M", born="2018-12-01", given="Teun", family="Heideveld",
             stays=((hidden, "2018-12-01"),), extra=secret, tags=("minderjarig",)),
        Soul(key="hidden_single", sex="M", born="1999-09-19", given="Mees", family="Rietbeek",
             stays=((boxtel("Wilgendreef", 20), "2020-01-06"),), extra=secret),
        Soul(key="doubt_nationality", sex="M", born="1992-02-02", given="Samuel", family="Tesfakamp", country="9003",
             birthplace="Keren", nationalities=("0084",), stays=((boxtel("Wilgendreef", 60), "2018-10-01"),),
             extra={"nationaliteiten": [{"inOnderzoek": marks(since, "type", "nationaliteit")}],
                    **permit("26", "Vw 2000 art. 8, onder c, vergunning asiel bepaalde tijd, arbeid vrij",
                             "2018-09-01", "2028-09-01")}),
        Soul(key="doubt_partner", sex="M", born="1970-07-07", given="Frank", family="Bosdijk",
             partner="doubt_partner_of", stays=((boxtel("Wilgendreef", 62), "2001-01-01"),),
             extra={"partners": [{"inOnderzoek": marks(since, "burgerservicenummer", "soortVerbintenis")}]}),
        Soul(key="doubt_partner_of", sex="V", born="1971-06-06", given="Ria", family="Bosveld",
             partner="doubt_partner", stays=((boxtel("Wilgendreef", 62), "2001-01-01"),)),
        Soul(key="not_there", sex="M", born="1988-08-18", given="Rik", family="Vertrokkamp",
             stays=((boxtel("Wilgendreef", 64), "2015-05-05"),), tags=("niet_op_adres",),
             extra={**whole_address,
                    "verblijfplaats": {**part(whole_address, "verblijfplaats"),
                                       "indicatieVastgesteldVerblijftNietOpAdres": True},
                    "adressering": {**part(whole_address, "adressering"),
                                    "indicatieVastgesteldVerblijftNietOpAdres": True}}),
    ]  # fmt: skip
    return people


def _gone() -> list[Soul]:
    """Records that are no longer kept up, and people who are somewhere else."""
    rni = {"code": "0201", "omschrijving": "Sociale Verzekeringsbank (inzake AOW, Anw en AKW)"}
    treaty: Value = [
        {"deelnemer": rni, "omschrijvingVerdrag": "Verordening EG nr. 883-2004", "categorie": "Persoon"},
        {"deelnemer": rni, "categorie": "Verblijfplaats"},
    ]
    checked: Value = {"datum": date("2024-11-05"), "omschrijving": "levensbewijs"}
    widow_home = boxtel("Koperhof", 2)
    spain = Abroad(country="6037", lines=("Calle del Molino 8", "03580 Alfaz", "Alicante"))
    return [
        Soul(key="dead", sex="M", born="1938-03-30", given="Adrianus", family="Koperwaard", partner="widow",
             wed="1962-05-04", stays=((widow_home, "1962-05-04"),), extra=died("2024-01-17")),
        Soul(key="widow", sex="V", born="1940-10-01", given="Wilhelmina", family="Smeltveld", use="V", former="dead",
             wed="1962-05-04", parted="2024-01-17", stays=((widow_home, "1962-05-04"),)),
        Soul(key="dead_child", sex="V", born="2015-01-01", given="Iris", family="Koperhout",
             stays=((boxtel("Koperhof", 4), "2015-01-01"),), extra=died("2021-08")),
        Soul(key="mourning", sex="V", born="1982-02-22", given="Hanneke", family="Koperhout",
             children=("dead_child",), stays=((boxtel("Koperhof", 4), "2010-06-01"),)),
        Soul(key="emigrated", sex="M", born="1955-05-05", given="Hans", family="Zonkamp",
             stays=((boxtel("Koperhof", 6), "1988-01-01"), (spain, "2019-10-01")), extra=suspended("E", "2019-10-01")),
        Soul(key="emigrated_year", sex="V", born="1958-06", given="Marijke", family="Zonveld",
             stays=((boxtel("Koperhof", 6), "1988-01-01"), (spain, "2019")), extra=suspended("E", "2019")),
        Soul(key="vanished", sex="M", born="1977-07-17", given="Ed", family="Nevelkamp",
             stays=((boxtel("Koperhof", 8), "2005-05-01"), (Abroad(), "2022-11-11")),
             extra=suspended("E", "2022-11-11")),
        Soul(key="nowhere", sex="V", born="1980-12-31", given="Nina", family="Nevelbeek",
             stays=((Abroad(municipality="0757"), "2023-03-03"),), registered="2010-01-01"),
        Soul(key="rni_belgium", sex="V", born="1990-04-18", given="Elke", family="Vandermaelen", country="5010",
             birthplace="Turnhout", nationalities=("0052",), extra={**suspended("R", "2016-04-01"), "rni": treaty},
             stays=((Abroad(country="5010", lines=("Kopermolenstraat 17", "2300 Turnhout")), "2016-04-01"),)),
        Soul(key="rni_germany", sex="M", born="1963", given="Jürgen", family="Großkötter", country="9089",
             birthplace="Kleve", nationalities=("0055",), extra={**suspended("R", "2015-02"), "verificatie": checked},
             stays=((Abroad(country="9089", lines=("Mühlenweg 3", "47533 Kleve")), "2015-02"),)),
        Soul(key="rni_quotes", sex="V", born="1986-01-16", given="Dolores", family="O'Hara-d'Aubigné", country="6014",
             birthplace="Boston", nationalities=("0223",), extra=suspended("R", "2020-06-01"),
             stays=((Abroad(country="6014", lines=('"Old" Mill & Sons <road> 5', "%s {0} ${HOME}", "'; drop--")),
                     "2020-06-01"),), tags=("vijandig",)),
        Soul(key="ministerial", sex="M", born="1971-01-31", given="Victor", family="Staatsveld",
             stays=((boxtel("Koperhof", 10), "2009-09-01"),), extra=suspended("M", "2023-05-09")),
        Soul(key="suspended_unknown", sex="V", born="1967-03-13", given="Gerda", family="Staatsdijk",
             stays=((boxtel("Koperhof", 12), "2004-02-01"),), extra=suspended(".", "")),
    ]  # fmt: skip


def _dwellings() -> list[Soul]:
    """Homes of every kind, and texts that break a careless screen."""
    hostile = (
        ("hostile_html", "Alert", "Null", boxtel('<b>Wind</b> & "Water"-plein', 1, "5283XC")),
        ("hostile_sql", "Robert", "True", boxtel("'; DROP TABLE personen;--", 2, "5283XC")),
        ("hostile_template", "Nan", "D'Undefined", boxtel("{{7*7}} ${jndi:x} %n%s", 3, "5283XC")),
        ("hostile_path", "Eva", "Ja", boxtel("../../etc/passwd\\..", 4, "5283XC")),
        ("hostile_bidi", "Ann", "Nee", boxtel("links \u202e sthcer \u2066\u200b laan", 5, "5283XC")),
        ("hostile_csv", "Iva", "Sum", boxtel("=1+1;@cmd,\ttab", 6, "5283XC")),
    )
    people = [
        Soul(key=key, sex="O" if number == 2 else "V", born=f"199{number}-01-0{number + 1}", given=given,
             family=family, stays=((home, "2019-01-01"),), tags=("vijandig",))
        for number, (key, given, family, home) in enumerate(hostile)
    ]  # fmt: skip
    long_street = "Burgemeester van der Heijden-Molenaarsgildeplantsoen"
    people += [
        Soul(key="caravan", sex="V", born="1994-06-16", given="Esmeralda", family="Wagenbroek",
             stays=((Spot(municipality="0757", description="Woonwagenkamp, plek 7"), "2013-07-01"),)),
        Soul(key="boat", sex="M", born="1966-02-06", given="Sjaak", family="Schipveld", stays=(
             (Spot(municipality="0757", description="Schip <De Hoop> & 't Anker"), "2003-04-01"),),
             tags=("vijandig",)),
        Soul(key="postal", sex="M", born="1987-09-27", given="Danny", family="Pleinhout",
             stays=((boxtel("Klokkenhof", 1, kind="B"), "2024-03-01"),)),
        Soul(key="postal_old", sex="V", born="1962-04-24", given="Tineke", family="Pleinbeek",
             stays=((boxtel("Klokkenhof", 11), "1999-01-01"), (boxtel("Klokkenhof", 1, kind="B"), "2025-01-01"))),
        Soul(key="no_bag", sex="M", born="1959-10-15", given="Toon", family="Veldbracht",
             stays=((boxtel("Heideweg", 400, bag=False), "1979-03-01"),)),
        Soul(key="letter", sex="V", born="1997-03-07", given="Lisa", family="Kerhorst",
             stays=((boxtel("Klokkenhof", 15, letter="b", addition="3hg"), "2021-06-01"),)),
        Soul(key="opposite", sex="M", born="1949-11-02", given="Bert", family="Kerdijk",
             stays=((boxtel("Klokkenhof", 20, sign="to"), "1983-06-01"),)),
        Soul(key="long_street", sex="V", born="1998-10-18", given="Merel", family="Kerveld",
             stays=((boxtel(long_street, 12), "2022-02-02"),)),
        Soul(key="under_care", sex="M", born="1975-05-25", given="Koen", family="Zorgdijk",
             stays=((boxtel("Klokkenhof", 30), "2008-08-08"),), extra={"indicatieCurateleRegister": True}),
        Soul(key="under_care_old", sex="V", born="1936-06-26", given="Cornelia", family="Zorgveld",
             stays=((boxtel("Klokkenhof", 32), "1965-01-01"),), extra={"indicatieCurateleRegister": True}),
        Soul(key="no_vote", sex="M", born="1990-09-09", given="Gijs", family="Stemkamp",
             stays=((boxtel("Klokkenhof", 34), "2014-04-14"),), extra={"uitsluitingKiesrecht": {
                 "uitgeslotenVanKiesrecht": True, "einddatum": date("2027-01-01")}}),
        Soul(key="in_eindhoven", sex="M", born="1993-07-17", given="Sjors", family="Gloeidijk", birthplace="0772",
             stays=((EINDHOVEN, "2011-09-01"),), tags=("binding_nu",)),
        Soul(key="in_rotterdam", sex="V", born="1986-03-29", given="Chantal", family="Kadewaard", birthplace="0599",
             stays=((elsewhere("0599", "Rotterdam", "Kranenhof", 70, "3011XA", letter="C"), "2015-12-01"),)),
        Soul(key="eu_vote", sex="V", born="1988-11-28", given="Agnieszka", family="Wiśniowska", country="7028",
             birthplace="Łódź", nationalities=("0072",), stays=((boxtel("Klokkenhof", 36), "2017-07-01"),),
             extra={"europeesKiesrecht": {"aanduiding": {"code": "2", "omschrijving": "persoon ontvangt oproep"}},
                    "immigratie": {"landVanwaarIngeschreven": {"code": "7028", "omschrijving": "Polen"},
                                   "datumVestigingInNederland": date("2017-07-01")}}),
    ]  # fmt: skip
    return people


def _names() -> list[Soul]:
    """Names of every kind: titles, a partner's name, one name, none, very long, with marks of every sort."""
    home = boxtel("Kasteeldreef", 1, "5281XK")
    many = (
        "Maximiliaan Alexander Bartholomeus Constantijn Desiderius Ferdinandus Gerhardus Hieronymus "
        "Ignatius Johannes Ludovicus Nicodemus Philippus Sebastianus Theodorus Valentijn Wilhelmus"
    )
    chain = (
        "Schimmelwaard tot den Elsbracht en van de Hoge Peelhorst-Lindbeek van Ooidrecht genaamd "
        "Rietveldhout tot Keradrecht en Dalwaardsbroek-Heidemans van Noordmaasveld"
    )
    couples = (
        ("P", "Karin", "Noordbeek", "van den", "Edwin", "Hout"),
        ("V", "Saskia", "Maasbroek", "", "Erik", "Dalhuis"),
        ("N", "Ilse", "Heidekamp", "de", "Niels", "Ooiwaard"),
    )
    people: list[Soul] = []
    for number, (use, wife, wifes, prefix, husband, husbands) in enumerate(couples):
        house = boxtel("Naamhof", 10 + 2 * number)
        keys = (f"use_{use}", f"use_{use}_of")
        people += [
            Soul(key=keys[0], sex="V", born=f"198{number}-02-1{number}", given=wife, family=wifes, use=use,
                 partner=keys[1], stays=((house, "2013-01-01"),)),
            Soul(key=keys[1], sex="M", born=f"197{number + 6}-04-2{number}", given=husband, family=husbands,
                 prefix=prefix, partner=keys[0], stays=((house, "2013-01-01"),)),
        ]  # fmt: skip
    singles = (
        ("mononym", "", "Suhartini", "V", "1993-03-23", "6024", "Solo", "0313"),
        ("dot_name", "Kofi", ".", "M", "1989-10-09", "5024", "Kumasi", "0000"),
        ("no_family", "Amara", "", "V", "1995-05-15", "6013", "Baidoa", "0149"),
        ("iceland", "Þórður Æsir", "Ðalbjörnsson", "M", "1984-02-14", "6011", "Ísafjörður", "0063"),
        ("marks", "Źaneta Ŷvonne Çelâl", "Ŋařķĕŵĭčž-Ġűňĥőĺţ", "V", "1979-09-29", "7028", "Łomża", "0072"),
        ("turkish", "Gülşen İpek", "Çağlarıoğlu", "V", "1991-01-21", "6043", "Iğdır", "0339"),
    )
    people += [
        Soul(key=key, sex=sex, born=born, given=given, family=family, country=country, birthplace=place,
             nationalities=("0001",) if key in ("turkish", "marks") else (nation,),
             stays=((boxtel("Naamhof", 40 + 2 * number), "2019-03-01"),))
        for number, (key, given, family, sex, born, country, place, nation) in enumerate(singles)
    ]  # fmt: skip
    people += [
        Soul(key="baron", sex="M", born="1953-12-03", given="Diederik Willem", prefix="van", family="Peelwaard",
             title="B", partner="countess", wed="1980-09-12", stays=((home, "1980-09-12"),)),
        Soul(key="countess", sex="V", born="1956-01-28", given="Isabella", prefix="d'", family="Elsmonde", title="GI",
             use="V", partner="baron", wed="1980-09-12", stays=((home, "1980-09-12"),)),
        Soul(key="jonkheer", sex="M", born="1994-11-04", given="Floris", prefix="van", family="Lindwaard", title="JH",
             stays=((boxtel("Kasteeldreef", 3), "2019-05-01"),)),
        Soul(key="jonkvrouw", sex="V", born="1992-08-24", given="Machteld", prefix="van", family="Lindwaard",
             title="JV", stays=((boxtel("Kasteeldreef", 3), "2019-05-01"),)),
        Soul(key="ridder", sex="M", born="1969-04-14", given="Lambert", prefix="de", family="Heidrecht", title="R",
             stays=((boxtel("Kasteeldreef", 5), "2000-05-01"),)),
        Soul(key="long_given", sex="M", born="1965-01-02", given=many, family="Kort",
             stays=((boxtel("Naamhof", 60), "1995-01-01"),)),
        Soul(key="long_family", sex="V", born="1978-08-28", given="Bo", family=chain,
             stays=((boxtel("Naamhof", 62), "2003-01-01"),)),
        Soul(key="twenty_prefix", sex="M", born="1973-02-27", given="Jan", prefix="over de", family="Ten Waterkant",
             stays=((boxtel("Naamhof", 64), "2006-01-01"),)),
    ]  # fmt: skip
    return people


def _origins() -> list[Soul]:
    """Nationality and birth: several, none, unknown, partial."""
    asylum = "Vw 2000 art. 8, onder c, vergunning asiel bepaalde tijd, arbeid vrij"
    family = "Vw 2000 art. 8, onder a, vergunning regulier bepaalde tijd, arbeid vrij"
    displaced = "Vw2000 art 8, onder f en h, EU-richtl 2001/55, in proc art 28, arbeid loondienst"
    by_asylum = permit("26", asylum, "2015-11-01")
    by_family = permit("21", family, "2017-05-01")
    fled = permit("46", displaced, "2022-04-01")
    rows: tuple[tuple[str, str, str, str, str, str, str, tuple[str, ...], Mapping[str, Value]], ...] = (
        ("stateless", "Zaid", "Al Karmi", "M", "1986-06-06", "7009", "Homs", ("0499",), by_asylum),
        ("stateless_child", "Lana", "Al Karmi", "V", "2020-02-20", "6030", "0757", ("0499",), {}),
        ("as_dutch", "Jonas", "Molukkamp", "M", "1951-04-01", "6024", "Ambon", ("0002",), {}),
        ("not_dutch", "Maria", "Suriwaard", "V", "1949-07-01", "5007", "Paramaribo", ("0500",), {}),
        ("unknown_nation", "Abel", "Onbeek", "M", "1999-12-01", "0000", "", ("0000",), {}),
        ("two_nations", "Fatima", "Aït Merzouga", "V", "1994-04-04", "5022", "Nador", ("0001", "0131"), {}),
        ("three_nations", "Luc", "Beaudrecht", "M", "1976-06-16", "5010", "Luik", ("0001", "0052", "0057"), {}),
        ("syrian", "Rania", "Khalilova", "V", "1990", "7009", "Aleppo", ("0336",), by_asylum),
        ("syrian_year", "Omar", "Khalilov", "M", "1961", "7009", "Aleppo", ("0336",), by_asylum),
        ("month_only", "Hodan", "Warsame", "V", "1987-07", "6013", "Merca", ("0149",), by_family),
        ("month_only_nl", "Ali", "Warsame", "M", "1981-01", "6013", "Merca", ("0001",), {}),
        ("no_birthdate", "Gebre", "Tekleab", "M", "", "9003", "Asmara", ("0084",), by_asylum),
        ("no_birthdate_nl", "Selam", "Tekleab", "V", "", "9003", "Asmara", ("0001",), {}),
        ("ukrainian", "Oksana", "Bilokin", "V", "1983-03-31", "6038", "Charkiv", ("0034",), fled),
        ("antillean", "Shanice", "Kadushi", "V", "1998-08-08", "7011", "Willemstad", ("0001",), {}),
    )
    return [
        Soul(key=key, sex=sex, born=born, given=given, family=name, country=country, birthplace=place,
             nationalities=nations, extra=extra, tags=("minderjarig",) if born.startswith("2020") else (),
             stays=((boxtel("Haventje", 2 + 2 * number, "5282XZ"), "2020-03-01" if number % 3 else "2015-12-01"),))
        for number, (key, given, name, sex, born, country, place, nations, extra) in enumerate(rows)
    ]  # fmt: skip


def _families() -> list[Soul]:
    """Families whose card is not their household: apart, remarried, adult children, relatives unknown here."""
    apart, apart2 = boxtel("Molenhof", 1), boxtel("Molenhof", 90)
    new, grown = boxtel("Molenhof", 3), boxtel("Molenhof", 5)
    twins, mother = boxtel("Molenhof", 7), boxtel("Molenhof", 9)
    unborn: Value = [
        {
            "naam": {"voornamen": "Mateo", "geslachtsnaam": "Molendrecht", "voorletters": "M."},
            "geboorte": {"datum": date("2017-03-03"), "land": {"code": "6037", "omschrijving": "Spanje"}},
        }
    ]
    abroad: Value = [
        {
            "soortVerbintenis": {"code": "H", "omschrijving": "huwelijk"},
            "naam": {"voornamen": "Lucía", "geslachtsnaam": "Arenas", "voorletters": "L."},
            "geboorte": {"datum": date("1988-08")},
            "aangaanHuwelijkPartnerschap": {"datum": date("2014-05-10")},
        }
    ]
    return [
        Soul(key="apart_a", sex="M", born="1981-01-11", given="Stijn", family="Molenbeek", partner="apart_b",
             children=("apart_c", "apart_d"), stays=((apart, "2016-01-01"),), tags=("huishouden_elders",)),
        Soul(key="apart_b", sex="V", born="1983-03-13", given="Carla", family="Molenveld", partner="apart_a",
             children=("apart_c", "apart_d"), stays=((VUGHT, "2016-01-01"),), tags=("huishouden_elders",)),
        Soul(key="apart_c", sex="V", born="2016-02-02", given="Pien", family="Molenbeek",
             stays=((VUGHT, "2016-02-02"),), tags=("minderjarig",)),
        Soul(key="apart_d", sex="M", born="2018-04-14", given="Sem", family="Molenbeek",
             stays=((apart, "2018-04-14"),), tags=("minderjarig",)),
        Soul(key="divorced", sex="V", born="1978-07-08", given="Anke", family="Molenkamp", former="remarried",
             wed="2004-06-05", parted="2018-10-10", children=("shared_child",), stays=((apart2, "2018-11-01"),)),
        Soul(key="remarried", sex="M", born="1976-11-21", given="Rob", family="Molenhorst", former="divorced",
             wed="2004-06-05", parted="2018-10-10", partner="new_wife", children=("shared_child", "new_child"),
             stays=((new, "2012-01-01"),)),
        Soul(key="new_wife", sex="V", born="1985-12-25", given="Judith", family="Molendijk", partner="remarried",
             wed="2020-02-20", children=("new_child",), stays=((new, "2019-06-01"),)),
        Soul(key="shared_child", sex="M", born="2014-09-04", given="Luuk", family="Molenhorst",
             stays=((apart2, "2018-11-01"),), tags=("minderjarig",)),
        Soul(key="new_child", sex="V", born="2021-05-05", given="Saar", family="Molenhorst",
             stays=((new, "2021-05-05"),), tags=("minderjarig",)),
        Soul(key="grown_mother", sex="V", born="1960-06-16", given="Ans", family="Molenbracht",
             children=("grown_son",), stays=((grown, "1990-01-01"),)),
        Soul(key="grown_son", sex="M", born="1995-05-05", given="Jelle", family="Molenbracht",
             stays=((grown, "1995-05-05"),), tags=("binding_nu",)),
        Soul(key="twin_mother", sex="V", born="1993-01-23", given="Roos", family="Molenhout",
             children=("twin_a", "twin_b"), stays=((twins, "2018-01-01"),)),
        Soul(key="twin_a", sex="V", born="2022-02-22", given="Liv", family="Molenhout",
             stays=((twins, "2022-02-22"),), tags=("minderjarig", "tweeling")),
        Soul(key="twin_b", sex="V", born="2022-02-22", given="Fay", family="Molenhout",
             stays=((twins, "2022-02-22"),), tags=("minderjarig", "tweeling")),
        Soul(key="in_law", sex="V", born="1945-05-05", given="Dina", family="Molenmans",
             stays=((twins, "2023-01-01"),), tags=("inwonend",)),
        Soul(key="relatives_abroad", sex="M", born="1986-06-26", given="Diego", family="Molendrecht", country="6037",
             birthplace="Cuenca", nationalities=("0001",), stays=((mother, "2019-09-09"),),
             extra={"kinderen": unborn, "partners": abroad}, tags=("verwant_zonder_bsn",)),
    ]  # fmt: skip


def _custody() -> list[Soul]:
    """A minor for each kind of authority, with the adults who have it."""
    rows = (
        ("GezamenlijkOuderlijkGezag", ("V", "M")), ("EenhoofdigOuderlijkGezag", ("V",)),
        ("GezamenlijkGezag", ("M", "V")), ("Voogdij", ("V",)),
        ("TijdelijkGeenGezag", ("V",)), ("GezagNietTeBepalen", ("M",)),
    )  # fmt: skip
    people: list[Soul] = []
    for number, (kind, sexes) in enumerate(rows):
        home = boxtel("Torenakker", 1 + 2 * number, "5283XH")
        child = f"{kind}_kind"
        parents = kind not in ("Voogdij",)
        for place, sex in enumerate(sexes):
            is_parent = parents and not (kind == "GezamenlijkGezag" and place == 1)
            people.append(
                Soul(key=f"{kind}_{place}", sex=sex, born=f"198{number}-0{place + 3}-15",
                     given=("Tessa", "Marloes", "Joke", "Els", "Bianca", "Petra")[number] if sex == "V"
                     else ("Arjan", "Koos", "Melle", "Wout", "Tim", "Jeroen")[number],
                     family=f"Toren{('kamp', 'beek', 'veld', 'dijk', 'hout', 'horst')[number]}",
                     children=(child,) if is_parent else (), stays=((home, "2015-06-01"),))
            )  # fmt: skip
        people.append(
            Soul(key=child, sex="M", born=f"201{5 + number % 5}-10-1{number}",
                 given=("Finn", "Boaz", "Jens", "Hugo", "Abe", "Vos")[number],
                 family=f"Toren{('kamp', 'beek', 'veld', 'dijk', 'hout', 'horst')[number]}",
                 stays=((home, "2020-01-01"),), tags=("minderjarig", kind))
        )  # fmt: skip
    return people


def _ordinary(rng: random.Random) -> list[Soul]:
    """Households of one to seven, as ordinary as they come."""
    roots = ("Bosch", "Beuk", "Dras", "Gras", "Haver", "Kiezel", "Linde", "Mos", "Pijl", "Roggen", "Tarwe", "Zand")
    ends = ("akker", "bergen", "broeck", "dam", "egge", "goor", "hees", "laar", "made", "rode", "stee", "wijck")
    women = ("Anouk", "Bregje", "Christa", "Dewi", "Elin", "Floor", "Hilde", "Jasmijn", "Kim", "Lieke", "Maud", "Romy")
    men = ("Abel", "Bram", "Cas", "Dirk", "Gerrit", "Jurre", "Lars", "Matthijs", "Owen", "Pepijn", "Siem", "Thijn")
    streets = ("Wilgenroos", "Klaverpad", "Oude Spoordijk", "Looierhof", "Beekstede", "Weverslaan", "Smidsakker")

    def born(first: int, last: int) -> str:
        return f"{rng.randint(first, last)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"

    def named(sex: str) -> str:
        pool = women if sex == "V" else men
        return " ".join(rng.sample(pool, rng.choice((1, 1, 2))))

    people: list[Soul] = []
    sizes = (1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7)
    for number, size in enumerate(sizes):
        family = rng.choice(roots) + rng.choice(ends)
        home = boxtel(streets[number % len(streets)], 10 + number, f"528{1 + number % 3}X{'ABCDEFGHJK'[number % 10]}")
        since = f"{rng.randint(2004, 2024)}-{rng.randint(1, 12):02}-01"
        came = ((EINDHOVEN, "1999-01-01"), (home, since)) if number % 4 == 2 else ((home, since),)
        children = tuple(f"h{number}_{place}" for place in range(2, size))
        couple = size > 1
        sexes = ("V", "M") if number % 5 else ("M", "M")
        for place in range(min(size, 2)):
            other = f"h{number}_{1 - place}" if couple else ""
            people.append(
                Soul(key=f"h{number}_{place}", sex=sexes[place], born=born(1955, 1995), given=named(sexes[place]),
                     family=family if place else rng.choice(roots) + rng.choice(ends), partner=other,
                     bond="P" if number % 3 == 0 else "H", wed="2003-09-05", children=children, stays=came)
            )  # fmt: skip
        for key in children:
            sex = rng.choice(("V", "M"))
            day = born(2014, 2024)
            people.append(Soul(key=key, sex=sex, born=day, given=named(sex), family=family,
                               stays=((home, max(day, since)),), tags=("minderjarig",)))  # fmt: skip
    return people


def cast(rng: random.Random) -> list[Soul]:
    """Give everybody, the heroine of the story first."""
    return [
        *_story(), *_ties(), *_secrecy_and_doubt(), *_gone(), *_dwellings(), *_names(), *_origins(), *_families(),
        *_custody(), *_ordinary(rng),
    ]  # fmt: skip
