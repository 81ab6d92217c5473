"""Every format, and the real files that stand for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from erroranalysis.errors import IngestError
from erroranalysis.ingest.catalogue import READERS

FORMATS = Path(__file__).parents[3] / "shared" / "data" / "formats"

# the format of each real file; how many traces, messages and so on they hold is
# counted anew in tests/ingest/formats/
FIXTURES = {
    "anthropic": ["anthropic/*.jsonl"],
    "atif": ["atif_harbor/*.json"],
    "braintrust": ["braintrust/*.json"],
    "chat": [
        "sharegpt/*",
        "openai/toy_*",
        "hf_datasets/**/sharegpt_dummy.*",
        "hf_datasets/**/*.arrow",
    ],
    "claude-code": ["claude_code/*"],
    "datadog": ["datadog/sdk_spans_0.json"],
    "inspect": ["inspect/*.eval", "inspect/*.json"],
    "langfuse": ["langfuse/*.trace.json", "langfuse/ui_*.json"],
    "langsmith": ["langsmith/*.json"],
    "mlflow": ["mlflow/*"],
    "openai": ["openai/openai_*"],
    "otel-console": ["otlp/sdk_console*", "openinference/**/v6-spans/*.json"],
    "otlp": ["otlp/*/*", "otlp/proto_repo_example_trace.json"],
    "phoenix": [
        "phoenix/client_get_spans.json",
        "phoenix/get_spans_*",
        "phoenix/rest_spans.json",
    ],
    "span-attributes": ["openinference/packages/openinference-genai/**/*.json"],
    "tau-bench": ["tau_bench/gpt*", "tau_bench/Mock*"],
    "tau2": ["tau_bench/tau2_simulation.json"],
    "weave": ["weave/*"],
}  # fmt: skip
# no real file is at hand; the tests in tests/ingest/formats/ write their own
HAND_WRITTEN = {
    "anthropic-batch", "argilla", "flat", "jaeger", "label-studio", "openai-batch",
    "preference", "who-and-when",
}  # fmt: skip
# files that hold no trace: what is said of them
REFUSED = {
    "hf_datasets/sharegpt_saved_to_disk/dataset_info.json": "no shape that is known",
    "hf_datasets/sharegpt_saved_to_disk/state.json": "no shape that is known",
    "inspect/2025-05-12T20-28-13-04-00_no-samples.json": "No record",
    "openinference/packages/openinference-vercel/test/__fixtures__/v6-spans/"
    "capture-results.json": "no shape that is known",
    "otlp/proto_repo_example_logs.json": "it has only log record (1)",
    "phoenix/rest_sessions.json": "it has only summary of a session (12)",
    "phoenix/rest_traces.json": "it has only summary of a trace (export its spans)",
    "tau_bench/tau2_results.json": "simulations are in files of their own",
}
# feedback on what other files hold: all rejected when it comes alone
ALONE = ["datadog/sdk_evaluations_*", "phoenix/*annotations*"]
BESIDE = ["**/LICENSE", "PROVENANCE.jsonl", "langfuse/*.chatml.json"]


def files(*patterns: str) -> list[str]:
    """The names of files below the folder of formats."""
    found = {p for pattern in patterns for p in FORMATS.glob(pattern) if p.is_file()}
    return sorted(str(path.relative_to(FORMATS)) for path in found)


CASES = [
    (name, file)
    for name, patterns in FIXTURES.items()
    for file in files(*patterns)
    if file not in REFUSED
]


def test_every_reader_has_real_files_or_is_known_to_have_none():
    assert {reader.name for reader in READERS} == {*FIXTURES, *HAND_WRITTEN}
    tests = {path.name for path in (Path(__file__).parent / "formats").glob("test_*")}
    assert len(tests) >= 20


@pytest.mark.shared_data
def test_every_real_file_is_accounted_for(shared_data):
    listed = {file for _, file in CASES} | set(REFUSED) | set(files(*ALONE, *BESIDE))
    assert sorted(set(files("**/*")) - listed) == []
    assert all(files(pattern) for patterns in FIXTURES.values() for pattern in patterns)


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "file"), CASES)
def test_a_real_file_loads_and_names_its_format(shared_data, ingest, name, file):
    report = ingest(shared_data / "formats" / file)
    assert report.format == name
    traces, spans = report.new, report.spans + report.known_spans
    assert traces > 0
    named = max(traces, spans) if spans else traces
    others = report.rejected + report.feedback + sum(report.skipped.values())
    assert named + others >= report.records > 0
    again = ingest(shared_data / "formats" / file)
    assert (again.new, again.extended, again.spans, again.feedback) == (0, 0, 0, 0)
    assert again.duplicate == traces


@pytest.mark.shared_data
@pytest.mark.parametrize("file", list(REFUSED))
def test_a_file_without_traces_is_refused_with_the_reason(shared_data, ingest, file):
    with pytest.raises(IngestError) as told:
        ingest(shared_data / "formats" / file)
    assert REFUSED[file] in str(told.value)


@pytest.mark.shared_data
@pytest.mark.parametrize("file", files(*ALONE))
def test_feedback_without_its_traces_is_rejected(shared_data, ingest, file):
    report = ingest(shared_data / "formats" / file)
    assert report.new == report.feedback == 0
    assert report.rejected == report.records > 0
    assert "ingest the traces first" in next(iter(report.reasons))


@pytest.mark.shared_data
def test_all_real_files_live_in_one_project(shared_data, ingest, store):
    folder = shared_data / "formats"
    report = ingest(folder)
    assert report.new == store.counts()["traces"] > 300
    again = ingest(folder)
    assert (again.new, again.spans, again.feedback) == (0, 0, 0)
