"""Routes of entities, under both prefixes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from synap.api.entities import FetchEntity, ListEntities, MergeEntities, SplitEntity
from synap.domain.scopes import Ids


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_each_route_asks_its_operation(http: httpx.AsyncClient, backend: Any, prefix: str) -> None:
    base = f"{prefix}/entities"

    answers = [
        await http.get(base, params={"user_id": "mia", "kind": "person", "page": 2}),
        await http.get(f"{base}/e1", params={"user_id": "mia"}),
        await http.post(f"{base}/fetch", json={"name": "my manager", "user_id": "mia", "max_tokens": 90}),
        await http.post(f"{base}/e1/merge", json={"other_id": "e2"}),
        await http.post(f"{base}/e1/split", json={"alias": "Ines"}),
    ]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert backend.api.asked == [
        ListEntities(user_id="mia", kind="person", page=2),
        ("e1", Ids(user_id="mia")),
        FetchEntity(name="my manager", user_id="mia", max_tokens=90),
        MergeEntities(entity_id="e1", other_id="e2"),
        SplitEntity(entity_id="e1", alias="Ines"),
    ]
    assert answers[1].json()["entity_id"] == "e1"
    assert answers[2].json()["formatted_context"] == "- tea"


async def test_a_merge_without_the_other_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/entities/e1/merge", json={})

    assert answer.status_code == 400
    assert "other_id" in answer.text
