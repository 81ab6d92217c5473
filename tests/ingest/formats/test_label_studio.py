"""Label Studio: tasks and what people said of them, in all its exports."""

from __future__ import annotations

import csv
import io
import json

import pytest

from erroranalysis.errors import IngestError
from erroranalysis.ingest.readers.label_studio import READER

AT = "2026-03-02T10:15:30.250000Z"


def choice(name, *words):
    return {
        "id": "r" + name,
        "from_name": name,
        "to_name": "dialogue",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": list(words)},
    }


def text(name, *words):
    value = {"text": list(words)}
    return {"from_name": name, "to_name": "d", "type": "textarea", "value": value}


def rating(name, stars):
    value = {"rating": stars}
    return {"from_name": name, "to_name": "d", "type": "rating", "value": value}


def said(*result, **more):
    about = {
        "id": 501,
        "completed_by": {"id": 7, "email": "mira@example.org", "first_name": "Mira"},
        "result": list(result),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": AT,
        "updated_at": "2026-03-02T10:20:00Z",
        "draft_created_at": None,
        "lead_time": 34.5,
        "prediction": {},
        "result_count": 0,
        "task": 17,
        "project": 3,
    }
    return {**about, **more}


TALK = [
    {"author": "user", "text": "Open on Sunday?"},
    {"author": "assistant", "text": "No, closed."},
]
MESSAGES = [
    {"role": "user", "content": "Open on Sunday?"},
    {"role": "assistant", "content": "No, closed."},
]


def task(*annotations, **more):
    about = {
        "id": 17,
        "annotations": list(annotations),
        "file_upload": "9f-tasks.json",
        "drafts": [],
        "predictions": [],
        "data": {"dialogue": TALK, "channel": "web"},
        "meta": {},
        "created_at": "2026-03-01T08:00:00Z",
        "updated_at": "2026-03-02T10:20:00Z",
        "inner_id": 1,
        "total_annotations": len(annotations),
        "project": 3,
    }
    return {**about, **more}


def acts(store):
    names = ("annotator", "verdict", "critique")
    return [
        tuple(getattr(act, name) for name in names)
        for act in store.annotations.history()
    ]


def remarks(store):
    return store.traces.feedback().select("name", "value", "number", "origin").rows()


def only(traces):
    (trace,) = traces().values()
    return trace


def test_a_task_is_a_trace_with_annotation_and_feedback(ingest, traces, store):
    span = {
        "from_name": "spans",
        "type": "paragraphlabels",
        "value": {
            "start": "1", "end": "1", "text": "closed", "paragraphlabels": ["Doubtful"],
        },
    }  # fmt: skip
    one = said(
        choice("verdict", "Fail"),
        choice("problems", "Tone", "Facts"),
        text("critique", "It is open.", "See the site."),
        rating("stars", 2),
        span,
    )
    report = ingest([task(one)])
    assert report.format == "label-studio"
    assert (report.new, report.annotations, report.feedback) == (1, 1, 4)
    trace = only(traces)
    assert trace.messages == MESSAGES
    assert (trace.input, trace.output) == ("Open on Sunday?", "No, closed.")
    assert trace.metadata == {"channel": "web", "task_id": "17", "project": 3}
    (act,) = store.annotations.history()
    assert (act.trace_id, act.annotator) == (trace.id, "mira@example.org")
    assert (act.verdict, act.critique) == ("fail", "It is open.\nSee the site.")
    assert act.seconds == 34.5
    assert act.created_at.isoformat() == "2026-03-02T10:15:30.250000"
    assert act.content_hash == trace.content_hash
    origin = "label-studio:mira@example.org"
    assert set(remarks(store)) == {
        ("problems", "Tone", None, origin),
        ("problems", "Facts", None, origin),
        ("stars", "2", 2.0, origin),
        ("spans", "Doubtful", None, origin),
    }
    assert {one.comment for one in trace.feedback} == {None, "closed"}


def test_importing_again_changes_nothing(ingest, store):
    export = [task(said(choice("verdict", "Good"), text("note", "Fine")))]
    ingest(export)
    before = store.counts()
    again = ingest(export)
    assert (again.new, again.duplicate, again.annotations) == (0, 1, 0)
    assert (again.feedback, again.rejected) == (0, 0)
    assert store.counts() == before


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("PASS", "pass"), ("Good", "pass"), ("Correct", "pass"), ("Yes", "pass"),
        ("accept", "pass"), ("Thumbs up", "pass"), ("1", "pass"), ("👍🏽", "pass"),
        ("✅ Pass", "pass"), ("Fail", "fail"), ("Bad", "fail"), ("Incorrect", "fail"),
        ("no", "fail"), ("Rejected", "fail"), ("thumbs-down", "fail"), ("0", "fail"),
        ("-1", "fail"),
        ("Unsure", "defer"), ("Positive", None),
    ],
)  # fmt: skip
def test_words_that_are_verdicts(ingest, store, words, verdict):
    ingest([task(said(choice("answer", words)))])
    expected = [("mira@example.org", verdict, None)] if verdict else []
    assert acts(store) == expected
    # a choice is one or the other, never both and never nothing
    assert len(remarks(store)) == (verdict is None)


