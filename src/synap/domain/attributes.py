"""Plain attributes: what `X's colour is red`, `the fee for Y is 5 euros`, `Currency: EUR` or `Z is required` settle.

These forms need no shipped slot. An attribute counts as single-valued only where the form says that there is one value:
a measure, a quotation, a name, or a shipped slot that is single.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from synap.domain.memories import Slot
from synap.domain.normal_forms import (
    SUBORDINATORS,
    UNRESOLVED,
    USER,
    is_clause,
    is_name,
    normalise_name,
    normalise_subject,
    normalise_value,
    owned,
    phrase_stems,
    subject_of,
    undetermined,
)
from synap.domain.slot_table import (
    ACQUAINTANCES,
    ADVERBS,
    BY_NAME,
    COUNTABLE_NAMES,
    GENERIC_MODIFIERS,
    KIN_AND_PEOPLE,
    MEETINGS,
    NOUNS,
    STATES,
    TOOL_CLASSES,
    SlotSpec,
)
from synap.domain.slot_values import Takes, fits, name_in
from synap.domain.values import Kind, Value, read_values

NOT = "not "
"""Mark of a value that does not hold: `not globex` of the slot `employer`."""

_CHANGE = (
    r"changed|raised|increased|lowered|reduced|moved|set|cut|extended|renamed|postponed|rescheduled|brought forward"
)
_COPULA = (
    rf"(?P<verb>is|are|(?:was|were|has been|have been|is being) (?:{_CHANGE})(?: from [^,;]+?)? (?:to|until)|"
    r"(?:(?:has|have) )?(?:changed|rose|risen|moved|increased|dropped|fell|fallen|grew|grown|went up|went down)(?: from [^,;]+?)? to|became|remains?|stays?|"
    r"equals?)"
    rf"(?: (?:{ADVERBS}|called|named|set to|about|around|exactly))*"
)
_CAPITAL = r"(?-i:[A-Z])"
_ATTRIBUTE = r"(?P<a>[A-Za-z][\w/&'\u2019-]*(?:\s[\w/&'\u2019-]+){0,4}?)"
_OF = re.compile(
    rf"^(?:the |my |our |an? )?{_ATTRIBUTE} (?P<prep>of|for|on|in|at) (?P<s>[^,;:]{{2,50}}?) {_COPULA} (?P<v>.+)$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(
    rf"^(?P<s>[A-Za-z][^,;:]{{0,60}}?)(?:['\u2019]s|(?<=s)['\u2019]) (?:own |new |current )*{_ATTRIBUTE} {_COPULA} "
    rf"(?P<v>.+)$",
    re.IGNORECASE,
)
_PLAIN = re.compile(rf"^(?:my |our |the |default |standard |current )*{_ATTRIBUTE} {_COPULA} (?P<v>.+)$", re.IGNORECASE)
_INVERTED = re.compile(rf"^(?:it|that) is (?P<v>[^,;]+?),? (?:the |my |our ){_ATTRIBUTE}$", re.IGNORECASE)
_KEY_VALUE = re.compile(r"^(?P<a>[A-Za-z][\w /&'\u2019-]{1,40}?):\s+(?P<v>\S.*)$")
_CHANGED = re.compile(
    rf"^(?:i|we|the user|[a-z][\w ]{{0,30}}?)(?: have| has)? (?:{_CHANGE}|updated|bumped) (?:the |my |our |his |her |"
    rf"their )?"
    rf"{_ATTRIBUTE}(?: from [^,;]+?)? (?:to|until) (?P<v>.+)$",
    re.IGNORECASE,
)
_HAS = re.compile(
    rf"^(?P<s>{_CAPITAL}[^,;:]{{0,40}}?|i|we|the user) (?:has|have|gets?|offers?|provides?) (?P<v>.+)$", re.IGNORECASE
)
_HELD = re.compile(
    r"^(?:the |my |our )?(?P<q>[A-Za-z][\w '\u2019/-]{2,50}?)(?: (?:is|are|was|were|will be|has been|have been))?"
    r"(?: held| scheduled| planned| now)* (?:takes? place|happens?|starts?|begins?|moved|rescheduled|postponed|"
    r"opens?|closes?|on|at)"
    r"(?: (?:on|at|to|until|for|every|by))* (?P<v>.+)$",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"^(?:the |all |every |my |our )?(?P<q>[A-Za-z][\w '\u2019/-]{2,50}?) (?:may|can|must|should|is|are)(?: "
    r"only)?(?: be)?"
    r"(?: limited to| capped at| up to| at most| no (?:larger|bigger|longer|more) than| run for| last(?: up to)?| "
    r"have(?: up to)?)+ "
    r"(?P<v>.+)$",
    re.IGNORECASE,
)
_LOCATED = re.compile(
    rf"^(?:(?P<own>my |our |the user['\u2019]s )|the )?(?P<q>[A-Za-z][\w '\u2019/-]{{2,50}}?) "
    rf"(?:is|are|moved|has moved|was moved)(?: {ADVERBS}| "
    rf"located| based| situated)*"
    rf" (?:at|in|on|to) (?P<v>(?:the )?(?:\d+\w? )?{_CAPITAL}.+)$",
    re.IGNORECASE,
)
_STATE = re.compile(
    rf"^(?P<s>[A-Za-z][^,;:]{{1,60}}?) (?:is|are|was|were|has been|have been)(?P<no> not| no longer)?(?: {ADVERBS})* "
    rf"(?:(?:(?:switched|turned) )?(?P<switch>on|off)$|(?P<state>{'|'.join(STATES)})\b)",
    re.IGNORECASE,
)
_TOOL = rf"{_CAPITAL}[\w.+#&'-]*(?: {_CAPITAL}[\w.+#-]*)*"
_USES = re.compile(
    r"^(?:(?P<s>[^,;:]{1,40}?) )?(?P<no>(?:do not|does not|no longer|stopped) )?(?:uses?|using|works? with|deploys? "
    r"with) "
    rf"(?P<v>{_TOOL})(?: for (?P<q>[^,;.]+))?",
    re.IGNORECASE,
)
_SWITCHED = re.compile(
    r"^(?:(?P<s>[^,;:]{1,40}?) )?(?:have |has |was |were )?(?:switched|moved|migrated|changed|converted|went|"
    r"transitioned)(?: over)?"
    rf"(?: from (?P<old>{_TOOL}))? to (?P<v>{_TOOL})(?: for (?P<q>[^,;.]+))?",
    re.IGNORECASE,
)
_OTHER_PEOPLE = (KIN_AND_PEOPLE | ACQUAINTANCES) - {"team", "company"}
"""Whose tools are their own: `our team switched to X` tells what we use, `my sister switched to X` does not."""
_BESIDE_PEOPLE = re.compile(r"\bworks? with\b", re.IGNORECASE)
_SWITCHING = re.compile(r"\b(?:switched|migrated|transitioned|converted)\b", re.IGNORECASE)
_RESTRICTION = re.compile(
    r"\s(?:on|for|in|of|under|with) (?:the )?(?P<q>[\w-]+) (?:tier|plan|edition|environment|region|subscription)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(r"\s(?:because|which|who|since|so that|as of|until further|when|if|unless)\b|[;(]|,\s(?!\d)")
_NAMED_VALUE = re.compile(r"[A-Z][\w&.-]+(?:\s[A-Z][\w&.-]+)*\W*$")
_EVENTFUL = frozenset({Kind.CLOCK, Kind.HOURS, Kind.WEEKDAY, Kind.DATE, Kind.MONTH})
_NESTED = re.compile(r"(?P<s>.+)['\u2019]s (?P<a>.+)$")
_ABOUT = re.compile(r"(?P<a>.+?) (?:of|for|at|in) (?P<q>.+)$")
_SUPPORT = re.compile(r"\b(?:support|help ?desk|service desk|assistance|hotline)\b", re.IGNORECASE)
_POSSESSOR = re.compile(rf"^(?P<s>{_CAPITAL}[^,;:'\u2019]{{0,40}})['\u2019]s?\s")
_FOR_WHOM = re.compile(rf"\b(?:for|to|at) (?P<s>{_CAPITAL}[\w&.-]+(?: {_CAPITAL}[\w&.-]+)*)$")
_OURS = frozenset({"team", "squad", "group", "department", "family", "class"})
"""Groups of the user: the team's stand-up is the user's stand-up."""
_PLACED = re.compile(
    r"\b(?:offices?|desk|studio|shop|store|gym|school|flat|apartment|house|garage|warehouse|workshop|lab|headquarters|branch|"
    r"parking (?:spot|space)|locker|room|seat|clinic|workplace|practice|salon|bakery|restaurant|caf[eé])$",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(r"(?:user|i|we|he|she|they) \w", re.IGNORECASE)
_ANY_DAY = "day"
_HOURS_OF_DAY = 24
_MOST_ATTRIBUTE_WORDS = 5
_MOST_VALUE_WORDS = 10


def attributes_of(clause: str, owner: str) -> Iterator[Slot]:
    """Yield what a clause states about attributes, in one of the general forms; `owner` is a normalised subject."""
    settled = list(_supported(clause, owner)) or list(_states(clause, owner))
    yield from settled
    if not settled:
        plain = list(_stated(clause, owner))
        yield from plain
        if not plain:
            yield from _tools(clause, owner)


def qualified(name: str, qualifier: str | None) -> str:
    """Return a slot's name with what restricts it (`budget:kitchen`), where that makes it another slot."""
    stems = phrase_stems(qualifier or "")
    return f"{name}:{stems}" if stems else name


