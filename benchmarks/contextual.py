"""What vectors in context are worth: rows for classifiers, and senses of words.

Usage: python benchmarks/contextual.py FILE MODELS [--train] [--words N]
[--vocabulary N] [--size N] [--rows SET.csv.gz ...] [--senses] [--wide] [--jobs N]

FILE has one paragraph a line (plain or .gz).  With ``--train``, Word2Vec learns vectors
of it; then a ContextualVectorizer starts from these and learns from `--words` words,
in batches, at rates that fall from batch to batch.  Every other paragraph is cut into
sentences, so that the models know how both begin and end.  Both estimators are saved to
the folder MODELS, after every few batches, and are read from there otherwise.

``--rows`` names labelled sets with the columns ``text``, ``label`` and ``split``: the
accuracy of logistic regressions of columns brought to variance 1, whose C is chosen by
a fifth of the training texts, of each kind of row.  ``--wide`` adds means of Word2Vec
vectors as wide as the contextual ones.

``--senses`` looks for the senses of bank, plant and spring.  An occurrence is of a
sense if its paragraph has a cue word of it more than five words away, and none of the
other sense anywhere: so no label depends on the window that the baseline sees.  Printed
is the share of the five nearest other occurrences that are of the same sense, the mean
over both senses.  The baseline is the mean of the Word2Vec vectors of the five words on
both sides.  Vectors are centred, and compared by the cosine.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
from corpus import texts_of
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, normalize

from sklearn_embed import (
    ContextualVectorizer,
    Pretrained,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed.io import WordVectors

PATTERN = r"(?u)\w+|[^\w\s]"
BATCH = 500_000  # words
RATE = 3e-3
CS = (0.001, 0.003, 0.01, 0.03, 0.1)
WINDOW, MOST, NEAREST = 5, 400, 5

#: Beginnings of cue words of two senses each.
CUES = {
    "bank": (
        "money financ loan invest deposit credit currency monetary banking account",
        "river stream shore tributar valley flow bridge creek",
    ),
    "plant": (
        "factory factories nuclear manufactur industr produc assembl power electric",
        "species flower leaves leaf seed root garden botan tree fruit",
    ),
    "spring": (
        "season summer autumn winter april march semester offensive",
        "water steel coil mineral river geotherm mechanical elastic",
    ),
}


def documents_of(path):
    """Yield paragraphs, and the sentences of every other one."""
    for number, text in enumerate(texts_of(path)):
        if number % 2:
            yield from re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)
        else:
            yield text


def start_of(w2v):
    """Return the vectors that training starts from."""
    return WordVectors(w2v.words_, w2v.vectors_ * (0.1 / w2v.vectors_.std()))


def train(given):
    """Train both estimators and save them."""
    X = TokenizedDocuments.from_documents(
        documents_of(given.file), token_pattern=PATTERN
    )
    X = X[np.random.default_rng(0).permutation(len(X))].compact()
    shared = {"random_state": 0, "n_jobs": given.jobs}
    w2v = Word2VecVectorizer(given.size, min_count=5, epochs=5, **shared).fit(X)
    w2v.save(given.models / "word2vec")
    model = ContextualVectorizer(
        given.size,
        hidden_size=given.size,
        dropout=0.1,
        loss="sampled_softmax",
        # Vectors that are trained on lose what tells senses apart.
        pretrained=Pretrained(start_of(w2v), trainable=False),
        min_count=1,
        vocabulary=w2v.words_[: given.vocabulary],
        **shared,
    )
    began, n_batches = time.process_time(), -(-given.words // BATCH)
    bounds = np.searchsorted(X.offsets, BATCH * np.arange(n_batches + 1))
    for n in range(n_batches):
        model.learning_rate = RATE * (1 - n / n_batches) ** 0.7 * (0.5 if n == 0 else 1)
        model.partial_fit(X[bounds[n] : bounds[n + 1]])
        if n % 6 == 5 or n == n_batches - 1:
            model.save(given.models / "contextual")
            seconds = time.process_time() - began
            losses = [round(m.loss_curve_[-1], 3) for m in model.language_models_]
            words = (n + 1) * BATCH
            print(f"{words:>10,} words {seconds:>6.0f} s {losses}", flush=True)


def accuracy(X, y, X_test, y_test):
    """Return the accuracy of a logistic regression, and its C."""

    def fitted(C, X, y):
        learner = LogisticRegression(C=C, max_iter=100, tol=1e-3)
        return make_pipeline(StandardScaler(), learner).fit(X, y)

    X_in, X_out, y_in, y_out = train_test_split(X, y, test_size=0.2, random_state=0)
    best = max(CS, key=lambda C: fitted(C, X_in, y_in).score(X_out, y_out))
    return fitted(best, X, y).score(X_test, y_test), best


def kinds_of_rows(model, w2v, wide):
    """Yield names and functions from texts to rows."""
    yield "word2vec", w2v.transform
    if wide is not None:
        yield f"word2vec, {wide.vector_size} dimensions", wide.transform
    choices = {
        "layer 0": {"layers": 0},
        "layer 1": {"layers": 1},
        "layer 2": {"layers": 2},
        "all layers": {},
        "all layers, normalized": {"normalize_layers": True},
        "all layers, max": {"pooling": "max"},
    }
    for name, params in choices.items():

        def rows(texts, params=params):
            defaults = {"layers": "all", "pooling": "mean", "normalize_layers": False}
            return model.set_params(**(defaults | params)).transform(texts)

        yield name, rows


def show_rows(path, kinds):
    """Print the accuracy of all kinds of rows."""
    table = pd.read_csv(path).astype({"text": str})
    test = table["split"] == "test"
    y = table["label"].astype(str).to_numpy()
    print(f"\n{path.name}: {(~test).sum()} training texts, {test.sum()} test texts")
    for name, rows in kinds:
        began = time.process_time()
        X = rows(table["text"])
        seconds = time.process_time() - began
        found, C = accuracy(X[~test], y[~test], X[test], y[test])
        width = X.shape[1]
        print(
            f"{name:>26} {width:>5} columns {found:.3f} (C={C}) "
            f"{len(X) / seconds:>7,.0f} texts/s",
            flush=True,
        )


def is_cue(tokens, beginnings):
    """Return for each token whether it is a cue word."""
    return np.array([token.startswith(tuple(beginnings.split())) for token in tokens])


def labelled_occurrences(X, word):
    """Return documents, positions and senses of the first clear occurrences."""
    owners, positions, senses, counts = [], [], [], [0, 0]
    for number, tokens in enumerate(X):
        if word not in tokens:
            continue
        cues = [is_cue(tokens, beginnings) for beginnings in CUES[word]]
        for place in np.flatnonzero(np.array(tokens) == word)[:1]:
            far = np.ones(len(tokens), bool)
            far[max(0, place - WINDOW) : place + WINDOW + 1] = False
            for sense in (0, 1):
                clear = (cues[sense] & far).any() and not cues[1 - sense].any()
                if clear and counts[sense] < MOST // 2:
                    counts[sense] += 1
                    owners.append(number)
                    positions.append(place)
                    senses.append(sense)
    return np.array(owners), np.array(positions), np.array(senses)


def share_of_neighbours(rows, senses):
    """Return how many of the nearest are of the same sense, the mean over senses."""
    rows = normalize(rows - rows.mean(axis=0))
    similar = rows @ rows.T
    np.fill_diagonal(similar, -2)
    nearest = senses[np.argsort(-similar, axis=1)[:, :NEAREST]] == senses[:, None]
    return np.mean([nearest[senses == sense].mean() for sense in (0, 1)])


def show_senses(given, model, w2v):
    """Print how well occurrences of a sense lie together."""
    texts, vectors = texts_of(given.file), w2v.to_word_vectors()
    for word in CUES:
        found = [text for text in texts if re.search(rf"(?i)\b{word}\b", text)]
        some = TokenizedDocuments.from_documents(found, token_pattern=PATTERN)
        owners, positions, senses = labelled_occurrences(some, word)
        chosen = some[owners]
        print(f"\n{word}: {np.bincount(senses)} occurrences of each sense")
        windows = []
        for tokens, place in zip(chosen, positions, strict=True):
            around = tokens[max(0, place - WINDOW) : place]
            around += tokens[place + 1 : place + 1 + WINDOW]
            rows = vectors.rows(around)
            windows.append(vectors.vectors[rows[rows >= 0]].mean(axis=0))
        print(f"{'±5 words':>26} {share_of_neighbours(np.array(windows), senses):.3f}")
        for layers in (1, 2, [1, 2]):
            for normalized in (False, True):
                model.set_params(layers=layers, normalize_layers=normalized)
                model.set_params(layer_weights="concat")
                tokens = model.transform_tokens(chosen)
                rows = tokens.vectors[tokens.offsets[:-1] + positions]
                name = f"layers {layers}{', normalized' if normalized else ''}"
                found = share_of_neighbours(rows, senses)
                print(f"{name:>26} {found:.3f}", flush=True)


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    parser.add_argument("models", type=Path)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--words", type=int, default=7_500_000)
    parser.add_argument("--vocabulary", type=int, default=30_000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rows", nargs="*", type=Path, default=[])
    parser.add_argument("--senses", action="store_true")
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    if given.train:
        train(given)
    w2v = Word2VecVectorizer.load(given.models / "word2vec")
    model = ContextualVectorizer.load(given.models / "contextual")
    wide = None
    if given.wide:
        X = TokenizedDocuments.from_documents(
            documents_of(given.file), token_pattern=PATTERN
        )
        size = 2 * (given.size + 2 * given.size)
        wide = Word2VecVectorizer(size, min_count=5, random_state=0, epochs=2)
        wide.fit(X[: np.searchsorted(X.offsets, given.words)])
    for path in given.rows:
        show_rows(path, kinds_of_rows(model, w2v, wide))
    if given.senses:
        show_senses(given, model, w2v)


if __name__ == "__main__":
    main()
