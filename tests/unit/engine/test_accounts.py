"""Keys are random, and say what kind they are."""

from __future__ import annotations

from synap.engine.accounts import APPLICATION_PREFIX, MANAGEMENT_PREFIX, new_key, new_key_id


def test_keys_are_never_the_same_and_hold_256_bits() -> None:
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(key.startswith(APPLICATION_PREFIX) and len(key) >= len(APPLICATION_PREFIX) + 43 for key in keys)
    assert new_key(MANAGEMENT_PREFIX).startswith(MANAGEMENT_PREFIX)


def test_the_id_of_a_key_opens_nothing() -> None:
    assert new_key_id().startswith("key_")
    assert not new_key_id().startswith(APPLICATION_PREFIX)
