"""What viewers ask, at random: each answer is one check. With `still`, nothing changes meanwhile, and all is judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from synap.api.memories import MemoryRecord
from synap.errors import ConflictError, NotFoundError
from synap.sdk.responses import ContextResponse
from synap.verify.model import Planted, markers_in
from synap.verify.owners import WORLD, Owner, one_scope, sees
from synap.verify.place import NAME, Place


class Read(Protocol):
    """A way to ask."""

    def __call__(self, place: Place, *, still: bool) -> Awaitable[None]:
        """Ask once, and judge the answer."""
        ...


UNKNOWN_ID = "00000000-0000-8000-8000-000000000000"


async def ask(place: Place, viewer: Owner, query: str | list[str] | None, **more: Any) -> ContextResponse:
    """Fetch as `viewer`, by the door that fits its ids."""
    way = place.way(viewer)
    if viewer.user is not None:
        return await way.user.context.fetch(viewer.user, viewer.customer, search_query=query, **more)
    if viewer.customer is not None:
        return await way.customer.context.fetch(viewer.customer, search_query=query, **more)
    return await way.client.context.fetch(search_query=query, **more)


async def look(
    place: Place, viewer: Owner, query: str | list[str] | None, kind: str, *, still: bool, **more: Any
) -> None:
    """Fetch as `viewer`: no marker of a stranger, none that is gone, and those that were asked for by name."""
    async with place.trying(kind, viewer, query):
        context = await ask(place, viewer, query, max_results=50, **more)
        if context.metadata.degraded:
            place.tally.unanswered[f"{kind}: {context.metadata.degraded_code}"] += 1
            still = False
        # Only where all rungs and times are looked at must everything that was asked for be there.
        wanted = tuple(markers_in(str(query))) if not more.keys() & {"scopes", "as_of"} else ()
        said = [item.content for item in context.items]
        place.judge(
            kind,
            viewer,
            query,
            said,
            context.formatted_context,
            *([] if more.get("explain") else [context.metadata]),
            wanted=wanted,
            still=still and "as_of" not in more,
        )
        # Evidence may quote what was replaced, and what was left out is told where it was asked for: never a stranger's.
        verdict = place.model.judge(viewer, markers_in(context.items, context.metadata), still=False)
        for marker in verdict.foreign:
            place.tally.fail("leak", kind, viewer, query, markers=(marker,), detail="in the evidence or the metadata")


async def question(place: Place, *, still: bool) -> None:
    """Ask with a victim's exact text or marker, several at once, or with what everyone's texts say."""
    viewer, (victim, other) = place.viewer(), (place.some(), place.some())
    texts = [one.text for one in (victim, other) if one is not None] or ["What does the team keep?"]
    query = place.chance.choice((texts[0], texts[0], _marker_of(victim), texts, "What is kept in the store room?"))
    more: dict[str, Any] = place.chance.choice(
        (
            {},
            {},
            {},
            {"explain": True},
            {"response_shape": "ranked"},
            {"scopes": ["user"]},
            {"scopes": ["customer", "client"]},
        )
    )
    await look(place, viewer, query, "question", still=still, **more)


async def own_question(place: Place, *, still: bool) -> None:
    """Ask for what the viewer was told, by its marker: it must come."""
    planted = place.some()
    if planted is not None:
        await look(place, place.below(planted.owner), f"Where is {planted.marker}?", "own question", still=still)


async def no_question(place: Place, *, still: bool) -> None:
    """Fetch without a question."""
    more = place.chance.choice(({}, {"scopes": ["user"]}, {"scopes": ["customer"]}, {"types": ["facts"]}))
    await look(place, place.viewer(), None, "no question", still=still, **more)


async def then(place: Place, *, still: bool) -> None:
    """Ask for what was believed at another moment: what was replaced comes back, but never a stranger's."""
    planted = place.some()
    asked = _marker_of(planted)
    await look(
        place, place.viewer(), asked, "as of", still=still, as_of=place.chance.choice(("2040-01-01", "2020-01-01"))
    )


