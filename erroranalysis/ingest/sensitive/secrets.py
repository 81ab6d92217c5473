"""Keys, tokens and passwords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from erroranalysis.ingest.sensitive.words import begins

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every branch begins with letters, to which the engine skips, and is the shortest token
# of its kind; with an open end, a text of nothing but "sk-" would take hours.
_TOKEN = re.compile(
    r"sk-[A-Za-z0-9_\-]{20}"  # OpenAI, Anthropic, OpenRouter, Langfuse, …
    r"|pk-lf-[A-Za-z0-9_\-]{20}"
    r"|sk_(?:live|test)_[A-Za-z0-9]{10}|pk_(?:live|test)_[A-Za-z0-9]{10}"  # Stripe
    r"|rk_(?:live|test)_[A-Za-z0-9]{10}|whsec_[A-Za-z0-9]{16}"
    r"|AKIA[A-Z0-9]{16}(?![A-Za-z0-9])|ASIA[A-Z0-9]{16}(?![A-Za-z0-9])"  # AWS
    r"|gh[oprsu]_[A-Za-z0-9]{20}|github_pat_[A-Za-z0-9_]{20}|glpat-[A-Za-z0-9_\-]{16}"
    r"|xox[abeoprs]-[A-Za-z0-9\-]{10}|xapp-[A-Za-z0-9\-]{10}"  # Slack
    r"|AIza[A-Za-z0-9_\-]{30}|ya29\.[A-Za-z0-9_\-]{20}|GOCSPX-[A-Za-z0-9_\-]{20}"
    r"|eyJ[A-Za-z0-9_\-]{8,4000}\.[A-Za-z0-9_\-]{8}"  # JWT
    r"|hf_[A-Za-z0-9]{20}|SG\.[A-Za-z0-9_\-]{16,100}\.[A-Za-z0-9_\-]{16}"
    r"|npm_[A-Za-z0-9]{30}|pypi-[A-Za-z0-9_\-]{50}|gsk_[A-Za-z0-9]{20}"
    r"|xai-[A-Za-z0-9]{20}|pplx-[A-Za-z0-9]{20}|r8_[A-Za-z0-9]{20}"
    r"|lsv2_(?:pt|sk)_[A-Za-z0-9_]{20}|dapi[0-9a-f]{32}"
)
_REST = re.compile(r"[A-Za-z0-9_\-]*")
_REST_OF_JWT = re.compile(r"[A-Za-z0-9_\-]*(?:\.[A-Za-z0-9_\-]+){0,3}")
_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r"(?:(?:[^-]|-(?!----)){0,20000}-----END [A-Z ]{0,30}PRIVATE KEY-----"
    r"|(?:[A-Za-z0-9+/=\s]|\\[nr])*)"
)
_IN_URL = re.compile(r"://[^\s/:@\"'\\<>]{0,64}:(?P<value>[^\s/@\"'\\<>]{1,128})@")

_LONG_RUN = re.compile(r"[A-Za-z0-9_.\-]{15,}")
# A whole expression takes ten times as long over a text as a search for these does.
STEMS = (
    "passw", "passphr", "passe", "pwd", "secret", "key", "token", "kennwort",
    "contrase", "bearer", "basic",
)  # fmt: skip
_QUOTE = r"\\{0,3}[\"']"
_MARKUP = "[*`_]{0,3}"
_NAMED = re.compile(
    r"(?P<name>passwor[dt]|passwd|passphrase|passe|pwd|secret|key|token|kennwort"
    rf"|contrase(?:ñ|\\u00f1)a){_MARKUP}(?:{_QUOTE})?\s{{0,3}}"
    rf"(?P<sign>=>|:=|==?|:){_MARKUP}\s{{0,3}}{_MARKUP}"
    rf"(?:{_QUOTE}(?P<quoted>[^\"'\\\r\n<>]{{1,200}})"
    r"|(?P<bare>[^\s\"'\\,;&<>(){}\[\]|`]{3,200}))"
)
# a word before which makes a secret of it
_BEFORE = {
    "key": re.compile(r"(?:secret|access|private|account|api)[_\-]?\Z"),
    "passe": re.compile(r"mot de \Z"),
}
_BEFORE_TOKEN = re.compile(
    r"(?:access|auth|refresh|id|session|bearer|security|api|secret)[_\-]?\Z"
)
_LOOK_BACK = 12
_SCHEME = re.compile(r"[a-z]{3,6}[ \t]{1,3}(?P<value>[a-z0-9._~+/\-]{16,}=*)")
_SCHEMES = {"bearer", "basic", "key", "token"}
_NO_VALUE = re.compile(
    r"[^a-z0-9]*|x+|none|null|nil|true|false|undefined|required|optional|redacted|string"
    r"|str|text|value|empty|bearer|basic|\$.*|%.*|\{.*|os\.environ.*|your[_\- ].*"
    r"|[a-z_]+(?:\.[a-z_]+)+|(?:[a-z]+[_\-])*(?:password|passwd|secret|token|key)"
)
_DIGIT = re.compile("[0-9]")
_ODD = re.compile("[0-9!@#$%^*+=~]")
_LONG = 16


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of keys, tokens and passwords, without the names before them.

    Examples
    --------
    >>> text = "export API_KEY=abc123 # hf_" + 30 * "x"
    >>> [text[start:end][:6] for start, end in secrets(text)]
    ['hf_xxx', 'abc123']
    """
    for found in _PEM.finditer(text):
        yield found.span()
    for found in _IN_URL.finditer(text):
        if is_password(found["value"]):
            yield found.span("value")
    for run in _LONG_RUN.finditer(text):
        yield from _tokens(text, *run.span())
    low = text.lower()
    if len(low) != len(text):  # a capital dotted I becomes two signs
        low = "".join(sign.lower() if sign.isascii() else sign for sign in text)
    for stem in STEMS:
        at = low.find(stem)
        while at >= 0:
            if place := _named(low, at) or _after_scheme(low, at, stem):
                yield place
            at = low.find(stem, at + 1)


