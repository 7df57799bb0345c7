"""Vectors of the tokens of documents in their context, some at a time; and the nearest.

`ContextualVectorizer` says what its methods do; here is how.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from numbers import Integral
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.typing import Float32Array
from sklearn_embed._models import contextual
from sklearn_embed._models.sequences import encode
from sklearn_embed._text.tokenized import TokenizedDocuments, tokenize
from sklearn_embed._text.word_index import WordIndex

#: Tokens that are compared at once.
COMPARED = 1 << 13


@dataclass(frozen=True)
class TokenVectors:
    """Vectors of the tokens of some documents, in their context.

    What :meth:`ContextualVectorizer.transform_tokens` returns: not to be made by hand.

    Parameters
    ----------
    vectors : ndarray of shape (n_tokens, n_dimensions), float32
        One row a token, document after document.
    offsets : ndarray of shape (n_documents + 1,), int64
        Where each document begins in `vectors`.
    documents : TokenizedDocuments
        The tokens.
    first : int, default=0
        Number of the first document, where these are some of many.
    begin : int, default=0
        Number of the first token in that document, where this is a part of one.

    See Also
    --------
    ContextualVectorizer : Makes them.

    Examples
    --------
    >>> from sklearn_embed import ContextualVectorizer
    >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
    >>> model = ContextualVectorizer(4, hidden_size=4, epochs=1, random_state=0)
    >>> found = model.fit(texts).transform_tokens(texts[:2])
    >>> found.tokens[:3], found.offsets.tolist()
    (['the', 'cat', 'sat'], [0, 6, 12])
    >>> found[1].shape
    (6, 24)
    """

    vectors: Float32Array
    offsets: NDArray[np.int64]
    documents: TokenizedDocuments
    first: int = 0
    begin: int = 0

    @property
    def tokens(self) -> list[str]:
        """The token of each row; list of str."""
        return self.documents.table.take(self.documents.flat_ids())

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> Float32Array:
        """Return the vectors of one document's tokens, a view."""
        if not isinstance(number, Integral):
            raise TypeError("Give the number of a document; `vectors` can be sliced.")
        number = range(len(self))[number]
        return self.vectors[self.offsets[number] : self.offsets[number + 1]]

    def __repr__(self) -> str:
        n, width = self.vectors.shape
        return f"TokenVectors({len(self):,} documents, {n:,} tokens, {width:,} numbers)"


class TokenMatch(NamedTuple):
    """A token that is like another one, in its context."""

    token: str
    similarity: float  # the cosine
    document: int  # number of its document
    position: int  # number of the token there
    context: str  # the tokens around it


class Occurrences(NamedTuple):
    """Where a word occurs, and its vectors there."""

    vectors: Float32Array  # (n, n_dimensions)
    documents: NDArray[np.int64]  # (n,): numbers of the documents
    positions: NDArray[np.int64]  # (n,): numbers of the tokens there
    contexts: list[str]  # the tokens around each


def token_blocks(fitted, documents, n_tokens, window=0) -> Iterator[TokenVectors]:
    """Yield the vectors of some tokens at a time.

    Parameters
    ----------
    fitted : ContextualVectorizer
        A snapshot.
    documents : TokenizedDocuments
        The documents.
    n_tokens : int
        Tokens at a time, at most; of a long document, its pieces may be longer.
    window : int, default=0
        Tokens on both sides whose vectors are averaged with that of each token.
    """
    reader, n_jobs = fitted._reader(), fitted._n_threads()
    row_of, n_words = fitted._lookup.rows(documents.table), reader.n_words
    first = 0
    for block in documents.blocks(n_tokens):
        if len(block) == 1 and block.n_tokens > contextual.PIECE:
            rows = row_of[block.flat_ids()].astype(np.int64)
            words = np.where(rows < 0, n_words, rows)
            for begin, vectors in smooth_pieces(reader.pieces(words), window):
                part = _part(block, begin, begin + len(vectors))
                yield TokenVectors(vectors, part.offsets, part, first, begin)
        else:
            out = np.empty((block.n_tokens, reader.width), np.float32)
            reader.tokens(encode(block, row_of, n_words), out, n_jobs)
            offsets = readonly(block.offsets - block.offsets[0])
            if window:
                out = smoothed(out, offsets, window)
            yield TokenVectors(out, offsets, block, first)
        first += len(block)


