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
    align_slices,
    compare_judges,
    disagreements,
    drift,
    failing_transitions,
    paired_comparison,
    rate_difference,
    rater_agreement,
    reading_coverage,
    reading_progress,
    saturation,
    slice_grid,
    slice_rates,
    stability,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = {"light": "#ffffff", "dark": "#0d1117"}
MODES = ("late answer", "wrong date", "no hand-over", "invented price", "rude")
LANGUAGES = ("en", "de", "fr", "pt", "it")
STEPS = ("plan", "search", "book", "pay", "answer")
PEOPLE = ("mira", "jonas", "ana", "li")


def ids(n: int) -> list[str]:
    return [f"trace-{i}" for i in range(n)]


def pareto(_: np.random.Generator) -> Pareto:
    counts = (23, 14, 11, 5, 2)
    modes = tuple(
        ModeCount(name, k, wilson(k, 180), tuple(ids(k)))
        for name, k in zip(MODES, counts, strict=True)
    )
    return Pareto(modes, 180, 52, 3, "mira")


def rates(_: np.random.Generator) -> FailureRates:
    late = Estimate(0.13, 0.10, 0.17, 180, "post-stratified Jeffreys")
    date_, rude = wilson(14, 180), wilson(2, 180)
    modes = (
        FailureRate("late answer", late, wilson(23, 180), wilson(310, 2000), "late v3"),
        FailureRate("wrong date", date_, date_, trace_ids=tuple(ids(14))),
        FailureRate("rude", rude, rude, trace_ids=tuple(ids(2))),
    )
    return FailureRates(wilson(52, 180), modes, "random", "mira", tuple(ids(52)))


def slices(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    values = rng.choice(LANGUAGES, 400, p=[0.4, 0.25, 0.18, 0.12, 0.05]).tolist()
    has = {
        name: (rng.random(400) < 0.25 / n).tolist() for n, name in enumerate(MODES, 1)
    }
    return slice_grid(has, values, by="language", trace_ids=ids(400))


def by_slice(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    values = rng.choice(LANGUAGES, 400, p=[0.4, 0.25, 0.18, 0.12, 0.05]).tolist()
    shares = {"de": 0.4}
    failed = [bool(rng.random() < shares.get(value, 0.15)) for value in values]
    return slice_rates(failed, values, trace_ids=ids(400))


def transitions(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    steps, verdicts, first = [], [], []
    for _ in range(300):
        middle = rng.choice(STEPS[1:4], rng.integers(1, 5)).tolist()
        steps.append(["plan", *middle, "answer"])
        failed = bool(rng.random() < 0.35)  # noqa: PLR2004 - made up
        verdicts.append("fail" if failed else "pass")
        first.append(int(rng.integers(0, len(middle) + 2)) if failed else None)
    return failing_transitions(steps, verdicts, first, trace_ids=ids(300))


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


HUMAN = ["pass"] * 90 + ["fail"] * 45


def verdicts(rng: np.random.Generator, version: int) -> list[str]:
    right = rng.random(135) < 0.6 + 0.07 * version
    other = {"pass": "fail", "fail": "pass"}
    return [v if ok else other[v] for v, ok in zip(HUMAN, right, strict=True)]


def raters(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    return rater_agreement(ratings(rng), raters=PEOPLE, trace_ids=ids(70))


def judge(rng: np.random.Generator, version: int, errors: int = 0) -> Alignment:
    said = [*verdicts(rng, version)[errors:], *[None] * errors]
    return align(
        HUMAN,
        said,
        name=f"late v{version}",
        split="dev",
        looks=version,
        trace_ids=ids(135),
    )


def by_region(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    said = verdicts(rng, 3)
    values = rng.choice(LANGUAGES, 135, p=[0.5, 0.25, 0.15, 0.06, 0.04]).tolist()
    return align_slices(HUMAN, said, values, name="late v3", trace_ids=ids(135))


def judges(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    old, new = verdicts(rng, 2), verdicts(rng, 5)
    return compare_judges(HUMAN, old, new, names=("late v2", "late v5"))


def releases(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    old, new = (rng.random(120) < share for share in (0.8, 0.86))
    return paired_comparison(old, new, names=("2.1", "2.2"))


def runs(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    chances = rng.choice([0.02, 0.5, 0.98], 80, p=[0.35, 0.15, 0.5])
    said = [
        ["pass" if rng.random() < chance else "fail" for chance in chances]
        for _ in range(5)
    ]
    return stability(said, trace_ids=ids(80))


def about(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    table = ratings(rng)
    modes = [
        rng.choice(MODES, 1, p=[0.4, 0.25, 0.15, 0.15, 0.05]).tolist()
        if "fail" in row
        else []
        for row in table
    ]
    return disagreements(table, modes=modes, trace_ids=ids(len(table)))


def versions(rng: np.random.Generator) -> list[Alignment]:
    return [judge(rng, version) for version in range(1, 6)]


def found(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    chances = [0.25 / n for n in range(1, 16)]
    return saturation(
        [{n for n, chance in enumerate(chances) if rng.random() < chance}
         for _ in range(150)],
        trace_ids=ids(150),
    )  # fmt: skip


def watched(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    weeks = [date(2026, 1, 5) + timedelta(weeks=n) for n in range(14)]
    passes = [int(rng.binomial(80, 0.88 if n < 8 else 0.72)) for n in range(14)]  # noqa: PLR2004 - made up
    return drift(
        passes,
        [80] * 14,
        baseline=(880, 1000),
        periods=weeks,
        trace_ids=[ids(80 - n) for n in passes],
    )


def progress(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    start = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - the day as the reader calls it
    times = [start + timedelta(days=int(rng.integers(0, 10))) for _ in range(260)]
    who = rng.choice(PEOPLE[:2], 260).tolist()
    spent = rng.lognormal(3.6, 0.6, 260).tolist()
    return reading_progress(times, who, spent, trace_ids=ids(260))


def coverage(rng: np.random.Generator) -> Any:  # noqa: ANN401 - a result
    sizes = {"refund, money": 900, "room, view": 520, "late, arrival": 310, "pet": 60}
    regions = [name for name, n in sizes.items() for _ in range(n)]
    read = [name != "pet" and bool(rng.random() < 0.08) for name in regions]  # noqa: PLR2004 - made up
    return reading_coverage(regions, read, trace_ids=ids(len(regions)))


RELEASES = {date(2026, 1, 20): "2.1", date(2026, 2, 27): "2.2, other model"}
GALLERY: dict[str, tuple[Callable[[np.random.Generator], Any], dict[str, Any]]] = {
    "pareto": (pareto, {}),
    "rates": (rates, {}),
    "slice-grid": (slices, {}),
    "slice-rates": (by_slice, {}),
    "transitions": (transitions, {}),
    "agreement": (raters, {}),
    "disagreements": (about, {}),
    "strip": (lambda rng: rating_strip(ratings(rng), raters=PEOPLE), {}),
    "alignments": (versions, {}),
    "confusion": (lambda rng: judge(rng, 4), {"kind": "confusion"}),
    "confusion-errors": (lambda rng: judge(rng, 4, errors=3), {"kind": "confusion"}),
    "sliced-alignment": (by_region, {}),
    "judge-comparison": (judges, {}),
    "comparison": (releases, {}),
    "difference": (lambda _: rate_difference(wilson(56, 70), wilson(17, 24)), {}),
    "stability": (runs, {}),
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
