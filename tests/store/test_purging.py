"""The purge rewrites what there is, keeps what lives, and gives up clearly where somebody is in its way."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from tests.by_url import BY_URL

from synap.errors import ConflictError, SetupError
from synap.store import purging
from synap.store.purging import purge

pytestmark = pytest.mark.skipif(BY_URL, reason="the purge is for the embedded store")


async def test_what_lives_is_kept_and_settings_are_as_before(fresh_desk: Any, fresh_owner_dsn: str) -> None:
    (known,) = await fresh_desk.remember(fresh_desk.scope("alice"), "The roof is red.")
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        done = purge(fresh_owner_dsn)

        assert done.tables > 40
        assert done.segments > 0
        assert (await fresh_desk.store.memories.list(fresh_desk.scope("alice"))).memories[0].id == known
        connection.execute("select pg_sleep(0.2)")
        assert connection.execute("show wal_recycle").fetchone() == ("on",)


def test_a_login_that_does_not_own_the_store_is_refused(fresh_dsn: str) -> None:
    with pytest.raises(SetupError, match="needs the login that owns"):
        purge(fresh_dsn)


def test_a_transaction_that_does_not_end_is_named(fresh_owner_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "WAIT_SECONDS", 0.3)
    with psycopg.connect(fresh_owner_dsn) as other:
        other.execute("select 1")

        with pytest.raises(ConflictError, match=f"server process {other.info.backend_pid}"):
            purge(fresh_owner_dsn)
