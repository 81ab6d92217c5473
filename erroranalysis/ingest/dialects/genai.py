"""The GenAI conventions of OpenTelemetry, old and new, and what follows them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.build import Exchange, Facts
from erroranalysis.ingest.dialects import events
from erroranalysis.ingest.dialects.dialect import Dialect, about_source, error, speaks
from erroranalysis.ingest.dialects.plain import own_facts, session_of, user_of
from erroranalysis.ingest.utterances import utterance
from erroranalysis.ingest.values import as_count, as_number, as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.records import Message, Span

_OPERATION = "gen_ai.operation.name"
_KINDS = {
    "chat": "llm",
    "text_completion": "llm",
    "generate_content": "llm",
    "embeddings": "embedding",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "invoke_workflow": "chain",
    "retrieval": "retriever",
}
_KNOWN = (
    "gen_ai.", "llm.", "openai.", "azure.", "aws.", "server.", "session.", "user.",
    "enduser.", "error.", "logfire.", "pydantic_ai.", "gcp.vertex.agent.", "traceloop.",
    "langfuse.", "events", "input", "output", "all_messages", "final_result",
    "model_request_parameters",
)  # fmt: skip
INPUTS = (
    "gen_ai.input.messages", "gen_ai.tool.call.arguments", "gen_ai.prompt",
    "gen_ai.retrieval.query.text", "tool_arguments", "gcp.vertex.agent.tool_call_args",
    "gcp.vertex.agent.llm_request", "input.value", "input",
)  # fmt: skip
OUTPUTS = (
    "gen_ai.output.messages", "gen_ai.tool.call.result", "gen_ai.completion",
    "gen_ai.retrieval.documents", "tool_response", "final_result",
    "gcp.vertex.agent.tool_response", "gcp.vertex.agent.llm_response", "output.value",
    "output",
)  # fmt: skip
_WHOLE = ("pydantic_ai.all_messages", "all_messages_events")


def _detects(attributes: Mapping[str, Any]) -> bool:
    return any(name.startswith("gen_ai.") for name in attributes) or (
        events.has_messages(attributes)
    )


def kind(attributes: Mapping[str, Any]) -> str | None:
    """Return the kind of a span from the name of its operation."""
    operation = attributes.get(_OPERATION)
    if isinstance(operation, str):
        return _KINDS.get(operation.lower(), operation.lower())
    if "gen_ai.tool.name" in attributes or "gen_ai.tool.call.id" in attributes:
        return "tool"
    if "gen_ai.request.model" in attributes or "gen_ai.response.model" in attributes:
        return "llm"
    return "agent" if "gen_ai.agent.name" in attributes else None


def explain(span: Span) -> Facts:
    """Return what a span of these conventions says."""
    own = span.attributes
    has_messages = events.has_messages(own)
    get = {**events.details(own), **own}.get if has_messages else own.get
    is_call = span.kind == "llm" or (has_messages and span.kind is None)
    facts = Facts(
        session_id=session_of(own),
        model=as_text(get("gen_ai.response.model") or get("gen_ai.request.model")),
        input_tokens=as_count(
            _either(get("gen_ai.usage.input_tokens"), get("gen_ai.usage.prompt_tokens"))
        ),
        output_tokens=as_count(
            _either(
                get("gen_ai.usage.output_tokens"), get("gen_ai.usage.completion_tokens")
            )
        ),
        cost_usd=as_number(_either(get("gen_ai.usage.cost"), get("operation.cost"))),
        error=error(span),
        tool=as_text(get("gen_ai.tool.name")),
        call_id=as_text(get("gen_ai.tool.call.id")),
        metadata=about_source(own) | user_of(own),
    )
    if is_call or span.kind == "agent":
        facts.exchange = partial(exchange, span)
    if not is_call and speaks(span):
        facts.asked = utterance(span.input, "user")
        facts.answered = utterance(span.output, "assistant")
    if span.parent_id is None:
        facts.metadata |= own_facts(own, _KNOWN)
        if agent := get("gen_ai.agent.name"):
            facts.metadata["gen_ai.agent.name"] = agent
    return facts


def exchange(span: Span) -> Exchange:
    """Return the messages of a model call or of a whole run of an agent."""
    own = span.attributes
    whole = next((own[name] for name in _WHOLE if name in own), None)
    if span.kind == "agent" and isinstance(said := unwrap(whole), list):
        return said_messages(said, "user"), []
    extra = events.details(own)
    before, after = events.exchange(own)
    asked = span.input or extra.get("gen_ai.input.messages") or extra.get(_PROMPT)
    answered = span.output or extra.get("gen_ai.output.messages")
    before = said_messages(asked, "user") or before
    after = said_messages(answered or extra.get(_COMPLETION), "assistant") or after
    system = own.get(_SYSTEM) or extra.get(_SYSTEM)
    if system and not any(message["role"] == "system" for message in before):
        before = [*_system(system), *before]
    return before, after


_PROMPT, _COMPLETION = "gen_ai.prompt", "gen_ai.completion"
_SYSTEM = "gen_ai.system_instructions"


def said_messages(value: object, side: str) -> list[Message]:
    """Return the messages that a value holds, a bare text being one of a side.

    Examples
    --------
    >>> said_messages('[{"role": "user", "parts": [{"text": "Hi"}]}]', "user")
    [{'role': 'user', 'content': 'Hi'}]
    >>> said_messages({"text": "Bye", "finish_reason": "stop"}, "assistant")
    [{'role': 'assistant', 'content': 'Bye'}]
    """
    value = unwrap(value)
    if isinstance(value, Mapping):
        given = next((value[name] for name in _LISTS if value.get(name)), None)
        if given is not None:
            return said_messages(given, side)
        if isinstance(content := value.get("content"), Mapping):
            return said_messages(content, side)  # of Gemini: {"content": {"parts": …}}
        value = [value]
    if value is None or value in ("", []):
        return []
    if not isinstance(value, list):
        value = [value]
    elif not any(_speaks(item) for item in value):
        value = [{"content": value}]  # parts of one message
    messages = (
        item["message"] if isinstance(item, Mapping) and "message" in item else item
        for item in value
    )
    return events.lenient(messages, side)


_LISTS = ("messages", "contents", "choices", "candidates", "history")


def _speaks(item: object) -> bool:
    return not isinstance(item, Mapping) or not {
        "role", "message", "content", "parts", "finish_reason",
    }.isdisjoint(item)  # fmt: skip


def _system(value: object) -> list[Message]:
    value = unwrap(value)
    if isinstance(value, list) and all(_is_message(item) for item in value):
        return events.lenient(value, "system")
    return events.lenient([{"content": value}], "system")


def _is_message(item: object) -> bool:
    return isinstance(item, Mapping) and "role" in item


def _either(first: Any, second: Any) -> Any:  # noqa: ANN401 - any JSON value
    return second if first is None else first


DIALECT = Dialect("GenAI", _detects, kind, explain, INPUTS, OUTPUTS)
