"""Whether the annotator works outside JupyterLab: what ``docs/front-ends.md`` says.

Run ``python docs/front_ends.py`` (needs Chromium, npm and package indexes; minutes). It
installs Notebook and marimo into a temporary folder, works with the annotator in each,
light and dark, and prints a table. VS Code and Colab cannot be had here: a page that
keeps their rules stands for them. ``--pictures FOLDER`` keeps screenshots to look at.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from browser.jupyter import Lab, Notebook, started_chromium
from playwright.sync_api import expect

from erroranalysis import demo_data
from erroranalysis.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator, Page

TRACES = 6
CELL = f"""import erroranalysis as ea
project = ea.Project("p.duckdb")
project.annotate(project.sample({TRACES}, seed=3), annotator="mira")"""
APP = f"""import marimo
app = marimo.App(width="full")
@app.cell
def _():
    {CELL.replace(chr(10), chr(10) + "    ")}
    return (project,)
@app.cell
def _(project):
    project.trace({{!r}})
    return
"""
USER = ".jupyter/lab/user-settings"
MARIMO = '[display]\ntheme = "{}"\n[runtime]\nauto_instantiate = true\n'
VERSION = "from importlib.metadata import version; print(version({!r}))"
COMMANDS = {
    "notebook": "-m notebook --no-browser --allow-root --ServerApp.ip=127.0.0.1"
    " --port={port} --ServerApp.port_retries=0 --IdentityProvider.token=",
    "marimo run": "-m marimo -q -y run app.py --headless --no-token --port={port}",
    "marimo edit": "-m marimo -q -y edit app.py --headless --no-token --port={port}",
    "frame": "-m http.server --bind 127.0.0.1 {port}",
}
SOURCES = ".jp-Cell .cm-content, .marimo-cell .cm-content"
# letters that are commands of the notebooks, or of the annotator outside of text
LETTERS = "dd a b x 1 j z \\ / m ?"
START_MS = 60_000
LOST_MS = 11_000  # the annotator gives up after 10 seconds
READABLE = 4.5  # the contrast that WCAG AA asks of text
CONTRAST = """element => {
  const paint = new OffscreenCanvas(1, 1).getContext("2d");
  const rgba = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.map((one) => ((one / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  let at = element;
  const up = (one) => one.parentElement ?? one.getRootNode().host;
  const back = (one) => rgba(getComputedStyle(one).backgroundColor);
  while (up(at) && back(at)[3] < 255) at = up(at);
  const below = back(at)[3] < 255 ? [255, 255, 255] : back(at);
  const both = [light(rgba(getComputedStyle(element).color)), light(below)];
  return Math.max(...both) / Math.min(...both);
}"""
# the policy of VS Code, and blob: for modules: without it no anywidget loads there
POLICY = (
    "default-src 'none'; script-src 'self' blob: 'unsafe-inline' 'unsafe-eval';"
    " style-src 'self' 'unsafe-inline'; img-src 'self' https: http: data:;"
    " font-src 'self' https:; connect-src https:; child-src https: data:"
)
FRAME = """<!doctype html><iframe src="framed.html" style="height: 900px; width: 1300px"
  sandbox="allow-scripts allow-same-origin"></iframe>"""
FRAMED = """<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<body class="vscode-dark" style="background: #1e1e1e"><script>
addEventListener("securitypolicyviolation", (one) => console.error("refused", one));
</script>
{trace}<script type="application/vnd.jupyter.widget-view+json">{view}</script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script src="node_modules/requirejs/require.js"></script><script>
require.config({{ paths: {{ anywidget: "node_modules/anywidget/dist/index" }} }});
</script>
<script src="node_modules/@jupyter-widgets/html-manager/dist/embed-amd.js"></script>"""


@dataclass
class Found:
    """What was found in one front end."""

    name: str
    good: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def check(self, what: str) -> Iterator[None]:
        """Note whether something holds; the other checks go on if it does not."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the table says what went wrong
            said = " ".join(str(error).split())[:160].replace("|", "/")
            self.bad.append(f"{what}: {said}")
        else:
            self.good.append(what)


def run(*command: object, cwd: Path | None = None) -> str:
    words = [str(word) for word in command]
    made = subprocess.run(words, cwd=cwd, check=True, stdout=subprocess.PIPE)  # noqa: S603
    return made.stdout.decode().strip()


def project_in(folder: Path) -> list[str]:
    """Make a project of the demo's traces; return those that are read."""
    folder.mkdir()
    with contextlib.closing(Project(folder / "p.duckdb")) as project:
        project.ingest(demo_data(), progress=False)
        return list(project.sample(TRACES, seed=3).trace_ids)


@contextlib.contextmanager
def served(
    python: Path | str, name: str, folder: Path
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Run a server with settings of its own; yield its address, and what kills it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(python), *COMMANDS[name].format(port=port).split()]
    own, log = {**os.environ, "HOME": str(folder)}, folder / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=folder, env=own, stdout=out, stderr=out)  # noqa: S603
    try:
        until = time.monotonic() + START_MS / 1000
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(log.read_text()[-2000:])
            time.sleep(0.1)  # a server that is not there can be waited for only so
        yield f"http://127.0.0.1:{port}", server.kill
    finally:
        server.kill()
        server.wait()


@contextlib.contextmanager
def opened(chromium: Browser, found: Found) -> Iterator[Page]:
    """Open a page that notes who is called."""
    context = chromium.new_context(viewport={"width": 1400, "height": 950})
    page = context.new_page()
    called: set[str] = set()
    page.on("request", lambda request: called.add(request.url))
    with found.check("shows itself"):
        yield page
    with found.check("nothing is called outside"):
        inside = ("http://127.0.0.1", "ws://127.0.0.1", "blob:", "data:")
        assert [url for url in called if not url.startswith(inside)] == []
    context.close()


def readable(text: Locator) -> None:
    contrast = text.evaluate(CONTRAST)
    assert contrast >= READABLE, f"contrast {contrast:.1f}"


def work(page: Page, found: Found, file: Path, ids: list[str]) -> None:
    """Read traces as people do, and look what came of it."""
    cockpit, keyboard = page.locator(".ea-cockpit"), page.keyboard
    place, before = (
        cockpit.locator(".ea-where"),
        page.locator(SOURCES).all_inner_texts(),
    )
    cockpit.evaluate("element => { element.dataset.same = 'yes' }")
    with found.check("keys judge"):
        cockpit.locator(".ea-reading").click(position={"x": 3, "y": 3})
        keyboard.press("p")
        expect(place).to_have_text(f"2 / {TRACES}")
        keyboard.press("f")
    with found.check("letters are letters"):
        note = cockpit.get_by_role("textbox", name="Critique")
        expect(note).to_be_focused()
        keyboard.type(LETTERS)
        expect(note).to_have_value(LETTERS)
        keyboard.press("Control+Enter")
        expect(place).to_have_text(f"3 / {TRACES}")
    with found.check("verdicts are in the file"):
        with contextlib.closing(Project(file)) as project:
            said = project._store.annotations.history(annotator="mira")  # noqa: SLF001
        rows = [(one.trace_id, one.verdict, one.critique) for one in said]
        assert rows[0] == (ids[0], "pass", None), rows
        assert rows[-1] == (ids[1], "fail", LETTERS), rows
    with found.check("focus stays when the message that has it goes"):
        cockpit.locator("article[data-index]").nth(1).click()
        for number in (4, 5):
            keyboard.press("d")
            expect(place).to_have_text(f"{number} / {TRACES}")
    with found.check("no key reaches the notebook"):
        assert page.locator(SOURCES).all_inner_texts() == before
        assert cockpit.get_attribute("data-same") == "yes", "the cell ran again"
    with found.check("annotator readable"):
        readable(place)
    with found.check("trace view readable"):
        readable(page.locator(".ea-quote:not(.ea-cockpit *)"))


def lose(page: Page, found: Found, kill: Callable[[], None]) -> None:
    with found.check("a lost kernel is said"):
        page.locator(".ea-reading").click(position={"x": 3, "y": 3})
        kill()
        page.keyboard.press("f")
        expect(page.locator(".ea-alert")).to_contain_text("kernel", timeout=LOST_MS)
        expect(page.locator(".ea-state")).to_have_text("not saved")


def start(page: Page, name: str, url: str, folder: Path, trace_id: str) -> None:
    """Open the notebook or app that shows the annotator and, below it, a trace."""
    if name == "notebook":
        lab = Lab(url, folder, folder / USER)
        lab.write("read", CELL, f"project.trace({trace_id!r})")
        page.goto(f"{url}/notebooks/read.ipynb")
        Notebook(page, lab).run()
        page.locator(SOURCES).last.click()
        page.keyboard.press("Control+Enter")
    else:
        page.goto(url)
    expect(page.locator(".ea-trace")).to_have_count(2, timeout=START_MS)


def installed(chromium: Browser, place: Path, pictures: Path) -> Iterator[Found]:
    """Work in Notebook and in marimo, as an app and as a notebook."""
    python = place / "env" / "bin" / "python"
    run(sys.executable, "-m", "venv", place / "env")
    packages = ("notebook", "ipykernel", "marimo", "-e", ROOT)
    run(python, "-m", "pip", "install", "-q", *packages)
    for name in ("notebook", "marimo run", "marimo edit"):
        release = run(python, "-c", VERSION.format(name.split()[0]))
        for theme in ("light", "dark"):
            found = Found(f"{name} {release}, {theme}")
            folder = place / f"{name}-{theme}".replace(" ", "-")
            ids = project_in(folder)
            (folder / "app.py").write_text(APP.format(ids[0]))
            (folder / USER / "@jupyterlab" / "apputils-extension").mkdir(parents=True)
            Lab("", folder, folder / USER).choose_theme(f"JupyterLab {theme.title()}")
            (folder / ".config" / "marimo").mkdir(parents=True)
            settings = folder / ".config" / "marimo" / "marimo.toml"
            settings.write_text(MARIMO.format(theme))
            server = served(python, name, folder)
            with server as (url, kill), opened(chromium, found) as page:
                start(page, name, url, folder, ids[0])
                work(page, found, folder / "p.duckdb", ids)
                page.screenshot(path=pictures / f"{folder.name}.png")
                lose(page, found, kill)
            yield found


def framed(chromium: Browser, place: Path, pictures: Path) -> Iterator[Found]:
    """Show a stored widget as VS Code does: a frame, a policy, nobody who answers."""
    from ipywidgets.embed import embed_data

    release = version("anywidget")
    found, folder = Found(f"page in a frame, anywidget {release}"), place / "framed"
    ids = project_in(folder)
    with contextlib.closing(Project(folder / "p.duckdb")) as project:
        shown = project.annotate(project.sample(TRACES, seed=3), annotator="mira")
        # the module of the widget counts as a default
        data = embed_data([shown], drop_defaults=False)
        trace = project.trace(ids[0])._repr_html_()
    npm = [shutil.which("npm") or "npm", "install", "--silent", "requirejs"]
    run(*npm, f"anywidget@{release}", "@jupyter-widgets/html-manager", cwd=folder)
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    view = json.dumps(data["view_specs"][0])
    page_text = FRAMED.format(policy=POLICY, view=view, state=state, trace=trace)
    (folder / "framed.html").write_text(page_text)
    (folder / "frame.html").write_text(FRAME)
    server = served(sys.executable, "frame", folder)
    with server as (url, _), opened(chromium, found) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{url}/frame.html")
        inner = page.frame_locator("iframe")
        expect(inner.locator(".ea-cockpit")).to_be_visible(timeout=START_MS)
        with found.check("says that no kernel answers"):
            alert = inner.locator(".ea-alert")
            expect(alert).to_contain_text("not answered", timeout=LOST_MS)
            expect(inner.locator(".ea-state")).to_have_text("no kernel")
        with found.check("the policy refuses nothing"):
            assert [one for one in said if one.startswith("refused")] == []
        with found.check("annotator readable"):
            readable(inner.locator(".ea-state"))
        with found.check("trace view readable"):
            readable(inner.locator(".ea-trace .ea-quote").last)
        page.screenshot(path=pictures / "framed.png")
    yield found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path)
    failed = False
    print("| front end | holds | does not hold |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, started_chromium() as chromium:
        pictures = parser.parse_args().pictures or Path(folder) / "pictures"
        pictures.mkdir(parents=True, exist_ok=True)
        for look in (framed, installed):
            for found in look(chromium, Path(folder), pictures):
                good, bad = "; ".join(found.good), "; ".join(found.bad)
                print(f"| {found.name} | {good} | {bad} |", flush=True)
                failed = failed or bool(bad)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
