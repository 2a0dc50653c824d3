from __future__ import annotations

from itertools import permutations

import pytest

from synap.domain.conflicts import NEAR_DUPLICATE, Relation, relation, scope_relation
from synap.domain.memories import MemoryType, Modality, Statement
from synap.domain.slots import slots_of


def _said(text: str, *, type_: MemoryType = MemoryType.FACT, modality: Modality = Modality.ASSERTED) -> Statement:
    return Statement(type=type_, content=text, modality=modality, slots=slots_of(text, subject="the user"))


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        ("Default support hours are 9am-5pm EST", "Acme Corp has 24/7 premium support"),
        ("Support is available 24/7 for every account", "Support hours for Acme Corp are 9am-5pm EST"),
        ("Orders ship within 5 business days.", "Tromso Ltd's orders ship within 24 hours."),
        ("Two-factor login is required for everybody.", "Two-factor login is waived for Halden."),
        ("Meetings are recorded automatically.", "The user does not want meetings to be recorded."),
        ("Business travel is booked in economy.", "The user may fly business class."),
        ("The weekly digest is sent on Mondays.", "I'd like my digest on Fridays."),
        ("Our escalation contact is ops@example.org.", "Halden's escalation contact is Mira Voss."),
        ("Each account has 5 seats.", "Halden has 120 seats."),
        ("All employees wear a badge.", "The user is exempt from wearing a badge."),
        ("Reports are delivered as PDF.", "The user wants reports as Excel files."),
        ("Passwords expire after 90 days.", "Halden's passwords never expire."),
    ],
)
def test_a_narrow_statement_overrides_a_general_one_on_the_same_matter(broad: str, narrow: str) -> None:
    assert scope_relation(_said(narrow), _said(broad)) is Relation.CONFLICT


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        ("Support hours are 9am-5pm.", "The user called support at 4pm."),
        ("The free plan stores 100 documents.", "The enterprise plan stores 10,000 documents."),
        ("The staging server has 4 GB of memory.", "The production server has 64 GB of memory."),
        ("In 2022 the budget was 10,000 euros.", "In 2024 the budget was 30,000 euros."),
        ("The standard theme is dark.", "My brother wants a light theme."),
        ("The default language is English.", "If I moved to Spain I would want answers in Spanish."),
        ("Backups run at 2am.", "The user wakes up at 2am."),
        ("The audit takes place in May.", "The user's birthday is in May."),
        ("Answers should be short.", "Keep answers short and cite sources."),
        ("Travel budget is 1,500 euros.", "The user's kitchen budget is 9,000 euros."),
        ("Meeting room Fjord seats 8 people.", "Meeting room Skagen seats 20 people."),
        ("Hamar's office is in Bergen.", "My sister's office is in Oslo."),
        ("The API times out after 30 seconds.", "The demo takes 45 seconds."),
        ("Letters are written in English.", "The user speaks German."),
        ("The billing database runs PostgreSQL 16.", "The staging database runs PostgreSQL 15."),
        ("The copper motor is 3 meters long.", "The copper axle is 5 meters long."),
        ("No smoking in the office.", "The user smokes."),
        ("The user is a vegetarian.", "The user never eats meat."),
        ("Swimming is not allowed in the lake.", "The user swims in the lake."),
        ("Manager: Ola (Berlin office)", "Manager: Per (Paris office)"),
    ],
)
def test_a_near_miss_overrides_nothing(broad: str, narrow: str) -> None:
    assert scope_relation(_said(narrow), _said(broad)) in {Relation.COMPLEMENT, Relation.UNRELATED}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The user lives in Oslo", "The user moved to Bergen"),
        ("The user uses Trello", "The user switched from Trello to Asana"),
        ("The user is vegan", "The user is no longer vegan"),
        ("The kitchen budget is 5,000", "The kitchen budget was raised to 7,000"),
    ],
)
def test_two_values_of_one_slot_conflict_either_way_round(a: str, b: str) -> None:
    for first, second in permutations((_said(a), _said(b))):
        assert relation(first, second) is Relation.CONFLICT


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The user's sister lives in Oslo", "The user's brother lives in Rome"),
        ("The user lives in Oslo", "The user's sister lives in Bonn"),
        ("The user is allergic to nuts", "The user is allergic to shellfish"),
        ("The Free tier's rate limit is 100", "The Pro tier's rate limit is 1,000"),
        ("The user lives in Oslo", "The user lives in Oslo, Norway"),
        ("The user's son is called Leo", "The user's son is called Max"),
        ("The user prefers to talk in Spanish", "Reports for the user are written in French"),
        ("The user prefers dark mode in Vim", "The user prefers light mode in Slack"),
        ("The user never eats meat", "The user is a vegetarian"),
        ("Parking is free (Berlin)", "Parking is no longer free (Paris)"),
        ("Hours: 9-5 (Site A)", "Hours: 8-4 (Site B)"),
        ("The user's sister is called Ann", "The user's sister is called Anne"),
    ],
)
def test_both_may_be_true_of_different_things_or_of_what_adds_up(a: str, b: str) -> None:
    assert relation(_said(a), _said(b)) in {Relation.COMPLEMENT, Relation.UNRELATED}


