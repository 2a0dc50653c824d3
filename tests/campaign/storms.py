"""Numbers 4, 5, 9: the same handed in many times at once, two processes on one folder, and input that is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
from tests.campaign.harness import (
    CREATE,
    Scenario,
    Trial,
    becomes,
    document,
    fetch,
    hold_to_log,
    kill_database,
    post,
    speaker_of,
    take_stock,
    verify_pages,
    worked_through,
    write_until,
)
from tests.campaign.history import Acknowledgements

AT_ONCE = 50


def storms(trial: Trial) -> None:
    """Hand one document in 50 times at once under one id, then changed: one result, and then its update."""
    _, client = trial.home.serve()
    for number in range(trial.rounds):
        marker = f"storm{number}x{trial.chance.getrandbits(32):08x}"
        first, changed = (f"The crate {marker} stands in hall {hall}." for hall in ("one", "two"))
        answers = asyncio.run(_at_once(client, [document(marker, first)] * AT_ONCE))
        ingestions = {answer.json()["ingestion_id"] for answer in answers if answer.is_success}
        refused = [answer.status_code for answer in answers if not answer.is_success and answer.status_code != 429]
        trial.check(len(ingestions) == 1 and not refused, f"{marker}: {len(ingestions)} ingestions, refused: {refused}")
        worked_through(trial)
        update = post(client, document(marker, changed))
        taken = update.get("duplicate") or update["ingestion_id"] in ingestions
        trial.check(not taken, f"{marker}: changed text was taken for the same")
        rejected = client.post(CREATE, json={**document(marker, first), "on_duplicate": "reject"})
        trial.check(rejected.status_code == 409, f"{marker}: on_duplicate reject answers {rejected.status_code}")
        worked_through(trial)
        said = [row[0] for row in trial.rows("select content from memory where status = 0") if marker in row[0]]
        trial.check(len(said) == 1 and "two" in said[0], f"{marker}: {said}")
        _repeated(trial, client, number)
    worked_through(trial)
    take_stock(trial)
    trial.note("equal calls at once", AT_ONCE)


def _repeated(trial: Trial, client: httpx.Client, number: int) -> None:
    """Send one POST 50 times at once under one correlation id, and no id of the document's: it is one document."""
    marker = f"repeated{number}x{trial.chance.getrandbits(32):08x}"
    body = {"document": f"The chest {marker} is made of oak.", "document_type": "document", "user_id": "repeated"}
    answers = asyncio.run(_at_once(client, [body] * AT_ONCE, {"X-Correlation-Id": f"syn_{marker[-8:]}{number:08x}"}))
    ingestions = {answer.json()["ingestion_id"] for answer in answers if answer.is_success}
    refused = [answer.status_code for answer in answers if not answer.is_success and answer.status_code != 429]
    trial.check(len(ingestions) == 1 and not refused, f"{marker}: {len(ingestions)} ingestions, refused: {refused}")
    stored = trial.rows(f"select count(*) from document where text like '%{marker}%'")  # noqa: S608 - our own word
    trial.check(stored == [(1,)], f"{marker}: {stored[0][0]} documents of one call")


async def _at_once(
    client: httpx.Client, bodies: list[dict[str, Any]], headers: dict[str, str] | None = None
) -> list[httpx.Response]:
    async with speaker_of(client, seconds=60) as speaker:
        return list(await asyncio.gather(*(speaker.post(CREATE, json=body, headers=headers) for body in bodies)))


def folders(trial: Trial) -> None:
    """Let two servers write in one data folder at once; kill the one that started the database, then the database."""
    log = Acknowledgements(trial.home.folder / "acknowledged.jsonl")
    for number in range(trial.rounds):
        first, one = trial.home.serve()
        second, other = trial.home.serve()

        async def write(clients: tuple[httpx.Client, ...], prefix: str) -> None:
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for writer, client in enumerate(clients * 2):
                    group.create_task(_written_to(client, log, f"{prefix}w{writer}", stop))
                await asyncio.sleep(3)
                stop.set()

        asyncio.run(write((one, other), f"f{number}both"))
        first.kill()
        asyncio.run(write((other,), f"f{number}left"))
        kill_database(trial.home)
        answers = [fetch(other, "Which box stands in the cellar?").status_code for _ in range(3)]
        asyncio.run(write((other,), f"f{number}again"))
        trial.home.run_out_leases()
        hold_to_log(trial, log, f"round {number}: ")
        trial.check(second.stop() == 0, "the server did not stop cleanly")
        trial.check(trial.home.database_pid() is None, "the last process did not stop the database")
        verify_pages(trial, f"round {number}: ")
        trial.tell(f"round {number + 1}: {len(log.read())} acknowledged; after the kill of the database {answers}")
    trial.note("acknowledged", len(log.read()))
    take_stock(trial)


