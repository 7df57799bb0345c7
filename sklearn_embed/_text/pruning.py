"""A stream's distinct tokens in bounded memory: rare ones are forgotten on the way."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._core.growing import Growing, Spool

#: Tokens that are rewritten at once.
_BLOCK = 1 << 22


class BoundedTable:
    """Counts tokens and forgets the rarest when there are too many distinct ones.

    Lossy counting (Manku and Motwani 2002), with the error following from the
    memory instead of the other way round: when more than ``largest`` tokens are
    known, those whose count, with all that may have been missed of it, is among the
    lower half are forgotten.  ``undercount`` is the largest such count so far.
    Every token that occurs more often than that is known, and what is missing of
    its occurrences is no more than that.

    Parameters
    ----------
    encoder : object
        With ``encode``, ``table`` and ``restarted``.
    largest : int
        Distinct tokens to keep between two chunks of documents.
    """

    def __init__(self, encoder, largest):
        self._encoder, self._largest = encoder, largest
        self._counts = np.zeros(0, np.int64)
        self._missed = np.zeros(0, np.int64)
        self.undercount = 0
        # At which token ids changed their meaning, and old id → new id or -1.
        self.changes = []

    def encode(self, documents, n_jobs, n_before):
        """Return ids and lengths of documents behind ``n_before`` earlier tokens."""
        ids, lengths = self._encoder.encode(documents, n_jobs)
        new = np.bincount(ids, minlength=len(self._counts))
        n_new = len(new) - len(self._counts)
        self._missed = np.append(self._missed, np.full(n_new, self.undercount))
        new[: len(self._counts)] += self._counts
        self._counts = new
        if len(new) > self._largest:
            self._forget(n_before + len(ids))
        return ids, lengths

    def table(self):
        """Return the TokenTable of what is known."""
        return self._encoder.table()

    def _forget(self, position):
        """Forget the rarest half of the tokens; ids change from here on."""
        most = self._counts + self._missed
        place = len(most) - self._largest // 2 - 1
        self.undercount = int(np.partition(most, place)[place])
        known = most > self.undercount
        new_ids = np.where(known, np.cumsum(known) - 1, -1).astype(np.int32)
        self.changes.append((position, new_ids))
        words = self._encoder.table().take(np.flatnonzero(known))
        self._encoder = self._encoder.restarted(words)
        self._counts, self._missed = self._counts[known], self._missed[known]


def rewritten(ids, lengths, changes):
    """Return ids as they are after all changes, forgotten ones left out, and lengths.

    Parameters
    ----------
    ids : ndarray, int32
        Each as it was when it was written.
    lengths : ndarray, int64
        Tokens per document.
    changes : list of (int, ndarray)
        See BoundedTable.
    """
    finals = _composed([new_ids for _, new_ids in changes])
    ends = np.array([position for position, _ in changes], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    out, kept_lengths, first = Spool(np.int32), Growing(np.int64), 0
    while first < len(lengths):
        change = int(np.searchsorted(ends, offsets[first], side="right"))
        last_token = offsets[first] + _BLOCK
        if change < len(ends):
            last_token = min(last_token, ends[change])
        last = int(np.searchsorted(offsets, last_token, side="right")) - 1
        last = min(max(last, first + 1), len(lengths))
        part = ids[offsets[first] : offsets[last]]
        if change < len(ends):
            part = finals[change][part]
        kept = part >= 0
        out.append(part[kept])
        before = np.concatenate([[0], np.cumsum(kept)])
        kept_lengths.append(np.diff(before[offsets[first : last + 1] - offsets[first]]))
        first = last
    return out.result(), kept_lengths.result()


def _composed(changes):
    """Return, for each change, what it and all later ones make of an id."""
    finals = list(changes)
    for i in range(len(changes) - 2, -1, -1):
        later = np.append(finals[i + 1], np.int32(-1))
        finals[i] = later[changes[i]]
    return finals
