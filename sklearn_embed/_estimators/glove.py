"""GloVe: words placed so that dot products fit logarithms of co-occurrence."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_memory

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
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.auto import BySize
from sklearn_embed._estimators.base import (
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    StrOptions,
    _fit_context,
)
from sklearn_embed._estimators.callbacks import with_callbacks
from sklearn_embed._estimators.checks import check_settings
from sklearn_embed._estimators.counts import checked_counts
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.pretrained import checked_pretrained
from sklearn_embed._estimators.training import draw_seed, learn, settings_of
from sklearn_embed._estimators.word_vectorizer import WordVectorizer
from sklearn_embed._models.cooccurrence import CooccurrenceCounts
from sklearn_embed._models.counting import WEIGHTINGS
from sklearn_embed._models.glove import GloVe, GloveSettings, prepared
from sklearn_embed._models.loop import Data, Schedule
from sklearn_embed._text.tokens import DEFAULT_PATTERN
from sklearn_embed._text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from typing_extensions import Self


def _never(estimator):
    """Say what to do instead of partial_fit."""
    raise AttributeError(
        "counts must be complete before training: add up CooccurrenceCounts of "
        "batches and call fit_counts."
    )


@register
class GloVeVectorizer(WordVectorizer):
    r"""Learn word vectors from co-occurrence counts; average them per document.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    window : int or "document", default=10
        Words on each side that count, at least 1; "document": all there are.
    weighting : {"harmonic", "linear", "flat"}, default="harmonic"
        What a word at distance k counts: 1/k; 1 - (k - 1)/window, as word2vec's
        shrinking windows do on average; or 1.
    direction : {"both", "left", "right"}, default="both"
        On which side of a word its contexts stand.
    x_max : float, "auto" or None, default="auto"
        Count from which on a pair has full weight.  None: all pairs weigh 1.  "auto":
        10, or 100 in a text of 2,000,000 tokens and more.
    alpha : float, default=0.75
        Exponent of the weight below `x_max`.
    combine : {"sum", "word", "context", "concatenate"}, default="sum"
        Which parameters become `vectors_`: the sum of word and context vectors,
        either alone, or both side by side.
    pretrained : Pretrained, or any source of word vectors, default=None
        Vectors to start from, of `vector_size` dimensions: whatever
        :class:`Pretrained` takes, or one itself, which also says how far they may
        move.  Words that they lack start at random.  `clone` shares the vectors.
    learning_rate : float, default=0.05
        Of AdaGrad.
    gradient_clip : float or None, default=100.0
        Largest gradient of a single parameter.  None: no limit.
    epochs : int, default=25
        Passes over the pairs.
    max_memory : int or None, default=None
        Bytes to count in, beyond what the documents and the counts take; see
        `CooccurrenceCounts.from_documents`.
    memory : str, joblib.Memory or None, default=None
        Where counts are kept, so that a search over other parameters than those of
        text, vocabulary and window counts once for each training set.  Trained
        vectors are kept as well: a fit of the same documents, integer `random_state`
        and other parameters goes on from one of fewer `epochs`.
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
    min_count : int or "auto", default="auto"
        Words that occur less often are left out.  "auto": 2, or 5 in a text of
        2,000,000 tokens and more.
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
    unlabeled : iterable of documents, TokenizedDocuments or None, default=None
        Further texts to learn from, in addition to those given to `fit`.  `clone`
        shares it instead of copying it; a `TokenizedDocuments` is not tokenised
        again for every candidate of a search.
    early_stopping : bool, default=False
        Whether to hold out documents and stop when their loss stops falling.
    validation_fraction : float, default=0.1
        Share of the documents held out, in (0, 1).  Only with `early_stopping`.
    n_iter_no_change : int, default=5
        Epochs without a fall of the held-out loss before training stops.
    tol : float, default=1e-5
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
    min_count_ : int
        The limit that `min_count` came to.
    x_max_ : float or None
        The count that `x_max` came to.
    word_vectors_, context_vectors_ : ndarray of shape (n_words, vector_size), float32
        The two kinds of vectors apart.
    word_biases_, context_biases_ : ndarray of shape (n_words,), float32
        Their biases.

    See Also
    --------
    CooccurrenceCounts : The counts alone; those of partitions add up.
    Word2VecVectorizer : Learns from one window at a time.

    Notes
    -----
    Over all pairs that occur, with counts :math:`X_{ij}`, training minimises

    .. math:: \tfrac12 \sum_{ij} f(X_{ij})
              (w_i^\top \tilde w_j + b_i + \tilde b_j - \log X_{ij})^2
              + \mu \sum_{i \in R} \lVert w_i + \tilde w_i - r_i \rVert^2

    with :math:`f(x) = \min(1, (x / x_{max})^\alpha)`; the second sum is over words
    with a pretrained vector :math:`r_i` (Dingwall and Potts 2018), :math:`\mu` being
    the `penalty` of :class:`Pretrained`.
    `loss_curve_` holds this divided by the number of pairs.

    Training is stochastic, one pair after the other.  Words are divided into groups;
    tasks whose pairs have no word in common run at the same time (Gemulla et al.
    2011), so that the result is the same, bit for bit, for every `n_jobs`.

    As in the original program, AdaGrad's sums start at 1 and hold squares of gradients
    times the learning rate, and gradients are clipped one by one.  Deviations: the
    biases move at the learning rate, like everything else (the program, since it
    clips, moves them at rate 1, and does not clip theirs); the order of the pairs
    changes in every epoch; the penalty is an implicit step at the end of each epoch,
    stable for every μ; ``direction="left"`` is the transpose of the program's
    ``-symmetric 0``.  As there, words that are left out leave no gap in a window.

    With `early_stopping`, counts of the held-out documents are scaled up by the
    ratio of the numbers of tokens before they are compared.

    "auto" is a rule by the number of tokens in the training documents, `unlabeled`
    among them and rare words included, or by the sum of the counts of words in
    `fit_counts`.  With `warm_start`, what the first fit chose stays.

    There is no `partial_fit`: counts must be complete before training.  Add up
    `CooccurrenceCounts` of batches and call `fit_counts`.

    References
    ----------
    Pennington, Socher and Manning (2014), "GloVe: Global vectors for word
    representation", equations 8 and 9.

    Duchi, Hazan and Singer (2011), "Adaptive subgradient methods for online learning
    and stochastic optimization".

    Gemulla, Haas, Nijkamp and Sismanis (2011), "Large-scale matrix factorization
    with distributed stochastic gradient descent".

    Dingwall and Potts (2018), "Mittens: An extension of GloVe for learning
    domain-specialized representations".

    Examples
    --------
    >>> from sklearn_embed import GloVeVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = GloVeVectorizer(8, min_count=1, random_state=0).fit(texts)
    >>> model.transform(["a cat", "fish"]).shape
    (2, 8)
    >>> model.loss_curve_[-1] < model.loss_curve_[0]
    True
    """

    _keeps_counts = True  # counts

    _rules: ClassVar[dict] = {
        "min_count": BySize(small=2, large=5),
        "x_max": BySize(small=10.0, large=100.0),
    }

    _parameter_constraints: dict = {
        **WordVectorizer._parameter_constraints,
        "window": [COUNT, StrOptions({"document"})],
        "weighting": [StrOptions(set(WEIGHTINGS))],
        "direction": [StrOptions({"both", "left", "right"})],
        "x_max": [POSITIVE, StrOptions({"auto"}), None],
        "alpha": [NOT_NEGATIVE],
        "combine": [StrOptions({"sum", "word", "context", "concatenate"})],
        "gradient_clip": [POSITIVE, None],
        "max_memory": [COUNT, None],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        window: int | str = 10,
        weighting: str = "harmonic",
        direction: str = "both",
        x_max: float | str | None = "auto",
        alpha: float = 0.75,
        combine: str = "sum",
        pretrained: VectorSource = None,
        learning_rate: float = 0.05,
        gradient_clip: float = 100.0,
        epochs: int = 25,
        max_memory: int | None = None,
        memory: Any = None,
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        ngram_range: tuple[int, int] = (1, 1),
        stop_words: StopWords = None,
        min_count: int | str = "auto",
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        vocabulary: Collection[str] | None = None,
        unlabeled: Documents | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        tol: float = 1e-5,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: bool | int = False,
    ) -> None:
        self.vector_size = vector_size
        self.window = window
        self.weighting = weighting
        self.direction = direction
        self.x_max = x_max
        self.alpha = alpha
        self.combine = combine
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.gradient_clip = gradient_clip
        self.epochs = epochs
        self.max_memory = max_memory
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
        self.unlabeled = unlabeled
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_counts(
        self, counts: CooccurrenceCounts | Any, words: Sequence[str] | None = None
    ) -> Self:
        """Learn the vectors of words that have been counted already.

        The parameters about vocabulary, window and early stopping play no part.

        Parameters
        ----------
        counts : CooccurrenceCounts, or sparse matrix of shape (n_words, n_words)
            For instance a sum of those of partitions; or a matrix of counts made
            elsewhere, symmetric unless `direction` is "left" or "right".
        words : sequence of str or None, default=None
            The words of the rows of a matrix.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        counts = checked_counts(counts, words, self.direction)
        check_settings(self)
        self._checked_pretrained()
        vocabulary = Vocabulary(counts.words, counts.word_counts)
        data = Data([counts], [])
        n_tokens = int(counts.word_counts.sum())
        settled = auto.settled(self, n_tokens, keep=False)
        training = settled._training(counts, data, vocabulary, self._options())
        first, last = settled._rates()
        schedule = Schedule(first, last, settled.epochs)
        learn(self, training, draw_seed(self), schedule, range(settled.epochs))
        return self

    partial_fit = available_if(_never)(WordVectorizer.partial_fit)

    def _settings(self):
        """Return the parameters that the model knows."""
        return settings_of(self, GloveSettings)

    def _new_model(self, vocabulary, rng, before):
        """Return what is to be trained."""
        return GloVe.new(vocabulary, self._settings(), rng, before)

    def _training(self, X, data, vocabulary, options):
        """Return what is to be trained on counts, which are made first."""
        training = super()._training(X, data, vocabulary, options)
        counted = partial(
            prepared,
            self._settings(),
            *data,
            vocabulary,
            check_memory(self.memory),
            self.n_jobs,
        )
        return training._replace(prepared=counted)

    def _rates(self):
        """Return the first and the last learning rate: the same."""
        return self.learning_rate, self.learning_rate

    def _checked_pretrained(self):
        """Refuse what `combine` does not go with."""
        pretrained = checked_pretrained(self.pretrained, self.vector_size)
        if pretrained is None:
            return None
        if not pretrained.trainable:
            if self.combine == "concatenate":
                raise ValueError(
                    "trainable=False of pretrained keeps the vectors given, but "
                    "combine='concatenate' makes others of them: use combine='sum', "
                    "'word' or 'context'."
                )
        elif pretrained.penalty and self.combine != "sum":
            raise ValueError(
                f"penalty={pretrained.penalty} of pretrained pulls the sum of word and "
                f"context vector to the vector given, but combine={self.combine!r}: "
                "use combine='sum'."
            )
        return pretrained
