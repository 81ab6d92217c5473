# ruff: noqa: RUF001 - other scripts are the point
"""Characters that act without being seen, and those that writing needs."""

from __future__ import annotations

import unicodedata

import pytest
from pages import said, show, unseen

from erroranalysis.render.unseen import visible


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d💻 👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥",
        "1\ufe0f\u20e3 ☎\ufe0e ✔\ufe0f",
        "می\u200cخواهم",  # Persian
        "ශ\u0dca\u200dරී",  # Sinhala
        "क\u094d\u200dष न\u094d\u200cन",  # Devanagari
        "Zürich, naïve, x\u00a0y",
        "tab\tand\nnewline",
    ],
)
def test_what_writing_needs_stays(text: str) -> None:
    assert visible(text) == text
    if "\n" not in text and "\ufe0f\u20e3" not in text:
        assert text in show(said(text)).text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("a\u200cb\u200dc", "a⟨U+200C⟩b⟨U+200D⟩c"),
        ("می\u200c\u200cخ", "می⟨U+200C⟩⟨U+200C⟩خ"),
        ("👩\u200d x", "👩⟨U+200D⟩ x"),
        ("a\ufe0fb", "a⟨U+FE0F⟩b"),
        ("☎\ufe0f\ufe01", "☎\ufe0f⟨U+FE01⟩"),
        ("x\U000e0041\U000e0100", "x⟨U+E0041⟩⟨U+E0100⟩"),
        ("soft\u00adhyphen", "soft⟨U+00AD⟩hyphen"),
        ("\x1b[1m\x9b2J\x7f\r", "␛[1m⟨U+009B⟩2J␡␍"),
        ("dos\r\nlines", "dos\nlines"),
    ],
)
def test_what_acts_unseen_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_no_character_without_a_shape_gets_through() -> None:
    hidden = [
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    # these have a shape: signs of Arabic, Syriac, Kaithi numbers; and notation
    shaped = {c for c in hidden if unicodedata.name(c, "").startswith(_SHAPED)}
    found = unseen("".join(visible(f"a{c}b") for c in hidden if c not in shaped))
    assert found <= {"U+0009", "U+000A"}


_SHAPED = ("ARABIC NUMBER", "ARABIC SIGN", "ARABIC FOOTNOTE", "ARABIC END OF AYAH",
           "ARABIC DISPUTED", "ARABIC POUND", "ARABIC PIASTRE", "SYRIAC ABBREVIATION",
           "KAITHI NUMBER", "EGYPTIAN")  # fmt: skip


@pytest.mark.parametrize("entity", ["&#8203;", "&#x202E;", "&zwj;", "&lrm;", "&shy;"])
def test_an_entity_of_markdown_or_html_hides_nothing(entity: str) -> None:
    text = f"pa{entity}ss"
    assert unseen(show(said(text)).text) == set()
    assert "⟨U+" in show(said(text)).text
    assert "⟨U+" in show(said("x"), custom=lambda _trace: text).text
