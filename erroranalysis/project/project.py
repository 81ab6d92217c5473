"""The project: the object that a notebook holds. Its methods delegate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis._lazy import Later
from erroranalysis.errors import helpful_keywords
from erroranalysis.project.judging import Judging
from erroranalysis.project.measuring import Measuring
from erroranalysis.project.reading import Reading
from erroranalysis.records import utc_now
from erroranalysis.store import Store
from erroranalysis.taxonomy import Taxonomy

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from erroranalysis import export, overview
    from erroranalysis.export import ExportReport
else:
    export = Later("erroranalysis.export")
    overview = Later("erroranalysis.overview")


class Project(Reading, Judging, Measuring):
    """One project file: traces, what people said of them, and what follows from it.

    Parameters
    ----------
    path : str or os.PathLike
        The file; made if missing.

    Raises
    ------
    StoreError
        The file cannot be opened, is no project, or is newer than this package.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> project = Project(folder.name + "/support.duckdb")
    >>> project.ingest([{"question": "Open on Sunday?", "answer": "Yes, 9 to 5."}])
    IngestReport(new=1, duplicate=0, rejected=0, format='flat', columns=...)
    >>> project.close()
    >>> folder.cleanup()
    """

    @helpful_keywords
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._store = Store(path)

    @property
    def path(self) -> str:
        """The project file."""
        return self._store.path

    @property
    def taxonomy(self) -> Taxonomy:
        """The failure taxonomy."""
        return Taxonomy(self._store)

    def close(self) -> None:
        """Let the file go at once. The project opens it again when it needs to."""
        self._store.close()

    def status(self) -> dict[str, int]:
        """Return how much there is of everything."""
        return self._store.counts()

    def __repr__(self) -> str:
        """Show the counts of every stage and the next step."""
        return overview.as_text(self.path, self._store.counts())

    def _repr_html_(self) -> str:
        return overview.as_html(self.path, self._store.counts())

    @helpful_keywords
    def export(
        self,
        path: str | os.PathLike[str],
        *,
        format: str | None = None,  # noqa: A002 - the word that users know
        annotator: str | None = None,
    ) -> ExportReport:
        """Write the labelled traces to a file: .jsonl, .csv or .parquet.

        Parameters
        ----------
        path : str or os.PathLike
            The file; replaced as a whole if it exists.
        format : {"jsonl", "csv", "parquet"}, optional
            By the ending of the path where it is not given.
        annotator : str, optional
            Whose labels; everybody's by default.

        Returns
        -------
        ExportReport
            Path and number of rows.
        """
        return export.export_labels(
            self._store, path, format=format, annotator=annotator
        )

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write one HTML file with the findings; it needs no network to be read.

        Parameters
        ----------
        path : str or os.PathLike
            The file.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        NothingToDoError
            There are no annotations yet.
        """
        counts = self._store.counts()
        facts = dict(overview.stages(counts))
        facts["written"] = f"{utc_now():%Y-%m-%d %H:%M} UTC"
        sections = list(overview.report_sections(self._store))
        return export.write_report(
            path, title="Error analysis", facts=facts, sections=sections
        )
