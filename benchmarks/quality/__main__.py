"""`python -m benchmarks.quality dialogues|scopes|updates|extraction|sentences|flaws|anticipation PATH`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from benchmarks.quality import anticipation, cases, dialogues, flaws, sentences


def main() -> None:
    """Run one measurement and print its table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument(
        "what", choices=("dialogues", "scopes", "updates", "extraction", "sentences", "flaws", "anticipation")
    )
    parser.add_argument("path", type=Path, help="the data; only the sessions for `anticipation` are shipped")
    parser.add_argument("--budget", type=int, default=1000, help="tokens of context (words and punctuation marks)")
    parser.add_argument("--noise", type=int, default=0, help="unrelated documents in each scope of each case")
    parser.add_argument("--verbose", action="store_true", help="name the cases that failed")
    options = parser.parse_args()
    if options.what == "dialogues":
        asyncio.run(dialogues.measure(options.path, budget=options.budget))
    elif options.what == "anticipation":
        asyncio.run(anticipation.measure(options.path))
    elif options.what == "sentences":
        asyncio.run(sentences.measure(options.path, verbose=options.verbose))
    elif options.what == "flaws":
        asyncio.run(flaws.measure(options.path, verbose=options.verbose))
    elif options.what == "scopes":
        asyncio.run(cases.scope_cases(options.path, noise=options.noise, verbose=options.verbose))
    elif options.what == "updates":
        asyncio.run(cases.update_cases(options.path, noise=options.noise, verbose=options.verbose))
    else:
        asyncio.run(cases.extraction_cases(options.path, verbose=options.verbose))


if __name__ == "__main__":
    main()
