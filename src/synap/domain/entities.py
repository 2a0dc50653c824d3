"""Entities: who and what is talked about in a scope, their names, how these were tied together, and what relates them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

SELF = "the user"
"""Name of the entity that stands for the user of a scope."""

FILLED_BY = "filled_by"
"""Relation of a role to who fills it."""


class EntityKind(StrEnum):
    """What an entity is; `other` where nothing tells."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    PRODUCT = "product"
    PROJECT = "project"
    ROLE = "role"
    OTHER = "other"


class Rung(StrEnum):
    """Why a name was taken for that of an entity; in the order in which they are tried."""

    IDENTITY = "identity"
    EXACT = "exact"
    NORMALISED = "normalised"
    ALIAS = "alias"
    DECLARED = "declared"
    SUBSET = "subset"
    FUZZY = "fuzzy"
    NEW = "new"
    HAND = "hand"


class Action(StrEnum):
    """What a decision did."""

    REGISTERED = "registered"
    LINKED = "linked"
    AMBIGUOUS = "ambiguous"
    MERGED = "merged"
    SEPARATED = "separated"
    SPLIT = "split"
    REJOINED = "rejoined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name of an entity.

    Attributes:
        name: As it was first written.
        normal: Its normal form.
        rung: Why it is one.
        memories: Public ids of memories that use it, newest first.
    """

    name: str
    normal: str
    rung: Rung
    memories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """That one entity has to do with another, and the memory that says so.

    Attributes:
        subject_id, object_id: The entities.
        subject, name, object: What reads as a sentence (`Sarah Chen`, `works_at`, `Northwind`).
        memory_id: The evidence.
        holds: False for what is said to be over, or never was.
        since, until: When it holds, as far as known.
        active: Whether the evidence is believed still.
    """

    subject_id: str
    subject: str
    name: str
    object_id: str
    object: str
    memory_id: str
    holds: bool = True
    since: datetime | None = None
    until: datetime | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A line of the log: what was decided about an entity, when, and why.

    Attributes:
        action: What was done.
        rung: Why.
        at: When.
        name: The name in question.
        confidence: 0..1.
        memory_id: The memory that gave rise to it; None for one by hand.
        others: Public ids of the other entities concerned: those merged, or those between which it was not clear.
        actor: Who decided; empty for the rules.
    """

    action: Action
    rung: Rung
    at: datetime
    name: str = ""
    confidence: float = 1.0
    memory_id: str | None = None
    others: tuple[str, ...] = ()
    actor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An entity of one scope.

    Attributes:
        id: Public id.
        name: The canonical name.
        kind: What it is.
        first_seen, last_seen: When it was first and last mentioned.
        mentions: Memories that mention it and are believed.
        merged: Public ids of the entities that were merged into it.
        merged_into: The entity that it was merged into, or None.
    """

    id: str
    name: str
    kind: EntityKind
    first_seen: datetime
    last_seen: datetime
    mentions: int = 0
    merged: tuple[str, ...] = ()
    merged_into: str | None = None
    aliases: tuple[Alias, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What one memory says about who fills a role.

    Attributes:
        filler: The entity's id.
        said: When it was said or is valid from.
        until: When its validity ended, or None.
        holds: False where it says that somebody fills it no longer.
    """

    filler: int
    said: datetime
    until: datetime | None = None
    holds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The time for which somebody filled a role; `since` None where only its end is known."""

    filler: int
    since: datetime | None
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the role was filled so at a moment."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


def terms_of(fillings: Iterable[Filling], *, several: bool) -> tuple[Term, ...]:
    """Return who filled a role from when to when, in order of their beginnings.

    Who comes later ends the time of who was there before, unless several fill the role; that somebody fills it no longer
    ends their own time alone, and nobody else's.
    """
    terms: list[Term] = []
    for said in sorted(fillings, key=lambda one: (one.said, one.holds, one.filler)):
        mine = [term for term in terms if term.filler == said.filler and term.until is None]
        if not said.holds:
            over = said.until or said.said
            known = any(term.filler == said.filler for term in terms)
            terms = [_ended(term, over) if term in mine else term for term in terms]
            if not known:
                # Nobody says when it ended: before whoever fills it now began to, if that is known.
                begun = [term.since for term in terms if term.until is None and term.since and not several]
                terms.append(Term(filler=said.filler, since=None, until=min([*begun, over])))
            continue
        if mine:
            terms = [_ended(term, said.until) if term in mine and said.until else term for term in terms]
            continue
        if not several:
            terms = [_ended(term, said.said) if term.until is None else term for term in terms]
        terms.append(Term(filler=said.filler, since=said.said, until=said.until))
    return tuple(sorted(terms, key=lambda term: (term.since or datetime.min.replace(tzinfo=UTC), term.filler)))


def fillers_at(terms: Sequence[Term], moment: datetime) -> frozenset[int]:
    """Return who filled a role at a moment; before anybody is known to have filled it, the first ones."""
    covering = frozenset(term.filler for term in terms if term.covers(moment))
    begun = [term.since for term in terms if term.since is not None]
    if covering or not begun or any(term.since is None for term in terms) or moment >= min(begun):
        return covering
    return frozenset(term.filler for term in terms if term.since == min(begun))


def _ended(term: Term, until: datetime | None) -> Term:
    return Term(filler=term.filler, since=term.since, until=until)


def canonical(names: Sequence[Alias]) -> Alias:
    """Return the name that an entity goes by: that of most words, then the longest, then the first in the alphabet."""
    return min(names, key=lambda alias: (-len(alias.normal.split()), -len(alias.normal), alias.normal))
