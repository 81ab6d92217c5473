"""Altair without the wait: it takes two seconds less to import in JupyterLab."""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec
from types import ModuleType

_GRAMMAR = "rfc3987_syntax"


def import_altair() -> None:
    """Import Altair, and what compiles a grammar on import only when it is used.

    Altair needs jsonschema, and that imports a check of international addresses where
    it is installed, as beside JupyterLab. Nothing in a chart is such an address, and
    whoever checks one later still gets the real thing.
    """
    if (
        "jsonschema" in sys.modules
        or _GRAMMAR in sys.modules
        or not find_spec(_GRAMMAR)
    ):
        importlib.import_module("altair")
        return
    sys.modules[_GRAMMAR] = _Later(_GRAMMAR)
    try:
        importlib.import_module("altair")
    finally:
        del sys.modules[_GRAMMAR]


class _Later(ModuleType):
    """A module whose function is imported when it is called."""

    @staticmethod
    def is_valid_syntax(*given: object) -> bool:
        found: bool = importlib.import_module(_GRAMMAR).is_valid_syntax(*given)
        return found
