"""Speed, memory and quality of word2vec beside gensim's, on the same words.

Run ``python benchmarks/word2vec.py [--words N] [--dims D ...] [--threads N ...]
[--seeds N] [--rounds N] [--epochs N] [FILE]``, the FILE a text of one document a line
(plain or .gz).  Without it the corpus is the docstrings of the installed libraries.
``race`` says how times are compared.

A speed is words of the corpus (before any is left out) times epochs, divided by the
seconds of training: vocabulary, compilation and first draws are apart.  The last table
begins at raw strings and includes everything but compilation.  fastText's Python
package takes part in it where it is installed.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib.util import find_spec

import numpy as np
from corpus import first_of, texts_of
from gensim.models import Word2Vec
from gensim.test.utils import datapath
from gensim.utils import simple_preprocess
from memory import resident_megabytes
from race import race, ratios, spread

from sklearn_embed import TokenizedDocuments, Word2VecVectorizer
from sklearn_embed._core.arrays import padded_width, readonly
from sklearn_embed._core.numeric import hash64
from sklearn_embed._models.kernels.losses import NegativeSampler
from sklearn_embed._models.kernels.replicas import share_matrix
from sklearn_embed._models.kernels.sampling import draw_pool
from sklearn_embed._models.kernels.windows import Corpus, PassSettings
from sklearn_embed._models.kernels.word2vec import Kind, make_epoch, make_workspace
from sklearn_embed.evaluation import evaluate_word_analogies, evaluate_word_pairs

SETTING = {"window": 5, "min_count": 5, "sample": 1e-3}
KINDS = {
    "skip-gram, negative sampling": ("skipgram", "negative_sampling"),
    "CBOW, negative sampling": ("cbow", "negative_sampling"),
    "skip-gram, hierarchical softmax": ("skipgram", "hierarchical_softmax"),
}


def load(source, n_words):
    """Return the raw texts of so many words of a file, or of what is always there."""
    texts = texts_of(source)
    return first_of(texts, [text.count(" ") + 1 for text in texts], n_words)


def ours(kind, size, epochs, n_jobs=1, seed=0):
    architecture, loss = kind
    return Word2VecVectorizer(
        size,
        architecture=architecture,
        loss=loss,
        learning_rate=0.025,
        epochs=epochs,
        n_jobs=n_jobs,
        random_state=seed,
        **SETTING,
    )


def gensims(kind, size, epochs, n_jobs=1, seed=0):
    architecture, loss = kind
    tree = loss == "hierarchical_softmax"
    return Word2Vec(
        vector_size=size,
        sg=int(architecture == "skipgram"),
        hs=int(tree),
        negative=0 if tree else 5,
        epochs=epochs,
        workers=n_jobs,
        seed=seed + 1,
        **SETTING,
    )


def time_ours(X, kind, size, n_jobs):
    """Return the seconds of an epoch, as the difference of two fits."""
    times = []
    for epochs in (1, 3):
        start = time.perf_counter()
        ours(kind, size, epochs, n_jobs).fit(X)
        times.append(time.perf_counter() - start)
    return (times[1] - times[0]) / 2


def time_gensim(sentences, kind, size, n_jobs):
    """Return the seconds of an epoch, the vocabulary having been built."""
    model = gensims(kind, size, 1, n_jobs)
    model.build_vocab(sentences)
    start = time.perf_counter()
    model.train(sentences, total_examples=model.corpus_count, epochs=1)
    return time.perf_counter() - start


def compare(X, sentences, options):
    """Print words per second of both, and their ratio round by round."""
    print(f"  {'thousand words/s':44s}   ours  gensim  ours / gensim")
    for name, kind in KINDS.items():
        for size in options.dims:
            ours(kind, size, 1).fit(X[:50])  # compiles
            for n_jobs in options.threads:
                contenders = {
                    "ours": partial(time_ours, X, kind, size, n_jobs),
                    "gensim": partial(time_gensim, sentences, kind, size, n_jobs),
                }
                times = race(contenders, options.rounds, warm=False)
                mine, theirs = (
                    X.n_tokens / np.median(seconds) / 1e3 for seconds in times.values()
                )
                label = f"{name}, d={size}, {n_jobs} thread{'s'[: n_jobs > 1]}"
                print(
                    f"    {label:42s} {mine:6.0f} {theirs:7.0f}  "
                    f"{spread(ratios(times)['gensim'])}",
                    flush=True,
                )


def fit_ours(texts, options):
    ours(KINDS["skip-gram, negative sampling"], 100, options.epochs).fit(texts)


def fit_gensim(texts, options):
    sentences = [simple_preprocess(text) for text in texts]
    model = gensims(KINDS["skip-gram, negative sampling"], 100, options.epochs)
    model.build_vocab(sentences)
    model.train(sentences, total_examples=len(sentences), epochs=options.epochs)


def fit_fasttext(texts, options):
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(" ".join(simple_preprocess(text)) + "\n" for text in texts)
        file.flush()
        fasttext.train_unsupervised(
            file.name, "skipgram", dim=100, epoch=options.epochs, maxn=0, thread=1
        )


def compare_from_strings(texts, options):
    """Print the seconds from raw strings to vectors, skip-gram, d = 100, 1 thread."""
    contenders = {"ours": fit_ours, "gensim and simple_preprocess": fit_gensim}
    if find_spec("fasttext") is not None:
        contenders["fastText"] = fit_fasttext
    else:
        print("  (fastText's Python package is not installed)")
    fit_ours(texts[:50], options)
    fits = {name: partial(fit, texts, options) for name, fit in contenders.items()}
    times = race(fits, options.rounds, warm=False)
    print(f"  from raw strings, {options.epochs} epochs, d=100, seconds (times ours)")
    for name, relative in ratios(times).items():
        print(f"    {name:32s} {np.median(times[name]):8.2f}  {spread(relative)}")


def held_out_loss(words, counts, inputs, outputs, X, kind):
    """Return the mean loss of documents under any model; the same draws for all."""
    index = {word: row for row, word in enumerate(words)}
    row_of = [index.get(token, -1) for token in X.table.tolist()]
    corpus = Corpus(
        X.ids,
        X.starts,
        X.offsets,
        readonly(row_of, np.int32),
        readonly(np.full(len(words), 2**32 - 1), np.uint32),
    )
    pool = readonly(draw_pool(counts, 0.75, np.random.default_rng(0)))
    pace = 0.0, 0.0, 0.0, 1.0
    seed = np.uint64(hash64(1, 1))
    plan = PassSettings(5, 5, False, True, False, seed, *pace)
    matrices = []
    for matrix in (inputs, outputs):
        wide = np.zeros((len(words), padded_width(matrix.shape[1])), np.float32)
        wide[:, : matrix.shape[1]] = matrix
        matrices.append(wide)
    kind = Kind(*kind)
    last = int(X.offsets[-1])
    work = make_workspace(kind, 5, 5, *map(share_matrix, matrices))
    sampler = NegativeSampler(pool, 5)
    loss, terms = make_epoch(kind)(corpus, plan, 0, last, sampler, None, work)
    return loss / terms


def scores(vectors):
    """Return WordSim-353, SimLex-999 and the share of analogies found."""
    pairs = [
        evaluate_word_pairs(vectors, datapath(name)).iloc[0]["spearman"]
        for name in ("wordsim353.tsv", "simlex999.txt")
    ]
    analogies = evaluate_word_analogies(vectors, datapath("questions-words.txt"))
    return [*pairs, analogies.loc["total"]["accuracy"]]


def compare_quality(X, sentences, options):
    """Print mean and standard deviation of what the vectors are worth."""
    cut = len(X) - max(1, len(X) // 50)
    train, test = X[:cut], X[cut:]
    print(f"  quality at d=100, {options.epochs} epochs, {options.seeds} seeds")
    print(f"    {'':34s} held-out loss    WordSim      SimLex       analogies")
    for name, kind in list(KINDS.items())[:2]:
        table = {"ours": [], "gensim": []}
        for seed in range(options.seeds):
            model = ours(kind, 100, options.epochs, seed=seed).fit(train)
            words, counts = model.words_, model.counts_
            mine = model.vectors_, model.context_vectors_
            table["ours"].append(
                [held_out_loss(words, counts, *mine, test, kind), *scores(model)]
            )
            peer = gensims(kind, 100, options.epochs, seed=seed)
            peer.build_vocab(sentences[:cut])
            peer.train(
                sentences[:cut], total_examples=peer.corpus_count, epochs=options.epochs
            )
            rows = [peer.wv.key_to_index[word] for word in words]
            theirs = peer.wv.vectors[rows], peer.syn1neg[rows]
            table["gensim"].append(
                [held_out_loss(words, counts, *theirs, test, kind), *scores(peer.wv)]
            )
        for who, results in table.items():
            means, spreads = np.mean(results, axis=0), np.std(results, axis=0)
            shown = "  ".join(
                f"{mean:.4f}±{sd:.4f}" for mean, sd in zip(means, spreads, strict=True)
            )
            print(f"    {f'{name}, {who}':38s} {shown}", flush=True)


def measure_peak(who, texts):
    """Print the peak of a process that tokenises and fits, and of its fit alone."""
    kind = KINDS["skip-gram, negative sampling"]
    if who == "ours":
        ours(kind, 100, 1).fit(texts[:50])
        X = TokenizedDocuments.from_documents(texts)
        del texts
        before = resident_megabytes(forget=True)
        model = ours(kind, 100, 1).fit(X)
        needed = 2 * 4 * len(model.words_) * padded_width(100) / 2**20
        needed = f", ids and matrices {needed + 4 * X.n_tokens / 2**20:.0f}"
    else:
        sentences = [simple_preprocess(text) for text in texts]
        del texts
        before = resident_megabytes(forget=True)
        model = gensims(kind, 100, 1)
        model.build_vocab(sentences)
        model.train(sentences, total_examples=model.corpus_count, epochs=1)
        needed = ""
    peak = resident_megabytes()
    print(f"    {who:8s} {peak:6.0f} MB, {peak - before:.0f} of them the fit's{needed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--words", type=int, default=2_000_000)
    parser.add_argument("--dims", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    options = parser.parse_args()
    texts = load(options.corpus, options.words)
    if options.peak:
        measure_peak(options.peak, texts)
        return
    X = TokenizedDocuments.from_documents(texts)
    sentences = [list(document) for document in X]
    print(X)
    compare(X, sentences, options)
    compare_from_strings(texts, options)
    if options.seeds:
        compare_quality(X, sentences, options)
    print("  peak memory, tokens once in memory, d=100")
    for who in ("ours", "gensim"):
        line = [sys.executable, __file__, "--peak", who, f"--words={options.words}"]
        line += [options.corpus] if options.corpus else []
        result = subprocess.run(line, check=True, capture_output=True, text=True)
        print(result.stdout, end="", flush=True)


if __name__ == "__main__":
    main()
