"""What several tests share: small projects, real public traces, a model server."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fakes import ModelServer, answer, chat
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import erroranalysis as ea

# kernels and programs that tests start would compile the package anew each time
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

BROWSER = "tests/browser/"
SHARED = Path(__file__).parents[2] / "shared" / "data"


class OneBrowser(LoadScopeScheduling):
    """Tests in the browser stay on one worker, in one JupyterLab; others go anywhere.

    The groups of pytest-xdist 3.8 would do, but with pytest 9.2 they have no effect.
    """

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneBrowser:
    return OneBrowser(config, log)


@pytest.fixture
def shared_data() -> Path:
    """Folder of real public traces, which are not part of the repository."""
    if not SHARED.exists():
        pytest.skip("the public traces (shared data folder) are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An empty and a labelled project, made once: a test works on a copy of its own."""
    folder = tmp_path_factory.mktemp("projects")
    found = {name: folder / f"{name}.duckdb" for name in ("empty", "labelled")}
    for name, path in found.items():
        made = ea.Project(path)
        if name == "labelled":
            label(made)
        made.close()
    return found


@pytest.fixture
def project(tmp_path: Path, files: dict[str, Path]) -> Iterator[ea.Project]:
    made = ea.Project(shutil.copy(files["empty"], tmp_path / "p.duckdb"))
    yield made
    made.close()


@pytest.fixture
def labelled(tmp_path: Path, files: dict[str, Path]) -> Iterator[ea.Project]:
    """60 traces, a third failing, 15 of them in the mode ``late``, 5 in ``rude``."""
    made = ea.Project(shutil.copy(files["labelled"], tmp_path / "p.duckdb"))
    yield made
    made.close()


def label(project: ea.Project) -> None:
    words = ["alpha", "bravo", "carol", "delta", "echo", "fox"]
    words += ["golf", "hotel", "india", "julia", "kilo", "lima"]
    records, notes = [], []
    for i in range(60):
        kind = "late" if i < 15 else "rude" if i < 20 else "fine"
        topic = (
            f"{words[i % 12]} {words[(i * 5 + 1) % 12]} {words[(i * 7 + 2) % 12]} {i}"
        )
        answer = {
            "late": f"Sorry, tomorrow perhaps, about {topic}, later on",
            "rude": f"Read the manual on {topic}, obviously",
            "fine": f"Here is what you need on {topic}: done",
        }[kind]
        records.append(
            chat(
                f"t{i:02}",
                f"Help with {topic}?",
                answer,
                metadata={"channel": "web" if i % 2 else "app"},
            )
        )
        verdict = "pass" if kind == "fine" else "fail"
        notes.append(
            {
                "trace_id": f"t{i:02}",
                "annotator": "mira",
                "verdict": verdict,
                "critique": f"{kind}: the reply on {topic} is {kind}",
                "first_failure": None if verdict == "pass" else "1",
            }
        )
    project.ingest(records, progress=False)
    batch = project.sample(60, seed=1)
    project.import_annotations(notes, batch=batch)
    project.taxonomy.add("late", "Puts the guest off instead of answering.")
    project.taxonomy.add("rude", "Talks down to the guest.")
    project.taxonomy.assign([f"t{i:02}" for i in range(15)], "late")
    project.taxonomy.assign([f"t{i:02}" for i in range(15, 20)], "rude")


@pytest.fixture
def model_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server = ModelServer()
    server.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with server.lock:
                server.calls.append(body)
                server.headers.append(
                    {name.lower(): value for name, value in self.headers.items()}
                )
                said = server.script(body)
            if not server.gate.is_set():
                server.gate.wait(20)
            extra: dict[str, str] = {}
            if isinstance(said, tuple):
                status, said, *rest = said
                extra = rest[0] if rest else {}
            else:
                status = 200
                said = answer(said) if isinstance(said, str) else said
            data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
            try:
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                return  # the client gave up, as a test of timeouts wants

        def log_message(self, *args: object) -> None:
            """Keep the test output quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # many calls come at once

    http = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    yield server
    server.gate.set()
    http.shutdown()
    http.server_close()
    thread.join()
