"""Many official clients in one process, each fetching and recording in turn; run by `clients.py` in their environment.

python official_clients.py < plan.json: the address, who the clients are, how long they go on, and what they ask; prints
what they met, as JSON. Needs the published package and the standard library alone, and holds nothing of ours.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import uuid
from collections import Counter
from typing import Any

from maximem_synap import MaximemSynapSDK, SDKConfig, __version__

ANSWER = "I have noted that the {thing} number {number} comes on a Tuesday, and shall remind you of it."


class Met:
    """What all clients met: durations by operation, errors and degraded answers by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {"fetch": [], "record": []}
        self.errors: Counter[str] = Counter()
        self.degraded: Counter[str] = Counter()
        self.empty = 0
        self.counting = False

    async def timed(self, operation: str, call: Any) -> Any:
        """Await a call of a client; its duration counts if it succeeds, and what it raises is an error."""
        started = time.perf_counter()
        try:
            answer = await call
        except Exception as error:  # noqa: BLE001 - whatever a client raises is counted
            if self.counting:
                self.errors[f"{operation}: {type(error).__name__} {error}"[:160]] += 1
            return None
        if self.counting:
            self.seconds[operation].append(time.perf_counter() - started)
        return answer


async def main(plan: dict[str, Any], storage: str) -> dict[str, Any]:
    """Open the clients, let them talk, close them; what they keep goes to the folder `storage`."""
    met, stop = Met(), asyncio.Event()
    clients = [await _opened(plan, viewer["key"], storage) for viewer in plan["viewers"]]
    talks = [asyncio.create_task(_talk(sdk, number, plan, met, stop)) for number, sdk in enumerate(clients)]
    await asyncio.sleep(plan["warm_up"])
    met.counting, started, cpu = True, time.perf_counter(), time.process_time()
    await asyncio.sleep(plan["seconds"])
    met.counting, seconds, cpu = False, time.perf_counter() - started, time.process_time() - cpu
    stop.set()
    await asyncio.gather(*talks)
    await asyncio.gather(*(sdk.shutdown() for sdk in clients))
    return {
        "version": __version__,
        "clients": len(clients),
        "seconds": seconds,
        "cpu": cpu,
        "times": met.seconds,
        "errors": met.errors,
        "degraded": met.degraded,
        "empty": met.empty,
    }


async def _opened(plan: dict[str, Any], key: str, storage: str) -> Any:
    # Without a cache of its own, so that every call reaches the server; `_force_new`, since clients of one key are one.
    config = SDKConfig(
        api_base_url=plan["url"],
        grpc_host="127.0.0.1",
        grpc_port=1,
        grpc_use_tls=False,
        storage_path=storage,
        cache_backend=None,
        history_search_model=None,
        log_level="ERROR",
    )
    sdk = MaximemSynapSDK(api_key=key, config=config, _force_new=True)
    await sdk.initialize()
    return sdk


async def _talk(sdk: Any, number: int, plan: dict[str, Any], met: Met, stop: asyncio.Event) -> None:
    """Say something, fetch what is known about it, answer; again and again, each time about something new."""
    viewer = plan["viewers"][number]
    owner = {"user_id": viewer["user"], "customer_id": viewer["customer"]}
    talk = str(uuid.uuid4())
    turn = 0
    await asyncio.sleep(plan["pause"] * number / len(plan["viewers"]))
    while not stop.is_set():
        question = f"{plan['questions'][turn % len(plan['questions'])]} {number} {turn}"
        await met.timed("record", _record(sdk, talk, "user", question, owner))
        answer = await met.timed(
            "fetch", sdk.user.context.fetch(conversation_id=talk, search_query=[question], **owner)
        )
        if answer is not None and met.counting:
            if answer.retrieval is not None:
                met.degraded[f"{answer.retrieval.level}: {answer.retrieval.code}"] += 1
            met.empty += not (answer.facts or answer.preferences or answer.episodes)
        reply = ANSWER.format(thing=question.split()[-3], number=turn)
        await met.timed("record", _record(sdk, talk, "assistant", reply, owner))
        turn += 1
        if plan["pause"]:
            await asyncio.sleep(plan["pause"])


def _record(sdk: Any, talk: str, role: str, content: str, owner: dict[str, str]) -> Any:
    return sdk.conversation.record_message(conversation_id=talk, role=role, content=content, **owner)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="synap-bench-clients-") as folder:
        sys.stdout.write(json.dumps(asyncio.run(main(json.load(sys.stdin), folder))))
