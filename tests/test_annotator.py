"""The Python side of the annotator: one answer to every message, and a durable one."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from front import Front, add_batch, four_traces

from erroranalysis.errors import StoreBusyError, UnknownNameError
from erroranalysis.queue import Queue
from erroranalysis.records import Trace
from erroranalysis.store import Store
from erroranalysis.store.loads import load
from erroranalysis.taxonomy import Taxonomy
from erroranalysis.widgets.annotator import PIECE, Annotator
from erroranalysis.widgets.keys import KEYS
from erroranalysis.widgets.trace_view import TraceView

CRITIQUE = "It booked a room before the guest had given any dates"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(four_traces(tmp_path)) as made:
        yield made


@pytest.fixture
def front(store: Store) -> Front:
    return Front(store)


def test_open_shows_the_first_trace_without_a_verdict(
    front: Front, store: Store
) -> None:
    Queue(store, "b1", "mira").submit("pass")
    page = Front(store).page("open")
    assert (page["trace_id"], page["index"], page["verdicts"]) == ("trace-1", 1, "p---")
    assert "Question 1" in page["html"]
    assert page["progress"]["left"] == 3
    assert (page["can_undo"], page["can_redo"], page["acts"]) == (True, False, 1)
    assert page["upcoming"] == ["trace-2"]
    assert page["later"] == ["trace-3"]


def test_a_verdict_is_committed_before_the_answer(front: Front, store: Store) -> None:
    page = front.page(
        "submit",
        trace_id="trace-0",
        verdict="fail",
        critique=" wrong month ",
        first_failure="0",
        seconds=4.5,
        then="next",
    )
    assert page["trace_id"] == "trace-1"
    (row,) = store.annotations.history()
    assert (row.verdict, row.critique, row.first_failure, row.seconds) == (
        "fail",
        "wrong month",
        "0",
        4.5,
    )
    back = front.page("open", index=0)
    assert back["annotation"] == {
        "verdict": "fail",
        "critique": "wrong month",
        "first_failure": "0",
        "seconds": 4.5,
    }


def test_the_same_verdict_again_is_no_new_act(front: Front, store: Store) -> None:
    for _ in range(2):
        page = front.page("submit", trace_id="trace-0", verdict="pass", critique="")
    assert page["message"] == "Already saved"
    assert len(store.annotations.history()) == 1


def test_a_verdict_belongs_to_the_trace_that_was_shown(
    front: Front, store: Store
) -> None:
    front.page("open", index=3)  # another view of the same widget has moved on
    front.page("submit", trace_id="trace-1", verdict="pass")
    assert [row.trace_id for row in store.annotations.history()] == ["trace-1"]


def test_the_end_is_said(front: Front) -> None:
    for i in range(4):
        page = front.page("submit", trace_id=f"trace-{i}", verdict="pass", then="next")
    assert page["message"] == "Every trace has a verdict."
    assert page["trace_id"] == "trace-3"
    again = front.page("open", next=True, trace_id="trace-1")
    assert again["trace_id"] == "trace-1"


def test_undo_goes_to_where_it_undid(front: Front, store: Store) -> None:
    front.page("submit", trace_id="trace-0", verdict="pass", then="next")
    page = front.page("undo")
    assert (page["trace_id"], page["annotation"]) == ("trace-0", None)
    assert page["message"] == "Undone: pass on no. 1"
    assert (page["can_undo"], page["can_redo"]) == (False, True)
    assert front.page("redo")["message"] == "Redone: pass on no. 1"
    assert "nothing to redo" in front.ask("redo")["error"]


def test_undo_of_an_act_in_another_batch_stays_and_says_so(store: Store) -> None:
    add_batch(store, "b2", ["trace-2"])
    add_batch(store, "b0", ["trace-1"])
    other = Queue(store, "b2", "mira")
    other.submit("fail")
    page = Front(store, batch="b0").page("undo")
    assert page["trace_id"] == "trace-1"
    assert page["message"] == "Undone: fail on trace-2, which is in another batch"


@pytest.mark.parametrize(
    ("to", "found"),
    [("3", "trace-2"), ("trace-3", "trace-3"), ("E-1", "trace-1"), (" 1 ", "trace-0")],
)
def test_go_to_takes_a_number_an_id_or_a_part_of_one(
    front: Front, to: str, found: str
) -> None:
    assert front.page("open", to=to)["trace_id"] == found


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("9", "There is no trace 9 in this batch; it has 4."),
        ("trace", "4 traces of this batch have 'trace' in their id"),
        ("trcae-1", "Did you mean 'trace-1'?"),
        ("0", "There is no trace 0"),
    ],
)
def test_go_to_nowhere_is_an_answer(front: Front, to: str, problem: str) -> None:
    assert problem in front.ask("open", to=to)["error"]


def test_what_the_page_holds_is_not_sent_again(front: Front) -> None:
    assert "html" not in front.page("open", have=["trace-0"])
    ahead = front.ask("prefetch", trace_id="trace-1")
    assert "Question 1" in ahead["html"]
    assert front.page("open")["trace_id"] == "trace-0"


def test_a_large_trace_comes_in_pieces_below_a_megabyte(store: Store) -> None:
    letters = '<"é\\' * 9_000
    messages = [{"role": "user", "content": letters} for _ in range(40)]
    front = Front(store, lambda name: Trace(name, messages))
    html = front.page("open")["html"]
    assert all(len(json.dumps(m)) < 1_000_000 for m in front.sent)
    # what was left out comes when it is asked for, part by part
    seen = html.count("é")
    for _ in range(40):
        left = re.search(r'class="ea-more" data-from="(\d+)" data-to="(\d+)"', html)
        if left is None:
            break
        start, stop = int(left[1]), int(left[2])
        part = front.ask("part", trace_id="trace-0", **{"from": start, "to": stop})
        seen += part["html"].count("é")
        html = html.replace(left[0], "", 1) + part["html"]
    assert seen == 40 * 9_000
    assert all(len(m["text"]) <= PIECE for m in front.sent)
    assert all(len(json.dumps(m)) < 1_000_000 for m in front.sent)


def test_errors_of_any_kind_are_answers(store: Store) -> None:
    def busy(name: str) -> Trace:
        raise StoreBusyError(f"the file is held, {name} must wait")

    def broken(name: str) -> Trace:
        return {}[name]  # type: ignore[no-any-return]

    # a trace that cannot be read leaves the rest of the page usable
    page = Front(store, busy).page("open")
    assert page["problem"] == "the file is held, trace-0 must wait"
    assert page["index"] == 0
    assert Front(store, broken).ask("open")["error"] == "KeyError: 'trace-0'"
    front = Front(store)
    assert "Did you mean 'submit'?" in front.ask("submitt")["error"]
    assert (
        "Did you mean 'pass'?"
        in (front.ask("submit", trace_id="trace-0", verdict="past")["error"])
    )
    assert "KeyError: 'verdict'" in front.ask("submit", trace_id="trace-0")["error"]
    assert store.annotations.history() == []


def test_messages_of_others_get_no_answer(front: Front) -> None:
    front.widget._handle_custom_msg({"event": "click"}, [])
    front.widget._handle_custom_msg("hello", [])
    assert front.sent == []


def test_an_unknown_keyword_is_refused(store: Store) -> None:
    wrong: Any = Annotator
    with pytest.raises(TypeError, match=r"no keyword 'trace'\. Did you mean 'traces'"):
        wrong(Queue(store, "b1", "mira"), trace=store.traces.get)


def test_it_says_what_it_is(front: Front) -> None:
    assert repr(front.widget) == "Annotator('b1', 'mira', 0 of 4)"
    data, _ = front.widget._repr_mimebundle_()
    assert "queue.submit('pass')" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_the_package_opens_without_the_widget_libraries() -> None:
    code = "import sys, erroranalysis; print('anywidget' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_trace_shows_itself_in_a_cell_and_in_a_terminal() -> None:
    view = TraceView(Trace("t1", [{"role": "user", "content": "<b>Open?</b>"}]))
    assert "&lt;b&gt;Open?&lt;/b&gt;" in view._repr_html_()
    assert view._repr_html_().startswith("<style>")
    assert "<b>Open?</b>" in repr(view)


def test_other_keys_are_told_to_the_page(store: Store) -> None:
    page = Front(store, keys={"pass": "X", "fail": ["f", "ctrl+f"]}).page(
        "open", first=True
    )
    assert page["keys"] == {"pass": ["x"], "fail": ["f", "mod+f"]}
    assert "keys" not in Front(store).page("open")
    with pytest.raises(UnknownNameError, match=r"No action of a key 'passs'\. Did you"):
        Front(store, keys={"passs": "x"})
    with pytest.raises(UnknownNameError, match="'x' is wanted for 'pass' and for"):
        Front(store, keys={"pass": "x", "fail": "x"})


def test_the_keys_of_the_page_are_the_keys_of_python() -> None:
    page = re.findall(r'^  \["(\w+)", \[(.*)\], "', Annotator._esm, re.MULTILINE)
    told = {name: tuple(json.loads(f"[{keys}]")) for name, keys in page}
    assert told == KEYS


def test_a_short_critique_gets_a_hint(front: Front) -> None:
    said = {"trace_id": "trace-0", "verdict": "fail"}
    assert front.page("submit", **said, critique="bad")["hint"]
    assert front.page("submit", **said, critique=CRITIQUE)["hint"] is None
    assert front.page("submit", trace_id="trace-0", verdict="pass")["hint"] is None


def test_failure_modes_come_after_some_notes(store: Store) -> None:
    front = Front(store, taxonomy=Taxonomy(store), modes_after=2)
    said = {"verdict": "fail", "critique": CRITIQUE}
    page = front.page("submit", trace_id="trace-0", **said)
    assert page["modes"] is None
    assert "after 2 failing notes; you have 1" in page["modes_later"]
    page = front.page("submit", trace_id="trace-1", **said)
    assert page["modes"] == {"all": [], "mine": []}
    page = front.page("mode", trace_id="trace-1", add=" no dates ")
    assert page["modes"] == {
        "all": [{"name": "no dates", "notes": 1}],
        "mine": ["no dates"],
    }
    page = front.page("mode", trace_id="trace-1", remove="no dates")
    assert page["modes"]["mine"] == []
    error = front.ask("mode", trace_id="trace-2", add="no dates")["error"]
    assert "trace-2" in error


def test_finding_and_reading_more_like_it(store: Store) -> None:
    front = Front(store)
    answer = front.ask("find", filters={"text": "question 2"})
    assert [one["trace_id"] for one in answer["found"]] == ["trace-2"]
    assert answer["total"] == 1
    assert front.ask("facets")["facets"]["verdict"]["none"] == 4
    assert "error" in front.ask("find", filters={"colour": "red"})
    load(
        store,
        [{"id": "new", "messages": [{"role": "user", "content": "Question 1 again"}]}],
        progress=False,
    )
    page = front.page("like", trace_id="trace-1")
    assert page["message"] == "1 trace like this one next."
    assert Queue(store, "b1", "mira").ids[2] == "new"
    page = front.page("like", trace_id="trace-1")
    assert "There is nothing more like 'trace-1'" in page["message"]


def test_a_verdict_keeps_the_hash_of_what_was_seen(store: Store) -> None:
    front = Front(store)
    front.page("open")
    seen = store.traces.get("trace-0").content_hash
    more = [
        {"role": "user", "content": "Question 0"},
        {"role": "assistant", "content": "Answer 0"},
    ]
    assert load(store, [{"id": "trace-0", "messages": more}], progress=False).extended
    front.page("submit", trace_id="trace-0", verdict="pass")
    assert store.annotations.history()[0].content_hash == seen
    assert store.traces.get("trace-0").content_hash != seen


def test_what_another_tab_wrote_is_seen_with_the_next_message(store: Store) -> None:
    front, other = Front(store), Queue(store, "b1", "mira")
    front.page("open")
    other.submit("fail", CRITIQUE)
    assert front.page("open")["annotation"]["verdict"] == "fail"
    other.undo()
    assert "nothing to undo" in front.ask("undo")["error"]
    assert front.page("redo")["annotation"]["verdict"] == "fail"
