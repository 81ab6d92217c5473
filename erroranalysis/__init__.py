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

from typing import TYPE_CHECKING

from erroranalysis._lazy import on_first_use
from erroranalysis._version import __version__

if TYPE_CHECKING:
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

__getattr__ = on_first_use(
    __name__,
    {
        "charts": ["chart"],
        "demo": ["demo_data"],
        "errors": [name for name in __all__ if name.endswith("Error")],
        "export": ["read_labels"],
        "ingest.redaction": ["Redaction"],
        "measure": ["Estimate"],
        "project": ["Project"],
    },
)


def __dir__() -> list[str]:
    """Return the names that a user types, for completion in a notebook."""
    return __all__
