"""Rates of many slices at once: raw, drawn together, and with honest intervals."""

from __future__ import annotations

import functools
import html
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.measure.coefficients import same_length
from erroranalysis.measure.estimate import CONSERVATIVE, Estimate, wilson
from erroranalysis.measure.proportions import counted, jeffreys

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np
    import polars as pl

_STRENGTHS = 40
_MEANS = 25
_NAMED = 5
_ALIKE = f"{CONSERVATIVE}no slice stands out; if all are alike, it holds in up to 99 %"
_COLUMNS = ["slice", "count", "n", "rate", "low", "high"]
_COLUMNS += ["shrunk", "shrunk_low", "shrunk_high", "stands_out"]


@dataclass(frozen=True)
class SliceRate:
    """The rate of one slice.

    Attributes
    ----------
    name : str
        The slice.
    count : int
        Traces in it that were found to have what is counted.
    raw : Estimate
        Its own share; the interval is widened so that those of all slices hold together
        in 95 of 100 cases.
    shrunk : Estimate
        The share drawn towards the other slices', the more so the fewer traces it has:
        the better guess of the true rate. Its interval holds for 95 % of the slices.
    stands_out : bool
        Whether the raw interval leaves out the overall rate.
    trace_ids : tuple of str
        The traces that were counted, where ids were given.
    """

    name: str
    count: int
    raw: Estimate
    shrunk: Estimate
    stands_out: bool
    trace_ids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"SliceRate({self.name}: {self.raw}; shrunk {self.shrunk.value:.2f})"


@dataclass(frozen=True)
class SliceRates:
    """Rates of slices, the highest shrunken rate first.

    Attributes
    ----------
    overall : Estimate
        Over all slices.
    slices : tuple of SliceRate
        By slice.
    """

    overall: Estimate
    slices: tuple[SliceRate, ...]

    @property
    def says(self) -> str:
        """Which slices stand out, in words."""
        names = [item.name for item in self.slices if item.stands_out]
        if not names:
            rate = self.overall.value
            what = "" if math.isnan(rate) else f" from the overall rate {rate:.2f}"
            return f"none of {len(self.slices)} slices stands out{what}"
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        stand = "stands" if len(names) == 1 else "stand"
        return (
            f"{len(names)} of {len(self.slices)} slices {stand} out from the overall"
            f" rate {self.overall.value:.2f}: {', '.join(names[:_NAMED])}{more}"
        )

    def __repr__(self) -> str:
        """Say it in one line."""
        return f"SliceRates({self.says})"

    def trace_ids(self, name: str) -> tuple[str, ...]:
        """Return the traces of a slice that were counted."""
        return next((s.trace_ids for s in self.slices if s.name == name), ())

    def frame(self) -> pl.DataFrame:
        """Return one row a slice."""
        import polars as pl

        rows = [
            {
                "slice": item.name,
                "count": item.count,
                "n": item.raw.n,
                "rate": item.raw.value,
                "low": item.raw.low,
                "high": item.raw.high,
                "shrunk": item.shrunk.value,
                "shrunk_low": item.shrunk.low,
                "shrunk_high": item.shrunk.high,
                "stands_out": item.stands_out,
            }
            for item in self.slices
        ]
        types = [pl.String, pl.Int64, pl.Int64, *[pl.Float64] * 6, pl.Boolean]
        return pl.DataFrame(rows, schema=dict(zip(_COLUMNS, types, strict=True)))

    def _repr_html_(self) -> str:
        body = "".join(
            f"<tr><td>{html.escape(item.name)}</td><td>{item.raw.n}</td>"
            f"<td><code>{_short(item.raw)}</code></td>"
            f"<td><code>{_short(item.shrunk)}</code></td>"
            f"<td>{'stands out' if item.stands_out else ''}</td></tr>"
            for item in self.slices
        )
        head = "<tr><th>slice</th><th>n</th><th>raw</th><th>shrunk</th><th></th></tr>"
        return (
            f"<p>{html.escape(self.says)}</p><table>{head}{body}</table><p><small>Raw"
            " intervals hold together in 95 of 100 cases; shrunk ones hold for 95 % of"
            " the slices.</small></p>"
        )


