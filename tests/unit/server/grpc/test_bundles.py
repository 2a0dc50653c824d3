from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from synap.api.bundles import CompactionUpdate, ContextBundle
from synap.api.contexts import ContextItem, ConversationContext, RecentTurn
from synap.api.conversations import ConversationState
from synap.server.grpc.bundles import (
    GROUPS,
    bundle_message,
    date_prefix,
    item_message,
    withdrawal,
)

AT = datetime(2026, 5, 3, 10, tzinfo=UTC)


def item(kind: str = "fact", **more: Any) -> ContextItem:
    return ContextItem(
        id="m1", type=kind, content="Likes tea.", scope="user", source="user:d", confidence=0.9, score=0.4, **more
    )


def bundle(*items: ContextItem, **more: Any) -> ContextBundle:
    return ContextBundle(bundle_id="b", bundle_type="anticipation", created_at=AT, items=items, scope="user", **more)


def test_a_bundle_is_stamped_with_whose_it_is_and_with_no_rung() -> None:
    message = bundle_message(bundle(item(), user_id="ana", customer_id="flora", conversation_id="c", ttl_seconds=60))

    assert (message.anticipation_user_id, message.anticipation_customer_id) == ("ana", "flora")
    assert (message.anticipation_conversation_id, message.anticipation_scope_rung) == ("c", "")
    assert (message.created_at, message.ttl_hint_seconds) == ("2026-05-03T10:00:00+00:00", 60)


def test_items_stand_under_their_types_in_order() -> None:
    kinds = ["preference", "fact", "episode", "emotion", "temporal_event", "fact"]

    message = bundle_message(bundle(*(item(kind) for kind in kinds)))

    assert {name: len(group.items) for name, group in message.items_by_type.items()} == {
        name: kinds.count(kind) for kind, name in GROUPS.items()
    }


def test_an_item_carries_its_score_its_dates_and_its_category() -> None:
    message = item_message(item("preference", category="drinks", event_date=AT, said_at=AT, event_precision="day"))

    assert message.HasField("rank_score")
    assert (message.rank_score, message.context_type) == (0.4, "drinks")
    assert (message.event_date, message.said_at, message.valid_until) == (AT.isoformat(), AT.isoformat(), "")


@pytest.mark.parametrize(
    ("precision", "label"),
    [("instant", "[2026-05-03 10:00] "), ("day", "[2026-05-03] "), ("month", "[2026-05] "), ("year", "[2026] ")],
)
def test_a_date_is_put_before_the_text_as_exactly_as_it_is_known(precision: str, label: str) -> None:
    assert date_prefix(item(event_date=AT, event_precision=precision)) == label
    assert date_prefix(item()) == ""


def test_a_withdrawal_keeps_the_stamps_and_holds_no_memory() -> None:
    message = withdrawal(bundle(item(), user_id="ana"))

    assert (message.bundle_id, message.anticipation_user_id, message.anticipation_scope_rung) == ("b", "ana", "-")
    assert [one.content for group in message.items_by_type.values() for one in group.items] == [""]


def test_a_compacted_conversation_is_carried_whole() -> None:
    context = ConversationContext(
        conversation_id="c",
        summary="They met.",
        compaction_id="k",
        compacted_at=AT,
        current_state=ConversationState(open_questions=("When?",)),
        recent_turns=(RecentTurn(role="user", content="hi", timestamp=AT),),
    )
    update = CompactionUpdate(context=context, block="## They met", covered=3, total=5)

    message = bundle_message(replace(bundle(), bundle_type="compaction_update", compacted=update)).conversation_context

    assert (message.summary, message.compacted_message_count, message.total_message_count) == ("They met.", 3, 5)
    assert (message.compaction_id, message.compacted_at, message.context_block) == ("k", AT.isoformat(), "## They met")
    assert json.loads(message.current_state_json)["open_questions"] == ["When?"]
    assert json.loads(message.key_extractions_json) == {}
    assert (message.recent_turns[0].role, message.recent_turns[0].timestamp) == ("user", AT.isoformat())
