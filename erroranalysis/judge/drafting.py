"""Drafting a judge: what it is told, and which traces teach it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis import prompts
from erroranalysis.judge import baseline, teaching
from erroranalysis.judge.judge import Judge
from erroranalysis.records import digest, dump

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.store import Store


def judge_for(
    store: Store,
    mode: Mapping[str, Any],
    *,
    model: str | None = None,
    base_url: str | None = None,
    annotator: str,
    seed: int = 0,
) -> Judge:
    """Return the newest judge of a failure mode, drafted if there is none.

    Parameters
    ----------
    store : Store
        The project file.
    mode : mapping
        The failure mode: ``mode_id``, ``name``, ``definition``.
    model : str, optional
        A model; the bundled baseline where it is not given.
    base_url : str, optional
        Server that speaks the OpenAI API.
    annotator : str
        The person whom the judge shadows.
    seed : int, default 0
        Seed of the splits.

    Returns
    -------
    Judge
        Ready to run.
    """
    kind = "model" if model else "baseline"
    asked = model or baseline.NAME
    for row in reversed(store.judging.judges(mode["mode_id"])):
        same = (row["kind"], row["model"], row["annotator"]) == (kind, asked, annotator)
        if same and orjson.loads(row["parameters"]).get("base_url") == base_url:
            return Judge(store, mode, row)
    drafted = _draft(store, mode, model, annotator, base_url=base_url, seed=seed)
    return Judge(store, mode, store.judging.add_judge(drafted))


def _draft(
    store: Store,
    mode: Mapping[str, Any],
    model: str | None,
    annotator: str,
    *,
    base_url: str | None,
    seed: int,
) -> dict[str, Any]:
    """Return a new judge version: what it is told, and by which train traces."""
    labels = store.modes.labels(mode["mode_id"], annotator)
    placed = teaching.place(store, mode["mode_id"], mode["name"], labels, seed=seed)
    train = sorted(t for t in labels if placed.get(t) == "train")
    parameters: dict[str, Any] = {"base_url": base_url}
    if model:
        teachers = teaching.shown(store, train, placed, labels, annotator)
        chosen = prompts.choose(teachers)
        prompt = prompts.draft(mode["name"], mode["definition"], chosen)
        examples = [item.trace_id for item in chosen]
        parameters |= {"temperature": 0, "seed": seed}
    else:
        fails = sum(labels[trace_id] == "fail" for trace_id in train)
        prompt = (
            f"{baseline.NAME}, trained on {len(train)} train traces ({fails} fails)"
        )
        examples = train
        parameters["labels"] = [labels[trace_id] for trace_id in train]
    asked = model or baseline.NAME
    return {
        "mode_id": mode["mode_id"],
        "kind": "model" if model else "baseline",
        "model": asked,
        "prompt": prompt,
        "prompt_hash": digest(prompt, asked, parameters),
        "examples": examples,
        "annotator": annotator,
        "parameters": dump(parameters),
    }
