"""Reading what a chat server answers, believing none of it: its envelope, and the JSON in a model's words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from synap.ports.language_model import Failure, LanguageModelError, Usage

_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)
_COMMA = re.compile(r",(\s*[}\]])")
_STARTS = 8
"""Opening braces that are tried, as prose before the answer may hold some."""
_DEEPEST = 64
_CUT = frozenset({"length", "max_tokens"})
_FILTERED = frozenset({"content_filter", "refusal", "safety"})
_CHARACTERS_PER_TOKEN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A model's words and what they cost."""

    text: str
    usage: Usage


def read_reply(body: bytes, *, asked: int) -> Reply:
    """Return the words of a `chat.completion`, those of a tool call where there is one.

    Args:
        body: The server's answer.
        asked: Characters of the prompt, from which its tokens are estimated where the server does not count them.

    Raises:
        LanguageModelError: It is none, is cut short, or the model refused.
    """
    try:
        envelope = json.loads(body)
        choice = envelope["choices"][0]
        message, reason = choice["message"], choice.get("finish_reason")
        text = _words(message)
        refused = bool(message.get("refusal"))
        usage = _usage(envelope.get("usage"), asked=asked, answered=len(text))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise LanguageModelError(
            "the language model's server does not answer in the form of the protocol",
            kind=Failure.MALFORMED,
            usage=Usage(requests=1, input_tokens=asked // _CHARACTERS_PER_TOKEN),
        ) from error
    if reason in _CUT:
        raise LanguageModelError("the answer did not fit into its tokens", kind=Failure.TRUNCATED, usage=usage)
    if refused or reason in _FILTERED:
        raise LanguageModelError("the language model refused to answer", kind=Failure.REFUSED, usage=usage)
    return Reply(text=text, usage=usage)


def json_in(text: str) -> dict[str, Any]:
    """Return the JSON object in a model's words: alone, fenced, amid prose, with commas too many or ends missing.

    Raises:
        ValueError: There is none.
    """
    for candidate in (text, *_FENCE.findall(text)[:_STARTS], *_from_braces(text)):
        for repaired in (candidate, _COMMA.sub(r"\1", candidate), _closed(candidate)):
            value = _object(repaired)
            if value is not None:
                return value
    raise ValueError("the answer holds no JSON object")


def _words(message: dict[str, Any]) -> str:
    for call in message.get("tool_calls") or ():
        arguments = call["function"]["arguments"]
        return arguments if isinstance(arguments, str) else json.dumps(arguments)
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return content if isinstance(content, str) else ""


def _usage(counted: Any, *, asked: int, answered: int) -> Usage:
    def tokens(name: str, characters: int) -> int:
        value = counted.get(name) if isinstance(counted, dict) else None
        return value if isinstance(value, int) and value >= 0 else characters // _CHARACTERS_PER_TOKEN

    return Usage(
        requests=1, input_tokens=tokens("prompt_tokens", asked), output_tokens=tokens("completion_tokens", answered)
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _from_braces(text: str) -> list[str]:
    starts: list[int] = []
    place = text.find("{")
    while place >= 0 and len(starts) < _STARTS:
        starts.append(place)
        place = text.find("{", place + 1)
    return [text[start:] for start in starts]


def _closed(text: str) -> str:
    """Return a text with the brackets closed that it leaves open."""
    waiting: list[str] = []
    quoted = escaped = False
    for letter in text:
        if quoted:
            quoted, escaped = (letter != '"' or escaped), (letter == "\\" and not escaped)
        elif letter == '"':
            quoted = True
        elif letter in "{[":
            waiting.append("}" if letter == "{" else "]")
        elif letter in "}]" and waiting and waiting[-1] == letter:
            waiting.pop()
    if not waiting or len(waiting) > _DEEPEST:
        return text
    return _COMMA.sub(r"\1", text.rstrip(" \t\r\n,") + ('"' if quoted else "") + "".join(reversed(waiting)))
