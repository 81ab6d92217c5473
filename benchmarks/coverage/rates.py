"""Coverage of rates: alone, weighted, clustered, differences, slices.

Run ``python -m benchmarks.coverage.rates``. Alone and differences are exact, from the
binomial distribution, as means over a range of true rates: coverage jumps from rate to
rate, with every method, so that no interval of this kind is within 93.5 to 97.5 % at
each. The lowest and highest single rates are printed beside the mean, and how many of
the single rates are outside; they are not counted as cells. The others are 2,000
replications a cell through the public functions, for slices at least 6,000 slices.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from benchmarks.coverage import (
    HIGHEST,
    LOWEST,
    REPLICATIONS,
    SIZES,
    Cell,
    cell,
    report,
    summary,
)
from erroranalysis.measure import (
    clopper_pearson,
    clustered_rate,
    rate_difference,
    slice_rates,
    weighted_rate,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from erroranalysis.measure import Estimate

RANGES = ((0.01, 0.03), (0.03, 0.08), (0.08, 0.15), (0.15, 0.3), (0.3, 0.5))
GRID = 200


def alone() -> Iterator[Cell]:
    """One proportion, exactly."""
    for n in SIZES:
        for low, high in RANGES:
            for make in (wilson, clopper_pearson):
                yield exact(n, low, high, make)


def exact(n: int, low: float, high: float, make: Callable[..., Estimate]) -> Cell:
    rates = np.linspace(low, high, GRID)
    found = [make(count, n) for count in range(n + 1)]
    lows, highs = np.array([(e.low, e.high) for e in found]).T
    chance = binom.pmf(np.arange(n + 1), n, rates[:, None])
    held = ((lows <= rates[:, None]) & (rates[:, None] <= highs)) * chance
    covers, width = held.sum(1), float((chance * (highs - lows)).sum(1).mean())
    return Cell(
        f"n={n} rate {low:g} to {high:g}",
        found[0].method,
        float(covers.mean()),
        width,
        offered=make is wilson,
        runs=0,
        wide=float((chance @ np.array([bool(e.caution) for e in found])).mean()),
        note=jumps(covers),
    )


def jumps(covers: np.ndarray) -> str:
    """Say how the single rates of a cell differ."""
    low, high = (covers < LOWEST).mean(), (covers > HIGHEST).mean()
    return (
        f"single rates {covers.min() * 100:.1f} to {covers.max() * 100:.1f} %,"
        f" {low:.0%} of them below, {high:.0%} above"
    )


def differences() -> Iterator[Cell]:
    """Newcombe's interval, exactly, with rates that differ by up to 20 points."""
    rng = np.random.default_rng(5)
    for n in SIZES[:4]:
        found = [wilson(count, n) for count in range(n + 1)]
        value = np.array([e.value for e in found])
        down = value - np.array([e.low for e in found])
        up = np.array([e.high for e in found]) - value
        apart = value[:, None] - value
        lows = np.maximum(-1, apart - np.hypot(down[:, None], up))
        highs = np.minimum(1, apart + np.hypot(up[:, None], down))
        check = rate_difference(found[n // 3], found[n // 2]).estimate
        assert np.isclose(check.low, lows[n // 3, n // 2])
        for low, high in RANGES[1:]:
            covers, widths = [], []
            for _ in range(60):
                first = rng.uniform(low, high)
                second = min(1.0, first + rng.uniform(0, 0.2))
                k = np.arange(n + 1)
                chance = np.outer(binom.pmf(k, n, first), binom.pmf(k, n, second))
                held = (lows <= first - second) & (first - second <= highs)
                covers.append(float((chance * held).sum()))
                widths.append(float((chance * (highs - lows)).sum()))
            yield Cell(
                f"n={n} each, rate {low:g} to {high:g}",
                "Newcombe",
                float(np.mean(covers)),
                float(np.mean(widths)),
                runs=0,
                note=jumps(np.array(covers)),
            )


def weighted() -> Iterator[Cell]:
    """Unequal chances: two strata, or chances as uneven as a score gives them."""
    cases: list[tuple[str, float, float, float, float, bool]] = [
        ("2x, rates equal", 0.5, 2, 0.2, 0.2, True),
        ("10x, rates equal", 0.5, 10, 0.2, 0.2, True),
        ("10x, few heavy, equal", 0.2, 10, 0.2, 0.2, True),
        ("10x, light fail more", 0.5, 10, 0.05, 0.3, False),
        ("10x, light fail more, strata", 0.5, 10, 0.05, 0.3, True),
        ("10x, heavy fail more, strata", 0.5, 10, 0.5, 0.1, True),
    ]
    for n in SIZES:
        for name, share, ratio, heavy, light, fixed in cases:
            rng = np.random.default_rng(n)
            truth, found = strata(rng, n, share, ratio, (heavy, light), fixed=fixed)
            yield cell(f"n={n} {name}", "weighted", truth, found)
        for sd in (0.5, 1.0):
            rng = np.random.default_rng(n)
            truths = rng.uniform(0.08, 0.15, REPLICATIONS)
            found = []
            for truth in truths:
                chances = np.exp(-rng.normal(0, sd, n))
                values = rng.random(n) < truth
                found.append(weighted_rate(values, chances / chances.max()))
            name = f"n={n} log-normal chances, sd {sd}"
            yield cell(name, "weighted", truths, found)


def strata(
    rng: np.random.Generator,
    n: int,
    share: float,
    ratio: float,
    rates: tuple[float, float],
    *,
    fixed: bool,
) -> tuple[np.ndarray, list[Estimate]]:
    """Draw traces of a heavy and a light stratum; so many of each, or as it comes."""
    truths, found = [], []
    part = round(n * share) / n if fixed else share
    for _ in range(REPLICATIONS):
        near = rng.uniform(0.8, 1.2)
        heavy = (np.arange(n) < part * n) if fixed else rng.random(n) < share
        values = rng.random(n) < np.where(heavy, *rates) * near
        found.append(weighted_rate(values, np.where(heavy, 1 / ratio, 1.0)))
        total = part * ratio + 1 - part
        truths.append(near * (part * ratio * rates[0] + (1 - part) * rates[1]) / total)
    return np.array(truths), found


def clustered() -> Iterator[Cell]:
    """Whole sessions, equal or unequal, hardly or very alike; weights too."""
    for n, size in zip((30, 46, 100, 200, 200, 500), (3, 4, 4, 10, 4, 5), strict=True):
        for unequal in (False, True):
            for rho in (0.0, 0.3, 0.8):
                for rate in (0.1, 0.3):
                    rng = np.random.default_rng(n + size)
                    truth, found = sessions(rng, n, size, rho, rate, unequal=unequal)
                    kind = "unequal" if unequal else "equal"
                    yield cell(
                        f"n={n} {kind} sessions of {size}, rho {rho}, rate {rate}",
                        "clustered",
                        truth,
                        found,
                    )


def sessions(
    rng: np.random.Generator,
    n: int,
    size: int,
    rho: float,
    rate: float,
    *,
    unequal: bool,
) -> tuple[np.ndarray, list[Estimate]]:
    count = round(n / size)
    truths = rng.uniform(0.8 * rate, 1.2 * rate, REPLICATIONS)
    found = []
    for truth in truths:
        sizes = rng.geometric(1 / size, count) if unequal else np.full(count, size)
        own = np.full(count, truth)
        if rho:
            spread = (1 - rho) / rho
            own = rng.beta(truth * spread, (1 - truth) * spread, count)
        names = np.repeat(np.arange(count), sizes)
        values = rng.random(len(names)) < own[names]
        found.append(clustered_rate(values, np.ones(len(names)), names))
    return truths, found


def slices() -> Iterator[Cell]:
    """All raw intervals together, and the shrunken ones on average over slices."""
    for count in (3, 10, 30):
        replications = max(300, 6_000 // count)
        for spread in (10.0, 100.0, np.inf):
            rng = np.random.default_rng(count)
            together, shrunk, truths, widths = [], [], [], []
            for _ in range(replications):
                sizes = rng.integers(5, 60, count)
                mean = rng.uniform(0.05, 0.3)
                own = np.full(count, mean)
                if spread < np.inf:
                    own = rng.beta(mean * spread, (1 - mean) * spread, count)
                names = np.repeat(np.arange(count), sizes)
                values = rng.random(len(names)) < own[names]
                made = slice_rates(values, names).slices
                real = own[[int(item.name) for item in made]]
                raw = np.array([(item.raw.low, item.raw.high) for item in made])
                together.append(((raw[:, 0] <= real) & (real <= raw[:, 1])).all())
                widths.append(np.diff(raw).mean())
                shrunk += [item.shrunk for item in made]
                truths += list(real)
            name = f"{count} slices of 5 to 60, Beta strength {spread:g}"
            held, width = float(np.mean(together)), float(np.mean(widths))
            yield Cell(name, "raw, all together", held, width, runs=replications)
            yield cell(name, "shrunk", np.array(truths), shrunk)


def run() -> tuple[list[Cell], list[str]]:
    found = report("One rate (exact, mean over a range of true rates)", alone())
    found += report("Difference of two rates (exact)", differences())
    found += report("Unequal chances", weighted())
    found += report("Whole sessions", clustered())
    found += report("Slices", slices())
    return found, []


def main() -> int:
    cells, _ = run()
    return int(summary("rates", cells) > 0)


if __name__ == "__main__":
    sys.exit(main())
