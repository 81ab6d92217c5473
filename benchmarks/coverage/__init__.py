"""Does 95 % cover 95 %? Each module simulates one topic and prints a table.

Run ``python -m benchmarks.coverage.rates`` from the root of the repository. A module
exits with 1 when a method that the package offers by default leaves the bounds in a
cell that it accepts. Above the upper bound a cell may state why it cannot be otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

LOWEST, HIGHEST = 0.935, 0.975
REPLICATIONS = 2_000
SIZES = (30, 46, 100, 200, 500)


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
    wide : str
        Why the coverage may be above the upper bound, if it may.
    note : str
        Anything else, such as the lowest coverage within the cell.
    """

    name: str
    method: str
    coverage: float
    width: float
    offered: bool = True
    wide: str = ""
    note: str = ""

    @property
    def verdict(self) -> str:
        """What to think of it: nothing, or below, or above and why."""
        if self.coverage < LOWEST:
            return "BELOW" if self.offered else "below"
        if self.coverage > HIGHEST:
            if self.wide or not self.offered:
                return f"above: {self.wide}" if self.wide else "above"
            return "ABOVE"
        return ""


def cell(
    name: str,
    method: str,
    truth: float | np.ndarray,
    intervals: Sequence[tuple[float, float]] | np.ndarray,
    *,
    offered: bool = True,
    wide: str = "",
    note: str = "",
) -> Cell:
    """Count how many of the intervals hold the truth."""
    import numpy as np

    low, high = np.asarray(intervals, dtype=float).T
    held = float(((low <= truth) & (truth <= high)).mean())
    return Cell(name, method, held, float((high - low).mean()), offered, wide, note)


def report(title: str, cells: Iterable[Cell]) -> int:
    """Print the cells as they come; return how many leave the bounds."""
    print(f"\n{title}\n{'cell':46} {'method':26} {'coverage':>8} {'width':>7}")
    wrong, held, offered = 0, 0.0, 0
    for one in cells:
        wrong += one.verdict in ("BELOW", "ABOVE")
        if one.offered:
            held, offered = held + one.coverage, offered + 1
        says = "  ".join(part for part in (one.verdict, one.note) if part)
        print(
            f"{one.name:46} {one.method:26} {one.coverage * 100:7.1f}% {one.width:7.3f}"
            f"  {says}".rstrip(),
            flush=True,
        )
    if offered:
        print(f"offered by default: mean coverage {held / offered * 100:.1f} %")
    print(
        f"{wrong} cells leave {LOWEST * 100} to {HIGHEST * 100} % without a reason"
        if wrong
        else "no cell leaves the bounds without a reason"
    )
    return wrong
