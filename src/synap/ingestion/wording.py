"""Clauses put plainly before they are read: chat marks and tags off, opinions and introductions opened up, order restored.

`I'd say my favourite is jazz, you know` is read as `my favourite is jazz`, `tomorrow is my first day at the bank` as
`my first day at the bank is tomorrow`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from synap.ingestion.clauses import Clause
from synap.ingestion.naming import introduction

_OPINION = re.compile(
    r"^(?:I (?:really |honestly |just |do |would )?(?:think|believe|guess|suppose|feel like|figure|reckon|say|argue)"
    r"|(?:I (?:guess|suppose|think) )?(?:[Yy]ou|[Oo]ne) (?:could|might|can|may)(?: even| probably)? say)"
    r"(?: that)? (?=(?:I|we|my|our|[A-Z])\b)"
)
_CALLED = re.compile(
    r"^(?:I (?:guess|suppose|think|would say) )?(?:[Yy]ou|[Oo]ne) (?:could|might|can|may)(?: even| probably)? "
    r"(?:call|consider) me (?=(?:an?|the)\b|[a-z]+$)"
)
_UPSIDE_DOWN = re.compile(
    r"^(?P<day>it|today|tomorrow) is (?P<what>(?:my|our) (?:[\w'\u2019-]+ ){0,3}(?:birthday|anniversary|graduation|"
    r"wedding(?: day)?|(?:first|last) day(?: (?:at|of|in|with) (?:the |my |our )?\w+)?))\b",
    re.IGNORECASE,
)
_LONGEST_TAIL = 60
_EMOJI = re.compile(r"[\U0001F000-\U0001FAFF\u2600-\u27BF\uFE0F\u200D]+")
_TRAILING = re.compile(
    r"(?:[\s,.!]+(?:lol|lmao|rofl|(?:ha){2,}h?|(?:he){2,}|tbh|btw|by the way|imo|imho|fyi|ngl|xd|omg|tho|:-?[)D(P]|"
    r";-?\)|<3)"
    r"|,\s*(?:you know|you see|i guess|i think|i mean|i suppose|to be honest|honestly|as you know|if you ask me|though|"
    r"believe it or not)|,?\s+(?:and|but|so)\s+that(?:['\u2019]s| is| was)\s+(?:it|that|all|about it|the end of it|how it is))+[\s.!]*$",
    re.IGNORECASE,
)


def put_plainly(clause: str) -> tuple[str, bool]:
    """Return the clause without what only colours it, and whether its speaker holds it back as an opinion."""
    text = clause if clause.isascii() else _EMOJI.sub(" ", clause)
    end = max(0, len(text) - _LONGEST_TAIL)
    text = (text[:end] + _TRAILING.sub("", text[end:])).rstrip()
    text = _UPSIDE_DOWN.sub(_upright, text)
    opinion = _OPINION.match(text)
    text = text[opinion.end() :] if opinion else text
    called = _CALLED.match(text)
    text = f"I am {text[called.end() :]}" if called else text
    return text, bool(opinion or called)


def with_introductions(clauses: list[Clause], known: str) -> list[Clause]:
    """Return the clauses with `I am Ada Byron, a potter` as the two that it makes; `known` is the speaker's name."""
    parts: list[Clause] = []
    for clause in clauses:
        told = introduction(clause.text, known)
        parts += [replace(clause, text=text) for text in told] if told else [clause]
    return parts


def _upright(match: re.Match[str]) -> str:
    day = match["day"].casefold()
    return f"{match['what']} is" + ("" if day == "it" else f" {day}")
