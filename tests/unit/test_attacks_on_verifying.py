"""What an attacker, or an honest stranger, brings to a verifier, made by code that shares nothing with ours."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from eigendata import cli, policies
from eigendata.encoding import TOML_LIMIT, toml_loads
from eigendata.errors import Malformed, Misuse, Reason, Rejected, Trail
from eigendata.model import NO_STATUS_CHECK, Advice, Answer, Party, Presentation, TrustedIssuer
from eigendata.once import MemoryOnce
from eigendata.query import Request, parse_query
from eigendata.registers.catalogue import INWONER
from eigendata.trust import JURISDICTION, Trust, require_jurisdiction
from eigendata.verifier import Verifier
from tests.negatives import negative
from tests.unit.formats.forge import ANY, ISSUER_KEY, forged, payload, verified
from tests.world import AISHA, AT, CORPORATION, FORMAT, HOME, World

VCT = "com.example.membership"
FOREIGN = "https://club.example"


# -- a stranger's issuer and wallet -----------------------------------------------------------------------------------


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def curve_of(size: int) -> ec.EllipticCurve:
    return {256: ec.SECP256R1, 384: ec.SECP384R1}[size]()


@dataclass(frozen=True)
class Pen:
    """A key that signs compact JWS."""

    size: int = 256
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def of(cls, size: int) -> Pen:
        return cls(size, ec.generate_private_key(curve_of(size)))

    @property
    def hash(self) -> hashes.SHA256 | hashes.SHA384:
        return hashes.SHA256() if self.size == 256 else hashes.SHA384()

    @property
    def jwk(self) -> dict[str, str]:
        numbers = self.key.public_key().public_numbers()
        x, y = (b64(number.to_bytes(self.size // 8, "big")) for number in (numbers.x, numbers.y))
        return {"x": x, "y": y, "kty": "EC", "crv": f"P-{self.size}"}

    def sign(self, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
        text = ".".join(b64(json.dumps(part).encode()) for part in ({**header, "alg": f"ES{self.size}"}, claims))
        pair = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(self.hash)))
        return f"{text}.{b64(b''.join(number.to_bytes(self.size // 8, 'big') for number in pair))}"


def certificate(name: str, above: str, of: Pen, by: Pen, *, uri: str | None = None) -> x509.Certificate:
    """Make an authority's certificate, or that of an issuer where there is a URI."""

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    authority = uri is None
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(above))
        .public_key(of.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(AT - timedelta(days=1))
        .not_valid_after(AT + timedelta(days=30))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                key_cert_sign=authority,
                crl_sign=authority,
                decipher_only=False,
                **usage,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(of.key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
    )
    if uri is not None:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(by.key, by.hash)


@dataclass(frozen=True)
class Club:
    """A foreign issuer with an authority between itself and its root, and a member with a wallet."""

    pen: Pen = field(default_factory=Pen)
    root: Pen = field(default_factory=Pen)
    middle: Pen = field(default_factory=Pen)
    member: Pen = field(default_factory=Pen)

    @property
    def trust(self) -> Trust:
        pem = certificate("Root", "Root", self.root, self.root).public_bytes(Encoding.PEM).decode()
        return Trust.loads(f"[issuers.'{FOREIGN}']\nanchors = ['''{pem}''']\ntypes = ['{VCT}']\n")

    @property
    def chain(self) -> list[str]:
        made = (
            certificate("Club", "Middle", self.pen, self.middle, uri=FOREIGN),
            certificate("Middle", "Root", self.middle, self.root),
        )
        return [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in made]

    def credential(self, *disclosures: str, **claims: Any) -> str:
        stated = {"cnf": {"jwk": {**self.member.jwk, "kid": "1"}}, "vct": VCT, "exp": int(AT.timestamp()) + 60}
        first = self.pen.sign({"x5c": self.chain, "typ": "dc+sd-jwt", "vctm": []}, {**claims, **stated})
        return "~".join((first, *disclosures, ""))

    def shown(self, credential: str, request: Request) -> Presentation:
        claims = {
            "sd_hash": b64(hashlib.sha256(credential.encode()).digest()),
            "nonce": request.binding.nonce,
            "aud": request.binding.audience,
            "iat": int(AT.timestamp()),
            "jti": "unknown here",
        }
        token = credential + self.member.sign({"typ": "kb+jwt"}, claims)
        return Presentation(format=FORMAT, token=token.encode())


def disclosed(*contents: Any) -> tuple[str, str]:
    """Give a disclosure, with the blanks that `json` writes, and its digest."""
    text = b64(json.dumps(["c2FsdA", *contents]).encode())
    return text, b64(hashlib.sha256(text.encode()).digest())


def decoy(word: str) -> str:
    return b64(hashlib.sha256(word.encode()).digest())


TOWN, TOWN_DIGEST = disclosed("town", "Oirschot")
STREET, STREET_DIGEST = disclosed("street", "Rijkesluisstraat")
HOUSE, HOUSE_DIGEST = disclosed("address", {"_sd": [STREET_DIGEST, TOWN_DIGEST, decoy("a")], "country": "NL"})
SPORT, SPORT_DIGEST = disclosed("judo")

FOREIGN_SHAPES: dict[str, tuple[list[str], dict[str, Any], list[Any], str]] = {
    "flat, iss stated": ([TOWN], {"iss": FOREIGN, "_sd": [decoy("b"), TOWN_DIGEST]}, ["town"], "Oirschot"),
    "no issuer, unknown claims": ([TOWN], {"zz": [{"y": None}], "_sd": [TOWN_DIGEST]}, ["town"], "Oirschot"),
    "structured": ([TOWN], {"address": {"_sd": [TOWN_DIGEST], "country": "NL"}}, ["address", "town"], "Oirschot"),
    "recursive, child first": ([TOWN, HOUSE], {"_sd": [HOUSE_DIGEST]}, ["address", "town"], "Oirschot"),
    "in an array": ([SPORT], {"sports": [{"...": decoy("c")}, {"...": SPORT_DIGEST}]}, ["sports", None], "judo"),
    "nothing can be withheld": ([], {"town": "Oirschot"}, ["town"], "Oirschot"),
}


def asking(trust: Trust, *claims: Mapping[str, Any], **more: Any) -> tuple[Verifier, Request]:
    query = {"id": "q", "format": FORMAT, "meta": {"vct_values": [VCT]}, "claims": list(claims), **more}
    verifier = Verifier(CORPORATION, trust=trust, status=NO_STATUS_CHECK, once=MemoryOnce())
    return verifier, verifier.ask_query(parse_query({"credentials": [query]}), at=AT)


@pytest.mark.parametrize("size", [256, 384])
@pytest.mark.parametrize("shape", FOREIGN_SHAPES)
def test_a_conforming_credential_of_a_foreign_issuer_is_accepted(shape: str, size: int) -> None:
    disclosures, claims, path, expected = FOREIGN_SHAPES[shape]
    club = Club(pen=Pen.of(size), root=Pen.of(size), middle=Pen.of(size))
    verifier, request = asking(club.trust, {"path": path})
    shown = club.shown(club.credential(*disclosures, **claims), request)
    disclosure = verifier.verify(Answer(presentations={"q": (shown,)}), request, at=AT)
    assert expected in json.dumps(disclosure["q"].claims, default=lambda value: [*getattr(value, "values", list)()])


def test_what_a_foreign_wallet_shows_beyond_the_question_is_refused() -> None:
    club = Club()
    verifier, request = asking(club.trust, {"path": ["address", "town"]})
    shown = club.shown(club.credential(TOWN, STREET, HOUSE, _sd=[HOUSE_DIGEST]), request)
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations={"q": (shown,)}), request, at=AT)
    assert rejected.value.reason is Reason.QUERY_NOT_SATISFIED


