from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synap.domain.claims import Claims, Named, claims_of
from synap.domain.entities import Action, EntityKind, Rung
from synap.domain.memories import MemoryType, Statement
from synap.domain.registry import Registered
from synap.domain.resolution import Linking, Links, resolve

PERSON, COMPANY, PRODUCT = EntityKind.PERSON, EntityKind.ORGANISATION, EntityKind.PRODUCT
OTHER = EntityKind.OTHER


class Ledger:
    """A registry that is written to one ingestion after another."""

    def __init__(self, **linking: bool) -> None:
        self.linking = Linking(**linking)  # type: ignore[arg-type]  # flags alone
        self.known: dict[int, Registered] = {}
        self.ids = itertools.count(1)
        self.memories = itertools.count(1000)

    def tell(self, *claims: Claims) -> Links:
        told = {next(self.memories): claim for claim in claims}
        links = resolve(told, list(self.known.values()), self.linking, new_id=lambda: next(self.ids))
        self.known |= links.entities
        return links

    def name(self, name: str, kind: EntityKind = PERSON) -> Links:
        return self.tell(Claims(names=(Named(name, kind),)))

    @property
    def groups(self) -> set[frozenset[str]]:
        """The names of each entity, with those merged into it."""
        found: dict[int, set[str]] = {}
        for row in self.known:
            root = row
            while (above := self.known[root].merged_into) is not None:
                root = above
            found.setdefault(root, set()).update(alias.name for alias in self.known[row].aliases)
        return {frozenset(names) for names in found.values()}


def told(ledger: Ledger, names: Sequence[tuple[str, EntityKind]]) -> set[frozenset[str]]:
    for name, kind in names:
        ledger.name(name, kind)
    return ledger.groups


@pytest.mark.parametrize(
    ("names", "rung"),
    [
        ([("Orrery Labs", COMPANY), ("orrery labs", COMPANY)], None),
        ([("Orrery Labs", COMPANY), ("Orrery Labs GmbH", COMPANY)], Rung.NORMALISED),
        ([("Jürgen Müller", PERSON), ("Juergen Mueller", PERSON)], Rung.NORMALISED),
        ([("Zoë Dvořák", PERSON), ("Zoe Dvorak", PERSON)], Rung.NORMALISED),
        ([("Dr. Amara Obi", PERSON), ("Amara Obi", PERSON)], Rung.NORMALISED),
        ([("Project Heron", EntityKind.PROJECT), ("Heron", EntityKind.PROJECT)], Rung.NORMALISED),
        ([("Kubernetes", PRODUCT), ("K8s", PRODUCT)], Rung.NORMALISED),
        ([("North Sea Ferry Company of Leith", COMPANY), ("NSFCOL", COMPANY)], Rung.ALIAS),
        ([("Robert Hale", PERSON), ("Bob Hale", PERSON)], Rung.ALIAS),
        ([("Ingrid Falk", PERSON), ("Ingrid", PERSON)], Rung.SUBSET),
        ([("Ingrid", PERSON), ("Ingrid Falk", PERSON)], Rung.SUBSET),
        ([("Ingrid Falk", PERSON), ("Mrs. Falk", PERSON)], Rung.SUBSET),
        ([("Quillon", COMPANY), ("Quillon Robotics", COMPANY)], Rung.SUBSET),
        ([("Elasticsearch", PRODUCT), ("Elasticsaerch", PRODUCT)], Rung.FUZZY),
    ],
)
def test_two_names_are_one_and_the_log_says_why(names: list[tuple[str, EntityKind]], rung: Rung | None) -> None:
    ledger = Ledger()
    ledger.name(*names[0])

    links = ledger.name(*names[1])

    assert len(ledger.known) == 1
    assert [(one.action, one.rung) for one in links.log] == ([] if rung is None else [(Action.LINKED, rung)])


@pytest.mark.parametrize(
    "names",
    [
        [("Annelise Berger", PERSON), ("Anneliese Berger", PERSON)],
        [("Alina Ruiz", PERSON), ("Alena Ruiz", PERSON)],
        [("Mr. Falk", PERSON), ("Mrs. Falk", PERSON)],
        [("Bob", PERSON), ("Robert Hale", PERSON)],
        [("Falk", PERSON), ("Ingrid Falk", PERSON)],
        [("Pascal", PERSON), ("Pascal", PRODUCT)],
        [("Wharf", PRODUCT), ("Wharf Actions", PRODUCT)],
        [("Budget Q1 Review", OTHER), ("Budget Q2 Review", OTHER)],
        [("Terminal 1", EntityKind.PLACE), ("Terminal 2", EntityKind.PLACE)],
        [("Javelin", PRODUCT), ("JavelinScript", PRODUCT)],
        [("Pergamon", OTHER), ("Pergamum", OTHER)],
        [("Lugano", EntityKind.PLACE), ("Lugano Bianchi", PERSON)],
    ],
)
def test_names_that_are_only_alike_stay_apart(names: list[tuple[str, EntityKind]]) -> None:
    ledger = Ledger()

    told(ledger, names)

    assert len(ledger.known) == 2


