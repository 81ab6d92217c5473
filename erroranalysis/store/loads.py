"""An import from first byte to commit."""

from __future__ import annotations

import contextlib
import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from erroranalysis import ingest
from erroranalysis.errors import IngestError
from erroranalysis.ingest.redaction import as_redaction
from erroranalysis.ingest.values import clean
from erroranalysis.records import Reject, dump, new_id, utc_now
from erroranalysis.store.redaction_key import (
    key_file,
    redaction_key,
    throw_away_key,
)
from erroranalysis.store.settling import doubts, settle, warnings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from erroranalysis.ingest import IngestReport, Preview
    from erroranalysis.ingest.filling import Found, Said
    from erroranalysis.ingest.reader import Columns
    from erroranalysis.ingest.redaction import Redact
    from erroranalysis.ingest.redactor import Redactor
    from erroranalysis.ingest.shares import Share
    from erroranalysis.records import Annotation
    from erroranalysis.store.settling import Doubts
    from erroranalysis.store.store import Store

_NOT_REDACTED = (
    "earlier imports into this project were redacted, and this one was not; what is"
    " known only redacted is rejected or replaced: ingest(…, redact=True)"
)

_LONGEST_RAW = 10_000
_NO_TRACE = (
    "annotation about a trace that is not in the project; ingest the traces first, or"
    " together: ingest([traces, annotations])"
)


def load(
    store: Store,
    source: object,
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    columns: Columns | None = None,
    redact: Redact = False,
    progress: bool = True,
) -> IngestReport:
    """Read a source and commit its traces in one transaction.

    Raises
    ------
    IngestError
        Nothing could be read, or the disk is full; nothing was imported then.
    UnknownNameError
        There is no such format, field, column or kind of redaction.
    """
    began = time.monotonic()
    load_id = new_id("l")
    path = os.path.realpath(store.path)
    redactor = _redactor(redact, partial(redaction_key, path))
    with contextlib.ExitStack() as stack:
        found = _read(stack, load_id, source, format, columns or {}, redactor, progress)
        row = {
            "load_id": load_id,
            "source": clean(found.source),
            "format": ", ".join(found.formats),
            "columns": dump(found.columns) if found.columns else None,
            "skipped": dump(found.skipped) if found.skipped else None,
            "seconds": time.monotonic() - began,
            "created_at": utc_now(),
        }
        counts, seen = store.traces.commit_load(found.folders, row)
        said = _warnings(seen, found, columns)
        if redactor is None and key_file(path).exists():
            said = (*said, _NOT_REDACTED)
        counts["known_spans"] = found.spans - counts["spans"]
        if found.annotations:
            added, lost = _annotate(store, load_id, found.annotations)
            counts["annotations"] = added
            counts["rejected"] += lost
    there = store.traces.reasons(load_id) if counts["rejected"] else {}
    for reason, count in there.items():
        found.reasons.setdefault(reason, count)
    return ingest.IngestReport(
        **counts,
        format=", ".join(found.formats),
        columns=found.columns,
        source=found.source,
        seconds=time.monotonic() - began,
        load_id=load_id,
        records=found.records,
        reasons=dict(found.reasons.most_common()),
        skipped=dict(found.skipped.most_common()),
        warnings=said,
        redacted=dict(found.redacted),
    )


def look(
    source: object,
    *,
    format: str | None = None,  # noqa: A002 - the word that users know
    columns: Columns | None = None,
    redact: Redact = False,
    progress: bool = True,
) -> Preview:
    """Read a source as :func:`load` does, and write nothing.

    Raises
    ------
    IngestError
        Nothing could be read.
    UnknownNameError
        There is no such format, field, column or kind of redaction.
    """
    # placeholders of a key that is gone afterwards: a look leaves no file behind
    redactor = _redactor(redact, partial(bytes, throw_away_key()))
    with contextlib.ExitStack() as stack:
        found = _read(
            stack, new_id("l"), source, format, columns or {}, redactor, progress
        )
        seen = doubts(found.folders)
        return ingest.Preview(
            format=", ".join(found.formats),
            source=found.source,
            records=found.records,
            found=seen.traces,
            spans=found.spans,
            feedback=found.remarks,
            annotations=len(found.annotations),
            rejected=found.rejected,
            columns=found.columns,
            traces=tuple(found.first),
            reasons=dict(found.reasons.most_common()),
            skipped=dict(found.skipped.most_common()),
            warnings=_warnings(seen, found, columns),
            redacted=dict(found.redacted),
        )


