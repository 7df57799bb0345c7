"""Word vectors as a value: words, their rows, and rows for words never seen."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_embed._core.typing import Float32Array
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed._vectors.checks import (
    agrees,
    check_finite_vectors,
    check_words,
    checked_counts,
    float32_numbers,
    frozen_array,
)
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
    tokenizer : PieceTokenizer or None, default=None
        What cuts texts into these words, which are pieces of words then, of a static
        model such as model2vec's.
    normalize : bool, default=False
        Whether such a model scales the mean of a text to length 1.

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
    tokenizer : PieceTokenizer or None
        As given; a function from str to list of str, too.
    normalize : bool
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
    tokenizer: PieceTokenizer | None
    normalize: bool
    _row_of: dict[str, int] | None

    __slots__ = (
        "_row_of",
        "counts",
        "normalize",
        "subwords",
        "tokenizer",
        "vectors",
        "words",
    )

    def __init__(
        self,
        words: Iterable[str],
        vectors: ArrayLike,
        counts: ArrayLike | None = None,
        subwords: Subwords | None = None,
        *,
        check_finite: bool = True,
        row_of: dict[str, int] | None = None,
        tokenizer: PieceTokenizer | None = None,
        normalize: bool = False,
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
        numbers = None if counts is None else checked_counts(counts, words)
        if row_of is not None and not agrees(row_of, words):
            row_of = None
        check_words(words, unique=row_of is not None)
        if subwords is not None:
            subwords.check(matrix.shape)
        if tokenizer is not None and not isinstance(tokenizer, PieceTokenizer):
            raise TypeError(f"tokenizer is no PieceTokenizer: {type(tokenizer)}")
        if check_finite:
            check_finite_vectors(matrix, words)
        for name, value in (
            ("words", words),
            ("vectors", matrix),
            ("counts", numbers),
            ("subwords", subwords),
            ("tokenizer", tokenizer),
            ("normalize", bool(normalize)),
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
        kind = "words" if self.tokenizer is None else "pieces of words"
        return f"<WordVectors: {len(self)} {kind}, {self.vector_size} dimensions{more}>"

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
        state = {
            "words": self.words,
            "vectors": self.vectors,
            "counts": self.counts,
            "subwords": parts,
        }
        if self.tokenizer is not None:
            state["tokenizer"] = self.tokenizer.__reduce__()[1]
            state["normalize"] = self.normalize
        return state

    def __setstate__(self, state):
        parts = state["subwords"]
        subwords = None if parts is None else Subwords(*parts)
        pieces = state.get("tokenizer")
        # What was checked once is not searched for NaN again.
        self.__init__(
            state["words"],
            state["vectors"],
            state["counts"],
            subwords,
            check_finite=False,
            tokenizer=None if pieces is None else PieceTokenizer(*pieces),
            normalize=state.get("normalize", False),
        )
