"""What feedback says: badges, filters and hunts read the same words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fakes import chat

import erroranalysis as ea
from erroranalysis.feedback import thumb
from erroranalysis.records import Feedback, Trace
from erroranalysis.render import render_trace

UP = [
    ("thumbs", "up"), ("thumbs", "Thumbs-Up "), ("tone", "positive"), ("any", "liked"),
    ("helpful", "yes"), ("user_feedback", "true"), ("like", 1), ("thumbs", "👍🏽"),
]  # fmt: skip
DOWN = [
    ("thumbs", "down"), ("reaction", "thumbs_down"), ("sentiment", "Negative"),
    ("any", "disliked"), ("any", "not helpful"), ("any", "unhelpful"), ("thumb", 0),
    ("like", "false"), ("was_it_helpful", "No"), ("userFeedback", -1), ("any", "👎"),
]  # fmt: skip
# an answer is a thumb only where that was the question; a score is a score
NEITHER = [
    ("contains_pii", "no"), ("hallucination", "false"), ("likelihood", 0.5),
    ("unhelpful", "yes"), ("model", "ups"), ("thumbs", "sideways"), ("dislikes", 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "expected"),
    [*((one, "up") for one in UP), *((one, "down") for one in DOWN),
     *((one, None) for one in NEITHER)],
)  # fmt: skip
def test_a_badge_is_good_or_bad_as_the_words_say(
    said: tuple[str, Any], expected: str | None
) -> None:
    name, value = said
    item = (
        Feedback(name, value)
        if isinstance(value, str)
        else Feedback(name, number=float(value))
    )
    assert thumb(item.name, item.value, item.number) == expected
    page = render_trace(
        Trace("t1", [{"role": "user", "content": "Hi"}], feedback=(item,))
    )
    kinds = re.findall(r'class="ea-badge ea-(good|bad)"', page)
    assert kinds == {"up": ["good"], "down": ["bad"], None: []}[expected]


def test_filters_and_hunts_read_the_same_words(project: ea.Project) -> None:
    groups = {"up": UP, "down": DOWN, "neither": NEITHER}
    project.ingest(
        [
            chat(
                f"{kind}-{n}",
                f"{kind} {n}",
                "a",
                feedback=[{"name": name, "value": said}],
            )
            for kind, group in groups.items()
            for n, (name, said) in enumerate(group)
        ],
        progress=False,
    )
    names = {kind: [f"{kind}-{n}" for n in range(len(groups[kind]))] for kind in groups}
    queue = project.queue(
        [one for kind in groups for one in names[kind]], annotator="mira"
    )
    for kind, filtered in (("up", "positive"), ("down", "negative")):
        assert [one.trace_id for one in queue.find(feedback=filtered)] == names[kind]
    hunted = project.sample(50, by="feedback", seed=1)
    assert sorted(hunted.trace_ids) == sorted(names["down"])
