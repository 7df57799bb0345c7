"""From rows of words and their vectors to one row a document."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.threads import run_all
from sklearn_embed._vectors.kernels.pooling import (
    KINDS,
    Documents,
    Pooling,
    Words,
    finish_rows,
    make_columns,
    pool_first,
    pool_powers,
    pool_rows,
)

#: Tokens and documents that one call takes: short enough for Ctrl-C.
SLICE_TOKENS = 1 << 17
SLICE_DOCUMENTS = 1 << 15


class PoolingSpec(NamedTuple):
    """How words become a row."""

    kind: str = "mean"  # "sum", "max", "min", "power", "concat"
    by_number: bool = False  # means divide by the number of words, not by weights
    powers: tuple = ()  # for "power"
    max_length: int = 1  # for "concat"
    fill: float = 0.0  # stands in the rows of documents without words
    components: np.ndarray | None = None  # (n_components, n_columns) float32
    strengths: np.ndarray | None = None  # (n_components,) float32
    normalize: bool = False  # rows get length 1

    def n_columns(self, width):
        """Return how many numbers a row has, of vectors of some width."""
        if self.kind == "power":
            return width * len(self.powers)
        return width * (self.max_length if self.kind == "concat" else 1)


def make_words(vectors, weights=None, factors=None, more=(None, None)):
    """Return Words of arrays that may be missing; ``more`` is vectors and weights."""
    nothing = np.empty(0, np.float32)
    for array in (weights, factors):
        if array is not None and array.shape != vectors.shape[:1]:
            raise ValueError(f"{array.shape} numbers for {len(vectors)} words")
    if more[0] is not None and more[0].shape != (len(more[1]), vectors.shape[1]):
        raise ValueError(f"further vectors of shape {more[0].shape} do not fit")
    flat = [
        readonly(nothing if array is None else array, np.float32).reshape(-1)
        for array in (vectors, weights, factors, *more)
    ]
    return Words(*flat, int(vectors.shape[1]))


def pool_documents(documents, row_of, words, spec, n_jobs, out):
    """Write one row for each of some TokenizedDocuments; see `pool`."""
    where = documents.ids, documents.starts, documents.offsets
    pool(spec, *where, row_of, words, out, n_jobs)


def pool(spec, ids, starts, offsets, row_of, words, out, n_jobs=1):
    """Write one row per document: a pooling of the vectors of its words.

    Parameters
    ----------
    spec : PoolingSpec
        The pooling.
    ids, starts, offsets : ndarray
        A TokenizedDocuments' arrays.
    row_of : ndarray of shape (n_tokens,), int32, or None
        Row of each token id, below 0 where it does not count.  None: ids are rows.
    words : Words
        What the rows hold.
    out : ndarray of shape (n_documents, n_columns), float32, C-contiguous
        Receives the rows: the same bits for any `n_jobs` and any neighbours.
    n_jobs : int, default=1
        Threads.
    """
    n_columns = spec.n_columns(words.width)
    if not out.flags.c_contiguous or out.shape != (len(starts), n_columns):
        raise ValueError("out must be C-contiguous, with a row for every document")
    if words.width == 0:
        return
    nothing = np.empty(0, np.int32)
    documents = Documents(
        readonly(ids, np.int32),
        readonly(starts, np.int64),
        readonly(offsets, np.int64),
        readonly(nothing if row_of is None else row_of, np.int32),
    )
    flat = out.reshape(-1)
    work = _kernel(spec, documents, words, flat)
    finish = _finish(spec, flat, n_columns)

    def both(bounds):
        work(*bounds)
        finish(*bounds)

    run_all(both, pairwise(slices(offsets)), n_jobs)


def _kernel(spec, documents, words, flat):
    """Return what pools a range of documents."""
    kind = KINDS.get(spec.kind, 0)
    pooling = Pooling(kind, bool(spec.by_number), float(spec.fill))
    given, width = (pooling, documents, words, flat), words.width
    if spec.kind == "power":
        powers = readonly(spec.powers, np.float64)
        return lambda *bounds: pool_powers(
            powers, *given, bounds, np.empty((len(powers), width)), make_columns(width)
        )
    if spec.kind == "concat":
        length = int(spec.max_length)
        return lambda first, last: pool_first(length, *given, first, last)
    return lambda first, last: pool_rows(*given, first, last, np.empty(width))


def _finish(spec, flat, n_columns):
    """Return what removes components and normalises in a range of documents."""
    components, strengths = spec.components, spec.strengths
    if components is None:
        if not spec.normalize:
            return lambda first, last: None
        components = np.empty((0, n_columns), np.float32)
    if strengths is None:
        strengths = np.ones(len(components), np.float32)
    if components.shape != (len(strengths), n_columns):
        raise ValueError(
            f"components of shape {components.shape} do not fit {n_columns} columns"
        )
    arrays = readonly(components, np.float32), readonly(strengths, np.float32)
    normalize = bool(spec.normalize)
    return lambda first, last: finish_rows(
        flat, *arrays, normalize, first, last, np.empty(n_columns)
    )


def slices(offsets):
    """Return document numbers that cut the documents into similar amounts of work."""
    bounds = [0]
    while bounds[-1] < len(offsets) - 1:
        first = bounds[-1]
        last = np.searchsorted(offsets, offsets[first] + SLICE_TOKENS, "right") - 1
        last = min(int(last), first + SLICE_DOCUMENTS, len(offsets) - 1)
        bounds.append(max(last, first + 1))
    return bounds


def document_frequencies(documents, row_of, n_words):
    """Return int64 (n_words,): how many documents hold each word."""
    frequencies = np.zeros(n_words, np.int64)
    for block in documents.blocks():
        rows = row_of[block.flat_ids()]
        numbers = np.repeat(np.arange(len(block)), block.lengths)[rows >= 0]
        pairs = np.unique(numbers * n_words + rows[rows >= 0])
        frequencies += np.bincount(pairs % n_words, minlength=n_words)
    return frequencies
