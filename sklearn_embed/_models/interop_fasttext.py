"""Whole fastText models to and from Facebook's files.

What comes from a file is returned as plain data.
"""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._models.bags import numbered
from sklearn_embed._models.classifier import Labels
from sklearn_embed.io._fasttext_model import Arguments, FastTextModel
from sklearn_embed.io.fasttext import ARCHITECTURES, LOSSES, read_model

_LOSS_CODES = {name: code for code, name in LOSSES.items()}
_ARCHITECTURE_CODES = {name: code for code, name in ARCHITECTURES.items()}

#: What stands before a label, and what ends every document, in fastText's files.
_LABEL, _END = "__label__", "</s>"


def vectorizer_to_fasttext(model, vocabulary, vectors):
    """Return all that a vectorizer has learned as fastText's files hold it.

    Parameters
    ----------
    model : FastText
        A fitted one.
    vocabulary : Vocabulary
        Its words and their counts.
    vectors : ndarray of shape (n_words, d), float32
        The vectors of words.

    Returns
    -------
    FastTextModel

    Raises
    ------
    ValueError
        If the loss is "softmax", which fastText has for labels only.
    """
    settings, size = model.settings, vectors.shape[1]
    if settings.loss == "softmax":
        raise ValueError("fastText has no full softmax over words.")
    parts = model.exported(vectors)
    own, buckets = vectors, np.empty((0, size), np.float32)
    if parts is not None:
        own, buckets = parts.own, parts.full()
    output = model.outputs.matrix
    if model.outputs.is_tree:  # one row more than there are nodes
        output = np.zeros_like(own)
        output[: len(model.outputs.matrix)] = model.outputs.matrix
    arguments = Arguments(
        dim=size,
        ws=settings.window,
        epoch=settings.epochs,
        min_count=settings.min_count,
        neg=settings.negative,
        loss=_LOSS_CODES[settings.loss],
        model=_ARCHITECTURE_CODES[settings.architecture],
        bucket=len(buckets),
        minn=0 if parts is None else parts.min_n,
        maxn=0 if parts is None else parts.max_n,
        t=settings.sample,
    )
    words, counts = vocabulary.words, vocabulary.counts
    no_labels = [], np.empty(0, np.int64)
    return FastTextModel(
        arguments, words, counts, *no_labels, int(counts.sum()), own, buckets, output
    )


def classifier_to_fasttext(model, vocabulary, n_documents):
    """Return all that a classifier has learned as fastText's files hold it.

    Parameters
    ----------
    model : SupervisedFastText
        A fitted one.
    vocabulary : Vocabulary
        Its words and their counts.
    n_documents : int
        Documents of the fit.

    Returns
    -------
    FastTextModel
        fastText finds the same labels for documents whose tokens are joined by
        blanks.  A blank in a label becomes "_".

    Raises
    ------
    ValueError
        If ``</s>``, fastText's mark for the end of a document, is a word.
    """
    if _END in vocabulary.index:
        raise ValueError(f"{_END!r} is a word here, but fastText's mark there.")
    settings, labels = model.settings, model.labels
    n_words, size, ngrams = len(vocabulary), settings.vector_size, settings.ngrams
    inputs = model.inputs[:, :size]
    buckets = np.zeros((len(model.bucket_rows), size), np.float32)
    stored = np.flatnonzero(model.bucket_rows >= 0)
    buckets[stored] = inputs[n_words + 1 + model.bucket_rows[stored]]
    counts = np.append(vocabulary.counts, max(n_documents, 1))
    label_counts, outputs = _outputs_in_order(model)
    arguments = Arguments(
        dim=size,
        epoch=settings.epochs,
        min_count=settings.min_count,
        neg=settings.negative,
        word_ngrams=ngrams.word_ngrams,
        loss=_LOSS_CODES[settings.loss],
        model=_ARCHITECTURE_CODES["supervised"],
        bucket=len(buckets),
        minn=ngrams.min_n,
        maxn=ngrams.max_n,
    )
    names = labels.classes[labels.leaves]
    return FastTextModel(
        arguments,
        [*vocabulary.words, _END],
        counts,
        [_LABEL + "_".join(str(name).split()) for name in names],
        label_counts.astype(np.int64),
        int(counts.sum()),
        np.ascontiguousarray(inputs[: n_words + 1]),
        buckets,
        outputs,
    )


