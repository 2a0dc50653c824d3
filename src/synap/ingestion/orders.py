"""Orders to the assistant: behaviour that shall last, and tasks that are done once."""

from __future__ import annotations

import re

from synap.ingestion import verbs
from synap.ingestion.acts import Act, Reading
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import TASK_NOUNS, TASK_VERBS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.lexicon.verbs import STATIVE
from synap.ingestion.shapes import Word, words_of
from synap.ingestion.taking_back import LEAD

_GENERAL = re.compile(
    r"\b(?:always|never|from now on|by default|as (?:a|the) default|in (?:the )?future|going forward|henceforth|every ?time|each time|any ?time"
    r"|whenever|when(?:ever)? (?:you|i)\b|(?:don['\u2019]?t|do not) (?:\w+ )+any(?:thing|one|body|where)?\b|(?:for|in|with|of|from|to) (?:all|every|each|any|future)\b|until (?:i|further)|in general|at all times|as a rule|by standard"
    r"|(?:stop|quit) (?:using|saying|writing|adding|calling|sending|asking|making|putting|giving|repeating)\b"
    r"|everywhere|permanently|consistently|no matter what|stick (?:to|with)|for good|all (?:my|your|the) (?:messages|answers|replies|responses|reports|emails))\b",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"\b(?:your (?:answers?|repl(?:y|ies)|responses?|tone|messages?|explanations?|language|style|summar(?:y|ies)|output)|emojis?|bullet(?:s| points?|ed)|metric|imperial|celsius|fahrenheit"
    r"|kilomet(?:er|re)s|miles|24-?hour|12-?hour|am/pm|dark (?:mode|theme)|light (?:mode|theme)|formal(?:ly)?|informal(?:ly)?|concise(?:ly)?|brief(?:ly)?"
    r"|jargon|british|american|time ?zone|exclamation (?:marks|points)|small talk|first[- ]name|honorifics?|markdown|plain text|notifications?|kanban|gantt|list view|board view|my (?:messages|emails|letters|replies|documents|reports|calendar))\b",
    re.IGNORECASE,
)
_OUTPUT = r"(?:answers?|repl(?:y|ies)|responses?|explanations?|messages?|summar(?:y|ies)|output|wording|sentences)"
_OF_OUTPUT = re.compile(
    rf"^(?:(?:don['\u2019]?t|do not|never|always|no|stop)\s+)?(?:keep|make|making|use|limit|format|start|end|begin|avoid|skip|stop|give me|prefer|no)\b(?!.*:)[^?]*?\b(?:(?:your|the|all|my|any|shorter?|longer?|brief|concise|detailed|simple|plain|long|verbose|numbered) )?(?:{_OUTPUT}|(?:it|things) (?:short|brief|simple|concise|formal|casual|light|friendly|professional|to the point)|lists?|tables?|headings?|(?:short|plain|simple|long|technical|british|american) (?:words|sentences|language|spelling|english|terms|format))\b",
    re.IGNORECASE,
)
"""Orders about how answers shall look."""
_ADDRESSING = re.compile(
    r"^(?:(?:always|only|never) )?(?:answer|reply|respond|speak|talk|write|communicate|explain)(?: (?:to me|with me|me|things|everything))?\s+(?:in|with|like|as|only|using|more|less|briefly|shortly|concisely|\w{3,}ly|(?=(?:short|simple))\w+)\b(?!.*:)",
    re.IGNORECASE,
)
"""Orders about the manner in which the assistant shall speak."""
_ONE_PIECE = re.compile(
    rf"\b(?:an?|this|that|these|one|two|three|another|the (?:following|above|next|last)) (?:[\w-]+ ){{0,2}}(?:{'|'.join(sorted(TASK_NOUNS - {'way'}))})\b|\b(?:following|above|below)\b",
    re.IGNORECASE,
)
"""One thing to be made, so that an order about its manner is a task."""
_WISHED_STYLE = re.compile(
    r"^i(?:['\u2019]d| would)?\s+(?:like|love|prefer|want|need)\s+(?P<what>(?!some\b|a few\b|more\b|any\b|the\b|your\b)(?:[\w-]+,? (?:and )?){1,3}(?:answers|replies|responses|explanations|summaries)\b(?! (?:to|about|on|for the)\b).*)",
    re.IGNORECASE,
)
_MIND = re.compile(r"(?:would|do) you mind (?P<no>not )?(?P<verb>\w+ing)\b", re.IGNORECASE)
_GRATEFUL = re.compile(
    r"i(?:['\u2019]d| would) (?:(?:really |very much )?appreciate(?: it)?|be (?:grateful|glad|happy)|love it|like it|prefer it) if you (?:could |would )?(?P<no>did not |didn['\u2019]t |(?:do|would) not |not )?(?P<verb>\w+)\b",
    re.IGNORECASE,
)
_MANNER = word_set(
    "reply respond answer write speak talk communicate use keep avoid skip stop be limit format include stick address refer call show display give "
    "prefer start end begin sign send notify treat assume default prioritize round quote cite spell make leave put don't do never always"
)
_IN_LANGUAGE = re.compile(rf"\b(?:in|speak|use|write) (?:{'|'.join(lexicon.LANGUAGES)})\b", re.IGNORECASE)
_CALL_ME = re.compile(
    LEAD + r"(?:(?:do not|don['\u2019]?t|never|always)\s+)?(?:call|address|refer to)\s+me\b", re.IGNORECASE
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
_DREAM = re.compile(
    r"^i(?:['\u2019]d| would) (?:like|love) to (?:see|have|get)\b.*\b(?:some ?day|one day|eventually|in my life(?:time)?|before i\b|in person|with my own eyes)",
    re.IGNORECASE,
)
"""A wish for one's life, which no assistant can fulfil."""
_PAYLOAD = re.compile(
    r":\s*$|\b(?:the following|this (?:text|email|paragraph|message|sentence|code|article|essay|letter|story|passage|log|error))\b[^.]*$|\bbelow\b",
    re.IGNORECASE,
)
_HANDED_OVER = re.compile(r"^(?:here(?:['\u2019]s| is| are)|this is|below is|see|check out)\b.*:\s*$", re.IGNORECASE)
_WANTED = re.compile(
    rf"^i(?:['\u2019]m looking for| am looking for| want| need| would like|['\u2019]d like)\s+(?:a|an|some|the|more|another|your)\s+(?:[\w-]+\s+){{0,2}}(?:{'|'.join(sorted(TASK_NOUNS))})\b"
    r"|^i(?:['\u2019]d| would| want| need| would like|['\u2019]d like|['\u2019]m trying| am trying)?\s*(?:like\s+)?to (?:understand|know|figure out|see (?:if|how|what)|ask|hear|learn (?:how|more|about))\b",
    re.IGNORECASE,
)
_WHENEVER = re.compile(
    r"(?:please |and |also )?(?P<when>(?:(?:whenever|every time|each time|any ?time) you|(?:when(?:ever)?|if|every time|each time|any ?time) i (?:ask|send|share|paste|post|request|give you|show you|say|write|mention|forward)|when you (?:give|write|list|quote|draft|answer|"
    r"explain|suggest|recommend|show|summari[sz]e|mention|name|translate|describe|cite|generate|create|reply|respond|format|address|talk|speak))\b"
    r"[^,?]{2,80}),\s*(?:please |then )?(?P<what>[^?]{3,200})$",
    re.IGNORECASE,
)
"""A rule for whatever the assistant does again and again."""
_OF_SOMEBODY = re.compile(
    r"(?:we|my|our|he|she|they|i(?! (?:want|need|would|expect|am|really|just|also)\b|['\u2019]))\s+[\w'\u2019]+\s+\w",
    re.IGNORECASE,
)
"""How a statement about somebody begins, so that no order is looked for in it."""
_LONGEST_PHRASE = 12
_LONGEST_COMPOUND = 4
_NO_COMPOUND = (
    lexicon.DETERMINERS
    | lexicon.PREPOSITIONS
    | lexicon.SPEAKER
    | lexicon.GROUP
    | lexicon.ADDRESSEE
    | lexicon.THIRD
    | lexicon.THINGS
    | lexicon.CONJUNCTIONS
    | lexicon.SUBORDINATORS
    | {"please", "which", "who"}
)


def asked(text: str, opened: int) -> Reading | None:  # noqa: PLR0911 - first rule that decides
    """Read an order to the assistant: lasting behaviour, or a task; None where the sentence is no order."""
    if _OF_SOMEBODY.match(text) or _tells_of_a_thing(text):
        return None
    wished = _WISHED_STYLE.match(text)
    if wished:
        return Reading(act=Act.STANDING, text=wished["what"], start=opened + wished.start("what"))
    standing = _whenever(text)
    if standing is not None:
        return Reading(act=Act.STANDING, text=standing, start=opened, lasting=True)
    text = _plain_order(text)
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
    manner = _about_manner(text, wanted, first)
    trivial = first == "do" and len(words) > 1 and words[1].lower in ("you", "i", "we", "they")
    if _CALL_ME.match(text) or (
        (imperative or negative)
        and not trivial
        and (general or manner)
        and not _telegraphic(first, words, declared=declared, general=general)
    ):
        if first in TASK_VERBS - _MANNER and not general:
            return Reading(act=Act.TASK)
        lasting = general or _CALL_ME.match(text) is not None
        return Reading(act=Act.STANDING, text=wanted, start=opened + start, lasting=lasting)
    if not declared and not imperative and _verbless_wish(text):
        return Reading(act=Act.STANDING, text=text, start=opened)
    if _HANDED_OVER.match(text):
        return Reading(act=Act.PAYLOAD)
    if (
        (_TASK_LEAD.match(text) and not _DREAM.search(text))
        or _WANTED.match(text)
        or (declared and imperative)
        or (first in TASK_VERBS and not _telegraphic(first, words, declared=declared, general=general))
    ):
        return Reading(act=Act.PAYLOAD if _PAYLOAD.search(text) else Act.TASK)
    return None


def _tells_of_a_thing(text: str) -> bool:
    """Whether what looks like an order is a noun phrase with its verb: "Book club meets on Thursdays"."""
    words = words_of(text)[: _LONGEST_COMPOUND + 1]
    for place, word in enumerate(words[1:], start=1):
        if word.lower in _NO_COMPOUND or "," in text[words[place - 1].end : word.start]:
            return False
        third = verbs.base_of_third(word.lower) is not None and not word.text[0].isupper()
        following = words[place + 1].lower if place + 1 < len(words) else ""
        if third and place > 1 and (following in lexicon.PREPOSITIONS or following in lexicon.ADVERBS):
            return not words[place - 1].lower.endswith("s")
    return False


def _whenever(text: str) -> str | None:
    """Return "put … whenever you give me a recipe" from "whenever you give me a recipe, put …", or None."""
    match = _WHENEVER.match(text)
    words = words_of(match["what"]) if match else ()
    if (
        match is None
        or not words
        or not (verbs.is_base(words[0].lower) or words[0].lower in ("never", "don't", "always"))
    ):
        return None
    when = match["when"]
    return f"{match['what'].rstrip(' .!')} {when[0].lower()}{when[1:]}"


def asked_of_the_reader(sentence: str) -> str | None:
    """Return what a sentence politely asks its reader to do ("Could you send me the list?"), or None."""
    text = _plain_order(sentence)
    lead = _REQUEST.match(text)
    polite = lead is not None and _DECLARED_REQUEST.search(lead[0]) is not None
    words = words_of(text[lead.end() :]) if lead and polite else ()
    return (
        text[words[0].start + (lead.end() if lead else 0) :].rstrip(" .!?")
        if words and verbs.is_base(words[0].lower)
        else None
    )


def _plain_order(text: str) -> str:
    """Return "would you mind keeping …" and "I'd appreciate it if you kept …" as "can you keep …"."""
    polite = _MIND.match(text) or _GRATEFUL.match(text)
    if polite is None:
        return text
    verb = polite["verb"].casefold()
    base = verbs.base_of_gerund(verb) or verbs.base_of_past(verb) or verb
    return f"can you {'not ' if polite['no'] else ''}{base}{text[polite.end() :]}"


def _about_manner(text: str, wanted: str, first: str) -> bool:
    """Whether an order is about how the assistant shall speak or show things, and not about one thing to be made."""
    if first in _MANNER and (_STYLE.search(text) or _IN_LANGUAGE.search(text)):
        return True
    return (_OF_OUTPUT.match(wanted) or _ADDRESSING.match(wanted)) is not None and _ONE_PIECE.search(wanted) is None


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
