"""Perplexity by time of all language models, on the same text and vocabulary.

Usage: python benchmarks/language_models.py FILE [--models NAME ...] [--words N]
[--vocabulary N] [--epochs N ...] [--part N] [--sample N] [--jobs N]

FILE has one paragraph a line (plain or .gz), the paragraphs of an article or a work one
after the other.  The first paragraphs, of `--words` words, are trained on.  Those that
follow are left out for a while, so that no article is on both sides; then come
`--part` words by which mixtures are weighed, and as many by which all are judged.
Words are runs of word characters, and single other characters.

Names are ``kn3``, ``kn5`` and so on, ``window``, ``window-direct``, ``lstm``, ``gru``,
``rnn``.  Models that are trained are trained anew for each number of `--epochs`: their
learning rates fall to 0 in the end.  Each of them is then mixed with the largest
Kneser-Ney model: the weighted mean of both probabilities, by the weight that is best
for the first part.  Perplexities are per word, unknown words and ends of paragraphs
included; seconds are those of the processor, tokenising not counted.  With ``--sample``
each model draws so many words, at temperature 0.8 and seed 0.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import re
import time

import numpy as np
from corpus import texts_of
from memory import resident_megabytes

import sklearn_embed
from sklearn_embed import NGramLanguageModel, TokenizedDocuments

PATTERN = r"(?u)\w+|[^\w\s]"
GAP = 300_000  # words left out between what is trained on and what is judged
ALL = ["kn3", "kn5", "window", "window-direct", "lstm"]


def split(source, n_words, n_part):
    """Return what to train on, what to weigh mixtures by, and what to judge by."""
    X = TokenizedDocuments.from_documents(texts_of(source), token_pattern=PATTERN)
    n_words = min(n_words, X.n_tokens - GAP - 2 * n_part)
    if n_words <= 0:
        raise SystemExit(f"{X.n_tokens} words are too few for a split")
    ends = n_words, n_words + GAP, n_words + GAP + n_part, n_words + GAP + 2 * n_part
    trained, begin, middle, end = np.searchsorted(X.offsets, ends)
    return X[:trained].compact(), X[begin:middle], X[middle:end]


def made(name, words, n_epochs, n_jobs):
    """Return an unfitted model."""
    if found := re.fullmatch(r"kn(\d+)", name):
        return NGramLanguageModel(int(found[1]), vocabulary=words, min_count=1)
    shared = {
        "vocabulary": words,
        "min_count": 1,
        "epochs": n_epochs,
        "random_state": 0,
        "n_jobs": n_jobs,
        "loss": "sampled_softmax",
    }
    if name.startswith("window"):
        direct = name == "window-direct"
        cls = sklearn_embed.WindowLanguageModel
        return cls(100, direct_connections=direct, **shared)
    return sklearn_embed.RecurrentLanguageModel(200, cell=name, **shared)


def flat(model, X):
    """Return the log-probabilities of all words."""
    return np.concatenate(model.log_proba(X))


def perplexity(log_proba):
    """Return the perplexity that log-probabilities come to."""
    return float(np.exp(-log_proba.mean()))


def mixed(first, second, share):
    """Return the log-probabilities of a mixture."""
    with np.errstate(divide="ignore"):
        return np.logaddexp(first + np.log(share), second + np.log(1 - share))


def best_share(first, second):
    """Return the share of the first model that is best for some words."""
    shares = np.linspace(0.02, 0.98, 49)
    return max(shares, key=lambda share: mixed(first, second, share).mean())


def main():
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--models", nargs="+", default=ALL)
    parser.add_argument("--words", type=int, default=3_000_000)
    parser.add_argument("--vocabulary", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--part", type=int, default=50_000)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    trained, weighed, judged = split(given.file, given.words, given.part)
    words = NGramLanguageModel(1, max_features=given.vocabulary, min_count=1)
    words = words.fit(trained).words_
    print(
        f"{trained.n_tokens:,} words in {len(trained):,} paragraphs, {len(words):,} "
        f"different ones; judged by {judged.n_tokens:,}"
    )
    names = sorted(given.models, key=lambda name: not name.startswith("kn"))
    baseline = None
    for name in names:
        counted = name.startswith("kn")
        for n_epochs in [0] if counted else given.epochs:
            model = made(name, words, n_epochs, given.jobs)
            model.fit(trained[:50])  # compiles
            before, began = resident_megabytes(), time.process_time()
            model.fit(trained)
            seconds = time.process_time() - began
            parts = [flat(model, X) for X in (weighed, judged)]
            line = f"{name:>14}"
            line += f" {n_epochs:>3} epochs" if n_epochs else " " * 11
            line += f" {seconds:>8.1f} s {trained.n_tokens / seconds:>10,.0f} words/s"
            line += f"  perplexity {perplexity(parts[1]):>6.1f}"
            if counted:
                baseline = parts
                share = model.unknown_share(judged)
                line += (
                    f"  unknown {share:.1%}, {resident_megabytes() - before:+.0f} MB"
                )
            elif baseline is not None:
                share = best_share(parts[0], baseline[0])
                both = perplexity(mixed(parts[1], baseline[1], share))
                line += f"  mixed with {share:.2f}: {both:>6.1f}"
            print(line, flush=True)
            if given.sample:
                drawn = model.sample(
                    None, given.sample, temperature=0.8, random_state=0
                )
                print(" " * 15 + " ".join(drawn))


if __name__ == "__main__":
    main()