def slice_rates(
    values: Sequence[bool] | Sequence[str] | np.ndarray,
    slices: Sequence[Hashable] | np.ndarray,
    *,
    trace_ids: Sequence[str] | None = None,
) -> SliceRates:
    """Estimate a rate in each of many slices, such as channels, topics or versions.

    Among many small slices the most extreme raw rate is mostly chance. The intervals
    say which slices stand out all the same; the shrunken rates say by how much. For two
    slices named before looking use `rate_difference`.

    Parameters
    ----------
    values : sequence of bool or of verdicts
        What was found, one a trace: True counts, and of verdicts ``"fail"`` counts. The
        traces were drawn alone, with equal chances within a slice.
    slices : sequence of hashable
        The slice of each trace. None is a slice of its own, called "none".
    trace_ids : sequence of str, optional
        Ids, so that a slice can say which traces were counted.

    Returns
    -------
    SliceRates
        Raw and shrunken rates, and which slices stand out.

    Raises
    ------
    ValueError
        Lengths differ, or a value cannot be used.
    UnknownNameError
        A verdict is neither ``"pass"`` nor ``"fail"``.

    Notes
    -----
    Raw: `jeffreys` at the Šidák level for the number of slices. Shrunk: the true rates
    are taken as draws from one Beta(m s, (1 - m) s); the posterior is averaged over m
    (flat in arcsin sqrt m) and s (the shrinkage b = ``s / (s + n0)`` of a slice of
    median size n0 has the density 2 (1 - b)), so that a few slices are not taken for
    more than they show. The interval is that of the Beta with the same mean and
    variance, from 0 where nothing was counted and up to 1 where all was. It needs no
    adjustment for the number of slices: it holds for 95 % of them, and for more where
    the slices do not differ at all.

    References
    ----------
    Šidák (1967), Journal of the American Statistical Association 62, 626-633. Efron and
    Morris (1975), the same 70, 311-319. Christiansen and Morris (1997), the same 92,
    618-632, for priors on the shrinkage.

    Examples
    --------
    >>> found = slice_rates(
    ...     [True] * 9 + [False] * 1 + [True] * 20 + [False] * 70,
    ...     ["app"] * 10 + ["web"] * 90,
    ... )
    >>> found
    SliceRates(1 of 2 slices stands out from the overall rate 0.29: app)
    >>> found.slices[0].raw
    0.90 [0.57, 0.99], n=10, 95% Jeffreys, 2 at once
    """
    import numpy as np

    found = counted(values)
    names = slices.tolist() if isinstance(slices, np.ndarray) else list(slices)
    if len(names) != len(found):
        raise ValueError(f"there are {len(found)} values and {len(names)} slices")
    if trace_ids is not None:
        same_length(found, trace_ids, "The values and the trace_ids")
    overall = wilson(int(found.sum()), len(found))
    if not names:
        return SliceRates(overall, ())
    places: dict[Hashable, int] = {}
    codes = np.array([places.setdefault(name, len(places)) for name in names])
    sizes = np.bincount(codes)
    counts = np.bincount(codes, found).astype(int)
    members: list[list[str]] = [[] for _ in sizes]
    if trace_ids is not None:
        for row in np.flatnonzero(found).tolist():
            members[codes[row]].append(trace_ids[row])
    raw_rate = functools.cache(functools.partial(jeffreys, at_once=len(sizes)))
    raws = [
        raw_rate(int(count), int(n)) for count, n in zip(counts, sizes, strict=True)
    ]
    outs = [not raw.low <= overall.value <= raw.high for raw in raws]
    drawn = _shrunk(counts, sizes, "" if any(outs) else _ALIKE)
    made = []
    for name, count, raw, shrunk, out, ids in zip(
        places, counts, raws, drawn, outs, members, strict=True
    ):
        called = "none" if name is None else str(name)
        made.append(SliceRate(called, int(count), raw, shrunk, out, tuple(ids)))
    made.sort(key=lambda item: (-item.shrunk.value, item.name))
    return SliceRates(overall, tuple(made))


def _shrunk(counts: np.ndarray, sizes: np.ndarray, said: str) -> list[Estimate]:
    """Return the posterior of each slice's rate as an estimate."""
    import numpy as np
    from scipy.special import betaincinv

    assumes = "the slices' true rates are like draws from one population"
    method = "shrunk, beta-binomial"
    if len(sizes) == 1:
        return [wilson(int(counts[0]), int(sizes[0]), assumes="one slice: not shrunk")]
    pairs, back = np.unique(np.stack([counts, sizes]), axis=1, return_inverse=True)
    x, n = pairs[0].astype(float), pairs[1].astype(float)
    times = np.bincount(back.ravel(), minlength=len(x)).astype(float)
    first, second, chance = _population(x, n, times, float(np.median(sizes)))
    total = first + second + n[:, None]
    means = (first + x[:, None]) / total
    mean = means @ chance
    second_moment = (means * (first + x[:, None] + 1) / (total + 1)) @ chance
    spread = np.maximum(second_moment - mean**2, 1e-12)
    size = mean * (1 - mean) / spread - 1
    low, high = (
        betaincinv(mean * size, (1 - mean) * size, level) for level in (0.025, 0.975)
    )
    low, high = np.where(x == 0, 0.0, low), np.where(x == n, 1.0, high)
    made = [
        Estimate(float(m), float(a), float(b), int(k), method, assumes, said)
        for m, a, b, k in zip(mean, low, high, n, strict=True)
    ]
    return [made[place] for place in back.ravel()]


def _population(
    x: np.ndarray, n: np.ndarray, times: np.ndarray, typical: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a grid of Beta(a, b) that the rates may be drawn from, with its chances.

    For each strength of the population its mean is laid out around the best guess.
    """
    import numpy as np
    from scipy.special import betaln

    pull = (np.arange(_STRENGTHS) + 0.5) / _STRENGTHS
    strength = typical * pull / (1 - pull)
    weight = times[:, None] * n[:, None] * (strength + 1) / (n[:, None] + strength)
    mass = weight.sum(0)
    guess = ((x / n)[:, None] * weight).sum(0) / mass
    guess = (guess * mass + 0.5) / (mass + 1)
    steps = np.linspace(-4.5, 4.5, _MEANS)
    arc = np.arcsin(np.sqrt(guess))[:, None] + steps / (2 * np.sqrt(mass))[:, None]
    inside = (arc > 0) & (arc < np.pi / 2)
    mean = np.sin(np.clip(arc, 1e-4, np.pi / 2 - 1e-4)) ** 2
    first = (mean * strength[:, None]).ravel()
    second = ((1 - mean) * strength[:, None]).ravel()
    fits = np.zeros(first.size)
    for count, size, often in zip(x, n, times, strict=True):
        fits += often * betaln(first + count, second + size - count)
    fits -= times.sum() * betaln(first, second)
    prior = np.log1p(-pull) - 0.5 * np.log(mass)  # with the width of a step
    fits += np.repeat(prior, _MEANS)
    fits[~inside.ravel()] = -np.inf
    chance = np.exp(fits - fits.max())
    return first, second, chance / chance.sum()


def _short(estimate: Estimate) -> str:
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
