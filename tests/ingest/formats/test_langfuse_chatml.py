"""Our messages beside those that Langfuse's own reading of frameworks gives.

For 15 traces there is a snapshot of what Langfuse makes of input and output of their
observations. It is no truth: of some it makes nothing, of others it keeps what no one
said. So its shape is mapped to ours by a few stated rules, and what still differs has
its reason in ``OTHERWISE``.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from erroranalysis.ingest.utterances import conversation

pytestmark = pytest.mark.shared_data
ROLES = {"model": "assistant", "human": "user", "ai": "assistant"}
# Observation and side: what we read otherwise on purpose.
CALLS_IN_TEXT = "Koog writes calls as the text of messages: they are calls"
TOOL_AS_ROLE = "the name of a tool stands for a role: it is the result of its call"
NAMED = "a result keeps the name of its tool"
OTHERWISE = {
    ("koog-2025-08-26", "e44e72cf2d221781", "input"): CALLS_IN_TEXT,
    ("koog-2025-08-26", "042f9350c3729147", "output"): CALLS_IN_TEXT,
    ("langgraph-js-2025-10-30", "0856a1825ccee968", "input"): TOOL_AS_ROLE,
    ("pydantic-ai-tools-2025-12-04", "00d2804abb764b1b", "input"): NAMED,
    ("pydantic-ai-tools-2025-12-04", "8976b072313c51f2", "input"): NAMED,
}


def parts_said(content):
    """Text and tool calls of a content that the snapshot leaves in parts."""
    texts = [part["text"] for part in content if part.get("type") == "text"]
    calls = [
        {"id": part["id"], "name": part["name"], "arguments": part["input"]}
        for part in content
        if part.get("type") == "tool_use"
    ]
    return "\n\n".join(texts), calls


def mapped(message):
    """A message of the snapshot in our shape, or None where it names no speaker.

    Left out: ``tools`` (definitions of tools), ``json`` (what is not part of ChatML)
    and ``type``. Arguments are objects, a missing text is an empty one, parts are
    joined, and a message inside of ``json`` is taken out of it.
    """
    inner = message.get("json") or {}
    if "role" not in message and isinstance(inner.get("message"), dict):
        return mapped(inner["message"])
    if "role" not in message:
        return None
    content = message.get("content", inner.get("text"))
    calls = [
        {
            "id": call["id"],
            "name": call["name"],
            "arguments": json.loads(call["arguments"]),
        }
        for call in message.get("tool_calls", ())
    ]
    if isinstance(content, list) and all("type" in part for part in content):
        content, more = parts_said(content)
        calls += more
    elif isinstance(content, list):  # the result of a tool, which it parsed
        content = json.dumps(content)
    role = message["role"]
    out = {"role": ROLES.get(role, role), "content": content or ""}
    if calls:
        out["tool_calls"] = calls
    for name in ("tool_call_id", "name"):
        if message.get(name):
            out[name] = message[name]
    return out


def cases(folder):
    """Yield place, our messages and the snapshot's for every side that has any."""
    for path in sorted(folder.glob("*.chatml.json")):
        beside = path.with_name(path.name.replace("chatml", "trace"))
        source = json.loads(beside.read_text())
        observations = {one["id"]: one for one in source["observations"]}
        for number, sides in json.loads(path.read_text()).items():
            for side, told in sides.items():
                raw = observations[number][side]
                speaker = "user" if side == "input" else "assistant"
                place = (path.name.split(".")[0], number, side)
                yield place, conversation(raw, speaker), told


def compared(folder):
    """Return what became of each side, and the places that differ."""
    fates, differing = Counter(), {}
    for place, ours, told in cases(folder):
        expected = [mapped(one) for one in told.get("data", ())]
        if not told["success"] or None in expected or not expected:
            fates["no expectation, read" if ours else "no expectation"] += 1
            continue
        fates["expected"] += 1
        if ours == expected:
            fates["exact"] += 1
        else:
            differing[place] = (ours, expected)
        words = [(m["role"], m["content"]) for m in ours or ()]
        if words == [(m["role"], m["content"]) for m in expected]:
            fates["role and text"] += 1
    return fates, differing


@pytest.fixture
def comparison(shared_data):
    return compared(shared_data / "formats" / "langfuse")


def test_most_messages_are_the_very_same(comparison):
    fates, _ = comparison
    assert fates["expected"] == 75
    assert fates["exact"] >= 70
    assert fates["role and text"] >= 72


def test_what_differs_has_a_reason(comparison):
    _, differing = comparison
    assert set(differing) <= set(OTHERWISE)


def test_more_is_read_than_the_snapshot_has(comparison):
    fates, _ = comparison
    assert fates["no expectation, read"] >= 34


def test_only_names_of_tools_and_calls_are_more(comparison):
    """Where only names differ, nothing else does; Koog's calls keep their words."""
    _, differing = comparison
    for place, (ours, expected) in differing.items():
        if OTHERWISE[place] == NAMED:
            bare = [{k: v for k, v in m.items() if k != "name"} for m in ours]
            assert bare == expected
        elif OTHERWISE[place] == TOOL_AS_ROLE:
            assert [m["content"] for m in ours] == [m["content"] for m in expected]
            assert (ours[-1]["role"], ours[-1]["name"]) == ("tool", "get_weather")
            assert ours[-1]["tool_call_id"] == ours[1]["tool_calls"][0]["id"]
        else:
            told = [m["content"] for m in expected if m["content"].startswith("[{")]
            written = [json.loads(text)[0] for text in told]
            calls = [call for m in ours for call in m.get("tool_calls", ())]
            assert [call["id"] for call in calls] == [one["id"] for one in written]
            assert [call["name"] for call in calls] == [
                one["function"]["name"] for one in written
            ]
