"""How quick the annotator is in a real JupyterLab, beside the least that it could take.

Run ``python benchmarks/cockpit.py`` (needs Chromium). A project of a million traces is
made, opened in JupyterLab in headless Chromium, and read by somebody who reads nothing:
a key is pressed as soon as the trace is there. Measured in the same run:

floor
    a key press, one message to Python and back, and the next frame painted
commit
    one annotation written by Python alone
key
    from the key press until the next trace is painted; its verdict is saved by then:
    two to three keys a second, not in step with anything, and one as soon as the trace
    before is painted
first paint
    from the moment that the cell runs until its first trace is painted
long
    from the key press until a trace of 10,000 messages, and one of 100 MB, is painted
wire
    the largest message that crossed the wire
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parent)]

import million
from browser.jupyter import Notebook, started_chromium, started_lab
from playwright.sync_api import expect

from erroranalysis.project import Project
from erroranalysis.records import Annotation

if TYPE_CHECKING:
    from playwright.sync_api import Page

COUNT = 200
PAUSES_MS = (50, 600)
LONG = {"many": "10,000 messages", "large": "100 MB"}
CELL = """
import erroranalysis as ea
project = ea.Project({path!r})
project.annotate({batch!r}, annotator="mira")
"""
FLOOR = """
import anywidget
class Floor(anywidget.AnyWidget):
    _esm = '''
    export default {
      render({ model, el }) {
        const box = document.createElement("button");
        box.className = "floor"; box.textContent = "0";
        box.dataset.lmSuppressShortcuts = "true"; // x would cut the cell
        let began = 0, count = 0, told = null; const times = [];
        window.untilPainted = (n) =>
          times.length >= n ? times : new Promise((resolve) => { told = resolve; });
        box.addEventListener("keydown", () => {
          began = performance.now();
          model.send({});
        });
        const painted = () => { times.push(performance.now() - began); told?.(times); };
        model.on("msg:custom", () => {
          box.textContent = String(++count);
          requestAnimationFrame(() => setTimeout(painted));
        });
        el.append(box);
      },
    };
    '''
    def __init__(self):
        super().__init__()
        self.on_msg(lambda *_: self.send({}))
Floor()
"""
# a frame is painted when the task after the next animation frame runs
WATCH = """
() => {
  const times = [];
  // a promise: to look again and again would take time from what is measured
  let told = null;
  window.untilPainted = (n) =>
    times.length >= n ? times : new Promise((resolve) => { told = resolve; });
  const place = document.querySelector(".ea-where");
  let began = 0;
  const press = () => { began = performance.now(); };
  document.querySelector(".ea-cockpit").addEventListener("keydown", press, true);
  const painted = () => { times.push(performance.now() - began); told?.(times); };
  new MutationObserver(() => requestAnimationFrame(() => setTimeout(painted)))
    .observe(place, { childList: true, characterData: true, subtree: true });
}
"""


def long_traces() -> list[dict[str, Any]]:
    """Return a trace of 10,000 messages, and one of 100 MB in 40 messages."""
    words = "the guest asks for a late check-out and a quiet room; "
    many = [
        {"role": ("user", "assistant")[n % 2], "content": f"Turn {n}: {words * 3}"}
        for n in range(10_000)
    ]
    large = [
        {
            "role": ("user", "assistant")[n % 2],
            "content": f"Turn {n}: " + words * 46_000,
        }
        for n in range(40)
    ]
    short = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    return [
        {"id": "short", "messages": short},
        {"id": "many", "messages": many},
        {"id": "short-2", "messages": short},
        {"id": "large", "messages": large},
    ]


def told(name: str, times: list[float]) -> None:
    ordered = sorted(times)
    p95 = ordered[int(len(ordered) * 0.95) - 1]
    median, worst = statistics.median(ordered), ordered[-1]
    print(f"{name:<36}{median:>8.0f} ms{p95:>8.0f} ms{worst:>8.0f} ms{len(times):>6}")


# counted in the page: to hand every message to this program takes the time of both
FRAMES = """
  window.largest = 0;
  const seen = (data) => {
    largest = Math.max(largest, data.length ?? data.size ?? data.byteLength);
  };
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    seen(data);
    return send.call(this, data);
  };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", (event) => seen(event.data));
    }
  };
