"""One result of every kind that can be drawn, of any size, with any names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from erroranalysis.charts import rating_strip
from erroranalysis.measure import (
    ModeCount,
    Pareto,
    align,
    cohen_kappa,
    drift,
    failing_transitions,
    reading_coverage,
    reading_progress,
    saturation,
    slice_grid,
    wilson,
)
from erroranalysis.measure.slices import slice_rates

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
    return slice_rates([i % 4 == 0 for i in range(len(values))], values)


def _coverage(of: Sequence[str]) -> Any:
    regions = [name for name in of for _ in range(30)]
    read = [i % 30 < 5 for i in range(len(regions))]
    ids = [f"t{i}" for i in range(len(regions))]
    return reading_coverage(regions, read, trace_ids=ids)


def _progress(of: Sequence[str]) -> Any:
    times = [datetime(2026, 3, 2) + timedelta(days=i % 4) for i in range(40 * len(of))]
    who = [name for name in of for _ in range(40)]
    return reading_progress(times, who, [float(20 + i % 9) for i in range(len(who))])


def _drift(of: Sequence[str]) -> Any:
    n = len(of)
    return drift([45] * n, [50] * n, baseline=(850, 1000), periods=list(of))


def _dated(of: Sequence[str]) -> Any:
    days = [date(2026, 1, 5) + timedelta(days=7 * i) for i in range(len(of))]
    n = len(of)
    return drift([45] * n, [50] * n, baseline=0.9, periods=days)


def _saturation(of: Sequence[str]) -> Any:
    return saturation([{name} for name in of] * 2)


def _alignments(of: Sequence[str]) -> Any:
    human = ["pass"] * 40 + ["fail"] * 35
    judge = ["fail", *human[1:-1], "pass"]
    return [align(human, judge, name=name, split="dev") for name in of]


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
    "pairs": (_pairs, {}),
    "strip": (_strip, {}),
}
