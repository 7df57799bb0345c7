"""Word-class vectors from their definition, in plain Python and NumPy."""

import math
from collections import Counter

import numpy as np


def features(words, word_ngrams, min_n, max_n):
    """Return a Counter of each kind of feature of one document."""
    runs = Counter(
        " ".join(words[i : i + n])
        for n in range(2, word_ngrams + 1)
        for i in range(len(words) - n + 1)
    )
    pieces = Counter()
    for word in (f"<{word}>" for word in words):
        for n in range(max(min_n, 1), max_n + 1):
            for i in range(len(word) - n + 1):
                piece = word[i : i + n]
                if piece not in "<>":
                    pieces[piece] += 1
    return [Counter(words), runs, pieces]


def kept(documents, min_count, min_df):
    """Return documents without what occurs too rarely; counts by kind."""
    out = [[Counter() for _ in document] for document in documents]
    for kind in range(len(documents[0])):
        times, n_documents = Counter(), Counter()
        for document in documents:
            times.update(document[kind])
            n_documents.update(document[kind].keys())
        for document, new in zip(documents, out, strict=True):
            for name, count in document[kind].items():
                if times[name] >= min_count and n_documents[name] >= min_df:
                    new[kind][name] = count
    return out


def association(kind, both, feature, cls, total, smoothing):
    """Return how strongly a feature speaks for a class, given their counts."""
    share = cls / total
    if not 0 < share < 1:
        return 0.0
    both, feature = both + smoothing * share, feature + smoothing
    q = both / feature
    if kind == "log_odds":
        return math.log(q / (1 - q)) - math.log(share / (1 - share))
    if kind == "pmi":
        return math.log(q / share)
    if kind == "ppmi":
        return max(math.log(q / share), 0.0)
    if kind == "difference":
        return q - share
    total += smoothing
    spread = share * (1 - share) * (feature / total) * (1 - feature / total)
    if spread <= 0:
        return 0.0
    return (both / total - share * feature / total) / math.sqrt(spread)


def vectors(documents, labels, weights, kind, smoothing):
    """Return a dict from each feature of one kind to its vector."""
    n_classes, total = labels.shape[1], weights.sum()
    classes = weights @ labels
    names = {name for document in documents for name in document}
    out = {}
    for name in names:
        has = np.array([name in document for document in documents])
        feature = weights[has].sum()
        both = weights[has] @ labels[has]
        out[name] = np.array(
            [
                association(kind, both[c], feature, classes[c], total, smoothing)
                for c in range(n_classes)
            ]
        )
    return out


def idf(documents):
    """Return a dict from each feature of one kind to its weight."""
    n = Counter(name for document in documents for name in document)
    return {name: math.log((1 + len(documents)) / (1 + n[name])) + 1 for name in n}


def row(counts, table, weights, n_classes, sublinear=True, l2=True):
    """Return the mean of one document's features of one kind."""
    total, sizes = np.zeros(n_classes), []
    for name, count in counts.items():
        if name in weights:
            x = (1 + math.log(count) if sublinear else count) * weights[name]
            total += x * table.get(name, np.zeros(n_classes))
            sizes.append(x)
    size = math.sqrt(sum(x * x for x in sizes)) if l2 else sum(sizes)
    return total / size if size else total