def _tokens(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the tokens with a known beginning in a run of letters and digits."""
    while token := _TOKEN.search(text, start, end):
        first, start = token.start(), token.start() + 1
        if not begins(text, first):
            continue
        rule = _REST_OF_JWT if token[0].startswith("eyJ") else _REST
        rest = rule.match(text, token.end())
        start = rest.end() if rest else token.end()
        # class names of scikit-learn begin with sk- too
        if not token[0].startswith("sk-") or _DIGIT.search(text, first, start):
            yield first, start


def _named(low: str, at: int) -> tuple[int, int] | None:
    """Return the place of what a name such as ``password`` is given."""
    found = _NAMED.match(low, at)
    if found is None:
        return None
    name, start = found["name"], max(0, at - _LOOK_BACK)
    if name in _BEFORE and not _BEFORE[name].search(low, start, at):
        return None
    if found["quoted"] is not None:
        first, last = found.span("quoted")
    else:
        first = found.start("bare")
        last = first + len(found["bare"].rstrip(".*`:"))
    value = low[first:last]
    if name == "token" and not _BEFORE_TOKEN.search(low, start, at):
        good = is_token(value)
    elif name == "pwd" and value.startswith("/"):
        good = False  # the folder of a shell
    elif found["quoted"] is not None:
        good = is_password(value)
    else:
        # "Password: must have eight letters" is no password, nor is a call
        good = is_password(value) and low[last : last + 1] not in ("(", "[")
        good = good and (found["sign"] != ":" or _ODD.search(value) is not None)
    return (first, last) if good else None


def _after_scheme(low: str, at: int, stem: str) -> tuple[int, int] | None:
    """Return the place of what stands after the word ``Bearer`` and its like."""
    if stem not in _SCHEMES:
        return None
    found = _SCHEME.match(low, at)
    if found is None or not _DIGIT.search(found["value"]):
        return None
    if stem == "key" and not low.endswith("api", 0, at):
        return None
    return found.span("value")


_NUMBER = re.compile(r"[0-9.]+(?:[eE][+\-]?[0-9]+)?")
_LONG_TOKEN = re.compile(rf"[A-Za-z0-9._~+/=\-]{{{_LONG},}}")


def is_token(value: str) -> bool:
    """Return whether the value of a field that is called token is a secret.

    Examples
    --------
    >>> is_token("b3f7a1c2d4e5f607"), is_token(" Hello")
    (True, False)
    """
    if _LONG_TOKEN.fullmatch(value) is None or _NUMBER.fullmatch(value):
        return False
    return _DIGIT.search(value) is not None


def is_password(value: str) -> bool:
    """Return whether the value of a field that is called password is one.

    Examples
    --------
    >>> is_password("hunter2"), is_password("null"), is_password("****")
    (True, False, False)
    """
    return _NO_VALUE.fullmatch(value.strip().lower()) is None