def attribute_name(phrase: str) -> str:
    """Return the slot name that a noun phrase stands for: `the travel budget` → `budget:travel`, `boss` → `manager`."""
    about = _ABOUT.match(phrase)
    plain = f"{undetermined(owned(about['q']) or about['q'])} {about['a']}" if about else phrase
    return _named(plain, "", USER)[0]


def _stated(clause: str, owner: str) -> Iterator[Slot]:
    if (match := _KEY_VALUE.match(clause)) and is_clause(match["v"]):
        yield from _stated(match["v"], normalise_subject(match["a"], owner=owner))
    elif match and len(match["a"].split()) <= _MOST_ATTRIBUTE_WORDS:
        yield from _attribute(match["a"], match["v"], owner, single=True)
    elif (match := _LOCATED.match(clause)) and match["own"] and _PLACED.search(match["q"]):
        yield from _located(match, owner)
    elif match := _POSSESSIVE.match(clause):
        yield from _possessive(match, owner)
    elif match := _OF.match(clause):
        yield from _of(match, owner)
    elif located := list(_located(_LOCATED.match(clause), owner)):
        yield from located
    elif match := _LIMITED.match(clause):
        yield from _measured(match["q"], match["v"], owner, limit=True)
    elif match := (_INVERTED.match(clause) or _CHANGED.match(clause) or _PLAIN.match(clause)):
        yield from _plain(match, owner)
    elif match := _HELD.match(clause):
        yield from _measured(match["q"], match["v"], owner, limit=False)


