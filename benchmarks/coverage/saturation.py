"""Whether the intervals of `saturation` hold, whatever the modes are like.

Run ``python -m benchmarks.coverage.saturation``. Cells: how the failures are spread
over the modes, how many modes a trace shows on average, how many traces were read.
Three promises are counted: the upper bound of the unseen share of failures, the lower
bound of the number of modes, the interval of the number of new modes in half as many
traces again. Beside them, for comparison and not offered by the package: the two-sided
log-normal interval of Chao (1987) for the number of modes.

A bound holds in more than 97.5 % where it must, and then its caution says why: all
modes have been seen in many samples, so that the unseen share is 0 and every bound of
it holds; there are few occurrences; numbers of modes are whole numbers, of which few
come into question; what Chao's formula estimates is less than the number of modes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.coverage import REPLICATIONS, SIZES, Cell, cell, report, summary
from erroranalysis.measure import Estimate
from erroranalysis.measure.saturation import Saturation, saturation
from erroranalysis.measure.unseen import hidden_modes

if TYPE_CHECKING:
    from collections.abc import Iterator


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


def chao_two_sided(item: Saturation) -> Estimate:
    hidden = hidden_modes(item.once, item.twice, item.traces)
    low, high = item.total.low, item.modes + max(hidden, 0.0) ** 2
    if hidden <= 0 or low <= item.modes:
        low = float(item.modes)
    else:
        high = item.modes + hidden**2 / (low - item.modes)
    return Estimate(item.total.value, low, high, item.traces, "log-normal")


def spread_out() -> Iterator[Cell]:
    """Modes that come independently."""
    rng = np.random.default_rng(20)
    for name, shares in MODES.items():
        for rate in (0.2, 0.5, 1.0):
            for traces in SIZES:
                label = f"{name}, {rate} a trace, {traces} traces"
                yield from promises(label, np.minimum(rate * shares, 0.95), traces, rng)


def promises(
    label: str, chance: np.ndarray, traces: int, rng: np.random.Generator
) -> Iterator[Cell]:
    size, more = (REPLICATIONS, len(chance)), traces // 2
    samples = rng.binomial(traces, chance, size=size)
    later = rng.binomial(more, chance, size=size) > 0
    some = samples.sum(1) > 0
    samples, later = samples[some], later[some]
    items = [counted(counts, traces) for counts in samples]
    unseen = np.where(samples == 0, chance, 0).sum(1) / chance.sum()
    new = (later & (samples == 0)).sum(1)
    modes, full = len(chance), f"all seen in {(unseen == 0).mean():.0%}"
    yield cell(label, "unseen", unseen, [one.unseen for one in items], note=full)
    yield cell(label, "modes", modes, [one.total for one in items])
    yield cell(label, "new", new, [one.expected_new(more) for one in items])
    two = [chao_two_sided(one) for one in items]
    yield cell(label, "modes, two-sided", modes, two, offered=False)


def bundled() -> Iterator[Cell]:
    """Modes that come together, or of which one excludes the others."""
    rng = np.random.default_rng(20)
    for name, width in (("one a failure", 1), ("two together", 2)):
        for spread in ("20 even", "30 Zipf"):
            shares = MODES[spread]
            for traces in (30, 100, 300):
                found, truths = [], []
                while len(found) < REPLICATIONS:
                    fails = rng.random(traces) < 0.4
                    drawn = rng.choice(len(shares), traces, p=shares)
                    read = [
                        {width * int(m) + i for i in range(width)} if bad else set()
                        for m, bad in zip(drawn, fails, strict=True)
                    ]
                    kept = np.isin(np.arange(len(shares)), drawn[fails])
                    found.append(saturation(read).unseen)
                    truths.append(shares[~kept].sum())
                label = f"{name}, {spread}, {traces} traces"
                yield cell(label, "unseen", np.array(truths), found)


def run() -> tuple[list[Cell], list[str]]:
    found = report("Modes that come independently", spread_out())
    return found + report("Modes that do not", bundled()), []


def main() -> int:
    cells, _ = run()
    return int(summary("saturation", cells) > 0)


if __name__ == "__main__":
    sys.exit(main())
