"""How well a judge shadows a person."""

from __future__ import annotations

import html
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from erroranalysis.measure.agreement import cohen_kappa
from erroranalysis.measure.coefficients import read_verdicts, same_length
from erroranalysis.measure.derived import balanced_of, f1_of, weakness
from erroranalysis.measure.estimate import Estimate, wilson
from erroranalysis.measure.named_traces import Judged, NamesVerdicts, by_verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

EXPLAINED = (
    "positive class is Pass: TPR = share of human passes that the judge passes,"
    " TNR = share of human fails that the judge fails"
)
FEW = 10
_CHANCE = 0.5


@dataclass(frozen=True)
class Alignment(NamesVerdicts):
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
    precision_fail : Estimate
        Share of the judge's fails that the person fails too.
    f1_fail : Estimate
        Harmonic mean of precision and recall for Fail.
    balanced_accuracy : Estimate
        Mean of TPR and TNR: 0.5 is chance, whatever the share of failures.
    ac1 : Estimate
        Gwet's AC1, beside kappa where failures are rare.
    judged : tuple of Judged
        Trace ids by the verdict of the judge (``"error"`` for a call that ended in one)
        and of the person, where ids were given.
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
    precision_fail: Estimate = field(default_factory=lambda: wilson(0, 0))
    f1_fail: Estimate = field(default_factory=lambda: wilson(0, 0))
    balanced_accuracy: Estimate = field(default_factory=lambda: wilson(0, 0))
    ac1: Estimate = field(default_factory=lambda: wilson(0, 0))
    judged: tuple[Judged, ...] = ()

    @property
    def recall_fail(self) -> Estimate:
        """Share of human fails that the judge finds: the TNR by its other name."""
        return self.tnr

    @property
    def few(self) -> str:
        """Which of TPR and TNR rests on fewer than 10 traces, in words; else empty.

        Below that the interval can miss the truth more often than one time in 20.
        """
        sides = (("TPR", "passes", self.tpr.n), ("TNR", "fails", self.tnr.n))
        return "; ".join(
            f"{name} rests on {n} human {kind}: label {FEW} or more"
            for name, kind, n in sides
            if n < FEW
        )

    @property
    def says(self) -> str:
        """Whether the judge knows more than a coin, in words."""
        found = self.balanced_accuracy
        if math.isnan(found.value):
            lacking = "pass" if self.tpr.n == 0 else "fail"
            return (
                "Nobody can say whether this judge is better than chance: no trace is"
                f" a human {lacking}."
            )
        shown = f"balanced accuracy {found.low:.2f} to {found.high:.2f}"
        if found.high < _CHANCE:
            return f"Worse than chance ({shown}): it says the opposite of the person."
        if found.low <= _CHANCE:
            return (
                f"Not shown to be better than chance ({shown}, chance is 0.50): a coin"
                " could have given these verdicts."
            )
        return f"Better than chance ({shown}, chance is 0.50)."

    def __repr__(self) -> str:
        """Say it in one line, with the explanation of the positive class."""
        left_out = f", errors={self.errors}" if self.errors else ""
        left_out += f", not yet run={self.missing}" if self.missing else ""
        coin = "" if self.balanced_accuracy.low > _CHANCE else f"; {self.says}"
        left_out += coin.removesuffix(".") + (f"; {self.few}" if self.few else "")
        return (
            f"Alignment({self.name} on {self.split}: TPR {self.tpr}; TNR {self.tnr};"
            f" kappa {self.kappa.value:.2f}{left_out}; {EXPLAINED})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row a quantity: TPR, TNR, kappa and what else there is."""
        import polars as pl

        rows = [
            {"judge": self.name, "split": self.split, "quantity": name, **vars(item)}
            for name, item in self._quantities()
        ]
        return pl.DataFrame(rows)

    def _quantities(self) -> list[tuple[str, Estimate]]:
        return [
            ("TPR", self.tpr),
            ("TNR", self.tnr),
            ("kappa", self.kappa),
            ("balanced accuracy", self.balanced_accuracy),
            ("precision (Fail)", self.precision_fail),
            ("recall (Fail)", self.recall_fail),
            ("F1 (Fail)", self.f1_fail),
            ("AC1", self.ac1),
        ]

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
            + "".join(row(name, item) for name, item in self._quantities())
            + "</table><table><tr><td></td><th>human pass</th><th>human fail</th></tr>"
            f"<tr><th>judge pass</th><td>{self.both_pass}</td>"
            f"<td>{self.judge_pass_human_fail}</td></tr>"
            f"<tr><th>judge fail</th><td>{self.judge_fail_human_pass}</td>"
            f"<td>{self.both_fail}</td></tr></table>{left_out}"
            f"<p>{html.escape(self.says)} {html.escape(self.few)}</p>"
            f"<p><small>{EXPLAINED}</small></p>"
        )


