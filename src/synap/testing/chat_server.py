"""A chat server on the loopback that answers by a script: what models and their servers say, and how they fail.

It proves what an application does with such answers. How good a model's answers are it cannot tell.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DRIP_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one request is answered with; `drips` seconds are spent on sending the body byte by byte."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drips: float = 0.0


Step = Reply | Callable[[dict[str, Any]], Reply]


def says(answer: Any, *, reason: str = "stop", **message: Any) -> Reply:
    """Answer with an object as JSON, or with words."""
    text = answer if isinstance(answer, str) or answer is None else json.dumps(answer)
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": reason}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice], "usage": usage}
    return Reply(body=json.dumps(body).encode())


def fails(status: int, message: str = "no", **headers: str) -> Reply:
    """Answer with an error in the protocol's form."""
    body = json.dumps({"error": {"message": message, "type": "error"}}).encode()
    return Reply(body=body, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def rung_of(body: dict[str, Any]) -> str:
    """Return how a request asked for JSON."""
    return "tool" if "tools" in body else str(body.get("response_format", {}).get("type", "text"))


class ChatServer:
    """Follows its script step by step, the last one for ever.

    Attributes:
        requests, keys: What it was asked, and the authorization that came with it.
        asked: Set with the first request of a script.
    """

    def __init__(self) -> None:
        """Take a free port; nobody listens there before `start`."""
        self.script: list[Step] = [says({"memories": []})]
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.asked = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def follow(self, *script: Step) -> None:
        """Begin a new script."""
        with self._lock:
            self.script, self.requests = list(script), []
            self.asked.clear()

    def rungs(self) -> Sequence[str]:
        """Return how it was asked for JSON, request by request."""
        return [rung_of(body) for body in self.requests]

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _step(self, body: dict[str, Any], key: str) -> Reply:
        with self._lock:
            self.requests.append(body)
            self.keys.append(key)
            self.asked.set()
            step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return step(body) if callable(step) else step

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        def answer(body: dict[str, Any], key: str) -> Reply:
            return self._step(body, key)

        class Handler(BaseHTTPRequestHandler):
            """Speaks the protocol."""

            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                """Answer one request."""
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = re.fullmatch(r"/v1/chat/completions", self.path) is not None
                reply = answer(body, self.headers.get("Authorization", "")) if known else fails(404)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True  # the caller waited no longer

            def _send(self, reply: Reply) -> None:
                until = time.monotonic() + reply.drips
                for byte in reply.body if reply.drips else ():
                    if time.monotonic() > until:
                        break
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(DRIP_SECONDS)
                if not reply.drips:
                    self.wfile.write(reply.body)
                else:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    """A chat server that listens for the time of the block."""
    server = ChatServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
