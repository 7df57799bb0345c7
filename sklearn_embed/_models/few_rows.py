"""Training that can touch few rows of large matrices: copies of these are trained.

The cost of a small batch is then its own, not that of all words that are known, and
what was learned before stays as it is until the new rows are written.
"""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from sklearn_embed._core.arrays import draw_rows, grown, padded, padded_zeros
from sklearn_embed._models.classifier import LEAST_SCALE, ClassifierJob
from sklearn_embed._models.features import of_few_rows, with_few_buckets
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
    n_new: int = 0  # words that are new; theirs are the last rows


class Write(NamedTuple):
    """Rows to be written once they are trained."""

    name: str
    matrix: np.ndarray
    rows: np.ndarray
    values: Callable[[], np.ndarray]
    n_rows: int | None = None  # what the matrix has then; None: as many as before
    at: int = 0  # where the first of the new rows stand, and
    n_at: int = 0  # how many; all others stand at the end

    def target(self, copied):
        """Return what rows are written to: the matrix, if need be longer, or a copy."""
        if self.n_rows in (None, len(self.matrix)):
            return np.array(self.matrix) if copied else self.matrix
        return grown(self.matrix, self.n_rows, self.at, self.n_at, copied)


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
    outputs = model.outputs._replace(matrix=_gathered(model.outputs.matrix, rows))
    parts = outputs, rows, batch, (vocabulary, chances)
    if hasattr(model, "inputs"):
        return _of_words(model, settings, *parts)
    # New n-grams part some that shared a row, which moves rows.
    return None if batch.n_new else _of_bags(model, settings, *parts)


def _gathered(matrix, rows):
    """Return a copy of some rows for kernels; those that are not there are zeros."""
    out = padded_zeros(len(rows), matrix.shape[1])
    n = np.searchsorted(rows, len(matrix))
    out[:n, : matrix.shape[1]] = matrix[rows[:n]]
    return out


def _of_words(model, settings, outputs, rows, batch, drawn):
    """Return what trains words that have a row each."""
    vocabulary, chances = drawn
    size, combine = settings.vector_size, settings.combine
    inputs, trained = _gathered(model.inputs, rows), outputs.matrix
    rng, n_old = np.random.default_rng([batch.run.seed, 0]), len(model.inputs)
    new = inputs[np.searchsorted(rows, n_old) :]
    draw_rows(new, size, 1 / size, rng, n_old)
    if combine != model.settings.combine:
        return None
    data, run = batch.data, batch.run
    job = PredictionJob(
        settings, data, vocabulary, (inputs, outputs), run, chances=chances
    )
    attribute, n = outputs.attribute, len(batch.vocabulary)
    writes = [
        Write("inputs", model.inputs, rows, lambda: inputs[:, :size], n),
        Write(attribute, model.outputs.matrix, rows, lambda: trained[:, :size], n),
    ]
    fitted = batch.attributes  # arrays are not held here; see `publish_rows`
    if combine in ("sum", "concatenate"):

        def both():
            pair = inputs[:, :size], trained[:, :size]
            return pair[0] + pair[1] if combine == "sum" else np.hstack(pair)

        writes.append(Write("vectors_", fitted["vectors_"], rows, both, n))

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


class _Rows(NamedTuple):
    """Rows of a classifier with more words and n-grams, and which it had before."""

    n_old: int  # rows before: of words, mark and n-grams
    n_words: int  # words before
    n_new: int  # words that are new
    used: np.ndarray  # int64, ascending: those trained, as they are numbered now
    n_rows: int  # all that there are now

    def gathered(self, array, scale=1, fill=None):
        """Return a scaled copy of the rows trained; new ones are zeros, or filled in.

        ``fill(part, first)`` fills those that begin with a row, in place.
        """
        used, n_words = self.used, self.n_words
        out = np.zeros((len(used), *array.shape[1:]), array.dtype)
        behind = n_words + self.n_new
        begins = [
            *np.searchsorted(used, [n_words, behind, self.n_old + self.n_new]),
            len(used),
        ]
        words, marks, ngrams, end = map(int, begins)
        out[:words] = array[used[:words]]
        out[marks:ngrams] = array[used[marks:ngrams] - self.n_new]
        if scale != 1:
            out *= array.dtype.type(scale)
        if fill is not None:
            fill(out[words:marks], n_words)
            fill(out[ngrams:end], self.n_old + self.n_new)
        return out

    def write(self, name, array, values):
        """Return what writes the rows trained."""
        return Write(
            name, array, self.used, values, self.n_rows, self.n_words, self.n_new
        )


