"""What makes a search fast: one grid, searched in several ways, beside gensim.

Usage: python benchmarks/search.py TEXTS.csv.gz [--texts N] [--epochs N] [--rounds N]
[--without-gensim]

The table has the columns ``text`` and ``label``.  Twelve candidates, four embeddings
times three values of C, in three folds, on one process; seconds are those of the
processor, the least of some rounds in which all ways take turns.  The final fit on all
texts is part of each.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from contenders import GensimRows
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_embed import TokenizedDocuments, Word2VecVectorizer

GRID = {"rows__vector_size": [50, 100], "rows__window": [5, 10]}
HEADS = {"head__C": [0.1, 1.0, 10.0]}


def pipeline(epochs, memory=None, rows_memory=None):
    """Return vectors and a logistic regression."""
    rows = Word2VecVectorizer(epochs=epochs, memory=rows_memory, random_state=0)
    head = LogisticRegression(max_iter=300)
    return Pipeline([("rows", rows), ("head", head)], memory=memory)


def full(epochs, folder):
    """Every candidate trained by itself."""
    return GridSearchCV(pipeline(epochs), GRID | HEADS, cv=3)


def with_memory(epochs, folder):
    """Candidates of one embedding share it through the pipeline's memory."""
    return GridSearchCV(pipeline(epochs, folder), GRID | HEADS, cv=3)


def halving(epochs, folder, rows_memory=None):
    """Epochs are the resource; survivors start anew."""
    return HalvingGridSearchCV(
        pipeline(epochs, rows_memory=rows_memory),
        GRID | HEADS,
        resource="rows__epochs",
        min_resources=max(epochs // 4, 1),
        max_resources=epochs,
        factor=2,
        cv=3,
        return_train_score=False,
    )


def going_on(epochs, folder):
    """Let survivors go on training, through the embedding's own memory."""
    return halving(epochs, folder, folder)


class GensimWindows(GensimRows):
    """gensim as it is wrapped by hand, with the parameters of the grid."""

    def __init__(self, vector_size=100, window=5, epochs=12):
        self.vector_size = vector_size
        self.window = window
        self.epochs = epochs

    def fit(self, X, y=None):
        """Train vectors."""
        from gensim.models import Word2Vec

        self.analyze = TfidfVectorizer().build_analyzer()
        self.vectors_ = Word2Vec(
            [self.analyze(text) for text in X],
            vector_size=self.vector_size,
            window=self.window,
            epochs=self.epochs,
            min_count=2,
            sg=1,
            workers=1,
            seed=1,
        ).wv
        return self


def gensim(epochs, folder):
    """Let gensim train in a wrapper, on raw texts."""
    steps = [("rows", GensimWindows(epochs=epochs))]
    steps.append(("head", LogisticRegression(max_iter=300)))
    return GridSearchCV(Pipeline(steps), GRID | HEADS, cv=3)


def measure(make, texts, labels, epochs):
    """Return processor seconds and the best score of one search."""
    with tempfile.TemporaryDirectory() as folder:
        search = make(epochs, folder)
        start = time.process_time()
        X = texts if make is gensim else TokenizedDocuments.from_documents(texts)
        search.fit(X, labels)
        return time.process_time() - start, search.best_score_


def main():
    """Take turns, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--texts", type=int, default=8000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-gensim", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    table = pd.read_csv(options.table).dropna().sample(frac=1, random_state=0)
    table = table[: options.texts]
    texts, labels = table["text"].tolist(), table["label"].to_numpy()
    ways = [full, with_memory, halving, going_on]
    ways += [] if options.without_gensim else [gensim]
    pipeline(1).fit(texts[:500], labels[:500])  # compiled, before anything is measured
    seconds, scores = {way.__name__: [] for way in ways}, {}
    for _ in range(options.rounds):
        for way in ways:
            taken, score = measure(way, texts, labels, options.epochs)
            seconds[way.__name__].append(taken)
            scores[way.__name__] = score
    least = {name: np.min(taken) for name, taken in seconds.items()}
    print(f"{len(texts):,} texts, {options.epochs} epochs, {options.rounds} rounds")
    for name, taken in least.items():
        ratio = taken / least["full"]
        print(f"{name:12} {taken:7.1f} s  {ratio:5.2f}  best score {scores[name]:.4f}")


if __name__ == "__main__":
    main()
