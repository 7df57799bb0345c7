"""Counts of pairs in the documents of a fit, kept for the fits of a search."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._models.counting import Window, count_pairs


def window_of(settings):
    """Return the Window that the settings of a model ask for."""
    return Window(settings.window, settings.weighting, settings.direction).checked()


def counted(parts, vocabulary, window, memory, limits):
    """Count pairs, or fetch their counts from where they are kept.

    Parameters
    ----------
    parts : list of TokenizedDocuments
        The documents.
    vocabulary : Vocabulary
        The words.
    window : Window
        What counts.
    memory : joblib.Memory
        Where counts are kept.
    limits : dict
        ``max_memory`` and ``n_jobs``, which the result does not depend on.

    Returns
    -------
    Pairs
    """
    corpora = [
        (part.ids, part.starts, part.offsets, vocabulary.rows(part.table))
        for part in parts
    ]
    if memory.store_backend is None:
        return count_pairs(corpora, len(vocabulary), window, **limits)
    # What is kept is found by the rows themselves, whatever ids they had.
    plain = [
        (rows[part.flat_ids()], part.offsets[:-1], part.offsets)
        for part, (*_, rows) in zip(parts, corpora, strict=True)
    ]
    identity = np.arange(-1, len(vocabulary), dtype=np.int32)
    corpora = [(rows + 1, *bounds, identity) for rows, *bounds in plain]
    kept = memory.cache(count_pairs, ignore=[*limits])
    return kept(corpora, len(vocabulary), window, **limits)
