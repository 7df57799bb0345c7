"""Word vectors as a value: words, their rows, and rows for words never seen."""

# SPDX-License-Identifier: BSD-3-Clause

import operator
import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

_ACCEPTED = (
    "WordVectors, gensim's KeyedVectors, a DataFrame whose index holds the words, "
    "a dict from word to vector, a fitted vectorizer, or the path of a file"
)


class Subwords(NamedTuple):
    """What fastText knows of words it never saw: a vector for each n-gram's bucket.

    Parameters
    ----------
    vectors : ndarray of shape (n_rows, n_dimensions), float32
        The n-grams' vectors.
    min_n, max_n : int
        Shortest and longest n-gram in characters, the brackets of ``<word>`` included.
    n_buckets : int
        Number of values that the n-grams' hash can take.
    rows : ndarray of shape (n_buckets,), int32, or None
        Row of each bucket, -1 where nothing is stored; None: bucket b is row b.
    missing : {"zero", "skip"}
        Whether an n-gram without a row counts as a vector of zeros or not at all.
    own : ndarray of shape (n_words, n_dimensions), float32, or None
        The vocabulary's vectors before their n-grams were added.  Only a writer
        of fastText's format needs them.
    """

    vectors: np.ndarray
    min_n: int
    max_n: int
    n_buckets: int
    rows: np.ndarray | None = None
    missing: str = "zero"
    own: np.ndarray | None = None

    def sums(self, words, start=None):
        """Add up the n-grams of each word.

        Parameters
        ----------
        words : list of str
            Any words, known or not.
        start : ndarray of shape (n_words, n_dimensions), float32, or None
            What to add to; None means zeros.

        Returns
        -------
        sums : ndarray of shape (n_words, n_dimensions), float32
            `start` plus the n-grams' vectors.
        counts : ndarray of shape (n_words,), int64
            How many n-grams each word has.
        """
        from sklearn_embed._kernels.common import readonly
        from sklearn_embed._kernels.subwords import add_rows
        from sklearn_embed._text.subwords import ngram_buckets
        from sklearn_embed._text.table import TokenTable

        shape = len(words), self.vectors.shape[1]
        sums = np.zeros(shape, np.float32) if start is None else np.array(start)
        counts = np.zeros(len(words), np.int64)
        vectors = readonly(self.vectors, np.float32)
        limits = self.min_n, self.max_n, self.n_buckets
        for first in range(0, len(words), 8192):  # for the sake of memory
            part = slice(first, first + 8192)
            table = TokenTable.from_tokens(words[part])
            bounds, rows = ngram_buckets(table, *limits)
            if self.rows is not None:
                rows = self.rows[rows]
            counted = np.diff(bounds)
            if self.missing == "skip":
                found = np.concatenate([[0], np.cumsum(rows >= 0)])
                counted = np.diff(found[bounds])
            counts[part] = counted
            add_rows(readonly(bounds), readonly(rows, np.int32), vectors, sums[part])
        return sums, counts

    def check(self, shape):
        """Refuse parts that do not fit together.

        Parameters
        ----------
        shape : tuple of (int, int)
            Words and dimensions of the vocabulary.

        Raises
        ------
        ValueError
            If a bucket has no place in the matrix, or a shape is another.
        """
        n_rows, rows = len(self.vectors), self.rows
        if self.vectors.ndim != 2 or self.vectors.shape[1] != shape[1]:
            raise ValueError(
                f"the n-grams' vectors must have shape (n_rows, {shape[1]}), not "
                f"{self.vectors.shape}"
            )
        if self.own is not None and self.own.shape != shape:
            raise ValueError(
                f"the words' own vectors must have shape {shape}, not {self.own.shape}"
            )
        if rows is None:
            fits = n_rows == self.n_buckets
        else:
            fits = len(rows) == self.n_buckets and rows.max(initial=-1) < n_rows
        if not fits or not 0 < self.n_buckets < 1 << 31:
            raise ValueError(
                f"{self.n_buckets} buckets of n-grams do not fit {n_rows} vectors"
            )

    def full(self):
        """Return one row per bucket, as gensim and fastText's files want it."""
        if self.rows is None:
            return self.vectors
        stored = np.flatnonzero(self.rows >= 0)
        full = np.zeros((self.n_buckets, self.vectors.shape[1]), np.float32)
        full[stored] = self.vectors[self.rows[stored]]
        return full


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
        If a word is not a string.
    ValueError
        If the shapes disagree, a word comes twice, or a number is not finite.

    Examples
    --------
    >>> from sklearn_embed._vectors import WordVectors
    >>> pets = WordVectors(["cat", "dog"], [[1.0, 0.0], [0.5, 0.5]])
    >>> pets["dog"].tolist()
    [0.5, 0.5]
    >>> "fish" in pets
    False
    """

    __slots__ = ("_row_of", "counts", "subwords", "vectors", "words")

    def __init__(
        self,
        words,
        vectors,
        counts=None,
        subwords=None,
        *,
        check_finite=True,
        row_of=None,
    ):
        words = list(words)
        vectors = _frozen(vectors, np.float32)
        if vectors.ndim != 2 or len(vectors) != len(words):
            raise ValueError(
                f"vectors must have shape ({len(words)}, n_dimensions), one row for "
                f"each word; got {vectors.shape}"
            )
        if counts is not None:
            counts = _frozen(counts, np.int64)
            if counts.shape != (len(words),):
                raise ValueError(
                    f"counts must have shape ({len(words)},); got {counts.shape}"
                )
        if row_of is not None and not _agrees(row_of, words):
            row_of = None
        _check_words(words, unique=row_of is not None)
        if subwords is not None:
            subwords.check(vectors.shape)
        if check_finite:
            _check_finite(vectors, words)
        for name, value in (
            ("words", words),
            ("vectors", vectors),
            ("counts", counts),
            ("subwords", subwords),
            ("_row_of", row_of),
        ):
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        raise AttributeError(f"WordVectors cannot be changed: {name}")

    @property
    def vector_size(self):
        """Number of dimensions."""
        return self.vectors.shape[1]

    @property
    def row_of(self):
        """Dict from word to row, built at the first use unless it was given."""
        # One that was given may have grown since.
        if self._row_of is None or len(self._row_of) != len(self.words):
            table = {word: row for row, word in enumerate(self.words)}
            object.__setattr__(self, "_row_of", table)
        return self._row_of

    def __len__(self):
        return len(self.words)

    def __contains__(self, word):
        return word in self.row_of

    def __iter__(self):
        return iter(self.words)

    def __getitem__(self, word):
        row = self.row_of.get(word)
        if row is not None:
            return self.vectors[row]
        if self.subwords is not None and isinstance(word, str):
            return self.subword_vectors([word])[0]
        raise KeyError(word)

    def __repr__(self):
        more = ", with subwords" if self.subwords is not None else ""
        return f"<WordVectors: {len(self)} words, {self.vector_size} dimensions{more}>"

    def rows(self, words):
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

    def subword_vectors(self, words):
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

    def to_keyed_vectors(self):
        """Return gensim's KeyedVectors over the same memory.

        Returns
        -------
        gensim.models.KeyedVectors
            ``FastTextKeyedVectors`` where subwords are known.  The matrices are not
            copied and stay read-only.
        """
        from gensim.models import KeyedVectors
        from gensim.models.fasttext import FastTextKeyedVectors

        parts = self.subwords
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

    def to_frame(self):
        """Return a pandas DataFrame: a row for each word, over the same memory.

        Returns
        -------
        pandas.DataFrame
            Words in the index, one column for each dimension.
        """
        import pandas as pd

        return pd.DataFrame(self.vectors, index=pd.Index(self.words, name="word"))

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


def as_word_vectors(source):
    """Return word vectors, whatever they come as.

    Parameters
    ----------
    source : object
        `WordVectors`; gensim's ``KeyedVectors`` or a model that has them as ``wv``; a
        DataFrame whose index holds the words; a mapping from word to vector; a fitted
        vectorizer (``words_`` and ``vectors_``, or a ``to_word_vectors`` method); the
        path of a file, read by :func:`sklearn_embed.io.read_vectors`.

    Returns
    -------
    WordVectors
        Over the source's own matrix wherever that is float32 and C-contiguous.

    Raises
    ------
    TypeError
        If the source is none of these.
    ValueError
        If it is one, but its content is not usable.

    Notes
    -----
    gensim invents counts n, n-1, ..., 1 for vectors read from a file without counts.
    They are recognised and dropped.
    """
    if isinstance(source, WordVectors):
        return source
    if isinstance(source, (str, os.PathLike)):
        from sklearn_embed import io

        return io.read_vectors(source)
    if callable(getattr(source, "to_word_vectors", None)):
        return source.to_word_vectors()
    if hasattr(source, "words_") and hasattr(source, "vectors_"):
        counts = getattr(source, "counts_", None)
        return WordVectors(source.words_, source.vectors_, counts)
    if hasattr(getattr(source, "wv", None), "key_to_index"):
        source = source.wv
    if hasattr(source, "key_to_index") and hasattr(source, "vectors"):
        return _from_keyed_vectors(source)
    if hasattr(source, "columns") and hasattr(source, "index"):
        return _from_frame(source)
    if isinstance(source, Mapping):
        return _from_mapping(source)
    if hasattr(source, "fit") and not isinstance(source, type):
        raise ValueError(
            f"this {type(source).__name__} has no word vectors yet; call fit first"
        )
    raise TypeError(f"word vectors must be {_ACCEPTED}; got {type(source).__name__}")


def shared_vectors(source, words, vector_size):
    """Return which of some words a source has vectors of, and these vectors.

    Parameters
    ----------
    source : object
        As `as_word_vectors` takes it.
    words : list of str
        The words.
    vector_size : int
        Dimensions that the vectors must have.

    Returns
    -------
    rows : ndarray of shape (n_shared,), int32
        Positions in `words`.
    vectors : ndarray of shape (n_shared, vector_size), float32
        Their vectors.
    """
    given = as_word_vectors(source)
    if given.vector_size != vector_size:
        raise ValueError(
            f"vector_size={vector_size}, but the pretrained vectors have "
            f"{given.vector_size} dimensions: they must be equal."
        )
    found = given.rows(words)
    rows = np.flatnonzero(found >= 0).astype(np.int32)
    return rows, given.vectors[found[rows]]


def _from_keyed_vectors(keyed):
    """Share the arrays of gensim's KeyedVectors."""
    words = keyed.index_to_key
    counts = keyed.expandos.get("count")
    if counts is not None and _invented(keyed, counts):
        counts = None
    subwords, n_grams = None, getattr(keyed, "vectors_ngrams", None)
    # Models of gensim 3 may hold fewer rows than buckets, in an order since lost.
    if n_grams is not None and 0 < keyed.bucket == len(n_grams):
        subwords = Subwords(
            _frozen(n_grams, np.float32),
            int(keyed.min_n),
            int(keyed.max_n),
            int(keyed.bucket),
            own=_frozen(keyed.vectors_vocab, np.float32),
        )
    row_of = keyed.key_to_index
    return WordVectors(words, keyed.vectors, counts, subwords, row_of=row_of)


