"""Sentences of a text, as spans. Rules and a list of abbreviations; linear time on any input.

A line break always ends a sentence, and so do the full stops of Chinese and Japanese. A period ends one unless it
belongs to an abbreviation, an initial or a list number; periods inside numbers, versions, addresses and URLs are not
followed by a space and never count. Lower case after a full stop is accepted as a beginning, as chats are written so.
"""

from __future__ import annotations

import re

_CLOSERS = "\"'\u2019\u201d\u00bb)]"
_OPENERS = "\"'\u2018\u201c\u00ab(["
_STOP = re.compile(
    r"(?P<wide>[\u3002\uff01\uff1f\uff61]+[\u300d\u300f\u2019\u201d\uff09\u3011]*)"
    r"|(?P<line>[\n\r\x0b\x0c\x85\u2028\u2029]+)"
    rf"|[.!?\u2026\u0964\u061f\u06d4]+[{re.escape(_CLOSERS)}]*"
)
_LAST_WORD = re.compile(rf"[^\s{re.escape(_OPENERS)}]*$")
_NEXT_WORD = re.compile(rf"\s*[{re.escape(_OPENERS)}]*([^\W\d_]+|\d+|\S)")
_LOOK_BACK = 32
_LOOK_AHEAD = 32

_NEVER_LAST_WORDS = """
    mr mrs ms mx dr prof rev hon sen rep gov gen col maj capt lt sgt pres messrs mme mlle sra srta
    e.g i.e eg ie cf vs v viz approx ca circa resp incl excl esp eq ch vol pp eds
    bzw z.b d.h u.a ggf evtl vgl inkl zzgl tel abb nr z.t i.d.r u.u o.ä s.o s.u p.ej
"""
_NEVER_LAST = frozenset(_NEVER_LAST_WORDS.split())
"""Words whose period never ends a sentence."""

_BEFORE_NUMBER_WORDS = "fig figs no nos art para p sec jan feb mar apr jun jul aug sep sept oct nov dec"
_BEFORE_NUMBER = frozenset(_BEFORE_NUMBER_WORDS.split())
"""Words whose period does not end a sentence where a number follows."""

_BEFORE_CAPITAL_WORDS = """
    etc a.m p.m am pm inc ltd corp co bros llc ph.d m.d b.a m.a b.sc m.sc e.u d.c usw est
    hrs mon tue tues wed thu thur thurs fri sat sun ave blvd rd apt ext al
"""
_BEFORE_CAPITAL = frozenset(_BEFORE_CAPITAL_WORDS.split())
"""Words whose period ends a sentence only where a capital follows."""

_BEFORE_STARTER = frozenset({"st", "mt", "u.s", "u.k", "u.s.a", "dept", "sr", "jr"})
"""Words whose period ends a sentence only where a word follows that likes to begin one: names may follow them."""

_LETTERED_WORDS = """
    lot gate plan block building room section type class grade team group zone terminal level option version vitamin
    hepatitis appendix exhibit platform dock wing hall bay row shift tier route line phase step part table hangar deck
    stand entrance exit aisle schedule annex unit house ward clause area track stage category variant vitamins
"""
_LETTERED = frozenset(_LETTERED_WORDS.split())
"""Nouns whose letter (`Lot B.`) is a name at the end of a sentence and no initial."""

_STARTER_WORDS = """
    the a an i we he she it they you this that these those then there my our his her its their your but and so or
    if when while after before in on at for from with what who why how where please also now no yes thanks
"""
_STARTERS = frozenset(_STARTER_WORDS.split())
"""Words that begin a sentence: after `Plan B.` or `in the U.S.` they show that one ended."""

_ORDINAL_FOLLOWER_WORDS = (
    "januar februar märz april mai juni juli august september oktober november dezember jahrhundert"
)
_ORDINAL_FOLLOWERS = frozenset(_ORDINAL_FOLLOWER_WORDS.split())
"""German nouns after which a number with a period is an ordinal."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the spans (start, end exclusive, code points) of the sentences, in order, without surrounding blanks.

    Together the spans hold every visible character of `text`.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for stop in _STOP.finditer(text):
        if stop.lastgroup is None and not _ends(text, start, stop):
            continue
        _add(text, start, stop.end(), spans)
        start = stop.end()
    _add(text, start, len(text), spans)
    return spans


def _add(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    piece = text[start:end]
    bare = piece.lstrip()
    start += len(piece) - len(bare)
    bare = bare.rstrip()
    if bare:
        spans.append((start, start + len(bare)))


def _ends(text: str, start: int, stop: re.Match[str]) -> bool:
    """Whether the stop ends the sentence that began at `start`."""
    end = stop.end()
    if end < len(text) and not text[end].isspace():
        return False
    following = _NEXT_WORD.match(text, end, end + _LOOK_AHEAD)
    after = following.group(1) if following else ""
    marks = stop.group()
    if marks.rstrip(_CLOSERS) != ".":
        goes_on = marks[-1] in _CLOSERS or marks[0] == "…" or marks.startswith("..")
        return not (goes_on and after[:1].islower())
    return not after or _period_ends(text[max(start, stop.start() - _LOOK_BACK) : stop.start()], after)


def _period_ends(before: str, after: str) -> bool:
    """Whether a single period between the end of a sentence so far and the next word ends it."""
    last = _LAST_WORD.search(before)
    word = last.group() if last else ""
    folded, starter = word.casefold(), after[0].isupper() and after.casefold() in _STARTERS
    if folded in _NEVER_LAST or (folded in _BEFORE_NUMBER and after[0].isdecimal()):
        return False
    if folded in _BEFORE_STARTER or (len(word) == 1 and word.isupper() and word != "I"):
        return starter or _lettered(before[: -len(word)])
    if folded in _BEFORE_CAPITAL:
        return after[0].isupper()
    if word.isdecimal():
        numbering = not before[: -len(word)].strip() and len(word) <= len("999")
        return not numbering and after.casefold() not in _ORDINAL_FOLLOWERS
    return True


def _lettered(before: str) -> bool:
    """Whether the words before a single capital end in a noun that is told apart by letters."""
    noun = before.split()[-1:]
    return bool(noun) and noun[0].casefold().strip(_OPENERS) in _LETTERED
