"""Spans of no known convention: an application's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.build import Facts
from erroranalysis.ingest.dialects.dialect import Dialect, about_source, error
from erroranalysis.ingest.utterances import utterance
from erroranalysis.ingest.values import as_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.records import Span

_OURS = "otel."
_SESSION = ("session.id", "session_id", "conversation_id", "gen_ai.conversation.id")


def _explain(span: Span) -> Facts:
    attributes = span.attributes
    return Facts(
        asked=utterance(span.input, "user"),
        answered=utterance(span.output, "assistant"),
        session_id=next(
            (as_id(attributes[n]) for n in _SESSION if n in attributes), None
        ),
        error=error(span),
        metadata=about_source(attributes)
        | ({} if span.parent_id else own_facts(attributes)),
    )


def own_facts(
    attributes: Mapping[str, Any], known: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the attributes that an application put there itself.

    Parameters
    ----------
    attributes : mapping
        Attributes of a span.
    known : tuple of str
        Beginnings of the names that the convention uses.
    """
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith((_OURS, *known)) and isinstance(value, str | int | float)
    }


DIALECT = Dialect(
    "plain",
    lambda _: True,
    lambda _: None,
    _explain,
    inputs=("input", "prompt", "question", "query"),
    outputs=("output", "response", "answer", "completion"),
)
