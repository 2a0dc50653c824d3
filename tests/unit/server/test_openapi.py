from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from synap.api.answers import FetchAnswer
from synap.api.contexts import ContextAnswer, ContextItem, ContextMetadata
from synap.api.wire import encode_answer

REFUSALS = {"400", "401", "403", "404", "409", "413", "429"}


@pytest.fixture
async def document(http: httpx.AsyncClient) -> dict[str, Any]:
    read: dict[str, Any] = (await http.get("/schema")).json()
    return read


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            yield from [value] if name == "$ref" else references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def found(document: dict[str, Any], reference: str) -> Any:
    part = document
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


def body(document: dict[str, Any], path: str, method: str) -> Any:
    schema = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return found(document, schema["$ref"])


def test_every_reference_leads_to_something(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    for reference in references(document):
        assert found(document, reference)


def test_every_operation_has_a_name_of_its_own_and_the_parameters_of_its_path(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(names) == len(set(names))
    for path, _, operation in operations(document):
        told = {row["name"] for row in operation.get("parameters", []) if row["in"] == "path"}
        assert told == set(re.findall(r"\{(\w+)\}", path))
        assert all(row["required"] for row in operation.get("parameters", []) if row["in"] == "path")


def test_every_operation_but_two_asks_for_a_key_and_tells_its_refusals(document: dict[str, Any]) -> None:
    keyless = {path for path, _, operation in operations(document) if operation["security"] == []}
    schemes = document["components"]["securitySchemes"]

    assert keyless == {"/health", "/metrics"}
    assert {name: (scheme["type"], scheme["scheme"]) for name, scheme in schemes.items()} == {
        "applicationKey": ("http", "bearer"),
        "managementKey": ("http", "bearer"),
    }
    for path, _, operation in operations(document):
        if path not in keyless:
            assert operation["responses"].keys() >= REFUSALS
    assert document["paths"]["/v1/audit"]["get"]["security"] == [{"managementKey": []}]
    assert document["paths"]["/v1/memories"]["get"]["security"] == [{"applicationKey": []}]


def test_what_comes_from_elsewhere_is_not_asked_for_in_a_body(document: dict[str, Any]) -> None:
    fetch = body(document, "/v1/context/{target}/fetch", "post")
    update = body(document, "/v1/memories/{memory_id}", "patch")
    create = body(document, "/dashboard/instances", "post")

    assert "target" not in fetch["properties"]
    assert ("memory_id" in update["properties"], update["required"]) == (False, ["document"])
    assert ("client_id" in create["properties"], create["required"]) == (True, ["name"])
    (parameter,) = document["paths"]["/dashboard/instances"]["post"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("client_id", "query", False)


def test_one_word_may_stand_for_a_list_and_words_are_told(document: dict[str, Any]) -> None:
    fetch = body(document, "/v1/context/{target}/fetch", "post")["properties"]
    create = body(document, "/v1/memories", "post")["properties"]
    (target,) = document["paths"]["/v1/context/{target}/fetch"]["post"]["parameters"]
    listed = {row["name"]: row["schema"] for row in document["paths"]["/v1/memories"]["get"]["parameters"]}

    update = body(document, "/v1/memories/{memory_id}", "patch")["properties"]

    assert {"type": "object"} in create["document"]["anyOf"]
    assert [one["type"] for one in update["document"]["anyOf"]] == ["string", "object"]
    for name in ("search_query", "types", "scopes"):
        assert [one["type"] for one in fetch[name]["anyOf"]] == ["string", "array", "null"]
    assert create["mode"]["enum"] == ["fast", "long-range"]
    assert "email" in create["document_type"]["enum"]
    assert target["schema"]["enum"] == ["user", "customer", "client", "conversation"]
    assert (listed["page"]["type"], listed["status"]["default"]) == ("integer", "active")
    assert listed["type"] == {
        "type": "string",
        "enum": ["fact", "preference", "episode", "emotion", "temporal_event"],
    }


def test_bodies_and_answers_that_are_no_json_are_told(document: dict[str, Any]) -> None:
    config = document["paths"]["/v1/instances/{instance_id}/config"]["put"]["requestBody"]["content"]
    metrics = document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]

    assert config.keys() == {"application/yaml", "application/json"}
    assert metrics.keys() == {"text/plain"}
    assert "/v1/conversations/{conversation_id}/messages" in document["paths"]


def test_the_answer_to_a_fetch_is_of_the_type_that_is_told(document: dict[str, Any]) -> None:
    items = tuple(
        ContextItem(id=kind, type=kind, content="c", scope="user", source="user:d", confidence=0.9)
        for kind in ("fact", "preference", "episode", "emotion", "temporal_event")
    )
    metadata = ContextMetadata(degraded="partial", degraded_code="timeout", warnings=("w",))

    body = encode_answer(ContextAnswer(items=items, metadata=metadata), ranked=True)
    answer = msgspec.convert(body, FetchAnswer)

    told = document["components"]["schemas"]
    schema = document["paths"]["/v1/context/{target}/fetch"]["post"]["responses"]["200"]["content"]
    assert schema == {"application/json": {"schema": {"$ref": "#/components/schemas/FetchAnswer"}}}
    assert body.keys() <= told["FetchAnswer"]["properties"].keys()
    assert all(item.keys() <= told["AnswerItem"]["properties"].keys() for item in body["facts"])
    assert answer.items_by_type["facts"].items[0].item_id == "fact"
    assert answer.context.items is not None
    assert answer.retrieval is not None
