"""Pictures of the annotator, from a real JupyterLab in headless Chromium.

Run ``python docs/screenshots.py`` (needs Chromium). It writes the states that people
meet, light and dark, narrow and wide, to ``screenshots/``; ``--readme`` also renews
``docs/annotator.png``. Somebody has to look at them: that is what they are for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from browser.jupyter import Lab, Notebook, started_chromium, started_lab
from playwright.sync_api import expect

from erroranalysis import demo_data
from erroranalysis.project import Project
from erroranalysis.records import Annotation

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

CELL = """
import erroranalysis as ea
project = ea.Project({path!r})
batch = project.sample(40, seed=3, exclude_annotated=False)
project.annotate(batch, annotator="mira", modes_after=1)
"""
CRITIQUE = (
    "Books two rooms without a word about the floor. The guest cannot climb stairs and"
    " asked for the ground floor twice."
)
SIZES = {"narrow": (900, 900), "usual": (1400, 950), "wide": (2000, 1150)}
THEMES = ("JupyterLab Light", "JupyterLab Dark")


def states(notebook: Notebook, cockpit: Locator, save: object) -> None:
    """Walk through the annotator, and call ``save`` with the name of each state."""
    shot, keyboard = save, notebook.page.keyboard
    assert callable(shot)
    cockpit.locator(".ea-reading").click(position={"x": 3, "y": 3})
    shot("1-first")
    keyboard.press("2")
    keyboard.type("Bad answer")
    keyboard.press("Escape")
    expect(cockpit.locator(".ea-hint")).to_be_visible()
    shot("2-hint")
    keyboard.press("n")
    keyboard.press("Control+A")
    keyboard.type(CRITIQUE)
    keyboard.press("Escape")
    expect(cockpit.locator(".ea-hint")).to_be_hidden()
    expect(cockpit.locator(".ea-others")).to_be_visible()
    shot("3-others")
    keyboard.press("t")
    keyboard.type("late")
    shot("4-modes")
    keyboard.press("Escape")
    keyboard.press("Control+Enter")
    expect(cockpit.locator(".ea-where")).to_have_text("2 / 40")
    keyboard.press("/")
    keyboard.type("room")
    expect(cockpit.locator(".ea-found")).to_contain_text("found")
    shot("5-search")
    keyboard.press("Escape")
    keyboard.press("o")
    shot("6-unfolded")
    keyboard.press("?")
    shot("7-keys")


def walk(chromium: Browser, lab: Lab, folder: Path, name: str, size: str) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height})
    notebook = Notebook(context.new_page(), lab)
    notebook.open(name)
    cockpit = notebook.run()

    def save(state: str) -> None:
        notebook.page.wait_for_function("document.fonts.status === 'loaded'")
        notebook.page.screenshot(path=folder / f"{name}-{state}.png")

    states(notebook, cockpit, save)
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("screenshots"))
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, started_chromium() as chromium:
        place = Path(folder)
        (place / "lab").mkdir()
        with started_lab(chromium, place / "lab", place / "home") as lab:
            for theme in THEMES:
                lab.choose_theme(theme)
                for size in SIZES:
                    name = f"{theme.split()[-1].lower()}-{size}"
                    project = Project(place / "lab" / f"{name}.duckdb")
                    project.ingest(demo_data(), progress=False)
                    drawn = project.sample(40, seed=3)
                    project._store.annotations.add_all(  # noqa: SLF001
                        [
                            Annotation(one, "ana", "pass", "Answered what was asked")
                            for one in drawn.trace_ids
                        ]
                    )
                    path = str(project.path)
                    project.close()
                    lab.write(name, CELL.format(path=path))
                    walk(chromium, lab, options.out, name, size)
    if options.readme:
        picture = (options.out / "light-usual-3-others.png").read_bytes()
        Path(__file__).with_name("annotator.png").write_bytes(picture)
    print(f"Pictures are in {options.out}; look at them.")


if __name__ == "__main__":
    main()
