"""What files of estimators may name: estimators, and records of values."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from sklearn_embed._models.classifier import (
    ClassifierSettings,
    Labels,
    SupervisedFastText,
)
from sklearn_embed._models.fasttext import FastText, FastTextSettings
from sklearn_embed._models.features import Ngrams
from sklearn_embed._models.glove import GloVe, GloveParameters, GloveSettings
from sklearn_embed._models.ngram_lm import BackoffModel
from sklearn_embed._models.prediction import Outputs
from sklearn_embed._models.quantize import QuantizedFastText
from sklearn_embed._models.recurrent_classifier import (
    ClassifierWeights,
    RecurrentClassifierSettings,
    RecurrentTextClassifier,
)
from sklearn_embed._models.recurrent_lm import (
    NetworkWeights,
    RecurrentNetwork,
    RecurrentSettings,
)
from sklearn_embed._models.term_features import TermFeatures
from sklearn_embed._models.window_lm import WindowNetwork, WindowSettings
from sklearn_embed._models.word2vec import Word2Vec, Word2VecSettings
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._quantized import QuantizedMatrix

#: Estimators that a file may name, by their names; see `register`.
REGISTRY: dict[str, type] = {}

#: Steps of pipelines, which no file of ours names; see `trust`.
STEPS: list[type] = []

#: What else a file may name: values whose parts are written one by one.
RECORDS = {
    record.__name__: record
    for record in (
        TextOptions,
        PieceTokenizer,
        Subwords,
        Outputs,
        Word2VecSettings,
        Word2Vec,
        FastTextSettings,
        FastText,
        GloveSettings,
        GloveParameters,
        GloVe,
        Ngrams,
        ClassifierSettings,
        Labels,
        SupervisedFastText,
        QuantizedMatrix,
        QuantizedFastText,
        TermFeatures,
        BackoffModel,
        RecurrentSettings,
        WindowSettings,
        WindowNetwork,
        NetworkWeights,
        RecurrentNetwork,
        RecurrentClassifierSettings,
        ClassifierWeights,
        RecurrentTextClassifier,
    )
}


def trusted_types() -> list[str]:
    """Return the names of the types that skops must trust to read our estimators.

    Returns
    -------
    list of str
        Estimators and what they keep, all of this package.  To give to
        ``skops.io.load(file, trusted=...)``, or as ``skops_trusted_types`` to MLflow's
        ``log_model``.

    See Also
    --------
    Word2VecVectorizer.save : Files that name no types at all.

    Examples
    --------
    >>> from sklearn_embed import trusted_types
    >>> "sklearn_embed._estimators.one_hot.OneHotTokens" in trusted_types()
    True
    """
    classes = [*REGISTRY.values(), *STEPS, *RECORDS.values(), WordVectors]
    return sorted(f"{each.__module__}.{each.__qualname__}" for each in classes)


def register(cls):
    """Let files name an estimator: a class decorator."""
    REGISTRY[cls.__name__] = cls
    return cls


def trust(cls):
    """Let skops read a step of pipelines: a class decorator."""
    STEPS.append(cls)
    return cls
