"""OpenTelemetry in protobuf: requests, and files of many, whole and broken.

The bytes are written and counted here by hand, without any protobuf library.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from erroranalysis.errors import IngestError
from erroranalysis.ingest.otlp_protobuf import looks_like_otlp, records

TRACE, SPAN = bytes(range(1, 17)), bytes(range(1, 9))
START = 1_795_199_007_657_268_842

# -------------------------------------------------------------------- writing by hand


def number(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(place: int, value: bytes | str | int) -> bytes:
    if isinstance(value, int):
        return number(place << 3) + number(value)
    value = value.encode() if isinstance(value, str) else value
    return number(place << 3 | 2) + number(len(value)) + value


def fixed(place: int, value: int) -> bytes:
    return number(place << 3 | 1) + struct.pack("<Q", value)


def double(value: float) -> bytes:
    return number(4 << 3 | 1) + struct.pack("<d", value)


def attribute(name: str, value: bytes | str) -> bytes:
    value = field(1, value) if isinstance(value, str) else value
    return field(1, name) + field(2, value)


def span(span_id: bytes = SPAN, trace_id: bytes = TRACE, **more: Any) -> bytes:
    given = {"input.value": f"Q{span_id[0]}", "output.value": "A"}
    given = {**given, "openinference.span.kind": "CHAIN", **more.pop("said", {})}
    out = field(1, trace_id) + field(2, span_id)
    if parent := more.pop("parent", None):
        out += field(4, parent)
    out += field(5, more.pop("name", "step")) + field(6, 1)
    out += fixed(7, START) + fixed(8, START + 5_000)
    for name, value in given.items():
        out += field(9, attribute(name, value))
    return out + more.pop("rest", b"")


def request(*spans: bytes, resource: bytes | None = None, scope: str = "app") -> bytes:
    about = field(1, attribute("service.name", "shop"))
    about = about if resource is None else resource
    inner = field(1, field(1, scope)) + b"".join(field(2, one) for one in spans)
    return field(1, field(1, about) + field(2, inner))


def long(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


# -------------------------------------------------------------------- counting by hand


def read_number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place


def inside(data: bytes, wanted: int) -> Iterator[bytes]:
    """Yield the fields of a number that have a length."""
    place = 0
    while place < len(data):
        tag, place = read_number(data, place)
        if tag & 7 == 2:
            size, place = read_number(data, place)
            if tag >> 3 == wanted:
                yield data[place : place + size]
            place += size
        elif tag & 7 == 0:
            _, place = read_number(data, place)
        else:
            place += {1: 8, 5: 4}[tag & 7]


def found(data: bytes) -> list[bytes]:
    """Return the spans or log records of a request."""
    return [
        record
        for resource in inside(data, 1)
        for scope in inside(resource, 2)
        for record in inside(scope, 2)
    ]


def bodies(folder: Path, pattern: str = "*traces.pb") -> dict[str, bytes]:
    files = sorted((folder / "formats" / "otlp").glob(f"*/{pattern}"))
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in files}


# -------------------------------------------------------------------------- real files

FOLDERS = [
    "openinference_python_http_protobuf",
    "genai_semconv_legacy_events_openai_v2_2.1b0",
    "genai_semconv_1.37_span_and_event_openai_v2_2.4b0",
    "langfuse_sdk_5.0.4",
    "traceloop_openai_0.38.7_prompt_n",
    "traceloop_openai_0.62.4_input_messages",
]


@pytest.mark.shared_data
@pytest.mark.parametrize("folder", FOLDERS)
def test_all_spans_of_real_requests_come_in_once(
    ingest, traces, store, shared_data, folder
):
    path = shared_data / "formats" / "otlp" / folder
    spans = [
        one
        for name, body in bodies(shared_data).items()
        if name.startswith(folder)
        for one in found(body)
    ]
    ids = {next(inside(one, 1)).hex() for one in spans}
    report = ingest(f"{path}/*.pb")
    assert (report.format, report.new, report.rejected) == ("otlp", len(ids), 0)
    assert report.spans == len(spans)
    assert set(traces()) == ids
    names = store.query("SELECT span_id, name, epoch_ns(started_at) FROM spans").rows()
    assert {(a, b) for a, b, _ in names} == {
        (next(inside(one, 2)).hex(), next(inside(one, 5)).decode()) for one in spans
    }
    again = ingest(f"{path}/*.pb")
    assert (again.new, again.extended, again.duplicate) == (0, 0, len(ids))
    assert again.spans == 0


@pytest.mark.shared_data
def test_a_request_in_protobuf_and_the_same_in_json_are_one(ingest, shared_data):
    folder = shared_data / "formats" / "otlp"
    binary = "openinference_python_http_protobuf/0003_v1_traces.pb"
    text = "google_protobuf_messagetojson_nonconforming"
    [resources] = json.loads(
        (folder / text / "openinference_camel_base64_ids.json").read_text()
    ).values()
    ids = {
        base64.b64decode(one["traceId"]).hex()
        for resource in resources
        for scope in resource["scopeSpans"]
        for one in scope["spans"]
    }
    assert ids == {
        next(inside(one, 1)).hex() for one in found((folder / binary).read_bytes())
    }
    assert ingest(folder / binary).new == len(ids)
    report = ingest(folder / text / "openinference_camel_base64_ids.json")
    assert (report.new, report.rejected) == (0, 0)


@pytest.mark.shared_data
def test_what_was_said_in_a_real_trace(ingest, traces, shared_data):
    folder = shared_data / "formats" / "otlp" / "openinference_python_http_protobuf"
    ingest(f"{folder}/*.pb")
    trace = traces()["659905a40472d3b70142108e2b29a7d4"]
    asked, answer = "Is the warranty valid in Canada?", "Stub answer to: "
    call = {
        "id": "call_f7fabc18679f",
        "name": "search_orders",
        "arguments": {"query": asked},
    }
    assert (trace.input, trace.output) == (asked, answer + asked)
    assert trace.messages == [
        {"role": "system", "content": "You are a shop support agent."},
        {"role": "user", "content": asked},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {
            "role": "tool",
            "content": '{"orders": [{"id": 1234, "status": "shipped"}]}',
            "tool_call_id": "call_f7fabc18679f",
        },
        {"role": "assistant", "content": answer + asked},
    ]
    assert (trace.session_id, trace.tags) == ("session-13", ["demo", "v1"])
    assert trace.metadata["service.name"] == "shop-support-agent"
    assert trace.metadata["user_id"] == "user-3"


@pytest.mark.shared_data
@pytest.mark.parametrize("first", [0, 1])
def test_messages_that_are_in_log_records_only_join_their_spans(
    ingest, traces, shared_data, first
):
    folder = shared_data / "formats" / "otlp" / FOLDERS[1]
    files = sorted(folder.glob("*.pb"))
    logs = found(files[1].read_bytes())
    texts = {
        value.decode()
        for log in logs
        for body in inside(log, 5)
        for pairs in inside(body, 6)
        for pair in inside(pairs, 1)
        if next(inside(pair, 1)) == b"content"
        for any_value in inside(pair, 2)
        for value in inside(any_value, 1)
    }
    ingest([files[first], files[1 - first]])
    shown = {m["content"] for one in traces().values() for m in one.messages}
    assert texts
    assert texts <= shown


@pytest.mark.shared_data
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_user_and_an_answer_are_seen_in_every_convention(
    ingest, traces, shared_data, folder
):
    ingest(f"{shared_data / 'formats' / 'otlp' / folder}/*.pb")
    for trace in traces().values():
        roles = [message["role"] for message in trace.messages]
        assert "user" in roles
        assert trace.error or trace.output


@pytest.mark.shared_data
@pytest.mark.parametrize("framing", ["four bytes", "varint", "none", "zstd", "mixed"])
def test_many_requests_in_one_file(ingest, write, shared_data, framing):
    all_bodies = list(bodies(shared_data).values())
    spans = [one for body in all_bodies for one in found(body)]
    zstd = [pa.compress(body, "zstd", asbytes=True) for body in all_bodies]
    files = {
        "four bytes": b"".join(map(long, all_bodies)),
        "varint": b"".join(number(len(one)) + one for one in all_bodies),
        "none": b"".join(all_bodies),
        "zstd": b"".join(map(long, zstd)),
        "mixed": b"".join(map(long, (zstd[0], *all_bodies[1:]))),
    }
    report = ingest(write("traces.bin", files[framing]))
    assert report.rejected == 0
    assert report.spans == len(spans)
    assert report.new == len({next(inside(one, 1)) for one in spans})


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda body: pa.compress(body, "zstd", asbytes=True)]
)
def test_packed_requests(ingest, write, shared_data, pack):
    body = bodies(shared_data)["langfuse_sdk_5.0.4/0000_api_public_otel_v1_traces.pb"]
    report = ingest(write("body", pack(body)))
    assert (report.new, report.spans) == (3, len(found(body)))


@pytest.mark.shared_data
def test_a_real_request_that_was_cut_off_anywhere(shared_data):
    body = bodies(shared_data)["langfuse_sdk_5.0.4/0000_api_public_otel_v1_traces.pb"]
    ends, place = [], 0
    for one in found(body):
        place = body.index(one, place) + len(one)
        ends.append(place)
    for size in range(1, len(body), 7):
        spans, problems = taken(body[:size])
        assert len(spans) == sum(end <= size for end in ends)
        assert len(problems) == 1


# ------------------------------------------------------------------------ what it means


def taken(data: bytes) -> tuple[list[Any], list[str]]:
    """Return the spans of a file, and the places of what is broken."""
    import io

    from erroranalysis.ingest.reader import Bad, Context
    from erroranalysis.ingest.readers.otlp import READER

    spans, problems = [], []
    for raw in records(lambda: io.BytesIO(data), "f"):
        if raw.problem is not None:
            problems.append(f"{raw.part}: {raw.problem}")
            continue
        for item in READER.reads(raw.value, Context({})):
            if isinstance(item, Bad):
                problems.append(f"{item.part}: {item.reason}")
            else:
                spans.append(item)
    return spans, problems


def attributes(store) -> dict[str, Any]:
    [(text,)] = store.query("SELECT attributes::VARCHAR FROM spans").rows()
    return json.loads(text)


def test_a_span_with_everything(ingest, write, store, traces):
    event = fixed(1, START + 1) + field(2, "exception")
    event += field(3, attribute("exception.message", "no stock"))
    link = field(1, bytes(15) + b"\1") + field(2, bytes(7) + b"\2")
    rest = field(11, event) + field(13, link)
    rest += field(15, field(2, "it failed") + field(3, 2))
    one = span(name="répondre", rest=rest, said={"session.id": "s1"})
    report = ingest(write("a.pb", request(one)))
    assert (report.new, report.spans, report.rejected) == (1, 1, 0)
    trace = traces()[TRACE.hex()]
    assert (trace.input, trace.output, trace.session_id) == ("Q1", "A", "s1")
    assert trace.error == "it failed"
    assert trace.metadata["service.name"] == "shop"
    [row] = store.query(
        "SELECT span_id, parent_id, kind, name, status, format, epoch_ns(started_at),"
        " epoch_ns(ended_at) FROM spans"
    ).rows()
    assert row == (
        SPAN.hex(), None, "chain", "répondre", "error", "otlp", START, START + 5_000,
    )  # fmt: skip
    kept = attributes(store)
    assert kept["otel.scope"] == "app"
    assert kept["otel.events"] == [
        {
            "name": "exception",
            "time": START + 1,
            "attributes": {"exception.message": "no stock"},
        }
    ]
    [linked] = kept["otel.links"]
    assert (linked["traceId"], linked["spanId"]) == ("0" * 31 + "1", "0" * 15 + "2")


def test_all_kinds_of_values(ingest, write, store):
    values = {
        "text": (field(1, "hä\n"), "hä\n"),
        "no text": (field(1, ""), ""),
        "zero byte": (field(1, "a\0b"), "a�b"),
        "long": (field(1, "x" * 40_000), "x" * 40_000),
        "true": (field(2, 1), True),
        "false": (field(2, 0), False),
        "whole": (field(3, 7), 7),
        "nought": (field(3, 0), 0),
        "negative": (field(3, -3), -3),
        "large": (field(3, 2**63 - 1), 2**63 - 1),
        "part": (double(0.25), 0.25),
        "no number": (double(float("nan")), None),
        "list": (field(5, field(1, field(1, "a")) + field(1, field(3, 2))), ["a", 2]),
        "empty list": (field(5, b""), []),
        "object": (field(6, field(1, attribute("k", field(2, 1)))), {"k": True}),
        "bytes of text": (field(7, b"ok"), "ok"),
        "bytes": (field(7, b"\xff\xfe"), base64.b64encode(b"\xff\xfe").decode()),
        "nothing": (b"", None),
    }
    said = {name: written for name, (written, _) in values.items()}
    assert ingest(write("a.pb", request(span(said=said)))).rejected == 0
    kept = attributes(store)
    assert {name: kept[name] for name in values} == {
        name: meant for name, (_, meant) in values.items()
    }


def test_ids_of_nothing_but_zeros_are_none(ingest, write, rejects, traces):
    whole = span(rest=field(4, bytes(8)))
    lacking = [span(trace_id=bytes(16)), span(span_id=bytes(8)), span(trace_id=b"")]
    assert ingest(write("a.pb", request(whole, *lacking))).rejected == 3
    assert traces()[TRACE.hex()].metadata.get("root") is None
    reasons = [reason for _, _, reason in rejects()]
    assert [reason.partition(": ")[2] for reason in reasons] == [
        "no trace id", "no span id", "no trace id",
    ]  # fmt: skip
    assert all(reason.startswith("byte ") for reason in reasons)


def test_a_trace_over_two_requests_and_a_request_of_two_resources(
    ingest, write, traces, store
):
    child = span(b"child..." * 1, parent=SPAN, said={"output.value": "B"})
    two = request(span()) + request(span(trace_id=bytes(15) + b"\7"), scope="other")
    files = [write("a.pb", request(child)), write("b.pb", two)]
    report = ingest(files)
    assert (report.new, report.spans) == (2, 3)
    per_trace = "SELECT count(*) FROM spans GROUP BY trace_id ORDER BY 1"
    assert store.query(per_trace).rows() == [(1,), (2,)]
    assert traces()[TRACE.hex()].input == "Q1"


def test_older_names_for_scopes_are_read(ingest, write):
    inner = field(1, field(1, "old")) + field(2, span())
    report = ingest(write("a.pb", field(1, field(1000, inner))))
    assert (report.new, report.spans) == (1, 1)


def test_metrics_and_plain_logs_hold_nothing(ingest, write):
    metric = field(1, "http.requests") + field(2, "how many") + field(7, b"")
    log = fixed(1, START) + field(2, 9) + field(3, "INFO") + field(5, field(1, "GET /"))
    log += field(9, TRACE) + field(10, SPAN)
    report = ingest(
        write("a.bin", *[b"".join(long(request(x)) for x in (metric, span(), log))])
    )
    assert (report.new, report.rejected) == (1, 0)
    assert report.skipped == {"metric": 1, "log record": 1}


def test_a_log_record_without_ids_says_why_it_cannot_be_used(ingest, write, rejects):
    lost = fixed(11, START) + field(5, field(1, "Hi")) + field(12, "gen_ai.choice")
    ingest(write("a.bin", long(request(span())) + long(request(lost))))
    [(_, line, reason)] = rejects()
    assert line == 2
    assert "gen_ai.choice has no trace id" in reason


def test_a_log_record_brings_the_answer_of_its_span(ingest, write, traces):
    message = field(1, attribute("content", "Hello you"))
    choice = field(1, field(1, "message") + field(2, field(6, message)))
    log = fixed(1, START) + field(5, field(6, choice)) + field(9, TRACE)
    log += field(10, SPAN) + field(12, "gen_ai.choice")
    call = {"gen_ai.operation.name": "chat", "gen_ai.system": "openai"}
    bare = field(1, TRACE) + field(2, SPAN) + field(5, "chat gpt") + fixed(7, START)
    for name, value in call.items():
        bare += field(9, attribute(name, value))
    ingest(write("a.bin", long(request(log)) + long(request(bare))))
    assert traces()[TRACE.hex()].output == "Hello you"


# ------------------------------------------------------------------------- broken files


def test_a_broken_span_costs_no_other(ingest, write, rejects, traces):
    broken = field(1, TRACE) + field(2, b"broken..") + field(5, b"\xff\xfe")
    broken += fixed(7, START)
    data = request(span(), broken, span(b"last...."))
    report = ingest(write("a.pb", data))
    assert (report.spans, report.rejected) == (2, 1)
    [(file, line, reason)] = rejects()
    assert (file, line) == ("a.pb", 1)
    place = data.index(broken)
    assert (
        reason == f"byte {place:,}: not a span of OpenTelemetry: it cannot be decoded"
    )


def test_a_scope_that_breaks_off_costs_no_other_resource(ingest, write, rejects):
    bad = field(2, span()) + b"\x12\x7f\x0a"
    whole = field(1, field(1, field(1, attribute("a", "b"))) + field(2, bad))
    report = ingest(write("a.pb", whole + request(span(b"last...."))))
    assert (report.spans, report.rejected) == (2, 1)
    [(_, _, reason)] = rejects()
    assert reason.startswith(f"byte {whole.index(bytes([0x12, 0x7F]))}: the request is")


def test_a_last_request_that_is_cut_off(ingest, write, rejects):
    first, second = request(span()), request(span(b"one....."), span(b"two....."))
    data = long(first) + long(second)
    report = ingest(write("a.bin", data[:-10]))
    assert (report.spans, report.rejected) == (2, 1)
    [(_, line, reason)] = rejects()
    assert line == 2
    place = len(long(first)) + 4 + 3  # behind both lengths
    assert reason.startswith(f"request 2, byte {place}: the file ends in the middle")
    assert "Export it again" in reason
    assert ingest(write("b.bin", data)).spans == 1


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_length_that_is_cut_off(ingest, write, rejects, size):
    data = long(request(span())) + bytes(size)
    assert ingest(write("a.bin", data)).rejected == 1
    assert "the file ends in the middle of a request" in rejects()[0][2]


def test_a_length_that_is_wrong_takes_no_memory(ingest, write):
    data = long(request(span())) + b"\x7f\xff\xff\xff" + request(span(b"last...."))
    report = ingest(write("a.bin", data))
    assert (report.spans, report.rejected) == (2, 1)


def test_something_else_between_requests(ingest, write, rejects):
    good = request(span())
    ingest(write("a.pb", good + b"\r\n\r\n" + good))
    [(_, _, reason)] = rejects()
    assert reason.startswith(f"byte {len(good)}: no request of OpenTelemetry stands")
    ingest(write("b.bin", long(request(span(b"second.."))) + long(b"\r\nnothing")))
    assert rejects()[1][2].startswith("request 2, byte ")


def test_a_packed_request_that_is_broken(ingest, write, rejects):
    zstd = pa.compress(request(span()), "zstd", asbytes=True)
    data = long(zstd) + long(zstd[:12]) + long(zstd)
    report = ingest(write("a.bin", data))
    assert (report.spans, report.rejected) == (1, 1)
    [(_, line, reason)] = rejects()
    assert line == 2
    assert "starts like zstd but cannot be unpacked" in reason


def test_packed_requests_in_json(ingest, write):
    one = {
        "traceId": TRACE.hex(),
        "spanId": SPAN.hex(),
        "name": "step",
        "startTimeUnixNano": str(START),
        "attributes": [{"key": "input", "value": {"stringValue": "Hi"}}],
    }
    text = {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}
    zstd = pa.compress(json.dumps(text).encode(), "zstd", asbytes=True)
    report = ingest(write("a.json", long(zstd)))
    assert (report.format, report.new, report.spans) == ("otlp", 1, 1)


def test_nothing_but_the_beginning_of_a_request(ingest, write, unchanged):
    with pytest.raises(IngestError, match="cut off or broken"):
        ingest(write("a.pb", request(span())[:60]))
    unchanged()


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_no_false_byte_is_a_surprise(data):
    good = long(request(span(), span(b"two....."))) + long(request(span(b"last....")))
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    spans, _ = taken(bytes(bad))
    assert len(spans) <= 3


# ---------------------------------------------------------------------------- detection


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\n",
        b'\n{"resourceSpans": []}',
        b"\ninput,output\nQ,A\n",
        b"\n\x0a\n\x0a\n\x0a\n\x0a\n\x0a",
        b"\x00\x00\x00\x10" + b"\x00" * 60,
        b"\x00\x00\x01\x00\x01\x00\x20\x20",
        b"PAR1" + bytes(80),
        b"ARROW1\0\0" + bytes(80),
        b"\x7fELF\x02\x01\x01" + bytes(57),
        b"SQLite format 3\x00" + bytes(84),
        gzip.compress(b"Hi", mtime=0),
        field(1, field(1, b"")),
        field(1, b"text\ntext"),
    ],
)
def test_other_files_are_not_taken_for_requests(head):
    assert not looks_like_otlp(head)


@pytest.mark.parametrize("size", [70, 100, 140, 4096])
@pytest.mark.parametrize("before", [b"", b"\0\0\xff\xff", number(70_000)])
def test_the_head_is_enough(before, size):
    spans = [span(bytes([n]) + b"......." * 1) for n in range(1, 100)]
    head = (before + request(*spans))[:size]
    assert looks_like_otlp(head)


def test_requests_without_attributes_are_told_by_their_ids():
    bare = field(1, TRACE) + field(2, SPAN) + field(5, "step")
    assert looks_like_otlp(request(bare, resource=b""))
    log = fixed(1, START) + field(5, field(1, "x")) + field(9, TRACE) + field(10, SPAN)
    assert looks_like_otlp(request(log, resource=b""))


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_no_bytes_break_the_detection(head):
    assert looks_like_otlp(head) in (False, True)


@given(st.text(max_size=300))
def test_no_text_is_a_request(text):
    assert not looks_like_otlp(text.encode())


@pytest.mark.shared_data
def test_no_other_real_file_is_a_request(shared_data):
    files = [path for path in (shared_data / "formats").rglob("*") if path.is_file()]
    seen = {
        path.suffix
        for path in files
        if looks_like_otlp(path.read_bytes()[:4096]) != (path.suffix == ".pb")
    }
    assert files
    assert seen == set()