def test_where_two_are_possible_it_is_neither() -> None:
    ledger = Ledger()
    told(ledger, [("Ingrid Falk", PERSON), ("Ingrid Moe", PERSON)])

    links = ledger.name("Ingrid")

    (choice,) = links.log
    assert (choice.action, choice.confidence, set(choice.others)) == (Action.AMBIGUOUS, 0.0, {1, 2})
    assert len(ledger.known) == 3
    assert not ledger.name("Ingrid").log
    assert len(ledger.known) == 3


def test_the_one_in_the_same_document_is_meant() -> None:
    ledger = Ledger()
    told(ledger, [("Ingrid Falk", PERSON), ("Ingrid Moe", PERSON)])

    ledger.tell(Claims(names=(Named("Ingrid", PERSON),)), Claims(names=(Named("Ingrid Moe", PERSON),)))

    assert ledger.groups == {frozenset({"Ingrid Falk"}), frozenset({"Ingrid Moe", "Ingrid"})}


def test_a_short_name_is_no_longer_clear_once_a_second_could_be_meant() -> None:
    ledger = Ledger()
    told(ledger, [("Ingrid", PERSON), ("Ingrid Falk", PERSON), ("Ingrid Moe", PERSON)])

    links = ledger.name("Ingrid")

    assert [one.action for one in links.log] == [Action.AMBIGUOUS]


def test_names_that_a_text_calls_the_same_are_merged() -> None:
    ledger = Ledger()
    told(ledger, [("Robert Hale", PERSON), ("Bob", PERSON)])
    both = (Named("Bob", PERSON), Named("Robert Hale", PERSON))

    links = ledger.tell(Claims(names=both, aliases=(("Bob", "Robert Hale"),)))

    assert ledger.groups == {frozenset({"Robert Hale", "Bob"})}
    assert links.merged == [(2, 1)]
    assert [(one.action, one.rung) for one in links.log] == [(Action.MERGED, Rung.DECLARED)]


def test_without_comparing_only_equal_names_meet() -> None:
    ledger = Ledger(deep=False)

    groups = told(ledger, [("Ingrid Falk", PERSON), ("Ingrid", PERSON), ("ingrid falk", PERSON)])

    assert groups == {frozenset({"Ingrid Falk"}), frozenset({"Ingrid"})}


def test_a_kind_that_was_not_known_is_learnt() -> None:
    ledger = Ledger()
    told(ledger, [("Quillon", OTHER), ("Quillon", COMPANY), ("Quillon", OTHER)])

    assert [one.kind for one in ledger.known.values()] == [COMPANY]


def test_outside_a_users_scope_my_names_nobody() -> None:
    said = Statement(type=MemoryType.FACT, content="The user's manager is Dagny", entities=("Dagny",))
    ledger, own = Ledger(), Ledger(owned=True)

    links = ledger.tell(claims_of(said))
    mine = own.tell(claims_of(said))

    assert not links.relations
    assert {one.name for one in ledger.known.values()} == {"Dagny"}
    assert len(mine.relations) == 1
    assert {one.name for one in own.known.values()} == {"Dagny", "the user's manager"}


NAMES = st.lists(
    st.sampled_from(
        [
            *(("Ingrid Falk", PERSON), ("Ingrid", PERSON), ("INGRID FALK", PERSON), ("Orrery Labs", COMPANY)),
            *(("Orrery Labs Inc.", COMPANY), ("Orrery", COMPANY), ("Kubernetes", PRODUCT), ("k8s", PRODUCT)),
        ]
    ),
    min_size=1,
)


@given(NAMES, st.randoms(use_true_random=False))
def test_the_order_of_the_documents_plays_no_part(names: list[tuple[str, EntityKind]], chance: object) -> None:
    shuffled = list(names)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random

    one = {frozenset(map(str.casefold, group)) for group in told(Ledger(), names)}
    other = {frozenset(map(str.casefold, group)) for group in told(Ledger(), shuffled)}

    assert one == other