@dataclass(frozen=True)
class SlicedAlignment:
    """Alignment of a judge in every slice of the traces, the weakest first.

    Attributes
    ----------
    slices : tuple of Alignment
        One a slice; its ``name`` is the judge, its ``split`` the slice.
    overall : Alignment
        All traces together.
    """

    slices: tuple[Alignment, ...]
    overall: Alignment

    def __iter__(self) -> Iterator[Alignment]:
        """Go through the slices."""
        return iter(self.slices)

    def __repr__(self) -> str:
        """Say it in one line."""
        parts = [
            f"{item.split} TPR {item.tpr.value:.2f} TNR {item.tnr.value:.2f}"
            f" n={item.tpr.n + item.tnr.n}"
            for item in self.slices[:3]
        ]
        more = f"; {len(self.slices) - 3} more" if len(self.slices) > 3 else ""  # noqa: PLR2004
        return f"SlicedAlignment({'; '.join(parts)}{more}; weakest first)"

    def frame(self) -> pl.DataFrame:
        """Return one row a slice and quantity; the slice is in column ``slice``."""
        import polars as pl

        frames = [item.frame().rename({"split": "slice"}) for item in self.slices]
        return pl.concat(frames) if frames else pl.DataFrame()

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(item.split)}</th><td>{item.tpr!r}</td>"
            f"<td>{item.tnr!r}</td><td>{item.errors}</td></tr>"
            for item in self.slices
        )
        head = "<tr><th>slice</th><th>TPR</th><th>TNR</th><th>errors</th></tr>"
        return f"<table>{head}{rows}</table><p><small>{EXPLAINED}</small></p>"


def align(
    human: Sequence[Any],
    judge: Sequence[Any],
    *,
    name: str = "",
    split: str = "",
    missing: int = 0,
    looks: int = 0,
    trace_ids: Sequence[str] | None = None,
) -> Alignment:
    """Compare a judge's verdicts with a person's.

    Use it for a judge, whose errors are of two kinds that cost differently; use
    `cohen_kappa` for two people, neither of whom is right by definition.

    Parameters
    ----------
    human : sequence of str or bool
        ``pass`` or ``fail`` (True or False), one a trace.
    judge : sequence of str, bool or None
        The judge's verdicts of the same traces; None where the call was an error.
    name, split : str, optional
        For the repr.
    missing : int, default 0
        Labelled traces that were not run.
    looks : int, default 0
        Runs on this split so far.
    trace_ids : sequence of str, optional
        Ids, so that the matrix can say which traces are in it.

    Returns
    -------
    Alignment
        TPR, TNR and precision with Wilson intervals; F1, balanced accuracy, kappa and
        AC1 with theirs; the confusion matrix.

    Raises
    ------
    UnknownNameError
        A verdict is neither pass nor fail.
    ValueError
        The two differ in length, or a verdict of the person is missing.

    Notes
    -----
    F1 for Fail is ``2 * J / (1 + J)`` with J the share of traces that both fail among
    those that either fails: a plain proportion. Its Wilson interval, transformed so, is
    that of F1. Balanced accuracy is ``(TPR + TNR) / 2`` with the interval of two
    independent proportions (square and add) from their Wilson intervals.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212; Newcombe
    (1998), Statistics in Medicine 17, 873-890, method 10; Zou and Donner (2008),
    Statistics in Medicine 27, 1693-1702; for kappa and AC1 see `cohen_kappa`.

    Examples
    --------
    >>> found = align(["pass", "pass", "fail"], ["pass", "fail", "fail"])
    >>> found.tpr
    0.50 [0.09, 0.91], n=2, 95% Wilson
    >>> found.tnr
    1.00 [0.21, 1.00], n=1, 95% Wilson
    >>> print(found.says)
    Not shown to be better than chance (balanced accuracy 0.30 to 0.95, chance is 0.50):
    a coin could have given these verdicts.
    """
    same_length(human, judge, "The verdicts of the person and of the judge")
    said, answered = read_verdicts(human), read_verdicts(judge, errors=True)
    pairs = [(h, j) for h, j in zip(said, answered, strict=True) if j is not None]
    counts = Counter(pairs)
    both_pass, both_fail = counts["pass", "pass"], counts["fail", "fail"]
    false_fail, false_pass = counts["pass", "fail"], counts["fail", "pass"]
    tpr = wilson(both_pass, both_pass + false_fail)
    tnr = wilson(both_fail, both_fail + false_pass)
    beyond = cohen_kappa([h for h, _ in pairs], [j for _, j in pairs])
    return Alignment(
        tpr=tpr,
        tnr=tnr,
        kappa=beyond.kappa,
        both_pass=both_pass,
        judge_fail_human_pass=false_fail,
        judge_pass_human_fail=false_pass,
        both_fail=both_fail,
        errors=len(said) - len(pairs),
        missing=missing,
        name=name,
        split=split,
        looks=looks,
        precision_fail=wilson(both_fail, both_fail + false_fail),
        f1_fail=f1_of(wilson(both_fail, both_fail + false_fail + false_pass)),
        balanced_accuracy=balanced_of(tpr, tnr),
        ac1=beyond.ac1,
        judged=by_verdicts(answered, said, trace_ids),
    )


