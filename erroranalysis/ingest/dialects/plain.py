"""Spans of no known convention: an application's own."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from erroranalysis.ingest.build import Facts
from erroranalysis.ingest.dialects.dialect import Dialect, Names, about_source, error
from erroranalysis.ingest.utterances import utterance
from erroranalysis.ingest.values import as_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.records import Span

_OURS = "otel."
_SCALARS = (str, int, float)
_SESSION = (
    "session.id", "gen_ai.conversation.id", "langfuse.session.id", "session_id",
    "conversation_id", "thread_id",
)  # fmt: skip
_USER = ("user.id", "langfuse.user.id", "enduser.id", "user_id")


def _explain(span: Span) -> Facts:
    attributes = span.attributes
    return Facts(
        asked=utterance(span.input, "user"),
        answered=utterance(span.output, "assistant"),
        session_id=session_of(attributes),
        error=error(span),
        metadata=about_source(attributes)
        | ({} if span.parent_id else own_facts(attributes, (*_SESSION, *_USER)))
        | user_of(attributes),
    )


def session_of(attributes: Mapping[str, Any]) -> str | None:
    """Return the session, under the names that most tools use."""
    found = (attributes[name] for name in _SESSION if name in attributes)
    return as_id(next(found, None))


def user_of(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the id of the user as metadata, or nothing."""
    found = next((attributes[name] for name in _USER if attributes.get(name)), None)
    return {} if found is None else {"user_id": found}


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
    own = _own_names(known)
    return {
        name: value
        for name, value in attributes.items()
        if own[name] and isinstance(value, _SCALARS)
    }


@functools.cache
def _own_names(known: tuple[str, ...]) -> Names[bool]:
    """Return whether a name is an application's own."""
    others = (_OURS, *known)
    return Names(lambda name: not name.startswith(others))


DIALECT = Dialect(
    "plain",
    lambda _: True,
    lambda _: None,
    _explain,
    inputs=("input", "prompt", "question", "query"),
    outputs=("output", "response", "answer", "completion"),
)
