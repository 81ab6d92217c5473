"""A trace as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.render.facts import facts
from erroranalysis.render.markdown import code, markdown, plain
from erroranalysis.render.safe import escaped, sanitised, shortened
from erroranalysis.render.values import (
    as_json,
    as_text,
    outcome,
    pair_tools,
    parsed,
    passages,
    short_arguments,
)

if TYPE_CHECKING:
    from erroranalysis.records import Message, Trace
    from erroranalysis.render.values import Passage

ROLES = ("system", "user", "assistant", "tool")
# A text is shown up to here, and says how much is left out.
LONGEST_TEXT = 200_000
# All texts together; after that only the beginning of each is shown.
LONGEST_TRACE = 1_500_000
BEGINNING = 2_000
# So much is read as markdown, which takes its time; the rest is shown as written.
LONGEST_MARKDOWN = 250_000
# More messages than this: those in the middle are shown folded and shortened.
MOST_MESSAGES, FIRST_MESSAGES, LAST_MESSAGES, SHORT_MESSAGE = 500, 100, 300, 300
# Longer texts are folded: what people said, and what machines said.
FOLD_SPEECH, FOLD_DATA = 6_000, 1_500


def render_trace(trace: Trace) -> str:
    """Return a trace as HTML that is safe to show.

    It needs :data:`~erroranalysis.render.STYLE`. Every message is an ``article`` with
    its place in ``data-index`` and its role in ``data-role``.

    Examples
    --------
    >>> from erroranalysis.records import Trace
    >>> page = render_trace(Trace("t1", [{"role": "user", "content": "<b>Hi</b>"}]))
    >>> "&lt;b&gt;Hi&lt;/b&gt;" in page, 'data-index="0"' in page
    (True, True)
    """
    page = _Page(trace)
    body = "".join(page.parts())
    return sanitised(
        f'<section class="ea-trace">{facts(trace)}'
        f'<div class="ea-messages">{body}</div></section>'
    )


class _Page:
    """One trace on its way to HTML, and how much of it may still be shown."""

    def __init__(self, trace: Trace) -> None:
        self.messages = trace.messages
        self.pairs = pair_tools(trace.messages)
        self.answered = set(self.pairs.values())
        self.left = LONGEST_TRACE
        self.prose_left = LONGEST_MARKDOWN

    def parts(self) -> list[str]:
        count = len(self.messages)
        if count <= MOST_MESSAGES:
            return [self.message(place) for place in range(count)]
        last = count - LAST_MESSAGES
        middle = "".join(self.brief(place) for place in range(FIRST_MESSAGES, last))
        between = (
            f'<details class="ea-fold"><summary>{last - FIRST_MESSAGES:,} messages in'
            f" between, shortened</summary>{middle}</details>"
        )
        return [
            *(self.message(place) for place in range(FIRST_MESSAGES)),
            between,
            *(self.message(place) for place in range(last, count)),
        ]

    def brief(self, place: int) -> str:
        message = self.messages[place]
        calls = ", ".join(str(call.get("name")) for call in _calls(message))
        text = f"→ {calls} " if calls else ""
        text += shortened(as_text(message.get("content")), SHORT_MESSAGE)
        return _article(place, _role(message), _head(message, place) + plain(text))

    def message(self, place: int) -> str:
        message = self.messages[place]
        role = _role(message)
        if role == "tool":
            if place in self.answered:
                return ""  # shown with its call
            name = str(message.get("name") or "tool")
            return _article(place, role, self.unit(name, None, place, alone=True))
        body = self.reasoning(message) + self.speech(message, place, role)
        body += "".join(_attachment(item) for item in message.get("attachments") or [])
        units = "".join(
            self.unit(
                str(call.get("name") or "tool"),
                call.get("arguments"),
                self.pairs.get((place, turn)),
            )
            for turn, call in enumerate(_calls(message))
        )
        if units and not body:
            return _article(place, role, units, "ea-bare")
        return _article(place, role, _head(message, place) + body + units)

    def speech(self, message: Message, place: int, role: str) -> str:
        """Return what a message says."""
        text = as_text(message.get("content"))
        refusal = as_text(message.get("refusal"))
        if refusal and refusal != text:
            text = f"{text}\n\n{refusal}" if text else refusal
        if not text.strip():
            return ""
        value = parsed(text)
        if value is not None and role != "system":
            return self.data(text, value, place)
        shown, note = self.cut(text, place)
        if role == "system":
            start = escaped(shortened(text, 90))
            return (
                f'<details class="ea-fold"><summary>{len(text):,} characters'
                f"<span>: {start}</span></summary>{self.prose(shown)}{note}</details>"
            )
        return _folded(self.prose(shown), len(shown), FOLD_SPEECH) + note

    def reasoning(self, message: Message) -> str:
        text = as_text(message.get("reasoning"))
        if not text.strip():
            return ""
        shown, note = self.cut(text)
        return (
            '<details class="ea-fold ea-reasoning"><summary>reasoning'
            f"<span>: {escaped(shortened(text, 90))}</span></summary>"
            f"{self.prose(shown)}{note}</details>"
        )

    def unit(
        self, name: str, arguments: object, result: int | None, *, alone: bool = False
    ) -> str:
        """Return a tool call and its result as one folded unit.

        A result whose call is not in the trace stands alone, in its own article.
        """
        if result is None:
            said, wrong, inner = "no result in this trace", False, ""
        else:
            message = self.messages[result]
            said, wrong = outcome(message.get("content"), message)
            inner = f'<div class="ea-part">result <small>message {result}</small></div>'
            inner += self.result(message.get("content"), result)
            if not alone:
                inner = _article(result, _role(message), inner, "ea-result")
        asked = "" if arguments in (None, "", {}) else self.arguments(arguments)
        kind = "ea-outcome ea-bad" if wrong else "ea-outcome"
        return (
            '<details class="ea-tool"><summary>'
            f'<span class="ea-call">{escaped(shortened(name, 80))}</span> '
            f'<span class="ea-args">{escaped(short_arguments(arguments))}</span> '
            f'<span class="{kind}">{escaped(said)}</span>'
            f"</summary>{asked}{inner}</details>"
        )

    def arguments(self, given: object) -> str:
        block = self.data(as_text(given), parsed(given))
        return f'<div class="ea-part">arguments</div>{block}'

    def result(self, content: object, place: int) -> str:
        """Return what a tool gave back."""
        value = parsed(content)
        if found := passages(value):
            items = "".join(
                self.passage(rank, item) for rank, item in enumerate(found, start=1)
            )
            rest = {name: item for name, item in value.items() if name != "passages"}
            more = self.data(as_json(rest), rest) if rest else ""
            return f'<ol class="ea-passages">{items}</ol>{more}'
        return self.data(as_text(content), value, place)

    def passage(self, rank: int, item: Passage) -> str:
        shown, note = self.cut(item.text)
        return (
            f'<li><div class="ea-source"><span class="ea-rank">{rank}</span>'
            f" {escaped(shortened(item.source, 120))}"
            f" <small>{escaped(shortened(item.score, 12))}</small></div>"
            f"{_folded(plain(shown), len(shown), FOLD_DATA)}{note}</li>"
        )

    def data(self, text: str, value: object, place: int | None = None) -> str:
        """Return JSON printed prettily, or other output as it is written."""
        pretty = as_json(value) if value is not None else text
        shown, note = self.cut(pretty, place)
        if not shown.strip():
            return '<p class="ea-note">empty</p>'
        block = code(shown, "json") if value is not None else plain(shown)
        return _folded(block, len(shown), FOLD_DATA) + note

    def prose(self, text: str) -> str:
        """Return what somebody wrote, as markdown while that is quick enough."""
        self.prose_left -= len(text)
        return markdown(text) if self.prose_left > 0 else plain(text)

    def cut(self, text: str, place: int | None = None) -> tuple[str, str]:
        """Return as much of a text as may be shown, and a note on the rest."""
        most = LONGEST_TEXT if self.left > 0 else BEGINNING
        shown = text[:most]
        self.left -= len(shown)
        if len(shown) == len(text):
            return shown, ""
        where = "" if place is None else f" The whole text: trace.messages[{place}]."
        return shown, (
            f'<p class="ea-note">{len(text) - len(shown):,} more characters are left'
            f" out here.{where}</p>"
        )


def _calls(message: Message) -> list[dict[str, Any]]:
    calls = message.get("tool_calls")
    found = calls if isinstance(calls, list) else []
    return [call if isinstance(call, dict) else {} for call in found]


def _role(message: Message) -> str:
    return str(message.get("role") or "unknown")


def _head(message: Message, place: int) -> str:
    name = message.get("name")
    who = f" <small>{escaped(shortened(str(name), 60))}</small>" if name else ""
    return (
        f'<div class="ea-head"><span class="ea-role">{escaped(_role(message))}</span>'
        f'{who}<span class="ea-place">{place}</span></div>'
    )


def _article(place: int, role: str, inner: str, extra: str = "") -> str:
    known = role if role in ROLES else "other"
    css = f"ea-message ea-{known} {extra}".strip()
    return (
        f'<article class="{css}" data-index="{place}" data-role="{escaped(role)}"'
        f' dir="auto">{inner}</article>'
    )


def _folded(inner: str, length: int, most: int) -> str:
    """Fold what is longer; the beginning stays in sight."""
    if length <= most:
        return inner
    return (
        f'<div class="ea-long"><details><summary><span class="ea-closed">show all'
        f' {length:,} characters</span><span class="ea-opened">fold</span></summary>'
        f'</details><div class="ea-clamp">{inner}</div></div>'
    )


def _attachment(item: object) -> str:
    given = item if isinstance(item, dict) else {"type": "attachment", "ref": item}
    kind = escaped(given.get("type") or "attachment")
    where = escaped(shortened(str(given.get("ref") or ""), 120))
    return f'<p class="ea-image">[{kind}, not loaded] <code>{where}</code></p>'
