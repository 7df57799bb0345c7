"""N-gram language model: interpolated modified Kneser–Ney."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    FilePath,
    Preprocessor,
    StripAccents,
    Tokenizer,
)
from sklearn_embed._estimators.base import COUNT, Integral, Interval, _fit_context
from sklearn_embed._estimators.checks import check_settings
from sklearn_embed._estimators.convergence import named_memory
from sklearn_embed._estimators.language_model import (
    LANGUAGE_CONSTRAINTS,
    LanguageModel,
    learn_words,
)
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.snapshot import publish
from sklearn_embed._estimators.training import word_attributes
from sklearn_embed._models import arpa
from sklearn_embed._models.ngram_counts import MOST_WORDS, NGramCounts
from sklearn_embed._models.ngram_lm import BackoffModel, kneser_ney
from sklearn_embed._text.tokens import DEFAULT_PATTERN
from sklearn_embed._text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from typing_extensions import Self


def _never(estimator):
    """Say what to do instead of partial_fit."""
    raise AttributeError(
        "counts must be complete before probabilities are estimated: add up "
        "NGramCounts of batches and call fit_counts."
    )


@register
class NGramLanguageModel(LanguageModel):
    r"""Predict the next word from the last few, by interpolated Kneser–Ney.

    Parameters
    ----------
    order : int, default=5
        Number of words of the longest n-grams, from 1 to 20: the last `order` - 1
        words predict the next one.
    max_memory : int or None, default=None
        Bytes to count in, beyond what the documents and the counts take; see
        `NGramCounts.from_documents`.
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
    n_jobs : int or None, default=None
        Threads.  None means 1, -1 all processors.

    Attributes
    ----------
    words_ : list of str
        Row → word; most frequent first, ties in the order of their characters.
    vocabulary_ : dict
        Word → row.
    counts_ : ndarray of shape (n_words,), int64
        Occurrences in the training texts; zeros in a model read from a file.
    n_ngrams_ : list of int
        How many n-grams of 1, 2, …, `order` words were seen, marks included.
    discounts_ : ndarray of shape (order, 3), float64
        What n-grams of each length lose: those with numbers of 1, of 2, and of 3 and
        more.  Not in a model read from a file.

    See Also
    --------
    NGramCounts : The counts alone; those of partitions add up.

    Notes
    -----
    A document is a sequence of its own: it begins with a mark and ends with one that
    is predicted like a word.  Words outside of the vocabulary are one unknown word;
    with ``min_count=1`` it never occurs in training, and what it is given is a guess.

    The probability of a word after a context :math:`h` of n - 1 words is

    .. math:: p(w \mid h) = \frac{\max(0, a(hw) - D(a(hw)))
              + p(w \mid h') \sum_v D(a(hv))}{\sum_v a(hv)}

    where :math:`h'` is the context without its first word.  The number :math:`a` of an
    n-gram is how often it occurs if it has `order` words or begins a document, else
    how many different words it occurs after.  A single word is interpolated with the
    same probability for all words and both marks.  The discounts of each length follow
    from how many n-grams have the numbers 1 to 4 (equation 26 of the paper); where one
    of the first three of these is 0, or a discount would not be positive, they are
    0.5, 1 and 1.5.

    All probabilities are kept as float32 logarithms: 16 bytes an n-gram, 8 one of
    `order` words.  The result depends neither on `n_jobs` nor on `max_memory`.

    There is no `partial_fit`: probabilities come of all counts together.  Add up
    `NGramCounts` of batches and call `fit_counts`.

    References
    ----------
    Chen and Goodman (1999), "An empirical study of smoothing techniques for language
    modeling", section 3.

    Kneser and Ney (1995), "Improved backing-off for m-gram language modeling".

    Heafield, Pouzyrevsky, Clark and Koehn (2013), "Scalable modified Kneser-Ney
    language model estimation".

    Examples
    --------
    >>> from sklearn_embed import NGramLanguageModel
    >>> texts = ["the cat sat", "the dog sat", "the cat and the dog sat"] * 5
    >>> model = NGramLanguageModel(3).fit(texts)
    >>> [word for word, _ in model.predict_next("the cat", topn=2)]
    ['sat', 'and']
    >>> " ".join(model.sample("the cat and", random_state=0))
    'the dog sat'
    """

    _parameter_constraints: dict = {
        **LANGUAGE_CONSTRAINTS,
        "order": [Interval(Integral, 1, MOST_WORDS, closed="both")],
        "max_memory": [COUNT, None],
    }

    def __init__(
        self,
        order: int = 5,
        *,
        max_memory: int | None = None,
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
        n_jobs: int | None = None,
    ) -> None:
        self.order = order
        self.max_memory = max_memory
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
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Documents, y: object = None) -> Self:
        """Count the n-grams of some documents and estimate probabilities.

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
            If no word is left, or a parameter is out of range.
        TypeError
            If a document is neither a string nor a sequence of strings.
        """
        documents, options = self._tokenize_to_fit(X)
        vocabulary = learn_words(self, [documents])
        with named_memory(self, len(vocabulary)):
            # The counts themselves are not kept: the tree needs the memory.
            tree = NGramCounts._of_rows(
                documents, vocabulary, int(self.order), self.max_memory, self.n_jobs
            )._tree()
            self._estimate(tree, vocabulary, options)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_counts(self, counts: NGramCounts) -> Self:
        """Estimate probabilities from n-grams that have been counted already.

        The parameters about the vocabulary play no part.

        Parameters
        ----------
        counts : NGramCounts
            For instance a sum of those of partitions; of n-grams of at least `order`
            words.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If there are no counts, or they are of shorter n-grams.
        """
        if not isinstance(counts, NGramCounts):
            raise TypeError(f"counts must be NGramCounts, not {type(counts).__name__}.")
        check_settings(self)
        counts = counts.with_order(int(self.order))
        if len(counts.counts) == 0:
            raise ValueError("counts hold no n-grams: no document was counted.")
        vocabulary = Vocabulary(counts.words, counts.word_counts)
        with named_memory(self, len(vocabulary)):
            self._estimate(counts._tree(), vocabulary, self._options())
        return self

    @available_if(_never)
    def partial_fit(self, X: Documents, y: object = None) -> Self:
        """Refuse: add up `NGramCounts` of batches and call `fit_counts`.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.

        Raises
        ------
        AttributeError
            Always.
        """
        raise NotImplementedError

    def to_arpa(self, path: FilePath) -> None:
        """Write the model as an ARPA file, which other toolkits read.

        Parameters
        ----------
        path : str or path
            The file, written whole or not at all; a name that ends in ``.gz``,
            ``.bz2`` or ``.xz`` makes a compressed one.

        Raises
        ------
        ValueError
            If a word is empty or has white space in it.

        See Also
        --------
        from_arpa : Read it again, with the same probabilities, bit for bit.
        """
        check_is_fitted(self)
        arpa.write(path, self._model, self.words_)

    @classmethod
    def from_arpa(cls, path: FilePath, **params: Any) -> Self:
        """Return a fitted estimator with a model from an ARPA file.

        Parameters
        ----------
        path : str, path or binary file
            The file, of any toolkit and any smoothing; it may be compressed.
        **params : dict
            Further parameters, such as `lowercase`; `order` is that of the file.
            Unless told otherwise, tokens are what stands between blanks, and are not
            lowercased.

        Returns
        -------
        NGramLanguageModel
            Its words are in the order of the file.

        Raises
        ------
        VectorFileError
            If the file is damaged, or no ARPA file; or promises more than it holds.
        ValueError
            If a parameter is out of range, or `order` not that of the file.

        Notes
        -----
        The text is UTF-8.  If there is no unknown word in the file (``<unk>`` or
        ``<UNK>``), it has a probability of 1e-100.
        """
        words, model = arpa.read(path)
        given = {"lowercase": False, "token_pattern": r"[^ \t\n\r\f\v]+", **params}
        estimator = cls(**{"order": model.order, **given})
        estimator._validate_params()
        check_settings(estimator)
        if estimator.order != model.order:
            raise ValueError(
                f"order={estimator.order}, but the file holds n-grams of up to "
                f"{model.order} words: leave order out."
            )
        vocabulary = Vocabulary(words, np.zeros(len(words), np.int64))
        n_ngrams = np.diff(model.bounds).tolist()
        estimator._become(vocabulary, estimator._options(), model, n_ngrams)
        return estimator

    def _estimate(self, tree, vocabulary, options):
        """Become fitted to counts, given as a tree."""
        found = kneser_ney(tree)
        self._become(vocabulary, options, found.model, found.n_ngrams, found.discounts)

    def _become(self, vocabulary, options, model, n_ngrams, discounts=None):
        """Set all that is fitted."""
        fitted = {
            **word_attributes(self, vocabulary, options, model),
            "n_ngrams_": n_ngrams,
            "_model": model,
        }
        if discounts is not None:
            fitted["discounts_"] = discounts
        publish(self, fitted, ["discounts_"])

    def _check_loaded(self):
        """Refuse arrays of wrong shapes or types."""
        if not isinstance(self._model, BackoffModel):
            raise ValueError("_model is no model of n-grams")
        super()._check_loaded()
