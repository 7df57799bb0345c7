"""Rows from word vectors of any origin: the mean over a document's words."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._base import (
    Integral,
    StrOptions,
    TextTransformer,
    _fit_context,
    documented,
)
from sklearn_embed._pooling import document_frequencies, pool_any
from sklearn_embed._text.tokens import DEFAULT_PATTERN, TextOptions, stop_word_set
from sklearn_embed._training import CallbackSupportMixin, fit_inside, with_callbacks
from sklearn_embed._vectors import as_word_vectors


@documented
class MeanPoolEmbedder(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TextTransformer
):
    r"""Represent each document by the mean of its words' vectors.

    The vectors may come from anywhere: an embedding vectorizer of this package,
    which is fitted along with it, gensim, a DataFrame, a dict or a file.

    Parameters
    ----------
    embedding : estimator, WordVectors, KeyedVectors, DataFrame, dict, str or path
        Where the vectors come from.

        - An unfitted vectorizer: `fit` fits a clone of it; its parameters can be
          searched as ``embedding__vector_size`` and so on.
        - A fitted vectorizer: taken as it is, shared by `clone`.
        - gensim's ``KeyedVectors``, a DataFrame whose index holds the words, a
          dict from word to vector, a file of vectors: shared by `clone`, too.
    weights : "idf" or None, default=None
        Weights of the words in the mean.  "idf": the smooth inverse document
        frequency :math:`\ln\frac{1 + n}{1 + df} + 1` of the documents given to
        `fit`, as in :class:`~sklearn.feature_extraction.text.TfidfVectorizer`.
        None: all equal.
    {text}
        A vectorizer as `embedding` brings its own rules; then these must be left
        at their defaults, except for `stop_words`.
    n_jobs : int or None, default=None
        Threads of `transform`.  None means 1 unless in a
        :obj:`joblib.parallel_config` context, -1 all processors.

    Attributes
    ----------
    embedding_ : object
        The fitted vectorizer, or `embedding` itself.
    vectors_ : ndarray of shape (n_words, n_dimensions), float32
        The words' vectors, not copied.
    weights_ : ndarray of shape (n_words,), float32, or None
        Weight of each word.

    See Also
    --------
    Word2VecVectorizer : Learn vectors and average them.

    Notes
    -----
    Words without a vector do not count.  A document without any known word is a row
    of zeros.

    Examples
    --------
    >>> from sklearn_embed import MeanPoolEmbedder
    >>> pets = {"cat": [1.0, 0.0], "dog": [0.0, 1.0]}
    >>> embedder = MeanPoolEmbedder(pets)
    >>> embedder.fit_transform(["the cat", "cat and dog", "fish"])
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 0. ]], dtype=float32)
    """

    _parameter_constraints: dict = {
        **TextTransformer._text_constraints,
        "embedding": "no_validation",
        "weights": [StrOptions({"idf"}), None],
        "n_jobs": [Integral, None],
    }
    del _parameter_constraints["vocabulary"]

    def __init__(
        self,
        embedding,
        *,
        weights=None,
        lowercase=True,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        token_pattern=DEFAULT_PATTERN,
        stop_words=None,
        n_jobs=None,
    ):
        self.embedding = embedding
        self.weights = weights
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.stop_words = stop_words
        self.n_jobs = n_jobs

    @property
    def _shared_parameters(self):
        return () if _is_unfitted_estimator(self.embedding) else ("embedding",)

    def set_params(self, **params):
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
        embedding = params.get("embedding", self.embedding)
        inner = [name for name in params if name.startswith("embedding__")]
        if (
            inner
            and hasattr(embedding, "get_params")
            and not _is_unfitted_estimator(embedding)
        ):
            raise ValueError(
                f"{inner[0]} would have no effect, since the embedding is fitted "
                "already. Give sklearn.base.clone(embedding) to have it fitted anew."
            )
        return super().set_params(**params)

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the embedding if it is not fitted yet, and learn the weights.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like or None, default=None
            Handed to the embedding's `fit`.

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
            If a text parameter contradicts the embedding's own.
        """
        options = self._embedding_options()
        if options is not None and self._options() != TextOptions():
            raise ValueError(
                "A vectorizer cuts strings by its own rules: set lowercase, tokenizer "
                "and the like on the embedding (embedding__lowercase=…), not here."
            )
        documents, options = self._tokenize_to_fit(X, options or self._options())
        embedding = self._fitted_embedding(documents, y)
        source = as_word_vectors(embedding)
        fitted = {
            "embedding_": embedding,
            "vectors_": source.vectors,
            "_source": source,
            "_text_options": getattr(embedding, "_text_options", options),
            "weights_": None,
        }
        if self.weights == "idf":
            rows = self._rows(documents.table, source)
            frequencies = document_frequencies(documents, rows, len(source))
            idf = np.log((1 + len(documents)) / (1 + frequencies)) + 1
            fitted["weights_"] = idf.astype(np.float32)
        vars(self).update(fitted)
        return self

    def transform(self, X):
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
        check_is_fitted(self)
        return pool_any(
            X,
            self._text_options,
            self._rows,
            self.vectors_,
            weights=self.weights_,
            n_jobs=self._n_threads(),
        )

    def _embedding_options(self):
        """Return how a vectorizer cuts strings; None if the embedding is none."""
        if hasattr(self.embedding, "_text_options"):
            return self.embedding._text_options
        if hasattr(self.embedding, "_options"):
            return self.embedding._options()
        return None

    def _fitted_embedding(self, documents, y):
        """Return something with vectors; an unfitted estimator is fitted for it."""
        if not _is_unfitted_estimator(self.embedding):
            return self.embedding
        return fit_inside(self, clone(self.embedding), documents, y)

    def _rows(self, table, source=None):
        """Return the row of each token of a table; -1 for what does not count."""
        tokens = table.tolist()
        stops = stop_word_set(self.stop_words)
        if stops:
            tokens = [None if token in stops else token for token in tokens]
        return (source or self._source).rows(tokens)

    @property
    def _n_features_out(self):
        return self.vectors_.shape[1]


def _is_unfitted_estimator(embedding):
    """Whether this is an estimator that has to be fitted first."""
    if not hasattr(embedding, "fit") or not hasattr(embedding, "get_params"):
        return False
    try:
        check_is_fitted(embedding)
    except NotFittedError:
        return True
    return False
