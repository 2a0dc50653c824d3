"""`synap evaluate`: how well extraction does on cases of one's own, with the rules alone or with one's own model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from synap.bootstrap import choose_language_model
from synap.cli.options import read_file
from synap.cli.outcome import Exit, run
from synap.cli.output import emit_lines, emit_table
from synap.engine.enhancing import Enhancer
from synap.engine.evaluation import Evaluation, evaluate
from synap.engine.metering import metered
from synap.errors import InvalidInputError, SetupError
from synap.ingestion.scoring import Score, read_cases
from synap.maca.schema import ExtractionMode, Ingestion
from synap.settings import Settings


def evaluate_cases(
    file: Annotated[Path, typer.Argument(help="Cases, one JSON object a line.")],
    mode: Annotated[
        ExtractionMode, typer.Option("--mode", help="`enhanced` asks the language model of SYNAP_LLM_URL as well.")
    ] = ExtractionMode.STANDARD,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures and failures here.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what the failed cases failed in.")] = False,
) -> None:
    """Measure extraction on cases of your own. Needs no store. Exits 8 where the language model failed in part."""

    async def work() -> Evaluation:
        cases = list(read_cases(read_file(file, field="file").splitlines()))
        if not cases:
            raise InvalidInputError(f"{file} holds no cases", field="file")
        model = metered(choose_language_model(Settings.from_environment())) if mode is ExtractionMode.ENHANCED else None
        if mode is ExtractionMode.ENHANCED and model is None:
            raise SetupError("no language model is configured: set SYNAP_LLM_URL and SYNAP_LLM_MODEL", field="mode")
        try:
            return await evaluate(cases, None if model is None else Enhancer(model), Ingestion())
        finally:
            if model is not None:
                await model.close()

    made = run(None, work, as_json=False)
    if json_file is not None:
        _write(json_file, figures(made, mode))
    _show(made, mode, verbose=verbose)
    if made.degraded:
        raise typer.Exit(Exit.PARTIAL)


def figures(made: Evaluation, mode: ExtractionMode) -> dict[str, Any]:
    """Return everything that was measured, for a file."""
    score = made.score
    return {
        "mode": mode.value,
        "cases": score.cases.total(),
        "strict": round(score.strict, 4),
        "recall": round(score.recall, 4),
        "precision": round(score.precision, 4),
        "groups": {name: {"passed": score.passed[name], "cases": count} for name, count in score.cases.items()},
        "types": [
            dict(zip(("type", "recall", "expected", "precision", "made"), row, strict=True)) for row in _types(score)
        ],
        "flaws": dict(score.flaws),
        "failures": [
            {"id": one.id, "missed": one.missed, "memories": [memory._asdict() for memory in one.memories]}
            for one in score.failures
        ],
        "language_model": {
            "requests": made.usage.requests,
            "input_tokens": made.usage.input_tokens,
            "output_tokens": made.usage.output_tokens,
            "degraded_cases": made.degraded,
            "warnings": made.warnings,
        },
    }


def _show(made: Evaluation, mode: ExtractionMode, *, verbose: bool) -> None:
    score = made.score
    passed, cases = score.passed.total(), score.cases.total()
    shares = f"recall {score.recall:.0%}, precision {score.precision:.0%}"
    emit_lines([f"mode {mode.value}: strict {passed}/{cases} ({score.strict:.0%}), {shares}"])
    emit_table(
        ("type", "recall", "expected", "precision", "made"),
        [
            (kind, f"{recall:.0%}", wanted, f"{precision:.0%}", n)
            for kind, recall, wanted, precision, n in _types(score)
        ],
    )
    if score.flaws:
        emit_lines([f"flaws in the texts: {', '.join(f'{count} {flaw}' for flaw, count in score.flaws.items())}"])
    if mode is ExtractionMode.ENHANCED:
        emit_lines([f"language model: {made.usage.requests} requests, {made.usage.tokens} tokens"])
    emit_lines(f"attention: {code} in {count} cases" for code, count in made.warnings.items())
    if verbose:
        emit_lines(_told(score))


def _told(score: Score) -> Iterator[str]:
    for failure in score.failures:
        yield f"{failure.id}: missed {'; '.join(failure.missed)}"
        for memory in failure.memories:
            yield f"  [{memory.type}] {memory.content}" + (f" ({memory.event_date[:10]})" if memory.event_date else "")


def _types(score: Score) -> Iterator[tuple[str, float, int, float, int]]:
    for kind in sorted(score.expected | score.made):
        wanted, made = score.expected[kind], score.made[kind]
        yield (
            kind,
            round(score.met[kind] / wanted, 4) if wanted else 1.0,
            wanted,
            round(score.right[kind] / made, 4) if made else 1.0,
            made,
        )


def _write(path: Path, value: Any) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be written: {error.strerror or error}", field="json") from error
