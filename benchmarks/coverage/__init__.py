"""Does 95 % cover 95 %? Each module simulates one topic and prints a table.

``python -m benchmarks.coverage`` runs all five, ``python -m benchmarks.coverage.rates``
one. A cell is one method in one setting. Where less than 93.5 or more than 97.5 % of
its intervals hold the truth, the package must have refused (no estimate), or said so in
the `caution` of the estimate, in at least half of the samples; a caution of too short
intervals does not excuse too wide ones, nor the other way round. Where it did *neither*
the exit status is 1. Beside that strict count stands that of the cells which are
outside by more than two standard errors of the simulation (about 1.1 points below and
0.7 above with 2,000 replications).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.estimate import CONSERVATIVE, SHORT, UNEVEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from erroranalysis.measure import Estimate

LOWEST, HIGHEST = 0.935, 0.975
REPLICATIONS = 2_000
SIZES = (30, 46, 100, 200, 500)
_HALF, _ROUNDING = 0.5, 1e-9


@dataclass(frozen=True)
class Cell:
    """Coverage of one method in one setting.

    Attributes
    ----------
    name : str
        The setting.
    method : str
        The method.
    coverage : float
        Share of the intervals that hold the truth.
    width : float
        Mean width of the intervals.
    offered : bool
        Whether the package would use the method here; else it is for comparison.
    runs : int
        Replications; 0 where the coverage is exact.
    refused : float
        Share of the samples that gave no estimate.
    wide, short : float
        Share of the samples that gave none, or an estimate whose caution says that it
        holds more, or less, often than in 95 of 100 cases.
    note : str
        Anything else, such as the lowest coverage within the cell.
    """

    name: str
    method: str
    coverage: float
    width: float
    offered: bool = True
    runs: int = REPLICATIONS
    refused: float = 0.0
    wide: float = 0.0
    short: float = 0.0
    note: str = ""

    @property
    def outside(self) -> bool:
        """Whether the coverage leaves the bounds."""
        return not LOWEST - _ROUNDING <= self.coverage <= HIGHEST + _ROUNDING

    @property
    def beyond(self) -> bool:
        """Whether it leaves them by more than two standard errors."""
        bound = LOWEST if self.coverage < LOWEST else HIGHEST
        error = math.sqrt(bound * (1 - bound) / self.runs) if self.runs else 0.0
        return self.outside and abs(self.coverage - bound) > 2 * error

    @property
    def answer(self) -> str:
        """What the package did in a cell outside: refused, warned or neither."""
        if not self.outside or not self.offered:
            return ""
        if self.refused >= _HALF:
            return "refused"
        said = self.short if self.coverage < LOWEST else self.wide
        return "warned" if said >= _HALF else "neither"

    @property
    def verdict(self) -> str:
        """What to think of it, in a few words."""
        if not self.outside:
            return ""
        side = "below" if self.coverage < LOWEST else "above"
        said = self.short if side == "below" else self.wide
        within = "" if self.beyond else ", within simulation error"
        answer = self.answer.upper() if self.answer == "neither" else self.answer
        return f"{side}: {answer} {said:.0%}{within}" if answer else side


def cell(
    name: str,
    method: str,
    truth: float | np.ndarray,
    estimates: Sequence[Estimate],
    *,
    times: np.ndarray | None = None,
    offered: bool = True,
    note: str = "",
) -> Cell:
    """Count how many of the intervals hold the truth, and what they say."""
    import numpy as np

    weights = np.ones(len(estimates)) if times is None else np.asarray(times, float)
    total = float(weights.sum())
    runs = int(total) if total > 1 + _ROUNDING else 0  # else these are chances
    value, low, high = np.array(
        [(e.value, e.low, e.high) for e in estimates], dtype=float
    ).T
    none = np.isnan(value)
    said = [e.caution for e in estimates]
    wide = np.array([CONSERVATIVE in s or UNEVEN in s for s in said]) | none
    short = np.array([SHORT in s or UNEVEN in s for s in said]) | none
    held = (low <= np.asarray(truth) + 1e-12) & (np.asarray(truth) <= high + 1e-12)
    finite = np.isfinite(high - low)

    def share(what: np.ndarray) -> float:
        return float(weights @ what / total)

    width = float(weights[finite] @ (high - low)[finite] / max(1, finite @ weights))
    shares = {"refused": share(none), "wide": share(wide), "short": share(short)}
    return Cell(name, method, share(held), width, offered, runs, note=note, **shares)


def report(title: str, cells: Iterable[Cell]) -> list[Cell]:
    """Print the cells as they come, and return them."""
    print(f"\n{title}\n{'cell':46} {'method':26} {'coverage':>8} {'width':>7}")
    found = []
    for one in cells:
        found.append(one)
        says = "  ".join(part for part in (one.verdict, one.note) if part)
        print(
            f"{one.name:46} {one.method:26} {one.coverage * 100:7.1f}% {one.width:7.3f}"
            f"  {says}".rstrip(),
            flush=True,
        )
    return found


def summary(part: str, cells: Sequence[Cell]) -> int:
    """Print one part in three lines; return the cells with neither."""
    offered = [one for one in cells if one.offered]
    shares = [100 * one.coverage for one in offered]
    print(
        f"\n{part}: {len(offered)} cells of what is offered by default; lowest"
        f" {min(shares):.1f} %, highest {max(shares):.1f} %, mean"
        f" {sum(shares) / len(shares):.1f} %"
    )
    for label, some in (
        ("outside 93.5 to 97.5 %", [one for one in offered if one.outside]),
        ("  beyond simulation error", [one for one in offered if one.beyond]),
    ):
        ways = [one.answer for one in some]
        print(
            f"{label}: {len(some)}; refused {ways.count('refused')}, warned"
            f" {ways.count('warned')}, neither {ways.count('neither')}"
        )
    return sum(one.answer == "neither" for one in offered)
