"""Vectors of words in their context, from two recurrent language models."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Float32Array,
    Preprocessor,
    RandomState,
    StripAccents,
    Tokenizer,
    VectorSource,
)
from sklearn_embed._estimators import contextual_pair as pairs
from sklearn_embed._estimators import networks
from sklearn_embed._estimators.base import (
    Integral,
    Interval,
    StrOptions,
    TextTransformer,
    _fit_context,
    check_words_kept,
)
from sklearn_embed._estimators.callbacks import CallbackSupportMixin, with_callbacks
from sklearn_embed._estimators.coverage import warn_of_rows
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.recurrent_language_model import RecurrentLanguageModel
from sklearn_embed._estimators.snapshot import publish, snapshot
from sklearn_embed._estimators.token_methods import TokenVectorsMixin
from sklearn_embed._models.contextual import TokenReader
from sklearn_embed._models.sequences import encoded_blocks
from sklearn_embed._text.tokens import DEFAULT_PATTERN

if TYPE_CHECKING:
    from typing_extensions import Self


@register
class ContextualVectorizer(
    CallbackSupportMixin,
    TokenVectorsMixin,
    ClassNamePrefixFeaturesOutMixin,
    TextTransformer,
):
    r"""Represent words by what language models know where they stand, as ELMo does.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    pooling : {"mean", "sum", "max", "last"}, default="mean"
        How vectors of tokens become a row: their mean, their sum, the greatest value of
        each dimension, or those that each model reads last.
    layers : "all", int or sequence of int, default="all"
        Which layers vectors are made of: 0 are the vectors of words, below the
        recurrent layers 1 to `num_layers`; -1 is the last one.
    layer_weights : {"concat", "mean"} or sequence of float, default="concat"
        How the layers become one vector: side by side, as their mean, or as the sum
        that is weighted by these numbers.  Sums need `vector_size` and `hidden_size` to
        be equal, unless layer 0 is left out.
    normalize_layers : bool, default=False
        Whether the numbers of each layer, in each direction, are brought to mean 0 and
        variance 1 first, token by token.
    language_models : tuple of two RecurrentLanguageModel or None, default=None
        A fitted pair, one with ``direction="forward"`` and one "backward", of the same
        words and sizes: then `fit` trains nothing, and only the parameters above and
        `n_jobs` play a part.  `clone` shares it.  None: `fit` trains a pair.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        What the recurrent layers are made of.
    nonlinearity : {"tanh", "relu"}, default="tanh"
        The function of ``cell="rnn"``.
    hidden_size : int, default=200
        Numbers in the state of a layer.
    num_layers : int, default=2
        Recurrent layers on top of each other.
    dropout : float, default=0.2
        Share of the numbers that are set to 0 while training, in [0, 1): of those
        that enter a recurrent layer and of those that leave the last one, not of those
        that stay in a layer from word to word.
    loss : {"auto", "softmax", "sampled_softmax"}, default="auto"
        How a prediction is judged while training; afterwards, always by all words.

        - "softmax": the next word against all others.
        - "sampled_softmax": against words that are drawn for each step.
        - "auto": "softmax" with up to 4,000 words.
    negative : int, default=1024
        Words drawn for each step of the sampled softmax; those drawn twice count once.
    proposal : {"unigram", "log_uniform"}, default="unigram"
        How the words of the sampled softmax are drawn.

        - "unigram": by their counts to the power of 0.75.
        - "log_uniform": by their ranks, as if those followed Zipf's law.
    tie_weights : bool, default=False
        Whether words have the same vectors as inputs and as outputs; `vector_size` and
        `hidden_size` must be equal then.
    bptt : int, default=35
        Words after which slopes are cut off.  States go on until the document ends.
    batch_size : int, default=32
        Places of the text that are read side by side; fewer in a short text, such that
        an epoch has 10 steps.
    optimizer : {"adam", "adagrad", "sgd"}, default="adam"
        How parameters follow their slopes.
    momentum : float, default=0.0
        Of ``optimizer="sgd"``; in [0, 1).
    max_norm : float or None, default=1.0
        Largest norm of all slopes together; longer ones are shortened to it.  None:
        never.
    pretrained : Pretrained, or any source of word vectors, default=None
        Vectors to start from, of `vector_size` dimensions: whatever
        :class:`Pretrained` takes, or one itself, which also says how far they may
        move.  Words that they lack start at random.  `clone` shares the vectors.
    learning_rate : float or "auto", default="auto"
        The highest one: it rises to that for 100 steps, or a tenth of all, and falls
        linearly to 0.  "auto": 0.006 for "adam", 0.05 for "adagrad", 5 for "sgd".
    epochs : int or "auto", default="auto"
        Passes over the documents, in another order each time.  "auto": as many as make
        up 5,000,000 tokens, at most 40.
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
    min_count : int, default=2
        Words that occur less often count as unknown.
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
    language_models_ : tuple of two RecurrentLanguageModel
        The forward and the backward one.  Those that `fit` has trained have the losses
        and the like of their training.
    words_ : list of str
        Row → word; most frequent first, ties in the order of their characters.
    vocabulary_ : dict
        Word → row.
    counts_ : ndarray of shape (n_words,), int64
        Occurrences in the training texts.

    See Also
    --------
    RecurrentLanguageModel : What is trained, once in each direction.
    MeanPoolEmbedder : Vectors of words that are the same in every context.

    Notes
    -----
    The vector of token :math:`k` in layer :math:`j` is
    :math:`h_{k,j} = [\overrightarrow{h}_{k,j}; \overleftarrow{h}_{k,j}]`: the state of
    the forward model once it has read the tokens from the beginning up to this one,
    and that of the backward model from the end down to this one.  In layer 0 both
    halves are the vectors that the models have of the word; they are equal where
    `pretrained` ones were kept.  Given weights :math:`s_j` make
    :math:`\sum_j s_j h_{k,j}` (Peters et al., equation 1, with :math:`\gamma = 1`).

    Layers side by side suit linear classifiers, which weigh each column by itself; to
    compare tokens, one recurrent layer is better, the last one of models that were
    trained long, while layer 0 is the same in all contexts.
    What a place is about shows more clearly in the mean of its neighbours' vectors,
    too: `window` of the methods that return tokens.  `pooling`, `layers`,
    `layer_weights` and `normalize_layers` may be changed after `fit`, without training
    anew.

    A word outside of the vocabulary is read as the unknown word.  A document is read
    from its beginning and from its end, however long it is, in bounded memory, and is
    not cut.

    The result is the same, bit for bit, for the same `random_state` and documents,
    whatever `n_jobs` is; what comes of a document depends on that document alone.

    References
    ----------
    Peters, Neumann, Iyyer, Gardner, Clark, Lee and Zettlemoyer (2018), "Deep
    contextualized word representations".

    Peters, Ammar, Bhagavatula and Power (2017), "Semi-supervised sequence tagging with
    bidirectional language models".

    Examples
    --------
    >>> from sklearn_embed import ContextualVectorizer
    >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
    >>> model = ContextualVectorizer(8, hidden_size=8, epochs=2, random_state=0)
    >>> model.fit_transform(texts).shape
    (40, 48)
    >>> model.set_params(layers=1).transform_tokens(texts[:1]).vectors.shape
    (6, 16)
    """

    language_models_: tuple[RecurrentLanguageModel, RecurrentLanguageModel]

    _vector_parameters = ("pretrained",)

    _parameter_constraints: dict = {
        **networks.RECURRENT_CONSTRAINTS,
        "pooling": [StrOptions({"mean", "sum", "max", "last"})],
        "layers": [
            StrOptions({"all"}),
            Interval(Integral, -101, 100, closed="both"),
            "array-like",
        ],
        "layer_weights": [StrOptions({"concat", "mean"}), "array-like"],
        "normalize_layers": ["boolean"],
        "language_models": "no_validation",
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        pooling: str = "mean",
        layers: str | int | Sequence[int] = "all",
        layer_weights: str | Sequence[float] = "concat",
        normalize_layers: bool = False,
        language_models: Sequence[RecurrentLanguageModel] | None = None,
        cell: str = "lstm",
        nonlinearity: str = "tanh",
        hidden_size: int = 200,
        num_layers: int = 2,
        dropout: float = 0.2,
        loss: str = "auto",
        negative: int = 1024,
        proposal: str = "unigram",
        tie_weights: bool = False,
        bptt: int = 35,
        batch_size: int = 32,
        optimizer: str = "adam",
        momentum: float = 0.0,
        max_norm: float | None = 1.0,
        pretrained: VectorSource = None,
        learning_rate: float | str = "auto",
        epochs: int | str = "auto",
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        min_count: int = 2,
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
        self.pooling = pooling
        self.layers = layers
        self.layer_weights = layer_weights
        self.normalize_layers = normalize_layers
        self.language_models = language_models
        self.cell = cell
        self.nonlinearity = nonlinearity
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.loss = loss
        self.negative = negative
        self.proposal = proposal
        self.tie_weights = tie_weights
        self.bptt = bptt
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.momentum = momentum
        self.max_norm = max_norm
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.min_count = min_count
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

    if TYPE_CHECKING:  # scikit-learn's methods, which have no types

        def fit_transform(
            self, X: Documents, y: Any = None, **fit_params: Any
        ) -> Float32Array: ...

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Documents, y: object = None) -> Self:
        """Train both language models, unless `language_models` are given.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If no word is left, a parameter is out of range, or language models do not
            belong together.
        TypeError
            If a document is neither a string nor a sequence of strings.
        FloatingPointError
            If training diverges.
        """
        publish(self, {"language_models_": pairs.fit_pair(self, X)})
        return self

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Documents, y: object = None, *, update_vocabulary: bool = True
    ) -> Self:
        """Train both language models with one more batch of documents, in one pass.

        The learning rate is `learning_rate` throughout: the length of the stream is
        not known, so there is nothing to decay towards.  `epochs` and
        `early_stopping` play no part.  Where `language_models` are given, copies of
        them are trained, with the parameters that they have.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.
        update_vocabulary : bool, default=True
            Whether words that have by now occurred `min_count` times in the batches
            get a row, after those that are there.  False: new words are unknown.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        pair = pairs.partial_fit_pair(self, X, update_vocabulary)
        publish(self, {"language_models_": pair})
        return self

    def transform(self, X: Documents) -> Float32Array:
        """Return one row per document, pooled of its tokens' vectors.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_columns), float32
            A document without tokens is a row of zeros.

        Warns
        -----
        UserWarning
            If too many documents have no tokens, or most words are unknown.
        """
        fitted = snapshot(self)
        reader, n_jobs = fitted._reader(), fitted._n_threads()
        documents = fitted._tokenize(X)
        pairs.warn_of_unknown(fitted, documents)
        rows, done = np.zeros((len(documents), reader.width), np.float32), 0
        row_of = fitted._lookup.rows(documents.table)
        for sequences in encoded_blocks(documents, row_of, reader.n_words):
            n = len(sequences.offsets) - 1
            rows[done : done + n] = reader.pooled(sequences, fitted.pooling, n_jobs)
            done += n
        warn_of_rows(rows, X)
        return rows

    words_ = property(lambda self: self.language_models_[0].words_)
    vocabulary_ = property(lambda self: self.language_models_[0].vocabulary_)
    counts_ = property(lambda self: self.language_models_[0].counts_)
    _text_options = property(lambda self: self.language_models_[0]._text_options)
    _lookup = property(lambda self: self.language_models_[0]._lookup)

    @property
    def _shared_parameters(self):
        return (*networks.shared_parameters(self), "language_models")

    _checked_pretrained = networks.pretrained_of

    def _cutting_options(self):
        """Return how strings are cut: as the language models say, if they are given."""
        if self.language_models is not None:
            return pairs.checked_pair(self.language_models)[0]._text_options
        return self._options()

    def _tokenize(self, X):
        """Return documents as tokens, cut as those of fit were."""
        check_is_fitted(self)
        for model in self.language_models_:
            check_words_kept(model)
        return super()._tokenize(X)

    def _reader(self):
        """Return what makes vectors, by the parameters as they are now."""
        self._validate_params()
        forward, backward = (model._model for model in self.language_models_)
        layers = pairs.layers_of(self, forward.settings)
        return TokenReader(forward, backward, layers)

    @property
    def _n_features_out(self):
        settings = self.language_models_[0]._model.settings
        return pairs.layers_of(self, settings).width(settings)

    def _check_loaded(self):
        """Refuse language models that do not belong together."""
        pair = self.language_models_
        pairs.checked_pair(pair, "language_models_")
        pairs.layers_of(self, pair[0]._model.settings)
