"""Coverage of the corrected failure rate in each label sampling, and in the wrong one.

Run ``python -m benchmarks.coverage.correction``. 4,000 replications a cell, 1,000
unlabelled traces, 1,200 draws a table (the public function takes 20,000). Beside it, on
the first 2,000 of the same tables, ppi_py, and on the first 500 judgy, if they are
installed (``pip install judgy ppi-python``); judgy with 500 instead of 20,000
resamples, since it needs about a second a call. The time of one call is compared at
20,000. Exits with 1 when a cell leaves the bounds and nothing says so, when judgy is
not at least 100 times slower, or when a corrected rate takes 10 ms.
"""

from __future__ import annotations

import importlib
import math
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.coverage import SIZES, Cell, cell, report, summary
from erroranalysis.errors import NoHonestEstimateError
from erroranalysis.measure import Estimate, corrected_rate, wilson
from erroranalysis.measure.correcting import (
    caution,
    lang_reiczigel,
    post_stratified,
    rogan_gladen,
)
from erroranalysis.measure.estimate import SHORT

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
PEERS, SLOW_PEERS, RESAMPLES = 2_000, 500, 500
LEAST_RATIO, MOST_SECONDS = 100, 0.01
NOTHING = Estimate(math.nan, 0.0, 1.0, 0, "")
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


def drawn(
    draw: Callable[..., Any], counts: np.ndarray, sampling: str = ""
) -> list[Estimate]:
    """Return the estimates of all tables, each with its caution."""
    rng = np.random.default_rng(0)
    parts = [
        np.array(draw(part, rng, DRAWS)) for part in np.array_split(counts, 20, axis=1)
    ]
    return [
        Estimate(*found, 0, "", "", caution(one[:4], one[4:], sampling, found[1:]))
        for one, found in zip(
            counts.T.tolist(), np.concatenate(parts, axis=1).T.tolist(), strict=True
        )
    ]


def labels_only(counts: np.ndarray) -> list[Estimate]:
    fails, n = (counts[1] + counts[3]).astype(int), counts[:4].sum(0).astype(int)
    return list(map(wilson, fails.tolist(), n.tolist()))


def judge_only(counts: np.ndarray) -> list[Estimate]:
    return [wilson(int(fails), UNLABELLED) for fails in counts[5]]


def lang(counts: np.ndarray) -> list[Estimate]:
    return [
        lang_reiczigel(tuple(map(int, one[:4])), tuple(map(int, one[4:])))
        for one in counts.T
    ]


def narrower(corrected: list[Estimate], alone: list[Estimate]) -> list[Estimate]:
    """Take labels alone where they are as narrow: a choice that costs coverage."""
    return [
        one if one.high - one.low < other.high - other.low else other
        for one, other in zip(corrected, alone, strict=True)
    ]


def right() -> Iterator[Cell]:
    """Each label sampling with the method that `corrected_rate` takes for it."""
    for n in SIZES:
        for setting in SETTINGS:
            rng = np.random.default_rng(n)
            rate, tpr, tnr = setting
            name = f"n={n} pass {rate} TPR {tpr} TNR {tnr}"
            make, beside = partial(cell, truth=1 - rate), {"offered": False}
            counts = tables(rng, n, setting, "random")
            found = drawn(post_stratified, pooled(counts), "random")
            alone = labels_only(counts)
            yield make(f"{name} random", "corrected", estimates=found)
            chosen = narrower(found, alone)
            yield make(name, "narrower of both", estimates=chosen, **beside)
            yield make(name, "labels only", estimates=alone, **beside)
            counts = tables(rng, n, setting, "verdict_stratified")
            found = drawn(post_stratified, counts, "verdict_stratified")
            yield make(f"{name} by verdict", "corrected", estimates=found)
            counts = tables(rng, n, setting, "outcome_balanced")
            found = drawn(rogan_gladen, counts, "outcome_balanced")
            yield make(f"{name} balanced", "corrected", estimates=found)
            yield make(name, "Lang-Reiczigel", estimates=lang(counts), **beside)
        for then, now in ((0.7, 0.9), (0.9, 0.7)):
            rng = np.random.default_rng(n)
            counts = tables(rng, n, (now, 0.9, 0.8), "other_period", then)
            found = drawn(rogan_gladen, counts, "other_period")
            name = f"n={n} pass {then} to {now} TPR 0.9 TNR 0.8"
            yield cell(f"{name} other", "corrected", 1 - now, found)


