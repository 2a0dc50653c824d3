"""What tenants do to their memory, at random and at the same time; the model follows."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from synap.errors import ConflictError, InvalidInputError, NotFoundError
from synap.verify import installations
from synap.verify.model import Planted
from synap.verify.owners import WORLD, Owner
from synap.verify.place import WAIT_SECONDS, Place

Change = Callable[[Place], Awaitable[None]]


async def create(place: Place) -> None:
    """Tell anyone something new."""
    owner = place.anyone()
    if place.visit(owner):
        place.model.learn(await place.tell(owner, direct=place.odds(0.6)))


async def batch(place: Place) -> None:
    """Tell several of an instance in one batch with one bad row: the good ones are kept, each in its own scope."""
    instance = place.anyone().instance
    owners = place.chance.sample([one for one in place.owners if one.instance == instance], 5)
    owners = [owner for owner in owners if place.visit(owner)]
    if not owners:
        return
    texts = [place.new_text(owner) for owner in owners]
    name = f"batch-{place.chance.getrandbits(64):x}"
    rows: list[dict[str, Any]] = [
        {"memories": [{"type": "fact", "content": text}], "document_id": f"{name}-{number}", **owner.ids}
        for number, (owner, (_, text)) in enumerate(zip(owners, texts, strict=True))
    ]
    rows.insert(1, {"document": texts[0][1], "user_id": "bad\x00id"})
    done = await place.ways[instance].memories.batch_create(rows, timeout_seconds=WAIT_SECONDS)
    place.tally.agree(
        "batch",
        owners[0],
        name,
        as_it_should=(done.succeeded, done.failed) == (len(owners), 1),
        what="told",
        detail=f"{done.succeeded} rows were taken and {done.failed} refused",
    )
    kept = [row for row in done.results if row.status != "failed"]
    for owner, (marker, text), row in zip(owners, texts, kept, strict=True):
        place.model.learn(
            Planted(
                owner=owner,
                marker=marker,
                text=text,
                document_id=row.document_id or "",
                ingestion_id=row.ingestion_id or "",
                memory_ids=row.memory_ids,
                direct=True,
            )
        )


async def twins(place: Place) -> None:
    """Tell two owners the very same under the same document id: no duplicate, and each keeps its own."""
    first, second = place.anyone(), place.anyone()
    if first == second or (first.shared and second.shared) or not (place.visit(first) and place.visit(second)):
        return
    text = place.new_text(first)
    place.model.announce(text[0], second)
    name = f"twin-{place.chance.getrandbits(64):x}"
    direct = place.odds(0.5)
    for owner in (first, second):
        place.model.learn(await place.tell(owner, direct=direct, document_id=name, text=text))
    again = await place.way(first).memories.create(
        **({"memories": [{"type": "fact", "content": text[1]}]} if direct else {"document": text[1]}),
        **first.ids,
        document_id=name,
        document_type="document",
    )
    place.tally.agree("duplicate", first, name, as_it_should=again.duplicate, what="told", detail="not called known")


async def replace_text(place: Place) -> None:
    """Give a memory new text by its id."""
    old = place.take(direct=True)
    if old is None:
        return
    marker, text = place.new_text(old.owner)
    (memory_id,) = old.memory_ids
    fresh = await place.way(old.owner).memories.update(memory_id, text, "replace", **old.owner.ids)
    place.model.lose(old, "replaced", quoted=True)
    place.model.learn(replace(old, marker=marker, text=text, memory_ids=(fresh.memory_id,), named=False))


async def erase(place: Place) -> None:
    """Delete what was made of one statement; neighbours' equal ones stay."""
    old = place.take()
    if old is None:
        return
    for memory_id in old.memory_ids:
        async with place.trying("delete", old.owner, old):
            await place.way(old.owner).memories.delete(memory_id, **old.owner.ids)
    place.model.lose(old, "deleted")


async def hand_in_again(place: Place) -> None:
    """Change a document under its id: the new statement takes the place of the old one."""
    old = place.take(direct=False)
    if old is None:
        return
    fresh = await place.tell(old.owner, direct=False, document_id=old.document_id)
    place.model.lose(old, "handed in anew", quoted=True)
    place.model.learn(fresh)


