"""What all language models share: the words they know, and what they are asked."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state

from sklearn_embed._core.typing import Documents, RandomState
from sklearn_embed._estimators.base import VOCABULARY_CONSTRAINTS, TextEstimator
from sklearn_embed._estimators.convergence import warn
from sklearn_embed._estimators.loading import check_vocabulary
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._models.sequences import (
    END,
    MARKS,
    UNKNOWN,
    SequenceModel,
    draw_word,
    encoded_blocks,
)
from sklearn_embed._text.tokenized import tokenize
from sklearn_embed._text.vocabulary import (
    VocabularyFilter,
    learn_vocabulary,
    token_counts,
)
from sklearn_embed._text.word_index import WordIndex

#: Parameters of every language model.
LANGUAGE_CONSTRAINTS: dict = {
    **{
        name: constraint
        for name, constraint in TextEstimator._text_constraints.items()
        if name != "stop_words"
    },
    **VOCABULARY_CONSTRAINTS,
    "n_jobs": [Integral, None],
}

#: Words from which on it is worth a warning that most of them are unknown.
ENOUGH = 20


class LanguageModel(DensityMixin, TextEstimator):
    """Base of every estimator that predicts the next word of a document.

    `fit` of a subclass sets `training.word_attributes`, of words from `learn_words`,
    and `_model`, a `SequenceModel` with a method ``check(n_words)`` that refuses
    arrays, read from a file, which do not fit together.
    """

    _model: SequenceModel
    words_: list[str]

    def log_proba(self, X: Documents) -> list[NDArray[np.float64]]:
        """Return the log-probability of each word, given those before it.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        list of ndarray of shape (n_tokens + 1,), float64
            For each document those of its words, in natural logarithms, and of its
            end; a word outside of the vocabulary has that of the unknown word.
        """
        fitted, found = snapshot(self), []
        for sequences, values in fitted._judged(X):
            found += np.split(values, sequences.offsets[1:-1])
        return found

    def score_samples(self, X: Documents) -> NDArray[np.float64]:
        """Return the log-probability of each document.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents,), float64
            The sums of what `log_proba` gives.
        """
        fitted, found = snapshot(self), [np.empty(0)]
        for sequences, values in fitted._judged(X):
            found.append(np.add.reduceat(values, sequences.offsets[:-1]))
        return np.concatenate(found)

    def score(self, X: Documents, y: object = None) -> float:
        """Return the mean log-probability of a word: larger is better.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.

        Returns
        -------
        float
            In natural logarithms; over all words, unknown ones included, and the end
            of each document.

        Warns
        -----
        UserWarning
            If most of the words are unknown.

        Notes
        -----
        Scores can be compared among models that know the same words: with fewer of
        them, more is the unknown word, which is easy to predict.  So a search that
        compares values of `min_count`, `min_df` or `max_features` chooses the smallest
        vocabulary; `unknown_share` tells how much of a text is unknown.
        """
        fitted = snapshot(self)
        total, n_words, n_ends, n_unknown = 0.0, 0, 0, 0
        for sequences, values in fitted._judged(X):
            total += float(values.sum())
            n_words, n_ends = n_words + len(values), n_ends + len(sequences.offsets) - 1
            n_unknown += int((sequences.ids == len(fitted.words_)).sum())
        if n_words == 0:
            raise ValueError("X holds no documents: there is nothing to predict.")
        warn_of_unknown(n_unknown, n_words - n_ends)
        return total / n_words

    def perplexity(self, X: Documents) -> float:
        """Return the perplexity of a word: exp(-`score`), smaller is better.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        float
            As if so many words were equally probable; at least 1.
        """
        return float(np.exp(-self.score(X)))

    def unknown_share(self, X: Documents) -> float:
        """Return which share of the words is outside of the vocabulary.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        float
            In [0, 1]; 0 where there are no words.
        """
        fitted = snapshot(self)
        documents = fitted._tokenize(X)
        counts = token_counts(documents)
        unknown = counts[fitted._lookup.rows(documents.table) < 0].sum()
        return float(unknown / max(counts.sum(), 1))

    def sample(
        self,
        prompt: str | Sequence[str] | None = None,
        n_words: int = 50,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        random_state: RandomState = None,
    ) -> list[str]:
        """Draw a text, word by word.

        Parameters
        ----------
        prompt : str, sequence of str or None, default=None
            The beginning of the document, as text or as tokens.  None: it begins with
            the first word drawn.
        n_words : int, default=50
            How many words to draw, at most; fewer if the end of the document is
            drawn.
        temperature : float, default=1.0
            Log-probabilities are divided by it: below 1 the likeliest words are drawn
            more often, above 1 less.  0: the likeliest word always.
        top_k : int or None, default=None
            Draw among so many likeliest words only.  None: among all.
        random_state : int, RandomState instance or None, default=None
            Seed of whatever is drawn.

        Returns
        -------
        list of str
            The words drawn, without the prompt.  The unknown word is never drawn: the
            others share its probability.

        Raises
        ------
        ValueError
            If a parameter is out of range.
        """
        fitted = snapshot(self)
        check_count("n_words", n_words)
        if top_k is not None:
            check_count("top_k", top_k)
        temperature = _as_temperature(temperature)
        rng, model = check_random_state(random_state), fitted._model
        state = fitted._state_after(prompt, "prompt")
        words: list[str] = []
        n_known = len(fitted.words_)
        while len(words) < n_words:
            log_proba = model.next_log_proba(state)
            log_proba[n_known] = -np.inf
            if not log_proba.max() > -np.inf:
                break  # an ARPA file may say that nothing follows
            drawn = draw_word(log_proba, temperature, top_k, rng)
            if drawn > n_known:
                break
            words.append(fitted.words_[drawn])
            state = model.advance(state, drawn)
        return words

    def predict_next(
        self, prefix: str | Sequence[str] | None, topn: int | None = 10
    ) -> list[tuple[str, float]]:
        """Return what may follow some words, and how probable it is.

        Parameters
        ----------
        prefix : str, sequence of str or None
            The beginning of a document, as text or as tokens.  None, or an empty one:
            what documents begin with.
        topn : int or None, default=10
            How many words, at most.  None: all.

        Returns
        -------
        list of (str, float)
            Words and probabilities, likeliest first; "</s>" is the end of the
            document, "<unk>" any word outside of the vocabulary.  All together sum
            to 1.
        """
        fitted = snapshot(self)
        if topn is not None:
            check_count("topn", topn)
        state = fitted._state_after(prefix, "prefix")
        proba = np.exp(fitted._model.next_log_proba(state))
        order = np.argsort(-proba, kind="stable")[:topn]
        names = [*fitted.words_, UNKNOWN, END]
        return [(names[n], float(proba[n])) for n in order]

    def _sequences(self, X: Documents) -> Iterator:
        """Yield documents as `Sequences`, some at a time."""
        documents = self._tokenize(X)
        rows = self._lookup.rows(documents.table)
        return encoded_blocks(documents, rows, len(self.words_))

    def _judged(self, X):
        """Yield `Sequences`, and the log-probability of each of their ids."""
        n_jobs = self._n_threads()
        for sequences in self._sequences(X):
            yield sequences, self._model.log_proba(sequences, n_jobs)

    def _state_after(self, words, name):
        """Return the state after the beginning of a document."""
        state = self._model.start()
        if words is None:
            return state
        if not isinstance(words, str) and not (
            isinstance(words, Sequence) and all(isinstance(w, str) for w in words)
        ):
            raise TypeError(
                f"{name} must be a string, a sequence of strings, or None, not "
                f"{type(words).__name__}: it is one document."
            )
        documents = tokenize([words], self._text_options, name)
        rows = self._lookup.rows(documents.table)[documents.flat_ids()]
        ids = np.where(rows < 0, len(self.words_), rows)
        for row in self._as_read(ids).tolist():
            state = self._model.advance(state, row)
        return state

    def _as_read(self, ids):
        """Return the ids of a document's words in the order they are read in."""
        return ids

    def _check_loaded(self):
        """Refuse arrays of wrong shapes or types."""
        check_vocabulary(self)
        self._model.check(len(self.words_))


