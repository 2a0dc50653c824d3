"""The watch over an embedded server: one that dies under a running engine is started again."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from synap.errors import SetupError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""Time between two looks at the server's process."""

RETRY_SECONDS = 5.0
"""Wait after a start that failed."""


class Server(Protocol):
    """What is watched; `EmbeddedServer` is one."""

    @property
    def pid(self) -> int | None:
        """Number of the server's process, or None if it does not run."""
        ...

    def ensure_running(self) -> None:
        """Start the server if it does not run; blocks.

        Raises:
            SetupError: It cannot run.
        """
        ...


async def keep_running(server: Server) -> None:
    """Start the server again whenever it is found dead, until cancelled.

    Calls fail as unavailable meanwhile; the server recovers what was committed when it starts.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if server.pid is not None:
            continue
        logger.error("the embedded server died; it is started again")
        try:
            await asyncio.to_thread(server.ensure_running)
        except (SetupError, OSError) as error:  # the latter where there is no room even for a lock
            logger.error("the embedded server could not be started again", extra={"reason": str(error)})  # noqa: TRY400 - the reason is all there is to tell
            await asyncio.sleep(RETRY_SECONDS)
        else:
            logger.info("the embedded server runs again", extra={"pid": server.pid})
