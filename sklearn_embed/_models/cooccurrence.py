"""Co-occurrence counts: exact, and made to be added up."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.typing import Documents, FilePath, StopWords
from sklearn_embed._models.counting import Pairs, Window, check_sum, count_pairs
from sklearn_embed._models.own_counts import pairs_of_matrix
from sklearn_embed._models.ppmi import positive_information
from sklearn_embed._text.scripts import warn_if_unspaced
from sklearn_embed._text.tokenized import tokenize
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._text.vocabulary import (
    Vocabulary,
    VocabularyFilter,
    check_limits,
    checked_share,
    given_words,
    learn_vocabulary,
)

#: Raised whenever files written from now on cannot be read by earlier code.
_VERSION = 1
_CHECKED_AT_ONCE = 1 << 22


class CooccurrenceCounts:
    """How often words stand near each other: exact, and made to be added up.

    Make one with :meth:`from_documents`.  ``a + b`` is what counting the documents
    of both at once would have given, in whatever order many are added: the counts
    are sums of whole numbers.  So partitions of a corpus can be counted apart, on
    other machines if need be; count them with one `vocabulary`, since words left
    out of a partition leave no gap in its windows.

    Parameters
    ----------
    words : list of str
        Row → word.
    word_counts : ndarray of shape (n_words,), int64
        Occurrences of each word.
    pairs : Pairs
        Counts as compressed sparse rows, in units; of both directions, the upper
        half.
    window : Window
        What was counted.

    Raises
    ------
    ValueError
        If the arrays are of another type or length, or do not belong together.

    Attributes
    ----------
    n_pairs : int
        Number of stored pairs.

    See Also
    --------
    GloVeVectorizer, PPMIVectorizer : Learn vectors from these counts.

    Notes
    -----
    The weight 1/k of distance k is exact as a multiple of 1 / lcm(1, …, window) for
    windows up to 22; beyond, it is rounded to the nearest multiple of 1.2e-11.

    As in GloVe's and word2vec's programs, words that are left out leave no gap: the
    words around one become neighbours.  In a window to one side, row i counts what
    stands on that side of word i; the original ``cooccur -symmetric 0`` gives the
    transpose of "left".

    Examples
    --------
    >>> from sklearn_embed import CooccurrenceCounts
    >>> first = CooccurrenceCounts.from_documents(["the cat sat"], window=2)
    >>> second = CooccurrenceCounts.from_documents(["the dog sat"], window=2)
    >>> (first + second).words
    ['cat', 'dog', 'sat', 'the']
    >>> (first + second).to_scipy().toarray()[2]
    array([1., 1., 0., 1.])
    """

    def __init__(
        self, words: list[str], word_counts: np.ndarray, pairs: Pairs, window: Window
    ) -> None:
        words, window = list(words), Window(*window).checked()
        indptr, indices, units, scale = pairs
        is_half = window.direction == "both"
        _check(words, word_counts, indptr, indices, units, is_half)
        if scale != window.units(0)[1]:
            raise ValueError(
                f"pairs: {scale} units in 1, but those of {window} are "
                f"{window.units(0)[1]}"
            )
        self._set(words, word_counts, pairs, window)

    def _set(self, words, word_counts, pairs, window):
        indptr, indices, units, scale = pairs
        self.words = words
        self.word_counts = readonly(word_counts, np.int64)
        self.pairs = Pairs(readonly(indptr), readonly(indices), readonly(units), scale)
        self.window = window

    @classmethod
    def _unchecked(cls, words, word_counts, pairs, window):
        """Return counts of parts that were made here, or checked already."""
        counts = cls.__new__(cls)
        counts._set(words, word_counts, pairs, window)
        return counts

    @classmethod
    def from_documents(
        cls,
        X: Documents,
        *,
        window: int | str = 10,
        weighting: str = "harmonic",
        direction: str = "both",
        min_count: int = 1,
        min_df: float = 1,
        max_df: float = 1.0,
        max_features: int | None = None,
        stop_words: StopWords = None,
        vocabulary: Sequence[str] | None = None,
        max_memory: int | None = None,
        n_jobs: int | None = None,
    ) -> CooccurrenceCounts:
        """Count documents.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.  Strings are cut as `TokenizedDocuments.from_documents`
            does without further arguments.  No pair is counted across two of them.
        window : int or "document", default=10
            Words on each side that count, at least 1; "document": all there are.
        weighting : {"harmonic", "linear", "flat"}, default="harmonic"
            What a word at distance k weighs: 1/k; 1 - (k - 1)/window, as word2vec's
            shrinking windows do on average; or 1.
        direction : {"both", "left", "right"}, default="both"
            On which side of a word its contexts stand.
        min_count : int, default=1
            Words that occur less often are left out.
        min_df : int or float, default=1
            Words that occur in fewer documents are left out; an integer is a number
            of documents, a float in [0, 1] a share of them.
        max_df : int or float, default=1.0
            Words that occur in more documents are left out; likewise.
        max_features : int or None, default=None
            Keep only this many words, the most frequent ones.
        stop_words : "english", collection of str or None, default=None
            Words to leave out.
        vocabulary : list of str or None, default=None
            The rows, in their order; the limits above then play no part.
        max_memory : int or None, default=None
            Bytes to work in, in addition to what the documents and the result
            take; what is too much goes into temporary files that have no name and
            cannot be left behind.  None: no bound.
        n_jobs : int or None, default=None
            Threads.  None means 1, -1 all processors.  The result does not depend on
            it.

        Returns
        -------
        CooccurrenceCounts
            Its words are the most frequent first, or as given.

        Raises
        ------
        ValueError
            If no word is left, or a parameter is out of range.
        OverflowError
            If a word occurs so often that its counts might not fit 64 bits.
        """
        shape = Window(window, weighting, direction).checked()
        check_limits(min_count, max_features=max_features, max_memory=max_memory)
        documents = tokenize(X, TextOptions())
        if documents is not X:
            warn_if_unspaced(documents)
        if vocabulary is not None:
            words = Vocabulary(given_words(vocabulary)).counted([documents])
        else:
            limits = VocabularyFilter(
                min_count,
                max_features,
                stop_words,
                min_df=checked_share("min_df", min_df),
                max_df=checked_share("max_df", max_df),
            )
            words = learn_vocabulary([documents], limits)
        part = (
            documents.ids,
            documents.starts,
            documents.offsets,
            words.rows(documents.table),
        )
        pairs = count_pairs([part], len(words), shape, max_memory, n_jobs)
        return cls._unchecked(list(words.words), words.counts, pairs, shape)

    @classmethod
    def from_scipy(
        cls,
        matrix: Any,
        words: Sequence[str],
        *,
        word_counts: ArrayLike | None = None,
        window: int | str = "document",
        weighting: str = "harmonic",
        direction: str = "both",
    ) -> CooccurrenceCounts:
        """Take counts that were made elsewhere.

        Parameters
        ----------
        matrix : sparse matrix or ndarray of shape (n_words, n_words)
            How often, or with what weight, the word of a column stands near that of
            a row.
        words : sequence of str
            The words of the rows and columns.
        word_counts : array-like of shape (n_words,) or None, default=None
            Occurrences of each word.  None: the sums of the rows, rounded, which grow
            with them.
        window : int or "document", default="document"
            What was counted, as in :meth:`from_documents`: counts of like windows can
            be added.  Numbers of any kind are multiples of the unit of "document",
            up to 6e-12.
        weighting : {"harmonic", "linear", "flat"}, default="harmonic"
            Likewise; the counts of "flat" are whole numbers, those of "linear"
            multiples of 1/window.
        direction : {"both", "left", "right"}, default="both"
            Likewise; "both" asks for a symmetric matrix.

        Returns
        -------
        CooccurrenceCounts
            With copies of all.

        Raises
        ------
        ValueError
            If the matrix is not square, not symmetric where it must be, or holds what
            is no count of this window; or the words do not fit.
        OverflowError
            If the counts are too large for 64 bits.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_embed import CooccurrenceCounts
        >>> CooccurrenceCounts.from_scipy(np.array([[0, 2], [2, 1]]), ["cat", "dog"])
        CooccurrenceCounts(2 words, 2 pairs)
        """
        shape = Window(window, weighting, direction).checked()
        pairs, names = pairs_of_matrix(matrix, shape), given_words(words)
        if len(names) != len(pairs.indptr) - 1:
            raise ValueError(
                f"There are {len(names)} words for a matrix of "
                f"{len(pairs.indptr) - 1} rows."
            )
        if word_counts is None:
            word_counts = np.rint(np.asarray(sp.csr_matrix(matrix).sum(axis=1)).ravel())
        word_counts = np.asarray(word_counts)
        fits = np.abs(word_counts) < 2.0**62  # False for NaN, too
        if not fits.all() or (word_counts % 1 != 0).any():
            raise ValueError("word_counts must be whole numbers below 2**62.")
        return cls(names, word_counts.astype(np.int64), pairs, shape)

    @property
    def n_pairs(self) -> int:
        """Number of stored pairs."""
        return len(self.pairs.indices)

    def __len__(self) -> int:
        return len(self.words)

    def __sizeof__(self) -> int:
        """Return the bytes of arrays and, roughly, of words: Dask asks."""
        arrays = self.word_counts, *self.pairs[:3]
        words = 64 * len(self)
        return object.__sizeof__(self) + words + sum(one.nbytes for one in arrays)

    def __repr__(self) -> str:
        return f"CooccurrenceCounts({len(self.words):,} words, {self.n_pairs:,} pairs)"

    def __add__(self, other: CooccurrenceCounts) -> CooccurrenceCounts:
        """Return the counts of both; of unequal word lists, the words in order."""
        if not isinstance(other, CooccurrenceCounts):
            return NotImplemented
        if self.window != other.window:
            raise ValueError(
                f"counts of unlike windows cannot be added: {self.window} and "
                f"{other.window}."
            )
        check_sum(int(part.pairs.units.max(initial=0)) for part in (self, other))
        words = self.words
        if words != other.words:
            words = sorted({*words, *other.words})
        counts, units = np.zeros(len(words), np.int64), []
        for part in (self, other):
            moved, rows = words != part.words, np.arange(len(words))
            if moved:
                index = {word: row for row, word in enumerate(words)}
                rows = np.fromiter(map(index.get, part.words), np.int64, len(part))
            counts[rows] += part.word_counts
            units.append(part._units_in(rows, len(words), moved=moved))
        total = units[0] + units[1]
        total.sort_indices()
        pairs = Pairs(
            total.indptr.astype(np.int64),
            total.indices.astype(np.int32),
            total.data,
            self.pairs.scale,
        )
        return self._unchecked(list(words), counts, pairs, self.window)

    def __radd__(self, other: object) -> CooccurrenceCounts:
        """Allow ``sum(parts)``, which begins with 0."""
        return self if other == 0 else NotImplemented

    def _units_in(self, rows, n_rows, moved):
        """Return the units as a sparse matrix over other rows."""
        indptr, indices, units, _ = self.pairs
        if not moved:
            return sp.csr_matrix((units, indices, indptr), (n_rows, n_rows))
        i = rows[np.repeat(np.arange(len(rows)), np.diff(indptr))]
        j = rows[indices]
        if self.window.direction == "both":
            i, j = np.minimum(i, j), np.maximum(i, j)
        return sp.coo_matrix((units, (i, j)), (n_rows, n_rows)).tocsr()

    def save(self, path: FilePath) -> None:
        """Write to a file of arrays and JSON, which cannot run code.

        Parameters
        ----------
        path : str or path
            The file, written whole or not at all: if anything goes wrong, what was
            there before stays.

        See Also
        --------
        load : Read it again.
        """
        from sklearn_embed._files.arrays import save_arrays

        indptr, indices, units, _ = self.pairs
        size, *choices = self.window
        arrays = {
            "words": self.words,
            "word_counts": self.word_counts,
            "indptr": indptr,
            "indices": indices,
            "units": units,
        }
        meta = {
            "kind": "CooccurrenceCounts",
            "version": _VERSION,
            "window": [size if size == "document" else int(size), *choices],
        }
        save_arrays(path, arrays, meta)

    @classmethod
    def load(cls, path: FilePath, *, mmap: bool = False) -> CooccurrenceCounts:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or path
            The file.
        mmap : bool, default=False
            Whether to map the arrays instead of reading them: all processes then
            share one copy.

        Returns
        -------
        CooccurrenceCounts
            The same counts, bit for bit.

        Raises
        ------
        VectorFileError
            If the file is damaged, from a later version, or holds something else.
        """
        from sklearn_embed._files.counts import loaded_counts

        with loaded_counts(path, "CooccurrenceCounts", _VERSION, mmap) as (
            arrays,
            meta,
        ):
            size, weighting, direction = meta["window"]
            window = Window(size, weighting, direction).checked()
            names = ("words", "word_counts", "indptr", "indices", "units")
            words, word_counts, indptr, indices, units = (arrays[n] for n in names)
            _check(words, word_counts, indptr, indices, units, direction == "both")
        # The unit depends on the window alone.
        pairs = Pairs(indptr, indices, units, window.units(0)[1])
        return cls._unchecked(words, word_counts, pairs, window)

    def to_scipy(self) -> sp.csr_array:
        """Return the counts as a sparse matrix.

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_words, n_words), float64
            Both halves of a symmetric one.
        """
        indptr, indices, _, _ = self.pairs
        n_words = len(self.words)
        half = sp.csr_matrix((self.pairs.counts(), indices, indptr), (n_words, n_words))
        if self.window.direction != "both":
            return half
        return (half + sp.triu(half, 1).T).tocsr()

    def ppmi(
        self, shift: float = 1.0, *, context_exponent: float = 1.0
    ) -> sp.csr_array:
        """Return the positive pointwise mutual information.

        Parameters
        ----------
        shift : float, default=1.0
            Its logarithm is subtracted; k corresponds to k negative samples.
        context_exponent : float, default=1.0
            Contexts count to this power, less than 1 of which makes rare ones less
            telling: 0.75 is "context distribution smoothing".

        Returns
        -------
        scipy.sparse.csr_matrix of shape (n_words, n_words), float64
            ``max(0, log(X_ij Y / (X_i Y_j)) - log(shift))`` with ``Y_j``, the sum of a
            column to the power of `context_exponent`, and the sum ``Y`` of these; a
            truncated SVD of it gives word vectors (Levy and Goldberg 2014).

        See Also
        --------
        PPMIVectorizer : Has the vectors.
        """
        return positive_information(self.to_scipy(), shift, context_exponent)


