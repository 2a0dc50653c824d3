"""Words taken back: "forget what I said about …", "scratch that", "off the record", "just kidding"."""

from __future__ import annotations

import re

from synap.ingestion.acts import Act, Reading
from synap.ingestion.shapes import words_of

_ABOUT = r"(?:about|regarding|on|concerning|re|with regard to)"
_DROP = r"(?:forget|ignore|scratch|disregard|delete|drop|remove|erase|strike|discard|unlearn|clear|cancel|wipe|omit|take back|retract|withdraw|nevermind|never mind)"
_POLITE = r"(?:please|pls|kindly|can you|could you|would you|will you|you can|you should|you may|you could|i want you to|i need you to|i(?:['\u2019]d| would) like you to|just|actually|sorry|oh|ok|okay|hey|no|wait|well|so|also|and|but|then|now|let['\u2019]?s|i)"
LEAD = rf"^(?:{_POLITE}[,:]?\s+){{0,4}}"
"""Polite words and others that may stand before an order."""
_SAID = r"(?:said|told you|mentioned|wrote|shared|stated|asked|told|explained|claimed)"
_RETRACTIONS = tuple(
    re.compile(LEAD + pattern, re.IGNORECASE)
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
    LEAD
    + r"(?:scratch that|strike that|forget (?:that|it|what i (?:just )?said|i said (?:that|anything))|(?:i )?take that back|disregard that|ignore that"
    r"|ignore (?:my last|the last|my previous) (?:message|sentence|statement|comment)|never ?mind what i (?:just )?said)\b[\s.!,]*$",
    re.IGNORECASE,
)
_MAYBE_TAKEN_BACK = re.compile(
    r"\b(?:forget|ignore|scratch|disregard|delete|drop|remove|erase|strike|discard|unlearn|clear|cancel|wipe|omit|take|retract|withdraw"
    r"|never ?mind|reset|stop|no longer|remember|store|save|keep|record|memori[sz]e|write|note|log|retain|between|kidding|joking|jk|not really)\b",
    re.IGNORECASE,
)
"""A word without which no sentence takes anything back, so that most are spared the search for how it is done."""
_JOKED = re.compile(
    r"(?:ha+(?:ha)*|lol|no|nah|oh)?[,!.\s]*(?:(?:i(?:['\u2019]m| am|m) )?(?:just |only )?(?:kidding|joking)(?:,? (?:of course|obviously|again|as always|as usual|ha+(?:ha)*|lol))?|jk|not really)[\s.!,\u2026]*$",
    re.IGNORECASE,
)
_JOKE_ENDS = re.compile(
    r"(?P<joke>.{3,400}?)[\s,;.!\u2026\u2013\u2014-]+(?:(?:ha+(?:ha)+h?|lol|no|nah)[,!.\s]*)?"
    r"(?:(?:i(?:['\u2019]m| am) (?:just |only )?|(?:just|only) )(?:kidding|joking)|jk\b)[\s,;:.!\u2026\u2013\u2014-]*(?P<after>.*)",
    re.IGNORECASE | re.DOTALL,
)
_JOKE_OVER = re.compile(
    r"(?:(?:ha+(?:ha)*h?|lol|no|nah|oh)?[,!.\s]*)(?:(?:i(?:['\u2019]m| am) )?(?:just |only )(?:kidding|joking)|jk)\b[\s,;:.!\u2026\u2013\u2014-]*(?=\w)",
    re.IGNORECASE,
)
_OPT_OUT = re.compile(
    LEAD
    + r"(?:(?:don['\u2019]?t|do not|never|no need to)\s+(?:ever\s+)?(?:remember|store|save|keep|record|memori[sz]e|write down|note(?: down)?|log|retain)\s+"
    r"(?P<what>this|that|it|any of this|any of that|the following|the next|what (?:i['\u2019]m|i am) (?:about to say|going to say|telling you)|what i (?:just )?said)\b[^:]*"
    r"|(?:this (?:is|stays|one is)\s+)?(?:strictly\s+)?(?:off the record|not for the record|just between us|between you and me|between us)\b"
    r"|keep (?:this|that) (?:private|between us|off the record|to yourself|out of (?:your |the )?(?:memory|records|notes)))(?P<tail>\s*[:,\u2013—-]?\s*)",
    re.IGNORECASE,
)


def taken_back(sentence: str) -> Reading | None:
    """Return what a sentence takes back or forbids to remember, or None."""
    if _MAYBE_TAKEN_BACK.search(sentence) is None:
        return None
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


def joke(sentence: str) -> Reading | None:
    """Return what is left of a sentence that ends or begins with "just kidding": the joke itself never counts."""
    if _MAYBE_TAKEN_BACK.search(sentence) is None:
        return None
    ended = _JOKE_OVER.match(sentence) or _JOKE_ENDS.fullmatch(sentence)
    if ended is None:
        return None
    start = ended.start("after") if "after" in ended.re.groupindex else ended.end()
    if not words_of(sentence[start:]):
        return Reading(act=Act.SOCIAL)
    backwards = "after" not in ended.re.groupindex
    return Reading(act=Act.STATEMENT, text=sentence[start:], start=start, backwards=backwards)
