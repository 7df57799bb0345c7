"""Documents of any container as a list of strings, for steps that read them twice."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.base import BaseEstimator, TransformerMixin

from sklearn_embed._core.typing import Documents
from sklearn_embed._estimators.records import trust
from sklearn_embed._text.documents import document_chunks
from sklearn_embed._text.tokenized import TokenizedDocuments

if TYPE_CHECKING:
    from typing_extensions import Self


@trust
class Texts(TransformerMixin, BaseEstimator):
    """Hand documents on as a list of strings; refuse those that are tokens already.

    The first step of `text_pipeline`: an iterator serves all blocks after it, and an
    error tells of documents, not of what one of the blocks made of them.  A function
    in scikit-learn's FunctionTransformer would not do: that looks for columns in what
    it is given, before the function sees it, and fails on an empty list.
    """

    def fit(self, X: Documents, y: object = None) -> Self:
        """Learn nothing: what is wrong with documents, `transform` says."""
        return self

    def transform(self, X: Documents) -> list[str]:
        """Return documents as a list of strings.

        Parameters
        ----------
        X : iterable of str
            In any container: a list, a column of a table, an iterator.

        Returns
        -------
        list of str
            The same.

        Raises
        ------
        ValueError
            If there are no documents, or X is a single string.
        TypeError
            If a document is no string.
        """
        texts: list[str] = []
        if not isinstance(X, TokenizedDocuments):
            for kind, chunk in document_chunks(X):
                if kind != "text":
                    break
                texts += chunk
            else:
                return texts
        raise TypeError(
            "X holds documents that are tokens already: text_pipeline looks at the "
            "characters between them, too, and needs strings. Use `tokenizer` to cut "
            "them."
        )

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags
