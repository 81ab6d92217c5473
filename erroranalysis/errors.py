"""The exceptions, and the one way a message suggests what was meant.

::

    ErrorAnalysisError
    ├── StoreError
    │   ├── NotAProjectError      the file is something else
    │   ├── NewerProjectError     written by a newer version of this package
    │   └── StoreBusyError        another program held the file for too long
    ├── IngestError               nothing could be read from a source
    ├── ImportAnnotationsError    a table of annotations does not fit
    ├── UnknownNameError          no such trace, failure mode, format, split …
    ├── LeakageError              a dev or test trace was about to enter a prompt
    ├── NoHonestEstimateError     the labels do not allow this number
    ├── NothingToDoError          a stage was called before the one it needs
    └── ModelError                a model could not be reached at all
"""

from __future__ import annotations

import difflib
import functools
import inspect
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
R = TypeVar("R")


class ErrorAnalysisError(Exception):
    """Base of every error that this package raises on purpose."""


class StoreError(ErrorAnalysisError):
    """The project file could not be opened, read or written."""


class NotAProjectError(StoreError):
    """The file exists and is not a project of this package."""


class NewerProjectError(StoreError):
    """The project was written by a newer version of this package."""


class StoreBusyError(StoreError):
    """Another program kept the project file for longer than we waited."""


class IngestError(ErrorAnalysisError):
    """Nothing could be read from a source."""


class ImportAnnotationsError(ErrorAnalysisError):
    """A table of annotations lacks a column or holds values we do not know."""


class UnknownNameError(ErrorAnalysisError):
    """A name was given that the project does not know."""

    @classmethod
    def among(
        cls, what: str, name: object, known: Iterable[str], *, hint: str = ""
    ) -> UnknownNameError:
        """Build the message from the name and the names there are.

        Parameters
        ----------
        what : str
            The kind of thing, as the user calls it: ``"failure mode"``.
        name : object
            What was asked for.
        known : iterable of str
            What there is.
        hint : str, optional
            What to type next.

        Returns
        -------
        UnknownNameError
            Ready to raise.

        Examples
        --------
        >>> print(UnknownNameError.among("split", "tset", ["train", "dev", "test"]))
        No split 'tset'. Did you mean 'test'? There are: dev, test, train.
        """
        names = sorted(known)
        parts = [f"No {what} {str(name)!r}."]
        if close := did_you_mean(str(name), names):
            parts.append(close)
        if not names:
            parts.append(f"There is no {what} yet.")
        elif len(names) <= 20:  # noqa: PLR2004 - more would hide the suggestion
            parts.append(f"There are: {', '.join(names)}.")
        else:
            parts.append(f"There are {len(names):,}.")
        if hint:
            parts.append(hint)
        return cls(" ".join(parts))


class LeakageError(ErrorAnalysisError):
    """A trace of the dev or test split was about to teach a judge."""


class NoHonestEstimateError(ErrorAnalysisError):
    """The way the traces were chosen allows no honest number of this kind."""


class NothingToDoError(ErrorAnalysisError):
    """A stage was called before the stage that it builds on."""


class ModelError(ErrorAnalysisError):
    """A model cannot be called: no key, no name, no server."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"Did you mean 'x'?"``, or nothing where no name is close.

    Examples
    --------
    >>> did_you_mean("sede", ["seed", "by"])
    "Did you mean 'seed'?"
    >>> did_you_mean("zzz", ["seed", "by"])
    ''
    """
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.5)
    return f"Did you mean {folded[close[0]]!r}?" if close else ""


def helpful_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function name the closest keyword when it is given an unknown one.

    Examples
    --------
    >>> @helpful_keywords
    ... def draw(n, *, seed=0):
    ...     return n
    >>> draw(3, sede=1)
    Traceback (most recent call last):
    ...
    TypeError: draw() has no keyword 'sede'. Did you mean 'seed'? It takes: n, seed.
    """
    parameters = inspect.signature(function).parameters
    names = [name for name in parameters if name != "self"]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not open_ended:
            for keyword in kwargs:
                if keyword not in names:
                    close = did_you_mean(keyword, names)
                    takes = f"It takes: {', '.join(names) or 'no keywords'}."
                    message = (
                        f"{function.__name__}() has no keyword {keyword!r}.",
                        close,
                        takes,
                    )
                    raise TypeError(" ".join(part for part in message if part))
        return function(*args, **kwargs)

    return checked
