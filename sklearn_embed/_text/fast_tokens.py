"""The compiled way from documents to token ids, for the patterns that have one."""

# SPDX-License-Identifier: BSD-3-Clause

import re
import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from sklearn_embed._kernels.tokenize import (
    SLACK,
    find_edges,
    hash_tokens,
    move_slots,
    number_tokens,
)
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.unicode_tables import char_table

#: Patterns with a compiled form: the characters of a token, and how many at least.
PATTERNS = {
    r"\b\w\w+\b": (r"\w", 2),
    r"\w\w+": (r"\w", 2),
    r"\w{2,}": (r"\w", 2),
    r"\b\w+\b": (r"\w", 1),
    r"\w+": (r"\w", 1),
    r"\S\S+": (r"\S", 2),
    r"\S{2,}": (r"\S", 2),
    r"\S+": (r"\S", 1),
}

#: Characters read at once: their buffers fit into the second-level cache.
BATCH_CHARS = 1 << 18

#: Documents read at once, however short they are.
BATCH_DOCUMENTS = 1 << 13

#: What follows a text, so that vectors can be read at its end.
_PADDING = bytes(SLACK)


def compiled_form(token_pattern):
    """Return the class of characters and least length of a pattern, or None."""
    if sys.byteorder == "big" or not isinstance(token_pattern, str):
        return None
    return PATTERNS.get(token_pattern.removeprefix("(?u)"))


def fast_encoder(lowercase, token_pattern):
    """Return a FastEncoder, or None where the pattern has no compiled form."""
    form = compiled_form(token_pattern)
    return None if form is None else FastEncoder(lowercase, *form)


def fast_lookup(words, lowercase, token_pattern):
    """Return a FastLookup of words, or None where the pattern has no compiled form."""
    form = compiled_form(token_pattern)
    return None if form is None else FastLookup(words, lowercase, *form)


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
        self.plain_table = char_table(char_class, False)
        self.outside = re.compile(char_class.swapcase())

    def scan(self, documents):
        """Return the Batch of a list of strings."""
        batch = self._scan(documents, self.table)
        if batch is None:
            # A letter whose small form depends on its neighbours, or is longer than
            # one character: Python lowers these documents.
            batch = self._scan([text.lower() for text in documents], self.plain_table)
        return batch

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

    def _scan(self, documents, table):
        text = joined(utf8(documents))
        n_bytes = len(text) - SLACK
        if n_bytes >= 2**30:
            raise OverflowError("a document has 2**30 bytes without a gap for a cut")
        out = np.empty(2 * n_bytes + SLACK, np.uint8)
        edges = np.empty(n_bytes + SLACK, np.int32)
        ends = np.empty(len(documents), np.int32)
        if not find_edges(text, n_bytes, *table, out, edges, ends):
            return None
        n_runs = int(ends[-1]) // 2 if len(ends) else 0
        hashes = np.empty(n_runs + 1, np.uint32)
        lengths = np.empty(len(documents), np.int64)
        n_tokens = hash_tokens(
            out, edges, ends, self.shortest, self.hash_mask, hashes, lengths
        )
        return Batch(out, edges, hashes[:n_tokens], lengths)


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


class HashTable:
    """Distinct tokens, numbered in the order in which they came.

    One thread may add tokens while others look tokens up: arrays that have become
    too small are replaced and never moved, and whoever still reads the old ones
    only knows fewer tokens.
    """

    def __init__(self):
        slots = np.zeros(1 << 12, np.uint64)
        offsets = np.zeros(1 << 11, np.int64)
        self.arrays = slots, offsets, np.zeros(1 << 14, np.uint8)
        self.sizes = np.zeros(2, np.int64)

    def __len__(self):
        return int(self.sizes[0])

    def look_up(self, batch):
        """Return the ids of a batch's tokens, -1 where a token is unknown."""
        ids = np.full(len(batch.hashes), -1, np.int32)
        self._number(batch, 0, ids, False)
        return ids

    def add(self, batch, ids):
        """Give ids to the tokens that have none yet, new ones where needed."""
        done = 0
        while (done := self._number(batch, done, ids, True)) < len(ids):
            self._grow(int(batch.spans[2 * done + 1]))

    def add_words(self, words, hash_mask):
        """Give a list of distinct words the numbers of their places in it."""
        for first, some in batches(words):
            batch = batch_of_words(some, hash_mask)
            ids = np.full(len(some), -1, np.int32)
            self.add(batch, ids)
            if len(self) != first + len(some):
                raise ValueError("The words of a vocabulary must differ.")

    def _number(self, batch, first, ids, grow):
        text, spans, hashes, _ = batch
        table, sizes = self.arrays, self.sizes
        return number_tokens(
            text, spans, hashes, first, len(ids), table, sizes, ids, grow
        )

    def _grow(self, n_bytes):
        """Make room for more tokens, the next one having so many bytes."""
        slots, offsets, blob = self.arrays
        n_tokens, used = self.sizes
        if 2 * (n_tokens + 1) >= len(slots):
            larger = np.zeros(2 * len(slots), np.uint64)
            move_slots(slots, larger)
            slots = larger
        if n_tokens + 2 > len(offsets):
            offsets = enlarged(offsets, n_tokens + 1, 1)
        if used + n_bytes + SLACK > len(blob):
            blob = enlarged(blob, used, n_bytes + SLACK)
        self.arrays = slots, offsets, blob

    def to_token_table(self):
        """Return a copy of the distinct tokens."""
        _, offsets, blob = self.arrays
        n_tokens, used = self.sizes
        return TokenTable(blob[:used].copy(), offsets[: n_tokens + 1].copy())


