"""Characters that act without being seen, made visible.

Terminal escapes, overrides that make text read in another order than it is written,
letters without width in which a text for the model is hidden from the reader. What
scripts and emoji need to be written at all stays as it is.
"""

from __future__ import annotations

import re

# Arabic, Syriac, N'Ko, the scripts of India, Tibetan, Burmese, Khmer, Mongolian: their
# words are written with joiners and non-joiners.
_JOINING = (
    "\u0600-\u0603\u0606-\u061b\u061d-\u07ff\u0840-\u109f\u1780-\u17b3\u17b6-\u180d"
    "\u180f-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00011000-\U00011fff"
)
_EMOJI = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
# What may stand before a variation selector: a sign, an ideograph, a key of a keypad.
_VARIED = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3000-\u303f\u3297\u3299"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u1000-\u109f\u1800-\u18af\ua840-\ua87f"
    "\u2200-\u22ff\U0001f000-\U0001faff\U00020000-\U000323af"
)
_JOINER = (
    f"(?<![{_EMOJI}\ufe0f{_JOINING}])\u200d|\u200d(?![{_EMOJI}{_JOINING}])"
    f"|(?<![{_JOINING}])\u200c|\u200c(?![{_JOINING}])"
)
_SELECTOR = f"(?<![{_VARIED}])(?<![0-9#*](?=\ufe0f\u20e3))[\ufe00-\ufe0f]"
_ALWAYS = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_UNSEEN = re.compile(f"{_ALWAYS}|{_JOINER}|{_SELECTOR}")
# The first look: most texts hold none of them, and one class is quick to search for.
_SUSPECT = re.compile(_ALWAYS[:-1] + "\u200c\u200d\ufe00-\ufe0f]")
_ESCAPES = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def visible(text: str) -> str:
    """Return text with characters that act without being seen made visible.

    Examples
    --------
    >>> visible("pay" + chr(0x202E) + "gpj.exe")
    'pay⟨U+202E⟩gpj.exe'
    >>> visible("a" + chr(0x200B) + "b")
    'a⟨U+200B⟩b'
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    if text.isascii():
        return _ESCAPES.sub(_shown, text) if _ESCAPES.search(text) else text
    return _UNSEEN.sub(_shown, text) if _SUSPECT.search(text) else text


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == ord("\x7f"):
        return "␡"
    if code <= ord("\x1f"):
        return chr(0x2400 + code)
    return f"⟨U+{code:04X}⟩"
