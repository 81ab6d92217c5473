"""Break real exports in thousands of ways and see that the import keeps its word.

Run ``python benchmarks/mutations.py --files 20000``. Every file is a real export from
``../shared/data/formats`` that was cut off, had bytes flipped, values of other types
put in, keys taken out, or was written in another encoding. Each is imported into a
project. Nothing but an ``IngestError`` may be raised, and what was found has to add
up: every record is a trace, spans, feedback, a kind that is skipped, or a reject.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import os
import random
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erroranalysis.errors import IngestError
from erroranalysis.store import Store
from erroranalysis.store.loads import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from erroranalysis.ingest import IngestReport

FORMATS = Path(__file__).parents[2] / "shared" / "data" / "formats"
ODD: list[Any] = [
    None, True, 0, -1, 2**64 + 1, 1e308, "", "x", "{", "[]", [], {}, [None], [[]],
    {"": None}, "\ud83d", "\x00", "2026-13-45", "NaN", {"role": None}, [{"a": 1}] * 3,
]  # fmt: skip
MARKS = b'{}[]":,\n\\'
LARGEST = 400_000


def fixtures() -> list[Path]:
    """Return the exports, without what tells of them."""
    found = sorted(path for path in FORMATS.rglob("*") if path.is_file())
    beside = {"LICENSE", "PROVENANCE.jsonl"}
    return [
        path
        for path in found
        if path.name not in beside and path.stat().st_size < LARGEST
    ]


def cut(data: bytes, rng: random.Random) -> bytes:
    """Cut the end off, or a piece out of the middle."""
    first = rng.randrange(len(data) + 1)
    last = rng.choice([len(data), min(len(data), first + rng.randrange(200))])
    return data[:first] + data[last:]


def flip(data: bytes, rng: random.Random) -> bytes:
    """Change some bytes, now and then to those that JSON is made of."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 20])):
        if out:
            place = rng.randrange(len(out))
            out[place] = rng.choice([rng.randrange(256), rng.choice(MARKS)])
    return bytes(out)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place inside a JSON value: what holds it, and its key."""
    stack = [value]
    while stack:
        one = stack.pop()
        keys = one.keys() if isinstance(one, dict) else range(len(one))
        for key in list(keys):
            yield one, key
            if isinstance(one[key], dict | list):
                stack.append(one[key])


def parsed(data: bytes) -> list[Any] | None:
    """Return the values of a JSON or JSON lines file, None for anything else."""
    try:
        return [json.loads(data)]
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError:
        return None


def change(data: bytes, rng: random.Random, edit: Callable[[Any, Any], None]) -> bytes:
    """Edit one to five places of the JSON; other files have bytes flipped."""
    values = parsed(data)
    if not values:
        return flip(data, rng)
    for _ in range(rng.choice([1, 1, 2, 5])):
        inside = list(places(values))
        if inside:
            edit(*rng.choice(inside))
    return "\n".join(json.dumps(value) for value in values).encode()


def swap(data: bytes, rng: random.Random) -> bytes:
    """Put values of other types in."""

    def edit(holder: Any, key: Any) -> None:
        holder[key] = copy.deepcopy(rng.choice(ODD))

    return change(data, rng, edit)


def delete(data: bytes, rng: random.Random) -> bytes:
    """Take keys and items out."""

    def edit(holder: Any, key: Any) -> None:
        if isinstance(holder, list) or key in holder:
            del holder[key]

    return change(data, rng, edit)


def recode(data: bytes, rng: random.Random) -> bytes:
    """Write the text in another encoding."""
    name = rng.choice(
        ["utf-16", "utf-16-be", "utf-8-sig", "latin-1", "cp1252", "utf-7"]
    )
    return data.decode("utf-8", "replace").encode(name, "replace")


def repeat(data: bytes, rng: random.Random) -> bytes:
    """Write a part of the file twice."""
    half = rng.randrange(len(data) + 1)
    return data + data[:half]


MUTATIONS = (cut, cut, flip, flip, swap, swap, swap, delete, delete, recode, repeat)


def adds_up(report: IngestReport) -> bool:
    """Return whether every record became something that the report names."""
    traces = report.new + report.extended + report.duplicate
    spans = report.spans + report.known_spans
    other = report.feedback + report.known_feedback + report.annotations
    other += sum(report.skipped.values())
    named = max(traces, spans) if spans else traces
    return named + report.rejected + other >= report.records > 0


def one(store: Store, folder: Path, source: Path, seed: int) -> str:
    """Import one broken file; return what became of it."""
    rng = random.Random(f"{source.name} {seed}")
    mutation = rng.choice(MUTATIONS)
    path = folder / f"broken{source.suffix}"
    path.write_bytes(mutation(source.read_bytes(), rng))
    what = f"{source.relative_to(FORMATS)} {mutation.__name__} seed {seed}"
    before = store.query("SELECT count(*) FROM rejects").item()
    try:
        report = load(store, path, progress=False)
    except IngestError as error:
        return "refused" if str(error).strip() else f"BAD silent error: {what}"
    except Exception:  # noqa: BLE001 - this is what is looked for
        return f"BAD {what}\n{traceback.format_exc()}"
    kept = store.query("SELECT count(*) FROM rejects").item() - before
    if kept != report.rejected or not adds_up(report):
        return f"BAD does not add up: {what}: {report}, {report.records} records"
    return "imported"


def some(numbers: range) -> collections.Counter[str]:
    """Import the files of these numbers into one project."""
    sources = fixtures()
    found: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder / "p.duckdb")
        for number in numbers:
            source = sources[number % len(sources)]
            found[one(store, folder, source, number)] += 1
        store.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first file")
    options = parser.parse_args()
    began, step = time.monotonic(), 200
    last = options.first + options.files
    ranges = [range(n, min(n + step, last)) for n in range(options.first, last, step)]
    total: collections.Counter[str] = collections.Counter()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(some, ranges):
            total += found
    bad = [text for text in total if text.startswith("BAD")]
    for text in bad[:40]:
        print(text)
    print(
        f"{options.files:,} files of {len(fixtures())} exports in"
        f" {time.monotonic() - began:.0f} s: {total['imported']:,} imported (in part),"
        f" {total['refused']:,} refused with a reason, {len(bad)} bad"
    )
    raise SystemExit(bool(bad))


if __name__ == "__main__":
    main()
