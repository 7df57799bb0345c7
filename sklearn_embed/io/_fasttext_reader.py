"""fastText's models from a stream of bytes, of any version, plain or quantised."""

# SPDX-License-Identifier: BSD-3-Clause

import struct

import numpy as np

from sklearn_embed._text.char_ngrams import ngram_buckets
from sklearn_embed._text.table import TokenTable
from sklearn_embed.io._fasttext_model import (
    ARCHITECTURES,
    LOSSES,
    MAGIC,
    VERSION,
    Arguments,
    FastTextModel,
)
from sklearn_embed.io._quantized import read_header, read_matrix

_DAMAGED = "The file is damaged; fetch it again"
_LONGEST_WORD = 1 << 16
# Words whose n-grams are in memory together.
_WORDS = 1 << 13
# A word of n letters has up to n times as many n-grams: without a limit, a hostile
# file could take hours.
_LONGEST_NGRAM = 100


def looks_like(source):
    """Tell whether a file begins as fastText's models do, the oldest included."""
    start = source.peek(72)
    if len(start) < 56:
        return False
    if struct.unpack_from("<i", start)[0] == MAGIC:
        return True
    dim, ws, epoch, _, neg, n, loss, model, bucket, minn, maxn, _, t = struct.unpack(
        "<12id", start[:56]
    )
    return (
        0 < dim < 1 << 20
        and 0 < ws < 1 << 16
        and 0 <= epoch < 1 << 20
        and 0 <= neg < 1 << 16
        and 0 <= n < 1 << 10
        and loss in LOSSES
        and model in ARCHITECTURES
        and bucket >= 0
        and 0 <= minn < 1 << 10
        and 0 <= maxn < 1 << 10
        and 0 <= t <= 1
    )


def read_stream(source, options, *, with_output=False):
    """Read a model, or only what word vectors need, from a source."""
    magic, version = struct.unpack("<2i", source.exactly(8, "the header"))
    modern = magic == MAGIC
    if modern:
        if not 11 <= version <= VERSION:
            raise source.error(
                f"version {version} of the format is unknown here",
                "Versions 11 and 12, and files without version, are read",
            )
        fields = struct.unpack("<12id", source.exactly(56, "the arguments"))
    else:
        fields = struct.unpack("<10id", source.exactly(48, "the arguments"))
        fields = (magic, version, *fields)
    arguments = Arguments(*fields)
    _check_arguments(source, arguments)
    if version == 11 and modern and arguments.model == 3:
        # Supervised models of that age say otherwise, but had no n-grams.
        arguments = arguments._replace(maxn=0)
    entries, n_tokens, pruned = _read_dictionary(source, modern, options)
    n_words, words, counts, labels, label_counts, kept = entries
    chosen = rows = None
    n_buckets, n_own = arguments.bucket, len(kept)
    if pruned is not None:
        rows = _pruned_rows(source, pruned, arguments.bucket)
        n_buckets = len(pruned)
    if options.vocabulary is not None:
        buckets = _needed_buckets(options.vocabulary, arguments)
        places = buckets if rows is None else rows[buckets]
        buckets, places = buckets[places >= 0], places[places >= 0]
        places, order = np.unique(places, return_inverse=True)
        chosen = np.concatenate([kept, n_words + places.astype(np.int64)])
    elif n_own < n_words:
        chosen = np.concatenate([kept, np.arange(n_words, n_words + n_buckets)])
    expected = n_words, n_buckets
    matrix = _read_input(source, modern, arguments.dim, expected, chosen)
    if options.vocabulary is not None:
        rows = np.full(arguments.bucket, -1, np.int32)
        rows[buckets] = order
    output = None
    if with_output:
        output = _read_matrix(source, modern, "output matrix", arguments.dim)
        if source.peek(1):
            raise source.error("there are bytes after the output matrix", _DAMAGED)
    return FastTextModel(
        arguments,
        words,
        counts,
        labels,
        label_counts,
        n_tokens,
        matrix[:n_own],
        matrix[n_own:],
        output,
        rows,
        "zero" if pruned is None else "skip",
    )


def _needed_buckets(vocabulary, arguments):
    """Return the buckets of the n-grams of some words, in ascending order."""
    if arguments.maxn <= 0 or arguments.bucket == 0:
        return np.empty(0, np.int32)
    words = [word for word in vocabulary if isinstance(word, str)]
    limits = arguments.minn, arguments.maxn, arguments.bucket
    found = [np.empty(0, np.int32)]
    for first in range(0, len(words), _WORDS):
        table = TokenTable.from_tokens(words[first : first + _WORDS])
        found.append(np.unique(ngram_buckets(table, *limits)[1]))
    return np.unique(np.concatenate(found))


def _check_arguments(source, arguments):
    """Refuse arguments that no model has."""
    if not (
        0 < arguments.dim < 1 << 20
        and arguments.bucket >= 0
        and 0 <= arguments.minn < 1 << 20
        and arguments.maxn <= _LONGEST_NGRAM
        and arguments.loss in LOSSES
        and arguments.model in ARCHITECTURES
    ):
        raise source.error(f"the arguments make no sense: {arguments}", _DAMAGED)


