"""fastText: words as bags of character n-grams, placed as word2vec places them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    FilePath,
    Float32Array,
    Preprocessor,
    RandomState,
    StopWords,
    StripAccents,
    Tokenizer,
    VectorSource,
)
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.auto import BySize, Passes
from sklearn_embed._estimators.base import Integral, Interval, StrOptions
from sklearn_embed._estimators.coverage import warn_of_rows
from sklearn_embed._estimators.last_vectors import LastVectors
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._estimators.training import adopt, settings_of
from sklearn_embed._estimators.word_vectorizer import (
    PREDICTION_CONSTRAINTS,
    WordVectorizer,
)
from sklearn_embed._models import interop_fasttext, interop_gensim
from sklearn_embed._models.fasttext import FastText, FastTextSettings
from sklearn_embed._text.tokens import DEFAULT_PATTERN, stop_word_set
from sklearn_embed._text.vocabulary import Vocabulary
from sklearn_embed._vectors.document_rows import Pooler
from sklearn_embed._vectors.unknown import UnknownWords
from sklearn_embed._vectors.weights import unit_factors
from sklearn_embed._vectors.word_vectors import WordVectors

if TYPE_CHECKING:
    from gensim.models import FastText as GensimFastText
    from typing_extensions import Self

    from sklearn_embed.io.fasttext import FastTextModel


@register
class FastTextVectorizer(WordVectorizer):
    r"""Learn vectors of words and of parts of words; average them per document.

    A word's vector is the mean of its own and of those of its character n-grams, so
    that rare, inflected and misspelt words borrow from what they are made of, and
    words never seen have a vector, too.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensions of a vector.
    min_n, max_n : int, default=3 and 6
        Shortest and longest n-gram in characters, the brackets of ``<word>``
        included.  `max_n` 0: none, which is word2vec.
    bucket : int or None, default=2_000_000
        Values that the n-grams' hash can take; n-grams whose hash agrees share a
        vector.  Memory grows with the values that occur.  None: every n-gram of the
        vocabulary has a vector of its own; unknown words use those they share.
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
    pooling : {"mean", "normalized_mean"}, default="mean"
        What `transform` gives: the mean of the words' vectors or, as fastText, of the
        vectors scaled to length 1.
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
    subword_vectors_ : ndarray of shape (n_rows, vector_size), float32
        What words are made of: a row for each word, then those of their n-grams.
        n-grams that occur in the same words share a row, and those of one word alone
        have the word's.

    See Also
    --------
    Word2VecVectorizer : The same without n-grams, and faster.
    FastTextClassifier : Vectors learned from labels.

    Notes
    -----
    The hash is fastText's own, and the models are interchangeable with those of
    fastText and gensim.  `min_count` says which words have a row of their own; rarer
    ones are made of n-grams in `transform`.

    The mean of a word's rows is cached while the word is near; that is what is trained,
    and what it has moved is handed on to the rows when the word is left behind.
    Skip-gram predicts the word from each of its neighbours, and draws negatives for
    two of them at a time.  The other deviations are those of `Word2VecVectorizer`.
    n-grams never seen count as zeros in the mean of an unknown word; with
    ``bucket=None`` they do not count.

    "auto" is a rule by the number of tokens in the training documents, `unlabeled`
    among them and rare words included: a small text needs more passes, wider windows
    and larger steps, while in a large one these would tell less well which words are
    alike.  With `warm_start`, and in `partial_fit` after a fit, what the first fit
    chose stays; without such a fit, `partial_fit` takes a stream for a large text.

    References
    ----------
    Bojanowski, Grave, Joulin and Mikolov (2017), "Enriching word vectors with subword
    information", equation 1.

    Examples
    --------
    >>> from sklearn_embed import FastTextVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = FastTextVectorizer(8, min_count=1, random_state=0).fit(texts)
    >>> model.transform(["a cat", "doggy cats"]).any(axis=1)
    array([ True,  True])
    >>> "cats" in model.vocabulary_, model.vector("cats").shape
    (False, (8,))
    """

    vectors_ = LastVectors()

    _rules: ClassVar[dict] = {
        "epochs": Passes(500_000, least=5, most=40),
        "learning_rate": BySize(small=0.1, large=0.025),
        "window": BySize(small=10, large=5),
        "min_count": BySize(small=2, large=5),
    }

    _parameter_constraints: dict = {
        **WordVectorizer._parameter_constraints,
        **PREDICTION_CONSTRAINTS,
        "min_n": [Interval(Integral, 1, None, closed="left")],
        "max_n": [Interval(Integral, 0, 100, closed="both")],
        "bucket": [Interval(Integral, 1, 2**31 - 1, closed="left"), None],
        "pooling": [StrOptions({"mean", "normalized_mean"})],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        min_n: int = 3,
        max_n: int = 6,
        bucket: int | None = 2_000_000,
        window: int | str = "auto",
        architecture: str = "skipgram",
        loss: str = "negative_sampling",
        negative: int = 5,
        ns_exponent: float = 0.75,
        sample: float = 1e-3,
        cbow_mean: bool = True,
        shrink_windows: bool = True,
        pooling: str = "mean",
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
        self.min_n = min_n
        self.max_n = max_n
        self.bucket = bucket
        self.window = window
        self.architecture = architecture
        self.loss = loss
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.cbow_mean = cbow_mean
        self.shrink_windows = shrink_windows
        self.pooling = pooling
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

    def transform(self, X: Documents) -> Float32Array:
        """Return the mean of each document's word vectors, unknown words included.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_dimensions), float32
            A document without words, or of words without known n-grams, is a row of
            zeros.
        """
        fitted = snapshot(self)
        is_normalized = fitted.pooling == "normalized_mean"
        unknown = UnknownWords(
            subwords=fitted._model.subwords(), normalize=is_normalized, skip_zeros=True
        )
        rows = Pooler(
            fitted._lookup,
            fitted.vectors_,
            factors=fitted._unit_factors if is_normalized else None,
            unknown=unknown,
            n_jobs=fitted._n_threads(),
        ).rows(X)
        warn_of_rows(rows, X)
        return rows

    def vector(self, word: str) -> Float32Array:
        """Return the vector of a word, known or not.

        Parameters
        ----------
        word : str
            Any word, cut and lowercased as those of the documents were.

        Returns
        -------
        ndarray of shape (n_dimensions,), float32
            Zeros if the word is unknown and shares no n-gram with the vocabulary.
        """
        check_is_fitted(self)
        row = self.vocabulary_.get(word)
        return (
            self._model.made_of_ngrams([word])[0] if row is None else self.vectors_[row]
        )

    def to_word_vectors(self) -> WordVectors:
        """Return words, vectors, counts and n-grams as one immutable value.

        Returns
        -------
        WordVectors
            Over the same memory.  With ``bucket=None`` the n-grams are hashed into
            2,000,000 buckets: see `to_fasttext`.
        """
        check_is_fitted(self)
        parts = self._model.exported(self.vectors_)
        return WordVectors(self.words_, self.vectors_, self.counts_, parts)

    def to_gensim(self) -> GensimFastText:
        """Return a gensim model that can be trained further.

        Returns
        -------
        gensim.models.FastText
            With copies of all that was learned, and a row for every bucket.

        Raises
        ------
        ValueError
            If the loss is "softmax", which gensim does not know, or there are no
            n-grams.

        Notes
        -----
        With ``bucket=None``, n-grams are hashed into 2,000,000 buckets.  Known words
        keep their vectors.  Those of unknown ones point the same way (cosines of 0.99
        and more for 99% of the unknown words of three corpora, with up to 59,000
        n-grams), but are shorter (by 30% to 58% in the median): n-grams that never
        occurred count, as zeros, and one may meet the bucket of another.
        """
        check_is_fitted(self)
        return interop_gensim.fasttext_to_gensim(
            self._model,
            self._fitted_vocabulary(),
            self.vectors_,
            self._seed,
            self._n_documents,
        )

    @classmethod
    def from_gensim(cls, model: GensimFastText, **params: Any) -> Self:
        """Return a fitted vectorizer with what a gensim model has learned.

        Parameters
        ----------
        model : gensim.models.FastText
            A trained one.
        **params : dict
            Parameters that a gensim model knows nothing of, such as `lowercase`.

        Returns
        -------
        FastTextVectorizer
            `partial_fit` goes on from there.
        """
        parts = interop_gensim.read_fasttext(model)
        estimator = cls(**(parts.params | params))
        vocabulary = Vocabulary(parts.words, parts.counts)
        settled = auto.settled(estimator)
        model = FastText(
            settled._settings(),
            parts.words,
            parts.inputs,
            parts.bucket_rows,
            parts.outputs,
        )
        adopt(estimator, vocabulary, model, settled=settled)
        return estimator

    def to_fasttext(self) -> FastTextModel:
        """Return all that was learned as fastText's files hold it.

        Returns
        -------
        sklearn_embed.io.fasttext.FastTextModel
            For :func:`sklearn_embed.io.fasttext.write_model`.

        Notes
        -----
        With ``bucket=None``, n-grams are hashed into 2,000,000 buckets.  Known words
        keep their vectors.  Those of unknown ones point the same way (cosines of 0.99
        and more for 99% of the unknown words of three corpora, with up to 59,000
        n-grams), but are shorter (by 30% to 58% in the median): n-grams that never
        occurred count, as zeros, and one may meet the bucket of another.
        """
        check_is_fitted(self)
        return interop_fasttext.vectorizer_to_fasttext(
            self._model, self._fitted_vocabulary(), self.vectors_
        )

    @classmethod
    def from_fasttext(
        cls, source: FilePath | BinaryIO | FastTextModel, **params: Any
    ) -> Self:
        """Return a fitted vectorizer with what an unsupervised fastText model learned.

        Parameters
        ----------
        source : FastTextModel, str, path or binary file
            An unsupervised model.
        **params : dict
            Further parameters, such as `learning_rate`, which the file does not hold.
            Unless told otherwise, tokens are what stands between blanks, and
            `pooling` is "normalized_mean": `transform` then gives fastText's sentence
            vectors.

        Returns
        -------
        FastTextVectorizer
            `partial_fit` goes on from there, without the mark ``</s>`` for the end of
            a line.  With hierarchical softmax, the outputs begin anew.

        Raises
        ------
        ValueError
            If the model is supervised, or lacks what training needs.
        """
        parts = interop_fasttext.read_vectorizer(source)
        estimator = cls(**(parts.params | params))
        settled = auto.settled(estimator)
        model = FastText(
            settled._settings(),
            parts.words,
            parts.inputs,
            parts.bucket_rows,
            parts.outputs,
        )
        adopt(estimator, Vocabulary(parts.words, parts.counts), model, settled=settled)
        return estimator

    def _makes_unknown_words(self):
        """Tell whether words without a row have vectors, too: of their n-grams."""
        return self.max_n > 0

    def _settings(self):
        """Return the parameters that the model knows."""
        return settings_of(self, FastTextSettings)

    def _new_model(self, vocabulary, rng, before):
        """Return what is to be trained."""
        share = self.pretrained is None  # n-grams may be given vectors of their own
        return FastText.new(vocabulary, self._settings(), rng, before, share)

    def _left_out(self, model):
        return stop_word_set(model.settings.stop_words)

    def _unit_factors(self, rows):
        """Return what makes the vectors of some words unit vectors."""
        # Of all words it would take longer than all else that a document needs.
        factors = np.empty(len(self.vectors_), np.float32)
        factors[rows] = unit_factors(self.vectors_[rows])
        return factors
