"""Counts and durations for Prometheus: one histogram per stage, names ending in their unit, no ids in labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from synap.ports.language_model import Usage
from synap.store.damage import Kind
from synap.store.residents import Residents

_LAG_BUCKETS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0)
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one engine, in a registry of its own, so that several engines live in one process."""

    def __init__(self, *, residents: Residents | None = None) -> None:
        """Count what it is told of, and show how the memory for searched rows is used, where there is one."""
        self.registry = CollectorRegistry()
        if residents is not None:
            self.registry.register(_Residents(residents))
        self._stage = Histogram(
            "synap_stage_seconds", "Time per stage", ["stage"], buckets=_BUCKETS, registry=self.registry
        )
        self._ingestions = Counter("synap_ingestions", "Ingestions finished", registry=self.registry)
        self._memories = Counter("synap_memories", "Memories written", registry=self.registry)
        self._failures = Counter("synap_ingestion_failures", "Attempts failed", ["code"], registry=self.registry)
        self._fetches = Counter("synap_fetches", "Contexts served", ["target", "cache"], registry=self.registry)
        self._degraded = Counter("synap_degraded_fetches", "Contexts degraded", ["code"], registry=self.registry)
        self._bundles = Counter("synap_bundles", "Bundles made for listeners", ["type"], registry=self.registry)
        self._renewed = Counter("synap_renewed_bundles", "Bundles replaced", ["type"], registry=self.registry)
        self._model_calls = Counter(
            "synap_language_model_calls", "Calls of the language model", ["purpose", "end"], registry=self.registry
        )
        self._model_tokens = Counter(
            "synap_language_model_tokens", "Tokens of the language model", ["purpose", "way"], registry=self.registry
        )
        self._model_dropped = Counter(
            "synap_language_model_dropped", "Proposals refused", ["reason"], registry=self.registry
        )
        self._incomplete = Counter("synap_degraded_ingestions", "Ingestions degraded", registry=self.registry)
        self._ready = Gauge("synap_queue_ready_jobs", "Jobs ready", registry=self.registry)
        self._oldest = Gauge("synap_queue_oldest_seconds", "Age of the oldest ready job", registry=self.registry)
        self._dead = Gauge("synap_queue_dead_jobs", "Dead letters", registry=self.registry)
        self._running = Gauge("synap_queue_running_jobs", "Jobs that workers hold", registry=self.registry)
        self._lag = Histogram(
            "synap_ingestion_lag_seconds", "From accepted to remembered", buckets=_LAG_BUCKETS, registry=self.registry
        )
        self._unended = Counter(
            "synap_retention_failures", "Owners whose expired memories stay", ["code"], registry=self.registry
        )
        self._refused = Counter("synap_backlog_refusals", "Writes refused: the backlog", registry=self.registry)
        self._stock = Gauge("synap_stock_ingestions", "Accepted documents", ["state"], registry=self.registry)
        self._found = Gauge("synap_stock_found", "Damage that stands unmended", ["kind"], registry=self.registry)
        self._mended = Counter("synap_stock_mended", "Damage that was mended", ["kind"], registry=self.registry)
        self._looked = Gauge(
            "synap_stock_oldest_look_seconds",
            "Since the bucket was looked at that waits longest",
            registry=self.registry,
        )

    def stage(self, stage: str, seconds: float) -> None:
        """Note how long a stage took."""
        self._stage.labels(stage).observe(seconds)

    def ingested(self, memories: int) -> None:
        """Note a finished ingestion and how many memories it wrote."""
        self._ingestions.inc()
        self._memories.inc(memories)

    def incomplete(self) -> None:
        """Note an ingestion of which a part was not done as configured."""
        self._incomplete.inc()

    def model_called(self, purpose: str, end: str, usage: Usage) -> None:
        """Note a call of the language model: what for, how it ended, what it used."""
        self._model_calls.labels(purpose, end).inc()
        self._model_tokens.labels(purpose, "in").inc(usage.input_tokens)
        self._model_tokens.labels(purpose, "out").inc(usage.output_tokens)

    def model_refused(self, reason: str, count: int) -> None:
        """Note proposals of the language model that were refused."""
        self._model_dropped.labels(reason).inc(count)

    def failed(self, code: str) -> None:
        """Note a failed attempt."""
        self._failures.labels(code).inc()

    def fetched(self, target: str, *, cache_hit: bool, degraded_code: str) -> None:
        """Note a served context."""
        self._fetches.labels(target, "hit" if cache_hit else "miss").inc()
        if degraded_code:
            self._degraded.labels(degraded_code).inc()

    def foreseen(self, bundle_type: str, *, renewed: bool = False) -> None:
        """Note a bundle that was made for a listener, or one that had to be replaced."""
        (self._renewed if renewed else self._bundles).labels(bundle_type).inc()

    def lag(self, seconds: float) -> None:
        """Note how long it took from a document's acceptance to its end."""
        self._lag.observe(max(seconds, 0.0))

    def unended(self, code: str) -> None:
        """Note an owner, or an instance, whose expired memories could not be ended."""
        self._unended.labels(code).inc()

    def refused(self) -> None:
        """Note a write that was refused because of the backlog."""
        self._refused.inc()

    def stock(self, ingestions: Mapping[str, int], found: Mapping[str, int], *, oldest_seconds: float) -> None:
        """Note what the last looks at the whole store showed."""
        for state, count in ingestions.items():
            self._stock.labels(state).set(count)
        self._found.clear()
        for kind in Kind:
            self._found.labels(kind.value).set(found.get(kind.value, 0))
        self._looked.set(oldest_seconds)

    def mended(self, kind: str, count: int) -> None:
        """Note damage that was mended."""
        self._mended.labels(kind).inc(count)

    def queue(self, *, ready: int, running: int, oldest_seconds: float, dead: int) -> None:
        """Note the queue's depth and lag."""
        self._ready.set(ready)
        self._running.set(running)
        self._oldest.set(oldest_seconds)
        self._dead.set(dead)

    def text(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)


class _Residents(Collector):
    """Shows how the memory for searched rows is used, as it is when asked."""

    def __init__(self, residents: Residents) -> None:
        self._residents = residents

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        use = self._residents.use
        nearest = self._residents.nearest.size
        yield GaugeMetricFamily("synap_resident_bytes", "Memory that searched rows take", value=use.size)
        yield GaugeMetricFamily(
            "synap_nearest_bytes", "Memory that vectors of big scopes take for writes", value=nearest
        )
        yield GaugeMetricFamily("synap_resident_scopes", "Scopes whose rows are in memory", value=use.scopes)
        yield CounterMetricFamily("synap_resident_hits", "Searches found in memory as it was", value=use.hits)
        yield CounterMetricFamily("synap_resident_misses", "Searches left to the database", value=use.misses)
        yield CounterMetricFamily(
            "synap_resident_texts", "Searches found in memory with all of their texts", value=use.told
        )
        yield CounterMetricFamily("synap_resident_loads", "Scopes read whole into memory", value=use.loads)
        yield CounterMetricFamily("synap_resident_refreshes", "Scopes refreshed by what changed", value=use.refreshes)
