"""Coverage of the corrected failure rate in each label sampling, and in the wrong one.

Run ``python -m benchmarks.coverage.correction``. 4,000 replications a cell, 1,000
unlabelled traces, 1,200 draws a table (the public function takes 20,000). Beside it, on
the first of the same tables, judgy and ppi_py, if they are installed
(``pip install judgy ppi-python``); judgy with 500 instead of 20,000 resamples, since it
needs about a second a call. The time of one call is compared at 20,000. Exits with 1
when a cell leaves the bounds, or when judgy is not at least 100 times slower.
"""

from __future__ import annotations

import importlib
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.coverage import SIZES, Cell, cell, report
from erroranalysis.errors import NoHonestEstimateError
from erroranalysis.measure import corrected_rate, wilson
from erroranalysis.measure.correction import (
    lang_reiczigel,
    post_stratified,
    rogan_gladen,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SETTINGS = (
    (0.5, 0.8, 0.8),
    (0.7, 0.95, 0.9),
    (0.8, 0.9, 0.7),
    (0.9, 0.9, 0.8),
    (0.97, 0.95, 0.8),
    (0.85, 0.6, 0.5),
)
REPLICATIONS, UNLABELLED, DRAWS = 4_000, 1_000, 1_200
PEERS, RESAMPLES, LEAST_RATIO = 150, 500, 100
RARE = "fewer than five human fails are expected"
LOST = "the rate is lost in the noise of TPR: most lower bounds are 0"
CHANCE = "a judge near chance: most intervals are [0, 1]"
NAMES = (
    "both_pass",
    "judge_pass_human_fail",
    "judge_fail_human_pass",
    "both_fail",
    "unlabelled_pass",
    "unlabelled_fail",
)


def tables(
    rng: np.random.Generator,
    n: int,
    setting: tuple[float, float, float],
    sampling: str,
    before: float = 0.0,
) -> np.ndarray:
    """Draw labelled and unlabelled counts, one column a replication."""
    rate, tpr, tnr = setting
    seen = rng.binomial(UNLABELLED, rate * tpr + (1 - rate) * (1 - tnr), REPLICATIONS)
    if sampling == "verdict_stratified":
        passes = rate * tpr + (1 - rate) * (1 - tnr)
        both_pass = rng.binomial(n // 2, rate * tpr / passes, REPLICATIONS)
        fails = (1 - rate) * tnr / (1 - passes)
        both_fail = rng.binomial(n - n // 2, fails, REPLICATIONS)
        missed, false_alarm = n // 2 - both_pass, n - n // 2 - both_fail
    else:
        human: Any = np.full(REPLICATIONS, n // 2)
        if sampling != "outcome_balanced":
            human = rng.binomial(n, before or rate, REPLICATIONS)
        both_pass = rng.binomial(human, tpr)
        both_fail = rng.binomial(n - human, tnr)
        missed, false_alarm = n - human - both_fail, human - both_pass
    return np.array(
        [both_pass, missed, false_alarm, both_fail, seen, UNLABELLED - seen],
        dtype=float,
    )


def pooled(counts: np.ndarray) -> np.ndarray:
    """Count the labelled traces to the judge's share too, as for random labels."""
    added = counts.copy()
    added[4] += counts[0] + counts[1]
    added[5] += counts[2] + counts[3]
    return added


def drawn(draw: Callable[..., Any], counts: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(0)
    parts = [
        np.array(draw(part, rng, DRAWS)[1:])
        for part in np.array_split(counts, 20, axis=1)
    ]
    return np.concatenate(parts, axis=1).T


def labels_only(counts: np.ndarray) -> np.ndarray:
    found = [
        wilson(int(fails), int(n))
        for fails, n in zip(counts[1] + counts[3], counts[:4].sum(0), strict=True)
    ]
    return np.array([(item.low, item.high) for item in found])


def judge_only(counts: np.ndarray) -> np.ndarray:
    found = [wilson(int(fails), UNLABELLED) for fails in counts[5]]
    return np.array([(item.low, item.high) for item in found])


def lang(counts: np.ndarray) -> np.ndarray:
    found = [
        lang_reiczigel(tuple(map(int, one[:4])), tuple(map(int, one[4:])))
        for one in counts.T
    ]
    return np.array([(item.low, item.high) for item in found])


def narrower(corrected: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Take labels alone where they are as narrow: a choice that costs coverage."""
    wider = np.diff(corrected) >= np.diff(alone)
    return np.where(wider, alone, corrected)


def right() -> Iterator[Cell]:
    """Each label sampling with the method that `corrected_rate` takes for it."""
    for n in SIZES:
        for setting in SETTINGS:
            rng = np.random.default_rng(n)
            rate, tpr, tnr = setting
            name = f"n={n} pass {rate} TPR {tpr} TNR {tnr}"
            wide = RARE if n * (1 - rate) < 5 else ""
            make = partial(cell, truth=1 - rate)
            counts = tables(rng, n, setting, "random")
            found, alone = drawn(post_stratified, pooled(counts)), labels_only(counts)
            yield make(f"{name} random", "corrected", intervals=found, wide=wide)
            chosen = narrower(found, alone)
            yield make(name, "narrower of both", intervals=chosen, offered=False)
            yield make(name, "labels only", intervals=alone, offered=False)
            counts = tables(rng, n, setting, "verdict_stratified")
            found = drawn(post_stratified, counts)
            yield make(f"{name} by verdict", "corrected", intervals=found)
            counts = tables(rng, n, setting, "outcome_balanced")
            found = drawn(rogan_gladen, counts)
            noise = (tpr * (1 - tpr) / (n / 2)) ** 0.5
            wide = LOST if 1 - rate < 2 * noise else ""
            wide = CHANCE if tpr + tnr < 1.2 else wide
            yield make(f"{name} balanced", "corrected", intervals=found, wide=wide)
            found = lang(counts)
            yield make(name, "Lang-Reiczigel", intervals=found, offered=False)
        for then, now in ((0.7, 0.9), (0.9, 0.7)):
            rng = np.random.default_rng(n)
            counts = tables(rng, n, (now, 0.9, 0.8), "other_period", then)
            found = drawn(rogan_gladen, counts)
            name = f"n={n} pass {then} to {now} TPR 0.9 TNR 0.8"
            wide = RARE if n * (1 - then) < 5 else ""
            yield cell(f"{name} other", "corrected", 1 - now, found, wide=wide)


def wrong() -> Iterator[Cell]:
    """Use the method of another sampling: what the rule is for."""
    for setting in SETTINGS[1:4]:
        rng = np.random.default_rng(1)
        make = partial(cell, truth=1 - setting[0], offered=False)
        name = "n=100 pass {} TPR {} TNR {}".format(*setting)
        for sampling in ("verdict_stratified", "outcome_balanced", "other_period"):
            before = 1.6 - setting[0] if sampling == "other_period" else 0.0
            counts = tables(rng, 100, setting, sampling, before)
            for method, found in (
                ("judge only", judge_only(counts)),
                ("labels only", labels_only(counts)),
                ("as if random", drawn(post_stratified, pooled(counts))),
                ("Rogan-Gladen", drawn(rogan_gladen, counts)),
            ):
                if (sampling, method) in {
                    ("outcome_balanced", "Rogan-Gladen"),
                    ("other_period", "Rogan-Gladen"),
                }:
                    continue
                yield make(f"{name} {sampling[:8]}", method, intervals=found)


def peers(judgy: Any, ppi: Any) -> Iterator[Cell]:
    """Run judgy and PPI++ on the first of the same random tables."""
    for n in SIZES:
        for setting in (SETTINGS[2], SETTINGS[4]):
            rng = np.random.default_rng(n)
            counts = tables(rng, n, setting, "random")[:, :PEERS]
            make = partial(cell, truth=1 - setting[0], offered=False)
            name = "n={} pass {} TPR {} TNR {}".format(n, *setting)
            ours = drawn(post_stratified, pooled(counts))
            yield make(name, "corrected", intervals=ours)
            for method, call in (
                ("judgy", partial(by_judgy, judgy, RESAMPLES)),
                ("PPI++ (ppi_py)", partial(by_ppi, ppi)),
            ):
                found = [call(arrays(one)) for one in counts.T]
                given = [item for item in found if item is not None]
                refused = f"refused {len(found) - len(given)} of {len(found)}"
                yield make(name, method, intervals=given or [(0, 0)], note=refused)


def arrays(one: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return human and judge verdicts, 1 for pass, and those of unlabelled traces."""
    times = one.astype(int)
    human = np.repeat([1, 0, 1, 0], times[:4])
    judge = np.repeat([1, 1, 0, 0], times[:4])
    return human, judge, np.repeat([1, 0], times[4:])


def by_judgy(
    judgy: Any, resamples: int, given: tuple[np.ndarray, ...]
) -> tuple[float, float] | None:
    np.random.seed(0)  # noqa: NPY002 - it takes no generator
    try:
        _, low, high = judgy.estimate_success_rate(
            *given, bootstrap_iterations=resamples
        )
    except (ValueError, RuntimeError):
        return None
    return 1 - high, 1 - low


def by_ppi(ppi: Any, given: tuple[np.ndarray, ...]) -> tuple[float, float] | None:
    human, judge, seen = (1.0 - part for part in given)
    low, high = ppi.ppi_mean_ci(human, judge, seen, alpha=0.05)
    return float(np.ravel(low)[0]), float(np.ravel(high)[0])


def speed(judgy: Any) -> int:
    """Compare one call; return 1 if judgy is not far slower."""
    one = tables(np.random.default_rng(0), 100, SETTINGS[2], "random")[:, 0]
    counts = dict(zip(NAMES, (int(count) for count in one), strict=True))
    times = []
    for _ in range(50):
        begun = time.perf_counter()
        corrected_rate(**counts, label_sampling="random")
        times.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    by_judgy(judgy, 20_000, arrays(one))
    theirs, ours = time.perf_counter() - begun, float(np.median(times))
    print(
        f"\none call: corrected_rate {ours * 1000:.1f} ms, judgy {theirs:.2f} s:"
        f" {theirs / ours:.0f} times"
    )
    return int(theirs / ours < LEAST_RATIO)


def hunted() -> None:
    """Make sure that hunted labels give no rate."""
    try:
        corrected_rate(**dict.fromkeys(NAMES, 10), label_sampling="error_hunt")
    except NoHonestEstimateError:
        print("\nhunted labels: refused")
        return
    raise AssertionError("hunted labels gave a rate")


def main() -> int:
    failed = report("The method for the label sampling", right())
    report("The method of another label sampling (n=100)", wrong())
    hunted()
    try:
        judgy, ppi = map(importlib.import_module, ("judgy", "ppi_py"))
    except ModuleNotFoundError as error:
        print(f"\nno comparison: {error.name} is missing; pip install judgy ppi-python")
        return int(failed > 0)
    report(f"Peers on the same tables, {PEERS} replications", peers(judgy, ppi))
    return int(failed + speed(judgy) > 0)


if __name__ == "__main__":
    sys.exit(main())
