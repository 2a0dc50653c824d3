from __future__ import annotations

import pytest

from synap.ingestion.clauses import split


@pytest.mark.parametrize(
    ("sentence", "clauses"),
    [
        ("I'm lactose intolerant and based in Quito", ["I am lactose intolerant", "I am based in Quito"]),
        ("I own a kayak and paddle every weekend", ["I own a kayak", "I paddle every weekend"]),
        ("My aunt teaches chemistry, and she plays chess", ["My aunt teaches chemistry", "she plays chess"]),
        ("We painted the fence and fixed the gate", ["We painted the fence", "We fixed the gate"]),
        ("Ravi runs a bakery and lives upstairs", ["Ravi runs a bakery", "Ravi lives upstairs"]),
        ("I sing, and on Friday I conduct a choir", ["I sing", "on Friday I conduct a choir"]),
        ("I'm not bored, just sleepy about it", ["I am not bored", "I am just sleepy about it"]),
    ],
)
def test_a_sentence_with_two_statements_is_cut_and_the_subject_carried(sentence: str, clauses: list[str]) -> None:
    assert [clause.text for clause in split(sentence)] == clauses


@pytest.mark.parametrize(
    "sentence",
    [
        "I like soup, bread and cheese",
        "I want to paint the hall and tile the kitchen",
        "When I was ten, I fell off a horse",
        "My uncle and his kids own a vineyard",
        "I ate with Lena and Lukas at the old harbour bar on Friday",
        "I teach Rust and Go at a school",
        "We saw Porto, Braga and Faro last May",
    ],
)
def test_lists_and_lead_ins_stay_whole(sentence: str) -> None:
    assert len(split(sentence)) == 1


def test_spans_point_at_the_clauses_own_words() -> None:
    sentence = "I own a kayak and I hate golf"

    assert [sentence[c.start : c.end] for c in split(sentence)] == ["I own a kayak", "I hate golf"]
