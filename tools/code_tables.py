"""Write the code tables of the BRP as compact files of our own shape.

    python -m venv /tmp/tables && /tmp/tables/bin/pip install babel
    /tmp/tables/bin/python tools/code_tables.py FOLDER --origin TEXT --date YYYY-MM-DD

FOLDER holds the national tables as the RvIG publishes them: CSV files in UTF-16, `Tabel32 ...csv` and so on. Which
code stands for what is a public fact; the files themselves are not copied. Each file that comes out states its origin
and date, and holds one row on a line, so that a change of a table reads as a change of lines.

The official tables know no ISO codes. The mapping to ISO 3166-1 alpha-2 is ours: a country by its Dutch name in
Unicode CLDR (the `babel` package, needed for this tool only) or by the table of corrections below; a nationality by
the table below. A code for which ISO has no single country is listed with the reason, so that none is forgotten.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import sys
import unicodedata
from importlib import import_module
from pathlib import Path

Row = tuple[str, ...]

OUT = Path(__file__).resolve().parent.parent / "src" / "eigendata" / "registers" / "data"

# CLDR names these too, but ISO only reserves them: they are part of another country, or of none.
NOT_ISO = {"AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}

COUNTRY_CORRECTIONS = """
5047 MM Myanmar
5055 SH Ascension
5056 PT Azoren
5080 UM Johnston
5101 TL Timor Leste
5106 BQ Bonaire
5108 BQ Saba
5109 BQ Sint Eustatius
5112 PS Gazastrook en Westelijke Jordaanoever
5113 MK Republiek Noord-Macedonië
6014 US Verenigde Staten van Amerika
6039 GB Groot-Brittannië
6053 ES Canarische Eilanden
6061 SH Tristan Da Cunha
6065 BA Bosnië-Herzegovina
6069 CD Democratische Republiek Congo
7001 UG Uganda
7002 KE Kenya
7055 CN Tibet
7087 PT Madeira-eilanden
7092 KY Caymaneilanden
7095 AQ Brits Antarctisch Territorium
8003 UM Midway
8005 UM Wake
8009 MP Marianen
8035 IM Man
8041 PA Panamakanaalzone
9008 CG Congo
9089 DE Bondsrepubliek Duitsland
9095 SJ Svalbardeilanden
"""

COUNTRIES_WITHOUT = {
    "0000": "unknown",
    "8034": "two countries in ISO: Guernsey and Jersey",
    "9999": "no country",
}

# A name of a country that has ended: the code of the country that bears another name today, where it is the same one.
COUNTRIES_RENAMED = """
5031 MM Burma
5050 CD Zaïre
5067 CV Kaapverdische Eilanden
5068 MO Macau
5100 MK Macedonië
6029 DE Duitsland
6046 BF Opper-Volta
6052 BZ Brits-Honduras
6062 WS West-Samoa
7023 BJ Dahomey
7036 HK Hongkong
7080 TH Siam
9036 SZ Swaziland
9052 LK Ceylon
9053 OM Muscat en Oman
9063 LS Basutoland
9064 BW Bechuanaland
9076 ET Abessinië
"""

NATIONALITIES = """
0001 NL Nederlandse
0027 SK Slowaakse
0028 CZ Tsjechische
0029 BA Burger van Bosnië-Herzegovina
0030 GE Georgische
0031 TM Turkmeense
0032 TJ Tadzjiekse
0033 UZ Oezbeekse
0034 UA Oekraïense
0035 KG Kirgizische
0036 MD Moldavische
0037 KZ Kazachse
0038 BY Belarussische
0039 AZ Azerbeidzjaanse
0040 AM Armeense
0041 RU Russische
0042 SI Sloveense
0043 HR Kroatische
0044 LV Letse
0045 EE Estische
0046 LT Litouwse
0047 MH Marshalleilandse
0048 MM Myanmarese
0049 NA Namibische
0050 AL Albanese
0051 AD Andorrese
0052 BE Belgische
0053 BG Bulgaarse
0054 DK Deense
0055 DE Burger van de Bondsrepubliek Duitsland
0056 FI Finse
0057 FR Franse
0058 YE Jemenitische
0059 GR Griekse
0060 GB Brits burger
0061 HU Hongaarse
0062 IE Ierse
0063 IS IJslandse
0064 IT Italiaanse
0066 LI Liechtensteinse
0067 LU Luxemburgse
0068 MT Maltese
0069 MC Monegaskische
0070 NO Noorse
0071 AT Oostenrijkse
0072 PL Poolse
0073 PT Portugese
0074 RO Roemeense
0076 SM San Marinese
0077 ES Spaanse
0079 VA Vaticaanse
0080 SE Zweedse
0081 CH Zwitserse
0083 GB Brits onderdaan
0084 ER Eritrese
0085 GB Brits overzees burger
0087 XK Kosovaarse
0088 MK Macedonische/Burger van Noord-Macedonië
0100 DZ Algerijnse
0101 AO Angolese
0104 BI Burundese
0105 BW Botswaanse
0106 BF Burkinese
0108 CF Centraal-Afrikaanse
0109 KM Comorese
0110 CG Burger van Congo
0111 BJ Beninse
0112 EG Egyptische
0113 GQ Equatoriaal-Guinese
0114 ET Ethiopische
0115 DJ Djiboutiaanse
0116 GA Gabonese
0117 GM Gambiaanse
0118 GH Ghanese
0119 GN Guinese
0120 CI Ivoriaanse
0121 CV Kaapverdische
0122 CM Kameroense
0123 KE Kenyaanse
0125 LS Lesothaanse
0126 LR Liberiaanse
0127 LY Libische
0128 MG Malagassische
0129 MW Malawische
0130 ML Malinese
0131 MA Marokkaanse
0132 MR Mauritaanse
0133 MU Mauritiaanse
0134 MZ Mozambikaanse
0136 NE Nigerese
0137 NG Nigeriaanse
0138 UG Ugandese
0139 GW Guinee-Bissause
0140 ZA Zuid-Afrikaanse
0141 SZ Eswatinische
0142 ZW Zimbabwaanse
0143 RW Rwandese
0144 ST Burger van São Tomé en Principe
0145 SN Senegalese
0147 SL Sierra Leoonse
0148 SD Soedanese
0149 SO Somalische
0151 TZ Tanzaniaanse
0152 TG Togolese
0154 TD Tsjadische
0155 TN Tunesische
0156 ZM Zambiaanse
0157 SS Zuid-Soedanese
0200 BS Bahamaanse
0202 BZ Belizaanse
0204 CA Canadese
0205 CR Costa Ricaanse
0206 CU Cubaanse
0207 DO Dominicaanse
0208 SV Salvadoraanse
0211 GT Guatemalaanse
0212 HT Haïtiaanse
0213 HN Hondurese
0214 JM Jamaicaanse
0216 MX Mexicaanse
0218 NI Nicaraguaanse
0219 PA Panamese
0222 TT Burger van Trinidad en Tobago
0223 US Amerikaans burger
0250 AR Argentijnse
0251 BB Barbadaanse
0252 BO Boliviaanse
0253 BR Braziliaanse
0254 CL Chileense
0255 CO Colombiaanse
0256 EC Ecuadoraanse
0259 GY Guyaanse
0261 PY Paraguayaanse
0262 PE Peruaanse
0263 SR Surinaamse
0264 UY Uruguayaanse
0265 VE Venezolaanse
0267 GD Grenadaanse
0268 KN Burger van Saint Kitts en Nevis
0300 AF Afghaanse
0301 BH Bahreinse
0302 BT Bhutaanse
0304 BN Bruneise
0305 KH Cambodjaanse
0306 LK Sri Lankaanse
0307 CN Chinese
0308 CY Cyprische
0309 PH Filipijnse
0310 TW Taiwanese
0312 IN Indiase
0313 ID Indonesische
0314 IQ Iraakse
0315 IR Iraanse
0316 IL Israëlische
0317 JP Japanse
0319 JO Jordaanse
0320 KW Koeweitse
0321 LA Laotiaanse
0322 LB Libanese
0324 MV Maldivische
0325 MY Maleisische
0326 MN Mongolische
0327 OM Omaanse
0328 NP Nepalese
0329 KP Noord-Koreaanse
0331 PK Pakistaanse
0333 QA Qatarese
0334 SA Saoedi-Arabische
0335 SG Singaporese
0336 SY Syrische
0337 TH Thaise
0338 AE Burger van de Verenigde Arabische Emiraten
0339 TR Turkse
0341 KR Zuid-Koreaanse
0342 VN Vietnamese
0345 BD Bengalese
0400 AU Australische
0401 PG Papoea-Nieuw-Guinese
0402 NZ Nieuw-Zeelandse
0405 WS Samoaanse
0421 AG Burger van Antigua en Barbuda
0424 VU Vanuatuaanse
0425 FJ Fijische
0429 GB Burger van Britse afhankelijke gebieden
0430 TO Tongaanse
0431 NR Nauruaanse
0432 PW Palause
0437 US Amerikaans onderdaan
0442 SB Salomonseilandse
0443 FM Micronesische
0444 SC Seychelse
0445 KI Kiribatische
0446 TV Tuvaluaanse
0447 LC Saint Luciaanse
0448 DM Burger van Dominica
0449 VC Burger van Saint Vincent en de Grenadines
0450 GB British National (overseas)
0451 CD Burger van Democratische Republiek Congo
0452 TL Burger van Timor Leste
0454 RS Servische
0455 ME Montenegrijnse
"""

# XK above is of ISO's range for users; the European Union writes Kosovo so. The nationalities of states that ended in
# several others map to none; those of a state that only took another name do.
NATIONALITIES_RENAMED = """
0086 MK Macedonische
0124 CD Zaïrese
0135 SZ Swazische
0303 MM Burmaanse
0404 WS West-Samoaanse
"""

# Municipal mergers after the tables were published: code, name, successor, from, until.
LATER_MERGERS: tuple[Row, ...] = (
    ("0501", "Brielle", "1992", "", "20230101"),
    ("0530", "Hellevoetsluis", "1992", "", "20230101"),
    ("0614", "Westvoorne", "1992", "19800101", "20230101"),
    ("1992", "Voorne aan Zee", "", "20230101", ""),
)

# QU and QS are the values of the European PID rulebook for an unknown nationality and for none.
NATIONALITIES_WITHOUT = {"0000": "QU: unknown", "0499": "QS: stateless"}


def read(folder: Path, number: int) -> list[Row]:
    """Read the rows of one national table, without its heading."""
    (path,) = folder.glob(f"Tabel{number}*.csv")
    return [tuple(row) for row in csv.reader(io.StringIO(path.read_text(encoding="utf-16")))][1:]


def by_hand(text: str, rows: list[Row]) -> dict[str, str]:
    """Read a table of this file, and check each of its names against the official row of that code."""
    official = {row[0]: row[1] for row in rows}
    mapped: dict[str, str] = {}
    for line in text.strip().splitlines():
        code, iso, name = line.split(" ", 2)
        if official.get(code) != name:
            sys.exit(f"the official table calls {code} {official.get(code)!r}, this tool {name!r}")
        mapped[code] = iso
    return mapped


def plain(name: str) -> str:
    """Give a name without accents, blanks and punctuation, to compare two spellings of one country."""
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", name).casefold())


def cldr_names() -> dict[str, str]:
    territories: dict[str, str] = dict(import_module("babel").Locale("nl").territories)
    return {
        plain(name): iso for iso, name in territories.items() if re.fullmatch("[A-Z]{2}", iso) and iso not in NOT_ISO
    }


def countries(rows: list[Row]) -> list[Row]:
    cldr = cldr_names()
    hand = by_hand(COUNTRY_CORRECTIONS, rows) | by_hand(COUNTRIES_RENAMED, rows)
    found: list[Row] = []
    for code, name, begin, end, *_ in rows:
        current = not end
        iso = hand.get(code) or (cldr.get(plain(name), "") if current else "")
        if current and not iso and code not in COUNTRIES_WITHOUT:
            sys.exit(f"country {code} {name} has no ISO code and no reason")
        found.append((code, name, begin, end, iso, COUNTRIES_WITHOUT.get(code, "")))
    return found


def municipalities(rows: list[Row]) -> list[Row]:
    later = {row[0]: row for row in LATER_MERGERS}
    for code, name, _, begin, _ in rows:
        if code in later and (name, begin) != (later[code][1], later[code][3]):
            sys.exit(f"the official table has {code} {name} from {begin!r}; the later merger here differs")
    return sorted(({row[0]: row for row in rows} | later).values())


def nationalities(rows: list[Row]) -> list[Row]:
    hand = by_hand(NATIONALITIES, rows) | by_hand(NATIONALITIES_RENAMED, rows)
    found: list[Row] = []
    for code, name, begin, end in rows:
        iso = hand.get(code, "")
        if not end and not iso and code not in NATIONALITIES_WITHOUT:
            sys.exit(f"nationality {code} {name} has no ISO code and no reason")
        found.append((code, name, begin, end, iso, NATIONALITIES_WITHOUT.get(code, "")))
    return found


def write(name: str, columns: Row, rows: list[Row], origin: str, date: str) -> None:
    """Write one table: its origin and date, the names of its columns, and one row on a line."""
    head = {"origin": origin, "date": date, "columns": columns}
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    text = json.dumps(head, ensure_ascii=False)[:-1] + ', "rows": [\n' + ",\n".join(lines) + "\n]}\n"
    (OUT / name).write_text(text, encoding="utf-8")
    print(f"{name}: {len(rows)} rows")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Write the BRP code tables into the package.")
    arguments.add_argument("folder", type=Path, help="the national tables, CSV in UTF-16")
    arguments.add_argument("--origin", required=True, help="where the tables were found")
    arguments.add_argument("--date", required=True, help="the date of that publication, YYYY-MM-DD")
    given = arguments.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)

    def origin(number: int, ours: str = "") -> str:
        return f"national table {number} of the BRP (RvIG); {given.origin}{ours}"

    valid = ("code", "name", "from", "until")
    iso = "; the ISO column is ours, made from Unicode CLDR names and corrected by hand"
    made = "; the ISO column is ours, made by hand"
    write(
        "nationalities.json",
        (*valid, "iso", "without"),
        nationalities(read(given.folder, 32)),
        origin(32, made),
        given.date,
    )
    write(
        "municipalities.json",
        ("code", "name", "successor", "from", "until"),
        municipalities(read(given.folder, 33)),
        origin(33, "; later mergers added by hand"),
        given.date,
    )
    write("countries.json", (*valid, "iso", "without"), countries(read(given.folder, 34)), origin(34, iso), given.date)
    write("titles.json", ("code", "name", "kind"), read(given.folder, 38), origin(38), given.date)
    write("residence_permits.json", valid, read(given.folder, 56), origin(56), given.date)


if __name__ == "__main__":
    main()
