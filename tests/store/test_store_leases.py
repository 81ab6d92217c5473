"""Leases, transactions, threads, forks and the queue of programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from erroranalysis.errors import StoreBusyError, StoreError
from erroranalysis.records import Annotation
from erroranalysis.store import Store
from erroranalysis.store.turns import Turns


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "p.duckdb", patience=5)
    yield made
    made.close()


def verdict(trace="t", who="mira", said="pass"):
    return Annotation(trace, who, said)


def write_and_fail(store, error):
    with store.leases.transaction():
        store.annotations.add(verdict())
        raise error


def test_nested_leases_share_one_connection(store):
    with store.leases.lease() as outer, store.leases.lease() as inner:
        assert inner is outer
        store.annotations.add(verdict())
        assert outer.execute("SELECT count(*) FROM annotations").fetchone() == (1,)


def test_two_stores_of_one_kernel_share_the_file(store, tmp_path):
    second = Store(tmp_path / "." / "p.duckdb", patience=0)
    with store.leases.lease():
        second.annotations.add(verdict())
    assert len(store.annotations.history()) == 1


def changes(store):
    with store.leases.lease():
        return store.leases.changes


def elsewhere(store, then):
    """Let another program add an act, and then end in some way."""
    code = (
        "import os, sys; from erroranalysis.store import Store;"
        " from erroranalysis.records import Annotation;"
        " store = Store(sys.argv[1]);"
        f" store.annotations.add(Annotation('t', 'otto', 'pass')); {then}"
    )
    subprocess.run([sys.executable, "-c", code, store.path], check=True)


def test_changes_stand_still_while_nobody_writes(store):
    before = changes(store)
    store.close()
    assert store.annotations.history() == []
    store.close()
    assert changes(store) == before


def test_changes_grow_with_own_acts_and_with_those_that_are_taken_back(store):
    before = changes(store)
    store.annotations.add(verdict())
    assert changes(store) == before + 1
    with pytest.raises(ZeroDivisionError):
        write_and_fail(store, ZeroDivisionError())
    assert changes(store) == before + 2


@pytest.mark.parametrize("then", ["store.close()", "os._exit(0)"])
def test_changes_grow_with_the_acts_of_another_program(store, then):
    before = changes(store)
    store.close()
    elsewhere(store, then)
    assert changes(store) > before
    assert [act.annotator for act in store.annotations.history()] == ["otto"]


def test_a_transaction_that_raises_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError):
        write_and_fail(store, ZeroDivisionError())
    assert store.annotations.history() == []
    store.annotations.add(verdict())
    assert len(store.annotations.history()) == 1


def test_a_transaction_inside_a_plain_lease_is_still_all_or_nothing(store):
    with store.leases.lease(), pytest.raises(ZeroDivisionError):
        write_and_fail(store, ZeroDivisionError())
    assert store.annotations.history() == []


def test_a_row_that_does_not_fit_rolls_back_what_came_before_it(store):
    batch = {
        "batch_id": "b",
        "strategy": "random",
        "parameters": "{}",
        "seed": 1,
        "label_sampling": "random",
        "population": 2,
        "created_at": "2026-01-01",
    }
    items = [{"batch_id": "b", "position": 0, "trace_id": None}]
    with pytest.raises(StoreError, match="trace_id"):
        store.batches.add(batch, items)
    assert store.counts()["batches"] == 0


def test_an_interrupt_inside_a_transaction_leaves_nothing(store):
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(store, KeyboardInterrupt())
    assert store.annotations.history() == []


def test_eight_threads_lose_nothing(store):
    def write(number):
        return [
            store.annotations.add(verdict(f"t{i}", f"w{number}")).annotation_id
            for i in range(50)
        ]

    with ThreadPoolExecutor(8) as pool:
        acknowledged = {one for ids in pool.map(write, range(8)) for one in ids}
    assert len(acknowledged) == 400
    assert {row.annotation_id for row in store.annotations.history()} == acknowledged


def test_the_ids_of_acts_sort_as_the_acts_came(store):
    written = [store.annotations.add(verdict()).annotation_id for _ in range(50)]
    assert written == sorted(written)


def test_a_forked_child_writes_without_harm_to_its_parent(tmp_path):
    program = """
