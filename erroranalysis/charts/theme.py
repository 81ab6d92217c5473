"""One look for all charts, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erroranalysis.errors import UnknownNameError

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'


@dataclass(frozen=True)
class Palette:
    """The inks of a theme. A result has one hue; shapes and lengths tell it apart.

    Attributes
    ----------
    text : str
        Names and values.
    muted : str
        What explains.
    faint : str
        Lines that guide the eye.
    mark : str
        What was measured.
    weak : str
        What stands beside it: other methods, and numbers from very few traces.
    """

    text: str
    muted: str
    faint: str
    mark: str
    weak: str


PALETTES = {
    "light": Palette("#1f2328", "#59636e", "#d8dee4", "#0b5cad", "#868f99"),
    "dark": Palette("#e6edf3", "#9aa4af", "#30363d", "#6cb6ff", "#7d8590"),
}

# A notebook does not say whether it is light or dark: these are read on both.
NEUTRAL = Palette("#777b80", "#777b80", "#80808055", "#3f86c9", "#8f959b")


def palette(name: str | None) -> Palette:
    """Return the inks of a theme; those that suit any background for None.

    Raises
    ------
    UnknownNameError
        There is no such theme.

    Examples
    --------
    >>> palette("dark").mark
    '#6cb6ff'
    """
    if name is None:
        return NEUTRAL
    if name not in PALETTES:
        raise UnknownNameError.among(
            "theme", name, PALETTES, hint="Leave theme= out for any background."
        )
    return PALETTES[name]


def theme(name: str | None = None) -> dict[str, Any]:
    """Return the Vega-Lite config of a theme; the background is transparent.

    Parameters
    ----------
    name : {"light", "dark"}, optional
        What the chart will stand on; by default it can be read on both.

    Returns
    -------
    dict
        For ``chart.configure`` or the ``config`` of a specification.

    Examples
    --------
    >>> theme("light")["background"]
    'transparent'
    """
    ink = palette(name)
    return {
        "background": "transparent",
        "font": FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": ink.muted,
            "labelFontSize": 11,
            "titleColor": ink.muted,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "gridColor": ink.faint,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "labelFlush": False,
        },
        "title": {
            "color": ink.text,
            "fontSize": 14,
            "subtitleColor": ink.muted,
            "subtitleFontSize": 11,
            "subtitleLineHeight": 15,
            "subtitlePadding": 5,
            "anchor": "start",
            "offset": 14,
        },
        "text": {"color": ink.text, "fontSize": 12},
    }
