"""WordLookup: the rows of a vocabulary's words in documents of any kind."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._text.compiled import compiled_lookup
from sklearn_embed._text.documents import document_chunks
from sklearn_embed._text.piece_documents import PieceLookup, cut_again
from sklearn_embed._text.tokenized import TokenizedDocuments, tokenize
from sklearn_embed._text.tokens import Prepared, make_preprocess
from sklearn_embed._text.word_index import WordIndex


class WordLookup:
    """A fitted vocabulary, as transformers ask for it.

    Parameters
    ----------
    index : WordIndex
        The words.
    options : TextOptions
        How strings become tokens.
    pieces : bool, default=False
        Whether the words are the pieces of a static model, whose tokenizer is the
        `analyzer` of the options: tokens that it did not make are cut again.

    Attributes
    ----------
    strings : Prepared or None
        Looks strings up in one pass, see `FastLookup`; None where only Python can cut
        them: then they are tokenised, and their tokens are looked up.
    """

    def __init__(self, index, options, pieces=False):
        self.index, self.options, self.pieces = index, options, pieces
        self.strings = PieceLookup(options.analyzer, index) if pieces else None
        if options.tokenizer is None and options.analyzer == "word":
            preprocess = make_preprocess(options)
            found = compiled_lookup(
                index, preprocess is str.lower, options.token_pattern
            )
            self.strings = None if found is None else Prepared(found, preprocess)

    def __len__(self):
        return len(self.index)

    def rows(self, table):
        """Return the row of each token of a TokenTable; see `WordIndex.rows`."""
        return self.index.rows(table)

    def of(self, documents, n_jobs=1):
        """Return a TokenizedDocuments as it is to be looked up."""
        return cut_again(documents, self.options, n_jobs) if self.pieces else documents

    def encode(self, X, n_jobs=1):
        """Return the rows of all tokens of some documents, and where each begins.

        Parameters
        ----------
        X : iterable of documents, or TokenizedDocuments
            The documents.
        n_jobs : int, default=1
            Threads.

        Returns
        -------
        rows : ndarray of shape (n_tokens,), int32
        offsets : ndarray of shape (n_documents + 1,), int64
        """
        if isinstance(X, TokenizedDocuments):
            X = self.of(X, n_jobs)
            return self.rows(X.table)[X.flat_ids()], X.offsets
        rows, lengths = [np.empty(0, np.int32)], [np.zeros(1, np.int64)]
        for kind, documents in document_chunks(X, options=self.options):
            if kind == "text" and self.strings is not None:
                found, some = self.strings.encode(documents, n_jobs)
            else:
                tokens = tokenize(documents, self.options, n_jobs=n_jobs)
                tokens = self.of(tokens, n_jobs)
                found, some = self.rows(tokens.table)[tokens.ids], tokens.lengths
            rows.append(found)
            lengths.append(some)
        return np.concatenate(rows), np.cumsum(np.concatenate(lengths))


def make_lookup(words, options, left_out=(), pieces=False):
    """Return the WordLookup of a list of words, which costs nothing until it is used.

    Parameters
    ----------
    words : list of str
        Row → word.
    options : TextOptions
        How strings become tokens.
    left_out : collection of str, default=()
        Tokens that do not even count as unknown.
    pieces : bool, default=False
        Whether they are the pieces of a static model; see WordLookup.
    """
    return WordLookup(WordIndex(words, left_out), options, pieces)
