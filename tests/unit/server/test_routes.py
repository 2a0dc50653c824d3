from __future__ import annotations

from typing import Any

import httpx
import pytest

from synap.api.memories import CreateMemory, ListMemories, UpdateMemory
from synap.api.requests import checked
from synap.domain.ids import RowRef, encode_public_id
from synap.domain.scopes import Ids
from synap.errors import InvalidInputError

MEMORY = encode_public_id(RowRef("memory", 1, 1))


@pytest.mark.parametrize("path", ["/v1/memories", "/api/v1/memories/create"])
async def test_both_paths_take_a_document_and_answer_200(http: httpx.AsyncClient, backend: Any, path: str) -> None:
    response = await http.post(path, json={"document": "I like tea", "user_id": "u", "scope": None, "extra": 1})

    assert response.status_code == 200
    assert response.json()["queued_at"] == "2026-05-03T10:00:00+00:00"
    assert backend.api.asked == [CreateMemory(document="I like tea", user_id="u")]


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_a_memory_is_read_changed_and_erased_under_both_prefixes(
    http: httpx.AsyncClient, backend: Any, prefix: str
) -> None:
    got = await http.get(f"{prefix}/memories/m9", params={"user_id": "u"})
    changed = await http.patch(f"{prefix}/memories/m9", json={"document": "new", "memory_id": "other"})
    erased = await http.delete(f"{prefix}/memories/m9")

    assert [r.status_code for r in (got, changed, erased)] == [200, 200, 200]
    assert erased.json() == {"memory_id": "m9", "deleted_at": "2026-05-03T10:00:00+00:00"}
    assert backend.api.asked == [
        ("m9", Ids(user_id="u")),
        UpdateMemory(memory_id="m9", document="new"),
        ("m9", Ids()),
    ]


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_lists_batches_statuses_histories_and_restores_are_routed(http: httpx.AsyncClient, prefix: str) -> None:
    paths = ["/memories", "/memories/batch/b", "/memories/status/i", "/memories/m/history"]
    answers = [await http.get(prefix + path) for path in paths]
    restored = await http.post(f"{prefix}/memories/m/restore")

    assert [r.status_code for r in (*answers, restored)] == [200] * 5
    assert [row["memory_id"] for row in answers[3].json()["data"]] == ["m0", "m"]


async def test_a_list_takes_its_page_from_the_query(http: httpx.AsyncClient, backend: Any) -> None:
    await http.get("/v1/memories?page=2&page_size=50&customer_id=a%20b&type=fact")

    assert backend.api.asked == [ListMemories(customer_id="a b", page=2, page_size=50, type="fact")]


@pytest.mark.parametrize(
    ("query", "field"),
    [("page=x", "page"), ("page=1&page=2", "page"), ("user_id=%FF", "user_id"), ("user_id=", "user_id")],
)
async def test_a_bad_query_is_400_naming_the_parameter(http: httpx.AsyncClient, query: str, field: str) -> None:
    path = "/v1/memories/m" if "user_id" in query else "/v1/memories"

    response = await http.get(f"{path}?{query}")

    assert (response.status_code, response.json()["details"]["field"]) == (400, field)


async def test_a_batch_passes_its_rows_on_in_order(http: httpx.AsyncClient, backend: Any) -> None:
    rows = [{"document": "a"}, {"document": 5}]
    response = await http.post("/v1/memories/batch", json={"documents": rows, "fail_fast": True})

    ((requests, fail_fast),) = backend.api.asked
    assert response.status_code == 200
    assert (requests[0].document, requests[1].document, fail_fast) == ("a", 5, True)


MISNAMED = [
    ("userid", "user_id"),
    ("userId", "user_id"),
    ("user", "user_id"),
    ("customerid", "customer_id"),
    ("customerId", "customer_id"),
    ("customer", "customer_id"),
]


