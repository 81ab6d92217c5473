"""How many more labels it takes to show that a judge is good enough."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import Z95, wilson_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl

    from erroranalysis.measure.alignment import Alignment

_MOST = 20_000
_GUESS = 0.95


@dataclass(frozen=True)
class SideNeeded:
    """The labels that one of TPR and TNR still needs.

    Attributes
    ----------
    quantity : str
        ``TPR`` or ``TNR``.
    verdict : str
        The human verdict whose traces count here.
    right, seen : int
        Labels there are, and how many of them the judge got right.
    expected : float
        The rate that was taken for true.
    more : int or None
        Further labels; 0 where the bar is passed already, None where no number of up to
        20,000 would do.
    chance : float
        Chance that the lower bound is over the bar with them.
    """

    quantity: str
    verdict: str
    right: int
    seen: int
    expected: float
    more: int | None
    chance: float


@dataclass(frozen=True)
class LabelsNeeded:
    """How many more human passes and fails a judge needs.

    Attributes
    ----------
    target : float
        The bar that the lower 95 % bound has to be over.
    power : float
        The chance of success that was asked for.
    tpr, tnr : SideNeeded
        One a side: TPR needs human passes, TNR human fails.
    """

    target: float
    power: float
    tpr: SideNeeded
    tnr: SideNeeded

    @property
    def passes(self) -> int | None:
        """Further human passes for TPR; None where no number would do."""
        return self.tpr.more

    @property
    def fails(self) -> int | None:
        """Further human fails for TNR; None where no number would do."""
        return self.tnr.more

    @property
    def says(self) -> str:
        """What to do, in words."""
        return " ".join(_sentence(side, self.target) for side in (self.tpr, self.tnr))

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"LabelsNeeded({self.says})"

    def frame(self) -> pl.DataFrame:
        """Return one row a side."""
        import polars as pl

        rows = [{**vars(side), "target": self.target} for side in (self.tpr, self.tnr)]
        return pl.DataFrame(rows)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.says)}</p>"


def chance_to_show(
    target: float,
    expected: float,
    n: int | Sequence[int] | np.ndarray,
    *,
    right: int = 0,
    seen: int = 0,
) -> np.ndarray:
    """Return the chance that so many labels show a rate to be over a bar.

    Use it to see what a planned number of labels buys; `labels_needed` turns it round.

    Parameters
    ----------
    target : float
        The bar that the lower 95 % Wilson bound has to be over, in (0, 1).
    expected : float
        The true rate, as far as one knows.
    n : int or sequence of int
        Further labels of one verdict.
    right, seen : int, default 0
        Labels there are, and how many of them the judge got right.

    Returns
    -------
    numpy.ndarray
        One chance a number of labels.

    Raises
    ------
    ValueError
        A rate is outside (0, 1], or ``right`` is more than ``seen``.

    Notes
    -----
    ``sum(binomial(k; n, expected))`` over the k whose bound of ``right + k`` in
    ``seen + n`` is over the bar: exact, not the normal formula, which asks for too few.

    It is assumed that the labels are drawn at random within their verdict.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Chernick
    and Liu (2002), The American Statistician 56, 149-155, on exact power.

    Examples
    --------
    >>> chance_to_show(0.80, 0.95, [30, 50, 80]).round(2).tolist()
    [0.55, 0.9, 0.98]
    """
    import numpy as np
    from scipy.stats import binom

    _check(target, expected, right, seen)
    sizes = np.atleast_1d(np.asarray(n, dtype=int))
    if (sizes < 0).any():
        raise ValueError(f"n is {sizes.min()}: a number of labels is 0 or more.")
    fewest = _fewest_right(target, seen + sizes) - right
    chances: np.ndarray = binom.sf(fewest - 1, sizes, expected)
    return chances


def labels_needed(
    target: float = 0.8,
    power: float = 0.8,
    *,
    alignment: Alignment | None = None,
    tpr: float | None = None,
    tnr: float | None = None,
) -> LabelsNeeded:
    """Return how many more human passes and fails show that a judge is over a bar.

    Use it before the test split is labelled, or when `align` gives a good point with a
    lower bound under the bar. Decide on the number before you label: stopping as soon
    as the bound is over the bar makes it too easy.

    Parameters
    ----------
    target : float, default 0.8
        The bar that the lower 95 % Wilson bound of TPR and of TNR has to be over.
    power : float, default 0.8
        The chance of success, if the judge is as good as expected.
    alignment : Alignment, optional
        What is labelled already; it counts. Leave it out for a fresh set.
    tpr, tnr : float, optional
        The true rates. By default the middle of the interval in ``alignment``, which is
        more careful than the point; 0.95 where nothing is labelled.

    Returns
    -------
    LabelsNeeded
        Per side; with every larger number the chance stays at ``power`` or more.

    Raises
    ------
    ValueError
        A rate or the power is not between 0 and 1.

    Notes
    -----
    See `chance_to_show`. The chance goes up and down from one n to the next, so the
    first n that reaches the power may not do: the last that fails it counts.

    After n labels without an error the true error rate may still be 20, 11, 7 or 4 %
    (n = 15, 30, 50, 100) by the two-sided Wilson bound used here. The often quoted 18,
    10, 6 and 3 % are the one-sided exact bound ``1 - 0.05 ** (1 / n)``.

    It is assumed that the labels are drawn at random within their verdict.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Chernick
    and Liu (2002), The American Statistician 56, 149-155, on the saw-toothed power;
    Hanley and Lippman-Hand (1983), JAMA 249, 1743-1745, on no errors in n.

    Examples
    --------
    >>> labels_needed(0.8, tpr=0.95, tnr=0.9)
    LabelsNeeded(TPR: label 40 more human passes; then the lower bound is over 0.80 with
    chance 0.86 if the true TPR is 0.95. TNR: label 112 more human fails; then the lower
    bound is over 0.80 with chance 0.85 if the true TNR is 0.90.)
    """
    if not 0 < power < 1:
        raise ValueError(f"power is {power}: it is between 0 and 1, such as 0.8.")
    rights, seens = (0, 0), (0, 0)
    if alignment is not None:
        rights = (alignment.both_pass, alignment.both_fail)
        seens = (alignment.tpr.n, alignment.tnr.n)
    names = (("TPR", "pass"), ("TNR", "fail"))
    sides = [
        _side(name, given, (right, seen), target, power)
        for name, given, right, seen in zip(
            names, (tpr, tnr), rights, seens, strict=True
        )
    ]
    return LabelsNeeded(target, power, *sides)


def _side(
    name: tuple[str, str],
    given: float | None,
    labelled: tuple[int, int],
    target: float,
    power: float,
) -> SideNeeded:
    right, seen = labelled
    expected = _GUESS if given is None else given
    if given is None and seen:
        expected = sum(wilson_bounds(right / seen, seen)) / 2
    _check(target, expected, right, seen)
    more, chance = _fewest_more(target, expected, labelled, power)
    return SideNeeded(*name, right, seen, expected, more, chance)


def _fewest_more(
    target: float, expected: float, labelled: tuple[int, int], power: float
) -> tuple[int | None, float]:
    import numpy as np

    right, seen = labelled
    if seen and wilson_bounds(right / seen, seen)[0] > target:
        return 0, 1.0
    if expected <= target:
        return None, 0.0
    sizes = np.arange(_MOST + 1)
    chances = chance_to_show(target, expected, sizes, right=right, seen=seen)
    more = int(np.flatnonzero(chances < power)[-1]) + 1
    return (None, float(chances[-1])) if more > _MOST else (more, float(chances[more]))


def _fewest_right(target: float, n: np.ndarray) -> np.ndarray:
    """Return the fewest right answers in n whose lower bound is over the target."""
    import numpy as np

    lowest, highest = np.zeros_like(n), n + 1
    while (lowest < highest).any():
        middle = (lowest + highest) // 2
        over = _over(target, middle, n)
        highest = np.where(over, middle, highest)
        lowest = np.where(over, lowest, np.minimum(middle + 1, highest))
    return lowest


def _over(target: float, right: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Tell where the lower Wilson bound is over the target: by the score test."""
    import numpy as np

    beyond = right - n * target
    over: np.ndarray = (beyond > Z95 * np.sqrt(n * target * (1 - target))) | (right > n)
    return over