@pytest.mark.parametrize(
    ("choices", "verdict", "others"),
    [
        # what is asked of a fault is answered the other way round
        ([choice("hallucination", "Yes")], None, {"hallucination"}),
        ([choice("polite", "Yes"), choice("urgent", "No")], None, {"polite", "urgent"}),
        # the question for the verdict decides
        ([choice("tone", "Good"), choice("overall", "Bad")], "fail", {"tone"}),
        ([choice("tone", "Good"), choice("is_correct", "No")], "fail", {"tone"}),
        ([choice("tone", "Good"), choice("facts", "Bad")], None, {"tone", "facts"}),
        ([choice("tone", "Good"), choice("facts", "Good")], "pass", set()),
        ([choice("pass_fail", "Fail")], "fail", set()),
        ([choice("verdict", "Fail", "Tone")], "fail", {"verdict"}),
    ],
)
def test_several_choices(ingest, store, choices, verdict, others):
    ingest([task(said(*choices))])
    assert [row[1] for row in acts(store)] == ([verdict] if verdict else [])
    assert {row[0] for row in remarks(store)} == others


def test_a_text_without_verdict_is_deferred_and_a_correction_is_none(ingest, store):
    ingest([task(said(text("notes", "Odd"), text("ideal_response", "Yes, 9 to 5")))])
    assert acts(store) == [("mira@example.org", "defer", "Odd")]
    origin = "label-studio:mira@example.org"
    assert remarks(store) == [("ideal_response", "Yes, 9 to 5", None, origin)]


@pytest.mark.parametrize(
    ("who", "name"),
    [
        (7, "7"),
        ("mira@example.org", "mira@example.org"),
        ({"id": 7, "email": "", "first_name": "Mira", "last_name": "K"}, "Mira K"),
        ({"id": 7}, "7"),
        (None, "unknown"),
    ],
)
def test_annotators(ingest, store, who, name):
    ingest([task(said(choice("verdict", "ok"), completed_by=who))])
    assert acts(store) == [(name, "pass", None)]


def test_several_people_and_the_last_word_of_each(ingest, store):
    report = ingest(
        [
            task(
                said(choice("v", "Good"), created_at="2026-03-03T00:00:00Z"),
                said(choice("v", "Bad"), created_at="2026-03-02T00:00:00Z"),
                said(choice("v", "Bad"), completed_by=8),
            )
        ]
    )
    assert sorted(acts(store)) == [
        ("8", "fail", None),
        ("mira@example.org", "pass", None),
    ]
    assert report.skipped == {"older annotation of the same person": 1}


def test_what_is_skipped_and_what_is_bad(ingest, store, rejects):
    relation = {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}
    one = task(
        said(choice("v", "Bad"), was_cancelled=True),
        said(completed_by=8),
        said(relation, choice("v", "Good"), completed_by=9),
        said(completed_by=10, result="x"),
        said(choice("v", "Good"), completed_by=11, created_at="soon", updated_at=None),
        12,
        drafts=[{"id": 1, "result": []}],
        predictions=[4],
    )
    report = ingest([one])
    assert acts(store) == [("9", "pass", None)]
    assert report.skipped == {
        "cancelled annotation": 1,
        "result of type relation": 1,
        "prediction without its result": 1,
        "draft": 1,
        "annotation that says nothing": 1,
    }
    no_time = "'soon' is no time; ISO 8601 or a Unix time is"
    assert [reason for _, _, reason in rejects()] == [
        "annotations[3]: the result of the annotation is text, not a list",
        f"annotations[4]: the time of the annotation: {no_time}",
        "annotations[5]: the annotation is a number, not an object",
    ]
    assert (report.new, report.rejected) == (1, 3)


def test_predictions_are_feedback(ingest, store):
    guess = {"model_version": "m2", "score": 0.8, "result": [choice("verdict", "Bad")]}
    ingest([task(predictions=[guess])])
    assert acts(store) == []
    assert remarks(store) == [("verdict", "Bad", None, "label-studio:m2")]


