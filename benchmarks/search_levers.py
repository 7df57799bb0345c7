"""What single steps of a search cost, and what saves them: processor seconds a fit.

Usage: python benchmarks/search_levers.py TEXTS.csv.gz [--texts 8000]

The table has the columns ``text`` and ``label``.  Each line is a fit on two thirds of
the texts, as in a search of three folds; least of three.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import tempfile
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sklearn_embed import (
    GloVeVectorizer,
    RecurrentClassifier,
    TokenizedDocuments,
    Word2VecVectorizer,
)


def least(call, rounds=3):
    """Return the least processor seconds of some calls."""
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


def show(what, seconds):
    """Print a line."""
    print(f"{what:55} {seconds:8.4f} s", flush=True)


def tokenising(texts, X):
    """Compare raw and tokenised documents: reading, and what joblib hashes."""
    read = TokenizedDocuments.from_documents
    show("tokenise", least(lambda: read(texts)))
    slow = {"tokenizer": str.split}
    show("tokenise, by a function of Python", least(lambda: read(texts, **slow)))
    show("hash for a memory: list of str", least(lambda: joblib.hash(texts)))
    show("hash for a memory: TokenizedDocuments", least(lambda: joblib.hash(X)))
    labels = [f"label {i % 4}" for i in range(len(texts))]
    show("hash for a memory: labels, a list", least(lambda: joblib.hash(labels)))
    array = np.array(labels)
    show("hash for a memory: labels, an array", least(lambda: joblib.hash(array)))


def heads(X, y):
    """Fit logistic regressions on rows after few and many epochs."""
    for epochs in (1, 12):
        model = Word2VecVectorizer(100, window=10, epochs=epochs, random_state=0)
        rows = model.fit_transform(X)
        for step in (None, StandardScaler(), PCA(whiten=True, random_state=0)):
            scaled = rows if step is None else step.fit_transform(rows)
            head = LogisticRegression(C=10, max_iter=300)
            name = "as they are" if step is None else type(step).__name__
            seconds = least(lambda head=head, scaled=scaled: head.fit(scaled, y))
            show(f"logistic regression after {epochs} epochs, {name}", seconds)


def glove(X):
    """Fit GloVe of another size with and without shared counts."""
    model = GloVeVectorizer(50, epochs=10, random_state=0)
    show("GloVe", least(lambda: clone(model).fit(X)))
    with tempfile.TemporaryDirectory() as folder:
        model.set_params(memory=folder)
        clone(model).fit(X)
        sizes = iter((51, 52, 53))
        show(
            "GloVe of another vector_size, counts from its memory",
            least(lambda: clone(model).set_params(vector_size=next(sizes)).fit(X)),
        )


def early_stopping(X, y):
    """Fit a recurrent classifier with and without."""
    model = RecurrentClassifier(32, hidden_size=32, epochs=30, random_state=0)
    for stops in (False, True):
        model.set_params(early_stopping=stops)
        seconds = least(lambda: model.fit(X, y), 1)
        show(f"recurrent classifier, {model.n_iter_} of 30 epochs", seconds)


def main():
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--texts", type=int, default=8000)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    table = pd.read_csv(options.table).dropna().sample(frac=1, random_state=0)
    table = table[: options.texts * 2 // 3]
    texts, y = table["text"].tolist(), table["label"].to_numpy()
    X = TokenizedDocuments.from_documents(texts)
    Word2VecVectorizer(epochs=1).fit(X).transform(X)  # compiled
    GloVeVectorizer(epochs=1).fit(X)
    RecurrentClassifier(epochs=1).fit(X[:50], y[:50])
    tokenising(texts, X)
    heads(X, y)
    glove(X)
    early_stopping(X[:1000], y[:1000])


if __name__ == "__main__":
    main()
