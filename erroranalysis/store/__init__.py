"""The project file. The only package that imports duckdb or holds SQL."""

from __future__ import annotations

from erroranalysis.store.store import Store

__all__ = ["Store"]
