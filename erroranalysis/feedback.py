"""What feedback says: words and names that stand for a thumb up or down.

The patterns are read alike by Python's ``re`` and by DuckDB, in lower case. Words say
it whatever the name is; answers, such as *no*, only where the name asks for a thumb:
"no" to ``contains_pii`` is no complaint.
"""

from __future__ import annotations

import re
from typing import Literal

Thumb = Literal["up", "down"]

# a value as a whole
WORDS: dict[Thumb, str] = {
    "up": "(thumbs?[_ -]?)?up|positive|liked?|good|helpful|👍.*",
    "down": "(thumbs?[_ -]?)?down|negative|disliked?|bad|unhelpful|not[_ -]?helpful"
    "|👎.*",
}
ANSWERS: dict[Thumb, str] = {
    "up": "true|yes|1|1[.]0",
    "down": "false|no|0|0[.]0|-1|-1[.]0",
}
# anywhere in a name
NAMES = "thumb|feedback|(^|[^a-z])(likes?|helpful)([^a-z]|$)"


def asks_for_thumb(name: str) -> bool:
    """Say whether the name of feedback asks for a thumb.

    Examples
    --------
    >>> asks_for_thumb("user_feedback"), asks_for_thumb("likelihood")
    (True, False)
    """
    return re.search(NAMES, name.lower()) is not None


def thumb(name: str, value: str | None, number: float | None) -> Thumb | None:
    """Return which way the thumb of feedback points, where it is one.

    Parameters
    ----------
    name : str
        What was asked.
    value : str or None
        What was said.
    number : float or None
        The score that was given. 0 and 1 are thumbs where the name asks for one.

    Returns
    -------
    {"up", "down"} or None
        The direction; None for scores and all else.

    Examples
    --------
    >>> thumb("thumbs", None, 0.0), thumb("sentiment", "Positive", None)
    ('down', 'up')
    >>> thumb("contains_pii", "no", None), thumb("stars", "1", 1.0)
    (None, None)
    """
    word, asked = (value or "").strip().lower(), asks_for_thumb(name)
    score = str(number) if number is not None else ""
    for way, words in WORDS.items():
        if re.fullmatch(words, word):
            return way
    for way, answers in ANSWERS.items():
        if asked and (re.fullmatch(answers, word) or re.fullmatch(answers, score)):
            return way
    return None
