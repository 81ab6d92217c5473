"""Preference data: one question, the answer that was preferred and the one refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from erroranalysis.ingest.facts import facts, find, identity, metadata
from erroranalysis.ingest.messages import normalise
from erroranalysis.ingest.reader import BadRecord, Context, Reader, single
from erroranalysis.ingest.utterances import conversation
from erroranalysis.ingest.values import as_number, as_text, unwrap
from erroranalysis.records import Feedback, Message, Trace

_PAIRS = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"))
_PROMPTS = ("prompt", "question", "instruction", "input", "query", "messages")
_SYSTEM = ("system", "system_prompt")
_SCORES = ("score_chosen", "score_rejected", "chosen_score", "rejected_score")


def _detects(record: Mapping[str, Any]) -> bool:
    return _pair(record) is not None


def _pair(record: Mapping[str, Any]) -> tuple[str, str] | None:
    for chosen, rejected in _PAIRS:
        if record.get(chosen) is not None and rejected in record:
            return chosen, rejected
    return None


def _to_trace(record: Mapping[str, Any], context: Context) -> Trace:
    pair = _pair(record)
    if pair is None:
        there = ", ".join(map(str, record)) or "nothing"
        raise BadRecord(f"no chosen and rejected answer; the record has {there}")
    asked_in = next((name for name in _PROMPTS if record.get(name)), None)
    asked = unwrap(record[asked_in]) if asked_in else []
    used = {*pair, asked_in or ""}
    # the request of a fine-tuning file: messages, and the tools that were there
    request: Mapping[str, Any] = {}
    if isinstance(asked, Mapping) and isinstance(asked.get("messages"), list):
        request, asked = asked, asked["messages"]
    before = _messages(asked, "user")
    answer = _messages(record[pair[0]], "assistant")
    if asked_in == "messages" and before == answer:
        before = []  # some sets repeat the chosen conversation there
    messages = _joined(before, answer)
    if not answer:
        raise BadRecord(f"{pair[0]!r} holds no answer; the row has nothing to read")
    shared = list(messages)
    for name in _SYSTEM:
        text = as_text(record.get(name))
        if messages[0]["role"] != "system" and text:
            messages.insert(0, {"role": "system", "content": text})
            used.add(name)
    at = find({k: v for k, v in record.items() if k not in used}, context.columns)
    known = facts(record, at)
    known["feedback"] = (*known["feedback"], *_scores(record))
    rest = metadata(record, at, known, used)
    refused = _messages(record[pair[1]], "assistant")
    if refused:
        rest["rejected"] = _said(refused, shared)
    rest |= {name: value for name, value in request.items() if name != "messages"}
    return Trace(
        id=identity(record, at, known, messages, "p_"),
        messages=messages,
        metadata=rest,
        **known,
    )


def _messages(value: object, speaker: str) -> list[Message]:
    """Return the messages of a prompt or an answer, which may be text."""
    value = unwrap(value)
    if isinstance(value, list):
        if not value:
            return []
        if all(isinstance(item, str) for item in value):
            return [{"role": speaker, "content": "\n\n".join(value)}]
        return normalise(value)
    if isinstance(value, Mapping):
        side = "user" if speaker == "user" else "assistant"
        found = conversation(value, side)  # type: ignore[arg-type]
        if found is None:
            raise BadRecord(f"neither text nor messages: an object with {list(value)}")
        return found
    text = as_text(value)
    if not text:
        return []
    return _turns(text) or [{"role": speaker, "content": text}]


def _turns(text: str) -> list[Message]:
    """Return the turns of a text in which people and the model are named."""
    if not text.lstrip().startswith("Human:") or "\n\nAssistant:" not in text:
        return []
    out: list[Message] = []
    for turn in ("\n\n" + text.lstrip()).split("\n\nHuman:")[1:]:
        asked, *answers = turn.split("\n\nAssistant:")
        out.append({"role": "user", "content": asked.strip()})
        out += [{"role": "assistant", "content": said.strip()} for said in answers]
    return out


def _joined(before: list[Message], answer: list[Message]) -> list[Message]:
    """Join the two, where the answer is not the whole conversation already."""
    has_question = any(message["role"] == "user" for message in answer)
    starts_same = before and answer[: len(before)] == before
    if has_question and (starts_same or len(before) <= 1):
        return answer
    return before + answer


def _said(refused: list[Message], chosen: list[Message]) -> object:
    """Return the refused answer: its text, or its messages where it has more."""
    same = 0
    for one, other in zip(refused, chosen, strict=False):
        if one != other:
            break
        same += 1
    own = refused[same:] or refused
    if len(own) == 1 and set(own[0]) == {"role", "content"}:
        return own[0]["content"]
    return own


def _scores(record: Mapping[str, Any]) -> list[Feedback]:
    return [
        Feedback(name, as_text(record[name]), number, None, "dataset")
        for name in _SCORES
        if (number := as_number(record.get(name))) is not None
    ]


READER = Reader(
    "preference",
    "preference data (prompt, chosen, rejected)",
    _detects,
    single(_to_trace),
)
