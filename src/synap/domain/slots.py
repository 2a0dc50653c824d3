"""Slots of a statement: which attribute of whom it settles, and with what value.

Rules for the shipped slots come first (`synap.domain.slot_table`); what they leave open is read as a plain attribute
(`synap.domain.attributes`), so that attributes nobody thought of meet as well. Clauses that assert nothing (questions,
hypotheses, hearsay, the past) settle nothing. A value that ended or does not hold is written with `NOT` in front.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from synap.domain.attributes import NOT, attributes_of, qualified
from synap.domain.changeovers import change_of, habit_of
from synap.domain.choices import choices_of
from synap.domain.clauses import believed, clauses, past, without_time
from synap.domain.likings import likings_of
from synap.domain.memories import Slot
from synap.domain.normal_forms import UNRESOLVED, normalise_name, normalise_subject, normalise_value, subject_of
from synap.domain.slot_table import ACQUAINTANCES, BY_NAME, COUNTABLE_NAMES, MONTHS, RULES, WEEKDAYS, Rule, SlotSpec
from synap.domain.slot_values import Takes, fits, name_in
from synap.domain.wordlists import listed

_LONGEST_CLAUSE = 300
"""Code points; longer ones are no plain statements, and patterns would only stray in them."""
_POSSESSOR = re.compile(r"^(?P<s>[A-Z][^,;:'\u2019]{0,40})['\u2019]s?\s")
_WITH_OTHERS = re.compile(r"(?<=\w) and others(?= \w)")
"""What a `we` adds to its speaker (`the user and others use Slack`): the attribute is the speaker's as well."""
_ROW = re.compile(r"(?P<row>[^:;.]{1,80}): (?P<cells>[^;]{1,120} is [^;]{1,120}(?:; [^;]{1,120} is [^;]{1,120})+)")
_DAYS = frozenset(listed("monday tuesday wednesday thursday friday saturday sunday weekend"))
_BESIDE = re.compile(
    r"\b(?:also|too|as well|in addition|besides|on the side|part-time|part time|sometimes|occasionally|freelances?|"
    r"(?:on|at) (?:weekends|the weekend|\w+days)|(?:second|side|other|another) (?:job|home|car|office))\b",
    re.IGNORECASE,
)
"""What tells that a value stands beside others instead of taking their place."""
_DATED = re.compile(
    rf"(?:{MONTHS}|{WEEKDAYS}|week|day|q[1-4]|room|floor|gate|platform|flight|bus|tram|route|line|unit|apartment|"
    rf"building|highway)\b|[\w.+#-]+(?: \w+)? (?:version )?v?\d+(?:st|nd|rd|th)?,? (?:of )?(?:{MONTHS})\b",
    re.IGNORECASE,
)
"""A capitalised word before a number that makes it a day or a place instead of a version."""
_LENGTH = re.compile(
    r"\b(?:(?P<short>short(?:er)?|brief(?:er)?|concise|terse|succinct|crisp|to the point)|(?P<long>long(?:er)?|"
    r"detailed|"
    r"thorough|in-depth|comprehensive|extensive|elaborate|verbose))\b[^.;]{0,30}?"
    r"\b(?:answers?|repl(?:y|ies)|responses?|explanations?|summar(?:y|ies)|messages?)\b"
    r"|\b(?:answers?|repl(?:y|ies)|responses?|explanations?|keep it|keep things)\b[^.;]{0,25}?"
    r"\b(?:(?P<short2>short(?:er)?|brief(?:er)?|concise|terse|succinct)|(?P<long2>long(?:er)?|detailed|thorough|"
    r"in-depth|"
    r"comprehensive|verbose))\b",
    re.IGNORECASE,
)


def slot_hash(slot: Slot) -> int:
    """Return the frozen hash of the slot's subject and name (BLAKE2b, RFC 7693), a signed 64-bit integer."""
    data = b"\x1f".join(part.encode("utf-8", "surrogatepass") for part in slot.key)
    digest = hashlib.blake2b(data, digest_size=8, person=b"synap-slot").digest()
    return int.from_bytes(digest, "big", signed=True)


