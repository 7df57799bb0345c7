"""TokenizedDocuments: the array-backed sequence that everything trains on."""

# SPDX-License-Identifier: BSD-3-Clause

import itertools
import os
from collections.abc import Iterator
from itertools import groupby
from numbers import Integral
from operator import itemgetter

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Growing, Spool
from sklearn_embed._core.threads import n_threads
from sklearn_embed._text.documents import document_chunks
from sklearn_embed._text.pruning import BoundedTable, rewritten
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import (
    DEFAULT_PATTERN,
    Encoder,
    TextOptions,
    make_encoder,
)

#: Characters of a chunk where chunks cost nothing: other threads wait for the first.
SMALL_CHUNK = 1 << 20


class TokenizedDocuments:
    """Documents as arrays of token ids: tokenised once, sliced for nothing.

    Every ``fit`` and ``transform`` of this package accepts it in place of raw
    documents; a search over hyperparameters that receives it does not tokenise
    again.  It is immutable.  Slices, folds and masks share the ids of the whole,
    so that cross-validation copies no token.  Make one with
    :meth:`from_documents`.

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
    corpus of sentences.

    Examples
    --------
    >>> from sklearn_embed import TokenizedDocuments
    >>> X = TokenizedDocuments.from_documents(["The cat sat.", "A dog, a cat!"])
    >>> X
    TokenizedDocuments(2 documents, 5 tokens, 4 distinct)
    >>> X[1]
    ['dog', 'cat']
    """

    def __init__(self, ids, starts, offsets, table, options=None, undercount=0):
        self.ids = readonly(ids, np.int32)
        self.starts = readonly(starts, np.int64)
        self.offsets = readonly(offsets, np.int64)
        self.table = table
        self.options = options
        self.undercount = undercount

    @classmethod
    def from_documents(
        cls,
        X,
        *,
        lowercase=True,
        strip_accents=None,
        preprocessor=None,
        tokenizer=None,
        token_pattern=DEFAULT_PATTERN,
        max_vocab_size=None,
        n_jobs=None,
    ):
        r"""Tokenise documents, in one pass.

        Parameters
        ----------
        X : iterable of str or of sequences of str, or path
            The documents: a list, tuple, generator, array, pandas Series (any
            index) or one-column DataFrame; or, as a :class:`pathlib.Path`, a file or
            folder of files in UTF-8 with one document a line (gzip, bzip2 and xz,
            too).  Generators and files may be larger than memory: their ids go to a
            temporary file, which disappears with them.  Sequences of tokens are
            taken as they are; the parameters below do not touch them.
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
            If a document is neither a string nor a sequence of strings; its
            position is named.
        """
        options = TextOptions(
            lowercase, strip_accents, preprocessor, tokenizer, token_pattern
        )
        n_jobs = n_threads(n_jobs)
        if max_vocab_size is None:
            return tokenize(X, options, n_jobs=n_jobs)
        if not isinstance(max_vocab_size, Integral) or max_vocab_size < 2:
            raise ValueError(
                f"max_vocab_size={max_vocab_size!r} must be an integer of at least 2, "
                "or None."
            )
        return tokenize_bounded(X, options, max_vocab_size, n_jobs)

    def save(self, path):
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
        from sklearn_embed._files.arrays import save_arrays

        options = self.options and self.options._asdict()
        if options and any(map(callable, options.values())):
            options = None
        arrays = {
            "ids": self.flat_ids(),
            "offsets": self.offsets,
            "table": self.table.blob,
            "table_offsets": self.table.offsets,
        }
        meta = {
            "kind": "TokenizedDocuments",
            "options": options,
            "undercount": self.undercount,
        }
        save_arrays(path, arrays, meta)

    @classmethod
    def load(cls, path, *, mmap=True):
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
        from sklearn_embed._files.arrays import load_arrays

        arrays, meta = load_arrays(path, mmap=mmap)
        if not isinstance(meta, dict) or meta.get("kind") != cls.__name__:
            raise ValueError(f"{path} holds no TokenizedDocuments.")
        options = meta["options"] and TextOptions(**meta["options"])
        ids, offsets = arrays["ids"], arrays["offsets"]
        table = TokenTable(arrays["table"], arrays["table_offsets"])
        _check(path, ids, offsets, table)
        return cls(ids, offsets[:-1], offsets, table, options, meta["undercount"])

    @property
    def n_tokens(self):
        """Number of tokens of all documents."""
        return int(self.offsets[-1])

    @property
    def shape(self):
        """Number of documents, as a tuple."""
        return (len(self.starts),)

    @property
    def ndim(self):
        """Always 1."""
        return 1

    @property
    def lengths(self):
        """Number of tokens per document; ndarray of shape (n_documents,), int64."""
        return np.diff(self.offsets)

    def __len__(self):
        return len(self.starts)

    def __repr__(self):
        return (
            f"TokenizedDocuments({len(self):,} documents, {self.n_tokens:,} tokens, "
            f"{len(self.table):,} distinct)"
        )

    def __getitem__(self, key):
        if isinstance(key, tuple):
            # NumPy's spelling of "these rows, whatever follows": X[rows, ...].
            key = key[0] if len(key) == 2 and key[1] is Ellipsis else key
        if isinstance(key, Integral):
            start, length = self.starts[key], self.lengths[key]
            return self.table.take(self.ids[start : start + length])
        if not isinstance(key, slice):
            key = np.asarray(key)
            if key.size == 0:
                key = key.astype(np.intp)
            if key.ndim != 1:
                raise IndexError(
                    "TokenizedDocuments has one dimension: index it with an integer, "
                    "a slice, or an array of positions or of booleans."
                )
        offsets = np.concatenate([[0], np.cumsum(self.lengths[key])])
        return self.over(self.ids, self.starts[key], offsets)

    def __iter__(self):
        for block in self.blocks(1 << 16):
            tokens = self.table.take(block.flat_ids())
            for start, stop in itertools.pairwise(block.offsets.tolist()):
                yield tokens[start:stop]

    def blocks(self, n_tokens=1 << 22):
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
        whole = self.compact() if 2 * self.n_tokens < len(self.ids) else self
        arrays = (whole.ids, whole.starts, whole.offsets, whole.table)
        return TokenizedDocuments, (*arrays, whole.options, whole.undercount)

    def over(self, ids, starts, offsets, table=None):
        """Return documents cut by the same options, over other arrays.

        Parameters
        ----------
        ids, starts, offsets : ndarray
            As in the constructor.
        table : TokenTable or None, default=None
            The distinct tokens; None: the same.

        Returns
        -------
        TokenizedDocuments
            The documents.
        """
        table = self.table if table is None else table
        return TokenizedDocuments(
            ids, starts, offsets, table, self.options, self.undercount
        )

    def flat_ids(self):
        """Return the ids of these documents alone, end to end.

        Returns
        -------
        ndarray of shape (n_tokens,), int32
            A view where the documents lie end to end, else a copy.
        """
        if self._is_contiguous():
            first = self.starts[0] if len(self) else 0
            return self.ids[first : first + self.n_tokens]
        shift = np.repeat(self.starts - self.offsets[:-1], self.lengths)
        return self.ids[shift + np.arange(self.n_tokens)]

    def _is_contiguous(self):
        return len(self) == 0 or bool(
            np.all(self.starts - self.starts[0] == self.offsets[:-1])
        )

    def compact(self):
        """Return these documents with ids and a table of their own.

        Worth it for a small part of a large whole that is to be stored.
        """
        seen, ids = np.unique(self.flat_ids(), return_inverse=True)
        table = TokenTable.from_tokens(self.table.take(seen))
        return self.over(ids.astype(np.int32), self.offsets[:-1], self.offsets, table)


