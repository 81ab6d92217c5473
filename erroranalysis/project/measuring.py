"""What the labels say: rates, slices, change, agreement, progress. It delegates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis._lazy import Later
from erroranalysis.errors import helpful_keywords

if TYPE_CHECKING:
    from erroranalysis import findings
    from erroranalysis.charts import RatingStrip
    from erroranalysis.measure import (
        Agreement,
        Comparison,
        Drift,
        FailureRates,
        RaterAgreement,
        RaterDisagreements,
        ReadingCoverage,
        ReadingProgress,
        SliceGrid,
        SliceRates,
        Transitions,
    )
    from erroranalysis.store import Store
else:
    findings = Later("erroranalysis.findings")


class Measuring:
    """What the labels say; ``ea.chart(…)`` draws each of the results."""

    _store: Store

    @helpful_keywords
    def failure_rates(self, *, annotator: str | None = None) -> FailureRates:
        """Estimate how often the product fails, overall and by failure mode.

        Parameters
        ----------
        annotator : str, optional
            Whose verdicts; the busiest annotator's by default.

        Returns
        -------
        FailureRates
            The method follows from how the labelled traces were chosen.

        Raises
        ------
        NoHonestEstimateError
            All labelled traces were picked because they looked bad.
        """
        return findings.failure_rates(self._store, annotator=annotator)

    @helpful_keywords
    def slices(
        self, by: str, *, mode: str | None = None, annotator: str | None = None
    ) -> SliceRates:
        """Estimate how often the product fails in each slice of the traces.

        Parameters
        ----------
        by : str
            A metadata key, ``model``, ``source``, ``day``, ``week`` or ``month``.
        mode : str, optional
            Count only this failure mode.
        annotator : str, optional
            Whose verdicts; the busiest annotator's by default.

        Returns
        -------
        SliceRates
            Rates, raw and drawn towards the others, and which slices stand out beyond
            what chance does among so many.

        Raises
        ------
        NoHonestEstimateError
            No labelled trace was drawn at random, or those of one slice had unequal
            chances.
        UnknownNameError
            There is no such fact, failure mode or annotator.
        """
        return findings.slices(self._store, by, mode=mode, annotator=annotator)

    @helpful_keywords
    def modes_by(self, by: str, *, annotator: str | None = None) -> SliceGrid:
        """Count every failure mode in every slice: which failure happens where.

        Parameters
        ----------
        by : str
            A metadata key, ``model``, ``source``, ``day``, ``week`` or ``month``.
        annotator : str, optional
            Whose verdicts; the busiest annotator's by default.

        Returns
        -------
        SliceGrid
            Counts, shares and the traces behind each.

        Raises
        ------
        NoHonestEstimateError
            No labelled trace was drawn at random, or those of one slice had unequal
            chances.
        UnknownNameError
            There is no such fact or annotator.
        """
        return findings.modes_by(self._store, by, annotator=annotator)

    @helpful_keywords
    def compare(
        self,
        by: str,
        first: str,
        second: str,
        *,
        mode: str | None = None,
        annotator: str | None = None,
    ) -> Comparison:
        """Compare how often traces pass in two slices, such as two releases.

        For two that were named before looking; among many use :meth:`slices`.

        Parameters
        ----------
        by : str
            A metadata key, ``model``, ``source``, ``day``, ``week`` or ``month``.
        first, second : str
            The two values: ``project.compare("release", "2.1", "2.2")``.
        mode : str, optional
            Count only this failure mode.
        annotator : str, optional
            Whose verdicts; the busiest annotator's by default.

        Returns
        -------
        Comparison
            The difference with its interval, in words, and what could have been shown.

        Raises
        ------
        NoHonestEstimateError
            No labelled trace was drawn at random, or those of one slice had unequal
            chances.
        UnknownNameError
            There is no such fact, value, failure mode or annotator.
        """
        return findings.compare(
            self._store, by, first, second, mode=mode, annotator=annotator
        )

    @helpful_keywords
    def pass_rate_over_time(
        self,
        *,
        by: str = "week",
        baseline: float | str = 1,
        mode: str | None = None,
        annotator: str | None = None,
    ) -> Drift:
        """Watch the pass rate for a change; look as often as you like.

        Parameters
        ----------
        by : {"day", "week", "month"}, default "week"
            Length of a period, UTC; weeks are those of ISO 8601.
        baseline : int, float or str, default 1
            How many of the first periods are the baseline; or a pass rate below 1 that
            is known; or the first period to be watched, such as ``"2026-W10"``.
        mode : str, optional
            Count only this failure mode.
        annotator : str, optional
            Whose verdicts; the busiest annotator's by default.

        Returns
        -------
        Drift
            Rates, whether a change was noticed, and since when.

        Raises
        ------
        NothingToDoError
            There are no annotations, no times, or no period beside the baseline.
        NoHonestEstimateError
            No labelled trace was drawn at random.
        UnknownNameError
            There is no such length, period, failure mode or annotator.
        """
        return findings.pass_rate_over_time(
            self._store, by=by, baseline=baseline, mode=mode, annotator=annotator
        )

    @helpful_keywords
    def transitions(self, *, annotator: str | None = None) -> Transitions:
        """Count where traces first went wrong: the last good step and the failing one.

        Parameters
        ----------
        annotator : str, optional
            Whose verdicts; the busiest annotator's by default.

        Returns
        -------
        Transitions
            By steps of the conversation: the user, calls of tools, results, answers.

        Raises
        ------
        NothingToDoError
            Nobody has annotated yet.
        """
        return findings.transitions(self._store, annotator=annotator)

    def agreement(
        self, first: str | None = None, second: str | None = None
    ) -> Agreement:
        """Measure how far two annotators agree: Cohen's kappa and plain percent.

        The same name twice measures one person against themselves, on the traces that
        they read again blind.
        """
        return findings.agreement(self._store, first, second)

    def raters(self) -> RaterAgreement:
        """Measure how far all annotators agree, by every coefficient that fits.

        Raises
        ------
        NothingToDoError
            Only one person has annotated, or no trace has two verdicts.
        """
        return findings.raters(self._store)

    def rater_disagreements(self) -> RaterDisagreements:
        """Find the traces and the failure modes on which annotators differ.

        Raises
        ------
        NothingToDoError
            Only one person has annotated, or no trace has two verdicts.
        """
        return findings.rater_disagreements(self._store)

    def ratings(self) -> RatingStrip:
        """Return who said what of the traces that several judged, for a chart.

        Raises
        ------
        NothingToDoError
            Only one person has annotated, or no trace has two verdicts.
        """
        return findings.ratings(self._store)

    def progress(self) -> ReadingProgress:
        """Count what was read, by day and person, and how long it took.

        Raises
        ------
        NothingToDoError
            Nobody has annotated yet.
        """
        return findings.progress(self._store)

    @helpful_keywords
    def coverage(
        self, by: str = "cluster", *, annotator: str | None = None, seed: int = 0
    ) -> ReadingCoverage:
        """Count what was read of every region of the traces: what nobody looked at.

        Parameters
        ----------
        by : str, default "cluster"
            What makes a region: ``cluster`` groups traces by what users said (of more
            than 5,000, a random part and all that were read); or a metadata key,
            ``model``, ``source``, ``day``, ``week``, ``month``.
        annotator : str, optional
            What one person read; what anybody read by default.
        seed : int, default 0
            Seed of the clusters.

        Returns
        -------
        ReadingCoverage
            Traces, and those read, by region.

        Raises
        ------
        NothingToDoError
            There are no traces.
        UnknownNameError
            There is no such fact, or nobody of that name has annotated.
        """
        return findings.coverage(self._store, by, annotator=annotator, seed=seed)
