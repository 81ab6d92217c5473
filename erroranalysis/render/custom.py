"""What a user's own function shows of a trace."""

from __future__ import annotations

import linecache
import traceback
from typing import TYPE_CHECKING

from erroranalysis.render.blocks import rendered
from erroranalysis.render.safe import escaped, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

    from erroranalysis.records import Trace


def shown_by(function: Callable[[Trace], object], trace: Trace) -> tuple[str, bool]:
    """Return what a function shows of a trace, and whether it could.

    Where it raises, or returns what cannot be shown, that is said in its place.

    Examples
    --------
    >>> from erroranalysis.records import Trace
    >>> shown_by(lambda trace: f"<h3>{trace.id}</h3>", Trace("t1", []))
    ('<section class="ea-custom"><h3>t1</h3></section>', True)
    >>> shown_by(lambda trace: 1 / 0, Trace("t1", []))[1]
    False
    """
    complete = True
    try:
        inner = rendered(function(trace))
    except Exception as error:  # noqa: BLE001 - whatever it is, the reader goes on
        inner, complete = _failed(function, error), False
    return f'<section class="ea-custom">{inner}</section>', complete


def _failed(function: Callable[[Trace], object], error: Exception) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    text = f"{type(error).__name__}: {shortened(str(error), 1_000)}"
    return (
        f'<p class="ea-error"><strong>{escaped(shortened(name, 60))}(trace) could not'
        f" show this trace.</strong> {escaped(text)}{_where(function, error)}</p>"
    )


def _where(function: Callable[[Trace], object], error: Exception) -> str:
    """Return the line of the user's function at which it failed."""
    code = getattr(function, "__code__", None)
    if code is None:
        code = getattr(type(function).__call__, "__code__", None)
    file = getattr(code, "co_filename", None)
    lines = [
        (frame, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == file
    ]
    if not lines:
        return ""
    frame, line = lines[-1]
    source = linecache.getline(str(file), line, frame.f_globals).strip()
    said = f": <code>{escaped(shortened(source, 200))}</code>" if source else ""
    return f" (line {line}{said})"
