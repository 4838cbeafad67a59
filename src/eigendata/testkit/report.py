"""What came out for an implementation: lines for people, one object for machines, JUnit for a build server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from eigendata import texts
from eigendata.encoding import Json
from eigendata.testkit.case import Expect, Severity
from eigendata.testkit.runner import Outcome, Report, Result

SAID_SHOWN: Final = 160
"""Characters that are shown of what an implementation said about one case."""

_LISTED: Final = tuple(one for one in Outcome if one is not Outcome.PASSED)


def lines(report: Report, language: str) -> Iterator[tuple[str, str]]:
    """Give the report for people: a text and its tone, `plain`, `good`, `bad` or `strong`; the worst stands first."""

    def say(key: str, **filled: str | int) -> str:
        return texts.say(f"conformance.{key}", language, **filled)

    for outcome in _LISTED:
        found = report.of(outcome)
        if found:
            yield say(outcome.value, count=len(found)), "bad" if outcome in _DANGEROUS else "strong"
            yield from ((f"  {_line(one)}", "plain") for one in found)
            yield "", "plain"
    yield from ((line, "plain") for line in _table(report, language))
    yield "", "plain"
    for severity in Severity:
        counted = report.counted(severity)
        yield (
            say(f"{severity.value}", passed=counted[Outcome.PASSED], count=counted.total()),
            "strong",
        )
    yield (say("conforms"), "good") if report.conforms else (say("does_not_conform"), "bad")


_DANGEROUS: Final = (Outcome.WRONGLY_ACCEPTED, Outcome.WRONG_CLAIMS)


def _line(one: Result) -> str:
    said = " ".join(one.answer.said.split())[-SAID_SHOWN:]
    told = f"  [{said}]" if said and one.outcome in (Outcome.CRASHED, Outcome.WRONGLY_REFUSED) else ""
    return f"{one.case.id}  ({one.case.severity}, {one.case.clause})  {one.case.title}{told}"


def _table(report: Report, language: str) -> Iterator[str]:
    """Give how many cases of each section of a specification passed, and of what kinds the others are."""
    clause, cases, passed = (texts.say(f"conformance.{name}", language) for name in ("clause", "cases", "passed"))
    sections: dict[str, list[Result]] = {}
    for one in report.results:
        sections.setdefault(one.case.section, []).append(one)
    width = max(map(len, (clause, *sections)))
    yield f"{clause:<{width}}  {cases:>8}  {passed:>8}"
    for section in sorted(sections):
        counted = Counter(one.outcome for one in sections[section])
        others = (
            texts.say(f"conformance.of_{outcome.value}", language, count=counted[outcome])
            for outcome in _LISTED
            if counted[outcome]
        )
        row = f"{section:<{width}}  {counted.total():>8}  {counted[Outcome.PASSED]:>8}  {', '.join(others)}"
        yield row.rstrip()


def as_object(report: Report) -> dict[str, Json]:
    """Give the report as one JSON object."""
    counts: Mapping[str, Json] = {
        severity.value: {
            "cases": report.counted(severity).total(),
            **{outcome.value: report.counted(severity)[outcome] for outcome in Outcome},
        }
        for severity in Severity
    }
    return {
        "implementation": _plain(report.implementation),
        "conforms": report.conforms,
        **counts,
        "results": [
            {
                "id": one.case.id,
                "clause": one.case.clause,
                "severity": one.case.severity,
                "expect": one.case.expect,
                "outcome": one.outcome,
                "said": _plain(one.answer.said),
            }
            for one in report.results
        ],
    }


def as_junit(report: Report) -> str:
    """Give the report in the XML that build servers read; a case of severity `should` that fails is skipped."""
    cases = "\n".join(_junit(one) for one in report.results)
    failures = sum(_fails(one) for one in report.results)
    skipped = sum(one.outcome is not Outcome.PASSED and not _fails(one) for one in report.results)
    counts = f'tests="{len(report.results)}" failures="{failures}" skipped="{skipped}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<testsuite name={quoteattr(_plain(f'conformance of {report.implementation}'))} {counts}>\n"
        f"{cases}\n</testsuite>\n"
    )


def _fails(one: Result) -> bool:
    return one.case.severity is Severity.MUST and one.outcome is not Outcome.PASSED


def _junit(one: Result) -> str:
    name = f"<testcase classname={quoteattr(one.case.section)} name={quoteattr(one.case.id)}"
    if one.outcome is Outcome.PASSED:
        return f"  {name}/>"
    kind = "failure" if _fails(one) else "skipped"
    expected = "accepted" if one.case.expect is Expect.ACCEPT else "refused"
    title = f"{one.outcome.value.replace('_', ' ')}: {one.case.title} ({one.case.clause}); it must be {expected}"
    return f"  {name}><{kind} message={quoteattr(_plain(title))}>{escape(_plain(one.answer.said))}</{kind}></testcase>"


def _plain(text: str) -> str:
    """Show what XML or our JSON cannot hold, or what steers a terminal, as a replacement character."""
    return texts.visible(text, spaces="\n")
