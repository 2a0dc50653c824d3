"""Questions: does the narrower scope win, does the newer statement win, is what should be remembered remembered?

    python -m benchmarks.quality.cases [--scope F] [--updates F] [--extraction F] [--noise N] [--json OUT] [--verbose]

Data: up to three files of sample cases (JSON lines), given as arguments. Each case runs in an instance of its own, on one
store, through the public SDK.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import bench_engine, fresh_synap
from synap.engine.engine import Engine
from synap.ingestion.flaws import flaws
from synap.ingestion.scoring import Case as DocumentCase
from synap.ingestion.scoring import Found, checks_of, read_cases
from synap.sdk.client import Synap

Case = Mapping[str, Any]
NOISE = (
    "{n} chairs stand in hall {n}.",
    "Parcel {n} was handed to the courier.",
    "Ticket {n} was closed at night.",
    "The lamp in corridor {n} hums.",
    "Shelf {n} holds spare cables.",
)
EARLY, MIDDLE, LATE = "2024-01-02", "2024-02-01", "2025-07-01"
FORMS = ("{d} {month} {y}", "{month} {d}, {y}", "{y}-{m:02}-{d:02}")


@dataclass(slots=True)
class Tally:
    """How many cases and checks passed, and which cases did not."""

    passed: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, group: str, name: str, checks: Mapping[str, bool]) -> None:
        """Count a case: it passes when all of its checks do."""
        good = all(checks.values())
        self.total[group] += 1
        self.passed[group] += good
        if not good:
            self.failures.append(f"{name}: " + ", ".join(check for check, held in checks.items() if not held))

    def figures(self) -> dict[str, Any]:
        """Return the counts, by group and in all, and the failures."""
        return {
            "passed": self.passed.total(),
            "total": self.total.total(),
            "groups": {group: {"passed": self.passed[group], "total": self.total[group]} for group in self.total},
            "failures": self.failures,
        }

    def report(self, title: str, *, verbose: bool) -> None:
        """Print the counts."""
        groups = ", ".join(f"{group} {self.passed[group]}/{self.total[group]}" for group in sorted(self.total))
        print(f"{title}: {sum(self.passed.values())}/{sum(self.total.values())} ({groups})")
        if verbose:
            for failure in self.failures:
                print(f"  {failure}")


@dataclass(slots=True, kw_only=True)
class Bench:
    """One engine and a counter for its instances."""

    engine: Engine
    numbers: Any = field(default_factory=lambda: count(1))

    async def synap(self) -> Synap:
        """Return the SDK on a fresh instance."""
        return (await fresh_synap(self.engine, f"case-{next(self.numbers)}"))[0]

    async def tell(self, synap: Synap, text: str, at: str, customer: str | None, user: str | None) -> None:
        """Write one statement: at USER scope the user says it, elsewhere it is a document."""
        spoken = user is not None
        if spoken and not text.lstrip().startswith("User:"):
            text = f"User: {text}"
        ingestion = await synap.memories.create(
            text,
            document_type="ai-chat-conversation" if spoken else "document",
            document_created_at=_moment(at),
            customer_id=customer,
            user_id=user,
        )
        await synap.memories.wait_for_completion(ingestion.ingestion_id, timeout_seconds=120)

    async def noise(self, synap: Synap, amount: int, customer: str | None, user: str | None) -> None:
        """Write `amount` unrelated documents into a scope."""
        await synap.memories.batch_create(
            [
                {
                    "document": NOISE[number % len(NOISE)].format(n=100 + number),
                    "document_type": "document",
                    "document_created_at": _moment(EARLY),
                    "customer_id": customer,
                    "user_id": user,
                }
                for number in range(amount)
            ],
            timeout_seconds=600,
        )

    async def ask(
        self,
        synap: Synap,
        query: str,
        customer: str | None,
        user: str | None,
        *,
        budget: int = 1000,
        at: str = LATE,
        as_of: str | None = None,
    ) -> list[str]:
        """Return the contents of the best ten items."""
        asked: dict[str, Any] = {
            "search_query": query,
            "max_tokens": budget,
            "query_date": at,
            "as_of": None if as_of is None else _moment(as_of),
            "response_shape": "ranked",
        }
        if user is not None:
            answer = await synap.user.context.fetch(user, customer, **asked)
        elif customer is not None:
            answer = await synap.customer.context.fetch(customer, **asked)
        else:
            answer = await synap.client.context.fetch(**asked)
        return [item.content for item in answer.items]


async def scope_cases(path: Path, *, noise: int, verbose: bool) -> dict[str, Any]:
    """Run the cases about scopes in conflict."""
    tally = Tally()
    async with bench_engine() as engine:
        bench = Bench(engine=engine)
        for case in _lines(path):
            group = "stretch" if case.get("stretch") else case["expect"] + ("/broad first" if case.get("first") else "")
            tally.add(group, f"{case['id']} {case['kind']}", await _scope_case(bench, case, noise))
    tally.report(f"scope conflicts, noise {noise}", verbose=verbose)
    return tally.figures()


async def _scope_case(bench: Bench, case: Case, noise: int) -> dict[str, bool]:
    synap = await bench.synap()
    broad, narrow = case["broad"], case["narrow"]
    broad_ids, narrow_ids = _ids(broad["scope"]), _ids(narrow["scope"])
    await bench.noise(synap, max(noise, case.get("filler") or 0), *narrow_ids)
    await bench.noise(synap, noise, *broad_ids)
    for variant in case.get("broad_variants", ()):
        await bench.tell(synap, variant, EARLY, *broad_ids)
    await bench.tell(synap, broad["text"], case.get("broad_time", MIDDLE), *broad_ids)
    await bench.tell(synap, narrow["text"], case.get("narrow_time", MIDDLE), *narrow_ids)
    found = await bench.ask(synap, case["query"], *narrow_ids, budget=case.get("token_budget", 1000))
    first, second = _rank(found, narrow["key"]), _rank(found, broad["key"])
    checks = _expected(case, first, second)
    stranger = await bench.ask(synap, case["query"], "another-customer", "stranger")
    checks["no leak"] = _rank(stranger, narrow["text"][:40]) is None
    return checks


def _expected(case: Case, narrow: int | None, broad: int | None) -> dict[str, bool]:
    if case["expect"] == "narrow_first":
        return {"narrow first": _before(narrow, broad)}
    if case.get("first") == "broad":
        return {"broad first": _before(broad, narrow)}
    return {"both": narrow is not None and broad is not None}


async def update_cases(path: Path, *, noise: int, verbose: bool) -> dict[str, Any]:
    """Run the cases about knowledge that changes."""
    tally = Tally()
    async with bench_engine() as engine:
        bench = Bench(engine=engine)
        for case in _lines(path):
            checks = await _update_case(bench, case, noise)
            tally.add(re.split("-", case["kind"])[0], f"{case['id']} {case['kind']}", checks)
    tally.report(f"updates, noise {noise}", verbose=verbose)
    return tally.figures()


async def _update_case(bench: Bench, case: Case, noise: int) -> dict[str, bool]:
    synap = await bench.synap()
    viewer = (case.get("as") or "acme_corp/alice").partition("/")
    own = (viewer[0] or None, viewer[2] or None)
    for index, statement in enumerate(case["statements"]):
        ids = _ids(statement["scope"]) if "scope" in statement else own
        await bench.tell(synap, statement["text"], statement["time"], *ids)
        if index == 0:
            await bench.noise(synap, max(noise, case.get("filler_between") or 0), *ids)
    last = max(statement["time"] for statement in case["statements"])
    asked_at = case.get("query_time") or (date.fromisoformat(last[:10]) + timedelta(30)).isoformat()
    found = await bench.ask(synap, case["query"], *own, at=asked_at, as_of=case.get("as_of"))
    return _update_checks(case, found)


def _update_checks(case: Case, found: Sequence[str]) -> dict[str, bool]:
    checks: dict[str, bool] = {}
    if "date" in case:
        checks["date"] = _has_date(found, [case["date"]])
    elif "date_range" in case:
        start, end = (date.fromisoformat(day) for day in case["date_range"])
        checks["date"] = _has_date(found, [(start + timedelta(n)).isoformat() for n in range((end - start).days + 1)])
    elif "order" in case:
        checks["all"] = all(_rank(found, key) is not None for key in case["order"])
    elif "stale" in case:
        at = _rank(found, case["stale"])
        checks["stale"] = at is None or any(word in found[at].lower() for word in ("until", "expired", "ended"))
    elif case.get("expect_first") or case["expect"]:
        checks.update(_current_checks(case, found))
    if case.get("absent"):
        checks["absent"] = _rank(found, case["absent"]) is None
    for key in case.get("must_keep", ()):
        checks[f"keeps {key!r}"] = _rank(found, key) is not None
    return checks


def _current_checks(case: Case, found: Sequence[str]) -> dict[str, bool]:
    key = case.get("expect_first") or case["expect"]
    at = _rank(found, key)
    checks = {"current": at is not None and at < 5}  # noqa: PLR2004 - among the first five
    for old in [case.get("outranked"), *case.get("also_outranked", ())]:
        if old and old != case.get("absent"):
            stale = next(
                (n for n, text in enumerate(found) if old.lower() in text.lower() and key.lower() not in text.lower()),
                None,
            )
            checks[f"before {old!r}"] = _before(at, stale)
    if case.get("expect_first"):
        checks["first"] = at == 0
    return checks


async def extraction_cases(path: Path, *, verbose: bool) -> dict[str, Any]:
    """Run the cases about what is worth remembering, and in which form."""
    tally = Tally()
    found: Counter[str] = Counter()
    async with bench_engine() as engine:
        bench = Bench(engine=engine)
        for case in _documents(path):
            synap = await bench.synap()
            ingestion = await synap.memories.create(
                case.input,
                document_type=case.document_type,
                document_created_at=case.said_at,
                customer_id="acme",
                user_id="alice",
            )
            await synap.memories.wait_for_completion(ingestion.ingestion_id, timeout_seconds=60)
            page = await synap.memories.list(customer_id="acme", user_id="alice", page_size=100)
            memories = [
                Found(row.memory_type, row.content, "" if row.event_date is None else row.event_date.isoformat())
                for row in page.data
            ]
            tally.add(case.group, case.id, checks_of(case, memories))
            found.update(flaw for memory in memories for flaw in flaws(memory.content))
    tally.report("extraction, strict", verbose=verbose)
    print(f"flaws in stored text: {dict(found) or 'none'}")
    return {**tally.figures(), "flaws": dict(found)}


def _documents(path: Path) -> list[DocumentCase]:
    return list(read_cases(path.read_text(encoding="utf-8").splitlines()))


def _lines(path: Path) -> list[Case]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _ids(scope: str) -> tuple[str | None, str | None]:
    kind, _, rest = scope.partition(":")
    customer, _, user = rest.partition("/")
    return (None, None) if kind == "CLIENT" else (customer or None, user or None)


def _rank(found: Sequence[str], key: str) -> int | None:
    return next((n for n, text in enumerate(found) if key and key.lower() in text.lower()), None)


def _before(first: int | None, second: int | None) -> bool:
    return first is not None and (second is None or first < second)


def _has_date(found: Sequence[str], days: Sequence[str]) -> bool:
    forms = []
    for day in days:
        at = date.fromisoformat(day)
        forms += [form.format(d=at.day, m=at.month, y=at.year, month=at.strftime("%B")).lower() for form in FORMS]
    return any(form in text.lower() for form in forms for text in found)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


async def measure(
    *, scope: Path | None, updates: Path | None, extraction: Path | None, noise: int, out: Path | None, verbose: bool
) -> None:
    """Run the files given, print their counts and write them."""
    result: dict[str, Any] = {"noise": noise}
    if scope is not None:
        result["scope"] = await scope_cases(scope, noise=noise, verbose=verbose)
    if updates is not None:
        result["updates"] = await update_cases(updates, noise=noise, verbose=verbose)
    if extraction is not None:
        result["extraction"] = await extraction_cases(extraction, verbose=verbose)
    if out is not None:
        await asyncio.to_thread(out.write_text, json.dumps(result, indent=1) + "\n", encoding="utf-8")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what this measurement takes."""
    parser.add_argument("--scope", type=Path, help="cases about scopes in conflict")
    parser.add_argument("--updates", type=Path, help="cases about knowledge that changes")
    parser.add_argument("--extraction", type=Path, help="cases about what is worth remembering")
    parser.add_argument("--noise", type=int, default=0, help="unrelated documents in each scope of each case")
    parser.add_argument("--embedder", choices=("minilm", "hashing"), help="whose vectors; the best prepared by default")
    parser.add_argument("--json", type=Path, dest="out", help="write all figures here")
    parser.add_argument("--verbose", action="store_true", help="name the cases that failed")


def run(options: argparse.Namespace) -> None:
    """Measure as the options say."""
    if options.embedder:
        os.environ["SYNAP_EMBEDDER"] = options.embedder
    asyncio.run(
        measure(
            scope=options.scope,
            updates=options.updates,
            extraction=options.extraction,
            noise=options.noise,
            out=options.out,
            verbose=options.verbose,
        )
    )


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.cases", description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    if not (options.scope or options.updates or options.extraction):
        parser.error("give at least one of --scope, --updates and --extraction")
    run(options)


if __name__ == "__main__":
    main()
