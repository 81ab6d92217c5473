"""Where traces first go wrong: from the last good step to the first failing one."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import wilson
from erroranalysis.measure.results import flat, frame_of, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from erroranalysis.measure.estimate import Estimate

START = "(start)"
_VERDICTS = ("pass", "fail")
_ASSUMES = "the traces read are a random sample"


@dataclass(frozen=True)
class Transition:
    """One way from a good step to the next, and how often the next one failed.

    Attributes
    ----------
    before, after : str
        Names of the two steps; ``before`` is ``"(start)"`` for the first of a trace.
    failures : int
        Traces whose first failure was at ``after``, coming from ``before``.
    rate : Estimate
        Of the traces that went this way before or at their first failure, the share
        that failed here for the first time; its n is the number of such traces.
    trace_ids : tuple of str
        The traces that failed here, where ids were given.
    """

    before: str
    after: str
    failures: int
    rate: Estimate
    trace_ids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"Transition({self.before} → {self.after}: {self.failures}; {self.rate})"


@dataclass(frozen=True)
class Transitions:
    """How often each way from a good step to a failing one was taken.

    Attributes
    ----------
    cells : tuple of Transition
        Every way that a trace was seen to take, the one with most failures first.
    read : int
        Traces with a verdict and steps.
    failed : int
        Failing traces among them.
    unplaced : int
        Failing traces whose first failing step nobody named: in no number.
    """

    cells: tuple[Transition, ...]
    read: int
    failed: int
    unplaced: int = 0

    def __repr__(self) -> str:
        """Say it in one line."""
        top = self.cells[0] if self.cells and self.cells[0].failures else None
        most = f"; most at {top.before} → {top.after}: {top.failures}" if top else ""
        return (
            f"Transitions({self.failed} of {self.read} traces failed{most};"
            f" {self.unplaced} without a first failing step)"
        )

    @property
    def steps(self) -> tuple[str, ...]:
        """Names of the steps, those with most first failures first."""
        count: Counter[str] = Counter()
        for item in self.cells:
            count[item.before] += 0
            count[item.after] += item.failures
        names = sorted(count, key=lambda name: (-count[name], name))
        return tuple(name for name in names if name != START)

    def trace_ids(self, before: str, after: str) -> tuple[str, ...]:
        """Return the traces that failed first on the way from one step to another."""
        for item in self.cells:
            if (item.before, item.after) == (before, after):
                return item.trace_ids
        return ()

    def frame(self) -> pl.DataFrame:
        """Return one row a way."""
        rows = [
            {
                "before": item.before,
                "after": item.after,
                "failures": item.failures,
                **flat(item.rate),
            }
            for item in self.cells
        ]
        return frame_of(rows, ["before", "after", "failures", *flat(wilson(0, 0))])

    def _repr_html_(self) -> str:
        rows = [
            {
                "last good step": item.before,
                "first failing step": item.after,
                "failures": item.failures,
                "of those that went this way": repr(item.rate),
            }
            for item in self.cells
            if item.failures
        ]
        return table_of(rows) + f"<p><small>{html.escape(repr(self))}</small></p>"


def failing_transitions(
    steps: Sequence[Sequence[str]],
    verdicts: Sequence[str],
    first_failures: Sequence[int | None],
    *,
    trace_ids: Sequence[str] | None = None,
) -> Transitions:
    """Count where traces first went wrong, by the step before and the step itself.

    Use it when a product works in steps (tools, agents, turns) and the question is
    which hand-over breaks. To count kinds of failure, wherever they happen, use the
    Pareto of failure modes.

    To count failures by a field, in whatever order the steps came, use `slice_grid`.

    Parameters
    ----------
    steps : sequence of sequence of str
        Names of the steps of each trace, in order: tools, spans, or roles of messages.
    verdicts : sequence of str
        ``"pass"`` or ``"fail"``, one a trace.
    first_failures : sequence of int or None
        Place of the first failing step of each trace, from 0; None for a trace that
        passed, or where nobody named the step.
    trace_ids : sequence of str, optional
        Ids, so that a cell can say which traces are in it.

    Returns
    -------
    Transitions
        Counts, and rates among the traces that went the same way.

    Raises
    ------
    ValueError
        Lengths differ, a verdict is unknown, a place lies outside its trace, or a
        trace that passed has a first failure.

    Notes
    -----
    What comes after the first failure is left out: it follows from it, and blaming it
    would send people to the wrong step. A trace that goes the same way several times
    counts once, so that the rate is a share of independent traces (Wilson).

    References
    ----------
    Husain and Shankar, LLM Evals FAQ, "How do I evaluate agentic workflows?", on the
    matrix of transitions; Wilson (1927), Journal of the American Statistical
    Association 22, 209-212, for the rates.

    Examples
    --------
    >>> found = failing_transitions(
    ...     [["plan", "search", "answer"], ["plan", "search"], ["plan", "answer"]],
    ...     ["fail", "fail", "pass"],
    ...     [1, 1, None],
    ...     trace_ids=["t1", "t2", "t3"],
    ... )
    >>> found
    Transitions(2 of 3 traces failed; most at plan → search: 2; 0 without a first
    failing step)
    >>> found.cells[0].rate
    1.00 [0.34, 1.00], n=2, 95% Wilson
    >>> found.trace_ids("plan", "search")
    ('t1', 't2')
    """
    ids = _checked(steps, verdicts, first_failures, trace_ids)
    passages: Counter[tuple[str, str]] = Counter()
    failing: dict[tuple[str, str], list[str]] = {}
    unplaced = read = 0
    for names, verdict, failure, name in zip(
        steps, verdicts, first_failures, ids, strict=True
    ):
        read += 1
        if verdict == "fail" and failure is None:
            unplaced += 1
            continue
        until = len(names) if failure is None else failure + 1
        good = [START, *names][:until]
        passages.update(set(zip(good, names[:until], strict=True)))
        if failure is not None:
            failing.setdefault((good[-1], names[failure]), []).append(name)
    cells = [
        Transition(
            *way,
            len(failing.get(way, ())),
            wilson(len(failing.get(way, ())), n, assumes=_ASSUMES),
            tuple(failing.get(way, ())) if trace_ids is not None else (),
        )
        for way, n in passages.items()
    ]
    cells.sort(key=lambda item: (-item.failures, item.before, item.after))
    failed = sum(verdict == "fail" for verdict in verdicts)
    return Transitions(tuple(cells), read, failed, unplaced)


def _checked(
    steps: Sequence[Sequence[str]],
    verdicts: Sequence[str],
    first_failures: Sequence[int | None],
    trace_ids: Sequence[str] | None,
) -> Sequence[str]:
    """Refuse what does not fit together; return an id a trace."""
    ids = [""] * len(steps) if trace_ids is None else trace_ids
    lengths = [len(steps), len(verdicts), len(first_failures), len(ids)]
    if len(set(lengths)) > 1:
        raise ValueError(
            "steps, verdicts, first_failures and trace_ids need one entry a trace;"
            f" they have {', '.join(map(str, lengths))}"
        )
    for place, (names, verdict, failure) in enumerate(
        zip(steps, verdicts, first_failures, strict=True)
    ):
        if verdict not in _VERDICTS:
            raise ValueError(
                f"verdict {place} is {verdict!r}; leave the trace out or say"
                " 'pass' or 'fail'"
            )
        if failure is None:
            continue
        if verdict == "pass":
            raise ValueError(
                f"trace {place} passed and has a first failure: give None there"
            )
        if not 0 <= failure < len(names):
            raise ValueError(
                f"the first failure of trace {place} is step {failure}, and it has"
                f" {len(names)}: count from 0, None where nobody named the step"
            )
    return ids
