"""Estimators that learn word vectors without labels, and average them."""

# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator

from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_embed._estimators.base import TextTransformer, _fit_context
from sklearn_embed._estimators.callbacks import with_callbacks
from sklearn_embed._estimators.word_model import WordModel
from sklearn_embed._text.tokenized import tokenize
from sklearn_embed._text.vocabulary import learn_vocabulary
from sklearn_embed._vectors.document_rows import Pooler


class WordVectorizer(ClassNamePrefixFeaturesOutMixin, TextTransformer, WordModel):
    """Base of every estimator that learns one vector a word and averages them."""

    _parameter_constraints: dict = {
        **WordModel._parameter_constraints,
        "unlabeled": "no_validation",
    }

    @property
    def _shared_parameters(self):
        return (*super()._shared_parameters, "unlabeled")

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, unlabeled=None):
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
        documents, options = self._tokenize_to_fit(X)
        further = self.unlabeled if unlabeled is None else unlabeled
        if unlabeled is None and isinstance(further, Iterator):
            raise ValueError(
                "unlabeled is an iterator, which the first fit would use up: give "
                "TokenizedDocuments.from_documents(...) of it, or a list."
            )
        parts = [documents]
        if further is not None:
            parts.append(tokenize(further, options, "unlabeled", self._n_threads()))
        continued = self.warm_start and hasattr(self, "vectors_")
        seed = self._seed if continued else self._draw_seed()
        parts, held_out = self._hold_out(parts, seed)
        vocabulary = learn_vocabulary(parts, self._limits())
        self._learn_epochs(X, parts, held_out, vocabulary, options, seed, continued)
        return self

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, *, update_vocabulary=True):
        """Learn from one more batch of documents, in one pass.

        The learning rate is `learning_rate` throughout: the length of the stream is
        not known, so there is nothing to decay towards.  `epochs`, `unlabeled` and
        `early_stopping` play no part.

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
        """
        documents, options = self._tokenize_to_fit(X)
        begun = hasattr(self, "vectors_")
        vocabulary, rare = self._grown_vocabulary(documents, begun, update_vocabulary)
        self._learn_batch(X, documents, vocabulary, rare, options)
        return self

    def transform(self, X):
        """Return the mean of each document's word vectors.

        Parameters
        ----------
        X : iterable of str, of sequences of str, or TokenizedDocuments
            The documents.

        Returns
        -------
        ndarray of shape (n_documents, n_dimensions), float32
            A document without known words is a row of zeros.
        """
        check_is_fitted(self)
        return Pooler(self._lookup, self.vectors_, n_jobs=self._n_threads()).rows(X)

    @property
    def _n_features_out(self):
        return self.vectors_.shape[1]
