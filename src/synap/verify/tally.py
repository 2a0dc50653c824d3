"""What a campaign counts: checks by kind, what was shown, what was wrong; and its report."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from synap.verify.model import Verdict
from synap.verify.owners import Owner

MOST_FAILURES = 50
"""Failures that are told one by one; the rest is counted."""

UNANSWERED_SHARE = 0.01
"""Calls that may be turned away for the moment (too many calls, a store away) before the campaign tells nothing."""

CERTAIN_AFTER = 60
"""Checks of one kind after which it must have shown something: the rarest shows in one of seven, so chance is below 1 in 10,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An answer that is not as the model has it.

    Attributes:
        what: `leak`, `remains`, `missing`, `told`, `refused`, `accepted` or `blind`.
        kind: The kind of check.
        viewer: On whose behalf was asked.
        asked: What was asked.
        markers: The markers concerned, and why they should be gone where they should.
        detail: In words.
        at: After how many checks.
    """

    what: str
    kind: str
    viewer: Owner
    asked: str
    markers: tuple[str, ...] = ()
    detail: str = ""
    at: int = 0


@dataclass
class Tally:
    """Counts of a campaign.

    Attributes:
        checks: Answers held against the model, by kind.
        found: Those among them that showed a marker which the viewer may see.
        controls: Those that were judged as a stranger's too, and seen as a leak then.
        operations: Changes made, by kind.
        unanswered: Calls that were turned away for the moment, by the error's code.
        failures: What was wrong, the first of them.
        wrong: How many were wrong, by what.
    """

    checks: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    controls: Counter[str] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)

    @property
    def total(self) -> int:
        """Checks made so far."""
        return self.checks.total()

    def fail(self, what: str, kind: str, viewer: Owner, asked: object, **more: Any) -> None:
        """Note that an answer was wrong."""
        self.wrong[what] += 1
        if len(self.failures) < MOST_FAILURES:
            failure = Failure(what=what, kind=kind, viewer=viewer, asked=str(asked)[:600], at=self.total, **more)
            self.failures.append(failure)

    def note(self, kind: str, viewer: Owner, asked: object, verdict: Verdict, why: dict[str, str]) -> None:
        """Count a check, and what is wrong by the verdict."""
        self.checks[kind] += 1
        if verdict.shown - verdict.foreign:
            self.found[kind] += 1
        for what, markers in (
            ("leak", verdict.foreign),
            ("remains", verdict.remains),
            ("missing", verdict.missing),
        ):
            if markers:
                reasons = ", ".join(sorted({why[marker] for marker in markers if marker in why}))
                self.fail(what, kind, viewer, asked, markers=tuple(sorted(markers)[:5]), detail=reasons)

    def agree(
        self, kind: str, viewer: Owner, asked: object, *, as_it_should: bool, what: str, detail: str = ""
    ) -> None:
        """Count a check that is no question of markers."""
        self.checks[kind] += 1
        if not as_it_should:
            self.fail(what, kind, viewer, asked, detail=detail)

    def blind_kinds(self, showing: frozenset[str]) -> tuple[str, ...]:
        """Return the kinds of check that ought to have shown something at least once, and never did.

        A kind of check that nobody is ever shown anything by would also be green if the engine showed nothing at all.
        """
        return tuple(sorted(kind for kind in showing if self.checks[kind] >= CERTAIN_AFTER and not self.controls[kind]))

    def unproven_kinds(self, showing: frozenset[str]) -> tuple[str, ...]:
        """Return the kinds of check that showed nothing so far, and were tried too seldom to hold that against them."""
        return tuple(sorted(kind for kind in showing if self.checks[kind] < CERTAIN_AFTER and not self.controls[kind]))


def report(tally: Tally, *, showing: frozenset[str], **facts: Any) -> dict[str, Any]:
    """Return a campaign's report, for JSON."""
    seconds = time.monotonic() - tally.began
    blind = tally.blind_kinds(showing)
    unanswered = tally.unanswered.total()
    problems = [f"{count} x {what}" for what, count in tally.wrong.items()]
    problems += [f"nothing was ever shown by: {', '.join(blind)}"] if blind else []
    problems += [] if tally.found.total() else ["nothing was ever found: the campaign proves nothing"]
    if unanswered > UNANSWERED_SHARE * max(tally.total, 1):
        problems.append(f"{unanswered} calls were not answered")
    return {
        "passed": not problems,
        "problems": problems,
        **facts,
        "checks": tally.total,
        "leaks": tally.wrong["leak"],
        # With none in n checks, the rate is below 3/n with 95 % confidence.
        "leak_rate_below": None if tally.wrong["leak"] or not tally.total else 3 / tally.total,
        "wrong": dict(tally.wrong),
        "by_kind": {
            kind: {"checks": count, "showed": tally.found[kind], "controls": tally.controls[kind]}
            for kind, count in sorted(tally.checks.items())
        },
        "operations": dict(sorted(tally.operations.items())),
        "unproven": tally.unproven_kinds(showing),
        "unanswered": dict(tally.unanswered),
        "seconds": round(seconds, 1),
        "checks_per_second": round(tally.total / max(seconds, 1e-9), 1),
        "failures": [
            {
                "what": one.what,
                "kind": one.kind,
                "viewer": {"instance": one.viewer.instance, **one.viewer.ids},
                "asked": one.asked,
                "markers": list(one.markers),
                "detail": one.detail,
                "at": one.at,
            }
            for one in tally.failures
        ],
    }
