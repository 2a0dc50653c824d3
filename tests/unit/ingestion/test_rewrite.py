from __future__ import annotations

import pytest

from synap.ingestion.contractions import expand
from synap.ingestion.rewrite import Voice, dangling, rewrite
from synap.ingestion.shapes import analyse


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("I teach maths at a college", "Iris teaches maths at a college"),
        ("I'm allergic to bees", "Iris is allergic to bees"),
        ("I haven't finished my thesis", "Iris has not finished their thesis"),
        ("my brother Jan fixes clocks", "Iris's brother Jan fixes clocks"),
        ("My boss gave me a raise when I asked", "Iris's boss gave Iris a raise when Iris asked"),
        ("When I was small I stuttered", "When Iris was small they stuttered"),
        ("we sail and fish on Sundays", "Iris and others sail and fish on Sundays"),
        ("I sing and dance at weddings", "Iris sings and dances at weddings"),
        ("my son and I built a shed", "Iris and their son built a shed"),
        ("the bank refused our loan", "The bank refused Iris's loan"),
        ("I quit my job", "Iris quit their job"),
    ],
)
def test_a_clause_becomes_third_person(text: str, written: str) -> None:
    assert rewrite(analyse(expand(text)), Voice(name="Iris")) == written


def test_a_nameless_speaker_is_the_user() -> None:
    assert rewrite(analyse("I keep bees"), Voice()) == "The user keeps bees"
    assert rewrite(analyse("the cat scratched me"), Voice()) == "The cat scratched the user"


@pytest.mark.parametrize("text", ["I gave her a lamp", "he drove home slowly", "I told you the plan"])
def test_what_cannot_be_resolved_is_not_guessed(text: str) -> None:
    assert rewrite(analyse(text), Voice(name="Iris")) is None


def test_a_known_person_takes_the_pronouns_place() -> None:
    voice = Voice(name="Iris", she="Wanda")

    assert rewrite(analyse("she collects stamps"), voice) == "Wanda collects stamps"
    assert rewrite(analyse("I met her brother at noon"), voice) == "Iris met Wanda's brother at noon"


def test_the_listener_is_named_where_known() -> None:
    assert rewrite(analyse("I owe you a coffee"), Voice(name="Iris", addressee="Bo")) == "Iris owes Bo a coffee"


def test_a_pronoun_with_an_antecedent_does_not_dangle() -> None:
    assert not dangling("Omar said he hates noise")
    assert dangling("Then it broke")


def test_the_verb_after_the_listener_agrees_with_the_name() -> None:
    clause = analyse("I think you are right about my boat")

    assert rewrite(clause, Voice(name="Ines", addressee="Otto")) == "Ines thinks Otto is right about their boat"
