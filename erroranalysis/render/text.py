"""A trace as plain text, for terminals."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from erroranalysis.render.calls import calls_of, pair_tools
from erroranalysis.render.facts import fact_lines, lasting
from erroranalysis.render.safe import shortened, visible
from erroranalysis.render.tree import choose, tree
from erroranalysis.render.values import as_text, parsed, short_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from erroranalysis.records import Message, Span, Trace
    from erroranalysis.render.tree import Node

LONGEST_TEXT = 10_000
LONGEST_ARGUMENTS = 2_000
# Steps are shown up to here, and are indented no further than that.
MOST_STEPS, DEEPEST = 40, 10


def trace_as_text(trace: Trace) -> str:
    """Return a trace as plain text: steps, roles, tool calls with arguments, results.

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
        place: calls_of(trace.messages[call])[turn].get("name")
        for (call, turn), place in pair_tools(trace.messages).items()
    }
    blocks = ["\n".join([*fact_lines(trace), *_comments(trace)])]
    if trace.spans:
        blocks.append("\n".join(_steps(trace.spans)))
    for place, message in enumerate(trace.messages):
        blocks.append("\n".join(_lines(place, message, names.get(place))))
    return visible("\n\n".join(blocks))


def _comments(trace: Trace) -> list[str]:
    lines = [f"{f.origin} said: {f.comment}" for f in trace.feedback if f.comment]
    return [*lines, *([f"The run failed: {trace.error}"] if trace.error else [])]


def _steps(spans: Sequence[Span]) -> Iterator[str]:
    top = tree(spans)
    choose(top, MOST_STEPS, ())
    count = sum(1 + node.count for node in top)
    yield "1 step" if count == 1 else f"{count:,} steps"
    yield from _below(top, 1)


def _below(nodes: Sequence[Node], depth: int) -> Iterator[str]:
    margin, hidden = "  " * min(depth, DEEPEST), 0
    for node in nodes:
        if not node.shown:
            hidden += 1 + node.count
            continue
        yield margin + _step(node.span)
        yield from _below(node.children, depth + 1)
    if hidden:
        yield f"{margin}… {hidden:,} more"


def _step(span: Span) -> str:
    name = shortened(span.name or "without a name", 80)
    words = [shortened(span.kind or "step", 20), name]
    if span.started_ns is not None and span.ended_ns is not None:
        words.append(lasting(max(span.ended_ns - span.started_ns, 0) / 1e9))
    return "  ".join(words) + (" (failed)" if span.status == "error" else "")


def _lines(place: int, message: Message, called: str | None) -> list[str]:
    name = message.get("name") or called
    lines = [f"[{place}] {message.get('role')}{f' {name}' if name else ''}"]
    if reasoning := as_text(message.get("reasoning")):
        lines.append(_indented(f"(reasoning) {reasoning}"))
    text = as_text(message.get("content"))
    if text.strip():
        value = parsed(text) if message.get("role") == "tool" else None
        lines.append(_indented(as_text(value) if value is not None else text))
    for call in calls_of(message):
        arguments = short_arguments(call.get("arguments"), LONGEST_ARGUMENTS)
        lines.append(_indented(f"→ {call.get('name')}({arguments})"))
    given = message.get("attachments") or []
    for item in given if isinstance(given, list) else [given]:
        one = item if isinstance(item, dict) else {"type": "attachment", "ref": item}
        lines.append(_indented(f"[{one.get('type')}: {str(one.get('ref'))[:120]}]"))
    return lines


def _indented(text: str) -> str:
    left = len(text) - LONGEST_TEXT
    if left > 0:
        text = f"{text[:LONGEST_TEXT]}\n… {left:,} more characters"
    return textwrap.indent(text, "    ")
