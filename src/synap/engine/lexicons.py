"""What a question means by other names: its own are joined by the other names of whom it names, and by who fills a role.

The names that a scope knows are kept in the process with the version at which they were read. Every search tells the
versions as they are, and since which of them no memory was touched; where one was meanwhile, the scope's names are read
again, and if they say more, the search is made again. So a question costs no exchange beside the search as long as nothing
is learnt, whatever is recorded.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from synap.domain.contexts import Query, Recall, Search
from synap.domain.entities import SELF, EntityKind, fillers_at, terms_of
from synap.domain.names import name_of
from synap.domain.roles import SHARED, role_name, role_of, roles_asked_about
from synap.domain.scopes import Scope
from synap.domain.terms import term_hashes
from synap.domain.words import STOP_WORDS
from synap.store.entities import Entities, NamesKnown
from synap.store.search import Searches
from synap.store.statements import Slot

Made = TypeVar("Made")

MOST_SCOPES = 512
"""Scopes whose names a process keeps."""

KEPT_SECONDS = 900.0
MOST_ADDED = 12
"""Words that join a question at most."""

MOST_FILLERS = 2
"""A role that more fill at a time says of nobody in particular who is meant."""


@dataclass(frozen=True, slots=True)
class _Kept:
    known: NamesKnown
    until: float


class Lexicons:
    """The names that scopes know, as last read; the longest unused go first."""

    def __init__(self, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._kept: OrderedDict[Scope, _Kept] = OrderedDict()

    def get(self, scope: Scope) -> NamesKnown | None:
        """Return what a scope knew when it was last read, or None."""
        kept = self._kept.get(scope)
        if kept is None or kept.until < self._tick():
            self._kept.pop(scope, None)
            return None
        self._kept.move_to_end(scope)
        return kept.known

    def forget(self, scope: Scope) -> None:
        """Drop what a scope knew, once it has learnt more: whoever comes next reads it before a search, and not after it."""
        self._kept.pop(scope, None)

    def put(self, known: Mapping[Scope, NamesKnown]) -> None:
        """Keep what scopes know."""
        for scope, names in known.items():
            self._kept[scope] = _Kept(names, self._tick() + KEPT_SECONDS)
            self._kept.move_to_end(scope)
        while len(self._kept) > MOST_SCOPES:
            self._kept.popitem(last=False)


async def answer(
    searches: Searches,
    entities: Entities | None,
    lexicons: Lexicons,
    search: Search,
    make: Callable[[Recall, Search], Made],
    *,
    slot: Slot,
) -> Made:
    """Return what `make` makes of what a search finds, and of the search with the names that its questions came to.

    It is a pure function, called once for each time that the search has to be made, and its last result counts. Without
    `entities`, names mean themselves alone.
    """

    async def sought(wanted: Search) -> tuple[Recall, Made]:
        return await searches.answer(wanted, lambda recall: (recall, make(recall, wanted)), slot=slot)

    if entities is None or not any(query.names or roles_asked_about(query.text) for query in search.queries):
        return (await sought(search))[1]
    wider = _widened(search, await _known(entities, lexicons, search.chain))
    found, made = await sought(wider)
    changed = [scope for scope in search.chain if not _as_new(lexicons.get(scope), found, scope)]
    if changed:
        lexicons.put(await entities.names_known(changed))
        again = _widened(search, await _known(entities, lexicons, search.chain))
        if again.queries != wider.queries:
            return (await sought(again))[1]
    return made


async def prepare(entities: Entities, lexicons: Lexicons, chain: Sequence[Scope]) -> None:
    """Read the names that a search of a chain will need and that are not kept: for whoever can do so beside something else."""
    await _known(entities, lexicons, chain)


def _as_new(known: NamesKnown | None, found: Recall, scope: Scope) -> bool:
    """Whether what is known is as new as what was found: read since memories of the scope were last touched."""
    if known is None:
        return False
    version = found.versions.get(scope.id)
    if version is None or known.version is None:
        return known.version == version
    return found.learnt.get(scope.id, version) <= known.version <= version


async def _known(entities: Entities, lexicons: Lexicons, chain: Sequence[Scope]) -> list[NamesKnown]:
    missing = [scope for scope in chain if lexicons.get(scope) is None]
    fresh = await entities.names_known(missing) if missing else {}
    lexicons.put(fresh)
    return [fresh.get(scope) or lexicons.get(scope) or NamesKnown() for scope in chain]


def _widened(search: Search, known: Sequence[NamesKnown]) -> Search:
    queries = tuple(_with_names(query, known, search.now) for query in search.queries)
    return replace(search, queries=queries)


def _with_names(query: Query, known: Iterable[NamesKnown], now: datetime) -> Query:
    """Return a question with the other names of whom it names, as far as it has none of their words yet."""
    words = frozenset(name_of(query.text).tokens) - STOP_WORDS
    roles = [role_name(SELF, role) for role in roles_asked_about(query.text)]
    names: dict[str, None] = {}
    terms: dict[str, None] = {}
    for scope in known:
        for tokens, apart in _other_names(scope, words, roles, now):
            names |= dict.fromkeys(tokens)
            terms |= dict.fromkeys(tokens if apart else ())
    added = [word for word in names if word not in query.names][:MOST_ADDED]
    hashes = term_hashes(" ".join(word for word in terms if word in added and word not in words))
    if not added and not hashes:
        return query
    joined = tuple(dict.fromkeys((*query.terms, *hashes)))
    return replace(query, names=(*query.names, *added), terms=joined)


def _other_names(
    known: NamesKnown, words: frozenset[str], roles: Sequence[str], now: datetime
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the words of other names of whom a question means, and whether no word of them was asked with.

    Whoever fills a role now is meant by it, and the role by them.
    """
    groups: dict[int, list[tuple[str, ...]]] = {}
    asked: set[int] = set()
    for one in known.names:
        tokens = tuple(word for word in name_of(one.name).tokens if word not in STOP_WORDS)
        if one.kind is EntityKind.ROLE:
            asked |= {one.entity} if one.normal in roles else set()
        elif tokens and one.canonical != SELF:
            groups.setdefault(one.entity, []).append(tokens)
            asked |= {one.entity} if words.issuperset(tokens) else set()
    role_names = {one.entity: one.canonical for one in known.names if one.kind is EntityKind.ROLE}
    for role, fillings in known.fillings.items():
        name = role_names.get(role, "")
        fillers = fillers_at(terms_of(fillings, several=role_of(name) in SHARED), now)
        if role in asked and len(fillers) <= MOST_FILLERS:
            for filler in fillers:
                yield from ((tokens, True) for tokens in groups.get(filler, ()))
        if name.startswith(SELF) and fillers & asked:
            yield tuple(name_of(role_of(name)).tokens), True
    for entity in sorted(asked & groups.keys()):
        for tokens in groups[entity]:
            yield tokens, words.isdisjoint(tokens)
