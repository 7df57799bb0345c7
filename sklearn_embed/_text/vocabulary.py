"""Vocabulary: which words have a row, how often they occur, who is kept."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping

import numpy as np

from sklearn_embed._text.tokens import stop_word_set


class Vocabulary:
    """Words by row, with their counts.

    Parameters
    ----------
    words : list of str
        Row → word.
    counts : ndarray of shape (n_words,), int64
        Occurrences in the documents it was made of.
    """

    def __init__(self, words, counts):
        self.words = words
        self.counts = np.asarray(counts, np.int64)
        self.index = {word: row for row, word in enumerate(words)}

    def __len__(self):
        return len(self.words)

    def rows(self, table):
        """Return int32 (n_tokens,): the row of each token of a table, or -1."""
        index = self.index
        return np.fromiter(
            (index.get(token, -1) for token in table.tolist()), np.int32, len(table)
        )


def token_counts(documents):
    """Return int64 (n_tokens,): how often each token of the table occurs."""
    counts = np.zeros(len(documents.table), np.int64)
    for block in documents.blocks():
        counts += np.bincount(block.flat_ids(), minlength=len(counts))
    return counts


def learn_vocabulary(
    parts, *, min_count=1, max_features=None, stop_words=None, vocabulary=None
):
    """Learn a vocabulary from one or several TokenizedDocuments.

    The most frequent words come first, equally frequent ones in the order of their
    characters.  ``vocabulary`` is a list of admitted words; the other limits apply
    to what it admits.
    """
    counts = _counts_by_word(parts, min_count if len(parts) == 1 else 1)
    if not counts:
        raise ValueError(
            "Empty vocabulary: the documents contain no tokens"
            + (f" that occur min_count={min_count} times." if min_count > 1 else ".")
        )
    admitted = None if vocabulary is None else given_words(vocabulary)
    left_out = stop_word_set(stop_words)
    kept = [
        (-count, word)
        for word, count in counts.items()
        if count >= min_count and word not in left_out
    ]
    if admitted is not None:
        admitted = frozenset(admitted)
        kept = [pair for pair in kept if pair[1] in admitted]
    if not kept:
        limits = {
            "min_count": min_count if min_count > 1 else None,
            "stop_words": stop_words if isinstance(stop_words, str) else left_out,
            "vocabulary": admitted,
        }
        raise ValueError(_nothing_left(limits))
    kept = sorted(kept)[:max_features]
    return Vocabulary([word for _, word in kept], [-count for count, _ in kept])


def given_words(vocabulary):
    """Return the words of a given vocabulary, in its order, checked."""
    if isinstance(vocabulary, str):
        raise ValueError("vocabulary is a single string: give a list of words.")
    if isinstance(vocabulary, Mapping):
        places = sorted((place, word) for word, place in vocabulary.items())
        if [place for place, _ in places] != list(range(len(places))):
            raise ValueError(
                "vocabulary maps words to rows that are not 0, 1, …, "
                f"{len(places) - 1}, each once: renumber them, or give a list."
            )
        words = [word for _, word in places]
    else:
        words = sorted(vocabulary) if isinstance(vocabulary, set) else list(vocabulary)
    if not words:
        raise ValueError("vocabulary is empty: give at least one word.")
    seen = set()
    for word in words:
        if not isinstance(word, str):
            raise TypeError(
                f"vocabulary holds {word!r} of type {type(word).__name__}: "
                "every word must be a string."
            )
        if word in seen:
            raise ValueError(f"vocabulary holds {word!r} twice: remove one of them.")
        seen.add(word)
    return words


def _counts_by_word(parts, at_least):
    """Return a dict word → occurrences, of words that occur often enough."""
    total = {}
    for documents in parts:
        counts = token_counts(documents)
        frequent = np.flatnonzero(counts >= max(at_least, 1))
        words = documents.table.take(frequent)
        for word, count in zip(words, counts[frequent].tolist(), strict=True):
            total[word] = total.get(word, 0) + count
    return total


def _nothing_left(limits):
    """Name the parameters that emptied the vocabulary."""
    names = [name for name, value in limits.items() if value]
    reason = " and ".join(names) if names else "the token pattern"
    return (
        f"Empty vocabulary: {reason} left no word. "
        f"Lower or relax {'it' if len(names) < 2 else 'them'}, or give more documents."
    )
