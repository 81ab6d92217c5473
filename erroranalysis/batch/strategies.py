"""The strategies: one function for each, and the table of them.

What is drawn by chance keeps the chance that every trace had. What is hunted has none:
it shows what goes wrong, and says nothing about how often.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.batch.asked import CLUSTER, Asked, Chosen
from erroranalysis.classifier import TextClassifier
from erroranalysis.errors import NothingToDoError
from erroranalysis.prompts import LONGEST_CASE, conversation
from erroranalysis.sampling import Drawn, draw_random, draw_stratified, order
from erroranalysis.sampling.coverage import clusters, cover
from erroranalysis.sampling.hunts import richest_first, take
from erroranalysis.sampling.signals import (
    IN_TEXT,
    Conversation,
    name_signals,
    pick_signals,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from erroranalysis.records import Trace
    from erroranalysis.store import Store

# How many traces are looked at where looking at all would take too long.
POOL = 1_500
_SIGNALS_POOL = 3_000
_LONGEST_TEXT = 300
_FEWEST_LABELS = 3
_MOST_LABELS = 2_000


@dataclass(frozen=True)
class Strategy:
    """How to choose traces, what their labels allow, and what to say of nothing."""

    choose: Callable[[Store, Asked], Chosen]
    label_sampling: str = "error_hunt"
    nothing: str = ""


def _random(store: Store, asked: Asked) -> Chosen:
    if asked.together:
        return _whole_sessions(store, asked)
    ids = store.sampling.ids(asked.who)
    return Chosen(draw_random(ids, asked.n, seed=asked.seed), len(ids))


def _stratified(store: Store, asked: Asked) -> Chosen:
    if CLUSTER in asked.strata:
        return _by_cluster(store, asked)
    if asked.together:
        return _whole_sessions(store, asked)
    cells = store.sampling.cells(asked.who, asked.strata)
    return Chosen(_draw_cells(cells, asked.n, asked), len(cells))


def _draw_cells(cells: dict[str, str], n: int, asked: Asked) -> list[Drawn]:
    return draw_stratified(
        cells, n, seed=asked.seed, allocation=asked.allocation, at_least=asked.at_least
    )


def _whole_sessions(store: Store, asked: Asked) -> Chosen:
    """Draw sessions, so many that they hold about n traces, and take them whole.

    The number of sessions is fixed before the draw. To stop at n traces would give
    long sessions another chance than short ones.
    """
    found, traces = store.sampling.sessions(asked.who, asked.strata)
    count = max(1, round(asked.n * len(found) / traces))
    if asked.strata:
        drawn = _draw_cells(found, count, asked)
    else:
        drawn = draw_random(list(found), count, seed=asked.seed)
    inside = store.sampling.members(asked.who, [item.trace_id for item in drawn])
    whole = [
        Drawn(trace_id, session.stratum, session.inclusion_probability)
        for session in drawn
        for trace_id in inside[session.trace_id]
    ]
    return Chosen(whole, traces, {"sessions_drawn": len(drawn)})


def _by_cluster(store: Store, asked: Asked) -> Chosen:
    """Draw from clusters of what users said: of all traces, or of a random part.

    Then a trace had two chances to miss: not to be in the part, not to be drawn from
    it. The chance of both is their product (Särndal, Swensson and Wretman 1992,
    section 9.2).
    """
    if asked.together:
        raise NothingToDoError(
            "A session may belong to several clusters, so it cannot be drawn whole from"
            " one. Leave sessions='together' or the stratum 'cluster' out."
        )
    texts = _pool_of_texts(store, asked)
    share = len(texts) / asked.available
    others = [name for name in asked.strata if name != CLUSTER]
    cells = clusters(texts, seed=asked.seed)
    if others:
        known = store.sampling.cells(asked.who, others)
        cells = {key: f"{name} · {known[key]}" for key, name in cells.items()}
    drawn = [
        Drawn(item.trace_id, item.stratum, share * (item.inclusion_probability or 0))
        for item in _draw_cells(cells, asked.n, asked)
    ]
    return Chosen(drawn, asked.available, {"pool": len(texts)})


def _coverage(store: Store, asked: Asked) -> Chosen:
    texts = _pool_of_texts(store, asked)
    drawn = cover(texts, asked.n, seed=asked.seed)
    return _hunted(store, asked, drawn, pool=len(texts))


def _outliers(store: Store, asked: Asked) -> Chosen:
    hits, looked_at = store.hunting.outliers(asked.who, asked.n, seed=asked.seed)
    hits += store.hunting.errors(asked.who, asked.n, seed=asked.seed)
    # every rare tool is a reason, and together they take one turn, not one each
    drawn = _in_turn(hits, asked.n, lambda why: why.split(":")[0])
    return _hunted(store, asked, drawn, searched_for_tools=looked_at)


def _feedback(store: Store, asked: Asked) -> Chosen:
    hits = store.hunting.feedback(asked.who, asked.n, seed=asked.seed)
    return _hunted(store, asked, take(hits, asked.n))


def _signals(store: Store, asked: Asked) -> Chosen:
    """Look at input and output of many traces, and at the messages of some.

    Those are a random part, and what input and output made suspicious. Only a look at
    the whole conversation decides.
    """
    wanted = pick_signals(asked.signals)
    patterns = {
        name: (column, pattern.pattern)
        for name, (column, pattern) in IN_TEXT.items()
        if name in wanted
    }
    suspects, searched = store.hunting.in_text(
        asked.who, patterns, asked.n, seed=asked.seed
    )
    pool = store.sampling.pool(asked.who, _SIGNALS_POOL, seed=asked.seed)
    ids = list(dict.fromkeys([*pool, *suspects]))
    shown: dict[str, list[str]] = {}
    for trace_id, found in store.sampling.conversations(ids).items():
        talk = Conversation(orjson.loads(found.messages), found.before, found.last)
        if names := name_signals(talk, wanted):
            shown[trace_id] = names
    hits = richest_first(shown, seed=asked.seed)
    hits.sort(key=lambda hit: list(wanted).index(hit[1]))
    drawn = take(hits, asked.n)
    return _hunted(
        store,
        asked,
        drawn,
        signals_looked_for=list(wanted),
        texts_searched=searched,
        conversations_read=len(ids),
    )


def _uncertainty(store: Store, asked: Asked) -> Chosen:
    """Train the baseline judge on one person's labels; take what it is unsure of."""
    annotator = store.annotations.reference(asked.annotator)
    labels = {
        key: item.verdict == "fail"
        for key, item in store.annotations.current(annotator).items()
        if item.verdict in ("pass", "fail")
    }
    fails = sum(labels.values())
    if min(fails, len(labels) - fails) < _FEWEST_LABELS:
        raise NothingToDoError(
            f"The baseline judge learns from at least {_FEWEST_LABELS} passing and"
            f" {_FEWEST_LABELS} failing traces; {annotator} has {len(labels) - fails}"
            f" and {fails}. Read a random sample first:"
            f" project.annotate(project.sample(100), annotator={annotator!r})."
        )
    teaching = store.traces.many(order(labels, seed=asked.seed)[:_MOST_LABELS])
    trained = TextClassifier.train(
        [_said(trace) for trace in teaching],
        [labels[trace.id] for trace in teaching],
        least=1 if len(labels) < 20 else 2,  # noqa: PLR2004 - few texts share words
    )
    pool = store.sampling.pool(asked.who, POOL, seed=asked.seed)
    asked_of = store.traces.many([key for key in pool if key not in labels])
    if not asked_of:
        return Chosen([], 0)
    chances = trained.chances(trained.rows([_said(trace) for trace in asked_of]))
    unsure = sorted(
        (abs(float(chance) - 0.5), trace.id, float(chance))
        for chance, trace in zip(chances, asked_of, strict=True)
    )
    drawn = [
        Drawn(key, f"chance of a failure {chance:.2f}", None)
        for _, key, chance in unsure[: asked.n]
    ]
    return _hunted(
        store,
        asked,
        drawn,
        annotator=annotator,
        labels=len(teaching),
        pool=len(asked_of),
    )


