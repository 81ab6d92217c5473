"""Quantities of a judge that are made of plain shares."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from erroranalysis.measure.difference import rate_difference
from erroranalysis.measure.estimate import SHORT

if TYPE_CHECKING:
    from erroranalysis.measure.estimate import Estimate

_FEW = 10


def f1_of(either: Estimate) -> Estimate:
    """Return F1 from the share that both fail among those that either fails.

    Examples
    --------
    >>> from erroranalysis.measure import wilson
    >>> f1_of(wilson(8, 16)).value
    0.6666666666666666
    """
    value, low, high = (
        2 * share / (1 + share) for share in (either.value, either.low, either.high)
    )
    return replace(either, value=value, low=low, high=high, method="Wilson, as F1")


def balanced_of(tpr: Estimate, tnr: Estimate) -> Estimate:
    """Return balanced accuracy from the rates of two separate groups of traces.

    Examples
    --------
    >>> from erroranalysis.measure import wilson
    >>> balanced_of(wilson(9, 10), wilson(6, 10))
    0.75 [0.54, 0.87], n=20, 95% Newcombe
    """
    missed = replace(tnr, value=1 - tnr.value, low=1 - tnr.high, high=1 - tnr.low)
    youden = rate_difference(tpr, missed).estimate
    value, low, high = ((1 + x) / 2 for x in (youden.value, youden.low, youden.high))
    few = min(tpr.n, tnr.n)
    said = f"{SHORT}one side rests on {few} traces" if few < _FEW else ""
    found = replace(youden, value=value, low=low, high=high, caution=said)
    return replace(found, method="Newcombe")


def weakness(balanced: Estimate) -> tuple[bool, float]:
    """Return a key that sorts the lowest balanced accuracy first, unknown ones last.

    Examples
    --------
    >>> from erroranalysis.measure import wilson
    >>> weakness(wilson(1, 2)), weakness(wilson(0, 0))
    ((False, 0.5), (True, 0.0))
    """
    unknown = math.isnan(balanced.value)
    return unknown, 0.0 if unknown else balanced.value
