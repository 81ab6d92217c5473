"""Files that lie elsewhere (s3://, gs://, https://, …), by way of fsspec."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from erroranalysis.errors import IngestError
from erroranalysis.ingest import folders
from erroranalysis.ingest.blobs import Blob, Part, left_out, of_path, temporary

if TYPE_CHECKING:
    from collections.abc import Iterator

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")
_PACKAGES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs",
    "abfs": "adlfs", "abfss": "adlfs", "http": "aiohttp", "https": "aiohttp",
    "hf": "huggingface_hub", "sftp": "paramiko", "ssh": "paramiko",
    "oss": "ossfs", "dbfs": "requests", "webhdfs": "requests",
}  # fmt: skip
_WEB = ("http", "https")


def is_url(text: str) -> bool:
    r"""Return whether text names a file that lies elsewhere.

    Examples
    --------
    >>> is_url("s3://bucket/a.jsonl"), is_url("logs/a.jsonl"), is_url(r"C:\a.jsonl")
    (True, False, False)
    """
    return _URL.match(text) is not None


def shown(url: str) -> str:
    """Return a URL for reports, without passwords and signatures.

    Examples
    --------
    >>> shown("https://mira:secret@example.org/a.jsonl?token=1")
    'https://example.org/a.jsonl'
    """
    if "::" in url:
        return "::".join(shown(part) for part in url.split("::"))
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = parts.query if parts.scheme not in _WEB else ""
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


class Remote:
    """A file that lies elsewhere; it is copied to a temporary file to be read.

    Parameters
    ----------
    system : fsspec file system
        Where it lies.
    path : str
        What it is called there.
    name : str
        Name for reports.
    base : str
        The folder that was asked for.
    """

    def __init__(self, system: Any, path: str, name: str, base: str) -> None:  # noqa: ANN401
        self.name = name
        self._system = system
        self._path = path
        self._base = base

    @contextlib.contextmanager
    def opened(self) -> Iterator[Blob]:
        """Lend the bytes of the file.

        Raises
        ------
        IngestError
            It cannot be had.
        """
        with contextlib.ExitStack() as stack:
            try:
                handle = stack.enter_context(self._system.open(self._path, "rb"))
                path = stack.enter_context(temporary(handle))
            except IngestError:
                raise
            except Exception as error:  # every file system has errors of its own
                raise _failed(self.name, error) from error
            place = self._path.removeprefix(self._base).lstrip("/")
            yield of_path(path, folders.hive(place))._replace(name=self.name)


def found(url: str) -> list[Remote | Part]:
    """Return the files that a URL names: one, those of a pattern, or of a folder.

    Raises
    ------
    IngestError
        There is none, it cannot be reached, or a package is missing.
    """
    name = shown(url)
    try:
        import fsspec  # type: ignore[import-untyped]
    except ImportError as error:
        raise _missing(url, name) from error
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise _missing(url, name) from error
    except ValueError as error:
        raise IngestError(f"{name!r} cannot be read: {error}.") from error
    web = url.lower().startswith(("http://", "https://"))
    try:
        return _listed(system, path, name, web=web)
    except IngestError:
        raise
    except Exception as error:  # every file system has errors of its own
        raise _failed(name, error) from error


def _listed(system: Any, path: str, name: str, *, web: bool) -> list[Remote | Part]:  # noqa: ANN401
    pattern = "*" in path or (not web and any(sign in path for sign in "?["))
    if pattern:
        base = re.split(r"[*?\[]", path)[0].rpartition("/")[0]
        paths = [one for one in sorted(system.glob(path)) if system.isfile(one)]
    elif not web and system.isdir(path):
        base, paths = path, sorted(system.find(path))
    elif web or system.exists(path):
        return [Remote(system, path, name, path.rpartition("/")[0])]
    else:
        raise IngestError(f"There is no file {name!r}.")
    out: list[Remote | Part] = []
    for one in paths:
        full = shown(system.unstrip_protocol(one))
        if kind := folders.kind_left_out(one.removeprefix(base).lstrip("/")):
            out.append(left_out(full, kind))
        else:
            out.append(Remote(system, one, full, base))
    if not any(isinstance(one, Remote) for one in out):
        raise folders.nothing_in(name, paths)
    return out


def _missing(url: str, name: str) -> IngestError:
    scheme = re.split(r"://|::", url)[0].lower()
    wanted = " ".join(dict.fromkeys(["fsspec", _PACKAGES.get(scheme, "fsspec")]))
    return IngestError(
        f"{name!r} lies elsewhere; to read it from here, install {wanted.split()[-1]}:"
        f" pip install {wanted}. Or download it and name the file."
    )


def _failed(name: str, error: Exception) -> IngestError:
    if isinstance(error, FileNotFoundError):
        return IngestError(f"There is no file {name!r}.")
    if isinstance(error, PermissionError):
        return IngestError(
            f"{name!r} may not be read: permission denied. Check the credentials in"
            " your environment."
        )
    detail = str(error) or type(error).__name__
    return IngestError(f"{name!r} cannot be read: {detail}.")
