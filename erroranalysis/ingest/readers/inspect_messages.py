"""Messages of Inspect AI, whose long texts and images stand apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.values import as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Message

_POINTERS = ("attachment://", "tc://")  # the second in the logs of 2024
_MEDIA = {"image": "image", "audio": "audio", "video": "video", "document": "file"}


def resolved(
    value: Any,  # noqa: ANN401 - any JSON value
    attachments: Mapping[str, Any],
    *,
    media: bool = True,
) -> Any:  # noqa: ANN401
    """Return a value with the texts in it that only an attachment holds.

    Parameters
    ----------
    value : object
        Any JSON value.
    attachments : mapping
        What a sample says apart, by the hash in the pointer.
    media : bool, default True
        Whether images and the like are filled in too.

    Examples
    --------
    >>> resolved({"content": "attachment://0a"}, {"0a": "A long text"})
    {'content': 'A long text'}
    """
    if isinstance(value, str):
        if not value.startswith(_POINTERS):
            return value
        found = attachments.get(value.partition("://")[2])
        is_media = isinstance(found, str) and found.startswith("data:")
        return value if found is None or (is_media and not media) else found
    if isinstance(value, Mapping):
        return {k: resolved(v, attachments, media=media) for k, v in value.items()}
    if isinstance(value, list):
        return [resolved(item, attachments, media=media) for item in value]
    return value


def messages_of(
    items: Any,  # noqa: ANN401 - as the source wrote
    attachments: Mapping[str, Any],
    *,
    media: bool = True,
) -> list[Message]:
    """Return messages in the one shape.

    Raises
    ------
    BadRecord
        They are none.

    Examples
    --------
    >>> messages_of(
    ...     [{"role": "tool", "content": "", "error": {"message": "no such file"}}], {}
    ... )
    [{'role': 'tool', 'content': 'error: no such file'}]
    """
    out: list[Message] = []
    for item in resolved(items or [], attachments, media=media):
        out += _message(item)
    return out


def _message(item: Any) -> list[Message]:  # noqa: ANN401 - as the source wrote
    if not isinstance(item, Mapping) or not isinstance(item.get("content"), list):
        [message] = normalise([item])
        parts: Sequence[Any] = ()
    else:
        parts = [p if isinstance(p, Mapping) else {"text": p} for p in item["content"]]
        plain = [_part(p) for p in parts if p.get("type") not in {*_MEDIA, "tool_use"}]
        [message] = normalise([{**item, "content": plain}])
    media = [
        {"type": _MEDIA[part["type"]], "ref": as_text(part.get(part["type"]))}
        for part in parts
        if part.get("type") in _MEDIA
    ]
    if media:
        message["attachments"] = media
    if item.get("role") == "tool":
        if item.get("function"):
            message["name"] = str(item["function"])
        message["content"] = with_error(message["content"], item.get("error"))
    return [message, *_server_tools(message, parts)]


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if part.get("type") != "reasoning":
        return part
    # what the provider encrypted is no reasoning to read, its summary may be
    said = None if part.get("redacted") else part.get("reasoning")
    return {"type": "reasoning", "text": said or part.get("summary") or ""}


def _server_tools(message: Message, parts: Sequence[Any]) -> list[Message]:
    """Add the calls of tools that the provider ran itself; return their results."""
    out: list[Message] = []
    for part in parts:
        if part.get("type") == "tool_use":
            call = {"id": part.get("id"), "name": part.get("name")}
            call["arguments"] = unwrap(part.get("arguments"))
            message.setdefault("tool_calls", []).append(call)
            text = with_error(as_text(part.get("result")) or "", part.get("error"))
            result = {"role": "tool", "content": text, "tool_call_id": part.get("id")}
            out.append(result)
    return out


def with_error(text: str, error: Any) -> str:  # noqa: ANN401 - as the source wrote
    """Return the result of a tool together with what went wrong.

    Examples
    --------
    >>> with_error("", {"type": "timeout", "message": "60 seconds are over"})
    'error (timeout): 60 seconds are over'
    """
    if not error:
        return text
    said = error_text(error)
    sort = error.get("type") if isinstance(error, Mapping) else None
    label = f"error ({sort})" if sort and sort != "unknown" else "error"
    return f"{text}\n\n{label}: {said}" if text else f"{label}: {said}"


def error_text(error: Any) -> str | None:  # noqa: ANN401 - as the source wrote
    """Return the message of an error, or the error as text."""
    if isinstance(error, Mapping):
        return as_text(error.get("message") or dict(error))
    return as_text(error or None)
