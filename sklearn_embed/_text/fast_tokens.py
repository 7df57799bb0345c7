"""The compiled way from documents to token ids, for the patterns that have one."""

# SPDX-License-Identifier: BSD-3-Clause

import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from itertools import chain, islice

import numpy as np

from sklearn_embed._text.growing import Growing
from sklearn_embed._text.hash_table import HashTable
from sklearn_embed._text.scanner import Scanner, batches

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


class FastEncoder:
    """Turns documents into ids; a token's id is its rank in order of appearance."""

    def __init__(self, lowercase, char_class, shortest):
        self.scanner = Scanner(lowercase, char_class, shortest)
        self.hash_table = HashTable()

    def __len__(self):
        return len(self.hash_table)

    def restarted(self, words):
        """Return an encoder that gives these words the first ids."""
        fresh = copy(self)
        fresh.hash_table = HashTable()
        fresh.hash_table.add_words(words, self.scanner.hash_mask)
        return fresh

    def encode(self, documents, n_jobs=1):
        """Return the ids (int32) of all tokens and the documents' lengths (int64).

        With several threads, each finds the tokens of a batch and looks them up
        while this one numbers, batch after batch, those that were not known yet.
        """
        read = self._read if n_jobs == 1 else self._read_ahead
        ids, lengths = Growing(np.int32), np.zeros(len(documents), np.int64)
        for first, some, found, where, unknown in in_order(
            read, self._pieces(documents), n_jobs
        ):
            found[where] = self.hash_table.add(unknown)
            ids.append(found)
            # Added, since the pieces of a very long document come one by one.
            lengths[first : first + len(some)] += some
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
        found = np.empty(len(batch.hashes), np.int32)
        return first, batch.lengths, found, slice(None), batch

    def _read_ahead(self, piece):
        first, documents = piece
        batch = self.scanner.scan(documents)
        found = self.hash_table.look_up(batch)
        where = np.flatnonzero(found < 0)
        # What waits for its turn had better be small.
        spans = batch.spans[: 2 * len(found)].reshape(-1, 2)[where].ravel()
        unknown = batch._replace(spans=spans, hashes=batch.hashes[where])
        return first, batch.lengths, found, where, unknown

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
        rows, lengths = Growing(np.int32), np.zeros(len(documents), np.int64)
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


def in_order(function, items, n_jobs):
    """Yield ``function(item)`` for each item, in order, on so many threads."""
    items = iter(items)
    begun = [*islice(items, 2)]
    if n_jobs == 1 or len(begun) < 2:
        yield from map(function, chain(begun, items))
        return
    # This thread is one of them: it takes an item whenever the others have enough.
    with ThreadPoolExecutor(n_jobs - 1) as pool:
        waiting = deque()
        try:
            for item in chain(begun, items):
                if sum(not future.done() for future in waiting) < 2 * (n_jobs - 1):
                    waiting.append(pool.submit(function, item))
                else:
                    waiting.append(Future())
                    waiting[-1].set_result(function(item))
                while waiting and (waiting[0].done() or len(waiting) > 4 * n_jobs):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
