"""Few labels, much text: embeddings learned from unlabelled text beside TF-IDF.

    python benchmarks/few_labels.py
    python benchmarks/few_labels.py --labelled reviews.csv --unlabeled corpus.txt.gz

Without arguments: paragraphs of documentation, of which nearly all lose their labels.
The table of labelled texts has columns ``text`` and ``label``; the unlabelled corpus is
one document a line.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import Normalizer, StandardScaler

from sklearn_embed import MeanPoolEmbedder, TokenizedDocuments, Word2VecVectorizer
from sklearn_embed.datasets import load_docstrings


def main():
    options = parse()
    texts, labels, unlabeled = load(options)
    print(f"{len(texts):,} labelled texts; unlabelled: {unlabeled}")
    rows = []
    for draw in range(options.draws):
        X, X_test, y, y_test = train_test_split(
            texts, labels, train_size=options.labels, stratify=labels, random_state=draw
        )
        rows.append(
            {
                name: model.fit(X, y).score(X_test, y_test)
                for name, model in models(unlabeled, options, draw).items()
            }
        )
        print(f"draw {draw + 1}: {rows[-1]}", flush=True)
    table = pd.DataFrame(rows)
    print(table.agg(["mean", "std"]).T.round(4).to_string())


def models(unlabeled, options, seed):
    """Return the models, unfitted, all of them choosing C by cross-validation."""

    def classifier():
        grid = {"C": np.logspace(-4, 3, 8)}
        return GridSearchCV(LogisticRegression(max_iter=2000), grid, cv=5)

    learner = Word2VecVectorizer(
        options.vector_size,
        unlabeled=unlabeled,
        epochs=options.epochs,
        n_jobs=options.n_jobs,
        random_state=seed,
    )
    weighted = MeanPoolEmbedder(learner, weights="idf")
    tfidf = TfidfVectorizer(sublinear_tf=True)
    return {
        "TF-IDF": make_pipeline(tfidf, classifier()),
        "embedding": make_pipeline(weighted, StandardScaler(), classifier()),
        "union": make_pipeline(
            make_union(tfidf, make_pipeline(weighted, Normalizer())), classifier()
        ),
    }


def load(options):
    """Return labelled texts, their labels, and unlabelled documents."""
    if options.labelled is None:
        texts, labels = load_docstrings(subset="train", return_X_y=True)
        return texts, np.asarray(labels), TokenizedDocuments.from_documents(texts)
    table = pd.read_csv(options.labelled)
    if options.unlabeled is None:
        unlabeled = TokenizedDocuments.from_documents(table.text)
    else:
        unlabeled = first_words(options.unlabeled, options.words)
    return table.text.tolist(), table.label.to_numpy(), unlabeled


def first_words(path, n_words):
    """Return the first documents of a file, together so many words."""
    documents = TokenizedDocuments.from_documents(Path(path))
    if n_words is None:
        return documents
    stop = int(np.searchsorted(documents.offsets, n_words))
    return documents[: max(stop, 1)]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--labelled", help="CSV file with columns text and label")
    parser.add_argument("--unlabeled", help="file or folder, one document a line")
    parser.add_argument("--words", type=int, help="of the unlabelled text; all of it")
    parser.add_argument("--labels", type=int, default=200)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
