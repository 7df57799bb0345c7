"""The native format of word vectors: a safetensors file of arrays and JSON."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._files.arrays import (
    DAMAGED,
    load,
    load_arrays,
    save_arrays,
)
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._text.corpus_file import checked_tokenizer
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._collect import finished
from sklearn_embed.io._companions import read_words
from sklearn_embed.io._static import put_together, read_tokenizer

__all__ = ["load_arrays", "save_arrays"]


def write(vectors, path):
    """Write word vectors, subwords included."""
    arrays = {"vectors": vectors.vectors, "words": vectors.words}
    meta = {"kind": "WordVectors"}
    if vectors.counts is not None:
        arrays["counts"] = vectors.counts
    parts = vectors.subwords
    if parts is not None:
        arrays["subwords.vectors"] = parts.vectors
        for name in ("rows", "own"):
            if getattr(parts, name) is not None:
                arrays[f"subwords.{name}"] = getattr(parts, name)
        scalars = ("min_n", "max_n", "n_buckets", "missing")
        meta["subwords"] = {name: getattr(parts, name) for name in scalars}
    tokenizer = vectors.tokenizer
    if tokenizer is not None:
        arrays["tokenizer"] = tokenizer.document
        settings = tokenizer.max_length, tokenizer.drop_unknown, vectors.normalize
        meta["tokenizer"] = settings
    save_arrays(path, arrays, meta)


def read(source, mmap=False, words=None, tensor=None, tokenizer=None):
    """Read word vectors from a source at its beginning, mapped if asked for.

    Parameters
    ----------
    source : Source
        At its beginning.
    mmap : bool
        Whether to map the arrays.
    words, tensor : list of str, path and str, or None
        For files of other programs: the words, and the name of the matrix.
    tokenizer : str, path or None
        In place of the words, the tokenizer of a static model.
    """
    arrays, meta = load(source, mmap)
    if tokenizer is not None:
        if words is not None:
            raise ValueError("words= and tokenizer= exclude each other")
        tokenizer = read_tokenizer(tokenizer)
        return put_together(source, arrays, tensor, tokenizer, mmap=mmap)
    if words is not None or tensor is not None:
        return _foreign(source, arrays, words, tensor)
    if not {"vectors", "words"} <= set(arrays):
        raise _no_vectors(source, arrays, meta)
    try:
        subwords = None
        if isinstance(meta, dict) and meta.get("subwords") is not None:
            subwords = _subwords(arrays, meta["subwords"])
        parts = {"counts": arrays.get("counts"), "subwords": subwords}
        if isinstance(meta, dict) and meta.get("tokenizer") is not None:
            parts |= _tokenizer(arrays["tokenizer"], *meta["tokenizer"])
        # What was checked when it was written is not all paged in to look for NaN.
        return finished(
            source.name,
            arrays["words"],
            arrays["vectors"],
            check_finite=not mmap,
            **parts,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, VectorFileError):
            raise
        raise source.error(f"its parts disagree: {error}", DAMAGED) from error


def _no_vectors(source, arrays, meta):
    """Build the error for a file of other arrays than words and their vectors."""
    if isinstance(meta, dict) and meta.get("kind") == "estimator":
        node = meta.get("estimator")
        name = node.get("estimator") if isinstance(node, dict) else None
        return source.error(
            f"this is an estimator, a {name}, and no file of word vectors",
            f"Call {name}.load(path); what it gives is a source of vectors, too",
            offset=0,
        )
    return source.error(
        "a file of arrays, but not of word vectors"
        f" ({_listed(arrays) or 'there are none'})",
        "Say what the words are: read_vectors(path, words=..., tensor=NAME), or, of a "
        "static model, what cuts texts: tokenizer='tokenizer.json'; "
        "native.load_arrays gives the arrays themselves",
        offset=0,
    )


def _listed(arrays):
    """Name some arrays and their shapes."""
    shapes = [
        f"{name!r} {getattr(array, 'shape', len(array))}"
        for name, array in arrays.items()
    ]
    return ", ".join(shapes[:5]) + ", …" * (len(shapes) > 5)


def _foreign(source, arrays, words, tensor):
    """Put the matrix of another program's file and a list of words together."""
    matrices = {
        name: array
        for name, array in arrays.items()
        if isinstance(array, np.ndarray) and array.ndim == 2 and array.dtype.kind == "f"
    }
    if tensor is None and len(matrices) == 1:
        (tensor,) = matrices
    if tensor not in matrices:
        raise source.error(
            f"which matrix holds the vectors? There are {_listed(arrays)}",
            "Name a matrix of floats: tensor=NAME",
            offset=0,
        )
    if words is None:
        words = arrays.get("words")
    if words is None:
        raise source.error(
            "a file of arrays without the words", "Give them: words=", offset=0
        )
    words, matrix = read_words(words), matrices[tensor]
    if len(words) != len(matrix):
        raise source.error(
            f"{len(words)} words were given, but {tensor!r} has shape {matrix.shape}",
            "Give one word for each row, in their order",
            offset=0,
        )
    try:
        return WordVectors(words, matrix)
    except (ValueError, TypeError) as error:
        raise source.error(
            str(error), "Correct the words or the matrix", offset=0
        ) from error


def _tokenizer(document, max_length, drop_unknown, normalize):
    """Return the tokenizer and what a static model does to rows, checked."""
    if type(normalize) is not bool:
        raise ValueError(f"normalize is {normalize!r:.40}")
    tokenizer = checked_tokenizer(document, max_length, drop_unknown)
    return {"tokenizer": tokenizer, "normalize": normalize}


def _subwords(arrays, scalars):
    """Put the subwords' parts together and check that they fit."""
    vectors, rows = arrays["subwords.vectors"], arrays.get("subwords.rows")
    n_buckets = int(scalars["n_buckets"])
    limits = int(scalars["min_n"]), int(scalars["max_n"])
    if vectors.dtype != np.float32 or (rows is not None and rows.dtype != np.int32):
        raise ValueError("the n-grams' vectors or their rows have another type")
    if not 0 <= limits[0] <= limits[1] < 1 << 31:
        raise ValueError(f"n-grams of {limits[0]} to {limits[1]} characters")
    own = arrays.get("subwords.own")
    missing = "skip" if scalars.get("missing") == "skip" else "zero"
    return Subwords(vectors, *limits, n_buckets, rows, missing, own)