def _possessive(match: re.Match[str], owner: str) -> Iterator[Slot]:
    """Read `X's Y is Z`: people and named things own attributes, other nouns only tell which attribute is meant."""
    subject, attribute = subject_of(match["s"], owner), match["a"]
    if subject is None:
        return
    if nested := _NESTED.match(attribute):
        subject, attribute = normalise_subject(f"my {nested['s']}", owner=subject), nested["a"]
    if about := _ABOUT.match(attribute):
        attribute = f"{undetermined(owned(about['q']) or about['q'])} {about['a']}"
    if subject == owner or nested or is_name(match["s"]) or subject.split()[-1] in KIN_AND_PEOPLE:
        yield from _attribute(attribute, match["v"], subject)
    else:
        yield from _attribute(f"{subject} {attribute}", match["v"], owner)


def _of(match: re.Match[str], owner: str) -> Iterator[Slot]:
    whose = match["s"]
    if match["prep"].casefold() != "on" and (is_name(whose) or owned(whose) in KIN_AND_PEOPLE):
        subject = subject_of(whose, owner)
        if subject is not None:
            yield from _attribute(match["a"], match["v"], subject)
    elif not is_clause(whose):
        yield from _attribute(f"{undetermined(owned(whose) or whose)} {match['a']}", match["v"], owner)


def _plain(match: re.Match[str], owner: str) -> Iterator[Slot]:
    attribute = match["a"]
    if "'s " in attribute or "\u2019s " in attribute:
        whose, attribute = re.split(r"['\u2019]s ", attribute, maxsplit=1)
        owner = subject_of(whose, owner) or owner
    subject = normalise_subject(attribute)
    named = is_name(attribute) and attribute.casefold() not in NOUNS and not read_values(match["v"])[0]
    if subject.split()[0] not in UNRESOLVED and subject != USER and not named:
        yield from _attribute(attribute, match["v"], owner)


