"""`Synap`: memory for agents, in this process or on a server, with the same calls either way."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from synap.api.admin import Health, WhoAmI
from synap.errors import InvalidInputError, SetupError
from synap.sdk.admin import Admin
from synap.sdk.connection import DEFAULT_BASE_URL, Connection, embedded, remote
from synap.sdk.contexts import Client, Customer, User
from synap.sdk.conversations import Conversation
from synap.sdk.data import Data
from synap.sdk.entities import Entities
from synap.sdk.memories import Memories

if TYPE_CHECKING:
    from synap.sdk.sync import SynapSync


class Synap:
    """The way in. Opens what it needs on the first call; use it with `async with`, or call `shutdown` at the end.

    Attributes:
        memories: Documents in, single memories by id.
        user: `user.context.fetch`: what to know about a user.
        customer: `customer.context.fetch`: what to know about a customer.
        client: `client.context.fetch`: what everyone may know.
        conversation: Messages, and the context of a conversation.
        entities: Who and what is talked about, and all about one of them.
        data: Everything of a user, a conversation or a customer, deleted.
        admin: Clients, instances, keys, configuration, WORLD and audit, for the operator.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        data_dir: str | Path | None = None,
        timeout: float = 30.0,
        management_key: str | None = None,
        connection: Connection | None = None,
    ) -> None:
        """Choose where memory lives. Nothing is opened yet.

        With neither key nor URL, by argument or environment, the engine runs in this process.

        Args:
            api_key: Key of an instance on a server; `SYNAP_API_KEY` where not given.
            base_url: The server's address; `SYNAP_BASE_URL` where not given, `http://127.0.0.1:8787` beside a key.
            data_dir: Folder of the engine in this process; the user's data folder where not given.
            timeout: Seconds that a call to a server may take.
            management_key: Key for `admin` on a server; `SYNAP_MANAGEMENT_KEY` where not given.
            connection: A connection of your own making, instead of all the above.

        Raises:
            InvalidInputError: `data_dir` beside a key or URL, or a `base_url` that is none.
        """
        chosen = connection or _choose(api_key, base_url, data_dir, timeout, management_key)
        self._connection = chosen
        self.memories = Memories(chosen.api)
        self.user = User(chosen.api)
        self.customer = Customer(chosen.api)
        self.client = Client(chosen.api)
        self.conversation = Conversation(chosen.api)
        self.entities = Entities(chosen.api)
        self.data = Data(chosen.api, chosen.admin)
        self.admin = Admin(chosen.admin)

    @classmethod
    def embedded(cls, data_dir: str | Path | None = None) -> Synap:
        """Return one that runs the engine in this process, whatever keys and URLs the environment holds."""
        return cls(connection=_embedded(data_dir))

    async def initialize(self) -> None:
        """Open the connection now instead of on the first call, or again after `shutdown`. Safe to call twice."""
        await self._connection.open()

    async def shutdown(self) -> None:
        """Close what was opened; an engine in this process finishes the jobs in hand. Safe to call twice.

        Calls after it are refused with a `SetupError`, until `initialize` is called again.
        """
        await self._connection.close()

    async def health(self) -> Health:
        """Return whether the engine can serve, and with what."""
        return await (await self._connection.api()).health()

    async def whoami(self) -> WhoAmI:
        """Return the client, the instance and the tenancy that calls work with."""
        return await (await self._connection.api()).whoami()

    def sync(self) -> SynapSync:
        """Return the synchronous twin, which runs the same calls on an event loop of its own thread."""
        from synap.sdk.sync import SynapSync  # noqa: PLC0415 - the twin knows this class

        return SynapSync(twin=self)

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.shutdown()


def _choose(
    api_key: str | None,
    base_url: str | None,
    data_dir: str | Path | None,
    timeout_seconds: float,
    management_key: str | None,
) -> Connection:
    key = api_key or _variable("SYNAP_API_KEY")
    url = base_url or _variable("SYNAP_BASE_URL")
    if key is None and url is None and management_key is None:
        return _embedded(data_dir)
    if data_dir is not None:
        raise InvalidInputError(
            "data_dir is for an engine in this process, but a key or URL is given or set:"
            " use Synap.embedded(data_dir=...)",
            field="data_dir",
        )
    opening = partial(
        remote,
        _checked_url(url or DEFAULT_BASE_URL),
        api_key=key,
        management_key=management_key or _variable("SYNAP_MANAGEMENT_KEY"),
        timeout_seconds=timeout_seconds,
    )
    return Connection(opening)


def _embedded(data_dir: str | Path | None) -> Connection:
    return Connection(partial(embedded, None if data_dir is None else Path(data_dir)))


def _variable(name: str) -> str | None:
    """Return an environment variable, or what the file holds that `<name>_FILE` names; an empty one counts as not set."""
    file = os.environ.get(f"{name}_FILE", "").strip()
    try:
        kept = Path(file).expanduser().read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{name}_FILE names a file that cannot be read: {file}", field=f"{name}_FILE") from error
    return os.environ.get(name, "").strip() or kept or None


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInputError("base_url must be an address such as http://127.0.0.1:8787", field="base_url")
    return url.rstrip("/")
