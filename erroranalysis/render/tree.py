"""The steps of a trace as a tree, and which of them a page can hold."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from erroranalysis.records import Span


@dataclass(slots=True, eq=False)
class Node:
    """A step, its place in time and the steps below it.

    Attributes
    ----------
    span : Span
        The step.
    children : list of Node
        Those that it called, the earliest first.
    count : int
        How many there are below it.
    has_error : bool
        It or one below it failed.
    shown : bool
        The page has room for it.
    """

    span: Span
    children: list[Node] = field(default_factory=list)
    parent: Node | None = None
    count: int = 0
    has_error: bool = False
    shown: bool = False


def tree(spans: Sequence[Span]) -> list[Node]:
    """Return the first steps, with those that they called below them.

    A step whose parent is not there stands at the top; so does one of a circle.

    Examples
    --------
    >>> from erroranalysis.records import Span
    >>> top = tree([Span("t", "b", parent_id="a"), Span("t", "a")])
    >>> top[0].span.span_id, top[0].children[0].span.span_id, top[0].count
    ('a', 'b', 1)
    """
    nodes: dict[str, Node] = {}
    for span in spans:
        nodes.setdefault(span.span_id, Node(span))
    top: list[Node] = []
    for node in nodes.values():
        parent = nodes.get(node.span.parent_id or "")
        if parent is None or parent is node:
            top.append(node)
        else:
            node.parent = parent
            parent.children.append(node)
    order = list(walk(top))
    if len(order) < len(nodes):  # circles: nothing leads to them from the top
        _open_circles(nodes, {id(node) for node in order}, top)
        order = list(walk(top))
    for node in reversed(order):
        node.children.sort(key=_start)
        node.has_error |= node.span.status == "error"
        if node.parent is not None:
            node.parent.count += node.count + 1
            node.parent.has_error |= node.has_error
    return sorted(top, key=_start)


def _start(node: Node) -> float:
    started = node.span.started_ns
    return float("inf") if started is None else started


def _open_circles(nodes: dict[str, Node], seen: set[int], top: list[Node]) -> None:
    for node in nodes.values():
        if id(node) in seen:
            continue
        if node.parent is not None:
            node.parent.children.remove(node)
            node.parent = None
        top.append(node)
        seen |= {id(one) for one in walk([node])}


def walk(top: Sequence[Node]) -> Iterator[Node]:
    """Yield all nodes, every one before those below it."""
    queue = deque(top)
    while queue:
        node = queue.popleft()
        yield node
        queue.extend(node.children)


def choose(top: Sequence[Node], most: int, wanted: Collection[str]) -> int:
    """Mark the steps that are shown, and return how many there are.

    Steps that failed and those that gave a message go first, with the steps above
    them; the rest level by level.

    Examples
    --------
    >>> from erroranalysis.records import Span
    >>> top = tree([Span("t", f"s{i}") for i in range(9)])
    >>> choose(top, 3, {"s8"}), [node.span.span_id for node in top if node.shown]
    (3, ['s0', 's1', 's8'])
    """
    order = list(walk(top))
    left = most
    if len(order) > most:
        failed = [node for node in order if node.span.status == "error"]
        named = [node for node in order if node.span.span_id in wanted]
        for node in failed[: most // 4] + named[: most // 2]:
            path = _path(node, left)
            for one in path:
                one.shown = True
            left -= len(path)
    for node in order:
        if left <= 0:
            break
        if not node.shown and (node.parent is None or node.parent.shown):
            node.shown = True
            left -= 1
    return most - left


def _path(node: Node, most: int) -> list[Node]:
    """Return a step and those above it that are not shown yet, if they fit."""
    path: list[Node] = []
    at: Node | None = node
    while at is not None and not at.shown:
        path.append(at)
        if len(path) > most:
            return []
        at = at.parent
    return path