import os, sys, warnings
from erroranalysis.records import Annotation
from erroranalysis.store import Store
store = Store(sys.argv[1])
store.annotations.add(Annotation("t", "parent", "pass"))
child = os.fork()
who = "parent" if child else "child"
for _ in range(30):
    store.annotations.add(Annotation("t", who, "pass"))
store.close()
if child:
    assert os.waitpid(child, 0)[1] == 0
else:
    os._exit(0)
"""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    path = tmp_path / "p.duckdb"
    command = [sys.executable, "-c", program, str(path)]
    subprocess.run(command, check=True, timeout=60)
    found = Store(path).annotations.history()
    assert sum(row.annotator == "child" for row in found) == 30
    assert sum(row.annotator == "parent" for row in found) == 31


TURN = """
import sys
from erroranalysis.store.turns import Turns
turns = Turns(sys.argv[1])
assert turns.take(5)
print("taken", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def other_program(tmp_path):
    """Another program whose turn it is."""
    process = subprocess.Popen(
        [sys.executable, "-c", TURN, str(tmp_path / "p")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    yield process
    process.kill()
    process.communicate()


def test_a_turn_is_had_by_one_program_and_says_by_whom(tmp_path, other_program):
    mine = Turns(str(tmp_path / "p"))
    assert not mine.take(0.05)
    assert re.search(rf"\(PID {other_program.pid}\)", mine.holder())


def test_nobody_opens_the_file_out_of_turn(tmp_path):
    # DuckDB reads the header before it locks, so its own lock comes too late
    path = tmp_path / "p.duckdb"
    store = Store(path, patience=0.1)
    store.close()
    with subprocess.Popen(
        [sys.executable, "-c", TURN, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        with pytest.raises(StoreBusyError, match=f"process {process.pid}"):
            store.annotations.add(verdict())
        process.communicate("done\n")
    assert store.annotations.add(verdict()).annotation_id


def test_a_turn_ends_with_the_program_that_had_it(tmp_path, other_program):
    other_program.kill()
    mine = Turns(str(tmp_path / "p"))
    assert mine.take(5)
    mine.give()


def test_who_waits_is_noticed_and_gets_the_turn(tmp_path):
    mine = Turns(str(tmp_path / "p"))
    assert mine.take(1)
    assert not mine.wanted()
    with subprocess.Popen(
        [sys.executable, "-c", TURN, str(tmp_path / "p")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        arrived = threading.Event()
        watch = threading.Thread(target=lambda: wait_until(mine.wanted, arrived))
        watch.start()
        assert arrived.wait(20)
        watch.join()
        mine.give()
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        assert not mine.take(0)
        process.communicate("done\n")
    assert mine.take(1)
    mine.give()
    assert list(tmp_path.iterdir()) == []


def wait_until(question, arrived):
    while not question():
        pass
    arrived.set()


def test_a_queue_file_that_somebody_deleted_is_made_anew(tmp_path):
    mine = Turns(str(tmp_path / "p"))
    assert mine.take(1)
    mine.give()
    (tmp_path / "p.lock").write_text("left behind")
    assert mine.take(1)
    (tmp_path / "p.lock").unlink()
    mine.give()
    assert mine.take(1)
    assert f"(PID {os.getpid()})" in (tmp_path / "p.lock").read_text()
    mine.give()


def test_an_idle_project_is_let_go_though_nobody_calls_it(store, tmp_path):
    store.annotations.add(verdict())
    # its own Turns in another process: locks belong to a process
    program = "import sys; from erroranalysis.store.turns import Turns; "
    program += "assert Turns(sys.argv[1]).take(5)"
    path = str(tmp_path / "p.duckdb")
    subprocess.run([sys.executable, "-c", program, path], check=True, timeout=60)
    assert len(store.annotations.history()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use stays there")
def test_a_project_whose_folder_is_gone_is_let_go_and_says_so(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    turns = Turns(str(folder / "q"))
    assert turns.take(0)
    store = Store(folder / "p.duckdb", patience=0)
    with store.leases.lease():
        shutil.rmtree(folder)
    assert not turns.wanted()  # which a thread asks while a project is open
    turns.give()
    store.close()
    with pytest.raises(StoreError, match=r"folder '.*gone' of .* does not exist"):
        store.annotations.history()
