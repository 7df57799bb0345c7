"""What `accuracy.py` compares: plain baselines, peers, and ours as they come.

A contender is a function from a `Task` to an estimator of raw texts, or to None where
it has nothing to offer.
"""

# SPDX-License-Identifier: BSD-3-Clause

import importlib.util
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.decomposition import TruncatedSVD
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    PPMIVectorizer,
    Word2VecVectorizer,
    WordClassVectorizer,
    text_pipeline,
)

#: The baseline that the others are held against.
STRONGEST = "TF-IDF (1, 2) and characters + SVC"


class Task(NamedTuple):
    """What a contender may know besides labelled texts."""

    seed: int
    spaced: bool  # whether blanks part the words
    unlabeled: Sequence[str] | None  # texts without labels, if there are any
    pretrained: Any  # vectors of `read_vectors`, or None


def logistic(**parameters):
    """Return a logistic regression that converges."""
    return LogisticRegression(max_iter=1000, **parameters)


def tfidf(task, ngram_range=(1, 1), **parameters):
    """Return TF-IDF of words, or of characters where these are the words."""
    if not task.spaced:
        parameters.update(analyzer="char", ngram_range=(1, 2))
    else:
        parameters.setdefault("ngram_range", ngram_range)
    return TfidfVectorizer(sublinear_tf=True, **parameters)


def words_and_characters(task):
    """Return the union of TF-IDF of words and of characters within words."""
    characters = TfidfVectorizer(
        sublinear_tf=True, analyzer="char_wb", ngram_range=(3, 5)
    )
    return make_union(tfidf(task, (1, 2)), characters)


def tuned_logistic(task):
    """Return TF-IDF and a logistic regression whose C is searched for."""
    pipeline = make_pipeline(tfidf(task), logistic())
    return GridSearchCV(pipeline, {"logisticregression__C": [1, 10, 100]}, cv=3)


def lsa(task):
    """Return latent semantic analysis."""
    reduced = TruncatedSVD(100, random_state=task.seed)
    return make_pipeline(tfidf(task), reduced, logistic())


def analyzer_of(task):
    """Return the function from a text to its tokens that all peers share."""
    if task.spaced:
        return TfidfVectorizer().build_analyzer()
    return TfidfVectorizer(analyzer="char").build_analyzer()


class GensimRows(TransformerMixin, BaseEstimator):
    """Means of gensim's vectors, as they are usually written by hand."""

    def __init__(self, analyze=None, unlabeled=None, seed=0):
        self.analyze = analyze
        self.unlabeled = unlabeled
        self.seed = seed

    def fit(self, X, y=None):
        """Train vectors on all texts."""
        from gensim.models import Word2Vec

        texts = [self.analyze(text) for text in [*X, *(self.unlabeled or ())]]
        model = Word2Vec(texts, epochs=15, min_count=2, seed=self.seed, workers=1)
        self.vectors_ = model.wv
        return self

    def transform(self, X):
        """Return the mean of each text's vectors."""
        known = [[w for w in self.analyze(t) if w in self.vectors_] for t in X]
        zeros = np.zeros(self.vectors_.vector_size)
        return np.array(
            [self.vectors_[words].mean(axis=0) if words else zeros for words in known]
        )


def gensim_by_hand(task):
    """Return gensim and a logistic regression."""
    rows = GensimRows(analyzer_of(task), task.unlabeled, task.seed)
    return make_pipeline(rows, logistic())


