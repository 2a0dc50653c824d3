"""While the store is away a known caller is let in unverified; a key that is known to be revoked never is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from synap.engine.instances import KEEP_SECONDS, Instances
from synap.errors import AuthenticationError, ForbiddenError, ServiceUnavailableError
from synap.store.accounts import KeyHolder

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Accounts:
    """Knows one key, until it is revoked or the store goes away."""

    def __init__(self) -> None:
        self.away = False
        self.revoked = False
        self.active = True
        self.deleting = False
        self.looks = 0
        self.slow = asyncio.Event()
        self.slow.set()

    async def holder(self, key: str) -> KeyHolder | None:
        self.looks += 1
        revoked = self.revoked
        await self.slow.wait()
        if self.away:
            raise ServiceUnavailableError("away")
        if key != "known":
            return None
        return KeyHolder(
            key_id="key_1",
            kind="application",
            label="",
            client_id="cli_1",
            instance_id="inst_1",
            tenancy="open",
            active=self.active and not revoked,
            deleting=self.deleting,
            revoked=revoked,
            last_used_at=NOW,
            revision=None,
            source=None,
        )


class Desk:
    """Instances over those accounts, with a clock moved by hand."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self.seconds = 0.0
        self.instances = Instances(cast("Any", self.accounts), timer=lambda: self.seconds, now=lambda: NOW)

    def forget_by_time(self) -> None:
        self.seconds += KEEP_SECONDS + 0.1


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_known_key_is_unverified_while_the_store_is_away_and_verified_again_after(desk: Desk) -> None:
    before = await desk.instances.authenticate("known")
    desk.forget_by_time()
    desk.accounts.away = True
    during = await desk.instances.authenticate("known")
    desk.forget_by_time()
    desk.accounts.away = False
    after = await desk.instances.authenticate("known")

    assert (before.unverified, during.unverified, after.unverified) == (False, True, False)
    assert during.instance == before.instance


async def test_an_unknown_key_meets_the_error_of_a_store_that_is_away(desk: Desk) -> None:
    desk.accounts.away = True

    with pytest.raises(ServiceUnavailableError):
        await desk.instances.authenticate("known")


async def test_a_revoked_key_is_not_let_in_when_the_store_goes_away_afterwards(desk: Desk) -> None:
    await desk.instances.authenticate("known")
    desk.accounts.revoked = True
    desk.forget_by_time()
    with pytest.raises(AuthenticationError):
        await desk.instances.authenticate("known")
    desk.accounts.away = True

    with pytest.raises(ServiceUnavailableError):
        await desk.instances.authenticate("known")


async def test_a_key_below_an_inactive_client_is_told_that_the_client_may_be_the_reason(desk: Desk) -> None:
    desk.accounts.active = False

    with pytest.raises(ForbiddenError, match="instance inst_1 is not active: it, or the client above it"):
        await desk.instances.authenticate("known")


async def test_a_key_of_an_instance_that_is_being_deleted_is_told_so(desk: Desk) -> None:
    desk.accounts.active = False
    desk.accounts.deleting = True

    with pytest.raises(ForbiddenError, match="instance inst_1 is being deleted"):
        await desk.instances.authenticate("known")


async def test_calls_that_come_at_once_share_one_look_at_the_key(desk: Desk) -> None:
    desk.accounts.slow.clear()
    calls = [asyncio.create_task(desk.instances.authenticate("known")) for _ in range(50)]
    await asyncio.sleep(0)
    calls[0].cancel()
    await asyncio.sleep(0)
    desk.accounts.slow.set()

    callers = await asyncio.gather(*calls[1:])

    assert (desk.accounts.looks, {caller.key_id for caller in callers}) == (1, {"key_1"})


async def test_calls_that_come_at_once_with_a_void_key_are_all_refused(desk: Desk) -> None:
    desk.accounts.revoked = True

    answers = await asyncio.gather(*(desk.instances.authenticate("known") for _ in range(5)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [AuthenticationError] * 5


async def test_a_look_begun_before_a_change_made_here_answers_no_later_call(desk: Desk) -> None:
    desk.accounts.slow.clear()
    early = asyncio.create_task(desk.instances.authenticate("known"))
    await asyncio.sleep(0.001)
    desk.accounts.revoked = True
    desk.instances.forget()
    desk.accounts.slow.set()
    await early

    with pytest.raises(AuthenticationError):
        await desk.instances.authenticate("known")
