"""The baseline: a small text classifier that needs no key and no network.

It is the bar that a paid judge has to beat, and keeps the loop runnable without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from erroranalysis.classifier import TextClassifier, fit
from erroranalysis.prompts import conversation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from erroranalysis.records import Trace

NAME = "baseline: TF-IDF + logistic regression"


@dataclass(frozen=True)
class Opinion:
    """What the baseline says of a trace.

    Attributes
    ----------
    verdict : str
        ``pass`` or ``fail``.
    critique : str
        The words that weighed most, and the estimated chance of a failure.
    """

    verdict: str
    critique: str


def judge_by_text(
    train: Sequence[Trace], labels: Sequence[str], traces: Sequence[Trace]
) -> list[Opinion]:
    """Train on labelled traces and judge others.

    Parameters
    ----------
    train : sequence of Trace
        Traces of the train split.
    labels : sequence of str
        Their labels, ``pass`` or ``fail``; both must occur.
    traces : sequence of Trace
        What to judge.

    Returns
    -------
    list of Opinion
        One a trace. Fails are weighted up to the number of passes; it says fail about
        as often as the train traces fail.
    """
    import numpy as np

    if not traces:
        return []
    failed = np.array([label == "fail" for label in labels])
    trained = TextClassifier.train([_said(trace) for trace in train], failed)
    threshold = _threshold(trained.matrix, failed)
    asked = trained.rows([_said(trace) for trace in traces])
    chances = trained.chances(asked)
    names = trained.words.get_feature_names_out()
    opinions = []
    for row, chance in enumerate(chances):
        weights = asked[row].multiply(trained.model.coef_[0]).toarray()[0]
        says_fail = bool(chance >= threshold)
        order = np.argsort(-weights if says_fail else weights, kind="stable")[:3]
        why = ", ".join(repr(str(names[place])) for place in order)
        critique = f"chance of this failure {chance:.2f}; weighed most: {why}"
        opinions.append(Opinion("fail" if says_fail else "pass", critique))
    return opinions


def _threshold(matrix: Any, failed: Any) -> float:  # noqa: ANN401 - arrays
    """Return the chance from which to say fail.

    Every train trace is held out once; the threshold lets through as large a share of
    fails as the train traces hold. Choosing the threshold that separates them best
    would follow noise: there are often only three or four fails.
    """
    import numpy as np

    held_out = np.full(len(failed), 0.5)
    for place in range(len(failed)):
        rest = np.arange(len(failed)) != place
        if failed[rest].any() and not failed[rest].all():
            model = fit(matrix[rest], failed[rest])
            held_out[place] = model.predict_proba(matrix[place])[0, 1]
    return float(np.sort(held_out)[-int(failed.sum())])


def _said(trace: Trace) -> str:
    """Return what was said after the system prompt, which all traces share."""
    spoken = [message for message in trace.messages if message["role"] != "system"]
    return conversation(type(trace)(trace.id, spoken))
