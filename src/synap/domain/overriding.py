"""Whether a sentence about the viewer says otherwise than a general one on the same topic, without a slot in common."""

from __future__ import annotations

import re

from synap.domain.concepts import word_stems
from synap.domain.gists import SURE_TERMS, Gist, gist_of
from synap.domain.memories import Statement
from synap.domain.readings import COMPARABLE, Reading
from synap.domain.values import Kind, Value

_TOPIC_SHARE = 0.5
_SURE_TERMS = 2
"""Topic words in common, besides those that both begin with, from which on two sentences are about one matter."""


_NAME_ENDS = re.compile(
    r"['\u2019]|$|[,:;.]|\s(?:is|are|was|were|has|have|had|does|do|did|may|can|must|should|will|would|gets?|uses?|wants?|pays?|"
    r"sees?|needs?|offers?|allows?|runs?|keeps?|sells?|takes?|gives?|prefers?|works?|lives?|requires?|also|now|only|no)\b"
)


_OBLIGES = re.compile(
    r"\b(?:must|has to|have to|shall|obliged|required|every|all|everyone|everybody|needs? to|due|payable|mandatory|compulsory)\b",
)


_ANSWERS = frozenset({"name", "colour", "code", "ordinal", "earliness"})


def may_meet(one: Gist, other: Gist) -> bool:
    """Whether two texts may contradict or repeat each other by their topics: never false where their readings say so.

    One plain word in common, of three or more on either side, is too little, unless it heads one of them, both count it, or
    one frees of what the other demands.
    """
    shared = one.block_terms & other.block_terms
    term = next(iter(shared), "")
    if len(shared) != 1 or term.startswith("#") or min(one.fewest_terms, other.fewest_terms) < SURE_TERMS:
        return bool(shared)
    return term in one.firm_terms or term in other.firm_terms or not one.counted.isdisjoint(other.counted)


def read_over(gist: Gist) -> None:
    """Work out what a comparison asks of a text first, so that it is known when one comes."""
    _ = gist.block_terms, gist.fewest_terms, gist.counted, gist.firm_terms
    for reading in gist.readings:
        _ = reading.terms, reading.values, reading.choices, reading.negative, reading.sweeping, reading.own


def overrides(narrow: Statement, broad: Statement) -> bool:
    """Return whether some clause of the narrow statement says otherwise than one of the broad."""
    pairs = [
        (mine, other)
        for mine in gist_of(narrow).readings
        for other in gist_of(broad).readings
        if not mine.terms.isdisjoint(other.terms)
    ]
    if not pairs:
        return False
    names = _names_of_one(narrow, broad) | _names_of_one(broad, narrow)
    return any(
        _overrides_reading(mine, other, names)
        and not (mine.aside or mine.foreign or other.aside or restricted_apart(mine, other, own=mine.own))
        for mine, other in pairs
    )


def _names_of_one(statement: Statement, other: Statement) -> frozenset[str]:
    """Return the leading names of a statement that the other does not write as common words."""
    names = _leading_names(statement)
    return names - gist_of(other).common if names else names


def _leading_names(statement: Statement) -> frozenset[str]:
    """Return the stems of the entity or subject that a statement begins with: who it is about, not what."""
    start = statement.content.casefold()
    # A document's subject is a noun phrase in lower case: what it is about, unless somebody is named.
    named = (*statement.entities, statement.subject if statement.subject[:1].isupper() else "")
    whose = [name for name in named if name and start.startswith(name.casefold()) and _opens(name, statement.content)]
    return frozenset(stem for name in whose for stem in word_stems(name))


def _opens(name: str, content: str) -> bool:
    """Whether a name at the start of a text is one, and no common word in front of its noun (`Weekend deliveries are`)."""
    return " " in name or _NAME_ENDS.match(content, len(name)) is not None


def _overrides_reading(narrow: Reading, broad: Reading, names: frozenset[str]) -> bool:
    """Whether a sentence about the viewer says otherwise than a general one on the same topic.

    Other values or alternatives weigh most, then opposite polarity, then one side speaking of all where the other
    counts, last a wish beside a rule on the same things.
    """
    shared = (narrow.terms & broad.terms) - names
    if not shared:
        return False
    share = len(shared) / min(len(narrow.terms), len(broad.terms))
    topical = share >= _TOPIC_SHARE or len(shared) > 1 or _heads(shared, narrow, broad)
    if _choices_differ(narrow, broad):
        return topical or any(term.startswith("#") for term in shared)
    if values_differ(narrow, broad):
        measured = {value.noun for value in narrow.values}
        heads = narrow.heading.terms & broad.heading.terms
        beside = {term for term in shared - heads - measured if not term.startswith("#")}
        same = topical or _counts_alike(narrow, broad)
        return same and not (_headed_apart(narrow, broad, names) and len(beside) < _SURE_TERMS)
    if not topical:
        return _exempted(narrow, broad, shared)
    if _answer_otherwise(narrow, broad, names):
        return True
    polar = _polar(narrow, broad, shared) and (share > _TOPIC_SHARE or narrow.sweeping or broad.sweeping)
    against = _counts_against_all(narrow, broad) or _exempted(narrow, broad, shared)
    return polar or against or _instead(narrow, broad, shared)