def test_one_object_json_lines_a_webhook_and_storage(ingest, write, store, traces):
    whole = task(said(choice("v", "Good")))
    bare = {k: v for k, v in whole.items() if k != "annotations"}
    annotation = whole["annotations"][0]
    hook = {"action": "ANNOTATION_CREATED", "annotation": annotation, "task": bare}
    stored = {**annotation, "task": bare}
    old = {**bare, "completions": [annotation]}
    files = [
        write("one.json", json.dumps(whole, indent=2)),
        write("lines.jsonl", json.dumps(whole), json.dumps(whole)),
        write("hook.json", json.dumps(hook)),
        write("stored.json", json.dumps(stored)),
        write("wrapped.json", json.dumps({"tasks": [whole]})),
        write("old.json", json.dumps([old])),
    ]
    for file in files:
        report = ingest(str(file))
        assert (report.format, report.rejected) == ("label-studio", 0)
        assert (len(traces()), len(acts(store))) == (1, 1)


ROW = {
    "dialogue": TALK,
    "channel": "web",
    "id": 17,
    "verdict": "Fail",
    "why": "It is open.",
    "stars": [{"rating": 2}],
    "problems": {"choices": ["Tone", "Facts"]},
    "sentiment": "Negative",
    "annotator": "mira@example.org",
    "annotation_id": 501,
    "created_at": AT,
    "updated_at": AT,
    "lead_time": 34.5,
}
SAID = {
    ("stars", "2", 2.0, "label-studio:mira@example.org"),
    ("problems", "Tone", None, "label-studio:mira@example.org"),
    ("problems", "Facts", None, "label-studio:mira@example.org"),
    ("sentiment", "Negative", None, "label-studio:mira@example.org"),
}


def check_row(store, traces):
    trace = only(traces)
    assert trace.messages == MESSAGES
    assert trace.metadata == {"channel": "web", "task_id": "17"}
    (act,) = store.annotations.history()
    assert (act.verdict, act.critique, act.seconds) == ("fail", "It is open.", 34.5)
    assert act.created_at.isoformat() == "2026-03-02T10:15:30.250000"
    assert set(remarks(store)) == SAID


def table(rows, delimiter=","):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                name: json.dumps(value) if isinstance(value, (list, dict)) else value
                for name, value in row.items()
            }
        )
    return out.getvalue().encode()


def test_json_min(ingest, store, traces):
    assert ingest([ROW]).format == "label-studio"
    check_row(store, traces)


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ","), ("a.tsv", "\t")])
def test_csv(ingest, write, store, traces, name, delimiter):
    ingest(str(write(name, table([ROW], delimiter))))
    check_row(store, traces)


def test_json_and_json_min_are_one_trace(ingest, traces, store):
    ingest([task(said(choice("verdict", "Fail"), text("why", "It is open.")))])
    report = ingest([ROW])
    assert (report.new, report.duplicate, report.annotations) == (0, 1, 0)
    assert len(traces()) == len(acts(store)) == 1


def test_a_table_sorted_by_name(ingest, write, store, traces):
    row = {
        "annotation_id": 1, "annotator": 4, "choice": "Bad", "comment": "Rude",
        "created_at": AT, "id": 9, "lead_time": 3, "prompt": "Hi", "response": "no",
        "status": "success",
    }  # fmt: skip
    ingest(str(write("sorted.csv", table([row]))))
    trace = only(traces)
    assert (trace.input, trace.output) == ("Hi", "no")
    assert trace.metadata == {"status": "success", "task_id": "9"}
    assert acts(store) == [("4", "fail", "Rude")]


def test_rows_of_one_person_about_one_task(ingest, store, traces):
    later = {**ROW, "verdict": "Pass", "created_at": "2026-03-04T00:00:00Z"}
    other = {**ROW, "annotator": 8}
    rows = [later, ROW, other]
    for _ in range(2):
        ingest(rows)
        assert sorted(acts(store)) == [
            ("8", "fail", "It is open."),
            ("mira@example.org", "pass", "It is open."),
        ]
    assert len(traces()) == 1


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ({"messages": json.dumps(MESSAGES)}, MESSAGES),
        ({"prompt": "Open on Sunday?", "response": "No, closed."}, MESSAGES),
        ({"prompt": MESSAGES[:1], "response": "No, closed."}, MESSAGES),
        ({"messages": MESSAGES[:1], "response": "No, closed."}, MESSAGES),
        ({"transcript": "User: Open on Sunday?\nAgent: No, closed."}, MESSAGES),
        ({"text": "No, closed."}, MESSAGES[1:]),
        ({"reply": "No, closed.", "url": "https://example.org"}, MESSAGES[1:]),
        ({"prompt": "Open on Sunday?"}, MESSAGES[:1]),
        ({"prompt": " ", "response": "No, closed."}, MESSAGES[1:]),
        (
            {
                "talk": [
                    {"author": "Ann", "text": "Hi"},
                    {"author": "Bo", "text": "Yes?"},
                ]
            },
            [
                {"role": "user", "content": "Hi", "name": "Ann"},
                {"role": "assistant", "content": "Yes?", "name": "Bo"},
            ],
        ),
        (
            {
                "article": "A long text about the opening hours of shops.",
                "summary": "Shops have opening hours that are quite long.",
            },
            [
                {
                    "role": "assistant",
                    "content": "article:\nA long text about the opening hours of shops."
                    "\n\nsummary:\nShops have opening hours that are quite long.",
                }
            ],
        ),
    ],
)
def test_what_tasks_show(ingest, traces, data, shown):
    ingest([task(data=data)])
    assert only(traces).messages == shown


