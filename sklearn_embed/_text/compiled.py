"""The compiled way from documents to token ids, for the patterns that have one."""

# SPDX-License-Identifier: BSD-3-Clause

import sys
from copy import copy
from itertools import chain

import numpy as np

from sklearn_embed._core.growing import Growing
from sklearn_embed._core.threads import in_order
from sklearn_embed._text.hash_table import HashTable
from sklearn_embed._text.scanner import (
    BATCH_CHARS,
    Scanner,
    Strings,
    batches,
    scratch_buffers,
)
from sklearn_embed._text.word_index import WordIndex

#: Patterns with a compiled form: the characters of a token, how many at least, and
#: those that are a token each.
PATTERNS: dict[str, tuple] = {
    r"\b\w\w+\b": (r"\w", 2),
    r"\w\w+": (r"\w", 2),
    r"\w{2,}": (r"\w", 2),
    r"\b\w+\b": (r"\w", 1),
    r"\w+": (r"\w", 1),
    r"\S\S+": (r"\S", 2),
    r"\S{2,}": (r"\S", 2),
    r"\S+": (r"\S", 1),
    # What fastText takes for a word: other kinds of white space belong to it.
    r"[^ \n\r\t\v\f\0]+": (r"[^ \n\r\t\v\f\0]", 1),
    r"\w+|[^\w\s]": (r"\w", 1, r"[^\w\s]"),
    r"\w+|[^\s\w]": (r"\w", 1, r"[^\w\s]"),
}


def compiled_form(token_pattern):
    """Return what a `Scanner` needs to find a pattern's tokens, or None."""
    if sys.byteorder == "big" or not isinstance(token_pattern, str):
        return None
    return PATTERNS.get(token_pattern.removeprefix("(?u)"))


def fast_encoder(lowercase, token_pattern):
    """Return a FastEncoder, or None where the pattern has no compiled form."""
    form = compiled_form(token_pattern)
    return None if form is None else FastEncoder(lowercase, *form)


def compiled_lookup(index, lowercase, token_pattern):
    """Return a FastLookup of a WordIndex, or None where there is no compiled form."""
    form = compiled_form(token_pattern)
    return None if form is None else FastLookup(index, lowercase, *form)


def fast_lookup(words, lowercase, token_pattern):
    """Return a FastLookup of a list of words, made at once, or None; see above."""
    index = WordIndex(words)
    found = compiled_lookup(index, lowercase, token_pattern)
    if found is not None:
        len(index.hash_table)
    return found


class FastEncoder:
    """Turns documents into ids; a token's id is its rank in order of appearance."""

    def __init__(self, lowercase, *form):
        self.scanner = Scanner(lowercase, *form)
        self.hash_table = HashTable()
        self.n_read = 0  # characters

    def __len__(self):
        return len(self.hash_table)

    def restarted(self, words):
        """Return an encoder that gives these words the first ids."""
        fresh = copy(self)
        fresh.hash_table = HashTable()
        fresh.hash_table.add_words(words, self.scanner.hash_mask)
        return fresh

    def encode(self, documents, n_jobs=1):
        """Return the ids (int32) of all tokens and the documents' lengths (int64)."""
        ids, lengths = Growing(np.int32), Growing(np.int64)
        self.encode_into(ids, lengths, [documents], n_jobs)
        return ids.result(), lengths.result()

    def encode_into(self, ids, lengths, chunks, n_jobs=1):
        """Append ids and documents' lengths to a Growing or Spool each.

        With several threads, each finds the tokens of a batch and looks them up
        while this one numbers, batch after batch, those that were not known yet.
        They do not wait for each other at the end of a chunk.
        """

        def read(strings):
            scratch, spare = buffers.take()
            found = self.scanner.read(strings, scratch, self.hash_table.arrays)
            return strings, scratch, spare, *found

        short = chain.from_iterable(map(self._short, chunks))
        with scratch_buffers() as buffers:
            found = in_order(read, short, n_jobs)
            try:
                for strings, scratch, spare, batch, n_missed in found:
                    self.hash_table.add(batch, n_missed)
                    ids.append(batch.ids)
                    if strings.continues:
                        lengths.add_to_last(scratch.lengths[0])
                    else:
                        lengths.append(scratch.lengths[: strings.n])
                    spare.append(scratch)
            finally:
                found.close()

    def _short(self, documents):
        """Yield batches, with long documents in pieces."""
        for strings in batches(documents, self.n_read):
            self.n_read += strings.n_characters
            if not strings.is_long():
                yield strings
                continue
            pieces = self.scanner.pieces(strings.documents[strings.first])
            for place, text in enumerate(pieces):
                yield Strings([text], continues=place > 0)

    def table(self):
        """Return the TokenTable of the tokens seen so far."""
        return self.hash_table.to_token_table()


