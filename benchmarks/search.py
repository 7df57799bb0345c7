"""What makes a search fast: one grid, searched in several ways, beside gensim.

Usage: python benchmarks/search.py TEXTS.csv.gz [--grid NAME] [--texts N] [--epochs N]
[--rounds N] [--jobs N] [--ways NAME ...]

The table has the columns ``text`` and ``label``.  Twelve candidates in three folds, on
one process or so many:

- ``heads``: four embeddings times three values of C;
- ``embeddings``: twelve embeddings and one C;
- ``classifier``: twelve `FastTextClassifier`, which need no further step;
- ``recurrent``: twelve `RecurrentClassifier`.

Seconds are those of the processor, of all processes: their start and what they import
is part of it.  Those of the clock are in brackets.  A ratio is the median of those of
the rounds, in which all ways take turns.  The final fit on all texts is part of each.
gensim is only run if it is among the ways named.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import os
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from contenders import GensimRows
from joblib.externals.loky import get_reusable_executor
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import Pipeline

from sklearn_embed import (
    FastTextClassifier,
    RecurrentClassifier,
    TokenizedDocuments,
    Word2VecVectorizer,
)

GRIDS = {
    "heads": {
        "rows__vector_size": [50, 100],
        "rows__window": [5, 10],
        "head__C": [0.1, 1.0, 10.0],
    },
    "embeddings": {
        "rows__vector_size": [50, 100],
        "rows__window": [5, 10],
        "rows__learning_rate": [0.025, 0.05, 0.1],
    },
    "classifier": {
        "rows__vector_size": [50, 100],
        "rows__alpha": [0.0, 0.001],
        "rows__learning_rate": [0.05, 0.2, 0.5],
    },
    "recurrent": {
        "rows__hidden_size": [16, 32],
        "rows__dropout": [0.0, 0.3],
        "rows__learning_rate": [0.002, 0.005, 0.01],
    },
}


#: Estimators that need no further step.
ALONE = {"classifier": FastTextClassifier, "recurrent": RecurrentClassifier}


def pipeline(grid, epochs, memory=None, rows_memory=None):
    """Return vectors and a logistic regression; or a text classifier."""
    own = {"epochs": epochs, "memory": rows_memory, "random_state": 0}
    if grid in ALONE:
        return Pipeline([("rows", ALONE[grid](**own))], memory=memory)
    return Pipeline([("rows", Word2VecVectorizer(**own)), *head()], memory=memory)


def head():
    """Return the steps behind the vectors.

    After few epochs the columns are strongly correlated, and a logistic regression
    takes hundreds of iterations on them, as they are or scaled; whitened, it takes
    some twenty, whatever the number of epochs.
    """
    whiten = PCA(whiten=True, random_state=0)
    return [("whiten", whiten), ("head", LogisticRegression(max_iter=300))]


def full(grid, epochs, folder):
    """Every candidate trained by itself."""
    return GridSearchCV(pipeline(grid, epochs), GRIDS[grid], cv=3)


def with_memory(grid, epochs, folder):
    """Candidates of one embedding share it through the pipeline's memory."""
    return GridSearchCV(pipeline(grid, epochs, folder), GRIDS[grid], cv=3)


def anew(grid, epochs, folder, rows_memory=None, factor=3, least="exhaust"):
    """Epochs are the resource; survivors start anew."""
    return HalvingGridSearchCV(
        pipeline(grid, epochs, rows_memory=rows_memory),
        GRIDS[grid],
        resource="rows__epochs",
        min_resources=least,
        max_resources=epochs,
        factor=factor,
        cv=3,
        return_train_score=False,
    )


def going_on(grid, epochs, folder):
    """Let survivors go on training, through the embedding's own memory."""
    return anew(grid, epochs, folder, folder)


def going_on_2(grid, epochs, folder):
    """Do the same, where every round halves: a quarter of the epochs at first."""
    return anew(grid, epochs, folder, folder, 2, max(epochs // 4, 1))


def going_on_4(grid, epochs, folder):
    """Do the same in two rounds: a quarter of the epochs, then all of them."""
    return anew(grid, epochs, folder, folder, 4, max(epochs // 4, 1))


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


def gensim(grid, epochs, folder):
    """Let gensim train in a wrapper, on raw texts."""
    if grid != "heads":
        raise ValueError("gensim is compared on the grid heads alone.")
    steps = [("rows", GensimWindows(epochs=epochs)), *head()]
    return GridSearchCV(Pipeline(steps), GRIDS[grid], cv=3)


WAYS = {
    way.__name__: way
    for way in (full, with_memory, anew, going_on, going_on_2, going_on_4, gensim)
}


def measure(make, texts, labels, grid, epochs, n_jobs):
    """Return seconds of all processors and of the clock, and the score of a search."""
    with tempfile.TemporaryDirectory() as folder:
        search = make(grid, epochs, folder).set_params(n_jobs=n_jobs)
        begun, used = time.perf_counter(), all_seconds()
        X = texts if make is gensim else TokenizedDocuments.from_documents(texts)
        search.fit(X, labels)
        taken = time.perf_counter() - begun
        if n_jobs > 1:  # seconds of a process are known when it has ended
            get_reusable_executor().shutdown(wait=True)
        return all_seconds() - used, taken, search.best_score_


def all_seconds():
    """Return processor seconds of this process and of those it has waited for."""
    return sum(os.times()[:4])


def main():
    """Take turns, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--grid", choices=GRIDS, default="heads")
    parser.add_argument("--texts", type=int, default=8000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS)[:-1])
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    table = pd.read_csv(options.table).dropna().sample(frac=1, random_state=0)
    table = table[: options.texts]
    texts, labels = table["text"].tolist(), table["label"].to_numpy()
    grid, epochs = options.grid, options.epochs
    # Compiled, before anything is measured.
    pipeline(grid, 1).fit(texts[:500], labels[:500]).predict(texts[:9])
    seconds, scores = {name: [] for name in options.ways}, {}
    clock = {name: [] for name in options.ways}
    for _ in range(options.rounds):
        for name in options.ways:
            used, taken, scores[name] = measure(
                WAYS[name], texts, labels, grid, epochs, options.jobs
            )
            seconds[name].append(used)
            clock[name].append(taken)
    print(
        f"{len(texts):,} texts, grid {grid}, {epochs} epochs, {options.rounds} rounds"
    )
    first = options.ways[0]
    for name, taken in seconds.items():
        ratio = np.median(np.divide(seconds[first], taken))
        print(
            f"{name:12} {np.min(taken):7.1f} s ({np.min(clock[name]):.1f})"
            f"  {ratio:5.2f} times as fast as {first}  best score {scores[name]:.4f}"
        )


if __name__ == "__main__":
    main()
