"""How fast an import reads, and whether its memory stays flat.

Run ``python benchmarks/ingest.py``. Chat records are generated and streamed from a
file of JSON lines. The floor is ``orjson.loads`` of each line in the same run, so that
the ratio says the same on a slow machine as on a fast one. Every size is measured in
a process of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson

WORDS = ["room", "booking", "cancel", "date", "price", "hotel", "night", "guest", "pet"]
WORDS += ["breakfast", "parking", "late", "change", "refund", "please", "thanks", "sea"]
WORDS += ["view", "double", "single", "key", "card", "lift", "pool"]


def write_records(path: Path, count: int, *, seed: int = 0) -> None:
    """Write chat records of two to six messages, about 1.4 kB each."""
    rng = random.Random(seed)
    with path.open("wb") as file:
        for number in range(count):
            messages = []
            for _ in range(rng.randint(1, 3)):
                asked, said = rng.choices(WORDS, k=30), rng.choices(WORDS, k=60)
                messages += [
                    {"role": "user", "content": " ".join(asked)},
                    {"role": "assistant", "content": " ".join(said)},
                ]
            record = {
                "id": f"t{number}",
                "session_id": f"s{number // 3}",
                "started_at": "2026-09-08T19:14:05Z",
                "latency_ms": 120,
                "model": "m-1",
                "usage": {"prompt_tokens": 10, "completion_tokens": 20},
                "metadata": {"channel": "web"},
                "messages": messages,
            }
            file.write(orjson.dumps(record) + b"\n")


def measure(path: Path) -> dict[str, float]:
    """Read the lines alone, then import them twice; this process does nothing else."""
    from erroranalysis.store import Store
    from erroranalysis.store.loads import load

    began = time.perf_counter()
    with path.open("rb") as lines:
        count = sum(1 for line in lines if orjson.loads(line))
    floor = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder, "p.duckdb"))
        began = time.perf_counter()
        report = load(store, path, progress=False)
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began = time.perf_counter()
        again = load(store, path, progress=False)
        repeated = time.perf_counter() - began
        store.close()
    if (report.new, again.duplicate) != (count, count):
        raise SystemExit(f"traces were lost: {report}, {again}")
    return {
        "count": count, "floor": floor, "seconds": seconds, "again": repeated,
        "peak": peak, "megabytes": path.stat().st_size / 1e6,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50_000, 200_000])
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    print(
        f"{'records':>9}{'MB':>6}{'import':>10}{'again':>10}{'floor':>11}"
        f"{'import/floor':>14}{'peak RSS':>11}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            path = Path(folder, f"{size}.jsonl")
            write_records(path, size)
            done = subprocess.run(
                [sys.executable, __file__, "--measure", str(path)],
                check=True,
                capture_output=True,
                text=True,
            )
            got = json.loads(done.stdout)
            print(
                f"{size:>9,}{got['megabytes']:>6.0f}"
                f"{size / got['seconds']:>8,.0f}/s{size / got['again']:>8,.0f}/s"
                f"{size / got['floor']:>9,.0f}/s"
                f"{got['seconds'] / got['floor']:>14.1f}{got['peak']:>8,.0f} MB"
            )


if __name__ == "__main__":
    main()