def _heads(shared: frozenset[str], narrow: Reading, broad: Reading) -> bool:
    """Whether what is common is what one of two clauses is about: some of the narrow one's heading, or all of the broad one's."""
    whole = broad.heading.terms
    return bool(shared & narrow.heading.terms) or (bool(whole) and whole <= shared)


def _polar(narrow: Reading, broad: Reading, shared: frozenset[str]) -> bool:
    """Whether one side denies what the other says: two words or a name in common, or the topic of a measured rule.

    What the viewer happens to do (`smokes`) is no exception from a ban; only a permission is.
    """
    firm = (
        len(shared) > 1
        or not narrow.named.isdisjoint(broad.named)
        or (any(term.startswith("#") for term in shared) and bool(narrow.values or broad.values))
    )
    habit = broad.negative and narrow.own and not (narrow.permits or narrow.wish)
    return firm and narrow.negative is not broad.negative and not habit


def _exempted(narrow: Reading, broad: Reading, shared: frozenset[str]) -> bool:
    """Whether one side is freed of what the other demands of all."""
    return bool(shared) and narrow.exempts and _OBLIGES.search(broad.low) is not None


def _answer_otherwise(narrow: Reading, broad: Reading, names: frozenset[str]) -> bool:
    """Whether both give an answer of one kind on their topic, and different ones: a name, a colour, a place, by whom."""
    # What they begin with is asked last: it takes longest to read, and few clauses give different answers.
    return (_given_otherwise(narrow, broad, names) or _ends_otherwise(narrow, broad)) and not _headed_apart(
        narrow, broad, names
    )


def _given_otherwise(narrow: Reading, broad: Reading, names: frozenset[str]) -> bool:
    for kind in narrow.given.keys() & _ANSWERS:
        ours, theirs = narrow.given[kind], broad.given.get(kind)
        if theirs and not ours & theirs and not all(frozenset(word_stems(one)) <= names for one in ours):
            return True
    return False


def _ends_otherwise(narrow: Reading, broad: Reading) -> bool:
    mine = narrow.tail
    other = None if mine is None else broad.tail
    return mine is not None and other is not None and mine[0] == other[0] and not mine[1] & other[1]


def _headed_apart(narrow: Reading, broad: Reading, names: frozenset[str]) -> bool:
    """Whether both begin with a thing of their own (`the motor is …`, `the axle is …`), neither of them the viewer."""
    if narrow.own or broad.sweeping:
        return False
    ours, theirs = narrow.heading, broad.heading
    return bool(ours.terms - theirs.terms - theirs.stems - names) and bool(
        theirs.terms - ours.terms - ours.stems - names
    )


def _counts_against_all(narrow: Reading, broad: Reading) -> bool:
    """Whether one side names a measure and the other speaks of all or none."""
    if narrow.values:
        return broad.sweeping and not broad.values
    return narrow.sweeping and bool(broad.values)


def _instead(narrow: Reading, broad: Reading, shared: frozenset[str]) -> bool:
    """Whether a narrow wish, or another person to turn to, takes the place of a broad rule on the same things."""
    if "#contact" in shared and broad.values and narrow.named - broad.named:
        return True
    return narrow.wish and len(shared) > 1 and bool(narrow.terms - shared) and bool(broad.terms - shared)


def restricted_apart(mine: Reading, other: Reading, *, own: bool = False) -> bool:
    """Whether both name a plan, environment or time, and different ones.

    What plan the viewer is on, or which room is theirs, is no restriction but part of the viewer's own facts (`own`).
    """
    ours, theirs = dict(mine.restrictions), dict(other.restrictions)
    return any(
        ours[dimension] != theirs[dimension]
        for dimension in ours.keys() & theirs.keys()
        if not (own and (dimension == "plan" or dimension.startswith("which ")))
    )


def values_differ(mine: Reading, other: Reading) -> bool:
    """Whether values of one kind stand on both sides, and none of them is equal."""
    pairs = [(v, w) for v in mine.values for w in other.values if _comparable(v, w)]
    return bool(pairs) and not any(v.value == w.value for v, w in pairs)


def _counts_alike(mine: Reading, other: Reading) -> bool:
    """Whether both count the same things (`one approval`, `two approvals`)."""
    return bool({v.noun for v in mine.values if v.kind is Kind.NUMBER and v.noun} & {v.noun for v in other.values})


def _comparable(v: Value, w: Value) -> bool:
    if v.kind in {Kind.YEAR, Kind.MONTH} or w.kind in {Kind.YEAR, Kind.MONTH}:
        return False
    kinds = {v.kind, w.kind}
    if kinds == {Kind.NUMBER, Kind.CLOCK}:
        number = v if v.kind is Kind.NUMBER else w
        return not number.noun
    if kinds == {Kind.NUMBER, Kind.MONEY}:
        return not (v if v.kind is Kind.NUMBER else w).noun
    if v.kind is Kind.NUMBER and w.kind is Kind.NUMBER:
        return v.noun == w.noun or not v.noun or not w.noun
    return w.kind in COMPARABLE[v.kind]


def _choices_differ(mine: Reading, other: Reading) -> bool:
    """Whether both name an alternative of one family, and no common one; of one person's, to deny one leaves the others open."""
    if mine.own and other.own and mine.negative is not other.negative:
        return False
    if not mine.choices:
        return False
    families = {family for family, _ in mine.choices} & {family for family, _ in other.choices}
    return any(
        not {w for f, w in mine.choices if f == family} & {w for f, w in other.choices if f == family}
        for family in families
    )
