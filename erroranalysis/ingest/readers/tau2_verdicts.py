"""What tau2-bench says about the quality of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from erroranalysis.ingest.values import as_number, as_text
from erroranalysis.records import Feedback

# list of checks: what is checked, whether it held, who judged, and why
_CHECKS = {
    "nl_assertions": ("nl_assertion", "met", "judge", "justification"),
    "communicate_checks": ("info", "met", "environment", "justification"),
    "env_assertions": ("env_assertion", "met", "environment", None),
    "action_checks": ("action", "action_match", "environment", None),
}


def verdicts(run: Mapping[str, Any]) -> tuple[Feedback, ...]:
    """Return the reward, the checks behind it and the errors a review found.

    Examples
    --------
    >>> verdicts({"reward_info": {"reward": 1.0}})[0].number
    1.0
    """
    found = [*_rewards(run.get("reward_info")), *_review(run.get("review"), "review")]
    found += _review(run.get("user_only_review"), "user_only_review")
    return tuple(found)


def _rewards(info: object) -> Iterator[Feedback]:
    if not isinstance(info, Mapping):
        return
    reward = as_number(info.get("reward"))
    if reward is not None:
        yield Feedback("reward", as_text(reward), reward, None, "environment")
    parts = info.get("reward_breakdown")
    for name, value in parts.items() if isinstance(parts, Mapping) else ():
        number = as_number(value)
        yield Feedback(f"reward {name}", as_text(value), number, None, "environment")
    database = info.get("db_check")
    if isinstance(database, Mapping) and "db_match" in database:
        yield _held("db_check", database["db_match"], None, "environment")
    for name, (what, held, origin, why) in _CHECKS.items():
        for check in _objects(info.get(name)):
            said = _words(check.get(what))
            reason = as_text(check.get(why)) if why else None
            comment = f"{said}: {reason}" if said and reason else said or reason
            yield _held(name, check.get(held), comment, origin)


def _objects(value: object) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Mapping)]


def _held(name: str, value: object, comment: str | None, origin: str) -> Feedback:
    number = as_number(value) if isinstance(value, bool) else None
    return Feedback(name, as_text(value), number, comment, origin)


def _words(checked: object) -> str | None:
    """Return what was checked; of an action its name and arguments."""
    if isinstance(checked, Mapping) and checked.get("name"):
        return f"{checked['name']} {as_text(checked.get('arguments')) or ''}".strip()
    return as_text(checked)


def _review(review: object, name: str) -> Iterator[Feedback]:
    if not isinstance(review, Mapping):
        return
    for error in _objects(review.get("errors")):
        turn = error.get("turn_idx")
        where = f"turn {turn}" if turn is not None else _ticks(error)
        tags = error.get("error_tags")
        about = [
            as_text(error.get("source")),
            as_text(error.get("error_type")),
            ", ".join(map(str, tags)) if isinstance(tags, list) else None,
        ]
        words = [where, *about, as_text(error.get("reasoning"))]
        comment = "; ".join(word for word in words if word)
        severity = as_text(error.get("severity")) or as_text(error.get("error_type"))
        yield Feedback(name, severity, None, comment or None, "judge")


def _ticks(error: Mapping[str, Any]) -> str | None:
    if error.get("tick_start") is None:
        return None
    return f"ticks {error['tick_start']} to {error.get('tick_end')}"
