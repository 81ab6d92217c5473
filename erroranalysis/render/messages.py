"""The messages of a trace as articles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.render.budget import FOLD_DATA, FOLD_SPEECH, Budget, folded, titled
from erroranalysis.render.calls import calls_of, pair_tools
from erroranalysis.render.markdown import plain
from erroranalysis.render.media import medium
from erroranalysis.render.passages import retrieved
from erroranalysis.render.safe import escaped, shortened
from erroranalysis.render.values import as_text, outcome, parsed, short_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.records import Message, Trace
    from erroranalysis.render.passages import Passage

ROLES = ("system", "user", "assistant", "tool")
# In a conversation of more messages those in the middle are folded sooner, so that the
# last question and its answer are easy to find.
LONG_CONVERSATION, FOLD_MIDDLE = 12, 1_200
MOST_CALLS, MOST_ATTACHMENTS, MOST_PASSAGES = 200, 50, 200


class Messages:
    """The messages of one trace on their way to HTML.

    Parameters
    ----------
    trace : Trace
        The trace.
    links : mapping
        The steps that gave a message, by the place of the message.
    same_prompt : int, default 0
        How many other traces have the same system prompt.
    """

    def __init__(
        self,
        trace: Trace,
        links: Mapping[int, list[str]] | None = None,
        same_prompt: int = 0,
    ) -> None:
        self.messages = trace.messages
        self.budget = Budget()
        self.pairs = pair_tools(trace.messages)
        self.answered = set(self.pairs.values())
        self.links = links or {}
        self.same_prompt = same_prompt
        self.answer = self._last("assistant")
        self.prompt = self._first("system")
        self.spoken = {self._first("user"), self._last("user"), self.answer}

    def _last(self, role: str) -> int:
        for place in range(len(self.messages) - 1, -1, -1):
            if self._says(place, role):
                return place
        return -1

    def _first(self, role: str) -> int:
        places = range(len(self.messages))
        return next((place for place in places if self._says(place, role)), -1)

    def _says(self, place: int, role: str) -> bool:
        message = self.messages[place]
        text = message.get("content") or message.get("refusal")
        if message.get("role") != role or not text:
            return False
        return not (isinstance(text, str) and text.isspace())

    def brief(self, place: int, most: int) -> str:
        """Return a message as one line."""
        message, role = self.messages[place], role_of(self.messages[place])
        calls = ", ".join(str(call.get("name")) for call in calls_of(message)[:5])
        content = message.get("content")
        text = content[: most * 4] if isinstance(content, str) else as_text(content)
        text = shortened(f"→ {calls} {text}" if calls else text, most)
        inner = f"<small>{place} {escaped(shortened(role, 20))}</small> {escaped(text)}"
        return self.article(place, role, inner, "ea-brief")

    def message(self, place: int) -> str:
        """Return a message; a tool result stands with its call, and is empty here."""
        message = self.messages[place]
        role = role_of(message)
        if role == "tool":
            if place in self.answered:
                return ""
            name = str(message.get("name") or "tool")
            return self.article(place, role, self.unit(name, None, place, alone=True))
        body = self.reasoning(message, place) + self.speech(message, place, role)
        body += self.media(message, place)
        calls = calls_of(message)
        units = "".join(
            self.unit(
                str(call.get("name") or "tool"),
                call.get("arguments"),
                self.pairs.get((place, turn)),
            )
            for turn, call in enumerate(calls[:MOST_CALLS])
        )
        if len(calls) > MOST_CALLS:
            units += note(f"{len(calls) - MOST_CALLS:,} more calls are left out here.")
        if units and not body:
            return self.article(place, role, units, "ea-bare")
        return self.article(place, role, _head(message, place) + body + units)

    def article(self, place: int, role: str, inner: str, extra: str = "") -> str:
        """Return the frame of a message, by which a page finds it."""
        known = role if role in ROLES else "other"
        css = f"ea-message ea-{known} {extra}".strip()
        more = ' data-answer="true"' if place == self.answer else ""
        if steps := self.links.get(place):
            more += f' data-span="{escaped(" ".join(steps[:50]))}"'
        direction = "" if extra == "ea-brief" else ' dir="auto"'
        return (
            f'<article class="{css}" data-index="{place}"'
            f' data-role="{escaped(role[:60])}"{more}{direction}>{inner}</article>'
        )

    def speech(self, message: Message, place: int, role: str) -> str:
        """Return what a message says."""
        text = as_text(message.get("content"))
        refusal = as_text(message.get("refusal"))
        if refusal and refusal != text:
            text = f"{text}\n\n{refusal}" if text else refusal
        if not text or text.isspace():
            return ""
        where = f"trace.messages[{place}]"
        if role == "system":
            shown, rest = self.budget.cut(text, where)
            name = f"{len(text):,} characters"
            if place == self.prompt and self.same_prompt:
                others = "other" if self.same_prompt == 1 else "others"
                name += f" · same system prompt as {self.same_prompt:,} {others}"
            return titled(name, text, self.budget.prosaic(shown) + rest)
        if parsed(text) is not None:
            return self.budget.data(text, where)
        shown, rest = self.budget.cut(text, where)
        middle = len(self.messages) > LONG_CONVERSATION and place not in self.spoken
        most = FOLD_MIDDLE if middle else FOLD_SPEECH
        return folded(self.budget.prosaic(shown), len(shown), most) + rest

    def reasoning(self, message: Message, place: int) -> str:
        """Return what a model thought, folded."""
        text = as_text(message.get("reasoning"))
        if not text or text.isspace():
            return ""
        shown, rest = self.budget.cut(text, f"trace.messages[{place}]")
        return titled(
            "reasoning", text, self.budget.prosaic(shown) + rest, "ea-reasoning"
        )

    def media(self, message: Message, place: int) -> str:
        """Return the attachments of a message."""
        given = message.get("attachments") or []
        items = given if isinstance(given, list) else [given]
        out = ""
        for nth, item in enumerate(items[:MOST_ATTACHMENTS]):
            where = f'trace.messages[{place}]["attachments"][{nth}]["ref"]'
            shown, cost = medium(item, where, self.budget.media)
            self.budget.media -= cost
            out += shown
        if len(items) > MOST_ATTACHMENTS:
            out += note(f"{len(items) - MOST_ATTACHMENTS:,} more are left out here.")
        return out

    def unit(
        self, name: str, arguments: object, result: int | None, *, alone: bool = False
    ) -> str:
        """Return a tool call and its result as one folded unit.

        A result whose call is not in the trace stands alone, in its own article.
        """
        asked = "" if arguments in (None, "", {}) else self.arguments(arguments)
        if result is None:
            said, wrong, inner = "no result in this trace", False, ""
        else:
            message = self.messages[result]
            content = message.get("content")
            said, wrong = outcome(content, message)
            inner = f'<div class="ea-part">result <small>message {result}</small></div>'
            inner += findings(content, self.budget, f"trace.messages[{result}]")
            inner += self.media(message, result)
            if not alone:
                inner = self.article(result, role_of(message), inner, "ea-result")
        kind = "ea-outcome ea-bad" if wrong else "ea-outcome"
        return (
            '<details class="ea-tool"><summary>'
            f'<span class="ea-call">{escaped(shortened(name, 80))}</span> '
            f'<span class="ea-args">{escaped(short_arguments(arguments))}</span> '
            f'<span class="{kind}">{escaped(said)}</span>'
            f"</summary>{asked}{inner}</details>"
        )

    def arguments(self, given: object) -> str:
        """Return what a tool was asked."""
        return f'<div class="ea-part">arguments</div>{self.budget.data(given)}'


def findings(content: object, budget: Budget, where: str = "") -> str:
    """Return what a tool or retriever gave back: its passages, or its data."""
    found, rest = retrieved(parsed(content))
    if not found:
        return budget.data(content, where)
    items = "".join(
        _passage(rank, item, budget)
        for rank, item in enumerate(found[:MOST_PASSAGES], start=1)
    )
    more = budget.data(rest) if rest else ""
    if len(found) > MOST_PASSAGES:
        more += note(f"{len(found) - MOST_PASSAGES:,} more passages are left out here.")
    return f'<ol class="ea-passages">{items}</ol>{more}'


def _passage(rank: int, item: Passage, budget: Budget) -> str:
    shown, rest = budget.cut(item.text)
    more = (
        titled("more", ", ".join(item.more), budget.data(item.more))
        if item.more
        else ""
    )
    return (
        f'<li><div class="ea-source"><span class="ea-rank">{rank}</span>'
        f" {escaped(shortened(item.source, 120))}"
        f" <small>{escaped(shortened(item.score, 12))}</small></div>"
        f"{folded(plain(shown), len(shown), FOLD_DATA)}{rest}{more}</li>"
    )


def note(text: str) -> str:
    """Return a remark of the page itself."""
    return f'<p class="ea-note">{escaped(text)}</p>'


def role_of(message: Message) -> str:
    """Return the role of a message, whatever it is."""
    return str(message.get("role") or "unknown")


def _head(message: Message, place: int) -> str:
    name: Any = message.get("name")
    who = f" <small>{escaped(shortened(str(name), 60))}</small>" if name else ""
    role = escaped(shortened(role_of(message), 60))
    return (
        f'<div class="ea-head"><span class="ea-role">{role}</span>'
        f'{who}<span class="ea-place">{place}</span></div>'
    )
