"""Where traces first go wrong: the last good step, and the first failing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.measure import Transitions, failing_transitions
from erroranalysis.render.calls import calls_of, pair_tools
from erroranalysis.render.links import linked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from erroranalysis.records import Message, Trace
    from erroranalysis.store import Store

_UNHEARD = ("system", "developer")


def transitions(store: Store, *, annotator: str | None = None) -> Transitions:
    """Count where traces first went wrong, by the step before and the step itself.

    Parameters
    ----------
    store : Store
        The project file.
    annotator : str, optional
        Whose verdicts; the busiest annotator's by default.

    Returns
    -------
    Transitions
        By steps of the conversation: what the user said, calls of tools, their
        results, answers. A step of a trace counts as the message that it gave.

    Raises
    ------
    NothingToDoError
        Nobody has annotated yet.
    UnknownNameError
        There is no such annotator.
    """
    annotator = store.annotations.reference(annotator)
    said = {
        trace_id: item
        for trace_id, item in store.annotations.current(annotator).items()
        if item.verdict in ("pass", "fail")
    }
    names, verdicts, failing, ids = [], [], [], []
    for trace in store.traces.many(said):
        item = said[trace.id]
        steps = steps_of(trace.messages)
        names.append(list(steps.values()))
        verdicts.append(str(item.verdict))
        place = None
        if item.verdict == "fail":
            place = _place(store, trace, item.first_failure)
        failing.append(list(steps).index(place) if place in steps else None)
        ids.append(trace.id)
    return failing_transitions(names, verdicts, failing, trace_ids=ids)


def steps_of(messages: Sequence[Message]) -> dict[int, str]:
    """Name the steps of a conversation, by the place of their message.

    Examples
    --------
    >>> call = {"id": "c1", "name": "search", "arguments": "{}"}
    >>> steps_of(
    ...     [
    ...         {"role": "system", "content": "Be brief."},
    ...         {"role": "user", "content": "A room?"},
    ...         {"role": "assistant", "tool_calls": [call]},
    ...         {"role": "tool", "tool_call_id": "c1", "content": "[]"},
    ...         {"role": "assistant", "content": "None left."},
    ...     ]
    ... )
    {1: 'user', 2: 'call search', 3: 'result search', 4: 'answer'}
    """
    calls = {place: calls_of(message) for place, message in enumerate(messages)}
    names = {
        result: _name(calls[place][turn])
        for (place, turn), result in pair_tools(messages).items()
    }
    steps = {}
    for place, message in enumerate(messages):
        role = message.get("role")
        if calls[place]:
            called = dict.fromkeys(_name(call) for call in calls[place])
            steps[place] = f"call {', '.join(called)}"
        elif role == "tool":
            steps[place] = f"result {names.get(place) or _name(message)}"
        elif role == "assistant":
            steps[place] = "answer"
        elif role not in _UNHEARD:
            steps[place] = str(role)
    return steps


def _place(store: Store, trace: Trace, pinned: str | None) -> int | None:
    """Return the message that was pinned, or that the pinned span gave."""
    if pinned is None:
        return None
    if pinned.isdecimal() and int(pinned) < len(trace.messages):
        return int(pinned)
    whole = store.traces.whole(trace.id)
    places = linked(whole).messages.get(pinned)
    return min(places) if places else None


def _name(of: Mapping[str, Any]) -> str:
    return str(of.get("name") or "a tool")
