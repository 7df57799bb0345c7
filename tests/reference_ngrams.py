"""Interpolated modified Kneser-Ney, slowly: Chen and Goodman (1999), section 3.

Dictionaries from tuples of words to counts, in float64; "<s>" and "</s>" are words.
Numbers of n-grams that begin with "<s>" are their counts, since nothing precedes them.
"""

# SPDX-License-Identifier: BSD-3-Clause

from collections import Counter, defaultdict

FALLBACK = (0.5, 1.0, 1.5)


def raw_counts(documents, order):
    """Return Counter of n-grams, by length, of documents that are lists of words."""
    counts = {n: Counter() for n in range(1, order + 1)}
    for document in documents:
        words = ["<s>", *document, "</s>"]
        for end in range(1, len(words)):
            for n in range(1, order + 1):
                if end + 1 - n >= 0:
                    counts[n][tuple(words[end + 1 - n : end + 1])] += 1
    return counts


def numbers_of(documents, order):
    """Return how often, or after how many different words, each n-gram occurs."""
    raw = raw_counts(documents, order)
    numbers = {order: raw[order]}
    for n in range(1, order):
        before = defaultdict(set)
        for ngram in raw[n + 1]:
            before[ngram[1:]].add(ngram[0])
        numbers[n] = {
            ngram: count if ngram[0] == "<s>" else len(before[ngram])
            for ngram, count in raw[n].items()
        }
    return numbers


def discounts_of(numbers):
    """Return D1, D2 and D3+ of the numbers of one length; equation 26."""
    n1, n2, n3, n4 = (sum(c == k for c in numbers.values()) for k in (1, 2, 3, 4))
    if 0 in (n1, n2, n3):
        return FALLBACK
    y = n1 / (n1 + 2 * n2)
    found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    return found if min(found) > 0 else FALLBACK


class KneserNey:
    """The model of documents in which every word is one of `vocabulary`."""

    def __init__(self, documents, order, vocabulary):
        self.order = order
        self.outcomes = [*vocabulary, "<unk>", "</s>"]
        self.numbers = numbers_of(documents, order)
        self.discounts = {n: discounts_of(self.numbers[n]) for n in self.numbers}
        self.followers = defaultdict(dict)
        for numbers in self.numbers.values():
            for ngram, number in numbers.items():
                self.followers[ngram[:-1]][ngram[-1]] = number

    def proba(self, word, context):
        """Return the probability of a word after some others; equation 20."""
        context = tuple(context)
        if len(context) >= self.order:
            context = context[len(context) - self.order + 1 :]
        if context:
            shorter = self.proba(word, context[1:])
        else:
            shorter = 1 / len(self.outcomes)
        found = self.followers.get(context)
        if not found:
            return shorter
        discounts = self.discounts[len(context) + 1]
        lost = {other: discounts[min(c, 3) - 1] for other, c in found.items()}
        total = sum(found.values())
        kept = max(found.get(word, 0) - lost.get(word, 0), 0)
        return (kept + sum(lost.values()) * shorter) / total