async def _written_to(client: httpx.Client, log: Acknowledgements, name: str, stop: asyncio.Event) -> None:
    async with speaker_of(client) as speaker:
        await write_until(speaker, log, name, stop)


def malformed(trial: Trial) -> None:
    """Send what is wrong in every way that is known, and hold that nothing is stored and nothing breaks."""
    _, client = trial.home.serve()
    before = _rows(trial)
    bodies = 0
    for name, sent, field in _wrong():
        answer = _sent(client, CREATE, sent)
        bodies += 1
        said = answer.text if answer.headers.get("content-type", "").startswith("application/json") else ""
        trial.check(400 <= answer.status_code < 500, f"{name}: {answer.status_code} {answer.text[:200]}")
        trial.check(said and field in said, f"{name}: the refusal does not name {field!r}: {said[:200]}")
    trial.check(_rows(trial) == before, "something refused was stored")
    for name, sent in _odd():
        answer = _sent(client, CREATE, sent)
        bodies += 1
        trial.check(answer.status_code == 200, f"{name}: {answer.status_code} {answer.text[:200]}")
    worked_through(trial)
    _mixed_batch(trial, client)
    for _ in range(trial.rounds):
        answer = _sent(
            client, trial.chance.choice((CREATE, "/v1/memories/batch", "/v1/context/user/fetch")), _noise(trial)
        )
        bodies += 1
        trial.check(answer.status_code < 500, f"noise: {answer.status_code} {answer.text[:200]}")
    trial.check(client.get("/health").json()["status"] == "ok", "the server is not well afterwards")
    trial.note("bodies", bodies)
    take_stock(trial)


def _rows(trial: Trial) -> list[Any]:
    return trial.rows(
        "select (select count(*) from document), (select count(*) from ingestion), (select count(*) from memory)"
    )


def _sent(client: httpx.Client, path: str, body: bytes) -> httpx.Response:
    return client.post(path, content=body, headers={"Content-Type": "application/json"})


def _json(**fields: Any) -> bytes:
    return json.dumps({"document": "The lamp is red.", "document_type": "document", "user_id": "u", **fields}).encode()


def _wrong() -> Iterator[tuple[str, bytes, str]]:
    """Yield bodies that must be refused, each with a word that the refusal must hold."""
    yield "invalid UTF-8", b'{"document": "caf\xe9 \xff", "user_id": "u"}', "UTF-8"
    yield "a NUL in an id", _json(user_id="a\0b"), "user_id"
    yield "a lone surrogate in an id", b'{"document": "x", "user_id": "a\\ud800b"}', "user_id"
    yield "a NUL in the text", _json(document="The lamp\0 is red."), "document"
    yield "a lone surrogate in the text", b'{"document": "The lamp \\ud800 is red.", "user_id": "u"}', "document"
    yield "JSON cut short", b'{"document": "x", "user_id": ', "JSON"
    yield "no JSON at all", b"document=x", "JSON"
    yield "a list for a body", b"[1, 2]", "object"
    yield "NaN", b'{"document": "x", "user_id": "u", "metadata": {"a": NaN}}', "metadata.a"
    yield "a body of brackets, 100,000 deep", b'{"document": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""
    yield "metadata 5,000 deep", _deep(5_000), "nested"
    yield "a number for the text", _json(document=5), "document"
    yield "no text", _json(document=""), "document"
    yield "null for the text", _json(document=None), "document"
    yield "an empty object for the text", _json(document={}), "document"
    yield "a list for an id", _json(user_id=["u"]), "user_id"
    yield "an id of 1,025 bytes", _json(user_id="u" * 1_025), "user_id"
    yield "an unknown mode", _json(mode="slow"), "mode"
    yield "an unknown kind of document", _json(document_type="poem"), "document_type"
    yield "the year 0", _json(document_created_at="0000-01-01T00:00:00Z"), "document_created_at"
    yield "the year 10000", _json(document_created_at="10000-01-01T00:00:00Z"), "document_created_at"
    yield "the 30th of February", _json(document_created_at="2026-02-30T00:00:00Z"), "document_created_at"
    yield "an offset of 99 hours", _json(document_created_at="2026-02-03T00:00:00+99:00"), "document_created_at"
    yield "a date that is a list", _json(document_created_at=[2026]), "document_created_at"
    yield "metadata that is text", _json(metadata="x"), "metadata"
    yield "metadata of 70 KiB", _json(metadata={"a": "x" * 70_000}), "metadata"
    yield "an owner under another name", _json(userId="u"), "userId"
    yield "a turn without content", _json(document=[{"role": "user"}]), "document"
    yield "a memory of an unknown type", _json(document=None, memories=[{"type": "poem", "content": "x"}]), "type"
    yield (
        "an event without a date",
        _json(document=None, memories=[{"type": "temporal_event", "content": "x"}]),
        "event_date",
    )