async def undo(place: Place) -> None:
    """Undo an ingestion."""
    old = place.take(direct=False)
    if old is None or not old.ingestion_id:
        return
    memories = place.way(old.owner).memories
    seen = await memories.undo(old.ingestion_id, **old.owner.ids, preview=True)
    if seen.restored_ids:  # an earlier version would be believed again, which the model does not follow
        return
    await memories.undo(old.ingestion_id, **old.owner.ids)
    place.model.lose(old, "undone")


async def forget(place: Place) -> None:
    """Let a user forget something in words: only memories of the user's own go."""
    old = place.some()
    if old is None or old.owner.user is None or old.owner in place.talkers or not place.claim(old.owner):
        return
    memories = place.way(old.owner).memories
    done = await memories.forget(f"the parcel labelled {old.marker}", **old.owner.ids, mode="direct")
    place.judge("forget", old.owner, old.marker, done.candidates, still=False)
    gone = set(done.deleted_ids)
    own = place.model.of.get(old.owner, {})
    known = {memory_id for planted in own.values() for memory_id in planted.memory_ids}
    foreign = {one.memory_id for one in done.candidates if one.memory_id in gone - known}
    if foreign and old.owner not in place.uncounted:
        place.tally.fail("leak", "forget", old.owner, old.marker, detail=f"{len(foreign)} memories of others are gone")
    for planted in list(own.values()):
        if gone & set(planted.memory_ids):
            for memory_id in set(planted.memory_ids) - gone:
                await memories.delete(memory_id, **old.owner.ids)
            place.model.lose(planted, "forgotten")


async def delete_user(place: Place) -> None:
    """Delete everything of a user; namesakes under other customers and in other instances stay."""
    owner = place.chance.choice(place.users)
    if not place.claim(owner):
        return
    await place.way(owner).data.delete("user", owner.user, owner.customer, confirm=owner.user)
    place.model.lose_all(owner, "deleted with the user")
    place.talkers.discard(owner)


async def delete_customer(place: Place) -> None:
    """Delete a customer with all its users, as the operator; namesakes elsewhere stay."""
    chosen = place.anyone()
    members = [one for one in place.owners if (one.instance, one.customer) == (chosen.instance, chosen.customer)]
    if chosen.customer is None or any(one in place.busy for one in members):
        return
    place.busy.update(members)
    place.leaving.update(members)
    await place.installation.admin.data.delete(
        "customer",
        customer_id=chosen.customer,
        confirm=chosen.customer,
        instance_id=place.instances[chosen.instance],
    )
    for member in members:
        place.model.lose_all(member, "deleted with the customer")
        place.talkers.discard(member)


async def converse(place: Place) -> None:
    """Let two owners say something in conversations of one name, each turn once however often it is told."""
    first, second = place.chance.sample(place.users, 2)
    if not (place.claim(first) and place.claim(second)):  # one turn at a time, or the order of turns is not ours
        return
    name = f"standup-{place.chance.getrandbits(4)}"
    event = f"event-{place.chance.getrandbits(64):x}"
    for owner in (first, second):
        marker, text = place.new_text(owner)
        conversation = place.way(owner).conversation
        recorded = await conversation.record_message(name, "user", text, owner.user, owner.customer, event_id=event)
        again = await conversation.record_message(name, "user", text, owner.user, owner.customer, event_id=event)
        place.tally.agree(
            "event",
            owner,
            name,
            as_it_should=recorded.message_id == again.message_id,
            what="told",
            detail="a turn told twice was recorded twice, or taken for another's",
        )
        place.talkers.add(owner)
        place.uncounted.add(owner)
        place.model.learn(Planted(owner=owner, marker=marker, text=text, conversation_id=name))


async def compact(place: Place) -> None:
    """Have a conversation compacted."""
    talkers = sorted(place.talkers - place.busy, key=repr)
    if not talkers:
        return
    owner = place.chance.choice(talkers)
    names = {one.conversation_id for one in place.model.of.get(owner, {}).values()} - {""}
    if names and place.claim(owner):
        name = place.chance.choice(sorted(names))
        with contextlib.suppress(ConflictError):  # one is being made still
            await place.way(owner).conversation.context.compact(name, owner.user, owner.customer, force=True)


