"""From strings to tokens, as ``CountVectorizer`` does it."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from collections.abc import Callable
from typing import Any, NamedTuple

DEFAULT_PATTERN = r"(?u)\b\w\w+\b"


class TextOptions(NamedTuple):
    """How strings become tokens; names and defaults are ``CountVectorizer``'s."""

    lowercase: bool = True
    strip_accents: Any = None
    preprocessor: Callable | None = None
    tokenizer: Any = None
    token_pattern: str | None = DEFAULT_PATTERN


def make_preprocess(options):
    """Return the function that prepares a string, or None where nothing is to do."""
    if options.preprocessor is not None:
        return options.preprocessor
    strip = options.strip_accents
    if isinstance(strip, str):
        from sklearn.feature_extraction import text as sklearn_text

        strip = getattr(sklearn_text, f"strip_accents_{strip}")
    if not options.lowercase:
        return strip
    if strip is None:
        return str.lower
    return lambda text: strip(text.lower())


def make_split(options):
    """Return the function that cuts a prepared string into a list of tokens."""
    if options.tokenizer == "char":
        return lambda text: [char for char in text if not char.isspace()]
    if options.tokenizer is not None:
        return options.tokenizer
    if options.token_pattern is None:
        raise ValueError(
            "token_pattern is None and there is no tokenizer: give one of the two."
        )
    pattern = re.compile(options.token_pattern)
    if pattern.groups > 1:
        raise ValueError(
            f"token_pattern {options.token_pattern!r} has {pattern.groups} capturing "
            "groups, at most one is allowed: write the others as (?:…)."
        )
    return pattern.findall


class Encoder:
    """A growing table of distinct tokens; ids in the order of first sight."""

    def __init__(self):
        self._index = _Index()

    def encode(self, documents):
        """Return the ids of all tokens, and the number of tokens per document."""
        ids, lengths = [], []
        lookup = self._index.__getitem__
        for tokens in documents:
            before = len(ids)
            ids.extend(map(lookup, tokens))
            lengths.append(len(ids) - before)
        return ids, lengths

    def tokens(self):
        """Return the distinct tokens, by id."""
        return list(self._index)


class _Index(dict):
    """A dict that gives every new key the next number."""

    def __missing__(self, key):
        number = self[key] = len(self)
        return number


def stop_word_set(stop_words):
    """Return the words to leave out, as a set."""
    if stop_words is None:
        return frozenset()
    if isinstance(stop_words, str):
        if stop_words != "english":
            raise ValueError(
                f"There is no list of stop words for {stop_words!r}: "
                "give 'english', or a list of words."
            )
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        return ENGLISH_STOP_WORDS
    return frozenset(stop_words)
