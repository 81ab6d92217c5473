"""Logs of Inspect AI: one trace for every sample and epoch.

A log is one JSON object with ``samples``; an archive (``.eval``) comes as one such
object for every sample, see ``archives/inspect_eval.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from erroranalysis.ingest.messages import kind
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader
from erroranalysis.ingest.readers.inspect_events import (
    NAME,
    attachments_of,
    events_of,
    spans_of,
)
from erroranalysis.ingest.readers.inspect_messages import (
    error_text,
    messages_of,
    resolved,
)
from erroranalysis.ingest.values import (
    as_count,
    as_id,
    as_number,
    as_text,
    as_time,
    unwrap,
)
from erroranalysis.records import Feedback, Message, Trace, digest

_BESIDE = ("samples", "status", "plan", "version")
_SAMPLE = ("id", "epoch", "input", "target", "messages")
# what Inspect itself takes its grades for when it computes the accuracy
_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_FACTS = (
    "total_time", "working_time", "turn_count", "choices", "sandbox", "limit",
    "invalidation",
)  # fmt: skip
_UNEXPECTED = (TypeError, ValueError, LookupError, AttributeError, RecursionError)


def _detects(record: Mapping[str, Any]) -> bool:
    head = record.get("eval")
    if isinstance(head, Mapping):
        return "task" in head and any(name in record for name in _BESIDE)
    return _is_sample(record)


def _is_sample(record: Mapping[str, Any]) -> bool:
    """Return whether a record is a sample on its own, taken out of its log."""
    is_one = all(name in record for name in _SAMPLE)
    return is_one and isinstance(record["messages"], list)


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Trace | Bad]:
    alone = not isinstance(record.get("eval"), Mapping) and _is_sample(record)
    samples = [record] if alone else unwrap(record.get("samples"))
    log = {} if alone else record
    if not isinstance(samples, list) or not samples:
        raise BadRecord(_no_samples(record))
    for place, sample in enumerate(samples):
        part = f"samples[{place}]" if len(samples) > 1 else ""
        try:
            yield _trace(sample, log)
        except BadRecord as reason:
            yield Bad(str(reason), sample, part)
        except _UNEXPECTED as error:
            detail = str(error) or type(error).__name__
            yield Bad(f"not a sample of Inspect: {detail}", sample, part)


def _no_samples(record: Mapping[str, Any]) -> str:
    head = record.get("eval")
    if not isinstance(head, Mapping):
        there = ", ".join(map(str, record)) or "nothing"
        return f"no log of Inspect: it has no 'eval'; the record has {there}"
    status = as_text(record.get("status")) or "unknown"
    return (
        f"the log of the task {as_text(head.get('task'))!r} (status: {status}) holds no"
        " samples, so there is nothing to import; take the whole log, not only its"
        " header, of a run that logs samples (without --no-log-samples)"
    )


def _trace(sample: Any, log: Mapping[str, Any]) -> Trace:  # noqa: ANN401 - as it is
    if not isinstance(sample, Mapping):
        raise BadRecord(f"a sample is {kind(sample)}, not an object")
    head: Mapping[str, Any] = log.get("eval") or {}
    apart = attachments_of(sample)
    asked = _asked(sample.get("input"), apart)
    answer = _answer(sample.get("output"), apart)
    messages = messages_of(sample.get("messages"), apart) or [*asked, *answer]
    trace_id = _identity(sample, head, messages)
    started, ended = _times(sample)
    return Trace(
        id=trace_id,
        messages=messages,
        session_id=as_id(head.get("run_id")),
        started_at=as_time(started),
        ended_at=as_time(ended),
        model=_model(sample, head),
        error=error_text(sample.get("error")),
        metadata=_metadata(sample, log, head, apart),
        tags=[str(tag) for name in (head, log) for tag in name.get("tags") or ()],
        feedback=_feedback(sample, log),
        input=next(
            (m["content"] for m in reversed(asked) if m["role"] == "user"), None
        ),
        output=next((m["content"] for m in answer if m["content"]), None),
        spans=spans_of(sample, trace_id),
        **_sums(sample),
    )


def _identity(
    sample: Mapping[str, Any], head: Mapping[str, Any], messages: list[Message]
) -> str:
    """Return the id of a sample; before 2025 only place and epoch tell it."""
    if (uuid := as_id(sample.get("uuid"))) is not None:
        return uuid
    names = [head.get("eval_id")] if head.get("eval_id") else []
    names = names or [head[n] for n in ("run_id", "task_id") if head.get(n)]
    names = names or [digest(messages)]
    return "_".join(
        str(name) for name in (*names, sample.get("id"), sample.get("epoch", 1))
    )


def _asked(given: Any, apart: Mapping[str, Any]) -> list[Message]:  # noqa: ANN401
    if isinstance(given, list):
        return messages_of(given, apart)
    text = as_text(resolved(given, apart))
    return [{"role": "user", "content": text}] if text else []


def _answer(given: Any, apart: Mapping[str, Any]) -> list[Message]:  # noqa: ANN401
    if not isinstance(given, Mapping):
        return []
    for choice in given.get("choices") or ():
        if choice.get("message"):
            return messages_of([choice["message"]], apart)
    text = as_text(resolved(given.get("completion"), apart))
    return [{"role": "assistant", "content": text}] if text else []


def _times(sample: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return start and end; where the sample does not say, of its first and last event.

    The times of one log are written in one way, so that they sort as text.
    """
    events = events_of(sample)
    starts = [str(event["timestamp"]) for event in events if event.get("timestamp")]
    ends = [str(event["completed"]) for event in events if event.get("completed")]
    return (
        sample.get("started_at") or min(starts, default=None),
        sample.get("completed_at") or max([*starts, *ends], default=None),
    )


