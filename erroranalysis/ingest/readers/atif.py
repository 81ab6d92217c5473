"""ATIF: trajectories of agents as Harbor writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from erroranalysis.ingest.build import moment
from erroranalysis.ingest.messages import kind, normalise
from erroranalysis.ingest.reader import Bad, BadRecord, Context, Reader
from erroranalysis.ingest.values import (
    as_count,
    as_id,
    as_nanoseconds,
    as_number,
    as_text,
    unwrap,
)
from erroranalysis.records import Message, Span, Trace, digest

NAME = "atif"
_ROLES = {"user": "user", "agent": "assistant", "system": "system"}
_COUNTS = {
    "input_tokens": ("total_prompt_tokens", "prompt_tokens"),
    "output_tokens": ("total_completion_tokens", "completion_tokens"),
    "cost_usd": ("total_cost_usd", "cost_usd"),
}
# what a span holds in columns of its own
_IN_COLUMNS = {"message", "timestamp", "tool_calls", "observation"}


def _is_trajectory(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and str(value.get("schema_version")).upper().startswith("ATIF")
        and isinstance(value.get("steps"), list)
    )


def _detects(record: Mapping[str, Any]) -> bool:
    if _is_trajectory(record):
        return True
    # several trajectories under names, such as those of an agent and its helpers
    return bool(record) and all(map(_is_trajectory, record.values()))


def _reads(record: Mapping[str, Any], _: Context) -> Iterator[Trace | Bad]:
    if _is_trajectory(record):
        yield from _family({"": record})
    elif _detects(record):
        yield from _family(record)
    else:
        there = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"no steps of an ATIF trajectory; the record has {there}")


def _family(named: Mapping[str, Any]) -> Iterator[Trace | Bad]:
    """Yield the trace of each trajectory; helpers get the session of who called."""
    several = bool(named) and "" not in named
    parents = _parents(named.values())
    for name, trajectory in named.items():
        parent = _top(_id_of(trajectory), parents)
        try:
            yield _trace(trajectory, parent)
        except BadRecord as reason:
            if not several:
                raise
            yield Bad(str(reason), trajectory, name)
        for place, helper in enumerate(trajectory.get("subagent_trajectories") or ()):
            part = f"{name}.subagent_trajectories[{place}]".lstrip(".")
            steps = helper.get("steps") if isinstance(helper, Mapping) else None
            if not isinstance(steps, list):
                yield Bad("no steps of an ATIF trajectory", helper, part)
                continue
            try:
                yield _trace(helper, parent or _id_of(trajectory))
            except BadRecord as reason:
                yield Bad(str(reason), helper, part)


def _id_of(trajectory: Mapping[str, Any]) -> str | None:
    # since 1.7 helpers may share the session, and have an id of their own
    given = trajectory.get("trajectory_id") or trajectory.get("session_id")
    return as_id(given)


def _parents(trajectories: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return which trajectory called which, by the references in the results."""
    parents: dict[str, str] = {}
    for trajectory in trajectories:
        own = _id_of(trajectory)
        for step in trajectory["steps"]:
            for result in _results(step) if isinstance(step, Mapping) else ():
                for reference in _references(result):
                    called = _id_of(reference)
                    if called and own and called != own:
                        parents[called] = own
    return parents


def _top(trace_id: str | None, parents: Mapping[str, str]) -> str | None:
    """Return the trajectory at the top of those that called this one."""
    seen: set[str] = set()
    above = parents.get(trace_id or "")
    while above is not None and above in parents and above not in seen:
        seen.add(above)
        above = parents[above]
    return above


