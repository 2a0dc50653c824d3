"""The pages: what they show runs, what they link to is there, and they keep to the words of the glossary."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec
import pytest
from litestar.routes import HTTPRoute

from synap import Synap
from synap.api.admin import CreateInstance, UpdateInstance, WorldMemory
from synap.api.contexts import FetchContext
from synap.api.conversations import RecordedMessage, RecordMessage
from synap.api.memories import BatchResult, CreateMemory, Ingestion, MemoryRecord, StructuredMemory, UpdateMemory
from synap.cli.main import app
from synap.cli.outcome import Exit
from synap.errors import SynapError
from synap.maca.load import load
from synap.server.rest.app import DOCUMENT_BYTES, routed
from synap.server.rest.errors import STATUSES
from synap.testing import FixedClock

if TYPE_CHECKING:
    from tests.architecture.conftest import Block, Machine

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
NOTES = {DOCS / "plan.md"}
"""Notes among builders, which are no pages."""

PAGES = {
    str(page.relative_to(ROOT)): page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(set(DOCS.rglob("*.md")) - NOTES))
}
ON_ITS_OWN = {"docs/howto/test-your-memory.md": "opens an engine of its own; see the test below"}

LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`[^`\n]*`")

ORDINARY = {
    "account": "the accounts of the installation, which hold clients and instances",
    "alias": "another name of a key",
    "app": "part of names such as synap_app",
    "bootstrap": "in `paired bootstrap`, the statistical test",
    "candidate": "a word of our own, for another thing",
    "delete": "what the deletion calls do",
    "field": "an argument or a member of a body",
    "hit": "a cache hit",
    "input": "in `empty input`",
    "limit": "a bound that is no budget",
    "mode": "the mode of a fetch, a write or a file",
    "model": "an embedding or a language model",
    "node": "a machine of a cluster",
    "parse": "the first stage of an ingestion",
    "partition": "PostgreSQL's own word",
    "passage": "what evidence is made of",
    "project": "this project",
    "record": "to record a message; a document that is data",
    "result": "what a call or a benchmark gives",
    "seed": "what a campaign draws everything from",
    "session": "a session of PostgreSQL",
    "shard": "what Citus calls its pieces of a table",
    "task": "what someone has to do",
    "thread": "of an operating system",
    "timestamp": "the name of a member",
    "update": "what a repeated document is",
}
"""Words that the glossary keeps from one meaning, and the other meaning in which pages may use them."""


def document(name: str) -> str:
    return PAGES[name].read_text(encoding="utf-8")


def prose(name: str) -> str:
    """Return a page without its code."""
    return INLINE.sub(" ", FENCED.sub(" ", document(name)))


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def links(name: str) -> list[tuple[Path, str]]:
    page = PAGES[name]
    found = LINK.findall(FENCED.sub(" ", document(name)))
    return [((page.parent / target).resolve() if target else page, anchor) for target, anchor in found]


# ---------------------------------------------------------------- what pages show


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ON_ITS_OWN])
def test_what_a_page_shows_runs(
    request: pytest.FixtureRequest, page_blocks: Callable[[Path], list[Block]], name: str
) -> None:
    blocks = page_blocks(PAGES[name])
    if any(block.language in ("python", "console") for block in blocks):
        run_page(request.getfixturevalue("machine"), name, blocks)

    for block in blocks:
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "yaml":
            load(block.text)


def run_page(machine: Machine, name: str, blocks: list[Block]) -> None:
    """Type what a page shows, and compare what is printed with what the page says next."""
    for block in blocks:
        if block.file:
            (machine.folder / block.file).write_text(block.text, encoding="utf-8")

    printed: str | None = None
    for block in blocks:
        if block.language == "python":
            printed = machine.python(block.text, where=f"{name}:{block.line}")
        elif block.language == "console":
            for command in block.commands():
                machine.shell(command)
        elif block.language == "text" and printed is not None:
            told = set(printed.splitlines())
            assert set(block.text.splitlines()) <= told, f"{name}:{block.line} tells what was not printed: {printed}"
            printed = None


def test_the_guide_to_tests_works(machine: Machine, server_folder: Callable[[], Path]) -> None:
    (name,) = ON_ITS_OWN
    for block in machine.blocks(PAGES[name]):
        if block.language == "python":
            machine.python(block.text, where=f"{name}:{block.line}")
    memory = machine.names["memory"]
    tests = [value for key, value in machine.names.items() if key.startswith("test_")]

    async def run() -> None:
        async with memory(server_folder(), FixedClock()) as synap:
            assert isinstance(synap, Synap)
            for test in tests:
                await test(synap)

    assert tests
    machine.runner.run(run())


# ---------------------------------------------------------------- how pages hang together


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for target, anchor in links(name):
        assert target.exists(), f"{name} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(target), f"{name} links to #{anchor} of {target.name}, which is not there"


def test_every_page_can_be_reached_from_the_readme() -> None:
    paths = {page: name for name, page in PAGES.items()}
    reached, waiting = set(), ["README.md"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [paths[target] for target, _ in links(name) if target in paths]

    # The glossary is named by CONTRIBUTING, and decisions are found in their folder by number.
    assert {name for name in PAGES if name not in reached and not name.startswith("docs/decisions/0")} <= {
        "docs/glossary.md"
    }


def glossary_words() -> set[str]:
    rows = [line.split("|") for line in document("docs/glossary.md").splitlines() if line.startswith("| ")]
    kept_out = {word.strip() for row in rows[2:] for word in re.split(r"[,;]", row[3])}
    return {word for word in kept_out if word}


@pytest.mark.parametrize("name", [name for name in PAGES if name != "docs/glossary.md"])
def test_pages_keep_to_the_words_of_the_glossary(name: str) -> None:
    text = prose(name).lower()

    wrong = {word for word in glossary_words() - ORDINARY.keys() if re.search(rf"\b{re.escape(word)}s?\b", text)}

    assert wrong == set(), f"{name} uses words that docs/glossary.md replaces by others"


# ---------------------------------------------------------------- pages against the code


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh() -> None:
    stale = [
        name
        for name, text in generator().pages().items()
        if not (REFERENCE / name).exists() or (REFERENCE / name).read_text(encoding="utf-8") != text
    ]

    assert stale == [], "run `make docs`"


def served_routes() -> set[str]:
    """Return `METHOD path` of every route, under its documented path."""
    routes = set()
    for route in routed(DOCUMENT_BYTES).routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path).replace(
                "/{conversation}", "/{conversation_id}/messages"
            )
            path = path.replace("/{user}", "/{user_id}/profile")
            methods = {method for handler in route.route_handlers for method in handler.http_methods} - {"OPTIONS"}
            routes |= {f"{method} {path}" for method in methods}
    return routes


def test_the_http_page_names_every_route_and_no_other() -> None:
    other_names = ("/api/v1/", "/dashboard/", "/v1/memories/create", "/schema/")
    served = {route for route in served_routes() if not route.split()[1].startswith(other_names)}

    told = set(re.findall(r"^### ([A-Z]+ /\S*)$", document("docs/reference/http.md"), re.MULTILINE))

    assert told == served


@pytest.mark.parametrize(
    "kind",
    [
        BatchResult,
        CreateInstance,
        CreateMemory,
        FetchContext,
        Ingestion,
        MemoryRecord,
        RecordMessage,
        RecordedMessage,
        StructuredMemory,
        UpdateInstance,
        UpdateMemory,
        WorldMemory,
    ],
)
def test_the_http_page_names_every_field(kind: type[msgspec.Struct]) -> None:
    text = document("docs/reference/http.md")

    assert [name for name in kind.__struct_fields__ if not re.search(rf"[`\"{{]{name}[`\":}}]", text)] == []


def all_errors(kind: type[SynapError] = SynapError) -> set[type[SynapError]]:
    return {kind}.union(*(all_errors(child) for child in kind.__subclasses__()))


def served_as(kind: type[SynapError]) -> tuple[str, str]:
    status, code = next(STATUSES[base] for base in kind.__mro__ if base in STATUSES)
    return str(status), code


def test_the_page_of_errors_names_each_with_its_code_and_its_status() -> None:
    rows = set(
        re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| (\d+) \| `(\w+)`", document("docs/reference/errors.md"), re.MULTILINE)
    )
    public = [kind for kind in all_errors() if kind.__module__ == "synap.errors"]

    assert rows == {(kind.__name__, kind.code, *served_as(kind)) for kind in public}


def test_the_page_of_the_command_line_names_every_command_and_exit_code() -> None:
    text = document("docs/reference/cli.md")
    groups = [group.name for group in app.registered_groups]
    commands = [command.name for command in app.registered_commands]

    assert [name for name in [*groups, *commands] if f"`synap {name}" not in text] == []
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == {*map(int, Exit), 130}


def test_the_page_of_the_environment_names_every_variable() -> None:
    source = "".join(
        (ROOT / "src/synap" / file).read_text() for file in ("settings.py", "cli/options.py", "sdk/client.py")
    )
    read = set(re.findall(r"\bSYNAP_[A-Z_]*[A-Z]\b", source)) - {"SYNAP_EMBEDDING", "SYNAP_LLM"}

    told = set(re.findall(r"`(SYNAP_[A-Z_]+)`", document("docs/reference/environment.md")))

    assert told == read
