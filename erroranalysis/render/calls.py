"""Which tool result belongs to which call."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erroranalysis.records import Message

Call = tuple[int, int]


def calls_of(message: Message) -> list[dict[str, Any]]:
    """Return the tool calls of a message; what is no call is an empty one.

    Examples
    --------
    >>> calls_of({"tool_calls": [{"name": "f"}, None]}), calls_of({})
    ([{'name': 'f'}, {}], [])
    """
    calls = message.get("tool_calls")
    found = calls if isinstance(calls, list) else []
    return [call if isinstance(call, dict) else {} for call in found]


def pair_tools(messages: Sequence[Message]) -> dict[Call, int]:
    """Return for every tool call the place of its result.

    A call is named by the place of its message and its place in it. Ids decide; where
    there are none, the order does.

    Examples
    --------
    >>> pair_tools(
    ...     [
    ...         {"role": "assistant", "tool_calls": [{"name": "f"}]},
    ...         {"role": "tool", "content": "1"},
    ...     ]
    ... )
    {(0, 0): 1}
    """
    waiting = _Waiting()
    for place, message in enumerate(messages):
        if message.get("tool_calls"):
            for turn, call in enumerate(calls_of(message)):
                waiting.add((place, turn), call.get("id"))
        if message.get("role") == "tool":
            waiting.answer(message.get("tool_call_id"), place)
    return waiting.pairs


class _Waiting:
    """Calls that have no result yet: all, those without an id, and those of each id."""

    def __init__(self) -> None:
        self.pairs: dict[Call, int] = {}
        self.all: deque[Call] = deque()
        self.nameless: deque[Call] = deque()
        self.named: dict[str, deque[Call]] = defaultdict(deque)

    def add(self, call: Call, given: object) -> None:
        self.all.append(call)
        if given:
            self.named[repr(given)].append(call)
        else:
            self.nameless.append(call)

    def answer(self, given: object, place: int) -> None:
        found = None
        if given:
            found = self._next(self.named.get(repr(given))) or self._next(self.nameless)
        else:
            found = self._next(self.all)
        if found:
            self.pairs[found] = place

    def _next(self, calls: deque[Call] | None) -> Call | None:
        """Take the first call that has no result; a call stands in two queues."""
        while calls:
            call = calls.popleft()
            if call not in self.pairs:
                return call
        return None
