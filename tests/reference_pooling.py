"""Pooling by its definition, in float64."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np


def pool(kind, documents, row_of, weights, vectors):
    """Pool lists of token ids."""
    vectors = np.asarray(vectors, float)
    rows = np.zeros((len(documents), vectors.shape[1]))
    for s, ids in enumerate(documents):
        known = [row_of[i] for i in ids if row_of[i] >= 0]
        if not known:
            continue
        if kind in ("max", "min"):
            rows[s] = getattr(vectors[known], kind)(axis=0)
            continue
        shares = np.asarray(weights, float)[known]
        rows[s] = shares @ vectors[known]
        if kind == "mean":
            rows[s] = rows[s] / shares.sum() if shares.sum() else 0
    return rows
