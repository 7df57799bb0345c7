"""Word embeddings as scikit-learn transformers."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._core.progress import show_progress
from sklearn_embed._core.version import __version__ as __version__
from sklearn_embed._estimators.block_scaler import BlockScaler
from sklearn_embed._estimators.contextual_vectorizer import ContextualVectorizer
from sklearn_embed._estimators.fasttext import FastTextVectorizer
from sklearn_embed._estimators.fasttext_classifier import FastTextClassifier
from sklearn_embed._estimators.glove import GloVeVectorizer
from sklearn_embed._estimators.mean_pool import MeanPoolEmbedder
from sklearn_embed._estimators.ngram_language_model import NGramLanguageModel
from sklearn_embed._estimators.one_hot import OneHotTokens
from sklearn_embed._estimators.ppmi import PPMIVectorizer
from sklearn_embed._estimators.pretrained import Pretrained
from sklearn_embed._estimators.records import trusted_types
from sklearn_embed._estimators.recurrent_classifier import RecurrentClassifier
from sklearn_embed._estimators.recurrent_language_model import RecurrentLanguageModel
from sklearn_embed._estimators.text_pipeline import text_pipeline
from sklearn_embed._estimators.token_vectors import TokenVectors
from sklearn_embed._estimators.window_language_model import WindowLanguageModel
from sklearn_embed._estimators.word2vec import Word2VecVectorizer
from sklearn_embed._estimators.word_class import WordClassVectorizer
from sklearn_embed._models.cooccurrence import CooccurrenceCounts
from sklearn_embed._models.ngram_counts import NGramCounts
from sklearn_embed._text.tokenized import TokenizedDocuments
from sklearn_embed._text.word_counts import WordCounts

__all__ = [
    "BlockScaler",
    "ContextualVectorizer",
    "CooccurrenceCounts",
    "FastTextClassifier",
    "FastTextVectorizer",
    "GloVeVectorizer",
    "MeanPoolEmbedder",
    "NGramCounts",
    "NGramLanguageModel",
    "OneHotTokens",
    "PPMIVectorizer",
    "Pretrained",
    "RecurrentClassifier",
    "RecurrentLanguageModel",
    "TokenVectors",
    "TokenizedDocuments",
    "WindowLanguageModel",
    "Word2VecVectorizer",
    "WordClassVectorizer",
    "WordCounts",
    "show_progress",
    "text_pipeline",
    "trusted_types",
]
