"""Estimators that learn word vectors without labels, and average them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from sklearn_embed._core.typing import Documents
from sklearn_embed._estimators import auto
from sklearn_embed._estimators.base import (
    COUNT,
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    VOCABULARY_CONSTRAINTS,
    Integral,
    Interval,
    Real,
    StrOptions,
    TextEstimator,
    _fit_context,
    fitted_vocabulary,
    limits_of,
)
from sklearn_embed._estimators.callbacks import CallbackSupportMixin, with_callbacks
from sklearn_embed._estimators.checks import check_rates
from sklearn_embed._estimators.coverage import warn_of_documents
from sklearn_embed._estimators.kept_fits import learn_kept_epochs
from sklearn_embed._estimators.loading import check_words
from sklearn_embed._estimators.pretrained import (
    checked_pretrained,
    refuse_penalty,
    shared_pretrained,
)
from sklearn_embed._estimators.small_batches import learn_few
from sklearn_embed._estimators.training import (
    Training,
    draw_seed,
    grown_vocabulary,
    hold_out,
    learn_batch,
)
from sklearn_embed._estimators.unlabeled import further_texts
from sklearn_embed._estimators.word_rows import WordRowsMixin
from sklearn_embed._models.loop import Data
from sklearn_embed._text.vocabulary import learn_vocabulary

if TYPE_CHECKING:
    from typing_extensions import Self

#: Parameters of everything that is trained.
LEARNING_CONSTRAINTS: dict = {
    **TextEstimator._text_constraints,
    "vector_size": [COUNT],
    "pretrained": "no_validation",
    **VOCABULARY_CONSTRAINTS,
    "epochs": [COUNT],
    "learning_rate": [POSITIVE],
    "early_stopping": ["boolean"],
    "validation_fraction": [FRACTION],
    "n_iter_no_change": [COUNT],
    "tol": [NOT_NEGATIVE],
    "memory": "no_validation",
    "warm_start": ["boolean"],
    "n_jobs": [Integral, None],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}

#: Parameters of vectors that predict the words around a word.
PREDICTION_CONSTRAINTS: dict = {
    "window": [COUNT, StrOptions({"auto"})],
    "epochs": [COUNT, StrOptions({"auto"})],
    "learning_rate": [POSITIVE, StrOptions({"auto"})],
    "architecture": [StrOptions({"skipgram", "cbow"})],
    "loss": [StrOptions({"negative_sampling", "hierarchical_softmax", "softmax"})],
    "negative": [Interval(Integral, 1, 1000, closed="both")],
    "ns_exponent": [Interval(Real, None, None, closed="neither")],
    "sample": [NOT_NEGATIVE],
    "cbow_mean": ["boolean"],
    "shrink_windows": ["boolean"],
    "min_learning_rate": [NOT_NEGATIVE],
}


class WordVectorizer(CallbackSupportMixin, WordRowsMixin, TextEstimator):
    """Base of every estimator that learns one vector a word and averages them.

    A subclass says what is its own: `_settings`, the parameters that its model knows,
    `_new_model`, which makes it, and `_rules`, what "auto" means.
    """

    _rules: ClassVar[dict] = {}

    _vector_parameters = ("pretrained",)

    _parameter_constraints: dict = {
        **LEARNING_CONSTRAINTS,
        "unlabeled": "no_validation",
        "min_count": [COUNT, StrOptions({"auto"})],
    }

    @property
    def _shared_parameters(self):
        return (*shared_pretrained(self.pretrained), "unlabeled")

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Documents, y: object = None, *, unlabeled: Documents | None = None
    ) -> Self:
        """Learn the vectors of the words in some documents.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.
        unlabeled : iterable of documents, TokenizedDocuments or None, default=None
            Further texts to learn from, in place of the parameter of that name.

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
        further = further_texts(self, unlabeled, options)
        parts = [documents] if further is None else [documents, further]
        continued = self.warm_start and "words_" in vars(self)
        seed = self._seed if continued else draw_seed(self)
        data = hold_out(self, parts, seed)
        n_tokens = sum(part.n_tokens for part in data.parts)
        settled = auto.settled(self, n_tokens, keep=continued)
        vocabulary = learn_vocabulary(data.parts, limits_of(settled))
        if not self._makes_unknown_words():
            warn_of_documents(documents, vocabulary.rows(documents.table))
        training = settled._training(X, data, vocabulary, options)
        learn_kept_epochs(self, training, seed, parts, continued)
        return self

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Documents, y: object = None, *, update_vocabulary: bool = True
    ) -> Self:
        """Learn from one more batch of documents, in one pass.

        The learning rate is `learning_rate` throughout: the length of the stream is
        not known, so there is nothing to decay towards.  `epochs`, `unlabeled` and
        `early_stopping` play no part; `min_df` and `max_df`, which
        need all documents at once, are refused.  A parameter that is "auto" is what
        the fit before made of it or, in the first batch, what a large text gets.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.
        y : None
            Ignored.
        update_vocabulary : bool, default=True
            Whether words that have by now occurred `min_count` times in the batches
            get a row, after those that are there.  False: new words are ignored.

        Returns
        -------
        self : object
            The fitted estimator.

        Notes
        -----
        Where few rows are touched, which is so with negative sampling and without
        `pretrained`, the cost is that of the batch, however many words are known:
        copies of its rows are trained, with negatives that are drawn for the batch
        alone, and then written into the arrays, which have room for rows of new words.
        With character n-grams, new words cost a pass over all that are known.  Arrays
        that anybody else holds, such as a result of `vectors_` kept from before, stay
        as they are: new ones take their place, which costs a copy.
        """
        self._checked_pretrained()
        documents, options = self._tokenize_to_fit(X)
        settled = auto.settled(self)
        check_rates(settled.get_params(deep=False), type(self))
        data, texts = Data([documents], []), (documents, options, update_vocabulary)
        if learn_few(self, X, data, texts, settled):
            return self
        vocabulary, rare = grown_vocabulary(self, documents, update_vocabulary, settled)
        training = settled._training(X, data, vocabulary, options)
        learn_batch(self, training, rare)
        return self

    def _makes_unknown_words(self):
        """Tell whether words without a row have vectors, too."""
        return False

    def _fitted_vocabulary(self):
        """Return the words that have a row."""
        return fitted_vocabulary(self)

    def _training(self, X, data, vocabulary, options):
        """Return what is to be trained on what; no parameter is "auto" any more."""
        check_rates(self.get_params(deep=False), type(self))
        new_model = partial(self._new_model, vocabulary)
        return Training(X, data, vocabulary, options, new_model, settled=self)

    def _rates(self):
        """Return the first and the last learning rate."""
        return self.learning_rate, min(self.min_learning_rate, self.learning_rate)

    def _checked_pretrained(self):
        """Return where training starts from, or None."""
        pretrained = checked_pretrained(self.pretrained, self.vector_size)
        refuse_penalty(pretrained, type(self).__name__)
        return pretrained

    def _check_loaded(self):
        """Refuse arrays of wrong shapes or types."""
        check_words(self)
        self._model.check(len(self.words_))
