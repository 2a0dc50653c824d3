"""`python -m benchmarks.quality locomo|cases|scopes|updates|extraction|chains|sentences|flaws|anticipation ...`.

`locomo` and `cases` take the options of `python -m benchmarks.quality.locomo` and `.cases`; `scopes`, `updates` and `extraction`
are one file of cases each, `chains` is one of questions that need two memories, `sentences` is one of labelled sentences,
`flaws` counts what is wrong with stored texts.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from benchmarks.quality import anticipation, cases, chains, flaws, locomo, sentences

_FILES = {"scopes": "--scope", "updates": "--updates", "extraction": "--extraction"}


def main() -> None:
    """Run one measurement and print its table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parts = parser.add_subparsers(dest="what", required=True)
    locomo.add_options(parts.add_parser("locomo", help="evidence found in dialogues"))
    cases.add_options(parts.add_parser("cases", help="scopes in conflict, updates, extraction"))
    for name in (*_FILES, "chains", "sentences", "flaws", "anticipation"):
        one = parts.add_parser(name, help="one file")
        one.add_argument("path", type=Path, help="the data; only the sessions for `anticipation` are shipped")
        one.add_argument("--noise", type=int, default=0, help="unrelated documents in each scope of each case")
        one.add_argument("--verbose", action="store_true", help="name the cases that failed")
    options = parser.parse_args()
    if options.what == "locomo":
        locomo.run(options)
    elif options.what == "cases":
        cases.run(options)
    elif options.what == "anticipation":
        asyncio.run(anticipation.measure(options.path))
    elif options.what == "chains":
        asyncio.run(chains.measure(options.path, verbose=options.verbose))
    elif options.what == "sentences":
        asyncio.run(sentences.measure(options.path, verbose=options.verbose))
    elif options.what == "flaws":
        asyncio.run(flaws.measure(options.path, verbose=options.verbose))
    else:
        chosen = ["cases", _FILES[options.what], str(options.path), "--noise", str(options.noise)]
        cases.run(parser.parse_args([*chosen, *(["--verbose"] if options.verbose else [])]))


if __name__ == "__main__":
    main()
