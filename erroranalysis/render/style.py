"""The CSS that a rendered trace needs."""

from __future__ import annotations

from importlib.resources import files

# A bar says where in the whole duration a step lies; a page has no style attributes,
# so its places have names.
BAR_STEPS = 50
_SIZE = 100 // BAR_STEPS

STYLE: str = files("erroranalysis.render").joinpath("trace.css").read_text("utf-8")
"""CSS for :func:`~erroranalysis.render.render_trace`, scoped under ``.ea-trace``.

It takes JupyterLab's colours where there are any, light and dark.
"""
STYLE += "".join(
    f".ea-trace .ea-l{i} {{ margin-left: {i * _SIZE}%; }}\n"
    f".ea-trace .ea-w{i} {{ width: {i * _SIZE}%; }}\n"
    for i in range(BAR_STEPS + 1)
)
