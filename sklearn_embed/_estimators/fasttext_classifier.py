"""Embedding, weighted sum, linear layer: text classification trained as a whole."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Preprocessor,
    RandomState,
    StopWords,
    StripAccents,
    Tokenizer,
    VectorSource,
)
from sklearn_embed._estimators import label_fits, label_predictions, queries
from sklearn_embed._estimators.base import (
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    Integral,
    Interval,
    StrOptions,
    TextEstimator,
    _fit_context,
    fitted_vocabulary,
)
from sklearn_embed._estimators.callbacks import CallbackSupportMixin, with_callbacks
from sklearn_embed._estimators.fasttext_exchange import FastTextExchange
from sklearn_embed._estimators.label_rules import RULES
from sklearn_embed._estimators.label_training import (
    continued_with,
    make_space,
    model_maker,
    settle,
)
from sklearn_embed._estimators.last_vectors import LastVectors, LastWeights
from sklearn_embed._estimators.loading import check_words
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.pretrained import (
    checked_pretrained,
    refuse_penalty,
    shared_pretrained,
)
from sklearn_embed._estimators.shrinking import quantize
from sklearn_embed._estimators.small_batches import learn_few
from sklearn_embed._estimators.word_vectorizer import LEARNING_CONSTRAINTS
from sklearn_embed._models.classifier import SEPARATE
from sklearn_embed._text.tokens import DEFAULT_PATTERN, WORDS_AND_MARKS
from sklearn_embed._vectors.word_vectors import WordVectors

if TYPE_CHECKING:
    from typing_extensions import Self


@register
class FastTextClassifier(
    CallbackSupportMixin,
    FastTextExchange,
    ClassifierMixin,
    TextEstimator,
):
    r"""Classify documents by a weighted sum of vectors learned for the task.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    loss : str, default="auto"
        How a prediction is judged.

        - "auto": "softmax" where every document has one label, "one_vs_all" where
          `y` is a matrix of indicators.
        - "softmax": the class against all others.
        - "one_vs_all": every class by itself, right or wrong.
        - "negative_sampling": the class against `negative` drawn ones.
        - "hierarchical_softmax": the turns on the way to the class in a Huffman tree;
          time grows with the logarithm of the number of classes.
    negative : int, default=5
        Classes drawn for each document; at least 1.  Only for negative sampling.
    word_ngrams : int, default=2
        Longest sequence of words that has a vector of its own.  1: words alone.
    min_n, max_n : int, default=0
        Shortest and longest character n-gram that has a vector, the brackets of
        ``<word>`` included.  `max_n` 0: none.  With them, unknown words count.
    bucket : int, default=2_000_000
        Values that the hash of n-grams can take.  Those that do not occur in the
        training texts take no memory.
    pretrained : Pretrained, or any source of word vectors, default=None
        Vectors to start from, of `vector_size` dimensions: whatever
        :class:`Pretrained` takes, or one itself, which also says how far they may
        move.  Words that they lack start at random.  `clone` shares the vectors.
    normalization : {"l2", "l1"}, default="l2"
        What becomes of a document's features.

        - "l2": a weighted sum whose squared weights add up to 1, of the logarithms of
          counts, :math:`1 + \ln tf`.  A step moves documents of all lengths alike.
        - "l1": a weighted mean of all occurrences; without `weights` that of fastText.
    weights : {"idf"} or None, default="idf"
        Weights of the features.

        - "idf": the smooth inverse document frequency
          :math:`\ln\frac{1 + n}{1 + df} + 1` of the documents given to `fit`, as in
          :class:`~sklearn.feature_extraction.text.TfidfVectorizer`.
        - None: all equal.
    alpha : float or "auto", default="auto"
        Strength of the L2 penalty, at least 0: half of it times the sum of all squared
        parameters is added to the mean loss.  "auto": 0.002 divided by the root of the
        number of classes, or 0 with normalization="l1".
    learning_rate : float or "auto", default="auto"
        At the beginning; it falls linearly to 0.  "auto": 0.2, times 50 divided by
        the number of classes that a loss judges each by itself where these are more;
        or with normalization="l1" a fifth of the root of the mean number of features
        of a document, at least 0.3 and at most 3.
    epochs : int or "auto", default="auto"
        Passes over the documents, in another order each time.  "auto": as many as
        make up 40,000 documents, at least 5 and at most 20; at least 10 and at most
        50 with normalization="l1".
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as everywhere in scikit-learn.
    memory : str, joblib.Memory or None, default=None
        Where fits are kept.  One of the same documents and labels, integer
        `random_state` and other parameters goes on from one of fewer `epochs`, at the
        learning rates where its own schedule stands, so that a search by successive
        halving over `epochs` trains none of them twice.
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
    token_pattern : str or None, default=None
        Regular expression of a token.  None: two or more word characters, as in
        :class:`~sklearn.feature_extraction.text.CountVectorizer`; with character
        n-grams and normalization="l2", ``(?u)\\w+|[^\\w\\s]``, words of any length
        and each mark between them, since punctuation tells styles apart.
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
        Words that occur less often are left out.
    min_df : int or float, default=1
        Words that occur in fewer documents are left out; an integer is a number of
        documents, a float in [0, 1] a share of them.
    max_df : int or float, default=1.0
        Words that occur in more documents are left out; likewise.
    max_features : int or None, default=None
        Keep only this many words, the most frequent ones.  None: no limit.
    vocabulary : iterable of str, mapping, path or None, default=None
        The only words admitted.  The limits above apply to them as well.  Of a
        mapping, the keys count; a :class:`pathlib.Path` is a file with a word a line.
    early_stopping : bool, default=False
        Whether to hold out documents and stop when their loss stops falling.
    validation_fraction : float, default=0.1
        Share of the documents held out, in (0, 1).  Only with `early_stopping`.
    n_iter_no_change : int, default=5
        Epochs without a fall of the held-out loss before training stops.
    tol : float, default=1e-3
        The least fall that counts, in units of the loss.
    warm_start : bool, default=False
        Whether `fit` continues from the last fit: words seen before keep their
        vectors, and the epochs missing from `epochs` are trained, at the learning
        rates where the schedule stands.
    n_jobs : int or None, default=None
        Threads.  None means 1, -1 all processors.
    random_state : int, RandomState instance or None, default=None
        Seed of whatever is drawn.
    verbose : bool or int, default=False
        Whether to print the loss of each epoch.

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
    loss_curve_ : list of float
        Mean loss of each epoch, summed in float64.
    validation_loss_curve_ : list of float
        The same of the held-out documents; only with `early_stopping`.
    n_iter_ : int
        Epochs trained.
    weights_ : ndarray of shape (n_words,), float32
        The weight of one occurrence of each word.
    learning_rate_ : float
        The rate that `learning_rate` came to.
    epochs_ : int
        The number of epochs that `epochs` came to.
    alpha_ : float
        The strength that `alpha` came to.
    output_vectors_ : ndarray of shape (n_classes, vector_size), float32
        What a document's vector is multiplied with; with hierarchical softmax a row
        for each inner node of the tree, n_classes - 1.

    See Also
    --------
    MeanPoolEmbedder : ``MeanPoolEmbedder(FastTextClassifier())`` gives averages of the
        vectors to any other estimator.
    Word2VecVectorizer : Vectors from texts without labels.

    Notes
    -----
    The score of class :math:`c` is :math:`u_c^\top \sum_f x_f v_f`, the sum over all
    features of a document: its words, their character n-grams, its word n-grams and a
    mark after the last word, which acts as an intercept.  With normalization="l2" each
    feature counts once, :math:`x_f \propto (1 + \ln tf_f)\, w_f`; words, mark and word
    n-grams make up one half of :math:`\sum_f x_f^2 = 1` and character n-grams, if there
    are any, the other one; what never occurred in training is left out.  With "l1",
    :math:`x_f \propto tf_f\, w_f` and :math:`\sum_f x_f = 1`.  A document of which
    nothing is known gets the shares that the classes have among the training
    documents, weights included; from a model of fastText's, what fastText says: the
    score of the mark alone.

    `fit` minimises the mean loss plus :math:`\frac{\alpha}{2}\left(\sum_f \|v_f\|^2 +
    \sum_c \|u_c\|^2\right)` by stochastic gradient descent; the second term is the
    trace norm of the scores by feature and class.  Rows that `pretrained` freezes
    stand outside the penalty.  `loss_curve_` is the loss alone.  Document frequencies
    are those of the documents that the last `fit` trained on, or all calls of
    `partial_fit` together.

    With ``normalization="l1", weights=None`` this is the supervised mode of fastText,
    with its hash functions; ``word_ngrams=1, learning_rate=0.1, epochs=5`` are its
    defaults.  Deviations: documents come in a new random order in every epoch; the
    learning rate falls with the documents read, not the tokens; n-grams that never
    occurred in training are zeros, not random numbers; negatives equal to the class are
    left out, not drawn again; weights, of documents or classes, are scaled to a mean of
    1 by `fit`.

    With two classes the penalty leaves vectors that all lie on one line; those of
    ``alpha=0`` point in more directions, for :class:`MeanPoolEmbedder` and queries.
    With the defaults, ``vector_size=50`` predicts as well, and takes two thirds of the
    time and memory.

    It is no transformer: what it learns is a set of word vectors, which
    `MeanPoolEmbedder` averages in any way that is wanted.

    With one thread the result is the same, bit for bit, for the same `random_state`
    and documents.

    References
    ----------
    Joulin, Grave, Bojanowski and Mikolov (2017), "Bag of tricks for efficient text
    classification".

    Srebro, Rennie and Jaakkola (2005), "Maximum-margin matrix factorization", on the
    penalty.

    Examples
    --------
    >>> from sklearn_embed import FastTextClassifier
    >>> texts = ["a fine film", "fine and funny", "a dull film", "dull and long"] * 5
    >>> model = FastTextClassifier(8, random_state=0).fit(texts, [1, 1, 0, 0] * 5)
    >>> model.predict(["funny", "long film"])
    array([1, 0])
    """

    _vector_parameters = ("pretrained",)

    vectors_ = LastVectors()
    weights_ = LastWeights()

    _parameter_constraints: dict = {
        **LEARNING_CONSTRAINTS,
        "loss": [StrOptions({"auto", "softmax", "hierarchical_softmax"} | SEPARATE)],
        "negative": [COUNT],
        "word_ngrams": [COUNT],
        "min_n": [Interval(Integral, 0, None, closed="left")],
        "max_n": [Interval(Integral, 0, None, closed="left")],
        "bucket": [Interval(Integral, 1, 2**31 - 1, closed="left")],
        "normalization": [StrOptions({"l1", "l2"})],
        "weights": [StrOptions({"idf"}), None],
        "alpha": [NOT_NEGATIVE, StrOptions({"auto"})],
        "learning_rate": [POSITIVE, StrOptions({"auto"})],
        "epochs": [COUNT, StrOptions({"auto"})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        loss: str = "auto",
        negative: int = 5,
        word_ngrams: int = 2,
        min_n: int = 0,
        max_n: int = 0,
        bucket: int = 2_000_000,
        pretrained: VectorSource = None,
        normalization: str = "l2",
        weights: str | None = "idf",
        alpha: float | str = "auto",
        learning_rate: float | str = "auto",
        epochs: int | str = "auto",
        class_weight: Mapping[Any, float] | str | None = None,
        memory: Any = None,
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = None,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        stop_words: StopWords = None,
        min_count: int = 1,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        vocabulary: Collection[str] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        tol: float = 1e-3,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: bool | int = False,
    ) -> None:
        self.vector_size = vector_size
        self.loss = loss
        self.negative = negative
        self.word_ngrams = word_ngrams
        self.min_n = min_n
        self.max_n = max_n
        self.bucket = bucket
        self.pretrained = pretrained
        self.normalization = normalization
        self.weights = weights
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.class_weight = class_weight
        self.memory = memory
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
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Documents, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn vectors that tell the labels of documents.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like of shape (n_documents,) or (n_documents, n_classes)
            The labels; or a matrix of 0 and 1, dense or sparse, for documents that
            have any number of labels.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            How much each document counts, relative to the others.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If labels and documents do not fit together, no word is left, or a
            parameter is out of range.
        TypeError
            If a document is neither a string nor a sequence of strings.
        FloatingPointError
            If training diverges.
        """
        return label_fits.fit_labels(self, X, y, sample_weight)

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Documents,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Learn from one more batch of documents, in one pass.

        The learning rate is `learning_rate` throughout, and weights of documents are
        taken as they are.  A parameter that is "auto" is what the fit before made of
        it or, in the first batch, what a text of unknown length gets.  `epochs` and
        `early_stopping` play no part; `min_df` and `max_df`, which need all documents
        at once, are refused.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like of shape (n_documents,) or (n_documents, n_classes)
            The labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels.  Must be given in the first call, unless `y` is a matrix of
            indicators.  Later calls may name more, which start at zero, unless the
            loss is "hierarchical_softmax"; of indicators, they are the numbers of the
            columns.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            How much each document counts.

        Returns
        -------
        self : object
            The fitted estimator.

        Notes
        -----
        Without `pretrained`, the cost is that of the batch, however many words are
        known: copies of its rows are trained, and then written into the arrays, which
        have room for rows of new n-grams.  New words cost a copy of the arrays.  The
        penalty shrinks all rows by one number, kept beside them; `vectors_` and
        `weights_` are made anew when they are asked for.  Arrays that anybody else
        holds, such as a result of `vectors_` kept from before, stay as they are: new
        ones take their place, which costs a copy.
        """
        return label_fits.fit_batch(self, X, y, classes, sample_weight)

    def to_word_vectors(self) -> WordVectors:
        """Return words, vectors, counts and subwords as one immutable value.

        Returns
        -------
        WordVectors
            With character n-grams, unknown words have vectors, too.
        """
        check_is_fitted(self)
        subwords = self._model.subwords(len(self.words_))
        return WordVectors(self.words_, self.vectors_, self.counts_, subwords)

    to_keyed_vectors = queries.to_keyed_vectors
    to_frame = queries.to_frame
    most_similar = queries.most_similar
    similarity = queries.similarity

    decision_function = label_predictions.decision_function
    predict_proba = label_predictions.predict_proba
    predict = label_predictions.predict
    predict_top_k = label_predictions.predict_top_k
    sentence_vectors = label_predictions.sentence_vectors

    quantize = quantize

    @property
    def _rules(self):
        """What "auto" means, by parameter."""
        return RULES[self.normalization]

    def _rates(self):
        """Return the first and the last learning rate."""
        return self.learning_rate, 0.0

    def _options(self):
        """How this estimator turns strings into tokens."""
        options = super()._options()
        if self.token_pattern is not None:
            return options
        marks = self.max_n > 0 and self.normalization == "l2"
        return options._replace(
            token_pattern=WORDS_AND_MARKS if marks else DEFAULT_PATTERN
        )

    def _fitted_vocabulary(self):
        """Return the words that have a row."""
        return fitted_vocabulary(self)

    def _makes_unknown_words(self):
        """Tell whether words without a row have vectors, too."""
        return self.max_n > 0

    def _with_known_words(self, vocabulary, documents):
        """Return the words that have a row: those of the documents alone."""
        return vocabulary

    def _fits_few(self, X, data, texts, labels):
        """Train a batch that adds no rows, if it is one; tell whether it is."""
        settled = settle(self, None, None, labels, keep=True)
        of = continued_with(settled, labels, self._model)
        return learn_few(self, X, data, texts, settled, of)

    def _new_model(self, words, documents, labels, continued, adding):
        """Return what makes the model, and the parameters, none of them "auto"."""
        known = self._model if continued else None
        space = make_space(self, words, documents, known)
        texts = None if adding else documents
        settled = settle(self, space, texts, labels, keep=continued)
        return model_maker(settled, space, labels, known, adding), settled

    @property
    def _shared_parameters(self):
        return shared_pretrained(self.pretrained)

    def _checked_pretrained(self):
        """Return where training starts from, or None."""
        pretrained = checked_pretrained(self.pretrained, self.vector_size)
        refuse_penalty(pretrained, type(self).__name__)
        return pretrained

    def _check_loaded(self):
        """Refuse arrays of wrong shapes or types."""
        self._model.check(len(self.words_))  # before vectors are made of it
        check_words(self)
        if not np.array_equal(self.classes_, self._model.labels.classes):
            raise ValueError("classes_ differ from those of the model")
