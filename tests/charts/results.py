"""One result of every kind that can be drawn, of any size, with any names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from erroranalysis.charts import rating_strip
from erroranalysis.measure import (
    FailureRate,
    FailureRates,
    ModeCount,
    Pareto,
    align,
    align_slices,
    cohen_kappa,
    compare_judges,
    disagreements,
    drift,
    failing_transitions,
    reading_coverage,
    reading_progress,
    saturation,
    slice_grid,
    slice_rates,
    stability,
    unpaired_comparison,
    wilson,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "\" onload='x' & ]]> \x01 \u202e",
    "مرحبا",
    "did not hand over to a person although the guest asked for it",
)


def names(n: int) -> list[str]:
    return [f"name {i}" for i in range(n)]


def _pareto(of: Sequence[str]) -> Any:
    modes = tuple(ModeCount(name, 3, wilson(3, 50), ("t1", "t2", "t3")) for name in of)
    return Pareto(modes, 50, 3 * len(of), 0)


def _rates(of: Sequence[str]) -> Any:
    found = wilson(3, 50)
    modes = tuple(FailureRate(name, found, found, trace_ids=("t1",)) for name in of)
    overall = found if of else wilson(0, 0)
    return FailureRates(overall, modes, "random", failing=("t1", "t2"))


def _sliced(of: Sequence[str]) -> Any:
    values = [name for name in of for _ in range(8)]
    human = ["pass", "fail"] * (len(values) // 2)
    judge = ["pass", "fail", "fail", "fail"] * (len(values) // 4)
    return align_slices(human, judge, values, trace_ids=names(len(values)))


def _disagreements(of: Sequence[str]) -> Any:
    table = [["pass", "fail"], ["fail", "fail"]] * len(of)
    return disagreements(table, modes=[[name] for name in of for _ in range(2)])


def _comparison(of: Sequence[str]) -> Any:
    if not of:
        return unpaired_comparison([], [])
    human, new = ["pass"] * 40 + ["fail"] * 35, ["pass"] * 45 + ["fail"] * 30
    return compare_judges(human, human, new, names=(of[0], of[-1]))


def _stability(of: Sequence[str]) -> Any:
    runs = [[n % 3 < k for n in range(4 * len(of))] for k in range(3)]
    return stability(runs, trace_ids=names(4 * len(of)))


def _transitions(of: Sequence[str]) -> Any:
    steps = [["begin", name] for name in of for _ in range(3)]
    verdicts = ["fail", "fail", "pass"] * len(of)
    first = [1, 1, None] * len(of)
    ids = [f"t{i}" for i in range(len(steps))]
    return failing_transitions(steps, verdicts, first, trace_ids=ids)


def _slices(of: Sequence[str]) -> Any:
    values = [name for n, name in enumerate(of) for _ in range(40 if n % 2 else 10)]
    has = [i % 4 == 0 for i in range(len(values))]
    ids = [f"t{i}" for i in range(len(values))]
    modes = dict.fromkeys(of, has)
    return slice_grid(modes, values, by="language", trace_ids=ids)


def _slice_rates(of: Sequence[str]) -> Any:
    values = [name for name in of for _ in range(40)]
    has = [i % 4 == 0 for i in range(len(values))]
    return slice_rates(has, values, trace_ids=names(len(values)))


def _coverage(of: Sequence[str]) -> Any:
    regions = [name for name in of for _ in range(30)]
    read = [i % 30 < 5 for i in range(len(regions))]
    ids = [f"t{i}" for i in range(len(regions))]
    return reading_coverage(regions, read, trace_ids=ids)


def _progress(of: Sequence[str]) -> Any:
    times = [datetime(2026, 3, 2) + timedelta(days=i % 4) for i in range(40 * len(of))]
    who = [name for name in of for _ in range(40)]
    spent = [float(20 + i % 9) for i in range(len(who))]
    return reading_progress(times, who, spent, trace_ids=names(len(who)))


def _drift(of: Sequence[str]) -> Any:
    n = len(of)
    ids = [names(5)] * n
    return drift(
        [45] * n, [50] * n, baseline=(850, 1000), periods=list(of), trace_ids=ids
    )


def _dated(of: Sequence[str]) -> Any:
    days = [date(2026, 1, 5) + timedelta(days=7 * i) for i in range(len(of))]
    n = len(of)
    return drift([45] * n, [50] * n, baseline=0.9, periods=days)


def _saturation(of: Sequence[str]) -> Any:
    return saturation([{name} for name in of] * 2, trace_ids=names(2 * len(of)))


def _alignments(of: Sequence[str]) -> Any:
    human = ["pass"] * 40 + ["fail"] * 35
    judge = ["fail", *human[1:-1], "pass"]
    ids = names(75)
    return [align(human, judge, name=one, split="dev", trace_ids=ids) for one in of]


def _pairs(of: Sequence[str]) -> Any:
    first, second = ["pass", "fail"] * 20, ["pass", "fail", "pass", "pass"] * 10
    pairs = pairwise(of)
    return [cohen_kappa(first, second, raters=pair) for pair in pairs]


def _strip(of: Sequence[str]) -> Any:
    rows = [["pass", *["fail"] * (len(of) - 1)], ["pass"] * len(of)] * 8
    rows = rows if of else []
    return rating_strip(rows, raters=of, trace_ids=names(len(rows)))


KINDS: dict[str, tuple[Callable[[Sequence[str]], Any], dict[str, Any]]] = {
    "pareto": (_pareto, {}),
    "rates": (_rates, {}),
    "transitions": (_transitions, {}),
    "slice grid": (_slices, {}),
    "slice rates": (_slice_rates, {}),
    "coverage": (_coverage, {}),
    "progress": (_progress, {}),
    "drift": (_drift, {}),
    "dated drift": (_dated, {"releases": {date(2026, 1, 8): HOSTILE[0]}}),
    "saturation": (_saturation, {}),
    "alignments": (_alignments, {}),
    "versions": (_alignments, {"kind": "versions"}),
    "sliced": (_sliced, {}),
    "comparison": (_comparison, {}),
    "stability": (_stability, {}),
    "disagreements": (_disagreements, {}),
    "pairs": (_pairs, {}),
    "strip": (_strip, {}),
}
