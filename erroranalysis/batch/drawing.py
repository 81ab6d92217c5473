"""Draw a batch: choose traces by a strategy and write them down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from erroranalysis.batch.asked import Asked, Chosen, check, since
from erroranalysis.batch.batches import Batch, load, pick, write
from erroranalysis.batch.strategies import BY_CHANCE, STRATEGIES, UNMIXED
from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.records import digest
from erroranalysis.sampling.mixture import blend, share
from erroranalysis.store.sampling import Population

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from erroranalysis.store import Store

MIXED = "mixed"
_ALREADY_READ = ("disagreement", "recheck")


def draw(
    store: Store,
    n: int,
    *,
    by: str | Mapping[str, float] = "random",
    since: date | str | None = None,
    sessions: str = "apart",
    exclude_annotated: bool = True,
    **words: Any,  # noqa: ANN401 - the other fields of Asked
) -> Batch:
    """Draw a batch and write it down.

    A cell that is run again, after a restart or by a colleague, asks for the same in
    the same words: it gets the same batch, as long as some of it was read by nobody.

    Parameters
    ----------
    store : Store
        The project.
    n : int
        How many traces.
    by : str or mapping of str to float
        The strategy, or shares of several.
    since : date, datetime or str, optional
        Only traces since then, or since that import.
    sessions : {"apart", "together"}
        Whether sessions are read whole.
    exclude_annotated : bool, default True
        Leave out what somebody has read already.
    **words
        ``seed``, ``strata``, ``allocation``, ``at_least``, ``annotator``, ``signals``.

    Raises
    ------
    NothingToDoError
        There are no traces, all were read, or the strategy found none.
    UnknownNameError
        There is no such strategy, allocation, metadata key or signal.
    """
    names = _names(by)
    words_given = digest(n, by, since, sessions, exclude_annotated, words)
    if exclude_annotated and set(names).isdisjoint(_ALREADY_READ):
        known = store.batches.same(words_given, unfinished=True)
        if known is not None:
            return load(store, known)
    who = Population(unread=exclude_annotated, **_since(store, since, names))
    asked = Asked(n, who, 0, together=sessions == "together", **words)
    check(store, asked, names, sessions)
    asked = replace(asked, available=_available(store, who, by))
    chosen = (
        _mix(store, asked, by) if isinstance(by, Mapping) else _one(store, asked, by)
    )
    how = {
        "asked": words_given,
        "n": n,
        "by": dict(by) if isinstance(by, Mapping) else by,
        "allocation": asked.allocation if "stratified" in names else None,
        "sessions": sessions,
        "since": since,
        **_said_of(asked),
        **(_excluded(store) if exclude_annotated and by not in _ALREADY_READ else {}),
        **chosen.notes,
    }
    made = {"strategy": MIXED if isinstance(by, Mapping) else by, "seed": asked.seed}
    made["label_sampling"] = _label_sampling(by)
    return write(store, made, chosen.drawn, chosen.population, how)


def _said_of(asked: Asked) -> dict[str, Any]:
    return {
        "strata": list(asked.strata),
        "at_least": asked.at_least,
        "annotator": asked.annotator,
        "signals": asked.signals,
    }


def _excluded(store: Store) -> dict[str, int]:
    """Return how many traces could not be drawn, since they were read before."""
    read = store.sampling.read()
    return {
        "excluded": read.traces,
        "excluded_picked_by_hand": read.on_purpose,
        "excluded_hunted": read.hunted,
    }


def choose(store: Store, batch: Batch | str | Sequence[str] | None) -> Batch:
    """Return the batch that a user means.

    Parameters
    ----------
    store : Store
        The project.
    batch : Batch, str, sequence of str or None
        A batch, the id of one, trace ids, or the batch that was drawn last; 100
        random traces where there is none.
    """
    if batch is None:
        newest = store.batches.newest()
        return load(store, newest) if newest else draw(store, 100)
    if isinstance(batch, Batch):
        return batch
    return load(store, batch) if isinstance(batch, str) else pick(store, batch)


def _names(by: object) -> list[str]:
    """Return the strategies asked for, all of them known."""
    names = list(by) if isinstance(by, Mapping) else [str(by)]
    for name in names:
        if name not in STRATEGIES:
            hint = "Or a mixture: by={'random': 0.5, 'signals': 0.5}."
            raise UnknownNameError.among(
                "sampling strategy", name, STRATEGIES, hint=hint
            )
    if isinstance(by, Mapping):
        _check_mixture(by)
    return names


def _check_mixture(by: Mapping[str, float]) -> None:
    for name, part in by.items():
        if name in UNMIXED:
            raise NothingToDoError(
                f"{name!r} is a batch of its own, not a part of a mixture. "
                + UNMIXED[name]
            )
        if isinstance(part, bool) or not isinstance(part, int | float) or not part > 0:
            raise NothingToDoError(
                f"The share of {name!r} is {part!r}; a mixture takes numbers above 0:"
                " by={'random': 0.5, 'signals': 0.5}."
            )
    if not by:
        raise NothingToDoError(
            "The mixture is empty. Try by={'random': 0.5, 'signals': 0.5}."
        )
    if len(found := [name for name in by if name in BY_CHANCE]) > 1:
        raise NothingToDoError(
            f"A mixture draws one part by chance, and {' and '.join(found)} are two:"
            " nobody could say which chance a trace had. Keep one of them."
        )


def _since(store: Store, wanted: date | str | None, names: list[str]) -> dict[str, Any]:
    if "new" in names and wanted is None:
        loads = store.sampling.loads()
        newest = f", or since={loads[-1]!r} (the newest import)" if loads else ""
        raise NothingToDoError(
            f"Say since when: sample(…, by='new', since='2026-10-01'){newest}."
        )
    return since(store, wanted)


def _available(store: Store, who: Population, by: object) -> int:
    """Count the traces that can be drawn; say why where there are none."""
    everybody = replace(who, unread=False)
    if not who.unread or by in _ALREADY_READ:
        who = everybody
    if available := store.sampling.count(who):
        return available
    there = store.sampling.count(everybody)
    if there and who.unread:
        raise NothingToDoError(
            f"All {there:,} traces were read already. Read some again:"
            " sample(…, exclude_annotated=False), or ingest more."
        )
    if store.sampling.count(Population(unread=False)):
        raise NothingToDoError(
            f"No trace is as new as {who.since or who.load_id}. Ingest more, or choose"
            " an earlier since=."
        )
    raise NothingToDoError("There are no traces yet: project.ingest('traces.jsonl').")


def _label_sampling(by: str | Mapping[str, float]) -> str:
    if not isinstance(by, Mapping):
        return STRATEGIES[by].label_sampling
    parts = {STRATEGIES[name].label_sampling for name in by}
    return MIXED if len(parts) > 1 else parts.pop()


def _one(store: Store, asked: Asked, by: str) -> Chosen:
    chosen = STRATEGIES[by].choose(store, asked)
    if not chosen.drawn:
        raise NothingToDoError(STRATEGIES[by].nothing)
    return chosen


def _mix(store: Store, asked: Asked, parts: Mapping[str, float]) -> Chosen:
    counts = share(parts, asked.n)
    by_chance = Chosen([], 0)
    hunted: dict[str, Chosen] = {}
    for name, count in counts.items():
        if not count:
            continue
        if name in BY_CHANCE:
            by_chance = STRATEGIES[name].choose(store, replace(asked, n=count))
        else:  # all of n: some of what it finds may be taken already
            hunted[name] = STRATEGIES[name].choose(store, asked)
    found = {name: chosen.drawn for name, chosen in hunted.items()}
    drawn = blend(by_chance.drawn, found, counts, seed=asked.seed)
    if not drawn:
        raise NothingToDoError(
            " ".join(STRATEGIES[name].nothing for name in parts if name in hunted)
        )
    notes: dict[str, Any] = dict(by_chance.notes)
    for chosen in hunted.values():
        notes |= chosen.notes
    population = max(by_chance.population, *(c.population for c in hunted.values()), 0)
    return Chosen(drawn, population, {**notes, "shares": counts})
