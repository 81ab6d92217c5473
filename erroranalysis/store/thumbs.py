"""SQL that reads feedback as :mod:`erroranalysis.feedback` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erroranalysis.feedback import ANSWERS, NAMES, WORDS

if TYPE_CHECKING:
    from erroranalysis.feedback import Thumb

ASKED = f"regexp_matches(lower(name), '{NAMES}')"
_WORD = "lower(trim(coalesce(value, '')))"


def says(way: Thumb) -> str:
    """Return a condition on rows of feedback: a word or an answer says it."""
    return (
        f"(regexp_full_match({_WORD}, '{WORDS[way]}')"
        f" OR ({ASKED} AND regexp_full_match({_WORD}, '{ANSWERS[way]}')))"
    )
