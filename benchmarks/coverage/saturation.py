"""Whether the intervals of `saturation` hold, whatever the modes are like.

Run ``python benchmarks/coverage/saturation.py``. Cells: how the failures are spread
over the modes, how many modes a trace shows on average, how many traces were read.
Three promises are counted: the upper bound of the unseen share of failures, the lower
bound of the number of modes, the interval of the number of new modes in half as many
traces again. Beside them, for comparison and not offered by the package: the two-sided
log-normal interval of Chao (1987) for the number of modes.

The exit status is 1 where one of the three holds in less than 93.5 %. More than 97.5 %
is listed with the reason:

* *seen*: all modes have been seen in so many of the samples, and then the unseen share
  is 0 and every bound holds;
* *few*: on average fewer than 25 occurrences; the bound is 1 or near it;
* *whole*: numbers of modes are whole numbers, of which few come into question;
* *lower bound*: what Chao's formula estimates is less than the number of modes.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np

from erroranalysis.measure.saturation import Saturation, saturation
from erroranalysis.measure.unseen import hidden_modes

LEAST, MOST = 0.935, 0.975
RUNS = 2_000


def zipf(modes: int, power: float = 1.0) -> np.ndarray:
    weights = 1 / np.arange(1, modes + 1) ** power
    return weights / weights.sum()


MODES = {
    "8 even": np.full(8, 1 / 8),
    "20 even": np.full(20, 1 / 20),
    "60 even": np.full(60, 1 / 60),
    "9 skewed": np.array([0.30, 0.2, 0.15, 0.11, 0.08, 0.06, 0.05, 0.03, 0.02]),
    "12 halving": 0.7 ** np.arange(12) / (0.7 ** np.arange(12)).sum(),
    "30 Zipf": zipf(30),
    "100 Zipf": zipf(100),
    "200 Zipf 1.3": zipf(200, 1.3),
}


def counted(counts: np.ndarray, traces: int) -> Saturation:
    """Return the result for how often each mode occurred."""
    seen = np.bincount(counts)
    seen[0] = 0
    return Saturation(
        traces=traces,
        failed=0,
        found=int(counts.sum()),
        modes=int((counts > 0).sum()),
        seen=tuple(seen.tolist()),
        last_new=0,
        discovered=(),
    )


def chao_two_sided(item: Saturation) -> tuple[float, float]:
    hidden = hidden_modes(item.once, item.twice, item.traces)
    low = item.total.low
    if hidden <= 0 or low <= item.modes:
        return float(item.modes), item.modes + max(hidden, 0.0) ** 2
    return low, item.modes + hidden**2 / (low - item.modes)


def cell(
    shares: np.ndarray, rate: float, traces: int, rng: np.random.Generator
) -> dict[str, float]:
    chance = np.minimum(rate * shares, 0.95)
    samples = rng.binomial(traces, chance, size=(RUNS, len(shares)))
    more = traces // 2
    later = rng.binomial(more, chance, size=samples.shape) > 0
    held = {"unseen": 0, "modes": 0, "two-sided": 0, "new": 0}
    sums = {"bound": 0.0, "true": 0.0, "full": 0}
    used = 0
    for counts, again in zip(samples, later, strict=True):
        item = counted(counts, traces)
        if not item.found:
            continue
        used += 1
        truth = float(chance[counts == 0].sum() / chance.sum())
        unseen, new = item.unseen, item.expected_new(more)
        found = int((again & (counts == 0)).sum())
        low, high = chao_two_sided(item)
        held["unseen"] += truth <= unseen.high + 1e-12
        held["modes"] += item.total.low <= len(shares)
        held["two-sided"] += low <= len(shares) <= high
        held["new"] += math.ceil(new.low - 1e-9) <= found <= new.high
        sums["bound"] += unseen.high
        sums["true"] += truth
        sums["full"] += truth == 0
    return {
        **{name: count / used for name, count in held.items()},
        **{name: total / used for name, total in sums.items()},
        "occurrences": float(samples.sum(1).mean()),
    }


def reasons(found: dict[str, float]) -> list[str]:
    why = []
    full, few = found["full"], found["occurrences"]
    if found["unseen"] > MOST:
        why.append(f"unseen: {'seen' if full > 0.05 else 'few' if few < 25 else '?'}")
    if found["modes"] > MOST:
        why.append("modes: lower bound")
    if found["new"] > MOST:
        why.append("new: whole")
    return why


def bundled(rng: np.random.Generator) -> list[tuple[str, float]]:
    """Return the coverage where modes come together, or one excludes the others."""
    rows = []
    for name, width in (("one mode a failure", 1), ("two always together", 2)):
        for spread in ("20 even", "30 Zipf"):
            for traces in (30, 100, 300):
                held = used = 0
                for _ in range(1_000):
                    fails = rng.random(traces) < 0.4
                    drawn = rng.choice(len(MODES[spread]), traces, p=MODES[spread])
                    read = [
                        {width * int(m) + i for i in range(width)} if bad else set()
                        for m, bad in zip(drawn, fails, strict=True)
                    ]
                    item = saturation(read)
                    if item.found:
                        used += 1
                        kept = np.isin(np.arange(len(MODES[spread])), drawn[fails])
                        held += MODES[spread][~kept].sum() <= item.unseen.high + 1e-12
                rows.append((f"{name}, {spread}, {traces} traces", held / used))
    return rows


def main() -> int:
    rng, started, bad = np.random.default_rng(20), time.perf_counter(), []
    print(
        "modes         a trace  traces  unseen  bound   true   modes  new    two-sided"
    )
    for name, shares in MODES.items():
        for rate in (0.2, 0.5, 1.0):
            for traces in (30, 60, 100, 200, 500):
                found = cell(shares, rate, traces, rng)
                label = f"{name:13s} {rate:7.1f} {traces:7d}"
                why = reasons(found)
                print(
                    f"{label}   {found['unseen']:.3f}  {found['bound']:.3f}  "
                    f"{found['true']:.3f}   {found['modes']:.3f}  {found['new']:.3f}  "
                    f"{found['two-sided']:.2f}  {'; '.join(why)}"
                )
                bad += [
                    f"{label}: {key} {found[key]:.3f}"
                    for key in ("unseen", "modes", "new")
                    if found[key] < LEAST
                ]
    for label, share in bundled(rng):
        print(f"{label:45s} unseen {share:.3f}")
        bad += [f"{label}: {share:.3f}"] if share < LEAST else []
    print(f"{time.perf_counter() - started:.0f} s; below {LEAST}: {bad or 'none'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
