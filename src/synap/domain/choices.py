"""Choices as slots: what somebody took, ordered, watched or wore on one occasion, or says that they do so as a rule.

`I ordered the oat latte` and `we had oat lattes at the station` are one choice on two occasions. One occasion says nothing about
what somebody prefers, several do (`synap.ingestion.implied`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from synap.domain.memories import Evidence, Slot, Statement
from synap.domain.normal_forms import UNRESOLVED, phrase_stems, subject_of
from synap.domain.wordlists import listed

CHOICE = "choice"
"""Slot of a choice, qualified by what was chosen."""

ENOUGH = 3
"""Documents that must tell of a choice, and occasions that they tell of, before it counts as a preference."""

_VERBS = {
    form: base
    for base, *forms in map(
        str.split,
        (
            "order ordered orders",
            "pick picked picks",
            "choose chose chooses",
            "grab grabbed grabs",
            "drink drank drinks",
            "eat ate eats",
            "buy bought buys",
            "book booked books",
            "rent rented rents",
            "watch watched watches",
            "play played plays",
            "wear wore wears",
            "cook cooked cooks",
            "bake baked bakes",
            "have had has",
            "get got gets",
            "take took takes",
        ),
    )
    for form in forms
}

_ONCE = frozenset(("buy", "book", "rent", "pick", "choose"))
"""Verbs of what is done once and told often; they count where the clause says that it was done before."""

_BEFORE = re.compile(r"\b(?:again|once more|another|one more|same|usual)\b", re.IGNORECASE)
_OFTEN = r"always|usually|often|mostly|regularly|normally"
_ACT = re.compile(
    rf"^(?P<s>[^,;:]{{1,40}}?)\s(?:(?:just|also|again|finally|then|both|(?P<often>{_OFTEN}))\s)*"
    rf"(?P<verb>{'|'.join(_VERBS)})\s(?P<rest>[^;:!?]+)$",
    re.IGNORECASE,
)
_OBJECT_END = re.compile(
    r"\s(?:at|in|on|from|for|with|without|to|by|during|after|before|about|because|when|while|again|too|as|instead|together|"
    r"there|here|once more|that|which|who|over|against|near|into|yet)\b|[.(\[]",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_LEADING = re.compile(
    r"^(?:(?P<article>an?|the|some)|my|our|their|his|her|another|one more|the same|one|two|three)\s+", re.IGNORECASE
)
_BESIDE = re.compile(
    r"\b(?:usual|same|large|small|big|medium|nice|good|great|lovely|delicious|quick|new|other|favou?rite)\s+",
    re.IGNORECASE,
)
_NO_OBJECT = UNRESOLVED | frozenset(
    listed(
        "up out off down back away over us me it all both something anything everything nothing ones part place turns"
    )
)
_COMMON = frozenset(
    listed(
        """
    food meal meals breakfast lunch dinner brunch supper dessert drink drinks snack snacks bite book books movie movies
    film films show shows series episode song songs music game games match clothes groceries ticket tickets seat flight
    trip room hotel things stuff lot bit day time break
    """
    )
)
"""What says nothing of anybody's taste by itself."""
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen.

    Attributes:
        verb: Base form of the verb that tells it.
        thing: What was chosen, as said but without what belongs to the occasion: `an oat latte`, `window seat`.
        habit: Whether the clause itself tells that it is done as a rule.
        slot: The attribute.
    """

    verb: str
    thing: str
    habit: bool
    slot: Slot


def choices_of(clause: str, owner: str) -> Iterator[Choice]:
    """Yield the choices that a clause without its times tells of one person."""
    match = _ACT.match(clause)
    if match is None or re.search(r"\s(?:and|or)\s", match["s"]) or (subject := subject_of(match["s"], owner)) is None:
        return
    verb = match["verb"].casefold()
    base, habit = _VERBS[verb], match["often"] is not None
    if habit is not verb.endswith("s") or (base in _ONCE and not habit and not _BEFORE.search(clause)):
        return
    for part in _BETWEEN.split(_OBJECT_END.split(match["rest"], maxsplit=1)[0]):
        thing = _thing(part)
        if thing:
            slot = Slot(subject=subject, name=f"{CHOICE}:{phrase_stems(thing)}", value="yes", single=False)
            yield Choice(verb=base, thing=thing, habit=habit, slot=slot)


def enough(told: Iterable[tuple[Statement, Sequence[Evidence]]], *, without: str | None = None) -> bool:
    """Whether statements with their evidence tell of a choice often enough to call it a preference.

    Args:
        told: The statements that tell of the choice. One with a day of its own is one occasion however many documents tell it;
            another is one per document.
        without: A document that does not count.
    """
    documents: set[str] = set()
    occasions: set[object] = set()
    for statement, evidence in told:
        telling = {piece.document_id for piece in evidence} - {without}
        documents |= telling
        if telling:
            occasions |= telling if statement.when is None else {statement.when.start}
    return len(documents) >= ENOUGH and len(occasions) >= ENOUGH


def _thing(part: str) -> str:
    """Return what was chosen with its article, or "" where that is not told."""
    leading = _LEADING.match(part)
    article = (leading["article"] or "the").casefold() if leading else ""
    bare = _BESIDE.sub("", part[leading.end() :] if leading else part).strip(" .'\"")
    words = bare.split()
    if not words or len(words) > _MOST_WORDS or words[0].casefold() in _NO_OBJECT or not phrase_stems(bare):
        return ""
    if bare.casefold() in _COMMON:
        return ""
    if article in ("a", "an"):
        article = "an" if bare[0].casefold() in "aeiou" else "a"
    return f"{article} {bare}".strip()
