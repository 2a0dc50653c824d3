"""What a statement tells about entities: whom it names and what they are, other names of theirs, roles, relationships.

Pure reading of a statement that extraction has made; nothing is compared with what is known yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synap.domain.attributes import NOT
from synap.domain.entities import SELF, EntityKind
from synap.domain.memories import MAX_NAME_CHARACTERS, MemoryType, Modality, Slot, Statement
from synap.domain.name_lists import GIVEN_NAMES, ORGANISATION_NOUNS, PERSONAL_VERBS, PLACE_NOUNS, TITLES
from synap.domain.names import name_of, normal_name
from synap.domain.roles import ANIMALS, FORMER, OWNED_ROLE, ROLES
from synap.domain.slot_table import LEGAL_SUFFIXES, TOOL_CLASSES
from synap.domain.terms import stem

RELATIONS = {
    "employer": "works_at",
    "residence": "lives_in",
    "hometown": "comes_from",
    "school": "studies_at",
    "office_location": "located_in",
    "lead": "led_by",
    "tool": "uses",
    **dict.fromkeys(TOOL_CLASSES.values(), "uses"),
}
"""Slots whose values are entities, and what the relationship is called."""

_KIND_OF_VALUE = {
    "works_at": EntityKind.ORGANISATION,
    "studies_at": EntityKind.ORGANISATION,
    "lives_in": EntityKind.PLACE,
    "comes_from": EntityKind.PLACE,
    "located_in": EntityKind.PLACE,
    "uses": EntityKind.PRODUCT,
    "led_by": EntityKind.PERSON,
}
_OF_PERSONS = frozenset(
    {"employer", "residence", "hometown", "role", "manager", "age", "birthday", "diet", "allergy", "marital_status"}
    | {"partner", "child", "sibling", "hobby", "spoken_language", "school", "major", "pronouns", "nickname"}
)
"""Slots that only persons have."""

_ROLE_SLOTS = {"manager": "manager", "doctor": "doctor", "dentist": "dentist", "therapist": "therapist"}
_LEADING_NAME = re.compile(r"(?:the user|[^\W\d_a-z][\w.-]*(?: [^\W\d_a-z][\w.-]*){0,2})\b")
_OWNER = r"(?:(?P<their>\btheir)|(?P<owner>\b[Tt]he user|\b[^\W\d_a-z][\w.-]*(?: [^\W\d_a-z][\w.-]*){0,2})['\u2019]s)"
_ROLE = re.compile(rf"{_OWNER} (?i:{OWNED_ROLE})")
_HAS_NEW = re.compile(rf"^(?P<owner>.{{1,60}}?) (?:has|got|has got) an? (?i:{OWNED_ROLE}),? (?:named |called )?$")
_ADVERB = r"(?: (?:now|currently|actually|officially|still|also|again|today))*"
_BEHIND = re.compile(
    rf"(?:(?P<called>['\u2019]s name)|(?:,| is (?:called|named))?)"
    rf"(?: (?P<verb>is|was|used to be|has become|became){_ADVERB}(?P<no> not| no longer)?{_ADVERB})? $"
)
_BEFORE = re.compile(
    rf"^ (?:(?P<now>is|became|has become){_ADVERB}(?P<no> not| no longer)?{_ADVERB}"
    rf"|(?P<past>was|used to be|stopped being|ceased to be|has stopped being){_ADVERB}"
    rf"|(?:took over|has taken over|takes over)(?: from (?P<from>.{{1,60}}?))? as"
    rf"|(?:replaced|has replaced|replaces|succeeded|has succeeded) (?P<replaced>.{{1,60}}?) as) $"
)
_NO_FILLER_BEHIND = re.compile(r"^['\u2019]s (?!name\b)")
_ALSO = re.compile(r"^(?: \(|,? (?:aka|a\.k\.a\.|also known as|known as|short for|better known as) )(?:the )?$")
_NAMED_PROJECT = re.compile(r"\bproject $|^ project\b", re.IGNORECASE)
_PLACING = re.compile(r"\b(?:lives? in|living in|moved to|travell?ed to|flew to|trip to|born in|based in|visited) $")
_FIRST_WORD = re.compile(r" (?:also |often |always |never |really |still )?([a-z]+)\b")
_PERSONAL_STEMS = frozenset(map(stem, PERSONAL_VERBS))
_IDENTITY = re.compile(r"^@\w|^[\w.+-]+@[\w-]+\.\w|^(?:https?://|www\.)|\.(?:com|org|net|io|dev)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a statement, and what it seems to name."""

    name: str
    kind: EntityKind = EntityKind.OTHER


