"""The whole loop on the bundled data: what ``erroranalysis demo`` runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from erroranalysis.errors import ErrorAnalysisError, NothingToDoError
from erroranalysis.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

    from erroranalysis.measure import Alignment, FailureRates, Pareto

SEED = 7


@dataclass(frozen=True)
class DemoResult:
    """What the demo found, and where it put it.

    Attributes
    ----------
    folder : pathlib.Path
        Everything that was written.
    pareto : Pareto
        Failure modes by frequency.
    alignments : tuple of Alignment
        The judges on held-out traces.
    rates : FailureRates
        How often each failure mode happens.
    files : tuple of pathlib.Path
        Project, report and exported labels.
    """

    folder: Path
    pareto: Pareto
    alignments: tuple[Alignment, ...]
    rates: FailureRates
    files: tuple[Path, ...]


def demo_data() -> Path:
    """Return the folder of the bundled demo data.

    Returns
    -------
    pathlib.Path
        Holds ``traces.jsonl``, ``annotations.csv``, ``assignments.csv`` and
        ``taxonomy.json``.

    Examples
    --------
    >>> (demo_data() / "traces.jsonl").exists()
    True
    """
    here = Path(__file__).parent
    for folder in (here / "data", here.parent / "data"):
        if (folder / "traces.jsonl").exists():
            return folder
    raise ErrorAnalysisError(
        "The demo data is not beside the package. Install it again:"
        " pip install --force-reinstall erroranalysis."
    )


def run(out: Path, say: Callable[[str], None] = print) -> DemoResult:
    """Run the loop and write project, report and labels into a folder.

    Parameters
    ----------
    out : pathlib.Path
        The folder; made if missing. A project of an earlier demo is replaced.
    say : callable, optional
        Gets a line for every step.

    Returns
    -------
    DemoResult
        What was found and where it is.
    """
    data = demo_data()
    out.mkdir(parents=True, exist_ok=True)
    path = out / "demo.duckdb"
    for old in (path, Path(f"{path}.wal")):
        old.unlink(missing_ok=True)
    project = Project(path)
    say(f"1. traces      {project.ingest(data / 'traces.jsonl', progress=False)!r}")
    batch = project.sample(100, by="random", seed=SEED)
    say(f"2. sample      {batch!r}")
    found = project.import_annotations(data / "annotations.csv", batch=batch)
    say(f"3. annotations {found!r}")
    say(f"   agreement   {project.agreement('mira', 'jonas')!r}")
    build_taxonomy(project, data)
    pareto = project.taxonomy.pareto()
    say(f"4. taxonomy    {pareto!r}")
    say(f"   unseen      {project.taxonomy.saturation()!r}")
    run_judges(project, say)
    rates = project.failure_rates()
    say(f"6. rates       {rates!r}")
    labels = [out / f"labels.{ending}" for ending in ("jsonl", "csv", "parquet")]
    for target in labels:
        project.export(target)
    report = project.report(out / "report.html")
    say(f"7. report      {report}")
    project.close()
    alignments = tuple(project.alignments("test"))
    return DemoResult(out, pareto, alignments, rates, (path, report, *labels))


def build_taxonomy(project: Project, data: Path) -> None:
    """Take over the expert's final taxonomy and assignments."""
    import polars as pl

    modes = json.loads((data / "taxonomy.json").read_text("utf-8"))["modes"]
    for mode in modes:
        project.taxonomy.add(mode["name"], mode["definition"])
    assignments = pl.read_csv(data / "assignments.csv")
    for (mode, who), rows in assignments.group_by(
        "mode", "annotator", maintain_order=True
    ):
        ids = rows["trace_id"].to_list()
        project.taxonomy.assign(ids, str(mode), annotator=str(who))


def run_judges(project: Project, say: Callable[[str], None]) -> None:
    """Draft a baseline judge for every mode that has enough labels, and run it."""
    for name in project.taxonomy.modes()["mode"]:
        try:
            judge = project.judge(name)
        except NothingToDoError as reason:
            say(f"5. judge       {name}: none. {reason}")
            continue
        judge.run("all", progress=False)
        aligned = judge.alignment("test")
        say(f"5. judge       {judge.name}: TPR {aligned.tpr}; TNR {aligned.tnr}")
