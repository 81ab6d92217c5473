"""Let four programs write to one project file at once: rows lost, time waited.

Run ``python benchmarks/contention.py``; with ``--kills 100`` it kills the writing
program that often instead and counts the acknowledged rows that are gone.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from erroranalysis.records import Annotation
from erroranalysis.store import Store

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier

Times = list[float]


def write(path: str, who: str, count: int) -> Times:
    """Add annotations as fast as they go; return how long each call took."""
    store = Store(path)
    times = []
    for number in range(count):
        began = time.perf_counter()
        store.annotations.add(Annotation(f"trace-{number}", who, "pass", "as it was"))
        times.append(time.perf_counter() - began)
    store.close()
    return times


def write_bare(path: str, count: int) -> Times:
    """Open, insert one row and close with nothing but DuckDB."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        with duckdb.connect(path) as connection:
            connection.execute(
                "INSERT INTO annotations (annotation_id, trace_id, annotator, verdict,"
                " created_at) VALUES (?, 't', 'bare', 'pass', now()::TIMESTAMP)",
                [f"a_{number:06}"],
            )
        times.append(time.perf_counter() - began)
    return times


def _worker(
    path: str, who: str, count: int, start: Barrier, out: Queue[tuple[str, object]]
) -> None:
    try:
        Store(path).close()
        start.wait()
        out.put((who, write(path, who, count)))
    except Exception as error:  # noqa: BLE001 - the parent reports it
        out.put((who, repr(error)))


def write_together(path: str, writers: int, count: int) -> dict[str, Times]:
    """Let several processes write at once; return every call's time by writer."""
    context = multiprocessing.get_context("spawn")
    start, out = context.Barrier(writers), context.Queue()
    processes = [
        context.Process(target=_worker, args=(path, f"w{number}", count, start, out))
        for number in range(writers)
    ]
    for process in processes:
        process.start()
    found = dict(out.get() for _ in processes)
    for process in processes:
        process.join()
    if failed := {who: got for who, got in found.items() if isinstance(got, str)}:
        raise SystemExit(f"Writers failed: {failed}")
    return found


def line(name: str, times: Times, floor: float) -> str:
    ordered = sorted(times)
    p50 = statistics.median(ordered) * 1e3
    p95 = ordered[int(0.95 * len(ordered))] * 1e3
    return (
        f"{name:<34}{p50:8.1f}{p95:9.1f}{ordered[-1] * 1e3:9.1f}"
        f"{p50 / floor:11.2f}{p95 / floor:9.2f}"
    )


def contend(folder: Path, writers: int, count: int) -> None:
    path = str(folder / "bare.duckdb")
    Store(path).close()
    bare = write_bare(path, count)
    alone = write(str(folder / "alone.duckdb"), "w", count)
    path = str(folder / "together.duckdb")
    began = time.perf_counter()
    found = write_together(path, writers, count)
    seconds = time.perf_counter() - began
    together = [one for times in found.values() for one in times]
    kept = len(Store(path).annotations.history())

    floor = statistics.median(bare) * 1e3
    print(f"{writers} processes x {count} annotations, one at a time; {seconds:.1f} s")
    print(f"acknowledged {len(together)}, in the file {kept}")
    print(f"{'one write, ms':<34}     p50      p95    worst  p50/floor  p95/floor")
    print(line("floor: bare open+insert+close", bare, floor))
    print(line("one process alone", alone, floor))
    print(line(f"{writers} processes at once", together, floor))
    if kept != len(together):
        raise SystemExit("rows were lost")


def nursery(path: str) -> None:
    """Fork writers from a warm process that never opened the file itself.

    For every line that comes in, a child writes, and prints each id once it is
    acknowledged, until it is killed.
    """
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            store = Store(path)
            while True:
                kept = store.annotations.add(Annotation("t", "w", "fail", "x" * 500))
                sys.stdout.write(f"{kept.annotation_id}\n")
                sys.stdout.flush()
        print(f"pid {child}", flush=True)
        os.waitpid(child, 0)
        print("dead", flush=True)


def kill_often(path: str, kills: int, *, seed: int = 0) -> tuple[int, int]:
    """Kill a writer at random moments; return rows acknowledged and rows gone."""
    moments = random.Random(seed)
    command = [sys.executable, __file__, "--nursery", path]
    acknowledged = set()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(kills):
            parent.stdin.write("go\n")
            parent.stdin.flush()
            child = int(parent.stdout.readline().split()[1])
            time.sleep(moments.uniform(0.0, 0.2))
            os.kill(child, signal.SIGKILL)
            while (said := parent.stdout.readline().strip()) != "dead":
                acknowledged.add(said)
        parent.stdin.close()
    kept = {row.annotation_id for row in Store(path).annotations.history()}
    return len(acknowledged), len(acknowledged - kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--nursery", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.nursery:
        nursery(options.nursery)
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.kills:
            rows, gone = kill_often(str(Path(folder, "p.duckdb")), options.kills)
            print(f"{options.kills} kills, {rows} acknowledged rows, {gone} gone")
            raise SystemExit(gone > 0)
        contend(Path(folder), options.writers, options.count)


if __name__ == "__main__":
    main()
