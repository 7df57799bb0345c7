"""Texts in scripts without blanks between words, which patterns do not cut."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings

import numpy as np

from sklearn_embed._text.compiled import compiled_form
from sklearn_embed._text.documents import shortened

#: Thai, Lao, Burmese, Khmer, Japanese and Chinese characters, first and last.
UNSPACED = np.array(
    [
        *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF)),
        *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
    ]
)

#: Distinct tokens that are looked at, and the characters from which on it is a text.
LOOKED_AT, LEAST = 20_000, 100


def warn_if_unspaced(documents):
    """Warn where most of a text is in such a script and a pattern cut it.

    Parameters
    ----------
    documents : TokenizedDocuments
        Made of strings by its options, or of tokens, which nobody cut.
    """
    options = documents.options
    if (
        options is None
        or options.tokenizer is not None
        or options.analyzer != "word"
        or compiled_form(options.token_pattern) is None
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
    text = "".join(tokens).encode("utf-32-le", "surrogatepass")
    place = np.searchsorted(UNSPACED.ravel(), np.frombuffer(text, np.uint32), "right")
    within = (place % 2 == 1) | np.isin(np.frombuffer(text, np.uint32), UNSPACED[:, 1])
    sums = np.concatenate([[0], np.cumsum(within)])
    ends = np.cumsum(lengths)
    unspaced = sums[ends] - sums[ends - lengths]
    weight = int(unspaced @ counts)
    if weight < LEAST or 2 * weight <= lengths @ counts:
        return
    example = tokens[int(np.argmax(unspaced))]
    warnings.warn(
        "Most of the text is in a script without blanks between words, so that "
        f"token_pattern takes whole phrases for words, such as {shortened(example)}. "
        "Give tokenizer='char', or a function that finds words, such as jieba.lcut "
        "for Chinese.",
        UserWarning,
        stacklevel=3,
    )
