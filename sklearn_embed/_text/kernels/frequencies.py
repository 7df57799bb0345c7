"""In how many documents each token occurs."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.compile import kernel


@kernel
def count_documents(ids, offsets, first, last_seen, frequencies):
    """Add the number of documents in which each token occurs.

    Parameters
    ----------
    ids : ndarray of shape (n_ids,), int32
        Tokens of all documents, end to end.
    offsets : ndarray of shape (n_documents + 1,), int64
        Where each document begins in ``ids``.
    first : int
        Number of the first document; none has had it, or a larger one, before.
    last_seen : ndarray of shape (n_tokens,), int64
        Number of the last document that had each token, or -1.  Changed in place.
    frequencies : ndarray of shape (n_tokens,), int64
        Changed in place.
    """
    for d in range(len(offsets) - 1):
        for t in range(offsets[d], offsets[d + 1]):
            i = np.int64(ids[t])
            frequencies[i] += last_seen[i] != first + d
            last_seen[i] = first + d
