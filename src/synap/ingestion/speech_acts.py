"""What a sentence does: state, ask, order, chat, ask for lasting behaviour, take something back, or forbid remembering.

Only statements and requests for lasting behaviour feed memories. A task's payload ("write an email saying …"), a
counterfactual and a quotation never do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from synap.ingestion import verbs
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TASK_NOUNS, TASK_VERBS, TELEGRAPHIC_ADJECTIVES
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.lexicon.verbs import STATIVE
from synap.ingestion.shapes import Word, words_of


class Act(StrEnum):
    """What a sentence does."""

    STATEMENT = "statement"
    QUESTION = "question"
    TASK = "task"
    PAYLOAD = "payload"
    """A task whose material follows: what comes after it in the turn is not the speaker's own statement."""
    SOCIAL = "social"
    STANDING = "standing"
    REMINDER = "reminder"
    RETRACTION = "retraction"
    OPT_OUT = "opt_out"
    HYPOTHESIS = "hypothesis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a sentence does and the words that matter for it.

    Attributes:
        act: What it does.
        text: The statement inside it, the behaviour asked for, the topic taken back; empty where there is none.
        start: Where `text` begins in the sentence.
        correction: It announces a correction ("actually", "I meant").
        backwards: An opt-out or retraction that means what was said just before ("scratch that").
    """

    act: Act
    text: str = ""
    start: int = 0
    correction: bool = False
    backwards: bool = False


_ABOUT = r"(?:about|regarding|on|concerning|re|with regard to)"
_DROP = r"(?:forget|ignore|scratch|disregard|delete|drop|remove|erase|strike|discard|unlearn|clear|cancel|wipe|omit|take back|retract|withdraw|nevermind|never mind)"
_POLITE = r"(?:please|pls|kindly|can you|could you|would you|will you|you can|you should|you may|you could|i want you to|i need you to|i(?:['\u2019]d| would) like you to|just|actually|sorry|oh|ok|okay|hey|no|wait|well|so|also|and|but|then|now|let['\u2019]?s|i)"
_LEAD = rf"^(?:{_POLITE}[,:]?\s+){{0,4}}"
_SAID = r"(?:said|told you|mentioned|wrote|shared|stated|asked|told|explained|claimed)"
_RETRACTIONS = tuple(
    re.compile(_LEAD + pattern, re.IGNORECASE)
    for pattern in (
        rf"{_DROP}\s+(?:about\s+)?(?:everything|anything|all|what|whatever|that|the (?:things?|bits?|parts?|stuff|fact|info(?:rmation)?))?\s*(?:that\s+)?(?:i|we)(?:['\u2019]ve| have| had)?\s+(?:just\s+)?{_SAID}(?:\s+(?:to )?you)?(?:\s+(?:earlier|before|previously|yesterday|above|last time))*\s+{_ABOUT}\s+(?P<topic>[^.!?]+)",
        rf"{_DROP}\s+(?:about\s+)?my\s+(?:earlier |previous |last |old )?(?:comments?|remarks?|statements?|notes?|messages?|instructions?|requests?)\s+{_ABOUT}\s+(?P<topic>[^.!?]+)",
        r"(?:forget|disregard|ignore)\s+(?:about\s+)?(?P<topic>(?:my|our|the)\s+[^.!?,;]+)",
        r"(?:forget|disregard|ignore)\s+(?:the fact\s+)?that\s+(?P<topic>(?:i|we|my|our)\s+[^.!?]+)",
        r"(?:delete|drop|remove|erase|clear|discard|wipe|reset)\s+(?P<topic>(?:my|our)\s+[^.!?,;]*?(?:settings?|preferences?|info(?:rmation)?|details?|address|number|birthday|name|defaults?|rules?|instructions?|requests?|reminders?))(?=\s*(?:[.!?,;]|from\b|please\b|$))",
        r"(?:delete|drop|remove|erase|clear|discard|wipe)\s+(?P<topic>[^.!?,;]+?)\s+from (?:your |the )?(?:memory|memories|notes|records|profile)",
        r"(?:that|the|my) (?:note|comment|statement|message|remark|bit|part|thing|info(?:rmation)?)s? (?:on|about|regarding) (?P<topic>[^.!?]+?) (?:was|is|were|are)\b[^.!?]*\b(?:disregard|ignore|forget|drop|delete) (?:it|that|them)\b",
        r"(?:stop remembering|no longer remember|don['\u2019]?t keep|do not keep)\s+(?P<topic>(?:that\s+)?(?:i|we|my|our|the)\s+[^.!?]+)",
    )
)
_RETRACTED_BEFORE = re.compile(
    _LEAD
    + r"(?:scratch that|strike that|forget (?:that|it|what i (?:just )?said|i said (?:that|anything))|(?:i )?take that back|disregard that|ignore that"
    r"|ignore (?:my last|the last|my previous) (?:message|sentence|statement|comment)|never ?mind what i (?:just )?said)\b[\s.!,]*$",
    re.IGNORECASE,
)
_JOKED = re.compile(
    r"(?:ha+(?:ha)*|lol|no|nah|oh)?[,!.\s]*(?:(?:i(?:['\u2019]m| am|m) )?(?:just |only )?(?:kidding|joking)|jk|not really)[\s.!,\u2026]*$",
    re.IGNORECASE,
)
_SOCIAL = re.compile(
    r"(?:please |pls |just |do |and |then )?(?:let|tell|send|give|show|keep|take|have|wish|text|call|ping|thank|bless|excuse|trust|believe|forgive|hug|say) (?:me|us|it|that|you|your|them|him|her|care|hi|hello|pics?|photos?|a (?:great|good|nice|lovely|safe|wonderful)|safe|one for)\b"
    r"|(?:will|can|must) do\b|good luck\b|(?:don['\u2019]?t|do not) (?:worry|give up|forget to|be)\b|sounds? (?:good|great|like|fun)\b|way to go\b|keep (?:going|up)\b",
    re.IGNORECASE,
)
"""What people say to each other that asks for something small or only keeps the talk going."""
_OPT_OUT = re.compile(
    _LEAD
    + r"(?:(?:don['\u2019]?t|do not|never|no need to)\s+(?:ever\s+)?(?:remember|store|save|keep|record|memori[sz]e|write down|note(?: down)?|log|retain)\s+"
    r"(?P<what>this|that|it|any of this|any of that|the following|the next|what (?:i['\u2019]m|i am) (?:about to say|going to say|telling you)|what i (?:just )?said)\b[^:]*"
    r"|(?:this (?:is|stays|one is)\s+)?(?:strictly\s+)?(?:off the record|not for the record|just between us|between you and me|between us)\b"
    r"|keep (?:this|that) (?:private|between us|off the record|to yourself|out of (?:your |the )?(?:memory|records|notes)))(?P<tail>\s*[:,\u2013—-]?\s*)",
    re.IGNORECASE,
)
_REMINDER = re.compile(
    _LEAD
    + r"(?:remind (?:me|us)|don['\u2019]?t let (?:me|us) forget|(?:set|create|add)(?: up)? (?:me )?a reminder|make sure (?:i|we) (?:don['\u2019]?t forget|remember))\s+(?P<what>.+)",
    re.IGNORECASE,
)
_GENERAL = re.compile(
    r"\b(?:always|never|from now on|by default|as (?:a|the) default|in (?:the )?future|going forward|henceforth|every ?time|each time|any ?time"
    r"|whenever|when(?:ever)? (?:you|i)\b|(?:don['\u2019]?t|do not) (?:\w+ )+any(?:thing|one|body|where)?\b|(?:for|in|with|of|from|to) (?:all|every|each|any|future)\b|until (?:i|further)|in general|at all times|as a rule|by standard"
    r"|everywhere|permanently|consistently|no matter what|stick (?:to|with)|for good|all (?:my|your|the) (?:messages|answers|replies|responses|reports|emails))\b",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"\b(?:your (?:answers?|repl(?:y|ies)|responses?|tone|messages?|explanations?|language|style|summar(?:y|ies)|output)|emojis?|bullet(?:s| points?|ed)|metric|imperial|celsius|fahrenheit"
    r"|kilomet(?:er|re)s|miles|24-?hour|12-?hour|am/pm|dark (?:mode|theme)|light (?:mode|theme)|formal(?:ly)?|informal(?:ly)?|concise(?:ly)?|brief(?:ly)?"
    r"|jargon|british|american|time ?zone|exclamation (?:marks|points)|small talk|first[- ]name|honorifics?|markdown|plain text|notifications?|kanban|gantt|list view|board view|my (?:messages|emails|letters|replies|documents|reports|calendar))\b",
    re.IGNORECASE,
)
_MANNER = word_set(
    "reply respond answer write speak talk communicate use keep avoid skip stop be limit format include stick address refer call show display give "
    "prefer start end begin sign send notify treat assume default prioritize round quote cite spell make leave put don't do never always"
)
_IN_LANGUAGE = re.compile(rf"\bin (?:{'|'.join(lexicon.LANGUAGES)})\b", re.IGNORECASE)
_CALL_ME = re.compile(
    _LEAD + r"(?:(?:do not|don['\u2019]?t|never|always)\s+)?(?:call|address|refer to)\s+me\b", re.IGNORECASE
)
_REQUEST = re.compile(
    r"^(?:(?:please|pls|kindly|also|and|so|ok|okay|hey|hi|oh|btw|by the way|actually|one more thing|from now on|going forward|in (?:the )?future|by default)[,:]?\s+){0,3}"
    r"(?:(?:can|could|would|will) you\s+(?:please\s+)?|i(?:['\u2019]d| would) (?:like|love|prefer|appreciate it if) (?:it if )?you(?: to| could| would)?\s+|i (?:want|need|expect) you to\s+"
    r"|you (?:should|must|can|may|need to|have to)\s+|make sure (?:to|that you|you)\s+|be sure to\s+|try to\s+|remember to\s+|let['\u2019]s\s+|please\s+)?",
    re.IGNORECASE,
)
_DECLARED_REQUEST = re.compile(
    r"(?:can|could|would|will) you\b|i(?:['\u2019]d| would) (?:like|love|prefer) (?:it if )?you|i (?:want|need|expect) you to|please|make sure|be sure|remember to",
    re.IGNORECASE,
)
_TASK_LEAD = re.compile(
    r"^(?:(?:please|pls|hey|hi|ok|okay|so|now|also|and|then|next|great|thanks|perfect)[,!]?\s+){0,3}"
    r"(?:(?:can|could|would|will) (?:you|u|we)|help me|i(?:['\u2019]d| would) (?:like|love) (?:you to|some help|help|to (?:get|see|have|know|ask|understand|hear))"
    r"|i (?:want|need|would like) you to|i need (?:some |your )?(?:help|advice|assistance|ideas|suggestions|tips)|let['\u2019]?s (?:say|imagine|pretend|assume)|"
    r"i(?:['\u2019]m| am) looking for (?:some |a few |any )?(?:advice|ideas|suggestions|tips|recommendations|help|information)|do you|any (?:ideas?|tips|advice|suggestions|thoughts|recommendations))\b",
    re.IGNORECASE,
)
_PAYLOAD = re.compile(
    r":\s*$|\b(?:the following|this (?:text|email|paragraph|message|sentence|code|article|essay|letter|story|passage|log|error))\b[^.]*$|\bbelow\b",
    re.IGNORECASE,
)
_PREFACE = re.compile(
    r"(?:(?:i |we )?(?:just )?(?:wanted|want|would like|have) to (?:let you know|tell you|mention|add|say|point out|share|confess)(?: that)?|just so you know|by the way|for (?:context|reference|the record|your information)"
    r"|(?:just )?(?:a )?(?:quick )?(?:heads[- ]up|reminder|update|note)|(?:please )?(?:note|remember|keep in mind|bear in mind)(?: that)|(?:please )?(?:remember|note)(?=\s(?:I|my|we|our)\s)|(?:please )?(?:remember|note|keep in mind|(?:don['\u2019]?t|do not) forget)(?=\s*[:,\u2013\u2014])|speaking of [^,.]{2,40}(?=,)|(?:just|only) (?:kidding|joking)|jk|you (?:should|might|may|need to|ought to)(?: also)?(?: (?:want|like) to)? know(?: that)?(?=\s(?:I|we|my|our)\b)|(?:please )?(?:don['\u2019]?t|do not) forget (?:that )?(?=(?:i|my|we|our)\b)|(?:to be|being) honest|in case you (?:did not|didn['\u2019]?t) know|guess what|you know(?: what)?|the thing is|fun fact|one more thing|for what it['\u2019]s worth|as you (?:may )?know)\b[\s,:;!.\u2013\u2014-]*(?:that )?",
    re.IGNORECASE,
)
_HANDED_OVER = re.compile(r"^(?:here(?:['\u2019]s| is| are)|this is|below is|see|check out)\b.*:\s*$", re.IGNORECASE)
_WANTED = re.compile(
    rf"^i(?:['\u2019]m looking for| am looking for| want| need| would like|['\u2019]d like)\s+(?:a|an|some|the|more|another|your)\s+(?:[\w-]+\s+){{0,2}}(?:{'|'.join(sorted(TASK_NOUNS))})\b"
    r"|^i(?:['\u2019]d| would| want| need| would like|['\u2019]d like|['\u2019]m trying| am trying)?\s*(?:like\s+)?to (?:understand|know|figure out|see (?:if|how|what)|ask|hear|learn (?:how|more|about))\b",
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
    r"^(?:(?:oh|oops|wait|ah|hmm|sorry|ok|no)[,!.\s]+){0,3}(?:actually|no,?\s+wait|wait,?\s+no|in fact|correction|i misspoke|my mistake|my bad|i meant(?: to say)?|i mean|to correct myself|let me correct that|scratch that|make that|make it(?=\s+[\d$]|\s+\u20ac)|(?:rather|no|sorry)(?=\s*[,;:.!\u2013—-]))\b[,:;.!\s\u2013—-]*",
    re.IGNORECASE,
)
_LONGEST_PHRASE = 12
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


def read(sentence: str, *, to_machine: bool) -> Reading:
    """Return what a sentence does.

    Args:
        sentence: One sentence, as written.
        to_machine: The listener is an assistant: orders are tasks or requests for lasting behaviour.
    """
    taken_back = _taken_back(sentence)
    if taken_back is not None:
        return taken_back
    opened, correction = _opened(sentence)
    text = sentence[opened:]
    if not words_of(text) or (not to_machine and _SOCIAL.match(text)):
        return Reading(act=Act.SOCIAL, correction=correction)
    reminder = _REMINDER.match(text)
    if reminder:
        return Reading(act=Act.REMINDER, text=reminder["what"], start=opened + reminder.start("what"))
    if to_machine:
        asked = _asked(text, opened)
        if asked is not None:
            return asked
    if _IF.match(text) or _COUNTERFACTUAL.search(_QUOTED.sub("", text)) or _ROLE_PLAY.match(text):
        payload = _ROLE_PLAY.match(text) is not None and text.rstrip().endswith(":")
        return Reading(act=Act.PAYLOAD if payload else Act.HYPOTHESIS)
    return _question_or_statement(text, opened, correction=correction)


def _taken_back(sentence: str) -> Reading | None:
    if _JOKED.match(sentence):
        return Reading(act=Act.RETRACTION, backwards=True, text=sentence)
    if _RETRACTED_BEFORE.match(sentence):
        return Reading(act=Act.RETRACTION, backwards=True)
    opt_out = _OPT_OUT.match(sentence)
    if opt_out:
        what = (opt_out["what"] or "this").casefold()
        inline = bool(sentence[opt_out.end() :].strip(" .!,:"))
        backwards = not inline and (what in ("that", "it", "any of that", "what i said", "what i just said"))
        return Reading(act=Act.OPT_OUT, text=sentence[opt_out.end() :], start=opt_out.end(), backwards=backwards)
    for pattern in _RETRACTIONS:
        match = pattern.match(sentence)
        if match and not re.match(r"(?:my|the|our)\s+(?:previous|last|above)\b", match["topic"], re.IGNORECASE):
            topic = re.split(
                r"\s+[\u2013—-]\s+|,|;|\b(?:please|because|since|it['\u2019]s|that was|from (?:your|the) memory)\b",
                match["topic"],
            )[0]
            return Reading(act=Act.RETRACTION, text=topic.strip(), start=match.start("topic"))
    return None


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


def _asked(text: str, opened: int) -> Reading | None:  # noqa: PLR0911 - first rule that decides
    """Read an order to the assistant: lasting behaviour, or a task; None where the sentence is no order."""
    lead = _REQUEST.match(text)
    start = lead.end() if lead else 0
    wanted = text[start:]
    words = words_of(wanted)
    if not words:
        return None
    declared = lead is not None and _DECLARED_REQUEST.search(lead[0]) is not None
    first = words[0].lower
    negative = first in ("don't", "do", "never", "always", "no", "stop") or (first == "not" and declared)
    imperative = verbs.is_base(first) or first in _MANNER
    general = _GENERAL.search(text) is not None
    manner = (_STYLE.search(text) or _IN_LANGUAGE.search(text)) is not None and first in _MANNER
    trivial = first == "do" and len(words) > 1 and words[1].lower in ("you", "i", "we", "they")
    if _CALL_ME.match(text) or (
        (imperative or negative)
        and not trivial
        and (general or manner)
        and not _telegraphic(first, words, declared=declared, general=general)
    ):
        if first in TASK_VERBS - _MANNER and not general:
            return Reading(act=Act.TASK)
        return Reading(act=Act.STANDING, text=wanted, start=opened + start)
    if not declared and not imperative and _verbless_wish(text):
        return Reading(act=Act.STANDING, text=text, start=opened)
    if _HANDED_OVER.match(text):
        return Reading(act=Act.PAYLOAD)
    if (
        _TASK_LEAD.match(text)
        or _WANTED.match(text)
        or (declared and imperative)
        or (first in TASK_VERBS and not _telegraphic(first, words, declared=declared, general=general))
    ):
        return Reading(act=Act.PAYLOAD if _PAYLOAD.search(text) else Act.TASK)
    return None


def _telegraphic(first: str, words: tuple[Word, ...], *, declared: bool, general: bool) -> bool:
    """Whether a sentence without a subject tells about its speaker ("live in Lisbon") instead of ordering."""
    if declared or first not in STATIVE or first in ("be", "keep", "use", "include", "write", "read", "speak"):
        return False
    me = any(word.lower in ("me", "please", "you", "your") for word in words)
    return not me and not (general and first in _MANNER)


def _verbless_wish(text: str) -> bool:
    """Whether a phrase without a verb asks for lasting behaviour: "Dark mode everywhere, please"."""
    words = [word.lower for word in words_of(text)]
    polite = "please" in words or "pls" in words
    if (
        len(words) > _LONGEST_PHRASE
        or "?" in text
        or any(word in lexicon.AUXILIARIES or word in ("i", "we", "my") for word in words)
    ):
        return False
    general = _GENERAL.search(text) is not None or "only" in words or words[0] == "no"
    if (
        words[0] == "no"
        and len(words) > 1
        and words[1] in ("problem", "worries", "way", "idea", "thanks", "thank", "need", "one", "rush", "doubt")
    ):
        return False
    task = any(word in TASK_NOUNS for word in words) and not general
    return not task and (
        (polite and (general or _STYLE.search(text) is not None)) or (general and _STYLE.search(text) is not None)
    )


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
