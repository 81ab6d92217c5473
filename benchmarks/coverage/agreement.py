"""How often the intervals of agreement and of a judge's quality hold the truth.

Run ``python -m benchmarks.coverage.agreement``. Each cell is 2,000 samples of traces
from a known truth. A share is counted over the samples in which it rests on 10 traces
or more: below, `Alignment` says that they are few. Where hardly any sample has as many,
all count, and their caution must say so. Kappa and alpha are NaN, which is a refusal,
where one verdict only was given.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from benchmarks.coverage import SIZES, Cell, cell, report, summary
from erroranalysis.measure import coefficients, krippendorff_alpha, wilson
from erroranalysis.measure.agreement import (
    ac1_of,
    bias_of,
    kappa_of,
    of_table,
    prevalence_of,
)
from erroranalysis.measure.alignment import FEW
from erroranalysis.measure.alpha import nominal_alpha
from erroranalysis.measure.derived import balanced_of, f1_of
from erroranalysis.measure.patterns import patterns
from erroranalysis.measure.raters import fleiss_of
from erroranalysis.measure.stability import flip_rate_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from erroranalysis.measure import Estimate
    from erroranalysis.measure.alpha import Level

SAMPLES = 2_000
HARDLY = 0.05
SEED = 20
RATERS, GIVEN = 3, 0.8

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
COEFFICIENTS = {
    "Cohen's kappa": kappa_of,
    "AC1": ac1_of,
    "prevalence index": prevalence_of,
}
# name: share of passes, and how often a rater sees a pass and a fail for what it is
PANELS = {
    "balanced, low": (0.5, 0.75, 0.75),
    "balanced, high": (0.5, 0.95, 0.95),
    "90/10, low": (0.9, 0.92, 0.6),
    "90/10, high": (0.9, 0.98, 0.9),
}


# name: kind of alpha, number of grades (0: any number), noise of a rater
SCALES: dict[str, tuple[Level, int, float]] = {
    "4 grades, low": ("ordinal", 4, 0.9),
    "4 grades, high": ("ordinal", 4, 0.3),
    "7 grades, low": ("ordinal", 7, 0.9),
    "7 grades, high": ("ordinal", 7, 0.3),
    "5 scores, low": ("interval", 5, 0.9),
    "5 scores, high": ("interval", 5, 0.3),
    "seconds, low": ("interval", 0, 0.9),
    "seconds, high": ("interval", 0, 0.3),
}


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


def judges() -> Iterator[Cell]:
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
        _, pf, fp, ff = shares
        truths = {
            "TPR": tpr,
            "TNR": tnr,
            "precision (Fail)": ff / (ff + fp),
            "F1 (Fail)": 2 * ff / (2 * ff + pf + fp),
            "balanced accuracy": (tpr + tnr) / 2,
        }
        for name, method in _SHARES.items():
            for n in SIZES:
                rows, times, accepted = _accepted(n, shares, name)
                found = [method(*row) for row in rows.tolist()]
                label, note = f"n={n} {setting}", f"accepted {accepted:.0%}"
                yield cell(label, name, truths[name], found, times=times, note=note)


def pairs() -> Iterator[Cell]:
    for setting, (share, kappa, bias) in PAIRS.items():
        one, two = share + bias / 2, share - bias / 2
        chance = one * two + (1 - one) * (1 - two)
        both = (kappa * (1 - chance) + chance - 1 + one + two) / 2
        shares = np.array([both, one - both, two - both, 1 - one - two + both])
        for name, of in COEFFICIENTS.items():
            truth = float(of(shares[None, :])[0])
            for n in SIZES:
                rows, times = _samples(n, shares)
                found = [of_table(of, row, seed) for seed, row in enumerate(rows)]
                yield cell(f"n={n} {setting}", name, truth, found, times=times)
        for n in SIZES:
            rows, times = _samples(n, shares)
            found = [bias_of(*row[1:3], n) for row in rows.tolist()]
            label, truth = f"n={n} {setting}", shares[1] - shares[2]
            yield cell(label, "bias index", float(truth), found, times=times)


def panels() -> Iterator[Cell]:
    methods = {
        "Fleiss' kappa, 3": (fleiss_of, 1.0),
        "alpha, gaps": (nominal_alpha, GIVEN),
    }
    for setting, (theta, of_pass, of_fail) in PANELS.items():
        for name, (method, given) in methods.items():
            sizes = [RATERS] if given == 1 else list(range(RATERS + 1))
            ways = patterns(sizes, 2)
            assert ways is not None
            sizes, passes = ways.sum(1), ways[:, 0]
            of_trace = [
                weight * binom.pmf(passes, sizes, seen)
                for weight, seen in ((theta, of_pass), (1 - theta, 1 - of_fail))
            ]
            shares = binom.pmf(sizes, RATERS, given) * sum(of_trace)
            # the truth is what a sample without end would say
            many = np.repeat(ways, np.round(shares * 2_000_000).astype(int), axis=0)
            truth = method(many).value
            for n in SIZES:
                rows, times = _samples(n, shares)
                found = [
                    method(np.repeat(ways, row, axis=0), seed)
                    for seed, row in enumerate(rows)
                ]
                yield cell(f"n={n} {setting}", name, truth, found, times=times)


def scales() -> Iterator[Cell]:
    """Alpha of grades and of numbers, by three raters who leave out one in five."""
    for setting, (level, grades, noise) in SCALES.items():
        rng = np.random.default_rng(SEED)
        many = [_scored(rng, 500_000, grades, noise) for _ in range(6)]
        truth = float(
            np.mean([krippendorff_alpha(part, level=level).value for part in many])
        )
        for n in SIZES:
            found = [
                krippendorff_alpha(
                    _scored(rng, n, grades, noise), level=level, seed=seed
                )
                for seed in range(SAMPLES)
            ]
            name = f"alpha {level}, {found[-1].method}"
            yield cell(f"n={n} {setting}", name, truth, found)


def _scored(rng: np.random.Generator, n: int, grades: int, noise: float) -> np.ndarray:
    """Return ratings, one row a trace; NaN where a rater gave none."""
    scores = rng.normal(size=(n, 1)) + noise * rng.normal(size=(n, RATERS))
    if grades:
        middle = (grades - 1) / 2
        scores = np.clip(np.round(middle + scores * middle / 2), 0, grades - 1)
    return np.where(rng.random((n, RATERS)) < GIVEN, scores, np.nan)


def names() -> Iterator[Cell]:
    """Five names, of which some are rare: nominal alpha with gaps, and kappa."""
    chances = np.array([0.4, 0.3, 0.15, 0.1, 0.05])

    def rated(rng: np.random.Generator, n: int, sure: float) -> np.ndarray:
        real = rng.choice(5, n, p=chances)[:, None]
        guess = rng.choice(5, (n, RATERS), p=chances)
        return np.where(rng.random((n, RATERS)) < sure, real, guess)

    for sure in (0.6, 0.9, 0.97):
        rng = np.random.default_rng(SEED)
        many = rated(rng, 2_000_000, sure)
        of_names = nominal_alpha(_counts(many, np.ones(many.shape, dtype=bool))).value
        pair = np.bincount(5 * many[:, 0] + many[:, 1], minlength=25)
        of_pair = float(kappa_of(pair[None, :].astype(float))[0])
        for n in SIZES:
            alphas, kappas = [], []
            for seed in range(SAMPLES):
                said = rated(rng, n, sure)
                counts = _counts(said, rng.random(said.shape) < GIVEN)
                alphas.append(nominal_alpha(counts, seed))
                used, places = np.unique(said[:, :2], return_inverse=True)
                at = places.reshape(-1, 2) @ np.array([len(used), 1])
                table = np.bincount(at, minlength=len(used) ** 2)
                kappas.append(of_table(kappa_of, table, seed))
            label = f"n={n} 5 names, sure {sure}"
            yield cell(label, "alpha, gaps", of_names, alphas)
            yield cell(label, "Cohen's kappa", of_pair, kappas)


def _counts(said: np.ndarray, given: np.ndarray) -> np.ndarray:
    columns = [((said == level) & given).sum(1) for level in range(5)]
    counts = np.stack(columns, axis=1)
    return counts[:, counts.any(0)]


def repeats() -> Iterator[Cell]:
    """Most traces steady at .99, some at .6 and .05, as judges are; or unsteady."""
    kinds = {
        "mostly steady": ((0.85, 0.99), (0.1, 0.6), (0.05, 0.05)),
        "unsteady": ((0.5, 0.9), (0.5, 0.4)),
    }
    for setting, kind in kinds.items():
        for runs in (2, 3, 5):
            shares = sum(w * binom.pmf(np.arange(runs + 1), runs, p) for w, p in kind)
            truth = sum(w * 2 * p * (1 - p) for w, p in kind)
            for n in SIZES:
                rows, times = _samples(n, np.asarray(shares))
                found = [
                    flip_rate_of(passes, runs - passes)
                    for passes in (np.repeat(np.arange(runs + 1), row) for row in rows)
                ]
                name = f"flip rate, {runs} runs"
                yield cell(f"n={n} {setting}", name, truth, found, times=times)


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
) -> tuple[np.ndarray, np.ndarray, float]:
    """Draw until there are as many accepted samples, or too few ever would be."""
    size = SAMPLES
    while True:
        rows, times = _samples(n, shares, size)
        kept = _rests_on(name, rows) >= FEW
        accepted = times[kept].sum() / size
        if times[kept].sum() >= SAMPLES or accepted < HARDLY:
            break
        size *= 2
    if accepted < HARDLY:
        return *_samples(n, shares), float(accepted)
    return rows[kept], times[kept], float(accepted)


def run() -> tuple[list[Cell], list[str]]:
    # Fewer draws behind an interval are enough to count how often it covers, if every
    # sample has a seed of its own: with one seed all would share the error of its draws
    coefficients.DRAWS, draws = 1_000, coefficients.DRAWS
    found = report("A judge's quality", judges())
    found += report("Two raters", pairs())
    found += report("Three raters", panels())
    found += report("Raters with five names", names())
    found += report("Three raters, grades and numbers, gaps", scales())
    found += report("Repeated runs", repeats())
    coefficients.DRAWS = draws
    return found, []


def main() -> int:
    cells, _ = run()
    return int(summary("agreement", cells) > 0)


if __name__ == "__main__":
    sys.exit(main())
