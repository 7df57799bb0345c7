"""fastText here, in gensim and in Facebook's own package, interleaved in one run.

``python benchmarks/fasttext.py labels FOLDER [PYTHON]``
    Accuracy and processor time on the tables ``FOLDER/*.csv.gz`` (columns text, label,
    split), beside TF-IDF with logistic regression, and beside Facebook's package where
    the interpreter PYTHON has it (``pip install fasttext numpy``, of its own).
``python benchmarks/fasttext.py vectors CORPUS [WORDSIM]``
    Speed and peak memory on a file of one document a line, against gensim.
``python benchmarks/fasttext.py rare CORPUS WORDSIM [TABLE]``
    What n-grams add where words are rare: pairs of words covered and correlation with
    people's judgement (columns word, word, score), accuracy on labelled documents.
"""

# SPDX-License-Identifier: BSD-3-Clause

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_embed import (
    FastTextClassifier,
    FastTextVectorizer,
    TokenizedDocuments,
    Word2VecVectorizer,
)

SETS = (
    "ag_news",
    "sst2_sentences",
    "trec6",
    "reuters_r8",
    "banking77",
    "zh_waimai_10k",
)
SEEDS = (0, 1, 2)
TOKENS = r"(?u)\b\w\w+\b"

# One training a process: a second one in the same process often ends in
# "Encountered NaN".
PEER = """
import fasttext, json, sys, time
train, test, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
start = time.process_time()
model = fasttext.train_supervised(train, thread=1, minCount=1, verbose=0, **settings)
seconds = time.process_time() - start
print(json.dumps([model.test(test)[1], seconds]))
"""


def main():
    what, where, *rest = sys.argv[1:]
    jobs = {"labels": labels, "vectors": vectors, "rare": rare, "one": one}
    jobs[what](where, *rest)


def labels(folder, python=None):
    """Print the table of text classification."""
    settings = {"dim": 100, "wordNgrams": 2, "epoch": 10, "lr": 0.5}
    print(
        f"{'':16} {'TF-IDF+LR':>10} {'ours':>13} {'fastText':>13} {'s':>6} {'ratio':>6}"
    )
    for name in SETS:
        print(one_row(name, Path(folder), python, settings), flush=True)
    settings = {"dim": 100, "wordNgrams": 2, "epoch": 5, "lr": 0.1}
    print("5 epochs at 0.1:", one_row("ag_news", Path(folder), python, settings))


def one_row(name, folder, python, settings):
    """Return a line of the table."""
    train, test = tables(folder / f"{name}.csv.gz")
    chars = name.startswith("zh")
    cut = {"tokenizer": "char"} if chars else {"token_pattern": TOKENS}
    analyzer = "char" if chars else "word"
    plain = make_pipeline(
        TfidfVectorizer(analyzer=analyzer, ngram_range=(1, 2)),
        LogisticRegression(C=10, max_iter=1000),
    )
    base = plain.fit(train.text, train.label).score(test.text, test.label)
    model = FastTextClassifier(
        settings["dim"],
        word_ngrams=settings["wordNgrams"],
        epochs=settings["epoch"],
        learning_rate=settings["lr"],
        **cut,
    )
    model.set_params(epochs=1).fit(train.text[:500], train.label[:500])  # compiles
    model.set_params(epochs=settings["epoch"])
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as place:
        files = write_lines(Path(place), train, test, cut)
        for seed in SEEDS:
            start = time.process_time()
            model.set_params(random_state=seed).fit(train.text, train.label)
            seconds = time.process_time() - start
            ours.append((model.score(test.text, test.label), seconds))
            if python:
                theirs.append(run_peer(python, files, settings | {"seed": seed}))
    line = f"{name:16} {100 * base:10.1f} {shown(ours)}"
    if not theirs:
        return f"{line} {'':>13} {np.median([s for _, s in ours]):6.2f}"
    ratio = np.median([b[1] / a[1] for a, b in zip(ours, theirs, strict=True)])
    seconds = np.median([s for _, s in ours])
    return f"{line} {shown(theirs)} {seconds:6.2f} {ratio:6.2f}"


def shown(results):
    """Return mean and standard deviation of accuracies."""
    scores = 100 * np.array([score for score, _ in results])
    return f"{scores.mean():7.2f} ±{scores.std():4.2f}"


def tables(path):
    """Return the rows to train on and to test on, in a random order."""
    table = pd.read_csv(path).dropna(subset="text")
    table["label"] = table.label.astype(str).str.replace(" ", "_")
    table = table.sample(frac=1, random_state=0)
    if "split" not in table:
        table["split"] = np.where(np.arange(len(table)) % 5, "train", "test")
    return table[table.split == "train"], table[table.split == "test"]


