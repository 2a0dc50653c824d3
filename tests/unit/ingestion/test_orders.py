from __future__ import annotations

import pytest

from synap.ingestion.orders import asked_of_the_reader


@pytest.mark.parametrize(
    ("sentence", "asked"),
    [
        ("Please send me the sketch by Friday.", "send me the sketch by Friday"),
        ("Could you return the drill by Monday?", "return the drill by Monday"),
        ("Would you mind signing the lease?", "sign the lease"),
        ("The drill is broken.", None),
    ],
)
def test_a_polite_request_tells_what_it_wants(sentence: str, asked: str | None) -> None:
    assert asked_of_the_reader(sentence) == asked
