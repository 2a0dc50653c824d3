"""What viewers ask, at random: each answer is one check. With `still`, nothing changes meanwhile, and all is judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from synap.api.memories import MemoryRecord
from synap.errors import NotFoundError
from synap.sdk.responses import ContextResponse
from synap.verify.model import Planted, markers_in
from synap.verify.owners import Owner, sees
from synap.verify.place import Place


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
    viewer, (victim, other) = _viewer(place), (place.some(), place.some())
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
        await look(place, _below(place, planted.owner), f"Where is {planted.marker}?", "own question", still=still)


async def no_question(place: Place, *, still: bool) -> None:
    """Fetch without a question."""
    more = place.chance.choice(({}, {"scopes": ["user"]}, {"scopes": ["customer"]}, {"types": ["facts"]}))
    await look(place, _viewer(place), None, "no question", still=still, **more)


async def then(place: Place, *, still: bool) -> None:
    """Ask for what was believed at another moment: what was replaced comes back, but never a stranger's."""
    planted = place.some()
    asked = _marker_of(planted)
    await look(
        place, _viewer(place), asked, "as of", still=still, as_of=place.chance.choice(("2040-01-01", "2020-01-01"))
    )


async def the_same_again(place: Place, *, still: bool) -> None:
    """Ask the same as two viewers and as the first again: whatever is cached, each gets what is its own."""
    planted = place.some()
    query = _marker_of(planted)
    first = _below(place, planted.owner) if planted is not None else place.anyone()
    second = _neighbour(place, first)
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
        same = [owner for owner in place.model.of if _one_scope(owner, viewer)]
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
    if planted is None or not planted.memory_ids or planted.owner.instance < 0:
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
    memories, memory_id = place.way(thief).memories, planted.memory_ids[0]
    ingestion_id = planted.ingestion_id
    calls: tuple[tuple[str, str, Callable[[str], Awaitable[Any]]], ...] = (
        ("get by a stranger", memory_id, lambda one: memories.get(one, **thief.ids)),
        ("history by a stranger", memory_id, lambda one: memories.history(one, **thief.ids)),
        ("why not by a stranger", memory_id, lambda one: memories.why_not(one, planted.text, **thief.ids)),
        ("status by a stranger", ingestion_id, lambda one: memories.status(one, **thief.ids)),
    )
    kind, asked, call = place.chance.choice(calls[: 4 if ingestion_id else 3])
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


async def conversation(place: Place, *, still: bool) -> None:
    """Read a conversation as its owner, as another user, and without ids."""
    talkers = sorted(place.talkers, key=repr)
    if not talkers:
        return
    owner = place.chance.choice(talkers)
    turns = [one for one in place.model.of.get(owner, {}).values() if one.conversation_id]
    if not turns:
        return
    name = place.chance.choice(turns).conversation_id
    reader = place.chance.choice((owner, _neighbour(place, owner), place.chance.choice(place.users)))
    await _read_conversation(place, reader, name, still=still)
    if place.tenancy(owner) == "open":
        await _read_as_nobody(place, owner, name, still=still)


async def _read_conversation(place: Place, reader: Owner, name: str, *, still: bool) -> None:
    own = [one for one in place.model.of.get(reader, {}).values() if one.conversation_id == name]
    way, markers = place.way(reader).conversation, [one.marker for one in own]
    ids = (reader.user, reader.customer)
    async with place.trying("conversation", reader, name):
        kind = place.chance.choice(("messages", "conversation", "prompt"))
        if kind == "messages":
            answer: Any = await way.messages(name, *ids)
        elif kind == "prompt":
            answer = await way.context.get_context_for_prompt(name, *ids)
        else:
            fetched = await way.context.fetch(name, *ids, search_query="What is kept?")
            answer = fetched.conversation_context
            place.judge(
                "question in a conversation", reader, name, [item.content for item in fetched.items], still=still
            )
        # Of a conversation that was told long since the latest turns are shown.
        place.judge(kind, reader, name, answer, wanted=markers if kind == "messages" else (), still=still)
        others = markers_in(answer) - set(markers)
        if still and any(marker.startswith("zq") for marker in others):
            place.tally.fail("leak", kind, reader, name, markers=tuple(others), detail="not of this conversation")


async def _read_as_nobody(place: Place, owner: Owner, name: str, *, still: bool) -> None:
    async with place.trying("conversation of nobody", Owner(owner.instance), name):
        shown = markers_in(await place.way(owner).conversation.messages(name))
        here = {
            one.owner
            for holders in place.model.present.values()
            for one in holders.values()
            if one.conversation_id == name and one.owner.instance == owner.instance
        }
        allowed = here if len(here) == 1 else set[Owner]()
        strangers = [
            m for m in shown if not any(sees(one, told) for one in allowed for told in place.model.ever.get(m, ()))
        ]
        place.tally.agree(
            "conversation of nobody",
            Owner(owner.instance),
            name,
            as_it_should=not (strangers and still),
            what="leak",
            detail=f"{len(here)} owners have it, and {len(strangers)} turns were shown",
        )


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


READS: dict[Read, int] = {
    question: 8,
    own_question: 6,
    no_question: 5,
    then: 2,
    the_same_again: 2,
    listing: 14,
    by_id: 16,
    by_foreign_id: 22,
    conversation: 12,
    preview: 2,
    counted: 3,
    profile: 2,
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
    }
)
"""Kinds of check that show something to whoever may see it, or the check is blind."""


async def _refusal(call: Callable[[str], Awaitable[Any]], asked: str) -> Any:
    """Return the message of the refusal, or what was shown instead."""
    try:
        return await call(asked)
    except NotFoundError as error:
        return error.message


def _viewer(place: Place) -> Owner:
    """Return anyone, or somebody who was told something."""
    return place.anyone() if place.odds(0.6) else place.told()


def _below(place: Place, owner: Owner) -> Owner:
    """Return the owner, or somebody narrower who sees what is the owner's."""
    if owner.instance < 0:
        return place.anyone()
    if owner.user is None and place.odds(0.5):
        narrower = [one for one in place.chance.sample(place.owners, min(60, len(place.owners))) if sees(one, owner)]
        return place.chance.choice(narrower or [owner])
    return owner


def _neighbour(place: Place, owner: Owner) -> Owner:
    """Return somebody who is easily taken for the owner: of the same ids in another place, or the next in the same place."""
    near = [
        one
        for one in place.users
        if one != owner and (one.user == owner.user or (one.instance, one.customer) == (owner.instance, owner.customer))
    ]
    return place.chance.choice(near or place.users)


def _one_scope(one: Owner, other: Owner) -> bool:
    return one == other or (one.shared and other.shared and one.instance >= 0 and sees(one, other))


def _marker_of(planted: Planted | None) -> str:
    return "Where is the parcel?" if planted is None else planted.marker
