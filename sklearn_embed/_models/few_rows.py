"""Training that can touch few rows of large matrices: copies of these are trained.

The cost of a small batch is then its own, not that of all words that are known, and
what was learned before stays as it is until the new rows are written.
"""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sklearn_embed._core.arrays import padded
from sklearn_embed._models.classifier import ClassifierJob
from sklearn_embed._models.features import of_few_rows
from sklearn_embed._models.kernels.bag_rows import list_bags
from sklearn_embed._models.kernels.bags import Bags
from sklearn_embed._models.kernels.sampling import draw_few, keep_thresholds
from sklearn_embed._models.loop import Data, Job, Run
from sklearn_embed._models.prediction import Chances, PredictionJob
from sklearn_embed._text.char_ngrams import ngram_buckets
from sklearn_embed._text.table import TokenTable
from sklearn_embed._text.vocabulary import Vocabulary

#: Rows are few where a matrix has so many times as many.
SHARE = 4


class SmallBatch(NamedTuple):
    """Documents whose words are known or ignored."""

    data: Data
    vocabulary: Vocabulary  # all words, with counts that hold the batch
    known: np.ndarray  # int64, ascending: rows of the words of the documents
    row_of: np.ndarray  # (n_tokens,) int32: row of each token of the table, or -1
    run: Run
    epoch: int
    attributes: dict  # of the fitted estimator


class Write(NamedTuple):
    """Rows to be written once they are trained."""

    name: str
    matrix: np.ndarray
    rows: np.ndarray
    values: Callable[[], np.ndarray]


class FewRows(NamedTuple):
    """What trains copies of some rows, and what becomes of the others."""

    job: Job
    writes: list[Write]
    # What gives the array that takes the place of one of the matrices to attributes
    # and model.
    rebuilt: Callable[[Callable], tuple[dict, Any]]


def few_rows(model, settings, batch, labels=None):
    """Return FewRows that train a fitted model on a batch, or None.

    Parameters
    ----------
    model : Word2Vec, FastText or SupervisedFastText
        It is not changed.
    settings : Word2VecSettings, FastTextSettings or ClassifierSettings
        Those to train with.
    batch : SmallBatch
        The documents.
    labels : Labels or None
        Of a SupervisedFastText.

    Returns
    -------
    FewRows or None
        None: all rows have to be trained, or rows are to be added.
    """
    if settings.vector_size != model.settings.vector_size:
        return None
    if labels is not None:
        if len(labels.classes) > len(model.labels.classes):
            return None
        return _of_classifier(model, settings, batch, labels)
    if settings.loss != "negative_sampling" or model.settings.loss != settings.loss:
        return None
    return _of_predictions(model, settings, batch)


def _of_predictions(model, settings, batch):
    """Return what trains words that predict those around them, or None."""
    (documents,) = batch.data.parts
    counts = batch.vocabulary.counts
    longest = int(np.diff(documents.offsets).max(initial=0))
    around = min(2 * int(settings.window), longest)
    n_draws = documents.n_tokens * around * int(settings.negative)
    rng = np.random.default_rng([batch.run.seed, 2, batch.epoch])
    pool = draw_few(counts, settings.ns_exponent, n_draws, rng)
    if pool is None:
        return None
    rows = np.union1d(batch.known, pool)
    if SHARE * len(rows) > len(counts):
        return None
    taken = np.append(batch.row_of, np.int32(-1))[:-1]
    taken[taken >= 0] = np.searchsorted(rows, taken[taken >= 0])
    words = [batch.vocabulary.words[row] for row in rows.tolist()]
    vocabulary = Vocabulary(words, counts[rows], sources=[(documents.table, taken)])
    keep = keep_thresholds(vocabulary.counts, settings.sample, int(counts.sum()))
    chances = Chances(keep, np.searchsorted(rows, pool).astype(np.int32))
    outputs = model.outputs._replace(matrix=padded(model.outputs.matrix[rows]))
    parts = outputs, rows, batch, (vocabulary, chances)
    if hasattr(model, "inputs"):
        return _of_words(model, settings, *parts)
    return _of_bags(model, settings, *parts)


def _of_words(model, settings, outputs, rows, batch, drawn):
    """Return what trains words that have a row each."""
    vocabulary, chances = drawn
    size, combine = settings.vector_size, settings.combine
    inputs, trained = padded(model.inputs[rows]), outputs.matrix
    if combine != model.settings.combine:
        return None
    data, run = batch.data, batch.run
    job = PredictionJob(
        settings, data, vocabulary, (inputs, outputs), run, chances=chances
    )
    attribute = outputs.attribute
    writes = [
        Write("inputs", model.inputs, rows, lambda: inputs[:, :size]),
        Write(attribute, model.outputs.matrix, rows, lambda: trained[:, :size]),
    ]
    fitted = batch.attributes  # arrays are not held here; see `publish_rows`
    if combine in ("sum", "concatenate"):

        def both():
            pair = inputs[:, :size], trained[:, :size]
            return pair[0] + pair[1] if combine == "sum" else np.hstack(pair)

        writes.append(Write("vectors_", fitted["vectors_"], rows, both))

    def rebuilt(new_of):
        matrix = new_of(model.outputs.matrix)
        new = replace(
            model,
            settings=settings,
            inputs=new_of(model.inputs),
            outputs=model.outputs._replace(matrix=matrix),
        )
        ones = {"input": new.inputs, "output": matrix}.get(combine)
        return {
            "vectors_": new_of(fitted["vectors_"]) if ones is None else ones,
            attribute: matrix,
        }, new

    return FewRows(job, writes, rebuilt)


