"""Counting, tokenising and transforming the partitions of Dask's collections.

Needs Dask: ``pip install sklearn-embed[dask]``.  A collection is a ``dask.bag.Bag``,
``dask.dataframe.Series``, ``dask.dataframe.DataFrame`` of one column, or
``dask.array.Array`` of one dimension.  Work is done by the scheduler that Dask uses at
the time of the call, such as the workers of a ``distributed.Client``.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed.distributed._corpus import tokenize
from sklearn_embed.distributed._counts import (
    count_cooccurrences,
    count_ngrams,
    count_words,
    fit_counts,
)
from sklearn_embed.distributed._transform import transform

__all__ = [
    "count_cooccurrences",
    "count_ngrams",
    "count_words",
    "fit_counts",
    "tokenize",
    "transform",
]
