"""Why a chain of certificates does not lead to an anchor: the chain is tried again with one thing changed.

Everything is decided by `eigendata.crypto.x509.verify_chain`; what is found out here is which change would have made it
accept the same certificates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from eigendata.crypto import x509
from eigendata.doctor.findings import Cause, Filled
from eigendata.errors import Check, Malformed, Rejected

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

_BROKEN_PATH: Final = frozenset((x509.NO_ANCHOR, x509.PATH, x509.ORDER))


def causes(
    chain: tuple[bytes, ...], anchors: Sequence[bytes], check: Check, *, at: datetime
) -> Iterator[tuple[Cause, Mapping[str, Filled]]]:
    """Give why a chain was refused by one of the checks of `x509`.

    Args:
        chain: DER, as it came.
        check: the check that failed.
    """
    if check in _BROKEN_PATH:
        yield from _of_path(chain, anchors, at)
    elif check is x509.IN_TIME:
        yield from _of_time(chain, anchors, at)
    elif check is x509.KEYS:
        yield Cause.CHAIN_KEY_KIND, {}


def _of_path(
    chain: tuple[bytes, ...], anchors: Sequence[bytes], at: datetime
) -> Iterator[tuple[Cause, Mapping[str, Filled]]]:
    without = tuple(der for der in chain if not is_root(der) and der not in anchors)
    ordered = in_order(chain)
    bare = tuple(der for der in ordered if der in without)
    if without != chain and without and _leads(without, anchors, at):
        yield Cause.CHAIN_WITH_ROOT, {}
    elif ordered != chain and _leads(ordered, anchors, at):
        yield Cause.CHAIN_REVERSED, {}
    elif bare and bare != chain and _leads(bare, anchors, at):
        yield Cause.CHAIN_REVERSED, {}
        yield Cause.CHAIN_WITH_ROOT, {}
    else:
        top = _read((bare or ordered)[-1])
        known = [_read(anchor) for anchor in anchors]
        same = any(one.subject == top.issuer for one in known)
        names = {
            "chain": called(top.issuer),
            "anchor": "; ".join(called(one.subject) for one in known),
        }
        yield (Cause.CHAIN_SAME_NAME if same else Cause.CHAIN_OTHER_ANCHOR), names


def _leads(chain: tuple[bytes, ...], anchors: Sequence[bytes], at: datetime) -> bool:
    """Tell whether a chain leads to an anchor; that it is not in time, or not for signing, is another matter."""
    try:
        x509.verify_chain(chain, anchors, at=at)
    except Rejected as error:
        return error.check not in _BROKEN_PATH | {x509.KEYS}
    except Malformed:
        return False
    return True


def _of_time(
    chain: tuple[bytes, ...], anchors: Sequence[bytes], at: datetime
) -> Iterator[tuple[Cause, Mapping[str, Filled]]]:
    for der in chain:
        one = _read(der)
        name = called(one.subject)
        if at > one.not_valid_after_utc:
            yield Cause.CHAIN_ENDED, {"name": name, "moment": one.not_valid_after_utc}
        elif at < one.not_valid_before_utc:
            yield Cause.CHAIN_NOT_BEGUN, {"name": name, "moment": one.not_valid_before_utc}
    yield from ended_anchors(anchors, at=at)


def ended_anchors(anchors: Sequence[bytes], *, at: datetime) -> Iterator[tuple[Cause, Mapping[str, Filled]]]:
    """Give the anchors that are not in time any more."""
    for one in map(_read, anchors):
        if at > one.not_valid_after_utc:
            yield Cause.ANCHOR_ENDED, {"name": called(one.subject), "moment": one.not_valid_after_utc}


def in_order(chain: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Give certificates leaf first, each followed by the one that issued it by name; as they came where none fits."""
    left = list(chain)
    issuers = {_read(der).issuer for der in chain if not is_root(der)}
    leaves = [der for der in left if _read(der).subject not in issuers]
    if len(leaves) != 1:
        return chain
    ordered = [leaves[0]]
    left.remove(leaves[0])
    while left:
        above = next((der for der in left if _read(der).subject == _read(ordered[-1]).issuer), None)
        if above is None:
            return chain
        left.remove(above)
        ordered.append(above)
    return tuple(ordered)


def is_root(der: bytes) -> bool:
    """Tell whether a certificate bears its issuer's name as its own."""
    one = _read(der)
    return one.subject == one.issuer


def window(der: bytes) -> tuple[datetime, datetime]:
    """Give from when until when a certificate is good."""
    one = _read(der)
    return one.not_valid_before_utc, one.not_valid_after_utc


def called(name: Name) -> str:
    """Give what people call the bearer of a name, or the whole name where it holds no such thing."""
    from cryptography.x509.oid import NameOID

    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()


def name(der: bytes) -> str:
    return called(_read(der).subject)


def _read(der: bytes) -> Certificate:
    # whatever comes here was read by `eigendata.crypto.x509` before, which refuses what cannot be read
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(der)
