"""Whether comparisons, repeated trials and the watch over time keep their promises.

Run ``python -m benchmarks.coverage.comparison``. Four tables:

* the interval of the difference of two pass rates on the same traces (Tango), exact,
  and false alarms of the exact and the mid-p McNemar test;
* the differences of balanced accuracy and kappa of two judges;
* the intervals of pass@k and pass^k over tasks;
* 52 weekly looks at a pass rate in which nothing changes: watches with a false alarm,
  of `drift` and of a z-test each week; and weeks until a change is noticed.

The exit status is 1 where an interval leaves 93.5 to 97.5 % and nothing says so, or the
false alarms are above 5 % (mid-p: 5.5 %).
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import multinomial

from benchmarks.coverage import (
    REPLICATIONS,
    SIZES,
    Cell,
    cell,
    report,
    summary,
)
from erroranalysis.measure import (
    Estimate,
    coefficients,
    compare_trials,
    pass_at_k,
    pass_hat_k,
    periods_until_noticed,
    wilson,
)
from erroranalysis.measure.comparison import difference_of
from erroranalysis.measure.judge_comparison import (
    balanced_difference,
    kappa_difference,
    kappa_estimate,
)
from erroranalysis.measure.mcnemar import mcnemar, tango
from erroranalysis.measure.watching import baseline_doubt, log_evidence, p_from

if TYPE_CHECKING:
    from collections.abc import Iterator

WATCHES, NEGLIGIBLE = 2_000, 1e-10


def joint(first: float, second: float, likeness: float) -> np.ndarray:
    """Return chances of (both, only first, only second, neither)."""
    spread = math.sqrt(first * (1 - first) * second * (1 - second))
    both = min(first * second + likeness * spread, first, second)
    found = np.array([both, first - both, second - both, 1 - first - second + both])
    return np.maximum(found, 0) / np.maximum(found, 0).sum()


PAIRS = [
    (0.5, 0.5, 0.0), (0.8, 0.8, 0.5), (0.7, 0.8, 0.5), (0.9, 0.9, 0.3),
    (0.85, 0.9, 0.7), (0.9, 0.95, 0.5), (0.97, 0.97, 0.5), (0.3, 0.6, 0.2),
]  # fmt: skip


def pairs(bad: list[str]) -> Iterator[Cell]:
    """All tables that can come up, each with its chance."""
    for first, second, likeness in PAIRS:
        for n in SIZES:
            shares = joint(first, second, likeness)
            one, two = (part.ravel() for part in np.mgrid[: n + 1, : n + 1])
            both = [one, two, n - one - two]
            chance = multinomial.pmf(
                np.stack(both, 1), n, [shares[1], shares[2], shares[0] + shares[3]]
            )
            kept = (both[2] >= 0) & (chance > NEGLIGIBLE)
            less, more, chance = one[kept], two[kept], chance[kept]
            found = lead(more, less, np.full(len(more), n))
            note = f"{n * (shares[1] + shares[2]):.1f} differ"
            if first == second:
                exact, mid = alarms(less, more, chance)
                note += f"; McNemar exact {exact:.3f}, mid-p {mid:.3f}"
                if exact > 0.05 or mid > 0.055:
                    bad.append(f"McNemar {first} {n}: {exact:.3f} {mid:.3f}")
            label = f"n={n} pass {first}, {second}, likeness {likeness}"
            truth = float(shares[2] - shares[1])
            yield cell(label, "Tango", truth, found, times=chance, note=note)


def alarms(
    less: np.ndarray, more: np.ndarray, chance: np.ndarray
) -> tuple[float, float]:
    found = np.array([mcnemar(int(a), int(b)) for a, b in zip(less, more, strict=True)])
    exact, mid = chance @ (found <= 0.05)
    return float(exact), float(mid)


JUDGES = [
    (0.8, (0.9, 0.9, 0.5), (0.7, 0.7, 0.5)),
    (0.8, (0.9, 0.95, 0.5), (0.6, 0.8, 0.3)),
    (0.5, (0.8, 0.9, 0.5), (0.85, 0.9, 0.5)),
    (0.9, (0.95, 0.97, 0.6), (0.6, 0.6, 0.6)),
]


def judges() -> Iterator[Cell]:
    rng = np.random.default_rng(20)
    for share, tpr, tnr in JUDGES:
        # by the person's, the first and the second verdict: 4 + 2 + 1 for pass
        shares = np.concatenate([(1 - share) * joint(*tnr), share * joint(*tpr)[::-1]])
        true_kappa = float(kappa_difference(shares[None, :])[0])
        true_middle = (tpr[1] - tpr[0] + tnr[1] - tnr[0]) / 2
        for n in SIZES:
            drawn = rng.multinomial(n, shares, REPLICATIONS)
            drawn = drawn[(drawn[:, :4].sum(1) > 0) & (drawn[:, 4:].sum(1) > 0)]
            sides = zip(
                lead(drawn[:, 5], drawn[:, 6], drawn[:, 4:].sum(1)),
                lead(drawn[:, 2], drawn[:, 1], drawn[:, :4].sum(1)),
                strict=True,
            )
            middle = [balanced_difference(*both) for both in sides]
            kappa = [kappa_estimate(counts, seed) for seed, counts in enumerate(drawn)]
            label = f"n={n} pass {share}, {tpr}, {tnr}"
            yield cell(label, "balanced accuracy, two", true_middle, middle)
            yield cell(label, "kappa, two", true_kappa, kappa)


def lead(more: np.ndarray, less: np.ndarray, n: np.ndarray) -> list[Estimate]:
    low, high = tango(more, less, n)
    rows = zip(more, less, n, low, high, strict=True)
    return [
        difference_of(int(b), int(c), int(m), (float(bottom), float(top)))
        for b, c, m, bottom, top in rows
    ]


TASK_KINDS = {
    "spread out, beta(2, 1)": lambda rng, size: rng.beta(2, 1, size),
    "easy or hard, beta(.5, .5)": lambda rng, size: rng.beta(0.5, 0.5, size),
    "easy, beta(9, 1)": lambda rng, size: rng.beta(9, 1, size),
    "hard, beta(1, 3)": lambda rng, size: rng.beta(1, 3, size),
    "half at .95, half at .25": lambda rng, size: np.where(
        rng.random(size) < 0.5, 0.95, 0.25
    ),
    "one in ten at .05": lambda rng, size: np.where(rng.random(size) < 0.9, 0.98, 0.05),
    "all at .9": lambda _, size: np.full(size, 0.9),
}


def trials() -> Iterator[Cell]:
    rng = np.random.default_rng(20)
    for name, kind in TASK_KINDS.items():
        often = kind(rng, 400_000)
        for tasks in SIZES:
            for runs, k in ((5, 1), (5, 3), (8, 8)):
                passes = rng.binomial(runs, kind(rng, (REPLICATIONS, tasks)))
                for sign, of, truth in (
                    ("pass^", pass_hat_k, float((often**k).mean())),
                    ("pass@", pass_at_k, float(1 - ((1 - often) ** k).mean())),
                ):
                    found = [of(row, [runs] * tasks, k) for row in passes]
                    label = f"{tasks} tasks, {name}"
                    yield cell(label, f"{sign}{k} of {runs}", truth, found)


def two_agents() -> Iterator[Cell]:
    """Both on the same tasks; the second fails a third less often."""
    rng = np.random.default_rng(20)
    for name, kind in TASK_KINDS.items():
        often = kind(rng, 400_000)
        for tasks in SIZES:
            for k in (1, 3):
                truth = float(((1 - (1 - often) * 2 / 3) ** k - often**k).mean())
                chances = kind(rng, (REPLICATIONS, tasks))
                one = rng.binomial(5, chances)
                two = rng.binomial(5, 1 - (1 - chances) * 2 / 3)
                runs = [5] * tasks
                found = [
                    compare_trials((a, runs), (b, runs), k=k).difference
                    for a, b in zip(one, two, strict=True)
                ]
                label = f"{tasks} tasks, {name}"
                yield cell(label, f"pass^{k} of 5, two", truth, found)


def watch(bad: list[str]) -> None:
    rng = np.random.default_rng(20)
    print("\n52 weeks of 100 traces, nothing changes: watches with a false alarm")
    for rate, n in ((0.5, None), (0.85, None), (0.95, None), (0.85, 200), (0.85, 1000)):
        weeks = rng.binomial(100, rate, (WATCHES, 52)).astype(float)
        if n is None:
            before = [Estimate(rate, rate, rate, 0, "known")] * WATCHES
        else:
            before = [wilson(int(k), n) for k in rng.binomial(n, rate, WATCHES)]
        parts = [baseline_doubt(item, fine=40) for item in before]
        shares, doubt = (np.array(part) for part in zip(*parts, strict=True))
        most = np.maximum(log_evidence(weeks, np.full(52, 100.0), shares), 0).max(1)
        share = float((p_from((doubt - most).max(1), known=n is None) <= 0.05).mean())
        known = np.array([[item.value] for item in before])
        spread = known * (1 - known) * (1 / 100 + (1 / n if n else 0))
        naive = float((np.abs(weeks / 100 - known) > 1.96 * spread**0.5).any(1).mean())
        print(f"{rate:.2f} {n or 'known':>6}  drift {share:.3f}, z-test {naive:.2f}")
        if share > 0.05:
            bad.append(f"drift {rate} {n}: {share:.3f}")
    for n in (None, 500, 1_000, 5_000):
        for change in (-0.05, -0.10):
            print(n or "known", periods_until_noticed(0.85, change, 100, baseline=n))


def run() -> tuple[list[Cell], list[str]]:
    # a quarter of the draws behind an interval is enough to count how often it covers
    coefficients.DRAWS, draws = 2_000, coefficients.DRAWS
    bad: list[str] = []
    found = report("Same traces", pairs(bad))
    found += report("Two judges", judges())
    found += report("Tasks run several times", trials())
    found += report("Two agents on the same tasks", two_agents())
    watch(bad)
    coefficients.DRAWS = draws
    return found, bad


def main() -> int:
    cells, bad = run()
    print(f"other promises broken: {bad}")
    return int(summary("comparison", cells) > 0 or bool(bad))


if __name__ == "__main__":
    sys.exit(main())
