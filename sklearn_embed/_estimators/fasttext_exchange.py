"""A text classifier to and from fastText's own models."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

from sklearn.utils.validation import check_is_fitted

from sklearn_embed._core.arrays import padded
from sklearn_embed._core.typing import FilePath
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.label_training import seen_by, settings
from sklearn_embed._estimators.training import adopt
from sklearn_embed._models import interop_fasttext
from sklearn_embed._models.classifier import SupervisedFastText
from sklearn_embed._text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from typing_extensions import Self

    from sklearn_embed.io.fasttext import FastTextModel


class FastTextExchange:
    """Methods that give a classifier to fastText, and make one of fastText's."""

    def to_fasttext(self: Any) -> FastTextModel:
        """Return all that was learned as fastText's files hold it.

        Returns
        -------
        sklearn_embed.io.fasttext.FastTextModel
            For :func:`sklearn_embed.io.fasttext.write_model`.  Labels are strings
            there: the classes after ``__label__``, with "_" for blanks.  Classes
            that all begin with ``__label__`` already, and those of a model read from
            a file, are written as they are, or were.

        Raises
        ------
        ValueError
            If ``</s>``, fastText's mark for the end of a document, is a word, two
            classes would be written alike, or documents are no plain means: fastText's
            files know neither normalization="l2" nor `weights`.

        Notes
        -----
        fastText judges a document without known words by the end mark alone, which
        this class does not: see the notes of the class.
        """
        check_is_fitted(self)
        return interop_fasttext.classifier_to_fasttext(
            self._model, self._fitted_vocabulary(), self._n_documents
        )

    @classmethod
    def from_fasttext(
        cls,
        source: FilePath | BinaryIO | FastTextModel,
        *,
        multilabel: bool | None = None,
        label_prefix: str = "__label__",
        label_type: Callable[[str], Any] | None = None,
        **params: Any,
    ) -> Self:
        """Return a fitted classifier with what a supervised fastText model learned.

        Parameters
        ----------
        source : FastTextModel, str, path or binary file
            A supervised model, quantised or not.
        multilabel : bool or None, default=None
            Whether a document can have several labels: `predict` then returns
            indicators, and `predict_proba` the probability of each class by itself.
            The file does not say it.  None: with the loss "one_vs_all", unless it
            counted as many labels as documents, which then had one each.
        label_prefix : str, default="__label__"
            What is taken away from the beginning of all labels.  If one of them has
            another beginning, all stay whole.  `to_fasttext` writes them as they were.
        label_type : callable or None, default=None
            str → class, of a label without its prefix: a file holds strings alone.
            None: `int` if every label is an integer, written without leading zeros
            or "+", which gives integer classes back; else `str`.
        **params : dict
            Further parameters, such as `lowercase`.  Unless told otherwise, tokens
            are what stands between blanks, as in fastText.

        Returns
        -------
        FastTextClassifier
            Its classes are the labels without their prefix.

        Raises
        ------
        ValueError
            If the model has no labels, `multilabel` does not go with its loss,
            `label_type` refuses a label or makes the same class of two, or
            `normalization` or `weights` is not what fastText does, "l1" and None.

        Notes
        -----
        Probabilities are those of fastText but for what it adds: 1e-5 to a probability
        before the logarithm is taken, once with "softmax" and at each turn of a tree
        (without it, they agree within 6e-7); sigmoids are computed here, and there
        read from a table of 512 steps (within 8e-3).
        """
        names = interop_fasttext.LabelNames(label_prefix, label_type, multilabel)
        parts = interop_fasttext.read_classifier(source, names)
        estimator: Any = cls(**(parts.params | params))
        if estimator.normalization != "l1" or estimator.weights is not None:
            raise ValueError(
                f"normalization={estimator.normalization!r} and "
                f"weights={estimator.weights!r}, but fastText's classifiers take the "
                "mean: leave both out, or give 'l1' and None."
            )
        seen = seen_by(estimator, None, parts.labels, 0.0)
        settled = auto.settled(estimator, seen, keep=False)
        model = SupervisedFastText(
            settings(settled, parts.params["loss"], parts.n_buckets),
            parts.labels,
            padded(parts.inputs),
            padded(parts.outputs),
            parts.bucket_rows,
            parts.skip,
        )
        vocabulary = Vocabulary(parts.words, parts.counts)
        model.features = model.space(vocabulary)
        n_documents = int(parts.labels.counts.sum())
        adopt(estimator, vocabulary, model, n_documents, settled)
        return estimator
