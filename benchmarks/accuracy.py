"""What a linear classifier makes of vectors as they come, beside plain baselines.

Usage: python benchmarks/accuracy.py FOLDER [--sets NAME ...] [--sizes N ...]
[--texts N] [--seeds N] [--out FILE.csv]

FOLDER holds ``NAME.csv.gz`` with the columns ``text``, ``label`` and perhaps ``split``
(train, test).  Each cell is the mean accuracy over seeds, each of which draws its own
training and test texts; duplicate texts are dropped first.  With ``--sizes`` so many
training texts are labelled, while vectors are trained on all of them.  Seconds are
those of the processor, of fit and score together.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    Word2VecVectorizer,
)

N_TEST = 2000


def load(path, n_texts, seed):
    """Return training texts, their labels, and the same of test texts."""
    table = pd.read_csv(path).dropna(subset=["text", "label"])
    table = table.astype({"text": str, "label": str}).drop_duplicates("text")
    if "split" in table and (table["split"] == "test").any():
        train = table[table["split"] == "train"]
        test = table[table["split"] == "test"]
    else:
        train, test = train_test_split(table, test_size=0.35, random_state=seed)
    train = train.sample(min(n_texts, len(train)), random_state=seed)
    test = test.sample(min(N_TEST, len(test)), random_state=seed)
    return train["text"], train["label"], test["text"], test["label"]


def gensim_rows(texts, seed):
    """Return a function from texts to rows: gensim as it is usually called."""
    from gensim.models import Word2Vec

    analyze = TfidfVectorizer().build_analyzer()
    model = Word2Vec(
        [analyze(text) for text in texts], epochs=15, min_count=2, seed=seed, workers=1
    )

    def rows(documents):
        known = [[w for w in analyze(text) if w in model.wv] for text in documents]
        zeros = np.zeros(model.vector_size)
        return np.array([model.wv[w].mean(axis=0) if w else zeros for w in known])

    return rows


def contenders(seed):
    """Return by name: an estimator of strings, or a function that fits rows."""
    tuned = GridSearchCV(
        make_pipeline(
            TfidfVectorizer(sublinear_tf=True), LogisticRegression(max_iter=1000)
        ),
        {"logisticregression__C": [1, 10, 100]},
        cv=3,
    )
    words = partial(TfidfVectorizer, sublinear_tf=True)
    characters = words(analyzer="char_wb", ngram_range=(3, 5))
    return {
        "TF-IDF + LR, C tuned": tuned,
        "TF-IDF (1, 2) + SVC": make_pipeline(words(ngram_range=(1, 2)), LinearSVC()),
        "words and characters + SVC": make_pipeline(
            make_union(words(ngram_range=(1, 2)), characters), LinearSVC()
        ),
        "LSA + LR": make_pipeline(
            words(),
            TruncatedSVD(100, random_state=seed),
            LogisticRegression(max_iter=1000),
        ),
        "gensim + LR": partial(gensim_rows, seed=seed),
        "Word2VecVectorizer + LR": Word2VecVectorizer(random_state=seed),
        "FastTextVectorizer + LR": FastTextVectorizer(random_state=seed),
        "GloVeVectorizer + LR": GloVeVectorizer(random_state=seed),
        "FastTextClassifier": FastTextClassifier(random_state=seed),
    }


def accuracy(contender, texts, labelled, test):
    """Return the share of test texts that a contender gets right."""
    if hasattr(contender, "predict"):
        return contender.fit(*labelled).score(*test)
    if hasattr(contender, "fit"):
        rows = contender.fit(texts).transform
    else:
        rows = contender(texts)
    classifier = LogisticRegression(max_iter=1000)
    classifier.fit(rows(labelled[0]), labelled[1])
    return classifier.score(rows(test[0]), test[1])


def measure(path, n_texts, sizes, seed):
    """Yield one record for each contender and number of labels."""
    X, y, X_test, y_test = load(path, n_texts, seed)
    for size in sizes or [len(X)]:
        if size > len(X) or y[:size].nunique() < 2:
            continue
        for name, contender in contenders(seed).items():
            start = time.process_time()
            try:
                share = accuracy(contender, X, (X[:size], y[:size]), (X_test, y_test))
            except (ImportError, ValueError) as error:
                # gensim is not installed, or a class has too few texts for a search.
                print(f"{path.name}, {name}: left out: {error}")
                continue
            yield {
                "set": path.name.partition(".")[0],
                "labels": size,
                "seed": seed,
                "contender": name,
                "accuracy": 100 * share,
                "seconds": time.process_time() - start,
            }
        yield {
            "set": path.name.partition(".")[0],
            "labels": size,
            "seed": seed,
            "contender": "majority class",
            "accuracy": 100 * (y_test == y[:size].mode()[0]).mean(),
            "seconds": 0.0,
        }


def show(records):
    """Print accuracy by contender and set, and mean seconds; one table a size."""
    for size, group in pd.DataFrame(records).groupby("labels"):
        table = group.pivot_table("accuracy", "contender", "set", sort=False)
        table["mean"] = table.mean(axis=1)
        table["seconds"] = group.groupby("contender")["seconds"].mean()
        print(f"\n{size} labelled texts, mean of {group['seed'].nunique()} seeds")
        print(table.round(1).to_string())


def main():
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--sizes", nargs="*", type=int, default=[])
    parser.add_argument("--texts", type=int, default=2500)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    paths = sorted(options.folder.glob("*.csv.gz"))
    if options.sets:
        paths = [path for path in paths if path.name.partition(".")[0] in options.sets]
    if not paths:
        parser.error(f"{options.folder} holds no such NAME.csv.gz")
    records = []
    for path in paths:
        for seed in range(options.seeds):
            records += measure(path, options.texts, options.sizes, seed)
    show(records)
    if options.out:
        pd.DataFrame(records).to_csv(options.out, index=False)


if __name__ == "__main__":
    main()
