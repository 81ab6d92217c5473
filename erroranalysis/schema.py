"""The tables, once: name, type and meaning of every column.

The DDL of the store, the validation of what comes in, the Arrow schemas and
``docs/schema.md`` all follow from :data:`TABLES`. No table has a primary key, an
index or a column that is updated in place: rows about what a person did or a judge
said are only ever added, and :data:`VIEWS` say what is current.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.views import VIEWS

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """One column: its name, its DuckDB type and what it means."""

    name: str
    type: str
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """One table: what one row is, who writes it, and its columns."""

    name: str
    row: str
    written_by: str
    columns: tuple[Column, ...]

    def column_names(self) -> list[str]:
        """Return the names of the columns, in order."""
        return [column.name for column in self.columns]


def _table(name: str, row: str, written_by: str, *columns: str) -> Table:
    """Build a table from lines ``name | TYPE[!] | meaning`` (``!``: required)."""
    parsed = []
    for line in columns:
        column, kind, meaning = (part.strip() for part in line.split("|", 2))
        parsed.append(Column(column, kind.rstrip("!"), meaning, kind.endswith("!")))
    return Table(name, row, written_by, tuple(parsed))


TABLES: tuple[Table, ...] = (
    _table(
        "schema_migrations",
        "a step that brought the file to a schema version",
        "store",
        "version | INTEGER! | schema version reached by this step",
        "name | VARCHAR! | name of the step",
        "applied_at | TIMESTAMP! | when, UTC",
        "package_version | VARCHAR! | version of erroranalysis that applied it",
    ),
    _table(
        "loads",
        "one import",
        "ingest",
        "load_id | VARCHAR! | id of the import",
        "source | VARCHAR! | path, glob or kind of object that was read",
        "format | VARCHAR! | format that was detected or named",
        "columns | JSON | column guessed or named for each field of a flat table",
        "new | BIGINT! | traces that were added",
        "extended | BIGINT! | known traces that grew by further messages",
        "duplicate | BIGINT! | traces that were already there, unchanged",
        "rejected | BIGINT! | records that could not be read",
        "seconds | DOUBLE! | time the import took, seconds",
        "created_at | TIMESTAMP! | when the import was committed, UTC",
        "spans | BIGINT | spans that were added",
        "skipped | JSON | records of kinds that hold no trace, with counts",
    ),
    _table(
        "rejects",
        "a record that could not be read",
        "ingest",
        "load_id | VARCHAR! | import that met it",
        "file | VARCHAR! | file it stands in, or kind of object",
        "line | BIGINT | line it starts on (from 1), or position in a list or frame",
        "reason | VARCHAR! | why it was not read",
        "raw | VARCHAR | its text, at most 10,000 characters",
    ),
    _table(
        "traces",
        "one trace",
        "ingest",
        "id | VARCHAR! | id of the source, or one derived from the content",
        "source | VARCHAR! | file or object it came from",
        "session_id | VARCHAR | conversation or user session it belongs to",
        "started_at | TIMESTAMP | start, UTC",
        "ended_at | TIMESTAMP | end, UTC",
        "input | VARCHAR | what the user said last",
        "output | VARCHAR | what the product answered last",
        "messages | JSON! | the conversation: role, content, tool calls, …",
        "model | VARCHAR | model that answered",
        "input_tokens | BIGINT | tokens read by the model",
        "output_tokens | BIGINT | tokens written by the model",
        "cost_usd | DOUBLE | cost, US dollars",
        "error | VARCHAR | error of the run itself",
        "metadata | JSON | what else the source said, by name",
        "tags | VARCHAR[] | tags of the source",
        "content_hash | VARCHAR! | hash of the messages",
        "load_id | VARCHAR! | import that brought it",
    ),
    _table(
        "spans",
        "one step inside a trace",
        "ingest",
        "trace_id | VARCHAR! | trace it belongs to",
        "span_id | VARCHAR! | id of the step",
        "parent_id | VARCHAR | step that called it",
        "kind | VARCHAR | llm, tool, retriever, agent, chain, …",
        "name | VARCHAR | name of the step",
        "started_at | TIMESTAMP_NS | start, UTC, to the nanosecond",
        "ended_at | TIMESTAMP_NS | end, UTC, to the nanosecond",
        "input | VARCHAR | what went in",
        "output | VARCHAR | what came out",
        "attributes | JSON | everything else the source said",
        "status | VARCHAR | ok, error, or nothing",
        "format | VARCHAR! | reader that understands the attributes",
        "load_id | VARCHAR! | import that brought it",
    ),
    _table(
        "feedback",
        "what the source said about the quality of a trace",
        "ingest",
        "trace_id | VARCHAR! | trace it is about",
        "name | VARCHAR! | thumbs, reward, score, …",
        "value | VARCHAR | the value as text",
        "number | DOUBLE | the value where it is a number",
        "comment | VARCHAR | what was written beside it",
        "origin | VARCHAR! | user, environment, another tool, …",
        "created_at | TIMESTAMP | when it was given, UTC",
        "load_id | VARCHAR! | import that brought it",
        "span_id | VARCHAR | span it is about, where it is about one",
    ),
    _table(
        "batches",
        "a sample of traces to read",
        "sample",
        "batch_id | VARCHAR! | id of the batch",
        "strategy | VARCHAR! | random, stratified, signals, …, picked",
        "parameters | JSON! | n, by, seed and the like",
        "seed | BIGINT! | seed of the draw",
        (
            "label_sampling | VARCHAR! | random, stratified, mixed (drawn and hunted),"
            " error_hunt (chosen on purpose), recheck (read again): what rates allow"
        ),
        "population | BIGINT! | traces that could have been drawn",
        "created_at | TIMESTAMP! | when it was drawn, UTC",
    ),
    _table(
        "batch_items",
        "a trace in a batch",
        "sample",
        "batch_id | VARCHAR! | batch",
        "position | INTEGER! | place in the reading order, from 0",
        "trace_id | VARCHAR! | trace",
        "stratum | VARCHAR | why it is here: stratum, region, signals, …",
        (
            "inclusion_probability | DOUBLE | chance it had of being drawn; nothing"
            " where it was chosen on purpose"
        ),
    ),
    _table(
        "annotations",
        "one act of one person on one trace",
        "annotate",
        "annotation_id | VARCHAR! | id of the act; sorts by time",
        "trace_id | VARCHAR! | trace that was judged",
        "annotator | VARCHAR! | who",
        "verdict | VARCHAR | pass, fail or defer; nothing after an undo to blank",
        "critique | VARCHAR | what went wrong or right, in the person's words",
        "first_failure | VARCHAR | message index or span id where it first went wrong",
        "seconds | DOUBLE | reading and writing time, seconds",
        "content_hash | VARCHAR | hash of the messages that were seen",
        "saw_judgement | BOOLEAN | a judge's verdict was visible before this act",
        "batch_id | VARCHAR | batch it was read in",
        "created_at | TIMESTAMP! | when, UTC",
        "supersedes | VARCHAR | act that this one replaces",
        "retracts | VARCHAR | act that this one undoes",
    ),
    _table(
        "taxonomy_versions",
        "a version of the taxonomy",
        "taxonomy",
        "version | INTEGER! | number, from 1",
        "status | VARCHAR! | open or closed",
        "who | VARCHAR! | who opened or closed it",
        "why | VARCHAR | reason given",
        "created_at | TIMESTAMP! | when, UTC",
    ),
    _table(
        "failure_modes",
        "a state of a failure mode; the latest row counts",
        "taxonomy",
        "mode_id | VARCHAR! | id, stable over renames",
        "version | INTEGER! | taxonomy version",
        "name | VARCHAR! | name",
        "definition | VARCHAR | definition: what counts and what does not",
        "status | VARCHAR! | active or merged",
        "merged_into | VARCHAR | mode that took it over",
        "edit_id | VARCHAR! | edit that made this state",
    ),
    _table(
        "taxonomy_edits",
        "an edit of the taxonomy",
        "taxonomy",
        "edit_id | VARCHAR! | id; sorts by time",
        "operation | VARCHAR! | add, rename, define, merge, …",
        "detail | JSON! | before and after",
        "who | VARCHAR! | who",
        "why | VARCHAR | reason given",
        "created_at | TIMESTAMP! | when, UTC",
    ),
    _table(
        "assignments",
        "a note given to a failure mode, or taken from it",
        "taxonomy",
        "assignment_id | VARCHAR! | id; sorts by time",
        "trace_id | VARCHAR! | trace whose note it is",
        "annotator | VARCHAR! | whose note it is",
        "mode_id | VARCHAR! | failure mode",
        "action | VARCHAR! | assign or remove",
        "version | INTEGER! | taxonomy version",
        "how | VARCHAR! | person, suggestion accepted, import or rule",
        "who | VARCHAR! | who decided",
        "created_at | TIMESTAMP! | when, UTC",
    ),
    _table(
        "splits",
        "the split of a trace for a failure mode",
        "judge",
        "mode_id | VARCHAR! | failure mode",
        "trace_id | VARCHAR! | trace",
        "split | VARCHAR! | train, dev or test",
        "group_id | VARCHAR! | group that moves together (session, near-duplicates)",
        "created_at | TIMESTAMP! | when, UTC",
    ),
    _table(
        "judges",
        "one version of a judge",
        "judge",
        "judge_id | VARCHAR! | id of the version",
        "mode_id | VARCHAR! | failure mode it looks for",
        "version | INTEGER! | number, from 1",
        "kind | VARCHAR! | baseline or model",
        "model | VARCHAR! | model asked, or the name of the baseline",
        "prompt | VARCHAR! | the prompt; for a baseline what it was trained on",
        "prompt_hash | VARCHAR! | hash of prompt, model and parameters",
        "examples | VARCHAR[] | traces whose critiques teach it",
        "annotator | VARCHAR! | person it shadows",
        "parameters | JSON! | temperature, seed, base_url, …; never a key",
        "parent_id | VARCHAR | version it was made from",
        "created_at | TIMESTAMP! | when, UTC",
    ),
    _table(
        "judgements",
        "one call of a judge",
        "judge",
        "judgement_id | VARCHAR! | id; sorts by time",
        "judge_id | VARCHAR! | judge version",
        "trace_id | VARCHAR! | trace",
        "run_index | INTEGER! | which repetition, from 0",
        "verdict | VARCHAR | pass or fail; nothing where the call ended in an error",
        "error | VARCHAR | kind of error: timeout, refusal, cut_off, unreadable, …",
        "critique | VARCHAR | what the judge wrote",
        "latency_seconds | DOUBLE | time of the call, seconds",
        "input_tokens | BIGINT | tokens billed for reading",
        "output_tokens | BIGINT | tokens billed for writing",
        "cost_usd | DOUBLE | cost, US dollars, where known",
        "model_returned | VARCHAR | model that the server says answered",
        "raw | VARCHAR | the reply as it came",
        "cache_key | VARCHAR! | hash of everything that determines the call",
        "created_at | TIMESTAMP! | when, UTC",
    ),
)

_BY_NAME = {table.name: table for table in TABLES}


def table(name: str) -> Table:
    """Return the table of that name.

    Examples
    --------
    >>> table("splits").column_names()
    ['mode_id', 'trace_id', 'split', 'group_id', 'created_at']
    """
    return _BY_NAME[name]


def create_statement(item: Table) -> str:
    """Return the DDL of a table.

    Examples
    --------
    >>> print(create_statement(table("splits")).splitlines()[0])
    CREATE TABLE splits (
    """
    lines = [
        f'    "{column.name}" {column.type}{" NOT NULL" if column.required else ""}'
        for column in item.columns
    ]
    return f"CREATE TABLE {item.name} (\n" + ",\n".join(lines) + "\n)"


def as_markdown() -> str:
    """Return ``docs/schema.md``: every table and view with its meaning."""
    out = [
        "# The tables",
        "",
        "Written from `erroranalysis/schema.py`; `make test` fails when they differ.",
        "Times are UTC. Ids in one table join in every other.",
        "",
    ]
    for item in TABLES:
        out += [f"## `{item.name}`", ""]
        out += [f"One row is {item.row}. Written by: {item.written_by}.", ""]
        out += ["| column | type | required | meaning |", "|---|---|---|---|"]
        for column in item.columns:
            needed = "yes" if column.required else ""
            out.append(
                f"| `{column.name}` | {column.type} | {needed} | {column.meaning} |"
            )
        out.append("")
    out += ["# The views", "", "| view | shows |", "|---|---|"]
    out += [f"| `{name}` | {shows} |" for name, shows, _ in VIEWS]
    return "\n".join(out) + "\n"


def arrow_schema(item: Table) -> pa.Schema:
    """Return the Arrow schema of a table; JSON travels as text."""
    import pyarrow as pa

    kinds = {
        "VARCHAR": pa.string(),
        "JSON": pa.string(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "TIMESTAMP": pa.timestamp("us"),
        "TIMESTAMP_NS": pa.timestamp("ns"),
        "VARCHAR[]": pa.list_(pa.string()),
    }
    return pa.schema([(column.name, kinds[column.type]) for column in item.columns])
