"""How much of a page is left, and texts cut to it."""

from __future__ import annotations

from dataclasses import dataclass

from erroranalysis.render.markdown import code, markdown, plain
from erroranalysis.render.safe import escaped, shortened, visible
from erroranalysis.render.values import as_json, pretty

# Longer texts are folded: what people said, and what machines said.
FOLD_SPEECH, FOLD_DATA = 6_000, 1_500
# Texts that come when nothing is left are cut to their beginning, later to a line.
BEGINNING, LINE = 2_000, 120


@dataclass
class Budget:
    """What a page may still take, in characters.

    Attributes
    ----------
    left : int
        All texts together; after that only the beginning of each is shown.
    longest : int
        A single text.
    prose : int
        What is read as markdown, which takes its time; the rest is shown as written.
    media : int
        Pictures and recordings.
    """

    left: int = 900_000
    longest: int = 200_000
    prose: int = 150_000
    media: int = 2_000_000

    def cut(self, text: str, where: str = "") -> tuple[str, str]:
        """Return as much of a text as may be shown, and a note on the rest.

        Examples
        --------
        >>> Budget(longest=5).cut("abcdefgh", "trace.error")[0]
        'abcde'
        """
        most = self.allowed()
        # unseen characters grow when they are shown
        shown = visible(text[:most])[:most]
        self.left -= len(shown)
        if len(text) <= most:
            return shown, ""
        hint = f" The whole text: {where}." if where else ""
        return shown, (
            f'<p class="ea-note">{len(text) - most:,} more characters are left'
            f" out here.{hint}</p>"
        )

    def allowed(self) -> int:
        """Return how long the next text may be."""
        if self.left > 0:
            return min(self.longest, max(self.left, BEGINNING))
        return min(self.longest, BEGINNING if self.left > -20 * BEGINNING else LINE)

    def prosaic(self, text: str) -> str:
        """Return what somebody wrote, as markdown while that is quick enough."""
        self.prose -= len(text)
        return markdown(text) if self.prose > 0 else plain(text)

    def data(self, given: object, where: str = "") -> str:
        """Return JSON printed prettily, or other output as it is written."""
        if isinstance(given, str):
            text = pretty(given)
            is_json, whole = text is not None, True
            text = given if text is None else text
        else:
            most = self.allowed()
            text, is_json = as_json(given, most), True
            whole = len(text) <= most
        shown, note = self.cut(text, where)
        if not shown.strip():
            return '<p class="ea-note">empty</p>'
        if not whole:  # how much there is was not looked at
            hint = f" The whole value: {where}." if where else ""
            note = f'<p class="ea-note">The rest is left out here.{hint}</p>'
        block = code(shown, "json") if is_json else plain(shown)
        return folded(block, len(shown), FOLD_DATA) + note


def folded(inner: str, length: int, most: int) -> str:
    """Fold what is longer; the beginning stays in sight.

    Examples
    --------
    >>> folded("short", 5, 100)
    'short'
    """
    if length <= most:
        return inner
    return (
        f'<div class="ea-long"><details><summary><span class="ea-closed">show all'
        f' {length:,} characters</span><span class="ea-opened">fold</span></summary>'
        f'</details><div class="ea-clamp">{inner}</div></div>'
    )


def titled(name: str, text: str, inner: str, css: str = "") -> str:
    """Return something folded behind its name and its beginning.

    Examples
    --------
    >>> titled("input", "", "<p>1</p>")
    '<details class="ea-fold"><summary>input</summary><p>1</p></details>'
    """
    start = f"<span>: {escaped(shortened(text, 90))}</span>" if text else ""
    return (
        f'<details class="{f"ea-fold {css}".strip()}"><summary>{escaped(name)}{start}'
        f"</summary>{inner}</details>"
    )