def batch_of_words(words, hash_mask):
    """Return the Batch in which every string is a token."""
    encoded = utf8(words)
    text = joined(encoded).copy()  # copied to be as writable as any other
    lengths = np.fromiter(map(len, encoded), np.int32, len(words))
    edges = np.repeat(np.cumsum(lengths + 1, dtype=np.int32) - 1, 2)
    edges[::2] -= lengths
    ends = np.array([len(edges)], np.int32)
    hashes = np.empty(len(words) + 1, np.uint32)
    hash_tokens(text, edges, ends, 1, hash_mask, hashes, np.empty(1, np.int64))
    return Batch(text, edges, hashes[:-1], None)


def enlarged(array, used, more):
    """Return a copy with room for half as much again, and for `more` at least."""
    larger = np.zeros(used + max(used // 2, more), array.dtype)
    larger[:used] = array[:used]
    return larger


class Growing:
    """An int32 array that is appended to in place."""

    def __init__(self):
        self.array = np.empty(0, np.int32)
        self.used = 0

    def append(self, values):
        """Add values at the end."""
        end = self.used + len(values)
        if end > len(self.array):
            # Reallocated in place where the system can, so by small steps.
            self.array.resize(end + end // 8, refcheck=False)
        self.array[self.used : end] = values
        self.used = end

    def result(self):
        """Return what was added; nothing can be added any more."""
        array, self.array = self.array, None
        array.resize(self.used, refcheck=False)
        return array


class FastEncoder:
    """Turns documents into ids; a token's id is its rank in order of appearance."""

    def __init__(self, lowercase, char_class, shortest):
        self.scanner = Scanner(lowercase, char_class, shortest)
        self.hash_table = HashTable()

    def __len__(self):
        return len(self.hash_table)

    def encode(self, documents, n_jobs=1):
        """Return the ids (int32) of all tokens and the documents' lengths (int64).

        With several threads, each finds the tokens of a batch and looks them up
        while this one numbers, batch after batch, those that were not known yet.
        """
        read = self._read if n_jobs == 1 else self._read_ahead
        ids, lengths = Growing(), np.zeros(len(documents), np.int64)
        for first, batch, found in in_order(read, self._pieces(documents), n_jobs):
            self.hash_table.add(batch, found)
            # Added, since the pieces of a very long document come one by one.
            lengths[first : first + len(batch.lengths)] += batch.lengths
            ids.append(found)
        return ids.result(), lengths

    def _pieces(self, documents):
        for first, some in batches(documents):
            if len(some) > 1:
                yield first, some
            else:
                for text in self.scanner.pieces(some[0]):
                    yield first, [text]

    def _read(self, piece):
        first, documents = piece
        batch = self.scanner.scan(documents)
        return first, batch, np.full(len(batch.hashes), -1, np.int32)

    def _read_ahead(self, piece):
        first, documents = piece
        batch = self.scanner.scan(documents)
        return first, batch, self.hash_table.look_up(batch)

    def table(self):
        """Return the TokenTable of the tokens seen so far."""
        return self.hash_table.to_token_table()


class FastLookup:
    """Turns documents into rows of a fixed list of words, -1 for other tokens."""

    def __init__(self, words, lowercase, char_class, shortest):
        self.scanner = Scanner(lowercase, char_class, shortest)
        self.hash_table = HashTable()
        self.hash_table.add_words(words, self.scanner.hash_mask)

    def encode(self, documents, n_jobs=1):
        """Return the rows (int32) of all tokens and the documents' lengths (int64)."""
        rows, lengths = Growing(), np.zeros(len(documents), np.int64)
        for first, found, some in in_order(self._read, batches(documents), n_jobs):
            rows.append(found)
            lengths[first : first + len(some)] = some
        return rows.result(), lengths

    def map(self, function, documents, n_jobs=1):
        """Return ``function(first, rows, lengths)`` for batch after batch.

        Called in the thread that looked the batch up, with the number of its first
        document, so that what is made of the rows is made while the next batch is
        read.  No document is divided between two batches.
        """

        def read(some):
            return function(*self._read(some))

        return list(in_order(read, batches(documents), n_jobs))

    def _read(self, some):
        first, documents = some
        if len(documents) > 1:
            batch = self.scanner.scan(documents)
            return first, self.hash_table.look_up(batch), batch.lengths
        parts = [
            self.hash_table.look_up(self.scanner.scan([text]))
            for text in self.scanner.pieces(documents[0])
        ]
        rows = np.concatenate(parts) if len(parts) > 1 else parts[0]
        return first, rows, np.array([len(rows)])


def batches(documents):
    """Yield number and list of some documents, of bounded length unless only one."""
    first, n = 0, 1
    while first < len(documents):
        some = documents[first : first + min(2 * n + 16, BATCH_DOCUMENTS)]
        sizes = np.cumsum(np.fromiter(map(len, some), np.int64, len(some)))
        n = max(1, int(np.searchsorted(sizes, BATCH_CHARS, "right")))
        yield first, some[:n]
        first += n


def in_order(function, items, n_jobs):
    """Yield ``function(item)`` for each item, in order, on so many threads."""
    items = iter(items)
    begun = [*islice(items, 2)]
    if n_jobs == 1 or len(begun) < 2:
        yield from map(function, chain(begun, items))
        return
    with ThreadPoolExecutor(n_jobs) as pool:
        waiting = deque()
        try:
            for item in chain(begun, items):
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * n_jobs:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
