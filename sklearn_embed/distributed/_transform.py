"""Rows of all documents of a collection, made where its partitions are."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sklearn_embed.distributed._partitions import everywhere, partitions_of

METHODS = ("transform", "predict", "predict_proba", "decision_function")


def transform(estimator: Any, collection: Any, method: str = "transform") -> Any:
    """Apply a fitted estimator to all partitions.

    The estimator travels to each worker once.  Nothing is computed before the result
    is: call its `compute`, or write it to files.

    Parameters
    ----------
    estimator : fitted estimator or Pipeline
        Takes documents.
    collection : bag, Series, DataFrame of one column, or array of Dask's
        The documents: strings, or lists of tokens.
    method : {"transform", "predict", "predict_proba", "decision_function"}, \
default="transform"
        What is asked of the estimator.

    Returns
    -------
    Series, DataFrame or array of Dask's
        In as many partitions as the collection.  Of a Series or DataFrame, dense rows
        are a DataFrame with its index and divisions, its columns named by
        `get_feature_names_out` or the classes, and predictions a Series.  Of anything
        else, and for sparse rows, an array, of unknown length, whose chunks are
        NumPy's arrays or SciPy's sparse ones.

    Raises
    ------
    TypeError
        If the collection is none of Dask's, or the estimator has no such method.
    NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> import dask.bag
    >>> from sklearn_embed import MeanPoolEmbedder
    >>> from sklearn_embed.distributed import transform
    >>> embedder = MeanPoolEmbedder({"good": [1.0], "bad": [-1.0]}).fit(["good"])
    >>> texts = dask.bag.from_sequence(["good, bad", "bad"], npartitions=2)
    >>> transform(embedder, texts).compute().tolist()
    [[0.0], [-1.0]]
    """
    import dask

    if method not in METHODS:
        raise ValueError(f"method={method!r} must be one of {', '.join(METHODS)}.")
    if not hasattr(estimator, method):
        raise TypeError(f"{type(estimator).__name__} has no method {method}.")
    parts = partitions_of(collection)
    if not parts:
        raise ValueError("collection has no partition.")
    # Rows of one document tell types and shapes; this fails where nothing is fitted.
    sample = getattr(estimator, method)(["a"])
    call, shared = dask.delayed(_rows, pure=True), everywhere(estimator)
    is_frame = hasattr(collection, "divisions")
    names = _names(estimator, method, sample)
    if is_frame and not _is_sparse(sample):
        rows = [call(shared, method, part, names, True) for part in parts]
        return _frame(rows, sample, names, collection)
    return _array([call(shared, method, part, names, False) for part in parts], sample)


def _is_sparse(rows):
    return hasattr(rows, "tocsr")


def _names(estimator, method, sample):
    """Return names of columns, or None for a Series."""
    if np.ndim(sample) == 1 and not _is_sparse(sample):
        return None
    if hasattr(sample, "columns"):
        return list(sample.columns)
    if method == "transform":
        return list(estimator.get_feature_names_out())
    return list(estimator.classes_)


def _rows(estimator, method, part, names, as_frame):
    """Return the rows of one partition."""
    index = getattr(part, "index", None)
    part = part if hasattr(part, "__len__") else list(part)
    if len(part):
        rows = getattr(estimator, method)(part)
    else:
        rows = getattr(estimator, method)(["a"])[:0]
    if not as_frame:
        return rows if _is_sparse(rows) else np.asarray(rows)
    import pandas as pd

    rows = np.asarray(rows)
    if names is None:
        return pd.Series(rows, index=index)
    return pd.DataFrame(rows, index=index, columns=names)


def _frame(rows, sample, names, collection):
    """Return partitions as one DataFrame or Series of Dask's."""
    import dask.dataframe as dd
    import pandas as pd

    index = collection._meta.index
    empty = np.asarray(sample)[:0]
    if names is None:
        meta = pd.Series(empty, index=index)
    else:
        meta = pd.DataFrame(empty, index=index, columns=names)
    divisions = collection.divisions if collection.known_divisions else None
    return dd.from_delayed(rows, meta=meta, divisions=divisions, verify_meta=False)


def _array(rows, sample):
    """Return partitions as one array of Dask's."""
    import dask.array as da

    sample = sample if _is_sparse(sample) else np.asarray(sample)
    shape = (np.nan, *sample.shape[1:])
    meta = sample[:0]
    chunks = [da.from_delayed(one, shape, sample.dtype, meta) for one in rows]
    return da.concatenate(chunks, allow_unknown_chunksizes=True)
