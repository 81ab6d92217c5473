"""Retrieved passages, in the shapes in which retrievers give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Names under which an object keeps its passages, the plainest first.
_CONTAINERS = (
    "passages", "documents", "docs", "chunks", "source_nodes", "nodes",
    "source_documents", "matches", "hits", "results", "search_results", "contexts",
    "context", "sources",
)  # fmt: skip
# Under these names even a bare text is a passage.
_SURE = frozenset((
    "passages", "documents", "docs", "chunks", "source_nodes", "source_documents",
    "contexts",
))  # fmt: skip
_TEXTS = (
    "page_content", "text", "content", "snippet", "passage", "chunk", "document",
    "page_snippet", "body",
)  # fmt: skip
_SOURCES = (
    "source", "title", "file_name", "filename", "file_path", "path", "url",
    "uri", "link",
)  # fmt: skip
_IDS = ("id", "id_", "doc_id", "document_id", "chunk_id", "node_id", "page")
_SCORES = (
    "score", "_score", "similarity", "relevance", "relevance_score", "rerank_score",
    "distance",
)  # fmt: skip
# A list of these is a conversation, or parts of a message.
_OTHERS = {"role", "tool_calls", "tool_call_id", "arguments"}
_CLASSES = {"class_name", "lc", "type"}
_PARTS = {"text", "input_text", "output_text", "image_url", "tool_use", "tool_result"}


@dataclass(frozen=True)
class Passage:
    """A retrieved passage."""

    source: str
    score: str
    text: str
    more: dict[str, Any] = field(default_factory=dict)


def passages(value: object) -> list[Passage]:
    """Return the passages of a retrieval result, best first as they came.

    Known are the lists of LangChain, LlamaIndex and OpenInference, and plain lists of
    texts with a source or a score. Any other list has none.

    Examples
    --------
    >>> passages({"passages": [{"source": "FAQ", "score": 0.5, "text": "Yes."}]})
    [Passage(source='FAQ', score='0.5', text='Yes.', more={})]
    >>> passages([{"page_content": "Yes.", "metadata": {"source": "faq.md"}}])
    [Passage(source='faq.md', score='', text='Yes.', more={})]
    >>> passages([{"id": 7, "text": "a tweet"}]), passages([{"role": "user"}])
    ([], [])
    """
    return retrieved(value)[0]


def retrieved(value: object) -> tuple[list[Passage], dict[str, Any]]:
    """Return the passages of a retrieval result, and what else it says.

    Examples
    --------
    >>> found, rest = retrieved({"passages": [{"text": "Yes."}], "took_ms": 12})
    >>> found[0].text, rest
    ('Yes.', {'took_ms': 12})
    """
    if isinstance(value, list):
        return _list(value, sure=False), {}
    if isinstance(value, Mapping):
        for name in _CONTAINERS:
            inner = value.get(name)
            if isinstance(inner, list) and (found := _list(inner, sure=name in _SURE)):
                return found, {k: v for k, v in value.items() if k != name}
    return [], {}


def _list(items: list[Any], *, sure: bool) -> list[Passage]:
    found = []
    for item in items:
        passage = _passage(item, sure=sure)
        if passage is None:
            return []
        found.append(passage)
    return found


def _passage(item: object, *, sure: bool) -> Passage | None:
    """Return an item as a passage, or None where it is not clearly one."""
    score = None
    if isinstance(item, list) and len(item) == 2:  # noqa: PLR2004 - text and score
        item, score = item
        if not isinstance(score, int | float):
            return None
    if not isinstance(item, Mapping):
        return None
    flat, wrapped = _unwrapped(item)
    if _OTHERS & flat.keys() or flat.get("type") in _PARTS:
        return None
    if score is not None:
        flat["score"] = score
    metadata = flat.pop("metadata", None)
    if isinstance(metadata, Mapping):
        wrapped |= any(n in metadata for n in _SOURCES) and _text_of(flat) is not None
        _merge(flat, metadata)
    elif metadata is not None:
        flat["metadata"] = metadata
    name = _text_of(flat)
    told = any(flat.get(n) is not None for n in (*_SOURCES, *_SCORES))
    if name is None or not (sure or wrapped or told):
        return None
    return _told(flat, name)


def _text_of(flat: Mapping[str, Any]) -> str | None:
    return next((name for name in _TEXTS if isinstance(flat.get(name), str)), None)


def _unwrapped(item: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Return the fields of a passage, and whether a framework named them."""
    flat = dict(item)
    inner = item.get("document", item.get("node", item.get("kwargs")))
    if isinstance(inner, Mapping) and _text_of(inner) is not None:
        for name in ("document", "node", "kwargs", "lc", "type", "class_name"):
            flat.pop(name, None)
        if "kwargs" in item:
            flat.pop("id", None)  # of LangChain: the path of the class
        _merge(flat, {k: v for k, v in inner.items() if k not in _CLASSES})
        return flat, True
    dotted = [name for name in flat if name.startswith("document.")]
    for name in dotted:
        flat[name.removeprefix("document.")] = flat.pop(name)
    return flat, bool(dotted) or "page_content" in flat


def _merge(flat: dict[str, Any], inner: Mapping[str, Any]) -> None:
    """Take over fields; what would hide another stays in ``metadata``."""
    has_text = _text_of(flat) is not None
    for name, value in inner.items():
        if name in flat or (has_text and name in _TEXTS):
            flat.setdefault("metadata", {})
            if isinstance(flat["metadata"], dict) and flat.get(name) != value:
                flat["metadata"] = {**flat["metadata"], name: value}
        else:
            flat[name] = value


def _told(flat: dict[str, Any], name: str) -> Passage:
    """Return fields as a passage; what is not its text, source or score is more."""
    text = flat.pop(name)
    where: list[str] = []
    for key in (*_SOURCES, *_IDS):
        given = flat.get(key)
        if isinstance(given, str | int) and not isinstance(given, bool) and given != "":
            word = f"page {flat.pop(key)}" if key == "page" else str(flat.pop(key))
            if word not in where:
                where.append(word)
    found = (n for n in _SCORES if isinstance(flat.get(n), int | float | str))
    score = next(found, None)
    number = flat.pop(score) if score else ""
    shown = f"{number:.4g}" if isinstance(number, float) else str(number)
    more = {k: v for k, v in flat.items() if v not in (None, "", [], {})}
    return Passage(" · ".join(where), shown, text, more)
