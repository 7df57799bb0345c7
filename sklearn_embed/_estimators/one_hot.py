"""The one-hot view of text: counts, indicators, id sequences, unit vectors."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.typing import (
    Analyzer,
    Documents,
    Preprocessor,
    StopWords,
    StripAccents,
    Tokenizer,
)
from sklearn_embed._estimators.base import (
    COUNT,
    VOCABULARY_CONSTRAINTS,
    StrOptions,
    TextTransformer,
    _fit_context,
)
from sklearn_embed._estimators.checks import check_settings, warn_of_words
from sklearn_embed._estimators.convergence import named_memory
from sklearn_embed._estimators.coverage import warn_of_count, warn_of_documents
from sklearn_embed._estimators.loading import check_vocabulary
from sklearn_embed._estimators.one_hot_outputs import (
    bags,
    sequences,
    unit_vectors,
    words_of_columns,
    words_of_ids,
)
from sklearn_embed._estimators.one_hot_vocabulary import (
    joins_words,
    learned,
    other_stops,
    refuse_unknown,
    terms,
    vocabulary_of,
)
from sklearn_embed._estimators.persistence import register
from sklearn_embed._estimators.snapshot import publish, snapshot
from sklearn_embed._text.tokens import DEFAULT_PATTERN
from sklearn_embed._text.vocabulary import (
    Vocabulary,
    given_words,
)
from sklearn_embed._text.word_index import UNKNOWN

if TYPE_CHECKING:
    from typing_extensions import Self

#: What stands for an unknown word in feature names and in inverse_transform.
UNKNOWN_NAME = "<unk>"


@register
class OneHotTokens(TextTransformer):
    r"""Represent each document by the one-hot vectors of its words.

    A word is a unit vector of as many dimensions as there are words; all of them
    are orthogonal to each other.  A document is their sum ("count"), their maximum
    ("binary"), or their sequence, written as numbers ("ids") or in full
    ("one_hot").

    Parameters
    ----------
    output : {"count", "binary", "ids", "one_hot"}, default="count"
        What `transform` returns.

        - "count": sparse (n_documents, n_words), how often each word occurs;
          equal to :class:`~sklearn.feature_extraction.text.CountVectorizer`'s.
        - "binary": the same with 1 for each word that occurs.
        - "ids": dense int32 (n_documents, max_length), the words in their order: 0
          is padding, 1 an unknown word, ``2 + column`` a known one.
        - "one_hot": sparse (n_documents, max_length × n_words), a block of columns
          for each position with a single 1 in it.
    encoding : str or None, default=None
        Encoding of documents that are bytes, such as "utf-8".  None: there are none.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What becomes of bytes that are not in this encoding: an error, nothing, or the
        character U+FFFD.
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
    stop_words : "english", collection of str or None, default=None
        Tokens to leave out.
    ngram_range : tuple of two int, default=(1, 1)
        Least and largest number of neighbouring words that make a token, "the cat"
        being one of two words (stop words are left out before); of characters, for
        analyzer="char" and "char_wb".
    min_count : int, default=1
        Words that occur less often in all documents together are left out.
    min_df : int or float, default=1
        Words that occur in fewer documents are left out; an integer is a number of
        documents, a float in [0, 1] a share of them.
    max_df : int or float, default=1.0
        Words that occur in more documents are left out; likewise.
    max_features : int or None, default=None
        Keep only this many words, the most frequent ones.  None: no limit.
    vocabulary : iterable of str, mapping of str to column, path or None, default=None
        The words, in the order of their columns; then `min_count`, `min_df`,
        `max_df`, `max_features` and `stop_words` select nothing,
        and `transform` needs no `fit`.  A :class:`pathlib.Path` is a file with a word
        a line.
    handle_unknown : {"auto", "ignore", "error", "unknown"}, default="auto"
        What becomes of a token that is not in the vocabulary.

        - "ignore": as if it were not there.
        - "error": `transform` raises.
        - "unknown": it has a place of its own: a last column named "<unk>", id 1,
          or a last unit vector in each block.
        - "auto": "ignore" for counts and indicators, "unknown" for sequences.

        Stop words are left out in any case.
    max_length : int or None, default=None
        Length of the sequences.  None: that of the longest document in `fit`.
    padding : {"post", "pre"}, default="post"
        Side on which short sequences are filled up.
    truncating : {"post", "pre"}, default="post"
        Side on which long sequences are cut.
    dtype : type, default=np.int64
        Of the sparse outputs.

    Attributes
    ----------
    vocabulary_ : dict
        Word → column.
    words_ : list of str
        Column → word, in the order of their characters, or as given.
    counts_ : ndarray of shape (n_words,), int64
        Occurrences in the documents given to `fit`.
    max_length_ : int
        Length of the sequences; only for "ids" and "one_hot".

    See Also
    --------
    MeanPoolEmbedder : Dense rows from word vectors.

    Examples
    --------
    >>> from sklearn_embed import OneHotTokens
    >>> texts = ["the cat sat", "a dog and the dog"]
    >>> one_hot = OneHotTokens().fit(texts)
    >>> one_hot.transform(texts).toarray()
    array([[0, 1, 0, 1, 1],
           [1, 0, 2, 0, 1]])
    >>> OneHotTokens(output="ids").fit_transform(texts)
    array([[6, 3, 5, 0],
           [4, 2, 6, 4]], dtype=int32)
    """

    _counts_word_ngrams = True

    _parameter_constraints: dict = {
        **TextTransformer._text_constraints,
        **VOCABULARY_CONSTRAINTS,
        "encoding": [str, None],
        "decode_error": [StrOptions({"strict", "ignore", "replace"})],
        "output": [StrOptions({"count", "binary", "ids", "one_hot"})],
        "handle_unknown": [StrOptions({"auto", "ignore", "error", "unknown"})],
        "max_length": [COUNT, None],
        "padding": [StrOptions({"post", "pre"})],
        "truncating": [StrOptions({"post", "pre"})],
        "dtype": [type, np.dtype, str],
    }

    def __init__(
        self,
        output: str = "count",
        *,
        encoding: str | None = None,
        decode_error: str = "strict",
        lowercase: bool = True,
        strip_accents: StripAccents = None,
        preprocessor: Preprocessor = None,
        tokenizer: Tokenizer = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: Analyzer = "word",
        stop_words: StopWords = None,
        ngram_range: tuple[int, int] = (1, 1),
        min_count: int = 1,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        vocabulary: Collection[str] | None = None,
        handle_unknown: str = "auto",
        max_length: int | None = None,
        padding: str = "post",
        truncating: str = "post",
        dtype: DTypeLike = np.int64,
    ) -> None:
        self.output = output
        self.encoding = encoding
        self.decode_error = decode_error
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.token_pattern = token_pattern
        self.analyzer = analyzer
        self.stop_words = stop_words
        self.ngram_range = ngram_range
        self.min_count = min_count
        self.min_df = min_df
        self.max_df = max_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.handle_unknown = handle_unknown
        self.max_length = max_length
        self.padding = padding
        self.truncating = truncating
        self.dtype = dtype

    def fit(self, X: Documents, y: object = None) -> Self:
        """Learn the vocabulary.

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
        self._fit(X)
        return self

    def fit_transform(self, X: Documents, y: object = None) -> Any:
        """Learn the vocabulary and transform the same documents, read once.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.

        Returns
        -------
        sparse matrix or ndarray
            As `transform`.
        """
        documents = self._fit(X)
        return self._encode(documents)

    def transform(self, X: Documents) -> Any:
        """Represent documents by the one-hot vectors of their words.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        sparse matrix or ndarray
            See the parameter `output`.

        Raises
        ------
        ValueError
            If a token is unknown and ``handle_unknown="error"``.
        """
        self._take_vocabulary()
        self._validate_params()
        fitted = snapshot(self)
        if fitted._unknown() == "error":
            # Tokens are kept apart, since an unknown one is to be named.
            X = fitted._tokenize(X)
        if joins_words(fitted):
            X = terms(fitted, fitted._tokenize(X))
        return fitted._encode(X, warns=True)

    def inverse_transform(self, X: Any) -> list[Any]:
        """Return the words of each row.

        Parameters
        ----------
        X : sparse matrix or ndarray, as returned by `transform`
            The rows.

        Returns
        -------
        list of ndarray of str
            In the order of the columns for counts and indicators, in the order of
            the text for sequences.

        Raises
        ------
        ValueError
            If rows are of another width than those of `transform`, or hold NaN,
            infinity or what is no id.
        """
        self._take_vocabulary()
        check_is_fitted(self)
        words = np.array([*self.words_, UNKNOWN_NAME], dtype=object)
        if self.output == "ids":
            return words_of_ids(words, X, self._length())
        n_columns = self._width()
        if self.output == "one_hot":
            n_columns *= self._length()
        return words_of_columns(words[: self._width()], X, n_columns)

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls._sklearn_auto_wrap_output_keys = _WRAPPED

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
            Words; positions for "ids"; ``position_word`` for "one_hot".
        """
        self._take_vocabulary()
        check_is_fitted(self)
        if self.output == "ids":
            names = [f"position{place}" for place in range(self._length())]
        else:
            names = [*self.words_, UNKNOWN_NAME][: self._width()]
            if self.output == "one_hot":
                names = [
                    f"{place}_{name}"
                    for place in range(self._length())
                    for name in names
                ]
        return np.array(names, dtype=object)

    @_fit_context(prefer_skip_nested_validation=True)
    def _fit(self, X):
        """Learn the vocabulary; return the documents as tokens."""
        documents, options = self._tokenize_to_fit(X)
        documents = terms(self, documents)
        fitted = learned(self, vocabulary_of(self, documents), options)
        lookup = fitted["_lookup"]
        warn_of_documents(documents, lookup.rows(documents.table))
        if self._has_length():
            fitted["max_length_"] = self.max_length
            if self.max_length is None:
                _, offsets = self._columns(documents, lookup)
                fitted["max_length_"] = max(1, int(np.diff(offsets).max()))
        publish(self, fitted, ["max_length_"])
        return documents

    def _take_vocabulary(self):
        """Be fitted with a given vocabulary, unless there was a fit."""
        if self.vocabulary is None or hasattr(self, "words_"):
            return
        self._validate_params()
        check_settings(self)
        if self._has_length() and self.max_length is None:
            raise NotFittedError(
                f"output={self.output!r} has the length of the longest document of "
                "fit: call fit first, or set max_length."
            )
        vocabulary, options = Vocabulary(given_words(self.vocabulary)), self._options()
        warn_of_words(self, options, vocabulary.words)
        fitted = learned(self, vocabulary, options)
        fitted["counts_"] = np.zeros(len(vocabulary), np.int64)
        if self._has_length():
            fitted["max_length_"] = self.max_length
        publish(self, fitted)

    def _has_length(self):
        """Tell whether rows are sequences, all of one length."""
        return self.output in ("ids", "one_hot")

    def _left_out(self, model):
        return other_stops(self, self.words_)

    def _unknown(self):
        """Return `handle_unknown`, "auto" resolved."""
        if self.handle_unknown != "auto":
            return self.handle_unknown
        return "unknown" if self._has_length() else "ignore"

    def _columns(self, X, lookup):
        """Return the column of every token that has one, and offsets by document."""
        columns, offsets = lookup.encode(X)
        if self._unknown() != "ignore":
            is_unknown = columns == UNKNOWN
            if self._unknown() == "error":
                refuse_unknown(X, is_unknown)
            columns[is_unknown] = len(lookup)
        known = columns >= 0
        if known.all():
            return columns, offsets
        return columns[known], np.concatenate([[0], np.cumsum(known)])[offsets]

    def _width(self):
        """Return the number of columns of one-hot vectors."""
        return len(self.words_) + (self._unknown() == "unknown")

    def _length(self):
        """Return the length of sequences, which only a fit for these has found."""
        if not hasattr(self, "max_length_"):
            raise ValueError(
                f"output={self.output!r} needs the max_length_ that fit finds for it: "
                "output was set after fit. Fit again."
            )
        return self.max_length_

    def _encode(self, X, warns=False):
        """Turn documents into the output asked for."""
        if len(self._lookup) != len(self.words_):
            raise ValueError(
                f"words_ had {len(self._lookup)} words and has {len(self.words_)}: "
                "fitted attributes were changed. Fit again."
            )
        columns, offsets = self._columns(X, self._lookup)
        if warns:
            n_empty = np.count_nonzero(np.diff(offsets) == 0)
            warn_of_count(n_empty, len(offsets) - 1, X)
        width = self._width()
        if self.output in ("count", "binary"):
            return bags(columns, offsets, width, self.dtype, self.output == "binary")
        sides = self.padding, self.truncating
        with named_memory(self):
            ids = sequences(columns, offsets, len(self.words_), self._length(), *sides)
            return ids if self.output == "ids" else unit_vectors(ids, width, self.dtype)

    def _validate_params(self):
        super()._validate_params()
        try:
            is_number = np.dtype(self.dtype).kind in "biuf"
        except TypeError:
            is_number = False
        if not is_number:
            raise ValueError(f"dtype={self.dtype!r} must be a type of numbers.")

    def _check_loaded(self):
        """Refuse parts that do not fit together."""
        check_vocabulary(self)
        if np.dtype(self.dtype).kind not in "biuf":
            raise ValueError(f"dtype {self.dtype!r:.40} is none of numbers")
        length = getattr(self, "max_length_", None)
        if length is None and not self._has_length():
            return
        if type(length) is not int or not 1 <= length < 1 << 31:
            raise ValueError(f"max_length_ is {length!r:.40}")


# Only dense rows fit into a frame: there is `set_output` for these, and none, as
# CountVectorizer has none, for sparse ones.  scikit-learn asks for this attribute.
_WRAPPED = property(lambda self: {"transform"} if self.output == "ids" else set())
OneHotTokens._sklearn_auto_wrap_output_keys = _WRAPPED
