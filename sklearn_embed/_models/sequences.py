"""Documents as language models read them: rows of words, and an end mark each.

With V words, ids 0 … V - 1 are the rows of words, V stands for every other word, and
V + 1 for the end of a document, which is predicted like a word.  The same mark stands
before the first word, where it is not predicted.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple, Protocol

import numpy as np

from sklearn_embed._core.arrays import readonly

#: How the marks are written: any other word, the beginning, the end of a document.
UNKNOWN, BEGIN, END = "<unk>", "<s>", "</s>"

#: What is no word of a vocabulary, whatever the texts hold.
MARKS = (UNKNOWN, BEGIN, END)

#: Ids beyond those of words: `UNKNOWN` and `END`.
N_MARKS = 2

#: Tokens that are encoded at once where all need not be there together.
BLOCK_TOKENS = 1 << 20


class Sequences(NamedTuple):
    """Ids of documents, end to end."""

    ids: np.ndarray  # (n,) int32: those of a document, then V + 1
    offsets: np.ndarray  # (n_documents + 1,) int64: where each document begins


class SequenceModel(Protocol):
    """What a language model does, however it has learned it.

    A state is what it knows of the words before; it is never changed in place.
    """

    def start(self) -> Any:
        """Return the state before the first word of a document."""

    def advance(self, state: Any, word: int) -> Any:
        """Return the state after one more word, given by its id."""

    def next_log_proba(self, state: Any) -> np.ndarray:
        """Return the log-probability of each id, float64 (V + 2,), to be changed."""

    def log_proba(self, sequences: Sequences, n_jobs: int = 1) -> np.ndarray:
        """Return the log-probability of each id given those before, float64 (n,)."""


def encode(documents, rows, n_words):
    """Return documents as `Sequences`.

    Parameters
    ----------
    documents : TokenizedDocuments
        The documents.
    rows : ndarray of shape (n_tokens,), int32
        Row of each token of their table, below 0 where it has none.
    n_words : int
        V.
    """
    ids = rows[documents.flat_ids()]
    offsets = documents.offsets + np.arange(len(documents.offsets))
    out = np.full(len(ids) + len(documents), n_words + 1, np.int32)
    is_word = np.ones(len(out), bool)
    is_word[offsets[1:] - 1] = False
    out[is_word] = np.where(ids < 0, np.int32(n_words), ids)
    return Sequences(readonly(out), readonly(offsets, np.int64))


def encoded_blocks(documents, rows, n_words, n_tokens=BLOCK_TOKENS):
    """Yield documents as `Sequences`, about so many tokens at a time."""
    for block in documents.blocks(n_tokens):
        yield encode(block, rows, n_words)


def draw_word(log_proba, temperature, top_k, rng):
    """Draw an id by its log-probability, with one number of a generator.

    Parameters
    ----------
    log_proba : ndarray of shape (n,), float64
        Changed in place.  -inf: never drawn.
    temperature : float
        Log-probabilities are divided by it; 0: the likeliest.
    top_k : int or None
        Only the likeliest ones are drawn; of equals, those with lower ids.
    rng : RandomState
        Where the number comes from.
    """
    if temperature == 0:
        return int(np.argmax(log_proba))
    if top_k is not None and top_k < len(log_proba):
        least = np.partition(log_proba, -top_k)[-top_k]
        equal = np.flatnonzero(log_proba == least)
        n_above = np.count_nonzero(log_proba > least)
        log_proba[log_proba < least] = -np.inf
        log_proba[equal[top_k - n_above :]] = -np.inf
    log_proba -= log_proba.max()
    with np.errstate(over="ignore", under="ignore"):
        sums = np.cumsum(np.exp(log_proba / temperature))
    # Below the last sum, whatever rounding makes of the product.
    drawn = np.searchsorted(sums, rng.random_sample() * sums[-1], side="right")
    return int(min(drawn, np.searchsorted(sums, sums[-1])))
