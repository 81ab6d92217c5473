"""Names and modules that are imported when they are first used.

Who opens a project to read traces does not wait for statistics and charts.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def on_first_use(
    package: str, homes: Mapping[str, Sequence[str]]
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package that imports its names when asked.

    Parameters
    ----------
    package : str
        Name of the package.
    homes : dict of str to sequence of str
        For each of its modules, the names that come from there.

    Examples
    --------
    >>> look_up = on_first_use("erroranalysis", {"_version": ["__version__"]})
    >>> look_up("__version__") == __import__("erroranalysis").__version__
    True
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def look_up(name: str) -> Any:  # noqa: ANN401 - whatever has the name
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{home_of[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return look_up


class Later:
    """A module that is imported when one of its names is first asked for.

    Parameters
    ----------
    name : str
        Name of the module.

    Examples
    --------
    >>> Later("erroranalysis.critiques").short_critique("too late") is None
    False
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever has the name
        return getattr(importlib.import_module(self._name), name)
