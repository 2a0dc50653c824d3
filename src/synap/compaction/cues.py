"""The words by which a sentence shows what it is to a conversation: a decision, a preference, a step, a correction."""

from __future__ import annotations

import re

from synap.domain.compactions import PointKind

_QUESTION = re.compile(r"[?\uff1f\u061f][\"'\u201d)*_ ]*$")
_DECISION = re.compile(
    r"\b(?:we|i|they|he|she|the team|everyone)(?:['\u2019]ve| have| has)? (?:all |finally |just |now )*(?:decided|agreed|"
    r"chose|picked|settled|approved|concluded|confirmed|finali[sz]ed|opted|voted|signed off)\b"
    r"|\b(?:we|i)(?:['\u2019]ll| will|['\u2019]re going to| are going to) go with\b|\blet['\u2019]?s go (?:with|for|ahead)\b"
    r"|\b(?:we|i) (?:went|are going|['\u2019]re going) with\b|\bdecisions?(?: is| was|:)|\bit['\u2019]s (?:settled|decided)\b"
    r"|\b(?:is|was|are|were|has been|have been) (?:approved|rejected|chosen|agreed|decided|settled|cancell?ed|confirmed)\b"
    r"|\bwir haben (?:beschlossen|entschieden|uns)\b|\bhemos decidido\b|\bnous avons d\u00e9cid\u00e9\b",
    re.IGNORECASE,
)
_PREFERENCE = re.compile(
    r"\b(?:i|we|she|he|they|my \w+)(?:['\u2019]d|['\u2019]m)? (?:really |also |just |much |always |still |actually |do |do "
    r"not |don['\u2019]t |does not |doesn['\u2019]t |would |totally |absolutely )*(?:like|likes|love|loves|prefer|prefers|hate|"
    r"hates|dislike|dislikes|enjoy|enjoys|favou?r|rather|adore|can['\u2019]t stand|cannot stand|fond of|into)\b"
    r"|\b(?:my|our) (?:\w+ )?favou?rites?\b|\bprefer(?:red|ence|s)?\b|\bplease (?:always|never|don['\u2019]t|do not|keep)\b"
    r"|\b(?:always|never) (?:send|use|call|write|give|show|book|put|include|answer|reply|speak)\b"
    r"|\bich (?:mag|liebe|bevorzuge|hasse)\b|\b(?:me gusta|prefiero|me encanta)\b|\bje (?:pr\u00e9f\u00e8re|d\u00e9teste)\b|\bj['\u2019]aime\b",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"\b(?:i|we|you|he|she|they|[A-Z]\w+)(?:['\u2019]ll| will| shall| need to| needs to| have to| has to| must|['\u2019]m going to|"
    r"['\u2019]re going to| am going to| are going to| is going to| should| plan to| plans to| promised to)\b (?!be (?:happy|glad)"
    r"|help\b|let you|see\b|you\b)"
    r"|\b(?:todo|to-do|action items?|next steps?|follow[- ]up|deadline|due)\b|\bremind\b|\blet['\u2019]?s (?!go (?:with|for|ahead))"
    r"|\bby (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|tonight|the end of|end of|next|eod|noon)\b"
    r"|\b(?:ich werde|wir m\u00fcssen|wir werden|tengo que|vamos a|il faut|je vais)\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:actually|correction|instead|rather than|no longer|not any ?more|anymore|moved?|moving|switch(?:ed|ing)?|"
    r"chang(?:ed?|ing)|postponed|rescheduled|pushed|delayed|brought forward|replac(?:ed|ing)|i misspoke|i meant|scratch that|"
    r"my mistake|sorry|wait|update[ds]?|now|raised|lowered|increased|reduced|became|cancell?ed|extended|shifted|"
    r"from now on|new)\b|\bnot\b.{1,40}\bbut\b",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    r"\b(?:switch(?:ed|ing)? (?:\w+ ){0,3}to|moved? (?:\w+ ){0,3}to|moving (?:\w+ ){0,3}to|replac(?:ed?|ing)|instead of|rather "
    r"than|changed (?:\w+ ){0,3}to|migrated|no longer)\b",
    re.IGNORECASE,
)
_TENTATIVE = re.compile(
    r"\b(?:if|maybe|perhaps|might|could|would|what if|how about|wonder|considering|thinking (?:of|about))\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(r"\b(?:not|never|no|none|nothing|nobody|cannot|without)\b|n['\u2019]t\b", re.IGNORECASE)
_PUT_OFF = re.compile(
    r"\b(?:(?:i|we)['\u2019]?(?:ll| will) (?:check|look into|get back|find out|ask|let you know)|not sure|don['\u2019]t know|do not know|"
    r"no idea|tbd|to be decided|still open|undecided|haven['\u2019]t decided|decide later|later)\b",
    re.IGNORECASE,
)
_FEELING = re.compile(
    r"\b(?:i|we)(?:['\u2019]m| am| was|['\u2019]re| are| feel| felt|['\u2019]ve been| have been) (?:\w+ly |so |very |really |a bit |too |"
    r"quite |just )*(?:happy|sad|angry|upset|worried|anxious|excited|thrilled|nervous|stressed|frustrated|annoyed|tired|"
    r"exhausted|relieved|proud|disappointed|afraid|scared|lonely|overwhelmed|confused|grateful|delighted|furious)\b",
    re.IGNORECASE,
)


def kind_of(sentence: str, *, role: str) -> PointKind:
    """Return what a sentence is by its words alone; what merely states something is a fact."""
    if asks(sentence):
        return PointKind.QUESTION
    if _DECISION.search(sentence) and not _TENTATIVE.search(sentence):
        return PointKind.DECISION
    if role != "assistant" and _PREFERENCE.search(sentence):
        return PointKind.PREFERENCE
    if _STEP.search(sentence):
        return PointKind.STEP
    return PointKind.REMARK if _TENTATIVE.search(sentence) else PointKind.FACT


def asks(sentence: str) -> bool:
    """Whether a sentence is a question."""
    return _QUESTION.search(sentence) is not None


def changes(sentence: str) -> bool:
    """Whether a sentence may correct an earlier one."""
    return _CHANGE.search(sentence) is not None


def switches(sentence: str) -> bool:
    """Whether a sentence says that one thing took another's place."""
    return _SWITCH.search(sentence) is not None


def denies(sentence: str) -> bool:
    """Whether a sentence denies something."""
    return _DENIAL.search(sentence) is not None


def tentative(sentence: str) -> bool:
    """Whether a sentence only weighs something."""
    return _TENTATIVE.search(sentence) is not None


def puts_off(reply: str) -> bool:
    """Whether a reply leaves the question open."""
    return _PUT_OFF.search(reply) is not None


def feels(sentence: str) -> bool:
    """Whether a sentence tells of a feeling."""
    return _FEELING.search(sentence) is not None
