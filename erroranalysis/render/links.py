"""Which step of a trace gave which message."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from erroranalysis.render.calls import calls_of, pair_tools
from erroranalysis.render.values import as_json, parsed, short_arguments

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from erroranalysis.records import Message, Span, Trace

# So much of a text tells it from others; so many values of a span are looked at.
_KEY, _MOST_VALUES, _DEEPEST = 400, 300, 8
TOOL_KINDS = {"tool", "retriever", "function", "mcp", "reranker", "search"}
_ARGUMENTS = ("arguments", "args", "input", "parameters")


@dataclass(frozen=True)
class Links:
    """Places of messages by the id of a span, and ids of spans by place."""

    messages: dict[str, list[int]] = field(default_factory=dict)
    spans: dict[int, list[str]] = field(default_factory=dict)


def linked(trace: Trace) -> Links:
    """Return which spans gave which messages of a trace.

    A tool result belongs to the span that names its call, else to the one of the same
    name in the same order, else to the one with the same output. An assistant message
    belongs to the span whose output holds its text or its calls.

    Examples
    --------
    >>> from erroranalysis.records import Span, Trace
    >>> said = {"role": "assistant", "content": "Two beds."}
    >>> span = Span("t1", "s1", kind="llm", output='[{"content": "Two beds."}]')
    >>> linked(Trace("t1", [said], spans=(span,))).messages
    {'s1': [0]}
    """
    if not trace.spans or not trace.messages:
        return Links()
    spans = sorted(trace.spans, key=lambda span: span.started_ns or 0)
    found = _tools([s for s in spans if s.kind in TOOL_KINDS], trace.messages)
    found |= _speech([s for s in spans if s.kind not in TOOL_KINDS], trace.messages)
    by_place: dict[int, list[str]] = defaultdict(list)
    for span in spans:
        for place in found.get(span.span_id, ()):
            by_place[place].append(span.span_id)
    return Links(found, dict(by_place))


@dataclass
class _Result:
    """A tool result, or a call that has none."""

    place: int
    name: str
    call_id: str
    key: str


def _tools(spans: Sequence[Span], messages: Sequence[Message]) -> dict[str, list[int]]:
    results = _results(messages)
    if not results:
        return {}
    left = {id(one): one for one in results}
    found: dict[str, list[int]] = {}
    waiting = list(spans)
    # the surest sign first: each pass takes what the one before it left over
    for sign_of_span, sign_of_result in (
        (_call_ids, lambda one: [one.call_id]),
        (_named_outputs, lambda one: [f"{one.name}\n{one.key}"] if one.key else []),
        (_names, lambda one: [one.name]),
        (_outputs, lambda one: [one.key]),
    ):
        table: dict[str, deque[_Result]] = defaultdict(deque)
        for one in left.values():
            for sign in sign_of_result(one):
                if sign:
                    table[sign].append(one)
        rest: list[Span] = []
        for span in waiting:
            taken = _take(table, sign_of_span(span), left)
            if taken is None:
                rest.append(span)
            else:
                found[span.span_id] = [taken.place]
        waiting = rest
    return found


def _take(
    table: Mapping[str, deque[_Result]], signs: Iterable[str], left: dict[int, _Result]
) -> _Result | None:
    for sign in signs:
        queue = table.get(sign)
        while queue:
            one = queue.popleft()
            if left.pop(id(one), None):
                return one
    return None


def _results(messages: Sequence[Message]) -> list[_Result]:
    pairs = pair_tools(messages)
    callers = {result: call for call, result in pairs.items()}
    found = []
    for place, message in enumerate(messages):
        if message.get("role") == "tool":
            caller: Mapping[str, Any] = {}
            if place in callers:
                at, turn = callers[place]
                caller = calls_of(messages[at])[turn]
            name = str(message.get("name") or caller.get("name") or "")
            given = str(message.get("tool_call_id") or caller.get("id") or "")
            found.append(_Result(place, name, given, _key(message.get("content"))))
        for turn, call in enumerate(calls_of(message)):
            if (place, turn) not in pairs:
                name = str(call.get("name") or "")
                found.append(_Result(place, name, str(call.get("id") or ""), ""))
    return found


def _call_ids(span: Span) -> Iterator[str]:
    for name, value in _values(span.attributes):
        if isinstance(value, str) and name.lower().endswith("id"):
            yield value
    for text in (span.output, span.input):
        if text and "id" in text[:100_000]:
            for name, value in _values(parsed(text)):
                if isinstance(value, str) and name.lower().endswith("id"):
                    yield value


def _names(span: Span) -> Iterator[str]:
    name = span.name or ""
    yield name
    for key, value in span.attributes.items():
        if isinstance(value, str) and key.lower().endswith("name"):
            yield value
    # execute_tool search_rooms, search_rooms.tool, tools/search_rooms
    for word in name.replace("/", " ").replace(":", " ").split():
        yield word
        yield word.partition(".")[0]


def _named_outputs(span: Span) -> Iterator[str]:
    for key in _outputs(span):
        for name in _names(span):
            yield f"{name}\n{key}"


def _outputs(span: Span) -> Iterator[str]:
    """Yield what a span gave: its output, and the texts in it."""
    if not span.output:
        return
    yield _key(span.output)
    for name, value in _values(parsed(span.output)):
        if isinstance(value, str) and name in ("content", "output", "result", "text"):
            yield _key(value)


def _key(value: object) -> str:
    """Return the beginning of a text without its blanks; of JSON in one spelling."""
    if value is None:
        return ""
    if not isinstance(value, str):
        value = as_json(value, _KEY * 2)
    start = value[: _KEY * 2]
    if start.lstrip().startswith(("{", "[", '"')):
        start = start.replace("\\n", "").replace("\\", "")
        return "".join(c for c in start if not c.isspace() and c not in "\"'")[:_KEY]
    return " ".join(start.split())[:_KEY]


def _speech(spans: Sequence[Span], messages: Sequence[Message]) -> dict[str, list[int]]:
    texts: dict[str, list[int]] = defaultdict(list)
    for place, message in enumerate(messages):
        if message.get("role") not in ("user", "system", "tool"):
            for sign in _signs(message):
                texts[sign].append(place)
    if not texts:
        return {}
    found: dict[str, list[int]] = {}
    used: set[int] = set()
    parents = {span.span_id: span.parent_id for span in spans}
    for span in (span for span in spans if span.kind == "llm"):
        said = _said(span, texts, used, found, parents)
        if said is not None:
            found[span.span_id] = [said]
            used.add(said)
    # agents and chains give what no model call gave, the innermost first
    for span in reversed([span for span in spans if span.kind != "llm"]):
        places = [p for sign in _given(span) for p in texts.get(sign, ())]
        left = next((place for place in reversed(places) if place not in used), None)
        if left is not None:
            found[span.span_id] = [left]
            used.add(left)
    return found


def _said(
    span: Span,
    texts: Mapping[str, list[int]],
    used: set[int],
    found: Mapping[str, list[int]],
    parents: Mapping[str, str | None],
) -> int | None:
    """Return the message that a model call gave; nested calls share one."""
    outer = parents.get(span.span_id)
    for _ in range(_DEEPEST):
        if outer in found or outer is None:
            break
        outer = parents.get(outer)
    for sign in _given(span):
        places = texts.get(sign)
        if not places:
            continue
        for place in found.get(outer or "", ()):
            if place in places:
                return place
        return next((place for place in places if place not in used), places[-1])
    return None


def _signs(message: Message) -> Iterator[str]:
    """Yield by what a message is known: the ids of its calls, its text, its calls."""
    calls = calls_of(message)
    for call in calls:
        if call.get("id"):
            yield f"id {call['id']}"
    content = message.get("content")
    if content and (key := _key(content)):
        yield key
    for call in calls:
        yield _call(call.get("name"), call.get("arguments"))


def _given(span: Span) -> Iterator[str]:
    """Yield by what the output of a span is known, in the same words as a message."""
    value = parsed(span.output)
    holders = [value] if value is not None else []
    holders.append(
        {
            name: item
            for name, item in span.attributes.items()
            if any(
                word in name for word in ("output", "completion", "response", "choice")
            )
        }
    )
    texts = [_key(span.output)] if span.output else []
    calls = []
    for holder in holders:
        for name, item in _values(holder):
            if isinstance(item, str):
                if name.lower().endswith("id"):
                    yield f"id {item}"
                elif item[:1] in ("{", "[") and len(item) < _KEY * 100:
                    inner = parsed(item)
                    texts += [_key(v) for _, v in _values(inner) if isinstance(v, str)]
                    calls += list(_calls_in(inner))
                else:
                    texts.append(_key(item))
        calls += list(_calls_in(holder))
    yield from (text for text in texts if text)
    yield from calls


def _calls_in(value: object) -> Iterator[str]:
    for _, item in _values(value, mappings=True):
        if isinstance(item, Mapping) and isinstance(item.get("name"), str):
            for name in _ARGUMENTS:
                if name in item:
                    yield _call(item["name"], item[name])


def _call(name: object, arguments: object) -> str:
    given = parsed(arguments)
    if isinstance(given, Mapping):
        given = {key: given[key] for key in sorted(given, key=str)}
    return f"call {name} {short_arguments(given or arguments, _KEY)}"


def _values(value: object, *, mappings: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield names and values inside a JSON value, breadth first, not too many."""
    queue: deque[tuple[str, Any]] = deque([("", value)])
    for _ in range(_MOST_VALUES):
        if not queue:
            return
        name, item = queue.popleft()
        if isinstance(item, Mapping):
            if mappings:
                yield name, item
            queue.extend((str(k), v) for k, v in list(item.items())[:_MOST_VALUES])
        elif isinstance(item, list):
            queue.extend((name, one) for one in item[:_MOST_VALUES])
        elif not mappings:
            yield name, item
