"""Days as Vega-Lite wants them: noon, so that a day is that day anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date


def noon(day: date) -> str:
    """Return a time that is on this day wherever the notebook is read.

    Examples
    --------
    >>> from datetime import date
    >>> noon(date(2026, 3, 2))
    '2026-03-02T12:00:00'
    """
    return f"{day.isoformat()[:10]}T12:00:00"


def parts(day: str) -> dict[str, Any]:
    """Return the same time in the parts that a tick of an axis is given by.

    Examples
    --------
    >>> parts("2026-03-02T12:00:00")
    {'year': 2026, 'month': 3, 'date': 2, 'hours': 12}
    """
    year, month, date = (int(part) for part in day[:10].split("-"))
    return {"year": year, "month": month, "date": date, "hours": 12}
