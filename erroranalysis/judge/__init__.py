"""Judges: one failure mode, one prompt, one model, and the person they shadow."""

from __future__ import annotations

from erroranalysis.judge.drafting import judge_for
from erroranalysis.judge.judge import Judge
from erroranalysis.judge.results import Disagreements, JudgeRun

__all__ = ["Disagreements", "Judge", "JudgeRun", "judge_for"]
