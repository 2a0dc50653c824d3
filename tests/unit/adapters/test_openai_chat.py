from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from synap.adapters.openai.chat import OpenAiChat
from synap.adapters.openai.ladder import Rung
from synap.adapters.openai.replies import json_in
from synap.adapters.openai.schema import strict_schema
from synap.ports.language_model import CallLimits, Failure, LanguageModelError, Line

Answer = Callable[[httpx.Request], httpx.Response]
LINES = (Line(speaker="system", text="List the colours."), Line(speaker="user", text="A red boat."))
KEY = "sk-very-secret"


class Colour(msgspec.Struct):
    name: str
    share: float = 0.5


class Colours(msgspec.Struct):
    colours: tuple[Colour, ...]


class Server:
    """Answers requests by a list of replies, the last one for ever, and notes what it saw and how long we paused."""

    def __init__(self, *replies: Answer) -> None:
        self.replies = list(replies)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(json.loads(request.content))
        self.headers.append(request.headers)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(request)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def chat(self) -> OpenAiChat:
        return OpenAiChat(
            url="http://models/v1/", model="big one", key=KEY, sleep=self.pause, transport=httpx.MockTransport(self)
        )

    def rungs(self) -> list[str]:
        return [rung_of(body) for body in self.bodies]


def rung_of(body: dict[str, Any]) -> str:
    if "tools" in body:
        return "tool"
    return str(body.get("response_format", {}).get("type", "text"))


def says(text: str | None, *, reason: str = "stop", **message: Any) -> Answer:
    choice = {"message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    usage = {"prompt_tokens": 12, "completion_tokens": 7}
    return lambda _: httpx.Response(200, json={"choices": [choice], "usage": usage})


def status(code: int, body: Any = None, **headers: str) -> Answer:
    return lambda _: httpx.Response(
        code, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


RED = json.dumps({"colours": [{"name": "red"}]})


async def ask(server: Server, **limits: Any) -> Colours:
    return (await server.chat().complete_json(LINES, Colours, CallLimits(**limits))).value


async def test_a_strict_schema_is_asked_for_at_temperature_zero() -> None:
    server = Server(says(RED))

    done = await server.chat().complete_json(LINES, Colours, CallLimits(output_tokens=99))

    (body,) = server.bodies
    assert done.value == Colours(colours=(Colour(name="red"),))
    assert (done.usage.requests, done.usage.input_tokens, done.usage.output_tokens) == (1, 12, 7)
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0, 99, "big one")
    assert body["response_format"]["json_schema"]["strict"] is True
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"


async def test_an_endpoint_without_schemas_is_stepped_down_and_remembered() -> None:
    def picky(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        known = rung_of(body) == "text"
        return (says(f"Sure! ```json\n{RED}\n```") if known else status(400, {"error": {"message": "unknown field"}}))(
            request
        )

    server = Server(picky)
    chat = server.chat()

    first = await chat.complete_json(LINES, Colours, CallLimits())
    second = await chat.complete_json(LINES, Colours, CallLimits())

    assert first.value == second.value
    assert server.rungs() == ["json_schema", "json_object", "tool", "text", "text"]
    assert chat.rung is Rung.TEXT
    assert "JSON schema" in json.dumps(server.bodies[-1]["messages"])


async def test_a_request_that_is_refused_on_every_rung_teaches_nothing() -> None:
    server = Server(*[status(400)] * 4, says(RED))
    chat = server.chat()

    with pytest.raises(LanguageModelError) as refused:
        await chat.complete_json(LINES, Colours, CallLimits())
    await chat.complete_json(LINES, Colours, CallLimits())

    assert refused.value.kind is Failure.REJECTED
    assert server.rungs()[-1] == "json_schema"


async def test_arguments_of_a_tool_call_are_the_answer() -> None:
    call = {"type": "function", "function": {"name": "colours", "arguments": RED}}
    server = Server(status(422), status(422), says(None, reason="tool_calls", tool_calls=[call]))

    assert (await ask(server)).colours[0].name == "red"
    assert server.rungs()[-1] == "tool"


@pytest.mark.parametrize(
    ("parameter", "wanted"),
    [("temperature", "response_format"), ("max_tokens", "max_completion_tokens")],
)
async def test_a_parameter_that_a_model_does_not_take_is_left_out_and_the_schema_kept(
    parameter: str, wanted: str
) -> None:
    error = {"error": {"message": "Unsupported", "param": parameter}}
    server = Server(status(400, error), says(RED))

    await ask(server)

    assert parameter not in server.bodies[1]
    assert wanted in server.bodies[1]
    assert server.rungs() == ["json_schema", "json_schema"]


async def test_a_wrong_shape_is_repaired_once_with_the_error_in_the_prompt() -> None:
    server = Server(says('{"colours": [{"share": 1}]}'), says(RED))

    assert (await ask(server)).colours[0].name == "red"
    assert "required field `name`" in server.bodies[1]["messages"][-1]["content"]
    assert server.rungs() == ["json_schema", "json_object"]


async def test_a_shape_that_stays_wrong_is_malformed_after_one_repair() -> None:
    server = Server(says('{"colours": "none"}'))

    with pytest.raises(LanguageModelError) as wrong:
        await ask(server)

    assert wrong.value.kind is Failure.MALFORMED
    assert wrong.value.usage.requests == 2
    assert wrong.value.usage.tokens == 38


async def test_fields_beyond_the_shape_are_dropped() -> None:
    server = Server(says(json.dumps({"colours": [{"name": "red", "scope": "client"}], "customer_id": "acme"})))

    assert await ask(server) == Colours(colours=(Colour(name="red"),))


async def test_an_empty_list_is_an_answer() -> None:
    assert await ask(Server(says('{"colours": []}'))) == Colours(colours=())


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (says('{"colours": [{"na', reason="length"), Failure.TRUNCATED),
        (says(None, refusal="I cannot help with that."), Failure.REFUSED),
        (says("", reason="content_filter"), Failure.REFUSED),
        (status(401), Failure.REJECTED),
        (status(404, {"error": {"message": "no such model"}}), Failure.REJECTED),
        (lambda _: httpx.Response(200, text="<html>"), Failure.MALFORMED),
        (lambda _: httpx.Response(200, json={"choices": []}), Failure.MALFORMED),
        (lambda _: httpx.Response(200, content=b"x" * (3 * 2**20)), Failure.MALFORMED),
        (says("[" * 100_000), Failure.MALFORMED),
    ],
)
async def test_answers_that_cannot_be_used_have_a_kind(reply: Answer, kind: Failure) -> None:
    with pytest.raises(LanguageModelError) as failed:
        await ask(Server(reply))

    assert failed.value.kind is kind


