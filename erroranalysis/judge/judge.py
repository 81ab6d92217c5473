"""A judge: one failure mode, one version, and how well it shadows a person."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from erroranalysis.errors import (
    NothingToDoError,
    UnknownNameError,
    helpful_keywords,
)
from erroranalysis.judge import baseline, teaching
from erroranalysis.judge.calls import call_model, judge_row
from erroranalysis.judge.results import Disagreements, JudgeRun
from erroranalysis.measure import Alignment, JudgeComparison, align, compare_judges
from erroranalysis.splits import SPLITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from erroranalysis.records import Trace
    from erroranalysis.store import Store

RUNS_ON = (*SPLITS, "all")


class Judge:
    """One version of a judge.

    Made by ``project.judge(mode)``; runs are kept, and a rerun pays only for what is
    missing.
    """

    def __init__(
        self, store: Store, mode: Mapping[str, Any], row: Mapping[str, Any]
    ) -> None:
        self._store = store
        self._mode = mode
        self._row = row
        self._parameters: dict[str, Any] = orjson.loads(row["parameters"])

    def __repr__(self) -> str:
        """Say it in one line."""
        return (
            f"Judge({self.name!r}, {self._row['model']!r}, shadows"
            f" {self.annotator}, {len(self.examples)} train traces)"
        )

    @property
    def name(self) -> str:
        """Failure mode and version."""
        return f"{self._mode['name']} v{self._row['version']}"

    @property
    def mode(self) -> str:
        """Name of the failure mode."""
        return str(self._mode["name"])

    @property
    def annotator(self) -> str:
        """The person whom the judge shadows."""
        return str(self._row["annotator"])

    @property
    def prompt(self) -> str:
        """The prompt as readable text."""
        return str(self._row["prompt"])

    @property
    def examples(self) -> list[str]:
        """The traces that teach it, all of the train split."""
        return list(self._row["examples"] or [])

    @property
    def judge_id(self) -> str:
        """Id of this version in the table ``judges``."""
        return str(self._row["judge_id"])

    @helpful_keywords
    def run(
        self,
        split: str = "dev",
        *,
        concurrency: int = 8,
        timeout: float = 60.0,
        progress: bool = True,
    ) -> JudgeRun:
        """Judge the traces of a split, or all traces of the project.

        Parameters
        ----------
        split : {"train", "dev", "test", "all"}
            Which traces; ``all`` are those of the project, for failure rates.
        concurrency : int, default 8
            Calls of a model under way at once.
        timeout : float, default 60
            Hard limit of one call, seconds.
        progress : bool, default True
            Show a progress bar on runs longer than a second.

        Returns
        -------
        JudgeRun
            Verdicts and errors. Every finished call is written at once; what is
            there already is not asked for again.

        Raises
        ------
        UnknownNameError
            There is no such split.
        ModelError
            The model cannot be called at all.
        """
        began = time.monotonic()
        wanted = self._ids(split)
        traces = self._store.traces.many(wanted)
        rows = {
            trace.id: judge_row(self.judge_id, self._row["prompt_hash"], trace)
            for trace in traces
        }
        known = self._store.judging.cached([row["cache_key"] for row in rows.values()])
        missing = [t for t in traces if rows[t.id]["cache_key"] not in known]
        finished: list[dict[str, Any]] = []
        if self._row["kind"] == "model":
            finished = call_model(
                self._store,
                self._row,
                self._parameters,
                [(trace, rows[trace.id]) for trace in missing],
                concurrency=concurrency,
                timeout=timeout,
                progress=progress,
            )
        elif missing:
            finished = self._ask_baseline(missing, rows)
        verdicts = Counter(row["verdict"] for row in (*known.values(), *finished))
        return JudgeRun(
            judge=self.name,
            split=split,
            passed=verdicts["pass"],
            failed=verdicts["fail"],
            errors=dict(Counter(r["error"] for r in finished if r["error"])),
            reused=len(known),
            input_tokens=sum(row.get("input_tokens") or 0 for row in finished),
            output_tokens=sum(row.get("output_tokens") or 0 for row in finished),
            seconds=time.monotonic() - began,
        )

    def alignment(self, split: str = "dev") -> Alignment:
        """Compare the judge with the person on a split it was not taught with.

        Parameters
        ----------
        split : {"dev", "test", "train"}
            Which split; on train it only shows that the judge has learnt.

        Returns
        -------
        Alignment
            TPR, TNR and kappa with intervals. Positive class is Pass.

        Raises
        ------
        NothingToDoError
            The judge has not been run on this split.
        """
        labels, verdicts = self._compared(split)
        seen = [trace_id for trace_id in labels if trace_id in verdicts]
        return align(
            [labels[trace_id] for trace_id in seen],
            [verdicts[trace_id]["verdict"] for trace_id in seen],
            name=self.name,
            split=split,
            missing=len(labels) - len(seen),
            looks=self._looks(set(labels)),
            trace_ids=seen,
        )

    def compare(self, other: Judge, split: str = "dev") -> JudgeComparison:
        """Say which of two judges of a failure mode follows the person better.

        Parameters
        ----------
        other : Judge
            The judge to compare this one with, of the same failure mode and person.
        split : {"dev", "test", "train"}
            Which split; to choose between them take dev.

        Returns
        -------
        JudgeComparison
            Differences in TPR, TNR, balanced accuracy and kappa, this one minus the
            other; traces on which one of them ended in an error are counted apart.

        Raises
        ------
        NothingToDoError
            One of them has not been run on this split.
        ValueError
            They judge another failure mode, or shadow another person.

        See Also
        --------
        alignment : One judge, with its errors.
        """
        mine, theirs = (self.mode, self.annotator), (other.mode, other.annotator)
        if mine != theirs:
            raise ValueError(
                f"{self.name} shadows {mine[1]} on {mine[0]!r}, {other.name} shadows"
                f" {theirs[1]} on {theirs[0]!r}: compare judges of one failure mode"
                " and one person."
            )
        labels, verdicts = self._compared(split)
        _, others = other._compared(split)
        said = {
            key: (others[key]["verdict"], verdicts[key]["verdict"])
            for key in labels
            if key in verdicts and key in others
        }
        return compare_judges(
            [labels[trace_id] for trace_id in said],
            [first for first, _ in said.values()],
            [second for _, second in said.values()],
            names=(other.name, self.name),
        )

    def disagreements(self, split: str = "dev") -> Disagreements:
        """Return the traces on which the judge and the person differ.

        Parameters
        ----------
        split : {"dev", "test", "train"}
            Which split.

        Returns
        -------
        Disagreements
            With the critiques of both.
        """
        labels, verdicts = self._compared(split)
        notes = self._store.annotations.current(self.annotator)
        rows = [
            {
                "trace_id": trace_id,
                "human": label,
                "judge": verdicts[trace_id]["verdict"],
                "critique": notes[trace_id].critique,
                "judge_critique": verdicts[trace_id]["critique"],
            }
            for trace_id, label in labels.items()
            if trace_id in verdicts
            and verdicts[trace_id]["verdict"] not in (None, label)
        ]
        # missed failures first: they are what the judge is for
        rows.sort(key=lambda row: (row["human"] != "fail", row["trace_id"]))
        return Disagreements(self.name, split, tuple(rows))

    def _ask_baseline(
        self, missing: list[Trace], rows: Mapping[str, dict[str, Any]]
    ) -> list[dict[str, Any]]:
        train = self._store.traces.many(self.examples)
        opinions = baseline.judge_by_text(train, self._parameters["labels"], missing)
        finished = [
            {
                **rows[trace.id],
                "verdict": opinion.verdict,
                "critique": opinion.critique,
                "error": None,
                "model_returned": baseline.NAME,
            }
            for trace, opinion in zip(missing, opinions, strict=True)
        ]
        self._store.judging.add_judgements(finished)
        return finished

    def _labels(self) -> tuple[dict[str, str], dict[str, str]]:
        labels = self._store.modes.labels(self._mode["mode_id"], self.annotator)
        placed = teaching.place(
            self._store, self._mode["mode_id"], self.mode, labels, seed=0
        )
        return labels, placed

    def _ids(self, split: str) -> list[str]:
        if split not in RUNS_ON:
            raise UnknownNameError.among("split", split, RUNS_ON)
        if split == "all":
            return self._store.traces.ids()
        labels, placed = self._labels()
        return sorted(trace_id for trace_id in labels if placed[trace_id] == split)

    def _compared(self, split: str) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        if split not in SPLITS:
            raise UnknownNameError.among("split", split, SPLITS)
        labels, placed = self._labels()
        labels = {key: label for key, label in labels.items() if placed[key] == split}
        verdicts = {
            row["trace_id"]: row for row in self._store.judging.verdicts(self.judge_id)
        }
        if not verdicts.keys() & labels.keys():
            raise NothingToDoError(
                f"{self.name} has not been run on the {split} split yet. Run it:"
                f" judge.run({split!r})."
            )
        return labels, verdicts

    def _looks(self, trace_ids: set[str]) -> int:
        """Return how many versions of the judge were run on these traces."""
        return sum(
            any(
                item["trace_id"] in trace_ids
                for item in self._store.judging.verdicts(row["judge_id"])
            )
            for row in self._store.judging.judges(self._mode["mode_id"])
        )
