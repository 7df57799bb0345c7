"""fastText's own files: whole models, unsupervised and supervised, plain or quantised.

The layout is that of fastText's ``saveModel``: magic number and version (absent in the
oldest files), the arguments of the training, the dictionary, the input matrix (words,
then buckets of n-grams) and the output matrix.
"""

# SPDX-License-Identifier: BSD-3-Clause

import struct
from typing import NamedTuple

import numpy as np

from sklearn_embed._vectors import Subwords
from sklearn_embed.io import _quantized
from sklearn_embed.io._atomic import replacing
from sklearn_embed.io._collect import finished
from sklearn_embed.io._errors import VectorFileError
from sklearn_embed.io._source import opened

_MAGIC, _VERSION = 793712314, 12
_DAMAGED = "The file is damaged; fetch it again"
_LONGEST_WORD = 1 << 16

#: What the numbers in `Arguments` stand for.
LOSSES = {
    1: "hierarchical_softmax",
    2: "negative_sampling",
    3: "softmax",
    4: "one_vs_all",
}
ARCHITECTURES = {1: "cbow", 2: "skipgram", 3: "supervised"}


class Arguments(NamedTuple):
    """The arguments of the training, in the order and under the names of the file."""

    dim: int
    ws: int = 5
    epoch: int = 5
    min_count: int = 5
    neg: int = 5
    word_ngrams: int = 1
    loss: int = 2
    model: int = 2
    bucket: int = 2_000_000
    minn: int = 3
    maxn: int = 6
    lr_update_rate: int = 100
    t: float = 1e-4


class FastTextModel(NamedTuple):
    """Everything that a fastText ``.bin`` or ``.ftz`` file holds.

    Parameters
    ----------
    arguments : Arguments
        How it was trained; `LOSSES` and `ARCHITECTURES` name the codes.
    words : list of str
        The vocabulary.
    counts : ndarray of shape (n_words,), int64
        Occurrences of the words.
    labels : list of str
        The classes of a supervised model, prefix included; else empty.
    label_counts : ndarray of shape (n_labels,), int64
        Occurrences of the labels.
    n_tokens : int
        Length of the training text.
    own : ndarray of shape (n_words, dim), float32
        The words' vectors before their n-grams are added.
    buckets : ndarray of shape (bucket or fewer, dim), float32
        The n-grams' vectors.
    output : ndarray of shape (n_words or n_labels, dim), float32, or None
        The output matrix; None if it was not read.
    rows : ndarray of shape (bucket,), int32, or None, default=None
        Row in `buckets` of each bucket of a pruned model, -1 where it was dropped.
    """

    arguments: Arguments
    words: list
    counts: np.ndarray
    labels: list
    label_counts: np.ndarray
    n_tokens: int
    own: np.ndarray
    buckets: np.ndarray
    output: np.ndarray | None
    rows: np.ndarray | None = None

    def subwords(self):
        """Return the n-grams' part, None for a model without character n-grams."""
        arguments = self.arguments
        if arguments.maxn <= 0 or arguments.bucket <= 0:
            return None
        return Subwords(
            self.buckets,
            arguments.minn,
            arguments.maxn,
            arguments.bucket,
            self.rows,
            "zero" if self.rows is None else "skip",
            self.own,
        )

    def to_word_vectors(self, name="fastText model"):
        """Return the words' vectors: each the mean of its own and its n-grams'.

        Parameters
        ----------
        name : str
            What to call it in messages.

        Returns
        -------
        WordVectors

        Notes
        -----
        As in gensim, and unlike fastText, the end-of-sentence mark ``</s>`` is given
        n-grams like any other word.
        """
        parts = self.subwords()
        vectors = self.own
        if parts is not None:
            vectors, n_grams = parts.sums(self.words, self.own)
            vectors /= (n_grams + 1).astype(np.float32)[:, None]
        return finished(name, self.words, vectors, counts=self.counts, subwords=parts)


class _Everything(NamedTuple):
    """Options under which nothing is left out."""

    vocabulary: frozenset | None = None
    limit: int | None = None
    encoding: str = "utf-8"
    errors: str = "strict"


def read_model(source, *, encoding="utf-8", errors="strict"):
    """Read a whole fastText model.

    Parameters
    ----------
    source : str, path or binary file
        A ``.bin`` or ``.ftz`` file, of fastText or of gensim; it may be compressed.
    encoding, errors : str
        How to decode the words, as in ``bytes.decode``.

    Returns
    -------
    FastTextModel
        Quantised matrices come as float32.

    Raises
    ------
    VectorFileError
        If the file is damaged or in another format.
    """
    with opened(source) as stream:
        options = _Everything(encoding=encoding, errors=errors)
        return read_stream(stream, options, with_output=True)