def write_lines(place, train, test, cut):
    """Write what Facebook's package reads: the same tokens, with blanks between."""
    files = []
    for part, table in (("train", train), ("test", test)):
        documents = TokenizedDocuments.from_documents(table.text, **cut)
        lines = [
            f"__label__{label} {' '.join(tokens)}\n"
            for label, tokens in zip(table.label, documents, strict=True)
        ]
        files.append(place / part)
        files[-1].write_text("".join(lines), "utf-8")
    return files


def run_peer(python, files, settings):
    """Return accuracy and processor time of Facebook's package."""
    command = [python, "-c", PEER, *map(str, files), json.dumps(settings)]
    for _ in range(5):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
        settings["seed"] = settings["seed"] + 10  # it gave up with NaN
        command[-1] = json.dumps(settings)
    raise RuntimeError(done.stderr)


def vectors(corpus, wordsim=None):
    """Print speed, peak memory and word similarity, each fit in its own process."""
    for architecture in ("skipgram", "cbow"):
        results = {}
        for _ in range(2):
            for who in ("ours", "gensim"):
                command = [sys.executable, __file__, "one", corpus, who, architecture]
                done = subprocess.run(
                    [*command, *([wordsim] if wordsim else [])],
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                results.setdefault(who, []).append(json.loads(done.stdout))
        for who, found in results.items():
            speed, memory, similarity = np.median(np.array(found, float), axis=0)
            print(
                f"{architecture:9} {who:7} {speed / 1e3:7.0f} thousand words/s "
                f"{memory:6.0f} MB   WordSim {similarity:.3f}"
            )
        ratio = np.median([a[0] / b[0] for a, b in zip(*results.values(), strict=True)])
        print(f"{architecture:9} ratio {ratio:.1f}", flush=True)


def rare(corpus, wordsim, table=None, epochs=2):
    """Print word2vec beside fastText."""
    lines = pd.read_csv(corpus, sep="\0", header=None, names=["text"], quoting=3).text
    X = TokenizedDocuments.from_documents(lines.dropna())
    pairs = pd.read_csv(wordsim, sep="\t", header=None, names=["a", "b", "score"])
    pairs["score"] = pd.to_numeric(pairs.score, errors="coerce")
    pairs = pairs.dropna()
    for kind in (Word2VecVectorizer, FastTextVectorizer):
        model = kind(100, epochs=epochs, random_state=0).fit(X)
        known = pairs.a.isin(model.words_) & pairs.b.isin(model.words_)
        of = getattr(model, "vector", model.to_word_vectors().__getitem__)
        some = known if kind is Word2VecVectorizer else known | True
        report = f"{kind.__name__:20} {len(model.words_):7} words"
        for name, chosen in (("known", known), ("covered", some)):
            a, b = (np.array([*map(of, pairs[chosen][side])]) for side in "ab")
            cosines = (a * b).sum(axis=1) / np.maximum(
                np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12
            )
            rho = spearmanr(cosines, pairs.score[chosen]).statistic
            report += f"   {name} {chosen.sum()}/{len(pairs)}, rho {rho:.3f}"
        if table:
            train, test = tables(table)
            plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            plain.fit(model.transform(train.text), train.label)
            score = plain.score(model.transform(test.text), test.label)
            report += f"   accuracy {100 * score:.1f}"
        print(report, flush=True)


def one(corpus, who, architecture, wordsim=None):
    """Fit once, and print words per second of processor time and peak megabytes."""
    size, epochs = 100, 1
    start, n_tokens, keyed = None, 0, None
    if who == "ours":
        model = FastTextVectorizer(
            size, architecture=architecture, epochs=1, min_count=1, random_state=0
        )
        model.fit(["compile this kernel"] * 3)
        with open(corpus, encoding="utf-8") as lines:
            X = TokenizedDocuments.from_documents(lines, token_pattern=r"\S+")
        start, n_tokens = time.process_time(), X.n_tokens
        model.set_params(epochs=epochs, min_count=5).fit(X)
        seconds = time.process_time() - start
        keyed = model if wordsim else None
    else:
        from gensim.models import FastText
        from gensim.models.word2vec import LineSentence

        sentences = LineSentence(corpus, max_sentence_length=10_000)
        model = FastText(
            vector_size=size, sg=int(architecture == "skipgram"), workers=1, seed=1
        )
        model.build_vocab(corpus_iterable=sentences)
        start, n_tokens = time.process_time(), model.corpus_total_words
        model.train(
            sentences,
            total_examples=model.corpus_count,
            epochs=epochs,
        )
        seconds = time.process_time() - start
        keyed = model.wv
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    similarity = np.nan
    if wordsim:
        keyed = keyed.to_keyed_vectors() if who == "ours" else keyed
        similarity = keyed.evaluate_word_pairs(wordsim)[1][0]
    print(json.dumps([n_tokens * epochs / seconds, memory, float(similarity)]))


if __name__ == "__main__":
    main()
