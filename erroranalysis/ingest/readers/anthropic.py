"""Logs of the Anthropic Messages API: a request and its response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from erroranalysis.ingest.facts import facts, find, identity, metadata
from erroranalysis.ingest.messages import kind, normalise
from erroranalysis.ingest.reader import BadRecord, Context, Reader, single
from erroranalysis.ingest.readers.anthropic_streams import is_stream, joined
from erroranalysis.ingest.values import as_count, as_text, unwrap
from erroranalysis.records import Message, Trace

NAME = "anthropic"
_SERVER_CALLS = ("server_tool_use", "mcp_tool_use")
_NOT_SETTINGS = ("messages", "model", "system", "metadata")
CACHED = ("cache_read_input_tokens", "cache_creation_input_tokens")
UNCACHED = "uncached_input_tokens"
_HIDDEN = {"redacted_thinking"}


def is_reply(response: object) -> bool:
    """Return whether a value is a reply of the Messages API, or its refusal.

    Examples
    --------
    >>> is_reply({"type": "message", "role": "assistant", "content": []})
    True
    >>> is_reply({"type": "error", "error": {"type": "overloaded_error"}})
    True
    >>> is_reply({"choices": []})
    False
    """
    if not isinstance(response, Mapping):
        return is_stream(response)
    if response.get("type") == "error":
        return isinstance(response.get("error"), Mapping)
    if response.get("type") != "message" or response.get("role") != "assistant":
        return False
    return isinstance(response.get("content"), list)


def _detects(record: Mapping[str, Any]) -> bool:
    if "response" in record:
        request, response = _pair(record)
        asks = isinstance(request, Mapping) and isinstance(
            unwrap(request.get("messages")), list
        )
        return asks and is_reply(response)
    return is_reply(record) and "stop_reason" in record


def _pair(record: Mapping[str, Any]) -> tuple[object, object]:
    """Return request and response, out of the envelopes of an HTTP log."""
    if "response" not in record:
        return {}, record
    pair = []
    for name in ("request", "response"):
        value = unwrap(record.get(name))
        if isinstance(value, Mapping) and isinstance(value.get("body"), (dict, str)):
            value = unwrap(value["body"])
        pair.append(value)
    return (pair[0] if "request" in record else record), pair[1]


def to_trace(record: Mapping[str, Any], context: Context) -> Trace:
    """Return the trace of a request and its response.

    Raises
    ------
    BadRecord
        There is nothing in them that was said.
    """
    request, response = _pair(record)
    if is_stream(response):
        response = joined(str(response))
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        raise BadRecord("request and response are not both objects")
    messages = _asked(request) + turns("assistant", response.get("content"))
    beside = request is record
    columns = context.columns
    used = {"response"} | ({*_NOT_SETTINGS} if beside else {"request"})
    if response is record:
        used = set(record) - {"metadata"}
    at = find({} if response is record else record, columns)
    known = facts(record, at)
    counts = usage_of(response.get("usage"))
    known["model"] = as_text(response.get("model") or request.get("model"))
    known["input_tokens"] = counts.pop("input_tokens", None)
    known["output_tokens"] = counts.pop("output_tokens", None)
    known["error"] = _error(record) or known["error"] or _error(response)
    # of a failed call in a batch there may be no more than the error
    if not messages and (request or not known["error"]):
        raise BadRecord("the request has no messages and the response no content")
    if "id" not in at and columns.get("id", "") is not None and response.get("id"):
        record, at = {**record, "id": response["id"]}, {**at, "id": "id"}
    return Trace(
        id=identity(record, at, known, messages, "a_"),
        messages=messages,
        metadata={
            **_settings(request, response, beside=beside),
            **counts,
            **metadata(record, at, known, used),
        },
        **known,
    )


def _asked(request: Mapping[str, Any]) -> list[Message]:
    """Return the system prompt and the messages of a request."""
    system = _joined_text(request.get("system"))
    out: list[Message] = [{"role": "system", "content": system}] if system else []
    given = unwrap(request.get("messages"))
    if given is None:
        return out
    if not isinstance(given, list):
        raise BadRecord(f"messages is {kind(given)}, not a list")
    for place, message in enumerate(given):
        if isinstance(message, str):
            # the API refuses it, and the log of that tells so
            out.append({"role": "user", "content": message})
        elif not isinstance(message, Mapping):
            raise BadRecord(f"message {place} is {kind(message)}, not an object")
        else:
            out += turns(str(message.get("role")), message.get("content"))
    return out


def _joined_text(system: object) -> str:
    if not isinstance(system, list):
        return as_text(system) or ""
    texts = (as_text(b.get("text") if isinstance(b, Mapping) else b) for b in system)
    return "\n\n".join(text for text in texts if text)


def turns(role: str, content: object) -> list[Message]:
    """Return the messages that the content of one message stands for.

    What a tool on the side of the model answered stands between the blocks of the
    model's own message; it becomes a message of the tool, as for other tools.

    Parameters
    ----------
    role : str
        Who speaks.
    content : str or list
        Text, or blocks of text, thinking, tools and media.

    Examples
    --------
    >>> turns(
    ...     "assistant",
    ...     [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Yes"}],
    ... )
    [{'role': 'assistant', 'content': 'Yes', 'reasoning': 'Hm'}]
    """
    if content is None or content == []:
        return []
    if not isinstance(content, list):
        return normalise([{"role": role, "content": content}])
    out: list[Message] = []
    for blocks in _stretches(content):
        out += normalise([{"role": role, "content": blocks}])
    return out


def _stretches(content: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield blocks in lists, a new one after what a tool of the server answered."""
    so_far: list[Any] = []
    for block in content:
        sort = str(block.get("type")) if isinstance(block, Mapping) else ""
        if sort in _HIDDEN:
            continue
        if sort in _SERVER_CALLS:
            so_far.append({**block, "type": "tool_use"})
        elif sort.endswith("_tool_result"):
            if so_far:
                yield so_far
            so_far = []
            yield [_server_result(block)]
        else:
            so_far.append(block)
    if so_far:
        yield so_far


def _server_result(block: Mapping[str, Any]) -> dict[str, Any]:
    content = block.get("content")
    is_said = isinstance(content, list) and all(
        isinstance(item, Mapping) and item.get("type") == "text" for item in content
    )
    return {
        "type": "tool_result",
        "tool_use_id": block.get("tool_use_id"),
        "content": content if is_said else as_text(content),
    }


def usage_of(usage: object) -> dict[str, int]:
    """Return the tokens that a model read and wrote.

    What was read from the cache or written to it is not in the ``input_tokens`` of
    Anthropic; here it is, and the parts stand beside the sum where there are several.

    Examples
    --------
    >>> usage_of(
    ...     {"input_tokens": 11, "cache_read_input_tokens": 2055, "output_tokens": 9}
    ... ) == {
    ...     "input_tokens": 2066,
    ...     "output_tokens": 9,
    ...     "uncached_input_tokens": 11,
    ...     "cache_read_input_tokens": 2055,
    ... }
    True
    """
    if not isinstance(usage, Mapping):
        return {}
    out: dict[str, int] = {}
    plain = as_count(usage.get("input_tokens"))
    cached = {name: count for name in CACHED if (count := as_count(usage.get(name)))}
    if plain is not None or cached:
        out["input_tokens"] = (plain or 0) + sum(cached.values())
    if (written := as_count(usage.get("output_tokens"))) is not None:
        out["output_tokens"] = written
    return {**out, UNCACHED: plain or 0, **cached} if cached else out


def _settings(
    request: Mapping[str, Any], response: Mapping[str, Any], *, beside: bool
) -> dict[str, Any]:
    """Return how the model was called and how it ended, for the metadata."""
    out: dict[str, Any] = {}
    settings = {k: v for k, v in request.items() if k not in _NOT_SETTINGS}
    if settings and not beside:
        out["request"] = settings
    if response.get("stop_reason"):
        out["finish_reason"] = response["stop_reason"]
    failed = response.get("error")
    if isinstance(failed, Mapping) and failed.get("type"):
        out["error_type"] = failed["type"]
    given = request.get("metadata")
    if isinstance(given, Mapping):
        out |= given
    return out


def _error(response: Mapping[str, Any]) -> str | None:
    error = response.get("error")
    if isinstance(error, Mapping):
        return as_text(error.get("message") or dict(error))
    return as_text(error) if error else None


READER = Reader(
    NAME,
    "request and response of the Anthropic Messages API",
    _detects,
    single(to_trace),
)
