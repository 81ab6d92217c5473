"""How much failure is still unseen, and what further reading would bring."""

from __future__ import annotations

import html
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from erroranalysis.measure.coefficients import same_length
from erroranalysis.measure.estimate import Estimate, wilson
from erroranalysis.measure.named_traces import FirstSeen, first_seen
from erroranalysis.measure.results import frame_of, many, table_of
from erroranalysis.measure.unseen import (
    TOTAL_CAUTION,
    chao_low,
    hidden_modes,
    new_bounds,
    new_caution,
    rarefied,
    unseen_bound,
    unseen_caution,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Sequence

    import polars as pl

_ASSUMES = (
    "the traces were read in random order, each mode means the same throughout, and"
    " the product did not change"
)


@dataclass(frozen=True)
class Saturation:
    """What the traces read so far say about the failure modes not yet seen.

    Attributes
    ----------
    traces : int
        Traces read, passes included.
    failed : int
        Traces that showed a failure mode.
    found : int
        Occurrences: a trace that shows two modes counts twice.
    modes : int
        Modes seen.
    seen : tuple of int
        ``seen[k]`` is the number of modes that occurred in k traces; ``seen[0]`` is 0.
    last_new : int
        Place in reading order, from 1, of the last trace with a new mode; 0 for none.
    discovered : tuple of int
        Modes seen after each trace, in reading order.
    together : float
        How many modes come as one: 1 where they come independently.
    first_seen : tuple of FirstSeen
        Every mode, in the order in which they were found.
    unplaced : int
        Failing traces that were left out, since their notes belong to no mode yet.
    """

    traces: int
    failed: int
    found: int
    modes: int
    seen: tuple[int, ...]
    last_new: int
    discovered: tuple[int, ...]
    together: float = 1.0
    first_seen: tuple[FirstSeen, ...] = field(default=(), compare=False)
    unplaced: int = 0

    @property
    def once(self) -> int:
        """Modes that occurred in one trace only."""
        return self.seen[1] if len(self.seen) > 1 else 0

    @property
    def twice(self) -> int:
        """Modes that occurred in two traces."""
        return self.seen[2] if len(self.seen) > 2 else 0  # noqa: PLR2004 - twice

    @property
    def unseen(self) -> Estimate:
        """Share of all failures that are of modes not yet seen, at most so much.

        Of all occurrences of failure modes in traffic, those whose mode has not been
        seen. The bound is one-sided: whether anything at all is unseen cannot be known.
        """
        method = "one-sided score, Good-Turing"
        if not self.found:
            return Estimate(math.nan, 0.0, 1.0, self.found, method, _ASSUMES)
        value = self.once / self.found * self._damping()
        high = unseen_bound(self.once, self.twice, self.found, self.together)
        said = unseen_caution(self.once, high)
        high = max(high, value)
        return Estimate(value, 0.0, high, self.found, method, _ASSUMES, said)

    @property
    def coverage(self) -> Estimate:
        """Share of all failures that are of modes already seen: 1 minus `unseen`."""
        u = self.unseen
        low = 1 - u.high
        return Estimate(1 - u.value, low, 1.0, u.n, u.method, u.assumes, u.caution)

    @property
    def total(self) -> Estimate:
        """How many modes there are: Chao's lower bound, with no upper bound.

        The value is the least number that the modes seen once and twice speak for; the
        lower bound of the interval holds for the true number. Nothing in the data can
        rule out many very rare modes, so that ``high`` is infinite.
        """
        method = "one-sided log-normal, Chao2"
        if not self.found:
            return Estimate(math.nan, 0.0, math.inf, self.traces, method, _ASSUMES)
        low = chao_low(self.modes, self.once, self.twice, self.traces)
        value = self.modes + self._hidden()
        n, high = self.traces, math.inf
        return Estimate(value, low, high, n, method, _ASSUMES, TOTAL_CAUTION)

    def expected_new(self, more: int) -> Estimate:
        """Predict how many new modes the next traces will bring.

        Parameters
        ----------
        more : int
            Traces to be read next, passes included; at most as many as were read.

        Returns
        -------
        Estimate
            Expected number; the interval is for the number that will really be found.

        Raises
        ------
        ValueError
            `more` is below 1 or above the number of traces read: farther ahead nothing
            can be foreseen.

        Notes
        -----
        ``q0 (1 - (1 - q1 / (T q0 + q1)) ** m)`` with q0 modes unseen. The interval
        holds all N with ``(N - u)^2 <= 1.96^2 (u + max(v, N m / T))``, where v is the
        sum of ``(m / T)^(2 k) q_k`` up to 3: the variance of Good and Toulmin's
        estimate. It never promises that nothing new will come.

        References
        ----------
        Colwell et al. (2012), Journal of Plant Ecology 5, 3-21, equation 18; Good and
        Toulmin (1956), Biometrika 43, 45-63.
        """
        if not 1 <= more <= self.traces:
            raise ValueError(
                f"With {self.traces} traces read, new modes can be foreseen for the"
                f" next 1 to {self.traces} traces, not for {more}."
            )
        method = "prediction score"
        if not self.found:
            return Estimate(math.nan, 0.0, math.inf, self.traces, method, _ASSUMES)
        value, step = self._new(more), more / self.traces
        noise = sum(
            step ** (2 * k) * count for k, count in enumerate(self.seen[:4]) if k
        )
        low, high = new_bounds(value, noise, step)
        low, high = min(value, low), max(value, high)
        said = new_caution(high)
        return Estimate(value, low, high, self.traces, method, _ASSUMES, said)

    def traces_until(self, target: float = 0.05) -> int | None:
        """Say how many more traces it takes until little is expected to be unseen.

        Parameters
        ----------
        target : float, default 0.05
            Share of failures that may be of unseen modes.

        Returns
        -------
        int or None
            More traces; 0 where it is so already; None where nothing has failed, or it
            would take more than as many again and cannot be foreseen.

        Raises
        ------
        ValueError
            `target` is not between 0 and 1.

        Notes
        -----
        ``unseen(T + m) = q1 / U * A ** (m + 1)``; Chao et al. (2014), table 2.
        """
        if not 0 < target < 1:
            raise ValueError(f"target is {target}: give a share, as 0.05.")
        now, ratio = self.unseen.value, self._damping()
        if math.isnan(now):
            return None
        if now <= target:
            return 0
        if ratio >= 1:
            return None
        more = math.ceil(math.log(target / now) / math.log(ratio) - 1e-9)
        return more if more <= self.traces else None

    @property
    def sentence(self) -> str:
        """What a reader needs to know to stop or to go on, in words."""
        read = f"{many(self.traces, 'trace')} read, {many(self.modes, 'mode')} seen"
        if self.unplaced:
            lost = many(self.unplaced, "failing trace")
            read += f" ({lost} of no mode yet left out)"
        if not self.traces:
            return "No traces read yet."
        if not self.found:
            most = 100 * wilson(0, self.traces).high
            return f"{read}: no failure. At most {most:.0f} % of traces fail."
        unseen, more = self.unseen, min(20, self.traces)
        new, quiet = self.expected_new(more), self.traces - self.last_new
        since = f"Nothing new in the last {quiet}." if quiet else "The last was new."
        return (
            f"{read}, {self.once} of them once. About {100 * unseen.value:.0f} % of"
            f" failures are of kinds not yet seen, at most {100 * unseen.high:.0f} %."
            f" {more} more traces would bring about {new.value:.1f} new modes (at most"
            f" {math.floor(new.high):.0f}). {since}"
        )

    def curve(self) -> pl.DataFrame:
        """Return the discovery curve up to twice the traces read, for drawing.

        Returns
        -------
        polars.DataFrame
            ``traces``; ``found``, modes in reading order (null beyond what was read);
            ``expected``, modes in so many traces in any order (rarefaction), beyond
            what was read expected by `expected_new`; ``low`` and ``high``, what can be
            found there. At most 200 rows.
        """
        t = self.traces
        places = sorted({1 + (2 * t - 1) * i // 199 for i in range(200)} | {t})
        rows = []
        for place in places if t else []:
            if place <= t:
                here = {"found": self.discovered[place - 1], "low": None, "high": None}
                expected = rarefied(self.seen, t, place)
            else:
                new = self.expected_new(place - t) if self.found else None
                expected = self.modes + (new.value if new else math.nan)
                here = {
                    "found": None,
                    "low": self.modes + math.ceil(new.low - 1e-9) if new else None,
                    "high": self.modes + math.floor(new.high) if new else None,
                }
            rows.append({"traces": place, "expected": expected, **here})
        return frame_of(rows, ["traces", "expected", "found", "low", "high"])

    def frame(self) -> pl.DataFrame:
        """Return one row a quantity: unseen, coverage, total, new in the next."""
        rows = {"unseen": self.unseen, "coverage": self.coverage, "total": self.total}
        if self.traces:
            more = min(20, self.traces)
            rows[f"new in {more}"] = self.expected_new(more)
        listed = [{"quantity": name, **vars(item)} for name, item in rows.items()]
        return frame_of(listed, ["quantity"])

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"Saturation({self.sentence})"

    def trace_ids(self, mode: str) -> tuple[str, ...]:
        """Return the trace in which a mode was seen first."""
        return next((m.trace_ids for m in self.first_seen if m.mode == mode), ())

    def _repr_html_(self) -> str:
        shown = self.frame().select("quantity", "value", "low", "high").to_dicts()
        return f"<p>{html.escape(self.sentence)}</p>{table_of(shown)}"

    def _hidden(self) -> float:
        return hidden_modes(self.once, self.twice, self.traces)

    def _damping(self) -> float:
        """Return A of Chao and Jost; 1 where one mode was seen once and none twice."""
        hidden, once = self.traces * self._hidden(), self.once
        return hidden / (hidden + once) if hidden > 0 else 1.0

    def _new(self, more: int) -> float:
        hidden, once, t = self._hidden(), self.once, self.traces
        if hidden > 0:
            return hidden * -math.expm1(more * math.log1p(-once / (t * hidden + once)))
        return once * more / (t + more)


def saturation(
    modes: Sequence[Collection[Hashable]], *, trace_ids: Sequence[str] | None = None
) -> Saturation:
    """Say how much failure is unseen after the traces read so far.

    For the question when to stop reading. It counts traces, passes included, since
    traces are what is read; a trace may show several modes. Whether whole regions were
    left out is `reading_coverage`.

    Parameters
    ----------
    modes : sequence of collections
        For every trace read, in reading order, the failure modes found in it; empty
        for a pass. Only traces that were read in random order: with picked ones the
        numbers mean nothing.
    trace_ids : sequence of str, optional
        Ids, so that a mode can say in which trace it was seen first.

    Returns
    -------
    Saturation
        Unseen share, number of modes, new modes to expect, discovery curve, in words.

    Raises
    ------
    TypeError
        A trace has text instead of a set of modes.
    ValueError
        There is not one id a trace.

    Notes
    -----
    With T traces, U occurrences in all, q1 modes in one trace and q2 in two:
    unseen share ``q1 / U * A``, ``A = (T - 1) q1 / ((T - 1) q1 + 2 q2)``. Its upper
    bound is the largest x with ``(q1 - U x)^2 <= 1.645^2 (U x (1 - x) + 2 q2)``: the
    variance of Esty, with the unknown share in it, so that it does not vanish where
    nothing was seen once. Without q2 it is Wilson's bound. Modes that always come
    together count once for it.

    Modes unseen, at the least: ``(T - 1) / T q1^2 / (2 q2)``, the formula for data by
    traces (Chao2), not that for single occurrences (Chao1): in a trace a mode occurs
    or not. ICE needs ten or more modes seen often. The two-sided interval that goes
    with it covers the true number in 1 to 100 % of cases with Zipf's distribution, for
    what is estimated is a lower bound; only its lower side is given.

    References
    ----------
    Good (1953), Biometrika 40, 237-264; Esty (1983), Annals of Statistics 11, 905-912;
    Chao (1987), Biometrics 43, 783-791; Chao and Jost (2012), Ecology 93, 2533-2547;
    Chao et al. (2014), Ecological Monographs 84, 45-67; Mao and Lindsay (2007), Annals
    of Statistics 35, 917-930, on why there is no upper bound.

    Examples
    --------
    >>> read = [{"late"}, set(), {"late", "rude"}, set(), {"price"}, {"late"}] * 5
    >>> saturation([*read, {"refund"}])
    Saturation(31 traces read, 4 modes seen, 1 of them once. About 4 % of failures are
    of kinds not yet seen, at most 16 %. 20 more traces would bring about 0.4 new modes
    (at most 3). The last was new.)
    """
    if trace_ids is not None:
        same_length(modes, trace_ids, "The traces and the trace_ids")
    counts: Counter[Hashable] = Counter()
    where: dict[Hashable, list[int]] = {}
    discovered: list[int] = []
    failed = 0
    for place, shown in enumerate(modes):
        if isinstance(shown, str) or shown is None:
            raise TypeError(
                f"Trace {place} has {shown!r}: give a set of failure modes for each"
                ' trace, as {"late"}, and an empty set for a pass.'
            )
        distinct = set(shown)
        failed += bool(distinct)
        counts.update(distinct)
        for mode in distinct:
            where.setdefault(mode, []).append(place)
        discovered.append(len(counts))
    found = first_seen(where, trace_ids)
    times = Counter(counts.values())
    seen = tuple(times.get(k, 0) for k in range(max(times, default=0) + 1))
    return Saturation(
        traces=len(discovered),
        failed=failed,
        found=counts.total(),
        modes=len(counts),
        seen=seen,
        last_new=found[-1].place if found else 0,
        discovered=tuple(discovered),
        together=_together(where),
        first_seen=found,
    )


def _together(where: dict[Hashable, list[int]]) -> float:
    """Return the mean number of modes that come in exactly the same traces.

    The larger of that of modes seen once and that of modes seen again.
    """
    groups = Counter(tuple(places) for places in where.values())
    found = 1.0
    for again in (False, True):
        sizes = [n for places, n in groups.items() if (len(places) > 1) == again]
        if sizes:
            found = max(found, sum(n * n for n in sizes) / sum(sizes))
    return found
