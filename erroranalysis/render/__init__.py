"""A trace as HTML that is safe to show, and as plain text.

Trace text comes from strangers and models, and script in a notebook owns the kernel.
So markdown is rendered here, in Python, everything else goes in escaped, and the page
as a whole is sanitised against one list of tags and attributes.
"""

from __future__ import annotations

from erroranalysis.render.page import render_part, render_trace
from erroranalysis.render.safe import ATTRIBUTES, TAGS, sanitised
from erroranalysis.render.style import STYLE
from erroranalysis.render.text import trace_as_text

__all__ = [
    "ATTRIBUTES",
    "STYLE",
    "TAGS",
    "render_part",
    "render_trace",
    "sanitised",
    "trace_as_text",
]
