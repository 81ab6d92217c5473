"""The transcript of a sample of Inspect AI: its events as spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.readers.inspect_messages import (
    error_text,
    messages_of,
    resolved,
)
from erroranalysis.ingest.values import as_nanoseconds, as_text
from erroranalysis.records import Message, Span, digest, dump

NAME = "inspect"
# copies of what stands in the messages and scores; they make up most of a log
_COPIES = {"state", "store", "sample_init", "span_end"}
_KINDS = {"scorer": "evaluator", "scorers": "evaluator"}
_COMMON = {
    "event", "timestamp", "completed", "uuid", "span_id", "id", "parent_id",
    "parent_span_id", "events", "pending",
}  # fmt: skip
_OF_MODEL = {"input", "input_refs", "output", "call", "tools", "model", "error"}
_OF_TOOL = {"function", "arguments", "result", "type", "view"}
_OF_SCORE = {"score", "target", "scorer", "model_usage", "role_usage"}


def spans_of(sample: Mapping[str, Any], trace_id: str) -> tuple[Span, ...]:
    """Return the steps of a sample in the order of its transcript.

    A model call shows those messages that the calls before it did not see, because
    every call repeats the whole conversation.

    Parameters
    ----------
    sample : mapping
        A sample of a log.
    trace_id : str
        The trace that it becomes.
    """
    steps = _Steps(trace_id, sample)
    steps.read(events_of(sample), None)
    return tuple(steps.spans)


def events_of(sample: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the events of a sample; in the logs of 2024 a transcript has them."""
    transcript = sample.get("transcript")
    given = sample.get("events")
    if given is None and isinstance(transcript, Mapping):
        given = transcript.get("events")
    if not isinstance(given, list):
        return []
    return [event for event in given if isinstance(event, Mapping)]


