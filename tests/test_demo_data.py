"""The bundled demo data: whole, consistent, and honest about itself."""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from erroranalysis.measure import cohen_kappa
from erroranalysis.sampling import draw_random
from erroranalysis.store import Store
from erroranalysis.store.loads import load

DATA = Path(__file__).parents[1] / "data"
RELEASES = {
    "4.0": (date(2026, 9, 7), date(2026, 9, 26)),
    "4.1": (date(2026, 9, 27), date(2026, 10, 14)),
    "4.2": (date(2026, 10, 15), date(2026, 11, 1)),
}
# The closest two conversations share 9.6 % of their 4-grams. The highest cosine, 0.46,
# is that of a guest who comes back about the same invoice. A copy in which only hotels,
# numbers and months differ has at least 0.34 and 0.67: see the test of the check.
CONTAINMENT = 0.15
COSINE = 0.5

Record = dict[str, Any]


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def traces() -> dict[str, Record]:
    with (DATA / "traces.jsonl").open(encoding="utf-8") as file:
        return {record["id"]: record for record in map(json.loads, file)}


@pytest.fixture(scope="module")
def annotations() -> list[dict[str, str]]:
    return _rows("annotations.csv")


@pytest.fixture(scope="module")
def modes() -> list[str]:
    taxonomy = json.loads((DATA / "taxonomy.json").read_text("utf-8"))
    return [mode["name"] for mode in taxonomy["modes"]]


def _by(annotations: list[dict[str, str]], who: str) -> dict[str, dict[str, str]]:
    return {row["trace_id"]: row for row in annotations if row["annotator"] == who}


def _conversation(record: Record) -> str:
    return "\n".join(
        message["content"]
        for message in record["messages"]
        if message["role"] in ("user", "assistant")
    )


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


