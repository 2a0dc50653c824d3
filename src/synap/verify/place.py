"""A campaign's place: the instances of the plan, who lives in them, the model of what they were told, and the tally."""

from __future__ import annotations

import random
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from synap.api.memories import Ingestion
from synap.errors import SynapError, TransientError
from synap.sdk.client import Synap
from synap.verify.installations import Installation
from synap.verify.model import Model, Planted, Verdict, markers_in
from synap.verify.owners import PLAN, WORLD, Owner, sees
from synap.verify.tally import Tally

WAIT_SECONDS = 120.0
POLL_SECONDS = 0.05

NAME = "Alice"
"""What the entities of all owners are called, beside their marker: none may be taken for another owner's."""

STRANGER = "nobody-was-told-of-this-one"
"""Customer and user that nothing is ever told."""


class Place:
    """Where a campaign happens."""

    def __init__(
        self,
        installation: Installation,
        instances: Sequence[str],
        ways: Sequence[Synap],
        owners: Sequence[Owner],
        *,
        chance: random.Random,
    ) -> None:
        """Begin with nothing told to anybody."""
        self.installation = installation
        self.instances = instances
        self.ways = ways
        self.owners = owners
        self.chance = chance
        self.model = Model()
        self.tally = Tally()
        self.busy: set[Planted | Owner] = set()
        self.leaving: set[Owner] = set()
        self.roll: list[str] = []
        self.talkers: set[Owner] = set()
        self.uncounted: set[Owner] = set()
        self.users = [owner for owner in owners if owner.user is not None]
        for owner in owners:
            self.model.announce_ids(owner)

    def way(self, owner: Owner) -> Synap:
        """Return the SDK of the owner's instance."""
        return self.ways[owner.instance]

    def anyone(self) -> Owner:
        """Return one of the owners."""
        return self.chance.choice(self.owners)

    def odds(self, share: float) -> bool:
        """Return True in `share` of the cases, 0..1."""
        return self.chance.random() < share

    def told(self) -> Owner:
        """Return one of those who were told something, the busy ones more often; never the world, which asks nothing."""
        planted = self.some()
        return self.anyone() if planted is None or planted.owner == WORLD else planted.owner

    def viewer(self) -> Owner:
        """Return anyone, or somebody who was told something."""
        return self.anyone() if self.odds(0.6) else self.told()

    def below(self, owner: Owner) -> Owner:
        """Return the owner, or somebody narrower who sees what is the owner's."""
        if owner == WORLD:
            return self.anyone()
        if owner.user is None and self.odds(0.5):
            narrower = [one for one in self.chance.sample(self.owners, min(60, len(self.owners))) if sees(one, owner)]
            return self.chance.choice(narrower or [owner])
        return owner

    def neighbour(self, owner: Owner) -> Owner:
        """Return somebody easily taken for the owner: of the same ids in another place, or next to it in the same."""
        near = [
            one
            for one in self.users
            if one != owner
            and (one.user == owner.user or (one.instance, one.customer) == (owner.instance, owner.customer))
        ]
        return self.chance.choice(near or self.users)

    def some(self) -> Planted | None:
        """Return something that somebody was told."""
        for _ in range(20):
            holders = self.model.present.get(self.chance.choice(self.roll)) if self.roll else None
            if holders:
                return self.chance.choice(list(holders.values()))
        return None

    def renew(self) -> None:
        """Begin a round: nothing is under way, and `some` draws from what there is now."""
        self.busy.clear()
        self.leaving.clear()
        self.roll = list(self.model.present)

    def take(self, *, direct: bool | None = None) -> Planted | None:
        """Return something with known memories that no other change of this round touches, or None; never the world's.

        What the world knows is changed by the operator alone.
        """
        for _ in range(20):
            planted = self.some()
            if planted is None:
                return None
            fits = planted.owner != WORLD and planted.memory_ids and direct in (None, planted.direct)
            if fits and planted not in self.busy and planted.owner not in self.leaving:
                self.busy |= {planted, planted.owner}
                return planted
        return None

    def visit(self, owner: Owner) -> bool:
        """Note that an owner is told something in this round; False where it is being deleted."""
        if owner in self.leaving:
            return False
        self.busy.add(owner)
        return True

    def claim(self, owner: Owner) -> bool:
        """Take an owner for a change that must not meet another one; False where one is under way."""
        if owner in self.busy:
            return False
        self.busy.add(owner)
        self.leaving.add(owner)
        return True

    def new_text(self, owner: Owner) -> tuple[str, str]:
        """Return a marker and a statement that differs from all others in nothing else; it is the owner's from now on."""
        marker = f"zq{self.chance.getrandbits(40):010x}"
        self.model.announce(marker, owner)
        return marker, f"The team keeps a parcel labelled {marker} in the store room."

    async def tell(
        self, owner: Owner, *, direct: bool, document_id: str = "", text: tuple[str, str] | None = None
    ) -> Planted:
        """Tell `owner` something and wait until it has become memory. The model is not told."""
        marker, said = text or self.new_text(owner)
        key = document_id or f"doc-{uuid.UUID(int=self.chance.getrandbits(128))}"
        named = direct and text is None and self.odds(0.5)
        body: dict[str, Any] = {"memories": [memory(marker, said, named=named)]} if direct else {"document": said}
        accepted = await self.way(owner).memories.create(**body, **owner.ids, document_id=key, document_type="document")
        if accepted.duplicate:
            self.tally.fail("told", "duplicate", owner, said, detail="a new document was called known")
        done = await self.done(owner, accepted.ingestion_id)
        if not direct:
            self.uncounted.add(owner)
        return Planted(
            owner=owner,
            marker=marker,
            text=said,
            document_id=key,
            ingestion_id=accepted.ingestion_id,
            memory_ids=done.memory_ids,
            direct=direct,
            named=named,
        )

    async def done(self, owner: Owner, ingestion_id: str) -> Ingestion:
        """Return an ingestion once it is through."""
        done = await self.way(owner).memories.wait_for_completion(
            ingestion_id, timeout_seconds=WAIT_SECONDS, poll_interval_seconds=POLL_SECONDS
        )
        if done.status != "completed":
            self.tally.fail("refused", "ingestion", owner, ingestion_id, detail=f"it ended as {done.status}")
        return done

    def judge(
        self,
        kind: str,
        viewer: Owner,
        asked: object,
        *parts: Any,
        wanted: Sequence[str] = (),
        still: bool,
        quotes: bool = False,
    ) -> Verdict:
        """Hold an answer against the model and count the check.

        An answer that shows somebody's own statement is held against what a stranger may see as well: the campaign must
        be able to see a leak by this kind of check, whether there is one or not.
        """
        shown = markers_in(*parts)
        verdict = self.model.judge(viewer, shown, wanted=wanted, still=still, quotes=quotes)
        self.tally.note(kind, viewer, asked, verdict, self.model.why)
        if shown and not viewer.shared:
            stranger = Owner(viewer.instance, STRANGER, STRANGER)
            if self.model.foreign(stranger, shown):
                self.tally.controls[kind] += 1
        return verdict

    @asynccontextmanager
    async def trying(self, kind: str, viewer: Owner, asked: object = "") -> AsyncIterator[None]:
        """Count an error of ours that nothing called for: turned away for the moment, or a wrong refusal."""
        try:
            yield
        except TransientError as error:
            self.tally.unanswered[f"{kind}: {error.code}"] += 1
        except SynapError as error:
            self.tally.agree(kind, viewer, asked, as_it_should=False, what="refused", detail=f"{error.code}: {error}")

    def tenancy(self, owner: Owner) -> str:
        """Return how the owner's instance wants its ids."""
        return PLAN[owner.instance].tenancy


def memory(marker: str, text: str, *, named: bool = False) -> dict[str, Any]:
    """Return a memory to be written directly; `named`, it is about somebody whose name holds the marker."""
    return {"type": "fact", "content": text, "entities": [f"{NAME} {marker.capitalize()}"] if named else []}
