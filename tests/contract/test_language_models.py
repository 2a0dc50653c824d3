"""What every language model owes its port, whoever made it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest

from synap.adapters.openai.chat import OpenAiChat
from synap.ports.language_model import CallLimits, Failure, LanguageModel, LanguageModelError, Line
from synap.testing import ScriptedLanguageModel
from synap.testing.chat_server import ChatServer, chat_server, fails, says

LINES = (Line(speaker="system", text="Count."), Line(speaker="user", text="One sheep."))


class Sheep(msgspec.Struct):
    count: int
    names: tuple[str, ...] = ()


@pytest.fixture
def chat() -> Iterator[ChatServer]:
    with chat_server() as started:
        yield started


@pytest.fixture(params=["scripted", "openai"])
async def model(request: pytest.FixtureRequest, chat: ChatServer) -> AsyncIterator[LanguageModel]:
    """A model that answers one sheep, with fields nobody asked for, and is wrong ever after."""
    good, bad = {"count": 1, "names": [], "scope": "world"}, {"count": "many"}
    chat.follow(says(good), says(bad))
    made: LanguageModel = (
        ScriptedLanguageModel(good, bad) if request.param == "scripted" else OpenAiChat(url=chat.url, model="m")
    )
    yield made
    await made.close()


async def test_an_answer_has_the_shape_asked_for_and_a_price(model: LanguageModel) -> None:
    done = await model.complete_json(LINES, Sheep, CallLimits(seconds=5))

    assert done.value == Sheep(count=1)
    assert done.usage.requests == 1
    assert done.usage.tokens > 0


async def test_an_answer_of_another_shape_is_an_error_with_a_kind_and_a_price(model: LanguageModel) -> None:
    await model.complete_json(LINES, Sheep, CallLimits(seconds=5))

    with pytest.raises(LanguageModelError) as wrong:
        await model.complete_json(LINES, Sheep, CallLimits(seconds=5))

    assert wrong.value.kind is Failure.MALFORMED
    assert wrong.value.usage.tokens > 0


def test_a_model_has_a_name_of_one_word(model: LanguageModel) -> None:
    assert model.id
    assert not any(letter.isspace() for letter in model.id)


async def test_a_call_that_is_cancelled_ends_at_once_and_spoils_nothing(chat: ChatServer) -> None:
    slow = says({"count": 1})
    chat.follow(type(slow)(body=slow.body, drips=30.0), slow)
    model = OpenAiChat(url=chat.url, model="m")
    call = asyncio.create_task(model.complete_json(LINES, Sheep, CallLimits(seconds=30)))
    await asyncio.sleep(0.2)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert (await model.complete_json(LINES, Sheep, CallLimits(seconds=5))).value.count == 1
    await model.close()


async def test_the_ladder_is_climbed_down_over_the_wire_and_remembered(chat: ChatServer) -> None:
    chat.follow(fails(400, "response_format is not supported"), says({"count": 1}))
    model = OpenAiChat(url=chat.url, model="m", key="sk-hidden")

    await model.complete_json(LINES, Sheep, CallLimits(seconds=5))
    await model.complete_json(LINES, Sheep, CallLimits(seconds=5))

    assert chat.rungs() == ["json_schema", "json_object", "json_object"]
    assert chat.keys == ["Bearer sk-hidden"] * 3
    await model.close()
