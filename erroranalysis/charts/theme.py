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


# From nothing to all: every step is darker in print too. Cells are opaque, so the
# ramp of light pages serves where nobody knows the page.
_RAMPS = {
    "light": ((228, 237, 247), (8, 56, 110)),
    "dark": ((27, 45, 66), (150, 206, 255)),
}
_EVEN = 0.179  # the luminance that black and white stand out from equally


def shade(share: float, name: str | None) -> tuple[str, str]:
    """Return the fill of a cell, and the ink that can be read on it.

    Parameters
    ----------
    share : float
        From 0, the faintest, to 1.
    name : {"light", "dark"} or None
        What the chart stands on.

    Examples
    --------
    >>> shade(0, "light"), shade(1, "light")
    (('#e4edf7', '#111111'), ('#08386e', '#ffffff'))
    """
    start, end = _RAMPS["dark" if name == "dark" else "light"]
    part = min(max(share, 0.0), 1.0)
    mixed = [round(a + part * (b - a)) for a, b in zip(start, end, strict=True)]
    fill = "#" + "".join(f"{channel:02x}" for channel in mixed)
    return fill, "#111111" if _luminance(mixed) > _EVEN else "#ffffff"


def _luminance(channels: list[int]) -> float:
    """Return the relative luminance of WCAG 2.2."""
    bend = 0.04045
    linear = [
        part / 12.92 if part <= bend else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


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
