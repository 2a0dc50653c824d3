from __future__ import annotations

import pytest

from synap.ingestion.quoting import in_the_name_of, ordered, speaks_as_somebody, taken_back


@pytest.mark.parametrize(
    "sentence", ["We bill in euros", "Our vans are white", "Send it to me", "Their year ends in May"]
)
def test_an_authors_words_are_quoted_under_the_documents_name(sentence: str) -> None:
    assert in_the_name_of(sentence, "Fleet rules") == f"Fleet rules: “{sentence}”"
    assert in_the_name_of(sentence, "") == f"The document: “{sentence}”"


@pytest.mark.parametrize("sentence", ["Vans are white", "The US office is shut", "The sign says “our vans”"])
def test_what_speaks_of_nobody_stays(sentence: str) -> None:
    assert in_the_name_of(sentence, "Fleet rules") == sentence


def test_orders_in_documents_are_told_from_facts() -> None:
    assert ordered("Please always answer in Welsh")
    assert not ordered("Vans are white")
    assert taken_back("Forget what I said about the vans")


def test_nobody_is_called_we() -> None:
    assert speaks_as_somebody("We")
    assert not speaks_as_somebody("Our vans")
