"""A small text classifier that needs no key and no network.

What the baseline judge says, and what a sample of unsure traces rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


@dataclass(frozen=True)
class TextClassifier:
    """TF-IDF and logistic regression, as they came out of training.

    Attributes
    ----------
    words : Any
        The vectorizer.
    model : Any
        The regression; its second class is "fails".
    matrix : Any
        The rows it was trained on.
    """

    words: Any
    model: Any
    matrix: Any

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        failed: Sequence[bool] | np.ndarray,
        *,
        least: int = 2,
    ) -> TextClassifier:
        """Train on texts; fails are weighted up to the number of passes.

        Parameters
        ----------
        texts : sequence of str
            What was said, one a trace.
        failed : sequence of bool
            Whether the trace fails; both must occur.
        least : int, default 2
            In how many texts a word has to occur.

        Examples
        --------
        >>> texts = ["late again", "so late", "all fine", "fine, thanks"]
        >>> trained = TextClassifier.train(texts, [True, True, False, False])
        >>> rows = trained.rows(["late", "fine"])
        >>> [round(chance) for chance in trained.chances(rows)]
        [1, 0]
        """
        import numpy as np
        from sklearn.feature_extraction.text import TfidfVectorizer

        words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=least)
        matrix = words.fit_transform(texts)
        return cls(words, fit(matrix, np.array(failed)), matrix)

    def rows(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - a sparse matrix
        """Return the features of texts."""
        return self.words.transform(texts)

    def chances(self, rows: Any) -> np.ndarray:  # noqa: ANN401 - a sparse matrix
        """Return the chance that each row fails, were passes and fails equally many."""
        chances: np.ndarray = self.model.predict_proba(rows)[:, 1]
        return chances


def fit(rows: Any, failed: Any) -> Any:  # noqa: ANN401 - arrays
    """Fit the regression alone, on features that are there already."""
    from sklearn.linear_model import LogisticRegression

    # lbfgs starts threads for a few hundred numbers, and a busy machine waits for them
    return LogisticRegression(
        class_weight="balanced", C=10.0, solver="liblinear", random_state=0
    ).fit(rows, failed)
