"""Resolution: which entity of a scope a name means.

Identity comes first, then equal names, then declared ones and abbreviations, then parts of names, then slips of the pen;
where two are possible it is neither, and the log says so.

Persons are never taken for one because their names are alike. A registry is one scope's: nothing of another is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from synap.domain.claims import Claims, Named, Owned
from synap.domain.entities import FILLED_BY, SELF, Action, Alias, EntityKind, Rung
from synap.domain.names import Name, abbreviates, alike, name_of, normal_name, part_of, same
from synap.domain.registry import Registered, Registry
from synap.domain.roles import role_name

CONFIDENCE = {
    Rung.IDENTITY: 1.0,
    Rung.EXACT: 1.0,
    Rung.NORMALISED: 0.95,
    Rung.ALIAS: 0.9,
    Rung.DECLARED: 0.95,
    Rung.SUBSET: 0.8,
    Rung.FUZZY: 0.7,
    Rung.NEW: 1.0,
    Rung.HAND: 1.0,
}
"""How sure a link is, by why it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A line for the log, by rows."""

    entity: int
    action: Action
    rung: Rung
    name: str
    memory: int
    others: tuple[int, ...] = ()

    @property
    def confidence(self) -> float:
        """How sure it is, 0..1."""
        return 0.0 if self.action is Action.AMBIGUOUS else CONFIDENCE[self.rung]


@dataclass(slots=True, kw_only=True)
class Links:
    """What the memories of one ingestion add to a registry.

    Attributes:
        entities: All that were touched, by row, as they are now.
        fresh: Rows of the new ones.
        aliases: New names: entity, normal form, name, why.
        mentions: The normal forms under which a memory mentions an entity, by (entity, memory).
        relations: (subject, name, object, memory) and whether it holds.
        merged: (entity, the one it was merged into), by a name that the text itself calls the same.
        log: What was decided.
    """

    entities: dict[int, Registered] = field(default_factory=dict)
    fresh: list[int] = field(default_factory=list)
    aliases: list[tuple[int, Alias]] = field(default_factory=list)
    mentions: dict[tuple[int, int], dict[str, None]] = field(default_factory=dict)
    relations: dict[tuple[int, str, int, int], bool] = field(default_factory=dict)
    merged: list[tuple[int, int]] = field(default_factory=list)
    log: list[Choice] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """How the memories of an ingestion are linked.

    Attributes:
        deep: Whether names are compared at all; else only equal ones meet, and there are no roles and relationships.
        owned: Whether the scope is a user's, whose roles and relationships are kept.
        own_names: Display names of that user.
    """

    deep: bool = True
    owned: bool = False
    own_names: tuple[str, ...] = ()


def names_looked_up(claims: Iterable[Claims], linking: Linking) -> tuple[Name, ...]:
    """Return all names whose entities the registry must be asked for, each once."""
    found: dict[str, None] = dict.fromkeys(linking.own_names if linking.deep else ())
    for claim in claims:
        found |= dict.fromkeys(named.name for named in claim.names)
        if linking.deep:
            found |= dict.fromkeys(owned.owner for owned in claim.roles)
            found |= dict.fromkeys(role_name(owned.owner, owned.role) for owned in claim.roles)
            found |= dict.fromkeys(role_name(SELF, owned.role) for owned in claim.roles)
            found |= dict.fromkeys(_subjects(claim))
    return tuple(name_of(name) for name in (SELF, *found))


def _subjects(claims: Claims) -> Iterator[str]:
    for related in claims.relations:
        yield (
            role_name(related.subject.owner, related.subject.role)
            if isinstance(related.subject, Owned)
            else related.subject
        )


def resolve(
    claims: Mapping[int, Claims],
    registry: Iterable[Registered],
    linking: Linking,
    *,
    new_id: Callable[[], int],
) -> Links:
    """Return what the claims of new memories, by row, add to a scope's registry.

    Long names come before short ones and the order of the memories plays no part, so that the same memories give the
    same entities whatever their order.
    """
    run = _Resolving(Registry(registry), linking, new_id)
    told = sorted(
        ((named, memory) for memory, claim in claims.items() for named in claim.names),
        key=lambda one: (-len(name_of(one[0].name).tokens), normal_name(one[0].name), one[1]),
    )
    run.kinds = _kinds(named for named, _ in told)
    if linking.deep:
        for own in (*linking.own_names, *chain.from_iterable(claim.own_names for claim in claims.values())):
            run.owns.add(name_of(own).normal)
    for named, memory in told:
        run.mention(named, memory)
    if linking.deep:
        for memory, claim in claims.items():
            run.declare(claim, memory)
        for memory, claim in claims.items():
            run.relate(claim, memory)
    return run.links


def _kinds(named: Iterable[Named]) -> dict[str, EntityKind]:
    """Return what each name is, as far as any of its mentions tells."""
    kinds: dict[str, EntityKind] = {}
    for one in named:
        normal = normal_name(one.name)
        if kinds.get(normal, EntityKind.OTHER) is EntityKind.OTHER:
            kinds[normal] = one.kind
    return kinds


@dataclass(frozen=True, slots=True)
class _Verdict:
    entity: int | None
    rung: Rung = Rung.NEW
    others: tuple[int, ...] = ()


class _Resolving:
    """One ingestion's names on their way into a registry."""

    def __init__(self, known: Registry, linking: Linking, new_id: Callable[[], int]) -> None:
        self.links = Links()
        self.kinds: dict[str, EntityKind] = {}
        self.owns: set[str] = set()
        self._known = known
        self._linking = linking
        self._new_id = new_id
        self._here: set[int] = set()
        self._settled: dict[str, int] = {}

    def mention(self, named: Named, memory: int) -> int:
        """Link a name to its entity, a new one if need be; return the entity."""
        name = name_of(named.name)
        entity = self._settled.get(name.normal)
        if entity is None:
            entity = self._settled[name.normal] = self._linked(name, self.kinds.get(name.normal, named.kind), memory)
            self._here.add(self._known.root(entity))
        self.links.mentions.setdefault((entity, memory), {}).setdefault(name.normal)
        return entity

    def _linked(self, name: Name, kind: EntityKind, memory: int) -> int:
        verdict = self._verdict(name, kind)
        if verdict.entity is None:
            return self._register(name, kind, memory, verdict.others)
        self._learn(verdict.entity, name, kind, verdict.rung, memory)
        return verdict.entity

    def declare(self, claims: Claims, memory: int) -> None:
        """Take names that a memory itself calls the same for one; two known entities are merged, which can be undone."""
        for one, other in claims.aliases:
            mine, theirs = self._called(one), self._called(other)
            if mine is None or theirs is None:
                continue
            mine, theirs = self._known.root(mine), self._known.root(theirs)
            if mine == theirs or not _compatible(self._known[mine].kind, self._known[theirs].kind):
                continue
            shorter, longer = sorted((mine, theirs), key=lambda row: (len(name_of(self._known[row].name).tokens), -row))
            self._known.merge(shorter, longer)
            self.links.entities[shorter] = self._known[shorter]
            self.links.merged.append((shorter, longer))
            merged = Choice(
                entity=shorter, action=Action.MERGED, rung=Rung.DECLARED, name=other, memory=memory, others=(longer,)
            )
            self._log(merged)

    def relate(self, claims: Claims, memory: int) -> None:
        """Enter the roles that a memory speaks of, who fills them, and what else relates its entities."""
        if not self._linking.owned:
            claims = replace(
                claims,
                roles=tuple(owned for owned in claims.roles if owned.owner != SELF),
                fills=tuple(fill for fill in claims.fills if fill.role.owner != SELF),
                relations=tuple(
                    one for one in claims.relations if one.subject != SELF and not isinstance(one.subject, Owned)
                ),
            )
        for owned in claims.roles:
            self._role(owned, memory)
        for fill in claims.fills:
            filler = self._called(fill.filler)
            if filler is not None:
                key = (self._role(fill.role, memory), FILLED_BY, filler, memory)
                self.links.relations[key] = fill.holds
        for related in claims.relations:
            target = self._called(related.object)
            subject = (
                self._role(related.subject, memory)
                if isinstance(related.subject, Owned)
                else self._subject(related.subject, memory)
            )
            if subject is not None and target is not None and subject != target:
                self.links.relations[subject, related.name, target, memory] = related.holds

    def _subject(self, name: str, memory: int) -> int | None:
        return self._myself(memory) if name == SELF or self._own(name) else self._called(name)

    def _own(self, name: str) -> bool:
        return self._linking.owned and name_of(name).normal in self.owns

    def _myself(self, memory: int) -> int:
        """Return the entity of the scope's user, with a mention in the memory."""
        return self._by_normal(SELF, EntityKind.PERSON, memory)

    def _role(self, owned: Owned, memory: int) -> int:
        who = self._called(owned.owner)
        own = owned.owner == SELF or self._own(owned.owner) or (who is not None and self._known[who].name == SELF)
        owner = SELF if own else owned.owner
        return self._by_normal(role_name(owner, owned.role), EntityKind.ROLE, memory)

    def _by_normal(self, text: str, kind: EntityKind, memory: int) -> int:
        name = name_of(text)
        found = self._called(text)
        entity = self._register(name, kind, memory, ()) if found is None else found
        self.links.entities.setdefault(entity, self._known[entity])
        self.links.mentions.setdefault((entity, memory), {}).setdefault(name.normal)
        return entity

    def _called(self, text: str) -> int | None:
        """Return the entity that has exactly this name by now: the one mentioned here, if there are several."""
        return min(
            self._known.called(text), key=lambda row: (self._known.root(row) not in self._here, row), default=None
        )

    def _verdict(self, name: Name, kind: EntityKind) -> _Verdict:
        if not self._linking.deep:
            return _Verdict(self._called(name.text), Rung.EXACT)
        if self._own(name.text):
            myself = self._called(SELF)
            return _Verdict(self._register_self() if myself is None else myself, Rung.IDENTITY)
        fitting = [(row, alias) for row, alias in self._known.near(name) if _compatible(self._known.kind(row), kind)]
        for attempt in (self._equal, self._abbreviated, self._partial, self._slip):
            verdict = attempt(name, kind, fitting)
            if verdict is not None:
                return verdict
        return _Verdict(None)

    def _register_self(self) -> int:
        row = self._new_id()
        name = name_of(SELF)
        alias = Alias(name=SELF, normal=name.normal, rung=Rung.NEW)
        self._enter(Registered(id=row, kind=EntityKind.PERSON, name=SELF, aliases=(alias,)))
        return row

    def _equal(self, name: Name, kind: EntityKind, fitting: Sequence[tuple[int, Alias]]) -> _Verdict | None:
        """Take a name for the same name; one that is only part of what its entity is called may be another's as well."""
        exact = [(row, alias) for row, alias in fitting if alias.normal == name.normal]
        exact = [one for one in exact if self._known.kind(one[0]) is kind] or exact
        whole = [one for one in exact if not self._known[one[0]].shortens(name)]
        if whole:
            declared = all(alias.rung is Rung.DECLARED for _, alias in whole)
            return self._one_of([row for row, _ in whole], Rung.ALIAS if declared else Rung.EXACT)
        if exact:
            return self._one_of([*(row for row, _ in exact), *self._wholes(name, kind, fitting)], Rung.SUBSET)
        equal = [row for row, alias in fitting if alias.rung is not Rung.FUZZY and same(name, name_of(alias.name))]
        return self._one_of(equal, Rung.NORMALISED) if equal else None

    def _abbreviated(self, name: Name, kind: EntityKind, fitting: Sequence[tuple[int, Alias]]) -> _Verdict | None:
        found = [
            row
            for row, alias in fitting
            if abbreviates(name, name_of(alias.name))
            and (len(name.tokens) > 1 or EntityKind.PERSON not in (kind, self._known[row].kind))
        ]
        return self._one_of(found, Rung.ALIAS) if found else None

    def _partial(self, name: Name, kind: EntityKind, fitting: Sequence[tuple[int, Alias]]) -> _Verdict | None:
        """Take `Sarah` for the only `Sarah Chen`, and `Sarah Chen` for the `Sarah` that was no other yet."""
        wholes = self._wholes(name, kind, fitting)
        if wholes:
            return self._one_of(wholes, Rung.SUBSET)
        parts = [
            row
            for row, alias in fitting
            if part_of(name_of(alias.name), name) and self._may_be_part(kind, row) and self._only_parts(row, name)
        ]
        return self._one_of(parts, Rung.SUBSET) if parts else None

    def _wholes(self, name: Name, kind: EntityKind, fitting: Sequence[tuple[int, Alias]]) -> list[int]:
        return [row for row, alias in fitting if part_of(name, name_of(alias.name)) and self._may_be_part(kind, row)]

    def _may_be_part(self, kind: EntityKind, row: int) -> bool:
        """Whether part of a name may stand for it: persons' and organisations' names are shortened, others' differ."""
        return kind is self._known.kind(row) and kind in (EntityKind.PERSON, EntityKind.ORGANISATION)

    def _only_parts(self, row: int, name: Name) -> bool:
        """Whether all names of an entity are parts of a longer one; `Sarah Miller` is no longer name of `Sarah Chen`."""
        names = self._known.names(self._known.root(row))
        return all(part_of(one, name) or same(one, name) for one in names)

    def _slip(self, name: Name, kind: EntityKind, fitting: Sequence[tuple[int, Alias]]) -> _Verdict | None:
        near = [row for row, alias in fitting if alias.rung is not Rung.FUZZY and alike(name, name_of(alias.name))]
        if not near:
            return None
        known = {kind, *(self._known.kind(row) for row in near)}
        if EntityKind.PERSON in known or known == {EntityKind.OTHER}:
            return _Verdict(None, others=tuple(dict.fromkeys(map(self._known.root, near))))
        return self._one_of(near, Rung.FUZZY)

    def _one_of(self, rows: Sequence[int], rung: Rung) -> _Verdict:
        """Return the one entity that the rows come to, or the one of them that this ingestion speaks of; else none."""
        roots = dict.fromkeys(map(self._known.root, rows))
        here = [root for root in roots if root in self._here]
        if len(roots) > 1 and len(here) != 1:
            return _Verdict(None, rung, tuple(roots))
        chosen = here[0] if len(roots) > 1 else next(iter(roots))
        return _Verdict(next(row for row in rows if self._known.root(row) == chosen), rung)

    def _register(self, name: Name, kind: EntityKind, memory: int, others: tuple[int, ...]) -> int:
        row = self._new_id()
        alias = Alias(name=name.text, normal=name.normal, rung=Rung.NEW)
        self._enter(Registered(id=row, kind=kind, name=name.text, aliases=(alias,)))
        action = Action.AMBIGUOUS if others else Action.REGISTERED
        self._log(Choice(entity=row, action=action, rung=Rung.NEW, name=name.text, memory=memory, others=others))
        return row

    def _enter(self, entity: Registered) -> None:
        self._known.enter(entity)
        self.links.entities[entity.id] = entity
        self.links.fresh.append(entity.id)
        self.links.aliases += [(entity.id, alias) for alias in entity.aliases]

    def _learn(self, row: int, name: Name, kind: EntityKind, rung: Rung, memory: int) -> None:
        """Give an entity the name under which it was met, and the kind if none was known."""
        alias = Alias(name=name.text, normal=name.normal, rung=rung)
        if self._known.learn(row, alias, kind):
            self.links.aliases.append((row, alias))
            self._log(Choice(entity=row, action=Action.LINKED, rung=rung, name=name.text, memory=memory))
        self.links.entities[row] = self._known[row]

    def _log(self, choice: Choice) -> None:
        self.links.log.append(choice)


def _compatible(mine: EntityKind, theirs: EntityKind) -> bool:
    """Whether two kinds may be one: persons are nothing else; of things a text often leaves open what they are."""
    return EntityKind.OTHER in (mine, theirs) or (mine is EntityKind.PERSON) == (theirs is EntityKind.PERSON)
