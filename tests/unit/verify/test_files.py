"""A text is found in whatever file it is written, whole or cut in two; what is not there is not found."""

from __future__ import annotations

from pathlib import Path

from synap.verify.files import sight

MARKER = "qabcdefghijklmnopqrstuvw"


def test_a_text_is_found_in_files_of_any_depth_and_case(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "file").write_bytes(b"\x00\x01" + MARKER.capitalize().encode() * 2 + b"\xff")
    (tmp_path / "other").write_bytes(b"nothing of it")
    (tmp_path / "empty").touch()

    found = sight(tmp_path, [MARKER, "qzzzzzzzzzzzzzzzzzzzzzzz"])

    assert found[MARKER].files == {"deep/er/file": 2}
    assert found[MARKER].bytes == 2 * len(MARKER)
    assert (found["qzzzzzzzzzzzzzzzzzzzzzzz"].files, found["qzzzzzzzzzzzzzzzzzzzzzzz"].bytes) == ({}, 0)


def test_a_text_that_a_page_cuts_in_two_is_found_by_its_halves(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(MARKER[:15].encode() + b"\x00page header\x00" + MARKER[15:].encode())

    assert sight(tmp_path, [MARKER])[MARKER].bytes == 12


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "store", tmp_path / "outside"
    folder.mkdir()
    outside.write_text(MARKER)
    (folder / "link").symlink_to(outside)

    assert sight(folder, [MARKER])[MARKER].files == {}
