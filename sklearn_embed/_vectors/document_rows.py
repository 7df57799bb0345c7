"""From documents of any kind to pooled rows: what every transform of vectors does."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.growing import Growing
from sklearn_embed._core.progress import follow, is_followed
from sklearn_embed._text.documents import document_chunks, n_expected
from sklearn_embed._text.encoding import offsets_of
from sklearn_embed._text.tokenized import TokenizedDocuments, tokenize
from sklearn_embed._text.word_index import UNKNOWN
from sklearn_embed._vectors.pooling import (
    PoolingSpec,
    make_words,
    pool,
    pool_documents,
)

#: Tokens among which unknown words are looked for at once.
BLOCK_TOKENS = 1 << 20


class Pooler:
    """Vectors of words, and how documents are pooled of them.

    Parameters
    ----------
    lookup : WordLookup
        What finds the words.
    vectors : ndarray of shape (n_words, n_dimensions), float32
        Their vectors.
    spec : PoolingSpec or None
        The pooling; None means the mean.
    weights, factors : ndarray of shape (n_words,), float32, or None
        Weights of the words, and what their vectors are multiplied with; None: 1.
        Factors may be a function: given rows, it returns such an array in which
        these rows count.
    unknown : UnknownWords or None
        What stands for words without a vector; None: they do not count.
    n_jobs : int
        Threads; rows are independent.
    """

    def __init__(
        self,
        lookup,
        vectors,
        *,
        spec=None,
        weights=None,
        factors=None,
        unknown=None,
        n_jobs=1,
    ):
        if len(lookup) > len(vectors):  # rows are read without a check
            raise ValueError(
                f"There are {len(lookup)} words and {len(vectors)} vectors: fitted "
                "attributes were changed. Fit again."
            )
        self._lookup, self._vectors = lookup, vectors
        self._spec = spec or PoolingSpec()
        self._weights, self._factors = weights, factors
        self._unknown, self._n_jobs = unknown, n_jobs

    def rows(self, X, first=0):
        """Return one row for each of some documents, in constant extra memory.

        Parameters
        ----------
        X : iterable of documents, or TokenizedDocuments
            The documents.
        first : int, default=0
            Number of the first one, for messages.

        Returns
        -------
        ndarray of shape (n_documents, n_columns), float32
        """
        n_columns = self._spec.n_columns(self._vectors.shape[1])
        if isinstance(X, TokenizedDocuments):
            X = self._lookup.of(X, self._n_jobs)
            out = np.empty((len(X), n_columns), np.float32)
            parts, done = [X], 0
            if is_followed():
                parts = X.blocks(BLOCK_TOKENS)
            for part in follow(parts, len, "documents", len(X)):
                self._pool_tokens(part, out[done : done + len(part)], first + done)
                done += len(part)
            return out
        found = _Rows(n_expected(X) or 0, n_columns)
        for kind, documents in document_chunks(X, options=self._lookup.options):
            part = found.place(len(documents))
            if kind == "text" and self._lookup.strings is not None:
                self._pool_strings(documents, part, first + found.n)
            else:
                before = first + found.n
                how = self._lookup.options, "X", self._n_jobs, before
                tokens = self._lookup.of(tokenize(documents, *how), self._n_jobs)
                self._pool_tokens(tokens, part, before)
            found.keep(part)
        return found.result()

    def _pool_strings(self, texts, out, first):
        """Pool strings, which are looked up in one pass."""
        unknown, strings = self._unknown, self._lookup.strings
        if (unknown is None or unknown.alike) and not callable(self._factors):
            self._pool_batches(texts, out)
            return
        numbering = strings.numbering()
        rows, lengths = numbering.encode(texts, self._n_jobs)
        table, offsets = numbering.table(), offsets_of(lengths)
        if unknown is not None and unknown.refused and len(table):
            at = int(np.argmax(rows >= len(self._vectors)))
            self._refuse(table[0], offsets, at, first)
        more = unknown.of(table) if unknown is not None and len(table) else (None, None)
        words = self._words(rows, more)
        where = rows, offsets[:-1], offsets
        pool(self._spec, *where, None, words, out, self._n_jobs)

    def _pool_batches(self, texts, out):
        """Pool strings batch by batch, each in the thread that looked it up."""
        more = (None, None) if self._unknown is None else self._unknown.of_all()
        words, n_words = self._words(None, more), np.int32(len(self._vectors))

        def pool_batch(first, rows, lengths):
            if self._unknown is not None:
                rows[rows == UNKNOWN] = n_words
            offsets = offsets_of(lengths)
            part = out[first : first + len(lengths)]
            pool(self._spec, rows, offsets[:-1], offsets, None, words, part)

        self._lookup.strings.map(pool_batch, texts, self._n_jobs)

    def _pool_tokens(self, documents, out, first):
        """Pool tokenised documents."""
        row_of, unknown = self._lookup.rows(documents.table), self._unknown
        if unknown is None or unknown.alike:
            more = (None, None)
            if unknown is not None:
                row_of = np.where(row_of == UNKNOWN, len(self._vectors), row_of)
                more = unknown.of_all()
            words = self._words(row_of, more)
            pool_documents(documents, row_of, words, self._spec, self._n_jobs, out)
            return
        done = 0
        for block in documents.blocks(BLOCK_TOKENS):
            rows, more = self._with_unknown(block, row_of, first + done)
            part, words = out[done : done + len(block)], self._words(row_of, more)
            pool_documents(block, rows, words, self._spec, self._n_jobs, part)
            done += len(block)

    def _with_unknown(self, block, row_of, first):
        """Return rows of all tokens, and vectors and weights of the unknown ones."""
        ids = block.flat_ids()
        is_unknown = row_of[ids] == UNKNOWN
        if self._unknown.refused and is_unknown.any():
            at = int(np.argmax(is_unknown))
            self._refuse(block.table[ids[at]], block.offsets, at, first)
        found = distinct(ids[is_unknown], len(row_of))
        if not len(found):
            return row_of, (None, None)
        rows = row_of.copy()
        rows[found] = len(self._vectors) + np.arange(len(found))
        return rows, self._unknown.of(block.table.part(found))

    def _refuse(self, word, offsets, at, first):
        number = int(np.searchsorted(offsets, at, "right")) - 1
        self._unknown.refuse(word, first + number)

    def _words(self, rows, more):
        """Return what the kernels want to know of the words of some rows."""
        factors = self._factors
        if callable(factors):
            n_words = len(self._vectors)
            factors = factors(distinct(rows[(rows >= 0) & (rows < n_words)], n_words))
        return make_words(self._vectors, self._weights, factors, more)


class _Rows:
    """Rows of documents of which there may be more or fewer than expected."""

    def __init__(self, n_expected, n_columns):
        self._out = np.empty((n_expected, n_columns), np.float32)
        self._grown, self.n = None, 0
        self._n_columns = n_columns

    def place(self, n):
        """Return an array for the next n rows."""
        if self._grown is None and self.n + n <= len(self._out):
            return self._out[self.n : self.n + n]
        if self._grown is None:
            self._grown = Growing(np.float32)
            self._grown.append(self._out[: self.n].ravel())
            self._out = None
        return np.empty((n, self._n_columns), np.float32)

    def keep(self, part):
        """Take the rows that were written to the place given."""
        if self._grown is not None:
            self._grown.append(part.ravel())
        self.n += len(part)

    def result(self):
        """Return all rows."""
        if self._grown is None:
            return self._out[: self.n]
        return self._grown.result().reshape(self.n, self._n_columns)


def distinct(numbers, n):
    """Return the different ones of some numbers below n, in their order."""
    if len(numbers) < n // 8:
        return np.unique(numbers)
    seen = np.zeros(n, bool)
    seen[numbers] = True
    return np.flatnonzero(seen)
