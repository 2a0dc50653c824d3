"""A real engine for the laws that need one, and the model that the isolation tests compare it with.

Everything is real, the SDK included, but the embedder, whose vectors are fixed, so that no model is needed.
"""

from __future__ import annotations

import asyncio
import random
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from tests.doors import sdk_over

import synap.store.search as searching
from synap import Synap
from synap.api.admin import CreateInstance
from synap.bootstrap import Opening, open_engine
from synap.domain.scopes import Tenancy
from synap.engine.engine import Engine
from synap.engine.worker import Pace
from synap.settings import Settings
from synap.store import resident_search, resident_texts
from synap.store.checks import ServerFacts
from synap.testing import FixedEmbedder


class House:
    """An engine, and ways into instances of a client of its own."""

    def __init__(self, engine: Engine, client_id: str) -> None:
        self.engine = engine
        self.client_id = client_id

    async def instance(self, *, tenancy: Tenancy = Tenancy.OPEN) -> Synap:
        """Return the SDK of a new instance, with the operator's rights beside it."""
        operator = self.engine.admin_for(await self.engine.local_caller(kind="management"))
        made = await operator.create_instance(
            CreateInstance(client_id=self.client_id, name=f"bot-{uuid.uuid4()}", tenancy=tenancy)
        )
        api = self.engine.api_for(await self.engine.caller_of(made.id))
        return sdk_over(api, operator)


OpenHouse = Callable[[str], Awaitable[House]]


@pytest.fixture
async def open_house(owner_dsn: str) -> AsyncIterator[OpenHouse]:
    """A function that opens an engine on a database, logged in as `dsn` says; stopped at the end of the test."""
    engines: list[Engine] = []

    async def opened(dsn: str) -> House:
        settings = Settings(database_url=dsn, migration_url=owner_dsn)
        pace = Pace(poll_seconds=0.05)
        engine = await open_engine(settings, Opening(workers=2, embedder=FixedEmbedder(dim=384), pace=pace))
        engines.append(engine)
        operator = engine.admin_for(await engine.local_caller(kind="management"))
        client = await operator.create_client(name=f"client-{uuid.uuid4()}")
        return House(engine, client.client_id)

    yield opened
    for engine in engines:
        await engine.stop()


@pytest.fixture
async def house(open_house: OpenHouse, dsn: str) -> House:
    """An engine on the shared database, logged in as the application."""
    return await open_house(dsn)


# ---------------------------------------------------------------- the model of who may see what


MARKER = re.compile(r"zq[0-9a-f]{10}")


@dataclass(frozen=True)
class Owner:
    """Whose a statement is: the number of its instance, and the ids, None where there is none."""

    instance: int
    customer: str | None = None
    user: str | None = None

    def sees(self, other: Owner) -> bool:
        """Whether a read on behalf of this owner may show what is the other's. The whole rule, in three lines."""
        broader = [(self.customer, self.user), (None, None)]
        broader += [] if self.customer is None else [(self.customer, None)]
        return self.instance == other.instance and (other.customer, other.user) in broader

    @property
    def ids(self) -> dict[str, str]:
        """As arguments of the SDK."""
        named = {"customer_id": self.customer, "user_id": self.user}
        return {name: value for name, value in named.items() if value is not None}


@dataclass
class Planted:
    """A statement with a marker that occurs nowhere else."""

    owner: Owner
    marker: str
    text: str
    document_id: str
    ingestion_id: str = ""
    direct: bool = False
    memory_ids: tuple[str, ...] = ()


@dataclass
class Leak(AssertionError):  # noqa: N818 - a leak is what it is called
    """Somebody was shown what is not theirs, or was not shown what is."""

    viewer: Owner
    asked: str
    foreign: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    known: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.viewer} asked {self.asked!r}: foreign {self.foreign}, missing {self.missing}; {self.known}"