def test_facts_of_the_data(ingest, traces):
    data = {
        "text": "Hello", "session_id": "s1", "timestamp": "2026-01-01T00:00:00Z",
        "model": "m1", "id": 5,
    }  # fmt: skip
    ingest([task(data=data, meta={"batch": "b"})])
    trace = only(traces)
    assert (trace.session_id, trace.model) == ("s1", "m1")
    assert trace.started_at.isoformat() == "2026-01-01T00:00:00"
    assert trace.metadata == {"id": 5, "batch": "b", "task_id": "17", "project": 3}


@pytest.mark.parametrize("place", ["data", "meta", "metadata"])
def test_annotations_go_to_the_trace_that_is_named(ingest, traces, store, place):
    ingest([{"id": "t1", "messages": MESSAGES}])
    data = {"link": "https://example.org/t1"}
    named = {
        "data": {"data": {**data, "trace_id": "t1"}},
        "meta": {"data": data, "meta": {"trace_id": "t1"}},
        "metadata": {"data": {**data, "metadata": {"traceId": "t1"}}},
    }[place]
    one = task(said(choice("verdict", "Bad"), rating("stars", 1)), **named)
    report = ingest([one])
    assert (report.new, report.annotations, report.feedback) == (0, 1, 1)
    assert report.rejected == 0
    assert list(traces()) == ["t1"]
    (act,) = store.annotations.history()
    assert (act.trace_id, act.verdict) == ("t1", "fail")
    assert traces()["t1"].feedback[0].name == "stars"


def test_a_named_trace_that_is_read_here(ingest, traces, store):
    data = {"trace_id": "ABCDEF0123456789ABCDEF0123456789", "messages": MESSAGES}
    report = ingest([task(said(choice("v", "Bad"), rating("stars", 1)), data=data)])
    assert (report.new, report.annotations, report.feedback) == (1, 1, 1)
    trace = only(traces)
    assert trace.id == data["trace_id"].lower()
    assert trace.metadata["source_id"] == data["trace_id"]
    assert store.annotations.history()[0].trace_id == trace.id


def test_a_known_trace_is_not_replaced_by_what_a_task_shows(ingest, traces, store):
    longer = [{"role": "system", "content": "Be brief"}, *MESSAGES]
    ingest([{"id": "t1", "messages": longer}])
    data = {"trace_id": "t1", "dialogue": TALK}
    ingest([task(said(choice("v", "Bad"), rating("stars", 1)), data=data)])
    trace = only(traces)
    assert trace.messages == longer
    assert [one.name for one in trace.feedback] == ["stars"]
    assert acts(store) == [("mira@example.org", "fail", None)]


def test_annotations_about_traces_that_are_not_there(ingest, write, store, rejects):
    lost = task(said(choice("v", "Bad")), data={"trace_id": "t9"})
    file = write("a.jsonl", json.dumps(task(said(choice("v", "Ok")))), json.dumps(lost))
    report = ingest(str(file))
    assert (report.new, report.annotations, report.rejected) == (1, 1, 1)
    reason = (
        "annotation about a trace that is not in the project; ingest the traces first,"
        " or together: ingest([traces, annotations])"
    )
    assert rejects() == [("a.jsonl", 2, reason)]
    assert report.reasons == {reason: 1}
    kept = store.query("SELECT rejected FROM loads").item()
    assert kept == 1
    assert [row[1] for row in acts(store)] == ["pass"]


def test_a_task_with_nothing_to_read(ingest):
    with pytest.raises(IngestError, match="it has image, and no text among them"):
        ingest([task(said(choice("v", "Bad")), data={"image": "s3://b/1.png"})])


def test_a_task_that_names_a_trace_and_says_nothing(ingest):
    with pytest.raises(IngestError, match="task without text and annotations"):
        ingest([task(data={"trace_id": "t1"})])


@pytest.mark.parametrize(
    "record",
    [
        {"data": {"text": "x"}},
        {"id": 1, "data": [1], "annotations": []},
        {"annotator": "m", "annotation_id": "a1", "trace_id": "t1", "verdict": "pass"},
        {"data": {"a": 1}, "annotations": [{"label": "x"}], "id": 2},
    ],
)
def test_other_records_are_not_taken(record):
    assert not READER.detects(record)


def test_what_people_wrote_is_redacted(ingest, store):
    ingest([task(said(text("note", "Ask jane@example.org")))], redact=True)
    assert "jane" not in acts(store)[0][2]
