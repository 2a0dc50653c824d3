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