def test_events_and_emotions_never_conflict() -> None:
    visit = _said("The user is in Oslo", type_=MemoryType.EPISODE)
    other = _said("The user is in Rome", type_=MemoryType.EPISODE)

    assert relation(visit, other) is not Relation.CONFLICT


@pytest.mark.parametrize("modality", [Modality.PLANNED, Modality.HYPOTHETICAL, Modality.REPORTED])
def test_only_what_is_asserted_conflicts(modality: Modality) -> None:
    plan = _said("The user lives in Porto", modality=modality)

    assert relation(plan, _said("The user lives in Oslo")) is not Relation.CONFLICT


def test_the_same_words_are_the_same_fact() -> None:
    assert relation(_said("The user likes jazz."), _said("the user likes jazz")) is Relation.SAME


def test_close_vectors_alone_make_no_duplicate() -> None:
    low, high = _said("The Wi-Fi channel is 6"), _said("The Wi-Fi channel is 11")

    assert relation(low, high, similarity=0.99) is not Relation.SAME


def test_close_vectors_with_the_same_frame_make_a_duplicate() -> None:
    a, b = _said("The user really enjoys baroque music"), _said("The user loves music of the baroque era")

    assert relation(a, b, similarity=NEAR_DUPLICATE) is Relation.SAME
    assert relation(a, b) is not Relation.SAME


def test_statements_that_settle_different_attributes_are_no_duplicates() -> None:
    assert relation(_said("Dana works at Bergen"), _said("Dana uses Bergen"), similarity=0.99) is not Relation.SAME


def _told(content: str, kind: MemoryType = MemoryType.FACT, subject: str = "the user") -> Statement:
    return Statement(type=kind, content=content, subject=subject)


@pytest.mark.parametrize(
    ("narrow", "broad"),
    [
        ("The user was given a MacBook", "Employees get Windows laptops"),
        ("Somebody gave the user a loan of 60 days", "Loans last 14 days"),
    ],
)
def test_what_the_viewer_was_given_overrides_what_is_given_to_all(narrow: str, broad: str) -> None:
    assert scope_relation(_told(narrow, MemoryType.EPISODE), _told(broad, subject="")) is Relation.CONFLICT


def test_what_happened_to_be_seen_overrides_nothing() -> None:
    seen = _told("The user saw a MacBook", MemoryType.EPISODE)

    assert scope_relation(seen, _told("Employees get Windows laptops", subject="")) is not Relation.CONFLICT


def test_a_name_in_common_is_enough_to_deny() -> None:
    wish = Statement(type=MemoryType.PREFERENCE, content="The user wants prices without VAT", subject="the user")

    assert scope_relation(wish, _told("Prices are given including VAT", subject="")) is Relation.CONFLICT