def _containment(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / min(len(one), len(other))


def _reworded(text: str) -> str:
    """Return what a template would make of a conversation: other names and numbers."""
    hotels = ["Porto", "Galway", "Luebeck", "Sevilla", "Annecy", "Edinburgh", "Trieste"]
    months = ["September", "October", "November", "December", "January"]
    text = re.sub(r"\d", lambda digit: str((int(digit[0]) * 7 + 3) % 10), text)
    for names in (hotels, months):
        following = dict(zip(names, names[1:] + names[:1], strict=True))
        text = re.sub("|".join(names), lambda m, new=following: new[m[0]], text)
    return text


def test_there_are_150_traces_100_annotated_40_twice(
    traces: dict[str, Record], annotations: list[dict[str, str]]
) -> None:
    mira, jonas = _by(annotations, "mira"), _by(annotations, "jonas")

    assert list(traces) == [f"tw-{n:04}" for n in range(1, 151)]
    assert (len(mira), len(jonas), len(annotations)) == (100, 40, 140)
    assert set(jonas) < set(mira) < set(traces)


def test_the_annotated_traces_are_the_random_sample_of_seed_7(
    traces: dict[str, Record], annotations: list[dict[str, str]]
) -> None:
    drawn = [item.trace_id for item in draw_random(list(traces), 100, seed=7)]

    assert list(_by(annotations, "mira")) == drawn


def test_every_trace_loads_as_a_chat_with_all_its_facts(tmp_path: Path) -> None:
    store = Store(tmp_path / "demo.duckdb")

    report = load(store, DATA / "traces.jsonl", progress=False)

    whole = store.query(
        "SELECT count(*) AS n, count(started_at) AS started, count(ended_at) AS ended,"
        " count(input_tokens) AS tokens, count(cost_usd) AS cost,"
        " count(error) AS errors FROM traces"
    ).row(0)
    thumbs = store.query("SELECT count(*) AS n FROM feedback").item()
    store.close()
    assert (report.format, report.new, report.rejected) == ("chat", 150, 0)
    assert whole == (150, 150, 150, 150, 150, 0)
    assert thumbs == 43


def test_traces_are_in_time_order_and_inside_their_release(
    traces: dict[str, Record],
) -> None:
    starts = [datetime.fromisoformat(item["started_at"]) for item in traces.values()]

    assert starts == sorted(starts)
    for record, start in zip(traces.values(), starts, strict=True):
        first, last = RELEASES[record["metadata"]["release"]]
        assert first <= start.date() <= last, record["id"]
        assert datetime.fromisoformat(record["ended_at"]) > start, record["id"]


def test_a_session_is_one_guest_whose_traces_do_not_overlap(
    traces: dict[str, Record],
) -> None:
    sessions = defaultdict(list)
    for record in traces.values():
        if record["session_id"]:
            sessions[record["session_id"]].append(record)
    pairs = [records for records in sessions.values() if len(records) > 1]

    assert Counter(map(len, pairs)) == {2: 6}
    assert all(first["ended_at"] < second["started_at"] for first, second in pairs)


def test_every_tool_call_is_followed_by_its_result(traces: dict[str, Record]) -> None:
    for record in traces.values():
        messages = record["messages"]
        assert [m["role"] for m in messages[:2]] == ["system", "user"], record["id"]
        calls = 0
        for message, following in itertools.pairwise(messages):
            for call in message.get("tool_calls", []):
                calls += 1
                function = call["function"]
                assert following["role"] == "tool", record["id"]
                assert following["tool_call_id"] == call["id"], record["id"]
                assert following["name"] == function["name"], record["id"]
                assert isinstance(json.loads(function["arguments"]), dict)
                assert isinstance(json.loads(following["content"]), dict)
        assert calls == sum(m["role"] == "tool" for m in messages), record["id"]


def test_one_system_prompt_a_release_and_points_only_since_4_1(
    traces: dict[str, Record],
) -> None:
    prompts = defaultdict(set)
    for record in traces.values():
        prompt, _, today = record["messages"][0]["content"].rpartition("\n\n")
        day = datetime.fromisoformat(record["started_at"])
        prompts[record["metadata"]["release"]].add(prompt)
        assert today == f"Today is {day:%A}, {day.day} {day:%B %Y} (UTC)."

    assert {release: len(found) for release, found in prompts.items()} == {
        "4.0": 1,
        "4.1": 1,
        "4.2": 1,
    }
    assert "get_points" not in next(iter(prompts["4.0"]))
    called = {
        record["metadata"]["release"]
        for record in traces.values()
        for message in record["messages"]
        for call in message.get("tool_calls", [])
        if call["function"]["name"] == "get_points"
    }
    assert called == {"4.1", "4.2"}


def test_what_a_search_offers_adds_up(traces: dict[str, Record]) -> None:
    checked = 0
    for record in traces.values():
        for call, result in itertools.pairwise(record["messages"]):
            for item in call.get("tool_calls", []):
                if item["function"]["name"] != "search_rooms":
                    continue
                asked = json.loads(item["function"]["arguments"])
                found = json.loads(result["content"])
                stay = date.fromisoformat(asked["check_out"]) - date.fromisoformat(
                    asked["check_in"]
                )
                for offer in found.get("offers", []):
                    assert found["nights"] == stay.days, record["id"]
                    total = offer.get("room_total", offer.get("total"))
                    if "per_night" in offer and total is not None:
                        checked += 1
                        assert offer["per_night"] * stay.days == total, record["id"]
    assert checked > 100


def test_the_first_failure_is_something_the_assistant_did(
    traces: dict[str, Record], annotations: list[dict[str, str]]
) -> None:
    for row in _by(annotations, "mira").values():
        assert (row["first_failure"] != "") == (row["verdict"] == "fail")
        if row["first_failure"]:
            message = traces[row["trace_id"]]["messages"][int(row["first_failure"])]
            assert message["role"] == "assistant", row["trace_id"]


def test_every_failing_trace_has_modes_of_the_taxonomy_and_no_other(
    annotations: list[dict[str, str]], modes: list[str]
) -> None:
    assignments = _rows("assignments.csv")
    failing = {
        k for k, row in _by(annotations, "mira").items() if row["verdict"] == "fail"
    }

    assert {row["trace_id"] for row in assignments} == failing
    assert {row["mode"] for row in assignments} == set(modes)
    assert {row["annotator"] for row in assignments} == {"mira"}
    counts = Counter(row["mode"] for row in assignments)
    assert len(counts) == 9
    assert max(counts.values()) >= 5 * min(counts.values())


def test_critiques_are_observations_and_not_names_of_categories(
    annotations: list[dict[str, str]], modes: list[str]
) -> None:
    names = [name for mode in modes for name in (mode, mode.replace("-", " "))]
    mira = [row["critique"] for row in _by(annotations, "mira").values()]

    for row in annotations:
        critique = row["critique"].lower()
        assert not [name for name in names if name in critique], row["trace_id"]
        assert 8 <= len(critique.split()) <= 65, row["trace_id"]
    openings = Counter(tuple(critique.split()[:3]) for critique in mira)
    assert max(openings.values()) == 1


def test_annotators_worked_in_working_hours_and_in_order(
    annotations: list[dict[str, str]],
) -> None:
    for who, days in (("mira", {3, 4, 5}), ("jonas", {6})):
        times = [
            datetime.fromisoformat(row["created_at"])
            for row in annotations
            if row["annotator"] == who
        ]
        assert times == sorted(times)
        assert {(t.year, t.month) for t in times} == {(2026, 11)}
        assert {t.day for t in times} == days
        assert all(7 <= t.hour < 18 for t in times)
        gaps = [(b - a).total_seconds() for a, b in itertools.pairwise(times)]
        assert min(gaps) >= 30


def test_the_two_annotators_agree_substantially_but_not_always(
    annotations: list[dict[str, str]],
) -> None:
    mira, jonas = _by(annotations, "mira"), _by(annotations, "jonas")
    pairs = [
        (mira[trace_id]["verdict"], row["verdict"]) for trace_id, row in jonas.items()
    ]

    agreement = cohen_kappa(*zip(*pairs, strict=True), raters=("mira", "jonas"))

    assert sum(one != other for one, other in pairs) == 6
    assert 0.62 <= agreement.kappa.value <= 0.78


def test_release_4_2_on_whatsapp_loses_constraints(
    traces: dict[str, Record], annotations: list[dict[str, str]]
) -> None:
    missed = {
        row["trace_id"]
        for row in _rows("assignments.csv")
        if row["mode"] == "missed-constraint"
    }
    inside, elsewhere = [], []
    for trace_id in _by(annotations, "mira"):
        facts = traces[trace_id]["metadata"]
        hit = (facts["channel"], facts["release"]) == ("whatsapp", "4.2")
        (inside if hit else elsewhere).append(trace_id in missed)

    assert len(inside) >= 10
    assert sum(inside) / len(inside) > 4 * sum(elsewhere) / len(elsewhere)


def test_no_two_conversations_come_from_one_template(
    traces: dict[str, Record],
) -> None:
    shingles = {name: _shingles(_conversation(item)) for name, item in traces.items()}

    closest = max(
        (_containment(shingles[one], shingles[other]), one, other)
        for one, other in itertools.combinations(shingles, 2)
    )

    assert closest[0] < CONTAINMENT, closest


def test_no_two_conversations_are_alike_in_words(traces: dict[str, Record]) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [_conversation(item) for item in traces.values()]
    vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    cosines = (vectors @ vectors.T).toarray()
    cosines[range(len(texts)), range(len(texts))] = 0

    assert cosines.max() < COSINE


def test_the_near_duplicate_checks_would_find_a_template(
    traces: dict[str, Record],
) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [_conversation(item) for item in traces.values()]
    copies = [_reworded(text) for text in texts]
    vectorizer = TfidfVectorizer(sublinear_tf=True).fit(texts)
    cosines = vectorizer.transform(texts).multiply(vectorizer.transform(copies)).sum(1)
    shared = [
        _containment(_shingles(text), _shingles(copy))
        for text, copy in zip(texts, copies, strict=True)
    ]

    assert cosines.min() > COSINE
    assert min(shared) > CONTAINMENT