def _disagreement(store: Store, asked: Asked) -> Chosen:
    if asked.annotator is not None:
        store.annotations.reference(asked.annotator)
    hits = store.hunting.disagreements(asked.annotator, asked.n, seed=asked.seed)
    drawn = _in_turn(hits, asked.n, lambda why: why.split(" ")[0])
    return Chosen(drawn, len(drawn))


def _recheck(store: Store, asked: Asked) -> Chosen:
    """Draw from the older half of what a person has judged, and not read again yet.

    From all of it only where the older half is too few: who has just read a trace
    remembers the verdict.
    """
    annotator = store.annotations.reference(asked.annotator)
    readings = store.hunting.readings(annotator)
    old = readings[: max(asked.n, (len(readings) + 1) // 2)]
    when = dict(old)
    drawn = [
        Drawn(item.trace_id, f"read {when[item.trace_id]:%Y-%m-%d}", None)
        for item in draw_random(list(when), asked.n, seed=asked.seed)
    ]
    return Chosen(drawn, len(when), {"annotator": annotator})


def _hunted(
    store: Store,
    asked: Asked,
    drawn: list[Drawn],
    **notes: Any,  # noqa: ANN401 - whatever JSON holds
) -> Chosen:
    """Return what was found, with the rest of its sessions where they stay whole."""
    if asked.together and drawn:
        drawn = _with_sessions(store, asked, drawn)
    return Chosen(drawn, asked.available, notes)


def _with_sessions(store: Store, asked: Asked, drawn: Sequence[Drawn]) -> list[Drawn]:
    """Take whole sessions of what was found, the best first, until there are n."""
    found = {item.trace_id: item for item in drawn}
    session_of = store.sampling.session_of(list(found))
    sessions = list(dict.fromkeys(session_of[trace_id] for trace_id in found))
    inside = store.sampling.members(asked.who, sessions)
    whole: list[Drawn] = []
    for session in sessions:
        if len(whole) >= asked.n:
            break
        whole += [
            found.get(trace_id) or Drawn(trace_id, "same session", None)
            for trace_id in inside[session]
        ]
    return whole


def _in_turn(
    hits: Sequence[tuple[str, str]], n: int, kind: Callable[[str], str]
) -> list[Drawn]:
    """Take from kinds of reasons in turn, and name the reasons themselves."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for trace_id, reason in hits:
        reasons[trace_id].append(reason)
    kinds = [(trace_id, kind(reason)) for trace_id, reason in hits]
    return [
        Drawn(item.trace_id, ", ".join(reasons[item.trace_id]), None)
        for item in take(kinds, n)
    ]


def _pool_of_texts(store: Store, asked: Asked) -> dict[str, str]:
    pool = store.sampling.pool(asked.who, POOL, seed=asked.seed)
    return store.sampling.asked(pool, _LONGEST_TEXT)


def _said(trace: Trace) -> str:
    return conversation(trace, longest=LONGEST_CASE, instructions=False)


STRATEGIES: dict[str, Strategy] = {
    "random": Strategy(_random, "random"),
    "stratified": Strategy(_stratified, "stratified"),
    "new": Strategy(_random, "random"),
    "outlier": Strategy(
        _outliers,
        nothing="No trace stands out: lengths, times, costs and tools are alike, and"
        " nothing ended in an error. Try by='coverage'.",
    ),
    "feedback": Strategy(
        _feedback,
        nothing="No unread trace has a thumb down, a low score or a comment;"
        " project.feedback() shows what there is. Try by='signals'.",
    ),
    "signals": Strategy(
        _signals,
        nothing="No unread trace shows a signal. Add a pattern:"
        ' sample(…, by="signals", signals={"refund": r"refund|money back"}).',
    ),
    "coverage": Strategy(_coverage),
    "uncertainty": Strategy(
        _uncertainty, nothing="There is no trace left that was not labelled."
    ),
    "disagreement": Strategy(
        _disagreement,
        nothing="Nobody disagrees: no two people differ on a trace, and no judge from"
        " a person or another judge. Let a second person read some:"
        " project.annotate(batch, annotator='someone else').",
    ),
    "recheck": Strategy(
        _recheck,
        "recheck",
        "There is no verdict left that was not read again already.",
    ),
}
BY_CHANCE = ("random", "stratified")
UNMIXED = {
    "new": "Give the mixture since=…, or type by='new'.",
    "recheck": "Type sample(…, by='recheck').",
}
