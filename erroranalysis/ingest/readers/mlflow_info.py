"""What MLflow says about a trace as a whole: its info, and its assessments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from erroranalysis.ingest import dialects, steps
from erroranalysis.ingest.build import Facts, build, merged, moment
from erroranalysis.ingest.dialects.mlflow import decoded, said
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.values import (
    as_count,
    as_id,
    as_nanoseconds,
    as_number,
    as_text,
    as_time,
    unwrap,
)
from erroranalysis.records import Feedback, Span, Trace, digest

NAME = "mlflow"
KIND = "trace"
_METADATA = ("trace_metadata", "request_metadata")
_PREVIEWS = ("mlflow.traceInputs", "mlflow.traceOutputs")
_START = ("request_time", "timestamp_ms")
_DURATION = ("execution_duration_ms", "execution_duration", "execution_time_ms")
_MOVED = {
    *_METADATA, *_START, *_DURATION, "trace_id", "request_id", "tags", "assessments",
    "state", "status", "request_preview", "response_preview", "trace", "spans", "data",
    "request", "response", "info", "trace_info", "", "index", "Unnamed: 0",
}  # fmt: skip
_USAGE, _COST = "mlflow.trace.tokenUsage", "mlflow.trace.cost"
_SLICES = {
    "mlflow.trace.user": "user_id",
    "mlflow.modelId": "version",
    "mlflow.source.git.commit": "release",
    "mlflow.source.git.branch": "branch",
    "mlflow.sourceRun": "run_id",
    "mlflow.source.name": "source",
}
_FAILED = {"ERROR", "TRACE_STATUS_ERROR", "STATE_ERROR"}


def info_span(
    info: Mapping[str, Any], trace_id: str, more: Mapping[str, Any], *, alone: bool
) -> Span:
    """Return the span that stands for what is said about a whole trace.

    Parameters
    ----------
    info : mapping
        The info, of MLflow 2 or 3, or a row of a table.
    trace_id : str
        Id of the trace, in our spelling.
    more : mapping
        Columns beside it; ``request`` and ``response`` where they are not cut.
    alone : bool
        No spans came with it, which say better what was asked and answered.
    """
    about = _pairs(steps.first_of(info, _METADATA))
    tags = _pairs(info.get("tags"))
    started, ended = _times(info)
    given = {name: about.pop(name, None) for name in _PREVIEWS}
    asked = (more.get("request"), info.get("request_preview"), given[_PREVIEWS[0]])
    answer = (more.get("response"), info.get("response_preview"), given[_PREVIEWS[1]])
    added = {n: v for n, v in more.items() if n not in _MOVED and v not in (None, "")}
    attributes = {
        "trace_id": steps.first_of(info, ("trace_id", "request_id")),
        "state": steps.first_of(info, ("state", "status")),
        "trace_metadata": about,
        "tags": tags,
        "assessments": _by_id(info.get("assessments")),
        "columns": added,
        **steps.rest({n: v for n, v in info.items() if n not in added}, _MOVED),
    }
    return Span(
        trace_id,
        trace_id,
        kind=KIND,
        name=as_text(tags.get("mlflow.traceName")),
        started_ns=started,
        ended_ns=ended,
        input=_first_text(asked) if alone else None,
        output=_first_text(answer) if alone else None,
        attributes={name: value for name, value in attributes.items() if value},
        status="error" if _failed(attributes["state"]) else None,
        format=NAME,
    )


def _pairs(value: object) -> dict[str, Any]:
    """Return tags or metadata, which REST of MLflow 2 writes as a list of pairs."""
    value = unwrap(value)
    if isinstance(value, list):
        pairs = (item for item in value if isinstance(item, Mapping))
        return {str(item.get("key")): item.get("value") for item in pairs}
    return dict(value) if isinstance(value, Mapping) else {}


def _times(info: Mapping[str, Any]) -> tuple[int | None, int | None]:
    started = as_nanoseconds(steps.first_of(info, _START))
    lasted = steps.first_of(info, _DURATION)
    if started is None or lasted is None:
        return started, None
    text = str(lasted)
    unit = 1_000_000_000 if text.endswith("s") else 1_000_000  # "0.194s", or 194
    number = as_number(text.removesuffix("s"))
    return started, None if number is None else started + round(number * unit)


def _first_text(values: Sequence[object]) -> str | None:
    return next((text for one in values if (text := as_text(one))), None)


def _by_id(value: object) -> dict[str, Any]:
    """Return assessments by their id, so that a later export of one replaces it."""
    value = unwrap(value)
    items = value if isinstance(value, list) else []
    return {
        str(item.get("assessment_id") or digest(item)): dict(item)
        for item in items
        if isinstance(item, Mapping)
    }


def _failed(state: object) -> bool:
    return str(state).rpartition(".")[2] in _FAILED


def explain(span: Span) -> Facts:
    """Return what a span says, or what is said about the whole trace."""
    return _about(span) if _is_info(span) else dialects.explain(span)


def _is_info(span: Span) -> bool:
    return span.kind == KIND and span.format == NAME


def _about(span: Span) -> Facts:
    own = span.attributes
    about, tags = own.get("trace_metadata") or {}, own.get("tags") or {}
    usage, cost = steps.opened(about.get(_USAGE)), steps.opened(about.get(_COST))
    current = list(_current(own.get("assessments") or {}))
    expected = {
        str(item.get("assessment_name")): value
        for item in current
        if (value := _expected(item)) is not None
    }
    location = steps.opened(own.get("trace_location"))
    experiment = steps.opened(location.get("mlflow_experiment")).get("experiment_id")
    facts = {
        "name": span.name,
        "state": own.get("state"),
        "experiment_id": experiment or own.get("experiment_id"),
        "client_request_id": own.get("client_request_id"),
        **{ours: about.get(theirs) for theirs, ours in _SLICES.items()},
        **{n: v for n, v in about.items() if not n.startswith("mlflow.")},
        **{n: v for n, v in tags.items() if not n.startswith("mlflow.")},
        **(own.get("columns") or {}),
        "expectations": expected,
    }
    if own.get("trace_id") != span.trace_id:
        facts["source_id"] = own.get("trace_id")
    return Facts(
        asked=_preview(span.input, "user"),
        answered=_preview(span.output, "assistant"),
        session_id=as_id(about.get("mlflow.trace.session")),
        input_tokens=as_count(usage.get("input_tokens")),
        output_tokens=as_count(usage.get("output_tokens")),
        cost_usd=as_number(cost.get("total_cost")),
        error=str(own.get("state")) if span.status == "error" else None,
        metadata={n: v for n, v in facts.items() if v not in (None, "", {})},
        feedback=tuple(map(_feedback, current)),
    )


def _preview(text: str | None, side: Any) -> str | None:  # noqa: ANN401 - a side
    """Return what a preview says; one that is cut inside of JSON says nothing."""
    value = decoded(text)
    if isinstance(value, str) and value[:1] in ("{", "["):
        return None
    if isinstance(value, str) and value == text and value.startswith('"'):
        return value[1:]  # cut inside of a text
    return said(text, side)


def _current(assessments: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the assessments that still hold: not invalid, not overridden."""
    over = {item.get("overrides") for item in assessments.values()}
    for key, item in assessments.items():
        if item.get("valid") not in (False, "false") and key not in over:
            yield item


