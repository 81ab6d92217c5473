"""How often the intervals of agreement and of a judge's quality hold the truth.

Run ``python benchmarks/coverage/agreement.py``. Each cell is 2,000 samples of traces
from a known truth that the method accepts. A method holds where it covers 93.5 to
97.5 % of them. More than 97.5 % is let pass where fewer than 8 traces of the kind that
matters are expected: counts jump there, and no interval can cover 95 % throughout.

A share accepts its sample from 10 traces on: below, `Alignment` says that they are few.
A cell in which fewer than one sample in 20 has as many is refused as a whole. Kappa and
alpha accept theirs where both verdicts were given.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from erroranalysis.measure import coefficients, wilson
from erroranalysis.measure.agreement import ac1_of, kappa_of, of_table
from erroranalysis.measure.alignment import FEW, balanced_of, f1_of
from erroranalysis.measure.alpha import nominal_alpha
from erroranalysis.measure.raters import fleiss_of
from erroranalysis.measure.stability import flip_rate_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from erroranalysis.measure import Estimate

SIZES = (30, 46, 100, 200, 500)
SAMPLES = 2_000
HOLDS = (93.5, 97.5)
TINY = 8
SEED = 20

# Fewer draws behind an interval are enough to count how often it covers, if every
# sample has a seed of its own: with one seed all would share the error of its draws.
coefficients.DRAWS = 1_000

# name: share of passes, TPR, TNR
JUDGES = {
    "balanced, good": (0.5, 0.9, 0.9),
    "balanced, poor": (0.5, 0.7, 0.6),
    "70/30, lenient": (0.7, 0.95, 0.7),
    "90/10, good": (0.9, 0.95, 0.85),
    "90/10, poor": (0.9, 0.8, 0.5),
    "90/10, strict": (0.9, 0.75, 0.9),
}
# name: share of passes of both, kappa, how far their shares are apart
PAIRS = {
    "balanced, chance": (0.5, 0.0, 0.0),
    "balanced, low": (0.5, 0.3, 0.0),
    "balanced, high": (0.5, 0.8, 0.0),
    "70/30, biased": (0.7, 0.5, 0.2),
    "90/10, low": (0.9, 0.3, 0.0),
    "90/10, high": (0.9, 0.8, 0.0),
}
# name: share of passes, and how often a rater sees a pass and a fail for what it is
PANELS = {
    "balanced, low": (0.5, 0.75, 0.75),
    "balanced, high": (0.5, 0.95, 0.95),
    "90/10, low": (0.9, 0.92, 0.6),
    "90/10, high": (0.9, 0.98, 0.9),
}


@dataclass(frozen=True)
class Cell:
    """One method in one setting at one size."""

    method: str
    setting: str
    n: int
    accepted: float
    coverage: float
    width: float
    rare: float

    @property
    def verdict(self) -> str:
        """Whether the method holds here, in one word."""
        if self.accepted < 0.05:
            return "refused"
        low, high = HOLDS
        if self.coverage < low:
            return "UNDER"
        if self.coverage > high:
            return "over, few" if self.rare < TINY else "OVER"
        return "holds"


def main() -> int:
    began = time.process_time()
    cells = [cell for topic in (judges, pairs, panels, repeats) for cell in topic()]
    print(f"{'method':20} {'setting':18} {'n':>4}  accepted  coverage  width")
    for cell in cells:
        print(
            f"{cell.method:20} {cell.setting:18} {cell.n:4}  {cell.accepted:7.0%}"
            f"  {cell.coverage:7.1f}  {cell.width:6.3f}  {cell.verdict}"
        )
    print()
    for method in dict.fromkeys(cell.method for cell in cells):
        print(_summary([cell for cell in cells if cell.method == method]))
    bad = [cell for cell in cells if cell.verdict.isupper()]
    print(f"\n{len(cells)} cells, {len(bad)} do not hold;", end=" ")
    print(f"{time.process_time() - began:.0f} s of processor time")
    return 1 if bad else 0


def _tpr(good: int, missed: int, harsh: int, found: int) -> Estimate:
    del missed, found
    return wilson(good, good + harsh)


def _tnr(good: int, missed: int, harsh: int, found: int) -> Estimate:
    del good, harsh
    return wilson(found, found + missed)


def _precision(good: int, missed: int, harsh: int, found: int) -> Estimate:
    del good, missed
    return wilson(found, found + harsh)


def _f1(good: int, missed: int, harsh: int, found: int) -> Estimate:
    del good
    return f1_of(wilson(found, found + harsh + missed))


def _balanced(good: int, missed: int, harsh: int, found: int) -> Estimate:
    return balanced_of(wilson(good, good + harsh), wilson(found, found + missed))


_SHARES: dict[str, Callable[[int, int, int, int], Estimate]] = {
    "TPR": _tpr,
    "TNR": _tnr,
    "precision (Fail)": _precision,
    "F1 (Fail)": _f1,
    "balanced accuracy": _balanced,
}


def _rests_on(name: str, rows: np.ndarray) -> np.ndarray:
    """Return how many traces a share is taken of, in every sample."""
    good, missed, harsh, found = rows.T
    passes, fails = good + harsh, missed + found
    return {
        "TPR": passes,
        "TNR": fails,
        "precision (Fail)": found + harsh,
        "F1 (Fail)": found + harsh + missed,
        "balanced accuracy": np.minimum(passes, fails),
    }[name]


def judges() -> list[Cell]:
    found = []
    for setting, (theta, tpr, tnr) in JUDGES.items():
        # judge and person: both pass, judge alone, person alone, both fail
        shares = np.array(
            [
                theta * tpr,
                (1 - theta) * (1 - tnr),
                theta * (1 - tpr),
                (1 - theta) * tnr,
            ]
        )
        pp, pf, fp, ff = shares
        truths = {
            "TPR": tpr,
            "TNR": tnr,
            "precision (Fail)": ff / (ff + fp),
            "F1 (Fail)": 2 * ff / (2 * ff + pf + fp),
            "balanced accuracy": (tpr + tnr) / 2,
        }
        rare = {
            "TPR": min(pp, fp),
            "TNR": min(pf, ff),
            "precision (Fail)": min(fp, ff),
            "F1 (Fail)": min(ff, pf + fp),
            "balanced accuracy": min(pf, ff, fp),
        }
        for name, method in _SHARES.items():
            for n in SIZES:
                rows, times, drawn = _accepted(n, shares, name)
                estimates = [method(*row) for row in rows.tolist()]
                setup = (name, setting, n, truths[name], n * rare[name])
                found.append(_cell(setup, estimates, times, drawn))
    return found


def pairs() -> list[Cell]:
    found = []
    for setting, (share, kappa, bias) in PAIRS.items():
        one, two = share + bias / 2, share - bias / 2
        chance = one * two + (1 - one) * (1 - two)
        both = (kappa * (1 - chance) + chance - 1 + one + two) / 2
        shares = np.array([both, one - both, two - both, 1 - one - two + both])
        rare = min(shares[0], shares[1] + shares[2], shares[3])
        for name, of in (("Cohen's kappa", kappa_of), ("AC1", ac1_of)):
            truth = float(of(shares[None, :])[0])
            for n in SIZES:
                rows, times = _samples(n, shares)
                estimates = [of_table(of, row, seed) for seed, row in enumerate(rows)]
                setup = (name, setting, n, truth, n * rare)
                found.append(_cell(setup, estimates, times, SAMPLES))
    return found


def panels() -> list[Cell]:
    methods = {
        "Fleiss' kappa, 3": (fleiss_of, 1.0),
        "alpha, gaps": (nominal_alpha, 0.8),
    }
    found = []
    for setting, (theta, of_pass, of_fail) in PANELS.items():
        for name, (method, given) in methods.items():
            ways = coefficients.patterns([3] if given == 1 else [0, 1, 2, 3], 2)
            assert ways is not None
            sizes, passes = ways.sum(1), ways[:, 0]
            of_trace = [
                weight * binom.pmf(passes, sizes, seen)
                for weight, seen in ((theta, of_pass), (1 - theta, 1 - of_fail))
            ]
            shares = binom.pmf(sizes, 3, given) * sum(of_trace)
            # the truth is what a sample without end would say
            many = np.repeat(ways, np.round(shares * 2_000_000).astype(int), axis=0)
            truth = method(many).value
            mixed = float(shares[(passes > 0) & (passes < sizes)].sum())
            rare = min(mixed, float((shares * (sizes - passes)).sum()) / 3)
            for n in SIZES:
                rows, times = _samples(n, shares)
                estimates = [
                    method(np.repeat(ways, row, axis=0), seed)
                    for seed, row in enumerate(rows)
                ]
                setup = (name, setting, n, truth, n * rare)
                found.append(_cell(setup, estimates, times, SAMPLES))
    return found


def repeats() -> list[Cell]:
    """Most traces steady at .99, some at .6 and .05, as judges are; or unsteady."""
    kinds = {
        "mostly steady": ((0.85, 0.99), (0.1, 0.6), (0.05, 0.05)),
        "unsteady": ((0.5, 0.9), (0.5, 0.4)),
    }
    found = []
    for setting, kind in kinds.items():
        for runs in (2, 3, 5):
            shares = sum(w * binom.pmf(np.arange(runs + 1), runs, p) for w, p in kind)
            truth = sum(w * 2 * p * (1 - p) for w, p in kind)
            rare = float(np.sum(shares[1:-1]))
            for n in SIZES:
                rows, times = _samples(n, np.asarray(shares))
                estimates = [
                    flip_rate_of(passes, runs - passes)
                    for passes in (np.repeat(np.arange(runs + 1), row) for row in rows)
                ]
                name = f"flip rate, {runs} runs"
                setup = (name, setting, n, truth, n * rare)
                found.append(_cell(setup, estimates, times, SAMPLES))
    return found


def _samples(
    n: int, shares: np.ndarray, size: int = SAMPLES
) -> tuple[np.ndarray, np.ndarray]:
    """Return the different samples of n traces, and how often each came up."""
    shares = np.clip(shares, 0, None) / np.clip(shares, 0, None).sum()
    drawn = np.random.default_rng([SEED, n]).multinomial(n, shares, size=size)
    rows, times = np.unique(drawn, axis=0, return_counts=True)
    return rows, times


def _accepted(
    n: int, shares: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray, int]:
    """Draw until there are as many accepted samples, or too few ever would be."""
    size = SAMPLES
    while True:
        rows, times = _samples(n, shares, size)
        kept = _rests_on(name, rows) >= FEW
        if times[kept].sum() >= SAMPLES or size > 25 * SAMPLES:
            return rows[kept], times[kept], size
        size *= 2


def _cell(
    setup: tuple[str, str, int, float, float],
    estimates: list[Estimate],
    times: np.ndarray,
    drawn: int,
) -> Cell:
    method, setting, n, truth, rare = setup
    bounds = [(e.value, e.low, e.high) for e in estimates]
    value, low, high = np.array(bounds).reshape(-1, 3).T
    weights = times * ~np.isnan(value)
    total = max(1, int(weights.sum()))
    covered = (low <= truth + 1e-12) & (truth <= high + 1e-12)
    coverage = 100 * float(weights @ covered) / total
    width = float(weights @ (high - low)) / total
    return Cell(method, setting, n, total / drawn, coverage, width, rare)


def _summary(cells: list[Cell]) -> str:
    kept = [cell for cell in cells if cell.verdict != "refused"]
    coverages = [cell.coverage for cell in kept]
    over = sum("over" in cell.verdict for cell in kept)
    mean = sum(coverages) / max(1, len(coverages))
    return (
        f"{cells[0].method:20} mean {mean:.1f}, worst {min(coverages):.1f},"
        f" highest {max(coverages):.1f}; {over} cells over with few traces,"
        f" {len(cells) - len(kept)} refused"
    )


if __name__ == "__main__":
    sys.exit(main())
