"""fastText's own files: whole models, unsupervised and supervised, plain or quantised.

The layout is that of fastText's ``saveModel``: magic number and version (absent in the
oldest files), the arguments of the training, the dictionary, the input matrix (words,
then buckets of n-grams) and the output matrix.
"""

# SPDX-License-Identifier: BSD-3-Clause

import struct
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from sklearn_embed._core.typing import FilePath
from sklearn_embed._files.atomic import replacing
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._files.opening import opened
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._fasttext_model import (
    ARCHITECTURES,
    LOSSES,
    MAGIC,
    VERSION,
    Arguments,
    FastTextModel,
)
from sklearn_embed.io._fasttext_reader import read_stream

__all__ = [
    "ARCHITECTURES",
    "LOSSES",
    "Arguments",
    "FastTextModel",
    "read_model",
    "write_model",
    "write_vectors",
]


class _Everything(NamedTuple):
    """Options under which nothing is left out."""

    vocabulary: frozenset | None = None
    limit: int | None = None
    encoding: str = "utf-8"
    errors: str = "strict"


def read_model(
    source: FilePath | BinaryIO, *, encoding: str = "utf-8", errors: str = "strict"
) -> FastTextModel:
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


def write_model(
    model: FastTextModel, path: FilePath, *, encoding: str = "utf-8"
) -> None:
    """Write a fastText file, version 12, whole or not at all.

    Parameters
    ----------
    model : FastTextModel
        What to write; gensim and fastText read it.  With `codes` it is a quantised
        file, as which ``.ftz`` is known, and which fastText alone reads.
    path : str or path
        The file.
    encoding : str
        Encoding of the words; fastText itself knows UTF-8 only.

    Raises
    ------
    VectorFileError
        If a word contains a zero byte, or the shapes do not fit together.
    """
    arguments, codes = model.arguments, model.codes
    output = model.output
    if output is None:
        # Vectors alone: a model that nothing can be trained on, but read.
        n_output = len(model.labels) or len(model.words)
        output = np.zeros((n_output, arguments.dim), np.float32)
    _check_shapes(path, model, output)
    with replacing(path) as stream:
        stream.write(struct.pack("<2i", MAGIC, VERSION))
        stream.write(struct.pack("<12id", *arguments))
        n_words, n_labels = len(model.words), len(model.labels)
        sizes = n_words + n_labels, n_words, n_labels
        pruned = _pruned(model)
        n_pruned = -1 if pruned is None else len(pruned)
        stream.write(struct.pack("<3iqq", *sizes, model.n_tokens, n_pruned))
        _write_entries(path, stream, model, encoding)
        if pruned is not None:
            stream.write(np.ascontiguousarray(pruned, "<i4").data)
        if codes is not None:
            codes[0].write(stream)
        else:
            n_rows = n_words + len(model.buckets)
            stream.write(struct.pack("<?qq", False, n_rows, arguments.dim))
            for matrix in (model.own, model.buckets):
                stream.write(np.ascontiguousarray(matrix, "<f4").data)
        if codes is not None and codes[1] is not None:
            codes[1].write(stream)
        else:
            stream.write(struct.pack("<?qq", False, *output.shape))
            stream.write(np.ascontiguousarray(output, "<f4").data)


def _pruned(model):
    """Return the buckets that were kept, and their rows: int32 (n, 2), or None."""
    if model.rows is None:
        return None
    buckets = np.flatnonzero(model.rows >= 0)
    return np.stack([buckets, model.rows[buckets]], axis=1)


def _write_entries(path, stream, model, encoding):
    """Write the words and the labels, with their counts."""
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


def write_vectors(vectors: WordVectors, path: FilePath, **arguments: Any) -> None:
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
    parts, counts = vectors.subwords, vectors.counts
    problem = None
    if counts is None:
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
    if problem is not None or counts is None:
        raise VectorFileError(
            str(path),
            f"cannot be written in fastText's format: {problem}",
            "The native format keeps everything",
        )
    fields = {"dim": vectors.vector_size, "min_count": 1, **arguments, **limits}
    model = FastTextModel(
        Arguments(**fields),
        vectors.words,
        counts,
        [],
        np.empty(0, np.int64),
        int(counts.sum()),
        own,
        buckets,
        None,
    )
    write_model(model, path)


def _check_shapes(path, model, output):
    """Refuse parts that no reader could put together."""
    arguments, codes = model.arguments, model.codes
    n_words, n_buckets = len(model.words), len(model.buckets)
    size, is_pruned = arguments.dim, model.rows is not None
    problem = None
    if is_pruned and codes is None:
        problem = "the model is pruned, which unquantised files cannot say"
    elif is_pruned and model.missing != "skip":
        problem = "n-grams that were pruned count as zeros, which files cannot say"
    elif is_pruned and len(model.rows) != arguments.bucket:
        problem = f"there are {len(model.rows)} rows of {arguments.bucket} buckets"
    elif model.own.shape != (n_words, size):
        problem = f"the words' vectors have shape {model.own.shape}"
    elif n_buckets != (
        np.count_nonzero(model.rows >= 0) if is_pruned else arguments.bucket
    ) or model.buckets.shape[1:] != (size,):
        problem = f"the buckets' vectors have shape {model.buckets.shape}"
    elif output.ndim != 2 or output.shape[1] != size:
        problem = f"the output matrix has shape {output.shape}"
    elif codes is not None and (codes[0].n_rows, codes[0].n_columns) != (
        n_words + n_buckets,
        size,
    ):
        problem = f"there are codes of {codes[0].n_rows} rows"
    if problem is not None:
        raise VectorFileError(str(path), f"cannot be written: {problem}")
