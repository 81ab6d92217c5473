"""A trace as HTML: what of it is shown, and what is left for later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from erroranalysis.render.custom import shown_by
from erroranalysis.render.facts import facts
from erroranalysis.render.links import linked
from erroranalysis.render.messages import Messages, note
from erroranalysis.render.safe import sanitised
from erroranalysis.render.spans import steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from erroranalysis.records import Trace


class Plan(NamedTuple):
    """How much of a long trace is shown at once.

    Of more than ``most`` messages the ``first`` and the ``last`` ones; bytes of HTML
    that the last may take, and the first with them.
    """

    most: int
    first: int
    last: int
    last_bytes: int
    bytes: int


# What is not shown at once is folded and shortened, or can be asked for.
ONCE = Plan(500, 100, 300, 300_000, 600_000)
LAZY = Plan(300, 60, 120, 150_000, 300_000)
# Bytes of the messages in between, shortened.
MIDDLE_BYTES = 420_000
# A single text; it is cut further where escaping makes it too long.
LONGEST_TEXT = 200_000
# A part that is asked for later.
PART_MESSAGES, PART_BYTES, PART_MEDIA = 100, 180_000, 200_000
SHORTEST_BRIEF, LONGEST_BRIEF, FRAME_OF_BRIEF = 30, 1_000, 110


def render_trace(
    trace: Trace,
    *,
    lazy: bool = False,
    same_prompt: int = 0,
    custom: Callable[[Trace], object] | None = None,
) -> str:
    """Return a trace as HTML that is safe to show.

    It needs :data:`~erroranalysis.render.STYLE`. Every message is an ``article`` with
    its place in ``data-index`` and its role in ``data-role``; the last answer has
    ``data-answer``. Where the trace has spans, they stand beside it in a ``nav``, one
    ``li`` each with its id in ``data-span`` and the places of its messages in
    ``data-messages``; these messages name the span in their ``data-span``.

    Parameters
    ----------
    trace : Trace
        The trace.
    lazy : bool, default False
        Of a very long trace leave out the middle. In its place stand empty
        ``div.ea-more`` with ``data-from`` and ``data-to``, for
        :func:`~erroranalysis.render.render_part`.
    same_prompt : int, default 0
        How many other traces have the same system prompt; the folded prompt says so.
    custom : callable, optional
        Takes the trace and returns what experts should see first: HTML, or blocks
        (:mod:`erroranalysis.render.blocks`). The conversation is folded below it.

    Returns
    -------
    str
        One ``section`` of HTML, well below 1.5 MB apart from pictures and recordings.

    Examples
    --------
    >>> from erroranalysis.records import Trace
    >>> page = render_trace(Trace("t1", [{"role": "user", "content": "<b>Hi</b>"}]))
    >>> "&lt;b&gt;Hi&lt;/b&gt;" in page, 'data-index="0"' in page
    (True, True)
    """
    links = linked(trace)
    messages = Messages(trace, links.spans, same_prompt)
    body = f'<div class="ea-messages">{_conversation(messages, lazy=lazy)}</div>'
    if trace.spans:
        body = f'<div class="ea-columns">{steps(trace, links)}{body}</div>'
    if custom is not None:
        shown, complete = shown_by(custom, trace)
        state = "" if complete else " open"
        body = (
            f'{shown}<details class="ea-fold ea-whole"{state}><summary>the whole'
            f" conversation</summary>{body}</details>"
        )
    return sanitised(f'<section class="ea-trace">{facts(trace)}{body}</section>')


def render_part(trace: Trace, start: int, stop: int) -> str:
    """Return messages of a trace as HTML that is safe to show, below 400 kB.

    What does not fit is named in another ``div.ea-more``.

    Parameters
    ----------
    trace : Trace
        The trace.
    start, stop : int
        The first message, and the one after the last.

    Examples
    --------
    >>> from erroranalysis.records import Trace
    >>> talk = [{"role": "user", "content": f"No. {i}"} for i in range(9)]
    >>> page = render_part(Trace("t1", talk), 3, 5)
    >>> page.count("<article"), 'data-index="4"' in page
    (2, True)
    """
    stop = min(stop, len(trace.messages))
    messages = Messages(trace, linked(trace).spans)
    messages.budget.media = PART_MEDIA
    out: list[str] = []
    size = 0
    for place in range(max(start, 0), stop):
        piece, more, _ = _fitted(messages, place, PART_BYTES, LONGEST_TEXT // 2)
        size += more
        if out and size > PART_BYTES:
            out.append(_placeholders(place, stop))
            break
        out.append(piece)
    return sanitised("".join(out))


def _conversation(messages: Messages, *, lazy: bool) -> str:
    """Return the last messages, the first ones, and what stands for those between."""
    plan = LAZY if lazy else ONCE
    count = len(messages.messages)
    is_long = count > plan.most
    size, last = 0, count
    ending: list[str] = []
    lowest = count - plan.last if is_long else 0
    while last > lowest and (size < plan.last_bytes or last in messages.answered):
        last -= 1
        piece, more, _ = _fitted(messages, last, plan.bytes - size, LONGEST_TEXT)
        ending.append(piece)
        size += more
    first = 0
    beginning: list[str] = []
    most = min(last, plan.first) if is_long else last
    while first < most and size < plan.bytes:
        piece, more, whole = _fitted(messages, first, plan.bytes - size, LONGEST_TEXT)
        if lazy and not whole:
            break  # it comes whole as soon as it is near
        beginning.append(piece)
        size += more
        first += 1
    between = ""
    if first < last:
        between = (_placeholders if lazy else _shortened_by(messages))(first, last)
    return "".join([*beginning, between, *reversed(ending)])


def _fitted(
    messages: Messages, place: int, most: int, longest: int
) -> tuple[str, int, bool]:
    """Return a message in at most so many bytes, how many, and whether it is whole.

    Media do not count.

    Escaping and colours make a text longer, so it may take another, shorter try.
    """
    given = messages.budget
    piece, size = "", 0
    for share in (1, 4, 16, 64, 256):
        tried = replace(given, longest=longest // share, left=min(given.left, longest))
        before = replace(tried)
        messages.budget = tried
        piece = messages.message(place)
        media = before.media - tried.media
        size = len(piece.encode()) - media
        given_left = given.left - (before.left - tried.left)
        if size <= most:
            break
    messages.budget = replace(tried, left=given_left, longest=given.longest)
    return piece, size, share == 1


def _placeholders(start: int, stop: int) -> str:
    out = ""
    for first in range(start, stop, PART_MESSAGES):
        last = min(first + PART_MESSAGES, stop)
        name = f"messages {first:,} to {last - 1:,}"
        if last - first == 1:
            name = f"message {first:,}"
        out += (
            f'<div class="ea-more" data-from="{first}" data-to="{last}" tabindex="0"'
            f' role="button">{name}</div>'
        )
    return out


def _shortened_by(messages: Messages) -> Callable[[int, int], str]:
    def between(start: int, stop: int) -> str:
        """Return messages in a line each, folded, as many as fit."""
        count = stop - start
        room = MIDDLE_BYTES // count - FRAME_OF_BRIEF
        most = min(max(room, SHORTEST_BRIEF), LONGEST_BRIEF)
        end = min(stop, start + MIDDLE_BYTES // (SHORTEST_BRIEF + FRAME_OF_BRIEF))
        middle = "".join(messages.brief(place, most) for place in range(start, end))
        if end < stop:
            middle += note(
                f"{stop - end:,} messages are left out here:"
                f" trace.messages[{end}:{stop}]."
            )
        return (
            f'<details class="ea-fold"><summary>{count:,} messages in between,'
            f" shortened</summary>{middle}</details>"
        )

    return between
