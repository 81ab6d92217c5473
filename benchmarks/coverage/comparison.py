"""Whether comparisons, repeated trials and the watch over time keep their promises.

Run ``python benchmarks/coverage/comparison.py``. Four tables:

* the interval of the difference of two pass rates on the same traces (Tango), and
  false alarms of the exact and the mid-p McNemar test;
* the differences of balanced accuracy and kappa of two judges;
* the intervals of pass@k and pass^k over tasks;
* 52 weekly looks at a pass rate in which nothing changes: watches with a false alarm,
  of `drift` and of a z-test each week; and weeks until a change is noticed.

The exit status is 1 where an interval holds in less than 93.5 %, or the false alarms
are above 5 % (mid-p: 5.5 %). Cells of 2,000 runs may be
below by two standard errors of the simulation, one percentage point: the lowest are
those of pass@8 from eight runs, where each task is 0 or 1 and the interval is Wilson's
of a plain share, which covers 93.7 % there (30 tasks, exact).
Intervals that hold in more than 97.5 % are marked ``over``: on the same traces where
fewer than about five are expected to differ, which no method can help with numbers as
small as these; for pass@k where nearly all tasks pass; for two judges where a class has
few traces.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np

from erroranalysis.measure import (
    coefficients,
    pass_at_k,
    pass_hat_k,
    periods_until_noticed,
)
from erroranalysis.measure.coefficients import posterior
from erroranalysis.measure.estimate import Estimate, wilson
from erroranalysis.measure.judge_comparison import balanced_difference, kappa_difference
from erroranalysis.measure.mcnemar import mcnemar, tango
from erroranalysis.measure.watching import baseline_doubt, log_evidence, p_from

LEAST, MOST = 0.935, 0.975
RUNS, JUDGED, TASKS, WATCHES = 20_000, 2_000, 2_000, 2_000
bad: list[str] = []

# A quarter of the draws behind an interval is enough to count how often it covers.
coefficients.DRAWS = 2_000


def mark(label: str, share: float, runs: int) -> str:
    slack = 2 * math.sqrt(0.05 * 0.95 / runs) if runs < 10_000 else 0.0
    if share < LEAST - slack:
        bad.append(f"{label}: {share:.3f}")
        return "LOW"
    return "over" if share > MOST else ""


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


def pairs(rng: np.random.Generator) -> None:
    print("same traces      n  differ  Tango  width        exact  mid-p")
    for first, second, likeness in PAIRS:
        for n in (20, 50, 100, 200, 500):
            shares = joint(first, second, likeness)
            drawn = rng.multinomial(n, shares, RUNS)
            less, more = drawn[:, 1], drawn[:, 2]
            low, high = tango(more, less, n)
            truth = shares[2] - shares[1]
            held = float(((low <= truth + 1e-12) & (truth <= high + 1e-12)).mean())
            label = f"{first:.2f} {second:.2f} {likeness:.1f} {n:6d}"
            note = mark(f"Tango {label}", held, RUNS)
            tests = ""
            if first == second:
                exact, mid = alarms(less, more)
                tests = f"{exact:.3f}  {mid:.3f}"
                if exact > 0.05 or mid > 0.055:
                    bad.append(f"McNemar {label}: {exact:.3f} {mid:.3f}")
            print(
                f"{label}  {shares[1] + shares[2]:.3f}   {held:.3f}"
                f"  {(high - low).mean():.3f}  {note:4s}  {tests}"
            )


def alarms(less: np.ndarray, more: np.ndarray) -> tuple[float, float]:
    tables, times = np.unique(np.stack([less, more], 1), axis=0, return_counts=True)
    found = [mcnemar(int(a), int(b)) for a, b in tables]
    exact = sum(t for p, t in zip(found, times, strict=True) if p.exact <= 0.05)
    mid = sum(t for p, t in zip(found, times, strict=True) if p.mid_p <= 0.05)
    return exact / times.sum(), mid / times.sum()


JUDGES = [
    (0.8, (0.9, 0.9, 0.5), (0.7, 0.7, 0.5)),
    (0.8, (0.9, 0.95, 0.5), (0.6, 0.8, 0.3)),
    (0.5, (0.8, 0.9, 0.5), (0.85, 0.9, 0.5)),
    (0.9, (0.95, 0.97, 0.6), (0.6, 0.6, 0.6)),
]


def judges(rng: np.random.Generator) -> None:
    print("\ntwo judges: passes, TPR, TNR, n   balanced accuracy  kappa")
    for share, tpr, tnr in JUDGES:
        # by the person's, the first and the second verdict: 4 + 2 + 1 for pass
        shares = np.concatenate([(1 - share) * joint(*tnr), share * joint(*tpr)[::-1]])
        true_kappa = float(kappa_difference(shares[None, :])[0])
        true_middle = (tpr[1] - tpr[0] + tnr[1] - tnr[0]) / 2
        for n in (50, 100, 200, 500):
            middle = kappa = used = 0
            drawn = rng.multinomial(n, shares, JUDGED)
            drawn = drawn[(drawn[:, :4].sum(1) > 0) & (drawn[:, 4:].sum(1) > 0)]
            leads = zip(
                drawn,
                lead(drawn[:, 5], drawn[:, 6], drawn[:, 4:].sum(1)),
                lead(drawn[:, 2], drawn[:, 1], drawn[:, :4].sum(1)),
                strict=True,
            )
            for counts, in_passes, in_fails in leads:
                used += 1
                found = balanced_difference(in_passes, in_fails)
                middle += found.low - 1e-12 <= true_middle <= found.high + 1e-12
                low, high = posterior(kappa_difference, counts, prior=np.full(8, 0.5))
                kappa += low <= true_kappa <= high
            label = f"{share:.1f} {tpr} {tnr} {n:4d}"
            notes = [mark(label, x / used, JUDGED) for x in (middle, kappa)]
            print(
                f"{label}  {middle / used:.3f} {notes[0]:4s}  {kappa / used:.3f}"
                f" {notes[1]}"
            )


def lead(more: np.ndarray, less: np.ndarray, n: np.ndarray) -> list[Estimate]:
    rows = zip((more - less) / n, *tango(more, less, n), n, strict=True)
    return [Estimate(float(d), float(a), float(b), int(m), "") for d, a, b, m in rows]


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


def trials(rng: np.random.Generator) -> None:
    print("\ntasks                       tasks runs  measure  true   held   width")
    for name, kind in TASK_KINDS.items():
        wide = kind(rng, 400_000)
        for tasks in (30, 60, 115, 300):
            for runs, k in ((5, 1), (5, 3), (8, 8)):
                passes = rng.binomial(runs, kind(rng, (TASKS, tasks)))
                for sign, of, truth in (
                    ("pass^", pass_hat_k, float((wide**k).mean())),
                    ("pass@", pass_at_k, float(1 - ((1 - wide) ** k).mean())),
                ):
                    found = [of(row, [runs] * tasks, k) for row in passes]
                    held = sum(e.low - 1e-9 <= truth <= e.high + 1e-9 for e in found)
                    width = sum(e.high - e.low for e in found) / TASKS
                    label = f"{name:27s} {tasks:4d} {runs:4d}  {sign}{k}"
                    note = mark(label, held / TASKS, TASKS)
                    print(
                        f"{label}  {truth:.3f}  {held / TASKS:.3f}  {width:.3f}  {note}"
                    )


def watch(rng: np.random.Generator) -> None:
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


def main() -> int:
    rng, started = np.random.default_rng(20), time.perf_counter()
    for part in (pairs, judges, trials, watch):
        part(rng)
        print(f"{time.perf_counter() - started:.0f} s so far")
    print(f"do not hold: {bad or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
