"""Coverage: a few traces from every region of what people ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from erroranalysis.clustering import embed
from erroranalysis.sampling.draws import Drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

# Enough to see a region as one, and few enough that n reaches many regions.
_FROM_EACH = 4
_MOST_REGIONS = 50
_CLUSTERS = 8


@dataclass(frozen=True)
class Region:
    """Texts that are alike: their ids, the most typical first, and what names them."""

    name: str
    members: tuple[str, ...]


def regions(texts: Mapping[str, str], count: int, *, seed: int) -> list[Region]:
    """Group texts by their words.

    Parameters
    ----------
    texts : mapping of str to str
        What was said, by trace.
    count : int
        How many regions; fewer where there are fewer different texts.
    seed : int
        Seed of the clustering.

    Returns
    -------
    list of Region
        The largest first, named by their most typical words.

    Examples
    --------
    >>> [region.members for region in regions({"t1": "late", "t2": "late"}, 3, seed=0)]
    [('t1', 't2')]
    """
    ids = sorted(texts)
    count = max(1, min(count, len(set(texts.values()))))
    if count == 1:
        return [Region("all alike", tuple(ids))] if ids else []
    from sklearn.cluster import KMeans

    said = [texts[name] for name in ids]
    vectors = embed(said, seed=seed)
    fitted = KMeans(count, n_init=1, random_state=seed % 2**32).fit(vectors)
    distances = fitted.transform(vectors)
    found = []
    for number in range(count):
        members = [i for i, label in enumerate(fitted.labels_) if label == number]
        if members:
            typical = distances[members, number].argsort(kind="stable")
            found.append([members[i] for i in typical])
    found.sort(key=lambda members: (-len(members), members))
    names = _names(said, found)
    return [
        Region(name, tuple(ids[i] for i in members))
        for name, members in zip(names, found, strict=True)
    ]


def clusters(texts: Mapping[str, str], *, seed: int) -> dict[str, str]:
    """Return the cluster of every trace, as a stratum; at most eight.

    Examples
    --------
    >>> clusters({"t1": "late again", "t2": "late again"}, seed=0)
    {'t1': 'all alike', 't2': 'all alike'}
    """
    count = max(1, min(_CLUSTERS, len(texts) // 10))
    return {
        trace_id: region.name
        for region in regions(texts, count, seed=seed)
        for trace_id in region.members
    }


def cover(texts: Mapping[str, str], n: int, *, seed: int) -> list[Drawn]:
    """Choose a few traces from every region: the most typical, then the ones between.

    Examples
    --------
    >>> chosen = cover({"t1": "late", "t2": "rude", "t3": "late"}, 2, seed=0)
    >>> [item.inclusion_probability for item in chosen]
    [None, None]
    """
    found = regions(texts, min(_MOST_REGIONS, -(-n // _FROM_EACH)), seed=seed)
    left = [(region.name, _spread(region.members, n)) for region in found]
    chosen: list[Drawn] = []
    for turn in range(max((len(ids) for _, ids in left), default=0)):
        chosen += [
            Drawn(ids[turn], f"about {name}", None)
            for name, ids in left
            if turn < len(ids)
        ]
        if len(chosen) >= n:
            break
    return chosen[:n]


def _spread(members: Sequence[str], n: int) -> list[str]:
    """Order members so that any first few reach from the typical to the odd."""
    places: dict[int, None] = {}
    last = len(members) - 1
    step = 1
    while len(places) < min(n, len(members)):
        for part in range(step + 1):
            places[round(last * part / step)] = None
        step *= 2
    return [members[place] for place in places][:n]


def _names(said: Sequence[str], found: Sequence[Sequence[int]]) -> list[str]:
    """Name every group by the two words that set it apart, no two groups alike."""
    words, matrix = _words(said)
    names: list[str] = []
    everywhere = matrix.mean(axis=0)
    for number, members in enumerate(found, 1):
        apart = matrix[members].mean(axis=0) - everywhere
        best = apart.argsort(kind="stable")[::-1][:2]
        name = ", ".join(words[place] for place in best if apart[place] > 0)
        name = name or f"group {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return names


def _words(said: Sequence[str]) -> tuple[list[str], np.ndarray]:
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer

    longer = r"\b\w{4,}\b"  # the stop words of other languages are short
    counter = CountVectorizer(
        binary=True, stop_words="english", token_pattern=longer,
        max_features=1000, dtype=np.float32,
    )  # fmt: skip
    try:
        matrix = counter.fit_transform(said).toarray()
    except ValueError:  # nothing but stop words
        return [""], np.zeros((len(said), 1))
    return list(counter.get_feature_names_out()), matrix
