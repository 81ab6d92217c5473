"""Finding traces of a batch: every filter finds what fits and leaves out the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.errors import UnknownNameError
from erroranalysis.queue import Queue
from erroranalysis.queue import texts as kept_texts


def thumb(value: str | float, name: str = "thumbs") -> list[dict[str, Any]]:
    return [{"name": name, "value": value}]


RECORDS: list[dict[str, Any]] = [
    chat(
        "alpha",
        "Can my dog stay?",
        "Dogs are welcome.\nBreakfast costs extra.",
        metadata={"channel": "web", "vip": True, "a/b~c": 3},
        model="lark",
        feedback=thumb("up"),
    ),
    chat(
        "bravo",
        "Is breakfast included?",
        f"{'x ' * 200}It is not included at Straße 5, ΟΔΌΣ 7. {'y ' * 200}",
        metadata={"channel": "web", "vip": False},
        model="lark",
        feedback=thumb("down"),
    ),
    {
        "id": "carol",
        "messages": [
            {"role": "system", "content": "You help guests."},
            {"role": "user", "content": "Refund me"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {
                            "name": "issue_refund",
                            "arguments": '{"reason": "said \\"sorry\\""}',
                        },
                    }
                ],
            },
        ],
        "metadata": {"channel": "app"},
        "model": "owl",
    },
    chat("delta", "Hello", "Hello to you", metadata={"channel": "app"}, model="owl"),
    chat("echo", "Breakfast?", "At seven.", metadata={"channel": "app"}),
]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ea.Project]:
    made = ea.Project(tmp_path / "p.duckdb")
    made.ingest(RECORDS, progress=False)
    yield made
    made.close()


@pytest.fixture
def queue(project: ea.Project) -> Queue:
    """All traces but ``echo``, which is in the project and not in the batch."""
    return project.queue(["alpha", "bravo", "carol", "delta"], annotator="mira")


def found(queue: Queue, **filters: Any) -> list[str]:
    return [one.trace_id for one in queue.find(**filters)]


def test_without_a_filter_everything_is_found_in_reading_order(queue: Queue) -> None:
    all_of_it = queue.find()
    assert [one.trace_id for one in all_of_it] == list(queue.ids)
    assert [one.place for one in all_of_it] == [0, 1, 2, 3]
    assert {one.snippet for one in all_of_it} == {None}


def test_verdicts(queue: Queue, project: ea.Project) -> None:
    for name, verdict in (("alpha", "pass"), ("bravo", "fail"), ("carol", "defer")):
        queue.go_to(name)
        queue.submit(verdict, f"note on {name}")
    colleague = Queue(project._store, queue.batch_id, "ben")
    colleague.go_to("delta")
    colleague.submit("fail")
    assert [found(queue, verdict=v) for v in ("pass", "fail", "defer", "none")] == [
        ["alpha"],
        ["bravo"],
        ["carol"],
        ["delta"],
    ]
    (one,) = queue.find(verdict="fail")
    assert (one.place, one.verdict, one.critique) == (1, "fail", "note on bravo")
    assert found(colleague, verdict="fail") == ["delta"]


def test_an_act_taken_back_is_no_verdict(queue: Queue) -> None:
    queue.submit("fail")
    queue.undo()
    assert found(queue, verdict="fail") == []
    assert len(found(queue, verdict="none")) == 4


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("BREAKFAST", ["alpha", "bravo"]),
        ("breakfast dogs", ["alpha"]),  # in two messages, in any order
        ("dogs breakfast", ["alpha"]),
        ("breakfast refund", []),
        ("issue_refund", ["carol"]),
        ('"sorry', ["carol"]),  # quotes and all
        ("carol refund", ["carol"]),  # one in the id, one in a message
        ("guests", []),  # in the system prompt, which is the same everywhere
        ("role", []),  # a name in the JSON is nothing that was said
        ("STRASSE", []),
        ("straße", ["bravo"]),
        ("οδός", ["bravo"]),
        ("seven", []),  # in the project, not in the batch
        ("  ", ["alpha", "bravo", "carol", "delta"]),
    ],
)
def test_words(queue: Queue, text: str, names: list[str]) -> None:
    assert found(queue, text=text) == names


def test_the_snippet_shows_the_hit_with_its_surroundings(queue: Queue) -> None:
    (one,) = queue.find(text="straße")
    assert one.snippet is not None
    assert one.snippet.startswith("… x x x")
    assert "It is not included at Straße 5, ΟΔΌΣ 7. y y" in one.snippet
    assert one.snippet.endswith("y …")
    assert 120 <= len(one.snippet) <= 140
    (one,) = queue.find(text="extra")
    assert one.snippet == "Can my dog stay? Dogs are welcome. Breakfast costs extra."
    (one,) = queue.find(text="ALPH")
    assert one.snippet == "alpha"


def test_a_hit_in_the_note_is_shown_before_one_in_a_message(queue: Queue) -> None:
    queue.submit("fail", "It never asks how large the dog is")
    (one,) = queue.find(text="dog")
    assert one.snippet == "It never asks how large the dog is"
    (one,) = queue.find(text="stay dog")  # one word in a message, one in the note
    assert one.snippet == "It never asks how large the dog is"
    assert found(queue, text="large") == ["alpha"]
    queue.undo()
    assert found(queue, text="large") == []


def test_a_note_of_a_colleague_is_not_searched(
    queue: Queue, project: ea.Project
) -> None:
    Queue(project._store, queue.batch_id, "ben").submit("fail", "zebra")
    assert found(queue, text="zebra") == []


def test_text_that_grew_by_a_later_import_is_found(
    queue: Queue, project: ea.Project
) -> None:
    assert found(queue, text="zebra") == []
    longer = chat("delta", "Hello", "Hello to you", "A zebra, please", model="owl")
    project.ingest([longer], progress=False)
    assert found(queue, text="zebra") == ["delta"]


def test_texts_beyond_the_limit_are_found_as_well(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_texts, "MOST_KEPT", 100)
    for _ in range(2):
        assert found(queue, text="breakfast") == ["alpha", "bravo"]


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({"channel": "web"}, ["alpha", "bravo"]),
        ({"channel": "web", "vip": True}, ["alpha"]),
        ({"channel": "app", "vip": True}, []),
        ({"vip": None}, ["carol", "delta"]),
        ({"a/b~c": 3}, ["alpha"]),
        ({"model": "owl"}, ["carol", "delta"]),
        ({"model": "no such model"}, []),
        ({}, ["alpha", "bravo", "carol", "delta"]),
    ],
)
def test_metadata(queue: Queue, metadata: dict[str, Any], names: list[str]) -> None:
    assert found(queue, metadata=metadata) == names


@pytest.mark.parametrize(
    ("kind", "names"),
    [("any", ["alpha", "bravo"]), ("positive", ["alpha"]), ("negative", ["bravo"])],
)
def test_feedback(queue: Queue, kind: str, names: list[str]) -> None:
    assert found(queue, feedback=kind) == names


def test_scores_are_low_or_high_within_the_range_of_their_name(
    project: ea.Project,
) -> None:
    scores = {"s1": 1, "s2": 2, "s3": 3, "s5": 5}
    records = [
        chat(name, f"q {name}", "a", feedback=thumb(value=score, name="stars"))
        for name, score in scores.items()
    ]
    records.append(chat("one", "q", "b", feedback=thumb(value=1, name="checked")))
    records.append(chat("zero", "r", "b", feedback=thumb(value=0, name="thumb")))
    project.ingest(records, progress=False)
    queue = project.queue([*scores, "one", "zero"], annotator="mira")
    assert found(queue, feedback="negative") == ["s1", "s2", "zero"]
    assert found(queue, feedback="positive") == ["s5"]
    assert len(found(queue, feedback="any")) == 6


def test_failure_modes_of_the_own_failing_notes(
    queue: Queue, project: ea.Project
) -> None:
    taxonomy = project.taxonomy
    taxonomy.add("no answer", "says nothing")
    taxonomy.add("rude")
    for name in ("alpha", "bravo"):
        queue.go_to(name)
        queue.submit("fail", f"note on {name}")
    taxonomy.assign(["alpha", "bravo"], "no answer", annotator="mira")
    taxonomy.assign("bravo", "rude", annotator="mira")
    assert found(queue, mode="No Answer ") == ["alpha", "bravo"]
    assert found(queue, mode="rude") == ["bravo"]
    assert queue.modes_of("bravo") == ["no answer", "rude"]
    assert [(m.name, m.definition, m.count) for m in queue.modes()] == [
        ("no answer", "says nothing", 2),
        ("rude", None, 1),
    ]
    queue.submit("pass")  # bravo: a trace that passes has no failure mode
    assert found(queue, mode="rude") == []
    assert queue.modes_of("bravo") == []
    assert queue.facets()["modes"] == {"no answer": 1}
    colleague = Queue(project._store, queue.batch_id, "ben")
    assert found(colleague, mode="no answer") == []
    assert colleague.modes_of("alpha") == []
    taxonomy.merge(["rude"], into="no answer")
    assert [one.name for one in queue.modes()] == ["no answer"]


def test_whether_a_judgement_was_seen(queue: Queue) -> None:
    queue.submit("pass", saw_judgement=True)
    queue.go_to("bravo")
    queue.submit("pass")
    assert found(queue, saw=True) == ["alpha"]
    assert found(queue, saw=False) == ["bravo"]


def test_filters_together(queue: Queue) -> None:
    queue.go_to("bravo")
    queue.submit("fail", "cold")
    filters = {"text": "breakfast", "metadata": {"channel": "web"}, "verdict": "fail"}
    assert found(queue, **filters) == ["bravo"]
    assert found(queue, **filters, feedback="positive") == []


def test_what_is_misspelt_is_named(queue: Queue) -> None:
    with pytest.raises(
        UnknownNameError, match=r"No verdict 'fial'\. Did you mean 'fail'"
    ):
        queue.find(verdict="fial")
    with pytest.raises(
        UnknownNameError, match=r"No kind of feedback 'neg'\. Did you mean 'negative'"
    ):
        queue.find(feedback="neg")
    with pytest.raises(UnknownNameError, match="No failure mode 'late'"):
        queue.find(mode="late")
    with pytest.raises(
        UnknownNameError, match=r"No metadata key 'chanel'\. Did you mean 'channel'"
    ):
        queue.find(metadata={"chanel": "web"})
    wrong: Any = {"txt": "dog"}
    with pytest.raises(TypeError, match=r"no keyword 'txt'\. Did you mean 'text'"):
        queue.find(**wrong)


def test_why_a_trace_is_in_the_batch(project: ea.Project) -> None:
    batch = project.sample(4, by="stratified", strata="channel", seed=1)
    whys = {one.why for one in project.queue(batch, annotator="mira").find()}
    assert whys == {"web", "app"}


def test_facets_count_what_the_filters_would_find(queue: Queue) -> None:
    queue.submit("fail", "no")
    queue.go_to("bravo")
    queue.submit("defer")
    facets = queue.facets()
    assert facets["verdict"] == {"pass": 0, "fail": 1, "defer": 1, "none": 2}
    assert facets["feedback"] == {"any": 2, "negative": 1, "positive": 1}
    assert facets["models"] == {"lark": 2, "owl": 2}
    assert facets["metadata"] == {"channel": {"app": 2, "web": 2}, "a/b~c": {"3": 1}}
    for value, count in facets["metadata"]["channel"].items():
        assert len(queue.find(metadata={"channel": value})) == count
    for verdict, count in facets["verdict"].items():
        assert len(queue.find(verdict=verdict)) == count


def test_facets_leave_out_keys_that_are_no_filter(project: ea.Project) -> None:
    project.ingest(
        [
            chat(
                f"n{i}",
                f"question {i}",
                "a",
                metadata={
                    "user": f"user {i}",  # one a trace
                    "team": f"team {i % 15}",  # fifteen values: the first twelve
                    "app": "the same",  # tells nothing apart
                    "half": "yes" if i % 2 else None,
                    "nested": {"a": i % 2},
                    "long": "x" * 81,
                },
            )
            for i in range(60)
        ],
        progress=False,
    )
    queue = project.queue([f"n{i}" for i in range(60)], annotator="mira")
    metadata = queue.facets()["metadata"]
    assert set(metadata) == {"team", "half"}
    assert len(metadata["team"]) == 12
    assert metadata["half"] == {"yes": 30}


def test_other_traces_with_the_same_system_message(project: ea.Project) -> None:
    def prompted(name: str, prompt: str) -> dict[str, Any]:
        said = [("system", prompt), ("user", f"question {name}")]
        return {"id": name, "messages": [{"role": r, "content": c} for r, c in said]}

    records = [prompted("p1", "A"), prompted("p2", "A"), prompted("p3", "B")]
    project.ingest([*records, prompted("p4", "A")], progress=False)
    queue = project.queue(["p1", "p2", "p3", "alpha"], annotator="mira")
    counts = {name: queue.same_prompt(name) for name in queue.ids}
    assert counts == {"p1": 1, "p2": 1, "p3": 0, "alpha": 0}
    with pytest.raises(UnknownNameError, match="No trace in this batch 'p4'"):
        queue.same_prompt("p4")


def test_what_people_said_is_shown_before_what_tools_said(
    project: ea.Project,
) -> None:
    offers = '{"offers": [{"room": "twin", "floor": 3}], "note": "No \\"pets\\"."}'
    project.ingest(
        [
            {
                "id": "t1",
                "messages": [
                    {"role": "tool", "content": offers},
                    {"role": "user", "content": "Is the room {quiet}?"},
                ],
            }
        ],
        progress=False,
    )
    queue = project.queue(["t1"], annotator="mira")
    (one,) = queue.find(text="room")
    assert one.snippet == "Is the room {quiet}? offers: room: twin, floor: 3, note: …"
    (one,) = queue.find(text="twin")
    assert one.snippet == (
        "Is the room {quiet}? offers: room: twin, floor: 3, note: No pets."
    )