def _warnings(seen: Doubts, found: Found, named: Columns | None) -> tuple[str, ...]:
    without = found.columns.get("id", "") is None and "id" not in (named or {})
    return warnings(seen, found.sizes, without_ids=without)


def load_or_look(
    store: Store,
    source: object,
    *,
    dry_run: bool = False,
    **how: Any,  # noqa: ANN401 - what both take
) -> IngestReport | Preview:
    """Import a source, or only look at it."""
    return look(source, **how) if dry_run else load(store, source, **how)


def _read(
    stack: contextlib.ExitStack,
    load_id: str,
    source: object,
    name: str | None,
    columns: Columns,
    redactor: Redactor | None,
    progress: bool,  # noqa: FBT001
) -> ingest.Found:
    """Return what a source holds, in spools, with every trace whole in one of them."""
    from erroranalysis.ingest import sources
    from erroranalysis.ingest.catalogue import BUILDERS, READERS
    from erroranalysis.ingest.shares import shares

    dealt = shares(sources.files(source))
    if len(dealt) > 1:
        found = _read_by_many(
            stack, load_id, source, name, columns, dealt, redactor, progress
        )
    else:
        from tqdm.auto import tqdm

        # the bar appears only when an import takes longer than a second
        bar = partial(
            tqdm, desc="ingest", unit=" records", delay=1, disable=not progress
        )
        reading = ingest.Reading(source, READERS, format=name, columns=columns)
        spool = stack.enter_context(ingest.Spool(load_id))
        found = ingest.fill(spool, reading, BUILDERS, redactor=redactor, watch=bar)
    if not found.is_something():
        raise _nothing(found)
    if found.in_pieces:
        found.folders += settle(load_id, found.folders, stack)
    return found


def _read_by_many(
    stack: contextlib.ExitStack,
    load_id: str,
    source: object,
    name: str | None,
    columns: Columns,
    dealt: list[Share],
    redactor: Redactor | None,
    progress: bool,  # noqa: FBT001
) -> ingest.Found:
    """Let several processes read a large source."""
    from erroranalysis.ingest import sources, workers

    if redactor is not None:
        redactor.ask_key()  # what is wrong with it is better said here
    dealt, formats = workers.planned(dealt, name, columns)
    place = Path(stack.enter_context(ingest.temporary_folder()))
    task = workers.Task(load_id, dealt, formats, name, columns, place, redactor)
    return ingest.joined(sources.describe(source), workers.run(task, progress=progress))


def _annotate(store: Store, load_id: str, said: Sequence[Said]) -> tuple[int, int]:
    """Write annotations whose traces are there; return how many, and of the others.

    A table may hold several of one person about one trace; the last counts.
    """
    unknown = set(store.traces.unknown([one.annotation.trace_id for one in said]))
    last: dict[tuple[str, str], Annotation] = {}
    lost: list[Reject] = []
    for one in said:
        item = one.annotation
        if item.trace_id in unknown:
            words = ": ".join(filter(None, (item.verdict, item.critique)))
            raw = f"{item.trace_id}, {item.annotator}: {words}"
            lost.append(Reject(one.file, one.line, _NO_TRACE, raw[:_LONGEST_RAW]))
            continue
        key = item.trace_id, item.annotator
        before = last.get(key)
        if before is None or _follows(item, before):
            last[key] = item
    if lost:
        store.traces.refuse(load_id, lost)
    return store.annotations.add_all(list(last.values())), len(lost)


def _follows(item: Annotation, before: Annotation) -> bool:
    if item.created_at is None or before.created_at is None:
        return True
    return item.created_at >= before.created_at


def _redactor(redact: Redact, key: Callable[[], bytes]) -> Redactor | None:
    redaction = as_redaction(redact)
    if redaction is None:
        return None
    from erroranalysis.ingest.redactor import Redactor  # many patterns to compile

    return Redactor(redaction, key)


def _nothing(found: ingest.Found) -> IngestError:
    tried = f" as {', '.join(found.formats)}" if found.formats else ""
    if not found.reasons:
        kinds = ", ".join(f"{kind} ({n:,})" for kind, n in found.skipped.items())
        return IngestError(
            f"{found.source!r} holds no traces{tried}; it has only {kinds}."
        )
    reason, count = found.reasons.most_common(1)[0]
    how = (
        ""
        if count == found.rejected == 1
        else f" (for {count:,} of {found.rejected:,})"
    )
    return IngestError(
        f"No record of {found.source!r} could be read{tried}. The reason{how}:"
        f" {reason}. Nothing was imported; name another format= or columns= if the"
        " guess is wrong."
    )
