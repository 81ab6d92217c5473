"""Two judges measured against the same person."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.coefficients import posterior, read_verdicts, same_length
from erroranalysis.measure.comparison import (
    FEW,
    SAME,
    Comparison,
    paired_comparison,
    passed,
    row,
)
from erroranalysis.measure.difference import rate_difference
from erroranalysis.measure.estimate import CONSERVATIVE, Estimate
from erroranalysis.measure.mcnemar import holm
from erroranalysis.measure.results import table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl

FEW_DIFFER = (
    f"{CONSERVATIVE}the judges differ on {FEW} or fewer of the passes or of the fails"
)


@dataclass(frozen=True)
class JudgeComparison:
    """Two judges measured against the same person on the same traces.

    Positive class is Pass: TPR is the share of human passes that a judge passes, TNR
    the share of human fails that it fails. All differences are second minus first.

    Attributes
    ----------
    tpr, tnr : Comparison
        Among the traces that the person passed, and those that the person failed.
    balanced_accuracy : Estimate
        Difference of (TPR + TNR) / 2.
    kappa : Estimate
        Difference of Cohen's kappa with the person.
    p_holm : mapping of str to float
        P values of ``TPR`` and ``TNR``, adjusted for looking at both.
    left_out : int
        Traces that were not compared: one of the judges ended in an error there.
    """

    tpr: Comparison
    tnr: Comparison
    balanced_accuracy: Estimate
    kappa: Estimate
    p_holm: Mapping[str, float]
    left_out: int = 0

    @property
    def sentence(self) -> str:
        """What a reader needs to know, in words."""
        said = f"{self.tpr.sentence} {self.tnr.sentence}"
        if self.left_out:
            said += f" On {self.left_out} traces a judge ended in an error: left out."
        return said

    def __repr__(self) -> str:
        """Say it in one line."""
        first, second = self.tpr.names
        return (
            f"JudgeComparison({second} minus {first}: TPR {self.tpr.difference};"
            f" TNR {self.tnr.difference}; kappa {self.kappa}; left out {self.left_out})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a class, with the adjusted p value."""
        import polars as pl

        rows = [
            {**row(item), "p_holm": self.p_holm[item.quantity]}
            for item in (self.tpr, self.tnr)
        ]
        return pl.DataFrame(rows)

    def _repr_html_(self) -> str:
        rows = [
            {
                "quantity": name,
                "difference": repr(item),
                "p (Holm)": self.p_holm.get(name, ""),
            }
            for name, item in (
                ("TPR", self.tpr.difference),
                ("TNR", self.tnr.difference),
                ("balanced accuracy", self.balanced_accuracy),
                ("kappa", self.kappa),
            )
        ]
        return f"{table_of(rows)}<p>{html.escape(self.sentence)}</p>"


