"""Where the installed `synap` command begins: it loads the command line, or says what it takes to have one."""

from __future__ import annotations

import json
import os
import sys

_SETUP_INCOMPLETE = 6
"""As `Exit.SETUP`, whose home needs the extra."""


def main() -> None:
    """Run the command line; without the `engine` extra, say how to install it and exit with 6."""
    # Read when gRPC is loaded: else it prepares for this process to fork and go on, and says so whenever a program is started.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
    # Read when NumPy is loaded: what is multiplied here runs beside other work, and BLAS's own threads mostly wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from synap.cli.main import main as run  # noqa: PLC0415 - what it needs may be missing
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "synap":
            raise
        sys.stderr.write(_told(f"the command line needs {error.name}: pip install 'synap-memory[engine]'") + "\n")
        sys.exit(_SETUP_INCOMPLETE)
    run()


def _told(message: str) -> str:
    as_json = "--json" in sys.argv[1:]
    return json.dumps({"error": message, "code": "setup", "field": None}) if as_json else f"error: {message}"
