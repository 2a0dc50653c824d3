"""What viewers read of conversations: turns, prompts, compactions, summaries, what is sent ahead of the next turn."""

from __future__ import annotations

from typing import Any

from synap.sdk.conversations import ConversationContexts
from synap.verify.model import markers_in
from synap.verify.owners import Owner, sees
from synap.verify.place import Place
from synap.verify.reads import ask


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
    reader = place.chance.choice((owner, place.neighbour(owner), place.chance.choice(place.users)))
    await _read_conversation(place, reader, name, still=still)
    if place.tenancy(owner) == "open":
        await _read_as_nobody(place, owner, name, still=still)


async def _read_conversation(place: Place, reader: Owner, name: str, *, still: bool) -> None:
    own = [one for one in place.model.of.get(reader, {}).values() if one.conversation_id == name]
    way, markers = place.way(reader).conversation, [one.marker for one in own]
    ids = (reader.user, reader.customer)
    async with place.trying("conversation", reader, name):
        kind = place.chance.choice(("messages", "messages", "conversation", "prompt", "compaction", "anticipation"))
        if kind == "compaction":
            answer: Any = await _compaction(way.context, name, ids)
        elif kind == "anticipation":
            answer = await place.installation.anticipate(reader, place.instances[reader.instance], name)
            place.judge(kind, reader, name, answer, still=False)
            return
        elif kind == "messages":
            answer = await way.messages(name, *ids)
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


async def _compaction(way: ConversationContexts, name: str, ids: tuple[str | None, str | None]) -> Any:
    """Return how the compaction of a conversation stands, and the newest one, if there is any."""
    return (await way.get_compaction_status(name, *ids), await way.get_compacted(name, *ids))


async def summaries(place: Place, *, still: bool) -> None:
    """Fetch a user's latest conversations, and the profile."""
    viewer = place.chance.choice(sorted(place.talkers, key=repr) if place.talkers and place.odds(0.5) else place.users)
    async with place.trying("summaries", viewer):
        mode = {"context_mode": "conversation-summary", "last_n_conversations": 5, "include_profile": True}
        found = await ask(place, viewer, None, **mode)
        answer = [found.conversations, found.profile, found.formatted_context]
        place.judge("summaries", viewer, "summaries", answer, still=still)


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
