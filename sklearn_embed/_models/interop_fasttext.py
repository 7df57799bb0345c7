"""Whole fastText models to and from Facebook's files.

What comes from a file is returned as plain data.
"""

# SPDX-License-Identifier: BSD-3-Clause

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from sklearn_embed._models.bags import numbered
from sklearn_embed._models.classifier import SEPARATE, Labels
from sklearn_embed._models.prediction import Outputs
from sklearn_embed._models.quantize import QuantizedFastText
from sklearn_embed._text.char_ngrams import ngram_buckets
from sklearn_embed._text.table import TokenTable
from sklearn_embed.io._fasttext_model import Arguments, FastTextModel
from sklearn_embed.io.fasttext import ARCHITECTURES, LOSSES, read_model

_LOSS_CODES = {name: code for code, name in LOSSES.items()}
_ARCHITECTURE_CODES = {name: code for code, name in ARCHITECTURES.items()}

#: What stands before a label, and what ends every document, in fastText's files.
_LABEL, _END = "__label__", "</s>"

#: An integer, written as Python and NumPy write it.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")

#: What stands between the characters at which fastText cuts.
_WORD = re.compile(r"[^ \n\r\t\v\f\0]+")


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
        blanks.  Blanks in a label become "_".

    Raises
    ------
    ValueError
        If ``</s>``, fastText's mark for the end of a document, is a word, two
        classes would be written alike, or documents are no plain means.
    """
    settings = model.settings
    if not model.weighting.is_mean:
        raise ValueError(
            f"normalization={settings.normalization!r} and weights="
            f"{settings.weights!r}, but fastText's files know plain means alone, and "
            "would give other labels: fit with normalization='l1' and weights=None."
        )
    if _END in vocabulary.index:
        raise ValueError(f"{_END!r} is a word here, but fastText's mark there.")
    codes = None
    if isinstance(model, QuantizedFastText):
        codes, model = _codes_in_order(model, len(vocabulary)), model.dense()
    model = model.whole()
    labels = model.labels
    n_words, size, ngrams = len(vocabulary), settings.vector_size, settings.ngrams
    inputs, rows = model.inputs[:, :size], None
    if model.skip:  # the others do not count
        rows, buckets = model.bucket_rows, inputs[n_words + 1 :]
    else:
        buckets = np.zeros((len(model.bucket_rows), size), np.float32)
        stored = np.flatnonzero(model.bucket_rows >= 0)
        buckets[stored] = inputs[n_words + 1 + model.bucket_rows[stored]]
    label_counts, outputs = _outputs_in_order(model)
    n_ends = _end_marks(model, int(label_counts.sum()), n_documents)
    counts = np.append(vocabulary.counts, n_ends)
    arguments = Arguments(
        dim=size,
        epoch=settings.epochs,
        min_count=settings.min_count,
        neg=settings.negative,
        word_ngrams=ngrams.word_ngrams,
        loss=_LOSS_CODES[settings.loss],
        model=_ARCHITECTURE_CODES["supervised"],
        bucket=len(model.bucket_rows),
        minn=ngrams.min_n,
        maxn=ngrams.max_n,
    )
    names = _written_labels(labels)
    return FastTextModel(
        arguments,
        [*vocabulary.words, _END],
        counts,
        [names[leaf] for leaf in labels.leaves],
        label_counts.astype(np.int64),
        int(counts.sum()),
        np.ascontiguousarray(inputs[: n_words + 1]),
        buckets,
        outputs,
        rows,
        codes=codes,
    )


def _codes_in_order(model, n_words):
    """Return a quantised model's codes in the order of fastText's rows."""
    inputs, outputs, places = model.inputs, model.output_codes, model.labels.leaves
    if not model.skip:
        rows = model.bucket_rows()
        buckets = np.where(rows < 0, inputs.n_rows, rows + np.int32(n_words + 1))
        order = np.concatenate([np.arange(n_words + 1), buckets])
        inputs = _with_zeros(inputs).part(order)
    if outputs is not None:
        if model.settings.loss == "hierarchical_softmax":  # one row more
            places = np.minimum(np.arange(len(places)), outputs.n_rows - 1)
        outputs = outputs.part(places)
    return inputs, outputs


def _with_zeros(codes):
    """Return codes with one more row, of the last centroids."""
    last = np.full((1, codes.codes.shape[1]), 255, np.uint8)
    norm_codes = codes.norm_codes
    if norm_codes is not None:
        norm_codes = np.append(norm_codes, np.uint8(0))
    return codes._replace(
        codes=np.concatenate([codes.codes, last]), norm_codes=norm_codes
    )


def _end_marks(model, n_labels, n_documents):
    """Return the count of the end mark; with "one_vs_all", it tells what predicts.

    As many marks as labels: every document had one label.  `_labels_of` reads it so.
    """
    n_documents = max(n_documents, 1)
    if model.settings.loss != "one_vs_all":
        return n_documents
    if not model.labels.multilabel:
        return n_labels
    return n_documents + (n_documents == n_labels)


def _written_labels(labels):
    """Return each class as a label of fastText's, prefix included."""
    names = ["_".join(_WORD.findall(str(name))) for name in labels.classes]
    prefix = labels.prefix
    if prefix is None:
        # What is a label of fastText's already gets no second prefix.
        prefix = "" if all(name.startswith(_LABEL) for name in names) else _LABEL
    same = {name for name, count in Counter(names).items() if count > 1}
    for name in names:
        if name in same or not name:
            alike = [
                c
                for c, n in zip(labels.classes.tolist(), names, strict=True)
                if n == name
            ]
            why = f"would both be the label {name!r}" if name else "has no characters"
            raise ValueError(
                f"the classes {alike} cannot be written for fastText, where labels "
                f"hold no blanks: {why}. Give the classes other names."
            )
    return [prefix + name for name in names]


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


