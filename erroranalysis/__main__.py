"""The command line: the verbs of the project.

Exit codes: 0 done; 1 done, and something needs a look (records were rejected, calls
ended in errors); 2 not done.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from erroranalysis._version import __version__
from erroranalysis.errors import ErrorAnalysisError
from erroranalysis.project import Project
from erroranalysis.store.loads import look

if TYPE_CHECKING:
    from collections.abc import Callable

    from erroranalysis.ingest import IngestReport, Preview

NEEDS_A_LOOK = 1
NOT_DONE = 2

_project = click.option(
    "--project",
    "-p",
    "path",
    default="project.duckdb",
    show_default=True,
    envvar="ERRORANALYSIS_PROJECT",
    help="The project file.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _command(**settings: Any) -> Callable[[Callable[..., Any]], click.Command]:  # noqa: ANN401
    """Make a command whose errors are one line and exit code 2."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401
            try:
                code = function(*args, **kwargs)
            except ErrorAnalysisError as error:
                if kwargs.get("as_json"):
                    _print_json({"error": str(error)})
                else:
                    click.echo(f"Error: {error}", err=True)
                sys.exit(NOT_DONE)
            sys.exit(code or 0)

        return main.command(**settings)(guarded)

    return decorate


def _print_json(value: object) -> None:
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
    click.echo(orjson.dumps(value, default=_plain, option=options).decode())


def _plain(value: object) -> object:
    if hasattr(value, "__dict__"):
        return vars(value)
    return str(value)


def _existing(path: str) -> Project:
    if not Path(path).exists():
        raise ErrorAnalysisError(
            f"There is no project {path!r}. Make one by loading traces: erroranalysis"
            f" ingest traces.jsonl --project {path}"
        )
    return Project(path)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Try it: erroranalysis demo --out demo-output",
)
@click.version_option(__version__, prog_name="erroranalysis")
def main() -> None:
    """Error analysis of LLM products: traces in, honest failure rates out."""


@_command(epilog="Example: erroranalysis demo --out demo-output")
@click.option(
    "--out",
    default="demo-output",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the project, the labels and the report.",
)
@_json
def demo(out: Path, *, as_json: bool) -> None:
    """Run the whole loop on the bundled traces and write a report."""
    from erroranalysis.demo import run

    result = run(out, say=(lambda _: None) if as_json else click.echo)
    if as_json:
        _print_json({"files": [str(file) for file in result.files]})
        return
    click.echo("\nWritten:")
    for file in result.files:
        click.echo(f"  {file}")
    click.echo(f"\nOpen {result.folder / 'report.html'} in a browser.")


@_command(
    epilog="Example: erroranalysis ingest 'exports/*.jsonl' --project support.duckdb"
)
@click.argument("source", nargs=-1, required=True)
@_project
@click.option("--format", "format_", help="Name of the format; detected by default.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="For tables: which column holds a field, e.g. input=question.",
)
@click.option(
    "--redact",
    is_flag=True,
    help="Take personal data and secrets of all kinds out before they are stored.",
)
@click.option(
    "--redact-kind",
    "redact_kinds",
    multiple=True,
    metavar="KIND",
    help="Only this kind: card, email, iban, ip, phone or secret; may be repeated.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show what was understood; write nothing."
)
@_json
def ingest(
    source: tuple[str, ...],
    path: str,
    format_: str | None,
    columns: tuple[str, ...],
    redact_kinds: tuple[str, ...],
    *,
    redact: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Load traces from files, folders or globs."""
    chosen = dict(pair.partition("=")[::2] for pair in columns)
    what = source[0] if len(source) == 1 else list(source)
    options: dict[str, Any] = {
        "format": format_,
        "columns": dict(chosen),
        "redact": redact_kinds or redact,
        "progress": not as_json,
    }
    report: IngestReport | Preview
    report = look(what, **options) if dry_run else Project(path).ingest(what, **options)
    if as_json:
        _print_json(vars(report))
    else:
        click.echo(repr(report))
        for reason, count in [] if dry_run else list(report.reasons.items())[:5]:
            click.echo(f"  rejected ({count}): {reason}", err=True)
        for warning in () if dry_run else report.warnings:
            click.echo(f"  look at: {warning}", err=True)
    return NEEDS_A_LOOK if report.rejected else 0


@_command(epilog="Example: erroranalysis status --project support.duckdb --json")
@_project
@_json
def status(path: str, *, as_json: bool) -> None:
    """Show what there is at every stage, and the next step."""
    project = _existing(path)
    if as_json:
        _print_json(project.status())
    else:
        click.echo(repr(project))


@_command(
    epilog="Example: erroranalysis sample 100 --by stratified --strata channel --seed 7"
)
@click.argument("n", type=click.IntRange(min=1), default=100)
@_project
@click.option("--by", default="random", show_default=True, help="random or stratified")
@click.option("--strata", multiple=True, help="Metadata key to stratify by.")
@click.option("--seed", default=0, show_default=True)
@_json
def sample(
    n: int, path: str, by: str, strata: tuple[str, ...], seed: int, *, as_json: bool
) -> None:
    """Draw traces to read and print their ids."""
    batch = _existing(path).sample(n, by=by, strata=strata, seed=seed)
    if as_json:
        _print_json({"batch_id": batch.batch_id, "trace_ids": batch.trace_ids})
    else:
        click.echo("\n".join(batch.trace_ids))
        click.echo(repr(batch), err=True)


@_command(epilog="Example: erroranalysis export labels.parquet --annotator mira")
@click.argument("target", type=click.Path(dir_okay=False))
@_project
@click.option("--format", "format_", help="jsonl, csv or parquet; by the ending.")
@click.option("--annotator", help="Whose labels; everybody's by default.")
@_json
def export(
    target: str,
    path: str,
    format_: str | None,
    annotator: str | None,
    *,
    as_json: bool,
) -> None:
    """Write the labelled traces to a file."""
    report = _existing(path).export(target, format=format_, annotator=annotator)
    if as_json:
        _print_json(vars(report))
    else:
        click.echo(repr(report))


@_command(epilog="Example: erroranalysis judge missed-constraint --split dev")
@click.argument("mode")
@_project
@click.option("--model", help="Name of a model; the bundled baseline without it.")
@click.option("--base-url", help="A server that speaks the OpenAI API.")
@click.option("--split", default="dev", show_default=True, help="train, dev, test, all")
@click.option("--show-prompt", is_flag=True, help="Print the prompt and stop.")
@_json
def judge(
    mode: str,
    path: str,
    model: str | None,
    base_url: str | None,
    split: str,
    *,
    show_prompt: bool,
    as_json: bool,
) -> int:
    """Draft the judge of a failure mode, run it, and compare it with the expert."""
    found = _existing(path).judge(mode, model, base_url=base_url)
    if show_prompt:
        click.echo(found.prompt)
        return 0
    run = found.run(split, progress=not as_json)
    aligned = found.alignment(split) if split != "all" else None
    if as_json:
        _print_json({"run": vars(run), "alignment": vars(aligned) if aligned else None})
    else:
        click.echo(repr(run))
        if aligned is not None:
            click.echo(repr(aligned))
    return NEEDS_A_LOOK if run.errors else 0


@_command(epilog="Example: erroranalysis report findings.html")
@click.argument("target", type=click.Path(dir_okay=False))
@_project
@_json
def report(target: str, path: str, *, as_json: bool) -> None:
    """Write one HTML file with the findings, readable offline."""
    written = _existing(path).report(target)
    if as_json:
        _print_json({"report": str(written)})
    else:
        click.echo(str(written))


if __name__ == "__main__":
    main()
