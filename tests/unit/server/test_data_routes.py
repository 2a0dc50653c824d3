"""Routes of deletion, forgetting, profiles, credits, and the form in which the TypeScript client records turns."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from synap.api.conversations import RecordMessage
from synap.api.data import DeleteData, ForgetMemories
from synap.domain.scopes import Ids

INSTANCE = "inst_0123456789abcdef"


async def test_a_deletion_goes_to_the_keys_own_instance(http: httpx.AsyncClient, backend: Any) -> None:
    body = {"scope": "user", "instance_id": INSTANCE, "user_id": "ana", "customer_id": None, "confirm": "ana"}

    answer = await http.post("/v1/data/delete", json=body)

    assert answer.status_code == 200
    assert answer.json()["continue"] is False
    assert backend.api.asked == [DeleteData(scope="user", instance_id=INSTANCE, user_id="ana", confirm="ana")]


async def test_a_management_key_names_the_instance(operator: httpx.AsyncClient, backend: Any) -> None:
    body = {"scope": "customer", "instance_id": "inst_x", "customer_id": "acme", "confirm": "acme"}

    answer = await operator.post("/v1/data/delete", json=body)
    record = await operator.get("/v1/data/delete/x1", params={"instance_id": "inst_x"})
    unnamed = await operator.get("/v1/data/delete/x1")

    assert (answer.status_code, record.status_code, unnamed.status_code) == (200, 200, 400)
    assert backend.admin.asked[-1] == ("inst_x", "x1")


async def test_the_record_of_another_instance_is_not_told(http: httpx.AsyncClient) -> None:
    own = await http.get("/v1/data/delete/x1", params={"instance_id": INSTANCE})
    other = await http.get("/v1/data/delete/x1", params={"instance_id": "inst_other"})

    assert (own.status_code, other.status_code) == (200, 404)
    assert own.json()["continue"] is True


async def test_a_deletion_needs_a_key_and_an_id_under_its_right_name(door: Any, http: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(transport=door, base_url="http://synap") as nobody:
        assert (await nobody.post("/v1/data/delete", json={"scope": "user"})).status_code == 401
    misnamed = await http.post("/v1/data/delete", json={"scope": "user", "userId": "ana"})

    assert (misnamed.status_code, misnamed.json()["details"]["field"]) == (400, "userId")


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_forgetting_takes_a_description(http: httpx.AsyncClient, backend: Any, prefix: str) -> None:
    body = {"description": "my cat", "user_id": "ana", "customer_id": None, "scope": None, "mode": "direct"}

    answer = await http.post(f"{prefix}/memories/forget", json=body)

    assert answer.json()["status"] == "nothing_matches"
    assert backend.api.asked == [ForgetMemories(description="my cat", user_id="ana", mode="direct")]


@pytest.mark.parametrize(
    ("path", "user"),
    [
        ("github|12345", "github|12345"),
        ("github%7C12345", "github|12345"),
        ("a/b//c", "a/b//c"),
        ("a%2Fb", "a/b"),
        ("100%25", "100%"),
        ("profile", "profile"),
        ("x/profile", "x/profile"),
    ],
)
async def test_a_profile_is_found_under_any_user_id(
    http: httpx.AsyncClient, backend: Any, path: str, user: str
) -> None:
    answer = await http.get(f"http://synap/v1/users/{path}/profile?customer_id=acme")

    assert answer.status_code == 200
    assert answer.json()["profile"]["overview"] == "Drinks tea."
    assert answer.json()["profile"]["_meta"] == {"memories": 1}
    assert backend.api.asked == [Ids(customer_id="acme", user_id=user)]


@pytest.mark.parametrize("path", ["/v1/users/ana", "/v1/users/profile", "/v1/users/ana/other"])
async def test_below_users_there_are_profiles_alone(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


async def test_credits_have_no_end_and_nothing_is_redeemed(http: httpx.AsyncClient) -> None:
    balance = (await http.get("/v1/credits/balance")).json()
    ledger = (await http.get("/v1/credits/ledger", params={"entry_type": "debit", "limit": 5})).json()
    estimate = (await http.post("/v1/credits/estimate", json={"metric_type": "fetch", "units": 3})).json()
    redeemed = await http.post("/v1/credits/redeem", json={"code": "SYN-0000-0000-0000-0"})

    assert (balance["unlimited"], balance["warning_low"]) == (True, False)
    assert ledger == {"entries": [], "total": 0, "limit": 5, "offset": 0}
    assert estimate["credits_estimate"] == 0
    assert (redeemed.status_code, redeemed.json()["details"]["field"]) == (400, "code")


async def test_turns_of_the_typescript_client_are_recorded_as_messages(http: httpx.AsyncClient, backend: Any) -> None:
    body = {
        "conversation_id": "c",
        "user_id": "ana",
        "customer_id": "acme",
        "source": "vercel",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "I like tea."}, {"type": "image", "image": "x"}]},
            {"role": "assistant", "content": "Noted."},
        ],
    }

    answer = await http.post("/v1/memories/ingest", json=body)

    shared: dict[str, Any] = {
        "conversation_id": "c",
        "user_id": "ana",
        "customer_id": "acme",
        "metadata": {"source": "vercel"},
    }
    assert answer.status_code == 200
    assert backend.api.asked == [
        (
            RecordMessage(role="user", content="I like tea.", **shared),
            RecordMessage(role="assistant", content="Noted.", **shared),
        )
    ]


async def test_an_empty_customer_beside_a_user_is_none_also_where_turns_are_told(
    http: httpx.AsyncClient, backend: Any
) -> None:
    owner = {"user_id": "ana", "customer_id": ""}
    turn = {"role": "user", "content": "I like tea."}
    event = {**owner, "event_id": "e", "event_type": "user_message", "conversation_id": "c", "content": "I like tea."}

    told = await http.post("/v1/memories/ingest", json={**owner, "conversation_id": "c", "messages": [turn]})
    taken = await http.post("/v1/events/batch", json={"events": [event]})

    assert (told.status_code, taken.status_code) == (200, 200)
    assert [(one.user_id, one.customer_id) for many in backend.api.asked for one in many] == [("ana", None)] * 2


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"user_id": "ana", "customer_id": ""}, {"user_id": "ana", "customer_id": None}),
        ({"customer_id": ""}, {"user_id": None, "customer_id": ""}),
        ({"user_id": "", "customer_id": "acme"}, {"user_id": "", "customer_id": "acme"}),
    ],
)
async def test_an_empty_owner_of_a_form_makes_nothing_everybodys(
    http: httpx.AsyncClient, backend: Any, given: dict[str, str], asked: dict[str, str | None]
) -> None:
    await http.post("/v1/memories/upload", data={"text": "I like tea.", "mode": "", **given})

    (request,) = backend.api.asked
    assert {"user_id": request.user_id, "customer_id": request.customer_id} == asked
    assert request.mode is not None
