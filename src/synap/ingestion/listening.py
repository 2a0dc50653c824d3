"""Listening to a dialogue: what the assistant asked last, and the human turn that is being heard."""

from __future__ import annotations

from datetime import datetime

from synap.domain.documents import Block
from synap.ingestion.answers import Question, question_in
from synap.ingestion.dialogue import Hearing
from synap.ingestion.ledger import Ledger, Passages
from synap.ingestion.statements import Speaker


class Listener:
    """Works through the turns of one document in order."""

    def __init__(self, ledger: Ledger, passages: Passages, *, feelings: bool, gated: bool = False) -> None:
        self._ledger, self._passages = ledger, passages
        self._feelings, self._gated = feelings, gated
        self._question: Question | None = None
        self._asked_in: Block | None = None
        self._hearing: Hearing | None = None

    def ask(self, block: Block) -> None:
        """Take note of what the assistant asks, so that a short answer in the next turn is understood."""
        self._question, self._asked_in = question_in(block.text), block

    def hear(self, block: Block, turn: int, speaker: Speaker, said_at: datetime | None) -> None:
        """Enter what one turn of a human says into the ledger."""
        self._hearing = Hearing(
            block=block,
            turn=turn,
            speaker=speaker,
            said_at=said_at,
            ledger=self._ledger,
            passages=self._passages,
            feelings=self._feelings,
            gated=self._gated,
        )
        self._hearing.run(self._question, self._asked_in)
        self._question = None

    def hear_on(self, block: Block, turn: int) -> None:
        """Enter what the turn heard last goes on to say in another piece of it."""
        if self._hearing is not None:
            self._hearing.go_on(block, turn)

    @property
    def closed(self) -> bool:
        """Whether the speaker of the turn heard last said that the rest of it is not for us."""
        return self._hearing is not None and self._hearing.closed