class FastTextProgram(ClassifierMixin, BaseEstimator):
    """The program of fastText's authors, by its Python module."""

    def __init__(self, analyze=None):
        self.analyze = analyze

    def fit(self, X, y):
        """Train with the program's own defaults."""
        import fasttext

        self.classes_, numbers = np.unique(y, return_inverse=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "train.txt")
            lines = (
                f"__label__{number} {' '.join(self.analyze(text))}\n"
                for number, text in zip(numbers, X, strict=True)
            )
            path.write_text("".join(lines), encoding="utf-8")
            self.model_ = fasttext.train_supervised(str(path), thread=1, verbose=0)
        return self

    def predict(self, X):
        """Return the likeliest classes."""
        lines = [" ".join(self.analyze(text)) + "\n" for text in X]
        found = self.model_.f.multilinePredict(lines, 1, 0.0, "strict")[0]
        return self.classes_[
            [int(labels[0].removeprefix("__label__")) for labels in found]
        ]


def fasttext_program(task):
    """Return fastText itself where it is installed."""
    if importlib.util.find_spec("fasttext") is None:
        return None
    return FastTextProgram(analyzer_of(task))


def embedding(vectorizer, task):
    """Return one of our vectorizers as it comes, and a logistic regression."""
    vectorizer = clone(vectorizer).set_params(
        tokenizer=tokenizer_of(task), unlabeled=task.unlabeled
    )
    if "random_state" in vectorizer.get_params():
        vectorizer.set_params(random_state=task.seed)
    return make_pipeline(vectorizer, logistic())


def tokenizer_of(task):
    """Return what our estimators need to be told of a language."""
    return None if task.spaced else "char"


def classifier(task, **parameters):
    """Return our classifier as it comes."""
    return FastTextClassifier(
        tokenizer=tokenizer_of(task), random_state=task.seed, **parameters
    )


def word_classes(task):
    """Return vectors counted from labels, scaled, and a logistic regression."""
    vectorizer = WordClassVectorizer(
        tokenizer=tokenizer_of(task), random_state=task.seed
    )
    return make_pipeline(vectorizer, StandardScaler(), logistic(C=0.1))


def whole_pipeline(task, pretrained=False):
    """Return the strong pipeline in one line."""
    if pretrained and (task.pretrained is None or not task.spaced):
        return None
    return text_pipeline(
        "classifier",
        tokenizer=tokenizer_of(task),
        unlabeled=task.unlabeled,
        pretrained=task.pretrained if pretrained else None,
        random_state=task.seed,
    )


def pretrained_rows(task):
    """Return means of pretrained vectors, scaled, and a logistic regression."""
    if task.pretrained is None or not task.spaced:
        return None
    rows = MeanPoolEmbedder(task.pretrained)
    return make_pipeline(rows, StandardScaler(), logistic())


def majority(task):
    """Return what knows the commonest class alone."""
    return DummyClassifier()


def tfidf_and(head, ngram_range, task):
    """Return TF-IDF of words and a linear head."""
    return make_pipeline(tfidf(task, ngram_range), head())


#: What competes, by the name under which the table shows it.
CONTENDERS = {
    "majority class": majority,
    "TF-IDF + LR": partial(tfidf_and, logistic, (1, 1)),
    "TF-IDF + LR, C searched": tuned_logistic,
    "TF-IDF (1, 2) + SVC": partial(tfidf_and, LinearSVC, (1, 2)),
    STRONGEST: lambda task: make_pipeline(words_and_characters(task), LinearSVC()),
    "LSA + LR": lsa,
    "gensim by hand + LR": gensim_by_hand,
    "fastText": fasttext_program,
    "Word2VecVectorizer + LR": partial(embedding, Word2VecVectorizer()),
    "FastTextVectorizer + LR": partial(embedding, FastTextVectorizer()),
    "GloVeVectorizer + LR": partial(embedding, GloVeVectorizer()),
    "PPMIVectorizer + LR": partial(embedding, PPMIVectorizer()),
    "WordClassVectorizer + scaler + LR": word_classes,
    "FastTextClassifier": classifier,
    "FastTextClassifier, n-grams": partial(classifier, word_ngrams=2, min_n=3, max_n=5),
    "text_pipeline": whole_pipeline,
    "pretrained + scaler + LR": pretrained_rows,
    "text_pipeline, pretrained": partial(whole_pipeline, pretrained=True),
}
