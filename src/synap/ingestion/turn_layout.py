"""What stands in a turn besides prose: quoted lines, lists under a line that announces them, keys with values, answers.

Each is taken out of the text before its sentences are read, so that `- tea` is understood under `my favourite things:`
and `> I hate tea` is nobody's statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synap.ingestion.lines import Line, lines
from synap.ingestion.markdown import key_value
from synap.ingestion.shapes import words_of

_CODE = re.compile(r"```.*?(?:```|\Z)|`(?P<name>[\w./@+#-]{1,40})`|`[^`\n]{1,200}`", re.DOTALL)
_QUOTED = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_ITEM = re.compile(r"\s*(?:[-*\u2022\u2013]|\d{1,2}[.)])\s+(?P<item>\S.{0,200})")
_QUESTION = re.compile(r"\s*(?:Q|Question|Frage)\s*:\s*(?P<text>\S.{0,300})", re.IGNORECASE)
_ANSWER = re.compile(r"\s*(?:A|Answer|Antwort)\s*:\s*(?P<text>\S.{0,400})", re.IGNORECASE)
_OWN = re.compile(r"\b(?:I|my|our|we|me)\b", re.IGNORECASE)
_ANNOUNCED = re.compile(r"(?P<what>\S.{1,80}?)\s*:\s*")
_SENTENCE_END = (".", "!", "?", ":", ",")
_LONGEST_TITLE = 6
_FEWEST_PAIRS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One item of a list with the words that announce the list (`my favourite things`)."""

    lead: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One `Key: value` line under the title above its block, if any."""

    title: str
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question and its answer, both written down by the speaker."""

    question: str
    text: str
    source: str


Part = Listed | Pair | Answered


def own_prose(text: str) -> str:
    """Return a turn with code and quoted lines (`> …`) blanked; a single name in code marks (`pnpm`) stays a word."""
    text = _CODE.sub(_without_code, text) if "`" in text else text
    return _QUOTED.sub(lambda match: " " * len(match[0]), text) if ">" in text else text


def _without_code(match: re.Match[str]) -> str:
    return f" {match['name']} " if match["name"] else re.sub(r"[^\n]", " ", match[0])


def taken_apart(text: str) -> tuple[str, list[Part]]:
    """Return the text with its lists, pairs and answers blanked, and these in order; offsets stay as they are."""
    if "\n" not in text or ":" not in text:
        return text, []
    rows = [row for row in lines(text) if row.text.strip()]
    parts: list[Part] = []
    taken: list[Line] = []
    place = 0
    while place < len(rows):
        found, used = _part(rows, place)
        parts += found
        taken += rows[place : place + used]
        place += max(1, used)
    return _blanked(text, taken), parts


def _blanked(text: str, rows: Sequence[Line]) -> str:
    """Return the text with rows turned into blanks; rows are in order."""
    pieces: list[str] = []
    position = 0
    for row in rows:
        pieces += [text[position : row.start], " " * (row.end - row.start)]
        position = row.end
    return "".join([*pieces, text[position:]])


def _part(rows: Sequence[Line], place: int) -> tuple[list[Part], int]:
    """Return the parts that begin at a row, and how many rows they take; none and 0 where it is prose."""
    question, answer = _QUESTION.fullmatch(rows[place].text.rstrip()), None
    if place + 1 < len(rows):
        answer = _ANSWER.fullmatch(rows[place + 1].text.rstrip())
    if question and answer:
        return [Answered(question=question["text"], text=answer["text"], source=rows[place + 1].text.strip())], 2
    listed = list(_listed(rows, place))
    if listed:
        return list(listed), 1 + len(listed)
    follows = rows[place + 1].text if place + 1 < len(rows) else ""
    titled = int(":" in follows and _OWN.search(rows[place].text) is None and _is_title(rows[place].text))
    pairs = list(_pairs(rows, place + titled, title=rows[place].text.strip() if titled else ""))
    if len(pairs) >= _FEWEST_PAIRS:
        return list(pairs), titled + len(pairs)
    return [], 0


def _listed(rows: Sequence[Line], place: int) -> Iterator[Listed]:
    announced = _ANNOUNCED.fullmatch(rows[place].text.strip())
    if announced is None or _OWN.search(announced["what"]) is None:
        return
    for row in rows[place + 1 :]:
        item = _ITEM.fullmatch(row.text.rstrip())
        if item is None:
            return
        yield Listed(lead=announced["what"], text=item["item"].strip(" .;,"), source=row.text.strip())


def _pairs(rows: Sequence[Line], place: int, *, title: str) -> Iterator[Pair]:
    for row in rows[place:]:
        pair = key_value(row.text.strip())
        if pair is None or _OWN.search(row.text):
            return
        yield Pair(title=title, text=row.text.strip(), source=row.text.strip())


def _is_title(line: str) -> bool:
    bare = line.strip()
    return 0 < len(words_of(bare)) <= _LONGEST_TITLE and ":" not in bare and not bare.endswith(_SENTENCE_END)
