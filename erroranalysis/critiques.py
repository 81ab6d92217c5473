"""What a critique must say to teach somebody: a hint, never a refusal.

A critique becomes an example in a judge's prompt and a note in the taxonomy. It teaches
where a new colleague could tell from it what was seen in the trace. The rules look for
English words, and let through what they do not know.
"""

from __future__ import annotations

import re

TOO_SHORT = "A little short: what did it do, and what should it have done?"
ONLY_JUDGES = "This says how it was, not what happened: what did you see?"
ONLY_GUESSES = "This guesses at the cause: what did you see in the conversation?"

_FEWEST_CHARACTERS = 20
_FEWEST_WORDS = 4
# Scripts without spaces say in one character what takes three in others.
_DENSE = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
)
_DENSITY = 3
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_JUDGES = frozenset((
    "bad", "wrong", "nope", "no", "not", "good", "great", "ok", "okay", "fine",
    "fail", "fails", "failed", "failing", "failure", "incorrect", "inaccurate",
    "correct", "terrible", "awful", "horrible", "poor", "poorly", "weak", "useless",
    "unhelpful", "helpful", "nonsense", "rubbish", "garbage", "crap", "sucks",
    "meh", "broken", "worse", "worst", "unacceptable", "acceptable",
    "disappointing", "stupid", "silly", "mistake", "error", "issue", "problem",
    "badly", "wrongly", "incorrectly",
))  # fmt: skip
_FILLS = frozenset((
    "a", "an", "the", "this", "that", "it", "its", "it's", "is", "was", "are",
    "were", "be", "been", "very", "really", "just", "so", "too", "quite", "totally",
    "completely", "absolutely", "simply", "all", "here", "there", "again", "still",
    "and", "or", "but", "i", "do", "did", "does", "don't", "doesn't", "didn't",
    "isn't", "wasn't", "like", "my", "me", "of", "in", "as", "at", "on", "for",
    "to", "answer", "answers", "response", "responses", "reply", "replies",
    "output", "outputs", "result", "message", "conversation", "trace", "thing",
    "one", "model", "bot", "assistant", "agent", "what", "seems", "looks", "feels",
    "sounds", "think", "much", "pretty", "kind", "sort",
))  # fmt: skip
_MACHINE = (
    r"(model|llm|bot|chatbot|ai|assistant|agent|it|system|prompt|retriev\w*|search"
    r"|context( window)?|training( data)?|temperature|tokeni[sz]er)"
)
_PERHAPS = (
    r"(probably|likely|maybe|perhaps|possibly|presumably|apparently"
    r"|(must|may|might|could) (have|not have|be))"
)
_GUESS = re.compile(
    rf"\W*((i (think|guess|suspect|assume|bet|believe)|my guess( is)?|{_PERHAPS})[,:]?"
    rf"( that| because)? ((the|this|its|our) )?{_MACHINE}\b"
    rf"|((the|this|its|our) )?{_MACHINE} (\w+ )?{_PERHAPS}\b)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.;!?\n]+(?:\s|$)")
_EVIDENCE = re.compile(r"\d|[\"“”„«»]")


def short_critique(text: str | None) -> str | None:
    """Say why a failing critique would teach nobody, or nothing where it is fine.

    Parameters
    ----------
    text : str or None
        The critique.

    Returns
    -------
    str or None
        One sentence: it is short, it only judges, or it only guesses at the cause. An
        empty critique is not short: somebody may not have begun.

    Examples
    --------
    >>> short_critique("Bad answer, just wrong")
    'This says how it was, not what happened: what did you see?'
    >>> short_critique("forgot the dog")
    'A little short: what did it do, and what should it have done?'
    >>> short_critique("The model probably lost the context")
    'This guesses at the cause: what did you see in the conversation?'
    >>> short_critique("Offers a room without a lift although she uses a wheelchair")
    """
    said = " ".join((text or "").split())
    if not said:
        return None
    words = _WORD.findall(said.lower().replace("\u2019", "'"))
    if all(word in _JUDGES or word in _FILLS for word in words):
        return ONLY_JUDGES
    sentences = [part for part in _SENTENCE.split(said) if part.strip()]
    if not _EVIDENCE.search(said) and all(_GUESS.match(part) for part in sentences):
        return ONLY_GUESSES
    dense = len(_DENSE.findall(said))
    long_enough = len(said) + (_DENSITY - 1) * dense >= _FEWEST_CHARACTERS
    if not long_enough or len(words) + dense // _DENSITY < _FEWEST_WORDS:
        return TOO_SHORT
    return None
