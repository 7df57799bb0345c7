"""Processor time of this package beside others: the table of the manual.

``python benchmarks/speed.py CORPUS LABELLED [--words N] [--rounds N] [--glove FOLDER]
[--only WORD ...] [--table FILE.csv]``; CORPUS is a text of one document a line and
LABELLED a table with the columns text and label (plain or .gz).  One thread each, in
turns; what is told is the median of the ratios, with their quartiles.
Compilation and, of models, the vocabulary are apart.  gensim takes part; fastText and
torch where they are installed; Stanford's programs ``cooccur`` and ``glove`` where
they lie in the FOLDER.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import csv
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from corpus import first_of, texts_of
from gensim.models import FastText, KeyedVectors, Word2Vec
from race import ratios, take_turns
from sklearn.feature_extraction.text import CountVectorizer

from sklearn_embed import (
    CooccurrenceCounts,
    FastTextClassifier,
    FastTextVectorizer,
    GloVeVectorizer,
    MeanPoolEmbedder,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
)
from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed.io import WordVectors, read_vectors, write_vectors

SIZE, WINDOW, MIN_COUNT, SAMPLE = 100, 5, 5, 1e-3

# One training a process: a second one in the same process often ends in
# "Encountered NaN".
FASTTEXT = """
import fasttext, json, sys, time
kind, file, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
train = fasttext.train_supervised
if kind != "supervised":
    train, settings["model"] = fasttext.train_unsupervised, kind
start = time.process_time()
train(file, thread=1, verbose=0, **settings)
print(time.process_time() - start)
"""


class Job:
    """Something to be done, by several contenders, ours first."""

    def __init__(self, name, n_units, unit, contenders):
        self.name, self.n_units, self.unit = name, n_units, unit
        self.contenders = {who: does for who, does in contenders.items() if does}


def processor(function):
    """Return a contender that gives the processor seconds of a function."""

    def contender(_):
        start = time.process_time()
        function()
        return time.process_time() - start

    return contender


def an_epoch(fit):
    """Return a contender that gives the seconds of an epoch: the difference of fits."""
    return lambda _: (processor(lambda: fit(3))(0) - processor(lambda: fit(1))(0)) / 2


def of_children(run):
    """Return the processor seconds of the processes that a function starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def fasttext(kind, file, **settings):
    """Return a contender that trains in Facebook's package, or None without it."""
    if find_spec("fasttext") is None:
        return None

    def run(epochs):
        command = [sys.executable, "-c", FASTTEXT, kind, str(file)]
        command.append(json.dumps(settings | {"epoch": epochs}))
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout.split()[-1])

    return lambda _: (run(3) - run(1)) / 2


def embeddings(X, sentences, file):
    """Return the jobs of training vectors by prediction."""
    kinds = {
        "word2vec, skip-gram": (Word2VecVectorizer, Word2Vec, "skipgram", 0),
        "word2vec, CBOW": (Word2VecVectorizer, Word2Vec, "cbow", 0),
        "FastText, skip-gram": (FastTextVectorizer, FastText, "skipgram", 6),
    }
    for name, (ours, gensims, architecture, max_n) in kinds.items():

        def fit(epochs, ours=ours, architecture=architecture):
            ours(
                SIZE, architecture=architecture, window=WINDOW, min_count=MIN_COUNT,
                sample=SAMPLE, epochs=epochs, random_state=0,
            ).fit(X)  # fmt: skip

        model = gensims(
            vector_size=SIZE, sg=int(architecture == "skipgram"), window=WINDOW,
            min_count=MIN_COUNT, sample=SAMPLE, workers=1,
        )  # fmt: skip
        model.build_vocab(sentences)

        def train(model=model):
            model.train(sentences, total_examples=model.corpus_count, epochs=1)

        grams = {"minn": 3 if max_n else 0, "maxn": max_n}
        theirs = fasttext(
            architecture, file, dim=SIZE, ws=WINDOW, minCount=MIN_COUNT, t=SAMPLE,
            **grams,
        )  # fmt: skip
        contenders = {"ours": an_epoch(fit), "gensim": processor(train)}
        contenders["fastText"] = theirs
        yield Job(f"{name}: an epoch", X.n_tokens, "words", contenders)


