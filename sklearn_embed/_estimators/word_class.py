"""Vectors counted from labels, and rows of texts whose own labels are left out."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.growing import Growing
from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Float32Array,
    Preprocessor,
    RandomState,
    StopWords,
    StripAccents,
    Tokenizer,
)
from sklearn_embed._estimators import queries
from sklearn_embed._estimators.base import (
    COUNT,
    POSITIVE,
    VOCABULARY_CONSTRAINTS,
    Integral,
    StrOptions,
    TextEstimator,
    _fit_context,
    at_least,
    limits_of,
)
from sklearn_embed._estimators.convergence import warn
from sklearn_embed._estimators.coverage import warn_of_documents, warn_of_rows
from sklearn_embed._estimators.folds import check_two_classes, folds_of
from sklearn_embed._estimators.labels import checked_labels, document_weights
from sklearn_embed._estimators.loading import check_rows, check_words
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.snapshot import publish, snapshot
from sklearn_embed._estimators.training import draw_seed
from sklearn_embed._models.term_features import TermFeatures
from sklearn_embed._models.word_classes import (
    Association,
    Labelled,
    Pooling,
    WordClasses,
)
from sklearn_embed._text.documents import document_chunks
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.tokenized import TokenizedDocuments, tokenize
from sklearn_embed._text.tokens import DEFAULT_PATTERN, stop_word_set
from sklearn_embed._text.word_ngrams import without

if TYPE_CHECKING:
    from typing_extensions import Self

#: Classes up to which n_components="auto" leaves each of them a column, and how many
#: columns there are of more classes.
MOST_CLASSES, COMPONENTS = 256, 100

#: What no association is below that is more than a rounding error.
LEAST = 1e-9


@register
class WordClassVectorizer(TransformerMixin, TextEstimator):
    r"""Count from labels how words go with classes; represent documents by the means.

    Each word, each run of neighbouring words and each character n-gram has a vector
    with a number for each class: how strongly the one speaks for the other.  A
    document's row holds the weighted mean of its words' vectors, beside it that of
    its word n-grams and that of its character n-grams.

    Parameters
    ----------
    association : {"log_odds", "pmi", "ppmi", "chi2", "difference"}, default="log_odds"
        What a number says of a word and a class; see Notes.

        - "log_odds": the log-odds of the class in documents with the word, less
          those in all documents.
        - "pmi": pointwise mutual information.
        - "ppmi": the same, numbers below 0 being 0.
        - "chi2": the correlation of both, whose square is :math:`\chi^2 / n`.
        - "difference": the share of the class in documents with the word, less that
          in all documents.
    smoothing : float, default=4.0
        Documents, of the same classes as all of them together, that each word is
        taken to have occurred in besides those where it has.  Rare words say little
        then; above 0.
    word_ngrams : int, default=2
        Longest sequence of words that has a vector of its own.  1: words alone.
    min_n, max_n : int, default=3 and 5
        Shortest and longest n-gram in characters, the brackets of ``<word>``
        included.  `max_n` 0: none.  With them, unknown words count.
    weights : {"idf"} or None, default="idf"
        Weights of words and n-grams in the mean; None: all equal.  "idf" is the smooth
        inverse document frequency :math:`\ln\frac{1 + n}{1 + df} + 1`.
    sublinear_tf : bool, default=True
        Whether what occurs :math:`t` times in a document counts :math:`1 + \ln t`
        times instead.
    normalization : {"l2", "l1"}, default="l2"
        What a sum of weighted vectors is divided by: the Euclidean length of the
        weights, which does not make long documents' rows short, or their sum.
    n_components : int, "auto" or None, default="auto"
        Columns that stand for the classes, made by a truncated singular value
        decomposition of the associations of those pairs that occur.  None: a column
        for each class.  "auto": None up to 256 classes, else 100.
    cv : int, cross-validation generator or iterable, default=5
        Folds of `fit_transform`: how many, at least 2, or what splits the documents
        into them, as everywhere in scikit-learn.
    shuffle : bool, default=True
        Whether documents are shuffled before they are dealt into a number of folds.
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
    min_count : int, default=1
        Words and n-grams that occur less often are left out.
    min_df : int or float, default=1
        Words and n-grams that occur in fewer documents are left out; an integer is a
        number of documents, a float in [0, 1] a share of them.
    max_df : int or float, default=1.0
        Words and n-grams that occur in more documents are left out; likewise.
    max_features : int or None, default=None
        Keep only this many words, the most frequent ones; as many runs of each
        length, and as many character n-grams.  None: no limit.
    vocabulary : iterable of str, mapping, path or None, default=None
        The only words admitted.  The limits above apply to them as well.  Of a
        mapping, the keys count; a :class:`pathlib.Path` is a file with a word a line.
    n_jobs : int or None, default=None
        Threads.  None means 1, -1 all processors.  The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of whatever is drawn.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels; with indicators, the numbers of their columns.
    vectors_ : ndarray of shape (n_words, n_dimensions), float32
        One row a word.
    words_ : list of str
        Row → word; most frequent first, ties in the order of their characters.
    vocabulary_ : dict
        Word → row.
    counts_ : ndarray of shape (n_words,), int64
        Occurrences in the training texts.
    ngrams_ : list of str
        Runs of words, joined by blanks, then character n-grams.
    ngram_vectors_ : ndarray of shape (n_ngrams, n_dimensions), float32
        Their vectors.
    idf_ : ndarray of shape (n_words + n_ngrams,), float32
        Weights of words, then of n-grams; ones with ``weights=None``.
    components_ : ndarray of shape (n_components, n_classes), float64
        What associations were multiplied with; only if they were.

    See Also
    --------
    FastTextClassifier : Trains vectors and a classifier together.
    sklearn.preprocessing.TargetEncoder : The same idea for columns of categories.

    Notes
    -----
    Of :math:`n` documents, :math:`n_c` are of class :math:`c`, :math:`n_w` have the
    word :math:`w`, and :math:`n_{wc}` both.  With :math:`p_c = n_c / n`, smoothing
    :math:`a` and :math:`q = (n_{wc} + a p_c) / (n_w + a)`, "log_odds" is
    :math:`\ln\frac{q}{1 - q} - \ln\frac{p_c}{1 - p_c}`, which is 0 for a word of which
    nothing is known, "pmi" is :math:`\ln(q / p_c)` and "difference" is
    :math:`q - p_c`.  Where `y` holds one of two labels, the only column is that of the
    second one, since that of the first is its negative, or tells no more.

    A row is a block of columns for words, one for runs and one for character n-grams,
    each :math:`\sum_f x_f v_f` over the features of that kind, where :math:`x_f` are
    the numbers of a TF-IDF row of length 1.  A document without any has zeros.

    ``fit_transform(X, y)`` is **not** ``fit(X, y).transform(X)``: the words of a
    training text have seen its label, so that its row would tell the label better
    than that of any new text.  As in
    :class:`~sklearn.preprocessing.TargetEncoder`, `fit_transform` cross-fits: it deals
    the documents into `cv` folds, of every class its share if each class has `cv`
    documents, and the rows of a fold come from vectors counted in the other folds.  A
    pipeline calls it.  ``MeanPoolEmbedder(WordClassVectorizer())`` does not cross-fit.
    `transform` uses vectors counted in all documents, whichever method fitted them.

    Columns have different scales: put a
    :class:`~sklearn.preprocessing.StandardScaler` between this and a linear model.

    Counting is exact; time and memory grow with the number of different n-grams,
    times the columns.

    References
    ----------
    Moreo, Esuli and Sebastiani (2021), "Word-class embeddings for multiclass text
    classification".

    Wang and Manning (2012), "Baselines and bigrams: Simple, good sentiment and topic
    classification".

    Examples
    --------
    >>> from sklearn_embed import WordClassVectorizer
    >>> texts = ["a fine film", "fine and funny", "a dull film", "dull and long"] * 5
    >>> model = WordClassVectorizer().fit(texts, ["good", "good", "bad", "bad"] * 5)
    >>> model.get_feature_names_out()
    array(['word_good', 'ngram_good', 'char_good'], dtype=object)
    >>> {word: round(float(v[0]), 1) for word, v in zip(model.words_, model.vectors_)}
    {'and': 0.0, 'dull': -1.8, 'film': 0.0, 'fine': 1.8, 'funny': 1.3, 'long': -1.3}
    """

    # Weights are for those who count them: in a pipeline they go by, unless asked for.
    __metadata_request__fit = {"sample_weight": False}

    _parameter_constraints: dict = {
        **TextEstimator._text_constraints,
        **VOCABULARY_CONSTRAINTS,
        "association": [StrOptions({"log_odds", "pmi", "ppmi", "chi2", "difference"})],
        "smoothing": [POSITIVE],
        "word_ngrams": [COUNT],
        "min_n": [at_least(0)],
        "max_n": [at_least(0)],
        "weights": [StrOptions({"idf"}), None],
        "sublinear_tf": ["boolean"],
        "normalization": [StrOptions({"l1", "l2"})],
        "n_components": [COUNT, StrOptions({"auto"}), None],
        "cv": [at_least(2), "cv_object"],
        "shuffle": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        association: str = "log_odds",
        *,
        smoothing: float = 4.0,
        word_ngrams: int = 2,
        min_n: int = 3,
        max_n: int = 5,
        weights: str | None = "idf",
        sublinear_tf: bool = True,
        normalization: str = "l2",
        n_components: int | str | None = "auto",
        cv: Any = 5,
        shuffle: bool = True,
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        stop_words: StopWords = None,
        min_count: int = 1,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        vocabulary: Collection[str] | None = None,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.association = association
        self.smoothing = smoothing
        self.word_ngrams = word_ngrams
        self.min_n = min_n
        self.max_n = max_n
        self.weights = weights
        self.sublinear_tf = sublinear_tf
        self.normalization = normalization
        self.n_components = n_components
        self.cv = cv
        self.shuffle = shuffle
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.stop_words = stop_words
        self.min_count = min_count
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags

    def fit(
        self, X: Documents, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Count how words and n-grams go with classes.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like of shape (n_documents,) or (n_documents, n_classes)
            The labels; or a matrix of 0 and 1, dense or sparse, for documents that
            have any number of labels.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            How much each document counts: 2 is as two such documents, except for
            limits such as `min_df`; 0 is as none.  With metadata routing, only if
            asked for by ``set_fit_request(sample_weight=True)``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If labels and documents do not fit together, there is one class alone, no
            word is left, or a parameter is out of range.
        TypeError
            If a document is neither a string nor a sequence of strings.

        Warns
        -----
        ConvergenceWarning
            If no word says anything of the classes.
        """
        self._fit(X, y, sample_weight, False)
        return self

    def fit_transform(
        self, X: Documents, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Float32Array:
        """Fit, and represent each document by what the others say of its words.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like of shape (n_documents,) or (n_documents, n_classes)
            The labels, as of `fit`.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            As of `fit`.

        Returns
        -------
        ndarray of shape (n_documents, n_columns), float32
            Cross-fitted rows, other ones than those of `transform`; see Notes.

        Raises
        ------
        ValueError
            As `fit`; or if there are fewer documents than `cv`.
        """
        return self._fit(X, y, sample_weight, True)

    def transform(self, X: Documents) -> Float32Array:
        """Represent documents by the means of their words' and n-grams' vectors.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_columns), float32
            A document without a known word or n-gram is a row of zeros.
        """
        fitted = snapshot(self)
        rows = fitted._rows_of(X)
        warn_of_rows(rows, X)
        return rows

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[np.object_]:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : None
            Ignored; text has no features by name.

        Returns
        -------
        ndarray of str
            ``word_``, ``ngram_`` or ``char_``, and the class; with components, their
            numbers.
        """
        check_is_fitted(self)
        names = [str(label) for label in self.classes_]
        width = self.vectors_.shape[1]
        if hasattr(self, "components_"):
            names = [f"component{number}" for number in range(width)]
        names = names[-width:]
        kinds = self._features.kinds
        return np.array([f"{k}_{name}" for k in kinds for name in names], object)

    @property
    def ngrams_(self) -> list[str]:
        """Runs of words, joined by blanks, then character n-grams."""
        return self._features.names(self.words_)

    to_word_vectors = queries.to_word_vectors
    to_keyed_vectors = queries.to_keyed_vectors
    to_frame = queries.to_frame
    most_similar = queries.most_similar
    similarity = queries.similarity

    @_fit_context(prefer_skip_nested_validation=True)
    def _fit(self, X, y, sample_weight, crossfits):
        """Fit; return cross-fitted rows, if these are asked for."""
        documents, options = self._tokenize_to_fit(X)
        classes, multilabel, labels = checked_labels(y)
        weights = document_weights(documents, y, sample_weight, None, scale=False)
        check_two_classes(labels, weights, multilabel)
        seed, limits, n_jobs = draw_seed(self), limits_of(self), self._n_threads()
        stops = stop_word_set(self.stop_words)
        labelled = Labelled(without(documents, stops), labels, weights)
        # A document of weight 0 is as if it were not there.
        counted = labelled if weights.all() else labelled[weights > 0]
        binary = len(classes) == 2 and not multilabel
        found = WordClasses.learn(
            counted,
            limits,
            (self.word_ngrams, self.min_n, self.max_n),
            Association(self.association, float(self.smoothing), binary),
            n_components=self._number_of_components(len(classes)),
            idf=self.weights == "idf",
            seed=seed,
            n_jobs=n_jobs,
        )
        if not self.max_n:
            warn_of_documents(documents, found.vocabulary.rows(documents.table))
        if np.abs(found.vectors).max() < LEAST:
            warn(
                "No word of the documents says anything of the classes of y, so "
                "that all rows are zeros. Check that y belongs to X, or give more "
                "documents."
            )
        pooling = Pooling(self.sublinear_tf, self.normalization == "l2")
        rows = None
        if crossfits:
            shuffle = seed if self.shuffle else None
            folds = folds_of(self.cv, labels, multilabel, shuffle)
            rows = found.crossfitted(labelled, folds, pooling, n_jobs)
        words, n_words = found.vocabulary.words, len(found.vocabulary)
        fitted = {
            "classes_": classes,
            "words_": words,
            "vocabulary_": found.vocabulary.index,
            "counts_": found.vocabulary.counts,
            "vectors_": found.vectors[:n_words],
            "ngram_vectors_": found.vectors[n_words:],
            "idf_": found.weights,
            "_features": found.features,
            "_pooling": tuple(pooling),
            "_text_options": options,
            "_lookup": make_lookup(words, options, stops),
        }
        if found.components is not None:
            fitted["components_"] = found.components
        publish(self, fitted, ["components_"])
        return rows

    def _number_of_components(self, n_classes):
        """Return how many columns stand for the classes, or None."""
        if self.n_components != "auto":
            return self.n_components
        return None if n_classes <= MOST_CLASSES else COMPONENTS

    def _rows_of(self, X):
        """Return rows of documents of any kind, some at a time."""
        if isinstance(X, TokenizedDocuments):
            return self._pooled(X)
        n_columns = len(self._features.kinds) * self.vectors_.shape[1]
        rows, first = Growing(np.float32), 0
        for _, documents in document_chunks(X, options=self._text_options):
            how = self._text_options, "X", self._n_threads(), first
            rows.append(self._pooled(tokenize(documents, *how)).reshape(-1))
            first += len(documents)
        return rows.result().reshape(first, n_columns)

    def _pooled(self, documents):
        """Return rows of tokenised documents."""
        features, both = self._features, (self.vectors_, self.ngram_vectors_)
        documents = features.without_stop_words(documents)
        batch = features.batch(documents, self._lookup.rows(documents.table))
        pooling, n_jobs = Pooling(*self._pooling), self._n_threads()
        rows = pooling.rows(batch, features, both, self.idf_, n_jobs)
        if not np.isfinite(rows).all():
            raise ValueError(
                "vectors_ or ngram_vectors_ hold numbers that are not finite: they "
                "were changed. Fit or load the vectorizer again."
            )
        return rows

    def _left_out(self, model):
        return stop_word_set(self._features.stop_words)

    def _check_loaded(self):
        """Refuse parts that do not fit together."""
        check_words(self)
        features, others = self._features, self.ngram_vectors_
        if not isinstance(features, TermFeatures):
            raise ValueError("_features are none")
        features.check()
        n_words, width = self.vectors_.shape
        n_others = len(features) - n_words
        if features.n_words != n_words or len(self.classes_) < 1:
            raise ValueError(f"{n_words} words, but features of {features.n_words}")
        for name in ("idf_", "ngram_vectors_"):
            if not isinstance(getattr(self, name), np.ndarray):
                raise ValueError(f"{name} is no array")
        check_rows("idf_", self.idf_, len(features))
        if others.dtype != np.float32 or others.shape != (n_others, width):
            raise ValueError(f"{n_others} n-grams, but vectors {others.shape}")
        if list(map(type, self._pooling)) != [bool, bool]:
            raise ValueError("_pooling is not two truth values")