def _outputs_in_order(model):
    """Return counts of labels and output rows in fastText's order: commonest first."""
    labels, size = model.labels, model.settings.vector_size
    order, vectors = labels.leaves, model.outputs[:, :size]
    outputs = np.zeros((len(order), size), np.float32)
    if model.settings.loss == "hierarchical_softmax":
        outputs[:-1] = vectors  # fastText has one row more
        return labels.counts[order], outputs
    outputs[:] = vectors[order]
    return np.maximum(labels.counts, 1)[order], outputs


class ClassifierParts(NamedTuple):
    """What a supervised fastText model has learned."""

    params: dict  # parameters under the names of our estimator
    words: list[str]
    counts: np.ndarray
    labels: Labels
    inputs: np.ndarray  # rows of words, of the mark that ends documents, of buckets
    outputs: np.ndarray
    bucket_rows: np.ndarray
    n_buckets: int
    skip: bool  # n-grams without a row do not count


def read_classifier(source):
    """Return what a supervised fastText model has learned.

    Parameters
    ----------
    source : FastTextModel, str, path or binary file
        A supervised model, quantised or not.

    Returns
    -------
    ClassifierParts
        Its classes are the labels without ``__label__``.  Tokens are what stands
        between blanks, as in fastText.

    Raises
    ------
    ValueError
        If the model is not supervised, or does not know the end of a document.
    """
    model = source if isinstance(source, FastTextModel) else read_model(source)
    arguments = model.arguments
    if ARCHITECTURES[arguments.model] != "supervised" or model.output is None:
        raise ValueError("the model has no labels: read_vectors reads its vectors.")
    if _END not in model.words:
        raise ValueError(f"the model does not know {_END!r}, which ends documents.")
    at = model.words.index(_END)
    kept = np.delete(np.arange(len(model.words)), at)
    is_pruned = model.rows is not None
    rows = model.rows
    if not is_pruned:
        rows = numbered(np.ones(len(model.buckets), np.uint8))
    labels, outputs = _labels_of(model)
    return ClassifierParts(
        _parameters(arguments),
        [model.words[row] for row in kept],
        np.asarray(model.counts)[kept],
        labels,
        np.concatenate([model.own[kept], model.own[[at]], model.buckets]),
        outputs,
        rows,
        arguments.bucket,
        skip=is_pruned,
    )


def _parameters(arguments):
    """Return a fastText model's parameters under our names."""
    return {
        "vector_size": arguments.dim,
        "loss": LOSSES[arguments.loss],
        "negative": max(arguments.neg, 1),
        "word_ngrams": max(arguments.word_ngrams, 1),
        "min_n": arguments.minn if arguments.maxn > 0 else 0,
        "max_n": max(arguments.maxn, 0),
        "bucket": max(arguments.bucket, 1),
        "epochs": max(arguments.epoch, 1),
        "min_count": max(arguments.min_count, 1),
        "token_pattern": r"\S+",
        "lowercase": False,
    }


def _labels_of(model):
    """Return the labels of a fastText model, sorted, and their output rows."""
    names = np.array([label.removeprefix(_LABEL) for label in model.labels])
    order = np.argsort(names, kind="stable")
    outputs = model.output[: max(len(names) - 1, 1)]
    if LOSSES[model.arguments.loss] != "hierarchical_softmax":
        outputs = model.output[order]
    counts = np.asarray(model.label_counts)[order]
    return Labels(names[order], False, counts, np.argsort(order)), outputs