@dataclass(frozen=True, slots=True)
class Owned:
    """A role of somebody, by the display name of whose it is."""

    owner: str
    role: str


@dataclass(frozen=True, slots=True)
class Fill:
    """That somebody fills a role, or (`holds` false) does so no longer."""

    role: Owned
    filler: str
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Related:
    """That somebody or a role has to do with an entity; `subject` is a name, `SELF` or a role."""

    subject: str | Owned
    name: str
    object: str
    holds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All that one statement tells about entities.

    Attributes:
        names: Whom it names.
        aliases: Pairs of a name and another name of the same.
        roles: Roles it speaks of.
        fills: Who fills them.
        relations: What else relates entities.
        own_names: Names that the user of the scope has.
    """

    names: tuple[Named, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    roles: tuple[Owned, ...] = ()
    fills: tuple[Fill, ...] = ()
    relations: tuple[Related, ...] = ()
    own_names: tuple[str, ...] = ()


def claims_of(statement: Statement) -> Claims:
    """Return what a statement tells; nothing about who fills a role where it is a plan, a wish or a supposition."""
    text = statement.content
    places = _places(text, statement.entities)
    spelled = {name: _with_title(text, found) for name, found in places.items()}
    names = [name for name in statement.entities if _usable(name)]
    roles = list(dict.fromkeys(owned for owned, _ in _roles(text)))
    certain = statement.modality in (Modality.ASSERTED, Modality.REPORTED)
    fills = list(dict.fromkeys(_fills(statement, text, places))) if certain else []
    fillers = {fill.filler: fill.role.role for fill in fills}
    kinds = {name: _kind(statement, name, text, places.get(name), role=fillers.get(name)) for name in names}
    return Claims(
        names=tuple(Named(spelled.get(name, name), kinds[name]) for name in names),
        aliases=tuple((spelled.get(one, one), spelled.get(other, other)) for one, other in _aliases(text, places)),
        roles=tuple(dict.fromkeys([*roles, *(fill.role for fill in fills)])),
        fills=tuple(Fill(fill.role, spelled.get(fill.filler, fill.filler), fill.holds) for fill in fills),
        relations=tuple(_relations(statement, names, spelled)) if certain else (),
        own_names=tuple(_own_names(statement, names)),
    )


def _usable(name: str) -> bool:
    """Whether extraction did not take a role (`CEO`) or a long run of capitals for a name; a normalised name may be longer."""
    normal = normal_name(name)
    return bool(normal) and normal not in ROLES and max(len(name), len(normal)) <= MAX_NAME_CHARACTERS


def _places(text: str, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return where each name stands first in the text as words of its own."""
    found: dict[str, tuple[int, int]] = {}
    for name in names:
        match = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) if _usable(name) else None
        if match is not None:
            found[name] = match.span()
    return found


def _with_title(text: str, place: tuple[int, int]) -> str:
    start, end = place
    before = text[:start].split(" ")[-2:-1]
    titled = bool(before) and before[0].strip(".").casefold() in TITLES and before[0][:1].isupper()
    return f"{before[0]} {text[start:end]}" if titled and text[:start].endswith(" ") else text[start:end]


