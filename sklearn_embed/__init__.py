"""Word embeddings as scikit-learn transformers."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._cooccurrence import CooccurrenceCounts
from sklearn_embed._fasttext import FastTextVectorizer
from sklearn_embed._fasttext_classifier import FastTextClassifier
from sklearn_embed._glove import GloVeVectorizer
from sklearn_embed._mean_pool import MeanPoolEmbedder
from sklearn_embed._one_hot import OneHotTokens
from sklearn_embed._pretrained import Pretrained
from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._word2vec import Word2VecVectorizer

__version__ = "0.1.0"

__all__ = [
    "CooccurrenceCounts",
    "FastTextClassifier",
    "FastTextVectorizer",
    "GloVeVectorizer",
    "MeanPoolEmbedder",
    "OneHotTokens",
    "Pretrained",
    "TokenizedDocuments",
    "Word2VecVectorizer",
]
