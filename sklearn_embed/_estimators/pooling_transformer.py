"""What turns documents into rows by pooling vectors: fit, transform, files."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_consistent_length

from sklearn_embed._core.typing import Documents, Float32Array
from sklearn_embed._estimators.base import (
    COUNT,
    Integral,
    Interval,
    StrOptions,
    TextEstimator,
    _fit_context,
    at_least,
)
from sklearn_embed._estimators.callbacks import CallbackSupportMixin, with_callbacks
from sklearn_embed._estimators.convergence import warn
from sklearn_embed._estimators.coverage import warn_of_documents, warn_of_rows
from sklearn_embed._estimators.embedding import (
    fitted,
    is_normalized,
    is_unfitted,
    lookup_of,
    pooled_of,
    refuse_inner,
    refuse_words,
    settings_of,
    text_options,
)
from sklearn_embed._estimators.labels import checked_labels
from sklearn_embed._estimators.loading import check_rows, make_record
from sklearn_embed._estimators.snapshot import publish, snapshot
from sklearn_embed._estimators.unlabeled import further_texts
from sklearn_embed._models.checks import check_matrix
from sklearn_embed._text.piece_documents import cut_again
from sklearn_embed._text.tokens import TextOptions, stop_word_set
from sklearn_embed._vectors.pooled import checked_powers, learn
from sklearn_embed._vectors.pooling import PoolingSpec
from sklearn_embed._vectors.shift import LARGEST, shift
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import as_word_vectors

if TYPE_CHECKING:
    from typing_extensions import Self

#: Fields of a PoolingSpec that `fit` decides and a file holds.
_SPEC = ("kind", "by_number", "powers", "max_length")

#: The weights that are made of labels.
FROM_LABELS = "mutual_info"

FINITE = Interval(Real, 0, np.inf, closed="neither")


class PoolingTransformer(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    TextEstimator,
):
    """Base of `MeanPoolEmbedder`, which has the parameters and says what they mean."""

    _parameter_constraints: dict = {
        **TextEstimator._text_constraints,
        "embedding": "no_validation",
        "pooling": [StrOptions({"mean", "sum", "max", "min", "power", "concat"})],
        "powers": ["array-like"],
        "max_length": [COUNT, None],
        "weights": [StrOptions({"idf", "sif", "usif", "mutual_info"}), callable, None],
        "smoothing": [FINITE, StrOptions({"auto"})],
        "n_components_removed": [at_least(0)],
        "normalize_words": ["boolean"],
        "normalize": ["boolean", None],
        "center": ["boolean"],
        "scale": [Interval(Real, 0, 1e6, closed="right"), None],
        "oov": [StrOptions({"skip", "zero", "subword", "mean", "error"})],
        "empty": [StrOptions({"zero", "nan", "error"})],
        "unlabeled": "no_validation",
        "n_jobs": [Integral, None],
    }
    del _parameter_constraints["vocabulary"]

    _vector_parameters = ("embedding",)

    # Most embeddings take no weights: in a pipeline they go by, unless asked for.
    __metadata_request__fit = {"sample_weight": False}

    @property
    def _shared_parameters(self):
        shared = () if is_unfitted(self.embedding) else ("embedding",)
        return (*shared, "unlabeled")

    if TYPE_CHECKING:  # scikit-learn's methods, which have no types

        def fit_transform(
            self, X: Documents, y: Any = None, **fit_params: Any
        ) -> Float32Array: ...

    def set_params(self, **params: Any) -> Self:
        """Set parameters, those of an unfitted embedding included.

        Parameters
        ----------
        **params : dict
            Values by name; ``embedding__name`` reaches into the embedding.

        Returns
        -------
        self : object
            This estimator.

        Raises
        ------
        ValueError
            If the embedding is fitted already: its parameters would change nothing.
        """
        refuse_inner(params, params.get("embedding", self.embedding))
        return super().set_params(**params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        weights = getattr(self, "weights", None)
        tags.target_tags.required = isinstance(weights, str) and weights == FROM_LABELS
        return tags

    def _cutting_options(self):
        """Return how strings are cut: as the embedding says, if it says anything."""
        source = None
        if not is_unfitted(self.embedding):
            source = as_word_vectors(self.embedding)
        return text_options(self.embedding, self._options(), source)

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Documents,
        y: Any = None,
        sample_weight: ArrayLike | None = None,
        *,
        unlabeled: Documents | None = None,
    ) -> Self:
        """Fit the embedding if it is not fitted yet, and learn the weights.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like or None, default=None
            Handed to the embedding's `fit`.  With weights="mutual_info", a label of
            each document, or a matrix of 0 and 1 for several.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            Handed to the embedding's `fit`, which must take it.  With metadata
            routing, only if asked for by ``set_fit_request(sample_weight=True)``.
        unlabeled : iterable of documents, TokenizedDocuments or None, default=None
            Further texts to learn from, in place of the parameter of that name.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If a document is neither a string nor a sequence of strings, or the
            embedding is no source of vectors.
        ValueError
            If a parameter is out of range or contradicts another one, or the
            embedding, or labels are needed and not given.
        """
        source = self._given_vectors()
        options = text_options(self.embedding, self._options(), source)
        settings = settings_of(self)
        if self.pooling == "power":
            settings = settings._replace(powers=checked_powers(self.powers))
        documents, options = self._tokenized(X, options, source)
        labels = self._checked_labels(documents, y)
        further = further_texts(self, unlabeled, options)
        given = documents, y, sample_weight, further
        embedding = fitted(self, self.embedding, *given)
        source = as_word_vectors(embedding) if source is None else source
        settings = settings._replace(normalize=is_normalized(self, source))
        options = getattr(embedding, "_text_options", options)
        stops = stop_word_set(self.stop_words)
        stops |= stop_word_set(getattr(embedding, "stop_words", None))
        lookup = lookup_of(embedding, source, options, stops)
        self._warn_of_coverage(documents, lookup, source)
        texts = [documents]
        if further is not None:
            texts.append(lookup.of(further, self._n_threads()))
        learned = learn(settings, texts, source, lookup, labels)
        self._warn_of_nothing_left(learned)
        self._publish(learned, embedding, stops, options)
        return self

    def _given_vectors(self):
        """Return the vectors that there are already; None: they are to be fitted."""
        if is_unfitted(self.embedding):
            return None
        source = as_word_vectors(self.embedding)
        refuse_words(self, source)
        return source

    def _tokenized(self, X, options, source):
        """Return the documents of a fit as tokens, and how later ones are cut."""
        documents, found = self._tokenize_to_fit(X, options)
        if source is None or source.tokenizer is None:
            return documents, found
        return cut_again(documents, options, self._n_threads()), options

    def _checked_labels(self, documents, y):
        """Return a CSR matrix of the documents' labels, or None if none are needed."""
        if self.weights != FROM_LABELS:
            return None
        if y is None:
            raise ValueError(
                f"weights={FROM_LABELS!r} requires y to be passed, but the target y is "
                "None: give one label a document, or use weights='idf'."
            )
        labels = checked_labels(y)[2]
        check_consistent_length(documents, labels)
        return labels

    def _warn_of_coverage(self, documents, lookup, source):
        """Warn of vectors from elsewhere that lack most of the words."""
        if self.oov not in ("subword", "mean") and not is_unfitted(self.embedding):
            rows = lookup.rows(documents.table)
            warn_of_documents(documents, rows, source.words)

    def _warn_of_nothing_left(self, learned):
        """Warn if all documents have the same row, so that centring leaves zeros."""
        if self.center and not learned.differ:
            warn(
                "All documents of fit have the same row: center=True leaves zeros. "
                "Give more documents, or set center=False.",
                UserWarning,
            )

    def _publish(self, learned, embedding, stops, options):
        """Set the attributes of a fit."""
        pooled, optional = learned.pooled, {}
        if self.pooling == "concat":
            optional["max_length_"] = pooled.spec.max_length
        if learned.smoothing is not None:
            optional["smoothing_"] = learned.smoothing
        publish(
            self,
            {
                **optional,
                "embedding_": embedding,
                "vectors_": pooled.source.vectors,
                "weights_": pooled.weights,
                "components_": pooled.spec.components,
                "component_weights_": pooled.spec.strengths,
                "mean_": pooled.mean,
                "factor_": pooled.factor,
                "_source": pooled.source,
                "_stops": sorted(stops),
                "_factors": pooled.factors,
                "_unknown": (pooled.unknown_weight, pooled.unknown_vector),
                "_spec": dict(zip(_SPEC, pooled.spec, strict=False)),
                "_text_options": options,
                "_lookup": pooled.lookup,
            },
            ["max_length_", "smoothing_"],
        )

    def transform(self, X: Documents) -> Float32Array:
        """Return one row per document, pooled of its words' vectors.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_columns), float32
            As many columns as the vectors have, times the number of `powers` with
            pooling="power", or `max_length` with "concat".
        """
        fitted_now = snapshot(self)
        fitted_now._validate_params()
        fill = 0.0 if self.empty == "zero" else np.nan
        pooled = pooled_of(fitted_now)
        normalize = is_normalized(fitted_now, pooled.source)
        how = {"fill": fill, "normalize": normalize}
        rows = pooled.pooler(settings_of(fitted_now), **how).rows(X)
        warn_of_rows(rows, X)
        if self.empty == "error" and np.isnan(rows).any():
            number = int(np.argmax(np.isnan(rows).any(axis=1)))
            raise ValueError(
                f"Document {number} has no word that counts: leave it out, or set "
                "empty to 'zero' or 'nan'."
            )
        shift(rows, pooled.mean, pooled.factor)
        return rows

    def __setstate__(self, state):
        super().__setstate__(state)
        if "_source" in vars(self):
            self._lookup = lookup_of(
                self.embedding_,
                self._source,
                self._text_options,
                frozenset(self._stops),
            )

    def _check_loaded(self):
        """Refuse arrays that do not belong to these vectors."""
        if not isinstance(self._source, WordVectors):
            raise ValueError("there are no vectors")
        n_words, width = self._source.vectors.shape
        check_matrix("vectors_", self.vectors_, n_words, width)
        check_rows("weights_", self.weights_, n_words)
        check_rows("_factors", self._factors, n_words)
        weight, vector = self._unknown
        check_rows("_unknown", vector, width)
        parts = {**self._spec, "powers": tuple(self._spec["powers"])}
        if set(parts) != set(_SPEC):
            raise ValueError(f"_spec has other parts than {_SPEC}")
        spec = make_record(PoolingSpec, [parts[name] for name in _SPEC])
        if not (
            isinstance(weight, float | int)
            and spec.kind in ("mean", "sum", "max", "min", "power", "concat")
            and 1 <= spec.max_length < 1 << 31
            and (spec.powers or spec.kind != "power")
            and set(map(type, spec.powers)) <= {float, int}
            and isinstance(self._text_options, TextOptions)
            and set(map(type, self._stops)) <= {str}
        ):
            raise ValueError("the pooling is none that can be asked for")
        components, strengths = self.components_, self.component_weights_
        n_components = 0 if components is None else len(components)
        check_rows("component_weights_", strengths, n_components)
        columns = spec.n_columns(width)
        if components is not None:
            check_matrix("components_", components, n_components, columns)
        check_rows("mean_", self.mean_, columns)
        if type(self.factor_) is not float or not 0 <= self.factor_ <= LARGEST:
            raise ValueError("factor_ is no number that rows can be multiplied by")

    @property
    def _n_features_out(self):
        return PoolingSpec(**self._spec).n_columns(self.vectors_.shape[1])
