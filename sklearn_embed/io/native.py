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
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed.io._collect import finished

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
    save_arrays(path, arrays, meta)


def read(source, mmap=False):
    """Read word vectors from a source at its beginning, mapped if asked for."""
    arrays, meta = load(source, mmap)
    if not {"vectors", "words"} <= set(arrays):
        raise source.error(
            "a file of arrays, but not of word vectors",
            "native.load_arrays gives the arrays themselves",
            offset=0,
        )
    try:
        subwords = None
        if isinstance(meta, dict) and meta.get("subwords") is not None:
            subwords = _subwords(arrays, meta["subwords"])
        parts = {"counts": arrays.get("counts"), "subwords": subwords}
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
