"""The words of `OneHotTokens`: which are terms, and which column each of them has."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sklearn_embed._estimators.base import limits_of
from sklearn_embed._text.analyzers import checked_range
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.tokens import stop_word_set
from sklearn_embed._text.vocabulary import Vocabulary, given_words, learn_vocabulary
from sklearn_embed._text.word_ngrams import with_ngrams, without


def joins_words(estimator):
    """Tell whether terms are made of several words."""
    return estimator.analyzer == "word" and estimator.ngram_range != (1, 1)


def terms(estimator, documents):
    """Return documents of words, or of n-grams if these are asked for."""
    shortest, longest = checked_range(estimator.ngram_range)
    if not joins_words(estimator):
        return documents
    documents = without(documents, used_stop_words(estimator))
    return with_ngrams(documents, (shortest, longest))


def vocabulary_of(estimator, documents):
    """Return the terms in the order of their columns, counted."""
    if estimator.vocabulary is not None:
        given = Vocabulary(given_words(estimator.vocabulary))
        return given.counted([documents])
    stops = used_stop_words(estimator)
    limits = limits_of(estimator)._replace(vocabulary=None, stop_words=stops)
    return learn_vocabulary([documents], limits, by_word=True)


def learned(estimator, vocabulary, options):
    """Return the attributes that say which column a term has."""
    stops = other_stops(estimator, vocabulary.words)
    return {
        "words_": vocabulary.words,
        "vocabulary_": vocabulary.index,
        "counts_": vocabulary.counts,
        "_text_options": options,
        "_lookup": make_lookup(vocabulary.words, options, stops),
    }


def used_stop_words(estimator):
    """Return the stop words; as in ``CountVectorizer``, for words alone."""
    return stop_word_set(estimator.stop_words if estimator.analyzer == "word" else None)


def other_stops(estimator, words):
    """Return the stop words that are not among the words of a vocabulary."""
    stops = used_stop_words(estimator)
    return stops - set(words) if stops else stops


def refuse_unknown(documents, unknown):
    """Raise if there is an unknown token, and say where."""
    if not unknown.any():
        return
    position = int(np.argmax(unknown))
    document = int(np.searchsorted(documents.offsets, position, side="right")) - 1
    token = documents[document][position - int(documents.offsets[document])]
    raise ValueError(
        f"Token {token!r} of document {document} is not in the vocabulary. Fit on "
        "documents that contain it, or choose handle_unknown='ignore' or 'unknown'."
    )