class FastLookup:
    """Turns documents into rows of the words of a WordIndex, -1 for other tokens."""

    def __init__(self, index, lowercase, *form):
        self._index, self._form = index, (lowercase, *form)
        self.scanner = Scanner(*self._form)

    def numbering(self):
        """Return a FastEncoder that numbers unknown tokens from the last row on.

        Its table has the unknown tokens alone, so that the known ones are not copied.
        """
        encoder = FastEncoder(*self._form)
        encoder.hash_table = _OpenIndex(self._index)
        encoder.n_read = BATCH_CHARS  # no need to begin with small batches
        return encoder

    def encode(self, documents, n_jobs=1):
        """Return the rows (int32) of all tokens and the documents' lengths (int64)."""
        rows, lengths = Growing(np.int32), np.zeros(len(documents), np.int64)

        def copies(first, found, some):
            return first, found.copy(), some.copy()

        mapped = self._mapped(copies, documents, n_jobs)
        try:
            for first, found, some in mapped:
                rows.append(found)
                lengths[first : first + len(some)] = some
        finally:
            mapped.close()
        return rows.result(), lengths

    def map(self, function, documents, n_jobs=1):
        """Return ``function(first, rows, lengths)`` for batch after batch.

        Called in the thread that looked the batch up, with the number of its first
        document, so that what is made of the rows is made while the next batch is
        read.  No document is divided between two batches.  The arrays are written
        over afterwards.
        """
        return list(self._mapped(function, documents, n_jobs))

    def _mapped(self, function, documents, n_jobs):
        def read(strings):
            scratch, spare = buffers.take()
            rows, lengths = self._rows(strings, scratch, known)
            result = function(strings.first, rows, lengths)
            spare.append(scratch)
            return result

        known = self._index.hash_table.arrays  # made here, and not by each thread
        with scratch_buffers() as buffers:
            yield from in_order(read, batches(documents), n_jobs)

    def _rows(self, strings, scratch, known):
        """Return the rows of all tokens of strings, and the documents' lengths."""
        if not strings.is_long():
            batch, _ = self.scanner.read(strings, scratch, known)
            self._index.finish(batch.ids)
            return batch.ids, scratch.lengths[: strings.n]
        pieces = self.scanner.pieces(strings.documents[strings.first])
        parts = [self._piece(text, scratch, known) for text in pieces]
        rows = np.concatenate(parts)
        return rows, np.array([len(rows)])

    def _piece(self, text, scratch, known):
        batch, _ = self.scanner.read(Strings([text]), scratch, known)
        self._index.finish(batch.ids)
        return batch.ids.copy()


class _OpenIndex:
    """A WordIndex, which stays as it is, and a HashTable of the tokens not in it."""

    def __init__(self, index):
        self._index, self._others = index, HashTable()
        self.arrays = index.hash_table.arrays

    def add(self, batch, n_missed):
        """Turn a batch's ids into rows; unknown tokens get the next numbers."""
        self._index.finish(batch.ids)
        self._others.add(batch, n_missed)
        batch.ids[batch.missed[:n_missed]] += np.int32(len(self._index))

    def to_token_table(self):
        """Return the tokens that were unknown, in the order of their numbers."""
        return self._others.to_token_table()
