"""Recurrent text classifiers: RNN, GRU and LSTM."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin

from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Float32Array,
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
    POSITIVE,
    Integral,
    Interval,
    Real,
    StrOptions,
    TextEstimator,
    _fit_context,
    fitted_vocabulary,
)
from sklearn_embed._estimators.callbacks import CallbackSupportMixin, with_callbacks
from sklearn_embed._estimators.contextual_pair import layer_numbers
from sklearn_embed._estimators.language_start import (
    checked_models,
    start_of,
    with_known_words,
)
from sklearn_embed._estimators.loading import check_words
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.pretrained import (
    checked_pretrained,
    refuse_penalty,
    shared_pretrained,
)
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._estimators.training import settings_of
from sklearn_embed._estimators.word_vectorizer import LEARNING_CONSTRAINTS
from sklearn_embed._models.recurrent_classifier import (
    RecurrentClassifierSettings,
    RecurrentTextClassifier,
)
from sklearn_embed._text.tokens import DEFAULT_PATTERN

if TYPE_CHECKING:
    from typing_extensions import Self


@register
class RecurrentClassifier(CallbackSupportMixin, ClassifierMixin, TextEstimator):
    r"""Classify documents by what an RNN, a GRU or an LSTM makes of their words.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        What the recurrent layers are made of.
    nonlinearity : {"tanh", "relu"}, default="tanh"
        The function of ``cell="rnn"``.
    hidden_size : int, default=128
        Numbers in the state of a layer, in each direction.
    num_layers : int, default=1
        Recurrent layers on top of each other.
    bidirectional : bool, default=True
        Whether the words are read from the last to the first, too, by layers of their
        own, whose states stand beside the others.
    layers : "all", int or sequence of int, default=-1
        Whose states are pooled: 0 are the vectors of words, below the recurrent layers
        1 to `num_layers`; -1 is the last one.  One number: the states of that layer.
        Otherwise the sum of all that are named, with weights that are learned, as
        ELMo's are; see Notes.  Layer 0 can be among them where `vector_size` is the
        width of the others: `hidden_size`, or twice that if `bidirectional`.
    pooling : {"max", "mean", "last"}, default="max"
        What becomes of the states: the greatest or the mean number of each unit, or the
        last state that each direction comes to.
    dropout : float, default=0.5
        Share of the numbers that are set to 0 while training, in [0, 1): of those
        that enter a recurrent layer and of the pooled ones, not of those that stay in
        a layer from word to word.
    max_length : int or None, default=1000
        Words of a document that are read, the first ones.  None: all, in memory that
        grows with the longest document.
    batch_size : int, default=32
        Documents of a step.
    optimizer : {"adam", "adagrad", "sgd"}, default="adam"
        How parameters follow their slopes.
    momentum : float, default=0.0
        Of ``optimizer="sgd"``; in [0, 1).
    max_norm : float or None, default=5.0
        Largest norm of all slopes together; longer ones are shortened to it.  None:
        never.
    pretrained : Pretrained, or any source of word vectors, default=None
        Vectors to start from, of `vector_size` dimensions: whatever
        :class:`Pretrained` takes, or one itself, which also says how far they may
        move.  Words that they lack start at random.  `clone` shares the vectors.
    language_model : RecurrentLanguageModel, pair, or None, default=None
        A fitted language model whose vectors and layers training starts from; if
        `bidirectional`, a pair of them, one of ``direction="forward"`` and one of
        ``direction="backward"``, or a fitted `ContextualVectorizer`, which has both.
        `cell`, `hidden_size` and `num_layers` must be
        theirs, `vector_size` that of the forward one, or the sum of both.  All words
        that they know have a row, whether documents hold them or not; others start as
        their unknown word.  `clone` shares them.
    fine_tuning : {"all", "gradual", "none"}, default="all"
        What moves of a `language_model`.

        - "all": everything, from the first epoch on.
        - "gradual": the scores of classes in the first epoch, with the last layer in
          the second, and so on downwards, the vectors of words at last.
        - "none": the scores of classes alone, and the weights of `layers`.
    layer_decay : float, default=1.0
        In (0, 1]: the last layer learns at `learning_rate` times this, each one below,
        and the vectors of words below all, at so much of the rate of that above.
    learning_rate : float, default=0.004
        The highest one: it rises to that for 100 steps, or a tenth of all, and falls
        linearly to 0.
    epochs : int, default=10
        Passes over the documents, in another order each time.
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
    output_vectors_ : ndarray of shape (n_classes, n_numbers), float32
        What the pooled states are multiplied with: `hidden_size` numbers, or twice as
        many if `bidirectional`.
    layer_weights_ : ndarray of shape (n_layers,), float64
        The share of each layer that `layers` names, in that order; their sum is 1.
    layer_scale_ : float
        What the sum of the layers is multiplied with; 1.0 where there is one alone.

    See Also
    --------
    FastTextClassifier : Averages of vectors, which know no order of words: much faster.
    RecurrentLanguageModel : The same layers, trained to predict the next word.

    Notes
    -----
    The score of class :math:`c` is :math:`u_c^\top p + a_c`, where :math:`p` are the
    pooled states; see `RecurrentLanguageModel` for the cells.  With one label a
    document the loss is that of the softmax, with indicators that of each class by
    itself.  Words without a row are left out; a document of which no word is known
    gets the shares that the classes have among the training documents, weights
    included.

    Batches are made of documents of like lengths: of those of 20 batches in random
    order, sorted by length.  Shorter documents of a batch cost nothing for the rest of
    the longest.  Vectors of words move only in steps in which the word occurs (lazy
    Adam and momentum).  Weights, of documents or classes, are scaled to a mean of 1 by
    `fit`.

    With a `language_model`, the states are at first what it makes of the words, in both
    directions side by side: above the first layer each direction reads its own half,
    and the weights of the other half start at 0.  The end mark that language models
    read before the first word is left out.

    On trec6 with 2,500 texts, from two models of two layers with 256 units, trained on
    3.5 million words of Wikipedia, five epochs reached .884 where the defaults have
    .843 after ten; "gradual" .843, ``layer_decay=0.4`` .806, and "none" .676 with a
    rate of 0.01 and less dropout: small rates need more epochs.

    Where `layers` names several, what is pooled is
    :math:`\gamma \sum_j s_j h_j`, where :math:`h_j` are the states of layer :math:`j`
    of which nothing is dropped, :math:`s` the softmax of numbers that start at 0, and
    :math:`\gamma` starts at 1 (Peters et al. 2018, equation 1).  These are learned at
    `learning_rate` whatever `fine_tuning` and `layer_decay` are.  With
    ``fine_tuning="none"`` this is ELMo: a task learns which layers it needs, and
    nothing else of the language models.  There it is better than the last layer alone,
    with 2,500 texts of trec6 and sst2 .827 and .671 instead of .792 and .628, by means
    .818 and .715 instead of .796 and .655 (a pair of models trained on 7.5 million
    words, a rate of 0.05, 15 epochs, ``dropout=0.2``).  Where all moves, the gain is
    no larger than what seeds do: .894 instead of .893, and .786 instead of .775 (five
    epochs, means of two seeds).

    Weights over the words by attention are not offered: on trec6, sst2 and mr_polarity,
    2,500 texts, one vector whose products with the states are the scores of a softmax
    over the words was .5 points below "max".

    The result is the same, bit for bit, for the same `random_state` and documents,
    whatever `n_jobs` is; what is said of a document depends on that document alone.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory".

    Schuster and Paliwal (1997), "Bidirectional recurrent neural networks".

    Howard and Ruder (2018), "Universal language model fine-tuning for text
    classification".

    Peters, Neumann, Iyyer, Gardner, Clark, Lee and Zettlemoyer (2018), "Deep
    contextualized word representations", section 3.2.

    Conneau, Kiela, Schwenk, Barrault and Bordes (2017), "Supervised learning of
    universal sentence representations from natural language inference data", section
    3.2: bidirectional LSTMs and the greatest number of each unit.

    Examples
    --------
    >>> from sklearn_embed import RecurrentClassifier
    >>> texts = ["fine, not dull", "dull, not fine"] * 50
    >>> model = RecurrentClassifier(8, hidden_size=8, learning_rate=0.03)
    >>> model.set_params(random_state=0).fit(texts, [1, 0] * 50).predict(texts[:2])
    array([1, 0])
    """

    _model: RecurrentTextClassifier

    _vector_parameters = ("pretrained",)

    _parameter_constraints: dict = {
        **LEARNING_CONSTRAINTS,
        "cell": [StrOptions({"lstm", "gru", "rnn"})],
        "nonlinearity": [StrOptions({"tanh", "relu"})],
        "hidden_size": [COUNT],
        "num_layers": [Interval(Integral, 1, 100, closed="both")],
        "bidirectional": ["boolean"],
        "layers": [
            StrOptions({"all"}),
            Interval(Integral, -101, 100, closed="both"),
            "array-like",
        ],
        "pooling": [StrOptions({"max", "mean", "last"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "max_length": [COUNT, None],
        "batch_size": [Interval(Integral, 1, 1_000_000, closed="both")],
        "optimizer": [StrOptions({"adam", "adagrad", "sgd"})],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "max_norm": [POSITIVE, None],
        "language_model": "no_validation",
        "fine_tuning": [StrOptions({"all", "gradual", "none"})],
        "layer_decay": [Interval(Real, 0, 1, closed="right")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        cell: str = "lstm",
        nonlinearity: str = "tanh",
        hidden_size: int = 128,
        num_layers: int = 1,
        bidirectional: bool = True,
        layers: str | int | Sequence[int] = -1,
        pooling: str = "max",
        dropout: float = 0.5,
        max_length: int | None = 1000,
        batch_size: int = 32,
        optimizer: str = "adam",
        momentum: float = 0.0,
        max_norm: float | None = 5.0,
        pretrained: VectorSource = None,
        language_model: Any = None,
        fine_tuning: str = "all",
        layer_decay: float = 1.0,
        learning_rate: float = 0.004,
        epochs: int = 10,
        class_weight: Mapping[Any, float] | str | None = None,
        memory: Any = None,
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
        self.cell = cell
        self.nonlinearity = nonlinearity
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.layers = layers
        self.pooling = pooling
        self.dropout = dropout
        self.max_length = max_length
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.momentum = momentum
        self.max_norm = max_norm
        self.pretrained = pretrained
        self.language_model = language_model
        self.fine_tuning = fine_tuning
        self.layer_decay = layer_decay
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
        """Learn to tell the labels of documents.

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
        with one_blas_thread():
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

        The learning rate is `learning_rate` throughout, and weights are taken as they
        are.  `epochs` and `early_stopping` play no part; `min_df` and `max_df`, which
        need all documents at once, are refused.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : array-like of shape (n_documents,) or (n_documents, n_classes)
            The labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels.  Must be given in the first call, unless `y` is a matrix of
            indicators.  Later calls may name more, which start at random; of
            indicators, they are the numbers of the columns.
        sample_weight : array-like of shape (n_documents,) or None, default=None
            How much each document counts.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        with one_blas_thread():
            return label_fits.fit_batch(self, X, y, classes, sample_weight)

    def sentence_vectors(self, X: Documents) -> Float32Array:
        """Return the vectors that the classes are scored by: the pooled states.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_numbers), float32
            `hidden_size` numbers, or twice as many if `bidirectional`; zeros for a
            document of which no word is known.
        """
        fitted = snapshot(self)
        documents, vocabulary = fitted._tokenize(X), fitted._fitted_vocabulary()
        return fitted._model.means(documents, vocabulary, fitted._n_threads())

    decision_function = label_predictions.decision_function
    predict_proba = label_predictions.predict_proba
    predict = label_predictions.predict
    predict_top_k = label_predictions.predict_top_k

    to_word_vectors = queries.to_word_vectors
    to_keyed_vectors = queries.to_keyed_vectors
    to_frame = queries.to_frame
    most_similar = queries.most_similar
    similarity = queries.similarity

    def _rates(self):
        """Return the first and the last learning rate."""
        return self.learning_rate, 0.0

    def _fitted_vocabulary(self):
        """Return the words that have a row."""
        return fitted_vocabulary(self)

    def _makes_unknown_words(self):
        """Tell whether words without a row have vectors, too."""
        return False

    def _with_known_words(self, vocabulary, documents):
        """Return the words that have a row: those of language models, too."""
        return with_known_words(self, vocabulary, documents)

    def _fits_few(self, X, data, texts, labels):
        """Train a batch that adds no rows, if it is one; tell whether it is."""
        return False

    def _new_model(self, words, documents, labels, continued, adding):
        """Return what makes the model; no parameter is "auto"."""
        loss = "one_vs_all" if labels.multilabel else "softmax"
        fixed = {"loss": loss, "layers": self._checked_layers()}
        settings = settings_of(self, RecurrentClassifierSettings, **fixed)
        if continued:
            labels = self._model.labels.grown(labels)
        start = start_of(checked_models(self), settings.stack)
        return partial(_new_model, words, settings, labels, start), None

    @property
    def _shared_parameters(self):
        return "language_model", *shared_pretrained(self.pretrained)

    def _checked_layers(self):
        """Return the number of the layer that is pooled, or the numbers of several."""
        numbers = layer_numbers(self.layers, self.num_layers + 1)
        width = self.hidden_size * (2 if self.bidirectional else 1)
        if 0 in numbers and self.vector_size != width:
            raise ValueError(
                f"layers={self.layers!r:.80}: layer 0 has vector_size="
                f"{self.vector_size} numbers, the others have {width} (hidden_size="
                f"{self.hidden_size}, bidirectional={self.bidirectional}): make them "
                "equal, or leave 0 out of layers."
            )
        return numbers[0] if isinstance(self.layers, Integral) else numbers

    def _checked_pretrained(self):
        """Return the vectors that training starts from, or None."""
        self._checked_layers()
        checked_models(self)
        pretrained = checked_pretrained(self.pretrained, self.vector_size)
        refuse_penalty(pretrained, type(self).__name__)
        return pretrained

    def _check_loaded(self):
        """Refuse arrays of wrong shapes or types."""
        check_words(self)
        self._model.check(len(self.words_))
        if not np.array_equal(self.classes_, self._model.labels.classes):
            raise ValueError("classes_ differ from those of the model")
        for name, value in self._model.layer_attributes().items():
            if not np.array_equal(getattr(self, name), value):
                raise ValueError(f"{name} differs from that of the model")


def _new_model(words, settings, labels, start, rng, before):
    """Return what is to be trained."""
    return RecurrentTextClassifier.new(words, settings, labels, rng, before, start)
