"""What a sentence says, for comparison with another: topics, values, alternatives, polarity and restrictions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from synap.domain.clauses import clauses
from synap.domain.concepts import PLACES, TIERS, choices_in, plain_words, topics_in
from synap.domain.givens import given, tail
from synap.domain.slot_table import GENERIC_MODIFIERS
from synap.domain.terms import lowered, stem
from synap.domain.values import Kind, Value, read_values
from synap.domain.wordlists import listed
from synap.domain.words import STOP_WORDS


@dataclass(frozen=True)
class Reading:
    """One clause, taken apart. Everything is worked out when first asked for: most pairs fail on their terms already."""

    text: str

    @cached_property
    def low(self) -> str:
        """Its text in lower case, for patterns."""
        return lowered(self.text)

    @cached_property
    def words(self) -> tuple[tuple[str, str], ...]:
        """Its words in lower case, each with its stem."""
        return tuple(judged(word)[0] for word in plain_words(self.text))

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of its content words."""
        return frozenset(pair[1] for pair, tells in map(judged, plain_words(self.text)) if tells)

    @cached_property
    def topics(self) -> dict[str, frozenset[str]]:
        """The topics named, each with the stems that named it."""
        return topics_in(tuple(root for _, root in self.words))

    @cached_property
    def terms(self) -> frozenset[str]:
        """Stems of its content words, and its topics as `#name`; stems that named a topic are not repeated."""
        if not self.topics:
            return self.stems - self.named if self.named else self.stems
        covered = frozenset().union(*self.topics.values())
        content = self.stems - covered - self.named
        limited = "plan" in self.topics and any(kind == "plan" for kind, _ in self.restrictions)
        return frozenset(content | {f"#{name}" for name in self.topics if not (limited and name == "plan")})

    @cached_property
    def values(self) -> frozenset[Value]:
        """What is measured in it."""
        return frozenset(read_values(self.text)[0])

    @cached_property
    def choices(self) -> frozenset[tuple[str, str]]:
        """Alternatives named, as (family, word); a language that somebody can speak is none."""
        named = choices_in(tuple(root for _, root in self.words))
        if _ABILITY.search(self.low) is not None:
            return frozenset(choice for choice in named if choice[0] != "language")
        return named

    @cached_property
    def given(self) -> dict[str, frozenset[str]]:
        """What it tells, by kind of value; see `synap.domain.givens`."""
        return given(self.text, self.words, self.values, self.choices)

    @cached_property
    def tail(self) -> tuple[str, frozenset[str]] | None:
        """What it ends with; see `synap.domain.givens`."""
        return tail(self.text)

    @cached_property
    def heading(self) -> Reading:
        """What stands before its verb, and tells what it is about; empty where no plain verb is found."""
        return Reading(heading_of(self.text))

    @cached_property
    def negative(self) -> bool:
        """Whether it says that something does not hold, is waived or left out."""
        return _NEGATIVE.search(self.low) is not None

    @cached_property
    def sweeping(self) -> bool:
        """Whether it speaks of all, everyone, always, entirely."""
        return _SWEEPING.search(self.low) is not None

    @cached_property
    def restrictions(self) -> frozenset[tuple[str, str]]:
        """What it is limited to, as (dimension, value): a plan, an environment, a year, one room among several."""
        return frozenset(_restrictions(self.text))

    @cached_property
    def named(self) -> frozenset[str]:
        """Stems of the capitalised names in it; the first word of a clause counts only with a possessive."""
        return frozenset(map(stem, self.spelt))

    @cached_property
    def spelt(self) -> frozenset[str]:
        """The capitalised names as they are spelt: `Ann` and `Anne` have one stem."""
        return frozenset(_names(self.text))

    @cached_property
    def aside(self) -> bool:
        """Whether it settles nothing: a question, a hypothesis, hearsay, a joke, or a single past event."""
        return self.text.endswith("?") or _DOUBTFUL.search(_POLITE.sub("", self.low)) is not None or self.bygone

    @cached_property
    def bygone(self) -> bool:
        """Whether it tells of a past event; passives (`is sent`) and lasting changes (`was raised to 5`) do not."""
        active = _PASSIVE.sub("", self.low)
        return (_BYGONE.search(active) or _DID.match(active)) is not None and _SETTING.search(self.low) is None

    @cached_property
    def frame(self) -> tuple[object, ...]:
        """What two sentences must have in common, besides their topic, to say the same."""
        return (self.values, self.negative, self.restrictions, self.spelt, self.choices, self.foreign, self.bygone)

    @cached_property
    def wish(self) -> bool:
        """Whether it says how somebody wants something."""
        return _WISH.search(self.low) is not None

    @cached_property
    def permits(self) -> bool:
        """Whether it says what somebody may do or has."""
        return _PERMITS.search(self.low) is not None

    @cached_property
    def exempts(self) -> bool:
        """Whether it frees somebody of something."""
        return _EXEMPT.search(self.low) is not None

    @cached_property
    def foreign(self) -> bool:
        """Whether it is about a relative or acquaintance of the user."""
        return _FOREIGN.search(self.text) is not None

    @cached_property
    def own(self) -> bool:
        """Whether it is about the user: first person or `the user`."""
        return _OWN.search(self.low) is not None


