"""The facts around a conversation, as badges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.feedback import asks_for_thumb, thumb
from erroranalysis.render.budget import Budget
from erroranalysis.render.safe import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from erroranalysis.records import Feedback, Trace

_KINDS = {"up": "good", "down": "bad"}
LONGEST_BADGE = 60
LONGEST_LIST = 20
LONGEST_METADATA = 20_000


def facts(trace: Trace) -> str:
    """Return the badges of a trace, its error, and metadata too large for a badge."""
    badges = "".join(
        _badge(name, value, kind) for name, value, kind in _named(trace) if value
    )
    large = {key: value for key, value in trace.metadata.items() if not _simple(value)}
    # closed, it shows the first row or two: the conversation needs the room
    out = f'<details class="ea-badges"><summary>{badges}</summary></details>'
    out = out if badges else ""
    commented = [item for item in trace.feedback if item.comment]
    out += "".join(_quoted(item) for item in commented[:LONGEST_LIST])
    if len(commented) > LONGEST_LIST:
        out += (
            f'<p class="ea-note">{len(commented) - LONGEST_LIST:,} more comments are'
            " left out here: trace.feedback.</p>"
        )
    if trace.error:
        text = escaped(shortened(trace.error, 2_000))
        out += f'<p class="ea-error"><strong>The run failed:</strong> {text}</p>'
    if large:
        names = escaped(shortened(", ".join(map(str, large)), 80))
        block = Budget(longest=LONGEST_METADATA).data(large, "trace.metadata")
        out += (
            f'<details class="ea-fold"><summary>more metadata: {names}</summary>'
            f"{block}</details>"
        )
    return f'<header class="ea-facts">{out}</header>' if out else ""


def fact_lines(trace: Trace) -> list[str]:
    """Return the facts as lines of plain text."""
    return [f"{name}: {value}" for name, value, _ in _named(trace) if value]


def _named(trace: Trace) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and kind of every fact, the most telling first."""
    for item in trace.feedback[:LONGEST_LIST]:
        yield _said(item)
    yield "error", "yes" if trace.error else "", "bad"
    yield "model", trace.model or "", ""
    yield (
        "started",
        f"{trace.started_at:%Y-%m-%d %H:%M} UTC" if trace.started_at else "",
        "",
    )
    yield "duration", _duration(trace), ""
    yield "tokens", _tokens(trace), ""
    yield "cost", f"${trace.cost_usd:.4g}" if trace.cost_usd is not None else "", ""
    simple = [(key, value) for key, value in trace.metadata.items() if _simple(value)]
    for key, value in simple[:LONGEST_LIST]:
        yield str(key), str(value), ""
    for tag in trace.tags[:LONGEST_LIST]:
        yield "tag", tag, ""
    yield "session", trace.session_id or "", ""
    yield "trace", trace.id, ""


def _simple(value: object) -> bool:
    """Say whether a value fits a badge; an empty one needs no showing at all."""
    if value is None or value in ({}, [], ""):
        return True
    if isinstance(value, str):
        return len(value) <= LONGEST_BADGE and "\n" not in value
    return isinstance(value, bool | int | float)


def _badge(name: str, value: str, kind: str) -> str:
    if value in ("None", "{}", "[]"):
        return ""
    css = f"ea-badge ea-{kind}" if kind else "ea-badge"
    shown = escaped(shortened(value, LONGEST_BADGE))
    full = escaped(f"{name}: {shortened(value, 500)}")
    return (
        f'<span class="{css}" title="{full}"><span class="ea-name">'
        f"{escaped(shortened(name, 40))}</span> {shown}</span> "
    )


def _said(item: Feedback) -> tuple[str, str, str]:
    """Return name, value and kind of a piece of feedback."""
    says, kind = thumb(item.name, item.value, item.number), _kind(item)
    if says and asks_for_thumb(item.name):
        return item.origin, f"thumbs {says}", kind
    number = "" if item.number is None else f"{item.number:g}"
    return f"{item.origin} {item.name}", item.value or number or "commented", kind


def _kind(item: Feedback) -> str:
    return _KINDS.get(thumb(item.name, item.value, item.number) or "", "")


def _quoted(item: Feedback) -> str:
    kind = _kind(item) or "plain"
    said = escaped(shortened(item.comment or "", 1_000))
    who = escaped(shortened(item.origin, 40))
    return f'<p class="ea-quote ea-{kind}" dir="auto"><span>{who}:</span> {said}</p>'


def _duration(trace: Trace) -> str:
    if trace.started_at is None or trace.ended_at is None:
        return ""
    return lasting((trace.ended_at - trace.started_at).total_seconds())


def lasting(seconds: float) -> str:
    """Return a duration in words.

    Examples
    --------
    >>> lasting(0.0021), lasting(3.24), lasting(600), lasting(10_000)
    ('2.1 ms', '3.2 s', '10.0 min', '2.8 h')
    """
    if seconds < 1:
        shown = seconds * 1000
        return f"{shown:.2g} ms" if shown < 10 else f"{shown:.0f} ms"  # noqa: PLR2004
    for length, unit in ((120, "s"), (120, "min"), (48, "h")):
        if seconds < length:
            return f"{seconds:.1f} {unit}"
        seconds /= 24 if unit == "h" else 60
    return f"{seconds:.1f} days"


def _tokens(trace: Trace) -> str:
    parts = []
    if trace.input_tokens is not None:
        parts.append(f"{trace.input_tokens:,} in")
    if trace.output_tokens is not None:
        parts.append(f"{trace.output_tokens:,} out")
    return " · ".join(parts)