def _invented(keyed, counts):
    """Tell whether gensim made these counts up while reading a file."""
    if not np.array_equal(counts, np.arange(len(counts), 0, -1)):
        return False
    events = getattr(keyed, "lifecycle_events", None) or []
    read = any(event.get("event") == "load_word2vec_format" for event in events)
    # Without the record: no text of some size has exactly these counts.
    return read or len(counts) > 100


def _from_frame(frame):
    """Take the words from a DataFrame's index and the numbers from its columns."""
    words = list(frame.index)
    if words and not isinstance(words[0], str):
        raise TypeError(
            "the DataFrame's index must hold the words (set_index moves a column "
            f"there); it begins with {words[0]!r}"
        )
    try:
        vectors = frame.to_numpy(dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"every column must hold numbers: {error}") from error
    return WordVectors(words, vectors)


def _from_mapping(mapping):
    """Stack the values of a dict."""
    words = list(mapping)
    rows = [np.asarray(mapping[word], np.float32) for word in words]
    for word, row in zip(words, rows, strict=True):
        if row.shape != rows[0].shape or row.ndim != 1:
            raise ValueError(
                f"every vector must have shape {rows[0].shape}, as {words[0]!r} has "
                f"it, and one axis; that of {word!r} has shape {row.shape}"
            )
    return WordVectors(words, np.stack(rows) if rows else np.empty((0, 0)))


def _frozen(array, dtype):
    """Return a C-contiguous read-only view (a copy only where the type differs)."""
    view = np.require(np.asarray(array), dtype, ["C", "A"]).view(np.ndarray)[...]
    view.flags.writeable = False
    return view


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
