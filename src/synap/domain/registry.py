"""The registry of one scope, as far as a piece of work knows it: entities by their names and by what may be their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from synap.domain.entities import SELF, Alias, EntityKind, canonical
from synap.domain.names import Name, name_of, normal_name, part_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An entity as the registry has it.

    Attributes:
        id: Its row.
        kind: What it is.
        name: The name it goes by.
        aliases: All its names, this one too.
        merged_into: Row of the entity that it was merged into, or None.
    """

    id: int
    kind: EntityKind
    name: str
    aliases: tuple[Alias, ...]
    merged_into: int | None = None

    def shortens(self, name: Name) -> bool:
        """Whether a name is only part of another name of the entity's."""
        return any(part_of(name, name_of(alias.name)) for alias in self.aliases)


class Registry:
    """Entities by row; grows as names are resolved."""

    def __init__(self, entities: Iterable[Registered]) -> None:
        self._entities: dict[int, Registered] = {}
        self._by_normal: dict[str, list[int]] = {}
        self._by_key: dict[int, list[tuple[int, Alias]]] = {}
        for one in entities:
            self.enter(one)

    def __getitem__(self, row: int) -> Registered:
        """Return the entity of a row."""
        return self._entities[row]

    def enter(self, entity: Registered) -> None:
        """Add an entity."""
        self._entities[entity.id] = entity
        for alias in entity.aliases:
            self._index(entity.id, alias)

    def learn(self, row: int, alias: Alias, kind: EntityKind) -> bool:
        """Give an entity a name, and the kind where none was known; return whether the name is new."""
        entity = self._entities[row]
        fresh = all(known.normal != alias.normal for known in entity.aliases)
        if fresh:
            entity = replace(entity, aliases=(*entity.aliases, alias))
            self._index(row, alias)
        if entity.kind is EntityKind.OTHER:
            entity = replace(entity, kind=kind)
        if entity.name != SELF:
            entity = replace(entity, name=canonical(entity.aliases).name)
        self._entities[row] = entity
        return fresh

    def merge(self, row: int, into: int) -> None:
        """Let an entity be another."""
        self._entities[row] = replace(self._entities[row], merged_into=into)

    def root(self, row: int) -> int:
        """Return the entity that one has been merged into over all steps, or itself."""
        seen = {row}
        while (above := self._entities[row].merged_into) is not None and above in self._entities and above not in seen:
            row = above
            seen.add(row)
        return row

    def kind(self, row: int) -> EntityKind:
        """Return what the entity is that one has been merged into."""
        return self._entities[self.root(row)].kind

    def called(self, text: str) -> Sequence[int]:
        """Return the entities that have exactly this name."""
        return self._by_normal.get(normal_name(text), ())

    def all(self) -> Iterator[tuple[int, Alias]]:
        """Yield all names, by row."""
        for one in self._entities.values():
            for alias in one.aliases:
                yield one.id, alias

    def near(self, name: Name) -> list[tuple[int, Alias]]:
        """Return the names of entities, but not of roles, that share a key with a name, by row."""
        found: dict[tuple[int, str], Alias] = {}
        for row in self._by_normal.get(name.normal, ()):
            alias = next(one for one in self._entities[row].aliases if one.normal == name.normal)
            found[row, alias.normal] = alias
        for key in name.keys:
            found.update(((row, alias.normal), alias) for row, alias in self._by_key.get(key, ()))
        return [(key[0], found[key]) for key in sorted(found) if self._entities[key[0]].kind is not EntityKind.ROLE]

    def names(self, root: int) -> list[Name]:
        """Return all names of an entity, with those of the entities merged into it."""
        group = [one for one in self._entities.values() if self.root(one.id) == root]
        return [name_of(alias.name) for one in group for alias in one.aliases]

    def _index(self, row: int, alias: Alias) -> None:
        self._by_normal.setdefault(alias.normal, []).append(row)
        for key in name_of(alias.name).keys:
            self._by_key.setdefault(key, []).append((row, alias))
