"""Spans for OpenTelemetry: one per operation and per stage, with ids and numbers only; free where nothing is configured."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

from synap.errors import SetupError
from synap.version import __version__

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""Variable of the OpenTelemetry standard; where it is set, `configure` sends spans there."""

_tracer = trace.get_tracer("synap", __version__)


@contextmanager
def span(name: str, **attributes: str | float | bool) -> Iterator[None]:
    """Lay a span around what follows; attributes are ids and numbers, never content."""
    with _tracer.start_as_current_span(f"synap.{name}", attributes=attributes):
        yield


def configure() -> bool:
    """Send spans to the collector that the environment names; False where it names none.

    Raises:
        SetupError: One is named, but the exporter is not installed.
    """
    if not os.environ.get(ENDPOINT):
        return False
    if (
        importlib.util.find_spec("opentelemetry.exporter") is None
        or importlib.util.find_spec("opentelemetry.sdk") is None
    ):
        raise SetupError(f"{ENDPOINT} is set, but the exporter is missing: pip install 'synap-memory[engine,otel]'")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional extra
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - optional extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - optional extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - optional extra

    provider = TracerProvider(resource=Resource.create({"service.name": "synap", "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True
