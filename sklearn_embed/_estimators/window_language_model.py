"""A language model that predicts a word from a window of words before it."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from sklearn_embed._core.typing import (
    Analyzer,
    Preprocessor,
    RandomState,
    StripAccents,
    Tokenizer,
    VectorSource,
)
from sklearn_embed._estimators import networks, queries
from sklearn_embed._estimators.base import Integral, Interval
from sklearn_embed._estimators.callbacks import CallbackSupportMixin
from sklearn_embed._estimators.language_model import LanguageModel
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.training import Training, settings_of
from sklearn_embed._models.window_lm import WindowNetwork, WindowSettings
from sklearn_embed._text.tokens import DEFAULT_PATTERN


@register
class WindowLanguageModel(CallbackSupportMixin, LanguageModel):
    r"""Predict the next word from the last few, by a network with a hidden layer.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    order : int, default=5
        Words of a window, the predicted one included, from 2 to 1,000: the last
        `order` - 1 words predict the next one.
    hidden_size : int, default=200
        Numbers in the hidden layer.
    direct_connections : bool, default=False
        Whether the vectors of the words before predict the next one directly, too, and
        not only through the hidden layer.
    dropout : float, default=0.2
        Share of the numbers that are set to 0 while training, in [0, 1): of those
        that enter the hidden layer and of those that leave it.
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
    batch_size : int, default=256
        Words that are predicted in a step; fewer in a short text, such that an epoch
        has 10 steps.
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
    min_count : int, default=2
        Words that occur less often count as unknown.
    min_df : int or float, default=1
        Words that occur in fewer documents count as unknown; an integer is a number
        of documents, a float in [0, 1] a share of them.
    max_df : int or float, default=1.0
        Words that occur in more documents count as unknown; likewise.
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
    epochs_ : int
        The number of epochs that `epochs` came to.
    learning_rate_ : float
        The rate that `learning_rate` came to.

    See Also
    --------
    NGramLanguageModel : Counts of n-grams: trained in seconds, a baseline for this one.
    RecurrentLanguageModel : Predicts from all words before.

    Notes
    -----
    The vectors of the words before, the nearest first, are put side by side as
    :math:`x`; the next word is :math:`w` with a probability proportional to

    .. math:: \exp(a_w + u_w^\top \tanh(d + H x) + v_w^\top x)

    the last term with direct connections only (equation 1 of the paper).  Where a
    document has fewer words before, an end mark stands in their place; its end is
    predicted like a word.  Words outside of the vocabulary are one unknown word.

    Training takes the words of all documents in random order.  Where the norm of all
    slopes is above `max_norm`, they are multiplied by `max_norm` / norm.  Vectors of
    words, and with the sampled softmax their outputs, move only in steps in which the
    word occurs, or is drawn (lazy Adam and momentum).  The sampled softmax corrects
    scores by how often a word was to be expected among those drawn; its losses are
    smaller than those of held-out documents, which are judged by all words.
    Deviations from the paper: dropout instead of weight decay, Adam, and minibatches.

    The result is the same, bit for bit, for the same `random_state` and documents,
    whatever `n_jobs` is; what is said of a document depends on that document alone.

    References
    ----------
    Bengio, Ducharme, Vincent and Jauvin (2003), "A neural probabilistic language
    model".

    Jean, Cho, Memisevic and Bengio (2015), "On using very large target vocabulary for
    neural machine translation".

    Examples
    --------
    >>> from sklearn_embed import WindowLanguageModel
    >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 40
    >>> model = WindowLanguageModel(16, order=3, random_state=0).fit(texts)
    >>> model.predict_next("the dog sat", topn=1)[0][0]
    'on'
    >>> round(model.perplexity(["the cat sat on the rug"]))
    1
    """

    _vector_parameters = ("pretrained",)

    _parameter_constraints: dict = {
        **networks.NETWORK_CONSTRAINTS,
        "memory": "no_validation",
        "order": [Interval(Integral, 2, 1000, closed="both")],
        "direct_connections": ["boolean"],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        order: int = 5,
        hidden_size: int = 200,
        direct_connections: bool = False,
        dropout: float = 0.2,
        loss: str = "auto",
        negative: int = 1024,
        proposal: str = "unigram",
        batch_size: int = 256,
        optimizer: str = "adam",
        momentum: float = 0.0,
        max_norm: float | None = 1.0,
        pretrained: VectorSource = None,
        learning_rate: float | str = "auto",
        epochs: int | str = "auto",
        memory: Any = None,
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        min_count: int = 2,
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
        self.order = order
        self.hidden_size = hidden_size
        self.direct_connections = direct_connections
        self.dropout = dropout
        self.loss = loss
        self.negative = negative
        self.proposal = proposal
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.momentum = momentum
        self.max_norm = max_norm
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.memory = memory
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.ngram_range = ngram_range
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

    fit = networks.fit
    partial_fit = networks.partial_fit

    to_word_vectors = queries.to_word_vectors
    to_keyed_vectors = queries.to_keyed_vectors
    to_frame = queries.to_frame
    most_similar = queries.most_similar
    similarity = queries.similarity

    _rules = property(networks.rules)
    _shared_parameters = property(networks.shared_parameters)
    _rates = networks.rates
    _checked_pretrained = networks.pretrained_of
    _check_loaded = networks.check_loaded

    def _training(self, X, data, vocabulary, options):
        """Return what is to be trained on what; no parameter is "auto" any more."""
        loss = networks.loss_for(self.loss, len(vocabulary))
        settings = settings_of(self, WindowSettings, loss=loss)
        new_model = partial(WindowNetwork.new, vocabulary, settings)
        return Training(X, data, vocabulary, options, new_model, settled=self)
