"""PPMI: words placed by factorising how much more often than by chance they meet."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_memory

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Preprocessor,
    StopWords,
    StripAccents,
    Tokenizer,
)
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.auto import BySize
from sklearn_embed._estimators.base import (
    COUNT,
    VOCABULARY_CONSTRAINTS,
    Integral,
    Interval,
    StrOptions,
    TextEstimator,
    _fit_context,
    limits_of,
)
from sklearn_embed._estimators.checks import check_settings
from sklearn_embed._estimators.convergence import named_memory, warn
from sklearn_embed._estimators.counts import checked_counts
from sklearn_embed._estimators.coverage import warn_of_documents
from sklearn_embed._estimators.loading import check_rows, check_words
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.snapshot import publish
from sklearn_embed._estimators.training import settings_of
from sklearn_embed._estimators.unlabeled import further_texts
from sklearn_embed._estimators.word_rows import WordRowsMixin
from sklearn_embed._models.checks import check_matrix
from sklearn_embed._models.cooccurrence import CooccurrenceCounts
from sklearn_embed._models.counting import WEIGHTINGS
from sklearn_embed._models.kept_counts import counted, window_of
from sklearn_embed._models.ppmi import PpmiSettings, factorise
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.tokens import DEFAULT_PATTERN
from sklearn_embed._text.vocabulary import Vocabulary, learn_vocabulary

if TYPE_CHECKING:
    from typing_extensions import Self


@register
class PPMIVectorizer(WordRowsMixin, TextEstimator):
    r"""Factorise mutual information of words that meet; average them per document.

    A count and a singular value decomposition; the same vectors in every process.

    Parameters
    ----------
    vector_size : int, default=200
        Dimensions of a vector.
    window : int, "auto" or "document", default="auto"
        Words on each side that count, at least 1; "document": all there are.  "auto":
        10, or 5 in a text of 2,000,000 tokens and more.
    weighting : {"harmonic", "linear", "flat"}, default="flat"
        What a word at distance k counts: 1/k; 1 - (k - 1)/window, as word2vec's
        shrinking windows do on average; or 1.
    direction : {"both", "left", "right"}, default="both"
        On which side of a word its contexts stand.
    shift : float, default=1.0
        Its logarithm is subtracted from the mutual information; k corresponds to k
        negative samples of Word2Vec.
    context_exponent : float, default=1.0
        In [0, 1]: contexts count to this power, which makes rare ones less telling,
        "context distribution smoothing".  1: as they are, which is best for texts up
        to millions of tokens; the paper has 0.75, for billions.
    eigenvalue_exponent : float, default=0.5
        Singular values count to this power: 1 in the textbook; less gives the later
        dimensions more weight, 0 the same to all.
    combine : {"word", "context", "sum", "concatenate"}, default="word"
        Which vectors become `vectors_`: those of rows, those of columns, the sum of
        both, or both side by side.
    max_memory : int or None, default=None
        Bytes to count in, beyond what the documents and the counts take; see
        `CooccurrenceCounts.from_documents`.
    memory : str, joblib.Memory or None, default=None
        Where counts are kept, so that a search over other parameters than those of
        text, vocabulary and window counts once for each training set.
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
    n_jobs : int or None, default=None
        Threads.  None means 1, -1 all processors.

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
    word_vectors_, context_vectors_ : ndarray of shape (n_words, vector_size), float32
        The two kinds of vectors apart.
    singular_values_ : ndarray of shape (vector_size,), float64
        Of the matrix, the largest first; 0 beyond its rank.
    window_ : int or "document"
        The width that `window` came to, or that of the counts given.
    min_count_ : int
        The limit that `min_count` came to.

    See Also
    --------
    CooccurrenceCounts : The counts alone; those of partitions add up.
    Word2VecVectorizer : Approximates such a factorisation by training.
    sklearn.decomposition.TruncatedSVD : Factorises documents by words.

    Notes
    -----
    With counts :math:`X_{ij}` of word :math:`j` in the windows around word :math:`i`,
    the matrix that is factorised is

    .. math:: M_{ij} = \max\Bigl(0, \log \frac{X_{ij}}{\sum_k X_{ik}}
              - \log \frac{(\sum_k X_{kj})^a}{\sum_l (\sum_k X_{kl})^a}
              - \log s\Bigr)

    with :math:`a` = `context_exponent` and :math:`s` = `shift`.  Of its first singular
    triplets, :math:`M \approx U S V^\top`, the vectors are :math:`U S^p` and
    :math:`V S^p`, :math:`p` = `eigenvalue_exponent`, times one number, with which the
    mean square of `vectors_` is 1: a linear model then needs no scaler.

    The singular vectors are those of :func:`sklearn.utils.extmath.randomized_svd`,
    with 5 power iterations and a fixed seed, or exact ones for up to 512 words, on one
    thread: the same bits in every process and for every `n_jobs`.  The largest number
    of each column of :math:`U` is positive; columns beyond the rank of :math:`M` are
    zeros.

    "auto" is a rule by the number of tokens in the training documents, `unlabeled`
    among them and rare words included, or by the sum of the counts of words in
    `fit_counts`.

    There is no `partial_fit`: add up `CooccurrenceCounts` of batches and call
    `fit_counts`.

    References
    ----------
    Levy, Goldberg and Dagan (2015), "Improving distributional similarity with lessons
    learned from word embeddings".

    Levy and Goldberg (2014), "Neural word embedding as implicit matrix
    factorization".

    Halko, Martinsson and Tropp (2011), "Finding structure with randomness:
    Probabilistic algorithms for constructing approximate matrix decompositions".

    Examples
    --------
    >>> from sklearn_embed import PPMIVectorizer
    >>> texts = ["the cat sat", "the dog sat", "a cat and a dog"] * 20
    >>> model = PPMIVectorizer(2).fit(texts)
    >>> model.transform(["a cat", "fish"]).shape
    (2, 2)
    >>> model.words_[:3]
    ['cat', 'dog', 'sat']
    """

    _rules: ClassVar[dict] = {
        "window": BySize(small=10, large=5),
        "min_count": BySize(small=2, large=5),
    }

    _parameter_constraints: dict = {
        **TextEstimator._text_constraints,
        **VOCABULARY_CONSTRAINTS,
        "vector_size": [COUNT],
        "window": [COUNT, StrOptions({"auto", "document"})],
        "weighting": [StrOptions(set(WEIGHTINGS))],
        "direction": [StrOptions({"both", "left", "right"})],
        "shift": [Interval(Real, 0, np.inf, closed="neither")],
        "context_exponent": [Interval(Real, 0, 1, closed="both")],
        "eigenvalue_exponent": [Interval(Real, 0, np.inf, closed="left")],
        "combine": [StrOptions({"word", "context", "sum", "concatenate"})],
        "max_memory": [COUNT, None],
        "memory": "no_validation",
        "min_count": [COUNT, StrOptions({"auto"})],
        "unlabeled": "no_validation",
        "n_jobs": [Integral, None],
    }

    _shared_parameters = ("unlabeled",)

    def __init__(
        self,
        vector_size: int = 200,
        *,
        window: int | str = "auto",
        weighting: str = "flat",
        direction: str = "both",
        shift: float = 1.0,
        context_exponent: float = 1.0,
        eigenvalue_exponent: float = 0.5,
        combine: str = "word",
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
        n_jobs: int | None = None,
    ) -> None:
        self.vector_size = vector_size
        self.window = window
        self.weighting = weighting
        self.direction = direction
        self.shift = shift
        self.context_exponent = context_exponent
        self.eigenvalue_exponent = eigenvalue_exponent
        self.combine = combine
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
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Documents, y: object = None, *, unlabeled: Documents | None = None
    ) -> Self:
        """Learn the vectors of the words in some documents.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.
        unlabeled : iterable of documents, TokenizedDocuments or None, default=None
            Further texts to learn from, in place of the parameter of that name.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If no word is left, or a parameter is out of range.
        TypeError
            If a document is neither a string nor a sequence of strings.
        """
        documents, options = self._tokenize_to_fit(X)
        further = further_texts(self, unlabeled, options)
        parts = [documents] if further is None else [documents, further]
        settled = auto.settled(self, sum(part.n_tokens for part in parts), keep=False)
        window = window_of(settled)
        vocabulary = learn_vocabulary(parts, limits_of(settled))
        warn_of_documents(documents, vocabulary.rows(documents.table))
        limits = {"max_memory": self.max_memory, "n_jobs": self.n_jobs}
        kept = check_memory(self.memory)
        pairs = counted(parts, vocabulary, window, kept, limits)
        words = list(vocabulary.words), vocabulary.counts
        counts = CooccurrenceCounts._unchecked(*words, pairs, window)
        return self._factorise(counts, settled, options)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_counts(
        self, counts: CooccurrenceCounts | Any, words: Sequence[str] | None = None
    ) -> Self:
        """Learn the vectors of words that have been counted already.

        The parameters about vocabulary and window play no part.

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
        settled = auto.settled(self, int(counts.word_counts.sum()), keep=False)
        settled.set_params(window=counts.window.size)
        return self._factorise(counts, settled, self._options())

    def _factorise(self, counts, settled, options):
        """Learn from counts, and only then change the estimator."""
        settings = settings_of(settled, PpmiSettings)
        with named_memory(self, len(counts)):
            matrix = counts.ppmi(
                settings.shift, context_exponent=settings.context_exponent
            )
            found = factorise(matrix, settings)
        if not matrix.nnz:
            warn(
                "Nothing was learned: no two words meet more often than by chance, "
                "and all vectors are zeros. Give more or longer documents, or a lower "
                "shift or min_count."
            )
        vocabulary = Vocabulary(counts.words, counts.word_counts)
        publish(
            self,
            {
                "words_": vocabulary.words,
                "vocabulary_": vocabulary.index,
                "counts_": vocabulary.counts,
                "vectors_": found.vectors,
                "word_vectors_": found.word,
                "context_vectors_": found.context,
                "singular_values_": found.singular_values,
                "_text_options": options,
                "_lookup": make_lookup(vocabulary.words, options, ()),
                **auto.outcomes(settled),
            },
        )
        return self

    def _check_loaded(self):
        """Refuse arrays of wrong shapes or types."""
        check_words(self)
        size = self.word_vectors_.shape[1]
        for name in ("word_vectors_", "context_vectors_"):
            check_matrix(name, getattr(self, name), len(self.words_), size)
        check_rows("singular_values_", self.singular_values_, size, np.float64)