def _roles(text: str) -> Iterator[tuple[Owned, re.Match[str]]]:
    """Yield the roles that a text speaks of, each with its match."""
    leading = _LEADING_NAME.match(text[:1].lower() + text[1:] if text.startswith("The user") else text)
    for match in _ROLE.finditer(text):
        owner = match["owner"] or (leading[0] if leading else "")
        if owner:
            yield Owned(_display(owner), ROLES[match["role"].casefold()]), match


def _display(owner: str) -> str:
    return SELF if owner.casefold() == SELF else owner


def _fills(statement: Statement, text: str, places: dict[str, tuple[int, int]]) -> Iterator[Fill]:
    for owned, match in _roles(text):
        former = (match["adjective"] or "").casefold() in FORMER
        if _NO_FILLER_BEHIND.match(text[match.end() :]):
            continue
        start = match.start()
        for name, (first, last) in places.items():
            first_titled = last - len(_with_title(text, (first, last)))
            if first_titled >= match.end() and (behind := _BEHIND.match(text[match.end() : first_titled])):
                past = behind["verb"] in ("was", "used to be")
                yield Fill(owned, name, holds=not (former or past or behind["no"]))
            elif last <= start and (before := _BEFORE.match(text[last:start])):
                yield from _succession(owned, name, before, places, former=former)
    yield from _newly(text, places)
    yield from _from_slots(statement, places)


def _succession(
    owned: Owned, name: str, before: re.Match[str], places: dict[str, tuple[int, int]], *, former: bool
) -> Iterator[Fill]:
    """Yield what `X is`, `X used to be` or `X took over from Y as` before a role tells."""
    predecessor = before["from"] or before["replaced"]
    if predecessor in places:
        yield Fill(owned, predecessor, holds=False)
    yield Fill(owned, name, holds=not (former or before["past"] or before["no"]))


def _newly(text: str, places: dict[str, tuple[int, int]]) -> Iterator[Fill]:
    """Read `the user has a new manager, Priya`."""
    for name, (first, _) in places.items():
        match = _HAS_NEW.match(text[:first])
        if match is not None and (match["adjective"] or "").casefold() not in FORMER:
            yield Fill(Owned(_display(match["owner"]), ROLES[match["role"].casefold()]), name)


def _from_slots(statement: Statement, places: dict[str, tuple[int, int]]) -> Iterator[Fill]:
    """Yield who fills a role by what the statement settles (`reports to Omar`)."""
    for slot in statement.slots:
        role = _ROLE_SLOTS.get(slot.name)
        filler = _valued(slot, list(places)) if role else None
        owner = _owner(slot, statement, list(places))
        if role and filler is not None and owner is not None:
            yield Fill(Owned(owner, role), filler, holds=not slot.value.startswith(NOT))


def _valued(slot: Slot, names: Sequence[str]) -> str | None:
    """Return the name that is a slot's value."""
    value = name_of(slot.value.removeprefix(NOT)).tokens
    return next((name for name in names if value and name_of(name).tokens == value), None)


def _owner(slot: Slot, statement: Statement, names: Sequence[str]) -> str | None:
    if slot.subject == SELF:
        return SELF
    subject = name_of(slot.subject).tokens
    return next((name for name in (*names, statement.subject) if subject and name_of(name).tokens == subject), None)


def _relations(statement: Statement, names: Sequence[str], spelled: dict[str, str]) -> Iterator[Related]:
    for slot in statement.slots:
        name = RELATIONS.get(slot.attribute)
        target = _valued(slot, names) if name else None
        subject = _subject(slot, names)
        if target is None or subject is None or subject == target or (subject == SELF and name == "led_by"):
            continue
        if name is not None:
            subject = spelled.get(subject, subject) if isinstance(subject, str) else subject
            yield Related(subject, name, spelled.get(target, target), holds=not slot.value.startswith(NOT))


