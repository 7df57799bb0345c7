"""One small instance of every estimator, for the suites that run over all."""

import pytest
from static_models import source, words_alone

from sklearn_embed import (
    ContextualVectorizer,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    NGramLanguageModel,
    OneHotTokens,
    PPMIVectorizer,
    Pretrained,
    RecurrentClassifier,
    RecurrentLanguageModel,
    WindowLanguageModel,
    Word2VecVectorizer,
    WordClassVectorizer,
)

TINY = {"min_count": 1, "epochs": 2, "random_state": 0}
VECTORS = {"cat": [1.0, 0.5], "dog": [0.0, 2.0], "кошка": [-1.0, 0.0]}

ESTIMATORS = [
    OneHotTokens(),
    OneHotTokens("binary"),
    OneHotTokens("ids"),
    OneHotTokens("one_hot"),
    Word2VecVectorizer(3, **TINY),
    Word2VecVectorizer(3, architecture="cbow", **TINY),
    Word2VecVectorizer(3, loss="hierarchical_softmax", **TINY),
    Word2VecVectorizer(3, loss="softmax", combine="concatenate", **TINY),
    Word2VecVectorizer(2, pretrained=Pretrained(VECTORS, trainable=False), **TINY),
    FastTextVectorizer(3, **TINY),
    FastTextVectorizer(3, architecture="cbow", bucket=None, **TINY),
    GloVeVectorizer(3, **TINY),
    GloVeVectorizer(3, window="document", direction="left", **TINY),
    WordClassVectorizer(cv=2, random_state=0),
    WordClassVectorizer("ppmi", word_ngrams=3, max_n=0, cv=2, random_state=0),
    PPMIVectorizer(3, min_count=1),
    PPMIVectorizer(3, min_count=1, window="document", direction="left"),
    ContextualVectorizer(3, hidden_size=4, **TINY),
    ContextualVectorizer(
        4,
        cell="gru",
        hidden_size=4,
        num_layers=1,
        pooling="max",
        layer_weights="mean",
        normalize_layers=True,
        **TINY,
    ),
    MeanPoolEmbedder(Word2VecVectorizer(3, **TINY)),
    MeanPoolEmbedder(VECTORS, weights="idf"),
    MeanPoolEmbedder(VECTORS, pooling="power", powers=[1, 3], oov="zero"),
    MeanPoolEmbedder(VECTORS, pooling="concat", max_length=3, normalize_words=True),
    MeanPoolEmbedder(VECTORS, pooling="max", weights="usif", normalize=True),
    MeanPoolEmbedder(VECTORS, weights="sif", n_components_removed=1),
    MeanPoolEmbedder(source(words_alone), weights="idf", normalize=True),
    MeanPoolEmbedder(VECTORS, normalize=True, center=True, scale=0.3),
]

# Few documents, each of words that no other has, are learned by heart.
CLASSIFIERS = [
    FastTextClassifier(8, learning_rate=0.5, epochs=80, random_state=0),
    FastTextClassifier(
        8, word_ngrams=2, max_n=3, bucket=1000, learning_rate=0.5, random_state=0
    ),
    RecurrentClassifier(
        16, hidden_size=16, dropout=0, learning_rate=0.05, epochs=30, random_state=0
    ),
    RecurrentClassifier(
        8,
        cell="gru",
        hidden_size=16,
        bidirectional=False,
        pooling="last",
        dropout=0.1,
        learning_rate=0.05,
        epochs=30,
        random_state=0,
    ),
    RecurrentClassifier(
        16,
        hidden_size=8,
        layers="all",
        dropout=0.1,
        learning_rate=0.05,
        epochs=30,
        random_state=0,
    ),
]

LANGUAGE_MODELS = [
    NGramLanguageModel(3, min_count=1),
    NGramLanguageModel(1, min_count=1),
    WindowLanguageModel(3, order=3, hidden_size=5, **TINY),
    WindowLanguageModel(
        3, direct_connections=True, loss="sampled_softmax", negative=4, **TINY
    ),
    RecurrentLanguageModel(3, hidden_size=5, **TINY),
    RecurrentLanguageModel(
        5, cell="gru", hidden_size=5, tie_weights=True, loss="softmax", **TINY
    ),
    RecurrentLanguageModel(
        3,
        cell="rnn",
        hidden_size=4,
        num_layers=2,
        loss="sampled_softmax",
        negative=5,
        optimizer="adagrad",
        **TINY,
    ),
]


def name_of(estimator):
    """Name an estimator by its class and by what tells it from its siblings."""
    choices = ("output", "association", "architecture", "loss", "direction")
    choices += ("embedding", "pooling")
    params = estimator.get_params(deep=False)
    values = [params[name] for name in ("order", *choices) if name in params]
    shown = [
        str(value) if isinstance(value, str | int) else type(value).__name__
        for value in values
    ]
    return "-".join([type(estimator).__name__, *shown])


every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=name_of)