"""


def read(
    notebook: Notebook, count: int, pauses: tuple[int, int] = (0, 0)
) -> list[float]:
    """Press a key for each trace, some milliseconds after it is there."""
    chance = random.Random(0)
    page = notebook.page
    page.locator(".ea-reading").click()
    page.evaluate(WATCH)
    return [press(page, "p", done, chance.uniform(*pauses)) for done in range(1, count)]


def press(page: Page, key: str, nth: int, pause: float = 0) -> float:
    """Press a key and return the milliseconds until what it does is painted."""
    page.wait_for_timeout(pause)
    page.keyboard.press(key)
    times: list[float] = page.evaluate("(n) => window.untilPainted(n)", nth)
    return times[-1]


def opened(notebook: Notebook, name: str) -> float:
    """Return milliseconds from running the cell until its first trace is painted."""
    notebook.open(name)
    page = notebook.page
    page.evaluate(
        "() => { window.painted = null; new MutationObserver(() => {"
        " if (window.painted === null && document.querySelector('.ea-cockpit article'))"
        " requestAnimationFrame(() => setTimeout(() => {"
        " window.painted ??= performance.now(); })); })"
        ".observe(document.body, { childList: true, subtree: true }) }"
    )
    page.evaluate(
        "() => addEventListener('keydown', (e) => {"
        " if (e.ctrlKey && e.key === 'Enter') window.pressed = performance.now();"
        " }, true)"
    )
    notebook.run()
    page.wait_for_function("window.painted !== null")
    milliseconds: float = page.evaluate("window.painted - window.pressed")
    return milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--traces", type=int, default=1_000_000)
    parser.add_argument("--project", type=Path, help="a project that is there already")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.project or Path(folder, "million.duckdb")
        if options.project is None:
            million.build(str(path), options.traces)
        project = Project(path)
        # a batch that nobody has read: a verdict that is there already is not written
        batch = project.sample(2 * COUNT, seed=time.time_ns()).batch_id
        commits = []
        for trace_id in project.queue(batch, annotator="floor").ids[:50]:
            # with a hash, as the annotator does; else all ids are looked through
            row = Annotation(trace_id, "floor", "pass", content_hash="seen")
            began = time.perf_counter()
            project._store.annotations.add(row)  # noqa: SLF001
            commits.append((time.perf_counter() - began) * 1000)
        project.close()
        long = Project(Path(folder, "long.duckdb"))
        long.ingest(long_traces())
        ids = ["short", "many", "short-2", "large"]
        look(path, batch, Path(folder), long, ids, commits)


def look(
    path: Path,
    batch: str,
    folder: Path,
    long: Project,
    ids: list[str],
    commits: list[float],
) -> None:
    print(f"{'':<36}{'median':>11}{'p95':>11}{'worst':>11}{'n':>6}")
    told("commit of one row, Python alone", commits)
    (folder / "lab").mkdir()
    with (
        started_chromium() as chromium,
        started_lab(chromium, folder / "lab", folder / "home") as lab,
    ):
        lab.write("floor", FLOOR)
        lab.write("read", CELL.format(path=str(path), batch=batch))
        lab.write("long", CELL.format(path=str(long.path), batch=ids))
        long.close()
        page = chromium.new_page(viewport={"width": 1400, "height": 950})
        page.add_init_script(FRAMES)
        notebook = Notebook(page, lab)
        told("floor: key, Python and back, paint", floor(notebook))
        first = opened(notebook, "read")
        told("key to next trace, 2-3 a second", read(notebook, COUNT, PAUSES_MS))
        times = read(notebook, COUNT)
        told("key to next trace, no pause", times)
        speed = 3.6e6 / statistics.mean(times)
        print(f"{'traces an hour, reading nothing':<36}{speed:>8,.0f}")
        told("first paint of the cell", [first])
        largest = page.evaluate("largest")
        opened(notebook, "long")
        for name, took in zip(ids[1:], read(notebook, len(ids)), strict=True):
            if name in LONG:
                told(f"open a trace of {LONG[name]}", [took])
        largest = max(page.evaluate("largest"), largest)
        print(f"{'largest message on the wire':<36}{largest / 1e6:>8.2f} MB")


def floor(notebook: Notebook) -> list[float]:
    notebook.open("floor")
    page = notebook.page
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    box = page.locator(".floor")
    expect(box).to_be_visible(timeout=60_000)
    box.focus()
    return [press(page, "x", done) for done in range(1, 101)]


if __name__ == "__main__":
    main()
