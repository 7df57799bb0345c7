"""Word vectors as a value: words, their rows, and rows for words never seen."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse

from sklearn_embed._core.typing import Float32Array
from sklearn_embed._vectors.subwords import Subwords

if TYPE_CHECKING:
    import pandas as pd
    from gensim.models import KeyedVectors


class WordVectors:
    """A vocabulary and its vectors, shared and never changed.

    Copies, ``copy.deepcopy`` and scikit-learn's ``clone`` give back the same object:
    as a parameter of an estimator it costs a grid search no memory.

    Parameters
    ----------
    words : sequence of str
        The vocabulary, row by row; each word once.
    vectors : array-like of shape (n_words, n_dimensions)
        One row a word, taken without a copy if float32 and C-contiguous.  It is
        shared, so do not write to it afterwards.
    counts : array-like of shape (n_words,) or None, default=None
        How often each word occurred, where that is known.
    subwords : Subwords or None, default=None
        Where vectors of unknown words come from.
    check_finite : bool, default=True
        Whether to look for NaN and infinity.
    row_of : dict or None, default=None
        Word → row in the order of the rows, where there is one already: it is shared
        instead of made anew.  If it grows later, these vectors do not.

    Attributes
    ----------
    words : list of str
        The vocabulary.
    vectors : ndarray of shape (n_words, n_dimensions), float32
        A read-only view.
    counts : ndarray of shape (n_words,), int64, or None
        Occurrences in the training text.
    subwords : Subwords or None
        As given.

    Raises
    ------
    TypeError
        If a word is not a string, or `words` is one itself.
    ValueError
        If the shapes disagree, a word comes twice, a number is not finite, or a count
        is negative or no whole number.

    Examples
    --------
    >>> from sklearn_embed._vectors.word_vectors import WordVectors
    >>> pets = WordVectors(["cat", "dog"], [[1.0, 0.0], [0.5, 0.5]])
    >>> pets["dog"].tolist()
    [0.5, 0.5]
    >>> "fish" in pets
    False
    """

    words: list[str]
    vectors: Float32Array
    counts: NDArray[np.int64] | None
    subwords: Subwords | None
    _row_of: dict[str, int] | None

    __slots__ = ("_row_of", "counts", "subwords", "vectors", "words")

    def __init__(
        self,
        words: Iterable[str],
        vectors: ArrayLike,
        counts: ArrayLike | None = None,
        subwords: Subwords | None = None,
        *,
        check_finite: bool = True,
        row_of: dict[str, int] | None = None,
    ) -> None:
        if isinstance(words, (str, bytes)):
            raise TypeError(f"words must be a list of strings; got one, {words!r}")
        words = words.tolist() if isinstance(words, np.ndarray) else list(words)
        matrix = frozen_array(float32_numbers(vectors, "vectors"), np.float32)
        if matrix.ndim != 2 or len(matrix) != len(words):
            raise ValueError(
                f"vectors must have shape ({len(words)}, n_dimensions), one row for "
                f"each word; got {matrix.shape}"
            )
        numbers = None if counts is None else _checked_counts(counts, words)
        if row_of is not None and not _agrees(row_of, words):
            row_of = None
        _check_words(words, unique=row_of is not None)
        if subwords is not None:
            subwords.check(matrix.shape)
        if check_finite:
            _check_finite(matrix, words)
        for name, value in (
            ("words", words),
            ("vectors", matrix),
            ("counts", numbers),
            ("subwords", subwords),
            ("_row_of", row_of),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"WordVectors cannot be changed: {name}")

    @property
    def vector_size(self) -> int:
        """Number of dimensions."""
        return self.vectors.shape[1]

    @property
    def row_of(self) -> dict[str, int]:
        """Dict from word to row, built at the first use unless it was given."""
        # One that was given may have grown since.
        table = self._row_of
        if table is None or len(table) != len(self.words):
            table = {word: row for row, word in enumerate(self.words)}
            object.__setattr__(self, "_row_of", table)
        return table

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.row_of

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __getitem__(self, word: str) -> Float32Array:
        row = self.row_of.get(word)
        if row is not None:
            return self.vectors[row]
        if self.subwords is not None and isinstance(word, str):
            return self.subword_vectors([word])[0]
        raise KeyError(word)

    def __repr__(self) -> str:
        more = ", with subwords" if self.subwords is not None else ""
        return f"<WordVectors: {len(self)} words, {self.vector_size} dimensions{more}>"

    def rows(self, words: Iterable[str]) -> NDArray[np.int32]:
        """Return the row of each word, -1 where it is unknown.

        Parameters
        ----------
        words : iterable of str
            Words to look up.

        Returns
        -------
        ndarray of shape (n,), int32
        """
        get = self.row_of.get
        return np.fromiter((get(word, -1) for word in words), np.int32)

    def subword_vectors(self, words: Sequence[str]) -> Float32Array:
        """Return the mean of each word's n-gram vectors, known word or not.

        Parameters
        ----------
        words : list of str
            Words; one that has no n-grams gets zeros.

        Returns
        -------
        ndarray of shape (n, n_dimensions), float32

        Raises
        ------
        ValueError
            If these vectors know no subwords.
        """
        if self.subwords is None:
            raise ValueError("these vectors have no subwords")
        sums, counts = self.subwords.sums(words)
        sums /= np.maximum(counts, 1).astype(np.float32)[:, None]
        return sums

    def to_keyed_vectors(self, *, subwords: bool = True) -> KeyedVectors:
        """Return gensim's KeyedVectors over the same memory.

        Parameters
        ----------
        subwords : bool, default=True
            Whether to hand on what is known of n-grams.

        Returns
        -------
        gensim.models.KeyedVectors
            ``FastTextKeyedVectors`` where subwords are known.  The matrices are not
            copied and stay read-only.
        """
        from gensim.models import KeyedVectors
        from gensim.models.fasttext import FastTextKeyedVectors

        parts = self.subwords if subwords else None
        if parts is None:
            keyed = KeyedVectors(self.vector_size)
        else:
            size = self.vector_size
            keyed = FastTextKeyedVectors(
                size, parts.min_n, parts.max_n, parts.n_buckets
            )
            keyed.vectors_ngrams = parts.full()
            keyed.vectors_vocab = self.vectors if parts.own is None else parts.own
            one = np.ones(1, np.float32)
            keyed.vectors_vocab_lockf = keyed.vectors_ngrams_lockf = one
        # Assigned, since add_vectors would copy and leave its bookkeeping behind.
        keyed.index_to_key = list(self.words)
        keyed.key_to_index = dict(self.row_of)
        keyed.vectors = self.vectors
        keyed.next_index = len(self)
        keyed.norms = None
        if self.counts is not None:
            keyed.expandos["count"] = self.counts.copy()
        return keyed

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame: a row for each word, over the same memory.

        Returns
        -------
        pandas.DataFrame
            Words in the index, one column for each dimension.
        """
        import pandas as pd

        try:
            index = pd.Index(self.words, name="word")
        except UnicodeEncodeError:  # Arrow's strings hold no lone surrogates
            index = pd.Index(self.words, name="word", dtype=object)
        return pd.DataFrame(self.vectors, index=index)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __sklearn_clone__(self):
        return self

    def __getstate__(self):
        # Plain parts, so that skops, too, can write them without trusting our types.
        parts = None if self.subwords is None else tuple(self.subwords)
        return {
            "words": self.words,
            "vectors": self.vectors,
            "counts": self.counts,
            "subwords": parts,
        }

    def __setstate__(self, state):
        parts = state["subwords"]
        subwords = None if parts is None else Subwords(*parts)
        # What was checked once is not searched for NaN again.
        self.__init__(
            state["words"],
            state["vectors"],
            state["counts"],
            subwords,
            check_finite=False,
        )