# -- answers ----------------------------------------------------------------------------------------------------------


def test_of_a_question_for_several_one_presentation_never_counts_twice() -> None:
    club = Club()
    verifier, request = asking(club.trust, {"path": ["town"]}, multiple=True)
    credential = club.credential(TOWN, _sd=[TOWN_DIGEST])
    one, other = club.shown(credential, request), club.shown(credential, request)
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations={"q": (one, other, one)}), request, at=AT)
    assert (rejected.value.check.name, rejected.value.reason) == ("COUNTED", Reason.QUERY_NOT_SATISFIED)


def test_an_empty_answer_to_what_is_all_optional_is_taken_once() -> None:
    query = parse_query(
        {
            "credentials": [{"id": "a", "format": FORMAT, "meta": {"vct_values": [VCT]}}],
            "credential_sets": [{"options": [["a"]], "required": False}],
        }
    )
    verifier = World.make().verifier()
    request = verifier.ask_query(query, at=AT)
    assert verifier.verify(Answer(presentations={}), request, at=AT).credentials == {}
    with pytest.raises(Rejected) as rejected:
        verifier.verify(Answer(presentations={}), request, at=AT)
    assert rejected.value.reason is Reason.REPLAY_DETECTED


@pytest.mark.parametrize(
    "other",
    [
        {"format": "jwt_vc_json", "meta": {"type_values": [["Person"]]}},
        {"format": "mso_mdoc", "meta": {"doctype_value": "org.example"}},
        {"format": "of-tomorrow", "meta": {}},
    ],
)
def test_a_request_in_a_format_that_is_not_read_is_misuse_whatever_answers_it(other: dict[str, Any]) -> None:
    club = Club()
    verifier, request = asking(club.trust, {"path": ["town"]})
    query = request.query.to_json()
    credentials = query["credentials"]
    assert isinstance(credentials, list)
    both = {"credentials": [*credentials, {"id": "o", **other}], "credential_sets": [{"options": [["q"], ["o"]]}]}
    shown = club.shown(club.credential(TOWN, _sd=[TOWN_DIGEST]), request)
    with pytest.raises(Misuse, match="format"):
        verifier.verify(Answer(presentations={"q": (shown,)}), replace(request, query=parse_query(both)), at=AT)


