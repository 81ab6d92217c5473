"""Read traces, say pass or fail and why, and learn how often and how a product fails.

The order of the work is the order of the calls::

    import erroranalysis as ea

    project = ea.Project("support.duckdb")
    project.ingest("exports/*.jsonl")
    batch = project.sample(100, seed=7)
    project.annotate(batch, annotator="mira")
    project.taxonomy.suggest()
    judge = project.judge("missed-constraint")
    judge.run("dev")
    judge.alignment("dev")
    project.failure_rates()
    project.export("labels.parquet")
"""

from __future__ import annotations

from erroranalysis._version import __version__
from erroranalysis.charts import chart
from erroranalysis.demo import demo_data
from erroranalysis.errors import (
    ErrorAnalysisError,
    ImportAnnotationsError,
    IngestError,
    LeakageError,
    ModelError,
    NoHonestEstimateError,
    NothingToDoError,
    StoreError,
    UnknownNameError,
)
from erroranalysis.export import read_labels
from erroranalysis.ingest.redaction import Redaction
from erroranalysis.measure import Estimate
from erroranalysis.project import Project

__all__ = [
    "ErrorAnalysisError",
    "Estimate",
    "ImportAnnotationsError",
    "IngestError",
    "LeakageError",
    "ModelError",
    "NoHonestEstimateError",
    "NothingToDoError",
    "Project",
    "Redaction",
    "StoreError",
    "UnknownNameError",
    "__version__",
    "chart",
    "demo_data",
    "read_labels",
]