def compare_judges(
    human: Sequence[Any],
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    names: tuple[str, str] = ("first", "second"),
    seed: int = 0,
) -> JudgeComparison:
    """Say which of two judges, or of two versions of a prompt, follows a person better.

    Give it traces that neither judge was made with, and choose the better prompt on
    ``dev``: a judge that was chosen on ``test`` looks better there than it is.

    Parameters
    ----------
    human : sequence of str or bool
        The person's verdicts: ``pass`` / ``fail``, or True for pass.
    first, second : sequence of str or bool
        Verdicts of the judges on the same traces; None where one ended in an error:
        such traces are left out and counted.
    names : tuple of str, optional
        What the judges are called.
    seed : int, default 0
        Seed of the draws for kappa.

    Returns
    -------
    JudgeComparison
        Differences in TPR, TNR, balanced accuracy and kappa, second minus first.

    Raises
    ------
    UnknownNameError
        A verdict other than pass or fail.
    ValueError
        The sequences differ in length, or a verdict is missing.

    Notes
    -----
    TPR and TNR: `paired_comparison` within the person's passes and fails. Balanced
    accuracy: half the sum of the two, distances to the bounds squared and added (the
    classes are separate traces). Kappa: shares of the eight patterns of verdicts drawn
    from a Dirichlet with half a trace added to each; the plain paired bootstrap covers
    54 to 94 % at 50 traces, for it is blind to patterns that were not seen.

    References
    ----------
    McNemar (1947), Psychometrika 12, 153-157; Zou and Donner (2008), Statistics in
    Medicine 27, 1693-1702, on adding intervals; Rubin (1981), Annals of Statistics 9,
    130-134, on the bootstrap as a posterior.

    Examples
    --------
    >>> human = ["pass"] * 40 + ["fail"] * 20
    >>> old = ["pass"] * 36 + ["fail"] * 4 + ["pass"] * 10 + ["fail"] * 10
    >>> new = ["pass"] * 36 + ["fail"] * 4 + ["pass"] * 2 + ["fail"] * 18
    >>> compare_judges(human, old, new).tnr.difference
    0.40 [0.17, 0.61], n=20, 95% Tango score
    """
    import numpy as np

    same_length(human, first, "Verdicts of the person and the first judge")
    same_length(human, second, "Verdicts of the person and the second judge")
    said = [read_verdicts(values, errors=True) for values in (first, second)]
    both = np.array([None not in pair for pair in zip(*said, strict=True)], dtype=bool)
    one, two = (np.array([v == "pass" for v in values], bool)[both] for values in said)
    positive = passed(human)[both]
    tpr = paired_comparison(one[positive], two[positive], names=names, quantity="TPR")
    tnr = paired_comparison(
        ~one[~positive], ~two[~positive], names=names, quantity="TNR"
    )
    middle = balanced_difference(tpr.difference, tnr.difference)
    counts = np.bincount(4 * positive + 2 * one + two, minlength=8)
    kappa = kappa_estimate(counts, seed)
    p_holm = holm(
        {d.quantity: d.p_value if d.difference.n else math.nan for d in (tpr, tnr)}
    )
    lost = int((~both).sum())
    return JudgeComparison(tpr, tnr, middle, kappa, p_holm, lost)


def kappa_difference(counts: np.ndarray) -> np.ndarray:
    """Return kappa of the second judge minus that of the first, one a row.

    The columns are the eight patterns: 4 human pass + 2 first pass + second pass.
    """
    import numpy as np

    table = counts.reshape(-1, 2, 2, 2).astype(float)
    n, kappas = table.sum((1, 2, 3)), []
    for other in (3, 2):  # summed out: the other judge
        pair = table.sum(other)
        same = (pair[:, 0, 0] + pair[:, 1, 1]) / n
        chance = (pair.sum(1) * pair.sum(2)).sum(1) / n**2
        with np.errstate(invalid="ignore", divide="ignore"):
            kappas.append(np.where(chance < 1, (same - chance) / (1 - chance), np.nan))
    found: np.ndarray = kappas[1] - kappas[0]
    return found


def kappa_estimate(counts: np.ndarray, seed: int) -> Estimate:
    """Return the difference of kappa from the counts of the eight patterns."""
    import numpy as np

    n, method = int(counts.sum()), "smoothed paired bootstrap"
    value = float(kappa_difference(counts[None, :])[0]) if n else math.nan
    if math.isnan(value):
        return Estimate(math.nan, -1.0, 1.0, n, method, SAME)
    low, high = posterior(kappa_difference, counts, prior=np.full(8, 0.5), seed=seed)
    low, high = min(low, value), max(high, value)
    differ = min(counts[1] + counts[2], counts[5] + counts[6])
    said = FEW_DIFFER if differ <= FEW else ""
    return Estimate(value, low, high, n, method, SAME, said)


def balanced_difference(tpr: Estimate, tnr: Estimate) -> Estimate:
    """Return the difference in balanced accuracy from those in TPR and TNR."""
    found = rate_difference(_scaled(tpr, 0.5), _scaled(tnr, -0.5)).estimate
    method, said = "Tango scores added", ""
    if tpr.caution or tnr.caution:
        said = FEW_DIFFER
    return Estimate(found.value, found.low, found.high, found.n, method, SAME, said)


def _scaled(item: Estimate, by: float) -> Estimate:
    low, high = sorted((by * item.low, by * item.high))
    return Estimate(by * item.value, low, high, item.n, item.method, item.assumes)
