"""Spoken runs of tau2-bench: ticks of a fifth of a second become turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from erroranalysis.ingest.messages import kind, normalise
from erroranalysis.ingest.reader import BadRecord
from erroranalysis.ingest.values import as_nanoseconds, as_text
from erroranalysis.records import Message, Span

_SIDES = (("agent", "assistant"), ("user", "user"))
_QUIET = {None, "wait", "keep_talking"}  # actions that say no more than the speech


@dataclass
class _Turn:
    """What one side says before the other one starts."""

    role: str
    first: int
    last: int
    began: int | None
    ended: int | None
    texts: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def say(self, chunk: Mapping[str, Any]) -> None:
        """Add the words of a chunk; another utterance starts after a blank."""
        text = as_text(chunk.get("content")) or ""
        ids = {str(one) for one in chunk.get("utterance_ids") or ()}
        if text:
            if self.texts and ids and self.ids and ids.isdisjoint(self.ids):
                self.texts.append(" ")
            self.texts.append(text)
            self.ids = ids


def spoken(ticks: list[Any]) -> tuple[list[Message], list[Span]]:
    """Return the turns of a spoken run, as messages and as spans.

    Both sides may speak at once; turns stand in the order in which they start. Where
    a file holds no words, a turn has none either, but the ticks of its sound.

    Parameters
    ----------
    ticks : list
        Ticks with ``agent_chunk`` and ``user_chunk``.

    Examples
    --------
    >>> tick = {"tick_id": 0, "agent_chunk": {"content": "Hello", "role": "assistant"}}
    >>> spoken([tick])[0]
    [{'role': 'assistant', 'content': 'Hello'}]
    """
    messages: list[Message] = []
    spans: list[Span] = []
    for entry in _entries(ticks):
        if isinstance(entry, _Turn):
            messages.append(_message(entry))
            spans.append(_span(entry, len(spans)))
        else:
            messages += normalise([entry])
    return messages, spans


def _entries(ticks: list[Any]) -> list[_Turn | dict[str, Any]]:
    """Return turns, calls of tools and their results in the order of their start."""
    out: list[_Turn | dict[str, Any]] = []
    speaking: dict[str, _Turn] = {}
    for place, tick in enumerate(ticks):
        if not isinstance(tick, Mapping):
            raise BadRecord(f"tick {place} is {kind(tick)}, not an object")
        for side, role in _SIDES:
            chunk = tick.get(f"{side}_chunk")
            turn = speaking.get(role)
            if isinstance(chunk, Mapping) and _is_speech(chunk):
                if turn is None or not _goes_on(out, turn, place):
                    now = as_nanoseconds(tick.get("timestamp"))
                    turn = _Turn(role, place, place, now, now)
                    speaking[role] = turn
                    out.append(turn)
                turn.last = place
                turn.ended = as_nanoseconds(tick.get("timestamp"))
                turn.say(chunk)
                turn.notes += _notes(chunk, place)
            out += _tools(tick, side, role)
    return out


def _goes_on(out: list[_Turn | dict[str, Any]], turn: _Turn, place: int) -> bool:
    """Whether nothing began since a turn, or it spoke until a tick ago."""
    return out[-1] is turn or turn.last >= place - 1


def _is_speech(chunk: Mapping[str, Any]) -> bool:
    said = chunk.get("contains_speech")
    return bool(chunk.get("content")) or said is True


def _notes(chunk: Mapping[str, Any], place: int) -> Iterator[dict[str, Any]]:
    """Yield the effects and actions of a chunk that tell more than its speech."""
    action = chunk.get("turn_taking_action")
    told = {
        name: chunk[name]
        for name in ("source_effects", "audio_path")
        if chunk.get(name)
    }
    if isinstance(action, Mapping) and action.get("action") not in _QUIET:
        told["turn_taking_action"] = action
    if told:
        yield {"tick": place, **told}


def _tools(tick: Mapping[str, Any], side: str, role: str) -> list[dict[str, Any]]:
    calls = tick.get(f"{side}_tool_calls")
    out: list[dict[str, Any]] = []
    if calls:
        out.append({"role": role, "content": "", "tool_calls": calls})
    for result in tick.get(f"{side}_tool_results") or ():
        if isinstance(result, Mapping):
            text = as_text(result.get("content")) or ""
            known = {"role": "tool", "content": text}
            out.append({**known, "tool_call_id": result.get("id")})
    return out


def _message(turn: _Turn) -> Message:
    text = "".join(turn.texts).strip()
    message: Message = {"role": turn.role, "content": text}
    if not text:
        ref = f"ticks {turn.first} to {turn.last}"
        message["attachments"] = [{"type": "audio", "ref": ref}]
    return message


def _span(turn: _Turn, place: int) -> Span:
    attributes: dict[str, Any] = {"ticks": [turn.first, turn.last]}
    if turn.notes:
        attributes["notes"] = turn.notes
    return Span(
        "", f"turn {place}", None, "turn", turn.role, turn.began, turn.ended,
        attributes=attributes,
    )  # fmt: skip