def write_model(model, path, *, encoding="utf-8"):
    """Write a fastText ``.bin`` file, version 12, whole or not at all.

    Parameters
    ----------
    model : FastTextModel
        What to write; gensim and fastText read it.
    path : str or path
        The file.
    encoding : str
        Encoding of the words; fastText itself knows UTF-8 only.

    Raises
    ------
    VectorFileError
        If a word contains a zero byte, or the shapes do not fit together.
    """
    arguments = model.arguments
    output = model.output
    if output is None:
        # Vectors alone: a model that nothing can be trained on, but read.
        n_output = len(model.labels) or len(model.words)
        output = np.zeros((n_output, arguments.dim), np.float32)
    _check_shapes(path, model, output)
    with replacing(path) as stream:
        stream.write(struct.pack("<2i", _MAGIC, _VERSION))
        stream.write(struct.pack("<12id", *arguments))
        n_words, n_labels = len(model.words), len(model.labels)
        sizes = n_words + n_labels, n_words, n_labels
        stream.write(struct.pack("<3iqq", *sizes, model.n_tokens, -1))
        for kind, (words, counts) in enumerate(
            ((model.words, model.counts), (model.labels, model.label_counts))
        ):
            for word, count in zip(words, np.asarray(counts).tolist(), strict=True):
                raw = word.encode(encoding)
                if b"\0" in raw:
                    raise VectorFileError(
                        str(path), f"{word!r} contains a zero byte", "Leave it out"
                    )
                stream.write(raw + struct.pack("<xqb", count, kind))
        n_rows = n_words + len(model.buckets)
        stream.write(struct.pack("<?qq", False, n_rows, arguments.dim))
        for matrix in (model.own, model.buckets):
            stream.write(np.ascontiguousarray(matrix, "<f4").data)
        stream.write(struct.pack("<?qq", False, *output.shape))
        stream.write(np.ascontiguousarray(output, "<f4").data)


def write_vectors(vectors, path, **arguments):
    """Write word vectors with subwords as a model without an output matrix.

    Parameters
    ----------
    vectors : WordVectors
        With counts, and subwords that know the words' own vectors.
    path : str or path
        The file.
    **arguments : dict
        Fields of `Arguments`, so far as the vectors do not determine them.
    """
    parts = vectors.subwords
    problem = None
    if vectors.counts is None:
        problem = "the words' counts are unknown"
    elif parts is None:
        own, buckets = vectors.vectors, np.empty((0, vectors.vector_size), np.float32)
        limits = {"minn": 0, "maxn": 0, "bucket": 0}
    elif parts.own is None:
        problem = "the words' own vectors, without their n-grams, are unknown"
    elif parts.missing == "skip" and parts.rows is not None:
        problem = "n-grams were pruned, which unquantised files cannot say"
    else:
        own, buckets = parts.own, parts.full()
        limits = {"minn": parts.min_n, "maxn": parts.max_n, "bucket": parts.n_buckets}
    if problem is not None:
        raise VectorFileError(
            str(path),
            f"cannot be written in fastText's format: {problem}",
            "The native format keeps everything",
        )
    fields = {"dim": vectors.vector_size, "min_count": 1, **arguments, **limits}
    model = FastTextModel(
        Arguments(**fields),
        vectors.words,
        vectors.counts,
        [],
        np.empty(0, np.int64),
        int(vectors.counts.sum()),
        own,
        buckets,
        None,
    )
    write_model(model, path)


def looks_like(source):
    """Tell whether a file begins as fastText's models do, the oldest included."""
    start = source.peek(72)
    if len(start) < 56:
        return False
    if struct.unpack_from("<i", start)[0] == _MAGIC:
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
    modern = magic == _MAGIC
    if modern:
        if not 11 <= version <= _VERSION:
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
    rows = None
    n_buckets = arguments.bucket
    if pruned is not None:
        rows = _pruned_rows(source, pruned, arguments.bucket)
        n_buckets = len(pruned)
    matrix = _read_matrix(source, modern, "input matrix", arguments.dim)
    if len(matrix) != n_words + n_buckets:
        raise source.error(
            f"the input matrix has {len(matrix)} rows, not one for each of {n_words} "
            f"words and {n_buckets} buckets",
            _DAMAGED,
        )
    own = matrix[:n_words] if len(kept) == n_words else matrix[kept]
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
        own,
        matrix[n_words:],
        output,
        rows,
    )


def _check_arguments(source, arguments):
    """Refuse arguments that no model has."""
    if not (
        0 < arguments.dim < 1 << 20
        and arguments.bucket >= 0
        and 0 <= arguments.minn < 1 << 20
        and arguments.maxn < 1 << 20
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
    if n_buckets > 1 << 28:
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


def _read_matrix(source, modern, what, n_columns):
    """Read the input or the output matrix, quantised or not."""
    quantised = modern and source.exactly(1, f"the {what}") != b"\0"
    if quantised:
        matrix = _quantized.read_matrix(source, what)
        shape = matrix.shape
    else:
        shape = struct.unpack("<2q", source.exactly(16, f"the {what}"))
    if shape[0] < 0 or shape[1] != n_columns:
        raise source.error(
            f"the {what} has shape {shape}, the arguments speak of {n_columns} columns",
            _DAMAGED,
        )
    return matrix if quantised else source.matrix(*shape, f"the {what}")


def _check_shapes(path, model, output):
    """Refuse parts that no reader could put together."""
    arguments = model.arguments
    n_buckets = len(model.buckets)
    problem = None
    if model.rows is not None:
        problem = "the model is pruned, which unquantised files cannot say"
    elif model.own.shape != (len(model.words), arguments.dim):
        problem = f"the words' vectors have shape {model.own.shape}"
    elif n_buckets != arguments.bucket or model.buckets.shape[1] != arguments.dim:
        problem = f"the buckets' vectors have shape {model.buckets.shape}"
    elif output.ndim != 2 or output.shape[1] != arguments.dim:
        problem = f"the output matrix has shape {output.shape}"
    if problem is not None:
        raise VectorFileError(str(path), f"cannot be written: {problem}")
