"""fastText here, in gensim and in Facebook's own package, interleaved in one run.

``python benchmarks/fast_text.py labels FOLDER``
    Accuracy and processor time on the tables ``FOLDER/*.csv.gz`` (columns text, label,
    split), beside TF-IDF with logistic regression, and beside Facebook's package where
    it is installed: ``tox -e benchmarks`` does that.
``python benchmarks/fast_text.py vectors CORPUS [FOLDER]``
    Speed, and peak memory beyond that of the imports, on a file of one document a
    line, words between blanks, against gensim; with
    judgements of people in ``FOLDER/wordsim`` and questions in ``FOLDER/analogies``
    also what the vectors are worth.
``python benchmarks/fast_text.py rare CORPUS WORDSIM [TABLE]``
    What n-grams add where words are rare: correlation with people's judgement of pairs
    (columns word, word, score) of known words, of pairs with a word that occurs less
    than 50 times or never, and of all; accuracy on labelled documents.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from memory import resident_megabytes
from race import ratios, spread, take_turns
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
N_SEEDS = 3
TOKENS = r"(?u)\b\w\w+\b"

# One training a process: a second one in the same process often ends in
# "Encountered NaN".
PEER = """
import fasttext, json, sys, time
train, test, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
settings.pop("cut")
start = time.process_time()
model = fasttext.train_supervised(train, thread=1, minCount=1, verbose=0, **settings)
seconds = time.process_time() - start
print(json.dumps([model.test(test)[1], seconds]))
"""


def main():
    jobs = {
        "labels": labels,
        "vectors": vectors,
        "rare": rare,
        "one": one,
        "label": label,
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("job", choices=jobs, metavar="{labels,vectors,rare}")
    parser.add_argument("arguments", nargs="+")
    options = parser.parse_args()
    jobs[options.job](*options.arguments)


def labels(folder):
    """Print the table of text classification."""
    python = sys.executable if find_spec("fasttext") is not None else None
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
    with tempfile.TemporaryDirectory() as place:
        files = write_lines(Path(place), train, test, cut)
        programs = {"ours": [sys.executable, __file__, "label"]}
        if python:
            programs["fastText"] = [python, "-c", PEER]

        def running(program):
            return lambda k: run(program, files, settings | {"seed": k, "cut": cut})

        contenders = {name: running(program) for name, program in programs.items()}
        results = take_turns(contenders, N_SEEDS)
    line = f"{name:16} {100 * base:10.1f} {shown(results['ours'])}"
    times = {who: [s for _, s in found] for who, found in results.items()}
    seconds = np.median(times["ours"])
    if not python:
        return f"{line} {'':>13} {seconds:6.2f}"
    relative = spread(ratios(times)["fastText"])
    return f"{line} {shown(results['fastText'])} {seconds:6.2f} {relative}"


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


def run(program, files, settings):
    """Return accuracy and processor time of a training in a process of its own."""
    for _ in range(5):
        command = [*program, *map(str, files), json.dumps(settings)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return json.loads(done.stdout.splitlines()[-1])
        # Facebook's package gives up with NaN now and then.
        settings["seed"] = settings["seed"] + 10
    raise RuntimeError(done.stderr)


def label(train, test, settings):
    """Fit the classifier once, and print accuracy and processor time."""
    settings = json.loads(settings)
    pairs = []
    for file in (train, test):
        lines = Path(file).read_text("utf-8").splitlines()
        pairs.append([*zip(*(line.split(" ", 1) for line in lines), strict=True)])
    (labels, texts), (test_labels, test_texts) = pairs
    model = FastTextClassifier(
        settings["dim"],
        normalization="l1",
        weights=None,
        word_ngrams=settings["wordNgrams"],
        epochs=1,
        learning_rate=settings["lr"],
        random_state=settings["seed"],
        **settings["cut"],
    )
    some = slice(None, None, max(1, len(texts) // 500))
    model.fit(texts[some], labels[some])  # compiles
    model.set_params(epochs=settings["epoch"])
    start = time.process_time()
    model.fit(texts, labels)
    seconds = time.process_time() - start
    print(json.dumps([model.score(test_texts, test_labels), seconds]))


MEASURES = ("words/s", "MB", "WordSim", "SimLex", "rare", "analogies")


def vectors(corpus, folder=None, epochs=5):
    """Print speed, peak memory and quality, each fit in its own process."""
    print(f"{'':18}" + "".join(f"{name:>16}" for name in MEASURES))
    for architecture in ("skipgram", "cbow"):
        contenders = {
            who: one_of(corpus, who, architecture, epochs, folder)
            for who in ("ours", "gensim")
        }
        results = take_turns(contenders, N_SEEDS)
        for who, found in results.items():
            means, sds = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)
            line = "".join(
                f"{mean:10.0f} ±{sd:4.0f}" if mean > 1 else f"{mean:10.3f} ±{sd:.3f}"
                for mean, sd in zip(means, sds, strict=True)
            )
            print(f"{architecture:10} {who:7}{line}")
        relative = np.array(results["ours"]) / np.array(results["gensim"])
        speed, memory = (spread(relative[:, k]) for k in range(2))
        print(f"{architecture:10} ratio of words/s {speed}, of MB {memory}", flush=True)


def one_of(corpus, who, architecture, epochs, folder):
    """Return a contender: a fit in a process of its own, seeded by the round."""

    def contender(seed):
        options = [
            who,
            architecture,
            str(seed),
            str(epochs),
            *([folder] * bool(folder)),
        ]
        program = [sys.executable, __file__, "one", corpus, *options]
        done = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(done.stdout)

    return contender


def rare(corpus, wordsim, table=None, epochs=5):
    """Print word2vec beside fastText, means and deviations over the seeds."""
    X = TokenizedDocuments.from_documents(Path(corpus))
    pairs = pd.read_csv(wordsim, sep="\t", header=None, names=["a", "b", "score"])
    pairs["score"] = pd.to_numeric(pairs.score, errors="coerce")
    pairs = pairs.dropna()
    for kind in (Word2VecVectorizer, FastTextVectorizer):
        found = []
        for seed in range(N_SEEDS):
            model = kind(100, epochs=int(epochs), random_state=seed).fit(X)
            sizes, numbers = rare_one(model, pairs, table)
            found.append(numbers)
        means, sds = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)
        report = f"{kind.__name__:20} {len(model.words_):7} words"
        for name, mean, sd in zip((*sizes, "accuracy"), means, sds, strict=False):
            report += f"   {name} {sizes.get(name, '')} {mean:.3f} ±{sd:.3f}"
        print(report, flush=True)


def rare_one(model, pairs, table):
    """Return how many pairs of each kind have a cosine, and how good these are."""
    counts = dict(zip(model.words_, model.counts_, strict=True))
    less = np.array([[counts.get(word, 0) for word in pairs[side]] for side in "ab"])
    less = less.min(axis=0)
    of = getattr(model, "vector", None)
    if of is None:
        zeros = np.zeros(model.vectors_.shape[1], np.float32)
        vectors = {word: model.vectors_[row] for word, row in model.vocabulary_.items()}

        def of(word):
            return vectors.get(word, zeros)

    a, b = (np.array([*map(of, pairs[side])]) for side in "ab")
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines = (a * b).sum(axis=1) / np.maximum(lengths, 1e-12)
    sizes, numbers = {}, []
    for name, chosen in (("known", less > 0), ("rare", less < 50), ("all", less >= 0)):
        # A pair without a cosine counts as one that has nothing in common.
        sizes[name] = f"{(lengths[chosen] > 0).sum()}/{chosen.sum()}"
        numbers.append(spearmanr(cosines[chosen], pairs.score[chosen]).statistic)
    if table:
        train, test = tables(table)
        plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        plain.fit(model.transform(train.text), train.label)
        numbers.append(plain.score(model.transform(test.text), test.label))
    return sizes, numbers


def one(corpus, who, architecture, seed, epochs, folder=None):
    """Fit once, and print words per second of processor time, megabytes, quality."""
    size, epochs, seed = 100, int(epochs), int(seed)
    from gensim.models import FastText
    from gensim.models.word2vec import LineSentence

    imported = resident_megabytes()
    if who == "ours":
        model = FastTextVectorizer(
            size, architecture=architecture, epochs=1, min_count=1, random_state=seed
        )
        model.fit(["compile this kernel"] * 3)
        X = TokenizedDocuments.from_documents(Path(corpus), token_pattern=r"\S+")
        start, n_tokens = time.process_time(), X.n_tokens
        model.set_params(epochs=epochs, min_count=5, window=5, learning_rate=0.025)
        model.fit(X)
    else:
        sentences = LineSentence(corpus, max_sentence_length=10_000)
        skipgram = int(architecture == "skipgram")
        model = FastText(vector_size=size, sg=skipgram, workers=1, seed=seed + 1)
        model.build_vocab(corpus_iterable=sentences)
        start, n_tokens = time.process_time(), model.corpus_total_words
        model.train(sentences, total_examples=model.corpus_count, epochs=epochs)
    seconds = time.process_time() - start
    memory = resident_megabytes() - imported
    worth = [np.nan] * 4
    if folder:
        keyed = model.to_keyed_vectors() if who == "ours" else model.wv
        worth = judged(keyed, Path(folder))
    print(json.dumps([n_tokens * epochs / seconds, memory, *map(float, worth)]))


def judged(keyed, folder):
    """Return correlations with people's judgement, and the share of right answers.

    Rare: the pairs of both lists with a word that occurs less than 50 times, or
    never and is made of its n-grams.
    """
    lists = [
        folder / "wordsim" / f"en_{name}.tsv" for name in ("ws_353_all", "simlex_999")
    ]
    found = [keyed.evaluate_word_pairs(str(path))[1][0] for path in lists]
    cosines, scores = [], []
    for path in lists:
        pairs = pd.read_csv(path, sep="\t", header=None, names=["a", "b", "score"])
        pairs["score"] = pd.to_numeric(pairs.score, errors="coerce")
        for a, b, score in pairs.dropna().itertuples(index=False):
            a, b = a.lower(), b.lower()
            if min(count(keyed, a), count(keyed, b)) < 50:
                x, y = keyed[a], keyed[b]
                cosines.append(x @ y / np.sqrt((x @ x) * (y @ y)))
                scores.append(score)
    found.append(spearmanr(cosines, scores).statistic)
    questions = str(folder / "analogies" / "google_questions_words.txt")
    return [*found, keyed.evaluate_word_analogies(questions, restrict_vocab=20_000)[0]]


def count(keyed, word):
    """Return how often a word occurred in training."""
    return keyed.get_vecattr(word, "count") if word in keyed.key_to_index else 0


if __name__ == "__main__":
    main()
