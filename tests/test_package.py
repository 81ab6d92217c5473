"""Conventions as tests: public names, imports, size, docs that run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import erroranalysis as ea
from erroranalysis.schema import as_markdown

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "erroranalysis"
MODULES = sorted(PACKAGE.rglob("*.py"))
SLOW = ("altair", "pandas", "statsmodels", "sklearn", "openai", "scipy", "pyarrow")


def test_public_names_are_sorted_and_exist() -> None:
    assert ea.__all__ == sorted(ea.__all__)
    assert all(hasattr(ea, name) for name in ea.__all__)


def test_import_pulls_in_nothing_slow() -> None:
    code = "import sys, erroranalysis; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(SLOW)


def test_who_opens_a_project_does_not_wait_for_statistics(tmp_path: Path) -> None:
    code = (
        "import sys, erroranalysis as ea; project = ea.Project(sys.argv[1]);"
        " project.ingest([{'question': 'Open?', 'answer': 'Yes.'}]);"
        " project.annotate(project.sample(1), annotator='mira'); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "p.duckdb")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {name for name in done.stdout.split() if name.startswith("erroranalysis.")}
    assert "erroranalysis.widgets.annotator" in loaded
    assert loaded.isdisjoint(
        f"erroranalysis.{part}" for part in ("charts", "findings", "judge", "measure")
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_functions_fit_on_a_page(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 450
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = [item for item in node.body if not _is_docstring(item)]
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert lines <= 60, f"{path.name}:{node.lineno} {node.name}: {lines} lines"


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_only_the_store_holds_sql() -> None:
    sql = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|CREATE TABLE|DELETE FROM)\b")
    holders = {
        path.relative_to(PACKAGE).parts[0]
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and sql.search(node.value)
    }
    assert holders <= {"store", "schema.py", "views.py"}


def test_the_schema_page_is_current() -> None:
    assert (ROOT / "docs" / "schema.md").read_text("utf-8") == as_markdown()


def test_the_changelog_names_this_version() -> None:
    assert f"## {ea.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_make_target_has_help() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", text, re.MULTILINE))
    helped = set(re.findall(r"^([a-z]+):.*## \S", text, re.MULTILINE))
    assert targets == helped
    wanted = {"demo", "test", "lab", "fmt", "lint", "types", "notebooks", "browser"}
    assert wanted | {"wheel"} <= targets


def test_python_in_the_readme_runs(tmp_path: Path, monkeypatch) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert blocks
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
    assert list(tmp_path.iterdir())


_DRAWS = """
import sys
import erroranalysis as ea
from erroranalysis.measure import Pareto
ea.chart(Pareto((), 0, 0, 0))
assert "lark" not in sys.modules
from jsonschema import FormatChecker
from jsonschema.exceptions import FormatError
FormatChecker().check("https://m\u00fcller.example/", "iri")
try:
    FormatChecker().check("no address", "iri")
except FormatError:
    print("checked by", sys.modules["rfc3987_syntax"].__file__)
"""


def test_a_chart_does_not_wait_for_a_grammar_that_others_still_get() -> None:
    pytest.importorskip("rfc3987_syntax")
    done = subprocess.run(
        [sys.executable, "-c", _DRAWS], capture_output=True, text=True, check=True
    )
    assert "checked by" in done.stdout
