"""What a stored memory must not have: words of the first person, or a subject that nobody can resolve."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"[\"\u201c].*?[\"\u201d]")
_FIRST_PERSON = re.compile(r"\b(?:I|I['\u2019](?:m|ve|d|ll)|[Mm]y|[Mm]ine|[Mm]yself|[Mm]e)\b")
_DANGLING = re.compile(r"(?:He|She|It|They|This|That|These(?! days\b)|Those)\b")
FIRST_PERSON = "first person"
DANGLING = "dangling subject"


def flaws(content: str) -> list[str]:
    """Name what is wrong with an English statement; words in quotation marks are somebody's own. Empty for a good one."""
    found = [FIRST_PERSON] if _FIRST_PERSON.search(_QUOTED.sub("", content)) else []
    return found + ([DANGLING] if _DANGLING.match(content) else [])
