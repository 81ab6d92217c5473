"""What the labels of a project say: rates, slices, change, agreement, progress."""

from erroranalysis.findings.agreement import (
    agreement,
    rater_disagreements,
    raters,
    ratings,
)
from erroranalysis.findings.over_time import pass_rate_over_time
from erroranalysis.findings.rates import failure_rates
from erroranalysis.findings.reading import coverage, progress
from erroranalysis.findings.slices import compare, modes_by, slices
from erroranalysis.findings.steps import transitions

__all__ = [
    "agreement",
    "compare",
    "coverage",
    "failure_rates",
    "modes_by",
    "pass_rate_over_time",
    "progress",
    "rater_disagreements",
    "raters",
    "ratings",
    "slices",
    "transitions",
]
