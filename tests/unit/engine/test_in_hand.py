"""Turns in hand: a fetch waits for those of its owners, for those alone, and not for ever."""

from __future__ import annotations

import asyncio

from synap.engine.in_hand import InHand


async def test_who_asks_waits_until_the_turns_of_its_owners_are_dealt_with() -> None:
    in_hand = InHand()
    done = in_hand.take(["ana", "talk"])
    waiting = asyncio.create_task(in_hand.dealt_with(["talk"]))
    await asyncio.sleep(0)

    assert not waiting.done()
    assert await in_hand.dealt_with(["ben"])
    done()
    assert await waiting


async def test_what_comes_later_is_not_waited_for() -> None:
    in_hand = InHand()
    first = in_hand.take(["ana"])
    waiting = asyncio.create_task(in_hand.dealt_with(["ana"]))
    await asyncio.sleep(0)
    in_hand.take(["ana"])

    first()

    assert await asyncio.wait_for(waiting, 1)


async def test_the_wait_is_bounded_and_says_so() -> None:
    in_hand = InHand()
    in_hand.take(["ana"])

    assert not await in_hand.dealt_with(["ana"], seconds=0.01)


async def test_nothing_is_kept_of_what_was_dealt_with() -> None:
    in_hand = InHand()
    first, second = in_hand.take(["ana", "talk"]), in_hand.take(["ana"])
    assert in_hand

    first()
    first()
    second()

    assert not in_hand