def tokenize(X, options, name="X", n_jobs=1):
    """Turn raw documents into a TokenizedDocuments; hand one through unchanged."""
    if isinstance(X, TokenizedDocuments):
        return X
    encoders = {"text": make_encoder(options), "tokens": Encoder()}
    # What comes as a stream may be larger than memory.
    streamed = isinstance(X, (Iterator, os.PathLike))
    ids = Spool(np.int32) if streamed else Growing(np.int32)
    lengths, runs, kinds = Growing(np.int64), [], set()
    for kind, run in groupby(document_chunks(X, name, SMALL_CHUNK), itemgetter(0)):
        first = ids.used
        chunks = (documents for _, documents in run)
        encoders[kind].encode_into(ids, lengths, chunks, n_jobs)
        if kind == "tokens":
            runs.append((first, ids.used))
        kinds.add(kind)
    ids, lengths = ids.result(), lengths.result()
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    table = encoders["tokens" if kinds == {"tokens"} else "text"].table()
    if len(kinds) == 2:
        table, number_of = _merged(table, encoders["tokens"].table())
        for first, last in runs:
            ids[first:last] = number_of[ids[first:last]]
    made = None if kinds == {"tokens"} else options
    return TokenizedDocuments(ids, offsets[:-1], offsets, table, made)


def tokenize_bounded(X, options, max_vocab_size, n_jobs=1):
    """Turn raw documents into a TokenizedDocuments, forgetting rare tokens."""
    if isinstance(X, TokenizedDocuments):
        raise ValueError("max_vocab_size is for documents not tokenised yet.")
    table, kinds = None, set()
    ids, lengths = Spool(np.int32), Growing(np.int64)
    for kind, documents in document_chunks(X):
        if table is None:
            encoder = make_encoder(options) if kind == "text" else Encoder()
            table = BoundedTable(encoder, max_vocab_size)
        kinds.add(kind)
        if len(kinds) > 1:
            raise ValueError(
                "With max_vocab_size, documents are either strings or sequences of "
                "tokens throughout, not some of each."
            )
        chunk_ids, chunk_lengths = table.encode(documents, n_jobs, ids.used)
        ids.append(chunk_ids)
        lengths.append(chunk_lengths)
    if table is None:
        return tokenize([], options)
    ids, lengths = rewritten(ids.result(), lengths.result(), table.changes)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    made = options if kinds == {"text"} else None
    return TokenizedDocuments(
        ids, offsets[:-1], offsets, table.table(), made, table.undercount
    )


def _check(path, ids, offsets, table):
    """Refuse arrays that would lead a kernel out of bounds."""
    for ends, n in ((offsets, len(ids)), (table.offsets, len(table.blob))):
        if len(ends) == 0 or ends[0] != 0 or ends[-1] != n or np.any(np.diff(ends) < 0):
            raise ValueError(f"{path} is damaged: documents or tokens overlap.")
    for first in range(0, len(ids), 1 << 22):
        part = ids[first : first + (1 << 22)]
        if part.min() < 0 or part.max() >= len(table):
            raise ValueError(f"{path} is damaged: it has ids of no token.")


def _merged(table, other):
    """Return a table of both, and the new ids of the other one's tokens."""
    number = {token: i for i, token in enumerate(table.tolist())}
    tokens = other.tolist()
    for token in tokens:
        number.setdefault(token, len(number))
    new_ids = np.array([number[token] for token in tokens], np.int32)
    return TokenTable.from_tokens(number), new_ids
