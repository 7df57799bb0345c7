"""What language models that are trained have in common: fit, partial_fit, their rules.

Methods of `WindowLanguageModel` and `RecurrentLanguageModel`, which give `_training`.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any, TypeVar

from sklearn_embed._core.blas import one_blas_thread
from sklearn_embed._core.typing import Documents
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.auto import BySize, Passes
from sklearn_embed._estimators.base import (
    COUNT,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    Integral,
    Interval,
    Real,
    StrOptions,
    _fit_context,
)
from sklearn_embed._estimators.callbacks import with_callbacks
from sklearn_embed._estimators.checks import refuse_document_limits
from sklearn_embed._estimators.kept_fits import learn_kept_epochs
from sklearn_embed._estimators.language_model import (
    LANGUAGE_CONSTRAINTS,
    learn_words,
    limits_of_words,
)
from sklearn_embed._estimators.loading import check_words
from sklearn_embed._estimators.pretrained import (
    checked_pretrained,
    refuse_penalty,
    shared_pretrained,
)
from sklearn_embed._estimators.training import (
    draw_seed,
    grown_vocabulary,
    hold_out,
    learn_batch,
)
from sklearn_embed._models.loop import Data

#: Words of a vocabulary from which on "auto" compares with drawn ones.
MANY_WORDS = 4_000

#: Learning rates that "auto" stands for.
RATES = {"adam": 0.006, "adagrad": 0.05, "sgd": 5.0}

#: Parameters of every language model that is trained.
NETWORK_CONSTRAINTS: dict = {
    **LANGUAGE_CONSTRAINTS,
    "vector_size": [COUNT],
    "hidden_size": [COUNT],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "loss": [StrOptions({"auto", "softmax", "sampled_softmax"})],
    "negative": [Interval(Integral, 1, 1_000_000, closed="both")],
    "proposal": [StrOptions({"unigram", "log_uniform"})],
    "batch_size": [Interval(Integral, 1, 1_000_000, closed="both")],
    "optimizer": [StrOptions({"adam", "adagrad", "sgd"})],
    "momentum": [Interval(Real, 0, 1, closed="left")],
    "max_norm": [POSITIVE, None],
    "pretrained": "no_validation",
    "learning_rate": [POSITIVE, StrOptions({"auto"})],
    "epochs": [COUNT, StrOptions({"auto"})],
    "early_stopping": ["boolean"],
    "validation_fraction": [FRACTION],
    "n_iter_no_change": [COUNT],
    "tol": [NOT_NEGATIVE],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}

#: Parameters of every recurrent language model.
RECURRENT_CONSTRAINTS: dict = {
    **NETWORK_CONSTRAINTS,
    "cell": [StrOptions({"lstm", "gru", "rnn"})],
    "nonlinearity": [StrOptions({"tanh", "relu"})],
    "num_layers": [Interval(Integral, 1, 100, closed="both")],
    "tie_weights": ["boolean"],
    "bptt": [Interval(Integral, 1, 1_000_000, closed="both")],
}

Model = TypeVar("Model", bound=Any)


@with_callbacks
@_fit_context(prefer_skip_nested_validation=True)
def fit(self: Model, X: Documents, y: object = None) -> Model:
    """Learn to predict the words of some documents.

    Parameters
    ----------
    X : iterable of str, of sequences of str, or TokenizedDocuments
        The documents.
    y : None
        Ignored.

    Returns
    -------
    self : object
        The fitted estimator.

    Raises
    ------
    ValueError
        If no word is left, or a parameter is out of range.
    TypeError
        If a document is neither a string nor a sequence of strings.
    FloatingPointError
        If training diverges.
    """
    self._checked_pretrained()
    documents, options = self._tokenize_to_fit(X)
    continued = self.warm_start and hasattr(self, "vectors_")
    seed = self._seed if continued else draw_seed(self)
    data = hold_out(self, [documents], seed)
    n_tokens = sum(part.n_tokens for part in data.parts)
    settled = auto.settled(self, n_tokens, keep=continued)
    vocabulary = learn_words(self, data.parts)
    training = settled._training(X, data, vocabulary, options)
    with one_blas_thread():
        learn_kept_epochs(self, training, seed, documents, continued)
    return self


@with_callbacks
@_fit_context(prefer_skip_nested_validation=True)
def partial_fit(
    self: Model, X: Documents, y: object = None, *, update_vocabulary: bool = True
) -> Model:
    """Learn from one more batch of documents, in one pass.

    The learning rate is `learning_rate` throughout: the length of the stream is
    not known, so there is nothing to decay towards.  `epochs` and
    `early_stopping` play no part; `min_df` and `max_df`, which need all documents
    at once, are refused.

    Parameters
    ----------
    X : iterable of str, of sequences of str, or TokenizedDocuments
        The documents.
    y : None
        Ignored.
    update_vocabulary : bool, default=True
        Whether words that have by now occurred `min_count` times in the batches
        get a row, after those that are there.  False: new words are unknown.

    Returns
    -------
    self : object
        The fitted estimator.
    """
    self._checked_pretrained()
    refuse_document_limits(self)
    documents, options = self._tokenize_to_fit(X)
    settled = auto.settled(self)
    limits = limits_of_words(self, [documents])
    vocabulary, rare = grown_vocabulary(
        self, documents, update_vocabulary, settled, limits
    )
    training = settled._training(X, Data([documents], []), vocabulary, options)
    with one_blas_thread():
        learn_batch(self, training, rare)
    return self


def rules(self):
    """Return what "auto" means."""
    rate = RATES[self.optimizer]
    return {
        "epochs": Passes(5_000_000, least=1, most=40),
        "learning_rate": BySize(small=rate, large=rate),
    }


def rates(self):
    """Return the first and the last learning rate."""
    return self.learning_rate, 0.0


def loss_for(loss, n_words):
    """Return how predictions are judged, "auto" no more."""
    if loss != "auto":
        return loss
    return "softmax" if n_words <= MANY_WORDS else "sampled_softmax"


def shared_parameters(self):
    """Return the parameters that clone hands on as they are."""
    return shared_pretrained(self.pretrained)


def pretrained_of(self):
    """Return where training starts from, or None."""
    pretrained = checked_pretrained(self.pretrained, self.vector_size)
    refuse_penalty(pretrained, type(self).__name__)
    return pretrained


def check_loaded(self):
    """Refuse arrays of wrong shapes or types."""
    check_words(self)
    self._model.check(len(self.words_))
