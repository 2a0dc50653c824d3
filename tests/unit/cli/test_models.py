from __future__ import annotations

from pathlib import Path

import pytest

from synap.cli.models import list_models, prepare_models
from synap.errors import SetupError


def test_without_a_prepared_model_only_hashing_is_ready(tmp_path: Path) -> None:
    minilm, hashing = list_models(cache_dir=tmp_path)

    assert (minilm.ready, minilm.hint) == (False, "run `synap models prepare`")
    assert (hashing.ready, hashing.semantic) == (True, False)


def test_a_wheel_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"missing\.whl"):
        prepare_models(cache_dir=tmp_path, wheel=tmp_path / "missing.whl")
