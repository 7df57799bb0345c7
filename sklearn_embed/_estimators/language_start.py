"""The parameter `language_model` of a classifier: checked, and what it gives."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._estimators.base import limits_of
from sklearn_embed._estimators.contextual_vectorizer import ContextualVectorizer
from sklearn_embed._estimators.recurrent_language_model import RecurrentLanguageModel
from sklearn_embed._estimators.snapshot import snapshot
from sklearn_embed._models.language_start import LanguageStart
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.vocabulary import Vocabulary, document_frequencies

#: Parameters that classifier and language model share, by name.
SHARED = ("cell", "nonlinearity", "hidden_size", "num_layers")


def checked_models(estimator):
    """Return the language models to start from, checked before a text is read."""
    value = estimator.language_model
    if value is None:
        if estimator.fine_tuning == "none":
            raise ValueError(
                "fine_tuning='none' leaves vectors and layers as they are, but with "
                "language_model=None layers would be random. Give a fitted one."
            )
        return []
    if estimator.pretrained is not None:
        raise ValueError(
            "pretrained and language_model both say where vectors start: give one."
        )
    if isinstance(value, ContextualVectorizer):
        check_is_fitted(value)
        value = value.language_models_
    is_pair = isinstance(value, (tuple, list))
    models = list(value) if is_pair else [value]
    directions = ["forward", "backward"] if estimator.bidirectional else ["forward"]
    if len(models) != len(directions):
        wanted = "a pair of them, the second one of direction='backward'"
        raise ValueError(
            f"language_model holds {len(models)} models, but bidirectional="
            f"{estimator.bidirectional} needs "
            f"{wanted if estimator.bidirectional else 'one'}."
        )
    for model, direction in zip(models, directions, strict=True):
        if not isinstance(model, RecurrentLanguageModel):
            raise TypeError(
                f"language_model holds {model!r}: give a fitted "
                "RecurrentLanguageModel, a pair of them, or a ContextualVectorizer."
            )
        check_is_fitted(model)
        _check_shapes(estimator, model._model.settings, direction)
    models = [snapshot(model) for model in models]
    size = sum(model._model.settings.vector_size for model in models)
    if estimator.vector_size != size:
        raise ValueError(
            f"vector_size={estimator.vector_size}, but words have {size} numbers in "
            f"language_model{', both together' if is_pair else ''}: set vector_size="
            f"{size}."
        )
    return models


def _check_shapes(estimator, settings, direction):
    """Refuse a language model whose layers are others than the classifier's."""
    if settings.direction != direction:
        raise ValueError(
            f"language_model: a model of direction={settings.direction!r} stands "
            f"where one of direction={direction!r} must."
        )
    for name in SHARED:
        if name == "nonlinearity" and settings.cell != "rnn":
            continue
        own, theirs = getattr(estimator, name), getattr(settings, name)
        if own != theirs:
            raise ValueError(
                f"{name}={own!r}, but language_model has {theirs!r}: set "
                f"{name}={theirs!r}."
            )


def start_of(models, stack):
    """Return the LanguageStart that language models give, or None."""
    if not models:
        return None
    networks = [model._model for model in models]
    return LanguageStart.of(networks, [model.words_ for model in models], stack)


def with_known_words(estimator, vocabulary, documents):
    """Return a vocabulary and, after its words, those that language models know.

    Stop words, words outside of a given `vocabulary` and words that `max_df` leaves
    out are left out; rare ones are not.
    """
    models = checked_models(estimator)
    if not models:
        return vocabulary
    words = dict.fromkeys(word for model in models for word in model.words_)
    words = [word for word in words if word not in vocabulary.index]
    limits = limits_of(estimator)._replace(min_count=1, max_features=None, min_df=0.0)
    table = TokenTable.from_tokens(words)
    allowed = limits.select(table, np.ones(len(words), np.int64), by_word=True)
    more = Vocabulary([words[place] for place in np.sort(allowed)])
    if limits.asks_for_documents():
        rows = more.rows(documents.table)
        frequencies = np.zeros(len(more), np.int64)
        frequencies[rows[rows >= 0]] = document_frequencies(documents)[rows >= 0]
        kept = limits.in_documents(frequencies, len(documents))
        more = Vocabulary([more.words[place] for place in np.flatnonzero(kept)])
    counts = np.concatenate([vocabulary.counts, more.counted([documents]).counts])
    return Vocabulary([*vocabulary.words, *more.words], counts)
