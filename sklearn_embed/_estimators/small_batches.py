"""`partial_fit` at the cost of its batch, where that changes few rows."""

# SPDX-License-Identifier: BSD-3-Clause

from typing import NamedTuple

import numpy as np

from sklearn_embed._estimators.auto import outcomes
from sklearn_embed._estimators.base import limits_of
from sklearn_embed._estimators.callbacks import TrainingMonitor
from sklearn_embed._estimators.checks import refuse_document_limits
from sklearn_embed._estimators.convergence import check_finite, warn_of_losses
from sklearn_embed._estimators.last_vectors import made_by
from sklearn_embed._estimators.snapshot import publish_rows
from sklearn_embed._models.few_rows import SmallBatch, few_rows
from sklearn_embed._models.loop import Run, Schedule, train
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.vocabulary import Vocabulary, counted_table

#: Tokens of a small batch, at most.
MOST_TOKENS = 1 << 16


class _Known(NamedTuple):
    """What a batch brings to words that are known, and to those that have no row."""

    row_of: np.ndarray  # (n_tokens,) int32: row of each token of its table, or -1
    rows: np.ndarray  # int64, ascending: of the words that occur
    counts: np.ndarray  # int64: how often each of them does
    # Counts of words without a row, in all batches; 0: they have one now.
    rare: dict[str, int] | None
    new: dict[str, int]  # counts of words to be added, in the order of their rows


def limits_of_rare(estimator):
    """Return the limits by which rare words were left out."""
    return [int(estimator.min_count), estimator.max_features]


def learn_few(estimator, X, data, texts, settled=None, of=None):
    """Train one pass over one more batch, if that changes few rows.

    Parameters
    ----------
    estimator : estimator
        Changed only if it is trained.
    X : object
        The documents as they were given.
    data : Data
        The documents, or `Labelled`.
    texts : tuple of (TokenizedDocuments, TextOptions, bool)
        The documents, how strings became tokens, and whether new words get rows.
    settled : estimator or None
        The estimator's parameters, none "auto"; None: none ever is.
    of : tuple of (settings, Labels) or None
        Of a classifier: what to go on with.

    Returns
    -------
    bool
        Whether it was trained.
    """
    documents, options, update = texts
    if "words_" not in vars(estimator) or estimator.pretrained is not None:
        return False
    chosen = settled or estimator
    known = _known_words(estimator, documents, update, chosen)
    if known is None:
        return False
    vocabulary = _vocabulary(estimator, known)
    rate, _ = chosen._rates()
    done, seed = estimator.n_iter_, estimator._seed
    batch = SmallBatch(
        data,
        vocabulary,
        known.rows,
        known.row_of,
        Run(seed, Schedule(rate, rate, 1), estimator.n_jobs),
        done,
        vars(estimator),
        len(known.new),
    )
    settings, labels = (chosen._settings(), None) if of is None else of
    few = few_rows(estimator._model, settings, batch, labels)
    if few is None:
        return False
    losses = []

    def fitted(published, model):
        return {
            "words_": vocabulary.words,
            "vocabulary_": vocabulary.index,
            "counts_": vocabulary.counts,
            "n_iter_": done + len(losses),
            "loss_curve_": estimator.loss_curve_ + losses,
            "_n_documents": len(documents),
            "_model": model,
            "_rare_limits": limits_of_rare(chosen),
            **_texts(estimator, options, model, vocabulary.words),
            **outcomes(settled),
            **published,
        }

    def attributes(final=False):
        copies = {id(write.matrix): _with(write) for write in few.writes}
        return fitted(*few.rebuilt(lambda array: copies.get(id(array), array)))

    monitor = TrainingMonitor(estimator, X, 1, attributes)
    for loss, _ in train(few.job, range(done, done + 1), estimator.n_jobs, monitor):
        losses.append(loss)
    check_finite(estimator, {write.name: write.values() for write in few.writes})
    warn_of_losses(losses, [], few.job.needed)
    optional = ["validation_loss_curve_", *made_by(type(estimator))]
    publish_rows(estimator, few, fitted, known.rare, optional)
    return True


def _vocabulary(estimator, known):
    """Return all words, new ones last, with their counts."""
    words, counts, index = estimator.words_, estimator.counts_, estimator.vocabulary_
    n, new = len(words), known.new
    if new:
        words = [*words, *new]
        index = {**index, **dict(zip(new, range(n, len(words)), strict=True))}
    counts = np.concatenate([counts, np.fromiter(new.values(), np.int64, len(new))])
    old = known.rows < n
    counts[known.rows[old]] += known.counts[old]
    return Vocabulary(words, counts, index)


def _with(write):
    """Return a copy of a matrix with the rows that are to be written."""
    matrix = write.target(True)
    matrix[write.rows] = write.values()
    return matrix


def _texts(estimator, options, model, words):
    """Return how strings become rows: as before, unless a parameter has changed."""
    left_out, lookup = estimator._left_out(model), estimator._lookup
    same = lookup.options == options and len(lookup) == len(words)
    if not same or lookup.index.left_out != frozenset(left_out):
        lookup = make_lookup(words, options, left_out)
    return {"_text_options": options, "_lookup": lookup}


def _known_words(estimator, documents, update, settled):
    """Return what the words of a batch are, or None if all have to be looked at."""
    refuse_document_limits(estimator)
    if documents.n_tokens > MOST_TOKENS:
        return None
    ids = [block.flat_ids() for block in documents.blocks()]
    ids, counts = np.unique(
        np.concatenate([np.empty(0, np.int32), *ids]), return_counts=True
    )
    words, index = documents.table.take(ids), estimator.vocabulary_
    rows = np.array([index.get(word, -1) for word in words], np.int64)
    rare, new = None, {}
    if update:
        unknown = np.flatnonzero(rows < 0).tolist()
        before = getattr(estimator, "_rare_counts", {})
        rare = {words[i]: before.get(words[i], 0) + int(counts[i]) for i in unknown}
        picked = _grown(estimator, settled, before, rare)
        if picked is None:
            return None
        new = {word: rare[word] for word in picked}
        places = dict(zip(new, range(len(index), len(index) + len(new)), strict=True))
        for i in unknown:
            rows[i] = places.get(words[i], -1)
        rare |= dict.fromkeys(new, 0)
    row_of = np.full(len(documents.table), -1, np.int32)
    row_of[ids] = rows
    order = np.argsort(rows, kind="stable")
    order = order[rows[order] >= 0]
    return _Known(row_of, rows[order], counts[order], rare, new)


def _grown(estimator, settled, before, rare):
    """Return which rare words have become frequent enough for a row, in its order.

    None: those of other batches may have, too.
    """
    limits = limits_of(settled)
    if limits.max_features is not None:
        left = limits.max_features - len(estimator.words_)
        if left <= 0:
            return []
        limits = limits._replace(max_features=left)
    last = getattr(estimator, "_rare_limits", None)
    if before and last != limits_of_rare(settled):
        return None
    often = {w: n for w, n in rare.items() if n >= max(limits.min_count, 1)}
    if not often:
        return []
    table, numbers = counted_table(often)
    return table.take(limits.select(table, numbers))
