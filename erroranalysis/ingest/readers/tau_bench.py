"""tau-bench results: ``traj`` holds the messages, ``reward`` what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord, Context, Reader, single
from erroranalysis.ingest.values import as_number, as_text
from erroranalysis.records import Feedback, Trace, digest


def _detects(record: Mapping[str, Any]) -> bool:
    return isinstance(record.get("traj"), list) and "task_id" in record


def _to_trace(record: Mapping[str, Any], context: Context) -> Trace:
    columns = context.columns
    if not isinstance(record.get("traj"), list):
        raise BadRecord("no trajectory: 'traj' is not a list")
    messages = normalise(record["traj"])
    reward = as_number(record.get("reward"))
    info = _object(record.get("info"))
    task = _object(info.get("task"))
    feedback = Feedback("reward", as_text(reward), reward, None, "environment")
    facts = {
        "task_id": record.get("task_id"),
        "trial": record.get("trial", 0),
        "reward": reward,
        "user_id": task.get("user_id"),
        "instruction": task.get("instruction"),
        "reward_info": info.get("reward_info"),
    }
    trace_id = f"tau_{record.get('task_id')}_{record.get('trial', 0)}"
    if "id" in columns and columns["id"] is None:
        trace_id = "tau_" + digest(messages)
    return Trace(
        id=trace_id,
        messages=messages,
        error=as_text(info.get("error") or None),
        metadata={name: value for name, value in facts.items() if value is not None},
        feedback=(feedback,) if reward is not None else (),
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


READER = Reader(
    "tau-bench",
    "tau-bench results (task_id, reward, traj)",
    _detects,
    single(_to_trace),
)