# -- credentials ------------------------------------------------------------------------------------------------------


def test_an_issuer_or_key_that_is_null_is_malformed() -> None:
    assert verified(forged(payload()), type=ANY)
    with pytest.raises(Malformed, match="iss"):
        verified(forged(payload(iss=None)), type=ANY)
    with pytest.raises(Malformed, match="kid"):
        verified(forged(payload(), header={"kid": None}), type=ANY)


def test_a_municipality_that_is_null_is_not_the_issuers() -> None:
    issuer = TrustedIssuer(party=Party(id=FOREIGN, name="Boxtel"), key=ISSUER_KEY.public_key, jurisdictions=("0757",))
    require_jurisdiction(issuer, INWONER, {"municipality": {}}, Trail())
    for code in (None, "0845", 757, ["0757"]):
        with pytest.raises(Rejected) as rejected:
            require_jurisdiction(issuer, INWONER, {"municipality": {"code": code}}, Trail())
        assert rejected.value.check is JURISDICTION


# -- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [{"birthdate": True}, {"birthdate": False}, {"birthdate": None}, {}, None])
def test_a_claim_that_is_not_there_never_leads_to_voldoet_whatever_is_said_of_its_absence(said: Any) -> None:
    policy = policies.load("woningcorporatie/B")
    as_of = {"as_of": AT.date().isoformat()}
    answers: dict[str, Any] = {
        "persoon": {"family_name": "Mardoun", "given_name": "Aisha", "birthdate": "1990-01-01", **as_of},
        "inwoner": {"local_tie_6y": True, **as_of},
        "huishouden": {"household_size": 3, **as_of},
    }
    assert policies.advise(policy, answers, HOME, at=AT).advice is Advice.MEETS
    answers["persoon"] = {"family_name": "Mardoun", "given_name": "Aisha", "absent": said, **as_of}
    assert policies.advise(policy, answers, HOME, at=AT).advice is Advice.NOT_DERIVABLE
    answers["persoon"] = {**answers["persoon"], "birthdate": None}
    assert policies.advise(policy, answers, HOME, at=AT).advice is Advice.NOT_DERIVABLE


