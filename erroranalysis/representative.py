"""Which labelled traces may speak for all: those that chance led to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.errors import NoHonestEstimateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.store import Store

_PICKED = "excluded_picked_by_hand"
_HUNTED = "excluded_hunted"
_ALIKE = "like another trace"
_NOT_DRAWN = {
    "mixed": "hunted traces of mixed batches",
    None: "labelled traces whose choice nobody recorded",
    _ALIKE: "traces that were read for being like another",
}
_UNKNOWN = (
    "the labelled traces are a random sample: nobody recorded how they were chosen"
)


@dataclass(frozen=True)
class Representative:
    """Labelled traces that may speak for all: how they were chosen, and by what chance.

    Attributes
    ----------
    annotator : str
        Whose labels.
    sampling : {"random", "stratified", "unknown"}
        How the traces were chosen.
    failed : dict of str to bool
        Whether each of these traces failed, in the order of their ids.
    chances : dict of str to float
        The chance of each trace to be drawn; 1 where all had the same.
    assumes : str
        What a number that rests on them assumes, or nothing.
    sessions : dict of str to str
        The session of each trace, where whole sessions were drawn.
    new_only : bool
        Only traces since some day were drawn.
    """

    annotator: str
    sampling: str
    failed: dict[str, bool]
    chances: dict[str, float]
    assumes: str
    sessions: dict[str, str] = field(default_factory=dict)
    new_only: bool = False

    @property
    def caveat(self) -> str:
        """What a number assumes that takes each trace for itself."""
        says = [self.assumes] if self.assumes else []
        if self.sessions:
            says.append("traces of one session are as unlike as others")
        return "; ".join(says)


def representative(
    store: Store, annotator: str | None = None, *, what: str = "failure rate"
) -> Representative:
    """Return the labelled traces that may speak for all.

    Parameters
    ----------
    store : Store
        The project file.
    annotator : str, optional
        Whose verdicts; the busiest annotator's by default.
    what : str, default "failure rate"
        What is asked of them, for the refusal.

    Returns
    -------
    Representative
        The traces that were drawn by chance; all of them where nobody recorded how
        they were chosen, with the assumption that it was by chance.

    Raises
    ------
    NothingToDoError
        Nobody has annotated yet.
    NoHonestEstimateError
        All labelled traces were picked because they looked bad.
    """
    annotator = store.annotations.reference(annotator)
    failed = {
        trace_id: item.verdict == "fail"
        for trace_id, item in store.annotations.current(annotator).items()
        if item.verdict in ("pass", "fail")
    }
    rows = [r for r in store.annotations.sampling(annotator) if r["trace_id"] in failed]
    honest = [row for row in rows if row["inclusion_probability"] is not None]
    if honest:
        return _drawn(store, annotator, failed, honest, rows)
    unknown = [row["trace_id"] for row in rows if row["label_sampling"] is None]
    if unknown:
        return Representative(
            annotator,
            "unknown",
            {trace_id: failed[trace_id] for trace_id in unknown},
            dict.fromkeys(unknown, 1.0),
            _UNKNOWN,
        )
    kinds = Counter(_how(row) for row in rows)
    found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
    raise NoHonestEstimateError(
        f"No honest {what} can be given: of {annotator}'s labelled traces none"
        f" was drawn at random ({found}). Traces that were picked because they looked"
        " bad say nothing about how often the product fails. Read a random sample:"
        " project.annotate(project.sample(100, by='random'))."
    )


def _drawn(
    store: Store,
    annotator: str,
    failed: Mapping[str, bool],
    honest: list[dict[str, Any]],
    rows: list[dict[str, Any]],
) -> Representative:
    """Take labels of one population: all traces, or else what most were drawn from.

    A random sample of new traces beside one of all would count the new ones twice.
    """
    populations = Counter(row["since"] for row in honest)
    since = None if None in populations else populations.most_common(1)[0][0]
    usable = [row for row in honest if row["since"] == since]
    chances = {row["trace_id"]: float(row["inclusion_probability"]) for row in usable}
    kind = "stratified" if any(_weighted(row) for row in usable) else "random"
    if kind == "random":
        chances = dict.fromkeys(chances, 1.0)
    says = [f"only traces since {since} were drawn"] if since else []
    if len(honest) > len(usable):
        others = ", ".join(str(name) for name in populations if name != since)
        says.append(
            f"{len(honest) - len(usable)} labelled traces of another draw, since"
            f" {others}, are left out"
        )
    says += _not_drawn(rows)
    says += _left_out(store, {row["batch_id"] for row in usable})
    sessions = {
        row["trace_id"]: row["session"] or f"trace {row['trace_id']}" for row in usable
    }
    if all(row["session"] is None for row in usable):
        sessions = {}
    labels = {trace_id: failed[trace_id] for trace_id in chances}
    return Representative(
        annotator, kind, labels, chances, "; ".join(says), sessions, bool(since)
    )


def _how(row: Mapping[str, Any]) -> str | None:
    """Return how a trace without a chance came to be read; None where nobody knows."""
    if (row["stratum"] or "").startswith("like "):
        return _ALIKE
    how: str | None = row["label_sampling"]
    return how


def _not_drawn(rows: list[dict[str, Any]]) -> list[str]:
    """Count the labels that no chance led to; hunts of their own go without saying."""
    kinds = Counter(_how(row) for row in rows if row["inclusion_probability"] is None)
    return [
        f"{kinds[how]} {what} are left out"
        for how, what in _NOT_DRAWN.items()
        if kinds[how]
    ]


def _weighted(row: Mapping[str, Any]) -> bool:
    """Say whether the traces of a batch had unequal chances."""
    return row["label_sampling"] == "stratified" or bool(row["stratum"])


def _left_out(store: Store, batch_ids: set[str]) -> list[str]:
    """Say it where traces that were picked or hunted could not be drawn any more."""
    parameters = [
        orjson.loads(store.batches.get(batch_id)[0]["parameters"])
        for batch_id in batch_ids
    ]
    left_out = max(int(one.get(_PICKED, 0)) for one in parameters)
    if not left_out:
        return []
    hunted = any(one.get(_HUNTED) for one in parameters)
    how = "hunted or picked by hand" if hunted else "picked by hand"
    return [f"{left_out} traces {how} were left out of the draw"]
