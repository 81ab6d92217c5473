"""What a dialect is, and what all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from erroranalysis.ingest.build import Facts
    from erroranalysis.records import Span

EVENTS, LOGS, RESOURCE = "otel.events", "otel.logs", "otel.resource"
SCOPE, MESSAGE, LINKS = "otel.scope", "otel.status_message", "otel.links"
_MOST_NAMES = 1 << 14
SOURCE_ID = "otel.trace_id"  # where the source spells the id of the trace otherwise

Found = TypeVar("Found")


@dataclass(frozen=True)
class Dialect:
    """One convention for the names of attributes.

    Attributes
    ----------
    name : str
        Name of the convention.
    detects : callable
        Whether attributes are written in it. What went in and out may have been
        taken out of them already.
    kind : callable
        The kind of a span: ``llm``, ``tool``, ``retriever``, ….
    explain : callable
        What a span says.
    inputs, outputs : tuple of str
        Attributes that hold what went in and out as text, the surest first; they move
        to ``Span.input`` and ``Span.output``.
    """

    name: str
    detects: Callable[[Mapping[str, Any]], bool]
    kind: Callable[[Mapping[str, Any]], str | None]
    explain: Callable[[Span], Facts]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


class Names(dict[str, Found]):
    """What is found out about a name, once: the same names come with every span.

    Parameters
    ----------
    find : callable
        Finds it out.
    """

    def __init__(self, find: Callable[[str], Found]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, name: str) -> Found:
        """Find it out, and forget all others where there are too many."""
        if len(self) > _MOST_NAMES:
            self.clear()
        self[name] = found = self._find(name)
        return found


def error(span: Span) -> str | None:
    """Return what went wrong in a span: its status, or the exception it recorded."""
    if span.status != "error":
        return None
    attributes = span.attributes
    if text := attributes.get(MESSAGE):
        return str(text)
    for event in attributes.get(EVENTS) or ():
        said = event.get("attributes") or {}
        if text := said.get("exception.message") or said.get("exception.type"):
            return str(text)
    return str(attributes.get("error.type") or "error")


def speaks(span: Span) -> bool:
    """Return whether what went in and out may be what a user and the product said.

    The earliest span of a trace whose root is missing may be a tool; nobody reads what
    a tool answers.
    """
    return span.parent_id is None or span.kind not in _STEPS


_STEPS = {
    "llm", "tool", "retriever", "embedding", "reranker", "guardrail", "evaluator",
    "prompt",
}  # fmt: skip


def about_source(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the resource says that traces are compared by."""
    resource = attributes.get(RESOURCE)
    if not resource:
        return {}
    return {name: resource[name] for name in _RESOURCE if name in resource}


_RESOURCE = (
    "service.name", "service.version", "deployment.environment",
    "deployment.environment.name", "openinference.project.name",
)  # fmt: skip
