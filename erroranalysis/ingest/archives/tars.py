"""TAR archives: their members, opened one at a time."""

from __future__ import annotations

import contextlib
import tarfile
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from erroranalysis.errors import IngestError
from erroranalysis.ingest import folders
from erroranalysis.ingest.blobs import Blob, Damaged, Part, broken, left_out, stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def members(path: Path, name: str) -> Iterator[Blob | Part]:
    """Yield what is to be read in an archive, and what is left out.

    Raises
    ------
    IngestError
        There is nothing to be read in it, or it is no archive.
    """
    names: list[str] = []
    count = 0
    with contextlib.ExitStack() as stack:
        try:
            archive = stack.enter_context(tarfile.open(path, "r:"))
            for info in archive:
                if not info.isreg():
                    continue
                names.append(info.name)
                place = info.name.removeprefix("./")
                if kind := folders.kind_left_out(place):
                    yield left_out(f"{name}/{place}", kind)
                    continue
                count += 1
                damage: list[Damaged] = []
                opens = partial(_open, archive, info, damage)
                full = f"{name}/{place}"
                yield Blob(full, opens, hive=folders.hive(place), damage=damage)
        except tarfile.TarError as error:
            problem = IngestError(
                f"{name!r} is cut off or damaged ({error}). Download or export it"
                " again."
            )
            if not count:
                raise problem from error
            yield broken(name, problem)
    if not count:
        raise folders.nothing_in(name, names)


def _open(
    archive: tarfile.TarFile, info: tarfile.TarInfo, damage: list[Damaged]
) -> BinaryIO:
    member = archive.extractfile(info)
    if member is None:
        raise Damaged("it is no file")
    return stream(member.read, member, damage=damage)