def counts_and_glove(X, file, folder, programs):
    """Return the jobs of counting pairs and of learning from the counts."""

    def count():
        return CooccurrenceCounts.from_documents(X, window=10, min_count=MIN_COUNT)

    counts = count()
    model = GloVeVectorizer(SIZE, window=10, min_count=MIN_COUNT, random_state=0)

    def fit(epochs):
        model.set_params(epochs=epochs).fit_counts(counts)

    theirs = {"counting": None, "training": None}
    if programs:
        words, pairs, trained = (Path(folder, name) for name in ("w", "p", "v"))
        frequency = dict(zip(*X_words(X), strict=True))
        lines = [f"{word} {frequency[word]}\n" for word in counts.words]
        words.write_text("".join(lines), "utf-8")
        matrix = counts.to_scipy().tocoo()
        record = np.dtype([("i", "<i4"), ("j", "<i4"), ("x", "<f8")])
        table = np.empty(matrix.nnz, record)
        table["i"], table["j"], table["x"] = matrix.row + 1, matrix.col + 1, matrix.data
        np.random.default_rng(0).permutation(table).tofile(pairs)
        vocabulary = ["-vocab-file", words, "-verbose", "0"]
        counting = ["-window-size", "10", "-memory", "4", "-overflow-file", f"{pairs}o"]

        def cooccur(_):
            def run():
                command = [Path(programs, "cooccur"), *vocabulary, *counting]
                with open(file) as text, open(f"{pairs}c", "wb") as out:
                    subprocess.run(command, stdin=text, stdout=out, check=True)

            return of_children(run)

        def glove(epochs):
            command = [Path(programs, "glove"), *vocabulary, "-input-file", pairs]
            command += ["-save-file", trained, "-threads", "1", "-vector-size", SIZE]
            command += ["-iter", epochs]
            run = [str(part) for part in command]
            return of_children(
                lambda: subprocess.run(
                    run, check=True, cwd=folder, stderr=subprocess.DEVNULL
                )
            )

        theirs["counting"] = cooccur
        theirs["training"] = lambda _: (glove(3) - glove(1)) / 2
    yield Job(
        "co-occurrences, window 10", X.n_tokens, "words",
        {"ours": processor(count), "GloVe (C)": theirs["counting"]},
    )  # fmt: skip
    yield Job(
        "GloVe: an epoch", counts.n_pairs, "pairs",
        {"ours": an_epoch(fit), "GloVe (C)": theirs["training"]},
    )  # fmt: skip


def X_words(X):
    """Return the words of documents, and how often each occurs."""
    one_hot = OneHotTokens(min_count=1).fit(X)
    totals = np.asarray(one_hot.transform(X).sum(axis=0)).ravel()
    return one_hot.get_feature_names_out(), totals.astype(int)


def classifiers(texts, labels, folder):
    """Return the job of fastText's classifier, with its settings."""
    X = TokenizedDocuments.from_documents(texts)
    file = Path(folder, "labelled")
    names = [re.sub(r"\s", "_", str(label)) for label in labels]
    lines = [f"__label__{y} {' '.join(x)}\n" for y, x in zip(names, X, strict=True)]
    file.write_text("".join(lines), "utf-8")

    def fit(epochs):
        FastTextClassifier(
            SIZE, normalization="l1", weights=None, word_ngrams=2, alpha=0,
            epochs=epochs, learning_rate=0.5, random_state=0,
        ).fit(X, labels)  # fmt: skip

    theirs = fasttext("supervised", file, dim=SIZE, wordNgrams=2, minCount=1, lr=0.5)
    contenders = {"ours": an_epoch(fit), "fastText": theirs}
    yield Job("classifier, pairs of words: an epoch", X.n_tokens, "words", contenders)


