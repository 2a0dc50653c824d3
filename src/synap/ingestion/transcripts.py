"""Transcripts: turns given as a list or as JSON, and turns found in text by the labels at the beginning of lines.

A label opens a turn only at the start of a line; inside a turn it is text, so that `User: Assistant: I prefer tea`
is one turn of the user. Lines without a label continue the open turn.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from synap.domain.documents import Block, BlockKind, Role, Turn
from synap.ingestion.lines import Line, lines
from synap.ingestion.markdown import parse_markdown
from synap.ingestion.zones import offset_of

_HUMAN_LABELS = frozenset({"user", "human", "me", "customer", "client"})
_MACHINE_LABELS = frozenset({"assistant", "ai", "bot", "agent", "model"})
_SYSTEM_LABELS = frozenset({"system", "tool", "developer", "function"})
_LABELS = {
    **dict.fromkeys(_HUMAN_LABELS, Role.USER),
    **dict.fromkeys(_MACHINE_LABELS, Role.ASSISTANT),
    **dict.fromkeys(_SYSTEM_LABELS, Role.SYSTEM),
}

_NAME = r"(?:\[[A-Z]+(?:_[a-z2-7]+)?\]|[^\W\d_][^:\n\t\[\]<>{}|=]{0,39}|@[\w.-]{1,32})"
_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,6})?(?:[\s\u202f]?[AaPp]\.?[Mm]\.?)?(?:Z|[+-]\d{2}:?\d{2})?"
_TIME = rf"(?:{_DAY}(?:[,T ] ?{_CLOCK})?|{_CLOCK})"
_LABEL = re.compile(rf"[ \t]*(?:[*_]{{2}})?(?P<name>{_NAME})(?:[*_]{{2}})?[ \t]*:(?:[*_]{{2}})?(?=\s|$)[ \t]*")
_TIMED = re.compile(
    rf"[ \t\u200e]*(?:"
    rf"\[(?P<t1>{_TIME})\][ \t]*<?(?P<n1>{_NAME})>?[ \t]*:"  # [10:42] dana: …
    rf"|(?P<n2>{_NAME})[ \t]*[\[(](?P<t2>{_TIME})[\])][ \t]*:"  # dana (10:42): …
    rf"|(?P<t3>{_TIME})[ \t]*[-\u2013][ \t]*(?P<n3>{_NAME})[ \t]*:"  # 20.11.26, 10:42 - Dana: …
    rf"|(?P<t4>{_CLOCK})[ \t]+(?P<n4>{_NAME})[ \t]*:"  # 10:42 Dana: …
    rf")(?=\s|$)[ \t]*"
)
_NAME_WORDS = 4
_SPOKEN = re.compile(r"\S+\s+\S+\s+\S+[.!?\u2026]\s*$")  # three words and a full stop: no value of a key
_WORDS_OF_NO_NAME = frozenset(
    {
        "note",
        "notes",
        "todo",
        "action",
        "actions",
        "decision",
        "decisions",
        "agenda",
        "summary",
        "date",
        "time",
        "subject",
    }
    | {"attendees", "participants", "location", "topic", "topics", "http", "https", "re", "fwd", "ps", "p.s", "p.s."}
    | {
        "warning",
        "important",
        "example",
        "tip",
        "update",
        "question",
        "answer",
        "q",
        "a",
        "status",
        "result",
        "next steps",
    }
    | {
        "action items",
        "action item",
        "follow-up",
        "goal",
        "deadline",
        "budget",
        "owner",
        "reminder",
        "title",
        "cc",
        "bcc",
    }
    | {"from", "to", "error", "info", "debug", "context", "background", "and", "but", "so", "also", "then", "because"}
)
_SECTIONS = frozenset(
    {"action items", "actions", "decisions", "next steps", "summary", "agenda", "attendees", "participants", "date"}
    | {"key decisions", "follow-ups", "follow ups", "open questions", "notes", "to-dos", "todos", "minutes", "topics"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedTurns:
    """Turns as the text of a document, with the blocks that say where each lies."""

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    time: str | None
    end: int


def as_turns(text: str) -> list[Turn] | None:
    """Return the turns of a text that is a JSON array of messages (or an object with `messages`), else None.

    A message has `content` (a string, or parts with `text`), and may have `role`, `name` or `speaker`, `id`,
    `timestamp` or `created_at`.
    """
    bare = text.strip("\ufeff \t\r\n")
    if bare[:1] not in {"[", "{"} or bare[-1:] not in {"]", "}"} or '"content"' not in bare:
        return None
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    messages = value.get("messages") if isinstance(value, Mapping) else value
    if not isinstance(messages, list) or not messages:
        return None
    turns = [_turn_of(message) for message in messages]
    return [turn for turn in turns if turn] if all(turns) else None


def render(turns: Sequence[Turn]) -> RenderedTurns:
    """Return the turns as lines `Speaker: content` with one block each; turns without content yield no block."""
    pieces: list[str] = []
    blocks: list[Block] = []
    position = 0
    for turn in turns:
        role = _LABELS.get(turn.role.strip().casefold(), Role.USER)
        speaker = " ".join(turn.speaker.split()) if turn.speaker and turn.speaker.strip() else None
        label = f"{speaker or role.value.capitalize()}: "
        content = turn.content.strip()
        pieces += [label, content, "\n"]
        if content:
            start = position + len(label)
            blocks.append(
                Block(
                    kind=BlockKind.TURN,
                    start=start,
                    end=start + len(content),
                    text=content,
                    role=role,
                    speaker=speaker,
                    turn_id=turn.id,
                    time=_utc(turn.timestamp),
                    offset=offset_of(turn.timestamp),
                )
            )
        position += len(label) + len(content) + 1
    return RenderedTurns(text="".join(pieces).removesuffix("\n"), blocks=tuple(blocks))


def parse_transcript(text: str, *, named: bool, created_at: datetime | None) -> tuple[Block, ...] | None:
    """Return a block per turn found in `text`, or None if it holds no label at the start of a line.

    Args:
        text: The stored text.
        named: Any name before a colon may be a speaker (chats between people, meetings); else names count only if one
            recurs and stands beside role labels, another that recurs, or at the very beginning.
        created_at: Completes times of day.
    """
    labelled = [(line, _label(line)) for line in lines(text)]
    speakers = _speakers([label for _, label in labelled if label], named=named)
    if not speakers:
        speakers = _from_the_first_line([(line, label) for line, label in labelled if not line.text.isspace()])
    starts = list(_openings(labelled, speakers, named=named))
    if not any(label and label.name.casefold() not in _SECTIONS for label, _, _ in starts):
        return None
    ends = [line_start for _, line_start, _ in starts[1:]] + [len(text)]
    blocks: list[Block] = []
    for (label, line_start, content), end in zip(starts, ends, strict=True):
        if label and label.name.casefold() in _SECTIONS:
            blocks += _section(text, line_start, end)
        else:
            blocks += _turn(text, label, content, end, created_at)
    return tuple(blocks)


def _openings(
    labelled: Iterable[tuple[Line, _Label | None]], speakers: frozenset[str], *, named: bool
) -> Iterator[tuple[_Label | None, int, int]]:
    """Yield where turns and sections begin: the label, the start of its line, the start of the content."""
    first = True
    for line, label in labelled:
        name = label.name.casefold() if label else ""
        if label and (label.time is not None or name in speakers or (named and name in _SECTIONS)):
            yield label, line.start, label.end
        elif not first or line.text.isspace():
            continue
        else:
            yield None, line.start, line.start
        first = False


def _section(text: str, start: int, end: int) -> Iterator[Block]:
    """Yield the blocks of a part of the minutes that nobody speaks, such as `Action items:` with its list."""
    for block in parse_markdown(text[start:end]):
        yield replace(block, start=block.start + start, end=block.end + start)


def _label(line: Line) -> _Label | None:
    match = _TIMED.match(line.text)
    if match:
        parts = match.groupdict()
        name = next(parts[key] for key in ("n1", "n2", "n3", "n4") if parts[key] is not None)
        time = next(parts[key] for key in ("t1", "t2", "t3", "t4") if parts[key] is not None)
        return _Label(name.strip(" *_"), time, line.start + match.end())
    match = _LABEL.match(line.text)
    return _Label(match["name"].strip(" *_"), None, line.start + match.end()) if match else None


def _speakers(labels: Sequence[_Label], *, named: bool) -> frozenset[str]:
    """Return the labels, folded, that open turns in this text."""
    counts = Counter(label.name.casefold() for label in labels if label.time is None)
    shown = frozenset(name for name in counts if name in _LABELS)
    names = {name for name in counts if name not in _LABELS and _is_name(name)}
    if named:
        return shown | names
    recurring = {name for name in names if counts[name] > 1}
    beside = len(recurring) > 1 or (shown and recurring)
    return shown | (recurring if beside else set())


def _from_the_first_line(labelled: Sequence[tuple[Line, _Label | None]]) -> frozenset[str]:
    """Return all names of a text whose first line opens with the name of somebody who speaks twice, else none."""
    first = labelled[0][1] if labelled else None
    if first is None or first.time is not None or not first.name[:1].isupper():
        return frozenset()
    opening = first.name.casefold()
    said = [
        line.text[label.end - line.start :] for line, label in labelled if label and label.name.casefold() == opening
    ]
    names = frozenset(label.name.casefold() for _, label in labelled if label and _is_name(label.name.casefold()))
    spoken = len(said) > 1 and any(_SPOKEN.search(words) for words in said)
    return names if spoken and opening in names and len(names) > 1 else frozenset()


def _is_name(name: str) -> bool:
    words = name.split()
    return (
        0 < len(words) <= _NAME_WORDS
        and name not in _WORDS_OF_NO_NAME | _SECTIONS
        and not name.endswith((".", "?", "!", ","))
    )


def _turn(text: str, label: _Label | None, start: int, end: int, created_at: datetime | None) -> Iterator[Block]:
    raw = text[start:end]
    content = raw.strip("\ufeff \t\r\n")
    if not content:
        return
    offset = start + raw.index(content)
    role, speaker = (Role.USER, None) if label is None else _who(label.name)
    yield Block(
        kind=BlockKind.TURN,
        start=offset,
        end=offset + len(content),
        text=_joined(content),
        role=role,
        speaker=speaker,
        time=_moment(label.time, created_at) if label and label.time else None,
        offset=offset_of(_stamped(label.time)) if label and label.time else None,
    )


def _joined(content: str) -> str:
    """Return a turn's words with line ends unified and the indentation of its lines taken off."""
    if "\n" not in content and "\r" not in content:
        return content
    return "\n".join(line.strip() for line in content.splitlines())


