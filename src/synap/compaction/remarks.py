"""What is said in a conversation, sentence by sentence: by whom, of what kind, and whether a later one corrects it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from synap.compaction import cues
from synap.compaction.chatter import FILLER, answers, is_chatter, unfenced, without_filler
from synap.compaction.inventory import Item, items_in, names_of
from synap.domain.compactions import Hint, Message, PointKind
from synap.domain.sentences import sentences
from synap.domain.terms import tokenize
from synap.domain.tokens import count_tokens

LONGEST_TOKENS = 60
"""Sentences above this size are cut into passages, at a comma where there is one."""

SHORT_ANSWER_WORDS = 3
"""An answer of so few telling words makes sense with its question only."""

_MARK = re.compile(r"^(?:[-*\u2022+]|\d{1,3}[.)])\s+|^#{1,6}\s+|^>\s*")
_PAUSE = re.compile(r"[,;:\u2014\u2013\u3001\uff0c\uff1b]\s*|\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A sentence of a message.

    Attributes:
        message: The message it stands in.
        source: The sentence as it stands there, blanks made single.
        content: Its words without fillers in front.
        kind: What it is to the conversation.
        words: Its telling words, as terms.
        items: Names, numbers and dates in it.
        asked: The question before it, where it is a short answer.
        also: Later messages that say the same.
        corrects: Whether it takes the place of an earlier one.
    """

    message: Message
    source: str
    content: str
    kind: PointKind
    words: frozenset[str]
    items: frozenset[Item]
    asked: str = ""
    also: tuple[Message, ...] = ()
    corrects: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A conversation read.

    Attributes:
        remarks: What is said and may be kept, in order; each once.
        over: What a later remark corrected, or a hint says is over, in order.
        questions: Questions that nobody has answered, in order.
    """

    remarks: tuple[Remark, ...]
    over: tuple[Remark, ...]
    questions: tuple[Remark, ...]


def read(messages: Sequence[Message], hints: Sequence[Hint] = ()) -> Reading:
    """Return what is said in a conversation, small talk and repetitions left out."""
    names = names_of(unfenced(message.content) for message in messages)
    known: defaultdict[str, list[Hint]] = defaultdict(list)
    for hint in hints:
        known[hint.message_id].append(hint)
    found: list[Remark] = []
    over: list[Remark] = []
    before: Message | None = None
    for message in messages:
        for remark in _remarks(message, before, names):
            about = _hint(remark, known.get(message.id, ()))
            if about is not None and about.over:
                over.append(remark)
            else:
                found.append(remark if about is None else replace(remark, kind=_sharper(remark.kind, about.kind)))
        before = message
    kept = _once(found)
    open_ones = _open(messages, kept)
    remarks = tuple(
        replace(remark, kind=PointKind.REMARK)
        if remark.kind is PointKind.QUESTION and (remark.message.position, remark.source) not in open_ones
        else remark
        for remark in kept
    )
    return Reading(
        remarks=remarks,
        over=tuple(over),
        questions=tuple(remark for remark in remarks if remark.kind is PointKind.QUESTION),
    )


def _remarks(message: Message, before: Message | None, names: Collection[str]) -> Iterator[Remark]:
    text = unfenced(message.content)
    asked = _last_question(before) if before is not None and before.name != message.name else ""
    for start, end in sentences(text):
        source = " ".join(text[start:end].split())
        if FILLER in source:
            continue
        reply = bool(asked) and len(frozenset(tokenize(source))) <= SHORT_ANSWER_WORDS
        if is_chatter(source) and not (reply and answers(source)):
            continue
        content = without_filler(_MARK.sub("", source))
        for piece in _pieces(content):
            if not any(character.isalnum() for character in piece):
                continue
            words, items = tokenize(piece), items_in(piece, names)
            yield Remark(
                message=message,
                source=source,
                content=piece,
                kind=_kind(piece, message, telling=bool(words[1:] or items)),
                words=frozenset(words),
                items=items,
                asked=asked if reply else "",
            )
        asked = ""


def _kind(piece: str, message: Message, *, telling: bool) -> PointKind:
    """Return what a passage is; one word without a value is a remark, whatever the word."""
    kind = cues.kind_of(piece, role=message.role)
    return kind if telling or kind is PointKind.QUESTION else PointKind.REMARK


def _pieces(content: str) -> list[str]:
    """Return a sentence in passages of at most `LONGEST_TOKENS`, cut at pauses; words are never cut but where none end."""
    if len(content) <= LONGEST_TOKENS or count_tokens(content) <= LONGEST_TOKENS:
        return [content] if content else []
    pieces: list[str] = []
    start = cut = 0
    for pause in _PAUSE.finditer(content):
        if count_tokens(content[start : pause.end()]) > LONGEST_TOKENS and cut > start:
            pieces.append(content[start:cut].strip())
            start = cut
        cut = pause.end()
    pieces.append(content[start:].strip())
    return [part for piece in pieces for part in _hard(piece) if part]


def _hard(piece: str) -> list[str]:
    """Return a passage without a pause in parts, as scripts without blanks need it."""
    if count_tokens(piece) <= 2 * LONGEST_TOKENS:
        return [piece]
    return [piece[at : at + LONGEST_TOKENS] for at in range(0, len(piece), LONGEST_TOKENS)]


def _last_question(message: Message) -> str:
    text = unfenced(message.content)
    spans = sentences(text)
    if not spans:
        return ""
    last = " ".join(text[spans[-1][0] : spans[-1][1]].split())
    return "" if FILLER in last or not cues.asks(last) or count_tokens(last) > LONGEST_TOKENS else without_filler(last)


def _hint(remark: Remark, hints: Sequence[Hint]) -> Hint | None:
    """Return the hint about a remark: of several, one that still holds."""
    about = [hint for hint in hints if _overlap(hint.quote, remark)]
    return min(about, key=lambda hint: hint.over, default=None)


def _overlap(quote: str, remark: Remark) -> bool:
    plain = " ".join(quote.split())
    return bool(plain) and (plain in remark.source or remark.content in plain)


def _sharper(own: PointKind, hinted: PointKind) -> PointKind:
    """Return which kind to believe: a decision or a step is read off the words, the rest known better by the memory."""
    return own if own in {PointKind.DECISION, PointKind.STEP, PointKind.QUESTION} else hinted


def _once(remarks: Sequence[Remark]) -> list[Remark]:
    """Return each remark once, where it is first said, with the messages that repeat it."""
    first: dict[tuple[object, ...], int] = {}
    kept: list[Remark] = []
    for remark in remarks:
        key = (remark.words, remark.items, cues.denies(remark.content), remark.kind is PointKind.QUESTION, remark.asked)
        at = first.get(key) if remark.words else None
        if at is None:
            first[key] = len(kept)
            kept.append(remark)
        elif kept[at].message.id != remark.message.id:
            kept[at] = replace(kept[at], also=(*kept[at].also, remark.message))
    return kept


def _open(messages: Sequence[Message], remarks: Sequence[Remark]) -> set[tuple[int, str]]:
    """Return the questions that nobody has answered: none spoke after, or the reply puts the answer off."""
    replies: dict[int, Message | None] = {}
    following: Message | None = None
    for message in reversed(messages):
        same = following is not None and following.name == message.name
        replies[message.position] = replies[following.position] if following is not None and same else following
        following = message
    found = set()
    for remark in remarks:
        if remark.kind is PointKind.QUESTION:
            reply = replies[remark.message.position]
            if reply is None or cues.puts_off(reply.content):
                found.add((remark.message.position, remark.source))
    return found
