"""Train, dev and test: assigned once, in groups that never come apart."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SPLITS = ("train", "dev", "test")
FRACTIONS = (0.3, 0.35, 0.35)


def assign(
    labels: Mapping[str, str],
    groups: Mapping[str, str],
    *,
    known: Mapping[str, tuple[str, str]] | None = None,
    fractions: tuple[float, float, float] = FRACTIONS,
    seed: int = 0,
) -> dict[str, tuple[str, str]]:
    """Assign traces to splits so that groups stay together and fails are spread.

    Parameters
    ----------
    labels : mapping of str to str
        ``pass`` or ``fail`` of every trace.
    groups : mapping of str to str
        Group of every trace: its session, or its near-duplicates.
    known : mapping, optional
        (split, group) of traces that have a split already; they keep it, and traces
        of their groups follow them.
    fractions : tuple of float
        Shares of train, dev and test.
    seed : int, default 0
        Decides the order in which groups are placed.

    Returns
    -------
    dict of str to (str, str)
        Split and group of every trace in ``labels``.

    Examples
    --------
    >>> labels = {f"t{i}": "fail" if i % 3 == 0 else "pass" for i in range(30)}
    >>> placed = assign(labels, {trace: trace for trace in labels})
    >>> [sum(split == name for split, _ in placed.values()) for name in SPLITS]
    [9, 11, 10]
    """
    known = dict(known or {})
    split_of_group = {group: split for split, group in known.values()}
    members: dict[str, list[str]] = defaultdict(list)
    for trace_id in labels:
        members[groups[trace_id]].append(trace_id)
    placed = {trace_id: known[trace_id] for trace_id in labels if trace_id in known}
    counts = {label: dict.fromkeys(SPLITS, 0) for label in ("fail", "pass")}
    for trace_id, (split, _) in placed.items():
        counts[labels[trace_id]][split] += 1

    def order(group: str) -> tuple[bool, int, str]:
        fails = sum(labels[trace_id] == "fail" for trace_id in members[group])
        key = hashlib.blake2b(f"{seed}:{group}".encode(), digest_size=8).hexdigest()
        return (fails == 0, -len(members[group]), key)

    for group in sorted(members, key=order):
        fresh = [trace_id for trace_id in members[group] if trace_id not in placed]
        kind = "fail" if not order(group)[0] else "pass"
        split = split_of_group.get(group) or _neediest(counts[kind], fractions)
        for trace_id in fresh:
            placed[trace_id] = (split, group)
            counts[labels[trace_id]][split] += 1
    return placed


def _neediest(counts: Mapping[str, int], fractions: tuple[float, float, float]) -> str:
    """Return the split that is furthest below its share."""
    total = sum(counts.values()) + 1
    lack = {
        split: share * total - counts[split]
        for split, share in zip(SPLITS, fractions, strict=True)
    }
    return max(SPLITS, key=lambda split: lack[split])
