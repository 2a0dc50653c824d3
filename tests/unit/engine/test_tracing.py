from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from synap.engine import tracing


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))
    return exporter


def test_a_span_tells_its_stage_and_its_numbers(exported: InMemorySpanExporter) -> None:
    with tracing.span("context.fetch", target="user", queries=2):
        pass

    (span,) = exported.get_finished_spans()
    assert span.name == "synap.context.fetch"
    assert dict(span.attributes or {}) == {"target": "user", "queries": 2}


def test_an_error_inside_is_noted_and_passed_on(exported: InMemorySpanExporter) -> None:
    def fail() -> None:
        with tracing.span("extract"):
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()

    assert [event.name for event in exported.get_finished_spans()[0].events] == ["exception"]


def test_without_an_endpoint_nothing_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(tracing.ENDPOINT, raising=False)

    assert tracing.configure() is False
