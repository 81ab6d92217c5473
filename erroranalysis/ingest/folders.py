"""Folders: which of the files in them are read, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from erroranalysis.errors import IngestError
from erroranalysis.ingest.blobs import Blob, Part, left_out, of_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IMAGES = ".png .jpg .jpeg .gif .svg .webp .ico .bmp .tif .tiff .heic"
_SOUNDS = ".mp3 .wav .ogg .flac .m4a .mp4 .mov .webm .avi"
_DOCUMENTS = ".pdf .md .rst .adoc .html .htm .doc .docx .ppt .pptx .tex .bib .rtf"
_CODE = (
    ".py .pyc .pyi .ipynb .js .mjs .ts .tsx .jsx .css .c .h .cpp .go .rs .java .kt .rb"
    " .php .sh .bat .ps1 .sql .r .toml .yaml .yml .ini .cfg .xml"
)
_STATES = (
    ".lock .db .sqlite .sqlite3 .duckdb .wal .pkl .pickle .pt .pth .ckpt .safetensors"
    " .onnx .npy .npz .h5 .faiss .exe .dll .so .whl .crc .md5 .sha256 .sig"
)
_UNFINISHED = ".tmp .temp .part .partial .crdownload .download .swp .bak"
_NO_DATA = {
    *_IMAGES.split(), *_SOUNDS.split(), *_DOCUMENTS.split(), *_CODE.split(),
    *_STATES.split(), *_UNFINISHED.split(),
}  # fmt: skip
_NAMES = {
    "license", "licence", "notice", "copying", "authors", "readme", "changelog",
    "makefile", "dockerfile", "citation", "contributing", "requirements", "thumbs",
    "desktop", "package-lock", "tsconfig",
}  # fmt: skip
_NO_FOLDERS = {"__pycache__", "__MACOSX", "node_modules"}
_DATASET = {"dataset_info.json", "state.json", "dataset_dict.json"}
_NOTHING_SAID = "__HIVE_DEFAULT_PARTITION__"
_SHOWN = 8


def kind_left_out(place: str) -> str | None:
    """Return what a file is that is clearly no data, from its place in a folder.

    Examples
    --------
    >>> kind_left_out("a/logo.png"), kind_left_out("LICENSE"), kind_left_out("a.jsonl")
    ('.png file', 'LICENSE file', None)
    >>> kind_left_out(".git/config"), kind_left_out("~$book.xlsx")
    ('hidden file', 'lock file')
    """
    path = PurePosixPath(place)
    no_folder = next((part for part in path.parts[:-1] if part in _NO_FOLDERS), None)
    if no_folder is not None:
        return f"file in {no_folder}"
    if any(part.startswith(".") and part not in ("..", ".") for part in path.parts):
        return "hidden file"
    return _kind_of_name(path)


def _kind_of_name(path: PurePosixPath) -> str | None:
    if path.name.startswith("~$"):
        return "lock file"
    if path.name.startswith("_") and not path.suffix:
        return f"{path.name.split('-')[0]} file"  # _SUCCESS and _metadata of Spark
    if path.suffix.lower() in _NO_DATA:
        return f"{path.suffix.lower()} file"
    if path.stem.lower() in _NAMES and path.suffix in ("", ".txt", ".json", ".ini"):
        return f"{path.stem} file"
    return None


def hive(place: str) -> dict[str, str]:
    """Return what the folders of a place say, as in ``year=2026/part.parquet``.

    Examples
    --------
    >>> hive("channel=web%20app/day=2/a.parquet")
    {'channel': 'web app', 'day': '2'}
    """
    said = (part.partition("=") for part in PurePosixPath(place).parts[:-1])
    found = {name: unquote(value) for name, equals, value in said if name and equals}
    return {name: value for name, value in found.items() if value != _NOTHING_SAID}


def inside(folder: Path) -> list[Blob | Part]:
    """Return the files in a folder and below that may hold records, and the others.

    Raises
    ------
    IngestError
        There is no file that may hold records.
    """
    found: list[Blob | Part] = []
    names = list(_walk(folder))
    for path, kind in names:
        if kind is not None:
            found.append(left_out(str(path), kind))
        else:
            found.append(of_path(path, hive(path.relative_to(folder).as_posix())))
    if all(isinstance(one, Part) for one in found):
        raise nothing_in(str(folder), (str(path) for path, _ in names))
    return found


def _walk(folder: Path) -> Iterator[tuple[Path, str | None]]:
    for place, folders, names in os.walk(folder):
        here = Path(place)
        if "_delta_log" in folders:
            raise IngestError(
                f"{place!r} is a Delta table, in which old files lie beside new ones."
                " Read it with deltalake and ingest what it gives:"
                " DeltaTable(…).to_pyarrow_table()."
            )
        for name in sorted(folders):
            if kind := kind_left_out(f"{name}/x"):
                yield here / name, kind.replace("file", "folder", 1)
                folders.remove(name)
        folders.sort()
        dataset = not _DATASET.isdisjoint(names) and any(
            name.endswith(".arrow") or name == "dataset_dict.json" for name in names
        )
        for name in sorted(names):
            path = here / name
            if not path.is_file():
                kind = "broken link" if path.is_symlink() else "pipe or device"
            elif dataset and (name in _DATASET or name.startswith("cache-")):
                kind = f"{name.split('-')[0]} of Hugging Face"
            else:
                kind = kind_left_out(name) or ""
            yield path, kind or None


def nothing_in(name: str, names: Iterable[str]) -> IngestError:
    """Return the error for a folder or archive without a file to read."""
    inside = sorted(PurePosixPath(one).name for one in names)
    some = ", ".join(inside[:_SHOWN]) + (", …" if len(inside) > _SHOWN else "")
    has = f"it has only {some}" if inside else "it is empty"
    return IngestError(
        f"{name!r} holds no file with records: {has}. Traces come as JSON, JSONL, CSV,"
        " Excel or Parquet."
    )
