"""What a sentence does: state, ask, order, chat, ask for lasting behaviour, take something back, or forbid remembering.

Only statements and requests for lasting behaviour feed memories. A task's payload ("write an email saying …"), a
counterfactual and a quotation never do.
"""

from __future__ import annotations

import re
from functools import lru_cache

from synap.ingestion.acts import Act, Reading
from synap.ingestion.languages import language_of
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TELEGRAPHIC_ADJECTIVES
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.orders import asked
from synap.ingestion.shapes import words_of
from synap.ingestion.taking_back import LEAD, joke, taken_back

_IDLE = re.compile(
    r"(?:never ?mind(?: (?:that|it|this|me|about (?:that|it|this)))?|forget (?:it|about it)|no (?:worries|rush|problem|hurry)|take (?:your|it) (?:time|easy)"
    r"|(?:don['\u2019]?t|do not) (?:worry|bother|sweat|mind me|give up)(?: about (?:it|that|this))?|hold on|hang on|bear with me|give me an? (?:sec|second|minute|moment)"
    r"|let me (?:think|check|see)|good luck|way to go|keep (?:it up|going|up the (?:good|great) work)|(?:have|enjoy) (?:a|an|your) (?:\w+ ){0,2}(?:day|evening|weekend|night|one))\b[\s.!,]*",
    re.IGNORECASE,
)
"""What keeps a talk going and asks for nothing that lasts, whoever listens."""
_SOCIAL = re.compile(
    r"(?:please |pls |just |do |and |then )?(?:let|tell|send|give|show|keep|take|have|wish|text|call|ping|thank|bless|excuse|trust|believe|forgive|hug|say) (?:me|us|it|that|you|your|them|him|her|care|hi|hello|pics?|photos?|a (?:great|good|nice|lovely|safe|wonderful)|safe|one for)\b"
    r"|(?:will|can|must) do\b|good luck\b|(?:don['\u2019]?t|do not) (?:worry|give up|forget to|be)\b|sounds? (?:good|great|like|fun)\b|way to go\b|keep (?:going|up)\b",
    re.IGNORECASE,
)
"""What people say to each other that asks for something small or only keeps the talk going."""
_REMINDER = re.compile(
    LEAD
    + r"(?:remind (?:me|us)|don['\u2019]?t let (?:me|us) forget|(?:set|create|add)(?: up)? (?:me )?a reminder|make sure (?:i|we) (?:don['\u2019]?t forget|remember))\s+(?P<what>.+)",
    re.IGNORECASE,
)
_RATHER = re.compile(
    r"(?:give me|i(?:['\u2019]ll| will)? take) (?P<more>[^.,;!?]{2,60}?) over (?P<less>[^.,;!?]{2,60}?),? (?:any ?day|any ?time|every ?time)"
    r"(?: of the week)?[\s.!]*$",
    re.IGNORECASE,
)
"""A liking in the form of an order: "give me tea over coffee any day"."""
_PREFACE = re.compile(
    r"(?:(?:i |we )?(?:just )?(?:wanted|want|would like|have) to (?:let you know|tell you|mention|add|say|point out|share|confess)(?: that)?|just so you know|by the way|for (?:context|reference|the record|your information)"
    r"|(?:just )?(?:a )?(?:quick |short |brief |little )(?:one|question|thing|message|info|request)(?=\s*[:,\u2013\u2014-])|(?:one|two|three|a few|some)(?: quick| more)? (?:things?|facts?|updates?|points?)(?=\s*:)|(?:just )?(?:a )?(?:quick )?(?:heads[- ]up|reminder|update|note)|(?:please )?(?:note|remember|keep in mind|bear in mind)(?: that)|(?:please )?(?:remember|note)(?=\s(?:I|my|we|our)\s)|(?:please )?(?:remember|note|keep in mind|(?:don['\u2019]?t|do not) forget)(?=\s*[:,\u2013\u2014])|never ?mind(?=\s*[,.!\u2013\u2014-])|dear (?:[\w-]+ ){0,2}[\w-]+(?=,)|p\.?s\.?(?=\s*:)|speaking of [^,.]{2,40}(?=,)|(?:just|only) (?:kidding|joking)|jk|you (?:should|might|may|need to|ought to)(?: also)?(?: (?:want|like) to)? know(?: that)?(?=\s(?:I|we|my|our)\b)|(?:please )?(?:don['\u2019]?t|do not) forget (?:that )?(?=(?:i|my|we|our)\b)|(?:to be|being) honest|in case you (?:did not|didn['\u2019]?t) know|guess what|you know(?: what)?|the thing is|fun fact|one more thing|for what it['\u2019]s worth|as you (?:may )?know)\b[\s,:;!.\u2013\u2014-]*(?:that )?",
    re.IGNORECASE,
)
_ROLE_PLAY = re.compile(
    r"^(?:let['\u2019]?s )?(?:imagine|pretend|suppose|supposing|assume|assuming|say|what if|act as|you are|you['\u2019]re)\b",
    re.IGNORECASE,
)
_QUESTION_START = re.compile(
    r"^(?:(?:so|and|but|well|ok|okay|hey|hi|also|oh|by the way|btw|wait)[,\s]+){0,3}(?:what|how|why|where|when|who|whom|whose|which|(?:do|does|did|is|are|was|were|can|could|would|will|should|shall|have|has|had|may|might) (?:you|i|we|it|there|he|she|they|this|that|the|my|your|anyone|someone)|isn['\u2019]t|aren['\u2019]t|don['\u2019]t you|got any|any)\b",
    re.IGNORECASE,
)
_QUESTION_TAIL = re.compile(
    r"[,;\u2013—-]\s*(?:so|and|but)?\s*(?:(?:what|how|why|where|when|who|which|can|could|would|will|should|do|does|did|is|are|any|got|have)\b[^,]*(?:,[^,]*)?)\?\s*$",
    re.IGNORECASE,
)
_TAG = re.compile(
    r",?\s*(?:right|correct|you know|isn['\u2019]t it|don['\u2019]t you think|you see|ok|okay|eh|huh|no)\s*\?\s*$",
    re.IGNORECASE,
)
_GIVEN_THAT = re.compile(
    r"^(?:since|as|because|given that|seeing that|now that|considering(?: that)?)\s+(?P<what>(?:i|we|my|our)\b[^,?]{4,120}),",
    re.IGNORECASE,
)
_CORRECTION = re.compile(
    r"^(?:(?:oh|oops|wait|ah|hmm|sorry|ok|no)[,!.\s]+){0,3}(?:actually|no,?\s+(?:wait|hang on|hold on)|(?:wait|hang on|hold on),?\s+no|(?:wait|hang on|hold on)(?=\s*[,:;\u2013—])|in fact|correction|(?:(?:a |another )?(?:small |quick |slight )?correction)|(?:a )?typo|erratum|i misspoke|i mistyped|i misremembered|i (?:got|had) (?:that|it|this) wrong|i was (?:wrong|mistaken)(?= *[:;,.!\u2013—-])|i mixed (?:that|it|this|them) up|i stand corrected|my mistake|my bad|my apologies|i meant(?: to say)?|i mean|to correct myself|let me correct that|scratch that|make that|make it(?=\s+[\d$]|\s+\u20ac)|(?:rather|no|sorry)(?=\s*[,;:.!\u2013—-]))\b[,:;.!\s\u2013—-]*",
    re.IGNORECASE,
)
_OPENERS = re.compile(r"^[\s,!.:;\u2013—-]*")
_QUOTED = re.compile(r"“[^”]{0,400}”|\"[^\"]{0,400}\"|«[^»]{0,400}»")
_IF = re.compile(
    r"^(?:(?:but|and|so|well|even|only|what)\s+)?(?:if|unless|suppose|supposing|imagine|assuming|in case)\b",
    re.IGNORECASE,
)
_COUNTERFACTUAL = re.compile(
    r"\b(?:if|unless)\b.*\b(?:would|['\u2019]d|could|might)\b|\b(?:would|['\u2019]d|could|might)\b.*\bif\b|\bi wish i (?:were|was|had|could|lived|knew)\b|\bas if\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=512)
def read(sentence: str, *, to_machine: bool) -> Reading:
    """Return what a sentence does.

    Args:
        sentence: One sentence, as written.
        to_machine: The listener is an assistant: orders are tasks or requests for lasting behaviour.
    """
    withdrawn = taken_back(sentence) or joke(sentence)
    if withdrawn is not None:
        return withdrawn
    opened, correction = _opened(sentence)
    text = sentence[opened:]
    if not words_of(text) or _IDLE.fullmatch(text) or (not to_machine and _SOCIAL.match(text)):
        return Reading(act=Act.SOCIAL, correction=correction)
    worded = _worded_as_an_order(text, opened)
    if worded is not None:
        return worded
    if to_machine:
        ordered = asked(text, opened)
        if ordered is not None:
            return ordered
    if _IF.match(text) or _COUNTERFACTUAL.search(_QUOTED.sub("", text)) or _ROLE_PLAY.match(text):
        payload = _ROLE_PLAY.match(text) is not None and text.rstrip().endswith(":")
        return Reading(act=Act.PAYLOAD if payload else Act.HYPOTHESIS)
    return _question_or_statement(text, opened, correction=correction)


def hands_over(sentence: str) -> bool:
    """Whether an English order stands before words of another language ("Translate this: …")."""
    order, colon, _ = sentence.partition(":")
    if not colon or language_of(order) != "en":
        return False
    return read(f"{order}:", to_machine=True).act in (Act.TASK, Act.PAYLOAD)


def _worded_as_an_order(text: str, opened: int) -> Reading | None:
    """Read what has the form of an order but is none to do now: a reminder, or a liking ("give me tea over coffee any day")."""
    rather = _RATHER.match(text)
    if rather:
        return Reading(act=Act.STATEMENT, text=f"I prefer {rather['more']} over {rather['less']}", start=opened)
    reminder = _REMINDER.match(text)
    return reminder and Reading(act=Act.REMINDER, text=reminder["what"], start=opened + reminder.start("what"))


def _opened(sentence: str) -> tuple[int, bool]:
    """Return where the statement begins behind interjections and vocatives, and whether a correction was announced."""
    place = _OPENERS.match(sentence).end()  # type: ignore[union-attr]  # the pattern matches the empty string
    correction = False
    for _ in range(5):
        announced = _CORRECTION.match(sentence[place:])
        if announced and announced.end() and place + announced.end() < len(sentence):
            correction |= _corrects(announced[0], sentence[place + announced.end() :])
            place += announced.end()
            continue
        preface = _PREFACE.match(sentence[place:])
        if preface and words_of(sentence[place + preface.end() :]):
            place += preface.end()
            continue
        skipped = _interjection(sentence, place)
        if skipped == place:
            break
        place = skipped
    return place, correction


def _corrects(words: str, following: str) -> bool:
    lowered = words.casefold().strip(" ,.!:;\u2013—-")
    return lowered not in ("sorry", "rather") and (
        lowered != "no"
        or ", not " in following
        or following.casefold().startswith(("i ", "it", "my", "our", "the", "that"))
    )


def _interjection(sentence: str, place: int) -> int:
    match = re.match(r"([^\W\d_]+(?:['\u2019][^\W\d_]+)?)((?:\s*[,!.…\u2013—-]+\s*)+|\s+)", sentence[place:])
    if match is None or place + match.end() >= len(sentence):
        return place
    word, gap = match[1].casefold(), match[2]
    marked = bool(gap.strip())
    if word in ("hey", "hi", "hello", "thanks", "yo", "dear", "congrats"):
        vocative = re.match(r"[A-Z][\w'\u2019-]*(?:\s*[,!.]+\s*|$)", sentence[place + match.end() :])
        if vocative or marked:
            return place + match.end() + (vocative.end() if vocative else 0)
    if word in lexicon.INTERJECTIONS and (marked or word in _ALWAYS_LEADING):
        return place + match.end()
    vocative_first = (
        marked
        and "," in gap
        and word.isalpha()
        and sentence[place].isupper()
        and _follows_subject(sentence, place + match.end())
    )
    return place + match.end() if vocative_first and word not in _NO_VOCATIVES else place


_ALWAYS_LEADING = word_set(
    "oh so well and but also yeah wow hey ooh aww ugh omg haha anyway basically honestly actually btw fyi plus um uh lol"
)
_NO_VOCATIVES = word_set(
    "yesterday today tomorrow recently lately sometimes usually monday tuesday wednesday thursday friday saturday sunday however once"
)


def _follows_subject(sentence: str, place: int) -> bool:
    words = words_of(sentence[place : place + 40])
    return bool(words) and words[0].lower.split("'")[0] in ("i", "we", "you", "that", "it")


def _question_or_statement(text: str, opened: int, *, correction: bool) -> Reading:
    if text.rstrip(" \"'”\u2019)").endswith("?"):
        given = _GIVEN_THAT.match(text)
        if given:
            return Reading(act=Act.STATEMENT, text=given["what"], start=opened + given.start("what"))
        tail = _QUESTION_TAIL.search(text) or _TAG.search(text)
        if tail and tail.start() > 8 and not _QUESTION_START.match(text):  # noqa: PLR2004 - shorter heads say nothing
            return Reading(act=Act.STATEMENT, text=text[: tail.start()], start=opened, correction=correction)
        return Reading(act=Act.QUESTION)
    if _QUESTION_START.match(text) and not _declarative(text):
        return Reading(act=Act.QUESTION)
    return Reading(act=Act.STATEMENT, text=text, start=opened, correction=correction)


def _declarative(text: str) -> bool:
    """Whether "when", "where" or "what" opens a lead-in or a fragment rather than a question."""
    return re.match(
        r"(?:when|while|whenever|where)\b.*,|(?:when|whenever) (?:i|we|my|our|he|she|they|the)\b|what (?:i|we)\b",
        text,
        re.IGNORECASE,
    ) is not None or (words_of(text)[0].lower in TELEGRAPHIC_ADJECTIVES)