class LabelNames(NamedTuple):
    """How labels of a file become classes; see `FastTextClassifier.from_fasttext`."""

    prefix: str = _LABEL
    convert: Callable[[str], Any] | None = None
    multilabel: bool | None = None


def read_classifier(source, names=LabelNames()):  # noqa: B008
    """Return what a supervised fastText model has learned.

    Parameters
    ----------
    source : FastTextModel, str, path or binary file
        A supervised model, quantised or not.
    names : LabelNames
        What is made of its labels.

    Returns
    -------
    ClassifierParts
        Tokens are what stands between blanks, as in fastText.

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
    labels, outputs = _labels_of(model, names)
    return ClassifierParts(
        _parameters(arguments) | {"normalization": "l1", "weights": None},
        [model.words[row] for row in kept],
        np.asarray(model.counts)[kept],
        labels,
        np.concatenate([model.own[kept], model.own[[at]], model.buckets]),
        outputs,
        rows,
        arguments.bucket,
        skip=is_pruned,
    )


class VectorizerParts(NamedTuple):
    """What an unsupervised fastText model has learned."""

    params: dict  # parameters under the names of our estimator
    words: list[str]
    counts: np.ndarray
    inputs: np.ndarray  # rows of words, then of buckets
    outputs: Outputs
    bucket_rows: np.ndarray  # (n_buckets,) int32


def read_vectorizer(source):
    """Return what an unsupervised fastText model has learned.

    Parameters
    ----------
    source : FastTextModel, str, path or binary file
        An unsupervised model.

    Returns
    -------
    VectorizerParts
        Without the mark for the end of a line, which is no word here.

    Raises
    ------
    ValueError
        If the model is supervised, has no outputs, or its n-grams were pruned.
    """
    model = source if isinstance(source, FastTextModel) else read_model(source)
    arguments = model.arguments
    architecture = ARCHITECTURES[arguments.model]
    if architecture == "supervised":
        raise ValueError(
            "the model is supervised: FastTextClassifier.from_fasttext reads it."
        )
    if LOSSES[arguments.loss] == "one_vs_all":
        raise ValueError(
            "the model's loss is one-vs-all over words, which this class does not "
            "train: read_vectors reads its vectors, which MeanPoolEmbedder takes."
        )
    if model.output is None or model.rows is not None:
        what = "no outputs" if model.output is None else "pruned n-grams"
        raise ValueError(
            f"the model has {what}, so that it cannot be trained on: read_vectors "
            "reads its vectors, which MeanPoolEmbedder takes."
        )
    kept = [row for row, word in enumerate(model.words) if word != _END]
    words = [model.words[row] for row in kept]
    own, is_tree = model.own[kept], LOSSES[arguments.loss] == "hierarchical_softmax"
    outputs = model.output[kept]
    if is_tree:  # without the mark, it is another one
        outputs = np.zeros((max(len(words) - 1, 1), arguments.dim), np.float32)
    params = _parameters(arguments) | {
        "min_n": max(arguments.minn, 1),
        "window": max(arguments.ws, 1),
        "architecture": architecture,
        "sample": max(arguments.t, 0.0),
        "pooling": "normalized_mean",
    }
    del params["word_ngrams"]
    has_ngrams = 0 < arguments.bucket and params["min_n"] <= params["max_n"]
    rows = np.full(params["bucket"], -1, np.int32)
    buckets = model.buckets[:0]
    if has_ngrams:
        limits = params["min_n"], params["max_n"], params["bucket"]
        _, used = ngram_buckets(TokenTable.from_tokens(words), *limits)
        marks = model.buckets.any(axis=1).astype(np.uint8)
        marks[used] = 1
        rows, buckets = numbered(marks), model.buckets[marks == 1]
        rows[rows >= 0] += np.int32(len(words))
    else:
        params["max_n"] = 0
    inputs = np.concatenate([own, buckets]).astype(np.float32)
    counts = np.asarray(model.counts)[kept]
    outputs = Outputs(np.array(outputs, np.float32, order="C"), is_tree)
    return VectorizerParts(params, words, counts, inputs, outputs, rows)


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
        "token_pattern": r"[^ \n\r\t\v\f\0]+",
        "lowercase": False,
    }


def _labels_of(model, names):
    """Return the labels of a fastText model, sorted, and their output rows."""
    loss = LOSSES[model.arguments.loss]
    prefix, _, multilabel = names
    if multilabel is None:
        # The end mark was counted once a document.
        n_documents = model.counts[model.words.index(_END)]
        multilabel = loss == "one_vs_all" and sum(model.label_counts) != n_documents
    elif multilabel and loss not in SEPARATE:
        raise ValueError(
            f"multilabel=True, but the model's loss, {loss!r}, gives every document "
            "one label."
        )
    if not all(label.startswith(prefix) for label in model.labels):
        prefix = ""
    classes = _converted([x.removeprefix(prefix) for x in model.labels], names.convert)
    order = np.argsort(classes, kind="stable")
    outputs = model.output[: max(len(classes) - 1, 1)]
    if loss != "hierarchical_softmax":
        outputs = model.output[order]
    counts, leaves = np.asarray(model.label_counts)[order], np.argsort(order)
    labels = Labels(classes[order], multilabel, counts, leaves, None, prefix)
    return labels, outputs


def _converted(names, convert):
    """Return an array of what a function makes of strings."""
    if convert is None:
        convert = int if all(_INTEGER.fullmatch(name) for name in names) else str
    made = []
    for name in names:
        try:
            made.append(convert(name))
        except (TypeError, ValueError) as error:
            message = f"label_type refuses the label {name!r}: {error}"
            raise ValueError(message) from error
    classes = np.array(made)
    if len(np.unique(classes)) < len(names):
        again = next(x for i, x in enumerate(made) if x in made[:i])
        raise ValueError(
            f"label_type makes the class {again!r} of two labels, such as "
            f"{names[made.index(again)]!r}: give one that tells them apart."
        )
    return classes
