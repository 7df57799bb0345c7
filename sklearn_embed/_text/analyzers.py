"""Analyzers: how a string becomes words or n-grams of characters, in plain Python."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from numbers import Integral

_SPACES = re.compile(r"\s\s+")

#: Analyzers that cut strings into runs of characters.
BY_CHARACTER = ("char", "char_wb")


def checked_range(ngram_range):
    """Return `ngram_range` if it is one."""
    if (
        len(ngram_range) != 2
        or not all(isinstance(n, Integral) for n in ngram_range)
        or not 1 <= ngram_range[0] <= ngram_range[1]
    ):
        raise ValueError(
            f"ngram_range={ngram_range} must be two integers, the first at least 1 "
            "and the second no less."
        )
    return ngram_range


def without_word_ngrams(analyzer, ngram_range):
    """Return `ngram_range`, if it is of characters: n-grams of words overlap."""
    ngram_range = tuple(checked_range(ngram_range))
    if ngram_range != (1, 1) and analyzer not in BY_CHARACTER:
        kind = repr(analyzer) if isinstance(analyzer, str) else "a function"
        raise ValueError(
            f"ngram_range={ngram_range} is for analyzer='char' and 'char_wb', not for "
            f"{kind}: n-grams of words overlap and have no neighbours. OneHotTokens "
            "counts them, FastTextClassifier has word_ngrams."
        )
    return ngram_range


def char_terms(text, shortest, longest):
    """Return all runs of so many characters, the shortest first."""
    text = _SPACES.sub(" ", text)
    return [
        text[place : place + n]
        for n in range(shortest, min(longest, len(text)) + 1)
        for place in range(len(text) - n + 1)
    ]


def char_terms_of_words(text, shortest, longest):
    """Return the same of each word with a blank on both sides.

    A word that is shorter than n with its blanks counts once, as a whole.
    """
    terms = []
    for word in text.split():
        word = f" {word} "
        for n in range(shortest, max(min(longest, len(word)), shortest) + 1):
            last = max(len(word) - n, 0)
            terms += [word[place : place + n] for place in range(last + 1)]
    return terms


def word_terms(words, shortest, longest):
    """Return all runs of so many words, joined by blanks, the shortest first."""
    if longest == 1:
        return words
    return [
        " ".join(words[place : place + n])
        for n in range(shortest, min(longest, len(words)) + 1)
        for place in range(len(words) - n + 1)
    ]