async def test_a_pause_that_is_asked_for_is_made() -> None:
    server = Server(status(429, retry_after="3"), says(RED))

    await ask(server)

    assert server.pauses == [3.0]


async def test_a_pause_longer_than_the_call_may_take_is_not_waited_for() -> None:
    server = Server(status(429, retry_after="20"))

    with pytest.raises(LanguageModelError) as limited:
        await ask(server, seconds=10)

    assert limited.value.kind is Failure.RATE_LIMITED
    assert limited.value.retry_after_seconds == 20
    assert server.pauses == []


async def test_a_failing_server_is_asked_three_times() -> None:
    server = Server(status(500))

    with pytest.raises(LanguageModelError) as failed:
        await ask(server)

    assert failed.value.kind is Failure.SERVER
    assert failed.value.usage.requests == 3
    assert server.pauses == [0.5, 1.0]


async def test_requests_are_bounded_whatever_happens() -> None:
    server = Server(status(500))

    with pytest.raises(LanguageModelError):
        await ask(server, requests=1)

    assert len(server.bodies) == 1


async def test_a_body_that_drips_ends_with_the_time_of_the_call() -> None:
    async def drip() -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    server = Server(lambda _: httpx.Response(200, content=drip()))

    with pytest.raises(LanguageModelError) as slow:
        await ask(server, seconds=0.1)

    assert slow.value.kind is Failure.TIMEOUT


async def test_a_server_that_cannot_be_reached_is_named_so() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(LanguageModelError) as gone:
        await ask(Server(refuse))

    assert gone.value.kind is Failure.UNREACHABLE


async def test_neither_key_nor_prompt_is_in_errors_logs_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server(status(500), says("{}"), status(401, {"error": {"message": f"{KEY} A red boat."}}))
    chat = server.chat()

    with pytest.raises(LanguageModelError) as refused:
        await chat.complete_json(LINES, Colours, CallLimits())

    shown = f"{chat!r} {refused.value!r} {refused.value.__cause__!r} {caplog.text}"
    assert KEY not in shown
    assert "red boat" not in shown


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        'Here: {"a": 1} I hope it helps {"b": 2}',
        'With {braces} before. {"a": 1}',
        '```json\n{"a": 1,}\n```',
        '\ufeff {"a": 1',
    ],
)
def test_json_is_found_amid_a_models_words(text: str) -> None:
    assert json_in(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "none", "[1, 2]", '{"a" 1}'])
def test_words_without_an_object_are_no_answer(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON object"):
        json_in(text)


def test_every_property_of_a_strict_schema_is_required_and_nothing_else_allowed() -> None:
    schema = strict_schema(Colours)

    colour = schema["$defs"]["Colour"]
    assert (schema["required"], schema["additionalProperties"]) == (["colours"], False)
    assert (colour["required"], colour["additionalProperties"]) == (["name", "share"], False)
    assert "default" not in json.dumps(schema)