async def the_same_again(place: Place, *, still: bool) -> None:
    """Ask the same as two viewers and as the first again: whatever is cached, each gets what is its own."""
    planted = place.some()
    query = _marker_of(planted)
    first = place.below(planted.owner) if planted is not None else place.anyone()
    second = place.neighbour(first)
    for viewer in (first, second, first, second):
        await look(place, viewer, query, "cache", still=still)


async def listing(place: Place, *, still: bool) -> None:
    """List what is exactly the viewer's, all pages: nothing of broader scopes, all that was written directly, the right total."""
    viewer = place.told()
    async with place.trying("list", viewer):
        records: list[MemoryRecord] = []
        page, total = 1, 0
        while True:
            found = await place.way(viewer).memories.list(**viewer.ids, page=page, page_size=100)
            records += found.data
            total = found.total
            if page >= found.total_pages:
                break
            page += 1
        same = [owner for owner in place.model.of if one_scope(owner, viewer)]
        own = [one for owner in same for one in place.model.of[owner].values()]
        direct = [one.marker for one in own if one.direct]
        contents = [record.content for record in records]
        place.judge("list", viewer, "list", contents, wanted=direct, still=still, quotes=False)
        if not still:
            return
        broader = {marker for marker in markers_in(contents) if marker.startswith("zq")} - {one.marker for one in own}
        if broader:
            place.tally.fail("leak", "list", viewer, "list", markers=tuple(broader), detail="of another scope")
        if not any(owner in place.uncounted for owner in [*same, viewer]):
            wanted = sum(len(one.memory_ids) for one in own)
            place.tally.agree(
                "total", viewer, "list", as_it_should=total == wanted, what="told", detail=f"{total}, not {wanted}"
            )


async def by_id(place: Place, *, still: bool) -> None:
    """Read a memory, its history and its ingestion by id: as its owner, and as somebody else."""
    planted = place.some()
    if planted is None or not planted.memory_ids or planted.owner == WORLD:
        return
    memory_id, owner = planted.memory_ids[0], planted.owner
    memories = place.way(owner).memories
    calls: tuple[tuple[str, Callable[[], Awaitable[Any]]], ...] = (
        ("get", lambda: memories.get(memory_id, **owner.ids)),
        ("history", lambda: memories.history(memory_id, **owner.ids)),
        ("why not", lambda: memories.why_not(memory_id, planted.text, **owner.ids)),
        ("status", lambda: memories.status(planted.ingestion_id, **owner.ids)),
    )
    kind, call = place.chance.choice(calls[: 4 if planted.ingestion_id else 3])
    async with place.trying(kind, owner, memory_id):
        try:
            record = await call()
        except NotFoundError:
            if still:
                place.tally.agree(kind, owner, memory_id, as_it_should=False, what="refused", detail="not found")
            return
        shows = kind in ("get", "history") and planted.direct
        place.judge(kind, owner, memory_id, record, wanted=[planted.marker] if shows else (), still=still, quotes=True)


async def by_foreign_id(place: Place, *, still: bool) -> None:  # noqa: ARG001 - a refusal does not wait for stillness
    """Read by id what is somebody else's: the refusal is that of an id that never was, word for word."""
    planted, thief = place.some(), place.anyone()
    if planted is None or not planted.memory_ids:
        return
    same_instance = thief.instance == planted.owner.instance
    if same_instance and (not thief.ids or thief.ids.items() <= planted.owner.ids.items()):
        return
    if planted.owner.shared and sees(thief, planted.owner):
        return
    # Why a memory is not in an answer is told of all that the asker's chain holds, not of the asker's own alone.
    whole_chain = sees(thief, planted.owner)
    memories, memory_id = place.way(thief).memories, planted.memory_ids[0]
    ingestion_id = planted.ingestion_id
    calls: tuple[tuple[str, str, Callable[[str], Awaitable[Any]]], ...] = (
        ("get by a stranger", memory_id, lambda one: memories.get(one, **thief.ids)),
        ("history by a stranger", memory_id, lambda one: memories.history(one, **thief.ids)),
        ("why not by a stranger", memory_id, lambda one: memories.why_not(one, planted.text, **thief.ids)),
        ("status by a stranger", ingestion_id, lambda one: memories.status(one, **thief.ids)),
    )
    kind, asked, call = place.chance.choice([one for one in calls if one[1] and not (whole_chain and "why" in one[0])])
    async with place.trying(kind, thief, asked):
        refused = await _refusal(call, asked)
        if isinstance(refused, str):
            never = await _refusal(call, UNKNOWN_ID)
            same = isinstance(never, str) and never.replace(UNKNOWN_ID, asked) == refused
            place.judge(kind, thief, asked, refused, still=False)
            if not same:
                place.tally.fail("told", kind, thief, asked, detail=f"{refused!r} is not {never!r}")
            return
        place.tally.agree(kind, thief, asked, as_it_should=False, what="leak", detail="it was shown")
        place.judge(kind, thief, asked, refused, still=False)