def texts_and_rows(texts, X, folder):
    """Return the jobs without training: counts, rows of texts, files of vectors."""
    yield Job(
        "texts to counts", X.n_tokens, "words",
        {
            "ours": processor(lambda: OneHotTokens().fit_transform(texts)),
            "scikit-learn": processor(lambda: CountVectorizer().fit_transform(texts)),
        },
    )  # fmt: skip
    model = Word2VecVectorizer(SIZE, epochs=1, random_state=0).fit(X)
    vectors = model.to_keyed_vectors()
    pool = MeanPoolEmbedder(model).fit(X)
    known = [[word for word in document if word in vectors] for document in X]
    known = [document for document in known if document]

    def means():
        np.array(
            [
                vectors.get_mean_vector(document, pre_normalize=False)
                for document in known
            ]
        )

    yield Job(
        "tokens to means of vectors", X.n_tokens, "words",
        {"ours": processor(lambda: pool.transform(X)), "gensim": processor(means)},
    )  # fmt: skip
    path = str(Path(folder, "vectors"))
    rng = np.random.default_rng(0)
    matrix = rng.normal(0, 0.3, (20_000, SIZE)).astype(np.float32)
    words = [f"word{row}" for row in range(len(matrix))]
    write_vectors(WordVectors(words, matrix), path, "word2vec")
    load = KeyedVectors.load_word2vec_format
    yield Job(
        "reading a text file of vectors", len(matrix), "rows",
        {
            "ours": processor(lambda: read_vectors(path)),
            "gensim": processor(lambda: load(path)),
        },
    )  # fmt: skip


def recurrent():
    """Return the jobs of an LSTM language model of two layers."""
    import recurrent as networks

    for loss in ("softmax", "sampled_softmax"):
        contenders = {"ours": networks.Ours(200, loss)}
        if networks.torch is not None:
            contenders["torch"] = networks.Torch(200, loss)
        steps = {who: processor(one.step) for who, one in contenders.items()}
        name = f"LSTM 2 × 200, {loss.replace('_', ' ')}: a step"
        yield Job(name, networks.STEPS * networks.BATCH, "words", steps)


def all_jobs(options, folder):
    """Return all jobs, one after the other."""
    texts = texts_of(options.corpus)
    texts = first_of(texts, [text.count(" ") + 1 for text in texts], options.words)
    X = TokenizedDocuments.from_documents(texts)
    sentences = [list(document) for document in X]
    file = Path(folder, "corpus")
    lines = (" ".join(sentence) + "\n" for sentence in sentences)
    file.write_text("".join(lines), "utf-8")
    table = pd.read_csv(options.labelled).dropna(subset="text")[:5000]
    yield from embeddings(X, sentences, file)
    yield from counts_and_glove(X, file, folder, options.glove)
    yield from classifiers(list(table.text), table.label.to_numpy(), folder)
    yield from texts_and_rows(texts, X, folder)
    yield from recurrent()


def said(speed):
    """Return a speed in words."""
    if speed >= 1e6:
        return f"{speed / 1e6:.1f} million"
    return f"{speed / 1e3:.0f} thousand"


def short(ratio):
    """Return a ratio with two digits, as many as it is good for."""
    return f"{ratio:.0f}" if ratio >= 9.5 else f"{ratio:.1f}"


def main(options):
    """Print a line for each job and write the table."""
    peers = ["gensim", "fastText", "GloVe (C)", "scikit-learn", "torch"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for job in all_jobs(options, folder):
            if not any(word in job.name for word in options.only):
                continue
            for contender in job.contenders.values():
                contender(0)  # compiles
            n_rounds = options.rounds * (10 if job.name.endswith("step") else 1)
            times = take_turns(job.contenders, n_rounds)
            speed = job.n_units / np.median(times["ours"])
            row = {"job": job.name, "ours": f"{said(speed)} {job.unit}/s"}
            for who, relative in ratios(times).items():
                if who != "ours":
                    low, middle, high = np.quantile(relative, [0.25, 0.5, 0.75])
                    row[who] = f"{short(middle)} ({short(low)}–{short(high)})"
            print(row, flush=True)
            rows.append(row)
    if options.table:
        with open(options.table, "w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(
                stream, ["job", "ours", *peers], lineterminator="\n"
            )
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("labelled")
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--glove", metavar="FOLDER")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD")
    parser.add_argument("--table")
    with one_blas_thread():
        main(parser.parse_args())
