"""With PII handling on, a planted value is nowhere: in no column of no table, in no line of the log."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.e2e

PLANTED = (
    "greta.holm@example.org",
    "+46 70 123 45 67",
    "4111 1111 1111 1111",
    "DE89370400440532013000",
    "203.0.113.77",
)
TEXT = "User: Write to {0} or call {1}. My card is {2}, my account {3}, my server {4}. I keep two goats."
COLUMNS = """
select table_name, column_name from information_schema.columns
where table_schema = 'public' and data_type in ('text', 'jsonb', 'bytea', 'ARRAY')
"""


@pytest.mark.parametrize("handling", ["redact", "mask"])
def test_planted_values_leave_no_trace(home: Any, patience: Any, tmp_path: Any, handling: str) -> None:
    maca = tmp_path / "maca.yaml"
    maca.write_text(f"ingestion:\n  pii:\n    handling: {handling}\n")
    program, client = home.serve("--verbose", "--config", str(maca))
    text = TEXT.format(*PLANTED)
    owner = {"user_id": "greta"}

    accepted = client.post(
        "/v1/memories/create", json={"document": text, "metadata": {"note": PLANTED[0]}, **owner}
    ).json()
    message = {"conversation_id": "c", "role": "user", "content": text, **owner}
    assert client.post("/v1/conversations/messages", json=message).status_code == 200
    direct = {"memories": [{"type": "fact", "content": text, "entities": [PLANTED[0]]}], **owner}
    assert client.post("/v1/memories/create", json=direct).status_code == 200
    turns = [{"role": "user", "speaker": PLANTED[0], "content": f"My number is {PLANTED[1]}."}]
    assert client.post("/v1/memories/create", json={"document": turns, **owner}).status_code == 200
    client.post("/v1/context/user/fetch", json={"search_query": text, **owner})
    patience(lambda: home.rows("select count(*) from ingestion where status <> 'completed'") == [(0,)])

    assert client.get(f"/v1/memories/status/{accepted['ingestion_id']}").json()["status"] == "completed"
    found = []
    for table, column in home.rows(COLUMNS):
        for (stored,) in home.rows(f'select "{column}"::text from "{table}" where "{column}" is not null'):  # noqa: S608 - names from the catalogue
            raw = bytes.fromhex(stored[2:]) if stored.startswith("\\x") else stored.encode()
            found += [(table, column, value) for value in PLANTED if value.encode() in raw]
    assert found == []
    assert "goats" in str(home.rows("select content from memory"))
    assert program.stop() == 0
    assert not [value for value in (*PLANTED, "goats") if value in program.err + program.out]
