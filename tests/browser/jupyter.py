"""A real JupyterLab on loopback, and Chromium that looks at it.

Used by the tests of this folder, by ``benchmarks/cockpit.py`` and by
``docs/screenshots.py``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

MISSING = "no Chromium: sudo apt-get install chromium, or set CHROMIUM=/path/to/it"
# the first kernel of a cold machine takes its time
START_MS = 60_000


def chromium_path() -> str | None:
    """Return where Chromium is, or None."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    return path if path and Path(path).exists() else None


@contextlib.contextmanager
def started_chromium() -> Iterator[Browser]:
    """Start Chromium without a window; it calls nobody by itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield browser
        browser.close()


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that serves a folder."""

    url: str
    folder: Path
    settings: Path

    def choose_theme(self, name: str) -> None:
        """Choose the theme of pages that are opened from now on."""
        folder = self.settings / "@jupyterlab" / "apputils-extension"
        (folder / "themes.jupyterlab-settings").write_text(f'{{"theme": "{name}"}}')

    def stop_kernels(self) -> None:
        """Stop all kernels: idle ones keep memory, and time from the next test."""
        with urllib.request.urlopen(f"{self.url}/api/sessions", timeout=20) as answer:
            running = json.load(answer)
        for one in running:
            asked = urllib.request.Request(
                f"{self.url}/api/sessions/{one['id']}", method="DELETE"
            )
            urllib.request.urlopen(asked, timeout=20).close()

    def write(self, name: str, *cells: str) -> Path:
        """Write a notebook into its folder."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
        )
        # without a kernelspec JupyterLab opens a dialog that swallows every click
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        path = self.folder / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path


@contextlib.contextmanager
def started_lab(chromium: Browser, folder: Path, home: Path) -> Iterator[Lab]:
    """Start a JupyterLab that serves a folder and keeps its settings in another."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        "--ServerApp.ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    quiet = home / "settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    log = (home / "lab.log").open("w")
    server = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _until_up(chromium, url, server, home / "lab.log")
        yield Lab(url, folder, home / "settings")
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _until_up(
    chromium: Browser, url: str, server: subprocess.Popen[bytes], log: Path
) -> None:
    page = chromium.new_page()
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/api", timeout=5).close()
            except (urllib.error.URLError, OSError):
                if server.poll() is not None:
                    break
                # a server that is not there can be waited for in no other way
                page.wait_for_timeout(250)
            else:
                return
        raise RuntimeError(
            f"JupyterLab did not start:\n{log.read_text('utf-8')[-3000:]}"
        )
    finally:
        page.close()


@contextlib.contextmanager
def window(chromium: Browser, lab: Lab, **how: Any) -> Iterator[Notebook]:
    """Open a window for a notebook; its kernel ends with it."""
    size = {"viewport": {"width": 1400, "height": 950}}
    context = chromium.new_context(**{**size, **how})
    yield Notebook(context.new_page(), lab)
    context.close()
    lab.stop_kernels()


class Notebook:
    """One notebook, open in JupyterLab."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab

    def open(self, name: str) -> None:
        """Open a notebook of the folder; no cell runs yet."""
        self.page.goto(f"{self.lab.url}/lab/tree/{name}.ipynb?reset")
        self.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.wait_for(
            timeout=START_MS
        )
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the status bar says that the kernel is there and idle."""
        idle = self.page.get_by_text("Python 3 (ipykernel) | Idle")
        expect(idle).to_be_visible(timeout=START_MS)

    def run(self) -> Locator:
        """Run the first cell and return the annotator in its output."""
        self.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        prompt = self.page.locator(".jp-InputPrompt").first
        for _ in range(5):
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).not_to_have_text("[ ]:", timeout=3_000)
                break
            except AssertionError:
                continue  # JupyterLab drops a run while it still connects
        cockpit = self.page.locator(".ea-cockpit")
        message = self.page.locator(
            "[data-mime-type='application/vnd.jupyter.stderr'], .ea-alert"
        )
        shown = cockpit.locator(".ea-trace")
        expect(shown.or_(message).first).to_be_visible(timeout=START_MS)
        if not shown.count():
            raise AssertionError(f"The cell failed:\n{message.first.inner_text()}")
        return cockpit

    def restart(self) -> None:
        """Restart the kernel through the menu, as people do."""
        self.page.get_by_role("menuitem", name="Kernel", exact=True).click()
        self.page.get_by_text("Restart Kernel and Clear Outputs of All Cells…").click()
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        expect(self.page.locator(".ea-cockpit")).to_have_count(0)
        self.wait_for_kernel()

    def cells(self) -> int:
        """Return the number of cells."""
        return self.page.locator(".jp-Notebook .jp-Cell").count()
