"""From raw documents to arrays of token ids, all at once or in bounded memory."""

# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Iterator
from itertools import groupby
from numbers import Integral
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.growing import Growing, Spool
from sklearn_embed._text.documents import document_chunks
from sklearn_embed._text.hash_table import merged_tables
from sklearn_embed._text.pieces import PieceEncoder, PieceTokenizer
from sklearn_embed._text.pruning import BoundedTable, rewritten
from sklearn_embed._text.scanner import Scanner
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokens import Encoder, TextOptions, make_encoder

#: Characters of a chunk where chunks cost nothing: other threads wait for the first.
SMALL_CHUNK = 1 << 20

#: Ids that are gathered at once, for the sake of memory.
GATHERED = 1 << 20


class Encoded(NamedTuple):
    """Documents as arrays; the fields of TokenizedDocuments."""

    ids: np.ndarray
    starts: np.ndarray
    offsets: np.ndarray
    table: TokenTable
    options: TextOptions | None
    undercount: int = 0


def encode(X, options, name="X", n_jobs=1, first=0):
    """Return raw documents as Encoded.

    Parameters
    ----------
    X : iterable of documents, or path
        The documents.
    options : TextOptions
        How strings become tokens.
    name : str, default="X"
        What messages call the documents.
    n_jobs : int, default=1
        Threads.
    first : int, default=0
        Number of the first document in messages.
    """
    if isinstance(options.analyzer, PieceTokenizer):
        encoders = {"text": PieceEncoder(options.analyzer), "tokens": Encoder()}
    else:
        encoders = {"text": make_encoder(options), "tokens": Encoder()}
    # What comes as a stream may be larger than memory.
    streamed = isinstance(X, (Iterator, os.PathLike))
    ids = Spool(np.int32) if streamed else Growing(np.int32)
    lengths, runs, kinds = Growing(np.int64), [], set()
    found = document_chunks(X, name, SMALL_CHUNK, options)
    for kind, run in groupby(found, itemgetter(0)):
        begin = ids.used
        chunks = (documents for _, documents in run)
        encoders[kind].n_documents = first + lengths.used
        encoders[kind].encode_into(ids, lengths, chunks, n_jobs)
        if kind == "tokens":
            runs.append((begin, ids.used))
        kinds.add(kind)
    ids = ids.result()
    table = encoders["tokens" if kinds == {"tokens"} else "text"].table()
    if len(kinds) == 2:
        tables = table, encoders["tokens"].table()
        table, (_, number_of) = merged_tables(tables, Scanner.hash_mask)
        for begin, end in runs:
            ids[begin:end] = number_of[ids[begin:end]]
    offsets = offsets_of(lengths.result())
    made = None if kinds == {"tokens"} else options
    return Encoded(ids, offsets[:-1], offsets, table, made)


def checked_size(max_vocab_size):
    """Return `max_vocab_size`, if it makes sense."""
    if isinstance(max_vocab_size, Integral) and max_vocab_size >= 2:
        return int(max_vocab_size)
    raise ValueError(
        f"max_vocab_size={max_vocab_size!r} must be an integer of at least 2, or None."
    )


def encode_bounded(X, options, max_vocab_size, n_jobs=1):
    """Return raw documents as Encoded, forgetting rare tokens."""
    table, kinds = None, set()
    ids, lengths = Spool(np.int32), Growing(np.int64)
    for kind, documents in document_chunks(X, options=options):
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
        return encode([], options)
    ids, lengths = rewritten(ids.result(), lengths.result(), table.changes)
    offsets = offsets_of(lengths)
    made = options if kinds == {"text"} else None
    return Encoded(ids, offsets[:-1], offsets, table.table(), made, table.undercount)


def offsets_of(lengths):
    """Return where each of some runs begins, and the last one ends; int64."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def flat_ids(ids, starts, offsets):
    """Return the ids of documents alone, end to end: a view where they lie so.

    Parameters
    ----------
    ids, starts, offsets : ndarray
        As of TokenizedDocuments.
    """
    shifts = starts - offsets[:-1]
    if len(starts) == 0 or (shifts == shifts[0]).all():
        first = shifts[0] if len(starts) else 0
        return ids[first : first + offsets[-1]]
    flat, lengths, done = np.empty(offsets[-1], np.int32), np.diff(offsets), 0
    while done < len(starts):
        begin = offsets[done]
        last = int(np.searchsorted(offsets, begin + GATHERED, "right")) - 1
        some = slice(done, max(last, done + 1))
        end = offsets[some.stop]
        places = np.repeat(shifts[some], lengths[some])
        places += np.arange(begin, end)
        flat[begin:end] = ids[places]
        done = some.stop
    return flat


def compacted(ids, table):
    """Return ids and table of the tokens that occur, in the order of the table."""
    numbers = np.zeros(len(table), np.int32)
    numbers[ids] = 1
    seen = np.flatnonzero(numbers)
    if len(seen) == len(table):
        return ids, table
    numbers[seen] = np.arange(len(seen))
    return numbers[ids], table.part(seen)
