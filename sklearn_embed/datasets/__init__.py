"""A labelled corpus that needs no download: the docstrings of installed libraries."""

# SPDX-License-Identifier: BSD-3-Clause

from sklearn_embed.datasets._load import load_docstrings

__all__ = ["load_docstrings"]
