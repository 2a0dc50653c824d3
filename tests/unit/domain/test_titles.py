from __future__ import annotations

from synap.domain.titles import note_of, telling_words, title_words


def test_a_single_capital_is_a_name_and_an_article_is_none() -> None:
    assert title_words("The Site A of a firm") == ("site", "a", "of", "firm")


def test_words_of_any_document_tell_no_thing() -> None:
    assert telling_words("Overview") == frozenset()
    assert telling_words("Berlin Office Handbook") == {"berlin", "office"}


def test_the_note_that_ends_a_statement_tells_what_it_stood_under() -> None:
    assert note_of("Hours: 9-5 (Site A)") == {"site", "a"}


def test_a_date_in_brackets_is_no_note() -> None:
    assert note_of("The user ran a race (7 May 2023)") == frozenset()
    assert note_of("The user ran a race (in the week of 7 May 2023)") == frozenset()