@pytest.mark.parametrize(("name", "right"), MISNAMED)
async def test_an_owner_under_another_name_is_refused_instead_of_written_to_all(
    http: httpx.AsyncClient, backend: Any, name: str, right: str
) -> None:
    message = {"conversation_id": "c", "role": "user", "content": "x", name: "zed"}
    answers = [
        await http.post("/v1/memories", json={"document": "x", name: "zed"}),
        await http.post("/api/v1/memories/create", json={"document": "x", name: "zed"}),
        await http.post("/v1/conversations/messages", json=message),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()["details"]["field"]) == (400, name)
        assert right in answer.json()["error"]
    assert backend.api.asked == []


@pytest.mark.parametrize(
    ("row", "field"),
    [({"document": "x", "scope": {"team": "t"}}, "scope"), ({"document": "x", "userId": "zed"}, "userId"), ("x", None)],
)
async def test_a_row_that_would_lose_its_owner_is_passed_on_to_be_refused_alone(
    http: httpx.AsyncClient, backend: Any, row: Any, field: str | None
) -> None:
    await http.post("/v1/memories/batch", json={"documents": [{"document": "a"}, row]})
    await http.post("/v1/conversations/messages/batch", json={"messages": [row]})

    (((good, bad), _), (message,)) = backend.api.asked
    assert checked(good) == CreateMemory(document="a")
    for refused in (bad, message):
        with pytest.raises(InvalidInputError) as refusal:
            checked(refused)
        assert refusal.value.field == field


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/memories/unheard-of", 404),
        ("POST", "/api/v1/memories/forgotten", 404),
        ("PUT", "/v1/memories/m", 404),
        ("POST", f"/v1/memories/{MEMORY}", 405),
    ],
)
async def test_a_word_in_the_place_of_a_memory_names_a_route_that_is_not_there(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    assert (await http.request(method, path)).status_code == status


async def test_head_is_answered_as_get_is_without_the_body(http: httpx.AsyncClient) -> None:
    answers = [await http.head(path) for path in ("/health", "/v1/auth/whoami")]
    missing = await http.head("/nowhere")

    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (200, b"")]
    assert (missing.status_code, missing.content) == (404, b"")