def _model(sample: Mapping[str, Any], head: Mapping[str, Any]) -> str | None:
    model = as_text(head.get("model"))
    if model and model != "none/none":  # of a task that brings an agent of its own
        return model
    output = sample.get("output")
    said = output.get("model") if isinstance(output, Mapping) else None
    return as_text(said or model or None)


def _sums(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return tokens and cost over all models; early logs have the last call only."""
    usage = sample.get("model_usage")
    rows = list(usage.values()) if isinstance(usage, Mapping) else []
    if not rows:
        rows = [_usage(e) for e in events_of(sample) if e.get("event") == "model"]
    if not any(rows):
        rows = [_usage(sample)]
    sums: dict[str, Any] = {}
    for name, field, read in (
        ("input_tokens", "input_tokens", as_count),
        ("output_tokens", "output_tokens", as_count),
        ("cost_usd", "total_cost", as_number),
    ):
        found = [read(row.get(field)) for row in rows if isinstance(row, Mapping)]
        counts = [count for count in found if count is not None]
        sums[name] = sum(counts) if counts else None
    return sums


def _usage(bearer: Mapping[str, Any]) -> Mapping[str, Any]:
    output = bearer.get("output")
    usage = output.get("usage") if isinstance(output, Mapping) else None
    return usage if isinstance(usage, Mapping) else {}


def _metadata(
    sample: Mapping[str, Any],
    log: Mapping[str, Any],
    head: Mapping[str, Any],
    apart: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what traces are compared by; what the dataset says keeps its names."""
    output, dataset = sample.get("output"), head.get("dataset")
    choices = output.get("choices") if isinstance(output, Mapping) else None
    facts = {
        "task": head.get("task"),
        "task_args": head.get("task_args"),
        "eval_id": head.get("eval_id"),
        "eval_status": log.get("status"),
        "eval_created": head.get("created"),
        "dataset": dataset.get("name") if isinstance(dataset, Mapping) else None,
        "solver": _solver(log, head),
        "revision": _inner(head.get("revision"), "commit"),
        "inspect_ai": _inner(head.get("packages"), "inspect_ai"),
        "eval_metadata": {
            **(head.get("metadata") or {}), **(log.get("metadata") or {}),
        },
        "sample_id": sample.get("id"),
        "epoch": sample.get("epoch"),
        "target": resolved(sample.get("target"), apart),
        "stop_reason": _inner(choices[0] if choices else None, "stop_reason"),
        "response_model": _inner(output, "model"),
        "retries": len(sample.get("error_retries") or ()),
        **{name: sample.get(name) for name in _FACTS},
    }  # fmt: skip
    known = {name: value for name, value in facts.items() if value or value == 0}
    if not known["retries"]:
        del known["retries"]
    given = resolved(sample.get("metadata") or {}, apart)
    for name, value in given.items():
        known[f"metadata.{name}" if name in known else name] = value
    return known


def _inner(value: Any, name: str) -> Any:  # noqa: ANN401 - any JSON value
    return value.get(name) if isinstance(value, Mapping) else None


def _solver(log: Mapping[str, Any], head: Mapping[str, Any]) -> str | None:
    if head.get("solver"):
        return as_text(head["solver"])
    steps = _inner(log.get("plan"), "steps")
    names = [_inner(step, "solver") for step in steps or ()]
    return ", ".join(str(name) for name in names if name) or None


def _feedback(
    sample: Mapping[str, Any], log: Mapping[str, Any]
) -> tuple[Feedback, ...]:
    scores = sample.get("scores")
    if scores is None and sample.get("score") is not None:  # one score in early logs
        results = _inner(log.get("results"), "scores") or [{}]
        scores = {_inner(results[0], "name") or "score": sample["score"]}
    if not isinstance(scores, Mapping):
        return ()
    when = {
        event.get("scorer"): event.get("timestamp")
        for event in events_of(sample)
        if event.get("event") == "score" and not event.get("intermediate")
    }
    return tuple(
        item
        for scorer, score in scores.items()
        for item in _scored(str(scorer), score, when.get(scorer))
    )


def _scored(scorer: str, score: Any, when: Any) -> Iterator[Feedback]:  # noqa: ANN401
    """Yield what one scorer said; a value of many names is many scores."""
    said = score if isinstance(score, Mapping) else {"value": score}
    value = said.get("value")
    origin, comment = scorer, _comment(said)
    for edit in said.get("history") or ():
        by = _inner(edit, "provenance")
        if _inner(by, "author"):  # a person changed the score afterwards
            origin, when = str(by["author"]), by.get("timestamp") or when
            comment = as_text(by.get("reason")) or comment
    many = value if isinstance(value, Mapping) else {scorer: value}
    for name, one in many.items():
        if one is None and comment is None:
            continue
        number = _GRADES.get(one) if isinstance(one, str) else as_number(one)
        yield Feedback(str(name), as_text(one), number, comment, origin, as_time(when))


def _comment(said: Mapping[str, Any]) -> str | None:
    answer, why = as_text(said.get("answer")), as_text(said.get("explanation"))
    if answer and why and answer.strip() != why.strip():
        return f"answer: {answer}\n\n{why}"
    return why or answer or None


READER = Reader(
    NAME,
    "logs of Inspect AI (eval, samples)",
    _detects,
    _reads,
)