def _of_classifier(model, settings, batch, labels):
    """Return what trains the rows of some features and all outputs, or None."""
    (part,) = batch.data.parts
    n, documents = len(part), part.documents
    decay = settings.alpha * batch.run.schedule.learning_rate * n
    if not model.scale * np.exp(-decay) > 2 * LEAST_SCALE:
        return None  # rows must be written before numbers become too small
    vocabulary = Vocabulary(
        batch.vocabulary.words, sources=[(documents.table, batch.row_of)]
    )
    copy = replace(model, settings=settings, labels=labels)
    found = _features(copy.space(vocabulary), documents, len(model.inputs), batch)
    if found is None or (model.skip and found[0].n_rows > len(model.inputs)):
        return None
    rows, features, buckets = found
    pool = None
    if settings.loss == "negative_sampling":
        rng = np.random.default_rng([batch.run.seed, 2, batch.epoch])
        pool = draw_few(labels.counts, 0.5, n * settings.negative, rng)
        if pool is None:
            return None
    size = settings.vector_size

    def draw(part, first):
        rng = np.random.default_rng([batch.run.seed, 0])
        draw_rows(part, size, 1 / size, rng, first)

    inputs = padded(rows.gathered(model.inputs, model.scale, draw))
    copy = replace(copy, inputs=inputs, outputs=padded(model.outputs), scale=1.0)
    copy.bucket_rows = np.empty(0, np.int32)  # who has a matrix is counted
    if model.document_counts is not None:
        copy.document_counts = rows.gathered(model.document_counts)
        copy.n_documents += n
    job = ClassifierJob(features, batch.data, copy, batch.run, pool)
    return FewRows(job, *_writes(model, copy, (rows, buckets, job), batch))


def _features(space, documents, n_old, batch):
    """Return the `_Rows` of documents, FewFeatures, and new buckets with their rows.

    None: they are many.
    """
    n_words = len(space) - batch.n_new
    n = n_old - n_words - 1
    few = with_few_buckets(space, documents, n)
    space.bucket_rows = few
    used, features = of_few_rows(space, documents)
    if not features.are_stored or SHARE * len(used) > n_old:
        return None
    is_new = few.rows >= n
    buckets = few.buckets[is_new], few.rows[is_new]
    n_rows = n_old + batch.n_new + len(buckets[0])
    return _Rows(n_old, n_words, batch.n_new, used, n_rows), features, buckets


def _writes(model, copy, trained, batch):
    """Return what becomes of the rows of a classifier, and of what has them."""
    (rows, buckets, job), fitted = trained, batch.attributes
    inputs, size, used = copy.inputs, copy.settings.vector_size, rows.used

    def scale():
        return model.scale * job.shrunk

    def stored():
        return inputs / inputs.dtype.type(scale())

    writes = [rows.write("inputs", model.inputs, stored)]
    if model.document_counts is not None:
        counts = copy.document_counts
        writes.append(
            rows.write("document_counts", model.document_counts, lambda: counts)
        )
    if len(buckets[0]):
        own = model.bucket_rows, buckets[0], lambda: buckets[1]
        writes.append(Write("bucket_rows", *own))
    words = used[used < len(batch.vocabulary)]
    # Otherwise made when they are asked for: n-grams and a penalty change most of them.
    has_own = copy.settings.ngrams.max_n == 0 and not copy.settings.alpha
    has_own &= model.scale == 1 and "vectors_" in fitted
    if has_own:
        values = words, lambda: inputs[: len(words), :size]
        writes.append(
            Write("vectors_", fitted["vectors_"], *values, len(batch.vocabulary))
        )

    def rebuilt(new_of):
        new = replace(
            copy,
            inputs=new_of(model.inputs),
            bucket_rows=new_of(model.bucket_rows),
            scale=scale(),
        )
        if model.document_counts is not None:
            new.document_counts = new_of(model.document_counts)
        attributes = {
            "classes_": copy.labels.classes,
            "label_counts_": copy.labels.counts,
            "output_vectors_": np.ascontiguousarray(copy.outputs[:, :size]),
        }
        if has_own:
            attributes["vectors_"] = new_of(fitted["vectors_"])
        return attributes, new

    return writes, rebuilt
