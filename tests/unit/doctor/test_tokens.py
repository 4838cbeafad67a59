"""Each common cause has a token that is broken in that one way, and the doctor finds just that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509 as lib

from eigendata.crypto.keys import Algorithm, SoftwareKey
from eigendata.crypto.x509 import dump_pem_chain, make_authority, make_issuer_certificate
from eigendata.doctor import examine
from eigendata.doctor.findings import Became, Cause, Gap, Kind, Verdict
from eigendata.encoding import b64_encode
from eigendata.formats.sdjwt import SD_JWT_VC, json_form
from eigendata.model import Binding
from eigendata.openid import vp
from eigendata.registers.catalogue import INWONER
from eigendata.trust import Trust
from tests.unit.crypto.test_x509 import Town
from tests.unit.formats import forge
from tests.world import GESTEL, trust_in

from .ward import (
    AT,
    PINNED,
    aisha,
    asked,
    beside,
    beyond,
    causes,
    checks,
    credential,
    filled,
    forged,
    request_file,
    world,
    written,
)

HOURS = timedelta(hours=1)
ONE, TWO = forge.disclosure("salt-1", "name", "Anne"), forge.disclosure("salt-2", "town", "Boxtel")


# -- when all is well -------------------------------------------------------------------------------------------------


def test_a_good_credential_is_well_and_shows_every_step() -> None:
    report = examine(credential(), beside())
    assert (report.kind, report.verdict, report.findings) == (Kind.CREDENTIAL, Verdict.WELL, ())
    assert [step.check for step in report.courses[0].steps][:-1] == list(SD_JWT_VC.checks)


def test_a_credential_in_json_is_read_like_the_compact_one() -> None:
    report = examine(written(json_form.flattened(credential())), beside())
    assert (report.kind, report.verdict) == (Kind.CREDENTIAL, Verdict.WELL)


def test_without_a_trust_file_nothing_is_called_well() -> None:
    report = examine(credential(), beside(trust=None))
    assert (report.verdict, report.findings) == (Verdict.INCOMPLETE, ())
    assert Gap.TRUST in report.gaps
    became = {step.check.name: step.became for step in report.courses[0].steps}
    assert became["ISSUER_TRUSTED"] is Became.NOT_LOOKED_AT
    assert became["SIGNATURE"] is Became.PASSED  # by the key of the certificate that came along


def test_a_signature_that_nobody_could_check_does_not_count_as_checked() -> None:
    report = forged(forge.forged(), trust=None)
    became = {step.check.name: step.became for step in report.courses[0].steps}
    assert {became[name] for name in ("ISSUER_TRUSTED", "ALGORITHM", "SIGNATURE")} == {Became.NOT_LOOKED_AT}
    assert report.verdict is Verdict.INCOMPLETE


def test_without_its_request_a_presentation_is_not_called_well() -> None:
    report = forged(forge.forged())
    assert (report.kind, report.verdict) == (Kind.PRESENTATION, Verdict.INCOMPLETE)
    assert Gap.REQUEST in report.gaps


# -- its type ---------------------------------------------------------------------------------------------------------


def test_the_old_name_of_the_type_is_known() -> None:
    report = forged(forge.forged(header={"typ": "vc+sd-jwt"}))
    assert (causes(report), checks(report), report.verdict) == (["typ_legacy"], ["TYP"], Verdict.REFUSED)
    assert causes(forged(forge.forged(header={"typ": "jwt"}))) == ["typ_other"]


def test_a_type_almost_of_a_known_name_is_a_typing_error() -> None:
    report = forged(forge.forged(forge.payload(vct="urn:eigendata:nl:brp:inwonr:1")))
    assert causes(report) == ["type_near"]
    assert filled(report, "type_near")["near"] == INWONER.id


def test_a_type_unlike_any_other_is_unknown() -> None:
    assert causes(forged(forge.forged(forge.payload(vct="zzz")))) == ["type_unknown"]


def test_a_type_that_was_not_asked_is_told_from_one_that_is_unknown() -> None:
    shown = aisha().show("urn:eigendata:nl:brp:persoon:1", [("birthdate",)], asked().binding)
    query = {"credentials": [{"id": "q", "format": "dc+sd-jwt", "meta": {"vct_values": [INWONER.id]}}]}
    request = written({**_parameters(), "dcql_query": query})
    report = examine(shown.token, beside(request=request))
    assert causes(report) == ["type_not_asked"]


def _parameters() -> dict[str, object]:
    return {name: value for name, value in vp.request_parameters(asked()).items() if name != "verifier_info"}


def test_type_metadata_of_another_version_is_named() -> None:
    claims = forge.payload(vct=INWONER.id, **{"vct#integrity": "sha256-" + b64_encode(bytes(32))})
    inline = ", ".join(f'{name} = "{value}"' for name, value in forge.ISSUER_KEY.public_key.jwk().items())
    trust = Trust.loads(
        f'[issuers."{forge.ISSUER}"]\nkeys = [{{ {inline}, kid = "2026" }}]\ntypes = ["{INWONER.id}"]\n'
    )
    report = forged(forge.forged(claims), trust=trust)
    assert (causes(report)[:1], checks(report)[:1]) == (["metadata_differs"], ["METADATA_INTEGRITY"])


# -- its issuer -------------------------------------------------------------------------------------------------------


def test_an_issuer_that_is_not_listed_is_unknown() -> None:
    report = examine(credential(), beside(trust=Trust()))
    assert (causes(report), checks(report)) == (["issuer_unknown"], ["ISSUER_KNOWN"])


def test_an_issuer_almost_listed_may_be_a_typing_error() -> None:
    report = forged(forge.forged(forge.payload(iss=forge.ISSUER + "/")))
    assert causes(report) == ["issuer_near"]
    assert filled(report, "issuer_near")["near"] == forge.ISSUER


def test_an_issuer_listed_for_other_types_is_told_so() -> None:
    listed = Trust.loads(
        f'[issuers."{forge.ISSUER}"]\nkeys = [{_jwk()}]\ntypes = ["urn:eigendata:nl:brp:adres:1"]\n'
        f'[issuers."https://x.example"]\nkeys = [{_jwk()}]\ntypes = ["{forge.ANY.id}"]\n'
    )
    assert causes(forged(forge.forged(), trust=listed)) == ["issuer_without_type"]


def _jwk(key: str = forge.KEY_ID, of: SoftwareKey = forge.ISSUER_KEY) -> str:
    inline = ", ".join(f'{name} = "{value}"' for name, value in of.public_key.jwk().items())
    return f'{{ {inline}, kid = "{key}" }}'


def test_a_credential_that_names_no_issuer_is_told_so() -> None:
    token = forge.forged(forge.payload(iss=forge.ABSENT), header={"kid": forge.ABSENT})
    assert causes(forged(token)) == ["issuer_unnamed"]


def test_a_key_under_a_name_that_is_not_pinned_is_unknown() -> None:
    report = forged(forge.forged(header={"kid": "2025"}))
    assert (causes(report), checks(report)) == (["key_unknown"], ["ISSUER_KEY"])


def test_another_key_than_the_pinned_one_is_a_likely_cause() -> None:
    report = forged(forge.forged(key=forge.OTHER_KEY))
    assert causes(report) == ["changed", "key_differs"]
    assert not any(one.certain for one in report.findings)


def test_a_key_by_name_where_the_list_has_an_anchor_is_told_so() -> None:
    token = forge.forged(forge.payload(iss=world().boxtel.id, vct=INWONER.id))
    assert causes(forged(token, trust=world().trust, at=AT))[:1] == ["key_without_chain"]


def test_a_chain_where_the_list_has_a_key_is_told_so() -> None:
    trust = Trust.loads(f'[issuers."{world().boxtel.id}"]\nkeys = [{_jwk()}]\ntypes = ["{INWONER.id}"]\n')
    assert causes(examine(credential(), beside(trust=trust))) == ["chain_for_key"]


def test_a_municipality_of_someone_else_is_told_so() -> None:
    trust = trust_in((world().boxtel, (GESTEL,)))
    report = examine(credential(), beside(trust=trust))
    assert (causes(report), checks(report)) == (["issuer_without_municipality"], ["JURISDICTION"])


# -- its chain --------------------------------------------------------------------------------------------------------

ROOT_KEY = SoftwareKey.generate(Algorithm.ES256)
ROOT = make_authority("Root", ROOT_KEY, at=AT)
LEAF = make_issuer_certificate(
    forge.ISSUER_KEY.public_key,
    name="Boxtel",
    uri=forge.ISSUER,
    authority=ROOT,
    authority_key=ROOT_KEY,
    at=AT,
    municipality=None,
)


def chained(*chain: bytes, **changes: object) -> bytes:
    header = {"x5c": [b64_encode(one) for one in chain], "kid": forge.ABSENT}
    claims = forge.payload(iat=int(AT.timestamp()), exp=int(AT.timestamp()) + 86400, **changes)
    return forge.forged(claims, header=header, bound=False)


def anchored(anchor: bytes = ROOT, issuer: str = forge.ISSUER) -> Trust:
    pem = dump_pem_chain([anchor]).decode()
    return Trust.loads(f'[issuers."{issuer}"]\nanchors = ["""{pem}"""]\ntypes = ["{forge.ANY.id}"]\n')


def test_a_chain_that_is_right_is_well() -> None:
    assert forged(chained(LEAF), trust=anchored(), at=AT).verdict is Verdict.WELL


def test_a_root_that_came_along_is_found() -> None:
    report = forged(chained(LEAF, ROOT), trust=anchored(), at=AT)
    assert (causes(report), checks(report)) == (["chain_with_root"], ["X509_NO_ANCHOR"])


def test_a_chain_in_the_wrong_order_is_found() -> None:
    town = Town()
    root, between = town.authority(), town.authority("between", "root")
    uri = lib.SubjectAlternativeName([lib.UniformResourceIdentifier(forge.ISSUER)])
    key = forge.ISSUER_KEY.public_key.to_cryptography()
    below = town.certificate("town", "between", public_key=key, more=[(uri, False)])
    trust = anchored(root)
    assert forged(chained(below, between), trust=trust, at=AT).verdict is Verdict.WELL
    report = forged(chained(between, below), trust=trust, at=AT)
    assert causes(report)[0] == "chain_reversed"
    assert causes(forged(chained(between, below, root), trust=trust, at=AT))[:2] == [
        "chain_reversed",
        "chain_with_root",
    ]


def test_an_anchor_of_the_same_name_is_told_from_another_one() -> None:
    again = make_authority("Root", forge.OTHER_KEY, at=AT)
    assert causes(forged(chained(LEAF), trust=anchored(again), at=AT)) == ["chain_same_name"]
    other = make_authority("Another root", forge.OTHER_KEY, at=AT)
    assert causes(forged(chained(LEAF), trust=anchored(other), at=AT)) == ["chain_other_anchor"]


def test_a_certificate_that_ended_or_has_not_begun_is_told_with_its_date() -> None:
    later = AT + timedelta(days=500)
    report = forged(chained(LEAF), trust=anchored(), at=later)
    assert (causes(report), checks(report)) == (["chain_ended"], ["X509_IN_TIME"])
    assert beyond(report) == ["ended"]
    assert causes(forged(chained(LEAF), trust=anchored(), at=AT - timedelta(days=9)))[:1] == ["chain_not_begun"]


def test_a_leaf_without_the_name_of_its_issuer_is_found() -> None:
    token = chained(LEAF, iss="https://vught.example")
    report = forged(token, trust=anchored(issuer="https://vught.example"), at=AT)
    assert (causes(report), checks(report)) == (["leaf_without_issuer"], ["ISSUER_IN_LEAF"])


# -- its content ------------------------------------------------------------------------------------------------------


def test_a_changed_signature_is_refused_and_looking_on_finds_what_else_is_wrong() -> None:
    token = forge.forged(forge.payload(exp=int(forge.NOW.timestamp()) - 60), key=forge.OTHER_KEY)
    report = forged(token)
    assert causes(report)[0] == "changed"
    assert "ended" in beyond(report)
    assert report.verdict is Verdict.REFUSED


def test_a_disclosure_that_does_not_belong_is_named_and_its_value_is_not() -> None:
    report = forged(forge.forged(forge.payload(_sd=[forge.digest(ONE)]), (ONE, TWO)))
    assert (causes(report), checks(report)) == (["disclosure_stray"], ["DISCLOSURE_REFERENCED"])
    assert filled(report, "disclosure_stray")["claim"] == "town"
    assert "Boxtel" not in str(report.findings)


def test_a_credential_of_which_a_part_cannot_be_read_is_told_to_be_damaged() -> None:
    first, one, *others = credential().split(b"~")
    report = examine(b"~".join((first, one[:-9] + b"AAAAAAAAA", *others)), beside())
    assert (report.kind, report.verdict) == (Kind.CREDENTIAL, Verdict.UNREADABLE)
    assert causes(report) == ["token_damaged"]


def test_a_check_without_a_cause_of_its_own_is_told_by_its_rule() -> None:
    report = forged(forge.forged(forge.payload(_sd=[forge.digest(ONE)]), (ONE, ONE)))
    assert (causes(report)[0], checks(report)[0]) == ("check", "DISCLOSURE_ONCE")


def test_a_tilde_that_is_missing_is_found_and_the_rest_is_looked_at() -> None:
    report = examine(credential()[:-1], beside())
    assert (causes(report), report.beyond, report.verdict) == (["tilde_missing"], (), Verdict.UNREADABLE)
    assert report.courses
    bare = forge.forged(bound=False)[:-1]
    assert causes(forged(bare)) == ["tilde_missing"]


# -- its times --------------------------------------------------------------------------------------------------------


def test_a_credential_that_ended_is_told_since_when_and_until_when_it_was_accepted() -> None:
    report = examine(credential(), beside(at=AT + timedelta(days=20)))
    assert (causes(report), checks(report)[0]) == (["ended", "accepted_until"], "NOT_EXPIRED")
    until = filled(report, "accepted_until")["moment"]
    assert until == datetime(2026, 5, 17, 23, 59, 59, tzinfo=UTC)
    assert examine(credential(), beside(at=until)).verdict is Verdict.WELL
    assert examine(credential(), beside(at=until + timedelta(seconds=1))).verdict is Verdict.REFUSED


@pytest.mark.parametrize(
    ("ahead", "clock"),
    [(timedelta(minutes=7), ["clock_off"]), (HOURS, ["clock_zone"]), (2 * HOURS, ["clock_zone"])],
)
def test_a_clock_that_is_off_is_told_by_how_much(ahead: timedelta, clock: list[str]) -> None:
    begins = int((forge.NOW + ahead).timestamp())
    report = forged(forge.forged(forge.payload(iat=begins, exp=begins + 9999), bound=False))
    assert [one for one in causes(report) if one.startswith("clock")] == clock
    assert (causes(report)[0], checks(report)[0]) == ("not_begun", "ISSUED_BEFORE")
    assert "accepted_from" in causes(report)


def test_a_credential_of_next_year_is_no_matter_of_clocks() -> None:
    begins = int((forge.NOW + timedelta(days=300)).timestamp())
    report = forged(forge.forged(forge.payload(nbf=begins, exp=begins + 9999), bound=False))
    assert causes(report) == ["not_begun", "accepted_from"]


# -- the holder's proof -----------------------------------------------------------------------------------------------


def shown(binding: Binding | None = None, at: datetime = AT) -> bytes:
    return aisha().show(INWONER.id, [("local_tie_6y",)], binding or asked().binding, at=at).token


def requested(**query: object) -> bytes:
    asks = {"id": "q", "format": "dc+sd-jwt", "meta": {"vct_values": [INWONER.id]}, **query}
    return written({**_parameters(), "dcql_query": {"credentials": [asks]}})


TIE = {"claims": [{"path": ["local_tie_6y"]}]}


def test_a_presentation_that_fits_its_request_is_well() -> None:
    report = examine(shown(), beside(request=requested(**TIE)))
    assert (report.verdict, report.findings) == (Verdict.WELL, ())


def test_a_credential_without_the_holders_proof_is_told_so() -> None:
    report = examine(credential(), beside(request=requested(**TIE)))
    assert (causes(report), checks(report)) == (["proof_missing"], ["KB_PRESENT"])
    assert beyond(report) == ["claim_too_many"]


def test_a_proof_for_someone_else_is_told_and_looked_past() -> None:
    other = Binding(audience="redirect_uri:https://webwinkel.example/answer", nonce="n" * 43)
    report = examine(shown(other), beside(request=requested(**TIE)))
    assert (causes(report), checks(report)) == (["proof_for_other_request"], ["KB_NONCE"])
    same_nonce = Binding(audience=other.audience, nonce=asked().binding.nonce)
    report = examine(shown(same_nonce), beside(request=requested(**TIE)))
    assert (causes(report), checks(report)) == (["proof_for_other"], ["KB_AUDIENCE"])
    assert filled(report, "proof_for_other")["audience"] == other.audience


def test_a_proof_that_is_too_old_is_told_until_when_it_was_good() -> None:
    report = examine(shown(), beside(request=requested(**TIE), at=AT + timedelta(minutes=17)))
    assert (causes(report), checks(report)[0]) == (["proof_old", "accepted_until"], "KB_IAT")
    assert filled(report, "accepted_until")["moment"] == AT + timedelta(seconds=300)


def test_a_proof_just_two_hours_old_may_be_of_another_time_zone() -> None:
    report = examine(shown(), beside(request=requested(**TIE), at=AT + 2 * HOURS))
    assert causes(report) == ["proof_old", "clock_zone", "accepted_until"]


def test_a_proof_of_the_future_is_a_matter_of_clocks() -> None:
    report = examine(shown(at=AT + timedelta(minutes=9)), beside(request=requested(**TIE)))
    assert causes(report) == ["proof_ahead", "clock_off", "accepted_from"]


def test_a_claim_left_out_after_signing_breaks_the_proof() -> None:
    first, *disclosures, last = shown().split(b"~")
    report = examine(b"~".join((first, *disclosures[1:], last)), beside(request=requested(**TIE)))
    assert (causes(report), checks(report)) == (["proof_over_other"], ["SD_HASH"])


def test_a_claim_that_was_asked_and_not_shown_is_named() -> None:
    report = examine(shown(), beside(request=requested(claims=[{"path": ["birthdate"]}])))
    assert (causes(report), checks(report)) == (["claim_left_out"], ["CLAIMS_THERE"])


def test_a_claim_shown_and_not_asked_is_named() -> None:
    report = examine(shown(), beside(request=requested()))
    assert (causes(report), checks(report)) == (["claim_too_many"], ["NO_CLAIM_MORE"])
    assert filled(report, "claim_too_many")["claims"] == "local_tie_6y"


def test_a_slip_in_an_asked_path_is_told_with_the_nearest_claim() -> None:
    report = examine(shown(), beside(request=requested(claims=[{"path": ["local_tie_6yr"]}])))
    assert causes(report) == ["claim_near"]
    assert filled(report, "claim_near")["near"] == "local_tie_6y"


def test_nothing_that_is_looked_past_becomes_well() -> None:
    """Whatever the trials accept, the verdict is that of the real circumstances."""
    late = examine(shown(), beside(request=requested(**TIE), at=AT + timedelta(days=1)))
    assert late.verdict is Verdict.REFUSED
    assert Became.REFUSED in {step.became for step in late.courses[0].steps}
    assert Cause.ACCEPTED_UNTIL in {one.cause for one in late.findings}
    strange = examine(shown(), beside(request=request_file(), trust=Trust()))
    assert strange.verdict is Verdict.REFUSED


def test_keys_that_are_published_elsewhere_are_a_gap_and_not_a_fault() -> None:
    trust = Trust.loads(f'[issuers."{forge.ISSUER}"]\nissuer_metadata = true\ntypes = ["{forge.ANY.id}"]\n')
    report = forged(forge.forged(), trust=trust)
    assert (report.verdict, report.findings) == (Verdict.INCOMPLETE, ())
    assert Gap.KEY in report.gaps
    assert causes(forged(forge.forged(forge.payload(vct=INWONER.id)), trust=trust)) == ["issuer_without_type"]


def test_the_pinned_world_is_right() -> None:
    assert forged(forge.forged(bound=False), trust=PINNED).verdict is Verdict.WELL