def learn_words(estimator, parts):
    """Return the Vocabulary of the documents that a language model learns from.

    No word is spelled like a mark: tokens that are count as unknown.

    Parameters
    ----------
    estimator : LanguageModel
        With the limits.
    parts : list of TokenizedDocuments
        The documents.
    """
    vocabulary = learn_vocabulary(parts, limits_of_words(estimator, parts))
    n_words = sum(part.n_tokens for part in parts)
    warn_of_unknown(n_words - int(vocabulary.counts.sum()), n_words, True)
    return vocabulary


def limits_of_words(estimator, parts):
    """Return which tokens of some documents are words; see `learn_words`."""
    marks, index = set(), WordIndex(list(MARKS))
    for part in parts:
        rows = index.rows(part.table)
        marks.update(MARKS[row] for row in rows[rows >= 0].tolist())
    return VocabularyFilter(
        estimator.min_count,
        estimator.max_features,
        marks or None,
        estimator.vocabulary,
        estimator.min_df,
        estimator.max_df,
    )


def warn_of_unknown(
    n_unknown, n_words, in_fit=False, effect="the perplexity says little"
):
    """Warn where most words are unknown: predicting them is no achievement."""
    if n_words < ENOUGH or 2 * n_unknown <= n_words:
        return
    remedy = (
        "Lower min_count and min_df, raise max_df and max_features, or give more "
        "documents."
        if in_fit
        else "Check that the documents are of the language of the vocabulary, and cut "
        "and lowercased alike."
    )
    warn(
        f"{n_unknown} of {n_words} words ({n_unknown / n_words:.0%}) are unknown: "
        f"{effect}. {remedy}",
        UserWarning,
    )


def check_count(name, value, least=1, most=None):
    """Refuse what is no integer of at least, and at most, so much."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r}: give an integer of at least {least}.")
    if most is not None and value > most:
        raise ValueError(f"{name}={value!r}: give an integer of at most {most}.")


def _as_temperature(value):
    """Return a number of at least 0 as a float; refuse what is none."""
    if isinstance(value, Real) and not isinstance(value, bool):
        # Of integers, too, some are beyond what a float holds.
        if 0 <= value <= sys.float_info.max:
            return float(value)
    raise ValueError(f"temperature={value!r:.40}: give a number of at least 0.")
