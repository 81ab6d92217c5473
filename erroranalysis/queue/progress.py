"""How far one person is with a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.records import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from erroranalysis.records import Annotation

# Longer than this on one trace is a coffee, not reading.
IDLE_SECONDS = 600.0
# A speed from fewer traces would jump about.
FEWEST_FOR_SPEED = 3


@dataclass(frozen=True)
class Progress:
    """How far one person is with a batch.

    Attributes
    ----------
    total : int
        Traces in the batch.
    done : int
        Traces with a pass or a fail.
    passed, failed, deferred : int
        Traces by verdict.
    left : int
        Traces without any verdict.
    per_hour : float or None
        Traces decided per hour of reading; None until three have been timed.

    Examples
    --------
    >>> Progress(100, 45, 30, 15, 3, 52, 62.4)
    Progress(45 of 100 · 3 deferred · 62 an hour)
    """

    total: int
    done: int
    passed: int
    failed: int
    deferred: int
    left: int
    per_hour: float | None

    def __repr__(self) -> str:
        """Say it in one line."""
        parts = [f"{self.done} of {self.total}"]
        if self.deferred:
            parts.append(f"{self.deferred} deferred")
        if self.per_hour is not None:
            parts.append(f"{self.per_hour:.0f} an hour")
        return f"Progress({' · '.join(parts)})"


@dataclass(frozen=True)
class QueueState:
    """What the store says at one moment about one person and one batch.

    Attributes
    ----------
    annotations : dict of str to Annotation
        What the person says now, by trace of the batch.
    progress : Progress
        How far the person is.
    undoable, redoable : Annotation or None
        The act that undo would take back, and the one that redo would restore.
    acts : int
        Acts of the person so far, in all batches.
    """

    annotations: dict[str, Annotation]
    progress: Progress
    undoable: Annotation | None
    redoable: Annotation | None
    acts: int


def progress_of(total: int, said: Iterable[Annotation]) -> Progress:
    """Count what one person says of a batch, and measure the speed.

    Parameters
    ----------
    total : int
        Traces in the batch.
    said : iterable of Annotation
        What the person says now, one a trace.

    Examples
    --------
    >>> from erroranalysis.records import Annotation
    >>> progress_of(2, [Annotation("t1", "mira", "fail")])
    Progress(1 of 2)
    """
    count = dict.fromkeys(VERDICTS, 0)
    timed: list[float] = []
    for annotation in said:
        if annotation.verdict is None:
            continue
        count[annotation.verdict] += 1
        if annotation.verdict != "defer" and annotation.seconds is not None:
            timed.append(min(annotation.seconds, IDLE_SECONDS))
    spent = sum(timed)
    enough = len(timed) >= FEWEST_FOR_SPEED and spent > 0
    done = count["pass"] + count["fail"]
    return Progress(
        total=total,
        done=done,
        passed=count["pass"],
        failed=count["fail"],
        deferred=count["defer"],
        left=total - done - count["defer"],
        per_hour=3600 * len(timed) / spent if enough else None,
    )
