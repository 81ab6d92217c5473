"""All charts with example data, light and dark, as PNG.

Run ``python docs/chart_gallery.py --out FOLDER``. Somebody has to look at them: that is
what they are for.
"""

from __future__ import annotations  # noqa: I001

import argparse
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TYPE_CHECKING

import numpy as np

from erroranalysis.charts import chart, rating_strip, to_png
from erroranalysis.measure import (
    Alignment,
    Estimate,
    FailureRate,
    FailureRates,
    ModeCount,
    Pareto,
    align,
    drift,
    failing_transitions,
    reading_coverage,
    reading_progress,
    saturation,
    slice_grid,
    wilson,
)
from erroranalysis.measure.raters import rater_agreement
from erroranalysis.measure.slices import slice_rates

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = {"light": "#ffffff", "dark": "#0d1117"}
MODES = ("late answer", "wrong date", "no hand-over", "invented price", "rude")
LANGUAGES = ("en", "de", "fr", "pt", "it")
STEPS = ("plan", "search", "book", "pay", "answer")
PEOPLE = ("mira", "jonas", "ana", "li")


def pareto(_: np.random.Generator) -> Pareto:
    counts = (23, 14, 11, 5, 2)
    modes = tuple(
        ModeCount(name, k, wilson(k, 180), tuple(f"trace-{i}" for i in range(k)))
        for name, k in zip(MODES, counts, strict=True)
    )
    return Pareto(modes, 180, 52, 3, "mira")


def rates(_: np.random.Generator) -> FailureRates:
    late = Estimate(0.13, 0.10, 0.17, 180, "post-stratified Jeffreys")
    modes = (
        FailureRate("late answer", late, wilson(23, 180), wilson(310, 2000), "late v3"),
        FailureRate("wrong date", wilson(14, 180), wilson(14, 180)),
        FailureRate("rude", wilson(2, 180), wilson(2, 180)),
    )
    return FailureRates(wilson(52, 180), modes, "random", "mira")


def slices(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    values = rng.choice(LANGUAGES, 400, p=[0.4, 0.25, 0.18, 0.12, 0.05]).tolist()
    has = {
        name: (rng.random(400) < 0.25 / n).tolist() for n, name in enumerate(MODES, 1)
    }
    return slice_grid(has, values, by="language")


def by_slice(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    values = rng.choice(LANGUAGES, 400, p=[0.4, 0.25, 0.18, 0.12, 0.05]).tolist()
    shares = {"de": 0.4}
    failed = [bool(rng.random() < shares.get(value, 0.15)) for value in values]
    return slice_rates(failed, values)


def transitions(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    steps, verdicts, first = [], [], []
    for _ in range(300):
        middle = rng.choice(STEPS[1:4], rng.integers(1, 5)).tolist()
        steps.append(["plan", *middle, "answer"])
        failed = bool(rng.random() < 0.35)  # noqa: PLR2004 - made up
        verdicts.append("fail" if failed else "pass")
        first.append(int(rng.integers(0, len(middle) + 2)) if failed else None)
    return failing_transitions(steps, verdicts, first)


def ratings(rng: np.random.Generator) -> list[list[str | None]]:
    truth = rng.random(70) < 0.35  # noqa: PLR2004 - made up
    return [
        [
            None
            if rng.random() < 0.08  # noqa: PLR2004 - made up
            else ("fail" if failed != (rng.random() < 0.05 * n) else "pass")
            for n in range(1, len(PEOPLE) + 1)
        ]
        for failed in truth
    ]


def judge(rng: np.random.Generator, version: int) -> Alignment:
    human = ["pass"] * 90 + ["fail"] * 45
    right = rng.random(135) < 0.6 + 0.07 * version
    other = {"pass": "fail", "fail": "pass"}
    said = [v if ok else other[v] for v, ok in zip(human, right, strict=True)]
    return align(human, said, name=f"late v{version}", split="dev", looks=version)


def versions(rng: np.random.Generator) -> list[Alignment]:
    return [judge(rng, version) for version in range(1, 6)]


def found(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    chances = [0.25 / n for n in range(1, 16)]
    return saturation(
        [{n for n, chance in enumerate(chances) if rng.random() < chance}
         for _ in range(150)]
    )  # fmt: skip


def watched(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    weeks = [date(2026, 1, 5) + timedelta(weeks=n) for n in range(14)]
    passes = [int(rng.binomial(80, 0.88 if n < 8 else 0.72)) for n in range(14)]  # noqa: PLR2004 - made up
    return drift(passes, [80] * 14, baseline=(880, 1000), periods=weeks)


def progress(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    start = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - the day as the reader calls it
    times = [start + timedelta(days=int(rng.integers(0, 10))) for _ in range(260)]
    who = rng.choice(PEOPLE[:2], 260).tolist()
    return reading_progress(times, who, rng.lognormal(3.6, 0.6, 260).tolist())


def coverage(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    sizes = {"refund, money": 900, "room, view": 520, "late, arrival": 310, "pet": 60}
    regions = [name for name, n in sizes.items() for _ in range(n)]
    read = [name != "pet" and bool(rng.random() < 0.08) for name in regions]  # noqa: PLR2004 - made up
    return reading_coverage(regions, read)


RELEASES = {date(2026, 1, 20): "2.1", date(2026, 2, 27): "2.2, other model"}
GALLERY: dict[str, tuple[Callable[[np.random.Generator], Any], dict[str, Any]]] = {
    "pareto": (pareto, {}),
    "rates": (rates, {}),
    "slice-grid": (slices, {}),
    "slice-rates": (by_slice, {}),
    "transitions": (transitions, {}),
    "agreement": (lambda rng: rater_agreement(ratings(rng), raters=PEOPLE), {}),
    "strip": (lambda rng: rating_strip(ratings(rng), raters=PEOPLE), {}),
    "alignments": (versions, {}),
    "confusion": (lambda rng: judge(rng, 4), {"kind": "confusion"}),
    "versions": (versions, {"kind": "versions"}),
    "saturation": (found, {}),
    "drift": (watched, {"releases": RELEASES}),
    "progress": (progress, {}),
    "coverage": (coverage, {}),
    "nothing-yet": (lambda _: [], {}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    for name, (build, keywords) in GALLERY.items():
        result = build(np.random.default_rng(0))
        for theme, page in PAGES.items():
            drawn = chart(result, theme=theme, **keywords)
            drawn = drawn.properties(background=page, padding=12)
            (folder / f"{name}-{theme}.png").write_bytes(to_png(drawn))
    print(f"{2 * len(GALLERY)} pictures in {folder}")


if __name__ == "__main__":
    main()
