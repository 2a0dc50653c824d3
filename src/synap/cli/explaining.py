"""`synap why-not`: why a memory is not in the answer to a question."""

from __future__ import annotations

from typing import Annotated

import typer

from synap.api.contexts import WhyNotAnswer
from synap.cli.options import ApiKey, AsJson, BaseUrl, CustomerId, DataDir, UserId, open_synap
from synap.cli.outcome import run
from synap.cli.output import emit_json, emit_lines


def why_not(
    memory_id: Annotated[str, typer.Argument(help="The memory, by its id.")],
    query: Annotated[str, typer.Argument(help="The question.")],
    customer: CustomerId = None,
    user: UserId = None,
    max_results: Annotated[int, typer.Option(help="Items, 50 at most, as in the fetch asked about.")] = 10,
    max_tokens: Annotated[int | None, typer.Option(help="Token budget, as in the fetch asked about.")] = None,
    as_of: Annotated[str | None, typer.Option(help="What was believed at this ISO 8601 moment.")] = None,
    data_dir: DataDir = None,
    url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Tell why a memory is not in the answer to a question: the first stage that it did not pass."""
    sdk = open_synap(data_dir=data_dir, base_url=url, api_key=api_key)

    async def work() -> WhyNotAnswer:
        return await sdk.memories.why_not(
            memory_id,
            query,
            user_id=user,
            customer_id=customer,
            max_results=max_results,
            max_tokens=max_tokens,
            as_of=as_of,
        )

    answer = run(sdk, work, as_json=as_json)
    if as_json:
        emit_json(answer)
        return
    emit_lines([_sentence(answer)])


def _sentence(answer: WhyNotAnswer) -> str:
    if answer.served:
        return f"served, number {answer.rank}"
    by = f" ({answer.by})" if answer.by else ""
    places = {"by meaning": answer.vector_rank, "by words": answer.lexical_rank}
    told = ", ".join(f"number {place} {channel}" for channel, place in places.items() if place is not None)
    return f"{answer.reason}: {answer.explanation}{by}" + (f" [{told}]" if told else "")
