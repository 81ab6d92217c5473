"""How long every function of ``erroranalysis.measure`` takes on 100,000 traces.

Run ``python benchmarks/measuring.py``. What needs counts alone gets those of 100,000
traces; a plan is asked for about as many; several tests at once are as many tests. The
floor, measured in the same run, is one pass over the same values: numpy's over arrays,
Python's over lists. Exits with 1 when one takes a second or more, when a corrected rate
takes 10 ms or more, or when a public function is not timed.
"""

from __future__ import annotations

import argparse
import inspect
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from erroranalysis import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMIT_SECONDS, LIMIT_CORRECTED = 1.0, 0.01
TIMES = 6
Case = tuple["Callable[[], Any]", "Sequence[Any]"]


def verdicts(rng: np.random.Generator, n: int, share: float = 0.8) -> list[str]:
    return np.where(rng.random(n) < share, "pass", "fail").tolist()


def again(rng: np.random.Generator, said: list[str], flips: float = 0.1) -> list[str]:
    """Return the verdicts of another who differs on some."""
    other = np.where(np.array(said) == "pass", "fail", "pass")
    return np.where(rng.random(len(said)) < flips, other, said).tolist()


def rates(rng: np.random.Generator, n: int) -> dict[str, Case]:
    said, chances = verdicts(rng, n), rng.uniform(0.01, 0.2, n).tolist()
    sessions = [f"session {k}" for k in rng.integers(0, n // 4, n)]
    slices = [f"slice {k}" for k in rng.integers(0, 200, n)]
    modes = {f"mode {k}": (rng.random(n) < 0.02).tolist() for k in range(12)}
    one, two = measure.wilson(n // 5, n), measure.wilson(n // 4, n)
    counts = {
        "both_pass": n // 2,
        "judge_pass_human_fail": n // 20,
        "judge_fail_human_pass": n // 20,
        "both_fail": n // 10,
        "unlabelled_pass": n // 5,
        "unlabelled_fail": n // 10,
    }
    return {
        "wilson": (lambda: measure.wilson(n // 5, n), []),
        "clopper_pearson": (lambda: measure.clopper_pearson(n // 5, n), []),
        "jeffreys": (lambda: measure.jeffreys(n // 5, n), []),
        "weighted_rate": (
            lambda: measure.weighted_rate(said, chances),
            [said, chances],
        ),
        "clustered_rate": (
            lambda: measure.clustered_rate(said, chances, sessions),
            [said, chances, sessions],
        ),
        "rate_difference": (lambda: measure.rate_difference(one, two), []),
        "slice_rates": (lambda: measure.slice_rates(said, slices), [said, slices]),
        "slice_grid": (
            lambda: measure.slice_grid(modes, slices),
            [*modes.values(), slices],
        ),
        "corrected_rate": (
            lambda: measure.corrected_rate(**counts, label_sampling="random"),
            [],
        ),
    }


def agreement(rng: np.random.Generator, n: int) -> dict[str, Case]:
    human = verdicts(rng, n)
    first, second = again(rng, human), again(rng, human, 0.15)
    runs = [again(rng, human, 0.05) for _ in range(3)]
    panel = [list(row) for row in zip(human, first, second, strict=True)]
    gaps = np.where(rng.random((n, 3)) < 0.2, None, np.array(panel, dtype=object))
    gaps = gaps.tolist()
    slices = [f"slice {k}" for k in rng.integers(0, 20, n)]
    tags = [["late"] if k < 0.1 else [] for k in rng.random(n)]
    three = [human, first, second]
    return {
        "align": (lambda: measure.align(human, first), three[:2]),
        "align_slices": (
            lambda: measure.align_slices(human, first, slices),
            [*three[:2], slices],
        ),
        "cohen_kappa": (lambda: measure.cohen_kappa(human, first), three[:2]),
        "reread_agreement": (lambda: measure.reread_agreement(human, first), three[:2]),
        "krippendorff_alpha": (lambda: measure.krippendorff_alpha(gaps), gaps),
        "fleiss_kappa": (lambda: measure.fleiss_kappa(panel), panel),
        "gwet_ac1": (lambda: measure.gwet_ac1(gaps), gaps),
        "rater_agreement": (lambda: measure.rater_agreement(gaps), gaps),
        "disagreements": (lambda: measure.disagreements(gaps, modes=tags), gaps),
        "stability": (lambda: measure.stability(runs), runs),
        "compare_judges": (lambda: measure.compare_judges(*three), three),
        "paired_comparison": (
            lambda: measure.paired_comparison(first, second),
            three[1:],
        ),
        "unpaired_comparison": (
            lambda: measure.unpaired_comparison(first, second),
            three[1:],
        ),
        "mcnemar": (lambda: measure.mcnemar(n // 20, n // 18), []),
        "labels_needed": (lambda: measure.labels_needed(0.9, tpr=0.905, tnr=0.95), []),
        "chance_to_show": (
            lambda: measure.chance_to_show(0.8, 0.9, np.arange(n)),
            [np.arange(n)],
        ),
    }


def over_time(rng: np.random.Generator, n: int) -> dict[str, Case]:
    tasks = np.repeat(np.arange(n // 4), 4).tolist()
    said = verdicts(rng, n)[: len(tasks)]
    passes, trials = rng.integers(0, 5, n).tolist(), [4] * n
    other = rng.integers(0, 5, n).tolist()
    modes = [{f"mode {k}"} if k < 60 else set() for k in rng.zipf(1.3, n)]
    weeks, each = rng.binomial(n // 100, 0.85, 100).tolist(), [n // 100] * 100
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    times = [start + timedelta(seconds=40 * k) for k in range(n)]
    who = np.where(rng.random(n) < 0.5, "mira", "jonas").tolist()
    seconds = rng.gamma(2, 20, n).tolist()
    regions = [f"cluster {k}" for k in rng.integers(0, 200, n)]
    read = (rng.random(n) < 0.1).tolist()
    names = ["plan", "search", "fetch", "rank", "answer"]
    steps = [names] * n
    failing = [int(k) if k < 5 else None for k in rng.integers(0, 20, n)]
    bad = ["pass" if k is None else "fail" for k in failing]
    p_values = dict(enumerate(rng.random(n).tolist()))
    return {
        "repeated_trials": (
            lambda: measure.repeated_trials(tasks, said),
            [tasks, said],
        ),
        "pass_at_k": (lambda: measure.pass_at_k(passes, trials, 2), [passes, trials]),
        "pass_hat_k": (lambda: measure.pass_hat_k(passes, trials, 2), [passes, trials]),
        "compare_trials": (
            lambda: measure.compare_trials((passes, trials), (other, trials), k=2),
            [passes, trials, other],
        ),
        "saturation": (lambda: measure.saturation(modes), modes),
        "drift": (lambda: measure.drift(weeks, each, baseline=(850, 1000)), [weeks]),
        "periods_until_noticed": (
            lambda: measure.periods_until_noticed(0.85, -0.05, n // 52),
            [],
        ),
        "reading_progress": (
            lambda: measure.reading_progress(times, who, seconds),
            [times, who, seconds],
        ),
        "reading_coverage": (
            lambda: measure.reading_coverage(regions, read),
            [regions, read],
        ),
        "failing_transitions": (
            lambda: measure.failing_transitions(steps, bad, failing),
            [steps, bad, failing],
        ),
        "holm": (lambda: measure.holm(p_values), [p_values]),
        "traces_needed": (lambda: measure.traces_needed(0.0031), []),
        "traces_for_difference": (
            lambda: measure.traces_for_difference(0.2, 0.205),
            [],
        ),
        "detectable_difference": (lambda: measure.detectable_difference(n, 0.2), []),
        "traces_for_paired_difference": (
            lambda: measure.traces_for_paired_difference(0.0034, 0.15),
            [],
        ),
        "detectable_paired_difference": (
            lambda: measure.detectable_paired_difference(n, 0.15),
            [],
        ),
        "traces_to_see": (lambda: measure.traces_to_see(3 / n), []),
        "traces_for_agreement": (lambda: measure.traces_for_agreement(0.0065), []),
        "labels_for_corrected_rate": (
            lambda: measure.labels_for_corrected_rate(
                0.003, 0.2, tpr=0.9, tnr=0.8, unlabelled=10 * n
            ),
            [],
        ),
        "tasks_for_comparison": (lambda: measure.tasks_for_comparison(0.0027, 0.3), []),
    }


def one_pass(inputs: Sequence[Any]) -> None:
    for part in inputs:
        if isinstance(part, np.ndarray):
            part.sum()
        elif isinstance(part, (list, dict)):
            for _ in part:
                pass


def seconds_of(call: Callable[[], Any]) -> float:
    """Return the fastest of some calls: the others waited for other programs."""
    taken = []
    for _ in range(TIMES):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def public() -> set[str]:
    named = {name: getattr(measure, name) for name in measure.__all__}
    return {name for name, item in named.items() if inspect.isfunction(item)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=100_000)
    n, bad = parser.parse_args().traces, []
    rng = np.random.default_rng(0)
    cases: dict[str, Case] = {}
    for part in (rates, agreement, over_time):
        cases |= part(rng, n)
    print(f"{n:,} traces, best of {TIMES}\n{'function':30} {'seconds':>9} {'floor':>9}")
    for name, (call, inputs) in cases.items():
        taken, floor = seconds_of(call), seconds_of(lambda x=inputs: one_pass(x))
        shown = f"{floor:9.5f} {taken / floor:8.0f} x" if inputs else f"{'-':>9}"
        print(f"{name:30} {taken:9.5f} {shown}", flush=True)
        limit = LIMIT_CORRECTED if name == "corrected_rate" else LIMIT_SECONDS
        if taken >= limit:
            bad.append(f"{name} {taken:.3f} s")
    bad += [f"{name} is not timed" for name in sorted(public() - set(cases))]
    print("too slow: " + (", ".join(bad) or "none"))
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
