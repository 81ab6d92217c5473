"""What a run of a judge did, and where it and the person differ."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class JudgeRun:
    """One run of a judge over some traces.

    Attributes
    ----------
    judge : str
        Name and version.
    split : str
        Which traces.
    passed, failed : int
        Verdicts.
    errors : dict of str to int
        Calls that ended in an error, by kind; they are no verdicts.
    reused : int
        Traces whose verdict was there already and was not asked for again.
    input_tokens, output_tokens : int
        Tokens of the calls that were made.
    seconds : float
        Time taken, seconds.
    """

    judge: str
    split: str
    passed: int
    failed: int
    errors: dict[str, int] = field(default_factory=dict)
    reused: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    def __repr__(self) -> str:
        """Say it in one line."""
        errors = ", ".join(f"{kind} {count}" for kind, count in self.errors.items())
        return (
            f"JudgeRun({self.judge} on {self.split}: {self.passed} pass,"
            f" {self.failed} fail, errors: {errors or 'none'}; {self.reused} reused)"
        )

    def frame(self) -> pl.DataFrame:
        """Return the run as a frame of one row."""
        import polars as pl

        row = {**vars(self), "errors": sum(self.errors.values())}
        return pl.DataFrame([row])


@dataclass(frozen=True)
class Disagreements:
    """Traces on which the judge and the person differ.

    Attributes
    ----------
    judge : str
        Name and version.
    split : str
        Which split.
    rows : tuple of dict
        ``trace_id``, ``human``, ``judge``, ``critique`` of the person and of the
        judge.
    """

    judge: str
    split: str
    rows: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.rows)

    def __repr__(self) -> str:
        """Say it in one line."""
        missed = sum(row["human"] == "fail" for row in self.rows)
        return (
            f"Disagreements({self.judge} on {self.split}: {missed} failures missed,"
            f" {len(self.rows) - missed} false alarms)"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a trace."""
        import polars as pl

        names = ("trace_id", "human", "judge", "critique", "judge_critique")
        schema = dict.fromkeys(names, pl.String)
        return pl.DataFrame(list(self.rows), schema=schema)

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{html.escape(row['trace_id'])}</td><td>{row['human']}</td>"
            f"<td>{row['judge']}</td>"
            f"<td style='text-align:left'>{html.escape(row['critique'] or '')}</td>"
            f"<td style='text-align:left'>{html.escape(row['judge_critique'] or '')}"
            "</td></tr>"
            for row in self.rows
        )
        head = "<th>trace</th><th>person</th><th>judge</th><th>the person wrote</th>"
        return f"<table><tr>{head}<th>the judge wrote</th></tr>{cells}</table>"
