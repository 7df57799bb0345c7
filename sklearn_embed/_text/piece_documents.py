"""Documents as pieces of words, and where the pieces stand in a vocabulary."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import pairwise

import numpy as np

from sklearn_embed._core.growing import Growing
from sklearn_embed._core.threads import run_all
from sklearn_embed._text.encoding import Encoded, offsets_of
from sklearn_embed._text.pieces import N_AT_ONCE
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.tokenized import TokenizedDocuments


def cut_again(documents, options, n_jobs=1):
    """Return documents as pieces, whatever tokens they consist of.

    Parameters
    ----------
    documents : TokenizedDocuments
        Where they were cut by the same tokenizer, they are returned as they are.  Of
        others, ready-made or cut by other rules, each token is cut as if it were a
        text.
    options : TextOptions
        Their `analyzer` is the PieceTokenizer.
    n_jobs : int, default=1
        Threads.
    """
    tokenizer = options.analyzer
    made = documents.options
    if made is not None and made.analyzer == tokenizer:
        return documents
    pieces, counts = tokenizer.encode(documents.table.tolist(), n_jobs)
    places, longest = offsets_of(counts), tokenizer.max_length
    ids, lengths = Growing(np.int32), Growing(np.int64)
    for block in documents.blocks():
        tokens = block.flat_ids()
        ends = offsets_of(counts[tokens])
        bounds = ends[block.offsets]
        # Where each token's pieces begin, and how far they are from there.
        at = np.repeat(places[tokens] - ends[:-1], counts[tokens])
        at += np.arange(len(at))
        some = np.diff(bounds)
        if longest is not None and some.max(initial=0) > longest:
            at = at[np.arange(len(at)) - np.repeat(bounds[:-1], some) < longest]
            some = np.minimum(some, longest)
        ids.append(pieces[at])
        lengths.append(some)
    offsets = offsets_of(lengths.result())
    arrays = ids.result(), offsets[:-1], offsets
    table = tokenizer.built().table
    return TokenizedDocuments._trusted(Encoded(*arrays, table, options))


class PieceLookup:
    """Turns strings into rows of the pieces in a WordIndex; see `FastLookup`.

    Parameters
    ----------
    tokenizer : PieceTokenizer
        What cuts them.
    index : WordIndex
        Rows of the pieces; -1 and less for those that do not count.
    """

    def __init__(self, tokenizer, index):
        self._tokenizer, self._index = tokenizer, index

    def encode(self, texts, n_jobs=1):
        """Return the rows of all pieces (int32), and the texts' lengths (int64)."""
        ids, lengths = self._tokenizer.encode(texts, n_jobs)
        return self._row_of()[ids], lengths

    def map(self, function, texts, n_jobs=1):
        """Call ``function(first, rows, lengths)`` for batch after batch."""
        row_of, several = self._row_of(), n_jobs > 1

        def cut(bounds):
            ids, lengths = self._tokenizer.encode_part(texts[slice(*bounds)], several)
            function(bounds[0], row_of[ids], lengths)

        bounds = [*range(0, len(texts), N_AT_ONCE), len(texts)]
        run_all(cut, pairwise(bounds), n_jobs)

    def numbering(self):
        """Return what numbers unknown pieces, of which there are none."""
        return self

    def table(self):
        """Return the TokenTable of unknown pieces."""
        return TokenTable.from_tokens([])

    def _row_of(self):
        """Return the row of each piece."""
        return self._index.rows(self._tokenizer.built().table)
