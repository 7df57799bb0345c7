"""Words of texts and words of vectors that are spelt unlike: what may help."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from itertools import islice

#: Words of the vectors that are looked through for one like those of the texts.
LOOKED_THROUGH = 200_000

_PARTS = re.compile(r"[/_|#]")


def compared(unknown, words):
    """Return a sentence about a word without a vector, and one with a vector.

    Parameters
    ----------
    unknown : list of str
        Some words of the texts that have no vector, the most frequent first.
    words : sequence of str
        The words that have one.
    """
    wanted, example = {word.casefold(): word for word in reversed(unknown)}, None
    for word in islice(words, LOOKED_THROUGH):
        folded = word.casefold()
        if folded in wanted:
            return (
                f"{wanted[folded]!r} has no vector, but {word!r} has: spell them "
                "alike, e.g. by lowercase=False or by lowercasing the vectors' words."
            )
        if example is None:
            parts = [part for part in _PARTS.split(folded) if part in wanted]
            example = (wanted[parts[0]], word) if parts else None
    if example is not None:
        return (
            f"{example[0]!r} has no vector, but {example[1]!r} has: give vectors with "
            "plain words, without prefixes, tags and underscores, or a tokenizer that "
            "writes words as the vectors do."
        )
    other = f"{words[0]!r} has one: c" if len(words) else "c"
    return (
        f"{unknown[0]!r} has no vector, {other}heck that both are of one "
        "language and spelt alike (lowercase, strip_accents, tokenizer)."
    )
