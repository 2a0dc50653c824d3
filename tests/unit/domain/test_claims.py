from __future__ import annotations

from datetime import UTC, datetime

import pytest

from synap.domain.claims import Claims, Owned, claims_of
from synap.domain.documents import DocumentType
from synap.domain.entities import EntityKind
from synap.domain.memories import MemoryType, Modality, Statement
from synap.domain.privacy import PiiHandling
from synap.ingestion.extract import Source, extract
from synap.ingestion.prepare import prepare

NOW = datetime(2027, 3, 9, 9, 0, tzinfo=UTC)


def claimed(said: str) -> list[Claims]:
    """What is told by the statements that extraction makes of a turn."""
    document = prepare(f"User: {said}", document_type=DocumentType.AI_CHAT, created_at=NOW, pii=PiiHandling.OFF)
    found = extract(document, Source(document_id="d", created_at=NOW))
    return [claims_of(draft.statement) for draft in found.drafts]


def fills(said: str) -> set[tuple[str, str, bool]]:
    return {(one.role.role, one.filler, one.holds) for claims in claimed(said) for one in claims.fills}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("My manager is Dagny.", {("manager", "Dagny", True)}),
        ("My boss is now Ottilie Brandt.", {("manager", "Ottilie Brandt", True)}),
        ("Dagny is my supervisor.", {("manager", "Dagny", True)}),
        ("I report to Ottilie now.", {("manager", "Ottilie", True)}),
        ("My boss Dagny Ruud asked me to redo the budget.", {("manager", "Dagny Ruud", True)}),
        ("Dagny used to be my manager.", {("manager", "Dagny", False)}),
        ("Dagny is no longer my manager.", {("manager", "Dagny", False)}),
        ("My old manager was Dagny.", {("manager", "Dagny", False)}),
        ("Ottilie took over from Dagny as my manager.", {("manager", "Ottilie", True), ("manager", "Dagny", False)}),
        ("I have a new manager, Ottilie.", {("manager", "Ottilie", True)}),
        ("Dagny was promoted, so my manager is now Ottilie.", {("manager", "Ottilie", True)}),
        ("My wife Carmela bakes sourdough.", {("partner", "Carmela", True)}),
        ("My husband's name is Teun.", {("partner", "Teun", True)}),
        ("Our landlord is Mr. Okafor.", {("landlord", "Mr. Okafor", True)}),
        ("My sister Petra lives in Bergen.", {("sister", "Petra", True)}),
        ("My manager's wife is Carmela.", set()),
        ("My manager likes gardening.", set()),
        ("I wish my manager was Dagny.", set()),
    ],
)
def test_who_fills_a_role_and_who_does_no_longer(said: str, expected: set[tuple[str, str, bool]]) -> None:
    assert fills(said) == expected


def test_a_plan_fills_no_role() -> None:
    planned = Statement(
        type=MemoryType.FACT,
        content="The user's manager is Dagny",
        entities=("Dagny",),
        modality=Modality.PLANNED,
    )

    assert claims_of(planned).fills == ()


def test_a_role_without_a_name_is_told_as_well() -> None:
    (claims,) = claimed("My dentist hates jazz.")

    assert claims.roles == (Owned("the user", "dentist"),)


@pytest.mark.parametrize(
    ("said", "name", "kind"),
    [
        ("I work at Quillon.", "Quillon", EntityKind.ORGANISATION),
        ("Orrery Labs makes telescopes.", "Orrery Labs", EntityKind.ORGANISATION),
        ("I moved to Bergen.", "Bergen", EntityKind.PLACE),
        ("Mr. Okafor repairs clocks.", "Mr. Okafor", EntityKind.PERSON),
        ("Teun repairs clocks.", "Teun", EntityKind.PERSON),
        ("Zorba plays the accordion.", "Zorba", EntityKind.PERSON),
        ("We use PostgreSQL for the ledger.", "PostgreSQL", EntityKind.PRODUCT),
        ("I lead project Heron.", "Heron", EntityKind.PROJECT),
        ("My dog Biscuit is seven years old.", "Biscuit", EntityKind.OTHER),
    ],
)
def test_what_a_name_names(said: str, name: str, kind: EntityKind) -> None:
    assert (name, kind) in [(one.name, one.kind) for claims in claimed(said) for one in claims.names]


@pytest.mark.parametrize(
    ("said", "relation"),
    [
        ("Ingrid works at Orrery Labs.", ("Ingrid", "works_at", "Orrery Labs")),
        ("I work at Orrery Labs.", ("the user", "works_at", "Orrery Labs")),
        ("My sister lives in Bergen.", (Owned("the user", "sister"), "lives_in", "Bergen")),
        ("My sister Petra lives in Bergen.", ("Petra", "lives_in", "Bergen")),
    ],
)
def test_what_relates_two_entities(said: str, relation: tuple[str | Owned, str, str]) -> None:
    (claims,) = claimed(said)

    assert relation in [(one.subject, one.name, one.object) for one in claims.relations]


def test_a_text_may_call_two_names_the_same() -> None:
    (claims,) = claimed("My colleague Bob (Robert Hale) plays the cello.")

    assert claims.aliases == (("Bob", "Robert Hale"),)


def test_beside_is_not_the_same() -> None:
    names = ("Ingrid", "Robert")
    said = Statement(type=MemoryType.FACT, content="Ingrid (with Robert) sings", entities=names)

    assert claims_of(said).aliases == ()
