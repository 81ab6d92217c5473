"""The CSS that a rendered trace needs."""

from __future__ import annotations

from importlib.resources import files

STYLE: str = files("erroranalysis.render").joinpath("trace.css").read_text("utf-8")
"""CSS for :func:`~erroranalysis.render.render_trace`, scoped under ``.ea-trace``.

It takes JupyterLab's colours where there are any, light and dark.
"""