def _deep(levels: int) -> bytes:
    return b'{"document": "x", "user_id": "u", "metadata": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


def _odd() -> Iterator[tuple[str, bytes]]:
    """Yield bodies that are unusual and right."""
    yield "a byte order mark in the text", _json(document="\ufeffThere are five lamps.")
    yield "CRLF", _json(document="The first lamp is red.\r\nThe second lamp is blue.\r\n")
    yield (
        "HTML",
        _json(document="<p>The <b>lamp</b> &amp; the <script>alert(1)</script> shade.</p>", document_type="document"),
    )
    yield "markdown", _json(document="# Lamps\n\n| lamp | colour |\n| --- | --- |\n| one | red |\n\n```\nx = 1\n```\n")
    yield "an object for the text", _json(document={"lamp": "red"})
    yield "an unknown field", _json(colour="red")
    yield "the year 9999", _json(document_created_at="9998-12-31T00:00:00Z")
    yield "the year 1", _json(document_created_at="0001-01-02T00:00:00Z")
    yield "an offset", _json(document_created_at="2026-03-29T02:30:00+01:00")
    yield "a moment in a gap of summer time", _json(document="We met on 29 March 2026 at 02:30 in Berlin.")
    yield "right to left and zero width", _json(document="\u202eThe lamp\u200b is\u2066 red\u2069.")
    yield "emoji of many parts", _json(document="The lamp 👩‍👩‍👧‍👦 is 🟥.")
    yield "one letter", _json(document="x")
    yield "blanks alone but one", _json(document=" " * 10_000 + "x")


def _mixed_batch(trial: Trial, client: httpx.Client) -> None:
    """Hold that an empty and a too long batch are refused, and that the good of a mixed one are told one by one."""
    for name, documents in (("empty", []), ("of 10,001", [{"document": "x", "user_id": "u"}] * 10_001)):
        answer = client.post("/v1/memories/batch", json={"documents": documents})
        refused = answer.status_code in (400, 413) and "documents" in answer.text
        trial.check(refused, f"a batch that is {name}: {answer.status_code} {answer.text[:200]}")
    mixed: list[Any] = [document(f"mixed{number}", f"Lamp number {number} is green.") for number in range(6)]
    mixed[1], mixed[3], mixed[4] = {"document": 5, "user_id": "u"}, "no document", {**mixed[4], "user_id": "a\0"}
    answer = client.post("/v1/memories/batch", json={"documents": mixed})
    results = [one["status"] == "failed" for one in answer.json().get("results", [])]
    trial.check(
        results == [False, True, False, True, True, False], f"a mixed batch: {answer.status_code} {answer.text[:500]}"
    )
    under_way = "select count(*) from ingestion where status in ('queued', 'processing')"
    trial.check(becomes(lambda: trial.rows(under_way) == [(0,)]), "a mixed batch was not worked through")


def _noise(trial: Trial) -> bytes:
    """Return a good body with some of its bytes changed, cut or doubled."""
    body = bytearray(_json(metadata={"a": [1, 2.5, None, True]}, document_created_at="2026-03-01T09:00:00Z"))
    for _ in range(trial.chance.randint(1, 4)):
        at = trial.chance.randrange(len(body))
        match trial.chance.randrange(3):
            case 0:
                body[at] = trial.chance.randrange(256)
            case 1:
                del body[at : at + trial.chance.randint(1, 10)]
            case _:
                body[at:at] = body[at : at + trial.chance.randint(1, 10)]
    return bytes(body)


SCENARIOS = (
    Scenario(
        number=4,
        name="storms",
        promise="The same submission many times at once has one result; changed text under its id is its update, or refused"
        " where the caller says so.",
        method="50 equal calls at once under one document id, and without one under one correlation id; then changed text,"
        " and `on_duplicate: reject`.",
        run=storms,
        quick=2,
        full=50,
    ),
    Scenario(
        number=5,
        name="folders",
        promise="Two processes share one embedded store: whichever dies, and if the database does, nothing is lost or damaged.",
        method="Two servers write in one folder; the one that started the database is killed, then the database.",
        run=folders,
        quick=1,
        full=10,
        by_url=False,
    ),
    Scenario(
        number=9,
        name="malformed",
        promise="Wrong input is refused with 4xx and the field's name, never 500, and nothing of it is stored; the good of a"
        " batch are taken.",
        method="Bodies wrong in one way each, odd bodies that are right, batches empty, mixed and too long; then good bodies"
        " with bytes changed at random.",
        run=malformed,
        unit="random bodies",
        quick=200,
        full=5_000,
    ),
)
