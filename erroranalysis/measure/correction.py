"""A failure rate from few human labels and many verdicts of an imperfect judge."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.errors import NoHonestEstimateError, UnknownNameError
from erroranalysis.measure.correcting import (
    caution,
    lang_reiczigel,
    post_stratified,
    rogan_gladen,
)
from erroranalysis.measure.estimate import Estimate, wilson

if TYPE_CHECKING:
    import polars as pl

_DRAWS = 20_000
_STABLE = "the judge errs as often, on passes and on fails, in the"
_ASSUMES = {
    "random": "the labelled traces are a random sample of the traces reported",
    "verdict_stratified": (
        "within each verdict of the judge the labelled traces were drawn at random, and"
        " the unlabelled traces are those reported"
    ),
    "outcome_balanced": f"{_STABLE} unlabelled traces as in the labelled ones",
    "other_period": f"{_STABLE} period reported as in the period of the labels",
}
_HUNTED = (
    "No honest failure rate can be given: the labelled traces were picked because they"
    " looked bad (label_sampling='error_hunt'), and say nothing about how often the"
    " product fails. Read a random sample, and pass label_sampling='random'; or, for"
    " more fails a label, draw at random among the judge's passes and among its fails,"
    " and pass label_sampling='verdict_stratified'."
)


@dataclass(frozen=True)
class CorrectedRate:
    """A failure rate corrected for the errors of a judge, and what it stands beside.

    Attributes
    ----------
    failure_rate : Estimate
        Corrected share of failing traces. NaN with the interval [0, 1] where the counts
        allow none.
    labels_only : Estimate
        From the person's labels alone: only random labels give one.
    judge_only : Estimate
        From the judge's verdicts alone, uncorrected: for comparison, not for use.
    label_sampling : str
        How the labelled traces were chosen; it decides the method.
    lang_reiczigel : Estimate or None
        The interval of Lang and Reiczigel (2014), for comparison where the Rogan-Gladen
        correction is used.
    """

    failure_rate: Estimate
    labels_only: Estimate
    judge_only: Estimate
    label_sampling: str
    lang_reiczigel: Estimate | None = None

    @property
    def adds_nothing(self) -> bool:
        """Whether the corrected interval is no narrower than that of labels alone."""
        return _width(self.failure_rate) >= _width(self.labels_only)

    @property
    def says(self) -> str:
        """What a reader must know, in words."""
        if self.adds_nothing:
            if not math.isnan(self.labels_only.value):
                return "the judge adds nothing here: labels alone are as precise"
            return "the judge adds nothing here: any failure rate is possible"
        if math.isnan(self.labels_only.value):
            gain = "labels alone give no rate here"
        else:
            part = 1 - _width(self.failure_rate) / _width(self.labels_only)
            gain = f"the judge narrows the interval of labels alone by {part:.0%}"
        caution = self.failure_rate.caution
        said = f"{gain}; assumes that {self.failure_rate.assumes}"
        return f"{said}; {caution}" if caution else said

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"CorrectedRate(failure rate {self.failure_rate}; labels only"
            f" {_short(self.labels_only)}; judge only {_short(self.judge_only)};"
            f" {self.says})"
        )

    def frame(self) -> pl.DataFrame:
        """Return one row an estimate: corrected, labels only, judge only."""
        import polars as pl

        rows = self._rows()
        return pl.DataFrame([{"quantity": name, **vars(item)} for name, item in rows])

    def _rows(self) -> list[tuple[str, Estimate]]:
        rows = [
            ("corrected", self.failure_rate),
            ("labels only", self.labels_only),
            ("judge only, uncorrected", self.judge_only),
        ]
        if self.lang_reiczigel:
            rows.append(("corrected, Lang-Reiczigel", self.lang_reiczigel))
        return rows

    def _repr_html_(self) -> str:
        body = "".join(
            f"<tr><th>{html.escape(name)}</th>"
            f"<td><code>{html.escape(repr(item))}</code></td></tr>"
            for name, item in self._rows()
        )
        return f"<table>{body}</table><p><small>{html.escape(self.says)}</small></p>"


def corrected_rate(
    *,
    both_pass: int,
    judge_pass_human_fail: int,
    judge_fail_human_pass: int,
    both_fail: int,
    unlabelled_pass: int,
    unlabelled_fail: int,
    label_sampling: str,
    seed: int = 0,
) -> CorrectedRate:
    """Estimate a failure rate, corrected for the errors of the judge.

    How the labelled traces were chosen decides the method, because no method is right
    for all: with the wrong one a 95 % interval can miss the rate always.

    Parameters
    ----------
    both_pass, judge_pass_human_fail, judge_fail_human_pass, both_fail : int
        The labelled traces, by the judge's verdict and the person's.
    unlabelled_pass, unlabelled_fail : int
        Traces that only the judge saw, by its verdict. They must be a random sample, or
        all, of the traces reported.
    label_sampling : str
        ``"random"``, ``"verdict_stratified"`` (so many of the judge's passes, so many
        of its fails), ``"outcome_balanced"`` (so many human passes, so many human
        fails), ``"other_period"`` (labels from other traces than those reported) or
        ``"error_hunt"`` (picked because they looked bad).
    seed : int, default 0
        Seed of the draws.

    Returns
    -------
    CorrectedRate
        The failure rate with labels only and judge only beside it, and a sentence.

    Raises
    ------
    NoHonestEstimateError
        The labels were hunted.
    UnknownNameError
        No such label sampling.
    ValueError
        A count is negative or no whole number.

    Notes
    -----
    *random*, *verdict_stratified*: post-stratified on the verdict of the judge.
    ``rate = q * f1 + (1 - q) * f0``, with q the share of judge fails, f1 and f0 the
    share of human fails among the judge's fails and passes; where one of these is 0 (or
    1) in the labels, the lower (upper) bound takes it as that. q is from all traces for
    random labels, from the unlabelled ones for stratified labels. With a judge at
    chance it degrades to labels alone; report it all the same, since whichever interval
    turns out narrower covers less.

    *outcome_balanced*, *other_period*: Rogan and Gladen,
    ``rate = (q + TPR - 1) / (TPR + TNR - 1)``, cut at 0 and 1; positive is Pass, q is
    from the unlabelled traces. A draw with ``TPR + TNR <= 1`` excludes no rate: it
    counts as 0 for the lower bound and as 1 for the upper one. So the interval becomes
    [0, 1], and the value NaN, before the division explodes; likewise where nearly every
    draw had to be cut, for then the judge errs otherwise than in the labels.

    Every share is drawn 20,000 times from its Jeffreys posterior,
    ``Beta(k + 1/2, n - k + 1/2)``, but TPR and TNR of Rogan and Gladen with 3/4 for
    1/2: Jeffreys covers 93 % there when failures are rare. The value is the median and
    the interval equal-tailed. See ``benchmarks/coverage/correction.py``.

    A `caution` says where Rogan and Gladen's interval is too wide: cut at 0 or 1, or
    from fewer than five passes or fails. It also says where labels that are called
    random do not look so: where the judge fails more of them than of the other traces,
    or fewer (p < 0.01). Without labels at random `wilson` on the labels alone fails
    too; with them it is the neighbour to take where there is no judge.

    References
    ----------
    Rogan and Gladen (1978), American Journal of Epidemiology 107, 71-76. Lang and
    Reiczigel (2014), Preventive Veterinary Medicine 113, 13-22. Brown, Cai and DasGupta
    (2001), Statistical Science 16, 101-133, on Jeffreys intervals. Angelopoulos et al.
    (2023), arXiv 2311.01453, on the large-sample counterpart (PPI++).

    Examples
    --------
    >>> found = corrected_rate(
    ...     both_pass=60,
    ...     judge_pass_human_fail=5,
    ...     judge_fail_human_pass=5,
    ...     both_fail=30,
    ...     unlabelled_pass=650,
    ...     unlabelled_fail=350,
    ...     label_sampling="random",
    ... )
    >>> found.failure_rate
    0.35 [0.29, 0.42], n=100, 95% post-stratified Jeffreys
    >>> found.labels_only
    0.35 [0.26, 0.45], n=100, 95% Wilson
    """
    if label_sampling == "error_hunt":
        raise NoHonestEstimateError(_HUNTED)
    if label_sampling not in _ASSUMES:
        known = [*_ASSUMES, "error_hunt"]
        raise UnknownNameError.among("label_sampling", label_sampling, known)
    labelled = (both_pass, judge_pass_human_fail, judge_fail_human_pass, both_fail)
    for count in (*labelled, unlabelled_pass, unlabelled_fail):
        if count < 0 or count != int(count):
            raise ValueError(f"counts must be whole numbers from 0, got {count}")
    random = label_sampling == "random"
    fails, n = judge_pass_human_fail + both_fail, sum(labelled)
    seen = [unlabelled_pass, unlabelled_fail]
    if random:
        seen[0] += both_pass + judge_pass_human_fail
        seen[1] += judge_fail_human_pass + both_fail
    assumes = _ASSUMES[label_sampling]
    rate, beside = _failure_rate(labelled, seen, label_sampling, seed)
    alone = wilson(fails, n, assumes=assumes)
    if not random:
        why = f"labels chosen as '{label_sampling}' give no rate alone"
        alone = Estimate(math.nan, 0.0, 1.0, n, "none", why)
    judge = wilson(seen[1], sum(seen), assumes="the judge makes no errors")
    return CorrectedRate(rate, alone, judge, label_sampling, beside)


def _failure_rate(
    labelled: tuple[int, int, int, int], seen: list[int], sampling: str, seed: int
) -> tuple[Estimate, Estimate | None]:
    """Return the corrected rate and, beside Rogan and Gladen's, Lang-Reiczigel's."""
    import numpy as np

    n, assumes = sum(labelled), _ASSUMES[sampling]
    stratified = sampling in ("random", "verdict_stratified")
    method = "post-stratified Jeffreys" if stratified else "Rogan-Gladen Beta draws"
    none = Estimate(math.nan, 0.0, 1.0, n, method, assumes)
    if not n or not sum(seen):
        return none, None
    draw = post_stratified if stratified else rogan_gladen
    counts = np.array([*labelled, *seen], dtype=float)[:, None]
    found = draw(counts, np.random.default_rng(seed), _DRAWS)
    value, low, high = (float(part[0]) for part in found)
    said = caution(labelled, seen, sampling, (low, high))
    rate = none
    if not math.isnan(value):
        rate = Estimate(value, low, high, n, method, assumes, said)
    return rate, None if stratified else lang_reiczigel(labelled, seen, assumes)


def _width(estimate: Estimate) -> float:
    return estimate.high - estimate.low


def _short(estimate: Estimate) -> str:
    return repr(estimate).split(", n=", maxsplit=1)[0]
