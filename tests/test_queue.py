"""The queue: places, progress, and an undo that outlives everything."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erroranalysis.errors import NothingToDoError, UnknownNameError
from erroranalysis.queue import Progress, Queue
from erroranalysis.store import Store
from erroranalysis.store.loads import load
from erroranalysis.store.rows import insert

TRACES = [f"t{i}" for i in range(6)]
_names = itertools.count()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    made = Store(tmp_path_factory.mktemp("queue") / "p.duckdb")
    records = [
        {"id": name, "messages": [{"role": "user", "content": f"Question {name}?"}]}
        for name in TRACES
    ]
    load(made, records, progress=False)
    yield made
    made.close()


def batch(store: Store, traces: list[str], sampling: str = "random") -> str:
    batch_id = f"b{next(_names):06}"
    row = {
        "batch_id": batch_id,
        "strategy": "random",
        "parameters": "{}",
        "seed": 1,
        "label_sampling": sampling,
        "population": len(TRACES),
        "created_at": "2026-01-01",
    }
    items = [
        {"batch_id": batch_id, "position": place, "trace_id": trace_id}
        for place, trace_id in enumerate(traces)
    ]
    store.batches.add(row, items)
    return batch_id


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store, batch(store, TRACES), f"person{next(_names)}")


def again(store: Store, queue: Queue) -> Queue:
    """The queue as a restarted kernel makes it."""
    return Queue(store, queue.batch_id, queue.annotator)


def verdicts(queue: Queue) -> dict[str, str | None]:
    return {name: said.verdict for name, said in queue.state().annotations.items()}


def test_it_holds_the_batch_in_reading_order(store: Store) -> None:
    queue = Queue(store, batch(store, ["t3", "t0", "t5"]), "mira")
    assert (len(queue), queue.ids) == (3, ("t3", "t0", "t5"))
    assert (queue.position, queue.current_id) == (0, "t3")
    assert queue.at(2) == "t5"
    assert "t0" in queue
    assert "t1" not in queue
    assert queue.go_to("t5") == "t5"
    assert queue.position == 2


def test_a_place_or_trace_that_is_not_there_is_named(queue: Queue) -> None:
    with pytest.raises(UnknownNameError, match="no trace 7 in this batch; it has 6"):
        queue.at(6)
    with pytest.raises(UnknownNameError, match="Did you mean 't1'"):
        queue.go_to("t1x")
    with pytest.raises(UnknownNameError, match="no trace 0"):
        queue.at(-1)


def test_an_empty_batch_and_a_nameless_reader_are_refused(store: Store) -> None:
    with pytest.raises(NothingToDoError, match=r"project\.sample\(100\)"):
        Queue(store, batch(store, []), "mira")
    with pytest.raises(NothingToDoError, match="annotator='mira'"):
        Queue(store, batch(store, ["t1"]), " ")


def test_submit_writes_a_whole_row_and_does_not_move(
    queue: Queue, store: Store
) -> None:
    queue.go_to("t1")
    written = queue.submit("fail", "  forgot the dog ", "0", 12.5)
    assert queue.current_id == "t1"
    (row,) = store.annotations.history(annotator=queue.annotator)
    assert row == written
    assert (row.verdict, row.critique, row.first_failure, row.seconds) == (
        "fail",
        "forgot the dog",
        "0",
        12.5,
    )
    assert row.batch_id == queue.batch_id
    assert row.content_hash == store.traces.get("t1").content_hash
    assert queue.annotation == written


def test_a_verdict_that_is_none_is_refused(queue: Queue) -> None:
    wrong: Any = "passs"
    with pytest.raises(UnknownNameError, match="Did you mean 'pass'"):
        queue.submit(wrong)
    assert queue.state().acts == 0


def test_next_unlabelled_goes_round_and_ends(queue: Queue) -> None:
    queue.go_to("t4")
    queue.submit("pass")
    assert queue.next_unlabelled() == "t5"
    queue.submit("defer")
    assert queue.next_unlabelled() == "t0"
    for name in TRACES[:4]:
        queue.go_to(name)
        queue.submit("pass")
    assert queue.next_unlabelled() is None
    assert queue.current_id == "t3"


def test_reopening_starts_at_the_first_trace_without_a_verdict(
    queue: Queue, store: Store
) -> None:
    for name in ("t0", "t1", "t3"):
        queue.go_to(name)
        queue.submit("pass")
    assert again(store, queue).current_id == "t2"


def test_next_deferred_goes_round_and_may_stay(queue: Queue) -> None:
    assert queue.next_deferred() is None
    assert queue.current_id == "t0"
    for name, verdict in (("t1", "defer"), ("t3", "pass"), ("t4", "defer")):
        queue.go_to(name)
        queue.submit(verdict)
    assert [queue.next_deferred() for _ in range(3)] == ["t1", "t4", "t1"]
    queue.submit("fail")
    assert [queue.next_deferred() for _ in range(2)] == ["t4", "t4"]
    assert queue.current_id == "t4"


def test_notes_are_failing_traces_with_a_critique_in_all_batches(
    queue: Queue, store: Store
) -> None:
    assert queue.notes() == 0
    queue.submit("fail", "forgot the dog")
    other = Queue(store, batch(store, ["t1", "t2", "t3"]), queue.annotator)
    for verdict, critique in (("fail", "too dear"), ("fail", None), ("pass", "fine")):
        other.submit(verdict, critique)
        other.next_unlabelled()
    assert (queue.notes(), other.notes()) == (2, 2)
    colleague = Queue(store, queue.batch_id, f"colleague of {queue.annotator}")
    assert colleague.notes() == 0
    other.go_to("t1")
    other.submit("pass", "not so dear")
    assert queue.notes() == 1


def test_progress_counts_and_measures(queue: Queue) -> None:
    assert queue.progress() == Progress(6, 0, 0, 0, 0, 6, None)
    for verdict, seconds in (("pass", 30.0), ("fail", 60.0), ("defer", 20.0)):
        queue.submit(verdict, seconds=seconds)
        queue.next_unlabelled()
    assert queue.progress().per_hour is None
    queue.submit("pass", seconds=8 * 3600.0)  # a night counts ten minutes
    said = queue.progress()
    assert (said.done, said.passed, said.failed, said.deferred, said.left) == (
        3,
        2,
        1,
        1,
        2,
    )
    assert said.per_hour == pytest.approx(3600 * 3 / (30 + 60 + 600))
    assert repr(said) == "Progress(3 of 6 · 1 deferred · 16 an hour)"
    assert repr(queue).endswith("3 of 6 · 1 deferred · 16 an hour)")


def test_two_tabs_of_one_person_see_each_other(queue: Queue, store: Store) -> None:
    other = again(store, queue)
    queue.submit("pass")
    assert other.progress().done == 1
    assert other.next_unlabelled() == "t1"
    other.undo()
    assert queue.progress().done == 0
    assert queue.redo().verdict == "pass"


def test_undo_and_redo_outlive_a_restart(queue: Queue, store: Store) -> None:
    first = queue.submit("fail", "too dear")
    second = queue.submit("fail", "too dear, and the wrong month", "1")
    back = again(store, queue).undo()
    assert (back.critique, back.first_failure) == ("too dear", None)
    assert back.retracts == second.annotation_id
    blank = again(store, queue).undo()
    assert (blank.verdict, blank.critique) == (None, None)
    assert blank.retracts == first.annotation_id
    assert verdicts(queue) == {}
    forth = again(store, queue).redo()
    assert (forth.critique, forth.retracts) == ("too dear", blank.annotation_id)
    assert again(store, queue).redo().first_failure == "1"
    with pytest.raises(NothingToDoError, match="nothing to redo"):
        queue.redo()


def test_undo_of_nothing_says_so(queue: Queue) -> None:
    with pytest.raises(NothingToDoError, match="nothing to undo: person"):
        queue.undo()


def test_undo_gives_back_a_verdict_from_another_batch_whole(
    queue: Queue, store: Store
) -> None:
    queue.submit("pass", "fine", seconds=5.0)
    later = Queue(store, batch(store, ["t0"]), queue.annotator)
    later.submit("fail", "not fine")
    back = later.undo()
    assert (back.verdict, back.critique, back.seconds) == ("pass", "fine", 5.0)
    # the batch decides what rates a label allows, so it comes back as well
    assert back.batch_id == queue.batch_id


def test_other_people_are_left_alone(queue: Queue, store: Store) -> None:
    colleague = Queue(store, queue.batch_id, f"colleague of {queue.annotator}")
    colleague.submit("fail", "no")
    assert verdicts(queue) == {}
    with pytest.raises(NothingToDoError):
        queue.undo()
    assert colleague.progress().failed == 1


Said = tuple[str, str | None, bool | None]


def test_reading_again_blind_has_a_line_of_its_own(queue: Queue, store: Store) -> None:
    queue.submit("fail", "too dear")
    blind = Queue(store, batch(store, ["t0", "t1"], "recheck"), queue.annotator)
    assert (blind.current_id, blind.annotation) == ("t0", None)
    blind.submit("pass", "fine")
    assert verdicts(blind) == {"t0": "pass"}
    assert verdicts(queue) == {"t0": "fail"}
    assert queue.notes() == 1
    assert blind.undo().verdict is None
    assert (verdicts(blind), verdicts(queue)) == ({}, {"t0": "fail"})
    assert blind.redo().batch_id == blind.batch_id
    assert verdicts(again(store, blind)) == {"t0": "pass"}
    assert verdicts(again(store, queue)) == {"t0": "fail"}


def test_acts_of_a_clock_that_was_slow_are_read_as_well(
    queue: Queue, store: Store
) -> None:
    queue.submit("fail", "too dear")
    assert queue.progress().done == 1
    late = {
        "annotation_id": "a_0",  # sorts before everything that was read
        "trace_id": "t3",
        "annotator": queue.annotator,
        "verdict": "pass",
        "created_at": "2020-01-01",
        "batch_id": queue.batch_id,
    }
    with store.leases.transaction() as connection:
        insert(connection, "annotations", [late])
    assert verdicts(queue) == {"t0": "fail", "t3": "pass"}
    assert queue.state() == again(store, queue).state()


def test_acts_of_another_process_are_seen_and_can_be_taken_back(
    queue: Queue, store: Store
) -> None:
    queue.submit("fail", "too dear")
    code = (
        "import sys\n"
        "from erroranalysis.queue import Queue\n"
        "from erroranalysis.store import Store\n"
        "queue = Queue(Store(sys.argv[1]), *sys.argv[2:])\n"
        "queue.undo()\n"
        "queue.submit('pass')\n"
    )
    arguments = [store.path, queue.batch_id, queue.annotator]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True)
    assert queue.state().acts == 3
    assert verdicts(queue) == {"t1": "pass"}
    assert queue.undo().trace_id == "t1"
    with pytest.raises(NothingToDoError, match="nothing to undo"):
        queue.undo()


def test_what_a_failed_transaction_took_back_is_forgotten(
    queue: Queue, store: Store
) -> None:
    def judge_and_break() -> None:
        with store.leases.transaction():
            queue.submit("fail", "too dear")
            assert queue.progress().done == 1
            raise RuntimeError

    with pytest.raises(RuntimeError):
        judge_and_break()
    assert queue.progress().done == 0
    assert queue.submit("pass").verdict == "pass"
    assert verdicts(queue) == {"t0": "pass"}


def test_a_project_put_back_from_a_copy_is_read_anew(tmp_path: Path) -> None:
    path, copy = tmp_path / "p.duckdb", tmp_path / "copy.duckdb"
    store = Store(path)
    load(store, [{"question": "a", "answer": "b"}], progress=False)
    trace_id = store.traces.ids()[0]
    queue = Queue(store, batch(store, [trace_id]), "mira")
    store.close()
    shutil.copyfile(path, copy)
    queue.submit("fail", "too dear")
    assert queue.state().acts == 1
    store.close()
    shutil.copyfile(copy, path)
    assert queue.state().acts == 0
    store.close()


class Model:
    """What undo and redo mean, with nothing but lists."""

    def __init__(self) -> None:
        self.state: dict[str, Said] = {}
        self.done: list[tuple[str, Any, Any]] = []
        self.undone: list[tuple[str, Any, Any]] = []

    def submit(self, trace: str, said: Said) -> None:
        self.done.append((trace, self.state.get(trace), said))
        self.undone.clear()
        self.state[trace] = said

    def undo(self) -> bool:
        if not self.done:
            return False
        trace, before, _ = entry = self.done.pop()
        self.undone.append(entry)
        self._set(trace, before)
        return True

    def redo(self) -> bool:
        if not self.undone:
            return False
        trace, _, after = entry = self.undone.pop()
        self.done.append(entry)
        self._set(trace, after)
        return True

    def _set(self, trace: str, said: Said | None) -> None:
        self.state.pop(trace, None)
        if said is not None:
            self.state[trace] = said


STEPS = st.one_of(
    st.tuples(
        st.just("submit"),
        st.sampled_from(TRACES[:4]),
        st.sampled_from(["pass", "fail", "defer"]),
        st.sampled_from([None, "a", "b"]),
        st.sampled_from([None, True, False]),
    ),
    st.tuples(st.just("undo")),
    st.tuples(st.just("redo")),
    st.tuples(st.just("restart")),
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(STEPS, st.booleans()), max_size=14))
def test_undo_and_redo_are_what_the_model_says(
    store: Store, steps: list[tuple[tuple[Any, ...], bool]]
) -> None:
    who, model = f"person{next(_names)}", Model()
    # two batches that share two traces: the history of a person is one line
    batches = [batch(store, TRACES[:4]), batch(store, TRACES[2:4] + TRACES[:2])]
    queues = [Queue(store, batch_id, who) for batch_id in batches]
    for (kind, *what), second in steps:
        queue = queues[second]
        if kind == "submit":
            queue.go_to(what[0])
            queue.submit(what[1], what[2], saw_judgement=what[3])
            model.submit(what[0], (what[1], what[2], what[3]))
        elif kind == "restart":
            queues[second] = Queue(store, batches[second], who)
        else:
            step = {"undo": model.undo, "redo": model.redo}[kind]
            if step():
                getattr(queue, kind)()
            else:
                with pytest.raises(NothingToDoError):
                    getattr(queue, kind)()
    state = queues[0].state()
    shown = {
        name: (a.verdict, a.critique, a.saw_judgement)
        for name, a in state.annotations.items()
    }
    assert shown == model.state
    # what was read piece by piece is what a fresh look finds
    assert state == Queue(store, batches[0], who).state()
    assert (state.undoable is None, state.redoable is None) == (
        not model.done,
        not model.undone,
    )