def _read_dictionary(source, modern, options):
    """Return the words and labels, the length of the text, and the buckets kept."""
    what = "the dictionary"
    size, n_words, n_labels = struct.unpack("<3i", source.exactly(12, what))
    (n_tokens,) = struct.unpack("<q", source.exactly(8, what))
    n_pruned = struct.unpack("<q", source.exactly(8, what))[0] if modern else -1
    if min(size, n_words, n_labels) < 0 or size != n_words + n_labels:
        raise source.error(
            f"{size} entries are not {n_words} words and {n_labels} labels", _DAMAGED
        )
    source.expect(10 * size, f"a dictionary of {size} entries")
    words, counts, labels, label_counts, kept = [], [], [], [], []
    for row, (raw, count, kind, offset) in enumerate(_entries(source, size)):
        if kind != (row >= n_words):
            raise source.error(
                "words and labels are mixed up", _DAMAGED, row=row, offset=offset
            )
        if kind == 0 and options.limit is not None and row >= options.limit:
            continue
        try:
            word = raw.decode(options.encoding, options.errors)
        except UnicodeDecodeError as error:
            raise source.error(
                f"the word {raw[:40]!r} is not valid {options.encoding}",
                "Name the right encoding=, or pass errors='backslashreplace'",
                row=row,
                offset=offset,
            ) from error
        if kind:
            labels.append(word)
            label_counts.append(count)
        elif options.vocabulary is None or word in options.vocabulary:
            words.append(word)
            counts.append(count)
            kept.append(row)
    pruned = None
    if n_pruned >= 0:
        if n_pruned > 1 << 31:
            raise source.error(f"{n_pruned} pruned buckets", _DAMAGED)
        pruned = source.block(8 * n_pruned, "the pruned buckets").view("<i4")
        pruned = pruned.reshape(-1, 2)
    counts, label_counts = np.array(counts, np.int64), np.array(label_counts, np.int64)
    kept = np.array(kept, np.int64)
    return (n_words, words, counts, labels, label_counts, kept), n_tokens, pruned


def _entries(source, size):
    """Yield the bytes, count, kind and position of each entry."""
    buffer, at = b"", 0
    tail = struct.Struct("<qb")
    for row in range(size):
        stop = buffer.find(b"\0", at)
        while stop < 0 or stop + 10 > len(buffer):
            rest = buffer[at:]
            more = source.read(1 << 20)
            if not more or len(rest) > _LONGEST_WORD:
                what = "ends inside" if not more else "is too long for"
                raise source.error(
                    f"the file {what} entry {row} of the dictionary", _DAMAGED, row=row
                )
            buffer, at = rest + more, 0
            stop = buffer.find(b"\0", at)
        count, kind = tail.unpack_from(buffer, stop + 1)
        if kind not in (0, 1) or count < 0:
            raise source.error(
                f"entry {row} of the dictionary is neither a word nor a label",
                _DAMAGED,
                row=row,
            )
        yield buffer[at:stop], count, kind, source.position - len(buffer) + at
        at = stop + 10
    source.unread(buffer[at:])


def _pruned_rows(source, pruned, n_buckets):
    """Turn the list of buckets kept into a table: bucket to row, or -1."""
    if n_buckets > 1 << 25:
        raise source.error(f"{n_buckets} buckets", _DAMAGED)
    buckets, places = pruned.T
    if len(pruned) and (
        buckets.min() < 0
        or buckets.max() >= n_buckets
        or places.min() < 0
        or places.max() >= len(pruned)
    ):
        raise source.error("the pruned buckets point outside the matrix", _DAMAGED)
    rows = np.full(n_buckets, -1, np.int32)
    rows[buckets] = places
    return rows


def _read_input(source, modern, n_columns, expected, chosen):
    """Read the input matrix of so many words and buckets, or some rows of it."""
    n_words, n_buckets = expected

    def check(n_rows):
        if n_rows != n_words + n_buckets:
            raise source.error(
                f"the input matrix has {n_rows} rows, not one for each of {n_words} "
                f"words and {n_buckets} buckets",
                _DAMAGED,
            )

    return _read_matrix(source, modern, "input matrix", n_columns, check, chosen)


def _read_matrix(source, modern, what, n_columns, check=None, chosen=None):
    """Read a matrix, or some rows of it, quantised or not."""
    the, header = f"the {what}", None
    if modern and source.exactly(1, the) != b"\0":
        header = read_header(source, what)
        shape = header.n_rows, header.n_columns
    else:
        shape = struct.unpack("<2q", source.exactly(16, the))
    if shape[0] < 0 or shape[1] != n_columns:
        raise source.error(
            f"{the} has shape {shape}, the arguments give {n_columns} columns",
            _DAMAGED,
        )
    if check is not None:
        check(shape[0])
    if header is not None:
        return read_matrix(source, header, what, chosen)
    if chosen is None:
        return source.matrix(*shape, the)
    return source.rows(*shape, chosen, the)
