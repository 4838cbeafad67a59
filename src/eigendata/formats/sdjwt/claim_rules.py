"""A credential held against the claim metadata of its type (draft-ietf-oauth-sd-jwt-vc-19 sections 5.6 and 5.7).

    payload + disclosures -> the claims as they were issued, what is hidden included -> each path -> faults

A path counts array elements that are not shown, so it is walked over the claims as issued and not over the document. Of
what is hidden this much is known: an element of an array is there and can be withheld; a digest in an object may stand
for any claim or for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eigendata.encoding import Json, b64url_decode, b64url_encode, json_loads
from eigendata.errors import Check
from eigendata.formats.sdjwt import checks
from eigendata.formats.sdjwt.parse import Token
from eigendata.formats.sdjwt.type_metadata import ClaimMetadata, Sd

STEPS_LIMIT: Final = 200_000
"""Elements looked at for all paths of one credential, some tenth of a second: a credential of ours takes a hundred."""


@dataclass(slots=True, kw_only=True)
class Element:
    """One claim or array element as it was issued.

    Attributes:
        disclosed: it can be withheld: it came by a disclosure of its own, or did not come.
        known: it is there to be looked into.
        members: of an object, those that are shown.
        elements: of an array, all of them.
        more: digests stand in the object for which nothing was shown.
    """

    disclosed: bool
    known: bool = True
    members: dict[str, Element] | None = None
    elements: list[Element] | None = None
    more: bool = False


def as_issued(token: Token) -> Element:
    """Give the claims of a token as they were issued. Its disclosures must have been found without a fault."""
    assert token.hash is not None  # or its disclosures had not been found
    shown: dict[str, Sequence[Json]] = {}
    for encoded in token.disclosures:
        contents = json_loads(b64url_decode(encoded))
        assert isinstance(contents, list)
        shown[b64url_encode(token.hash(encoded).digest())] = contents
    return _element(token.payload, shown)


def _element(value: Json, shown: Mapping[str, Sequence[Json]], *, disclosed: bool = False) -> Element:
    if isinstance(value, list):
        return Element(disclosed=disclosed, elements=[_in_array(one, shown) for one in value])
    if not isinstance(value, dict):
        return Element(disclosed=disclosed)
    made = Element(disclosed=disclosed, members={})
    assert made.members is not None
    for name, member in value.items():
        if name == "_sd":
            assert isinstance(member, list)
            for digest in member:
                contents = shown.get(str(digest))
                if contents is None:
                    made.more = True
                else:
                    made.members[str(contents[1])] = _element(contents[2], shown, disclosed=True)
        elif name != "_sd_alg":
            made.members[name] = _element(member, shown)
    return made


def _in_array(value: Json, shown: Mapping[str, Sequence[Json]]) -> Element:
    if not (isinstance(value, dict) and "..." in value):
        return _element(value, shown)
    contents = shown.get(str(value["..."]))
    return Element(disclosed=True, known=False) if contents is None else _element(contents[1], shown, disclosed=True)


def faults(claims: Sequence[ClaimMetadata], root: Element, *, whole: bool) -> set[Check]:
    """Give the checks that a credential breaks: CLAIM_PATHS, CLAIM_MANDATORY, CLAIM_DISCLOSABLE.

    Args:
        whole: every disclosure came along, as an issuer sends them; a digest for which nothing came is a decoy.
    """
    never = {one.path for one in claims if one.sd is Sd.NEVER}
    found: set[Check] = set()
    steps = 0
    for one in claims:
        selected = _Selection(elements=[root])
        for end, part in enumerate(one.path, start=1):
            if not selected.narrow(part, hideable=not whole and one.path[:end] not in never):
                return {checks.CLAIM_PATHS}
            steps += 1 + len(selected.elements)
            if steps > STEPS_LIMIT:
                return {checks.CLAIM_PATHS}
        found.update(_broken(one, selected))
    return found


def _broken(one: ClaimMetadata, selected: _Selection) -> Iterable[Check]:
    if one.mandatory and not selected.elements and not selected.uncertain:
        yield checks.CLAIM_MANDATORY
    wrong = {Sd.ALWAYS: False, Sd.NEVER: True}.get(one.sd)
    if any(element.disclosed is wrong for element in selected.elements):
        yield checks.CLAIM_DISCLOSABLE


@dataclass(slots=True, kw_only=True)
class _Selection:
    """The elements that a path selects so far; `uncertain` where there may be others that are not shown."""

    elements: list[Element]
    uncertain: bool = False

    def narrow(self, part: str | int | None, *, hideable: bool) -> bool:
        """Take one part of a path (section 5.6.1.2); tell whether there was what it speaks of.

        Args:
            hideable: what it names may be withheld, so that not to see it is not to know.
        """
        chosen: list[Element] = []
        for element in self.elements:
            if not element.known:
                self.uncertain = True
            elif isinstance(part, str):
                if element.members is None:
                    return False
                if part in element.members:
                    chosen.append(element.members[part])
                elif element.more and hideable:
                    self.uncertain = True
            elif element.elements is None:
                return False
            else:
                chosen += element.elements if part is None else element.elements[part : part + 1]
        self.elements = chosen
        return True
