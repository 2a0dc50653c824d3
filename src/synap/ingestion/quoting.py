"""Sentences of a document that only make sense in its author's mouth ("We use Okta"): quoted under the document's name."""

from __future__ import annotations

import re

from synap.ingestion.acts import Act
from synap.ingestion.speech_acts import read

_AUTHOR = re.compile(
    r"\b(?:I|I['\u2019](?:m|ve|d|ll))\b|\b(?:me|my|mine|myself|we|us|our|ours|ourselves)\b"
    r"|\bwe['\u2019](?:re|ve|d|ll)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_STATES = re.compile(r"\bUS\b")
_NOBODYS = re.compile(r"(?:their|his|her)\b", re.IGNORECASE)
_UNNAMED = "The document"


def in_the_name_of(sentence: str, title: str) -> str:
    """Return a sentence as it stands, or as a quotation from the document where it speaks of "us", "me" or "them"."""
    bare = _STATES.sub("", _QUOTED.sub("", sentence))
    if not _AUTHOR.search(bare) and not _NOBODYS.match(bare):
        return sentence
    return f"{title or _UNNAMED}: “{sentence}”"


def speaks_as_somebody(subject: str) -> bool:
    """Whether a subject is the author of a document, whom nobody has named."""
    return subject.casefold() in ("i", "we", "me", "us")


def ordered(sentence: str) -> bool:
    """Whether a sentence orders lasting behaviour: in a document a rule of somebody's, but nobody's setting."""
    return read(sentence, to_machine=True).act is Act.STANDING


def taken_back(sentence: str) -> bool:
    """Whether a sentence asks to forget something: in a document nobody's wish."""
    return read(sentence, to_machine=True).act in (Act.RETRACTION, Act.OPT_OUT)
