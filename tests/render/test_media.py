"""Pictures and recordings that a trace holds itself, and those it only names."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pages import Page, show

from erroranalysis.ingest.messages import normalise
from erroranalysis.records import Trace
from erroranalysis.render import render_part, render_trace

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(30)).decode()
WAV = base64.b64encode(b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(30)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(30)).decode()


def attached(*refs: Any, kind: str = "image") -> Trace:
    items = [{"type": kind, "ref": ref} for ref in refs]
    return Trace("t1", [{"role": "user", "content": "", "attachments": items}])


@pytest.mark.parametrize(
    ("ref", "tag", "src"),
    [
        (f"data:image/png;base64,{PNG}", "img", f"data:image/png;base64,{PNG}"),
        (f"data:image/webp;base64,{PNG}", "img", f"data:image/webp;base64,{PNG}"),
        (f"data:image/jpg;base64,{JPEG}", "img", f"data:image/jpeg;base64,{JPEG}"),
        (f"data:audio/mp3;base64,{WAV}", "audio", f"data:audio/mpeg;base64,{WAV}"),
        (
            f"data:audio/webm;codecs=opus;base64,{WAV}",
            "audio",
            f"data:audio/webm;base64,{WAV}",
        ),
        # many sources give the bytes alone
        (PNG, "img", f"data:image/png;base64,{PNG}"),
        (JPEG, "img", f"data:image/jpeg;base64,{JPEG}"),
        (WAV, "audio", f"data:audio/wav;base64,{WAV}"),
    ],
)
def test_what_the_trace_holds_is_shown(ref: str, tag: str, src: str) -> None:
    (found,) = show(attached(ref)).named(tag)
    assert found["src"] == src
    assert ("controls" in found) == (tag == "audio")


@pytest.mark.parametrize(
    "ref",
    [
        "https://cdn.example/a.png",
        "//cdn.example/a.png",
        "/files/a.png",
        "file-123",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:text/html;base64,PHN2Zy8+",
        "data:application/pdf;base64,JVBERi0=",
        "data:image/png,abc",
        "data:image/png;base64,not base64",
        "data:image/png;base64,AAAA' onerror='x",
        None,
    ],
)
def test_everything_else_is_named_and_not_loaded(ref: str | None) -> None:
    page = show(attached(ref))
    assert not page.named("img")
    assert "not loaded]" in page.text
    assert (ref or "") in page.text


def test_pictures_of_the_real_shapes_are_shown() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    parts = [
        {"type": "image", "source": source},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}},
    ]
    page = show(Trace("t1", normalise([{"role": "user", "content": parts}])))
    assert len(page.named("img")) == 3
    assert len(page.named("audio")) == 1


def test_a_tool_result_can_hold_a_picture() -> None:
    result = {
        "role": "tool",
        "content": "",
        "attachments": [{"type": "image", "ref": PNG}],
    }
    call = {"role": "assistant", "tool_calls": [{"name": "screenshot"}]}
    assert len(show(Trace("t1", [call, result])).named("img")) == 1


def test_a_page_holds_two_megabytes_and_says_how_to_get_at_the_rest() -> None:
    large = PNG[:40] + "A" * 900_000
    trace = attached(*[f"data:image/png;base64,{large}"] * 4)
    rendered = render_trace(trace)
    assert len(rendered) < 2_100_000
    page = Page(rendered)
    assert len(page.named("img")) == 2
    assert "image/png, 675 kB, not shown here]" in page.text
    assert 'trace.messages[0]["attachments"][3]["ref"]' in page.text
    assert len(render_part(trace, 0, 1)) < 400_000