def _who(name: str) -> tuple[Role, str | None]:
    role = _LABELS.get(name.casefold())
    return (role, None) if role else (Role.USER, name.lstrip("@") or None)


def _turn_of(message: object) -> Turn | None:
    if not isinstance(message, Mapping):
        return None
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    if not isinstance(content, str):
        return None
    role = str(message.get("role") or "user").casefold()
    speaker = message.get("speaker") or message.get("name")
    identity = message.get("id")
    stamp = message.get("timestamp") or message.get("created_at")
    return Turn(
        content=content,
        role=role if role in _LABELS else "user",
        speaker=speaker if isinstance(speaker, str) else (None if role in _LABELS else role),
        id=str(identity) if isinstance(identity, str | int) else None,
        timestamp=_stamped(stamp) if isinstance(stamp, str) else None,
    )


def _iso(text: str) -> datetime | None:
    return _utc(_stamped(text))


def _stamped(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None


def _moment(text: str, created_at: datetime | None) -> datetime | None:
    """Return the UTC moment of a label's time; None where it cannot be told (`03/04/26` reads both ways)."""
    if moment := _iso(text):
        return moment
    day = re.match(_DAY, text)
    clock = re.search(r"(\d{1,2}):(\d{2})(?::(\d{2}))?[\d.,]*\s*([AaPp])?", text[day.end() :] if day else text)
    date = _date(day.group()) if day else (created_at.date() if created_at else None)
    if date is None:
        return None
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3]) if clock else (0, 0, 0)
    if clock and clock[4]:
        hour = hour % 12 + (12 if clock[4] in "Pp" else 0)
    try:
        return datetime(date.year, date.month, date.day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _date(text: str) -> datetime | None:
    first, second, third = (int(part) for part in re.split(r"[./-]", text))
    if first > 31:  # noqa: PLR2004 - no day of a month: the year leads
        year, month, day = first, second, third
    elif "." in text or first > 12:  # noqa: PLR2004 - no month: the day leads
        year, month, day = third, second, first
    elif second > 12:  # noqa: PLR2004 - no month: the month leads, as in the United States
        year, month, day = third, first, second
    else:
        return None
    try:
        return datetime(year if year > 99 else 2000 + year, month, day, tzinfo=UTC)  # noqa: PLR2004 - two digits
    except ValueError:
        return None
