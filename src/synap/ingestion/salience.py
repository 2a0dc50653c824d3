"""The structural gate: which clauses say something worth keeping. The heart of precision on chatty turns.

A clause passes when it is about the speaker, somebody or something named, or states something concrete; small talk,
verdicts ("that was great"), replies and clauses about the listener do not.
"""

from __future__ import annotations

import re

from synap.domain.memories import Modality, Statement
from synap.ingestion.contractions import NO_LONGER
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.cues import EMPTY_OBJECTS, EVALUATIONS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.shapes import Shape, SubjectKind, is_name
from synap.ingestion.tenses import Tense

_CHATTER = re.compile(
    r"^I (?:(?:really|just|also|totally|do|definitely|can|could|would|can not|could not|do not|will|did not|completely|fully|so|always|still) )*"
    r"(?:(?:think so|guess|suppose so|see\b(?! (?:a|my|the)\b)|know\b|understand|agree|disagree|mean\b|bet\b|wonder|appreciate (?:you|your|the|it|that|this|all)|thank|apologi[sz]e|promise"
    r"|hear (?:you|that|ya)|get (?:it|that|you|what)|imagine|relate|tell you|say\b|ask\b|assume|doubt (?:it|that)|feel you|feel (?:that|like) (?:you|it|this|that)"
    r"|(?:hope|wish) (?:you|it|this|that|your|all|everything|so)|keep you|let you|be (?:there|here|right|back|sure|honest)|have (?:to (?:say|admit|agree|go|run)|no (?:idea|clue|doubt)|a question)"
    r"|got (?:it|you|to go|to run)|believe (?:it|that|you|so|in (?:you|myself|us|it))|look forward to (?:hear|it|see(?:ing)? (?:you|it))|need (?:help|your|some (?:help|advice|tips))|want (?:to (?:know|ask|say|thank|see (?:if|how|what))|you|your)|like (?:it|that|this|your|the (?:idea|sound))"
    r"|love (?:it|that|this|your|you|the (?:idea|sound|way|photo|picture|pic))|try|do(?: so| that| it)?$|did(?: it| that)?$|enjoy (?:it|that)|remember (?:you|when you|that)|see)\b)",
    re.IGNORECASE,
)
_CHATTY_STATES = re.compile(
    r"^(?:I|we) (?:am|are|was|were) (?:(?:really|so|very|just|also|always|all|not|still|pretty|super|too) )*(?:sure|glad (?:you|to hear|to help|that you|it|I)|happy (?:you|to (?:hear|help|chat|talk|see)|for you|that you)"
    r"|sorry(?: (?:to hear|for you|about that|that you|you)|$)|here (?:for|to|if)|with you|in awe|impressed (?:by|with) you|proud of you|curious|interested (?:in (?:hearing|knowing|your))|wondering|looking (?:for (?:some|a few|any|ways|advice|tips|ideas|help)|forward to (?:hearing|it|that|seeing you))"
    r"|afraid (?:I|that|so|not)|excited (?:for you|to (?:hear|see (?:it|you|your|what)))|grateful (?:for (?:you|your))|thankful (?:for (?:you|your))|good|fine|okay|ok|great|well|done|ready|back|joking|kidding|serious|talking about|thinking (?:of you|about you)|all (?:ears|set|good)|open to|happy$|glad$|right|wrong|dead$|lost$|confused (?:by|about) (?:this|that|your))\b[.! ]*(?:$|,|(?=you|your|to (?:hear|help|see)|I |that\b|this\b|it\b|about (?:that|it|this)\b|for |if ))",
    re.IGNORECASE,
)
_PROMISES = frozenset(
    [
        "check",
        "do",
        "try",
        "let",
        "see",
        "keep",
        "give",
        "send",
        "take",
        "look",
        "think",
        "be",
        "get",
        "make",
        "tell",
        "ask",
        "show",
        "need",
        "say",
        "remember",
        "share",
        "come",
        "help",
        "start",
        "definitely",
        "consider",
    ]
)
_CONCRETE = re.compile(r"\d|\b(?:my|our)\b", re.IGNORECASE)
_DATED_DUMMY = re.compile(
    r"\b(?:my|our|[A-Z]\w+['\u2019]s) (?:[\w-]+ ){0,3}(?:birthday|anniversary|wedding|graduation|deadline|appointment|interview|first day|last day|name|favou?rite)\b",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"\b(?:on hold|in progress|under way|underway|on track|on schedule|behind schedule|ahead of schedule|overdue|done|finished|complete|completed|"
    r"cancel(?:l)?ed|delayed|postponed|blocked|pending|under review|approved|rejected|paused|suspended|live|out of order|shelved|frozen|stalled)\b",
    re.IGNORECASE,
)
_SOME_DAY = re.compile(r"\b(?:some ?day|one day|in (?:their|his|her) life(?:time)?|eventually)\b", re.IGNORECASE)
_OWNED = re.compile(r"\b(?:in|at|on|to|for|of|with) (?:my|our)\b|\bof us\b", re.IGNORECASE)
_SHORTEST = 3
_SO_MUCH = 2
_NOBODY = (SubjectKind.NONE, SubjectKind.ADDRESSEE)
_EMPTY = (
    lexicon.DETERMINERS
    | lexicon.PREPOSITIONS
    | EMPTY_OBJECTS
    | EVALUATIONS
    | lexicon.AUXILIARIES
    | lexicon.ADVERBS
    | {"to"}
)
_REACTIONS = word_set(
    "know think see mind care understand remember believe agree get mean worry bother blame lie deserve"
)


