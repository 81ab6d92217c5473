"""The keys of the annotator: what can be rebound, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# name of what is done: its keys; the page has the same table with words (keys.js)
KEYS: dict[str, tuple[str, ...]] = {
    "pass": ("1", "p"),
    "fail": ("2", "f"),
    "defer": ("d",),
    "note": ("n",),
    "save_and_next": ("mod+enter",),
    "save": ("mod+s",),
    "mark": ("m",),
    "modes": ("t",),
    "keep": ("y",),
    "undo": ("u",),
    "redo": ("shift+u",),
    "next": ("arrowright", "j"),
    "previous": ("arrowleft", "k"),
    "next_message": ("shift+j",),
    "previous_message": ("shift+k",),
    "answer": ("a",),
    "steps": ("w",),
    "search": ("/",),
    "deferred": ("shift+d",),
    "like": ("s",),
    "go": ("g",),
    "unfold": ("o",),
    "up": ("arrowup",),
    "down": ("arrowdown",),
    "page_up": ("pageup", "shift+space"),
    "page_down": ("pagedown", "space"),
    "top": ("home",),
    "bottom": ("end",),
    "help": ("?",),
}


def rebound(keys: Mapping[str, str | Sequence[str]]) -> dict[str, list[str]]:
    """Return the keys that a user wants otherwise, as the page spells them.

    A key that did something else before does only the new thing.

    Parameters
    ----------
    keys : dict of str to str or sequence of str
        Name of what is done, and its key or keys: ``"x"``, ``"shift+x"``, ``"mod+x"``
        (Ctrl or ⌘), ``"arrowup"``, ``"space"``, ….

    Raises
    ------
    UnknownNameError
        Nothing has that name, or two things want one key.

    Examples
    --------
    >>> rebound({"pass": "X"})
    {'pass': ['x']}
    >>> rebound({"pass": "d"})["defer"]
    []
    """
    wanted: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    for name, given in keys.items():
        if name not in KEYS:
            raise UnknownNameError.among("action of a key", name, KEYS)
        wanted[name] = [
            key.strip().casefold().replace("ctrl+", "mod+").replace("cmd+", "mod+")
            for key in ([given] if isinstance(given, str) else given)
        ]
        for key in wanted[name]:
            if key in taken:
                raise UnknownNameError(
                    f"The key {key!r} is wanted for {taken[key]!r} and for {name!r};"
                    " give each a key of its own."
                )
            taken[key] = name
    for name, usual in KEYS.items():
        left = [key for key in usual if key not in taken]
        if name not in wanted and len(left) < len(usual):
            wanted[name] = left
    return wanted