def frozen_array(array, dtype):
    """Return a C-contiguous read-only view (a copy only where the type differs)."""
    view = np.require(np.asarray(array), dtype, ["C", "A"]).view(np.ndarray)[...]
    view.flags.writeable = False
    return view


def float32_numbers(values, name):
    """Return an array of float32, or say by name why there is none.

    Raises
    ------
    ValueError
        If the values are not real numbers, or rows differ in their lengths.
    """
    if issparse(values):
        raise ValueError(f"{name} is sparse: use its toarray()")
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return values
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "biufO":
            raise TypeError(f"dtype {array.dtype}")
        with np.errstate(over="ignore"):  # infinity is found afterwards
            return array.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers alone: {error}") from error


def _checked_counts(counts, words):
    """Return int64 counts, one for each word and none below zero."""
    given = np.asarray(counts)
    if given.shape != (len(words),):
        raise ValueError(f"counts must have shape ({len(words)},); got {given.shape}")
    if given.dtype == np.int64:
        whole = given
    else:
        try:
            with np.errstate(invalid="ignore"):
                whole = given.astype(np.int64)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"counts must be whole numbers: {error}") from error
    # What was cut off or wrapped is no longer equal.
    wrong = (whole < 0) | (whole != given)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(
            f"counts must be whole numbers and not negative; that of {words[row]!r} "
            f"(row {row}) is {given[row]}"
        )
    return frozen_array(whole, np.int64)


def _agrees(row_of, words):
    """Tell whether a dict holds these very words and their rows, in their order."""
    return (
        type(row_of) is dict
        and len(row_of) == len(words)
        and all(map(operator.is_, row_of, words))
        and all(map(operator.eq, row_of.values(), range(len(words))))
    )


def _check_words(words, unique=False):
    """Refuse what is not a string, and words that come twice."""
    if not set(map(type, words)) <= {str}:
        for row, word in enumerate(words):
            if not isinstance(word, str):
                raise TypeError(f"words must be strings; row {row} is {word!r}")
    if unique or len(set(words)) == len(words):
        return
    first = {}
    for row, word in enumerate(words):
        if first.setdefault(word, row) != row:
            raise ValueError(
                f"each word may come once; {word!r} is in rows {first[word]} and {row}"
            )


def _check_finite(vectors, words):
    """Refuse NaN and infinity by the name of the word."""
    flat = vectors.reshape(-1)
    # One pass without temporaries; only a doubtful sum is looked into.
    with np.errstate(all="ignore"):
        if np.isfinite(np.dot(flat, flat)):
            return
    for row, vector in enumerate(vectors):
        if not np.isfinite(vector).all():
            raise ValueError(
                f"the vector of {words[row]!r} (row {row}) is not finite: remove the "
                "word, or replace its NaN and infinite numbers"
            )
