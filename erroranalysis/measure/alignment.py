"""How well a judge shadows a person."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.agreement import cohen_kappa
from erroranalysis.measure.estimate import Estimate, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

EXPLAINED = (
    "positive class is Pass: TPR = share of human passes that the judge passes,"
    " TNR = share of human fails that the judge fails"
)


@dataclass(frozen=True)
class Alignment:
    """Agreement of a judge with a person on one split.

    Attributes
    ----------
    tpr, tnr, kappa : Estimate
        Positive class is Pass: TPR is the share of human passes that the judge
        passes, TNR the share of human fails that the judge fails. Kappa is Cohen's.
    both_pass, judge_fail_human_pass, judge_pass_human_fail, both_fail : int
        The confusion matrix.
    errors : int
        Calls that ended in an error; they are in no other number.
    missing : int
        Labelled traces that the judge has not been run on.
    name : str
        The judge.
    split : str
        The split.
    looks : int
        Runs on this split so far, over all versions of the judge.
    """

    tpr: Estimate
    tnr: Estimate
    kappa: Estimate
    both_pass: int
    judge_fail_human_pass: int
    judge_pass_human_fail: int
    both_fail: int
    errors: int = 0
    missing: int = 0
    name: str = ""
    split: str = ""
    looks: int = 0

    def __repr__(self) -> str:
        """Say it in one line, with the explanation of the positive class."""
        left_out = f", errors={self.errors}" if self.errors else ""
        left_out += f", not yet run={self.missing}" if self.missing else ""
        return (
            f"Alignment({self.name} on {self.split}: TPR {self.tpr}; TNR {self.tnr};"
            f" kappa {self.kappa.value:.2f}{left_out}; {EXPLAINED})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a quantity: TPR, TNR and kappa."""
        import polars as pl

        rows = [
            {"judge": self.name, "split": self.split, "quantity": name, **vars(item)}
            for name, item in (
                ("TPR", self.tpr),
                ("TNR", self.tnr),
                ("kappa", self.kappa),
            )
        ]
        return pl.DataFrame(rows)

    def _repr_html_(self) -> str:
        def row(name: str, item: Estimate) -> str:
            shown = html.escape(repr(item))
            return f"<tr><th>{name}</th><td><code>{shown}</code></td></tr>"

        left_out = ""
        if self.errors or self.missing:
            left_out = (
                f"<p>{self.errors} errors and {self.missing} not yet run:"
                " in no number.</p>"
            )
        return (
            f"<p><b>{html.escape(self.name)}</b> on {html.escape(self.split)}"
            f" (look {self.looks})</p><table>"
            + row("TPR", self.tpr)
            + row("TNR", self.tnr)
            + row("kappa", self.kappa)
            + "</table><table><tr><td></td><th>human pass</th><th>human fail</th></tr>"
            f"<tr><th>judge pass</th><td>{self.both_pass}</td>"
            f"<td>{self.judge_pass_human_fail}</td></tr>"
            f"<tr><th>judge fail</th><td>{self.judge_fail_human_pass}</td>"
            f"<td>{self.both_fail}</td></tr></table>{left_out}"
            f"<p><small>{EXPLAINED}</small></p>"
        )


def align(
    human: Sequence[str],
    judge: Sequence[str | None],
    *,
    name: str = "",
    split: str = "",
    missing: int = 0,
    looks: int = 0,
) -> Alignment:
    """Compare a judge's verdicts with a person's.

    Parameters
    ----------
    human : sequence of str
        ``pass`` or ``fail``, one a trace.
    judge : sequence of str or None
        The judge's verdicts of the same traces; None where the call was an error.
    name, split : str, optional
        For the repr.
    missing : int, default 0
        Labelled traces that were not run.
    looks : int, default 0
        Runs on this split so far.

    Returns
    -------
    Alignment
        TPR and TNR with Wilson intervals, kappa, and the confusion matrix.

    Examples
    --------
    >>> found = align(["pass", "pass", "fail"], ["pass", "fail", "fail"])
    >>> found.tpr
    0.50 [0.09, 0.91], n=2, 95% Wilson
    >>> found.tnr
    1.00 [0.21, 1.00], n=1, 95% Wilson
    """
    pairs = [(h, j) for h, j in zip(human, judge, strict=True) if j is not None]
    counts = {
        (h, j): sum(pair == (h, j) for pair in pairs)
        for h in ("pass", "fail")
        for j in ("pass", "fail")
    }
    passes = counts["pass", "pass"] + counts["pass", "fail"]
    fails = counts["fail", "pass"] + counts["fail", "fail"]
    return Alignment(
        tpr=wilson(counts["pass", "pass"], passes),
        tnr=wilson(counts["fail", "fail"], fails),
        kappa=cohen_kappa([h for h, _ in pairs], [j for _, j in pairs]).kappa,
        both_pass=counts["pass", "pass"],
        judge_fail_human_pass=counts["pass", "fail"],
        judge_pass_human_fail=counts["fail", "pass"],
        both_fail=counts["fail", "fail"],
        errors=len(human) - len(pairs),
        missing=missing,
        name=name,
        split=split,
        looks=looks,
    )
