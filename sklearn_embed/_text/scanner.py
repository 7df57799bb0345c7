"""Where tokens begin and end in documents: strings in, hashed tokens out."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sklearn_embed._kernels.token_table import hash_tokens
from sklearn_embed._kernels.tokenize import SLACK, find_edges, find_wide_edges
from sklearn_embed._text.unicode_tables import char_table

#: Characters read at once: their buffers fit into the second-level cache.
BATCH_CHARS = 1 << 18

#: Documents read at once, however short they are.
BATCH_DOCUMENTS = 1 << 13

#: What follows a text, so that vectors can be read at its end.
_PADDING = bytes(SLACK)


def batches(documents):
    """Yield number and list of some documents, of bounded length unless only one."""
    first, n = 0, 1
    while first < len(documents):
        some = documents[first : first + min(2 * n + 16, BATCH_DOCUMENTS)]
        sizes = np.cumsum(np.fromiter(map(len, some), np.int64, len(some)))
        n = max(1, int(np.searchsorted(sizes, BATCH_CHARS, "right")))
        yield first, some[:n]
        first += n


class Batch(NamedTuple):
    """The tokens of some documents, found and hashed but not yet numbered."""

    text: np.ndarray  # lowered UTF-8
    spans: np.ndarray  # start and length of token after token
    hashes: np.ndarray
    lengths: np.ndarray  # tokens of each document


class Scanner:
    """Finds and hashes the tokens of documents; holds nothing that changes."""

    # Fewer bits make tokens collide: a test does that.
    hash_mask = np.uint64(0xFFFFFFFF)

    def __init__(self, lowercase, char_class, shortest):
        self.lowercase = bool(lowercase)
        self.shortest = shortest
        self.table = char_table(char_class, self.lowercase)
        self.outside = re.compile(char_class.swapcase())

    def scan(self, documents):
        """Return the Batch of a list of strings."""
        batch = self._scan(documents)
        if batch is None:
            # A letter whose small form depends on its neighbours, or is longer than
            # one character: Python lowers the documents that have one.
            batch = self._scan([self._lowered(text) for text in documents])
        return batch

    def _lowered(self, text):
        special = any(char in text for char in self.table.special)
        return text.lower() if special else text

    def pieces(self, text):
        """Yield a long string in pieces that have the same tokens, one by one."""
        start = 0
        while len(text) - start > BATCH_CHARS:
            stop = self._gap(text, start + BATCH_CHARS)
            yield text[start:stop]
            start = stop
        yield text[start:]

    def _gap(self, text, start):
        """Return the next place where a string may be cut."""
        for match in self.outside.finditer(text, start):
            # What stands beyond it must not decide how a letter is lowered, which
            # an apostrophe, for one, lets pass.
            if not self.lowercase or separates(match[0]):
                return match.start()
        return len(text)

    def _scan(self, documents):
        find = self._find if mostly_ascii(documents) else self._find_wide
        ends = np.empty(len(documents), np.int32)
        found = find(documents, ends)
        if found is None:
            return None
        out, edges = found
        hashes = np.empty(int(ends[-1]) // 2 + 1, np.uint32)
        lengths = np.empty(len(documents), np.int64)
        n_tokens = hash_tokens(
            out, edges, ends, self.shortest, self.hash_mask, hashes, lengths
        )
        return Batch(out, edges, hashes[:n_tokens], lengths)

    def _find(self, documents, ends):
        """Find the tokens of text that is mostly ASCII, by UTF-8."""
        text = joined(utf8(documents))
        n_bytes = len(text) - SLACK
        out, edges = room(2 * n_bytes, n_bytes)
        blocks, entries, ranges, _ = self.table
        done = find_edges(text, n_bytes, blocks, entries, ranges, out, edges, ends)
        return (out, edges) if done else None

    def _find_wide(self, documents, ends):
        """Find the tokens of other text, by code points, twice as fast there."""
        text = "".join(documents).encode("utf-32-le", "surrogatepass")
        codes = np.frombuffer(text, np.uint32)
        stops = np.cumsum(np.fromiter(map(len, documents), np.int64, len(documents)))
        # A word of one letter has two ends.
        out, edges = room(4 * len(codes), len(codes) + len(documents))
        blocks, entries, _, _ = self.table
        done = find_wide_edges(codes, stops, blocks, entries, out, edges, ends)
        return (out, edges) if done else None


def mostly_ascii(documents):
    """Tell, by a sample, whether UTF-8 is the faster way through some documents."""
    step = -(-len(documents) // 32)
    n_characters = 8192 // -(-len(documents) // step)
    sample = "".join([text[:n_characters] for text in documents[::step]])
    # One character in 25 or so that is no ASCII makes the two equally fast.
    return 24 * sum(map(len, utf8([sample]))) <= 25 * len(sample)


def room(n_bytes, n_edges):
    """Return arrays for so many bytes of text and ends of tokens."""
    if n_bytes >= 2**31 - SLACK:
        raise OverflowError("A document of 2**29 characters has no gap to cut it at.")
    return np.empty(n_bytes + SLACK, np.uint8), np.empty(n_edges + SLACK, np.int32)


@lru_cache(maxsize=1024)
def separates(char):
    """Tell whether letters on both sides of a character are lowered independently."""
    left = ("a\u03a3" + char + "a").lower() == "a\u03c2" + char + "a"
    right = ("a" + char + "\u03a3").lower() == "a" + char + "\u03c3"
    return left and right


def utf8(documents):
    """Return strings as a list of bytes."""
    try:
        return [*map(str.encode, documents)]
    except UnicodeEncodeError:  # a lone surrogate
        return [text.encode("utf-8", "surrogatepass") for text in documents]


def joined(encoded):
    """Return bytes as one array, 255 after each of them, then padding."""
    return np.frombuffer(b"\xff".join([*encoded, _PADDING]), np.uint8)
