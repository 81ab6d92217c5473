"""Asking a model, one trace a call, every finished call written at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis import llm, prompts
from erroranalysis.records import digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from erroranalysis.records import Trace
    from erroranalysis.store import Store


def judge_row(judge_id: str, prompt_hash: str, trace: Trace) -> dict[str, Any]:
    """Return what identifies a call: judge, content of the trace, run.

    The key is content: a trace that grew, or a prompt that changed, is asked again;
    the same trace in another place is not.
    """
    return {
        "judge_id": judge_id,
        "trace_id": trace.id,
        "run_index": 0,
        "cache_key": digest(judge_id, prompt_hash, trace.id, trace.content_hash, 0),
    }


def call_model(
    store: Store,
    judge: Mapping[str, Any],
    parameters: Mapping[str, Any],
    cases: Sequence[tuple[Trace, dict[str, Any]]],
    *,
    concurrency: int,
    timeout: float,
    progress: bool,
) -> list[dict[str, Any]]:
    """Ask a model about traces and return the finished rows."""
    from tqdm.auto import tqdm

    if not cases:
        return []
    by_key = {row["cache_key"]: row for _, row in cases}
    finished: list[dict[str, Any]] = []
    requests = [
        llm.Request(
            row["cache_key"],
            prompts.ask(judge["prompt"], trace),
            prompts.VERDICT_SCHEMA,
        )
        for trace, row in cases
    ]
    kept = {
        name: value
        for name, value in parameters.items()
        if name in ("temperature", "seed") and value is not None
    }
    endpoint = llm.Endpoint(
        judge["model"], parameters.get("base_url"), concurrency, timeout,
        parameters=kept,
    )  # fmt: skip
    with tqdm(
        total=len(requests), desc=judge["model"], delay=1, disable=not progress
    ) as bar:

        def keep(reply: llm.Reply) -> None:
            row = {**by_key[reply.key], **_as_row(reply)}
            store.judging.add_judgements([row])
            finished.append(row)
            bar.update()

        llm.complete(requests, endpoint, keep)
    return finished


def _as_row(reply: llm.Reply) -> dict[str, Any]:
    value = reply.value or {}
    return {
        "verdict": value.get("verdict"),
        "critique": value.get("critique") or reply.detail,
        "error": reply.error,
        "latency_seconds": reply.seconds,
        "input_tokens": reply.input_tokens,
        "output_tokens": reply.output_tokens,
        "model_returned": reply.model,
        "raw": reply.raw,
    }