def _results(step: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    observation = step.get("observation")
    results = observation.get("results") if isinstance(observation, Mapping) else None
    if not isinstance(results, list):
        return []
    return [result for result in results if isinstance(result, Mapping)]


def _references(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the references to the trajectories of helpers in a result."""
    given = result.get("subagent_trajectory_ref")
    items = given if isinstance(given, list) else [given]
    return [item for item in items if isinstance(item, Mapping)]


def _answer(result: Mapping[str, Any]) -> object:
    """Return the content of a result, or where it says nothing, where to look."""
    if result.get("content"):
        return result["content"]
    lines: list[str] = []
    for reference in _references(result):
        where = _id_of(reference) or as_text(reference.get("trajectory_path"))
        about = reference.get("extra")
        summary = about.get("summary") if isinstance(about, Mapping) else None
        if where:
            lines.append(
                f"see trajectory {where}" + (f": {summary}" if summary else "")
            )
    return "\n".join(lines) or result.get("content")


def _trace(trajectory: Mapping[str, Any], parent: str | None) -> Trace:
    steps = trajectory["steps"]
    if not steps:
        raise BadRecord("the trajectory has no steps")
    messages: list[Message] = []
    for place, step in enumerate(steps, 1):
        messages += _messages(step, place)
    trace_id = _id_of(trajectory) or "atif_" + digest(messages)
    spans = _spans(trajectory, trace_id)
    agent = trajectory.get("agent")
    agent = agent if isinstance(agent, Mapping) else {}
    models = [step.get("model_name") for step in reversed(steps)]
    model = agent.get("model_name") or next(filter(None, models), None)
    started, ended = spans[0].started_ns, spans[0].ended_ns
    return Trace(
        id=trace_id,
        messages=messages,
        session_id=parent or as_id(trajectory.get("session_id")),
        started_at=moment(started) if started else None,
        ended_at=moment(ended) if ended else None,
        model=as_text(model),
        metadata=_metadata(trajectory, agent, parent),
        spans=tuple(spans),
        **_totals(trajectory),
    )


def _messages(step: object, place: int) -> list[Message]:
    """Return what a step said, and what the tools that it called answered."""
    if not isinstance(step, Mapping):
        raise BadRecord(f"step {place} is {kind(step)}, not an object")
    role = _ROLES.get(str(step.get("source")))
    if role is None:
        known = ", ".join(_ROLES)
        raise BadRecord(
            f"step {place} has the source {step.get('source')!r}; known: {known}"
        )
    calls = _calls(step)
    message: dict[str, Any] = {"role": role, "content": _content(step.get("message"))}
    if calls:
        message["tool_calls"] = calls
    if step.get("reasoning_content"):
        message["reasoning_content"] = step["reasoning_content"]
    out = normalise([message])
    for result in _results(step):
        called = result.get("source_call_id")
        if called is None and len(calls) == 1:
            called = calls[0]["id"]
        said = {"role": "tool", "content": _content(_answer(result))}
        if called is not None:
            said["tool_call_id"] = called
        out += normalise([said])
    return out


def _calls(step: Mapping[str, Any]) -> list[dict[str, Any]]:
    calls = step.get("tool_calls")
    return [
        {
            "id": call.get("tool_call_id"),
            "name": call.get("function_name"),
            "arguments": unwrap(call.get("arguments")),
        }
        for call in (calls if isinstance(calls, list) else ())
        if isinstance(call, Mapping)
    ]


def _content(given: object) -> object:
    """Return text, or parts in which media stand as they do elsewhere."""
    if not isinstance(given, list):
        return given
    return [_part(part) if isinstance(part, Mapping) else part for part in given]


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    source = part.get("source")
    if part.get("type") == "text" or not isinstance(source, Mapping):
        return part
    link = source.get("path") or source.get("url") or source.get("data")
    return {"type": part.get("type"), "url": link}


def _metadata(
    trajectory: Mapping[str, Any], agent: Mapping[str, Any], parent: str | None
) -> dict[str, Any]:
    extra = trajectory.get("extra")
    out: dict[str, Any] = dict(extra) if isinstance(extra, Mapping) else {}
    own = agent.get("extra")
    out |= own if isinstance(own, Mapping) else {}
    for step in trajectory["steps"]:
        about = step.get("extra")
        if step.get("source") == "user" and isinstance(about, Mapping):
            out |= {k: v for k, v in about.items() if not isinstance(v, dict | list)}
            break
    out |= {
        "agent": agent.get("name"),
        "version": agent.get("version"),
        "schema_version": trajectory.get("schema_version"),
        "notes": trajectory.get("notes"),
        "continued_trajectory_ref": trajectory.get("continued_trajectory_ref"),
        "parent_id": parent,
    }
    final = trajectory.get("final_metrics")
    cached = final.get("total_cached_tokens") if isinstance(final, Mapping) else None
    out["cached_tokens"] = as_count(cached) or None
    return {name: value for name, value in out.items() if value is not None}


def _totals(trajectory: Mapping[str, Any]) -> dict[str, Any]:
    """Return tokens and cost: the totals of the file, or else those of its steps."""
    final = trajectory.get("final_metrics")
    final = final if isinstance(final, Mapping) else {}
    steps = [
        step["metrics"]
        for step in trajectory["steps"]
        if isinstance(step.get("metrics"), Mapping)
        and not step.get("is_copied_context")
    ]
    out: dict[str, Any] = {}
    for name, (total, single) in _COUNTS.items():
        read = as_number if name == "cost_usd" else as_count
        value = read(final.get(total))
        if value is None:
            found = [n for step in steps if (n := read(step.get(single))) is not None]
            value = sum(found) if found else None
        out[name] = value
    return out


def _spans(trajectory: Mapping[str, Any], trace_id: str) -> list[Span]:
    """Return the agent, its steps and the tools it called as spans."""
    agent = trajectory.get("agent")
    agent = agent if isinstance(agent, Mapping) else {}
    about = {k: v for k, v in trajectory.items() if k != "steps"}
    about.pop("subagent_trajectories", None)
    root = Span(
        trace_id, "agent", None, "agent", as_text(agent.get("name")),
        attributes=about, format=NAME,
    )  # fmt: skip
    spans = [root]
    for place, step in enumerate(trajectory["steps"], 1):
        spans += _step(step, place, trace_id)
    times = [span.started_ns for span in spans if span.started_ns]
    if times:
        root.started_ns, root.ended_ns = min(times), max(times)
    return spans


def _step(step: Mapping[str, Any], place: int, trace_id: str) -> Iterator[Span]:
    span_id = f"step {step.get('step_id', place)}"
    is_agent = step.get("source") == "agent"
    said = as_text(step.get("message"))
    began = as_nanoseconds(step.get("timestamp"))
    attributes = {k: v for k, v in step.items() if k not in _IN_COLUMNS}
    results, calls = _results(step), _calls(step)
    yield Span(
        trace_id, span_id, "agent", "llm" if is_agent else "event",
        as_text(step.get("model_name") or step.get("source")), began, None,
        None if is_agent else said, said if is_agent else None, attributes, None, NAME,
    )  # fmt: skip
    for nth, call in enumerate(calls):
        own = {str(call["id"]), *(["None"] if len(calls) == 1 else ())}
        result = next((r for r in results if str(r.get("source_call_id")) in own), None)
        results = [one for one in results if one is not result]
        yield Span(
            trace_id, f"{span_id} call {nth}", span_id, "tool", as_text(call["name"]),
            began, None, as_text(call["arguments"]),
            as_text(_answer(result)) if result else None,
            _about(call, result), None, NAME,
        )  # fmt: skip
    for nth, result in enumerate(results):
        yield Span(
            trace_id, f"{span_id} result {nth}", span_id, "event", "observation",
            began, None, None, as_text(_answer(result)),
            _about({"id": None}, result), None, NAME,
        )  # fmt: skip


def _about(call: Mapping[str, Any], result: Mapping[str, Any] | None) -> dict[str, Any]:
    rest = {k: v for k, v in (result or {}).items() if k != "content"}
    return {**rest, "tool_call_id": call["id"]} if call["id"] else rest


READER = Reader(
    NAME,
    "ATIF trajectories (schema_version ATIF-…, steps)",
    _detects,
    _reads,
)
