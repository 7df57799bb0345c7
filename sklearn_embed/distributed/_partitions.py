"""Partitions of Dask's collections, and sums over them."""

# SPDX-License-Identifier: BSD-3-Clause

import operator

from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._text.tokenized import tokenize as _tokenize

#: Results that are added up at once.
SUMMANDS = 8


def partitions_of(collection):
    """Return a list of dask.delayed: the documents of each partition."""
    import dask

    if not _has_partitions(collection):
        remedy = "give the estimator itself what is in memory"
        if dask.is_dask_collection(collection):
            remedy = "such as dask.bag.from_delayed and to_series make"
        raise TypeError(
            "collection must be a bag, Series, DataFrame or array of Dask's, not "
            f"{type(collection).__name__}: {remedy}."
        )
    if getattr(collection, "ndim", 1) == 2 and collection.shape[1] != 1:
        raise ValueError(
            f"collection has {collection.shape[1]} columns: give one of them, such as "
            "collection['text']."
        )
    delayed = collection.to_delayed()
    return delayed.ravel().tolist() if hasattr(delayed, "ravel") else list(delayed)


def _has_partitions(collection):
    """Tell whether something is of one of the four kinds of collections."""
    import dask
    from dask.delayed import Delayed

    # A Delayed says that it has any attribute.
    if not dask.is_dask_collection(collection) or isinstance(collection, Delayed):
        return False
    if hasattr(collection, "divisions") and not hasattr(collection._meta, "index"):
        return False  # an index, or a number made of a column
    return hasattr(collection, "npartitions") and getattr(collection, "ndim", 1) > 0


def text_options(parameters):
    """Return the TextOptions of parameters of `TokenizedDocuments.from_documents`."""
    for name in ("max_vocab_size", "n_jobs"):
        if name in parameters:
            raise TypeError(
                f"{name} does not go with partitions, which are counted exactly and "
                "on one thread each: leave it out."
            )
    return TokenizedDocuments.from_documents([], **parameters).options


def tokenized(part, options):
    """Return the documents of one partition as a TokenizedDocuments."""
    return _tokenize(part, options, name="a partition of collection")


def summed(parts):
    """Return the delayed sum of delayed results, added up in a tree."""
    import dask

    if not parts:
        raise ValueError("collection has no partition.")
    add = dask.delayed(_sum, pure=True)
    while len(parts) > 1:
        groups = range(0, len(parts), SUMMANDS)
        parts = [add(parts[first : first + SUMMANDS]) for first in groups]
    return parts[0]


def _sum(parts):
    """Add up two by two, so that each entry is moved seldom."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        rest = parts[len(parts) - len(parts) % 2 :]
        parts = [operator.add(*pair) for pair in pairs] + rest
    return parts[0]


def everywhere(value):
    """Return something to be an argument of many tasks, sent to a worker once.

    With a cluster it is scattered; else it is one node of the graph.
    """
    import dask

    client = _client()
    if client is None:
        return dask.delayed(value, pure=True, traverse=False)
    # Of a list, so that a tuple is one value and not as many as it has elements.
    # A key of its own: one made of the content would be forgotten with whatever else
    # has it, even if that is just being let go.
    return client.scatter([value], broadcast=True, hash=False)[0]


def _client():
    """Return the client of a cluster that Dask would use now, or None."""
    import dask.base

    get = dask.base.get_scheduler()
    client = getattr(get, "__self__", None)
    return client if hasattr(client, "scatter") else None