def _attribute(attribute: str, value: str, subject: str, *, single: bool | None = None) -> Iterator[Slot]:
    """Yield the slot that a named attribute and its value fill, the attribute's everyday name mapped to ours."""
    words = attribute.casefold().split()
    if len(words) > _MOST_ATTRIBUTE_WORDS or words[0] in SUBORDINATORS or is_clause(value):
        return
    restriction = _RESTRICTION.search(value)
    value = value[: restriction.start()] if restriction else value
    negated = re.match(r"(?:not|no longer)\s+", value, re.IGNORECASE)
    short = _SUBORDINATE.split(value[negated.end() :] if negated else value, maxsplit=1)[0]
    normal = normalise_value(short)
    if not normal or normal in UNRESOLVED or len(normal.split()) > _MOST_VALUE_WORDS:
        return
    name, spec, subject = _named(attribute, short, subject)
    if spec is not None and single is None and (kind := _taking(spec, short)) is not spec:
        if kind is None:
            return
        name, spec = kind.name, kind
    if restriction is not None:
        name = f"{name}{' ' if ':' in name else ':'}{restriction['q'].casefold()}"
    if name.startswith("time:"):
        subject = USER if subject in _OURS else subject
    normal = _in_form(name, spec, short)
    if single is None:
        single = spec.single if spec else _one_valued(short)
    if name == "name" and subject.split()[-1] in COUNTABLE_NAMES:
        single = False
    if normal:
        yield Slot(subject=subject, name=name, value=NOT + normal if negated else normal, single=single)


def _taking(spec: SlotSpec, value: str) -> SlotSpec | None:
    """Return the slot that takes a value: the one named, the one that other values of it belong to, or none."""
    others = [spec, *([BY_NAME[spec.otherwise]] if spec.otherwise else [])]
    return next((one for one in others if fits(one.takes, value, kinds=one.kinds)), None)


def _in_form(name: str, spec: SlotSpec | None, value: str) -> str:
    """Return a value in the normal form of its slot; a time without a moment has none."""
    if name.startswith("time:"):
        return _moment(value)
    if spec is not None and spec.takes is Takes.NAME:
        return normalise_name(name_in(value) or value)
    return normalise_value(value)


def _named(attribute: str, value: str, subject: str) -> tuple[str, SlotSpec | None, str]:
    """Return the slot's name, the shipped slot behind it if there is one, and whose it is.

    The longest run of last words that names a shipped slot wins; what stands before qualifies it, or is its owner
    (`daughter name` is the daughter's name).
    """
    words = [word for word in attribute.casefold().split() if word not in GENERIC_MODIFIERS]
    if words[:1] and words[0] in {"favourite", "favorite"}:
        return qualified("favourite", " ".join(words[1:])), BY_NAME["favourite"], subject
    for start in range(len(words)):
        noun = " ".join(words[start:])
        spec = NOUNS.get(noun) or NOUNS.get(noun.removesuffix("s")) or NOUNS.get(re.sub(r"ies$", "y", noun))
        if spec is None:
            continue
        before = " ".join(words[:start])
        if start == 0 or spec.qualified:
            return qualified(spec.name, before), spec, subject
        if before in KIN_AND_PEOPLE:
            return spec.name, spec, before
        break
    kinds = {found.kind for found in read_values(value)[0]}
    timed = kinds & _EVENTFUL or (kinds and any(word.removesuffix("s") in MEETINGS for word in words))
    stems = phrase_stems(attribute) or "is"
    return f"time:{stems}" if timed else stems, None, subject


def _measured(quantity: str, value: str, owner: str, *, limit: bool) -> Iterator[Slot]:
    """Yield the limit or the time of something, where the value is indeed measured."""
    whose = re.match(r"(?P<s>[A-Z][\w ]*?)['\u2019]s? (?P<q>.+)$", quantity)
    if whose and "user" not in whose["s"].casefold():
        owner, quantity = normalise_subject(whose["s"]), whose["q"]
    kinds = {found.kind for found in read_values(value)[0]}
    stems = phrase_stems(quantity)
    if not stems or is_clause(value) or subject_of(quantity, owner) in {None, owner}:
        return
    short = _SUBORDINATE.split(value, maxsplit=1)[0]
    if limit and kinds - _EVENTFUL:
        yield Slot(subject=owner, name=f"limit:{stems}", value=normalise_value(short))
    elif not limit and kinds & _EVENTFUL and _SOMEBODY.match(quantity) is None and (moment := _moment(short)):
        yield Slot(subject=owner, name=f"time:{stems}", value=moment)


