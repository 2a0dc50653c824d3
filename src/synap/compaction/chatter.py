"""What can be left out of a conversation safely: greetings, thanks, acknowledgements, fillers in front of a sentence."""

from __future__ import annotations

import re

from synap.domain.wordlists import listed
from synap.domain.words import STOP_WORDS

FILLER = "\u2588"
"""Stands where something was erased; a sentence that holds it is not quoted."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED = re.compile(r"^[ \t]*>[^\n]*$", re.MULTILINE)

_SMALL_TALK = frozenset(
    listed(
        """
    hi hello hey hiya yo greetings morning afternoon evening night goodnight bye goodbye cheers ciao thanks thank thx ty
    please welcome sorry apologies congrats congratulations ok okay k kk yes yeah yep yup ya no nope nah sure alright right
    fine great good nice cool awesome perfect excellent amazing wonderful fantastic lovely brilliant super sweet neat wow
    oh ah aha aw hmm hm mm mhm uh um er haha hahaha lol lmao hehe well indeed exactly absolutely definitely totally
    certainly agreed true gotcha understood noted interesting glad happy help helping helpful let know anything else
    welcome problem worries pleasure question questions feel free ask hear sounds sound like makes make sense got see later
    soon talk care day weekend one much lot lots really appreciate course go ahead wait moment second sec minute back
    hope hoping enjoy looking forward assist assistance today everybody everyone guys folks team funny works work
    hallo danke bitte ja nein gut gerne hola gracias vale buenos buenas dias bonjour merci oui non salut grazie prego
        """
    )
)
"""Words of which small talk is made; a sentence of nothing else says nothing."""

_KEPT = frozenset(
    {"no", "nope", "nah", "yes", "yeah", "yep", "nein", "ja", "oui", "non", "ok", "okay", "agreed", "sure"}
)
"""Words that answer a question."""

_LEADING = re.compile(
    r"^(?:(?:oh|ah|aha|aw|hmm+|hm|um+|uh+|er|well|so|hey|hi|hello|hallo|hola|bonjour|wow|ok|okay|alright|great|cool|nice|"
    r"awesome|perfect|thanks|thank you|thanks a lot|thank you so much|got it|sounds good|of course|certainly|absolutely|"
    r"sure thing|you know|i mean|basically|honestly|anyway|anyways|btw|by the way|fyi|just so you know|"
    r"for your information|to be honest|haha|lol)(?:[,!.:;\u2026]+|\s*[\u2014\u2013-]+)\s*)+",
    re.IGNORECASE,
)


def is_chatter(sentence: str) -> bool:
    """Whether a sentence is small talk alone: no number in it, and no word but of greeting, thanks and agreement."""
    words = [word.replace("\u2019", "'").casefold() for word in _WORD.findall(sentence)]
    return all(word in _SMALL_TALK or word in STOP_WORDS for word in words) and not any(c.isdigit() for c in sentence)


def answers(sentence: str) -> bool:
    """Whether small talk may be the answer to a question (`Yes.`, `Okay!`)."""
    words = [word.casefold() for word in _WORD.findall(sentence)]
    return bool(words) and words[0] in _KEPT


def without_filler(sentence: str) -> str:
    """Return a sentence without the fillers in front of it, blanks made single; unchanged where nothing else is left."""
    plain = " ".join(sentence.split())
    return _LEADING.sub("", plain) or plain


def unfenced(text: str) -> str:
    """Return a text without code between fences and without quoted lines: what is said, not what is pasted."""
    if "```" in text:
        text = _FENCE.sub("\n", text)
    return _QUOTED.sub("", text) if ">" in text else text
