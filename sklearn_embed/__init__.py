"""Word embeddings as scikit-learn transformers."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed._one_hot import OneHotTokens
from sklearn_embed._text.tokenized import TokenizedDocuments

__version__ = "0.1.0"

__all__ = ["OneHotTokens", "TokenizedDocuments"]
