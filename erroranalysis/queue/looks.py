"""What a look into a batch gives: found traces, what others said, failure modes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from erroranalysis.records import Annotation, Verdict


@dataclass(frozen=True)
class Found:
    """A trace that fits the filters.

    Attributes
    ----------
    trace_id : str
        The trace.
    place : int
        Its place in the reading order, from 0.
    verdict, critique : str or None
        What the person says of it now.
    snippet : str or None
        Where words were searched, the text around the first of them that was found.
    why : str or None
        Why it is in the batch: the stratum it was drawn from, ``like t7``, ….
    """

    trace_id: str
    place: int
    verdict: Verdict | None = None
    critique: str | None = None
    snippet: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Judgement:
    """What the newest judge of a failure mode says of a trace.

    Attributes
    ----------
    mode : str
        The failure mode it looks for.
    verdict : str
        ``pass`` or ``fail``.
    critique : str or None
        The reason it gave.
    judge_id : str
        The version of the judge.
    """

    mode: str
    verdict: Verdict
    critique: str | None
    judge_id: str


@dataclass(frozen=True)
class Others:
    """What judges and colleagues said of a trace; true where there is anything.

    Attributes
    ----------
    judgements : tuple of Judgement
        One a failure mode that has a judge which has read the trace, by name.
    annotations : tuple of Annotation
        What every colleague says now, by name.

    Examples
    --------
    >>> bool(Others()), bool(Others((Judgement("late", "fail", None, "j1"),)))
    (False, True)
    """

    judgements: tuple[Judgement, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    def __bool__(self) -> bool:
        """Say whether anybody said anything."""
        return bool(self.judgements or self.annotations)


@dataclass(frozen=True)
class ModeCount:
    """A failure mode, and how many notes belong to it.

    Attributes
    ----------
    name : str
        Name of the mode.
    definition : str or None
        What counts and what does not.
    count : int
        Notes of everybody that belong to it.
    """

    name: str
    definition: str | None
    count: int
