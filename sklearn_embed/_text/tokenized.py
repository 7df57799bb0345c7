"""TokenizedDocuments: the array-backed sequence that everything trains on."""

# SPDX-License-Identifier: BSD-3-Clause

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
from typing import overload

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.threads import n_threads
from sklearn_embed._core.typing import Documents, FilePath
from sklearn_embed._text import corpus_file
from sklearn_embed._text.analyzers import without_word_ngrams
from sklearn_embed._text.checks import check_documents
from sklearn_embed._text.encoding import (
    Encoded,
    checked_size,
    compacted,
    encode,
    encode_bounded,
    flat_ids,
    offsets_of,
)
from sklearn_embed._text.scripts import warn_if_unspaced
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import (
    DEFAULT_PATTERN,
    TextOptions,
    checked_encoding,
)


class TokenizedDocuments:
    """Documents as arrays of token ids: tokenised once, sliced for nothing.

    Every ``fit`` and ``transform`` of this package accepts it in place of raw
    documents; a search over hyperparameters that receives it does not tokenise
    again.  It is immutable.  Slices, folds and masks share the ids of the whole,
    so that cross-validation copies no token; pickles hold the tokens of their own
    documents alone.  Make one with :meth:`from_documents`.

    Parameters
    ----------
    ids : ndarray of shape (n_ids,), int32
        Token ids of all documents, end to end; numbers in ``table``.  May be a
        memory map.
    starts : ndarray of shape (n_documents,), int64
        Where each document begins in ``ids``.
    offsets : ndarray of shape (n_documents + 1,), int64
        Cumulative document lengths, in tokens; the first is 0.
    table : TokenTable
        The distinct tokens.
    options : TextOptions or None, default=None
        How strings became these tokens; None if they came ready-made.
    undercount : int, default=0
        Tokens that occur no more often may have been left out; see
        `max_vocab_size` of :meth:`from_documents`.

    Raises
    ------
    ValueError
        If an array is of another type, a document lies beyond `ids`, or an id is no
        number of a token.

    Attributes
    ----------
    n_tokens : int
        Number of tokens of all documents.
    shape : tuple of one int
        Number of documents.

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Whose tokens these are.

    Notes
    -----
    Iterating gives each document as a list of str, which is what gensim calls a
    corpus of sentences.  ``numpy.asarray(X)`` is an array of these lists, one axis.

    Samplers of imbalanced-learn take tables alone: give them that array as a column,
    ``numpy.asarray(X)[:, None]``, or a column of numbers, and take the documents
    ``X[sampler.sample_indices_]``, which stay tokenised.

    Examples
    --------
    >>> from sklearn_embed import TokenizedDocuments
    >>> X = TokenizedDocuments.from_documents(["The cat sat.", "A dog, a cat!"])
    >>> X
    TokenizedDocuments(2 documents, 5 tokens, 4 distinct)
    >>> X[1]
    ['dog', 'cat']
    """

    def __init__(
        self,
        ids: np.ndarray,
        starts: np.ndarray,
        offsets: np.ndarray,
        table: TokenTable,
        options: TextOptions | None = None,
        undercount: int = 0,
    ) -> None:
        if not isinstance(table, TokenTable):
            raise TypeError(f"table must be a TokenTable, not {type(table).__name__}.")
        check_documents(ids, starts, offsets, len(table))
        self._set(Encoded(ids, starts, offsets, table, options, undercount))

    @classmethod
    def _trusted(cls, encoded: Encoded) -> "TokenizedDocuments":
        """Return the documents of arrays that need no check."""
        documents = cls.__new__(cls)
        documents._set(encoded)
        return documents

    def _set(self, encoded: Encoded) -> None:
        ids, starts, offsets, self.table, self.options, self.undercount = encoded
        self.ids: np.ndarray = readonly(ids, np.int32)
        self.starts: np.ndarray = readonly(starts, np.int64)
        self.offsets: np.ndarray = readonly(offsets, np.int64)
        self._own: TokenizedDocuments | None = None

    @classmethod
    def from_documents(
        cls,
        X: Documents | os.PathLike[str],
        *,
        encoding: str | None = None,
        decode_error: str = "strict",
        lowercase: bool = True,
        strip_accents: str | Callable[[str], str] | None = None,
        preprocessor: Callable[[str], str] | None = None,
        tokenizer: str | Callable[[str], Iterable[str]] | None = None,
        token_pattern: str | None = DEFAULT_PATTERN,
        analyzer: str | Callable[[str], Iterable[str]] = "word",
        ngram_range: tuple[int, int] = (1, 1),
        max_vocab_size: int | None = None,
        n_jobs: int | None = None,
    ) -> "TokenizedDocuments":
        r"""Tokenise documents, in one pass.

        Parameters
        ----------
        X : iterable of str or of sequences of str, or path
            The documents: a list, tuple, generator, array, column of pandas, polars,
            Arrow, Dask or xarray, or one-column table of these; or, as a
            :class:`pathlib.Path`, a file or folder of files in UTF-8 with one
            document a line, up to 2**28 bytes long (gzip, bzip2 and xz, too).
            Generators and files may be larger than memory: their ids go to a
            temporary file, which disappears with them.  Sequences of tokens are
            taken as they are; the parameters below do not touch them.
        encoding : str or None, default=None
            Encoding of documents that are bytes, such as "utf-8".  None: there are
            none.
        decode_error : {"strict", "ignore", "replace"}, default="strict"
            What becomes of bytes that are not in this encoding: an error, nothing,
            or the character U+FFFD.
        lowercase : bool, default=True
            Whether strings are lowercased first.
        strip_accents : {"ascii", "unicode"}, callable or None, default=None
            Whether accents are removed, and how; see
            :class:`~sklearn.feature_extraction.text.CountVectorizer`.
        preprocessor : callable or None, default=None
            str → str; replaces lowercasing and accent stripping.
        tokenizer : callable, "char" or None, default=None
            str → list of str; replaces ``token_pattern``.  "char" takes every
            character but white space as a token, a sound choice for Chinese.
        token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
            Regular expression of a token; with one capturing group, the group is
            the token.
        analyzer : {"word", "char", "char_wb"} or callable, default="word"
            What a token of a string is.

            - "word": what `tokenizer` or `token_pattern` finds.
            - "char": every run of so many characters as `ngram_range` says, blanks
              included.
            - "char_wb": the same within words, each with a blank on both sides.
            - A function: str → list of str, in place of all parameters of text.
        ngram_range : tuple of two int, default=(1, 1)
            Least and largest number of characters of the n-grams that are tokens,
            for analyzer="char" and "char_wb" alone.
        max_vocab_size : int or None, default=None
            Distinct tokens to keep in memory, about: for streams whose words alone
            would not fit.  When there are more, the rarest half is left out of the
            documents.  The attribute `undercount` tells what that cost: every token
            that occurs more often than that is there, and has lost no more
            occurrences than that.  None: no limit, nothing is left out.
        n_jobs : int or None, default=None
            Threads.  None means 1, -1 all processors.  The result does not depend on
            it.

        Returns
        -------
        TokenizedDocuments
            As many documents as ``X`` has.

        Raises
        ------
        ValueError
            If ``X`` is one string, or a table of several columns.
        TypeError
            If a document is neither a string nor a sequence of strings, or
            `tokenizer` returns anything but strings; its position is named.

        Warns
        -----
        UserWarning
            If every document is a list of one string with white space in it, or if
            `token_pattern` meets a text most of which is in a script without blanks
            between words, such as Chinese, Japanese or Thai.
        """
        options = TextOptions(
            lowercase,
            strip_accents,
            preprocessor,
            tokenizer,
            token_pattern,
            analyzer,
            without_word_ngrams(analyzer, ngram_range),
            checked_encoding(encoding),
            decode_error,
        )
        n_jobs = n_threads(n_jobs)
        if max_vocab_size is None:
            documents = tokenize(X, options, n_jobs=n_jobs)
            if documents is not X:
                warn_if_unspaced(documents)
            return documents
        size = checked_size(max_vocab_size)
        if isinstance(X, TokenizedDocuments):
            raise ValueError("max_vocab_size is for documents not tokenised yet.")
        documents = cls._trusted(encode_bounded(X, options, size, n_jobs))
        warn_if_unspaced(documents)
        return documents

    def save(self, path: FilePath) -> None:
        """Write to a file that processes can share, whole or not at all.

        Parameters
        ----------
        path : str or path
            The file.  If anything goes wrong, what was there before stays.

        Notes
        -----
        The file holds arrays and JSON only: reading it runs no code.  Functions
        among the text parameters are not kept; strings that a fitted estimator sees
        later are then cut as its own parameters say.
        """
        corpus_file.write(path, self.compact()._encoded())

    @classmethod
    def load(cls, path: FilePath, *, mmap: bool = True) -> "TokenizedDocuments":
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or path
            The file.
        mmap : bool, default=True
            Whether the ids stay in the file, to be read when needed and shared by
            all processes that load it.  False: they are read into memory.

        Returns
        -------
        TokenizedDocuments
            The documents.

        Raises
        ------
        ValueError
            If the file is damaged, or holds something else.
        """
        return cls._trusted(corpus_file.read(path, mmap))

    @property
    def n_tokens(self) -> int:
        """Number of tokens of all documents."""
        return int(self.offsets[-1])

    @property
    def shape(self) -> tuple[int]:
        """Number of documents, as a tuple."""
        return (len(self.starts),)

    @property
    def ndim(self) -> int:
        """Always 1."""
        return 1

    @property
    def lengths(self) -> np.ndarray:
        """Number of tokens per document; ndarray of shape (n_documents,), int64."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.starts)

    def __repr__(self) -> str:
        return (
            f"TokenizedDocuments({len(self):,} documents, {self.n_tokens:,} tokens, "
            f"{len(self.table):,} distinct)"
        )

    def __sizeof__(self) -> int:
        """Return the bytes of all that it refers to, the ids of the whole included."""
        shared = np.may_share_memory(self.starts, self.offsets)
        arrays = self.ids.nbytes + self.offsets.nbytes
        arrays += 0 if shared else self.starts.nbytes
        own = 0 if self._own is None else self._own.__sizeof__()
        return object.__sizeof__(self) + arrays + self.table.__sizeof__() + own

    @overload
    def __getitem__(self, key: int | np.integer) -> list[str]: ...

    @overload
    def __getitem__(
        self, key: slice | Sequence[int] | Sequence[bool] | np.ndarray
    ) -> "TokenizedDocuments": ...

    def __getitem__(self, key):
        if isinstance(key, tuple):
            # NumPy's spelling of "these rows, whatever follows": X[rows, ...].
            key = key[0] if len(key) == 2 and key[1] is Ellipsis else key
        if isinstance(key, Integral):
            start, before = self.starts[key], self.offsets[:-1][key]
            return self.table.take(
                self.ids[start : start + self.offsets[1:][key] - before]
            )
        if isinstance(key, slice):
            first, last, step = key.indices(len(self))
            if step == 1:
                offsets = self.offsets[first : max(first, last) + 1]
                return self._over(self.ids, self.starts[key], offsets - offsets[0])
        else:
            key = np.asarray(key)
            if key.size == 0:
                key = key.astype(np.intp)
            if key.ndim != 1:
                raise IndexError(
                    "TokenizedDocuments has one dimension: index it with an integer, "
                    "a slice, or an array of positions or of booleans."
                )
        return self._over(self.ids, self.starts[key], offsets_of(self.lengths[key]))

    def __iter__(self) -> Iterator[list[str]]:
        for block in self.blocks(1 << 16):
            tokens = self.table.take(block.flat_ids())
            for start, stop in itertools.pairwise(block.offsets.tolist()):
                yield tokens[start:stop]

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("documents are arrays of ids: lists of tokens are copies.")
        # Never an array of strings where all documents happen to be as long.
        documents = np.empty(len(self), object)
        documents[:] = list(self)
        return documents if dtype is None else documents.astype(dtype)

    def blocks(self, n_tokens: int = 1 << 22) -> Iterator["TokenizedDocuments"]:
        """Yield consecutive slices, for work that is to stay small.

        Parameters
        ----------
        n_tokens : int, default=4194304
            Tokens of a slice, at most; a longer document makes a slice of its own.

        Yields
        ------
        TokenizedDocuments
            Whole documents.
        """
        first = 0
        while first < len(self):
            limit = self.offsets[first] + n_tokens
            stop = int(np.searchsorted(self.offsets, limit, side="right")) - 1
            stop = min(max(stop, first + 1), len(self))
            yield self[first:stop]
            first = stop

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        # Immutable, hence shared: scikit-learn's clone copies no corpus.
        return self

    def __reduce__(self):
        is_part = 10 * self.n_tokens < 9 * len(self.ids)
        if is_part and self._own is None:
            # Kept, since a search sends the same fold again and again.
            self._own = self.compact()
        encoded = (self._own if is_part else self)._encoded()
        if np.array_equal(encoded.starts, encoded.offsets[:-1]):
            encoded = encoded._replace(starts=None)
        return _unpickled, tuple(encoded)

    def _encoded(self):
        """Return the parts."""
        arrays = self.ids, self.starts, self.offsets
        return Encoded(*arrays, self.table, self.options, self.undercount)

    def _over(self, ids, starts, offsets, table=None):
        """Return documents cut by the same options, over other arrays: unchecked."""
        table = self.table if table is None else table
        others = table, self.options, self.undercount
        return TokenizedDocuments._trusted(Encoded(ids, starts, offsets, *others))

    def flat_ids(self) -> np.ndarray:
        """Return the ids of these documents alone, end to end.

        Returns
        -------
        ndarray of shape (n_tokens,), int32
            A view where the documents lie end to end, else a copy.
        """
        return flat_ids(self.ids, self.starts, self.offsets)

    def compact(self) -> "TokenizedDocuments":
        """Return these documents with ids and a table of their own.

        Worth it for a part of a large whole that is to be stored.  The tokens keep
        their order, so that everything learned from it is the same, bit for bit.

        Returns
        -------
        TokenizedDocuments
            The same documents; itself, if there is nothing to save.
        """
        ids, table = compacted(self.flat_ids(), self.table)
        if ids.ctypes.data == self.ids.ctypes.data and len(ids) == len(self.ids):
            return self
        return self._over(ids, self.offsets[:-1], self.offsets, table)


def _unpickled(ids, starts, offsets, *others):
    """Return the documents that `__reduce__` took apart."""
    starts = offsets[:-1] if starts is None else starts
    return TokenizedDocuments._trusted(Encoded(ids, starts, offsets, *others))


def tokenize(X, options, name="X", n_jobs=1, first=0):
    """Turn raw documents into a TokenizedDocuments; hand one through unchanged.

    The parameters are those of `encode`.
    """
    if isinstance(X, TokenizedDocuments):
        return X
    return TokenizedDocuments._trusted(encode(X, options, name, n_jobs, first))
