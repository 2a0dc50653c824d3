"""How much memory the process and the embedded PostgreSQL hold."""

from __future__ import annotations

import psutil

from synap.engine.engine import Engine

MIB = 1024 * 1024


def print_memory(engine: Engine) -> None:
    """Print the resident memory of this process, and the proportional share of the embedded server's processes."""
    own = psutil.Process().memory_info().rss / MIB
    print(f"\nmemory: {own:.0f} MiB resident in this process (engine, embedder, HTTP door, benchmark)")
    pid = engine.server_pid
    if pid is None:
        return
    server = psutil.Process(pid)
    share = sum(_share(process) for process in (server, *server.children(recursive=True))) / MIB
    print(f"        {share:.0f} MiB proportional in PostgreSQL and its connections")


def _share(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return 0
