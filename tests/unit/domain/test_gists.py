"""Gists: kept with the statement, and no part of it."""

from dataclasses import replace

import msgspec

from synap.domain.gists import Gist, gist_of
from synap.domain.memories import MemoryType, Statement
from synap.store.rows import decode_detail, encode_detail


def test_a_statement_keeps_its_gist() -> None:
    statement = Statement(type=MemoryType.FACT, content="The rate limit is 100.")
    assert gist_of(statement) is gist_of(statement)
    assert gist_of(replace(statement, content="It rains.")).text == "It rains."


def test_a_gist_is_neither_compared_nor_stored() -> None:
    read, unread = (Statement(type=MemoryType.FACT, content="The rate limit is 100.") for _ in range(2))
    stored = encode_detail(unread, ())
    _ = gist_of(read).readings
    assert read == unread
    assert repr(read) == repr(unread)
    assert encode_detail(read, ()) == stored
    assert decode_detail(stored).statement == read
    assert "gist" not in msgspec.to_builtins(read)


def test_what_a_clause_has_at_least_is_no_more_than_it_has() -> None:
    for text in ("The rate limit is 100 requests", "Dana's office in Bonn opens at 9", "Refunds may take two weeks"):
        gist = Gist(text)
        assert gist.fewest_terms <= len(gist.topic_terms)
        assert gist.topic_terms <= gist.block_terms
