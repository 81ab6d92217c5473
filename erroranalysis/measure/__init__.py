"""Estimates from counts and arrays; nothing here knows of a project."""

from __future__ import annotations

from erroranalysis.measure.agreement import Agreement, cohen_kappa
from erroranalysis.measure.alignment import Alignment, align
from erroranalysis.measure.correction import corrected_pass_rate
from erroranalysis.measure.estimate import (
    Estimate,
    clustered_rate,
    weighted_rate,
    wilson,
)
from erroranalysis.measure.results import (
    FailureRate,
    FailureRates,
    ModeCount,
    Pareto,
)

__all__ = [
    "Agreement",
    "Alignment",
    "Estimate",
    "FailureRate",
    "FailureRates",
    "ModeCount",
    "Pareto",
    "align",
    "clustered_rate",
    "cohen_kappa",
    "corrected_pass_rate",
    "weighted_rate",
    "wilson",
]
