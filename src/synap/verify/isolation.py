"""The isolation campaign: random operations of many tenants, and every answer held against a model of who may see what."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from synap.errors import InvalidInputError, SynapError, TransientError
from synap.verify import changes, reads, refusals, talks
from synap.verify.installations import Installation, leave, settle
from synap.verify.model import Planted
from synap.verify.owners import WORLD, population
from synap.verify.place import WAIT_SECONDS, Place, memory
from synap.verify.tally import report

CHANGES_AT_ONCE = 32
READS_AT_ONCE = 48
ROUNDS_OF_READS = 8
BETWEEN_CUSTOMERS = 7
BETWEEN_RESTARTS, RESTART_FIRST = 12, 2
"""Rounds from one deletion of a customer to the next, and from one restart to the next."""

PORTION = 400

READS: dict[reads.Read, int] = {
    reads.question: 8,
    reads.own_question: 6,
    reads.no_question: 5,
    reads.then: 2,
    reads.the_same_again: 2,
    reads.listing: 14,
    reads.by_id: 16,
    reads.by_foreign_id: 22,
    talks.conversation: 12,
    talks.summaries: 2,
    reads.entities: 6,
    reads.preview: 2,
    reads.counted: 3,
    reads.profile: 2,
}
"""How often each is drawn: what costs little more often."""

SHOWING = frozenset(
    {
        "question",
        "own question",
        "no question",
        "cache",
        "list",
        "get",
        "history",
        "messages",
        "conversation",
        "prompt",
        "forget",
        "entities",
    }
)
"""Kinds of check that show something to whoever may see it, or the check is blind."""

Tell = Callable[[int, float], None]
"""Told, once in a while, how many checks were made and how many seconds went by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a campaign is to be.

    Attributes:
        checks: Answers to hold against the model; a round that was begun is finished.
        seed: Of everything that is drawn. Concurrency is not drawn: a run repeats the operations, not their interleaving.
        statements: Statements planted before the first round; None for one in ten checks, at most 40,000.
        seconds: Begin no round after this time; None for as long as it takes.
        until: End with the first failure of this kind (`leak` and the like, see `Failure`); empty for none.
    """

    checks: int = 20_000
    seed: int = 1
    statements: int | None = None
    seconds: float | None = None
    until: str = ""

    def __post_init__(self) -> None:
        if self.checks < 1:
            raise InvalidInputError(f"checks must be above zero, not {self.checks}", field="checks")
        if self.seconds is not None and self.seconds <= 0:
            raise InvalidInputError("minutes must be above zero", field="minutes")

    @property
    def planted(self) -> int:
        """Statements to plant first."""
        return min(40_000, self.checks // 10) if self.statements is None else self.statements


async def verify_isolation(installation: Installation, wanted: Wanted, *, tell: Tell | None = None) -> dict[str, Any]:
    """Run a campaign in instances of its own, remove them, and return the report; `passed` tells the outcome.

    Raises:
        SynapError: The instances could not be made, or not removed.
    """
    name = f"{wanted.seed}-{secrets.token_hex(3)}"
    clients, instances = await settle(installation, name=name)
    chance = random.Random(wanted.seed)
    owners = population(chance, size=max(100, wanted.planted // 8))
    try:
        ways = [await installation.way_into(instance_id) for instance_id in instances]
        place = Place(installation, instances, ways, owners, chance=chance)
        try:
            await _plant(place, wanted.planted)
            ended = await _rounds(place, wanted, tell or _silent)
        finally:
            await _leave_the_world(place)
    finally:
        await leave(installation, clients)
    return report(
        place.tally,
        showing=SHOWING,
        promise="no answer holds what belongs to a scope that its viewer may not see",
        store=installation.kind,
        seed=wanted.seed,
        checks_wanted=wanted.checks,
        ended=ended,
        owners=len(owners),
        statements=len(place.model.ever),
        left_out=list(installation.left_out),
    )


async def _plant(place: Place, count: int) -> None:
    """Tell owners something, many at a time."""
    for start in range(0, count, PORTION):
        size = min(PORTION, count - start)
        instance = place.chance.randrange(len(place.ways))
        here = [owner for owner in place.owners if owner.instance == instance]
        told = [(owner, *place.new_text(owner)) for owner in place.chance.choices(here, k=size)]
        named = [place.odds(0.3) for _ in told]
        rows = [
            {"memories": [memory(marker, text, named=one)], **owner.ids}
            for (owner, marker, text), one in zip(told, named, strict=True)
        ]
        done = await place.ways[instance].memories.batch_create(rows, timeout_seconds=WAIT_SECONDS * 10)
        for (owner, marker, text), one, row in zip(told, named, done.results, strict=True):
            if row.status == "failed":
                place.tally.fail("refused", "batch", owner, text, detail=row.error_message or "")
                continue
            planted = Planted(
                owner=owner,
                marker=marker,
                text=text,
                document_id=row.document_id or "",
                ingestion_id=row.ingestion_id or "",
                memory_ids=row.memory_ids,
                direct=True,
                named=one,
            )
            place.model.learn(planted)
        place.tally.operations["planted"] += size


async def _rounds(place: Place, wanted: Wanted, tell: Tell) -> str:
    """Change and read by turns; return why it ended."""
    began, number = time.monotonic(), 0
    while place.tally.total < wanted.checks:
        if wanted.seconds is not None and time.monotonic() - began > wanted.seconds:
            return "time"
        if place.tally.wrong[wanted.until]:
            return f"first {wanted.until}"
        place.renew()
        number += 1
        await _at_once([*_changes(place), *_reads(place, CHANGES_AT_ONCE, still=False)])
        if number % BETWEEN_CUSTOMERS == 1:
            place.renew()
            await _at_once([_changed(place, changes.delete_customer), _changed(place, changes.renew_key)])
        if number % BETWEEN_RESTARTS == RESTART_FIRST and await place.installation.restart():
            place.tally.operations["restart"] += 1
        place.renew()
        for _ in range(ROUNDS_OF_READS):
            await _at_once(_reads(place, READS_AT_ONCE, still=True))
        await _at_once(
            [refusals.pose_as_nobody(place), refusals.against_the_tenancy(place), refusals.between_the_lines(place)]
        )
        tell(place.tally.total, time.monotonic() - began)
    return "checks"


def _changes(place: Place) -> list[Coroutine[Any, Any, None]]:
    drawn = place.chance.choices(list(changes.CHANGES), weights=list(changes.CHANGES.values()), k=CHANGES_AT_ONCE)
    return [_changed(place, change) for change in drawn]


async def _changed(place: Place, change: changes.Change) -> None:
    name = change.__name__
    try:
        await change(place)
    except TransientError as error:
        # Whether it has happened is not known, so that nothing can be said of what it was about.
        place.tally.unanswered[f"{name}: {error.code}"] += 1
    except SynapError as error:
        place.tally.fail("refused", name, place.owners[0], name, detail=f"{error.code}: {error}")
    else:
        place.tally.operations[name] += 1


def _reads(place: Place, count: int, *, still: bool) -> list[Awaitable[None]]:
    drawn = place.chance.choices(list(READS), weights=list(READS.values()), k=count)
    return [read(place, still=still) for read in drawn]


async def _at_once(work: list[Any]) -> None:
    async with asyncio.TaskGroup() as group:
        for one in work:
            group.create_task(one)


async def _leave_the_world(place: Place) -> None:
    """Remove what was told everybody."""
    for planted in list(place.model.of.get(WORLD, {}).values()):
        await changes.remove_world(place, planted)


def _silent(_: int, __: float) -> None:
    """Say nothing."""
