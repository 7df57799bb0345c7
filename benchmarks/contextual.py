"""What vectors in context are worth: rows for classifiers, and senses of words.

Usage: python benchmarks/contextual.py FILE MODELS [--train] [--words N]
[--vocabulary N] [--size N] [--rows SET.csv.gz ...] [--splits N] [--senses [WORD ...]]
[--wide] [--jobs N]

FILE has one paragraph a line (plain or .gz).  With ``--train``, Word2Vec learns vectors
of it; then two language models start from these and read `--words` words once, in
batches, at a rate that falls to 0 over the last two fifths; with ``--jobs 2`` side by
side.  Every other paragraph is cut into sentences, so that the models know how both
begin and end.  All three are saved to the folder MODELS, after every few batches, and
are read from there otherwise.

``--rows`` names labelled sets with the columns ``text``, ``label`` and ``split``: the
accuracy of logistic regressions of columns brought to variance 1, whose C is chosen by
a fifth of the training texts, of each kind of row.  The last line is of the kind of
contextual rows that was best on that fifth.  ``--splits N`` adds means over N other
splits of all texts, as large, and what is gained over Word2Vec, with the standard error
of that over the splits.  ``--wide`` adds means of Word2Vec vectors as wide as the
contextual ones.

``--senses`` looks for the senses of words: by default of bank, plant and spring; the
others are those by which layers and window were chosen.  An occurrence is of a sense if
its paragraph has a cue word of it more than five words away, and none of the other
sense anywhere: so no label depends on the window that the baseline sees.  Printed is
the share of the five nearest other occurrences that are of the same sense, the mean
over both senses, and the difference to the baseline with its standard error over
occurrences.  The baseline is the mean of the Word2Vec vectors of the five words on both
sides.  Vectors are centred, and compared by the cosine.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
from contextual_senses import CUES, show_all_senses
from corpus import texts_of
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit, train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_embed import (
    ContextualVectorizer,
    Pretrained,
    RecurrentLanguageModel,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed.io import WordVectors

PATTERN = r"(?u)\w+|[^\w\s]"
BATCH = 500_000  # words
HELD_OUT = 300  # documents
RATE, FALLING = 3e-3, 0.4  # the rate falls over this share of the batches
SCALE = 0.1  # of the word vectors: the standard deviation of their numbers
CS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def documents_of(path):
    """Yield paragraphs, and the sentences of every other one."""
    for number, text in enumerate(texts_of(path)):
        if number % 2:
            yield from re.split(r"(?<=[.!?])\s+(?=[A-Z])", text)
        else:
            yield text


def shuffled_documents(path):
    """Return all documents in random order."""
    X = TokenizedDocuments.from_documents(documents_of(path), token_pattern=PATTERN)
    return X[np.random.default_rng(0).permutation(len(X))].compact()


def train_direction(direction, X, w2v, given):
    """Train a language model on batches, at rates that fall to 0; save it."""
    # Short vectors: from long ones layers learn faster at first, but less in the end.
    # They are kept, since those that are trained on lose what tells senses apart.
    start = WordVectors(w2v.words_, w2v.vectors_ * (SCALE / w2v.vectors_.std()))
    model = RecurrentLanguageModel(
        given.size,
        direction=direction,
        hidden_size=given.size,
        num_layers=2,
        dropout=0.1,
        loss="sampled_softmax",
        pretrained=Pretrained(start, trainable=False),
        min_count=1,
        vocabulary=w2v.words_[: given.vocabulary],
        token_pattern=PATTERN,
        random_state=0,
        n_jobs=1,
    )
    X, held_out = X[:-HELD_OUT], X[-HELD_OUT:]
    began = time.process_time()
    n_batches = -(-min(given.words, X.n_tokens) // BATCH)
    bounds = np.searchsorted(X.offsets, BATCH * np.arange(n_batches + 1))
    for n in range(n_batches):
        fall = min(1, (1 - n / n_batches) / FALLING)
        model.learning_rate = RATE * fall * (0.5 if n == 0 else 1)
        model.partial_fit(X[bounds[n] : bounds[n + 1]])
        if n % 2 == 1 or n == n_batches - 1:
            model.save(given.models / direction)
            seconds = time.process_time() - began
            words, perplexity = (n + 1) * BATCH, model.perplexity(held_out)
            print(
                f"{direction:>8} {words:>10,} words {seconds:>6.0f} s of processor, "
                f"perplexity {perplexity:.1f}",
                flush=True,
            )


def train(given):
    """Train vectors of words, then both language models, and save all of them."""
    X = shuffled_documents(given.file)
    began = time.process_time()
    w2v = Word2VecVectorizer(
        given.size, min_count=5, epochs=5, random_state=0, n_jobs=1
    ).fit(X)
    print(f"Word2Vec {time.process_time() - began:.0f} s of processor", flush=True)
    w2v.save(given.models / "word2vec")
    Parallel(given.jobs)(
        delayed(train_direction)(direction, X, w2v, given)
        for direction in ("forward", "backward")
    )


def accuracy(X, y, test):
    """Return the accuracy of a logistic regression, that on a fifth, and its C."""

    def scores(rows, others, cs):
        scaler = StandardScaler().fit(X[rows])
        inner, outer = scaler.transform(X[rows]), scaler.transform(X[others])
        learner = LogisticRegression(max_iter=1000, tol=1e-3, warm_start=True)
        for C in cs:  # each starts from the one before
            learner.set_params(C=C).fit(inner, y[rows])
            yield learner.score(outer, y[others])

    rows = np.flatnonzero(~test)
    fixed = {"test_size": 0.2, "random_state": 0, "stratify": y[rows]}
    held_out = list(scores(*train_test_split(rows, **fixed), CS))
    best = int(np.argmax(held_out))
    *_, found = scores(rows, np.flatnonzero(test), CS[: best + 1])
    return found, held_out[best], CS[best]


def kinds_of_rows(model, w2v, wide):
    """Yield names and functions from texts to rows."""
    yield "word2vec", w2v.transform
    if wide is not None:
        yield f"word2vec, {wide.vector_size} dimensions", wide.transform
    choices = {
        "layer 0": [{"layers": 0}],
        "layer 1": [{"layers": 1}],
        "layer 2": [{"layers": 2}],
        "all layers": [{}],
        "all layers, normalized": [{"normalize_layers": True}],
        "and greatest": [{"normalize_layers": True}, {"pooling": "max"}],
        "and last": [{"normalize_layers": True}, {"pooling": "last"}],
    }
    for name, parts in choices.items():

        def rows(texts, parts=parts):
            defaults = {"layers": "all", "pooling": "mean", "normalize_layers": False}
            return np.hstack(
                [model.set_params(**defaults | part).transform(texts) for part in parts]
            )

        yield name, rows


def splits_of(given, y, n):
    """Return masks of test texts: the one given, and others that are as large."""
    size = int(given.sum())
    others = StratifiedShuffleSplit(n, test_size=size, random_state=0) if n else None
    masks = [given]
    for _, rows in others.split(y, y) if n else ():
        masks.append(np.isin(np.arange(len(y)), rows))
    return masks


def show_rows(path, kinds, n_splits):
    """Print the accuracy of all kinds of rows."""
    table = pd.read_csv(path).astype({"text": str})
    test, y = (table["split"] == "test").to_numpy(), table["label"].astype(str)
    y, masks = y.to_numpy(), splits_of(test, y, n_splits)
    print(f"\n{path.name}: {(~test).sum()} training texts, {test.sum()} test texts")
    all_found, held_out = [], []  # (kinds, splits)

    def show(name, width, C, found):
        line = f"{name:>26} {width:>5} columns {found[0]:.3f} {C:>9}"
        if n_splits:
            gains = found[1:] - all_found[0][1:]
            error = gains.std(ddof=1) / np.sqrt(n_splits) if n_splits > 1 else np.nan
            line += f"   splits {found[1:].mean():.3f}"
            line += f", gain {gains.mean():+.3f} ± {error:.3f}"
        print(line, flush=True)

    for name, rows in kinds:
        X = rows(table["text"])
        found = [accuracy(X, y, mask) for mask in masks]
        all_found.append(np.array([one[0] for one in found]))
        held_out.append([one[1] if "word2vec" not in name else -1.0 for one in found])
        show(name, X.shape[1], f"(C={found[0][2]})", all_found[-1])
    best = np.argmax(held_out, axis=0)
    chosen = np.array(all_found)[best, np.arange(len(masks))]
    show("best on a fifth: " + kinds[best[0]][0], "", "", chosen)


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    parser.add_argument("models", type=Path)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--words", type=int, default=17_000_000)
    parser.add_argument("--vocabulary", type=int, default=30_000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rows", nargs="*", type=Path, default=[])
    parser.add_argument("--splits", type=int, default=0)
    parser.add_argument("--senses", nargs="*", choices=[*CUES, "others"])
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    if given.train:
        train(given)
    w2v = Word2VecVectorizer.load(given.models / "word2vec")
    pair = [
        RecurrentLanguageModel.load(given.models / direction)
        for direction in ("forward", "backward")
    ]
    model = ContextualVectorizer(language_models=pair, n_jobs=given.jobs).fit(
        ["a text"]
    )
    wide = None
    if given.wide:
        X = TokenizedDocuments.from_documents(
            documents_of(given.file), token_pattern=PATTERN
        )
        size = 2 * (given.size + 2 * given.size)
        wide = Word2VecVectorizer(size, min_count=5, random_state=0, epochs=2)
        wide.fit(X[: np.searchsorted(X.offsets, given.words)])
    for path in given.rows:
        show_rows(path, list(kinds_of_rows(model, w2v, wide)), given.splits)
    if given.senses is not None:
        texts = list(texts_of(given.file))
        show_all_senses(given.senses, texts, model, w2v, PATTERN)


if __name__ == "__main__":
    main()
