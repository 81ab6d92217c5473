"""Personal data and secrets leave an import; what only looks like them stays."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from fakes import chat
from hypothesis import given, settings
from hypothesis import strategies as st

import erroranalysis as ea
from erroranalysis.__main__ import main
from erroranalysis.errors import IngestError, StoreError, UnknownNameError
from erroranalysis.ingest import shares
from erroranalysis.ingest.redaction import KINDS, Redaction
from erroranalysis.ingest.redactor import Redactor
from erroranalysis.ingest.sensitive.checked import luhn, mod97
from erroranalysis.records import Annotation, Feedback, Reject, Remark, Span, Trace
from erroranalysis.store import Store
from erroranalysis.store.loads import load, look
from erroranalysis.store.redaction_key import key_file, redaction_key

MAIL = "jane@example.org"
MARK = re.compile(r"<([a-z]+):[0-9a-f]{8}>")
LETTERS = "a1B2c3D4" * 6


def redactor(*kinds, key=b"key", **patterns):
    chosen = Redaction(kinds or None if not patterns else kinds, patterns)
    return Redactor(chosen, lambda: key)


def redacted(text, *kinds, **patterns):
    return redactor(*kinds, **patterns).text(text)


# Text in which exactly one value is to be found. What stands around it has to stay.
FOUND = {
    "email": [
        "jane@example.org", "Jane.Doe+x@mail.example.co.uk", "o'brien@example.com",
        "jürgen@müller.example", "mailto:{jane@example.org}", "<{jane@example.org}>",
        "email={jane%40example.org}&x=1", "我的邮箱是{jane@example.com}谢谢",
        "a_b-c@sub-domain.example.museum", "{{'mail': '{jane@example.org}'}}",
        "{first.last@example.com}.", "user@xn--mnchen-3ya.example", "jane@163.com",
        r"\n{jane@example.org}", r"a\u003c{jane@example.org}\u003e",
    ],
    "phone": [
        "+49 30 1234567", "+493012345678", "+1 (212) 555-0123", "+12125550123",
        "(212) 555-0123", "(212)555-0123", "212-555-0123", "212.555.0123",
        "1-800-555-0199", "1 (212) 555-0123", "0049 30 1234567", "00 44 20 7946 0958",
        "030 1234567", "030/1234567", "0151-12345678", "0151 123 456 78",
        "020 7946 0958", "07700 900123", "(020) 7946 0958", "(030) 1234567",
        "01 23 45 67 89", "01.23.45.67.89", "06 12 34 56 78", "+33 (0)1 23 45 67 89",
        "02 9374 4000", "0412 345 678", "(11) 98765-4321", "03-1234-5678",
        "090-1234-5678", "+91 98765 43210", "+86 138 1234 5678", "+358 40 1234567",
        "8 (495) 123-45-67", "+7 495 123-45-67", "044 123 45 67",
        "call me at {212 555 0123}", "Tel.: {98765 43210}", "tel:{+1-212-555-0123}",
        "my number is {212-555-0123}x45", "Handy: {170 1234567}",
        "+49\u00a030\u00a01234567",
        r"\n{+49 30 1234567}", "电话{138-1234-5678}", "{212-555-0123} 2 times",
        "{030 1234567} 2024 was", "WhatsApp {+55 11 98765-4321}!",
    ],
    "card": [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111",
        "5555555555554444", "5105105105105100", "378282246310005", "3782 822463 10005",
        "6011111111111117", "30569309025904", "3530111333300000", "2223003122003222",
        "Card: {4222222222222}", "{4012888888881881} exp 12/26",
        "{4111 1111 1111 1111} 123", "cc:{4111111111111111}.",
    ],
    "iban": [
        "DE89370400440532013000", "DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19", "FR14 2004 1010 0505 0001 3M02 606",
        "MT84MALT011000012345MTLCAST001S", "NO9386011117947", "NL91ABNA0417164300",
        "CH93 0076 2011 6238 5295 7", "de89370400440532013000",
        "SA0380000000608010167519", "IBAN:{BE68539007547034}, danke",
        "to {DE89 3704 0044 0532 0130 00} and", "LC55HEMM000100010012001200023015",
    ],
    "ip": [
        "10.0.0.1", "{192.168.1.254}:8080", "http://{203.0.113.7}/x", "1.2.3.4",
        "client={198.51.100.23},", "user@{10.0.0.1}", "{10.0.0.0}/8", "2001:db8::1",
        "fe80::1ff:fe23:4567:890a", "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "::ffff:192.0.2.128", "[{2001:db8::1}]:443", "{2001:db8::1}: refused",
        "{fe80::1}%eth0", r"\n{10.0.0.1}", r"\\{10.0.0.1}\share",
        "localhost/{192.0.2.7}:80", "the server {8.8.8.8}.",
    ],
    "secret": [
        f"sk-{LETTERS}", f"sk-proj-{LETTERS}", f"sk-ant-api03-{LETTERS}-{LETTERS}",
        "AKIA" + "ABCDEFGH12345678", f"ghp_{LETTERS}", f"github_pat_{LETTERS}",
        f"xoxb-123456789012-{LETTERS}", f"AIza{LETTERS}", f"hf_{LETTERS}",
        f"sk_live_{LETTERS}", f"rk_test_{LETTERS}", f"glpat-{LETTERS}",
        f"SG.{LETTERS}.{LETTERS}", f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}",
        f"Authorization: Bearer {{{LETTERS}}}", f"basic {{{LETTERS}==}}",
        "api_key={abc123}", "API_KEY = '{abc def}'", "password={hunter2}",
        "password: {hunter2}", '"password": "{geheim}"', "--password={s3cret!} now",
        f"AWS_SECRET_ACCESS_KEY={{{LETTERS}/{LETTERS}}}", "x-api-key: {12345abc}",
        "https://jane:{pa55}@host.example/x", "**Password:** {hunter2}",
        "Passwort: {geheim1}.", "?access_token={abcdefg12345}&x=1",
        f"token={{{LETTERS}}}", r"{{\"password\": \"{hunter2}\"}}",
        "{-----BEGIN EC PRIVATE KEY-----\nMIIEow\nabc=\n-----END EC PRIVATE KEY-----}",
        "{-----BEGIN PRIVATE KEY-----\nMIIEow}",
    ],
}  # fmt: skip
CASES = [(kind, text) for kind, texts in FOUND.items() for text in texts]


def split(case):
    """Return what stands before and after the value that is marked with braces."""
    bare = case.replace("{{", "\1").replace("}}", "\2")
    before, mark, rest = bare.partition("{")
    value, _, after = rest.rpartition("}")
    if not mark:
        before, value, after = "", bare, ""
    back = str.maketrans({"\1": "{", "\2": "}"})
    return before.translate(back), value.translate(back), after.translate(back)


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_a_value_becomes_a_placeholder_and_its_surroundings_stay(kind, case):
    before, value, after = split(case)
    maker = redactor()
    said = maker.text(before + value + after)
    assert MARK.sub("…", said) == f"{before}…{after}"
    assert maker.found() == {kind: 1}
    assert maker.text(said) == said


# Nothing is to be found in any of these.
KEPT = [
    # no email
    "react@18.2.0", "@decorator", "user@host", "icon@2x.png", "a @ b.com?", "x@y",
    # no phone, no card: times, ids, prices, versions, series of numbers
    "1795199007", "1795199007657268842", "1795199007.657", "2024-05-06",
    "20240506-123456",
    "2024-08-12T10:13:01.472000-07:00", "2024-05-06T07:08:09.123456+02:00",
    "2024-05-06 07:08:09 +0200", "06.05.2024",
    "06/05/2024 10:30", "01.02.2024 10:30", "2024-01-02 03-04-05", "09:30-17:00",
    "0900-1700", "GMT+0100", "550e8400-e29b-41d4-a716-446655440000",
    "12345678-1234-1234-1234-123456789012", "00112233-4455-6677-8899-001122334455",
    "Order 112-3456789-1234567", "ORD-2024-000123", "order #212-555-0123",
    "order no. 030-1234567", "ticket 0123-456789", "#12345678", "0123456789",
    "2125550123", "tracking 1Z999AA10123456784", "SKU 0012-3456-789", "$1,234,567.89",
    "EUR 12.345.678,90", "€ 1 234 567", "1 234 567 890", "12 345 678", "512 768 1024",
    "256 512 1024 2048", "3.14159265358979", "0.123456789012", "10.0.22631",
    "2024.05.06.1234", "ISBN 978-3-16-148410-0", "978-0-306-40615-7", "0-306-40615-2",
    "123-45-6789", "02139-4307", "12345-6789", "00:1B:44:11:3A:B7", "00-11-22-33-44-55",
    "01 02 03 04 05 06 07", "[0.12, 0.34, 0.5678901234567]", "chr1:1234567-2345678",
    "2,147,483,647", "+5 points", "+1000000 users", "1+1234567890", "1-2-3-4-5-6-7-8-9",
    "lat 52.5200066, lon 13.404954", "A1B2-C3D4-0123-4567", "item 4512-3344",
    "+ (208.07 - 188.67) + (219.43 - 206.03)", "x = +208.07 - 188.67",
    "mobile plan costs 12 000 000", "phone model 2024-05-06", "call me at 10 30",
    "Smartphone 1234 5678", "5 7 9 11 13 15 17 19 21",
    # wrong check digits
    "4111111111111112", "4111-1111-1111-1112", "1234567812345678", "4006381333931",
    "DE89370400440532013001", "GB82WEST12345698765433", "XX82WEST12345698765432",
    # no address of a machine
    '__version__ = "3.5.0.1"', "length 1000::", "v1.2.3.4", "version 1.2.3.4",
    "numpy==1.2.3.4", "Chrome/120.0.0.0 Safari",
    "127.0.0.1:8080", "0.0.0.0", "255.255.255.0", "section 1.2.3.4",
    "1.2.3.4.5", "256.1.1.1", "999.999.999.999", "12:30:45.123",
    "std::vector", "a[::2]", "x[1::2]", "::1", "Foo::Bar", "abc::def",
    "1:2:3:4:5:6:7:8",
    # no secret
    "sk-learn", "sk-estimator-doc-link-something-long",
    "Reset your password: click here",
    "password: must be long", "password=None", "password=os.getenv('X')",
    "password=****", "api_key=${API_KEY}", "max_tokens=1024", "token: Hello",
    "bearer token authentication", "basic understanding of things", "PWD=/home/jane",
    "the secret: never give up", '"time_to_first_token": 0.04584026336669922',
    "s3://{access}:{secret_key}@bucket", "getpass('password: ')",
    "api_key=admin_api_key",
]  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_one_stays(text):
    maker = redactor()
    assert maker.text(text) == text
    assert maker.found() == {}


@pytest.mark.parametrize(
    "number",
    [
        "79927398713", "4242424242424242", "4000056655665556", "5200828282828210",
        "371449635398431", "6011000990139424", "3056930009020004", "3566002020360505",
        "4222222222222", "5019717010103742",
    ],
)  # fmt: skip
def test_luhn_knows_published_test_numbers(number):
    assert luhn(number)
    others = {number[:-1] + digit for digit in "0123456789"} - {number}
    assert not any(luhn(other) for other in others)


# examples in the registry of the IBAN
@pytest.mark.parametrize(
    "iban",
    [
        "AD1200012030200359100100", "AT611904300234573201", "BE68539007547034",
        "BR1800360305000010009795493C1", "CY17002001280000001200527600",
        "EE382200221020145685", "ES9121000418450200051332", "FI2112345600000785",
        "GR1601101250000000012300695", "IT60X0542811101000000123456",
        "PL61109010140000071219812874", "SE4550000000058398257466",
        "TR330006100519786457841326",
    ],
)  # fmt: skip
def test_the_registrys_ibans_are_found_however_they_are_written(iban):
    assert mod97(iban)
    grouped = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    same = {redacted(text, "iban") for text in (iban, iban.lower(), grouped)}
    assert len(same) == 1
    assert MARK.fullmatch(same.pop())
    wrong = iban[:2] + f"{(int(iban[2:4]) + 1) % 100:02}" + iban[4:]
    assert redacted(wrong, "iban") == wrong


@pytest.mark.parametrize(
    "spellings",
    [
        ("Jane@Example.org", "jane@example.org", "jane%40example.org"),
        ("4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"),
        ("+49 30 1234567", "+49 (0)30 123-4567", "0049 30 1234567"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
    ],
)
def test_one_value_has_one_placeholder(spellings):
    maker = redactor()
    assert len({maker.text(text) for text in spellings}) == 1


def test_another_key_gives_another_placeholder():
    first, second = redactor(key=b"a").text(MAIL), redactor(key=b"b").text(MAIL)
    assert MARK.fullmatch(first)
    assert MARK.fullmatch(second)
    assert first != second


def test_only_the_named_kinds_go():
    text = f"{MAIL} 10.0.0.1"
    assert redacted(text, "ip").startswith(MAIL)
    assert redacted(text, "email").endswith(" 10.0.0.1")
    assert redacted(text, booking="BK-[0-9]+") == text


def test_own_patterns_come_first_and_are_counted():
    rules = {"booking": re.compile("bk-[0-9]+", re.IGNORECASE), "desk": "desk@[a-z.]+"}
    maker = Redactor(Redaction(patterns=rules), lambda: b"key")
    said = maker.text(f"BK-12 of {MAIL}, desk@example.org, BK-12")
    first, mail, desk, again = MARK.finditer(said)
    assert first[0] == again[0]
    assert [m[1] for m in (first, mail, desk)] == ["booking", "email", "desk"]
    assert maker.found() == {"booking": 2, "desk": 1, "email": 1}


def test_a_pattern_that_matches_nothing_takes_nothing():
    assert redacted("abc", nothing="x*") == "abc"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["emial"], "No kind of redaction 'emial'. Did you mean 'email'?"),
        ("fone", "Did you mean 'phone'?"),
        (["email", "names"], "There are: card, email, iban, ip, phone, secret."),
    ],
)
def test_an_unknown_kind_is_named_before_anything_is_read(ingest, given, message):
    with pytest.raises(UnknownNameError) as caught:
        ingest("no such file", redact=given)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({"booking": "BK-("}, "'booking' is no regular expression: missing )"),
        ({"my booking": "BK"}, "'my booking' cannot stand in a placeholder"),
        ({"booking": re.compile(b"BK")}, "is one for bytes"),
        ({"booking": 7}, "is no regular expression: "),
    ],
)
def test_a_pattern_that_cannot_work_is_refused(patterns, message):
    with pytest.raises(IngestError) as caught:
        Redaction(patterns=patterns)
    assert message in str(caught.value)


# JSON in text


@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_in_a_text_stays_json_and_is_written_as_before(ascii_only):
    value = {
        "a": [f"\n{MAIL}\t", {"ü": f"é\u2028{MAIL}\\"}, f'"{MAIL}"', 1.10, None],
        "deeper": json.dumps({"to": [MAIL], "n": json.dumps({"to": f"\n{MAIL}"})}),
    }
    text = json.dumps(value, indent=2, ensure_ascii=ascii_only)
    maker = redactor()
    said = maker.text(text)
    mark = maker.text(MAIL)
    wanted = json.loads(text.replace(MAIL, mark))
    assert json.loads(said) == wanted
    assert said == text.replace(MAIL, mark)


def test_signs_that_json_escapes_are_read_as_what_they_are():
    said = redacted(r'{"to": "jane\u0040example.org", "tel": "\u002B49 30 1234567"}')
    assert [mark[1] for mark in MARK.finditer(said)] == ["email", "phone"]
    assert json.loads(said).keys() == {"to", "tel"}


def test_numbers_of_json_are_no_text():
    text = '{"card": 4111111111111111, "at": 1795199007657268842, "x": 1.50}'
    assert redacted(text) == text


def test_what_a_field_is_called_says_what_it_holds():
    value = {
        "db_password": "open sesame", "apiKey": "abc", "token": "b" * 20 + "1",
        "phone": "2125550123", "Smartphone": "2125550123", "app_version": "1.2.3.4",
        "order_id": "030-1234567", "tokens": [{"token": " Hello"}], "secret": None,
    }  # fmt: skip
    wanted = {
        **value, "db_password": "secret", "apiKey": "secret", "token": "secret",
        "phone": "phone",
    }  # fmt: skip
    as_text = json.loads(redacted(json.dumps(value)))
    trace = redactor().apply(Trace("t", [], metadata=value))
    for found in (as_text, trace.metadata):
        kinds = {
            name: MARK.sub(r"\1", item) if isinstance(item, str) else item
            for name, item in found.items()
        }
        assert kinds == wanted
    assert as_text == trace.metadata  # one value, one placeholder


def test_lines_of_json_stay_lines_of_json():
    lines = [json.dumps({"n": 4111111111111111, "to": f"\n{MAIL}"})] * 2
    said = redacted("\n".join(lines))
    assert [json.loads(line)["n"] for line in said.split("\n")] == [
        4111111111111111
    ] * 2
    stream = f"data: {lines[0]}\n\ndata: [DONE]\n\n"
    body = redacted(stream).split("\n")[0].removeprefix("data: ")
    assert MARK.search(json.loads(body)["to"])


def test_a_broken_json_text_is_redacted_too():
    cut = json.dumps({"to": [f"\n{MAIL}", "tel\t+49 30 1234567"], "x": "y"})[:-3]
    said = redacted(cut)
    assert [mark[1] for mark in MARK.finditer(said)] == ["email", "phone"]
    assert json.loads(said + '"}')["to"][0].startswith("\n<email:")


def test_nan_and_half_a_surrogate_pair_are_no_obstacle():
    said = redacted('{"a": NaN, "b": "\\ud83d ' + MAIL + '"}')
    assert json.loads(said)["b"].startswith("\ud83d <email:")
    assert redacted(f"\ud83d {MAIL}").startswith("\ud83d <email:")


# the nouns


def test_every_part_of_a_trace_that_may_hold_something_is_redacted():
    call = {
        "id": "c1",
        "name": "mail",
        "arguments": {"name": MAIL, "n": 4111111111111111},
    }
    trace = Trace(
        id=MAIL,
        messages=[
            {"role": "user", "name": "jane@example.com", "content": f"I am {MAIL}"},
            {"role": "assistant", "content": "", "reasoning": f"It is {MAIL}",
             "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": f'{{"to":"{MAIL}"}}'},
            {"role": "assistant", "content": f"Done, {MAIL}",
             "attachments": [{"type": "image", "ref": f"https://x.example/?u={MAIL}"}]},
        ],
        session_id=MAIL, error=f"no {MAIL}", tags=["vip", MAIL],
        metadata={"user_id": MAIL, "n": 7, "all": {MAIL: [MAIL]}},
        feedback=(Feedback(MAIL, MAIL, 1.0, MAIL, MAIL, span_id=MAIL),),
        spans=(Span(MAIL, MAIL, MAIL, name=MAIL, input=MAIL, output=MAIL,
                    attributes={MAIL: {"to": MAIL}}),),
    )  # fmt: skip
    maker = redactor()
    said = maker.apply(trace)
    mark = maker.text(MAIL)
    # call id, ids and names stay; everything else has changed
    assert (said.id, said.spans[0].span_id, said.spans[0].name) == (MAIL, MAIL, MAIL)
    assert (said.spans[0].trace_id, said.spans[0].parent_id) == (MAIL, MAIL)
    assert (said.feedback[0].name, said.feedback[0].span_id) == (MAIL, MAIL)
    assert said.messages[0]["name"] == "jane@example.com"
    assert said.messages[1]["tool_calls"][0] == {
        **call, "arguments": {"name": mark, "n": 4111111111111111}
    }  # fmt: skip
    assert said.messages[0]["content"] == said.input == f"I am {mark}"
    assert said.messages[1]["reasoning"] == f"It is {mark}"
    assert json.loads(said.messages[2]["content"]) == {"to": mark}
    assert said.messages[3]["attachments"][0]["ref"].endswith(mark)
    assert (said.output, said.session_id, said.error) == (
        f"Done, {mark}", mark, f"no {mark}",
    )  # fmt: skip
    assert said.tags == ["vip", mark]
    assert said.metadata == {"user_id": mark, "n": 7, "all": {mark: [mark]}}
    assert said.feedback[0].comment == said.feedback[0].value == mark
    assert said.spans[0].attributes == {MAIL: {"to": mark}}
    assert said.spans[0].input == said.spans[0].output == mark
    # what was handed in is untouched, and to do it again changes nothing
    assert trace.messages[0]["content"] == f"I am {MAIL}"
    assert trace.metadata["all"] == {MAIL: [MAIL]}
    assert maker.apply(said) is said


def test_remarks_annotations_and_rejects_are_redacted():
    maker = redactor()
    mark = maker.text(MAIL)
    remark = maker.apply(Remark(Feedback("n", comment=MAIL), MAIL, MAIL, MAIL))
    assert (remark.trace_id, remark.span_id, remark.session_id) == (MAIL, MAIL, mark)
    assert remark.feedback.comment == mark
    note = maker.apply(Annotation(MAIL, MAIL, "fail", critique=f"told {MAIL}"))
    assert (note.trace_id, note.annotator, note.critique) == (
        MAIL,
        MAIL,
        f"told {mark}",
    )
    reject = maker.apply(Reject("a.jsonl", 1, f"{MAIL!r} is no time", f"{{{MAIL}"))
    assert (reject.reason, reject.raw) == (f"{mark!r} is no time", f"{{{mark}")


def test_a_clean_item_is_handed_on_as_it_is():
    trace = Trace("t", [{"role": "user", "content": "Open on Sunday?"}], tags=["a"])
    assert redactor().apply(trace) is trace


def test_what_is_nested_too_deeply_is_left_to_the_spool(ingest, traces):
    deep: list = [MAIL]
    for _ in range(3_000):
        deep = [deep]
    records = [
        {**chat("a", "Hi", "Hello"), "metadata": {"x": deep}},
        chat("b", MAIL, ""),
    ]
    report = ingest(records, redact=True)
    assert (report.new, report.rejected) == (1, 1)
    assert MARK.fullmatch(traces()["b"].input)


# an import from end to end


def whole_database(store):
    """Return all that is written in the project file, as text."""
    tables = store.query("SELECT table_name FROM duckdb_tables()").to_series()
    rows = [store.query(f'FROM "{table}"').rows() for table in tables]
    return repr(rows)


RECORDS = [
    chat("a", f"I am {MAIL}", "Hello", metadata={"user_id": MAIL}),
    chat("b", f"Call +49 30 1234567 or mail {MAIL}", "Noted"),
]


def test_nothing_that_was_redacted_is_in_the_project_file(ingest, store, write):
    lines = [
        *map(json.dumps, RECORDS),
        f'{{"broken": "{MAIL}',
        json.dumps({"at": MAIL}),
    ]
    report = ingest(write("a.jsonl", *lines), redact=True)
    assert (report.new, report.rejected) == (2, 2)
    assert report.redacted == {"email": 5, "phone": 1}
    assert MAIL not in whole_database(store)
    assert MAIL not in repr(report) + repr(report.reasons)
    assert "redacted={'email': 5, 'phone': 1}" in repr(report)
    assert "<th style='text-align:left'>redacted</th>" in report._repr_html_()
    assert report.frame().height == 1
    store.leases.close()
    assert MAIL.encode() not in Path(store.path).read_bytes()


def test_without_redact_everything_is_kept(ingest, traces, store):
    report = ingest(RECORDS)
    assert report.redacted == {}
    assert "redacted" not in repr(report) + report._repr_html_()
    assert traces()["a"].metadata == {"user_id": MAIL}
    assert not key_file(store.path).exists()


def test_the_same_value_has_the_same_placeholder_in_every_import(ingest, traces):
    ingest(RECORDS[:1], redact=True)
    ingest(RECORDS[1:], redact=["email"])
    found = traces()
    assert found["a"].metadata["user_id"] in found["b"].input
    assert "+49 30 1234567" in found["b"].input


def test_the_same_import_again_changes_nothing(ingest, store):
    ingest(RECORDS, redact=True)
    before = whole_database(store)
    report = ingest(RECORDS, redact=True)
    assert (report.new, report.extended, report.duplicate) == (0, 0, 2)
    assert report.warnings == ()
    assert store.query("FROM traces").rows() == store.query("FROM traces").rows()
    assert before.count("<email:") == whole_database(store).count("<email:")


def test_the_same_without_redact_is_another_content_and_the_report_says_so(
    ingest, traces, rejects, store
):
    ingest(RECORDS, redact=True)
    report = ingest(RECORDS)
    # the redacted version was first and stays; the reject has the text as it came
    assert (report.new, report.duplicate, report.rejected) == (0, 0, 2)
    assert any("redact=True" in warning for warning in report.warnings)
    assert MARK.search(traces()["a"].input)
    assert all("already taken by a trace" in reason for *_, reason in rejects())
    assert MAIL in whole_database(store)


def spans(text):
    step = {
        "traceId": "a" * 32, "spanId": "b" * 16, "name": "ask",
        "startTimeUnixNano": "1795199007657268842",
        "attributes": [
            {"key": "openinference.span.kind", "value": {"stringValue": "CHAIN"}},
            {"key": "input.value", "value": {"stringValue": text}},
            {"key": "session.id", "value": {"stringValue": MAIL}},
            {"key": "user.id", "value": {"stringValue": MAIL}},
        ],
    }  # fmt: skip
    return [{"resourceSpans": [{"scopeSpans": [{"spans": [step]}]}]}]


def test_spans_are_redacted_before_a_trace_is_built_of_them(ingest, traces, store):
    body = json.dumps({"messages": [{"role": "user", "content": f"Am\n{MAIL}"}]})
    report = ingest(spans(body), redact=True)
    assert (report.new, report.spans) == (1, 1)
    trace = traces()["a" * 32]
    mark = MARK.search(trace.input)[0]
    assert trace.input == f"Am\n{mark}"
    assert (trace.session_id, trace.metadata["user_id"]) == (mark, mark)
    stored = store.query("SELECT input FROM spans").item()
    assert json.loads(stored)["messages"][0]["content"] == f"Am\n{mark}"
    assert MAIL not in whole_database(store)
    again = ingest(spans(body), redact=True)
    assert (again.duplicate, again.extended, again.spans) == (1, 0, 0)


def test_spans_without_redact_replace_the_redacted_ones(ingest, traces):
    ingest(spans(f"I am {MAIL}"), redact=True)
    report = ingest(spans(f"I am {MAIL}"))
    assert (report.extended, traces()["a" * 32].input) == (1, f"I am {MAIL}")
    assert any("redact=True" in warning for warning in report.warnings)
    report = ingest(spans(f"I am {MAIL}"), redact=True)
    assert report.extended == 1
    assert not any("redact=True" in warning for warning in report.warnings)
    assert MARK.search(traces()["a" * 32].input)


def test_feedback_on_a_session_finds_it_by_its_placeholder(ingest, traces):
    remark = Remark(Feedback("thumb", "down", comment=f"Ask {MAIL}"), session_id=MAIL)
    trace = chat("a", "Hi", "Hello", session_id=MAIL)
    ingest([trace], redact=True)
    maker = Redactor(Redaction(), lambda: b"key")
    assert maker.apply(remark).session_id == maker.text(MAIL)
    assert MARK.fullmatch(traces()["a"].session_id)


def test_a_dry_run_shows_placeholders_and_leaves_no_key(store, write, tmp_path):
    path = write("a.jsonl", *map(json.dumps, RECORDS))
    preview = look(path, redact=True, progress=False)
    assert preview.redacted == {"email": 3, "phone": 1}
    assert MAIL not in repr(preview) + preview._repr_html_()
    assert "redacted (3): email" in repr(preview)
    assert not list(tmp_path.rglob("*redaction-key*"))
    assert look(path, progress=False).redacted == {}


def test_several_processes_agree(store, write, monkeypatch):
    monkeypatch.setattr(shares, "_WORTH_IT", 1)
    monkeypatch.setattr(shares, "_SMALLEST", 1)
    monkeypatch.setattr(shares, "_cores", lambda: 3)
    lines = [json.dumps(chat(f"t{i}", f"I am {MAIL}", "Hi")) for i in range(300)]
    lines[250] = f'{{"broken": "{MAIL}'
    path = write("a.jsonl", *lines)
    report = load(
        store, path, redact=Redaction(["email"], {"hi": "Hi"}), progress=False
    )
    assert (report.new, report.rejected) == (299, 1)
    assert report.redacted == {"hi": 299, "email": 300}
    assert MAIL not in whole_database(store) + repr(report.reasons)
    said = store.query("SELECT DISTINCT input FROM traces").to_series()
    assert len(said) == 1
    preview = look(path, redact=True, progress=False)
    assert len({trace.input for trace in preview.traces}) == 1


# the key


def test_the_key_is_a_private_file_beside_the_project(ingest, store):
    ingest([chat("a", "Nothing to see", "Here")], redact=True)
    path = Path(f"{store.path}.redaction-key")
    assert not path.exists()  # it is made when it is needed first
    ingest(RECORDS, redact=True)
    assert key_file(store.path) == path
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_text().strip()
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert key not in whole_database(store)
    assert not list(path.parent.glob("*redaction-key.*"))
    assert redaction_key(store.path) == bytes.fromhex(key)


def test_programs_that_start_together_make_one_key(tmp_path):
    project = tmp_path / "p.duckdb"
    code = (
        "import sys; from erroranalysis.store.redaction_key import redaction_key;"
        "input(); print(redaction_key(sys.argv[1]).hex())"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(project)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for program in programs:
        program.stdin.write("\n")
        program.stdin.flush()
    keys = {program.communicate()[0].strip() for program in programs}
    assert len(keys) == 1
    assert key_file(str(project)).read_text().strip() in keys
    assert [path.name for path in tmp_path.iterdir()] == ["p.duckdb.redaction-key"]


def test_a_disk_without_links_has_a_key_too(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError("not supported")

    monkeypatch.setattr("os.link", no_links)
    project = str(tmp_path / "p.duckdb")
    key = redaction_key(project)
    assert redaction_key(project) == key
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("content", ["", "0badkey", "é" * 64])
def test_a_damaged_key_stops_the_import(ingest, store, content, unchanged):
    key_file(store.path).write_text(content, encoding="utf-8")
    with pytest.raises(StoreError, match="holds no key of placeholders"):
        ingest(RECORDS, redact=True)
    unchanged()


def test_a_key_that_cannot_be_read_stops_the_import(ingest, store, unchanged):
    key_file(store.path).mkdir()
    with pytest.raises(StoreError, match="cannot be used"):
        ingest(RECORDS, redact=True)
    unchanged()


# ways in


def test_the_project_takes_true_names_or_a_redaction(project):
    report = project.ingest(RECORDS[:1], redact=True)
    assert report.redacted == {"email": 2}
    own = ea.Redaction(kinds=["phone"], patterns={"noted": "Noted"})
    report = project.ingest(RECORDS[1:], redact=own)
    assert report.redacted == {"noted": 1, "phone": 1}
    preview = project.ingest(RECORDS, redact="email", dry_run=True)
    assert preview.redacted == {"email": 3}


def test_the_command_line_redacts(write, tmp_path):
    path = write("a.jsonl", *map(json.dumps, RECORDS))

    def run(name, *words):
        project = tmp_path / name
        done = CliRunner().invoke(
            main, ["ingest", str(path), "-p", str(project), "--json", *words]
        )
        return done.exit_code, json.loads(done.output)

    code, said = run("all.duckdb", "--redact")
    assert (code, said["redacted"]) == (0, {"email": 3, "phone": 1})
    code, said = run("two.duckdb", "--redact-kind", "phone", "--redact-kind", "ip")
    assert (code, said["redacted"]) == (0, {"phone": 1})
    code, said = run("none.duckdb", "--redact-kind", "fone")
    assert (code, said["error"][:25]) == (2, "No kind of redaction 'fon")


# what holds for any text


WORDS = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc")),
    max_size=12,
)
PIECES = st.sampled_from(
    [split(case)[1] for _, case in CASES]
    + [*KEPT, "\n", "\\n", '"', "<", ">", ":", "+"]
)
TEXTS = st.lists(PIECES | WORDS, max_size=8).map("".join) | st.lists(
    PIECES | WORDS, max_size=6
).map(" ".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_to_redact_twice_changes_nothing_more(text):
    maker = redactor()
    once = maker.text(text)
    count = maker.found()
    assert redactor(key=b"another").text(once) == once
    assert maker.text(once) == once
    assert maker.found() == count


def shape(value):
    """Return a value with nothing but its structure and its numbers."""
    if isinstance(value, dict):
        return [shape(item) for item in value.values()]
    if isinstance(value, list):
        return [shape(item) for item in value]
    return "text" if isinstance(value, str) else repr(value)


@settings(deadline=None, max_examples=200)
@given(VALUES, st.booleans(), st.sampled_from([None, 1]))
def test_json_stays_valid_whatever_it_holds(value, ascii_only, indent):
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    if not isinstance(value, dict | list):
        return
    said = redacted(text)
    assert shape(json.loads(said)) == shape(json.loads(text))
    assert redacted(said) == said


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}([._+-][a-z0-9]{1,8}){0,2}", fullmatch=True)
HOSTS = st.from_regex(
    r"([a-z][a-z0-9-]{0,8}[a-z0-9]\.){1,2}(com|org|de|museum)", fullmatch=True
)
AROUND = st.sampled_from(
    ["", " ", "\n", "\t", "<", ">", "(", ")", '"', "'", ",", ";", ":", ".", "\\n", "|"]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(AROUND, NAMES, HOSTS, AROUND), min_size=1, max_size=4))
def test_no_email_survives(parts):
    mails = [f"{name}@{host}" for _, name, host, _ in parts]
    text = " ".join(
        before + mail + after
        for (before, *_, after), mail in zip(parts, mails, strict=True)
    )
    maker = redactor()
    for said in (
        maker.text(text),
        maker.text(json.dumps({"a": [text]})),
        maker.text(json.dumps(json.dumps({"a": [text]}))),
        json.dumps(
            maker.apply(Trace("t", [{"role": "user", "content": text}])).messages
        ),
    ):
        assert not any(mail in said for mail in mails)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200), st.sampled_from(KINDS))
def test_any_text_is_taken(text, kind):
    said = redacted(text, kind)
    assert said == redacted(said, kind)


def test_a_hostile_text_takes_no_long_time():
    """No text makes the patterns go over it again and again."""
    parts = (
        "sk-",
        "ask-1",
        "eyJa",
        "password=",
        "0123 ",
        "10.0.0.1 ",
        "a.",
        "a-",
        "1 ",
        "1.1",
        "0 ",
        "+1",
        "a:",
        "::",
        "(",
        "eyJa.",
        "\\",
        "%40",
    )
    for part in parts:
        text = part * (200_000 // len(part))
        maker = redactor()
        assert isinstance(maker.text(text), str)


# real files


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("agentrx/tau_retail/tau_dataset_full.json", {"email"}),
        ("formats/tau_bench/gpt-4o-airline.json", {"email"}),
        ("formats/phoenix/get_spans_dataframe.records.jsonl", set()),
        ("formats/mlflow/sqlite_search_traces.records.jsonl", set()),
        ("formats/claude_code", None),
        ("formats/langfuse/csharp-agent-with-gemini-2026-03-09.trace.json", {"ip"}),
    ],
)
def test_real_files_keep_their_traces_and_lose_their_addresses(
    shared_data, tmp_path, name, most
):
    stores = [Store(tmp_path / f"{side}.duckdb") for side in ("plain", "redacted")]
    plain = load(stores[0], shared_data / name, progress=False)
    report = load(stores[1], shared_data / name, redact=True, progress=False)
    for fact in ("new", "rejected", "spans", "feedback", "skipped", "records"):
        assert getattr(report, fact) == getattr(plain, fact)
    again = load(stores[1], shared_data / name, redact=True, progress=False)
    assert (again.new, again.extended, again.spans) == (0, 0, 0)
    mail = re.compile(r"\b[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b")
    assert not mail.findall(whole_database(stores[1]))
    assert most is None or set(report.redacted) == most
    for store in stores:
        store.close()
