"""What must be refused, and what nobody may read between the lines: ids that are none, missing ids, metrics, logs, audit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from synap.errors import InvalidInputError, TransientError
from synap.verify.installations import LOG
from synap.verify.model import markers_in
from synap.verify.owners import REFUSED, Owner
from synap.verify.place import Place

_LENIENT = frozenset({"create", "record", "conversation", "fetch"})
"""Calls in which HTTP takes an empty customer beside a user for none."""


async def pose_as_nobody(place: Place) -> None:
    """Come with what is no id, whichever call it is, beside an id that is one or alone: refused by its name."""
    victim = place.some()
    if victim is None or not victim.memory_ids or victim.owner.instance < 0:
        return
    way, memory_id, text = place.way(victim.owner), victim.memory_ids[0], victim.text
    field, bad = place.chance.choice(("user_id", "customer_id")), place.chance.choice(REFUSED)
    ids: dict[str, Any] = {**victim.owner.ids, field: bad}
    user, customer = ids.get("user_id"), ids.get("customer_id")
    calls: tuple[tuple[str, Callable[[], Awaitable[Any]]], ...] = (
        ("create", lambda: way.memories.create(text, document_type="document", **ids)),
        ("list", lambda: way.memories.list(**ids)),
        ("get", lambda: way.memories.get(memory_id, **ids)),
        ("update", lambda: way.memories.update(memory_id, "Mine now.", **ids)),
        ("delete", lambda: way.memories.delete(memory_id, **ids)),
        ("history", lambda: way.memories.history(memory_id, **ids)),
        ("restore", lambda: way.memories.restore(memory_id, **ids)),
        ("record", lambda: way.conversation.record_message("c", "user", text, user, customer)),
        ("messages", lambda: way.conversation.messages("c", user, customer)),
        ("conversation", lambda: way.conversation.context.fetch("c", user, customer)),
        ("entities", lambda: way.entities.list(**ids)),
        ("fetch", lambda: way.user.context.fetch(ids.get("user_id", "alice"), customer)),
    )
    left_out = field == "customer_id" and bad == "" and user is not None and place.installation.takes_empty_customer
    for name, call in calls:
        if not (left_out and name in _LENIENT):
            await _must_refuse(place, f"no id: {name}", victim.owner, call, field=field)


async def against_the_tenancy(place: Place) -> None:
    """Leave out an id that the instance needs, or give one that it has not: refused, and never taken for everyone's."""
    owner = place.chance.choice([one for one in place.owners if place.tenancy(one) != "open"])
    way = place.way(owner)
    text = "This must be nobody's."
    if place.tenancy(owner) == "b2c":
        ids: dict[str, Any] = {"customer_id": "acme", "user_id": "alice"}
    else:
        ids = {"user_id": "alice"}
    calls: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
        ("create", lambda: way.memories.create(text, document_type="document", **ids)),
        ("list", lambda: way.memories.list(**ids)),
        ("fetch", lambda: way.user.context.fetch(ids["user_id"], ids.get("customer_id"), search_query=text)),
    ]
    if place.tenancy(owner) == "b2b":
        calls.append(("record", lambda: way.conversation.record_message("c", "user", text)))
        calls.append(("chat", lambda: way.memories.create("User: hello", document_type="ai-chat-conversation")))
    for name, call in calls:
        await _must_refuse(place, f"tenancy: {name}", owner, call, field="customer_id")


async def between_the_lines(place: Place) -> None:
    """Read metrics, log and audit trail: no statement in any of them, and no id in the metrics."""
    operator = Owner(0)
    async with place.trying("metrics", operator):
        shown = markers_in(await place.installation.metrics())
        place.tally.agree("metrics", operator, "/metrics", as_it_should=not shown, what="leak", detail=", ".join(shown))
    if LOG not in place.installation.left_out:
        content = [line for line in place.installation.logged().splitlines() if _statement_in(line)]
        place.tally.agree("log", operator, "log", as_it_should=not content, what="leak", detail=" ".join(content)[:500])
    number = place.chance.randrange(len(place.instances))
    async with place.trying("audit", operator):
        page = await place.installation.admin.admin.audit.list(instance_id=place.instances[number])
        foreign = [one for one in page.data if one.instance_id != place.instances[number]]
        content_shown = [marker for marker in markers_in(page) if marker.startswith("zq")]
        place.tally.agree(
            "audit",
            Owner(number),
            "audit",
            as_it_should=not foreign and not content_shown,
            what="leak",
            detail=f"{len(foreign)} entries of other instances, {len(content_shown)} statements",
        )


async def _must_refuse(
    place: Place, kind: str, owner: Owner, call: Callable[[], Awaitable[Any]], *, field: str
) -> None:
    try:
        answer = await call()
    except InvalidInputError as error:
        shown = markers_in(error.message) & frozenset(m for m in markers_in(error.message) if m.startswith("zq"))
        ok = error.field == field and not shown
        detail = f"the refusal names {error.field}: {error.message[:200]}"
        place.tally.agree(kind, owner, field, as_it_should=ok, what="told", detail=detail)
    except TransientError as error:
        place.tally.unanswered[f"{kind}: {error.code}"] += 1
    except Exception as error:  # noqa: BLE001 - any other refusal is a wrong one, whatever it is
        detail = f"{type(error).__name__}: {error}"
        place.tally.agree(kind, owner, field, as_it_should=False, what="told", detail=detail[:300])
    else:
        place.tally.agree(kind, owner, field, as_it_should=False, what="accepted", detail=str(answer)[:200])


def _statement_in(line: str) -> bool:
    return any(marker.startswith("zq") for marker in markers_in(line))
