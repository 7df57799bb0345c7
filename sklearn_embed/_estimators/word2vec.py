"""Word2vec: words placed so that they predict the words around them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

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
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.auto import BySize, Passes
from sklearn_embed._estimators.base import StrOptions
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.training import adopt, settings_of
from sklearn_embed._estimators.word_vectorizer import (
    PREDICTION_CONSTRAINTS,
    WordVectorizer,
)
from sklearn_embed._models import interop_gensim
from sklearn_embed._models.word2vec import Word2Vec, Word2VecSettings
from sklearn_embed._text.tokens import DEFAULT_PATTERN
from sklearn_embed._text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from gensim.models import Word2Vec as Word2VecModel
    from typing_extensions import Self


@register
class Word2VecVectorizer(WordVectorizer):
    r"""Learn word vectors by predicting neighbours; average them per document.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    window : int or "auto", default="auto"
        Words looked at on each side.  "auto": 10, or 5 in a text of 2,000,000 tokens
        and more.
    architecture : {"skipgram", "cbow"}, default="skipgram"
        "skipgram": each neighbour predicts the word.
        "cbow": the mean of all neighbours predicts the word.
    loss : str, default="negative_sampling"
        How a prediction is judged.

        - "negative_sampling": the word against `negative` drawn ones.
        - "hierarchical_softmax": the turns on the way to the word in a Huffman
          tree.
        - "softmax": the word against all others, as in the textbook; time grows
          with the number of words.
    negative : int, default=5
        Words drawn to be told apart from the true one; at least 1.  Only for
        negative sampling.
    ns_exponent : float, default=0.75
        Words are drawn with probability proportional to count to this power.
    sample : float, default=1e-3
        Occurrences of words with a share in the text above this are thinned out; 0
        keeps all.
    cbow_mean : bool, default=True
        Whether "cbow" takes the mean of the neighbours or, if False, their sum.
    shrink_windows : bool, default=True
        Whether the width of each window is drawn from 1, …, `window`; nearer
        neighbours then count more.  False: always `window`.
    combine : {"input", "output", "sum", "concatenate"}, default="input"
        Which parameters become `vectors_`: those of words as predictors, those of
        words as predicted, the sum of both, or both side by side.
    pretrained : Pretrained, or any source of word vectors, default=None
        Vectors to start from, of `vector_size` dimensions: whatever
        :class:`Pretrained` takes, or one itself, which also says how far they may
        move.  Words that they lack start at random.  `clone` shares the vectors.
    learning_rate : float or "auto", default="auto"
        At the beginning.  "auto": 0.1, or 0.025 in a text of 2,000,000 tokens and
        more.
    min_learning_rate : float, default=1e-4
        At the end; the fall is linear in the tokens read.
    epochs : int or "auto", default="auto"
        Passes over the documents.  "auto": as many as make up 500,000 tokens, at
        least 5, at most 40.
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
    window_ : int
        The width that `window` came to.
    min_count_ : int
        The limit that `min_count` came to.
    context_vectors_ : ndarray of shape (n_words, vector_size), float32
        The parameters of words as predicted; not with hierarchical softmax.
    node_vectors_ : ndarray of shape (n_words - 1, vector_size), float32
        The parameters of the inner nodes of the Huffman tree; only with
        hierarchical softmax.

    See Also
    --------
    MeanPoolEmbedder : Other ways to pool, and vectors from elsewhere.
    TokenizedDocuments : Tokenise once, search over many candidates.

    Notes
    -----
    For a word :math:`o` with input vector :math:`v` of its neighbour and output
    vectors :math:`u`, negative sampling minimises

    .. math:: -\log \sigma(u_o^\top v) - \sum_{k=1}^K \log \sigma(-u_{n_k}^\top v)

    by stochastic gradient descent, the :math:`n_k` drawn with probability
    proportional to :math:`count^{0.75}`.  A word of share :math:`f` in the text is
    kept with probability :math:`\sqrt{t / f} + t / f`, :math:`t` being `sample`.

    Deviations from the original program: the negatives are drawn once for all
    neighbours of a word, and a word comes up eight times among some thousand draws
    (for as often as it has to: the processor's cache then holds its row), and not
    again for a while; neighbours are trained two at a time, both from the same old
    values, and the nodes of a Huffman tree six at a time; the sigmoid is not cut
    off at ±6; the learning rate is constant over 1,024 tokens; documents of any
    length are read whole; vectors start uniformly in ±1/d, as gensim's, instead of
    ±0.5/d.

    "auto" is a rule by the number of tokens in the training documents, `unlabeled`
    among them and rare words included: a small text needs more passes, wider windows
    and larger steps, while in a large one these would tell less well which words are
    alike.  With `warm_start`, and in `partial_fit` after a fit, what the first fit
    chose stays; without such a fit, `partial_fit` takes a stream for a large text.

    `loss_curve_` is measured in passing, before each update.  While the learning
    rate is high, the vectors follow the text that is being read, so that this loss
    can rise towards the end of training while that of held-out documents falls.

    With one thread the result is the same, bit for bit, for the same `random_state`
    and documents.  Several threads update the same matrices without locks (Recht et
    al. 2011), so that results differ slightly from run to run; of the 512 commonest
    words each thread has vectors of its own, which it shares every few words.

    References
    ----------
    Mikolov, Chen, Corrado and Dean (2013), "Efficient estimation of word
    representations in vector space".

    Mikolov, Sutskever, Chen, Corrado and Dean (2013), "Distributed representations
    of words and phrases and their compositionality", equations 3 to 5.

    Recht, Re, Wright and Niu (2011), "Hogwild!: A lock-free approach to
    parallelizing stochastic gradient descent".

    Examples
    --------
    >>> from sklearn_embed import Word2VecVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = Word2VecVectorizer(8, min_count=1, random_state=0).fit(texts)
    >>> model.transform(["a cat", "fish"]).shape
    (2, 8)
    >>> model.words_[:3]
    ['cat', 'dog', 'sat']
    """

    _rules: ClassVar[dict] = {
        "epochs": Passes(500_000, least=5, most=40),
        "learning_rate": BySize(small=0.1, large=0.025),
        "window": BySize(small=10, large=5),
        "min_count": BySize(small=2, large=5),
    }

    _parameter_constraints: dict = {
        **WordVectorizer._parameter_constraints,
        **PREDICTION_CONSTRAINTS,
        "combine": [StrOptions({"input", "output", "sum", "concatenate"})],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        window: int | str = "auto",
        architecture: str = "skipgram",
        loss: str = "negative_sampling",
        negative: int = 5,
        ns_exponent: float = 0.75,
        sample: float = 1e-3,
        cbow_mean: bool = True,
        shrink_windows: bool = True,
        combine: str = "input",
        pretrained: VectorSource = None,
        learning_rate: float | str = "auto",
        min_learning_rate: float = 1e-4,
        epochs: int | str = "auto",
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
        tol: float = 1e-3,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: RandomState = None,
        verbose: bool | int = False,
    ) -> None:
        self.vector_size = vector_size
        self.window = window
        self.architecture = architecture
        self.loss = loss
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.cbow_mean = cbow_mean
        self.shrink_windows = shrink_windows
        self.combine = combine
        self.pretrained = pretrained
        self.learning_rate = learning_rate
        self.min_learning_rate = min_learning_rate
        self.epochs = epochs
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

    def to_gensim(self) -> Word2VecModel:
        """Return a gensim model that can be trained further.

        Returns
        -------
        gensim.models.Word2Vec
            With copies of all that was learned, the Huffman tree included.

        Raises
        ------
        ValueError
            If the loss is "softmax", which gensim does not know.
        """
        check_is_fitted(self)
        return interop_gensim.word2vec_to_gensim(
            self._model, self._fitted_vocabulary(), self._seed, self._n_documents
        )

    @classmethod
    def from_gensim(cls, model: Word2VecModel, **params: Any) -> Self:
        """Return a fitted vectorizer with what a gensim model has learned.

        Parameters
        ----------
        model : gensim.models.Word2Vec
            A trained one.
        **params : dict
            Parameters that a gensim model knows nothing of, such as `lowercase`.

        Returns
        -------
        Word2VecVectorizer
            `partial_fit` goes on from there.
        """
        parts = interop_gensim.read_word2vec(model)
        estimator = cls(**(parts.params | params))
        settled = auto.settled(estimator)
        vocabulary = Vocabulary(parts.words, parts.counts)
        model = Word2Vec(settled._settings(), parts.inputs, parts.outputs)
        adopt(estimator, vocabulary, model, settled=settled)
        return estimator

    def _settings(self):
        """Return the parameters that the model knows."""
        return settings_of(self, Word2VecSettings)

    def _new_model(self, vocabulary, rng, before):
        """Return what is to be trained."""
        if self.loss == "hierarchical_softmax" and self.combine != "input":
            raise ValueError(
                f"combine={self.combine!r} needs output vectors of words, which "
                "hierarchical softmax has not: use combine='input'."
            )
        return Word2Vec.new(vocabulary, self._settings(), rng, before)

    def _checked_pretrained(self):
        """Refuse frozen vectors that the result would not hold."""
        pretrained = super()._checked_pretrained()
        if (
            pretrained is not None
            and not pretrained.trainable
            and self.combine not in ("input", "output")
        ):
            raise ValueError(
                f"trainable=False of pretrained keeps the vectors given, but "
                f"combine={self.combine!r} makes others of them: use combine='input' "
                "or combine='output'."
            )
        return pretrained
