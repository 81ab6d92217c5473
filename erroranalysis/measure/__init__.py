"""Estimates from counts and arrays; nothing here knows of a project."""

from __future__ import annotations

from erroranalysis.measure.agreement import Agreement, cohen_kappa, reread_agreement
from erroranalysis.measure.alignment import (
    Alignment,
    SlicedAlignment,
    align,
    align_slices,
)
from erroranalysis.measure.alpha import krippendorff_alpha
from erroranalysis.measure.comparison import (
    Comparison,
    paired_comparison,
    unpaired_comparison,
)
from erroranalysis.measure.correction import (
    CorrectedRate,
    corrected_rate,
)
from erroranalysis.measure.delay import DriftDelay, periods_until_noticed
from erroranalysis.measure.difference import Difference, rate_difference
from erroranalysis.measure.disagreements import (
    Dispute,
    ModeDisagreement,
    RaterDisagreements,
    disagreements,
)
from erroranalysis.measure.drift import Drift, drift
from erroranalysis.measure.estimate import Estimate, wilson
from erroranalysis.measure.grids import SliceCell, SliceGrid, slice_grid
from erroranalysis.measure.judge_comparison import JudgeComparison, compare_judges
from erroranalysis.measure.labels import (
    LabelsNeeded,
    SideNeeded,
    chance_to_show,
    labels_needed,
)
from erroranalysis.measure.mcnemar import McNemar, holm, mcnemar
from erroranalysis.measure.paired_planning import (
    detectable_paired_difference,
    traces_for_paired_difference,
)
from erroranalysis.measure.planning import (
    SampleSize,
    detectable_difference,
    traces_for_difference,
    traces_needed,
)
from erroranalysis.measure.progress import (
    ReadingCoverage,
    ReadingDay,
    ReadingProgress,
    RegionRead,
    reading_coverage,
    reading_progress,
)
from erroranalysis.measure.proportions import (
    clopper_pearson,
    clustered_rate,
    jeffreys,
    weighted_rate,
)
from erroranalysis.measure.raters import (
    RaterAgreement,
    fleiss_kappa,
    gwet_ac1,
    rater_agreement,
)
from erroranalysis.measure.reading_plans import (
    labels_for_corrected_rate,
    traces_for_agreement,
    traces_to_see,
)
from erroranalysis.measure.results import (
    FailureRate,
    FailureRates,
    ModeCount,
    Pareto,
)
from erroranalysis.measure.saturation import Saturation, saturation
from erroranalysis.measure.slices import SliceRate, SliceRates, slice_rates
from erroranalysis.measure.stability import Stability, TraceRuns, stability
from erroranalysis.measure.transitions import (
    Transition,
    Transitions,
    failing_transitions,
)
from erroranalysis.measure.trials import (
    RepeatedTrials,
    pass_at_k,
    pass_hat_k,
    repeated_trials,
)
from erroranalysis.measure.trials_comparison import (
    TrialsComparison,
    compare_trials,
    tasks_for_comparison,
)

__all__ = [
    "Agreement",
    "Alignment",
    "Comparison",
    "CorrectedRate",
    "Difference",
    "Dispute",
    "Drift",
    "DriftDelay",
    "Estimate",
    "FailureRate",
    "FailureRates",
    "JudgeComparison",
    "LabelsNeeded",
    "McNemar",
    "ModeCount",
    "ModeDisagreement",
    "Pareto",
    "RaterAgreement",
    "RaterDisagreements",
    "ReadingCoverage",
    "ReadingDay",
    "ReadingProgress",
    "RegionRead",
    "RepeatedTrials",
    "SampleSize",
    "Saturation",
    "SideNeeded",
    "SliceCell",
    "SliceGrid",
    "SliceRate",
    "SliceRates",
    "SlicedAlignment",
    "Stability",
    "TraceRuns",
    "Transition",
    "Transitions",
    "TrialsComparison",
    "align",
    "align_slices",
    "chance_to_show",
    "clopper_pearson",
    "clustered_rate",
    "cohen_kappa",
    "compare_judges",
    "compare_trials",
    "corrected_rate",
    "detectable_difference",
    "detectable_paired_difference",
    "disagreements",
    "drift",
    "failing_transitions",
    "fleiss_kappa",
    "gwet_ac1",
    "holm",
    "jeffreys",
    "krippendorff_alpha",
    "labels_for_corrected_rate",
    "labels_needed",
    "mcnemar",
    "paired_comparison",
    "pass_at_k",
    "pass_hat_k",
    "periods_until_noticed",
    "rate_difference",
    "rater_agreement",
    "reading_coverage",
    "reading_progress",
    "repeated_trials",
    "reread_agreement",
    "saturation",
    "slice_grid",
    "slice_rates",
    "stability",
    "tasks_for_comparison",
    "traces_for_agreement",
    "traces_for_difference",
    "traces_for_paired_difference",
    "traces_needed",
    "traces_to_see",
    "unpaired_comparison",
    "weighted_rate",
    "wilson",
]
