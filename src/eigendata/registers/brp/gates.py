"""The gates: who gets nothing at all from this issuer, and why.

In this order: someone registered elsewhere; a record that is no longer kept up, or of someone who died; someone who
may not act alone, under guardianship or under age. A gate that cannot be seen to be open is closed. Each refusal is
one reason; what the person can do about it stands in the texts.

Curatele asks for a representative, and a child for the holder of parental authority. Neither can be shown to us yet,
so these gates have no key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from eigendata.errors import Declined, Reason
from eigendata.registers import tables
from eigendata.registers.brp.dates import of_age
from eigendata.registers.brp.record import Persoonslijst

MAJORITY: Final = 18
"""The age, in years, from which someone acts alone (Burgerlijk Wetboek 1:233)."""


def our_municipality(person: Persoonslijst, *, jurisdictions: Sequence[str], on: date) -> str | None:
    """Give the code under which someone is a resident of the issuer's: as registered, or of what it went up in."""
    code = person.gemeente.code.value
    if code is None or code == tables.RNI:
        return None
    return next((one for one in (code, tables.successor(code, on=on)) if one in jurisdictions), None)


def require_open(person: Persoonslijst, *, jurisdictions: Sequence[str], registered_on: date, on: date) -> str:
    """Pass every gate, and give the code of the issuer's municipality where this is a resident.

    Args:
        registered_on: the day on which the register answered.
        on: the day of issuing, in the Netherlands.

    Raises:
        Declined: `not_our_resident`, `suspended`, `under_guardianship`, `under_investigation`, `minor` or
            `not_derivable`.
    """
    municipality = our_municipality(person, jurisdictions=jurisdictions, on=registered_on)
    if municipality is None:
        raise Declined(Reason.NOT_OUR_RESIDENT, "this person is not registered with a municipality of this issuer")
    if person.opgeschort or person.overleden:
        raise Declined(Reason.SUSPENDED, "the register no longer keeps this person's record up")
    if person.curatele.value or not person.curatele.readable:
        raise Declined(Reason.UNDER_GUARDIANSHIP, "this person acts through a guardian (curator)")
    if person.curatele.in_onderzoek:
        raise Declined(Reason.UNDER_INVESTIGATION, "it is being looked into whether this person has a guardian")
    born = person.geboortedatum.value
    if born is None or born.latest is None:
        raise Declined(Reason.NOT_DERIVABLE, "the register does not tell this person's age")
    reached = of_age(born, MAJORITY, on=on)
    if reached is None:
        raise Declined(Reason.NOT_DERIVABLE, "the register does not tell whether this person is of age")
    if not reached:
        raise Declined(Reason.MINOR, "this person is under 18")
    return municipality
