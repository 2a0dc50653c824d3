from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from synap.domain.contexts import Query, Recall, Search
from synap.domain.entities import EntityKind, Filling
from synap.domain.names import normal_name
from synap.domain.scopes import Scope
from synap.domain.terms import term_hashes
from synap.engine.lexicons import KEPT_SECONDS, Lexicons, answer
from synap.retrieval.plan import plan_queries
from synap.store.entities import KnownName, NamesKnown

NOW = datetime(2027, 5, 3, tzinfo=UTC)
MIA = Scope(rung="user", space="inst_1", ids=(("user", "mia"),))
ZOE = Scope(rung="user", space="inst_1", ids=(("user", "zoe"),))


def named(entity: int, *names: str, kind: EntityKind = EntityKind.PERSON) -> tuple[KnownName, ...]:
    return tuple(
        KnownName(entity=entity, kind=kind, canonical=names[0], normal=normal_name(name), name=name) for name in names
    )


class Shelf:
    """A store whose scopes have a version and names; counts what it is asked."""

    def __init__(self, known: Mapping[Scope, NamesKnown]) -> None:
        self.known = dict(known)
        self.read: list[Scope] = []
        self.searches: list[Search] = []
        self.recorded = 0

    async def names_known(self, chain: Sequence[Scope]) -> dict[Scope, NamesKnown]:
        self.read += chain
        return {scope: self.known.get(scope, NamesKnown()) for scope in chain}

    async def answer(self, search: Search, make: Callable[[Recall], Any], *, slot: Any) -> Any:
        assert slot == "emb"
        self.searches.append(search)
        versions = {scope.id: known.version for scope, known in self.known.items() if known.version is not None}
        learnt = {scope.id: versions[scope.id] for scope in search.chain if scope.id in versions}
        return make(
            Recall(versions={scope: version + self.recorded for scope, version in learnt.items()}, learnt=learnt)
        )


def shelf(*names: KnownName, fillings: Mapping[int, tuple[Filling, ...]] | None = None) -> Shelf:
    return Shelf({MIA: NamesKnown(version=1, names=names, fillings=fillings or {})})


async def asked(store: Shelf, text: str, lexicons: Lexicons | None = None, scope: Scope = MIA) -> Query:
    """Return the question as it is searched for in the end."""
    search = Search(chain=(scope,), queries=plan_queries([text]), now=NOW)
    found: Any = store
    return await answer(found, found, lexicons or Lexicons(), search, lambda _, wider: wider.queries[0], slot="emb")


async def test_a_name_brings_the_other_names_of_the_same() -> None:
    store = shelf(*named(1, "Robert Hale", "Bob"), *named(2, "Ingrid Falk", "Ingrid"))

    query = await asked(store, "What did Bob bake?")

    assert set(query.names) == {"bob", "robert", "hale"}
    assert set(term_hashes("robert hale")) <= set(query.terms)


async def test_a_longer_form_of_the_same_name_is_looked_for_by_name_alone() -> None:
    query = await asked(shelf(*named(2, "Ingrid Falk", "Ingrid")), "What does Ingrid teach?")

    assert set(query.names) == {"ingrid", "falk"}
    assert query.terms == plan_queries(["What does Ingrid teach?"])[0].terms


async def test_a_role_means_who_fills_it_now_and_they_mean_the_role() -> None:
    role = named(9, "the user's manager", kind=EntityKind.ROLE)
    people = (*named(1, "Dagny"), *named(2, "Ottilie"))
    fillings = (Filling(filler=1, said=datetime(2027, 1, 1, tzinfo=UTC)),)
    later = (*fillings, Filling(filler=2, said=datetime(2027, 4, 1, tzinfo=UTC)))
    store = shelf(*role, *people, fillings={9: later})

    assert set((await asked(store, "What does my boss like?")).names) >= {"ottilie"}
    assert "dagny" not in (await asked(store, "What does my boss like?")).names
    assert set((await asked(store, "What does Ottilie like?")).names) == {"ottilie", "manager"}
    assert set((await asked(store, "What does Dagny like?")).names) == {"dagny"}


async def test_nothing_is_asked_beside_the_search_while_nothing_changes() -> None:
    store, lexicons = shelf(*named(1, "Robert Hale", "Bob")), Lexicons()

    for text in ("What did Bob bake?", "What did Ingrid bake?", "where is the kiln"):
        await asked(store, text, lexicons)

    assert store.read == [MIA]
    assert len(store.searches) == 3


async def test_a_question_without_a_name_asks_for_none() -> None:
    store = shelf(*named(1, "Robert Hale", "Bob"))

    await asked(store, "What is it?")

    assert store.read == []


async def test_what_a_scope_has_learnt_since_is_read_and_the_search_repeated_only_if_it_matters() -> None:
    store, lexicons = shelf(*named(1, "Robert Hale", "Bob")), Lexicons()
    await asked(store, "What did Bob bake?", lexicons)

    store.known[MIA] = NamesKnown(version=2, names=(*named(1, "Robert Hale", "Bob"), *named(2, "Teun Baas", "Tee")))
    other = await asked(store, "What did Bob bake?", lexicons)
    store.known[MIA] = NamesKnown(version=3, names=named(1, "Robert Hale", "Bob", "Rob Hale Baker"))
    more = await asked(store, "What did Bob bake?", lexicons)

    assert "baas" not in other.names
    assert "baker" in more.names
    assert store.read == [MIA] * 3
    assert len(store.searches) == 4


async def test_what_is_only_recorded_changes_no_names() -> None:
    store, lexicons = shelf(*named(1, "Robert Hale", "Bob")), Lexicons()
    await asked(store, "What did Bob bake?", lexicons)

    store.recorded = 3
    await asked(store, "What did Bob bake?", lexicons)

    assert store.read == [MIA]
    assert len(store.searches) == 2


async def test_names_that_are_dropped_are_read_before_the_search() -> None:
    store, lexicons = shelf(*named(1, "Robert Hale", "Bob")), Lexicons()
    await asked(store, "What did Bob bake?", lexicons)

    store.known[MIA] = NamesKnown(version=2, names=named(1, "Robert Hale", "Bob", "Rob Hale Baker"))
    lexicons.forget(MIA)
    query = await asked(store, "What did Bob bake?", lexicons)

    assert "baker" in query.names
    assert len(store.searches) == 2


async def test_a_scope_that_nobody_wrote_knows_nothing() -> None:
    store, lexicons = shelf(*named(1, "Robert Hale", "Bob")), Lexicons()
    await asked(store, "What did Bob bake?", lexicons)

    query = await asked(store, "What did Bob bake?", lexicons, ZOE)

    assert query.names == ("bob",)
    assert len(store.searches) == 2


async def test_names_are_kept_for_a_while() -> None:
    moment = [0.0]
    store, lexicons = shelf(*named(1, "Robert Hale", "Bob")), Lexicons(lambda: moment[0])
    await asked(store, "What did Bob bake?", lexicons)
    moment[0] = KEPT_SECONDS + 1

    await asked(store, "What did Bob bake?", lexicons)

    assert store.read == [MIA, MIA]