def salient(shape: Shape, *, dated: bool, felt: bool, dialogue_of_people: bool) -> bool:
    """Whether a clause is worth keeping.

    Args:
        shape: The clause.
        dated: A date stands in it.
        felt: It tells a feeling, which needs no object.
        dialogue_of_people: Two people talk; then idle talk about things is small talk, not a report.
    """
    if shape.verb < 0 or len(shape.words) < _SHORTEST or shape.kind in _NOBODY or _unfinished(shape):
        return False
    if shape.kind is SubjectKind.DUMMY:
        return _told_by_a_dummy(shape)
    if shape.kind in (SubjectKind.SPEAKER, SubjectKind.GROUP):
        return _about_the_speaker(shape, dated=dated or felt)
    if shape.kind is SubjectKind.THING:
        return _about_a_thing(shape, dated=dated, strict=dialogue_of_people)
    return not _verdict(shape) or dated


def tells_a_state(shape: Shape) -> bool:
    """Whether a clause says how far something named, or of the speaker's, has got: "the Atlas migration is on hold"."""
    if shape.base != "be" or shape.kind not in (SubjectKind.OWN, SubjectKind.NAMED, SubjectKind.THING):
        return False
    words = shape.words[shape.subject[0] : shape.subject[1]]
    named = any(is_name(word.text) for word in words[1:]) or shape.kind is SubjectKind.OWN
    return named and _STATE.search(shape.text, shape.words[shape.verb].start) is not None


def dreams(statement: Statement) -> bool:
    """Whether a statement is a wish for some day of one's life."""
    return statement.modality is Modality.WISHED and _SOME_DAY.search(statement.content) is not None


def _unfinished(shape: Shape) -> bool:
    """Whether nothing follows a verb that needs a predicate: "my husband is", "my neighbour does"."""
    opened = shape.rest[:1]
    if len(shape.rest) > _SO_MUCH and opened[0].lower == "so":
        return False  # "I am so scared of flying"; "I am so happy" alone is chat
    if opened and opened[0].lower in lexicon.CONJUNCTIONS and not shape.helpers and shape.base in ("be", "do", "have"):
        return True
    said = any(word.lower not in ("not", "too", "also", "still", "always", "never") for word in shape.rest)
    return not said and not shape.helpers and shape.words[shape.verb].lower in lexicon.AUXILIARIES


def _told_by_a_dummy(shape: Shape) -> bool:
    """Whether "there are …" tells about something of the speaker's, or "it is …" names one of their days."""
    subject = shape.words[shape.subject[0]].lower
    if subject == "there":
        return shape.base == "be" and shape.tense is Tense.PRESENT and _OWNED.search(shape.text) is not None
    return subject in ("it", "today", "tomorrow") and _DATED_DUMMY.search(shape.text) is not None


def _about_the_speaker(shape: Shape, *, dated: bool) -> bool:
    text = shape.text[shape.words[shape.subject[0]].start :]
    if _CHATTY_STATES.match(text) or _CHATTER.match(text):
        return False
    if shape.tense is Tense.FUTURE and not dated and "going" not in (w.lower for w in shape.words):
        rest = shape.rest
        promised = shape.base in _PROMISES or len(rest) < len(("something", "more"))
        if promised or any(w.lower in lexicon.ADDRESSEE for w in rest):
            return False
    addressed = any(word.lower in lexicon.ADDRESSEE for word in shape.words)
    if addressed and not dated and not _CONCRETE.search(text):
        return False
    return _full_object(shape) or dated or _abstains(shape)


def _abstains(shape: Shape) -> bool:
    """Whether somebody says what they never do, or do no longer: "I do not drive", "I no longer smoke"."""
    ended = any(word.lower == NO_LONGER for word in shape.words)
    bare = not shape.rest and shape.base not in _REACTIONS
    return bare and ((shape.negated and shape.helpers in (("do",), ("can",))) or (ended and not shape.helpers))


def _full_object(shape: Shape) -> bool:
    """Whether something informative follows the verb: not only "it", "that" or a verdict."""
    return any(word.lower not in _EMPTY for word in shape.rest)


def _about_a_thing(shape: Shape, *, dated: bool, strict: bool) -> bool:
    owned = any(word.lower in ("my", "our", "me", "us") for word in shape.words)
    named = any(is_name(word.text) for word in shape.words[1:])
    number = any(character.isdigit() for character in shape.text)
    if _verdict(shape):
        return False
    if dated or owned or named or number:
        return not strict or owned or (dated and (named or number)) or (named and number)
    return (
        not strict
        and shape.tense is Tense.PRESENT
        and _full_object(shape)
        and not shape.words[0].lower.startswith(("this", "that", "these", "those"))
    )


def _verdict(shape: Shape) -> bool:
    """Whether the clause only judges: "the food was amazing"."""
    if shape.base not in ("be", "seem", "look", "sound", "feel", "taste", "smell"):
        return False
    rest = [
        w.lower for w in shape.rest if w.lower not in lexicon.ADVERBS | {"a", "an", "the", "such", "and", "bit", "so"}
    ]
    return bool(rest) and rest[0] in EVALUATIONS
