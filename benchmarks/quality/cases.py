"""Questions: does the narrower scope win, does the newer statement win, is what should be remembered remembered?

Data: three files of sample cases (JSON lines), given as arguments. Each case runs in an instance of its own, on one store.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.bench_engine import bench_engine, fresh_instance
from synap.api.contexts import FetchContext
from synap.api.memories import CreateMemory, ListMemories
from synap.engine.api import EngineApi
from synap.engine.engine import Engine
from synap.ingestion.flaws import flaws
from synap.ingestion.scoring import Case as DocumentCase
from synap.ingestion.scoring import Found, checks_of, read_cases

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

    async def api(self) -> EngineApi:
        """Return a fresh instance."""
        return await fresh_instance(self.engine, f"case-{next(self.numbers)}")

    async def tell(self, api: EngineApi, text: str, at: str, customer: str | None, user: str | None) -> None:
        """Write one statement: at USER scope the user says it, elsewhere it is a document."""
        spoken = user is not None
        if spoken and not text.lstrip().startswith("User:"):
            text = f"User: {text}"
        await api.create_memory(
            CreateMemory(
                document=text,
                document_type="ai-chat-conversation" if spoken else "document",
                document_created_at=_moment(at),
                customer_id=customer,
                user_id=user,
            )
        )
        await self.engine.worker.drain(seconds=120)

    async def noise(self, api: EngineApi, amount: int, customer: str | None, user: str | None) -> None:
        """Write `amount` unrelated documents into a scope."""
        documents = [
            CreateMemory(
                document=NOISE[number % len(NOISE)].format(n=100 + number),
                document_type="document",
                document_created_at=_moment(EARLY),
                customer_id=customer,
                user_id=user,
            )
            for number in range(amount)
        ]
        if documents:
            await api.create_batch(documents)
            await self.engine.worker.drain(seconds=600)

    async def ask(
        self,
        api: EngineApi,
        query: str,
        customer: str | None,
        user: str | None,
        *,
        budget: int = 1000,
        at: str = LATE,
        as_of: str | None = None,
    ) -> list[str]:
        """Return the contents of the best ten items."""
        target = "user" if user is not None else "customer" if customer is not None else "client"
        answer = await api.fetch_context(
            FetchContext(
                target=target,
                customer_id=customer,
                user_id=user,
                search_query=(query,),
                max_results=10,
                max_tokens=budget,
                query_date=at,
                as_of=None if as_of is None else _moment(as_of),
                response_shape="ranked",
            )
        )
        return [item.content for item in answer.items]


async def scope_cases(path: Path, *, noise: int, verbose: bool) -> None:
    """Run the cases about scopes in conflict."""
    tally = Tally()
    async with bench_engine() as engine:
        bench = Bench(engine=engine)
        for case in _lines(path):
            group = "stretch" if case.get("stretch") else case["expect"] + ("/broad first" if case.get("first") else "")
            tally.add(group, f"{case['id']} {case['kind']}", await _scope_case(bench, case, noise))
    tally.report(f"scope conflicts, noise {noise}", verbose=verbose)


async def _scope_case(bench: Bench, case: Case, noise: int) -> dict[str, bool]:
    api = await bench.api()
    broad, narrow = case["broad"], case["narrow"]
    broad_ids, narrow_ids = _ids(broad["scope"]), _ids(narrow["scope"])
    await bench.noise(api, max(noise, case.get("filler") or 0), *narrow_ids)
    await bench.noise(api, noise, *broad_ids)
    for variant in case.get("broad_variants", ()):
        await bench.tell(api, variant, EARLY, *broad_ids)
    await bench.tell(api, broad["text"], case.get("broad_time", MIDDLE), *broad_ids)
    await bench.tell(api, narrow["text"], case.get("narrow_time", MIDDLE), *narrow_ids)
    found = await bench.ask(api, case["query"], *narrow_ids, budget=case.get("token_budget", 1000))
    first, second = _rank(found, narrow["key"]), _rank(found, broad["key"])
    checks = _expected(case, first, second)
    stranger = await bench.ask(api, case["query"], "another-customer", "stranger")
    checks["no leak"] = _rank(stranger, narrow["text"][:40]) is None
    return checks


def _expected(case: Case, narrow: int | None, broad: int | None) -> dict[str, bool]:
    if case["expect"] == "narrow_first":
        return {"narrow first": _before(narrow, broad)}
    if case.get("first") == "broad":
        return {"broad first": _before(broad, narrow)}
    return {"both": narrow is not None and broad is not None}


async def update_cases(path: Path, *, noise: int, verbose: bool) -> None:
    """Run the cases about knowledge that changes."""
    tally = Tally()
    async with bench_engine() as engine:
        bench = Bench(engine=engine)
        for case in _lines(path):
            checks = await _update_case(bench, case, noise)
            tally.add(re.split("-", case["kind"])[0], f"{case['id']} {case['kind']}", checks)
    tally.report(f"updates, noise {noise}", verbose=verbose)


async def _update_case(bench: Bench, case: Case, noise: int) -> dict[str, bool]:
    api = await bench.api()
    viewer = (case.get("as") or "acme_corp/alice").partition("/")
    own = (viewer[0] or None, viewer[2] or None)
    for index, statement in enumerate(case["statements"]):
        ids = _ids(statement["scope"]) if "scope" in statement else own
        await bench.tell(api, statement["text"], statement["time"], *ids)
        if index == 0:
            await bench.noise(api, max(noise, case.get("filler_between") or 0), *ids)
    last = max(statement["time"] for statement in case["statements"])
    asked_at = case.get("query_time") or (date.fromisoformat(last[:10]) + timedelta(30)).isoformat()
    found = await bench.ask(api, case["query"], *own, at=asked_at, as_of=case.get("as_of"))
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


async def extraction_cases(path: Path, *, verbose: bool) -> None:
    """Run the cases about what is worth remembering, and in which form."""
    tally = Tally()
    found: Counter[str] = Counter()
    async with bench_engine() as engine:
        bench = Bench(engine=engine)
        for case in _documents(path):
            api = await bench.api()
            await api.create_memory(
                CreateMemory(
                    document=case.input,
                    document_type=case.document_type,
                    document_created_at=case.said_at,
                    customer_id="acme",
                    user_id="alice",
                )
            )
            await engine.worker.drain(seconds=60)
            page = await api.memories(ListMemories(customer_id="acme", user_id="alice", page_size=100))
            memories = [
                Found(row.memory_type, row.content, "" if row.event_date is None else row.event_date.isoformat())
                for row in page.data
            ]
            tally.add(case.group, case.id, checks_of(case, memories))
            found.update(flaw for memory in memories for flaw in flaws(memory.content))
    tally.report("extraction, strict", verbose=verbose)
    print(f"flaws in stored text: {dict(found) or 'none'}")


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