async def invalidate(place: Place) -> None:
    """Forget cached answers of an instance."""
    await place.ways[place.anyone().instance].client.context.invalidate()


async def configure(place: Place) -> None:
    """Configure an instance anew: which answers are cached, whether users have profiles."""
    instance = place.anyone().instance
    primary = place.chance.choice(("user", "customer", "instance"))
    values: dict[str, dict[str, object]] = {
        "storage": {"scoping": {"primary_scope": primary}},
        "retrieval": {"profiles": place.odds(0.5)},
    }
    await place.installation.admin.admin.config.set(
        place.instances[instance], installations.configuration(instance, values)
    )


async def renew_key(place: Place) -> None:
    """Make a key, and revoke it: the list of keys of one instance tells of no other's."""
    instance = place.anyone().instance
    keys = place.installation.admin.admin.keys
    made = await keys.create(place.instances[instance], "for the moment")
    await keys.revoke(place.instances[instance], made.key_id)
    listed = await keys.list(place.instances[instance])
    elsewhere = [key for key in listed if key.instance_id != place.instances[instance]]
    place.tally.agree("keys", Owner(instance), "list", as_it_should=not elsewhere, what="leak", detail="foreign keys")


async def tell_the_world(place: Place) -> None:
    """Write what every instance reads."""
    if installations.WORLD in place.installation.left_out:
        return
    marker, text = place.new_text(WORLD)
    made = await place.installation.admin.admin.world.add(text, metadata={"source": "synap verify isolation"})
    place.model.learn(Planted(owner=WORLD, marker=marker, text=text, memory_ids=(made.memory_id,), direct=True))


async def unsay_to_the_world(place: Place) -> None:
    """Delete what every instance reads."""
    told = list(place.model.of.get(WORLD, {}).values())
    if told and place.claim(WORLD):
        await remove_world(place, told[0])


async def remove_world(place: Place, planted: Planted) -> None:
    """Delete one memory of WORLD."""
    (memory_id,) = planted.memory_ids
    await place.installation.admin.admin.world.delete(memory_id)
    place.model.lose(planted, "deleted from WORLD")


async def pry(place: Place) -> None:
    """Try to change by its id what is somebody else's: refused as if it were not there, and nothing has changed."""
    victim, thief = place.some(), place.anyone()
    if victim is None or not victim.memory_ids or victim.owner.shared:
        return
    if thief.instance == victim.owner.instance and (not thief.ids or thief.ids.items() <= victim.owner.ids.items()):
        return
    memories, (memory_id, *_) = place.way(thief).memories, victim.memory_ids
    tries: dict[str, Callable[[], Awaitable[object]]] = {
        "update": lambda: memories.update(memory_id, "Mine now.", "replace", **thief.ids),
        "delete": lambda: memories.delete(memory_id, **thief.ids),
        "restore": lambda: memories.restore(memory_id, **thief.ids),
        "undo": lambda: memories.undo(victim.ingestion_id or memory_id, **thief.ids),
    }
    for name, attempt in tries.items():
        try:
            await attempt()
        except NotFoundError as error:
            place.judge(f"{name} by a stranger", thief, memory_id, error.message, still=False)
            continue
        except InvalidInputError as error:
            place.tally.agree(name, thief, memory_id, as_it_should=False, what="told", detail=error.message)
            continue
        place.tally.agree(f"{name} by a stranger", thief, memory_id, as_it_should=False, what="accepted")


CHANGES: dict[Change, int] = {
    create: 12,
    batch: 4,
    twins: 3,
    replace_text: 4,
    erase: 4,
    hand_in_again: 3,
    undo: 1,
    forget: 2,
    delete_user: 1,
    converse: 6,
    compact: 1,
    invalidate: 1,
    configure: 1,
    pry: 6,
    tell_the_world: 1,
    unsay_to_the_world: 1,
}
"""How often each is drawn. Deletions of customers and keys are made once in a while by the campaign itself."""