def _of_bags(model, settings, outputs, rows, batch, drawn):
    """Return what trains words made of n-grams, or None."""
    limits = ("bucket", "min_n", "max_n")
    if any(getattr(settings, x) != getattr(model.settings, x) for x in limits):
        return None
    found = _bags_of(model, batch)
    if found is None:
        return None
    own, bags = found
    # In the order of the words, those that are only drawn have none.
    sizes = np.zeros(len(rows), np.int64)
    sizes[np.searchsorted(rows, batch.known)] = np.diff(bags.offsets)
    bags = bags._replace(offsets=np.concatenate([[0], np.cumsum(sizes)]))
    size, matrix = settings.vector_size, padded(model.matrix[own])
    vocabulary, chances = drawn
    parameters = matrix, outputs
    job = PredictionJob(
        settings, batch.data, vocabulary, parameters, batch.run, bags, chances
    )
    attribute, trained = outputs.attribute, outputs.matrix
    writes = [
        Write("subword_vectors_", model.matrix, own, lambda: matrix[:, :size]),
        Write(attribute, model.outputs.matrix, rows, lambda: trained[:, :size]),
    ]

    def rebuilt(new_of):
        outputs = model.outputs._replace(matrix=new_of(model.outputs.matrix))
        new = replace(
            model, settings=settings, matrix=new_of(model.matrix), outputs=outputs
        )
        new._kept_numbers = getattr(model, "_kept_numbers", None)
        return {attribute: outputs.matrix, "subword_vectors_": new.matrix}, new

    return FewRows(job, writes, rebuilt)


def _bags_of(model, batch):
    """Return the rows that the batch's words are made of, and their Bags, or None.

    Rows that are shared occur in the same words, so that of each all members are here.
    """
    settings, words = model.settings, batch.vocabulary.words
    table = TokenTable.from_tokens([words[row] for row in batch.known.tolist()])
    limits = settings.min_n, settings.max_n
    if model.ngrams is None:
        bounds, numbers = ngram_buckets(table, *limits, settings.bucket)
    else:
        bounds, numbers = model.subwords().numbers.rows(table, *limits)
    if len(numbers) and numbers.min() < 0:
        return None
    numbers, ngrams = np.unique(numbers, return_inverse=True)
    theirs = model.bucket_rows[numbers]
    if len(theirs) and theirs.min() < 0:
        return None
    others = np.setdiff1d(theirs, batch.known)
    own = np.concatenate([batch.known, others]).astype(np.int64)
    order = np.argsort(own, kind="stable")
    places = order[np.searchsorted(own, theirs, sorter=order)].astype(np.int32)
    members = np.bincount(places, minlength=len(own)).astype(np.int32)
    members[: len(batch.known)] += 1
    told = bounds, ngrams.ravel().astype(np.int32), places, members
    offsets, nothing = np.zeros_like(bounds), np.empty(0, np.int32)
    list_bags(*told, offsets, nothing, np.empty(0, np.float32))
    bag_rows = np.empty(offsets[-1], np.int32)
    weights = np.empty(offsets[-1], np.float32)
    list_bags(*told, offsets, bag_rows, weights)
    return own, Bags(offsets, bag_rows, weights)


def _of_classifier(model, settings, batch, labels):
    """Return what trains the rows of some features and all outputs, or None."""
    if settings.alpha or not model.weighting.is_mean:
        return None  # a penalty moves all rows, and documents change all weights
    (part,) = batch.data.parts
    documents, ngrams = part.documents, settings.ngrams
    sources = [(documents.table, batch.row_of)]
    vocabulary = Vocabulary(batch.vocabulary.words, sources=sources)
    copy = replace(model, settings=settings, labels=labels)
    used, features = of_few_rows(copy.space(vocabulary), documents)
    if not features.are_stored or SHARE * len(used) > len(model.inputs):
        return None  # there are new n-grams, which need rows
    pool = None
    if settings.loss == "negative_sampling":
        rng = np.random.default_rng([batch.run.seed, 2, batch.epoch])
        pool = draw_few(labels.counts, 0.5, len(documents) * settings.negative, rng)
        if pool is None:
            return None
    size = settings.vector_size
    inputs, outputs = padded(model.inputs[used]), padded(model.outputs)
    copy = replace(copy, inputs=inputs, outputs=outputs)
    job = ClassifierJob(features, batch.data, copy, batch.run, pool)
    writes = [Write("inputs", model.inputs, used, lambda: inputs)]
    fitted, words = batch.attributes, used[used < len(batch.vocabulary)]
    has_own, n = ngrams.max_n == 0, len(words)  # vectors are rows
    if has_own:
        own = fitted["vectors_"], words, lambda: inputs[:n, :size]
        writes.append(Write("vectors_", *own))

    def rebuilt(new_of):
        new = replace(copy, inputs=new_of(model.inputs))
        attributes = {
            "classes_": labels.classes,
            "label_counts_": labels.counts,
            "output_vectors_": np.ascontiguousarray(outputs[:, :size]),
        }
        if has_own:
            attributes["vectors_"] = new_of(fitted["vectors_"])
        return attributes, new

    return FewRows(job, writes, rebuilt)
