"""The steps of a trace, beside its conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.render.budget import Budget, titled
from erroranalysis.render.facts import lasting
from erroranalysis.render.links import TOOL_KINDS, Links
from erroranalysis.render.messages import findings
from erroranalysis.render.safe import escaped, shortened
from erroranalysis.render.style import BAR_STEPS
from erroranalysis.render.tree import Node, choose, tree, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from erroranalysis.records import Span, Trace

KINDS = {
    "llm": "llm", "tool": "tool", "function": "tool", "mcp": "tool",
    "retriever": "find", "reranker": "find", "embedding": "find", "search": "find",
    "agent": "agent", "chain": "chain", "workflow": "chain", "task": "chain",
    "guardrail": "check", "evaluator": "check", "evaluation": "check",
}  # fmt: skip
# More steps than this are counted only; more than that are folded below a step.
MOST_STEPS, MOST_OPEN, FEW = 300, 60, 6
# Deeper steps stand below each other without being indented further.
DEEPEST = 12
# Characters of a text inside a step; bytes of the insides of all steps.
LONGEST_INSIDE, INSIDE_BYTES = 3_000, 120_000
_LONGEST_ID = 200


def steps(trace: Trace, links: Links) -> str:
    """Return the steps of a trace as a tree.

    Examples
    --------
    >>> from erroranalysis.records import Span, Trace
    >>> trace = Trace("t1", [], spans=(Span("t1", "s1", kind="llm", name="chat"),))
    >>> 'data-span="s1"' in steps(trace, Links())
    True
    """
    return _Steps(trace, links).shown()


class _Steps:
    """The steps of one trace on their way to HTML."""

    def __init__(self, trace: Trace, links: Links) -> None:
        self.links = links
        self.top = tree(trace.spans)
        self.all = sum(1 + node.count for node in self.top)
        self.chosen = choose(self.top, MOST_STEPS, links.messages)
        times = [
            time
            for span in trace.spans
            for time in (span.started_ns, span.ended_ns)
            if time is not None
        ]
        self.start = min(times, default=0)
        self.length = max(times, default=0) - self.start
        self.insides = self._insides()

    def shown(self) -> str:
        failed = sum(node.span.status == "error" for node in walk(self.top))
        said = [f"{self.all:,} step{'' if self.all == 1 else 's'}"]
        if self.chosen < self.all:
            said.append(f"{self.chosen:,} shown")
        if self.length:
            said.append(lasting(self.length / 1e9))
        facts = escaped(" · ".join(said))
        if failed:
            facts += f' · <span class="ea-bad">{failed:,} failed</span>'
        return (
            f'<nav class="ea-spans" aria-label="Steps"><div class="ea-part">{facts}'
            f"</div>{self.list(self.top, 0)}</nav>"
        )

    def list(self, nodes: Sequence[Node], depth: int) -> str:
        """Return steps of one level, and how many of them are left out where."""
        flat = depth >= DEEPEST
        out, hidden = [], 0
        for node in _deep(nodes) if flat else nodes:
            if not node.shown:
                hidden += 1 if flat else 1 + node.count
                continue
            out.append(_gap(hidden) + self.node(node, depth, flat=flat))
            hidden = 0
        return f"<ol>{''.join(out)}{_gap(hidden)}</ol>"

    def node(self, node: Node, depth: int, *, flat: bool) -> str:
        span = node.span
        places = self.links.messages.get(span.span_id, [])
        linked = f' data-messages="{" ".join(map(str, places))}"' if places else ""
        css = f"ea-span ea-kind-{KINDS.get(span.kind or '', 'step')}"
        inside = self.insides.get(id(node), "")
        head = self.head(span, places)
        if inside:
            head = (
                f'<details class="ea-step"><summary>{head}</summary>{inside}</details>'
            )
        else:
            head = f'<div class="ea-step" tabindex="0">{head}</div>'
        below = ""
        if node.children and not flat:
            below = self.below(node, depth + 1)
        return (
            f'<li class="{css}" data-span="{escaped(span.span_id[:_LONGEST_ID])}"'
            f"{linked}>{head}{below}</li>"
        )

    def below(self, node: Node, depth: int) -> str:
        """Return the steps that a step called, folded where there are many."""
        inner = self.list(node.children, depth)
        few = node.count <= FEW or (len(node.children) == 1 and depth < DEEPEST)
        if few or self.chosen <= MOST_OPEN or depth == 1:
            return inner
        state = " open" if node.has_error else ""
        return (
            f'<details class="ea-below"{state}><summary>{node.count:,} steps</summary>'
            f"{inner}</details>"
        )

    def head(self, span: Span, places: Sequence[int]) -> str:
        kind = escaped(shortened(span.kind or "step", 20))
        name = escaped(shortened(span.name or "without a name", 80))
        title = escaped(shortened(span.name or "", 300))
        wrong = ' <span class="ea-bad">failed</span>' if span.status == "error" else ""
        where = ", ".join(map(str, places[:3]))
        place = f' <small class="ea-place">{where}</small>' if where else ""
        return (
            f'<span class="ea-kind">{kind}</span> <span class="ea-step-name"'
            f' title="{title}">{name}</span>{wrong}{place}{self.bar(span)}'
        )

    def bar(self, span: Span) -> str:
        """Return how long a step took, in words and as its place in the whole."""
        if span.started_ns is None or span.ended_ns is None:
            return ""
        took = max(span.ended_ns - span.started_ns, 0)
        text = f' <span class="ea-time">{lasting(took / 1e9)}</span>'
        if not self.length:
            return text
        offset = span.started_ns - self.start
        left = min(int(offset * BAR_STEPS / self.length), BAR_STEPS - 1)
        width = min(max(round(took * BAR_STEPS / self.length), 1), BAR_STEPS - left)
        return (
            f'{text}<span class="ea-bar"><span class="ea-l{left} ea-w{width}"></span>'
            "</span>"
        )

    def _insides(self) -> dict[int, str]:
        """Return what stands inside the steps, of those that failed first."""
        shown = [node for node in walk(self.top) if node.shown]
        shown.sort(key=lambda node: node.span.status != "error")
        budget, size = Budget(left=INSIDE_BYTES, longest=LONGEST_INSIDE, prose=0), 0
        found = {}
        for node in shown:
            if size > INSIDE_BYTES:
                names = ", ".join(name for name, _ in _parts(node.span))
                note = f"{names}: left out here, see trace.spans" if names else ""
                found[id(node)] = f'<p class="ea-note">{note}</p>' if note else ""
                continue
            found[id(node)] = _inside(node.span, budget)
            size += len(found[id(node)].encode())
        return found


def _inside(span: Span, budget: Budget) -> str:
    out = f'<p class="ea-error">{_failure(span)}</p>' if _failure(span) else ""
    for name, given in _parts(span):
        start = given[:400] if isinstance(given, str) else ", ".join(given)
        if name == "output" and span.kind in TOOL_KINDS:
            inner = findings(given, budget)
        else:
            inner = budget.data(given)
        out += titled(name, start, inner)
    return out


def _parts(span: Span) -> Iterator[tuple[str, str | dict[str, Any]]]:
    if span.input:
        yield "input", span.input
    if span.output:
        yield "output", span.output
    # most sources say input and output again among the attributes
    said = {span.input, span.output}
    rest = {
        name: value
        for name, value in span.attributes.items()
        if not (isinstance(value, str) and value in said)
    }
    if rest:
        yield "attributes", rest


def _failure(span: Span) -> str:
    """Return why a step failed, where an attribute says it."""
    if span.status != "error":
        return ""
    for name in ("exception.message", "error.message", "error", "status_message"):
        given = span.attributes.get(name)
        if isinstance(given, str) and given.strip():
            return escaped(shortened(given, 300))
    return ""


def _deep(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield steps and all below them in reading order."""
    stack = list(reversed(nodes))
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _gap(count: int) -> str:
    if not count:
        return ""
    words = "1 more step" if count == 1 else f"{count:,} more steps"
    return f'<li class="ea-gap">{words}</li>'
