"""The published packages against a real `synap serve`.

* `server` runs for the whole session: `server.url`, `server.grpc`, `server.api_key(mode)` for the modes `any`, `b2b` and
  `b2c`, and `server.fresh_instance(mode)` where a test needs to be alone; `server.kill()` and `server.start()` keep its ports.
* `names` makes ids of users and customers that no other test, and no earlier run, has used.
* `party` is who takes part in a test of the published Python client, once for each mode; `connect` makes its clients.
* `wire` sees what that client sends and is answered; every test of it checks that no answer is one it cannot take.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from maximem_synap import MaximemSynapSDK
from people import Connect, Party, Wire, settings
from served import Instance, Server, names, server

__all__ = ["names", "server"]

MODES = ("any", "b2b", "b2c")


@pytest.fixture(params=MODES)
def party(request: pytest.FixtureRequest, server: Server, names: Callable[[str], str]) -> Party:
    """Users and customers of the instance that a mode's tests share."""
    return Party.at(server.instance(request.param), names)


@pytest.fixture
def alone(server: Server, names: Callable[[str], str], party: Party) -> Party:
    """Likewise, at an instance that nobody else writes to."""
    return Party.at(server.fresh_instance(party.mode), names)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """What goes over HTTP in a test; at its end no answer may have been one that the client takes for a failure."""
    watched = Wire()
    watched.attach(monkeypatch)
    yield watched
    for call in watched.calls:
        allowed = {200, 202} if call.path == "/v1/telemetry/batch" else {200, 204}
        assert call.status in allowed or 400 <= call.status < 500, call


@pytest.fixture
async def connect(
    server: Server,
    wire: Wire,  # noqa: ARG001 - it looks on
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Connect]:
    """Make a client that is told where the server is by its configuration; all are shut down at the end."""
    for name in ("SYNAP_API_KEY", "SYNAP_BASE_URL", "SYNAP_GRPC_HOST", "SYNAP_STORAGE_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    made: list[MaximemSynapSDK] = []

    async def connected(
        instance: Instance,
        *,
        key: str | None = None,
        instance_id: str = "",
        cache: str | None = None,
        folder: str = "client",
    ) -> MaximemSynapSDK:
        client = MaximemSynapSDK(
            instance_id=instance_id,
            api_key=key or instance.api_key,
            config=settings(server, tmp_path / folder, cache=cache),
            _force_new=True,
        )
        made.append(client)
        await client.initialize()
        return client

    yield connected
    for client in made:
        await client.shutdown()


@pytest.fixture
def client_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the client's loggers said; it hides many failures there."""
    caplog.set_level(logging.INFO, logger="synap")
    return caplog
