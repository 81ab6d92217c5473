"""Whether the pass rate changes over time, at every look."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.findings.slices import even, failures
from erroranalysis.measure import Drift, drift
from erroranalysis.representative import representative
from erroranalysis.store.sampling import NONE, PERIODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.representative import Representative
    from erroranalysis.store import Store


def pass_rate_over_time(
    store: Store,
    *,
    by: str = "week",
    baseline: float | str = 1,
    mode: str | None = None,
    annotator: str | None = None,
) -> Drift:
    """Watch the pass rate period by period for a change from a baseline.

    Parameters
    ----------
    store : Store
        The project file.
    by : {"day", "week", "month"}, default "week"
        Length of a period, UTC; weeks are those of ISO 8601.
    baseline : int, float or str, default 1
        How many of the first periods are the baseline; or a pass rate below 1 that is
        known, such as a target; or the first period that is watched, such as
        ``"2026-W10"``.
    mode : str, optional
        Count only this failure mode.
    annotator : str, optional
        Whose verdicts; the busiest annotator's by default.

    Returns
    -------
    Drift
        Rates, whether a change was noticed, and since when.

    Raises
    ------
    NothingToDoError
        There are no annotations, or no periods beside the baseline.
    NoHonestEstimateError
        No labelled trace was drawn at random.
    UnknownNameError
        There is no such length, period, failure mode or annotator.
    """
    if by not in PERIODS:
        raise UnknownNameError.among("length of a period", by, PERIODS)
    found = representative(store, annotator, what="rate over time")
    dates = store.sampling.periods_of(list(found.failed), by)
    even(found, dates, by)
    counted = _counted(found, failures(store, found, mode), dates)
    names = sorted(counted)
    before, known = _baseline(names, baseline, by)
    watched = names[before:]
    if not watched or not (before or known):
        raise NothingToDoError(
            f"The labelled traces lie in {len(names)} {by}s, and the baseline takes"
            f" {before}: nothing is left to watch. Label traces of another {by}, take"
            f" shorter periods (by='day'), or give a rate that is known: baseline=0.9."
        )
    passes = [sum(not fails for fails in counted[p].values()) for p in names]
    traces = [len(counted[p]) for p in names]
    start = known or (sum(passes[:before]), sum(traces[:before]))
    result = drift(
        passes[before:],
        traces[before:],
        baseline=start,
        periods=watched,
        trace_ids=[[t for t, fails in counted[p].items() if fails] for p in watched],
    )
    return _assuming(result, found, len(found.failed) - sum(traces))


def _counted(
    found: Representative, failed: Mapping[str, bool], dates: Mapping[str, str]
) -> dict[str, dict[str, bool]]:
    counted: dict[str, dict[str, bool]] = defaultdict(dict)
    for trace_id, fails in failed.items():
        if dates[trace_id] != NONE:
            counted[dates[trace_id]][trace_id] = fails
    if not counted:
        raise NothingToDoError(
            f"None of the {len(found.failed)} labelled traces tells when it happened,"
            " so there is no rate over time. Name the column when you load them:"
            " project.ingest(path, columns={'started_at': …})."
        )
    return counted


def _baseline(
    names: list[str], baseline: float | str, by: str
) -> tuple[int, float | None]:
    """Return how many periods come before those watched, or the rate that is known."""
    if isinstance(baseline, str):
        if baseline not in names:
            raise UnknownNameError.among(f"{by} with labelled traces", baseline, names)
        return names.index(baseline), None
    if 0 < baseline < 1:
        return 0, float(baseline)
    if baseline != int(baseline) or baseline < 1:
        raise ValueError(
            f"baseline is {baseline}: give a number of {by}s, a pass rate between 0 and"
            f" 1, or the first {by} to be watched, such as {names[-1]!r}."
        )
    return int(baseline), None


def _assuming(result: Drift, found: Representative, timeless: int) -> Drift:
    lost = f"{timeless} labelled traces without a time are left out" if timeless else ""
    assumes = "; ".join(filter(None, (result.change.assumes, found.caveat, lost)))
    return replace(result, change=replace(result.change, assumes=assumes))