_MOST_SENTENCES = 12
_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W_]+)*")
_EMPTY = frozenset(
    stem(word)
    for word in (
        *GENERIC_MODIFIERS,
        *listed(
            """
            may might must shall can need needs want wants like likes prefer prefers please use uses using
            make makes made give given gives gave somebody someone get gets go goes going take takes took put keep keeps let come
            comes able one two first every everyone everybody anyone nobody  nothing anything everything
            everywhere default always never today tomorrow now currently instead rather user users up people
            person  company team staff employee employees customer customers member members thing things way
            lot much many also even already yet still  per available enabled allowed required supported
            since until happen happens new set work works working year month week day hour minute second euro dollar pound cent percent
            another whole just next previous following upcoming
            without any unless until enough directly long short time times again back am pm via
            """
        ),
    )
)
"""Stems of words that say nothing about the topic, besides stop words."""

_NEGATIVE = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|without|no longer|exempt(?:ed)?|excluded?|excluding|except|"
    r"waived?|off|"
    r"opt(?:ed)? out|leave (?:me|us|him|her|them|it) out|leave \w+ out|skip|stop|free of|unlimited|disabled|"
    r"unavailable|forbidden|prohibited|"
    r"banned|bans|forbids?|prohibits?|disallows?|outlaws?|optional|unnecessary|avoid(?:s)?|refuses?|dislikes?|hates?|can ?not|instead of|unlisted|hidden|removed?|"
    r"cancel(?:l)?ed|suspended|blocked|ignore|lacks?)\b"
)
_SWEEPING = re.compile(
    r"\b(?:all|every|everyone|everybody|everything|always|any|anyone|anytime|fully|entirely|completely|only|each|"
    r"no (?:cap|limits?|maximum|upper limit|ceiling|quota|restrictions?)|uncapped|limitless|as (?:many|much|often|long) as|"
    r"unlimited|nobody|"
    r"no one|never|wholly|exclusively|permanently)\b"
)
_WISH = re.compile(
    r"\b(?:want(?:s|ed)?|prefer(?:s|red)?|would (?:like|rather|prefer)|likes?|please|rather|favou?rs?|insists?|"
    r"needs?|make sure|asks? (?:for|that|to)|"
    r"do not|keep|use|send|give|show|write|call|sign|address|leave|always|never|avoid|stop)\b"
)
_PERMITS = re.compile(
    r"\b(?:may|can|must|should|has to|have to|allowed|permitted|entitled|exempt|approved|granted|enabled|available|"
    r"included|gets?|receives?|required?)\b"
)
_DOUBTFUL = re.compile(
    r"\b(?:if (?:i|we|he|she|they|the user|it)|would|might|could|maybe|perhaps|possibly|wish(?:es)?|wonders?|rumou?r|"
    r"supposedly|allegedly|"
    r"imagine|suppose|jok(?:e|es|ed|ing)|kidding|thinking (?:of|about)|considering|hopes?|dreams?|one day (?:i|we|the user)|someday|"
    r"heard that|says that|said that)\b"
)
_EXEMPT = re.compile(
    r"\b(?:does not apply to|do not apply to|exempt(?:ed)? from|excused from|excluded from|not subject to|need not|(?:does|do) not (?:have|need) to|"
    r"no need to|not (?:required|obliged|bound) to)\b"
)
_ABILITY = re.compile(
    r"\b(?:speaks?|learn(?:s|ing|ed)?|stud(?:y|ies|ying|ied)|fluent|native|taught|teach(?:es)?|understands?|practi[cs](?:e|es|ing))\b"
)
_VERB = re.compile(
    r":\s|\b(?:is|are|was|were|be|has|have|had|gets?|takes?|lasts?|runs?|costs?|ends?|starts?|begins?|closes?|opens?|times|"
    r"goes|go|uses?|allows?|requires?|needs?|may|must|can|should|will|expires?|renews?|happens?|lies|stands?)\b"
)
_POLITE = re.compile(r"\bwould (?:like|rather|prefer)\b")
_BYGONE = re.compile(
    r"\b(?:ago|yesterday|last (?:week|month|year|night|summer|winter|spring|autumn|fall|time|monday|tuesday|"
    r"wednesday|thursday|friday|"
    r"saturday|sunday)|this morning|earlier today|formerly|previously|used to|back then|once(?! (?:an?|per|every|each)\b))\b"
    r"|\b(?:was|were|went|had|saw|met|came|gave|told|said|wrote|spoke|talked|visited|attended|asked|deployed|called|"
    r"sent|read|tried|"
    r"did|ate|ordered|watched|finished|completed|presented|fixed|found|lost|learned|heard|noticed|discussed|signed "
    r"up|received)\b"
)
_SETTING = re.compile(
    r"\b(?:moved|switched|changed|raised|lowered|increased|reduced|renamed|migrated|extended|rescheduled|set|"
    r"upgraded|downgraded|"
    r"promoted)\b[^,;]*? to\b|\b(?:bought|sold|agreed|negotiated|replaced|granted|since|from now on|now|as of|has "
    r"been|have been|"
    r"was (?:granted|given|exempted|promised)|(?:gave|given|granted|allowed|promised) (?:the user|me|us|them))\b"
)
_PASSIVE = re.compile(r"\b(?:is|are|be|been|being|gets?)(?: \w+ly| not| also| always| only)? \w+(?:ed|en|t|d|n)\b")
_DID = re.compile(
    r"^(?:i|we|he|she|they|the user)(?: \w+ly| also| just| once)? (?:\w{2,}ed|paid|bought|took|made|ran|drove|flew|"
    r"left)\b"
)
_FOREIGN = re.compile(
    r"^(?:my|our|the user's|his|her|their|[A-Z]\w+'s|a|one of (?:my|our)) (?:\w+ )?(?:wife|husband|spouse|partner|"
    r"girlfriend|boyfriend|son|daughter|child|kids?|"
    r"children|sisters?|brothers?|mother|mom|mum|father|dad|parents?|grand\w+|aunt|uncle|cousins?|niece|nephew|"
    r"friends?|boss|"
    r"colleagues?|coworkers?|neighbou?rs?|roommate|flatmate|manager)\b(?! is (?:now )?(?-i:[A-Z]))",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:i|me|my|mine|we|us|our|ours|the user|the user's)\b")
_NAME = re.compile(r"\b[A-Z][\w&-]*(?:['\u2019]s)?\b")
_IDENTIFIER = re.compile(r"\b(?=[a-z\d]*[a-z]\d)[a-z\d]{5,64}\b")
_IN_YEAR = re.compile(r"\b(?:in|during|for) ((?:19|20)\d\d)\b", re.IGNORECASE)
_QUARTER = re.compile(r"\bq([1-4])\b|\b(first|second|third|fourth) quarter\b", re.IGNORECASE)
_TIER_NOUNS = ("tier", "plan", "edition", "package", "subscription", "customers", "accounts", "users", "members")
_TIER = re.compile(rf"\b([A-Za-z]+) (?:{'|'.join(_TIER_NOUNS)})\b")
_SHORTEST_PLACES = tuple(place for place in PLACES if not any(other in place for other in PLACES - {place}))
_DIGIT = re.compile(r"\d")
_WHICH = re.compile(
    r"\b(room|project|team|server|building|floor|site|branch|product|module|service|account|repository|campus|"
    r"warehouse|store|line|"
    r"plant|gate|zone|ward|class|course|machine|model|phase|group|department)s? ([A-Z][a-z]\w*|[A-Z]|"
    r"\d{1,3})\b(?!['\u2019]s)",
    re.IGNORECASE,
)
_WHOSE = re.compile(
    r"\b(?:[Tt]he|[Oo]ur|[Ii]n|[Aa]t) ([A-Z][a-z]\w+) (office|team|site|branch|plant|warehouse|store|campus|department|group|server|room|"
    r"project|building|factory|school|lab)\b"
)
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4"}


def heading_of(text: str) -> str:
    """Return what stands before the first plain verb of a text; empty where there is none."""
    verb = _VERB.search(lowered(text))
    return text[: verb.start()] if verb is not None else ""


def readings(text: str) -> tuple[Reading, ...]:
    """Return one reading per clause of `text`, of the first dozen; at least one."""
    return tuple(map(Reading, clauses(text)[:_MOST_SENTENCES])) or (Reading(text),)


@lru_cache(maxsize=32768)
def judged(word: str) -> tuple[tuple[str, str], bool]:
    """Return a word with its stem, and whether it tells something about the topic; the same pair whoever asks."""
    root = stem(word)
    return (word, root), _tells(word, root)


def _tells(word: str, root: str) -> bool:
    return len(word) > 1 and word not in STOP_WORDS and root not in _EMPTY and not word[0].isdigit()


def _names(clause: str) -> Iterator[str]:
    """Yield identifiers (`b7f3a9`), and the capitalised words that are names: not first, or first with a possessive."""
    if _DIGIT.search(clause) is not None:
        yield from _IDENTIFIER.findall(clause)
    if clause == clause.lower():
        return
    for match in _NAME.finditer(clause):
        possessive = match.group().endswith(("'s", "\u2019s"))
        if match.start() > 0 or possessive:
            word = match.group().removesuffix("'s").removesuffix("\u2019s").casefold()
            if word not in STOP_WORDS:
                yield word


def _restrictions(clause: str) -> Iterator[tuple[str, str]]:
    # Each pattern is slow to fail, and nearly all clauses lack even the letters that it needs.
    folded = clause.casefold()
    if any(noun in folded for noun in _TIER_NOUNS):
        for match in _TIER.finditer(clause):
            if match.group(1).casefold() in TIERS:
                yield "plan", match.group(1).casefold()
    if any(place in folded for place in _SHORTEST_PLACES):
        for word in _WORD.findall(clause):
            if word.casefold() in PLACES:
                yield "environment", word.casefold()[:4]
    digits = _DIGIT.search(clause) is not None
    if digits or clause != clause.lower():
        yield from _told_apart(clause)
    if digits or "quarter" in folded:
        yield from _periods(clause)


def _told_apart(clause: str) -> Iterator[tuple[str, str]]:
    for noun, name in (*_WHICH.findall(clause), *((noun, name) for name, noun in _WHOSE.findall(clause))):
        if name[0].isupper() or name.isdecimal():
            yield f"which {noun.casefold()}", name.casefold()


def _periods(clause: str) -> Iterator[tuple[str, str]]:
    for year in _IN_YEAR.findall(clause):
        yield "year", year
    for number, ordinal in _QUARTER.findall(clause):
        yield "quarter", number or _ORDINALS[ordinal.casefold()]


COMPARABLE = {kind: frozenset({kind}) for kind in Kind} | {
    Kind.CLOCK: frozenset({Kind.CLOCK, Kind.HOURS}),
    Kind.HOURS: frozenset({Kind.HOURS, Kind.CLOCK}),
}
"""Kinds of values that answer the same question."""