def _check(target: float, expected: float, right: int, seen: int) -> None:
    if not 0 < target < 1:
        raise ValueError(f"target is {target}: a bar is between 0 and 1, such as 0.8.")
    if not 0 <= expected <= 1 or math.isnan(expected):
        raise ValueError(f"The expected rate is {expected}: it is between 0 and 1.")
    if not 0 <= right <= seen:
        raise ValueError(f"right must be between 0 and seen, got {right} of {seen}.")


def _sentence(side: SideNeeded, target: float) -> str:
    kind = "passes" if side.verdict == "pass" else "fails"
    if side.more == 0:
        return f"{side.quantity}: shown to be over {target:.2f} already."
    if side.more is None and side.expected <= target:
        return (
            f"{side.quantity}: no number of human {kind} will do, for the expected"
            f" {side.expected:.2f} is not over {target:.2f}. Improve the"
            " judge first."
        )
    if side.more is None:
        return (
            f"{side.quantity}: more than {_MOST:,} human {kind}, for the expected"
            f" {side.expected:.4f} is hardly over {target:.2f}."
        )
    return (
        f"{side.quantity}: label {side.more} more human {kind}; then the lower bound is"
        f" over {target:.2f} with chance {side.chance:.2f} if the true {side.quantity}"
        f" is {side.expected:.2f}."
    )
