"""The compiled way from strings to the ids of their character n-grams."""

# SPDX-License-Identifier: BSD-3-Clause

from copy import copy
from itertools import chain

import numpy as np

from sklearn_embed._core.arrays import readonly
from sklearn_embed._core.growing import Growing
from sklearn_embed._core.threads import in_order
from sklearn_embed._text.hash_table import HashTable
from sklearn_embed._text.kernels.terms import count_terms, cut_terms, even_spaces
from sklearn_embed._text.kernels.token_table import SLACK
from sklearn_embed._text.scanner import BATCH_CHARS, BATCH_DOCUMENTS, Batch, Scanner


class CharEncoder:
    """Turns strings into ids of n-grams; an id is the rank of the first occurrence.

    Parameters
    ----------
    by_word : bool
        Whether n-grams end at words ("char_wb").
    ngram_range : tuple of two int
        Least and largest number of characters.
    lowercase : bool
        Whether strings are lowercased first.
    """

    def __init__(self, by_word, ngram_range, lowercase):
        self._sizes = bool(by_word), *(min(int(n), 2**31 - 1) for n in ngram_range)
        self._lowercase = lowercase
        self.hash_table = HashTable()

    def __len__(self):
        return len(self.hash_table)

    def restarted(self, words):
        """Return an encoder that gives these n-grams the first ids."""
        fresh = copy(self)
        fresh.hash_table = HashTable()
        fresh.hash_table.add_words(words, Scanner.hash_mask)
        return fresh

    def encode(self, documents, n_jobs=1):
        """Return the ids (int32) of all n-grams and the documents' lengths (int64)."""
        ids, lengths = Growing(np.int32), Growing(np.int64)
        self.encode_into(ids, lengths, [documents], n_jobs)
        return ids.result(), lengths.result()

    def encode_into(self, ids, lengths, chunks, n_jobs=1):
        """Append ids and documents' lengths to a Growing or Spool each."""

        def read(texts):
            batch, some = self._batch(texts)
            return batch, some, self.hash_table.look_up(batch)

        batches = chain.from_iterable(map(self._batches, chunks))
        found = in_order(read, batches, n_jobs)
        try:
            for batch, some, n_missed in found:
                self.hash_table.add(batch, n_missed)
                ids.append(batch.ids)
                lengths.append(some)
        finally:
            found.close()

    def table(self):
        """Return the TokenTable of the n-grams seen so far."""
        return self.hash_table.to_token_table()

    def _batches(self, documents):
        """Yield lists of strings that are not too long together."""
        _, shortest, longest = self._sizes
        most = max(BATCH_CHARS // (longest - shortest + 1), 1 << 12)
        batch, size = [], 0
        for text in documents:
            if batch and (size + len(text) > most or len(batch) == BATCH_DOCUMENTS):
                yield batch
                batch, size = [], 0
            batch.append(text.lower() if self._lowercase else text)
            size += len(text)
        if batch:
            yield batch

    def _batch(self, texts):
        """Return the Batch of some strings' n-grams, and how many each has."""
        by_word, shortest, longest = self._sizes
        joined = "".join(texts).encode("utf-32-le", "surrogatepass")
        codes = np.frombuffer(joined, np.uint32)
        bounds, n_documents = np.zeros(len(texts) + 1, np.int64), len(texts)
        np.cumsum([*map(len, texts)], out=bounds[1:])
        out = np.empty(4 * len(codes) + 6 * n_documents + SLACK, np.uint8)
        edges = np.empty(len(codes) + 2 * n_documents + 1, np.int32)
        n_units = len(codes) // 2 + n_documents + 1 if by_word else n_documents
        units = np.empty((n_units, 2), np.int64)
        counts, lengths = np.empty((2, n_documents), np.int64)
        if len(out) >= 2**31:
            raise OverflowError("A document of 2**29 characters is too long to cut.")
        documents = readonly(codes), readonly(bounds)
        n_units = even_spaces(*documents, by_word, out, edges, units, counts)
        n = count_terms(units, counts, by_word, shortest, longest, lengths)
        if n >= 2**30:
            raise OverflowError(
                f"ngram_range={(shortest, longest)} makes {n} n-grams of a document: "
                "cut it into shorter ones, or choose smaller numbers."
            )
        spans, hashes = np.empty(2 * n, np.int32), np.empty(n, np.uint32)
        units = units[:n_units]
        cut_terms(out, edges, units, self._sizes, Scanner.hash_mask, spans, hashes)
        ids, missed = np.empty(n, np.int32), np.empty(n + 1, np.int32)
        return Batch(out, spans, hashes, ids, missed), lengths
