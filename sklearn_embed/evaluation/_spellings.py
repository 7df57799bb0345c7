"""Rows of words that may be spelled with other capitals."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._vectors.queries import unit_vectors


class Spellings:
    """Finds the rows of words: of their exact spelling, else with other capitals.

    Parameters
    ----------
    vectors : WordVectors
        Where to look.
    n_first : int or None
        Only this many first words count; None: all.
    case_insensitive : bool
        Whether another case will do where the exact spelling is missing.

    Notes
    -----
    Words that agree in small letters are the same but for their case.  Capitals are
    compared only with a word that is written in them alone: MASSE may be masse or
    maße, SIK may be sik or sık, but none of the small ones is the other.
    """

    def __init__(self, vectors, n_first=None, case_insensitive=True):
        self._vectors, self._rows = vectors.vectors, vectors.row_of
        self._words = vectors.words[:n_first]
        self._insensitive = case_insensitive
        self._tables, self._units = {}, None

    def __len__(self):
        return len(self._words)

    def unit_vectors(self):
        """Return the vectors of all words that count, at length one; made once."""
        if self._units is None:
            self._units = unit_vectors(self._vectors[: len(self._words)])
        return self._units

    def row(self, word):
        """Return the row of a word, -1 if it is unknown."""
        row = self._exact(word)
        if row >= 0 or not self._insensitive:
            return row
        row = self._table(str.lower).get(word.lower(), -1)
        if row >= 0:
            return row
        capitals = word.upper()
        if word == capitals:
            return self._table(str.upper).get(word, -1)
        return self._exact(capitals)

    def _exact(self, word):
        row = self._rows.get(word, -1)
        return row if row < len(self._words) else -1

    def _table(self, change):
        """Return changed word → row; of several words the first one, in order."""
        if change not in self._tables:
            numbered = reversed(list(enumerate(self._words)))
            self._tables[change] = {change(word): row for row, word in numbered}
        return self._tables[change]
