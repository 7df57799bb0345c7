"""Every object that can be saved, small, and ways to damage its parts in a file."""

# SPDX-License-Identifier: BSD-3-Clause

import json
import os

import numpy as np
from estimators import CLASSIFIERS, ESTIMATORS, LANGUAGE_MODELS
from sklearn.base import clone
from vector_files import Kind, mutate

from sklearn_embed import (
    CooccurrenceCounts,
    FastTextClassifier,
    GloVeVectorizer,
    NGramCounts,
    NGramLanguageModel,
    OneHotTokens,
    TokenizedDocuments,
    Word2VecVectorizer,
    WordCounts,
)
from sklearn_embed._models.quantize import QuantizedFastText
from sklearn_embed.io import write_vectors

TEXTS = ["the cat and the dog", "a dog met the cat", "", "кошка и собака", "cat dog"]
LABELS = ["pets", "pets", "none", "pets", "none"]
MORE = ["the dog", "a new word and the cat", ""]

#: What a hostile file may say in place of any value.
HOSTILE = (
    *(0, -1, 1, 2, 10**6, 10**12, 2**63, -5, 2**31 - 1, 1.5, -0.5, 1e308, 1e-300),
    *(None, True, False, "", "x", "auto", "mean", "\0", "((a+)+)+$", [], {}, [1]),
    *({"float": "nan"}, {"float": "inf"}, {"list": []}, {"tuple": []}, {"dict": []}),
    *({"same": 0}, {"same": 1}, {"dtype": "<f8"}, {"type": "<i2"}),
)
_DTYPES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2}
_DTYPES.update({"I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1, "BF16": 2})

_ESTIMATORS = [*ESTIMATORS, *CLASSIFIERS, *LANGUAGE_MODELS]

NAMES = [
    *("documents", "documents mapped", "counts", "word counts", "n-grams"),
    *(f"{n} {type(of).__name__}" for n, of in enumerate(_ESTIMATORS)),
    *("quantised", "quantised means"),
]


def kinds(folder):
    """Return every kind of saved object by name."""
    documents = TokenizedDocuments.from_documents(TEXTS)
    counts = CooccurrenceCounts.from_documents(TEXTS, min_count=1)
    word_counts = WordCounts.from_documents(TEXTS)
    ngrams = NGramCounts.from_documents(TEXTS, order=3)
    things = documents, counts, word_counts, ngrams
    files = [_saved(folder, thing) for thing in things]
    use = _use_documents, _use_counts, _use_word_counts
    loaders = [
        _loader(folder, TokenizedDocuments),
        _loader(folder, TokenizedDocuments, mmap=True),
        _loader(folder, CooccurrenceCounts),
        _loader(folder, WordCounts),
    ]
    found = {
        "documents": Kind(files[0], loaders[0], use[0], damage),
        "documents mapped": Kind(files[0], loaders[1], use[0], damage),
        "counts": Kind(files[1], loaders[2], use[1], damage),
        "word counts": Kind(files[2], loaders[3], use[2], damage),
        "n-grams": Kind(files[3], _loader(folder, NGramCounts), _use_ngrams, damage),
    }
    for number, estimator in enumerate(_ESTIMATORS):
        fitted = clone(estimator).fit(TEXTS, LABELS)
        name = f"{number} {type(estimator).__name__}"
        cls = type(estimator)
        found[name] = Kind(_saved(folder, fitted), cls.load, _user(folder), damage)
    grams = {"min_n": 2, "max_n": 3, "bucket": 50, "word_ngrams": 2}
    load, use = FastTextClassifier.load, _user(folder)
    for name, params in {"quantised": {}, "quantised means": _MEANS}.items():
        small = FastTextClassifier(4, epochs=1, random_state=0, **grams, **params)
        small.fit(TEXTS, LABELS).quantize(cutoff=30, dsub=3, qnorm=True, qout=True)
        found[name] = Kind(_saved(folder, small), load, use, damage)
    return found


def _saved(folder, thing):
    path = os.path.join(folder, "saved")
    thing.save(path)
    with open(path, "rb") as stream:
        return stream.read()


def _loader(folder, cls, mmap=False):
    """Return what loads an object that wants the name of a file."""

    def load(stream):
        path = os.path.join(folder, f"damaged{os.getpid()}")
        with open(path, "wb") as file:
            file.write(stream.read())
        return cls.load(path, mmap=mmap)

    return load


def _use_documents(documents, thoroughly):
    """Read documents in every way; thoroughly: train on them, too."""
    list(documents)
    documents[::-1][1:].compact()
    _READER.transform(documents)
    CooccurrenceCounts.from_documents(documents, min_count=1)
    if thoroughly:
        _LEARNER.fit(documents)


def _use_counts(counts, thoroughly):
    counts.to_scipy()
    counts + counts
    _ = counts.words, repr(counts)
    if thoroughly:
        GloVeVectorizer(2, epochs=1, random_state=0).fit_counts(counts)


def _use_word_counts(counts, thoroughly):
    _ = (counts + counts).words, repr(counts), counts.n_tokens
    if thoroughly:
        counts.among(counts.words)
        counts.select(min_df=0.0, max_features=2)


def _use_ngrams(counts, thoroughly):
    counts + counts
    counts.with_order(1)
    _ = counts.word_counts, repr(counts)
    if thoroughly:
        NGramLanguageModel(counts.order).fit_counts(counts).score(TEXTS)


def _user(folder):
    """Return what uses an estimator in every way; thoroughly: trains it, too."""

    def use(estimator, thoroughly):
        if hasattr(estimator, "transform"):
            rows = estimator.transform(TEXTS)
            if hasattr(estimator, "inverse_transform"):
                estimator.inverse_transform(rows)
        if hasattr(estimator, "transform_tokens"):
            estimator.transform_tokens(TEXTS)
        if hasattr(estimator, "predict_proba"):
            estimator.predict_proba(TEXTS)
            estimator.predict(TEXTS)
        if hasattr(estimator, "predict_next"):
            estimator.score(TEXTS)
            estimator.predict_next(TEXTS[0], topn=None)
            estimator.sample("the", 3, random_state=0)
        if hasattr(estimator, "get_feature_names_out"):
            estimator.get_feature_names_out()
        if not thoroughly:
            return
        repr(estimator)
        path = os.path.join(folder, f"again{os.getpid()}")
        estimator.save(path)
        if hasattr(estimator, "to_word_vectors"):
            write_vectors(estimator, path)
        if hasattr(estimator, "to_arpa"):
            estimator.to_arpa(path)
        how = getattr(getattr(estimator, "_model", None), "weighting", None)
        if hasattr(estimator, "to_fasttext") and (how is None or how.is_mean):
            estimator.to_fasttext()
        is_coded = isinstance(getattr(estimator, "_model", None), QuantizedFastText)
        if hasattr(estimator, "partial_fit") and not is_coded:
            labels = LABELS[:3] if hasattr(estimator, "predict") else None
            estimator.partial_fit(MORE, labels)

    return use


_MEANS = {"normalization": "l1", "weights": None}
_READER = OneHotTokens().fit(TEXTS)
_LEARNER = Word2VecVectorizer(2, min_count=1, epochs=1, random_state=0)


def damage(rng, data):
    """Damage a file of arrays: its bytes, or, more often, its parts one by one."""
    if rng.random() < 0.3:
        return mutate(rng, data)
    tensors, document = parts(data)
    for _ in range(1 if rng.random() < 0.7 else 3):
        change = _CHANGES[rng.integers(len(_CHANGES))]
        change(rng, tensors, document)
    return joined(tensors, document)


def parts(data):
    """Return the arrays, as name to type, shape and bytes, and the document."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    document = json.loads(header.pop("__metadata__")["sklearn-embed"])
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = [entry["dtype"], entry["shape"], data[begin:end]]
    return tensors, document


def joined(tensors, document):
    """Put a file together again, its sizes right."""
    header = {"__metadata__": {"sklearn-embed": json.dumps(document)}}
    offset = 0
    for name, (dtype, shape, data) in tensors.items():
        stop = offset + len(data)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, stop]}
        offset = stop
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % 64)
    parts = [data for _, _, data in tensors.values()]
    return len(text).to_bytes(8, "little") + text + b"".join(parts)


def _one(rng, names):
    names = sorted(names)
    return names[rng.integers(len(names))] if names else None


def _number(rng, tensors, document):
    """Make numbers of an array wild."""
    name = _one(rng, tensors)
    if name is None or not tensors[name][2]:
        return
    dtype, _, data = tensors[name]
    width = _DTYPES[dtype]
    values = [
        rng.bytes(width),
        b"\xff" * width,
        b"\0" * width,
        b"\xff" * (width - 1) + b"\x7f",
        b"\0" * (width - 1) + b"\x80",
        int(rng.integers(0, 256)).to_bytes(8, "little")[:width],
        (10**6).to_bytes(8, "little")[:width],
        np.float32(np.nan).tobytes()[:width],
        np.float64(np.nan).tobytes()[-width:],
        np.float32(3e38).tobytes()[:width],
    ]
    data = bytearray(data)
    for _ in range(rng.integers(1, 3)):
        place = int(rng.integers(len(data) // width)) * width
        data[place : place + width] = values[rng.integers(len(values))]
    tensors[name][2] = bytes(data)


def _retype(rng, tensors, document):
    """Say that an array is of another type."""
    name = _one(rng, tensors)
    if name is not None:
        dtype = tensors[name][0]
        same = [other for other in _DTYPES if _DTYPES[other] == _DTYPES[dtype]]
        tensors[name][0] = same[rng.integers(len(same))]


def _reshape(rng, tensors, document):
    """Change the shape of an array, or its length."""
    name = _one(rng, tensors)
    if name is None:
        return
    dtype, shape, data = tensors[name]
    width, n_bytes = _DTYPES[dtype], len(data)
    n_items = n_bytes // width
    shapes = [[n_items], [n_items, 1], [1, n_items], shape[::-1], [1, *shape]]
    if shape and shape[0] > 1:
        row = n_bytes // shape[0]
        choice = rng.integers(3)
        if choice == 0:
            tensors[name] = [dtype, [shape[0] - 1, *shape[1:]], data[row:]]
            return
        if choice == 1:
            tensors[name] = [dtype, [shape[0] + 1, *shape[1:]], data + data[:row]]
            return
    if rng.random() < 0.1:
        tensors[name] = [dtype, [0, *shape[1:]], b""]
        return
    tensors[name][1] = shapes[rng.integers(len(shapes))]


def _swap(rng, tensors, document):
    """Exchange two arrays, or leave one out."""
    first, second = _one(rng, tensors), _one(rng, tensors)
    if first is None:
        return
    if rng.random() < 0.5:
        tensors[first], tensors[second] = tensors[second], tensors[first]
    else:
        del tensors[first]


def _say(rng, tensors, document):
    """Write something else into the JSON document."""
    places = list(_places(document))
    parent, key = places[rng.integers(len(places))]
    choice = rng.random()
    if choice < 0.6:
        parent[key] = json.loads(json.dumps(HOSTILE[rng.integers(len(HOSTILE))]))
    elif choice < 0.75:
        other, at = places[rng.integers(len(places))]
        parent[key] = json.loads(json.dumps(other[at]))
    elif choice < 0.85:
        del parent[key]
    elif isinstance(parent, list):
        parent.append(parent[key])
    elif isinstance(parent[key], (int, float)):
        parent[key] *= -1 if choice < 0.92 else 10**9


def _places(node):
    """Yield where something stands in a JSON document."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in list(items):
        yield node, key
        if isinstance(value, (dict, list)):
            yield from _places(value)


_CHANGES = (_number, _number, _retype, _reshape, _swap, _say, _say, _say)
