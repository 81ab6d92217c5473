"""Judges. The methods delegate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis._lazy import Later
from erroranalysis.errors import helpful_keywords
from erroranalysis.taxonomy import Taxonomy

if TYPE_CHECKING:
    import polars as pl

    from erroranalysis import judge as judging
    from erroranalysis import overview
    from erroranalysis.judge import Judge
    from erroranalysis.measure import Alignment
    from erroranalysis.store import Store
else:
    judging = Later("erroranalysis.judge")
    overview = Later("erroranalysis.overview")


class Judging:
    """Judges, and what they said."""

    _store: Store

    @helpful_keywords
    def judge(
        self,
        mode: str,
        model: str | None = None,
        *,
        base_url: str | None = None,
        annotator: str | None = None,
        seed: int = 0,
    ) -> Judge:
        """Return the judge of a failure mode, drafted from the expert's critiques.

        Parameters
        ----------
        mode : str
            Name of the failure mode.
        model : str, optional
            Name of a model; without it the bundled baseline, which needs no key.
        base_url : str, optional
            A server that speaks the OpenAI API; the key is read from
            ``OPENAI_API_KEY``.
        annotator : str, optional
            The person to shadow; the busiest annotator by default.
        seed : int, default 0
            Seed of the splits.

        Returns
        -------
        Judge
            ``judge.prompt``, ``judge.run("dev")``, ``judge.alignment("dev")``.

        Raises
        ------
        UnknownNameError
            There is no such failure mode.
        NothingToDoError
            There are too few labels.
        """
        return judging.judge_for(
            self._store,
            Taxonomy(self._store).find(mode),
            model=model,
            base_url=base_url,
            annotator=self._store.annotations.reference(annotator),
            seed=seed,
        )

    def judges(self) -> list[Judge]:
        """Return the newest judge of every failure mode."""
        return overview.judges(self._store)

    def alignments(self, split: str = "test") -> list[Alignment]:
        """Return how well every judge shadows the expert, on one split."""
        return overview.alignments(self._store, split)

    def judgements(self) -> pl.DataFrame:
        """Return every finished call of every judge."""
        return self._store.judging.frame()
