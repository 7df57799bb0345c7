# SPDX-License-Identifier: BSD-3-Clause
"""
The main job: texts to a classifier
===================================

A word embedding is a step of a pipeline, and its parameters are searched along with
those of the classifier.  This script does so on 28,000 paragraphs of documentation
(which library does a paragraph belong to?) or on a table of yours:

.. code-block:: sh

    python text_classification.py
    python text_classification.py --csv reviews.csv --text review --label stars
    python text_classification.py --csv 评论.csv --tokenizer jieba

Texts without blanks between words, such as Chinese, need the last option: ``jieba``,
which finds Chinese words and has to be installed, or ``char``, which takes each
character.

It prints the search, the test accuracies beside two baselines, neighbours of words and
an analogy; it saves the vectors in word2vec's format and a picture.
"""

import argparse
import importlib
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from gensim.models import KeyedVectors
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import Normalizer, StandardScaler

from sklearn_embed import (
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed.datasets import load_docstrings
from sklearn_embed.plotting import SearchDisplay, WordMapDisplay

# %%
# The texts
# ---------
# A part is held out for the end.  The corpus brings its own split, by source file, so
# that near-duplicates from one file are not on both sides.  The folds of the search are
# runs of neighbouring files: they differ more from each other than the held-out part
# does, which is why accuracy in cross-validation is lower and scatters.


def load_texts(options):
    """Return training and test texts, training and test labels."""
    if options.csv is None:
        train, test = load_docstrings(subset="train"), load_docstrings(subset="test")
        names = np.array(train.target_names)
        return train.data, test.data, names[train.target], names[test.target]
    table = pd.read_csv(options.csv)[[options.text, options.label]].dropna()
    table = table.astype(str)
    enough = table.groupby(options.label)[options.text].transform("size") >= 8
    if not enough.all():
        print(f"Left out: {(~enough).sum()} texts whose label occurs less than 8 times")
    table = table[enough]
    return train_test_split(
        table[options.text],
        table[options.label],
        stratify=table[options.label],
        random_state=0,
    )


def tokenizer_named(name):
    """Return the parameter `tokenizer` that an option of the command line names."""
    if name != "jieba":
        return None if name == "default" else name
    try:
        return importlib.import_module(name).lcut
    except ImportError:
        raise SystemExit(
            "--tokenizer jieba needs this package: pip install jieba"
        ) from None


# %%
# The search
# ----------
# The texts are tokenised once; cross-validation then slices arrays.  ``memory`` lets
# candidates that differ in the classifier alone share a trained embedding.


def search_pipelines(X, y, cache):
    """Search over embedding and classifier."""
    pipeline = Pipeline(
        [
            (
                "embedding",
                Word2VecVectorizer(
                    min_count=2, learning_rate=0.05, epochs=10, random_state=0
                ),
            ),
            ("scale", StandardScaler()),
            ("classifier", LogisticRegression(max_iter=1000)),
        ],
        memory=cache,
    )
    network = MLPClassifier(
        (100,), early_stopping=True, n_iter_no_change=3, max_iter=50, random_state=0
    )
    grid = [
        {
            "embedding__vector_size": [50, 100],
            "embedding__window": [5, 10],
            "classifier__C": [0.03, 0.3],
        },
        {
            "embedding__vector_size": [100],
            "embedding__window": [10],
            "classifier": [network],
            "classifier__alpha": [0.01, 1],
        },
    ]
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=-1)
    return with_progress(search).fit(X, y)


def with_progress(search):
    """Show a bar where scikit-learn (1.9 and later, with rich) can; else a line."""
    try:
        from sklearn.callback import ProgressBar

        return search.set_callbacks(ProgressBar(max_propagation_depth=0))
    except ImportError:
        return search.set_params(verbose=1)


def candidates(search):
    """Return the candidates of a search as a table, the best first."""
    results = pd.DataFrame(search.cv_results_).sort_values("rank_test_score")
    rows = []
    for params in results["params"]:
        if "classifier" in params:
            classifier = f"network, alpha={params['classifier__alpha']:g}"
        else:
            classifier = f"logistic, C={params['classifier__C']:g}"
        size, window = params["embedding__vector_size"], params["embedding__window"]
        rows.append((size, window, classifier))
    table = pd.DataFrame(rows, columns=["vector_size", "window", "classifier"])
    table["accuracy"] = results["mean_test_score"].to_numpy()
    table["std"] = results["std_test_score"].to_numpy()
    table.index = pd.RangeIndex(1, len(table) + 1, name="rank")
    return table


# %%
# Beside the baselines
# --------------------
# The mean of the vectors forgets which rare word settled the matter.  TF-IDF does not,
# and is hard to beat with vectors trained on the texts of the task alone.  The two see
# different things, though, so that their union is worth a try.  Iterating over a
# `TokenizedDocuments` gives lists of tokens: hence ``analyzer=list``.


def compare(best, X, y, X_test, y_test):
    """Return the test accuracy of the best pipeline and of what it competes with."""
    tfidf = TfidfVectorizer(analyzer=list, sublinear_tf=True)
    # A fitted embedding is taken as it is.
    embedding = MeanPoolEmbedder(best["embedding"], weights="idf")
    both = make_union(tfidf, make_pipeline(embedding, Normalizer()))
    models = {
        "majority class": DummyClassifier(),
        "TF-IDF": make_pipeline(tfidf, LogisticRegression(C=10, max_iter=1000)),
        "TF-IDF and embedding": make_pipeline(
            both, LogisticRegression(C=10, max_iter=1000)
        ),
    }
    scores = {
        name: model.fit(X, y).score(X_test, y_test) for name, model in models.items()
    }
    scores["embedding (best of the search)"] = best.score(X_test, y_test)
    return pd.Series(scores, name="test accuracy").sort_values()