class Neighbourhood:
    """Tenants with awkward ids in two instances, and a plain dictionary of what each of them was told."""

    planted = Planted

    def __init__(self, instances: list[Synap], owners: list[Owner], *, chance: random.Random) -> None:
        self.instances = instances
        self.owners = owners
        self.chance = chance
        self.known: dict[str, Planted] = {}
        self.gone: dict[str, str] = {}
        self.quoted: dict[str, Owner] = {}

    def sdk(self, owner: Owner) -> Synap:
        """Return the SDK of the owner's instance."""
        return self.instances[owner.instance]

    def new_text(self) -> tuple[str, str]:
        """Return a marker and a statement that differs from all others in nothing else."""
        marker = f"zq{self.chance.getrandbits(40):010x}"
        return marker, f"The team keeps a parcel labelled {marker} in the store room."

    async def plant(self, owner: Owner, *, direct: bool = False, document_id: str | None = None) -> Planted:
        """Tell `owner` something, and wait until it has become memory; under a known `document_id` it is an update."""
        marker, text = self.new_text()
        key = document_id or f"doc-{uuid.uuid4()}"
        common: dict[str, Any] = {**owner.ids, "document_id": key, "document_type": "document"}
        body: dict[str, Any] = {"memories": [{"type": "fact", "content": text}]} if direct else {"document": text}
        accepted = await self.sdk(owner).memories.create(**body, **common)
        assert not accepted.duplicate
        done = await self.sdk(owner).memories.wait_for_completion(
            accepted.ingestion_id, timeout_seconds=30, poll_interval_seconds=0.02
        )
        assert done.status == "completed"
        return Planted(owner, marker, text, key, accepted.ingestion_id, direct, done.memory_ids)

    def learn(self, planted: Planted) -> None:
        """Note in the model that a statement is there."""
        self.known[planted.marker] = planted

    def forget(self, planted: Planted, why: str, *, quoted: bool = False) -> None:
        """Note that a statement must not be shown to anybody any more, but where it may stay as evidence of a newer one."""
        del self.known[planted.marker]
        if quoted:
            self.quoted[planted.marker] = planted.owner
        self.gone[planted.marker] = f"{why}: {planted}"

    def visible(self, viewer: Owner) -> set[str]:
        """Return the markers that a viewer may be shown."""
        return {planted.marker for planted in self.known.values() if viewer.sees(planted.owner)}

    async def ask(self, viewer: Owner, query: str | list[str] | None, **more: Any) -> Any:
        """Fetch as `viewer`, by the door that fits its ids."""
        sdk = self.sdk(viewer)
        if viewer.user is not None:
            return await sdk.user.context.fetch(viewer.user, viewer.customer, search_query=query, **more)
        if viewer.customer is not None:
            return await sdk.customer.context.fetch(viewer.customer, search_query=query, **more)
        return await sdk.client.context.fetch(search_query=query, **more)

    async def look(self, viewer: Owner, query: str | list[str] | None, **more: Any) -> None:
        """Fetch as `viewer`.

        Raises:
            Leak: The answer holds a marker that the model does not allow, or lacks one that was asked for by name.
        """
        context = await self.ask(viewer, query, max_results=50, **more)
        assert not context.metadata.degraded, context.metadata
        said = [item.content for item in context.items]
        self.judge(viewer, str(query), self.shown([context.formatted_context, context.metadata, said]))
        allowed = self.visible(viewer) | {one for one, owner in self.quoted.items() if viewer.sees(owner)}
        self.judge(viewer, "", self.shown([context.items]), allowed=allowed)

    async def leaf(self, viewer: Owner) -> None:
        """List what is exactly the viewer's; see `look`."""
        sdk, shown, page = self.sdk(viewer), set[str](), 1
        while True:
            found = await sdk.memories.list(**viewer.ids, page=page, page_size=100)
            shown |= shown_in([record.content for record in found.data])
            if page >= found.total_pages:
                break
            page += 1
        own = {planted.marker for planted in self.known.values() if planted.owner == viewer}
        direct = {marker for marker in own if self.known[marker].direct}
        if shown - own or direct - shown:
            raise Leak(viewer, "list", foreign=shown - own, missing=direct - shown)
        if found.total < len(shown) or (not own and found.total):
            raise Leak(viewer, f"a total of {found.total}")

    @staticmethod
    def shown(parts: Iterable[Any]) -> set[str]:
        """Return the markers that occur anywhere in what was answered."""
        return shown_in(parts)

    def judge(self, viewer: Owner, asked: str, shown: set[str], *, allowed: set[str] | None = None) -> None:
        """Compare what was shown with the model; see `look`."""
        allowed = self.visible(viewer) if allowed is None else allowed
        wanted = shown_in([asked]) & allowed
        if shown - allowed or wanted - shown:
            foreign = shown - allowed
            known = [self.gone.get(marker) or str(self.known.get(marker, "unknown")) for marker in sorted(foreign)]
            raise Leak(viewer, asked, foreign=foreign, missing=wanted - shown, known=known)


def shown_in(parts: Iterable[Any]) -> set[str]:
    """Return the markers that occur anywhere in what was answered."""
    return {marker for part in parts for marker in MARKER.findall(_deep(part))}


def _deep(part: Any) -> str:
    """Return all that an answer holds but the queries, which it repeats."""
    if isinstance(part, str):
        return part
    plain = msgspec.to_builtins(part)
    for item in plain if isinstance(plain, list) else []:
        if isinstance(item, dict):
            item.pop("matched_queries", None)
    return str(plain)


@pytest.fixture
def settle() -> Callable[[House, list[Owner], random.Random], Awaitable[Neighbourhood]]:
    """A function that makes a neighbourhood of fresh instances in a house."""

    async def made(house: House, owners: list[Owner], chance: random.Random) -> Neighbourhood:
        count = 1 + max(owner.instance for owner in owners)
        instances = await asyncio.gather(*(house.instance() for _ in range(count)))
        return Neighbourhood(list(instances), owners, chance=chance)

    return made


@pytest.fixture
def owner_of() -> type[Owner]:
    """The class of the model's owners."""
    return Owner


@pytest.fixture
def leak() -> type[Leak]:
    """What the model raises."""
    return Leak


class Anyone(dict[int, Any]):
    """Scopes by id, in which every id is found."""

    def get(self, key: int, default: Any = None) -> Any:
        return super().get(key, next(iter(self.values()), default))


@pytest.fixture
def careless_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reader of search results take every row for the viewer's own."""
    genuine = searching._candidates  # noqa: SLF001 - switched off on purpose

    def candidates(found: Any, scopes: Mapping[int, Any], types: Any) -> Any:
        return genuine(found, Anyone(scopes), types)

    in_memory = resident_texts.texts_of

    def texts(scope: Any, rows: Any) -> Any:
        return in_memory(scope, [{**row, "scope_id": scope.id} for row in rows])

    monkeypatch.setattr(searching, "_candidates", candidates)
    monkeypatch.setattr(resident_search, "texts_of", texts)
    monkeypatch.setattr(resident_texts, "texts_of", texts)


@pytest.fixture
async def unguarded(open_house: Any, owner_dsn: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An engine logged in as the owner, whom row-level security does not bind; it refuses that login by itself."""

    def unchecked(_: str, *, schema: int) -> ServerFacts:
        return ServerFacts(version="", vector="", citus=None, schema=schema)

    monkeypatch.setattr("synap.bootstrap.check_store", unchecked)
    return await open_house(owner_dsn)
