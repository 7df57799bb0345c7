"""What estimators of vectors in context tell of single tokens."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sklearn_embed._core.typing import Documents, Float32Array
from sklearn_embed._estimators import contextual_pair as pairs
from sklearn_embed._estimators import token_vectors
from sklearn_embed._estimators.language_model import check_count
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._estimators.token_vectors import (
    Occurrences,
    TokenMatch,
    TokenVectors,
)
from sklearn_embed._text.tokenized import tokenize

#: Tokens of which vectors are made at once, where no other number is given.
TOKENS = 1 << 13

#: The largest `window`.
WIDEST = 1000


class TokenVectorsMixin:
    """Vectors of tokens, and which are nearest; for `ContextualVectorizer`.

    It needs ``_reader``, ``_tokenize``, ``_lookup``, ``_text_options`` and
    ``_n_threads``.
    """

    def transform_tokens(
        self, X: Documents, *, out: Float32Array | None = None, window: int = 0
    ) -> TokenVectors:
        """Return the vector of every token, in its context.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        out : ndarray of shape (n_tokens, n_dimensions), float32, or None, default=None
            Where to write the vectors, such as a memory map.  None: a new array.
        window : int, default=0
            Tokens on both sides whose vectors are averaged with that of each token, in
            0 to 1000: what a place is about, more than the word itself.

        Returns
        -------
        TokenVectors
            The array, where each document begins in it, and the tokens.

        Raises
        ------
        ValueError
            If `out` is of another shape or type, or `window` is out of range.

        See Also
        --------
        iter_tokens : The same, in constant memory.
        """
        fitted = snapshot(self)
        window = _checked_window(window)
        documents = fitted._tokenize(X)
        return token_vectors.all_tokens(fitted, documents, out, TOKENS, window)

    def iter_tokens(
        self, X: Documents, *, n_tokens: int = TOKENS, window: int = 0
    ) -> Iterator[TokenVectors]:
        """Yield the vectors of some tokens at a time, in their context.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        n_tokens : int, default=8192
            Tokens at a time, at most; a document of up to 8192 tokens is never cut, a
            longer one is read in pieces of so many.
        window : int, default=0
            Tokens on both sides whose vectors are averaged with that of each token, in
            0 to 1000: what a place is about, more than the word itself.

        Yields
        ------
        TokenVectors
            Whole documents, of which `first` is the number of the first one; or a
            piece of a long one, of which `begin` is the number of the first token.
        """
        fitted = snapshot(self)
        fitted._reader()
        documents = fitted._tokenize(X)
        check_count("n_tokens", n_tokens)
        fixed = fitted, documents, int(n_tokens), _checked_window(window)
        return token_vectors.token_blocks(*fixed)

    def most_similar_in_context(
        self,
        text: str | Sequence[str],
        word: str | int,
        X: Documents,
        topn: int = 10,
        *,
        among: Collection[str] | None = None,
        center: bool = False,
        window: int = 0,
        n_context: int = 5,
    ) -> list[TokenMatch]:
        """Return the tokens of a corpus that are nearest to a word in a text.

        Parameters
        ----------
        text : str or sequence of str
            The document that the word is in, as text or as tokens.
        word : str or int
            A token of the text, the first of this name, or its number.
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The corpus, of which some tokens are compared at a time.
        topn : int, default=10
            How many tokens.
        among : collection of str or None, default=None
            Only these tokens are compared, such as ``[word]``.  None: all.
        center : bool, default=False
            Whether the mean of all compared vectors is taken off first: states have
            much in common, so that all cosines may be near 1.  Reads the corpus twice.
        window : int, default=0
            Tokens on both sides whose vectors are averaged with that of each token, in
            0 to 1000: what a place is about, more than the word itself.
        n_context : int, default=5
            Tokens that are told on both sides of each one.

        Returns
        -------
        list of TokenMatch
            ``(token, similarity, document, position, context)``, the greatest cosine
            first; of equal ones, those that come first.

        Raises
        ------
        ValueError
            If the word is not in the text.
        """
        fitted = snapshot(self)
        check_count("topn", topn)
        window = _checked_window(window)
        check_count("n_context", n_context, least=0)
        options = fitted._text_options
        asked = tokenize([pairs.one_document(text)], options, "text")
        word = token_vectors.one_token(word, options)
        place = token_vectors.place_of(asked, word)
        found = token_vectors.all_tokens(fitted, asked, None, TOKENS, window)
        query = found.vectors[place]
        documents, wanted = fitted._tokenize(X), None
        if among is not None:
            wanted = token_vectors.is_word(documents.table, pairs.listed(among))
        compared = token_vectors.Compared(fitted, documents, wanted, window)
        mean = compared.mean() if center else None
        return token_vectors.nearest(compared, query, mean, int(topn), int(n_context))

    def occurrences(
        self,
        X: Documents,
        word: str,
        *,
        max_occurrences: int | None = None,
        window: int = 0,
        n_context: int = 5,
    ) -> Occurrences:
        """Return where a word occurs, and its vectors there.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents; those without the word are not read.
        word : str
            A token, whether it is in the vocabulary or not.
        max_occurrences : int or None, default=None
            Only so many of them, the first ones.  None: all.
        window : int, default=0
            Tokens on both sides whose vectors are averaged with that of each token, in
            0 to 1000: what a place is about, more than the word itself.
        n_context : int, default=5
            Tokens that are told on both sides of each one.

        Returns
        -------
        Occurrences
            ``(vectors, documents, positions, contexts)``, in the order of the text.
        """
        fitted = snapshot(self)
        if max_occurrences is not None:
            check_count("max_occurrences", max_occurrences)
        window = _checked_window(window)
        check_count("n_context", n_context, least=0)
        if not isinstance(word, str):
            raise TypeError(f"word must be a string, not {type(word).__name__}.")
        word = token_vectors.one_token(word, fitted._text_options)
        documents = fitted._tokenize(X)
        fixed = documents, word, max_occurrences, int(n_context), window
        return token_vectors.occurrences(fitted, *fixed)


def _checked_window(window):
    """Return a `window` as an int, if it is in range."""
    check_count("window", window, least=0, most=WIDEST)
    return int(window)