def attachments_of(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a sample says apart, by its hash."""
    found: dict[str, Any] = {}
    transcript = sample.get("transcript")
    if isinstance(transcript, Mapping) and isinstance(transcript.get("content"), dict):
        found |= transcript["content"]
    if isinstance(sample.get("attachments"), dict):
        found |= sample["attachments"]
    return found


class _Steps:
    """Spans of one sample, as its events come."""

    def __init__(self, trace_id: str, sample: Mapping[str, Any]) -> None:
        self.spans: list[Span] = []
        self._trace_id = trace_id
        self._attachments = attachments_of(sample)
        apart = sample.get("events_data")
        pool = apart.get("messages") if isinstance(apart, Mapping) else None
        pool = pool or sample.get("message_pool")
        self._pool: list[Any] = pool if isinstance(pool, list) else []
        self._begun: dict[str, Span] = {}
        self._tools: list[Span] = []  # begun, and still without their tool event
        self._open: list[Span] = []  # steps that have begun and not ended
        self._seen: set[str] = set()
        self._read = 0
        self._fills = {
            "span_begin": self._begin,
            "step": self._step,
            "model": self._model,
            "tool": self._tool,
            "score": self._score,
            "sandbox": self._sandbox,
            "subtask": self._subtask,
        }

    def read(self, events: Iterable[Mapping[str, Any]], parent: str | None) -> None:
        """Take events that happened inside a span."""
        for event in events:
            self._read += 1
            sort = event.get("event")
            if sort == "span_end":
                self._end(event)
            elif sort == "step" and event.get("action") == "end":
                if self._open:
                    self._open.pop().ended_ns = as_nanoseconds(event.get("timestamp"))
            elif sort not in _COPIES:
                span = self._span(event, parent)
                self._fills.get(str(sort), self._other)(event, span)
                if isinstance(event.get("events"), list):
                    around, self._open = self._open, []
                    self.read(event["events"], span.span_id)
                    self._open = around

    def _span(self, event: Mapping[str, Any], parent: str | None) -> Span:
        """Return a span for an event, with its place in the tree and in time."""
        sort = event.get("event")
        if sort == "span_begin":
            span_id, above = event.get("id"), event.get("parent_id")
        else:
            span_id, above = event.get("uuid"), event.get("span_id")
        if above is None:
            above = self._open[-1].span_id if self._open else parent
        span = Span(
            self._trace_id,
            normal_id(span_id) or f"event-{self._read}",
            normal_id(above),
            started_ns=as_nanoseconds(event.get("timestamp")),
            ended_ns=as_nanoseconds(event.get("completed")),
            format=NAME,
        )
        self.spans.append(span)
        return span

    def _rest(
        self, event: Mapping[str, Any], known: Iterable[str] = ()
    ) -> dict[str, Any]:
        left = {
            name: value
            for name, value in event.items()
            if name not in _COMMON and name not in known and value not in (None, [], {})
        }
        return dict(resolved(left, self._attachments, media=False))

    def _begin(self, event: Mapping[str, Any], span: Span) -> None:
        sort = as_text(event.get("type"))
        span.kind = _KINDS.get(str(sort), sort)
        span.name = as_text(event.get("name"))
        span.attributes = self._rest(event, ("type", "name"))
        self._begun[str(event.get("id"))] = span
        if sort == "tool":
            self._tools.append(span)

    def _end(self, event: Mapping[str, Any]) -> None:
        if (span := self._begun.get(str(event.get("id")))) is not None:
            ended = as_nanoseconds(event.get("timestamp"))
            span.ended_ns = max(filter(None, (span.ended_ns, ended)), default=None)

    def _step(self, event: Mapping[str, Any], span: Span) -> None:
        self._begin(event, span)
        span.attributes.pop("action", None)
        self._open.append(span)

    def _model(self, event: Mapping[str, Any], span: Span) -> None:
        span.kind, span.name = "llm", as_text(event.get("model"))
        span.attributes = self._rest(event, _OF_MODEL)
        span.attributes["model"] = event.get("model")
        given = self._input(event)
        new = [item for item in given if self._is_new(item)]
        if len(new) < len(given):
            span.attributes["earlier_messages"] = len(given) - len(new)
        span.input = dump(self._messages(new)) if new else None
        if tools := event.get("tools"):
            # what a tool is for is said once, later calls name it
            span.attributes["tools"] = tools if self._is_new(tools) else _names(tools)
        self._answer(event.get("output"), span)
        self._failed(event.get("error"), span)

    def _input(self, event: Mapping[str, Any]) -> list[Any]:
        given = event.get("input")
        out = list(given) if isinstance(given, list) else []
        for ref in event.get("input_refs") or ():
            first, behind = ref if isinstance(ref, list) else (ref, ref + 1)
            out += self._pool[first:behind]
        return out

    def _is_new(self, item: Any) -> bool:  # noqa: ANN401 - any JSON value
        mark = digest(item)
        known = mark in self._seen
        self._seen.add(mark)
        return not known

    def _messages(self, items: Any) -> list[Message]:  # noqa: ANN401 - as it is
        return messages_of(items, self._attachments, media=False)

    def _answer(self, output: Any, span: Span) -> None:  # noqa: ANN401 - as it is
        if not isinstance(output, Mapping):
            return
        for name in ("usage", "time", "model"):
            if output.get(name) is not None:
                span.attributes["response_model" if name == "model" else name] = output[
                    name
                ]
        choices = output.get("choices") or ()
        said = [item["message"] for item in choices if item.get("message")]
        for item in said:
            self._is_new(item)  # the next call repeats it
        messages = self._messages(said)
        if len(messages) == 1 and len(messages[0]) == _ROLE_AND_CONTENT:
            span.output = messages[0]["content"]
        elif messages:
            span.output = dump(messages if len(messages) > 1 else messages[0])
        if choices and choices[0].get("stop_reason"):
            span.attributes["stop_reason"] = choices[0]["stop_reason"]
        self._failed(output.get("error"), span)

    def _tool(self, event: Mapping[str, Any], span: Span) -> None:
        name = as_text(event.get("function"))
        span = self._same(name, span)
        span.kind, span.name = "tool", name
        span.attributes |= self._rest(event, _OF_TOOL)
        span.attributes["tool_call_id"] = event.get("id")
        span.input = dump(resolved(event.get("arguments"), self._attachments))
        result = event.get("result")
        if isinstance(result, list):
            [message] = self._messages([{"role": "tool", "content": result}])
            span.output = message["content"]
        else:
            span.output = as_text(resolved(result, self._attachments, media=False))
        self._failed(event.get("error"), span)

    def _same(self, name: str | None, span: Span) -> Span:
        """Return the span that was begun around the run of a tool: it is the same."""
        for begun in self._tools:
            beside = begun.name == name and begun.parent_id == span.parent_id
            if beside or begun.span_id == span.parent_id:
                self._tools.remove(begun)
                self.spans.remove(span)
                starts = (begun.started_ns, span.started_ns)
                begun.started_ns = min((s for s in starts if s), default=None)
                begun.ended_ns = span.ended_ns or begun.ended_ns
                return begun
        return span

    def _score(self, event: Mapping[str, Any], span: Span) -> None:
        span.kind = "evaluator"
        span.name = as_text(event.get("scorer")) or "score"
        score = event.get("score")
        said = dict(score) if isinstance(score, Mapping) else {"value": score}
        span.output = as_text(said.pop("value", None))
        if not event.get("intermediate"):  # the final one is feedback of the trace
            for name in ("answer", "explanation", "history"):
                said.pop(name, None)
        span.attributes = self._rest(event, _OF_SCORE) | self._rest(said)

    def _sandbox(self, event: Mapping[str, Any], span: Span) -> None:
        span.kind, span.name = "sandbox", as_text(event.get("action"))
        asked = ("cmd", "file", "input")
        given = self._rest({name: event.get(name) for name in asked})
        span.input = as_text(
            next(iter(given.values()), None) if len(given) == 1 else given
        )
        span.attributes = self._rest(event, (*asked, "action", "output"))
        output = event.get("output")
        span.output = as_text(resolved(output, self._attachments, media=False))

    def _subtask(self, event: Mapping[str, Any], span: Span) -> None:
        span.kind, span.name = "subtask", as_text(event.get("name"))
        span.attributes = self._rest(event, ("input", "result", "name"))
        span.input = as_text(self._rest({"input": event.get("input")}).get("input"))
        span.output = as_text(self._rest({"result": event.get("result")}).get("result"))

    def _other(self, event: Mapping[str, Any], span: Span) -> None:
        span.kind, span.name = "event", as_text(event.get("event"))
        span.attributes = self._rest(event)
        error = event.get("error")
        if span.name == "error" and isinstance(error, Mapping):
            kept = {k: v for k, v in error.items() if k != "traceback_ansi"}
            span.attributes["error"], span.status = kept, "error"

    def _failed(self, error: Any, span: Span) -> None:  # noqa: ANN401 - as it is
        if error:
            span.status = "error"
            span.attributes["error"] = error
            if not span.output:
                span.output = error_text(error)


def _names(tools: Any) -> list[Any]:  # noqa: ANN401 - as the source wrote
    return [tool.get("name") if isinstance(tool, Mapping) else tool for tool in tools]


_ROLE_AND_CONTENT = 2
