"""MLflow: the attributes that its tracing writes, also where it exports OTLP.

MLflow writes every value as JSON; in its own exports the reader has opened them before.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.ingest import steps
from erroranalysis.ingest.build import Exchange, Facts
from erroranalysis.ingest.dialects.dialect import Dialect, about_source, error
from erroranalysis.ingest.dialects.plain import own_facts, session_of, user_of
from erroranalysis.ingest.ids import normal_id
from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.values import as_count, as_number, as_text, unwrap

if TYPE_CHECKING:
    from erroranalysis.ingest.utterances import Side
    from erroranalysis.records import Span

TYPE, REQUEST_ID = "mlflow.spanType", "mlflow.traceRequestId"
INPUTS, OUTPUTS = "mlflow.spanInputs", "mlflow.spanOutputs"
_MARKS = (TYPE, REQUEST_ID, INPUTS)
_CHAT, _USAGE = "mlflow.chat.messages", "mlflow.chat.tokenUsage"
_MODEL, _COST = "mlflow.llm.model", "mlflow.llm.cost"
_SESSION, _USER = "mlflow.trace.session", "mlflow.trace.user"
_KINDS = {"chat_model": "llm", "unknown": None, "workflow": "chain"}
_INPUT_TOKENS = ("input_tokens", "prompt_tokens")
_OUTPUT_TOKENS = ("output_tokens", "completion_tokens")
_SYSTEM = ("system", "instructions")
_NOT_FACTS = ("mlflow.", "gen_ai.", "session.", "user.", "model", "tools")


def _detects(attributes: Mapping[str, Any]) -> bool:
    return any(name in attributes for name in _MARKS)


def _kind(attributes: Mapping[str, Any]) -> str | None:
    given = decoded(attributes.get(TYPE))
    kind = given.lower() if isinstance(given, str) else "unknown"
    return _KINDS.get(kind, kind)


def decoded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return what MLflow wrote as JSON; one level, because a text may be JSON itself.

    Examples
    --------
    >>> decoded('"AGENT"'), decoded("0.2"), decoded('"42"'), decoded("plain")
    ('AGENT', 0.2, '42', 'plain')
    """
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        return unwrap(value)
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _explain(span: Span) -> Facts:
    attributes = span.attributes
    is_call = span.kind == "llm"
    reply = steps.opened(decoded(span.output)) if is_call else {}
    usage = steps.opened(attributes.get(_USAGE)) or steps.opened(reply.get("usage"))
    cost = steps.opened(attributes.get(_COST))
    facts = Facts(
        session_id=as_text(decoded(attributes.get(_SESSION))) or session_of(attributes),
        input_tokens=as_count(steps.first_of(usage, _INPUT_TOKENS)),
        output_tokens=as_count(steps.first_of(usage, _OUTPUT_TOKENS)),
        cost_usd=as_number(cost.get("total_cost")),
        error=error(span),
        metadata=about_source(attributes) | user_of(attributes),
    )
    if is_call:
        given = (attributes.get(_MODEL), reply.get("model"), attributes.get("model"))
        facts.model = as_text(next((decoded(one) for one in given if one), None))
        facts.exchange = partial(_exchange, span)
    else:
        facts.asked = said(span.input, "user")
        facts.answered = said(span.output, "assistant")
    if user := decoded(attributes.get(_USER)):
        facts.metadata["user_id"] = user
    if span.parent_id is None:
        facts.metadata |= own_facts(attributes, _NOT_FACTS)
        source_id = decoded(attributes.get(REQUEST_ID))
        if source_id and normal_id(source_id) != source_id:
            facts.metadata["source_id"] = source_id
    return facts


def said(text: str | None, side: Side) -> str | None:
    """Return what was said in the inputs or the outputs of a traced function.

    The inputs are the arguments under the names of the parameters; where just one of
    them is text, it is what was asked.

    Examples
    --------
    >>> said('{"q": "Open on Sunday?", "k": 4}', "user"), said('"Yes"', "assistant")
    ('Open on Sunday?', 'Yes')
    """
    value = decoded(text)
    found = steps.said(as_text(value), side)
    if found is None and isinstance(value, Mapping):
        texts = [one for one in value.values() if isinstance(one, str) and one.strip()]
        found = texts[0] if len(texts) == 1 else None
    return found


def _exchange(span: Span) -> Exchange:
    """Return the messages of a model call, or those that MLflow found in it."""
    asked, answered = decoded(span.input), decoded(span.output)
    chat = unwrap(span.attributes.get(_CHAT))
    if isinstance(chat, list) and chat and not steps.is_talk(as_text(asked)):
        return steps.exchange(chat, None)
    before, after = steps.exchange(asked, answered)
    system = steps.first_of(steps.opened(asked), _SYSTEM)
    if system and before and not any(m["role"] == "system" for m in before):
        before = [*normalise([{"role": "system", "content": system}]), *before]
    return before, after


DIALECT = Dialect("MLflow", _detects, _kind, _explain, (INPUTS,), (OUTPUTS,))
