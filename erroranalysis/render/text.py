"""A trace as plain text, for terminals."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from erroranalysis.render.facts import fact_lines
from erroranalysis.render.safe import visible
from erroranalysis.render.values import as_text, pair_tools, parsed, short_arguments

if TYPE_CHECKING:
    from erroranalysis.records import Message, Trace

LONGEST_TEXT = 10_000
LONGEST_ARGUMENTS = 2_000


def trace_as_text(trace: Trace) -> str:
    """Return a trace as plain text: roles, tool calls with arguments, results.

    Examples
    --------
    >>> from erroranalysis.records import Trace
    >>> print(trace_as_text(Trace("t1", [{"role": "user", "content": "Open today?"}])))
    trace: t1
    <BLANKLINE>
    [0] user
        Open today?
    """
    names = {
        place: trace.messages[call].get("tool_calls", [])[turn].get("name")
        for (call, turn), place in pair_tools(trace.messages).items()
    }
    blocks = ["\n".join([*fact_lines(trace), *_comments(trace)])]
    for place, message in enumerate(trace.messages):
        blocks.append("\n".join(_lines(place, message, names.get(place))))
    return visible("\n\n".join(blocks))


def _comments(trace: Trace) -> list[str]:
    lines = [f"{f.origin} said: {f.comment}" for f in trace.feedback if f.comment]
    return [*lines, *([f"The run failed: {trace.error}"] if trace.error else [])]


def _lines(place: int, message: Message, called: str | None) -> list[str]:
    name = message.get("name") or called
    lines = [f"[{place}] {message.get('role')}{f' {name}' if name else ''}"]
    if reasoning := as_text(message.get("reasoning")):
        lines.append(_indented(f"(reasoning) {reasoning}"))
    text = as_text(message.get("content"))
    if text.strip():
        value = parsed(text) if message.get("role") == "tool" else None
        lines.append(_indented(as_text(value) if value is not None else text))
    for call in message.get("tool_calls") or []:
        arguments = short_arguments(call.get("arguments"), LONGEST_ARGUMENTS)
        lines.append(_indented(f"→ {call.get('name')}({arguments})"))
    return lines + [
        _indented(f"[{item.get('type')}: {str(item.get('ref'))[:120]}]")
        for item in message.get("attachments") or []
    ]


def _indented(text: str) -> str:
    left = len(text) - LONGEST_TEXT
    if left > 0:
        text = f"{text[:LONGEST_TEXT]}\n… {left:,} more characters"
    return textwrap.indent(text, "    ")
