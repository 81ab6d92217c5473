"""Workbooks: every sheet with a table, rows counted as Excel counts them."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from xml.sax.saxutils import escape

import pytest

from erroranalysis.errors import IngestError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEADER = '<?xml version="1.0" encoding="UTF-8"?>'
DATE = object()  # a number shown as a date


def column(number):
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(65 + letter) + name
    return name


def cell(place, value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, tuple):
        return f'<c r="{place}" s="1"><v>{value[1]}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{place}"><v>{value}</v></c>'
    if value.startswith("#"):
        return f'<c r="{place}" t="e"><v>{value}</v></c>'
    text = f'<is><t xml:space="preserve">{escape(value)}</t></is>'
    return f'<c r="{place}" t="inlineStr">{text}</c>'


def sheet_xml(rows):
    out = []
    for number, row in enumerate(rows, 1):
        cells = "".join(
            cell(f"{column(place)}{number}", value) for place, value in enumerate(row)
        )
        out.append(f'<row r="{number}">{cells}</row>' if cells else "")
    return (
        f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(out)}</sheetData></worksheet>'
    )


def xlsx(sheets, hidden=()):
    """A workbook, as the standard has it, of sheets with rows of cells."""
    names = list(enumerate(sheets, 1))
    states = dict.fromkeys(hidden, ' state="hidden"')
    entries = "".join(
        f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"'
        f"{states.get(name, '')}/>"
        for i, name in names
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{LINKS}/worksheet"'
        f' Target="worksheets/sheet{i}.xml"/>'
        for i, _ in names
    )
    of_styles = f'<Relationship Id="rId99" Type="{LINKS}/styles" Target="styles.xml"/>'
    of_book = (
        f'<Relationship Id="rId1" Type="{LINKS}/officeDocument"'
        ' Target="xl/workbook.xml"/>'
    )
    formats = '<xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/>'
    members = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{of_book}'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>'
        f"{entries}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f"{links}{of_styles}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="2">{formats}'
        "</cellXfs></styleSheet>",
    }
    for i, name in names:
        members[f"xl/worksheets/sheet{i}.xml"] = sheet_xml(sheets[name])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, HEADER + text)
    return out.getvalue()


def ods(rows):
    office = "urn:oasis:names:tc:opendocument:xmlns"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    cells = "".join(
        "<table:table-row>"
        + "".join(
            '<table:table-cell office:value-type="string">'
            f"<text:p>{escape(text)}</text:p></table:table-cell>"
            for text in row
        )
        + "</table:table-row>"
        for row in rows
    )
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0"'
        f' xmlns:table="{office}:table:1.0" xmlns:text="{office}:text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="S">'
        f"{cells}</table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = (
        f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/"'
        f' manifest:media-type="{kind}"/></manifest:manifest>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", HEADER + manifest)
        archive.writestr("content.xml", HEADER + content)
    return out.getvalue()


def record(number, *fields):
    body = b"".join(fields)
    return struct.pack("<HH", number, len(body)) + body


def xls(rows):
    """A workbook of Excel 97: records in one stream of a compound file."""

    def start(kind):
        return record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 1997, 0, 0))

    end = record(0x0A)
    cells = b"".join(
        record(
            0x204,
            struct.pack("<HHHHB", y, x, 0, len(text), 1),
            text.encode("utf-16-le"),
        )
        for y, row in enumerate(rows)
        for x, text in enumerate(row)
    )
    size = record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, len(rows[0]), 0))
    place = len(start(5)) + len(record(0x85, b"12345678S")) + len(end)
    bound = record(0x85, struct.pack("<IBBBB", place, 0, 0, 1, 0), b"S")
    stream = start(5) + bound + end + start(16) + size + cells + end
    stream += bytes(-len(stream) % 512 + 4096)  # short ones are kept elsewhere
    sectors = len(stream) // 512
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 - len(fat))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack(
        "<IIIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0
    )
    head += b"\xff" * (512 - len(head))

    def entry(name, kind, child, first, length):
        text = name.encode("utf-16-le")
        return (
            text.ljust(64, b"\0")
            + struct.pack("<HBB", len(text) + 2, kind, 1)
            + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
            + bytes(36)
            + struct.pack("<IQ", first, length)
        )

    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0)
    folder += entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream))
    return head + struct.pack("<128I", *fat) + folder.ljust(512, b"\0") + stream


PLAIN = [["question", "answer"], ["Open?", "Yes"], ["Pets?", "No"]]


@pytest.mark.parametrize("make", [lambda rows: xlsx({"S": rows}), ods, xls])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_workbooks_of_all_kinds(ingest, write, traces, make, pack):
    path = write("a.csv", pack(make(PLAIN)))  # the name says nothing
    report = ingest(path)
    assert (report.new, report.rejected, report.format) == (2, 0, "flat")
    assert report.columns == {"input": "question", "output": "answer"}
    said = {trace.input: trace.output for trace in traces().values()}
    assert said == {"Open?": "Yes", "Pets?": "No"}
    assert {trace.source for trace in traces().values()} == {str(path)}
    assert ingest(io.BytesIO(make(PLAIN))).duplicate == 2


def test_what_cells_hold(ingest, write, traces):
    calls = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
    rows = [
        ["id", "question", "answer", "timestamp", "score", "ok", "note"],
        [17, "Line one\nline two", " kept ", (DATE, 46069.5), 0.1, True, "#N/A"],
        ["a-2", json.dumps(calls), "B", (DATE, 46069.5000058), 3, False, None],
        [123456789012345, "Q", 5, None, 1e-7, None, "x"],
    ]
    ingest(write("a.xlsx", xlsx({"S": rows})))
    first, second, third = (traces()[name] for name in ("17", "a-2", "123456789012345"))
    assert (first.input, first.output) == ("Line one\nline two", " kept ")
    assert first.started_at.isoformat() == "2026-02-16T12:00:00"
    assert first.metadata["score"] == "0.1"
    assert first.metadata["ok"] == "true"
    assert "note" not in first.metadata or first.metadata["note"] in ("", None)
    assert [message["content"] for message in second.messages] == ["Hi", "Yo", "B"]
    assert second.started_at.microsecond == 501_000
    assert second.metadata["score"] == "3"
    assert (third.output, third.metadata["score"]) == ("5", "0.0000001")


def test_every_sheet_with_a_table(ingest, write, traces, rejects):
    book = xlsx(
        {
            "May": PLAIN,
            "June": [["prompt", "response", "id"], ["P", "R", "x"]],
            "Legend": [["code", "meaning"], ["A", "good"]],
            "Notes": [["Made by Mira"], ["for Tom"]],
            "Nothing": [],
            "Secret": [["question", "answer"], ["hidden", "x"]],
        },
        hidden={"Secret"},
    )
    path = write("a.xlsx", book)
    report = ingest(path)
    assert (report.new, report.rejected) == (3, 1)
    assert report.skipped == {"sheet without a table": 2, "hidden sheet": 1}
    assert traces()["x"].source == f"{path}/June"
    [(file, _, reason)] = rejects()
    assert (file, "no shape that is known" in reason) == ("Legend", True)


def test_rows_are_counted_as_excel_does(ingest, write, rejects, traces):
    rows = [
        [],
        ["Conversations in May"],
        [],
        [None, "question", "answer", None, "date"],
        [None, "Q", "A", "beside", "2026-05-01"],
        [],
        [None, "Q2", "B", None, "x", "too far right"],
        [None, None, None, "nothing said"],
    ]
    report = ingest(write("a.xlsx", xlsx({"S": rows})))
    assert (report.new, report.rejected) == (1, 2)
    found = [(line, reason[:27]) for _, line, reason in rejects()]
    assert found == [
        (7, "6 cells under 5 column name"),
        (8, "nothing was asked in 'quest"),
    ]
    [trace] = traces().values()
    assert trace.metadata["column 4"] == "beside"
    assert trace.started_at is not None


def test_one_column_of_conversations(ingest, write, traces):
    calls = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]
    rows = [["messages"], [json.dumps(calls)], [repr(calls[:1])]]
    report = ingest(write("a.xlsx", xlsx({"S": rows})))
    assert (report.new, report.format) == (2, "chat")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (xlsx({"S": []}), "no sheet with a table"),
        (xlsx({"S": [["question", "answer"]]}), "holds no records"),
        (xlsx({"S": [["answer", "answer"], ["a", "b"]]}), "more than one column"),
        (xlsx({"S": PLAIN})[:-40], "starts like a zip archive"),
        (xls(PLAIN)[:600], "is a workbook that cannot be read.*xlsx or CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "cannot be read"),
    ],
    ids=range(6),
)
def test_workbooks_that_hold_nothing(ingest, write, unchanged, content, says):
    with pytest.raises(IngestError, match=says):
        ingest(write("a.xlsx", content))
    unchanged()
