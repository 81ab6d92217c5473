"""One JupyterLab for all tests of this folder, and a notebook in it for each."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from browser.bookings import project, show  # noqa: F401 - fixtures
from browser.jupyter import (
    MISSING,
    Lab,
    Notebook,
    chromium_path,
    started_chromium,
    started_lab,
    window,
)
from playwright.sync_api import Browser, expect

# other tests keep the cores and the disk busy; a wait ends when it is fulfilled
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if chromium_path() is None:
        if os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    with started_lab(chromium, folder, tmp_path_factory.mktemp("jupyter")) as found:
        yield found


@pytest.fixture
def notebook(
    chromium: Browser, lab: Lab, request: pytest.FixtureRequest
) -> Iterator[Notebook]:
    """A notebook in a window of its own; a parameter gives it another size."""
    with window(chromium, lab, **getattr(request, "param", {})) as opened:
        yield opened
