from __future__ import annotations

from synap.ingestion.mentions import Mentions
from synap.ingestion.shapes import analyse


def test_a_relation_fits_its_pronoun_only() -> None:
    mentions = Mentions("the user")

    mentions.note(analyse("My wife Elsa works nights"))

    assert (mentions.meant_by("she"), mentions.meant_by("he")) == ("Elsa", None)


def test_two_candidates_mean_nobody() -> None:
    mentions = Mentions("the user")

    mentions.note(analyse("My sister met my aunt"))

    assert mentions.meant_by("she") is None


def test_a_word_for_a_person_that_only_qualifies_a_noun_is_nobody() -> None:
    mentions = Mentions("the user")

    mentions.note(analyse("My mother tongue is Czech"))

    assert mentions.people == {}


def test_two_persons_named_together_are_both_candidates() -> None:
    mentions = Mentions("the user")

    mentions.note(analyse("I wrote to Nils and Per"))

    assert mentions.meant_by("he") is None


def test_a_named_relation_of_somebody_else_is_a_candidate_too() -> None:
    mentions = Mentions("the user")

    mentions.note(analyse("My friend Lea and her sister Ida came over"))

    assert mentions.meant_by("she") is None


def test_a_crowd_means_nobody_and_costs_nothing() -> None:
    mentions = Mentions("the user")

    for number in range(200):
        mentions.note(analyse(f"I met Per{chr(97 + number % 26)}{chr(97 + number // 26)}"))

    assert len(mentions.people) <= 12
    assert mentions.meant_by("he") is None
