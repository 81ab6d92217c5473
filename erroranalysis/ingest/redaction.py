"""Personal data and secrets leave an import before anything of it is stored.

What is found becomes ``<email:3f2a9c81>``: the kind, and a keyed hash of the value, so
that one person stays one person throughout a project, and nobody without the key can
try out which address it was.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

from erroranalysis.errors import IngestError, UnknownNameError

# in this order: where two claim the same letters, the first has them
KINDS = ("secret", "email", "iban", "card", "ip", "phone")
_NAME = re.compile("[A-Za-z][A-Za-z0-9_-]{0,31}")


@dataclasses.dataclass(frozen=True)
class Redaction:
    """What ``ingest(…, redact=…)`` takes out, said in full.

    Parameters
    ----------
    kinds : iterable of str, optional
        Of ``card``, ``email``, ``iban``, ``ip``, ``phone`` and ``secret``; all of them
        by default.
    patterns : dict of str to str, optional
        Your own: a name for the placeholder, and a regular expression.

    Raises
    ------
    UnknownNameError
        There is no such kind.
    IngestError
        A pattern is no regular expression, or its name cannot stand in a placeholder.

    Examples
    --------
    >>> Redaction(kinds=["email"], patterns={"booking": r"BK-[0-9]+"}).names
    ('booking', 'email')
    >>> Redaction(kinds=["emial"])
    Traceback (most recent call last):
    ...
    erroranalysis.errors.UnknownNameError: No kind of redaction 'emial'. Did you mean
    'email'? There are: card, email, iban, ip, phone, secret.
    """

    kinds: Iterable[str] | None = None
    patterns: Mapping[str, str | re.Pattern[str]] = dataclasses.field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        """Check the names and the patterns, before anything is read."""
        given = (self.kinds,) if isinstance(self.kinds, str) else self.kinds
        wanted = KINDS if given is None else tuple(given)
        for kind in wanted:
            if kind not in KINDS:
                raise UnknownNameError.among("kind of redaction", kind, KINDS)
        # in the order in which they are looked for
        kinds = tuple(kind for kind in KINDS if kind in wanted)
        object.__setattr__(self, "kinds", kinds)
        rules = {name: _compiled(name, rule) for name, rule in self.patterns.items()}
        object.__setattr__(self, "patterns", rules)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all that is taken out, own patterns first."""
        return tuple(dict.fromkeys((*self.patterns, *(self.kinds or ()))))


Redact = bool | str | Iterable[str] | Redaction | None


def _compiled(name: str, rule: str | re.Pattern[str]) -> re.Pattern[str]:
    if _NAME.fullmatch(str(name)) is None:
        raise IngestError(
            f"The name of the pattern {name!r} cannot stand in a placeholder. Take"
            " up to 32 letters, digits, - and _, a letter first."
        )
    try:
        pattern = re.compile(rule)
    except (re.error, TypeError) as error:
        raise IngestError(
            f"The pattern {name!r} is no regular expression: {error}."
        ) from error
    if not isinstance(pattern.pattern, str):
        raise IngestError(f"The pattern {name!r} is one for bytes; text is searched.")
    return pattern


def as_redaction(redact: Redact) -> Redaction | None:
    """Return what ``redact=`` means, or None for nothing.

    Raises
    ------
    UnknownNameError
        There is no such kind.

    Examples
    --------
    >>> as_redaction(True) == Redaction()
    True
    >>> as_redaction(["phone", "email"]).names, as_redaction(False)
    (('email', 'phone'), None)
    """
    if redact is None or redact is False:
        return None
    if isinstance(redact, Redaction):
        return redact
    return Redaction() if redact is True else Redaction(kinds=redact)