def _subject(slot: Slot, names: Sequence[str]) -> str | Owned | None:
    """Return whose slot it is: the user, a name, the user's role (`sister`), or a name behind one (`sister petra`)."""
    if slot.subject == SELF:
        return SELF
    if slot.subject in ROLES:
        return Owned(SELF, ROLES[slot.subject])
    words = name_of(slot.subject).tokens
    for name in sorted(names, key=len, reverse=True):
        tokens = name_of(name).tokens
        if tokens and tokens == words[-len(tokens) :] and (tokens == words or " ".join(words[: -len(tokens)]) in ROLES):
            return name
    return None


def _aliases(text: str, places: dict[str, tuple[int, int]]) -> Iterator[tuple[str, str]]:
    """Yield names that the text itself calls the same: `Kubernetes (K8s)`, `Bob, also known as Robert Hale`."""
    for name, (_, end) in places.items():
        for other, (start, last) in places.items():
            if start < end or not _ALSO.match(text[end:start]):
                continue
            if not text[end:start].endswith("(") or text[last : last + 1] == ")":
                yield name, other


def _own_names(statement: Statement, names: Sequence[str]) -> Iterator[str]:
    for slot in statement.slots:
        if slot.subject == SELF and slot.name == "name" and (name := _valued(slot, names)) is not None:
            yield name


def _kind(statement: Statement, name: str, text: str, place: tuple[int, int] | None, *, role: str | None) -> EntityKind:
    if _IDENTITY.search(name) or role in ANIMALS:
        return EntityKind.OTHER
    by_slots = _kind_by_slots(statement, name, filler=role is not None)
    return _kind_by_shape(name, text, place) or by_slots or EntityKind.OTHER


def _kind_by_shape(name: str, text: str, place: tuple[int, int] | None) -> EntityKind | None:
    words = name.casefold().replace(".", "").split()
    last = words[-1] if len(words) > 1 else ""
    if last in LEGAL_SUFFIXES or last in ORGANISATION_NOUNS:
        return EntityKind.ORGANISATION
    if name.casefold() in TOOL_CLASSES:
        return EntityKind.PRODUCT
    if "project" in (words[0], words[-1]):
        return EntityKind.PROJECT
    if last in PLACE_NOUNS:
        return EntityKind.PLACE
    return None if place is None else _kind_by_place(text, place)


def _kind_by_place(text: str, place: tuple[int, int]) -> EntityKind | None:
    """Return what the words around a name tell."""
    start, end = place
    if _NAMED_PROJECT.search(text[:start]) or _NAMED_PROJECT.match(text[end:]):
        return EntityKind.PROJECT
    if _with_title(text, place) != text[start:end]:
        return EntityKind.PERSON
    return EntityKind.PLACE if _PLACING.search(text[:start]) else None


def _kind_by_slots(statement: Statement, name: str, *, filler: bool) -> EntityKind | None:
    tokens = name_of(name).tokens
    for slot in statement.slots:
        relation = RELATIONS.get(slot.attribute)
        if relation in _KIND_OF_VALUE and name_of(slot.value.removeprefix(NOT)).tokens == tokens:
            return _KIND_OF_VALUE[relation]
    if filler or name in statement.participants or (tokens and tokens[0] in GIVEN_NAMES):
        return EntityKind.PERSON
    if any(slot.attribute in _OF_PERSONS and _subject(slot, [name]) == name for slot in statement.slots):
        return EntityKind.PERSON
    if name_of(statement.subject).tokens != tokens:
        return None
    felt = statement.type in (MemoryType.PREFERENCE, MemoryType.EMOTION)
    return EntityKind.PERSON if felt or _acts(name, statement.content) else None


def _acts(name: str, text: str) -> bool:
    """Whether the text says of a name what only persons do."""
    follows = _FIRST_WORD.match(text.removeprefix(name)) if text.startswith(name) else None
    return follows is not None and (follows[1] in PERSONAL_VERBS or stem(follows[1]) in _PERSONAL_STEMS)
