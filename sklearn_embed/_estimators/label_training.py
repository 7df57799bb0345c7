"""What a text classifier learns from, and the model that learns it."""

# SPDX-License-Identifier: BSD-3-Clause

from functools import partial

from sklearn_embed._estimators import auto
from sklearn_embed._estimators.convergence import named_memory
from sklearn_embed._estimators.label_rules import Seen
from sklearn_embed._estimators.training import settings_of
from sklearn_embed._models.classifier import (
    SEPARATE,
    ClassifierSettings,
    SupervisedFastText,
)
from sklearn_embed._models.features import FeatureSpace, Ngrams
from sklearn_embed._models.quantize import QuantizedFastText

#: Losses that judge all classes, each by itself, and whether there can be several.
ONE_BY_ONE = {("one_vs_all", False), ("one_vs_all", True), ("auto", True)}


def settings(estimator, loss, n_buckets):
    """Return the parameters, none of them "auto", that the model knows."""
    ngrams = Ngrams(estimator.word_ngrams, estimator.min_n, estimator.max_n, n_buckets)
    return settings_of(estimator, ClassifierSettings, loss=loss, ngrams=ngrams)


def settle(estimator, space, documents, labels, keep):
    """Return the estimator's parameters with what "auto" becomes for a text.

    Parameters
    ----------
    estimator : FastTextClassifier
        Left as it is.
    space : FeatureSpace
        The features.
    documents : TokenizedDocuments or None
        All that is trained on; None: not known, as in a stream.
    labels : Labels
        The classes.
    keep : bool
        Whether what an earlier fit chose stays.
    """
    n_documents, n_features = None, 0.0
    if documents is not None:
        n_documents = len(documents)
        if estimator.normalization == "l1":
            n_features = space.mean_features(documents)
    seen = seen_by(estimator, n_documents, labels, n_features)
    return auto.settled(estimator, seen, keep)


def seen_by(estimator, n_documents, labels, n_features):
    """Return what the rules look at."""
    n_classes, n_judged = len(labels.classes), 1
    if estimator.loss == "negative_sampling":
        n_judged = int(estimator.negative) + 1
    elif (estimator.loss, labels.multilabel) in ONE_BY_ONE:
        n_judged = n_classes
    return Seen(n_documents, n_classes, n_judged, n_features)


def make_space(estimator, words, documents, known):
    """Return what has a row: words, and the n-grams of these and earlier documents.

    Parameters
    ----------
    estimator : FastTextClassifier
        Its parameters say which n-grams there are.
    words : Vocabulary
        The words.
    documents : TokenizedDocuments
        The documents.
    known : SupervisedFastText or None
        What was trained before.
    """
    ngrams = settings(estimator, "", estimator.bucket).ngrams
    rows = None
    if known is not None:
        refuse_codes(known)
        rows = known.bucket_rows
    with named_memory(estimator, len(words)):
        return FeatureSpace.learn(words, ngrams, estimator.stop_words, documents, rows)


def model_maker(settled, space, labels, known, adding=False):
    """Return a function of random numbers and the last fit that makes the model.

    Parameters
    ----------
    settled : FastTextClassifier
        The parameters, none of them "auto" but the loss.
    space : FeatureSpace
        What has a row.
    labels : Labels
        The classes.
    known : SupervisedFastText or None
        What was trained before.
    adding : bool, default=False
        Whether the documents of what was trained before still count.
    """
    wanted = settings_for(settled, labels)
    if known is not None:
        wanted, labels = continued_with(settled, labels, known)
    return partial(SupervisedFastText.new, space, wanted, labels, adding=adding)


def settings_for(settled, labels):
    """Return the settings of a model of some labels."""
    loss = settled.loss
    if loss == "auto":
        loss = "one_vs_all" if labels.multilabel else "softmax"
    if labels.multilabel and loss not in SEPARATE:
        raise ValueError(
            f"loss={loss!r} gives every document one label, but y holds "
            "indicators of several: use 'auto', 'one_vs_all' or "
            "'negative_sampling'."
        )
    return settings(settled, loss, settled.bucket)


def continued_with(settled, labels, known):
    """Return settings and labels to go on with; refuse what cannot change."""
    wanted = settings_for(settled, labels)
    refuse_codes(known)
    check_tree(labels, known)
    check_features(wanted, known.settings)
    return wanted, known.labels.grown(labels)


def check_features(wanted, before):
    """Refuse to go on with other features, or other weights of them."""
    same = wanted.ngrams == before.ngrams
    same |= not (wanted.ngrams.wanted or before.ngrams.wanted)
    weights = wanted.normalization, wanted.weights
    same &= weights == (before.normalization, before.weights)
    if not same or wanted.loss != before.loss:
        raise ValueError(
            "loss, word_ngrams, min_n, max_n, bucket, normalization and weights "
            "cannot change with warm_start=True or partial_fit."
        )


def check_tree(labels, known):
    """Refuse more classes than a tree has leaves."""
    before = known.labels.classes
    is_tree = known.settings.loss == "hierarchical_softmax"
    if is_tree and len(labels.classes) > len(before):
        raise ValueError(
            f"classes={labels.classes} has more classes than the {before} "
            "of the first call, but a tree of classes cannot grow: name all of "
            "them in the first call, or use another loss than "
            "'hierarchical_softmax'."
        )


def refuse_codes(model, what="quantised, and cannot be trained on"):
    """Refuse a model whose rows are codes."""
    if isinstance(model, QuantizedFastText):
        raise ValueError(
            f"This classifier is {what}: fit it again with warm_start=False, or keep "
            "a copy from before quantize."
        )
