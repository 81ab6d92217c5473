"""The AI SDK of Vercel, versions 3 to 6; version 7 writes the GenAI conventions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.ingest.build import Exchange, Facts
from erroranalysis.ingest.dialects import events
from erroranalysis.ingest.dialects.dialect import Dialect, about_source, error, speaks
from erroranalysis.ingest.dialects.genai import said_messages
from erroranalysis.ingest.dialects.plain import own_facts, session_of, user_of
from erroranalysis.ingest.utterances import utterance
from erroranalysis.ingest.values import as_count, as_id, as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Message, Span

_OPERATION = "ai.operationId"
_MARKS = (_OPERATION, "ai.model.id", "ai.toolCall.name")
_GIVEN = "ai.telemetry.metadata."
_SESSIONS = {
    "sessionId", "session_id", "conversationId", "threadId", "chatId", "chat_id",
    "conversation_id", "thread_id", "langfuseSessionId",
}  # fmt: skip
_USERS = {"userId", "user_id", "langfuseUserId"}
_KNOWN = (
    "ai.", "gen_ai.", "operation.name", "resource.name", "session.", "user.",
    "enduser.", "langfuse.",
)  # fmt: skip
_INPUTS = (
    "ai.prompt.messages", "ai.prompt", "ai.toolCall.args", "ai.toolCall.input",
    "ai.value", "ai.values", "ai.documents",
)  # fmt: skip
_OUTPUTS = (
    "ai.response.text", "ai.response.object", "ai.toolCall.result",
    "ai.toolCall.output", "ai.result.text", "ai.result.object", "ai.ranking",
)  # fmt: skip
_CALLS = ("ai.response.toolCalls", "ai.result.toolCalls")


def _operation(attributes: Mapping[str, Any]) -> str:
    given = attributes.get(_OPERATION) or attributes.get("operation.name")
    # before version 3.3 there was only "ai.generateText name-of-the-function"
    return given.partition(" ")[0] if isinstance(given, str) else ""


def _detects(attributes: Mapping[str, Any]) -> bool:
    return any(name in attributes for name in _MARKS) or (
        _operation(attributes).startswith("ai.")
    )


def _kind(attributes: Mapping[str, Any]) -> str | None:
    operation = _operation(attributes)
    if operation == "ai.toolCall" or "ai.toolCall.name" in attributes:
        return "tool"
    if operation.endswith((".doGenerate", ".doStream")):
        return "llm"
    if operation.endswith(".doEmbed"):
        return "embedding"
    if operation.endswith((".doRerank", ".doRank")):
        return "reranker"
    return "chain"


def _explain(span: Span) -> Facts:
    get = span.attributes.get
    facts = Facts(
        session_id=session_of(span.attributes),
        model=as_text(
            get("ai.response.model")
            or get("gen_ai.response.model")
            or get("ai.model.id")
            or get("gen_ai.request.model")
        ),
        input_tokens=_count(span, "inputTokens", "promptTokens", "input_tokens"),
        output_tokens=_count(span, "outputTokens", "completionTokens", "output_tokens"),
        error=error(span),
        tool=as_text(get("ai.toolCall.name")),
        call_id=as_text(get("ai.toolCall.id")),
        metadata=about_source(span.attributes) | user_of(span.attributes),
    )
    if span.kind == "embedding" and facts.input_tokens is None:
        facts.input_tokens = as_count(get("ai.usage.tokens"))
    if span.kind != "llm" and speaks(span):
        facts.asked = utterance(_bare(span.input), "user")
        facts.answered = utterance(_bare(span.output), "assistant")
    if span.kind == "llm" or (span.kind == "chain" and span.input is not None):
        facts.exchange = partial(_exchange, span)
    _given(span, facts)
    return facts


def _count(span: Span, *names: str) -> int | None:
    """Return a count of tokens; the conventions' own names come last."""
    for name in names:
        prefix = "gen_ai.usage." if "_" in name else "ai.usage."
        found = as_count(span.attributes.get(prefix + name))
        if found is not None:
            return found
    return None


def _given(span: Span, facts: Facts) -> None:
    """Add what the application says of the call in ``experimental_telemetry``."""
    for name, value in span.attributes.items():
        if not name.startswith(_GIVEN):
            continue
        field = name[len(_GIVEN) :]
        if field in _SESSIONS:
            facts.session_id = facts.session_id or as_id(value)
        elif field in _USERS:
            facts.metadata["user_id"] = value
        elif field == "tags" and isinstance(value, list):
            facts.tags = [str(tag) for tag in value]
        else:
            facts.metadata[field] = value
    if function := span.attributes.get("ai.telemetry.functionId"):
        facts.metadata.setdefault("functionId", function)
    if span.parent_id is None:
        facts.metadata |= own_facts(span.attributes, _KNOWN)


def _bare(text: str | None) -> str | None:
    """Return a text that is written as JSON, in quotes, without them."""
    if text is not None and text[:1] == '"' == text[-1:]:
        try:
            return str(orjson.loads(text))
        except orjson.JSONDecodeError:
            return text
    return text


def _exchange(span: Span) -> Exchange:
    asked = unwrap(span.input)
    before: list[Message] = []
    if isinstance(asked, Mapping):
        if asked.get("system"):
            before = events.lenient([{"content": asked["system"]}], "system")
        asked = asked.get("messages") or asked.get("prompt")
    before += said_messages(asked, "user")
    answer: dict[str, Any] = {"role": "assistant", "content": span.output}
    calls = next((unwrap(span.attributes.get(n)) for n in _CALLS), None)
    if isinstance(calls, list):
        # arguments are JSON inside of JSON
        answer["content"] = [{"text": span.output or ""}, *map(_call, calls)]
    if thought := span.attributes.get("ai.response.reasoning"):
        answer["reasoning"] = thought
    return before, events.lenient([answer], "assistant")


def _call(call: object) -> object:
    return {**call, "type": "tool-call"} if isinstance(call, Mapping) else call


DIALECT = Dialect("AI SDK", _detects, _kind, _explain, _INPUTS, _OUTPUTS)
