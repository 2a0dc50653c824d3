import pytest

from synap.ingestion.clauses import split
from synap.ingestion.pointing import pointed


def _read(sentence: str, before: str = "") -> list[str]:
    return [clause.text for clause in pointed(split(sentence), before)]


@pytest.mark.parametrize(
    ("sentence", "second"),
    [
        ("I renamed the boat, it's called Gull now", "the boat is called Gull now"),
        ("I moved my savings to Umbrabank, it is my bank now", "Umbrabank is my bank now"),
        ("I bought a lamp, it is too bright", "the lamp is too bright"),
        ("I mixed up the code for the cellar, it's 1188", "the code for the cellar is 1188"),
    ],
)
def test_it_is_the_one_thing_that_the_clause_before_names(sentence: str, second: str) -> None:
    assert _read(sentence)[-1] == second


@pytest.mark.parametrize(
    "sentence",
    [
        "I put the lamp on the shelf, it is red",
        "I sold my boats, it is a pity",
        "I baked a cake, it is my birthday",
        "I opened the window, it is raining",
        "I met my sister, it was great",
    ],
)
def test_it_stays_where_it_could_mean_several_things_or_nothing(sentence: str) -> None:
    assert "it " in _read(sentence)[-1]


def test_it_may_mean_what_the_sentence_before_names() -> None:
    assert _read("It leaks.", "I repaired the roof") == ["the roof leaks."]


@pytest.mark.parametrize(
    ("sentence", "before", "read"),
    [
        ("They moved me to the annex", "", "somebody moved me to the annex"),
        ("They moved me to the annex", "My parents rang", "They moved me to the annex"),
        ("They are nice", "", "They are nice"),
    ],
)
def test_they_who_do_something_to_the_speaker_are_somebody(sentence: str, before: str, read: str) -> None:
    assert _read(sentence, before) == [read]


@pytest.mark.parametrize(
    ("sentence", "before"),
    [
        ("It was so moving.", "I heard the choir"),
        ("It keeps me going.", "I joined the choir"),
        ("It is my third one.", "I bought a kayak"),
        ("It is open on Sundays.", "I walked through the arcade"),
        ("It helps a lot.", "My loved ones give advice"),
    ],
)
def test_a_sentence_that_may_point_at_all_that_was_told_is_left_alone(sentence: str, before: str) -> None:
    assert _read(sentence, before) == [sentence]


@pytest.mark.parametrize(
    ("sentence", "before", "read"),
    [
        ("It opens on 3 May.", "My brother runs a kiosk", "the kiosk opens on 3 May."),
        ("It is called Gull.", "I renamed the boat", "the boat is called Gull."),
        ("It is launching in May.", "I wrote an app", "the app is launching in May."),
    ],
)
def test_a_sentence_that_tells_of_a_thing_means_the_one_named_before(sentence: str, before: str, read: str) -> None:
    assert _read(sentence, before) == [read]


def test_what_they_are_to_the_speaker_is_no_deed_of_somebody() -> None:
    assert _read("They are my biggest support", "") == ["They are my biggest support"]
