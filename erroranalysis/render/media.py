"""Pictures and recordings that a trace holds itself; nothing is ever fetched."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from erroranalysis.render.safe import escaped, media_type, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = re.compile(r"data:([\w.+-]+/[\w.+-]+)((?:;[\w.=+-]+)*);base64,", re.IGNORECASE)
_ALIASES = {
    "image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav", "audio/m4a": "audio/mp4", "audio/x-m4a": "audio/mp4",
}  # fmt: skip
# How files begin: many sources give only their bytes, without saying what they are.
_BEGINNINGS = (
    (b"\x89PNG\r\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
    (b"WAVE", 8, "audio/wav"),
    (b"OggS", 0, "audio/ogg"),
    (b"ID3", 0, "audio/mpeg"),
    (b"\xff\xfb", 0, "audio/mpeg"),
    (b"ftypM4A", 4, "audio/mp4"),
)
_NAMES = ("name", "filename", "file_name", "title")


def typed(ref: str) -> tuple[str, int]:
    """Return the type of the data in a reference, and where the data begins.

    Examples
    --------
    >>> typed("data:audio/mp3;base64,SUQz"), typed("iVBORw0KGgoAAAAN")
    (('audio/mpeg', 22), ('image/png', 0))
    >>> typed("https://a.example/b.png")
    ('', 0)
    """
    if found := _HEAD.match(ref[:300]):
        kind = found[1].lower()
        return _ALIASES.get(kind, kind), found.end()
    try:
        start = base64.b64decode(ref[:24], validate=True)
    except (binascii.Error, ValueError):
        return "", 0
    for mark, place, kind in _BEGINNINGS:
        if start[place : place + len(mark)] == mark:
            return kind, 0
    return "", 0


def medium(item: object, where: str, allowed: int) -> tuple[str, int]:
    """Return an attachment as HTML, and how much of the page's allowance it takes.

    Parameters
    ----------
    item : object
        The attachment: ``type`` and ``ref``, or only what stands for ``ref``.
    where : str
        How to get at it, for those that are too large.
    allowed : int
        Characters that a picture or recording may take.

    Examples
    --------
    >>> medium({"type": "image", "ref": "https://a.example/b.png"}, "", 1000)[0]
    '<p class="ea-image">[image, not loaded] <code>https://a.example/b.png</code></p>'
    """
    given: Mapping[str, Any] = (
        item if isinstance(item, dict) else {"type": "attachment", "ref": item}
    )
    ref = given.get("ref")
    ref = ref if isinstance(ref, str) else "" if ref is None else str(ref)
    kind, start = typed(ref)
    name = next((str(given[n]) for n in _NAMES if given.get(n)), "")
    said = ", ".join(
        escaped(shortened(str(word), 60))
        for word in (given.get("type") or "attachment", name, kind)
        if word
    )
    size = _size((len(ref) - start) * 3 // 4)
    if kind and len(ref) > allowed:
        return (
            f'<p class="ea-image">[{said}, {size}, not shown here] '
            f"<code>{escaped(where)}</code></p>"
        ), 0
    if kind:
        url = f"data:{kind};base64,{ref[start:]}"
        if media_type(url):
            return _shown(url, kind, name, f"{said}, {size}"), len(url)
    return (
        f'<p class="ea-image">[{said}, not loaded] '
        f"<code>{escaped(shortened(ref, 120))}</code></p>"
    ), 0


def _shown(url: str, kind: str, name: str, said: str) -> str:
    alt = escaped(shortened(name or "image", 80))
    if kind.startswith("image/"):
        inner = f'<img alt="{alt}" src="{url}">'
    else:
        inner = f'<audio controls src="{url}"></audio>'
    return f'<div class="ea-medium">{inner}<small>{said}</small></div>'


def _size(count: int) -> str:
    if count < 1_000:  # noqa: PLR2004
        return f"{count} bytes"
    return f"{count / 1_000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"  # noqa: PLR2004
