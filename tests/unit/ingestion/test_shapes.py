from __future__ import annotations

import pytest

from synap.ingestion.contractions import expand
from synap.ingestion.shapes import SubjectKind, analyse
from synap.ingestion.tenses import Tense


@pytest.mark.parametrize(
    ("text", "kind", "subject", "base", "tense"),
    [
        ("I've just baked bread", SubjectKind.SPEAKER, "I", "bake", Tense.PAST),
        ("Last night my cousin Ola called me", SubjectKind.OWN, "my cousin Ola", "call", Tense.PAST),
        ("The backup job writes to tape", SubjectKind.THING, "The backup job", "write", Tense.PRESENT),
        ("All invoices are overdue", SubjectKind.THING, "All invoices", "be", Tense.PRESENT),
        ("We're going to rent a van", SubjectKind.GROUP, "We", "go", Tense.FUTURE),
        ("My wife and I adopted twins", SubjectKind.GROUP, "My wife and I", "adopt", Tense.PAST),
        ("That was lovely", SubjectKind.DUMMY, "That", "be", Tense.PAST),
        ("You look tired", SubjectKind.ADDRESSEE, "You", "look", Tense.PRESENT),
        ("Petra no longer eats rye", SubjectKind.NAMED, "Petra", "eat", Tense.PRESENT),
        ("The ferry hardly ever sails on time", SubjectKind.THING, "The ferry", "sail", Tense.PRESENT),
        ("My family rents a barn", SubjectKind.OWN, "My family", "rent", Tense.PRESENT),
        ("When I was six, my dog died", SubjectKind.OWN, "my dog", "die", Tense.PAST),
    ],
)
def test_subject_verb_and_tense_are_found(text: str, kind: SubjectKind, subject: str, base: str, tense: Tense) -> None:
    shape = analyse(expand(text))

    assert (shape.kind, shape.subject_text, shape.base, shape.tense) == (kind, subject, base, tense)


@pytest.mark.parametrize("text", ["I don't smoke", "I have never smoked", "She isn't here", "We can't swim"])
def test_negation_is_seen(text: str) -> None:
    assert analyse(expand(text)).negated


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("i'm late, i won't come", "I am late, I will not come"),
        ("he's been ill", "he has been ill"),
        ("I'd never seen it", "I had never seen it"),
        ("I'd rather walk", "I would rather walk"),
        ("Mo's moving to Bath", "Mo is moving to Bath"),
        ("Mo's bike", "Mo's bike"),
        ("I've got a cold", "I have a cold"),
    ],
)
def test_contractions_are_written_out(text: str, expanded: str) -> None:
    assert expand(text) == expanded