def smoothed(vectors, offsets, window):
    """Return means of the vectors of a token and of its neighbours in its document.

    Parameters
    ----------
    vectors : ndarray of shape (n_tokens, width), float32
        Document after document.
    offsets : ndarray of shape (n_documents + 1,), int64
        Where each begins.
    window : int
        Tokens on both sides that count, as far as there are any.

    Returns
    -------
    ndarray of shape (n_tokens, width), float32
    """
    lengths = np.diff(offsets)
    before = np.arange(len(vectors)) - np.repeat(offsets[:-1], lengths)
    behind = np.repeat(lengths, lengths) - 1 - before
    total, counts = vectors.copy(), np.ones((len(vectors), 1), np.float32)
    # Neighbour by neighbour, so that each document is added up in its own order.
    for shift in range(1, min(window, int(lengths.max(initial=1)) - 1) + 1):
        for sign, there in ((-1, before), (1, behind)):
            rows = np.flatnonzero(there >= shift)
            total[rows] += vectors[rows + sign * shift]
            counts[rows] += 1
    return np.divide(total, counts, out=total)


def smooth_pieces(pieces, window):
    """Yield pieces of a document, `smoothed` over their borders.

    Parameters
    ----------
    pieces : iterable of (int, ndarray of shape (n, width), float32)
        Numbers of first tokens, and vectors; all but the last are as long as `window`.
    window : int
        See `smoothed`.

    Yields
    ------
    begin : int
        As given.
    vectors : ndarray of shape (n, width), float32
    """
    if not window:
        yield from pieces
        return
    begin, tail, piece = 0, None, None
    for following, vectors in chain(pieces, [(None, None)]):
        if piece is not None:
            parts = tail, piece, None if vectors is None else vectors[:window]
            rows = np.concatenate([part for part in parts if part is not None])
            first = 0 if tail is None else len(tail)
            rows = smoothed(rows, np.array([0, len(rows)]), window)
            yield begin, rows[first : first + len(piece)]
            tail = piece[-window:]
        begin, piece = following, vectors


def _part(document, begin, end):
    """Return some tokens of one document as a document."""
    start = document.starts[:1]
    return document._over(
        document.ids, start + begin, np.array([0, end - begin], np.int64)
    )


def all_tokens(fitted, documents, out, n_tokens, window=0):
    """Return the vectors of all tokens, in an array given or a new one."""
    shape = documents.n_tokens, fitted._reader().width
    if out is None:
        out = np.empty(shape, np.float32)
    elif (
        not isinstance(out, np.ndarray)
        or out.dtype != np.float32
        or out.shape != shape
        or not out.flags.writeable
    ):
        raise ValueError(f"out must be a writeable array of shape {shape}, float32.")
    done = 0
    for block in token_blocks(fitted, documents, n_tokens, window):
        out[done : done + len(block.vectors)] = block.vectors
        done += len(block.vectors)
    offsets = readonly(documents.offsets - documents.offsets[0])
    return TokenVectors(out, offsets, documents)


def context(documents, number, position, n_context):
    """Return the tokens around one, as text."""
    start, length = documents.starts[number], documents.lengths[number]
    first, last = max(0, position - n_context), min(length, position + n_context + 1)
    return " ".join(documents.table.take(documents.ids[start + first : start + last]))


def place_of(documents, word, name="text"):
    """Return which token of one document is meant: the first that is a word, or nth."""
    tokens = documents[0]
    if isinstance(word, Integral) and not isinstance(word, bool):
        if not -len(tokens) <= word < len(tokens):
            raise ValueError(f"word={word}, but {name} has {len(tokens)} tokens.")
        return int(word) % len(tokens)
    if not isinstance(word, str):
        raise TypeError(
            f"word must be a token or its number in {name}, not {type(word).__name__}."
        )
    if word not in tokens:
        raise ValueError(f"word={word!r} is no token of {name}: {tokens!r:.200}")
    return tokens.index(word)


def one_token(word, options):
    """Return a word as the texts have it: lowercased, say, if it is one token then."""
    if not isinstance(word, str):
        return word
    documents = tokenize([word], options, "word")
    return documents[0][0] if documents.n_tokens == 1 else word