def _expected(item: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Return what a person says that the answer should have been."""
    given = steps.opened(item.get("expectation"))
    if (packed := steps.opened(given.get("serialized_value"))) and "value" in packed:
        return decoded(packed["value"])
    return given.get("value")


def _feedback(item: Mapping[str, Any]) -> Feedback:
    said_so = steps.opened(item.get("feedback") or item.get("issue"))
    value = said_so.get("value")
    if value is None:
        value = _expected(item)
    source = steps.opened(item.get("source"))
    who = [str(source.get("source_type") or "assessment").lower()]
    if source.get("source_id") not in (None, "", "default"):
        who.append(str(source["source_id"]))
    comment = [
        as_text(item.get("rationale")),
        _problem(said_so.get("error") or item.get("error")),
    ]
    when = steps.first_of(item, ("create_time", "create_time_ms", "timestamp"))
    return steps.scored(
        str(steps.first_of(item, ("assessment_name", "name")) or "assessment"),
        value,
        " ".join(who),
        comment="\n\n".join(filter(None, comment)),
        created_at=as_time(when),
        span_id=normal_id(item.get("span_id")),
    )


def _problem(error: object) -> str | None:
    """Return why a judge could not judge."""
    about = steps.opened(error)
    words = (about.get("error_code"), about.get("error_message"))
    text = ": ".join(str(word) for word in words if word)
    return f"error: {text}" if text else None


def builds(spans: Sequence[Span]) -> Trace:
    """Return a trace: what its spans say, and what the info says beside them."""
    whole = merged(spans)
    about = next((span for span in whole if _is_info(span)), None)
    others = [span for span in whole if not _is_info(span)]
    if about is None or not others:
        return build(whole, explain)
    trace, info = build(others, explain), _about(about)
    error = trace.error
    if error is None and info.error is not None:
        error = trace.metadata.get("child_error") or info.error
    messages = trace.messages
    if trace.input is None and info.asked:
        messages = [{"role": "user", "content": info.asked}, *messages]
    if trace.output is None and info.answered:
        messages = [*messages, {"role": "assistant", "content": info.answered}]
    return replace(
        trace,
        messages=messages,
        session_id=info.session_id or trace.session_id,
        started_at=trace.started_at or _moment(about.started_ns),
        ended_at=trace.ended_at or _moment(about.ended_ns),
        input_tokens=_either(trace.input_tokens, info.input_tokens),
        output_tokens=_either(trace.output_tokens, info.output_tokens),
        cost_usd=_either(trace.cost_usd, info.cost_usd),
        error=error,
        metadata={**trace.metadata, **info.metadata},
        feedback=tuple(dict.fromkeys((*info.feedback, *trace.feedback))),
        spans=(about, *trace.spans),
    )


def _moment(nanoseconds: int | None) -> Any:  # noqa: ANN401 - a time or nothing
    return moment(nanoseconds) if nanoseconds else None


def _either(first: Any, second: Any) -> Any:  # noqa: ANN401 - a number or nothing
    return second if first is None else first
