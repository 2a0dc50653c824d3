"""What a passage says by itself: its own words without the label before them, and whether they say anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache

from synap.domain.contexts import Candidate, Query
from synap.domain.sentences import sentences
from synap.domain.terms import tokenize
from synap.domain.words import STOP_WORDS

GREETING_WORDS = 3
"""Content words from which on a greeting or a sign-off says something besides."""
WORDY = 160
"""Characters from which on a passage that is no head of an e-mail says something."""
ASSENT_WORDS = 2
"""Content words from which on an assent says something besides; a name or a number alone will do."""

_GREETINGS = frozenset({"hi", "hello", "hey", "dear", "greetings"})
_SIGN_OFFS = frozenset({"regards", "sincerely", "cheers", "thanks", "thank", "thx", "bye", "goodbye", "wishes"})
_ASSENTS = frozenset(
    (
        "ok", "okay", "yes", "yeah", "yep", "yup", "no", "nope", "sure", "noted", "understood", "done", "great", "perfect",
        "alright", "absolutely", "certainly", "definitely", "exactly", "agreed", "fine", "good", "nice", "cool", "awesome",
        "wow", "lovely", "roger", "acknowledged", "haha", "lol", "oh", "ah", "hm", "hmm",
    )
)  # fmt: skip
_EMPTY = STOP_WORDS | _GREETINGS | _SIGN_OFFS | _ASSENTS | {"best", "kind", "kindest", "warm", "many"}
_PHRASES = re.compile(
    r"\b(?:(?:happy|glad) to help|glad i could help|no (?:problem|worries)|you['\u2019]?re welcome|my pleasure|any ?time|"
    r"got it|will do|sounds (?:good|great)|of course|let me know|keep (?:it|this|that) in mind|"
    r"(?:remember|save|saved|note|update|updated) (?:it|this|that))\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_PHRASE_WORDS = frozenset(re.findall(r"[a-z]+", _PHRASES.pattern)) | {"youre", "anytime"}
_NO_WORD = re.compile(r"[\W_]+")
_ROLE_LABEL = re.compile(r"(?:User|Assistant|System): ")
_HEAD_LINE = re.compile(
    r"\s*(?:from|to|cc|bcc|subject|date|sent|reply-to|message-id|in-reply-to|importance)\s*:.*", re.IGNORECASE
)
_HEAD_OF_MAIL = re.compile(r"@|^\s*(?:cc|bcc|subject|reply-to|message-id)\s*:", re.IGNORECASE | re.MULTILINE)


def own_words(candidate: Candidate) -> str:
    """Return the text of a candidate; of an excerpt without the speaker's label or the headings put before it."""
    content = candidate.memory.statement.content
    if not candidate.excerpt:
        return content
    label = f"{candidate.speaker}: "
    if candidate.speaker and content.startswith(label):
        return content[len(label) :]
    role = _ROLE_LABEL.match(content)
    if role is not None:
        return content[role.end() :]
    return content.partition("\n")[2] if headed(candidate) else content


def headed(candidate: Candidate) -> bool:
    """Whether an excerpt begins with headings, which stand elsewhere in its document than its own words."""
    evidence = candidate.memory.evidence
    heading, broken, _ = candidate.memory.statement.content.partition("\n")
    if not (candidate.excerpt and broken and evidence and candidate.speaker is None):
        return False
    return _NO_WORD.sub("", heading) not in _NO_WORD.sub("", evidence[0].quote)


@lru_cache(maxsize=32768)
def says_something(words: str) -> bool:
    """Whether a passage is worth serving by itself: more than a greeting, an assent or the head of an e-mail.

    A greeting or a sign-off needs three content words besides, an assent two, or a name or number (`Yes, in Lisbon`).
    Anything else needs one. Many words say something whatever they are: only short passages are looked at closely.
    """
    head = ("@" in words or ":" in words) and _HEAD_OF_MAIL.search(words) is not None
    if len(words) > WORDY and not head:
        return True
    if head and all(map(_HEAD_LINE.fullmatch, [line for line in words.splitlines() if line.strip()])):
        return False
    if _tell_enough(words):
        return True
    bare = _PHRASES.sub(" ", words)
    plain = [word.casefold().replace("\u2019", "'") for word in _WORD.findall(words)]
    telling = [word for word in _WORD.findall(bare) if word.casefold().replace("\u2019", "'") not in _EMPTY]
    if not telling or len(telling) >= GREETING_WORDS:
        return bool(telling)
    if plain[0] in _GREETINGS or not _SIGN_OFFS.isdisjoint(plain):
        return False
    assent = plain[0] in _ASSENTS or bare != words
    return not assent or len(telling) >= ASSENT_WORDS or telling[0][0].isupper() or telling[0][0].isdigit()


def _tell_enough(words: str) -> bool:
    """Whether content words that no phrase can take away suffice; a shortcut, as the phrases take long to look for."""
    telling = 0
    for word in _WORD.findall(words.casefold()):
        if word.isalnum() and word not in _EMPTY and word not in _PHRASE_WORDS:
            telling += 1
            if telling == GREETING_WORDS:
                return True
    return False


def several_sentences(words: str) -> bool:
    """Whether a passage makes more than one statement."""
    return len(sentences(words)) > 1


class WordsAsked:
    """The words that queries ask for, whatever their endings.

    Few questions come to the point where they are looked for, and a pattern takes long to make: it is made then.
    """

    def __init__(self, queries: Iterable[Query] = ()) -> None:
        self._texts = tuple(query.text for query in queries)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        stems = sorted({stem for text in self._texts for stem in tokenize(text)}, key=lambda stem: (-len(stem), stem))
        if not stems:
            return None
        # A boundary before the word would hide it in scripts that are written without spaces.
        return re.compile("|".join(rf"\b{re.escape(stem)}" if stem.isascii() else re.escape(stem) for stem in stems))

    def __bool__(self) -> bool:
        return self._pattern is not None

    def found_in(self, text: str) -> frozenset[str]:
        """Return which of them a text holds."""
        return frozenset() if self._pattern is None else frozenset(self._pattern.findall(text.casefold()))
