"""A presentation with its bytes changed on the way. Nothing is signed anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from tests.differential.tokens import Sent

_ALPHABET: Final = b"ABCXYZabcxyz0189-_"


def _flipped(token: bytes, random: Random) -> bytes:
    at = random.randrange(len(token))
    return token[:at] + bytes([token[at] ^ 1 << random.randrange(8)]) + token[at + 1 :]


def _other_character(token: bytes, random: Random) -> bytes:
    at = random.randrange(len(token))
    return token[:at] + bytes([random.choice(_ALPHABET)]) + token[at + 1 :]


def _cut(token: bytes, random: Random) -> bytes:
    return token[: random.randrange(len(token))]


def _less(token: bytes, random: Random) -> bytes:
    at = random.randrange(len(token))
    return token[:at] + token[at + 1 :]


def _more(added: bytes) -> Sent:
    def change(token: bytes, random: Random) -> bytes:
        at = random.randrange(len(token) + 1)
        return token[:at] + added + token[at:]

    return change


def _swapped(token: bytes, random: Random) -> bytes:
    parts = token.split(b"~")
    one, other = random.randrange(len(parts)), random.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return b"~".join(parts)


def _segment(which: int, change: Callable[[bytes], bytes], part: int = 0) -> Sent:
    """Change one segment of a JWS: of the issuer's (part 0) or of the holder's proof (part -1)."""

    def mutate(token: bytes, random: Random) -> bytes | None:
        parts = token.split(b"~")
        segments = parts[part].split(b".")
        if len(segments) != 3:
            return None
        segments[which] = change(segments[which])
        parts[part] = b".".join(segments)
        return b"~".join(parts)

    return mutate


def _loosened(segment: bytes) -> bytes:
    """Give the same bytes by another last character."""
    # of 64 and of 96 bytes: 86 characters, of which the last has four bits to spare; or 128, with none
    if len(segment) % 4 == 0:
        return segment[:-4] + b"!" + segment[-4:]
    return segment[:-1] + bytes([_FOLLOWS[segment[-1]]])


_URL_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_FOLLOWS: Final = dict(zip(_URL_ALPHABET, _URL_ALPHABET[1:] + b"A", strict=True))

_SEGMENTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "padded": lambda segment: segment + b"=" * (-len(segment) % 4 or 4),
    "with a newline": lambda segment: segment[:3] + b"\n" + segment[3:],
    "with a character of no alphabet": lambda segment: segment[:3] + b"!" + segment[3:],
    "with another last character": _loosened,
    "empty": lambda segment: b"",
    "doubled": lambda segment: segment * 2,
}

ANYWHERE: Final[Mapping[str, Sent]] = {
    "a bit flipped": _flipped,
    "another character": _other_character,
    "cut off": _cut,
    "a byte less": _less,
    "a ~ more": _more(b"~"),
    "a . more": _more(b"."),
    "a newline more": _more(b"\n"),
    "a = more": _more(b"="),
    "a character of UTF-8 more": _more("\u00e9".encode()),
    "two parts swapped": _swapped,
}
"""At random places; what comes of one differs from place to place."""

SENT: Final[Mapping[str, Sent]] = {
    "a ~ before the proof": lambda token, random: b"~~".join(token.rsplit(b"~", 1)),
    "a ~ behind the credential": lambda token, random: token.replace(b"~", b"~~", 1),
    "a blank behind": lambda token, random: token + b" ",
    "a newline behind": lambda token, random: token + b"\n",
    "a ~ behind": lambda token, random: token + b"~",
    "no ~": lambda token, random: None if token.index(b"~") == len(token) - 1 else token.replace(b"~", b""),
    "no proof and no last ~": lambda token, random: token[: token.rindex(b"~")] if token.count(b"~") > 1 else None,
    "the issuer's JWT alone": lambda token, random: token.split(b"~")[0],
    "the proof cut off": lambda token, random: token[: token.rindex(b"~") + 1],
    "the proof twice": lambda token, random: token + token[token.rindex(b"~") :],
    "the credential as proof": lambda token, random: token[: token.rindex(b"~") + 1] + token.split(b"~")[0],
    **{
        f"{part}'s {segment} {how}": _segment(which, change, at)
        for part, at in (("issuer", 0), ("holder", -1))
        for which, segment in enumerate(("header", "payload", "signature"))
        for how, change in _SEGMENTS.items()
    },
}
