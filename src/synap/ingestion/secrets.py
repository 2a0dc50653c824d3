"""Where a text holds keys and passwords: by the prefixes of well-known tokens, by assignment, by the words before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from synap.domain.terms import lowered

_TOKENS = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        (?:sk|pk|rk)[-_](?:live|test|proj|ant|or|svcacct)?[-_]?[A-Za-z0-9_-]{16,}
      | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,} | glpat-[A-Za-z0-9_-]{16,}
      | xox[abeoprs]-[A-Za-z0-9-]{10,} | xapp-[A-Za-z0-9-]{10,}
      | (?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16} | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{20,}
      | (?:hf|npm|dop_v1|doo_v1|shpat|shpss|sq0atp|lin_api|figd|pul|tfp|nvapi|gsk|r8|dckr_pat|ops)[_-][A-Za-z0-9_-]{16,}
      | pypi-[A-Za-z0-9_-]{30,} | SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}
      | key-[0-9a-f]{32} | \d{8,10}:AA[A-Za-z0-9_-]{30,}
      | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?
    )""",
    re.VERBOSE,
)
_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_BODY = re.compile(r"(?:\s*[A-Za-z0-9+/=]{16,})*")  # a key whose end is missing
_BEARER = re.compile(r"\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{16,}=*)", re.IGNORECASE)
_IN_URL = re.compile(r"://[^\s:/@]{0,128}:([^\s/@]{1,256})@")

_ASSIGNED = re.compile(
    r"""(?:api[ _-]?key|access[ _-]?key(?:[ _-]?id)?|secret(?:[ _-]?(?:access[ _-]?)?key)?|private[ _-]?key
        |token|client[ _-]?secret|webhook[ _-]?secret|credentials?
        |signing[ _-]?key|encryption[ _-]?key|license[ _-]?key|auth[ _-]?key|api[ _-]?secret|conn(?:ection)?[ _-]?string)
        ["'`*]{0,3}\s{0,3}(?::=|=>|=|:|\bis\b|\blautet\b|\bist\b)\s{0,3}["'`*]{0,3}
        (?P<value>[^\s"'`,;<>(){}]{8,512})""",
    re.VERBOSE,
)
"""For text in lower case, which it is looked for in a tenth of the time."""
_WHICH_TOKEN = re.compile(r"(?:auth|access|refresh|api|bot|id|session|bearer)?[ _-]?(?=token)")
_PASSWORD = re.compile(
    r"""(?<![A-Za-z])(?:\w{0,32}_)?(?:pass(?:word|wd|code|phrase|wort)|pwd|pw|pin(?:[ -]?code)?|kennwort|contraseña|senha|mot\ de\ passe)
        (?:\s+(?:for|to|of|on|at|für|de|pour)(?:\s+[^\s:=.,;!?]{1,40}){1,4}?)?
        (?P<verb>["'`*]{0,3}\s{0,3}(?::=|=>|=|:)\s{0,3}|\s+(?:is|was|to|becomes|ist|lautet|es|est|é|will\ be)\s*:?\s+)
        (?P<value>"[^"\n]{1,128}"|'[^'\n]{1,128}'|`[^`\n]{1,128}`|\S{1,256})""",
    re.IGNORECASE | re.VERBOSE,
)
_LABEL = re.compile(r"[\"'`]?\[[A-Z]+(?:_[a-z2-7]+)?\]")
_WORDS_THAT_FOLLOW = """
    a an the my your our his her their its it is was not no now also always never still too very so and or but for of on in
    at by with from required requested needed expired expiring wrong correct incorrect invalid valid weak strong stored
    saved hashed encrypted secret hidden safe set reset changed changing change updated shared missing forgotten lost
    empty optional mandatory rotated managed sent kept only one something nothing unknown different log sign be get use
    access unlock open protect enter send make this that these those which what
"""
_NO_PASSWORD = frozenset(_WORDS_THAT_FOLLOW.split())
_TRAILING = ".,;:!?)]}>"


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of keys, tokens, private key blocks and passwords; of an assignment the value only."""
    yield from _pem_blocks(text)
    for match in _TOKENS.finditer(text):
        yield match.span()
    for pattern in (_BEARER, _IN_URL):
        for match in pattern.finditer(text):
            if not _replaced(match.group(1)):
                yield match.span(1)
    for match in _ASSIGNED.finditer(lowered(text)):
        start, end = match.span("value")
        value = text[start:end].rstrip(_TRAILING)
        if not _replaced(text[start:end]) and _looks_random(value):
            yield start, start + len(value)
    yield from _passwords(text)


def secret_name(name: str) -> bool:
    """Whether a value under this name (a metadata key, a variable) is a secret whatever it looks like."""
    low = f"{lowered(name)}=xxxxxxxx"
    which = _WHICH_TOKEN.match(low)
    return bool(_ASSIGNED.match(low, which.end() if which else 0) or _PASSWORD.match(f"{name}=xxxxxxxx"))


def _pem_blocks(text: str) -> Iterator[tuple[int, int]]:
    marks = sorted([(m.start(), m.end(), True) for m in _PEM_BEGIN.finditer(text)] + _pem_ends(text))
    for (start, begun, opens), after in zip_longest(marks, marks[1:]):
        if opens and after and not after[2]:
            yield start, after[1]
        elif opens:
            body = _PEM_BODY.match(text, begun)
            yield start, body.end() if body else begun


def _pem_ends(text: str) -> list[tuple[int, int, bool]]:
    return [(match.start(), match.end(), False) for match in _PEM_END.finditer(text)]


def _passwords(text: str) -> Iterator[tuple[int, int]]:
    for match in _PASSWORD.finditer(text):
        value = match.group("value")
        start = match.start("value")
        if value[0] in "\"'`" and len(value) > 1 and value[-1] == value[0]:
            start, value = start + 1, value[1:-1]
        else:
            value = value.rstrip(_TRAILING)
        end = start + len(value)
        spoken = match.group("verb")[0].isspace() and match.group("verb").strip(" :").isalpha()
        if (
            value
            and not _replaced(match.group("value"))
            and _may_be_password(value, text[end : end + 1], spoken=spoken)
        ):
            yield start, end


def _may_be_password(value: str, after: str, *, spoken: bool) -> bool:
    """Whether a word in the place of a password is one: `is hunter2`, `: letmein`, but not `is required`."""
    if value.casefold() in _NO_PASSWORD:
        return False
    if not value.isalpha():
        return any(map(str.isalnum, value))
    inner_capital = not value[1:].islower() and not value.isupper()
    return not spoken or inner_capital or not after or after in ".,;!?\n\"'`"


def _looks_random(value: str) -> bool:
    """Whether a value looks made by a machine: digits among letters, or no ordinary word for its length."""
    digits = sum(map(str.isdecimal, value))
    letters = sum(map(str.isalpha, value))
    mixed = any(map(str.isupper, value[1:])) and any(map(str.islower, value))
    return (digits >= 2 and letters >= 2) or (mixed and len(value) >= 16) or digits >= 12 or len(value) >= 32  # noqa: PLR2004 - thresholds of form, all here


def _replaced(value: str) -> bool:
    return "***" in value or bool(_LABEL.match(value))
