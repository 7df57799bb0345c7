"""Texts in scripts without blanks between words, which patterns do not cut."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings
from typing import NamedTuple

import numpy as np

from sklearn_embed._text.compiled import compiled_form
from sklearn_embed._text.documents import shortened


class Script(NamedTuple):
    """A script without blanks between words, or several."""

    ranges: tuple  # of pairs: first and last character
    remedy: str  # a function that finds words


#: The first one that has a tenth of such characters names the remedy: Japanese is
#: written with Chinese characters, too.
SCRIPTS = (
    Script(
        ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
        "a function that finds words, such as those of fugashi or SudachiPy for "
        "Japanese",
    ),
    Script(
        (
            *((0x3005, 0x3007), (0x3100, 0x312F), (0x3400, 0x4DBF)),
            *((0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
        ),
        "a function that finds words, such as jieba.lcut for Chinese",
    ),
    Script(
        ((0x0E00, 0x0E7F),),
        "a function that finds words, such as pythainlp.word_tokenize for Thai",
    ),
    # Lao; Burmese; Khmer; Tai Le, New Tai Lue; Tai Tham; Tai Viet.
    Script(
        (
            *((0x0E80, 0x0EFF), (0x1000, 0x109F), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
            *((0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF), (0xAA80, 0xAADF)),
        ),
        "a function that finds words of this language",
    ),
)
_RANGES = sorted(
    (first, last, number)
    for number, script in enumerate(SCRIPTS)
    for first, last in script.ranges
)
_FIRST, _LAST, _NUMBER = np.array(_RANGES).T

#: Distinct tokens that are looked at, and the characters from which on it is a text.
LOOKED_AT, LEAST = 20_000, 100


def warn_if_unspaced(documents, stacklevel=2):
    """Warn where most of a text is in such a script and a pattern cut it.

    Parameters
    ----------
    documents : TokenizedDocuments
        Made of strings by its options, or of tokens, which nobody cut.
    stacklevel : int, default=2
        As of a warning by the caller: 2 is where that is called.
    """
    options = documents.options
    if (
        options is None
        or options.tokenizer is not None
        or options.analyzer != "word"
        or not finds_words(options.token_pattern)
    ):
        return
    table = documents.table
    n = min(len(table), LOOKED_AT)
    # Such characters have three bytes, of which the first is that large.
    some = table.blob[: table.offsets[n]]
    if 10 * np.count_nonzero(some >= 0xE0) < len(some) or not len(some):
        return
    ids = documents.ids[: 50 * LOOKED_AT]
    counts = np.bincount(ids[ids < n], minlength=n)
    tokens = table.take(slice(0, n))
    lengths = np.fromiter(map(len, tokens), np.int64, n)
    numbers = scripts_of("".join(tokens))
    weights = np.repeat(counts, lengths)
    shares = np.bincount(numbers + 1, weights, len(SCRIPTS) + 1)
    unspaced = shares[1:].sum()
    if unspaced < LEAST or unspaced <= shares[0]:
        return
    remedy = SCRIPTS[int(np.argmax(10 * shares[1:] >= unspaced))].remedy
    sums = np.concatenate([[0], np.cumsum(numbers >= 0)])
    ends = np.cumsum(lengths)
    example = tokens[int(np.argmax(sums[ends] - sums[ends - lengths]))]
    warnings.warn(
        "Most of the text is in a script without blanks between words, of which "
        "token_pattern finds phrases or fragments instead of words, such as "
        f"{shortened(example)}. Give tokenizer='char', or {remedy}.",
        UserWarning,
        stacklevel=stacklevel + 1,
    )


def finds_words(pattern):
    """Tell whether a regular expression is known to take letters in a row as words."""
    return compiled_form(pattern) is not None


def scripts_of(text):
    """Return the number of each character's script, -1 if it is none of these.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    ndarray of shape (n_characters,), int64
    """
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    place = np.searchsorted(_FIRST, codes, "right") - 1
    within = (place >= 0) & (codes <= _LAST[place])
    return np.where(within, _NUMBER[place], -1)
