"""Erasure put to the test: markers are planted, erased by every way there is, and looked for in answers and in files.

In an embedded store of its own the trial reads every byte: before the erasure the markers must be found in the files, or
the look at them afterwards says nothing; after the erasure and the purge there must be none. On a server it asks only what
can be asked there: answers, lists and receipts.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from synap.api.receipts import ErasureReceipt, problems_of
from synap.engine.signing import signed
from synap.errors import AuthenticationError, ForbiddenError, NotFoundError
from synap.verify.files import Sightings
from synap.verify.installations import NAME, Installation
from synap.verify.ways import WAYS, Planted, Whom, memories_of, remember

KEPT = "kept"
"""What is not erased: its marker must be there to the end, or the looking has gone blind."""

NOT_COVERED = (
    "backups and copies of the store: remove those that are older than the erasure, or restore, erase again, back up again",
    "blocks that the file system or the disk has freed and not overwritten: encrypt the disk",
    "ids of customers and users in the audit trail and in records of deletions, which are kept on purpose",
)
NO_FILES = (
    "the files of this server: the erasure, and its receipts, are logical; run the trial without --url for the files"
)

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one marker.

    Attributes:
        way: How it was erased, or `kept`.
        receipts: How many receipts tell of it.
        answers: Answers and lists that show it afterwards.
        files_before: Files that held it before; None where files are out of reach.
        bytes_after: Bytes of it in files after the purge; None likewise.
        files_after: Those files.
    """

    way: str
    receipts: int
    answers: int
    files_before: int | None = None
    bytes_after: int | None = None
    files_after: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it went as promised: gone where it was erased, there where it was kept."""
        if self.way == KEPT:
            return self.answers > 0 and self.files_before != 0 and self.bytes_after != 0
        return self.receipts > 0 and self.answers == 0 and self.files_before != 0 and not self.bytes_after


class ErasureVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the trial found.

    Attributes:
        physical: Whether files were looked at.
        outcomes: One per way, and that of what was kept.
        receipts: How many receipts were given.
        problems: What is wrong with their chains and signatures.
        not_covered: What the trial says nothing about.
        purge_seconds: How long the purge took; None without one.
    """

    physical: bool
    outcomes: tuple[Outcome, ...]
    receipts: int
    problems: tuple[str, ...]
    not_covered: tuple[str, ...]
    purge_seconds: float | None = None

    @property
    def good(self) -> bool:
        """Whether everything went as promised."""
        return not self.problems and all(outcome.good for outcome in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What a trial can do with the files of a store of its own.

    Attributes:
        look: Returns where markers are found in all its files.
        purge: Purges it; returns how many seconds that took.
    """

    look: Callable[[Sequence[str]], Awaitable[Mapping[str, Sightings]]]
    purge: Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial under way."""

    installation: Installation
    disk: Disk | None = None
    clients: list[str] = field(default_factory=list)
    instances: list[str] = field(default_factory=list)


async def try_erasure(installation: Installation, disk: Disk | None = None) -> ErasureVerdict:
    """Plant, erase, look, and return what was found. What was planted is erased in any case.

    Raises:
        SynapError: The installation does not answer, or refuses.
    """
    trial = Trial(installation, disk)
    try:
        return await _try(trial)
    finally:
        for client_id in trial.clients:
            try:
                await installation.admin.admin.clients.delete(client_id)
            except NotFoundError:
                continue


async def _try(trial: Trial) -> ErasureVerdict:
    whom = await _settle(trial)
    markers = {name: _marker() for name in whom}
    planted: dict[str, Planted] = {KEPT: await remember(whom[KEPT], markers[KEPT])}
    for way in WAYS:
        planted[way.name] = await way.plant(whom[way.name], markers[way.name])
    before = None if trial.disk is None else await trial.disk.look([*markers.values()])
    given: dict[str, int] = {KEPT: 0}
    for way in WAYS:
        known = len(await _receipts(trial))
        await way.erase(whom[way.name], markers[way.name], planted[way.name])
        given[way.name] = len(await _receipts(trial)) - known
    shown = {name: await _answers(whom[name], markers[name]) for name in whom}
    receipts, problems = await _receipts(trial), await _problems(trial)
    seconds = None if trial.disk is None else await trial.disk.purge()
    after = None if trial.disk is None else await trial.disk.look([*markers.values()])
    outcomes = tuple(
        Outcome(
            way=name,
            receipts=given[name],
            answers=shown[name],
            files_before=None if before is None else len(before[marker].files),
            bytes_after=None if after is None else after[marker].bytes,
            files_after=() if after is None or name == KEPT else tuple(after[marker].files),
        )
        for name, marker in markers.items()
    )
    return ErasureVerdict(
        physical=trial.disk is not None,
        outcomes=outcomes,
        receipts=len(receipts),
        problems=problems,
        not_covered=NOT_COVERED if trial.disk is not None else (NO_FILES, *NOT_COVERED),
        purge_seconds=seconds,
    )


async def _settle(trial: Trial) -> dict[str, Whom]:
    """Make two clients, the first with two instances, and return whose marker is whose, by the name of the way."""
    admin, tag = trial.installation.admin, secrets.token_hex(4)
    ways = []
    for number, count in enumerate((2, 1)):
        client = await admin.admin.clients.create(f"{NAME} erasure {tag} {number}")
        trial.clients.append(client.client_id)
        for one in range(count):
            record = await admin.admin.instances.create(client.client_id, f"erasure-{tag}-{one}")
            trial.instances.append(record.id)
            ways.append((client.client_id, record.id, await trial.installation.way_into(record.id)))
    places = {way.name: way.place for way in WAYS} | {KEPT: 0}
    return {
        name: Whom(
            client_id=ways[place][0],
            instance_id=ways[place][1],
            customer=f"customer-{name}",
            user=f"user-{name}",
            sdk=ways[place][2],
            admin=admin,
        )
        for name, place in places.items()
    }


async def _receipts(trial: Trial) -> list[ErasureReceipt]:
    data = trial.installation.admin.data
    pages = [await data.receipts(instance_id=book, limit=1000) for book in (*trial.instances, *trial.clients)]
    return [receipt for page in pages for receipt in page.data]


async def _problems(trial: Trial) -> tuple[str, ...]:
    data = trial.installation.admin.data
    found: list[str] = []
    for book in (*trial.instances, *trial.clients):
        page = await data.receipts(instance_id=book, limit=1000)
        found += problems_of(page.data, key=page.key, signed=signed, whole=True)
    return tuple(found)


async def _answers(whom: Whom, marker: str) -> int:
    """Return how many answers about a user show a marker; an instance that is gone shows nothing."""
    try:
        fetched = await whom.sdk.user.context.fetch(
            whom.user, whom.customer, search_query=[marker, "Where do I live, and what do I prefer?"], max_results=50
        )
        listed = await memories_of(whom)
    except (NotFoundError, AuthenticationError, ForbiddenError):
        return 0
    told = [
        fetched.formatted_context or "",
        *(item.content for item in fetched.items),
        *(one.content for one in listed),
    ]
    return sum(marker in text.lower() for text in told)


def _marker() -> str:
    """Return a word that nobody has ever said: 24 letters."""
    return "q" + "".join(secrets.choice(_LETTERS) for _ in range(23))
