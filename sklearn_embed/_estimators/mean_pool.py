"""Rows from word vectors of any origin: the mean over a document's words."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Float32Array,
    Preprocessor,
    StopWords,
    StripAccents,
    Tokenizer,
    VectorSource,
)
from sklearn_embed._estimators.base import (
    COUNT,
    POSITIVE,
    Integral,
    StrOptions,
    TextTransformer,
    _fit_context,
    at_least,
)
from sklearn_embed._estimators.callbacks import CallbackSupportMixin, with_callbacks
from sklearn_embed._estimators.coverage import warn_of_documents, warn_of_rows
from sklearn_embed._estimators.embedding import (
    fitted,
    is_unfitted,
    lookup_of,
    pooled_of,
    refuse_inner,
    settings_of,
    text_options,
)
from sklearn_embed._estimators.loading import check_rows, make_record
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.snapshot import publish, snapshot
from sklearn_embed._models.checks import check_matrix
from sklearn_embed._text.tokens import DEFAULT_PATTERN, TextOptions, stop_word_set
from sklearn_embed._vectors.pooled import checked_powers, learn
from sklearn_embed._vectors.pooling import PoolingSpec
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import as_word_vectors

if TYPE_CHECKING:
    from typing_extensions import Self

#: Fields of a PoolingSpec that `fit` decides and a file holds.
_SPEC = ("kind", "by_number", "powers", "max_length")


@register
class MeanPoolEmbedder(
    CallbackSupportMixin, ClassNamePrefixFeaturesOutMixin, TextTransformer
):
    r"""Represent each document by the mean, or another summary, of its words' vectors.

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
          dict from word to vector, a file of vectors: shared by `clone`, too.  How
          a file is read is said by :class:`sklearn_embed.io.VectorFile`.
    pooling : {"mean", "sum", "max", "min", "power", "concat"}, default="mean"
        What becomes of the vectors of a document's words.

        - "mean", "sum", "max", "min": by column.
        - "power": several power means side by side; see `powers`.
        - "concat": the first `max_length` words' vectors side by side, as a
          flattened embedding layer gives them; zeros where there are fewer.
    powers : array-like of float, default=(-inf, 1, inf)
        Exponents for "power": whole numbers from 1 on, infinity (the maximum) and
        minus infinity (the minimum).
    max_length : int or None, default=None
        Words for "concat".  None: as many as the longest document of `fit` has.
    weights : {"idf", "sif", "usif"}, callable or None, default=None
        Weights of the words.

        - None: all equal.
        - "idf": the smooth inverse document frequency
          :math:`\ln\frac{1 + n}{1 + df} + 1` of the documents given to `fit`, as in
          :class:`~sklearn.feature_extraction.text.TfidfVectorizer`.
        - "sif": smooth inverse frequency, :math:`\frac{a}{a + p}`, with `smoothing`
          as :math:`a` and a word's share :math:`p` in the text.
        - "usif": :math:`\frac{a}{a/2 + p}`, with :math:`a` from the vocabulary and
          the mean length of the documents; see Notes.
        - A function: list of words → one number a word, not negative.  0 leaves a
          word out.
    smoothing : float, default=1e-3
        The :math:`a` of "sif".
    n_components_removed : int, default=0
        Directions that all documents have in common, learned in `fit` and removed
        from every row: 1 in Arora et al. (2017), 5 in Ethayarajh (2018).  With
        weights="usif" each is removed in part; see Notes.  Not for "concat".
    normalize_words : bool, default=False
        Whether words' vectors are scaled to length 1 first.
    normalize : bool, default=False
        Whether rows are scaled to length 1 in the end.
    oov : {"skip", "zero", "subword", "mean", "error"}, default="skip"
        What becomes of words without a vector ("out of vocabulary").

        - "skip": they do not count.
        - "zero", "mean": they have the vector of zeros, or the mean of all vectors.
        - "subword": they have the mean of their n-grams' vectors, where the source
          knows n-grams, as fastText does.
        - "error": they are refused.
    empty : {"zero", "nan", "error"}, default="zero"
        What becomes of documents without any word that counts: a row of zeros, a
        row of NaN, or an error.
    lowercase : bool, default=True
        Whether strings are lowercased before they are cut into tokens.
    strip_accents : {"ascii", "unicode"}, callable or None, default=None
        Whether accents are removed, and how; as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`.
    preprocessor : callable or None, default=None
        str → str, in place of lowercasing and accent stripping.
    tokenizer : callable, "char" or None, default=None
        str → list of str, in place of `token_pattern`.  "char" takes every
        character but white space as a token.
    token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a token: two or more word characters, as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        What a token of a string is.

        - "word": what `tokenizer` or `token_pattern` finds.
        - "char": every run of so many characters as `ngram_range` says, blanks
          included.
        - "char_wb": the same within words, each with a blank on both sides.
        - A function: str → list of str, in place of all parameters of text.
    ngram_range : tuple of two int, default=(1, 1)
        Least and largest number of characters of the n-grams that are tokens, for
        analyzer="char" and "char_wb" alone.
    stop_words : "english", collection of str or None, default=None
        Tokens to leave out.
        A vectorizer as `embedding` brings its own rules; then these must be left
        at their defaults, except for `stop_words`.
    n_jobs : int or None, default=None
        Threads.  None means 1, -1 all processors.  The result does not depend on it.

    Attributes
    ----------
    embedding_ : object
        The fitted vectorizer, or `embedding` itself.
    vectors_ : ndarray of shape (n_words, n_dimensions), float32
        The words' vectors, not copied.
    weights_ : ndarray of shape (n_words,), float32, or None
        Weight of each word.
    components_ : ndarray of shape (n_removed, n_columns), float32, or None
        What is removed: orthogonal directions of length 1.
    component_weights_ : ndarray of shape (n_removed,), float32, or None
        Share of each direction that is removed.
    max_length_ : int
        Words that count; only with pooling="concat".

    See Also
    --------
    Word2VecVectorizer : Learn vectors and average them.
    sklearn.pipeline.FeatureUnion : Rows of several embeddings side by side.

    Notes
    -----
    A word with weight :math:`w` and vector :math:`v` contributes :math:`wv` to "sum",
    "max", "min" and "concat".  A mean is :math:`\sum wv / \sum w`; with "sif" and
    "usif" it is, as in their papers, :math:`\sum wv / n`, :math:`n` being the number
    of words.  A power mean is :math:`(\sum w v^p / \sum w)^{1/p}`, or with
    :math:`n` below; "power" with 1, inf and -inf gives what "mean", "max" and "min"
    give.

    Of an odd power the root of a negative number is negative: the real solution.
    The program of Rücklé et al. (2018) takes the real part of the principal complex
    root instead, which is :math:`\cos(\pi/p)` times the size; then a column no longer
    tells the sign of its words.  Fractional powers of negative numbers are not real,
    and negative powers have a pole where numbers cancel: both are refused.

    Counts for "sif" and "usif" are those that the vectors bring along; where they
    bring none, words are counted in the documents of `fit`.  The counts that gensim
    makes up for vectors read from a file are not used.  A word without a vector
    weighs, if `oov` gives it one, as much as a word that was never counted.

    With "usif", :math:`a = \frac{1 - \alpha}{\alpha |V| / 2}`, where :math:`\alpha` is
    the fraction of the :math:`|V|` counted words with
    :math:`p > 1 - (1 - 1/|V|)^{\bar n}`, and :math:`\bar n` is the mean number of
    tokens in the documents of `fit`.  Of component :math:`i` the share
    :math:`\sigma_i^2 / \sum_j \sigma_j^2` is removed.

    Components are the first right singular vectors of the documents' rows, not
    centred, by way of the exact eigenvectors of their products' sum, for which the
    rows need not be in memory together.

    Rows are the same, bit for bit, for every `n_jobs` and whatever other documents
    there are.  A search over `KeyedVectors` on several processes sends them to each
    of them; `WordVectors` saved by :func:`sklearn_embed.io.write_vectors` and given
    by the path of the file are read where they are needed.

    References
    ----------
    Arora, Liang and Ma (2017), "A simple but tough-to-beat baseline for sentence
    embeddings", algorithm 1.

    Ethayarajh (2018), "Unsupervised random walk sentence embeddings: A strong but
    simple baseline".

    Rücklé, Eger, Peyrard and Gurevych (2018), "Concatenated power mean word
    embeddings as universal cross-lingual sentence representations".

    Examples
    --------
    >>> from sklearn_embed import MeanPoolEmbedder
    >>> pets = {"cat": [1.0, 0.0], "dog": [0.0, 1.0]}
    >>> embedder = MeanPoolEmbedder(pets)
    >>> embedder.fit_transform(["the cat", "cat and dog", "fish"])
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 0. ]], dtype=float32)

    Two embeddings side by side:

    >>> from sklearn.pipeline import FeatureUnion
    >>> ages = {"cat": [9.0], "dog": [5.0]}
    >>> union = FeatureUnion([("pets", embedder), ("ages", MeanPoolEmbedder(ages))])
    >>> union.fit_transform(["the cat", "cat and dog"])
    array([[1. , 0. , 9. ],
           [0.5, 0.5, 7. ]], dtype=float32)
    """

    _parameter_constraints: dict = {
        **TextTransformer._text_constraints,
        "embedding": "no_validation",
        "pooling": [StrOptions({"mean", "sum", "max", "min", "power", "concat"})],
        "powers": ["array-like"],
        "max_length": [COUNT, None],
        "weights": [StrOptions({"idf", "sif", "usif"}), callable, None],
        "smoothing": [POSITIVE],
        "n_components_removed": [at_least(0)],
        "normalize_words": ["boolean"],
        "normalize": ["boolean"],
        "oov": [StrOptions({"skip", "zero", "subword", "mean", "error"})],
        "empty": [StrOptions({"zero", "nan", "error"})],
        "n_jobs": [Integral, None],
    }
    del _parameter_constraints["vocabulary"]

    _vector_parameters = ("embedding",)

    # Most embeddings take no weights: in a pipeline they go by, unless asked for.
    __metadata_request__fit = {"sample_weight": False}

    def __init__(
        self,
        embedding: VectorSource,
        *,
        pooling: str = "mean",
        powers: ArrayLike = (-np.inf, 1, np.inf),
        max_length: int | None = None,
        weights: str | Callable[[str], float] | None = None,
        smoothing: float = 1e-3,
        n_components_removed: int = 0,
        normalize_words: bool = False,
        normalize: bool = False,
        oov: str = "skip",
        empty: str = "zero",
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        stop_words: StopWords = None,
        n_jobs: int | None = None,
    ) -> None:
        self.embedding = embedding
        self.pooling = pooling
        self.powers = powers
        self.max_length = max_length
        self.weights = weights
        self.smoothing = smoothing
        self.n_components_removed = n_components_removed
        self.normalize_words = normalize_words
        self.normalize = normalize
        self.oov = oov
        self.empty = empty
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.stop_words = stop_words
        self.n_jobs = n_jobs

    @property
    def _shared_parameters(self):
        return () if is_unfitted(self.embedding) else ("embedding",)

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

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: Documents, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Fit the embedding if it is not fitted yet, and learn the weights.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like or None, default=None
            Handed to the embedding's `fit`.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            Handed to the embedding's `fit`, which must take it.  With metadata
            routing, only if asked for by ``set_fit_request(sample_weight=True)``.

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
            embedding.
        """
        options = text_options(self.embedding, self._options())
        settings = settings_of(self)
        if self.pooling == "power":
            settings = settings._replace(powers=checked_powers(self.powers))
        documents, options = self._tokenize_to_fit(X, options)
        embedding = fitted(self, self.embedding, documents, y, sample_weight)
        source = as_word_vectors(embedding)
        options = getattr(embedding, "_text_options", options)
        stops = stop_word_set(self.stop_words)
        stops |= stop_word_set(getattr(embedding, "stop_words", None))
        lookup = lookup_of(embedding, source.words, options, stops)
        if self.oov not in ("subword", "mean") and embedding is self.embedding:
            rows = lookup.rows(documents.table)
            warn_of_documents(documents, rows, source.words)
        pooled = learn(settings, documents, source, lookup)
        length = {"max_length_": pooled.spec.max_length}
        publish(
            self,
            (length if self.pooling == "concat" else {})
            | {
                "embedding_": embedding,
                "vectors_": source.vectors,
                "weights_": pooled.weights,
                "components_": pooled.spec.components,
                "component_weights_": pooled.spec.strengths,
                "_source": source,
                "_stops": sorted(stops),
                "_factors": pooled.factors,
                "_unknown": (pooled.unknown_weight, pooled.unknown_vector),
                "_spec": dict(zip(_SPEC, pooled.spec, strict=False)),
                "_text_options": options,
                "_lookup": lookup,
            },
            ["max_length_"],
        )
        return self

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
        how = {"fill": fill, "normalize": self.normalize}
        pooler = pooled_of(fitted_now).pooler(settings_of(fitted_now), **how)
        rows = pooler.rows(X)
        warn_of_rows(rows, X)
        if self.empty == "error" and np.isnan(rows).any():
            number = int(np.argmax(np.isnan(rows).any(axis=1)))
            raise ValueError(
                f"Document {number} has no word that counts: leave it out, or set "
                "empty to 'zero' or 'nan'."
            )
        return rows

    def __setstate__(self, state):
        super().__setstate__(state)
        if "_source" in vars(self):
            self._lookup = lookup_of(
                self.embedding_,
                self._source.words,
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
        if components is not None:
            columns = spec.n_columns(width)
            check_matrix("components_", components, n_components, columns)

    @property
    def _n_features_out(self):
        return PoolingSpec(**self._spec).n_columns(self.vectors_.shape[1])
