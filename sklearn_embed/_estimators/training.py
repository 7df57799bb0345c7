"""The steps that every fit has in common, from documents read to attributes set."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sklearn_embed._estimators.auto import outcomes
from sklearn_embed._estimators.base import limits_of
from sklearn_embed._estimators.callbacks import TrainingMonitor
from sklearn_embed._estimators.checks import refuse_document_limits
from sklearn_embed._estimators.convergence import (
    check_finite,
    named_memory,
    warn,
    warn_if_parallel,
    warn_of_losses,
)
from sklearn_embed._estimators.small_batches import limits_of_rare
from sklearn_embed._estimators.snapshot import publish
from sklearn_embed._models.loop import (
    Data,
    EarlyStopping,
    FrozenRowsJob,
    Run,
    Schedule,
    train,
)
from sklearn_embed._models.pretrained import find
from sklearn_embed._models.warm_start import Before
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._text.vocabulary import (
    Vocabulary,
    counted_table,
    counts_by_word,
)


class Training(NamedTuple):
    """What a fit has read, and what it makes of it."""

    X: Any  # as it was given: callbacks are told
    data: Data
    vocabulary: Vocabulary
    options: TextOptions  # how strings became tokens
    new_model: Callable  # (rng, before) to a model; see `_models`
    prepared: Callable | None = None  # gives the data in the form that is trained on
    settled: Any = None  # the estimator's parameters, none "auto"; None: none ever is


def settings_of(estimator, cls, **chosen):
    """Return the settings of a model: an estimator's parameters of the same names."""
    names = {field.name for field in fields(cls)} - set(chosen)
    return cls(**{name: getattr(estimator, name) for name in names}, **chosen)


def draw_seed(estimator):
    """Draw the number that all randomness of a fit derives from."""
    return int(check_random_state(estimator.random_state).randint(2**31 - 1))


def hold_out(estimator, parts, seed, choose=None):
    """Return Data: documents held out of each part, if training is to stop early.

    Parameters
    ----------
    estimator : estimator
        Whose parameters count.
    parts : list of TokenizedDocuments or Labelled
        The documents.
    seed : int
        Of the choice.
    choose : callable or None, default=None
        ``choose(documents, order, n)`` returns the n documents to hold out, given a
        random order; None: the first ones.
    """
    if not estimator.early_stopping:
        return Data(parts, [])
    rng = np.random.default_rng([seed, 1])
    kept, held_out = [], []
    for documents in parts:
        n = len(documents)
        n_out = int(np.ceil(estimator.validation_fraction * n))
        if n_out >= n:
            raise ValueError(
                f"early_stopping holds out {n_out} of {n} documents, which leaves "
                "none to train on: give more documents or less "
                "validation_fraction."
            )
        out = np.zeros(n, bool)
        order = rng.permutation(n)
        chosen = order[:n_out] if choose is None else choose(documents, order, n_out)
        out[chosen] = True
        kept.append(documents[~out])
        held_out.append(documents[out])
    return Data(kept, held_out)


def learn_epochs(estimator, training, seed, earlier=None):
    """Train all epochs, or those that are missing to a fitted estimator, `earlier`."""
    settled = training.settled or estimator
    done = 0 if earlier is None else earlier.n_iter_
    if done > settled.epochs:
        raise ValueError(
            f"epochs={settled.epochs} is less than the {done} epochs already "
            "trained: with warm_start=True it can only grow."
        )
    if done == settled.epochs and not _before(earlier).is_same(training.vocabulary):
        n_new = len(training.vocabulary.index.keys() - earlier.vocabulary_.keys())
        warn(
            f"Nothing was trained on these other documents: warm_start=True, and all "
            f"epochs={done} are trained already. Of the vocabulary, {n_new} words are "
            "new: their vectors are random or pretrained. Raise epochs."
        )
    schedule = Schedule(*settled._rates(), settled.epochs)
    epochs = range(done, settled.epochs)
    learn(estimator, training, seed, schedule, epochs, earlier=earlier)


def _before(estimator):
    """Return what was trained, and its words."""
    return Before(estimator._model, estimator.vocabulary_, estimator.counts_)


def learn_batch(estimator, training, rare):
    """Train one pass over one more batch; keep the counts of rarer words."""
    begun = "words_" in vars(estimator)
    seed = estimator._seed if begun else draw_seed(estimator)
    done = estimator.n_iter_ if begun else 0
    rate, _ = (training.settled or estimator)._rates()
    schedule, epochs = Schedule(rate, rate, 1), range(done, done + 1)
    more = {
        "_rare_counts": rare,
        "_rare_limits": limits_of_rare(training.settled or estimator),
    }
    earlier = estimator if done else None
    learn(estimator, training, seed, schedule, epochs, more, earlier)