def wrong() -> Iterator[Cell]:
    """Use the method of another sampling: what the rule is for.

    Labels that are called random and are not give themselves away: the judge's share
    of fails differs. What else is wrong cannot be seen in the counts, and stands only
    in what the estimate assumes.
    """
    for n in SIZES:
        for setting in SETTINGS[1:4]:
            rng = np.random.default_rng(n)
            make = partial(cell, truth=1 - setting[0], offered=False)
            name = "n={} pass {} TPR {} TNR {}".format(n, *setting)
            for sampling in ("verdict_stratified", "outcome_balanced", "other_period"):
                before = 1.6 - setting[0] if sampling == "other_period" else 0.0
                counts = tables(rng, n, setting, sampling, before)
                claims = [
                    ("judge only", judge_only(counts)),
                    ("labels only", labels_only(counts)),
                    ("as random", drawn(post_stratified, pooled(counts), "random")),
                ]
                if sampling == "verdict_stratified":
                    found = drawn(rogan_gladen, counts, "outcome_balanced")
                    claims.append(("as balanced", found))
                else:
                    found = drawn(post_stratified, counts, "verdict_stratified")
                    claims.append(("as by verdict", found))
                for method, found in claims:
                    said = sum(bool(SHORT in item.caution) for item in found)
                    note = f"said to be short {said / len(found):.0%}"
                    label = f"{name} {sampling[:7]}"
                    yield make(label, method, estimates=found, note=note)


def peers(judgy: Any, ppi: Any) -> Iterator[Cell]:
    """Run judgy and PPI++ on the first of the same random tables."""
    for n in SIZES:
        for setting in (SETTINGS[2], SETTINGS[4]):
            rng = np.random.default_rng(n)
            counts = tables(rng, n, setting, "random")[:, :PEERS]
            make = partial(cell, truth=1 - setting[0], offered=False)
            name = "n={} pass {} TPR {} TNR {}".format(n, *setting)
            ours = drawn(post_stratified, pooled(counts), "random")
            yield make(name, "corrected", estimates=ours)
            for method, call, runs in (
                ("judgy", partial(by_judgy, judgy, RESAMPLES), SLOW_PEERS),
                ("PPI++ (ppi_py)", partial(by_ppi, ppi), PEERS),
            ):
                begun = time.perf_counter()
                found = [call(arrays(one)) for one in counts.T[:runs]]
                each = 1000 * (time.perf_counter() - begun) / len(found)
                given = [
                    Estimate(low, low, high, n, method)
                    for low, high in (item for item in found if item is not None)
                ]
                note = f"{each:.1f} ms a call, refused {1 - len(given) / runs:.0%}"
                yield make(name, method, estimates=given or [NOTHING], note=note)


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


def speed(judgy: Any, ppi: Any) -> list[str]:
    """Time one call of each; return what is too slow."""
    one = tables(np.random.default_rng(0), 100, SETTINGS[2], "random")[:, 0]
    counts = dict(zip(NAMES, (int(count) for count in one), strict=True))

    def median(call: Callable[[], object], times: int) -> float:
        taken = []
        for _ in range(times):
            begun = time.perf_counter()
            call()
            taken.append(time.perf_counter() - begun)
        return float(np.median(taken))

    ours = median(lambda: corrected_rate(**counts, label_sampling="random"), 50)
    print(f"\none call: corrected_rate {ours * 1000:.1f} ms", end="")
    slow = [] if ours < MOST_SECONDS else [f"corrected_rate takes {ours:.3f} s"]
    if judgy is None:
        print()
        return slow
    theirs = median(lambda: by_judgy(judgy, 20_000, arrays(one)), 3)
    other = median(lambda: by_ppi(ppi, arrays(one)), 20)
    print(
        f", judgy {theirs:.2f} s ({theirs / ours:.0f} times), ppi_py"
        f" {other * 1000:.1f} ms ({other / ours:.1f} times)"
    )
    if theirs / ours < LEAST_RATIO:
        slow.append(f"judgy takes only {theirs / ours:.0f} times as long")
    return slow


def hunted() -> list[str]:
    """Make sure that hunted labels give no rate."""
    try:
        corrected_rate(**dict.fromkeys(NAMES, 10), label_sampling="error_hunt")
    except NoHonestEstimateError:
        print("\nhunted labels: refused")
        return []
    return ["hunted labels gave a rate"]


def run() -> tuple[list[Cell], list[str]]:
    found = report("The method for the label sampling", right())
    report("The method of another label sampling", wrong())
    bad = hunted()
    try:
        judgy, ppi = map(importlib.import_module, ("judgy", "ppi_py"))
    except ModuleNotFoundError as error:
        print(f"\nno comparison: {error.name} is missing; pip install judgy ppi-python")
        return found, bad + speed(None, None)
    title = f"Peers on the same tables, {PEERS:,} replications, judgy {SLOW_PEERS}"
    report(title, peers(judgy, ppi))
    return found, bad + speed(judgy, ppi)


def main() -> int:
    cells, bad = run()
    print(f"other promises broken: {bad}")
    return int(summary("correction", cells) > 0 or bool(bad))


if __name__ == "__main__":
    sys.exit(main())