# %%
# What the vectors know
# ---------------------

ANALOGIES = [  # a is to b as c is to d
    ("row", "rows", "column", "columns"),
    ("minimum", "min", "maximum", "max"),
    ("man", "woman", "king", "queen"),
    ("he", "his", "she", "her"),
    ("is", "was", "are", "were"),
]


def explore(model, words):
    """Print the neighbours of some words, and an analogy."""
    print("\nNearest neighbours")
    width = max(map(len, words))
    for word in words:
        near = ", ".join(f"{w} {c:.2f}" for w, c in model.most_similar(word, topn=5))
        print(f"  {word:<{width}}  {near}")
    for a, b, c, d in ANALOGIES:
        if {a, b, c, d} <= model.vocabulary_.keys():
            found = model.most_similar(positive=[b, c], negative=[a], topn=3)
            answers = ", ".join(f"{w} {cosine:.2f}" for w, cosine in found)
            print(f"\nAnalogy: {a} is to {b} as {c} is to …  {answers}")
            break


def typical_words(X, y, model, n_words=12, n_classes=7):
    """Return the words that are frequent in one class and rare in the others."""
    names, sizes = np.unique(y, return_counts=True)
    names = names[np.sort(np.argsort(-sizes, kind="stable")[:n_classes])]
    one_hot = OneHotTokens(output="binary", vocabulary=model.words_)
    present = one_hot.fit_transform(X)
    shares = np.vstack([present[np.asarray(y) == name].mean(axis=0) for name in names])
    shares = np.asarray(shares)
    usual = [
        # Two letters tell little, two characters of Chinese much.
        (len(word) > 2 or not word.isascii())
        and word.isalpha()
        and word not in ENGLISH_STOP_WORDS
        for word in model.words_
    ]
    chosen = {}
    for k, name in enumerate(names):
        others = np.delete(shares, k, axis=0).max(axis=0, initial=0) + 1e-3
        typical = np.where(usual, shares[k] * np.log(shares[k] / others + 1e-9), -9)
        rank = np.argsort(-typical, kind="stable")
        chosen[str(name)] = [model.words_[i] for i in rank[:n_words]]
    return chosen


# %%
# The picture
# -----------
# t-SNE puts words with similar vectors side by side.  It was not told the classes; they
# only colour the words.


def draw(model, groups, search, scores):
    """Draw the map of words, the search, and the comparison."""
    figure = plt.figure(figsize=(16, 8.5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.35, 1])
    rows = [len(search.cv_results_["params"]), len(scores) + 2]
    top, bottom = right.subplots(2, 1, height_ratios=rows)
    SearchDisplay.from_estimator(search, ax=top, title="The search")
    draw_scores(bottom, scores)
    WordMapDisplay.from_estimator(
        model,
        groups,
        ax=left.subplots(),
        title="Words typical of each class: the nearer, the more alike in use",
    )
    return figure


def draw_scores(axes, scores):
    """Draw the test accuracies as bars with figures."""
    colours = ["C1" if "embedding" in name else "0.6" for name in scores.index]
    bars = axes.barh(scores.index, scores, color=colours)
    axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.set_xlim(0, 1.12)
    axes.set_title("Accuracy on the held-out texts", loc="right")
    axes.spines[["top", "right"]].set_visible(False)


# %%
# All of it
# ---------


def main():
    """Run the whole job."""
    parser = argparse.ArgumentParser(
        description="Search over embedding and classifier on a column of texts."
    )
    parser.add_argument("--csv", type=Path, help="a table of texts")
    parser.add_argument("--text", default="text", help="its column of texts")
    parser.add_argument("--label", default="label", help="its column of labels")
    parser.add_argument(
        "--tokenizer",
        choices=["default", "char", "jieba"],
        default="default",
        help="what cuts texts: a pattern for words between blanks, or, for languages "
        "without blanks, each character, or Chinese words by jieba",
    )
    parser.add_argument("--texts", type=int, help="draw this many to train on")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("text_classification_results"),
        help="folder for vectors, table and picture",
    )
    options = parser.parse_args()
    tokenizer = tokenizer_named(options.tokenizer)
    options.output.mkdir(parents=True, exist_ok=True)

    train, test, y, y_test = load_texts(options)
    if options.texts and options.texts < len(train):
        drawn = np.random.default_rng(0).choice(
            len(train), options.texts, replace=False
        )
        train, y = [list(train)[i] for i in drawn], np.asarray(y)[drawn]
    X, X_test = (
        TokenizedDocuments.from_documents(part, tokenizer=tokenizer)
        for part in (train, test)
    )
    print(f"Training: {X}\nTest:     {X_test}")

    with tempfile.TemporaryDirectory() as cache:
        search = search_pipelines(X, y, cache)
    table = candidates(search)
    print(f"\nThe search\n{table.round(3).to_string()}")

    best = search.best_estimator_.set_params(memory=None)
    scores = compare(best, X, y, X_test, y_test)
    print(f"\nAccuracy on the held-out texts\n{scores.round(3).to_string()}")

    model = best["embedding"]
    groups = typical_words(X, y, model)
    explore(model, [words[0] for words in groups.values()])

    file = str(options.output / "vectors.txt")
    model.to_keyed_vectors().save_word2vec_format(file)
    reopened = KeyedVectors.load_word2vec_format(file)
    word = model.words_[0]
    np.testing.assert_allclose(reopened[word], model.vectors_[0], rtol=1e-5)
    print(f"\n{file}: {len(reopened):,} vectors, reopened with gensim")

    table.to_csv(options.output / "search.csv")
    draw(model, groups, search, scores).savefig(options.output / "picture.png", dpi=110)
    print(options.output / "picture.png")


if __name__ == "__main__":
    main()
