"""Words of other tools that say pass, fail, or neither yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from erroranalysis.ingest.facts import fold

if TYPE_CHECKING:
    from erroranalysis.records import Verdict

# These say it whatever the question was …
_CLEAR: dict[str, Verdict] = {
    **dict.fromkeys((
        "pass", "passed", "passes", "good", "ok", "okay", "correct", "accept",
        "accepted", "acceptable", "approve", "approved", "success", "successful",
        "thumbs_up", "thumb_up", "thumbsup", "👍", "✅", "✔",
    ), "pass"),
    **dict.fromkeys((
        "fail", "failed", "fails", "failure", "bad", "incorrect", "wrong", "reject",
        "rejected", "unacceptable", "unsuccessful", "not_ok", "not_okay", "not_good",
        "not_correct", "not_acceptable", "disapprove", "thumbs_down", "thumb_down",
        "thumbsdown", "👎", "❌",
    ), "fail"),
    **dict.fromkeys((
        "defer", "deferred", "unsure", "skip", "not_sure", "uncertain",
    ), "defer"),
}  # fmt: skip
# … and these answer a question, which may as well have been "Is anything wrong?".
_BARE: dict[str, Verdict] = {
    **dict.fromkeys(("yes", "y", "true", "1", "1.0", "+1"), "pass"),
    **dict.fromkeys(("no", "n", "false", "0", "0.0", "-1"), "fail"),
}
_AROUND = re.compile(r"^\W+|\W+$")


def verdict_of(value: object) -> Verdict | None:
    """Return the verdict that a word stands for, or None.

    Examples
    --------
    >>> verdict_of(" Thumbs up"), verdict_of("❌ No"), verdict_of(1), verdict_of("-1")
    ('pass', 'fail', 'pass', 'fail')
    >>> verdict_of("positive") is None
    True
    """
    word = _word(value)
    return _CLEAR.get(word) or _BARE.get(word)


def is_bare(value: object) -> bool:
    """Return whether a word is a verdict only if the question was about one.

    Examples
    --------
    >>> is_bare("Yes"), is_bare("correct")
    (True, False)
    """
    return _word(value) in _BARE


def _word(value: object) -> str:
    said = str(value)[:80].strip().casefold()
    word = fold(said)
    for known in (said, word):  # -1 is not 1
        if known in _CLEAR or known in _BARE:
            return known
    bare = _AROUND.sub("", word).strip("_")
    if bare:
        return bare
    return word[:1]  # a thumb with a colour of skin
