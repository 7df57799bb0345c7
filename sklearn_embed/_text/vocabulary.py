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

    def __init__(self, words, counts=(), index=None):
        self.words = words
        self.counts = np.asarray(counts, np.int64)
        if index is None:
            index = {word: row for row, word in enumerate(words)}
        self.index = index

    def __len__(self):
        return len(self.words)

    def counted(self, parts):
        """Return the same words with their counts in some TokenizedDocuments."""
        found = counts_by_word(parts)
        counts = [found.get(word, 0) for word in self.words]
        return Vocabulary(self.words, counts, self.index)

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
    counts = counts_by_word(parts, min_count if len(parts) == 1 else 1)
    kept = frequent_words(counts, min_count, max_features, stop_words, vocabulary)
    if not kept:
        raise empty_vocabulary(min_count, stop_words, vocabulary)
    return Vocabulary(list(kept), list(kept.values()))


def frequent_words(counts, min_count, max_features, stop_words, vocabulary):
    """Return the words of a dict word → count that meet all limits, in order."""
    left_out = stop_word_set(stop_words)
    admitted = counts if vocabulary is None else set(given_words(vocabulary))
    kept = sorted(
        (-count, word)
        for word, count in counts.items()
        if count >= min_count and word in admitted and word not in left_out
    )
    return {word: -count for count, word in kept[:max_features]}


def empty_vocabulary(min_count, stop_words, vocabulary):
    """Return the error that names the parameters which left no word."""
    limits = {
        "min_count": min_count > 1,
        "stop_words": bool(stop_words),
        "vocabulary": vocabulary is not None,
    }
    names = [name for name, active in limits.items() if active]
    if not names:
        return ValueError(
            "Empty vocabulary: the documents contain no tokens. Check token_pattern "
            "and tokenizer, or give documents with words."
        )
    return ValueError(
        f"Empty vocabulary: {' and '.join(names)} left no word. Relax "
        f"{'it' if len(names) == 1 else 'them'}, or give more documents."
    )


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


def counts_by_word(parts, at_least=1):
    """Return a dict word → occurrences, of words that occur often enough."""
    total = {}
    for documents in parts:
        counts = token_counts(documents)
        frequent = np.flatnonzero(counts >= max(at_least, 1))
        words = documents.table.take(frequent)
        for word, count in zip(words, counts[frequent].tolist(), strict=True):
            total[word] = total.get(word, 0) + count
    return total