# -- files ------------------------------------------------------------------------------------------------------------

HOSTILE_TOML = {
    "a number of too many digits": b"a = 1" + b"0" * 5000,
    "brackets that comments seem to close": b"a = " + b"[ # ]\n" * 9000,
    "brackets that texts seem to close": b'a = [\n"]", ' * 5000,
    "a key of thousands of parts": b"a." * 20_000 + b"a = 1",
    "a quoted key of thousands of parts": b'"a".' * 15_000 + b"a = 1",
    "a long key behind the end of a text": b'a = ["""\n""", {' + b"b." * 10_000 + b'b = 1, c = "z"}]',
    "many tables inside one another": b"\n".join(b"[" + b".".join([b"a"] * depth) + b"]" for depth in range(1, 30)),
    "another encoding": "a = 1".encode("utf-16"),
    "too many bytes": b"#" * (TOML_LIMIT + 1),
}


@pytest.mark.cost
@pytest.mark.parametrize("what", HOSTILE_TOML)
def test_hostile_toml_is_malformed_within_a_second(what: str) -> None:
    began = time.process_time()
    with pytest.raises(Malformed):
        toml_loads(HOSTILE_TOML[what])
    assert time.process_time() - began < 1


def test_dots_and_brackets_in_texts_are_no_reason_to_refuse() -> None:
    names = [f"https://a.b.c.example/[{number}" for number in range(40)]
    assert toml_loads(f"types = {json.dumps(names)}".encode()) == {"types": names}


@pytest.mark.parametrize("what", HOSTILE_TOML)
def test_hostile_conditions_of_a_home_are_malformed_on_the_command_line(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home.toml"
    home.write_bytes(HOSTILE_TOML[what])
    command = ("request", "--policy", "woningcorporatie/B", "--response-uri", "https://v.example/a", "--json")
    assert cli.run([*command, "--home", str(home), "--out", str(tmp_path / "out")]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "malformed"
    with pytest.raises(Malformed):
        Trust.loads(HOSTILE_TOML[what] if what != "too many bytes" else b"#" * 4_194_305)


@negative("NEG-LOG-002")
def test_nothing_in_an_inspected_token_steers_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = {"bidi": "\u202egnp.exe", "csi": "\x9b2J", "osc": "\x9d0;title\x9c", "esc": "\x1b[2J", "[bold]": "[/]"}
    file = tmp_path / "token"
    file.write_text(Pen().sign({"typ": "x"}, hostile))
    assert cli.run(["inspect", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "gnp.exe" in printed
    assert '"[bold]": "[/]"' in printed
    assert all(one.isprintable() or one == "\n" for one in printed)


def test_a_foreign_type_is_trusted_by_any_name_that_cannot_be_a_slip_of_the_pen(tmp_path: Path) -> None:
    anchor, out = tmp_path / "anchor.pem", tmp_path / "trust.toml"
    root = Pen()
    anchor.write_bytes(certificate("Root", "Root", root, root).public_bytes(Encoding.PEM))
    command = ("trust", "add", "--anchor", str(anchor), "--out", str(out), "--json")
    assert cli.run([*command, "--issuer", FOREIGN, "--type", f"{VCT},https://a.example/b,urn:x:y"]) == 0
    assert Trust.load(out).issuers[FOREIGN].types == (VCT, "https://a.example/b", "urn:x:y")
    assert cli.run([*command, "--issuer", FOREIGN, "--type", "inwonr"]) == 2


def test_an_honest_answer_to_the_policy_is_still_accepted() -> None:
    world = World.make()
    request = world.corporation.ask(policies.load("woningcorporatie/B"), home=HOME, at=AT)
    disclosure = world.corporation.verify(world.holder(AISHA).answer(request), request, at=AT)
    assert disclosure.advice is not None
