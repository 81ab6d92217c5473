"""Stands for the page of the annotator, over a project of four traces."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from erroranalysis.queue import Queue
from erroranalysis.records import Trace
from erroranalysis.store import Store
from erroranalysis.store.loads import load
from erroranalysis.widgets.annotator import Annotator


def four_traces(folder: Path) -> Store:
    """Return a project of four traces, trace-0 to trace-3, in the batch b1."""
    made = Store(folder / "p.duckdb")
    names = [f"trace-{i}" for i in range(4)]
    records = [
        {"id": name, "messages": [{"role": "user", "content": f"Question {i}"}]}
        for i, name in enumerate(names)
    ]
    load(made, records, progress=False)
    add_batch(made, "b1", names)
    return made


def add_batch(store: Store, batch_id: str, traces: list[str]) -> None:
    store.batches.add(
        {
            "batch_id": batch_id,
            "strategy": "random",
            "parameters": "{}",
            "seed": 1,
            "label_sampling": "random",
            "population": 4,
            "created_at": "2026-01-01",
        },
        [
            {"batch_id": batch_id, "position": place, "trace_id": name}
            for place, name in enumerate(traces)
        ],
    )


class Front:
    """Stands for the page: asks, and puts the pieces of the answer together."""

    def __init__(
        self,
        store: Store,
        get: Callable[[str], Trace] | None = None,
        *,
        batch: str = "b1",
        **options: Any,
    ) -> None:
        queue = Queue(store, batch, "mira")
        self.widget = Annotator(queue, get or store.traces.get, **options)
        self.sent: list[dict[str, Any]] = []
        self.widget.send = self.sent.append

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        self.sent.clear()
        self.widget._handle_custom_msg({"id": "v-1", "kind": kind, **fields}, [])
        assert [m["part"] for m in self.sent] == list(range(len(self.sent)))
        assert {(m["re"], m["of"]) for m in self.sent} == {("v-1", len(self.sent))}
        answer: dict[str, Any] = json.loads("".join(m["text"] for m in self.sent))
        return answer

    def page(self, kind: str, **fields: Any) -> dict[str, Any]:
        answer = self.ask(kind, **fields)
        assert "error" not in answer
        page: dict[str, Any] = answer["page"]
        return page
