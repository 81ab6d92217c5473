"""Items of the Responses API: what was said, thought, called and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from erroranalysis.ingest.messages import hosted, kind, normalise
from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.readers.logged_calls import joined_text

if TYPE_CHECKING:
    from erroranalysis.records import Message

_CALLS = ("function_call", "custom_tool_call")
# nobody says these: text that only the model can read, and a link to another item
_SILENT = ("compaction", "compaction_summary", "item_reference")
_APPROVAL = "mcp_approval_response"


def messages_of(item: object) -> list[Message]:
    """Return the messages that one item of a Responses input or output stands for.

    A tool that OpenAI ran itself has its call and its answer in one item; they become
    two messages, as for other tools.

    Raises
    ------
    BadRecord
        It is neither text nor an object, or has a role that nobody knows.

    Examples
    --------
    >>> called, answered = messages_of(
    ...     {
    ...         "type": "mcp_call",
    ...         "id": "m",
    ...         "name": "hours",
    ...         "arguments": '{"day": 7}',
    ...         "output": "closed",
    ...     }
    ... )
    >>> called["tool_calls"]
    [{'id': 'm', 'name': 'hours', 'arguments': {'day': 7}}]
    >>> answered
    {'role': 'tool', 'content': 'closed', 'tool_call_id': 'm'}
    """
    if isinstance(item, str):
        return [{"role": "user", "content": item}]
    if not isinstance(item, Mapping):
        raise BadRecord(f"an item of the conversation is {kind(item)}")
    sort = str(item.get("type", "message"))
    if sort in _SILENT:
        return []
    if sort == _APPROVAL or sort.endswith("_output"):
        answer = hosted.asked(item) if sort == _APPROVAL else item.get("output")
        return normalise([hosted.result(hosted.id_of(item), answer)])
    if sort == "reasoning":
        text = joined_text(item.get("summary") or item.get("content"))
        return [{"role": "assistant", "content": "", "reasoning": text}] if text else []
    if "role" in item and sort not in _CALLS:
        return normalise([item])
    return normalise([*hosted.turns(item, answers=sort not in _CALLS)])