def _check(words, word_counts, indptr, indices, units, is_half):
    """Refuse arrays that would lead a kernel out of bounds, or are no counts."""
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        raise ValueError("words: not a list of strings")
    for name, array, kind in (
        ("word_counts", word_counts, np.int64),
        ("indptr", indptr, np.int64),
        ("indices", indices, np.int32),
        ("units", units, np.int64),
    ):
        if not isinstance(array, np.ndarray) or array.dtype != kind or array.ndim != 1:
            raise ValueError(f"{name}: not a one-dimensional array of {np.dtype(kind)}")
    n_words, n_pairs = len(words), len(indices)
    if len(set(words)) < n_words:
        raise ValueError("words: one stands twice")
    for name, array, n in (
        ("word_counts", word_counts, n_words),
        ("indptr", indptr, n_words + 1),
        ("units", units, n_pairs),
    ):
        if len(array) != n:
            raise ValueError(
                f"{name}: {len(array)} numbers instead of {n}, for {n_words} words "
                f"and {n_pairs} pairs"
            )
    if (word_counts < 0).any():
        raise ValueError("word_counts: one is negative")
    # A difference of two wild numbers could wrap; a comparison cannot.
    if indptr[0] != 0 or indptr[-1] != n_pairs or (indptr[1:] < indptr[:-1]).any():
        raise ValueError(f"indptr: it does not rise from 0 to {n_pairs}")
    _check_pairs(n_words, indptr, indices, units, is_half)


def _check_pairs(n_words, indptr, indices, units, is_half):
    """Refuse columns out of range or out of order, and counts of nothing."""
    filled = np.flatnonzero(indptr[1:] > indptr[:-1])
    begins = indptr[filled]
    for first in range(0, len(indices), _CHECKED_AT_ONCE):
        part = indices[first : first + _CHECKED_AT_ONCE + 1]
        falls = first + 1 + np.flatnonzero(part[1:] <= part[:-1])
        if part.min() < 0 or part.max() >= n_words:
            raise ValueError(f"indices: one is not a row of {n_words} words")
        if not np.isin(falls, begins).all():
            raise ValueError("indices: those of a row do not rise")
        if units[first : first + _CHECKED_AT_ONCE].min() <= 0:
            raise ValueError("units: one is not positive")
    if is_half and (indices[begins] < filled).any():
        raise ValueError("indices: a pair lies in the lower half")
