"""Short answers filled into the question that they answer: "Where do you live?" and "Utrecht" give `I live in Utrecht`.

The question is the assistant's and nobody's statement; only what its listener answers counts. Small talk, offers of
help and questions about the talk itself give nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from synap.ingestion import verbs
from synap.ingestion.contractions import expand
from synap.ingestion.lexicon import words as lexicon
from synap.ingestion.lexicon.calendar import WEEKDAYS
from synap.ingestion.lexicon.sets import word_set
from synap.ingestion.shapes import analyse, words_of

_LAST = re.compile(r"[^.!?\n]*\?[\"'\u201d\u2019)*\s]*\Z")
_LEAD_IN = re.compile(
    r"^(?:[\s*_\"'“-]|(?:and|so|but|great|nice|cool|thanks?(?: you)?|sure|perfect|ok(?:ay)?|first|next|lastly|finally|also|well|"
    r"by the way|btw|just to (?:check|confirm)|may i ask|can i ask|could you tell me|can you tell me|tell me)\b[\s,:!\u2014-]*)+",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^(?:yes|yeah|yep|yup|sure|of course|definitely|absolutely|correct|right|exactly|please do|go ahead|sounds good)\b"
    r"(?:[\s,!.]+(?:please|thanks?|thank you|i do|i am|i have|i did|i was|i would|it is|that(?:['\u2019]s| is) (?:right|correct)|sure|of course|absolutely|definitely))*[\s,.!:;\u2014-]*",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^(?:no|nope|nah|never|not (?:really|at all|yet|any ?more))\b"
    r"(?:[\s,!.]+(?:thanks?|thank you|i do not|i don['\u2019]t|i am not|i['\u2019]m not|i have not|i haven['\u2019]t|i did not|i didn['\u2019]t|not (?:really|at all|yet)|never|none))*[\s,.!:;\u2014-]*",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"(?P<wh>(?:what|which)(?: (?!do\b|does\b|did\b|is\b|are\b|was\b|were\b|have\b)[\w-]+){0,4}|where|when|who|how (?:many|much)(?: [\w-]+){1,3}?|how (?:old|long|often|tall)) "
    r"(?P<aux>do|does|did|is|are|was|were|have|has|will) (?P<rest>(?:you|your)\b.*)",
    re.IGNORECASE,
)
_CHECKED = re.compile(
    r"(?P<aux>do|does|did|are|is|was|were|have|has|can|will|would) (?P<rest>(?:you|your)\b.*)", re.IGNORECASE
)
_OFFER = re.compile(
    r"(?:would you like me to|do you want me to|shall i|should i|can i|may i|want me to|would it help if i) (?P<what>.+)",
    re.IGNORECASE,
)
_OF_THE_TALK = re.compile(
    r"\byou (?:\w+ ){0,2}(?:want|need|mean|know|think|understand|see|mind|agree|wish|suggest|refer|ask|try|tr(?:ied|ying)|looking for|ready|sure|ok|okay|well|done|doing|feel(?:ing)?)\b"
    r"|\b(?:questions?|anything else|something else|more information|more details|help|assist|today)\b|\bwould you like\b|\b(?:can|could|may|shall|should) i\b|\bthe (?:above|following)\b",
    re.IGNORECASE,
)
_REPEATED = re.compile(
    r"\b(?:always|every|each|daily|weekly|monthly|by default|from now on|going forward|in (?:the )?future)\b",
    re.IGNORECASE,
)
_DATED = re.compile(
    rf"\d|\b(?:{'|'.join(name for name in WEEKDAYS if len(name) > len('wed'))}|tomorrow|tonight)\b", re.IGNORECASE
)
_JOB = re.compile(
    r"what do you do(?: for (?:a living|work))?|what (?:is|was) your (?:job|profession|occupation)", re.IGNORECASE
)
_TO_SPEAKER = {"you": "I", "your": "my", "yours": "mine", "yourself": "myself", "are": "am", "were": "was"}
_OWNER_OF = re.compile(
    r"^your (?P<who>(?:[\w-]+ ){0,2}?[\w-]+?)(?:['\u2019]s\b|\b(?= (?:live|work|like|do|have|play|study|go|come|eat|speak)\b)|$)",
    re.IGNORECASE,
)
_POINTING = re.compile(
    r"^(?:(?P<owner>his|her|its|their)|(?P<subject>he|she|it|they))(?P<short>['\u2019]s)?\s+", re.IGNORECASE
)
_PLACES = word_set("live work reside grow stay study teach settle born")
_ASKS_WHERE = word_set("in at from to near")
_TOWARDS = word_set("go travel fly move head relocate")
_ANYTHING = re.compile(r"\b(?:any|some)(?:thing|one|body|where)\b", re.IGNORECASE)
_MOST_WORDS = 10
_ACKNOWLEDGED = word_set(
    "ok okay thanks thank fine good great nothing none idk maybe dunno hm hmm cool hello hi hey bye sure perfect nice wow lol whatever"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked last.

    Attributes:
        text: The question, contractions written out, without what leads up to it.
        said: As it was put.
    """

    text: str
    said: str

    def as_the_listener(self) -> str:
        """Return the question with "you" and "your" as its listener says them."""
        return _from_the_speaker(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an answer says together with its question.

    Attributes:
        clause: In the first person, as the speaker could have said it (`I live in Utrecht`).
        rest: Where in the answer its own further words begin.
        standing: The clause is lasting behaviour that the assistant offered (`always use metric units`).
    """

    clause: str
    rest: int
    standing: bool = False


def question_in(text: str) -> Question | None:
    """Return the question that a turn of the assistant ends with, or None."""
    found = _LAST.search(text[-400:].rstrip())
    if found is None:
        return None
    said = found[0].strip(" \n*_\"'")
    plain = expand(_LEAD_IN.sub("", said)).rstrip(" ?*_\"'”\u2019")
    return Question(
        text=re.sub(r"\b(what|who|where|when)['\u2019]s\b", r"\1 is", plain, flags=re.IGNORECASE), said=said
    )


def answered(question: Question, text: str) -> Answer | None:
    """Return a short answer as the statement that it makes, or None where the shapes of both do not tell it."""
    offer = _OFFER.fullmatch(question.text)
    if offer is not None:
        return _accepted(offer["what"], text)
    if _OF_THE_TALK.search(question.text):
        return None
    told = _with_its_subject(question, text)
    if told is not None:
        return told
    agreed, denied = _YES.match(text), _NO.match(text)
    checked = _CHECKED.fullmatch(question.text)
    if checked is not None:
        return _confirmed(checked, text, agreed=agreed, denied=denied)
    asked = _ASKED.fullmatch(question.text)
    if asked is None or agreed or denied or not _fragment(text):
        return None
    clause = _filled(question, asked, text.strip(" .!"))
    return Answer(clause=clause, rest=len(text)) if clause else None


def worth_keeping(question: Question, text: str) -> bool:
    """Whether a fragment that no shape fits still answers a question about its speaker."""
    personal = re.search(r"\byour?\b", question.text, re.IGNORECASE) is not None
    return (
        personal and _OFFER.match(question.text) is None and not _OF_THE_TALK.search(question.text) and _fragment(text)
    )


def replies(text: str) -> bool:
    """Whether a text begins by agreeing or denying."""
    return (_YES.match(text) or _NO.match(text)) is not None


def _fragment(text: str) -> bool:
    """Whether a text is a short answer: no clause of its own, no reply without content."""
    words = words_of(expand(text))
    if not 0 < len(words) <= _MOST_WORDS or "?" in text or words[0].lower in _ACKNOWLEDGED:
        return False
    if _YES.match(text) or _NO.match(text) or words[0].lower in ("i", "we", "you"):
        return False
    return analyse(expand(text)).verb < 0


def _accepted(offer: str, text: str) -> Answer | None:
    """Return a service that was offered and accepted: a lasting one, or one for some day; others are done and forgotten."""
    agreed = _YES.match(text)
    wanted = _from_the_speaker(offer, inner=True)
    if agreed is not None and _REPEATED.search(offer):
        return Answer(clause=wanted, rest=agreed.end(), standing=True)
    if agreed is not None and _DATED.search(offer):
        return Answer(clause=f"I want the assistant to {wanted}", rest=agreed.end())
    return None


def _confirmed(
    checked: re.Match[str], text: str, *, agreed: re.Match[str] | None, denied: re.Match[str] | None
) -> Answer | None:
    """Return "do you have a car?" with "yes", "no", or with what answers it ("yes, a Fiat")."""
    reply = agreed or denied
    rest = text[reply.end() :] if reply else text
    more = rest.strip(" .!") if _fragment(rest) else ""
    if reply is None and more and (chosen := _chosen(checked["rest"], more)):
        clause = _asserted(checked["aux"].casefold(), chosen, denied=False)
        return Answer(clause=clause, rest=len(text)) if clause else None
    if reply is None and not (more and re.search(r"\b(?:any|an?|some\w+|any\w+)\b", checked["rest"])):
        return None
    clause = _asserted(checked["aux"].casefold(), checked["rest"], denied=denied is not None)
    if clause is None:
        return None
    if more:
        told = _ANYTHING.sub(more, clause, count=1) if _ANYTHING.search(clause) else f"{clause} ({more})"
        return Answer(clause=told, rest=len(text))
    return Answer(clause=clause, rest=len(text) if reply is None else reply.end())


def _chosen(rest: str, answer: str) -> str | None:
    """Return "prefer tea or coffee" with the one chosen, or None where the answer is neither."""
    before, _, second = rest.rpartition(" or ")
    words, answer = before.split(" "), answer.casefold().removeprefix("a ").removeprefix("the ")
    for count in range(1, min(4, len(words))):
        first = " ".join(words[-count:])
        if answer in (first.casefold(), second.casefold()):
            return " ".join([*words[:-count], second if answer == second.casefold() else first])
    return None


def _asserted(aux: str, rest: str, *, denied: bool) -> str | None:
    """Return a yes-no question as a statement of its listener."""
    words = rest.split(" ")
    owned = words[0].casefold() == "your"
    place = 1
    if owned:
        place = next((i for i, word in enumerate(words[1:], start=1) if _predicate(aux, words, i)), 0)
        if not place:
            return None
    subject = _from_the_speaker(" ".join(words[:place]))
    predicate = _from_the_speaker(" ".join(words[place:]), inner=True)
    if not denied:
        predicate = re.sub(r"\bany ", "", predicate)
    predicate = re.sub(r"\bever ", "", predicate)
    return f"{subject} {_verb(aux, predicate, owned=owned, denied=denied)}".strip()


def _predicate(aux: str, words: list[str], place: int) -> bool:
    word = words[place].casefold()
    if aux in ("do", "does", "did", "can", "will", "would"):
        return verbs.is_base(word)
    return place > 1 and (
        word in lexicon.PREPOSITIONS | lexicon.DETERMINERS or place == len(words) - 1 or word.endswith(("ing", "er"))
    )


def _verb(aux: str, predicate: str, *, owned: bool, denied: bool) -> str:
    """Return auxiliary and predicate in the order of a statement."""
    aux = aux if owned else {"are": "am", "were": "was", "has": "have", "does": "do"}.get(aux, aux)
    if denied:
        return f"{aux} not {predicate}"
    if aux not in ("do", "does", "did"):
        return f"{aux} {predicate}"
    base, _, others = predicate.partition(" ")
    form = verbs.past(base) if aux == "did" else verbs.third_person(base) if aux == "does" else base
    return f"{form} {others}"


def _filled(question: Question, asked: re.Match[str], answer: str) -> str | None:
    """Return an open question with its answer in the place of the question word."""
    wh, aux, rest = asked["wh"].casefold(), asked["aux"].casefold(), asked["rest"]
    answer = (
        answer[:1].lower() + answer[1:]
        if words_of(answer)[0].lower in lexicon.DETERMINERS | lexicon.PREPOSITIONS
        else answer
    )
    if _JOB.fullmatch(question.text):
        return f"my job is {answer}"
    if rest.casefold().startswith("your ") and aux in ("is", "are", "was", "were"):
        return f"{_from_the_speaker(rest)} {aux} {_placed(wh, '', answer)}"
    if wh.startswith(("how many", "how much")):
        answer = f"{answer} {wh.split(' ', 2)[2]}"
    clause = _asserted(aux, rest, denied=False)
    if clause is None or not words_of(clause)[1:]:
        return f"I am {_placed(wh, 'be', answer)}" if rest.casefold() == "you" and wh in ("where", "how old") else None
    return f"{clause} {_placed(wh, analyse(clause).base, answer, after=clause)}"


def _placed(wh: str, verb: str, answer: str, *, after: str = "") -> str:
    """Return the answer with the preposition that its question word asks for, unless one stands there already."""
    opened = (
        words_of(answer)[0].lower in lexicon.PREPOSITIONS or after.rsplit(" ", maxsplit=1)[-1].casefold() in _ASKS_WHERE
    )
    if wh == "how old":
        return f"{answer} years old" if answer.isdigit() or answer.isalpha() else answer
    if wh == "what time":
        return answer if words_of(answer)[0].lower in lexicon.PREPOSITIONS else f"at {answer}"
    if opened or wh not in ("where", "how long"):
        return answer
    if wh == "where" and verb in _TOWARDS:
        return f"to {answer}"
    if wh == "where":
        return (
            f"in {answer}"
            if not verb or verb in _PLACES or verb == "be" or after.endswith(("up", "based", "born"))
            else answer
        )
    return f"for {answer}"


def _with_its_subject(question: Question, text: str) -> Answer | None:
    """Return "her name is Fenna" with whom the question was about: "my daughter's name is Fenna"."""
    pointing = _POINTING.match(text)
    asked = _ASKED.fullmatch(question.text) or _CHECKED.fullmatch(question.text)
    owner = _OWNER_OF.match(asked["rest"]) if asked else None
    if pointing is None or owner is None:
        return None
    who = f"my {owner['who']}" + ("'s" if pointing["owner"] else " is" if pointing["short"] else "")
    return Answer(clause=f"{who} {text[pointing.end() :]}", rest=len(text))


def _from_the_speaker(words: str, *, inner: bool = False) -> str:
    """Return the listener's "you" and "your" as the speaker says them; `inner`: "you" is no subject there."""
    swapped = []
    for word in words.split(" "):
        lower = word.casefold()
        plain = _TO_SPEAKER.get(lower, word) if lower in ("you", "your", "yours", "yourself") else word
        swapped.append("me" if plain == "I" and inner else plain)
    return " ".join(swapped)
