"""Every command that succeeds says so: a record for scripts, a line for people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest
from typer.testing import CliRunner

from synap import Synap
from synap.api.admin import ClientRecord, InstanceRecord, UpdateInstance
from synap.api.memories import DeletedMemory
from synap.cli import operation, tenants
from synap.cli.main import app
from synap.sdk.connection import Connection, Line, OpenLine

NOW = datetime(2026, 5, 3, tzinfo=UTC)
CLIENT = ClientRecord(client_id="cli_1", name="Acme", status="active", created_at=NOW)
INSTANCE = InstanceRecord(
    id="inst_1", client_id="cli_1", name="bot", agent_type="general", tenancy="open", status="active", created_at=NOW
)


class Operator:
    """Does as it is told, and says what became of it."""

    async def update_client(
        self, client_id: str, *, name: str | None = None, status: str | None = None
    ) -> ClientRecord:
        return msgspec.structs.replace(CLIENT, client_id=client_id, name=name or CLIENT.name, status=status or "active")

    async def delete_client(self, client_id: str) -> None:
        pass

    async def instance(self, instance_id: str) -> InstanceRecord:
        return msgspec.structs.replace(INSTANCE, id=instance_id)

    async def update_instance(self, instance_id: str, request: UpdateInstance) -> InstanceRecord:
        given = {name: value for name, value in msgspec.structs.asdict(request).items() if value is not None}
        return msgspec.structs.replace(INSTANCE, id=instance_id, **given)

    async def delete_instance(self, instance_id: str) -> None:
        pass

    async def revoke_key(self, instance_id: str, key_id: str) -> None:
        pass

    async def delete_world_memory(self, memory_id: str) -> DeletedMemory:
        return DeletedMemory(memory_id=memory_id, deleted_at=NOW)


async def opening() -> Line:
    async def release() -> None:
        pass

    return OpenLine(operations=None, management=cast("Any", Operator()), release=release)


COMMANDS: dict[str, dict[str, str]] = {
    "clients update cli_1 --name Apex --status inactive": {"name": "Apex", "status": "inactive"},
    "clients suspend cli_1": {"client_id": "cli_1", "status": "inactive"},
    "clients resume cli_1": {"client_id": "cli_1", "status": "active"},
    "clients delete cli_1 --yes": {"client_id": "cli_1", "status": "deleted"},
    "instances show inst_1": {"id": "inst_1", "tenancy": "open"},
    "instances update inst_1 --name shop --status archived": {"name": "shop", "status": "archived"},
    "instances suspend inst_1": {"id": "inst_1", "status": "suspended"},
    "instances resume inst_1": {"id": "inst_1", "status": "active"},
    "instances delete inst_1 --yes": {"id": "inst_1", "status": "deleted"},
    "keys revoke inst_1 key_1": {"key_id": "key_1", "status": "revoked"},
    "world delete m1": {"memory_id": "m1"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_succeeds_says_what_became_of_it(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for module in (tenants, operation):
        monkeypatch.setattr(module, "open_synap", lambda **_: Synap(connection=Connection(opening)))

    record = CliRunner().invoke(app, [*command.split(), "--json"])
    line = CliRunner().invoke(app, command.split())

    assert (record.exit_code, line.exit_code) == (0, 0), record.output + line.output
    assert json.loads(record.stdout).items() >= COMMANDS[command].items()
    assert all(value in line.stdout for name, value in COMMANDS[command].items() if name != "status")
