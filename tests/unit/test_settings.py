from __future__ import annotations

from pathlib import Path

import pytest

from synap.engine.faults import Fault
from synap.errors import SetupError
from synap.settings import EmbedderChoice, Settings


def test_with_nothing_set_everything_has_its_default() -> None:
    settings = Settings.from_environment({})

    assert settings == Settings()
    assert settings.max_document_bytes == 10 * 1024 * 1024
    assert settings.resident_mib == 512


def test_every_variable_is_read_in_its_type() -> None:
    settings = Settings.from_environment(
        {
            "SYNAP_DATA_DIR": "/srv/synap",
            "SYNAP_DATABASE_URL": "postgresql://app@db/synap",
            "SYNAP_MIGRATION_URL": "postgres://owner@db/synap",
            "SYNAP_BASE_URL": "http://127.0.0.1:8787/",
            "SYNAP_API_KEY": "key",
            "SYNAP_EMBEDDER": "OpenAI",
            "SYNAP_EMBEDDING_URL": "https://models.example/v1",
            "SYNAP_EMBEDDING_MODEL": "small",
            "SYNAP_EMBEDDING_KEY": "sk",
            "SYNAP_LLM_URL": "https://models.example/v1",
            "SYNAP_LLM_MODEL": "large",
            "SYNAP_MAX_DOCUMENT_BYTES": "2048",
            "SYNAP_RESIDENT_MIB": "0",
            "SYNAP_BACKLOG": "500",
            "SYNAP_TEST_CITUS_URL": "postgresql://citus/x",
            "SYNAP_FAULT": "extract:kill",
        }
    )

    assert settings.data_dir == Path("/srv/synap")
    assert settings.migration_url == "postgres://owner@db/synap"
    assert settings.base_url == "http://127.0.0.1:8787"
    assert settings.embedder is EmbedderChoice.OPENAI
    assert settings.embedding_key == "sk"
    assert settings.llm_model == "large"
    assert settings.max_document_bytes == 2048
    assert settings.resident_mib == 0
    assert settings.backlog == 500
    assert settings.faults == (Fault(stage="extract", action="kill"),)


def test_migrations_use_the_databases_own_url_where_none_is_given() -> None:
    settings = Settings.from_environment({"SYNAP_DATABASE_URL": "postgresql://app@db/synap"})

    assert settings.migration_url == "postgresql://app@db/synap"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_environment({"SYNAP_API_KEY": "", "SYNAP_EMBEDDER": "  "}) == Settings()


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"SYNAP_EMBEDDER": "word2vec"}, "SYNAP_EMBEDDER"),
        ({"SYNAP_EMBEDDER": "openai"}, "SYNAP_EMBEDDING_URL"),
        ({"SYNAP_EMBEDDING_URL": "http://x"}, "SYNAP_EMBEDDING_MODEL"),
        ({"SYNAP_LLM_MODEL": "m"}, "SYNAP_LLM_URL"),
        ({"SYNAP_MAX_DOCUMENT_BYTES": "10MB"}, "SYNAP_MAX_DOCUMENT_BYTES"),
        ({"SYNAP_MAX_DOCUMENT_BYTES": "0"}, "SYNAP_MAX_DOCUMENT_BYTES"),
        ({"SYNAP_RESIDENT_MIB": "-1"}, "SYNAP_RESIDENT_MIB"),
        ({"SYNAP_MAX_DOCUMENT_BYTES": "²"}, "SYNAP_MAX_DOCUMENT_BYTES"),
        ({"SYNAP_MAX_DOCUMENT_BYTES": "9" * 5000}, "SYNAP_MAX_DOCUMENT_BYTES"),
        ({"SYNAP_BASE_URL": "127.0.0.1:8787"}, "SYNAP_BASE_URL"),
        ({"SYNAP_BASE_URL": "http://[::1"}, "SYNAP_BASE_URL"),
        ({"SYNAP_DATABASE_URL": "mysql://u:secret@h/d"}, "SYNAP_DATABASE_URL"),
        ({"SYNAP_FAULT": "kill"}, "SYNAP_FAULT"),
        ({"SYNAP_FAULT": "extract:explode"}, "SYNAP_FAULT"),
    ],
)
def test_a_wrong_variable_is_named(environ: dict[str, str], name: str) -> None:
    with pytest.raises(SetupError, match=name) as caught:
        Settings.from_environment(environ)

    assert caught.value.field == name
    assert "secret" not in caught.value.message


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = Settings(api_key="hush", embedding_key="hush", llm_key="hush", database_url="postgresql://u:hush@h/d")

    assert "hush" not in repr(settings)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://app:secret@db/synap\n")

    settings = Settings.from_environment({"SYNAP_DATABASE_URL_FILE": str(file)})

    assert settings.database_url == "postgresql://app:secret@db/synap"


def test_a_secret_in_both_places_is_refused(tmp_path: Path) -> None:
    given = {"SYNAP_LLM_KEY": "one", "SYNAP_LLM_KEY_FILE": str(tmp_path / "two")}

    with pytest.raises(SetupError, match="exclude each other") as refused:
        Settings.from_environment(given)

    assert refused.value.field == "SYNAP_LLM_KEY"


def test_a_secret_in_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read") as refused:
        Settings.from_environment({"SYNAP_LLM_KEY_FILE": str(tmp_path / "none")})

    assert refused.value.field == "SYNAP_LLM_KEY_FILE"