def align_slices(
    human: Sequence[Any],
    judge: Sequence[Any],
    slices: Sequence[Any],
    *,
    name: str = "",
    trace_ids: Sequence[str] | None = None,
) -> SlicedAlignment:
    """Compare a judge's verdicts with a person's in every slice of the traces.

    Use it to see where a judge that is good on the whole is not: a channel, a language,
    a release. Slices are small: read the intervals, and label more of the slice before
    you believe its number.

    Parameters
    ----------
    human : sequence of str or bool
        ``pass`` or ``fail`` (True or False), one a trace.
    judge : sequence of str, bool or None
        The judge's verdicts of the same traces; None where the call was an error.
    slices : sequence
        What each trace belongs to; None makes the slice ``None``.
    name : str, optional
        The judge.
    trace_ids : sequence of str, optional
        Ids, as for `align`.

    Returns
    -------
    SlicedAlignment
        The slice with the lowest balanced accuracy first, those without one last.

    Raises
    ------
    UnknownNameError
        A verdict is neither pass nor fail.
    ValueError
        The three differ in length, or a verdict of the person is missing.

    Notes
    -----
    Formulas are those of `align`. Each interval holds alone, not all together, if the
    traces of the slice are a random sample.

    References
    ----------
    As of `align`.

    Examples
    --------
    >>> align_slices(
    ...     ["pass", "fail", "pass", "fail"],
    ...     ["pass", "pass", "pass", "fail"],
    ...     ["web", "web", "app", "app"],
    ... )
    SlicedAlignment(web TPR 1.00 TNR 0.00 n=2; app TPR 1.00 TNR 1.00 n=2; weakest first)
    """
    same_length(human, judge, "The verdicts of the person and of the judge")
    same_length(human, slices, "The verdicts and the slices")
    said, answered = list(human), list(judge)
    places: dict[str, list[int]] = {}
    for place, key in enumerate(slices):
        places.setdefault(str(key), []).append(place)
    overall = align(said, answered, name=name, trace_ids=trace_ids)
    found = [
        align(
            [said[p] for p in at],
            [answered[p] for p in at],
            name=name,
            split=key,
            trace_ids=None if trace_ids is None else [trace_ids[p] for p in at],
        )
        for key, at in places.items()
    ]
    found.sort(key=lambda item: (*weakness(item.balanced_accuracy), item.split))
    return SlicedAlignment(tuple(found), overall)
