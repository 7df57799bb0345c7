"""WordIndex: words by row, as one compiled hash table."""

# SPDX-License-Identifier: BSD-3-Clause

import weakref

import numpy as np

from sklearn_embed._text.hash_table import HashTable, batch_of_words
from sklearn_embed._text.scanner import Scanner
from sklearn_embed._text.table import TokenTable

#: Rows of tokens that have none: unknown ones, and those to be left out.
UNKNOWN, LEFT_OUT = -1, -2


class WordIndex:
    """Finds the rows of words by their bytes.

    The hash table is made when it is first needed, so that an index costs nothing
    before.  It then takes about 25 bytes and the characters of each word.

    Parameters
    ----------
    words : list of str
        Row → word, each once.  Shared; do not change it.
    left_out : collection of str, default=()
        Words whose row is `LEFT_OUT`, even where they are among the others.

    Raises
    ------
    ValueError
        At the first look-up, if a word is there twice, or the list has changed.
    """

    def __init__(self, words, left_out=()):
        self.words, self.left_out = words, frozenset(left_out)
        self._n_words = len(words)
        self._made, self._last = None, (None, None)

    def __len__(self):
        return self._n_words

    @property
    def hash_table(self):
        """The HashTable; its first numbers are the rows of the words."""
        return self._parts()[0]

    def rows(self, table):
        """Return the row of each token of a TokenTable; those of the last one are kept.

        Folds of a search share their table, so that it is looked up once.

        Parameters
        ----------
        table : TokenTable
            The tokens.

        Returns
        -------
        ndarray of shape (n_tokens,), int32
            `UNKNOWN` and `LEFT_OUT` are below 0.  Read-only.
        """
        last, rows = self._last
        if last is not None and last() is table:
            return rows
        rows = self.hash_table.ids_of(table, Scanner.hash_mask)
        self.finish(rows)
        rows.flags.writeable = False
        self._last = weakref.ref(table), rows
        return rows

    def rows_of(self, words):
        """Return the row of each of some strings."""
        return self.rows(TokenTable.from_tokens(words))

    def finish(self, ids):
        """Turn numbers of the hash table into rows, in place."""
        row_of = self._parts()[1]
        if row_of is not None:
            ids[:] = row_of[ids]

    def _parts(self):
        """Return the hash table and, with words left out, the rows of its numbers."""
        if self._made is None:
            if len(self.words) != self._n_words:
                raise ValueError(
                    f"The list of {self._n_words} words has become one of "
                    f"{len(self.words)}: fit again instead of changing words_."
                )
            table = HashTable(len(self.words) + len(self.left_out))
            table.add_words(self.words, Scanner.hash_mask)
            self._made = table, self._left_out_rows(table)
        return self._made

    def _left_out_rows(self, table):
        if not self.left_out:
            return None
        batch = batch_of_words(sorted(self.left_out), Scanner.hash_mask)
        table.add(batch, table.look_up(batch))
        # The last one is read for -1, an unknown token.
        row_of = np.arange(len(table) + 1, dtype=np.int32)
        row_of[batch.ids] = LEFT_OUT
        row_of[-1] = UNKNOWN
        return row_of
