"""Speed and memory of text → ids → rows, against scikit-learn and gensim.

Run ``python benchmarks/text.py [--rounds N] [--characters N] [NAME=FILE ...]``, each
FILE a text of one document a line (plain or .gz).  Without a file the corpus is the
docstrings of the installed libraries.  ``race`` says how times are
compared.  Peak memory is that of a fresh process each, less that of the texts.
``--growth 1e8`` instead tells what a token costs in texts of 10^5 to 10^8 tokens, the
last of some 800 MB; the FILE should be large, as well as ``--characters``.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from functools import partial

import numpy as np
from corpus import first_of, texts_of
from gensim.corpora import Dictionary
from gensim.utils import simple_preprocess
from memory import resident_megabytes
from race import print_race, race, spread
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from sklearn_embed import OneHotTokens, TokenizedDocuments, Word2VecVectorizer

SHORT, LONG = 20, 2000  # words in a document cut short, or joined to a long one


def load(source, n_characters):
    """Return the first documents of a file, or of the corpus that is always there."""
    texts = texts_of(source)
    return first_of(texts, [len(text) for text in texts], n_characters)


def cut(texts, n_words):
    """Return the same text in documents of so many words."""
    words = " ".join(texts).split(" ")
    return [" ".join(words[k : k + n_words]) for k in range(0, len(words), n_words)]


# What each contender does with a list of strings.
def ours(texts, n_jobs=1):
    return TokenizedDocuments.from_documents(texts, n_jobs=n_jobs)


def ours_on_two_threads(texts):
    return ours(texts, 2)


def analyzer_and_dict(texts):
    analyze = CountVectorizer().build_analyzer()
    number = defaultdict()
    number.default_factory = number.__len__
    ids, lengths = [], []
    for text in texts:
        tokens = analyze(text)
        ids.extend(map(number.__getitem__, tokens))
        lengths.append(len(tokens))
    return np.array(ids, np.int32), np.array(lengths), number


def gensim_dictionary(texts):
    dictionary = Dictionary()
    tokens = [simple_preprocess(text) for text in texts]
    dictionary.add_documents(tokens)
    return [dictionary.doc2idx(some) for some in tokens]


def one_hot_fit(texts):
    return OneHotTokens("count").fit_transform(texts)


def count_fit(texts):
    return CountVectorizer().fit_transform(texts)


IDS = {
    "ours": ours,
    "ours, 2 threads": ours_on_two_threads,
    "CountVectorizer's analyzer + dict": analyzer_and_dict,
    "gensim simple_preprocess + Dictionary": gensim_dictionary,
}
COUNTS = {"OneHotTokens fit": one_hot_fit, "CountVectorizer fit": count_fit}


def transformers(texts):
    """Return what turns strings into rows, fitted."""
    vectorizer = Word2VecVectorizer(100, epochs=1, random_state=0).fit(texts)
    two = Word2VecVectorizer(100, epochs=1, random_state=0, n_jobs=2)
    two.__dict__.update({**vectorizer.__dict__, "n_jobs": 2})
    tfidf = TfidfVectorizer().fit(texts)
    one_hot, count = OneHotTokens("count").fit(texts), CountVectorizer().fit(texts)
    keyed, analyze = vectorizer.to_keyed_vectors(), count.build_analyzer()

    def loop(texts):
        """Average by gensim, document after document."""
        few = texts[:: max(1, len(texts) // 500)]
        start = time.perf_counter()
        for text in few:
            known = [word for word in analyze(text) if word in keyed.key_to_index]
            if known:
                keyed.get_mean_vector(known, pre_normalize=False)
        return (time.perf_counter() - start) * len(texts) / len(few)

    return {
        "Word2VecVectorizer": vectorizer.transform,
        "Word2VecVectorizer, 2 threads": two.transform,
        "loop over gensim (a sample)": loop,
        "TfidfVectorizer": tfidf.transform,
        "OneHotTokens": one_hot.transform,
        "CountVectorizer": count.transform,
    }


def compare(title, contenders, texts, n_tokens, n_rounds):
    """Print speeds, and ratios to the first contender."""
    for function in contenders.values():
        function(texts[:100])  # compiles
    runs = {name: partial(function, texts) for name, function in contenders.items()}
    print_race(title, race(runs, n_rounds, warm=False), n_tokens, "tokens")


def growth(texts, largest, n_rounds):
    """Print what a token costs in texts of more and more tokens.

    Each is paired with one of a million tokens, read just before and just after.
    """
    sizes = [10**k for k in range(5, 10) if 10**k <= largest]
    texts, per_token = repeated(texts, sizes[-1])
    ends = np.cumsum([len(text) for text in texts])
    some = {n: texts[: int(np.searchsorted(ends, n * per_token)) + 1] for n in sizes}

    def cost(n):
        start = time.perf_counter()
        X = ours(some[n])
        return (time.perf_counter() - start) * 1e9 / X.n_tokens, len(X.table)

    costs, ratios = {n: [] for n in sizes}, {n: [] for n in sizes}
    for _ in range(n_rounds):
        for n in sizes:
            for _ in range(min(10, sizes[-1] // n)):
                before, (here, n_words), after = cost(10**6), cost(n), cost(10**6)
                costs[n].append((here, n_words))
                ratios[n].append(2 * here / (before[0] + after[0]))
    print("  tokens    distinct     ns a token     that of a million beside it: 1")
    for n in sizes:
        here, n_words = np.array(costs[n]).T
        print(
            f"    {n:9.0e} {n_words[0]:9.0f} {np.median(here):8.1f} (least "
            f"{here.min():.1f})    {spread(ratios[n])}"
        )
    print(f"  an id in memory new to the process: {fresh_memory(sizes[-1]):.1f} ns")


def repeated(texts, n_tokens):
    """Return a text as often as it takes, and characters per token.

    A word that stands there once is another one each time, so that the vocabulary
    grows as that of a longer text would.
    """
    X = ours(texts)
    counts = np.bincount(X.ids, minlength=len(X.table))
    once = set(X.table.take(np.flatnonzero(counts == 1)))
    find = re.compile(r"\b\w\w+\b")
    out = list(texts)
    for copy in range(1, -(-n_tokens // X.n_tokens)):
        renamed = partial(renamed_if, once, str(copy))
        out += [find.sub(renamed, text) for text in texts]
    return out, sum(map(len, texts)) / X.n_tokens


def renamed_if(chosen, suffix, match):
    """Return the word that matched, with a suffix if it is one of those chosen."""
    return match[0] + suffix * (match[0].lower() in chosen)


def fresh_memory(n):
    """Return the nanoseconds an int32 costs where no int32 has been."""
    start = time.perf_counter()
    np.ones(n, np.int32)
    return (time.perf_counter() - start) * 1e9 / n


def two_cores():
    """Return how much faster two threads are here when nothing is shared."""
    # So long in one call that does not hold the interpreter.
    block = np.random.default_rng(0).random(1 << 22)

    def work():
        for _ in range(4):
            np.sort(block)

    def run(n):
        threads = [threading.Thread(target=work) for _ in range(n)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - start

    return 2 * run(1) / run(2)


def peak_memory(arguments):
    """Print the peak of one contender in a process of its own."""
    line = [sys.executable, __file__, *arguments]
    run = subprocess.run(line, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def measure_peak(name, source, n_characters):
    """Run one contender, here, and print what it needed beyond the texts."""
    contenders = IDS | COUNTS
    contenders[name](["some words", "a few more words", "и ещё"] * 50)
    texts = load(source, n_characters)
    before = resident_megabytes(forget=True)
    result = contenders[name](texts)
    line = f"{resident_megabytes() - before:7.0f} MB"
    if isinstance(result, TokenizedDocuments):
        arrays = result.ids, result.offsets, result.table.blob, result.table.offsets
        line += f"  (the result itself {sum(a.nbytes for a in arrays) / 2**20:.0f} MB)"
    print(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="*", metavar="NAME=FILE")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--characters", type=int, default=5_000_000)
    parser.add_argument("--growth", type=float, metavar="TOKENS")
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.growth is not None and options.growth < 10**6:
        parser.error("--growth begins at 1e6, with which all else is compared")
    corpora = dict(corpus.split("=", 1) for corpus in options.corpora)
    if options.peak:
        source = next(iter(corpora.values()))
        measure_peak(options.peak, source, options.characters)
        return
    for name, source in (corpora or {"docstrings": ""}).items():
        texts = load(source, options.characters)
        if options.growth:
            print(f"{name}, repeated")
            growth(texts, options.growth, options.rounds)
            continue
        for kind, some in {
            "documents as they are": texts,
            f"short documents ({SHORT} words)": cut(texts, SHORT),
            f"long documents ({LONG} words)": cut(texts, LONG),
        }.items():
            n_tokens = ours(some).n_tokens
            print(f"{name}, {kind}: {len(some)} documents, {n_tokens} tokens")
            compare("tokens to ids", IDS, some, n_tokens, options.rounds)
            compare("counts", COUNTS, some, n_tokens, options.rounds)
            rows = transformers(some)
            compare("transform", rows, some, n_tokens, options.rounds)
            print(f"  two threads at best, just now: {two_cores():.2f} times one")
        print(f"{name}: peak memory beyond the texts and imports")
        size = f"--characters={options.characters}"
        for contender in IDS | COUNTS:
            peak = peak_memory(["--peak", contender, size, f"{name}={source}"])
            print(f"    {contender:44s} {peak}")


if __name__ == "__main__":
    main()