def learn(estimator, training, seed, schedule, epochs, more=None, earlier=None):
    """Train, and only then change the estimator; set more attributes, too.

    Parameters
    ----------
    estimator : estimator
        Becomes fitted.
    training : Training
        What to train on what.
    seed : int
        Of all that is drawn.
    schedule : Schedule
        The learning rates.
    epochs : range
        Which of the schedule's epochs are trained.
    more : dict or None, default=None
        Further attributes to set.
    earlier : estimator or None, default=None
        What was trained in the epochs before; may be the estimator itself.
    """
    X, data, vocabulary, options, new_model, prepared, settled = training
    n_documents, validated = sum(map(len, data.parts)), bool(data.held_out)
    # Before there are parameters, which take memory.
    data = data if prepared is None else prepared()
    before = None if earlier is None else _before(earlier)
    with named_memory(estimator, len(vocabulary)):
        model = new_model(np.random.default_rng([seed, 0]), before)
        frozen = _start(estimator, model, vocabulary, before)
        job = model.job(data, vocabulary, Run(seed, schedule, estimator.n_jobs))
    if frozen is not None:
        job = FrozenRowsJob(job, frozen)
    losses, held_out_losses, best = [], [], None

    def attributes(final=False):
        published, fitted = model.published(final)
        return {
            **word_attributes(estimator, vocabulary, options, fitted),
            "n_iter_": epochs.start + len(losses),
            "_seed": seed,
            "_n_documents": n_documents,
            "_model": fitted,
            **outcomes(settled),
            **published,
        }

    monitor = TrainingMonitor(estimator, X, len(epochs), attributes)
    stopping = None
    if validated:
        stopping = EarlyStopping(estimator.n_iter_no_change, estimator.tol)
    n_jobs = estimator.n_jobs
    for loss, held_out_loss in train(job, epochs, n_jobs, monitor, stopping, validated):
        losses.append(loss)
        held_out_losses.append(held_out_loss)
        if validated and held_out_loss <= min(held_out_losses):
            best = None  # the memory of the one before
            best = attributes()
    needed = job.needed
    del job, data  # what is published needs the memory
    if best is None or best["n_iter_"] == epochs.start + len(losses):
        best = None
        fitted = attributes(final=True)
    else:
        fitted = best | {"n_iter_": epochs.start + len(losses)}
    check_finite(estimator, fitted)
    warn_of_losses(losses, held_out_losses if validated else [], needed)
    if getattr(model, "spreads", True):
        warn_if_parallel(estimator, fitted["vectors_"])
    for name, curve, there in (
        ("loss_curve_", losses, True),
        ("validation_loss_curve_", held_out_losses, validated),
    ):
        if there:
            fitted[name] = getattr(earlier, name, []) + curve
    publish(estimator, fitted | (more or {}), ["validation_loss_curve_"])


def _start(estimator, model, vocabulary, before):
    """Let new words start at pretrained vectors; return FrozenRows, or None."""
    pretrained = estimator._checked_pretrained()
    if pretrained is None:
        return None
    known = {} if before is None else before.index
    size = estimator.vector_size
    try:
        given = find(pretrained, vocabulary.words, size, known)
    except (TypeError, ValueError) as error:
        if type(error) not in (TypeError, ValueError):
            raise  # an error of a file, which is named
        raise type(error)(f"pretrained: {error}") from error
    return None if given is None else model.start_at(given)


def word_attributes(estimator, vocabulary, options, model):
    """Return what an estimator knows of its words."""
    left_out = estimator._left_out(model)
    return {
        "words_": vocabulary.words,
        "vocabulary_": vocabulary.index,
        "counts_": vocabulary.counts,
        "_text_options": options,
        "_lookup": make_lookup(vocabulary.words, options, left_out),
    }


def adopt(estimator, vocabulary, model, n_documents=0, settled=None):
    """Become fitted with parameters learned elsewhere."""
    published, fitted = model.published(final=True)
    publish(
        estimator,
        {
            **word_attributes(estimator, vocabulary, estimator._options(), fitted),
            "loss_curve_": [],
            "n_iter_": (settled or estimator).epochs,
            "_seed": draw_seed(estimator),
            "_n_documents": n_documents,
            "_model": fitted,
            **outcomes(settled),
            **published,
        },
    )


def grown_vocabulary(estimator, documents, update=True, settled=None, limits=None):
    """Return the vocabulary after one more batch, and counts of rarer words.

    ``limits`` are those of the estimator's parameters where they are None.
    """
    if limits is None:
        refuse_document_limits(estimator)
        limits = limits_of(settled or estimator)
    begun = "words_" in vars(estimator)
    counts = counts_by_word([documents])
    rare = getattr(estimator, "_rare_counts", {}) if begun else {}
    for word, count in rare.items():
        counts[word] = counts.get(word, 0) + count
    words = list(estimator.words_) if begun else []
    known = dict(zip(words, estimator.counts_.tolist() if begun else (), strict=True))
    for word in [word for word in counts if word in known]:
        known[word] += counts.pop(word)
    if begun and not update:
        return Vocabulary(words, list(known.values())), {}
    most = estimator.max_features
    left = None if most is None else most - len(words)
    limits = limits._replace(max_features=left)
    table, numbers = counted_table(counts)
    picks = limits.select(table, numbers)
    new = dict(zip(table.take(picks), numbers[picks].tolist(), strict=True))
    if not words and not new:
        raise limits.nothing_left()
    known.update(new)
    rare = {word: count for word, count in counts.items() if word not in known}
    return Vocabulary(list(known), list(known.values())), rare
