"""Accuracy, speed and memory of ways to pool word vectors.

Run ``python benchmarks/pooling.py --vectors FILE [--rounds N] NAME=FILE.csv.gz ...``;
each FILE.csv.gz has the columns text, label and, perhaps, split (train, test).  The
vectors, of any format that ``read_vectors`` knows, are the same for all poolings; rows
are scaled column by column and given to logistic regression.  Without a split, the
score is that of five folds.  ``race`` says how times are compared; the order is
another one in each round.  Peak memory is that of a fresh process each, less what it
had before pooling (Linux only).
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import scipy.sparse as sp
from memory import resident_megabytes
from race import print_race, race
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments
from sklearn_embed.io import read_vectors

POOLINGS = {
    "mean": {},
    "mean of unit vectors": {"normalize_words": True},
    "idf": {"weights": "idf"},
    "SIF weights": {"weights": "sif"},
    "SIF": {"weights": "sif", "n_components_removed": 1},
    "uSIF": {"weights": "usif", "n_components_removed": 5},
    "sum": {"pooling": "sum"},
    "max": {"pooling": "max"},
    "min, mean, max": {"pooling": "power", "powers": (-np.inf, 1, np.inf)},
    "powers 1, 2, 3": {"pooling": "power", "powers": (1, 2, 3)},
    "powers ±inf, 1, 2, 3": {
        "pooling": "power",
        "powers": (-np.inf, 1, 2, 3, np.inf),
    },
}


def accuracy(frame, X, vectors, params):
    """Return the accuracy of one pooling on one labelled set."""
    model = make_pipeline(
        MeanPoolEmbedder(vectors, **params),
        StandardScaler(),
        LogisticRegression(C=0.01, max_iter=300),
    )
    labels = frame["label"].to_numpy()
    if "split" not in frame:
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        return cross_val_score(model, X, labels, cv=folds).mean()
    test = (frame["split"] == "test").to_numpy()
    train = (frame["split"] == "train").to_numpy()
    return model.fit(X[train], labels[train]).score(X[test], labels[test])


def accuracies(sets, vectors):
    """Print the table of accuracies."""
    table = {}
    for name, path in sets.items():
        frame = pd.read_csv(path)
        texts = frame["text"].astype(str)
        X = TokenizedDocuments.from_documents(texts, token_pattern=r"(?u)\b\w+\b")
        table[name] = {
            pooling: 100 * accuracy(frame, X, vectors, params)
            for pooling, params in POOLINGS.items()
        }
    print("accuracy in %, the same vectors and logistic regression")
    print(pd.DataFrame(table).round(1).to_string())


class Contenders:
    """What turns the same tokens into the same means.

    Parameters
    ----------
    X : TokenizedDocuments
        The documents.
    vectors : WordVectors
        The vectors.
    """

    def __init__(self, X, vectors):
        self.X, self.vectors = X, vectors
        self.keyed = vectors.to_keyed_vectors()
        self.embedder = MeanPoolEmbedder(vectors).fit(X[:10])
        rows = vectors.rows(X.table.tolist())[X.flat_ids()]
        bounds = np.append(0, np.cumsum(rows >= 0))[X.offsets]
        rows = rows[rows >= 0]
        ones = np.ones(len(rows), np.float32)
        shape = len(X), len(vectors)
        self.matrix = sp.csr_matrix((ones, rows, bounds), shape=shape)
        self.matrix.sum_duplicates()
        self.lengths = np.maximum(np.diff(bounds), 1).astype(np.float32)[:, None]
        known = vectors.row_of
        few = X[:: max(1, len(X) // 1000)]
        self.few = [[word for word in words if word in known] for words in few]
        self.share = len(few) / len(X)

    def ours(self):
        return self.embedder.transform(self.X)

    def sparse(self):
        return (self.matrix @ self.vectors.vectors) / self.lengths

    def gensim(self):
        """Average a sample by gensim; return the seconds that all would take."""
        start = time.perf_counter()
        for words in self.few:
            if words:
                self.keyed.get_mean_vector(words, pre_normalize=False)
        return (time.perf_counter() - start) / self.share


def compare(X, vectors, rounds):
    """Print times of means computed in several ways, and of our other poolings."""
    contenders = Contenders(X, vectors)
    np.testing.assert_allclose(
        contenders.ours(), contenders.sparse(), rtol=1e-4, atol=1e-5
    )
    runs = {
        "ours, mean": contenders.ours,
        "prebuilt CSR @ matrix": contenders.sparse,
        "loop over get_mean_vector (a sample)": contenders.gensim,
    }
    for name, params in POOLINGS.items():
        if name != "mean":
            fitted = MeanPoolEmbedder(vectors, **params).fit(X[:1000])
            runs[f"ours, {name}"] = partial(fitted.transform, X)
    times = race(runs, rounds, np.random.default_rng(0))
    size = f"{len(X)} documents, {vectors.vector_size} dimensions"
    print_race(size, times, X.n_tokens, "tokens")


def peak(name, X, vectors):
    """Print the megabytes by which one contender's process grows."""
    run = getattr(Contenders(X, vectors), name)
    before = resident_megabytes(forget=True)
    rows = run()
    more = resident_megabytes() - before
    result = rows.nbytes / 2**20 if isinstance(rows, np.ndarray) else 0
    print(f"    {name:32s} {more:8.1f} MB, result {result:.1f} MB")


def main():
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", metavar="NAME=FILE")
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sets = dict(item.split("=", 1) for item in options.sets)
    vectors = read_vectors(options.vectors)
    if options.peak:
        texts = pd.read_csv(next(iter(sets.values())))["text"].astype(str)
        X = TokenizedDocuments.from_documents(texts)
        MeanPoolEmbedder(vectors).fit(X[:1]).transform(X[:1])  # compiled
        peak(options.peak, X, vectors)
        return
    for name, path in sets.items():
        X = TokenizedDocuments.from_documents(pd.read_csv(path)["text"].astype(str))
        print(f"{name}: speed, from tokens to rows")
        compare(X, vectors, options.rounds)
        print(f"{name}: memory beyond what is there before", flush=True)
        for contender in ("ours", "sparse", "gensim"):
            item = f"{name}={path}"
            command = [__file__, "--vectors", options.vectors, "--peak", contender]
            subprocess.run([sys.executable, *command, item], check=True)
    accuracies(sets, vectors)


if __name__ == "__main__":
    main()
