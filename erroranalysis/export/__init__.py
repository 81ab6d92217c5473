"""What leaves the project: the labelled traces as a table, the findings as a page."""

from __future__ import annotations

from erroranalysis.export.report import Section, write_report
from erroranalysis.export.tables import ExportReport, export_labels, read_labels

__all__ = ["ExportReport", "Section", "export_labels", "read_labels", "write_report"]
