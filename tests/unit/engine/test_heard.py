from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from synap.domain.scopes import Scope
from synap.engine.heard import KEPT_SECONDS, MOST, MOST_CHARACTERS, Heard
from synap.store.conversations import StoredMessage

MIA = Scope(rung="user", space="inst_1", ids=(("user", "mia"),))
ZOE = Scope(rung="user", space="inst_1", ids=(("user", "zoe"),))
TURN = StoredMessage(id="m", position=1, role="user", content="Hello.", recorded_at=datetime(2027, 1, 1, tzinfo=UTC))


def test_what_was_heard_is_taken_once_and_by_its_owner_alone() -> None:
    heard = Heard()
    heard.put(MIA, "c", [TURN])

    assert heard.take(ZOE, "c") == ()
    assert heard.take(MIA, "d") == ()
    assert heard.take(MIA, "c") == (TURN,)
    assert heard.take(MIA, "c") == ()


def test_what_nobody_takes_is_gone_after_a_moment() -> None:
    moment = [0.0]
    heard = Heard(lambda: moment[0])
    heard.put(MIA, "c", [TURN])
    moment[0] = KEPT_SECONDS + 0.1

    assert heard.take(MIA, "c") == ()


def test_what_is_kept_is_bounded() -> None:
    heard = Heard()
    for number in range(MOST + 10):
        heard.put(MIA, f"c{number}", [TURN])
    heard.put(ZOE, "long", [replace(TURN, content="x" * (MOST_CHARACTERS + 1))])

    assert heard.take(MIA, "c0") == ()
    assert heard.take(MIA, f"c{MOST + 9}") == (TURN,)
    assert heard.take(ZOE, "long") == ()
