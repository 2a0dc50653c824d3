"""A language model for tests: it answers what it was told to answer, or fails as it was told to fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from synap.ports.language_model import CallLimits, Completion, Failure, LanguageModelError, Line, Usage

T = TypeVar("T")
Answer = Mapping[str, Any] | LanguageModelError | Callable[[Sequence[Line]], Mapping[str, Any]]


class ScriptedLanguageModel:
    """Gives the answers of a script in order, the last one for ever; `prompts` holds what it was asked so far.

    An answer is an object, a function of the prompt that returns one, or an error to raise.
    """

    def __init__(self, *answers: Answer, id: str = "scripted") -> None:  # noqa: A002 - the word of the port
        """Write the script: at least one answer."""
        self._answers = list(answers)
        self._id = id
        self.prompts: list[Sequence[Line]] = []

    @property
    def id(self) -> str:
        """Name of the model."""
        return self._id

    async def complete_json(self, lines: Sequence[Line], shape: type[T], limits: CallLimits) -> Completion[T]:
        """Return the next answer; one that is not of the shape counts as malformed. Ten tokens each way."""
        del limits
        self.prompts.append(lines)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        usage = Usage(requests=1, input_tokens=10, output_tokens=10)
        if isinstance(answer, LanguageModelError):
            raise answer
        try:
            value = msgspec.convert(answer(lines) if callable(answer) else answer, shape, strict=False)
        except msgspec.ValidationError as error:
            raise LanguageModelError(
                "the script's answer has another shape", kind=Failure.MALFORMED, usage=usage
            ) from error
        return Completion(value=value, usage=usage)

    async def close(self) -> None:
        """Do nothing."""