async def entities(place: Place, *, still: bool) -> None:
    """List the entities of a scope, or ask for one by the name that everybody's have: never another owner's."""
    drawn = [one.owner for one in (place.some() for _ in range(8)) if one is not None and one.named]
    viewer = drawn[0] if drawn and place.odds(0.6) else place.viewer()
    entities_of = place.way(viewer).entities
    async with place.trying("entities", viewer):
        if place.odds(0.6):
            found = await entities_of.list(**viewer.ids, page_size=100)
            own = [
                one for owner in place.model.of if one_scope(owner, viewer) for one in place.model.of[owner].values()
            ]
            named = [one.marker for one in own if one.named] if found.total_pages <= 1 else []
            place.judge("entities", viewer, "list", found, wanted=named, still=still, quotes=True)
            return
        victim = place.some()
        name = NAME if victim is None or place.odds(0.5) else f"{NAME} {victim.marker.capitalize()}"
        try:
            about: Any = await entities_of.fetch(name=name, **viewer.ids)
        except (NotFoundError, ConflictError) as error:
            # A refusal repeats the name that was asked for.
            about = error.message.replace(name, "")
        place.judge("about an entity", viewer, name, about, still=still, quotes=True)


async def preview(place: Place, *, still: bool) -> None:
    """Let a user see what a description of somebody's statement would forget: the user's own alone."""
    victim = place.some()
    viewer = place.chance.choice(place.users)
    if victim is not None and victim.owner.user is not None and place.odds(0.4):
        viewer = victim.owner
    asked = f"the parcel labelled {'' if victim is None else victim.marker}"
    async with place.trying("forget", viewer, asked):
        found = await place.way(viewer).memories.forget(asked, **viewer.ids)
        place.judge("forget", viewer, asked, found.candidates, still=still)


async def counted(place: Place, *, still: bool) -> None:
    """Count what a deletion of a user would take: as many memories as the user was told of."""
    viewer = place.chance.choice(place.users)
    async with place.trying("dry run", viewer):
        found = await place.way(viewer).data.delete("user", viewer.user, viewer.customer, dry_run=True)
        place.judge("dry run", viewer, "dry run", found, still=False)
        own = place.model.of.get(viewer, {})
        ever = any(viewer in owners for marker, owners in place.model.ever.items() if marker.startswith("zq"))
        if still and not own and not ever:
            place.tally.agree(
                "dry run",
                viewer,
                "dry run",
                as_it_should=not any(found.counts.values()),
                what="told",
                detail=str(found.counts),
            )


async def profile(place: Place, *, still: bool) -> None:
    """Read a user's profile, where the instance has any."""
    viewer = place.chance.choice(place.users)
    async with place.trying("profile", viewer):
        try:
            found = await place.way(viewer).user.profile(viewer.user or "", viewer.customer)
        except NotFoundError as error:
            place.judge("profile", viewer, "profile", error.message, still=False)
            return
        place.judge("profile", viewer, "profile", found, still=still)


async def _refusal(call: Callable[[str], Awaitable[Any]], asked: str) -> Any:
    """Return the message of the refusal, or what was shown instead."""
    try:
        return await call(asked)
    except NotFoundError as error:
        return error.message


def _marker_of(planted: Planted | None) -> str:
    return "Where is the parcel?" if planted is None else planted.marker
