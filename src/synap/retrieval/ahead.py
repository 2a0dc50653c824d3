"""What composing an answer asks of every text, worked out before a question does."""

from __future__ import annotations

from synap.domain.contexts import Candidate
from synap.domain.gists import gist_of
from synap.domain.overriding import read_over
from synap.domain.tokens import count_line
from synap.retrieval.format import write_line
from synap.retrieval.passages import own_words, says_something


def prepare(candidate: Candidate) -> None:
    """Read a text as `compose` will, some tenths of a millisecond of it, so that the outcome is remembered when it does."""
    content = candidate.memory.statement.content
    gist = gist_of(candidate.memory.statement)
    _ = gist.hash, gist.note
    read_over(gist)
    count_line(write_line(candidate.memory, content, overridden=False, excerpt=candidate.excerpt))
    if candidate.excerpt:
        says_something(own_words(candidate))
