"""What is current follows from what was added, whatever the order of the acts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erroranalysis.records import VERDICTS, Annotation, Trace
from erroranalysis.store import Store
from erroranalysis.store.loads import load


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "p.duckdb")
    yield made
    made.close()


def said(store):
    """What is current: verdict by trace and annotator."""
    found = store.annotations.frame().select("trace_id", "annotator", "verdict")
    return {row[:2]: row[2] for row in found.rows()}


def add_mode(store, name):
    state = {"mode_id": name, "name": name, "status": "active"}
    store.modes.edit("add", [state], detail={}, who="mira", why=None)


def merge(store, name, into):
    state = {"mode_id": name, "name": name, "status": "merged", "merged_into": into}
    store.modes.edit("merge", [state], detail={}, who="mira", why=None)


def assign(store, trace, mode, action="assign"):
    row = {"trace_id": trace, "annotator": "mira", "mode_id": mode, "action": action}
    return store.modes.assign([{**row, "how": "person", "who": "mira"}])


def assigned(store):
    rows = store.query("SELECT trace_id, mode_id FROM current_assignments").rows()
    return sorted(rows)


def test_the_last_act_of_each_person_counts(store):
    store.annotations.add(Annotation("t", "mira", "pass"))
    store.annotations.add(Annotation("t", "otto", "defer"))
    last = store.annotations.add(Annotation("t", "mira", "fail", "no, wrong"))
    assert said(store) == {("t", "mira"): "fail", ("t", "otto"): "defer"}
    assert store.annotations.current("mira") == {"t": last}


def test_each_act_names_the_one_it_supersedes(store):
    acts = [store.annotations.add(Annotation("t", "mira", v)) for v in VERDICTS]
    ids = [act.annotation_id for act in acts]
    assert [act.supersedes for act in acts] == [None, *ids[:2]]
    assert store.annotations.history() == acts


def test_an_undo_to_blank_leaves_nothing_current_and_history_whole(store):
    first = store.annotations.add(Annotation("t", "mira", "pass"))
    undo = Annotation("t", "mira", None, retracts=first.annotation_id)
    store.annotations.add(undo)
    assert said(store) == {}
    assert len(store.annotations.history(trace_id="t")) == 2
    assert store.counts()["annotations"] == 0


def test_an_act_keeps_the_hash_of_what_was_seen(store):
    seen = {"id": "t", "messages": [{"role": "user", "content": "Hi"}]}
    load(store, [seen], progress=False)
    act = store.annotations.add(Annotation("t", "mira", "pass"))
    assert act.content_hash == Trace(**seen).content_hash
    assert store.annotations.add(Annotation("x", "mira", "pass")).content_hash is None


def test_adding_a_table_twice_adds_nothing(store):
    acts = [Annotation(f"t{i}", "mira", "fail", "too late") for i in range(30)]
    assert store.annotations.add_all(acts) == 30
    assert store.annotations.add_all(acts) == 0
    changed = [*acts[1:], Annotation("t0", "mira", "fail", "far too late")]
    assert store.annotations.add_all(changed) == 1
    assert store.annotations.current("mira")["t0"].critique == "far too late"
    assert len(store.annotations.history()) == 31


def test_adding_one_act_twice_in_one_table_adds_it_once(store):
    act = Annotation("t", "mira", "pass")
    assert store.annotations.add_all([act, act]) == 1


def test_a_merge_of_a_merge_leads_to_the_survivor(store):
    for name in ("late", "slow", "delay"):
        add_mode(store, name)
        assign(store, f"trace-{name}", name)
    merge(store, "late", into="slow")
    merge(store, "slow", into="delay")
    names = sorted(["trace-late", "trace-slow", "trace-delay"])
    assert assigned(store) == [(name, "delay") for name in names]
    assert [mode["name"] for mode in store.modes.active()] == ["delay"]


def test_notes_of_two_merged_modes_count_once(store):
    for name in ("late", "slow"):
        add_mode(store, name)
        assign(store, "t", name)
    merge(store, "late", into="slow")
    assert assigned(store) == [("t", "slow")]
    assert store.counts()["assigned"] == 1


def test_what_was_removed_can_be_assigned_again(store):
    add_mode(store, "late")
    changes = [
        assign(store, "t", "late", action)
        for action in ("assign", "assign", "remove", "remove", "assign")
    ]
    assert changes == [1, 0, 1, 0, 1]
    assert assigned(store) == [("t", "late")]


def test_a_removal_after_a_merge_removes_what_came_from_either(store):
    for name in ("late", "slow"):
        add_mode(store, name)
    assign(store, "t", "late")
    merge(store, "late", into="slow")
    assert assign(store, "t", "slow", "remove") == 1
    assert assigned(store) == []


def test_the_last_call_of_a_judge_counts(store):
    mode = {"mode_id": "late", "kind": "model", "model": "m", "prompt": "p"}
    more = {"prompt_hash": "h", "annotator": "mira", "parameters": "{}"}
    judge = store.judging.add_judge({**mode, **more})
    call = {"judge_id": judge["judge_id"], "trace_id": "t", "run_index": 0}
    store.judging.add_judgements([{**call, "error": "timeout", "cache_key": "k"}])
    store.judging.add_judgements([{**call, "verdict": "fail", "cache_key": "k"}])
    found = store.judging.verdicts(judge["judge_id"])
    assert [(row["verdict"], row["error"]) for row in found] == [("fail", None)]
    assert set(store.judging.cached(["k", "other"])) == {"k"}


acts = st.lists(
    st.tuples(
        st.sampled_from(["t1", "t2", "t3"]),
        st.sampled_from(["mira", "otto"]),
        st.sampled_from([*VERDICTS, None]),
        st.sampled_from(
            [None, "late", 'it\'s "rude"; DROP TABLE annotations', "é漢\n"]
        ),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts)
def test_what_is_current_is_what_a_dict_would_hold(steps):
    model = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "p.duckdb")
        for trace, who, verdict, critique, many in steps:
            act = Annotation(trace, who, verdict, critique)
            if many:
                store.annotations.add_all([act])
            else:
                store.annotations.add(act)
            model[trace, who] = (verdict, critique)
        columns = ["trace_id", "annotator", "verdict", "critique"]
        rows = store.annotations.frame().select(columns).rows()
        people = [row[1] for row in rows]
        assert sorted(store.annotations.annotators()) == sorted(set(people))
        store.close()
    current = {key: value for key, value in model.items() if value[0] is not None}
    assert {row[:2]: row[2:] for row in rows} == current


names = st.sampled_from(["a", "b", "c", "d"])
edits = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["assign", "remove"]), names, names),
        st.tuples(st.just("merge"), names, names),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits)
def test_assignments_are_what_sets_would_hold_after_merges(steps):
    survivor = {name: name for name in "abcd"}
    model = set()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "p.duckdb")
        for name in survivor:
            add_mode(store, name)
        for action, first, second in steps:
            mode = survivor[second]
            if action == "merge":
                gone = survivor[first]
                if gone == mode:
                    continue
                merge(store, gone, into=mode)
                survivor = {k: mode if v == gone else v for k, v in survivor.items()}
                model = {(t, mode if m == gone else m) for t, m in model}
            else:
                change = {(f"t-{first}", mode)}
                assign(store, f"t-{first}", mode, action)
                model = model | change if action == "assign" else model - change
        found = assigned(store)
        store.close()
    assert found == sorted(model)