class Compared:
    """Tokens of a corpus that are compared with another one.

    Parameters
    ----------
    fitted : ContextualVectorizer
        A snapshot.
    documents : TokenizedDocuments
        The corpus.
    among : ndarray of shape (n_distinct,), bool, or None
        Tokens of the table that count; None: all.
    window : int
        See `token_blocks`.
    """

    def __init__(self, fitted, documents, among, window):
        self._fitted, self._among, self._window = fitted, among, window
        self.documents, self._numbers = documents, np.arange(len(documents))
        self._read = documents
        if among is not None:  # others need not be read
            self._numbers = self._numbers[has_any(documents, among)]
            self._read = documents[self._numbers]

    def blocks(self):
        """Yield float64 vectors, numbers of documents and of tokens, some at a time."""
        fixed = self._fitted, self._read, COMPARED, self._window
        for block in token_blocks(*fixed):
            lengths = np.diff(block.offsets)
            own = self._numbers[block.first : block.first + len(block)]
            owner = np.repeat(own, lengths)
            starts = np.repeat(block.offsets[:-1], lengths)
            position = np.arange(len(owner)) - starts + block.begin
            rows = block.vectors.astype(np.float64)
            if self._among is not None:
                counts = self._among[block.documents.flat_ids()]
                rows, owner, position = rows[counts], owner[counts], position[counts]
            yield rows, owner, position

    def mean(self):
        """Return the mean of all vectors, float64; zeros if there are none."""
        total, n = 0.0, 0
        for rows, _, _ in self.blocks():
            total, n = total + rows.sum(axis=0), n + len(rows)
        return total / max(n, 1)


def nearest(compared, query, mean, topn, n_context):
    """Return the tokens nearest to a vector, as TokenMatch.

    Parameters
    ----------
    compared : Compared
        Where to look.
    query : ndarray of shape (width,), float32
        The vector.
    mean : ndarray of shape (width,), float64, or None
        What is taken off all vectors.
    topn : int
        How many.
    n_context : int
        Tokens that are told on both sides.
    """
    best = np.empty((0, 3))  # similarity, document, position
    query = query.astype(np.float64) if mean is None else query - mean
    length = np.sqrt(np.square(query).sum())
    for rows, owner, position in compared.blocks():
        rows = rows if mean is None else rows - mean
        lengths = np.sqrt(np.square(rows).sum(axis=1))
        similar = rows @ query / np.maximum(lengths * length, 1e-300)
        best = np.concatenate([best, np.column_stack([similar, owner, position])])
        # Of equals, those that come first.
        order = np.lexsort((best[:, 2], best[:, 1], -best[:, 0]))
        best = best[order[:topn]]
    documents, matches = compared.documents, []
    for similarity, document, position in best.tolist():
        document, position = int(document), int(position)
        around = context(documents, document, position, n_context)
        token = documents.ids[documents.starts[document] + position]
        token = documents.table[int(token)]
        matches.append(TokenMatch(token, similarity, document, position, around))
    return matches


def has_any(documents, wanted):
    """Return for each document whether it has one of some tokens of the table."""
    found = np.zeros(len(documents), bool)
    done = 0
    for block in documents.blocks():
        before = np.concatenate([[0], np.cumsum(wanted[block.flat_ids()])])
        bounds = block.offsets - block.offsets[0]
        found[done : done + len(block)] = np.diff(before[bounds]) > 0
        done += len(block)
    return found


def is_word(table, words):
    """Return for each token of a table whether it is one of some words."""
    return WordIndex(words).rows(table) >= 0


def occurrences(fitted, documents, word, most, n_context, window):
    """Return where a word occurs, and its vectors there."""
    wanted = is_word(documents.table, [word])
    numbers = np.flatnonzero(has_any(documents, wanted))
    vectors, owners, positions = [], [], []
    n_found = 0
    for block in token_blocks(fitted, documents[numbers], COMPARED, window):
        rows = np.flatnonzero(wanted[block.documents.flat_ids()])
        if most is not None:
            rows = rows[: most - n_found]
        n_found += len(rows)
        own = np.searchsorted(block.offsets, rows, side="right") - 1
        vectors.append(block.vectors[rows])
        owners.append(numbers[block.first + own])
        positions.append(rows - block.offsets[own] + block.begin)
        if n_found == most:
            break
    width = fitted._reader().width
    owner = np.concatenate([np.empty(0, np.int64), *owners])
    position = np.concatenate([np.empty(0, np.int64), *positions])
    around = [
        context(documents, int(number), int(place), n_context)
        for number, place in zip(owner, position, strict=True)
    ]
    rows = np.concatenate([np.empty((0, width), np.float32), *vectors])
    return Occurrences(rows, owner, position, around)