def _located(match: re.Match[str] | None, owner: str) -> Iterator[Slot]:
    if match is None:
        return
    subject = subject_of(match["q"], owner)
    if subject is None or subject == owner or is_name(match["q"]) or subject.split()[-1] in KIN_AND_PEOPLE:
        return
    value = _SUBORDINATE.split(match["v"], maxsplit=1)[0]
    if not {found.kind for found in read_values(value)[0]} & _EVENTFUL:
        yield Slot(subject=owner, name=f"location:{phrase_stems(match['q'])}", value=normalise_value(value))


def _supported(clause: str, owner: str) -> Iterator[Slot]:
    """Yield the hours of a support (`Acme has 24/7 premium support`, `the help desk is open 9am to 5pm`)."""
    hours = [value.value for value in read_values(clause)[0] if value.kind is Kind.HOURS]
    if not hours or not _SUPPORT.search(clause):
        return
    whose = _HAS.match(clause) or _POSSESSOR.match(clause) or _FOR_WHOM.search(clause)
    subject = subject_of(whose["s"], owner) if whose else owner
    if subject is not None:
        yield Slot(subject=subject, name="support_hours", value=hours[0])


def _moment(text: str) -> str:
    """Return a time in normal form: days, dates and hours in order; a bare number is an hour, `every day` alone none."""
    values = read_values(text)[0]
    parts = [f"{int(value.value):02}:00" if _is_hour(value) else value.value for value in values]
    if set(parts) <= {_ANY_DAY}:
        return ""
    return " ".join((["other"] if re.search(r"\b(?:every )?other\b", text, re.IGNORECASE) else []) + parts)


def _is_hour(value: Value) -> bool:
    return value.kind is Kind.NUMBER and value.value.isdecimal() and int(value.value) <= _HOURS_OF_DAY


def _states(clause: str, owner: str) -> Iterator[Slot]:
    """Yield yes or no for what is said to be available or required."""
    match = _STATE.match(clause)
    if match is None or subject_of(match["s"], owner) in {None, owner}:
        return
    state, positive = (
        STATES[match["state"].casefold()] if match["state"] else ("available", match["switch"].casefold() == "on")
    )
    stems = phrase_stems(match["s"])
    if stems:
        yield Slot(subject=owner, name=f"{state}:{stems}", value="yes" if positive is not bool(match["no"]) else "no")


def _tools(clause: str, owner: str) -> Iterator[Slot]:
    """Yield the tool that somebody uses, or switched to."""
    switched = _SWITCHED.match(clause)
    match = switched or _USES.match(clause)
    if match is None or (subject := subject_of(match["s"], owner)) is None:
        return
    if (whose := owned(match["s"] or "")) and not _somebody(whose):
        subject = owner  # `our builds were switched to X` tells what we use
    value = normalise_value(match["v"])
    if not switched and value not in TOOL_CLASSES and _BESIDE_PEOPLE.search(clause):
        return
    known = value in TOOL_CLASSES or bool(match["q"] or (switched and match["old"]))
    if switched and not known and not _SWITCHING.search(clause):
        return
    name = TOOL_CLASSES.get(value) or qualified("tool", match["q"])
    negated = not switched and bool(match["no"])
    yield Slot(subject=subject, name=name, value=NOT + value if negated else value, single=bool(switched) and known)
    old = normalise_value((match["old"] or "") if switched else "")
    if old and old != value:
        yield Slot(subject=subject, name=TOOL_CLASSES.get(old, name), value=NOT + old, single=False)


def _somebody(phrase: str) -> bool:
    """Whether a phrase without its possessive is a person: `sister`, `colleague Ola`."""
    words = phrase.split()
    named = is_name(words[-1]) and len(words) > 1
    return words[-2 if named else -1].casefold() in _OTHER_PEOPLE


def _one_valued(value: str) -> bool:
    """Whether a value's form says that there is one of it: a measure, a quotation, or a name."""
    return bool(read_values(value)[0]) or bool(_NAMED_VALUE.match(undetermined(value.strip())))
