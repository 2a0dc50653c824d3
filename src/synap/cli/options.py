"""Options that several commands share, and the `Synap` they open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synap.errors import InvalidInputError
from synap.sdk.client import Synap

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of the embedded store; SYNAP_DATA_DIR where not given.")
]
BaseUrl = Annotated[
    str | None, typer.Option("--url", envvar="SYNAP_BASE_URL", help="Speak to a running server instead of in process.")
]
ApiKey = Annotated[str | None, typer.Option("--api-key", envvar="SYNAP_API_KEY", help="Key of an instance.")]
ManagementKey = Annotated[
    str | None, typer.Option("--management-key", envvar="SYNAP_MANAGEMENT_KEY", help="Key of the operator.")
]
CustomerId = Annotated[str | None, typer.Option("--customer", help="Customer id; an opaque string.")]
UserId = Annotated[str | None, typer.Option("--user", help="User id; an opaque string.")]


def open_synap(
    *, data_dir: Path | None, base_url: str | None, api_key: str | None = None, management_key: str | None = None
) -> Synap:
    """Return the `Synap` that the options ask for: over HTTP where a URL or key is given, else in process."""
    return Synap(api_key=api_key, base_url=base_url, management_key=management_key, data_dir=data_dir)


def read_file(path: Path, *, field: str) -> str:
    """Return the text of a file that an option or argument names.

    Raises:
        InvalidInputError: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror or error}", field=field) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{path} must be UTF-8 text: byte {error.start} is not", field=field) from error
