"""A text classifier made smaller, for where memory or a file has to be small.

`quantize` is a method of it.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.arrays import padded
from sklearn_embed._core.typing import Documents
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.base import Integral
from sklearn_embed._estimators.convergence import check_finite, warn_of_losses
from sklearn_embed._estimators.label_fits import labelled_documents
from sklearn_embed._estimators.label_training import refuse_codes
from sklearn_embed._estimators.labels import checked_labels, document_weights
from sklearn_embed._estimators.snapshot import publish
from sklearn_embed._models.loop import Data, Run, Schedule, train
from sklearn_embed._models.quantize import Compression, QuantizedFastText, strongest
from sklearn_embed._text.lookup import make_lookup
from sklearn_embed._text.vocabulary import Vocabulary


def quantize(
    self: Any,
    X: Documents | None = None,
    y: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    *,
    cutoff: int | None = None,
    retrain: bool = False,
    dsub: int = 2,
    qnorm: bool = False,
    qout: bool = False,
) -> Any:
    """Make a fitted classifier smaller: fewer features, and codes for their rows.

    Each row is cut into pieces of `dsub` numbers, and for each piece one byte names
    the nearest of 256 centroids, which k-means has found.  A row then takes
    ``ceil(vector_size / dsub)`` bytes, and one more with `qnorm`, in place of
    ``4 * vector_size``: an eighth by default.  In memory, too, it stays these
    bytes; predictions decode the rows that their documents need.

    Parameters
    ----------
    X : iterable of documents, TokenizedDocuments or None, default=None
        Documents to train on again, with `retrain` alone: those of `fit`.
    y : array-like or None, default=None
        Their labels, as of `fit`.
    sample_weight : array-like of shape (n_documents,) or None, default=None
        How much each of them counts, relative to the others.
    cutoff : int or None, default=None
        Keep only so many features, those with the longest rows; the mark after the
        last word is one of them and always kept.  Words that are left out become
        unknown, and n-grams do not count.  None, or more than there are: all.
    retrain : bool, default=False
        Whether to train what is left for `epochs` on X and y, with `learning_rate`
        at the beginning, before rows become codes.  Only with `cutoff`.
    dsub : int, default=2
        Numbers of a piece; more make fewer bytes and larger errors.  Of more than
        `vector_size`, that many.
    qnorm : bool, default=False
        Whether the lengths of rows have codes of their own: errors are then in
        proportion to the row.
    qout : bool, default=False
        Whether the rows of classes become codes, too, of two numbers a piece, in
        files alone: in memory they stay float32.  For thousands of classes.

    Returns
    -------
    self : object
        Smaller.  It predicts, is saved, pickled and written for fastText as ever;
        `vectors_` are made anew whenever they are asked for.  It cannot be trained
        on: `partial_fit`, and `fit` with `warm_start`, refuse it.

    Raises
    ------
    ValueError
        If a parameter is out of range or contradicts another one, no word is left,
        or the classifier is quantised already.

    Notes
    -----
    These are fastText's quantisation and pruning, and names of options; a file of
    ``write_model(classifier.to_fasttext(), "model.ftz")`` is read by fastText, with the
    same predictions; of a classifier with ``normalization="l1", weights=None``.
    Deviations: k-means starts with centroids far from each other (k-means++) and learns
    from 16,384 rows at most; fewer than 256 rows are possible, and then exact;
    `retrain` takes the learning rate of the classifier.

    References
    ----------
    Jégou, Douze and Schmid (2011), "Product quantization for nearest neighbor
    search".

    Joulin, Grave, Bojanowski, Douze, Jégou and Mikolov (2016), "FastText.zip:
    compressing text classification models".

    Examples
    --------
    >>> from sklearn_embed import FastTextClassifier
    >>> texts = ["a fine film", "fine and funny", "a dull film", "dull, long"] * 5
    >>> model = FastTextClassifier(8, word_ngrams=1, random_state=0)
    >>> model = model.fit(texts, [1, 1, 0, 0] * 5)
    >>> model.quantize(cutoff=6).predict(["funny", "long film"])
    array([1, 0])
    >>> len(model.words_)
    5
    """
    check_is_fitted(self)
    self._validate_params()
    _check_options(cutoff, retrain, dsub, {"qnorm": qnorm, "qout": qout})
    refuse_codes(self._model, "quantised already")
    if (X is not None) != bool(retrain):
        raise ValueError(
            "retrain=True needs X and y, the documents to train on again."
            if retrain
            else "X plays no part without retrain=True."
        )
    model, vocabulary = self._model.whole(), self._fitted_vocabulary()
    if cutoff is not None:
        model, kept = strongest(model, len(vocabulary), int(cutoff))
        if not len(kept):
            raise ValueError(
                f"cutoff={cutoff} leaves no word, only other features: raise it."
            )
        words = [vocabulary.words[row] for row in kept.tolist()]
        vocabulary = Vocabulary(words, vocabulary.counts[kept])
    losses = []
    if retrain:
        model, losses = _retrained(self, model, vocabulary, (X, y, sample_weight))
    compression = Compression(int(dsub), bool(qnorm), bool(qout), self._seed)
    model = QuantizedFastText.of(model, compression, len(vocabulary))
    outputs = model.outputs[:, : model.settings.vector_size]
    left_out = self._left_out(model)
    fitted = {
        "words_": vocabulary.words,
        "vocabulary_": vocabulary.index,
        "counts_": vocabulary.counts,
        "output_vectors_": np.ascontiguousarray(outputs),
        "weights_": model.weighting.per_row(len(vocabulary)),
        "loss_curve_": self.loss_curve_ + losses,
        "n_iter_": self.n_iter_ + len(losses),
        "_model": model,
        "_lookup": make_lookup(vocabulary.words, self._text_options, left_out),
    }
    publish(self, fitted, ["vectors_", "_rare_counts", "_rare_limits"])
    return self


def _check_options(cutoff, retrain, dsub, flags):
    """Refuse parameters of `quantize` that are out of range."""
    for name, value, least in (("cutoff", cutoff, 2), ("dsub", dsub, 1)):
        is_number = isinstance(value, Integral) and not isinstance(value, bool)
        if (value is not None or name == "dsub") and not (is_number and value >= least):
            raise ValueError(
                f"{name} must be an integer of at least {least}: {value!r}"
            )
    for name, value in {"retrain": retrain, **flags}.items():
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{name} must be True or False, not {value!r}.")
    if retrain and cutoff is None:
        raise ValueError("retrain=True plays no part without cutoff.")


class _Monitor:
    """Prints the losses of epochs, if it is wanted."""

    def __init__(self, estimator):
        self._estimator = estimator

    def epoch_begins(self):
        """Do nothing."""

    def epoch_ends(self, number, losses):
        """Print the loss; never stop."""
        if self._estimator.verbose:
            name = type(self._estimator).__name__
            print(f"[{name}] epoch {number + 1}: loss {losses['loss']:.6f}", flush=True)
        return False

    fit_ends = epoch_begins


def _retrained(estimator, model, vocabulary, given):
    """Return a model trained on documents again, and the losses of its epochs."""
    X, y, sample_weight = given
    if y is None:
        raise ValueError("retrain=True needs y, the labels of X.")
    pretrained = estimator._checked_pretrained()
    if pretrained is not None and not pretrained.trainable:
        raise ValueError(
            "retrain=True would move the vectors that pretrained keeps: leave it out."
        )
    documents = estimator._tokenize(X)
    _, multilabel, matrix = checked_labels(y, estimator.classes_)
    if multilabel != model.labels.multilabel:
        one, several = "one label a document", "indicators of several"
        raise ValueError(
            f"y holds {several if multilabel else one}, but the model learned from "
            f"{one if multilabel else several}."
        )
    weights = document_weights(documents, y, sample_weight, estimator.class_weight)
    labelled = labelled_documents(documents, matrix, weights)
    model = replace(model, inputs=padded(model.inputs), outputs=padded(model.outputs))
    model.forget_documents()  # they are counted again
    model.features = model.space(vocabulary)
    settled = auto.settled(estimator)  # as fit did
    epochs, n_jobs = settled.epochs, estimator.n_jobs
    rate, last_rate = settled._rates()
    # Other orders of the documents than those of fit.
    run = Run(estimator._seed + 1, Schedule(rate, last_rate, epochs), n_jobs)
    job = model.job(Data([labelled], []), vocabulary, run)
    losses = [
        loss for loss, _ in train(job, range(epochs), n_jobs, _Monitor(estimator))
    ]
    check_finite(estimator, {"_model": model})
    warn_of_losses(losses, [], job.needed)
    return replace(model, features=None), losses
