"""How many traces to read, before reading them."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.design import t_ratio
from erroranalysis.measure.estimate import Z95, wilson_bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

_MOST = 10**9


@dataclass(frozen=True)
class SampleSize:
    """How many traces to read, and what for.

    Attributes
    ----------
    traces : int
        Traces to read; for a difference, in each of the two groups.
    sessions : int
        Sessions that these are, if whole sessions are read; else as many as traces.
    says : str
        What so many traces are enough for.
    """

    traces: int
    sessions: int
    says: str

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"SampleSize({self.says})"

    def frame(self) -> pl.DataFrame:
        """Return one row."""
        import polars as pl

        return pl.DataFrame([vars(self)])

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.says)}</p>"


def traces_needed(
    margin: float = 0.05,
    rate: float = 0.5,
    *,
    session_size: float = 1,
    likeness: float = 0,
) -> SampleSize:
    """Say how many traces to read to know a rate to within a margin.

    Also for a judge's TPR and TNR: then the traces are those of one class.

    Parameters
    ----------
    margin : float, default 0.05
        Half the width of the 95 % interval: 0.05 is 5 points to either side.
    rate : float, default 0.5
        The rate to expect; 0.5 needs the most traces, so it is safe.
    session_size : float, default 1
        Traces a session on average, if whole sessions are read.
    likeness : float, default 0
        Correlation of the verdicts in a session, between 0 (traces of a session fail
        independently) and 1 (they all fail or all pass). Of traces already read,
        `clustered_rate` prints the effective n: it is about
        ``(n / effective n - 1) / (session_size - 1)``.

    Returns
    -------
    SampleSize
        The smallest number of traces, and of sessions.

    Raises
    ------
    ValueError
        A margin, rate, size or likeness is out of its range.

    Notes
    -----
    The smallest n with a Wilson interval of at most twice the margin. For sessions n is
    divided by the design effect ``1 + (session_size - 1) * likeness`` and corrected for
    few sessions, as `clustered_rate` does. The normal formula asks for too few traces
    at high rates: 18 for 0.95 and 10 points, where 25 are needed.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Kish
    (1965), Survey Sampling, section 5.4.

    Examples
    --------
    >>> traces_needed(0.05, 0.8)
    SampleSize(245 traces tell a rate of 80 % to 5 points)
    >>> traces_needed(0.1, 0.2, session_size=4, likeness=0.5)
    SampleSize(157 traces in 40 sessions tell a rate of 20 % to 10 points)
    """
    check_shares(margin=(margin, 0, 0.5), rate=(rate, 0, 1))
    deff = _design_effect(session_size, likeness)

    def enough(n: int) -> bool:
        low, high = wilson_bounds(rate, _effective(n, deff, session_size))
        return high - low <= 2 * margin

    size = smallest(enough)
    what = f"a rate of {_points(rate)} % to {_points(margin)} points"
    return _sized(size, session_size, f"tell {what}")


def traces_for_difference(
    first: float,
    second: float,
    *,
    power: float = 0.8,
    session_size: float = 1,
    likeness: float = 0,
) -> SampleSize:
    """Say how many traces to read in each of two groups to show a difference of rates.

    Where both are run on the same traces `traces_for_paired_difference` needs fewer.

    Parameters
    ----------
    first, second : float
        The rates to tell apart.
    power : float, default 0.8
        Chance that the difference will show if the rates are these.
    session_size, likeness : float, optional
        As in `traces_needed`.

    Returns
    -------
    SampleSize
        Traces, and sessions, in each group.

    Raises
    ------
    ValueError
        The rates are equal, or a parameter is out of its range.

    Notes
    -----
    ``n = (z * sqrt(2 p (1 - p)) + z_power * sqrt(p1 (1 - p1) + p2 (1 - p2)))^2 / d^2``
    with p the mean of the two and z for a two-sided 5 %, without a continuity
    correction; for sessions times the design effect. `rate_difference` then leaves out
    zero with about this power.

    It is assumed that the traces are drawn at random.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd
    edition, section 4.3.

    Examples
    --------
    >>> traces_for_difference(0.6, 0.4)
    SampleSize(97 traces in each group show 60 % against 40 % in 80 of 100 cases)
    """
    check_shares(first=(first, 0, 1), second=(second, 0, 1), power=(power, 0.5, 1))
    if first == second:
        raise ValueError("the two rates are equal: say which difference matters")
    deff = _design_effect(session_size, likeness)
    need = _each(first, second, power)

    def enough(n: int) -> bool:
        return _effective(n, deff, session_size) >= need

    size = smallest(enough)
    what = f"{_points(first)} % against {_points(second)} %"
    often = f"in {_points(power)} of 100 cases"
    return _sized(size, session_size, f"in each group show {what} {often}")


def detectable_difference(
    traces: int,
    rate: float = 0.5,
    *,
    power: float = 0.8,
    session_size: float = 1,
    likeness: float = 0,
) -> float:
    """Return the smallest rise of a rate that so many traces in each group would show.

    The inverse of `traces_for_difference`. Where the traces are read already,
    `rate_difference` says the same of the interval found.

    Parameters
    ----------
    traces : int
        Traces in each of the two groups.
    rate : float, default 0.5
        The rate in the first group; that in the second one is higher.
    power, session_size, likeness : float, optional
        As in `traces_for_difference`.

    Returns
    -------
    float
        The difference; NaN where even a rise to 1 would not show.

    Raises
    ------
    ValueError
        A rate or the power is out of its range.

    Notes
    -----
    The second rate at which `traces_for_difference` asks for so many traces, found by
    halving. It assumes traces that are drawn alone, or sessions as in `traces_needed`.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd
    edition, section 4.3.

    Examples
    --------
    >>> round(detectable_difference(97, 0.4), 3)
    0.2
    >>> detectable_difference(5, 0.8)
    nan
    """
    check_shares(rate=(rate, 0, 1), power=(power, 0.5, 1))
    deff = _design_effect(session_size, likeness)
    n = _effective(traces, deff, session_size) if traces > 0 else 0.0
    if rate == 1 or _each(rate, 1.0, power) > n:
        return math.nan
    low, high = rate, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if middle > rate and _each(rate, middle, power) <= n:
            high = middle
        else:
            low = middle
    return high - rate


def _each(first: float, second: float, power: float) -> float:
    """Return the traces drawn alone that each group needs, as a broken number."""
    from scipy.special import ndtri

    mean = (first + second) / 2
    null = Z95 * math.sqrt(2 * mean * (1 - mean))
    both = first * (1 - first) + second * (1 - second)
    return float((null + ndtri(power) * math.sqrt(both)) ** 2 / (first - second) ** 2)


def _effective(n: int, deff: float, session_size: float) -> float:
    """Return the traces drawn alone that say as much as n traces in sessions."""
    if session_size == 1:
        return float(n)
    return max(1.0, n / deff * t_ratio(n - 1, n / session_size - 1))


def smallest(enough: Callable[[int], bool]) -> int:
    """Return the smallest number that is enough, by doubling and halving.

    Examples
    --------
    >>> smallest(lambda n: n * n > 1_000)
    32
    """
    high = 1
    while not enough(high) and high < _MOST:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _sized(traces: int, session_size: float, what: str) -> SampleSize:
    sessions = math.ceil(traces / session_size)
    count = f"{traces:,} traces"
    if session_size > 1:
        count += f" in {sessions:,} sessions"
    return SampleSize(traces, sessions, f"{count} {what}")


def _design_effect(session_size: float, likeness: float) -> float:
    if not 1 <= session_size < math.inf:
        raise ValueError(f"session_size must be at least 1 trace, got {session_size}")
    if not 0 <= likeness <= 1:
        raise ValueError(f"likeness must be between 0 and 1, got {likeness}")
    return 1 + (session_size - 1) * likeness


def check_shares(**given: tuple[float, float, float]) -> None:
    """Refuse what is out of its range; a share, not a percentage.

    Raises
    ------
    ValueError
        One of them is.
    """
    for name, (value, low, high) in given.items():
        closed = (
            low <= value <= high
            if name in ("rate", "first", "second", "tpr", "tnr")
            else (low < value < high)
        )
        if not closed:
            raise ValueError(
                f"{name} must be a share between {low:g} and {high:g}, such as"
                f" {(low + high) / 4:g} for {(low + high) * 25:g} %; got {value}"
            )


def _points(share: float) -> str:
    return f"{share * 100:.4g}"
