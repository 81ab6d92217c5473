"""Two agents that were run several times on the same tasks."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.coefficients import same_length
from erroranalysis.measure.estimate import SHORT, Z95, Estimate, wilson
from erroranalysis.measure.trials import ASSUMES, mean_over_tasks, task_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_POWER_80, _FEW = 0.8416212335729143, 15


@dataclass(frozen=True)
class TrialsComparison:
    """How much better the second agent is on the same tasks.

    Attributes
    ----------
    measure : str
        ``pass@k`` or ``pass^k`` with its k.
    first, second : Estimate
        Of the two agents.
    difference : Estimate
        Second minus first, paired by task.
    spread : float
        Standard deviation of the difference over tasks: the input of
        `tasks_for_comparison`.
    detectable : float
        Difference that so many tasks would have shown with 80 % chance.
    """

    measure: str
    first: Estimate
    second: Estimate
    difference: Estimate
    spread: float
    detectable: float

    @property
    def shown(self) -> bool:
        """Whether the interval leaves out zero."""
        return not self.difference.low <= 0 <= self.difference.high

    @property
    def sentence(self) -> str:
        """What a reader needs to know, in words."""
        if math.isnan(self.difference.value):
            return f"No {self.measure} to compare: fewer than two tasks."
        d = self.difference
        found = (
            f"{self.measure} of the second is {100 * d.value:+.0f} points"
            f" ({100 * d.low:+.0f} to {100 * d.high:+.0f})"
        )
        if self.shown:
            return f"A difference is shown: {found}."
        return (
            f"No difference shown: {found}; with these {d.n} tasks a difference of"
            f" {100 * self.detectable:.0f} points could have been shown."
        )

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"TrialsComparison({self.sentence})"

    def frame(self) -> pl.DataFrame:
        """Return three rows: the first, the second and the difference."""
        import polars as pl

        rows = {
            "first": self.first,
            "second": self.second,
            "second - first": self.difference,
        }
        return pl.DataFrame([{"quantity": k, **vars(v)} for k, v in rows.items()])

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.sentence)}</p>"


def compare_trials(
    first: tuple[Sequence[int], Sequence[int]],
    second: tuple[Sequence[int], Sequence[int]],
    *,
    k: int = 1,
    every: bool = True,
) -> TrialsComparison:
    """Compare two agents that were run several times on the same tasks.

    For agents run several times; with one run a task use `paired_comparison`.

    Parameters
    ----------
    first, second : tuple of two sequences of int
        Passes and runs of each task, the tasks in the same order. The number of runs
        may differ.
    k : int, default 1
        Runs.
    every : bool, default True
        Compare pass^k; False for pass@k.

    Returns
    -------
    TrialsComparison
        Second minus first, paired by task.

    Raises
    ------
    ValueError
        Numbers of tasks differ, or as `pass_at_k`.

    Notes
    -----
    t interval of the mean difference over tasks. Where all tasks differ alike its
    width would be 0; then the bound is the Wilson bound of a task that differs. Where
    fewer than 15 tasks differ it covers 90 to 95 %, and its `caution` says so.

    It is assumed that the tasks are a random sample of those that matter.

    References
    ----------
    Miller (2024), arXiv 2411.00640, section 4.2, on pairing.

    Examples
    --------
    >>> compare_trials(([1, 2, 3, 0], [4] * 4), ([2, 4, 3, 1], [4] * 4)).difference
    0.25 [-0.07, 0.57], n=4, ≤95% paired t over tasks
    """
    from scipy.special import stdtrit

    same_length(first[0], second[0], "Tasks of the two agents")
    shares = [task_shares(*runs, k, every=every) for runs in (first, second)]
    name = f"pass^{k}" if every else f"pass@{k}"
    one, two = (
        mean_over_tasks(values, runs[1], name)
        for values, runs in zip(shares, (first, second), strict=True)
    )
    differences, m = shares[1] - shares[0], len(shares[0])
    method = "paired t over tasks"
    if m < 2:  # noqa: PLR2004 - no spread
        nothing = Estimate(math.nan, -1.0, 1.0, m, method, ASSUMES)
        return TrialsComparison(name, one, two, nothing, math.nan, math.nan)
    value, spread = float(differences.mean()), float(differences.std(ddof=1))
    half = float(stdtrit(m - 1, 0.975)) * spread / math.sqrt(m)
    half = half if spread > 0 else wilson(0, m).high
    low, high = max(-1.0, value - half), min(1.0, value + half)
    differ, said = int((differences != 0).sum()), ""
    if differ < _FEW:
        said = f"{SHORT}the two differ on {differ} of {m} tasks"
    found = Estimate(value, low, high, m, method, ASSUMES, said)
    detectable = min(1.0, half * (1 + _POWER_80 / Z95))
    return TrialsComparison(name, one, two, found, spread, detectable)


def tasks_for_comparison(difference: float, spread: float) -> int:
    """Say how many tasks a comparison of two agents needs.

    The sample size of `compare_trials`; for one run a task use
    `traces_for_paired_difference`.

    Parameters
    ----------
    difference : float
        Difference that should not go unseen, as a share: 0.05.
    spread : float
        Standard deviation over tasks of the difference, from a first comparison:
        `TrialsComparison.spread`. More runs a task make it smaller, to a limit.

    Returns
    -------
    int
        Tasks, for 80 % chance that the difference is shown.

    Raises
    ------
    ValueError
        A number is not above 0.

    Notes
    -----
    ``((1.96 + 0.84) * spread / difference)**2``, rounded up: the normal formula for the
    mean of paired differences. It assumes that the tasks are a random sample and that
    the spread is known; a spread from few tasks is itself uncertain.

    References
    ----------
    Miller (2024), arXiv 2411.00640, section 5.

    Examples
    --------
    >>> tasks_for_comparison(0.05, spread=0.3)
    283
    """
    if not (difference > 0 and spread > 0):
        raise ValueError(f"{difference} and {spread} must be above 0, such as 0.05.")
    return math.ceil(((Z95 + _POWER_80) * spread / difference) ** 2)
