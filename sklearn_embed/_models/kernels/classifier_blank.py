"""Find documents of which a classifier knows nothing but that they end."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._core.compile import kernel


@kernel
def mark_blank(batch, blank):
    """Write 1 for each document that has no feature with a row, else 0.

    Parameters
    ----------
    batch : DocumentBatch
    blank : ndarray of shape (n,), uint8
        Receives the marks.  The mark after the last word, which every document has,
        is not looked at.
    """
    for s in range(len(blank)):
        blank[s] = 1
        t, stop = batch.starts[s], batch.starts[s]
        stop += batch.offsets[s + 1] - batch.offsets[s]
        while blank[s] and t < stop:
            i = batch.ids[t]
            t += 1
            if batch.left_out[i]:
                continue
            for e in range(batch.bag_offsets[i], batch.bag_offsets[i + 1]):
                if batch.bag_rows[e] >= 0:
                    blank[s] = 0
        e = batch.ngram_offsets[s]
        while blank[s] and e < batch.ngram_offsets[s + 1]:
            if batch.ngram_rows[e] >= 0:
                blank[s] = 0
            e += 1
