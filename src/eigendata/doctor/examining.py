"""The one door: a file or its bytes, recognised, examined by whoever knows its kind, and reported on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from eigendata import files
from eigendata.doctor import asking, messages, standing
from eigendata.doctor.findings import Cause, Finding, Gap, Kind, Report
from eigendata.doctor.messages import Beside, malformed
from eigendata.doctor.recognising import MAX_FILE, Specimen, recognise
from eigendata.encoding import json_loads
from eigendata.errors import Malformed
from eigendata.issuer.directory import CHALLENGE_KEY, SETTINGS
from eigendata.issuer.standing import CHALLENGE_KEY_SIZE
from eigendata.model import utc

Examiner = Callable[[bytes, Beside], Report]

_EXAMINERS: Final[Mapping[Kind, Examiner]] = {
    Kind.CREDENTIAL: lambda data, beside: messages.token(data, beside, as_issued=True),
    Kind.PRESENTATION: lambda data, beside: messages.token(data, beside, as_issued=False),
    Kind.ISSUED: messages.issued,
    Kind.ANSWER: messages.answer,
    Kind.REQUEST: asking.request,
    Kind.SIGNED_REQUEST: asking.signed_request,
    Kind.QUERY: asking.query,
    Kind.CHALLENGE: asking.challenge,
    Kind.PROOFS: asking.key_proofs,
    Kind.CERTIFICATES: standing.chain,
    Kind.PRIVATE_KEY: standing.private_key,
    Kind.PUBLIC_KEY: standing.public_key,
    Kind.TRUST: standing.trust_file,
    Kind.POLICY: standing.policy,
    Kind.TYPE_METADATA: standing.type_metadata,
    Kind.ISSUER_METADATA: standing.issuer_metadata,
    Kind.VAULT: lambda data, beside: standing.vault(data, None),
    Kind.BACKUP: standing.backup,
}
_UNOPENED: Final = frozenset((Kind.REGISTER, Kind.ISSUER_SETTINGS, Kind.STATE, Kind.HOME))
"""Kinds that are known, and that others than the doctor judge."""


def examine(data: bytes, beside: Beside) -> Report:
    """Examine the bytes of a file.

    Raises:
        Misuse: the moment is naive, or the request that is given beside it is none.
    """
    utc(beside.at)
    found = recognise(data)
    report = _examined(found, beside)
    if not found.came_over:
        return report
    came_over = tuple(Finding(cause=cause) for cause in dict.fromkeys(found.came_over))
    return replace(report, findings=came_over, beyond=(*report.findings, *report.beyond))


def _examined(found: Specimen, beside: Beside) -> Report:
    examiner = _EXAMINERS.get(found.kind)
    if found.kind in _UNOPENED:
        return Report(kind=found.kind, gaps=(Gap.CONTENTS,))
    if examiner is None:
        return Report(kind=found.kind, findings=_broken(found) or (Finding(cause=Cause(found.kind.value)),))
    try:
        return examiner(found.data, beside)
    except Malformed as error:
        return Report(kind=found.kind, findings=(malformed(error),))


def _broken(found: Specimen) -> tuple[Finding, ...]:
    """Say where JSON stops being JSON: that it is none is more than that it is none of ours."""
    if found.kind is not Kind.JSON:
        return ()
    try:
        json_loads(found.data, limit=MAX_FILE)
    except Malformed as error:
        whole = found.data.rstrip()[-1:] in (b"}", b"]")
        cut = () if whole else (Finding(cause=Cause.CUT_OFF, certain=False),)
        return (malformed(error), *cut)
    return ()


# -- files ------------------------------------------------------------------------------------------------------------


def examine_file(path: Path, beside: Beside) -> Report:
    """Examine a file or an issuer's folder. Whatever lies there, this ends, and reads a bounded part of it.

    Raises:
        Misuse: as `examine`.
    """
    if os.path.isdir(path):
        return _folder(path, beside)
    try:
        with files.opened(path) as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        return _lies(_BY_ERRNO.get(error.errno or 0, Cause.FILE_CLOSED))
    match recognise(data[:MAX_HEAD]).kind:
        case Kind.VAULT:
            return standing.vault(data, path)
        case Kind.BACKUP:
            return standing.backup(data, beside)
        case _:
            pass
    if len(data) > MAX_FILE:
        return _lies(Cause.FILE_TOO_LARGE)
    if path.name == CHALLENGE_KEY and len(data) == CHALLENGE_KEY_SIZE:
        return standing.private_key(data, beside)
    report = examine(data, beside)
    if report.kind is Kind.ISSUER_SETTINGS and path.name == SETTINGS:
        return standing.issuer_folder(path.parent, beside)
    return report


MAX_HEAD: Final = 65_536
"""Bytes of a file by which a vault or backup is known, however large it is."""

_BY_ERRNO: Final[Mapping[int, Cause]] = {
    errno.ENOENT: Cause.FILE_MISSING,
    errno.ENOTDIR: Cause.FILE_MISSING,
    errno.ENAMETOOLONG: Cause.FILE_MISSING,
    errno.ELOOP: Cause.FILE_LOOP,
    errno.ENXIO: Cause.FILE_SPECIAL,
}


def _lies(cause: Cause) -> Report:
    return Report(kind=Kind.NOTHING, findings=(Finding(cause=cause),))


def _folder(path: Path, beside: Beside) -> Report:
    if (path / SETTINGS).is_file():
        return standing.issuer_folder(path, beside)
    return Report(kind=Kind.FOLDER, findings=(Finding(cause=Cause.FOLDER),))
