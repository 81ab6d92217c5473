"""What a user asked for, checked, and what a strategy made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.sampling.signals import pick_signals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from erroranalysis.sampling import Drawn
    from erroranalysis.store import Store
    from erroranalysis.store.sampling import Population

ALLOCATIONS = ("proportional", "equal")
SESSIONS = ("apart", "together")
CLUSTER = "cluster"
FACTS = ("model", "source", "month", CLUSTER)


@dataclass(frozen=True)
class Asked:
    """What a user asked for.

    Attributes
    ----------
    n : int
        How many traces.
    who : Population
        Which traces can be drawn.
    available : int
        How many these are.
    seed : int
        Seed of the draw.
    strata : tuple of str
        Facts that make strata.
    allocation : str
        How n is shared over strata.
    at_least : int
        Smallest number from each stratum.
    together : bool
        Sessions are read whole.
    annotator : str or None
        Whose labels teach, differ or are read again.
    signals : mapping, sequence or None
        Names of signals, or patterns by name.
    """

    n: int
    who: Population
    available: int
    seed: int = 0
    strata: tuple[str, ...] = ()
    allocation: str = "proportional"
    at_least: int = 0
    together: bool = False
    annotator: str | None = None
    signals: Mapping[str, str] | Sequence[str] | None = None


@dataclass(frozen=True)
class Chosen:
    """What a strategy found, out of how many, and what it has to say of it."""

    drawn: list[Drawn]
    population: int
    notes: dict[str, Any] = field(default_factory=dict)


def check(store: Store, asked: Asked, by: Sequence[str], sessions: str) -> None:
    """Refuse what cannot be meant, before anything is drawn.

    Raises
    ------
    UnknownNameError
        There is no such allocation, way to treat sessions, stratum or signal.
    NothingToDoError
        n is none, or words were given that this strategy does not use.
    """
    if asked.allocation not in ALLOCATIONS:
        raise UnknownNameError.among("allocation", asked.allocation, ALLOCATIONS)
    if sessions not in SESSIONS:
        raise UnknownNameError.among("way to treat sessions", sessions, SESSIONS)
    if asked.n < 1:
        raise NothingToDoError(
            f"A sample of {asked.n} traces is empty; ask for one or more."
        )
    for word, given, used_by in (
        ("strata", asked.strata, "stratified"),
        ("at_least", asked.at_least, "stratified"),
        ("signals", asked.signals, "signals"),
    ):
        if given and used_by not in by:
            raise NothingToDoError(
                f"{word}= is for by={used_by!r}; this is by={by[0]!r}."
                f" Type sample(…, by={used_by!r}, {word}={_shown(given)})."
            )
    if "stratified" in by:
        _check_strata(store, asked.strata)
    pick_signals(asked.signals)


def since(store: Store, wanted: date | datetime | str | None) -> dict[str, Any]:
    """Return the part of a population that ``since=`` means.

    Parameters
    ----------
    store : Store
        The project.
    wanted : datetime.date, datetime.datetime, str or None
        A day or a moment, also as ISO text, UTC where it says nothing else; or the id
        of an import.

    Raises
    ------
    UnknownNameError
        It is text, and neither a date nor an import.
    """
    if wanted is None:
        return {}
    if isinstance(wanted, str):
        loads = store.sampling.loads()
        if wanted in loads:
            return {"load_id": wanted}
        try:
            wanted = datetime.fromisoformat(wanted)
        except ValueError:
            hint = "Or give a date: since='2026-10-01'."
            raise UnknownNameError.among("import", wanted, loads, hint=hint) from None
    if not isinstance(wanted, datetime):
        wanted = datetime.combine(wanted, time())
    if wanted.tzinfo is not None:
        wanted = wanted.astimezone(UTC).replace(tzinfo=None)
    return {"since": wanted}


def _check_strata(store: Store, names: Sequence[str]) -> None:
    known = [*store.traces.metadata_keys(), *FACTS]
    if not names:
        raise UnknownNameError.among(
            "stratum", "", known, hint=f"Name one or more: strata=[{known[0]!r}]."
        )
    for name in names:
        if name not in known:
            raise UnknownNameError.among("metadata key", name, known)


def _shown(given: object) -> str:
    return repr(list(given) if isinstance(given, tuple) else given)
