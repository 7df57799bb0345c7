"""What every estimator does with its words' vectors: rows, queries, exports."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from sklearn_embed._core.typing import Documents, Float32Array
from sklearn_embed._estimators import queries
from sklearn_embed._estimators.coverage import warn_of_rows
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._vectors.document_rows import Pooler


class WordRowsMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """For estimators with `words_` and `vectors_`; stands left of `TextEstimator`."""

    if TYPE_CHECKING:  # scikit-learn's methods, which have no types
        vectors_: Float32Array

        def fit_transform(
            self, X: Documents, y: Any = None, **fit_params: Any
        ) -> Float32Array: ...

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X: Documents) -> Float32Array:
        """Return the mean of each document's word vectors.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_dimensions), float32
            A document without known words is a row of zeros.
        """
        fitted = snapshot(self)
        n_jobs = fitted._n_threads()
        rows = Pooler(fitted._lookup, fitted.vectors_, n_jobs=n_jobs).rows(X)
        warn_of_rows(rows, X)
        return rows

    to_word_vectors = queries.to_word_vectors
    to_keyed_vectors = queries.to_keyed_vectors
    to_frame = queries.to_frame
    most_similar = queries.most_similar
    similarity = queries.similarity

    @property
    def _n_features_out(self):
        return self.vectors_.shape[1]