@lru_cache(maxsize=4096)
def content_hash(text: str) -> bytes:
    """Return 16 bytes that are equal for texts that differ only in case, spacing, Unicode form and final punctuation."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(" .!;,")
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16, person=b"synap-content").digest()


@lru_cache(maxsize=4096)
def slots_of(text: str, *, subject: str) -> tuple[Slot, ...]:
    """Return the attributes that a statement settles, in order, each (subject, name, value) once.

    Args:
        text: The statement, third person or first.
        subject: Whom the statement is about, as displayed (`the user`, `Dana`); first-person words and a missing
            grammatical subject stand for it.
    """
    owner = normalise_subject(subject)
    found: dict[tuple[str, str, str], Slot] = {}
    for clause in clauses(_WITH_OTHERS.sub("", _spread(text))):
        if len(clause) > _LONGEST_CLAUSE or not believed(clause) or past(clause):
            continue
        beside = _BESIDE.search(clause)
        for slot in _slots_of_clause(without_time(clause), owner):
            one_of_many = slot.subject in ACQUAINTANCES or (beside is not None and not _its_day(slot, beside[0]))
            found.setdefault(
                (slot.subject, slot.name, slot.value), replace(slot, single=False) if one_of_many else slot
            )
    return tuple(found.values())


def _its_day(slot: Slot, beside: str) -> bool:
    """Whether the days that stand beside a time are that time itself (`practice is on Mondays`)."""
    return slot.attribute == "time" and slot.value in _DAYS and beside[:3].casefold() in ("on ", "at ")


def _spread(text: str) -> str:
    """Return the sentence of a table row (`Basic: price is 3; seats is 2`) with its subject before every cell."""
    row = _ROW.match(text)
    if row is None:
        return text
    return ". ".join(f"{row['row']}: {cell.strip()}" for cell in row["cells"].split(";"))


def _slots_of_clause(clause: str, owner: str) -> Iterator[Slot]:
    ruled = list(_by_rules(clause, owner))
    yield from ruled
    yield from _lengths(clause, owner)
    yield from likings_of(clause, owner)
    yield from (choice.slot for choice in choices_of(clause, owner))
    told = ruled or list(attributes_of(clause, owner))
    if not ruled:
        yield from told
    if not any(slot.value.startswith(NOT) for slot in told):
        changed = list(change_of(clause, owner))
        yield from changed
        if not told and not changed:
            yield from habit_of(clause, owner)


def _by_rules(clause: str, owner: str) -> Iterator[Slot]:
    filled: set[str] = set()
    for rule in RULES:
        if rule.slot in filled or (match := rule.pattern.search(clause)) is None:
            continue
        slots = list(_filled(rule, match, owner))
        if slots:
            filled.add(rule.slot)
        yield from slots


def _filled(rule: Rule, match: re.Match[str], owner: str) -> Iterator[Slot]:
    groups = match.groupdict()
    if "s" not in groups and (possessor := _POSSESSOR.match(match.string)):
        owner = normalise_subject(possessor["s"], owner=owner)
    subject = subject_of(groups.get("s"), owner)
    value = rule.value or normalise_value(groups.get("v") or "")
    spec = BY_NAME.get(rule.slot, SlotSpec(rule.slot))
    if subject is None or not value or value in UNRESOLVED or (rule.value is None and not _fits(spec, groups["v"])):
        return
    if spec.takes is Takes.NAME:
        value = normalise_name(name_in(groups["v"]) or groups["v"])
    single = spec.single if rule.single is None else rule.single
    if rule.slot == "name" and subject.split()[-1] in COUNTABLE_NAMES:
        single = False
    if rule.slot == "version" and _DATED.match(match.string, match.start("q")):
        return
    name = qualified(rule.slot, groups.get("q"))
    yield Slot(subject=subject, name=name, value=NOT + value if rule.negative else value, single=single)
    old = normalise_value(groups.get("old") or "")
    if old and old != value:
        yield Slot(subject=subject, name=name, value=NOT + old, single=False)


def _fits(spec: SlotSpec, value: str) -> bool:
    """Whether a phrase's value is of the slot's kind; only a home can be mistaken where a phrase already tells the slot."""
    return spec.takes is not Takes.PLACE or fits(spec.takes, value)


def _lengths(clause: str, owner: str) -> Iterator[Slot]:
    match = _LENGTH.search(clause)
    if match is not None:
        short = bool(match["short"] or match["short2"])
        yield Slot(subject=owner, name="answer_length", value="short" if short else "long")