async def test_metrics_name_their_charset_once(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics")

    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "documents"),
        ({"documents": {}}, "documents"),
        ({"documents": [], "fail_fast": "yes"}, "fail_fast"),
    ],
)
async def test_a_malformed_batch_is_400(http: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    response = await http.post("/v1/memories/batch", json=body)

    assert (response.status_code, response.json()["details"]["field"]) == (400, field)


@pytest.mark.parametrize("target", ["user", "customer", "client", "conversation"])
async def test_a_fetch_reaches_its_target(http: httpx.AsyncClient, backend: Any, target: str) -> None:
    response = await http.post(f"/v1/context/{target}/fetch", json={"user_id": "u", "search_query": "tea"})

    assert response.status_code == 200
    assert response.json()["context"]["facts"][0]["content"] == "Works at Acme"
    assert "items" not in response.json()["context"]
    assert (backend.api.asked[0].target, backend.api.asked[0].search_query) == (target, ("tea",))


async def test_a_ranked_fetch_lists_every_item_once(http: httpx.AsyncClient) -> None:
    response = await http.post("/v1/context/client/fetch", json={"response_shape": "ranked"})

    assert [item["id"] for item in response.json()["context"]["items"]] == ["1", "2"]


async def test_a_fetch_of_something_else_is_404(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/context/planet/fetch", json={})).status_code == 404


async def test_the_client_cache_can_be_dropped(http: httpx.AsyncClient) -> None:
    assert (await http.post("/v1/context/client/invalidate")).json() == {"invalidated": 3}


async def test_messages_are_recorded_alone_and_together(http: httpx.AsyncClient, backend: Any) -> None:
    message = {"conversation_id": "c", "role": "user", "content": "hi"}

    one = await http.post("/v1/conversations/messages", json=message)
    many = await http.post("/v1/conversations/messages/batch", json={"messages": [message, message]})

    assert one.json()["message_id"] == "g1"
    assert many.json()["succeeded"] == 2
    assert backend.api.asked[0].content == "hi"


@pytest.mark.parametrize(
    ("path", "conversation_id"),
    [("c1", "c1"), ("a%2Fb", "a/b"), ("a/b//c", "a/b//c"), ("%252F", "%2F"), ("..%2Fx", "../x"), ("caf%C3%A9", "café")],
)
async def test_any_string_in_the_path_is_a_conversation(
    http: httpx.AsyncClient, backend: Any, path: str, conversation_id: str
) -> None:
    response = await http.get(f"/v1/conversations/{path}/messages?start=2&limit=5")

    asked = backend.api.asked[0]
    assert response.json()["turns"][0]["position"] == 1
    assert (asked.conversation_id, asked.start, asked.limit) == (conversation_id, 2, 5)


async def test_a_conversation_id_that_is_no_utf8_is_400(http: httpx.AsyncClient) -> None:
    response = await http.get("/v1/conversations/%FF/messages")

    assert (response.status_code, response.json()["details"]["field"]) == (400, "conversation_id")


async def test_text_is_uploaded_as_an_urlencoded_form(http: httpx.AsyncClient, backend: Any) -> None:
    fields = {"text": "Zoë likes tea & cake", "user_id": "zoë", "relationship_type": "b2c", "metadata": '{"a": 1}'}

    response = await http.post("/api/v1/memories/upload", data=fields)

    assert response.status_code == 200
    asked = backend.api.asked[-1]
    assert (asked.document, asked.user_id, asked.document_type) == ("Zoë likes tea & cake", "zoë", "document")
    assert asked.metadata == {"a": 1}


async def test_a_file_is_uploaded_as_a_multipart_form(http: httpx.AsyncClient, backend: Any) -> None:
    fields = {"user_id": "ana", "customer_id": "acme", "mode": "fast", "relationship_type": "b2b"}

    response = await http.post(
        "/v1/memories/upload", data=fields, files={"file": ('a "b" ü.md', b"\xff\x00raw", "text/markdown")}
    )

    assert response.status_code == 200
    asked = backend.api.asked[-1]
    assert (asked.filename, asked.content) == ('a "b" ü.md', b"\xff\x00raw")
    assert (asked.user_id, asked.customer_id, asked.mode, asked.document_type) == ("ana", "acme", "fast", None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"user_id": "ana"}, "file"),
        ({"text": "x", "metadata": "[1]"}, "metadata"),
        ({"text": "x", "metadata": "{"}, "metadata"),
        ({"text": "x", "scope": '{"team": "a"}'}, "scope"),
        ({"text": "x", "userId": "ana"}, "userId"),
        ({"text": ["x", "y"]}, "text"),
        ({"text": "x", "document_created_at": "soon"}, "document_created_at"),
    ],
)
async def test_a_bad_form_is_400_naming_the_field(
    http: httpx.AsyncClient, backend: Any, fields: dict[str, Any], field: str
) -> None:
    response = await http.post("/v1/memories/upload", data=fields)

    assert response.status_code == 400
    assert response.json()["details"]["field"] == field
    assert backend.api.asked == []


async def test_a_form_with_text_and_file_or_a_file_elsewhere_is_400(http: httpx.AsyncClient) -> None:
    both = await http.post("/v1/memories/upload", data={"text": "x"}, files={"file": ("a.txt", b"y")})
    elsewhere = await http.post("/v1/memories/upload", data={"text": "x"}, files={"attachment": ("a.txt", b"y")})

    assert (both.status_code, both.json()["details"]["field"]) == (400, "file")
    assert (elsewhere.status_code, elsewhere.json()["details"]["field"]) == (400, "attachment")


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b'{"text": "x"}'),
        ("multipart/form-data", b"--x--"),
        ("multipart/form-data; boundary=x", b"no parts"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        ("application/x-www-form-urlencoded", b"text=%ff"),
    ],
)
async def test_a_body_that_is_no_form_is_400(http: httpx.AsyncClient, media: str, body: bytes) -> None:
    response = await http.post("/v1/memories/upload", content=body, headers={"Content-Type": media})

    assert response.status_code == 400
    assert "traceback" not in response.text.lower()
