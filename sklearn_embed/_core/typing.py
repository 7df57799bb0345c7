"""Types that the signatures of many public functions share."""

# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

#: A file.
FilePath: TypeAlias = str | os.PathLike[str]

#: Documents in any container: strings, or sequences of tokens.
Documents: TypeAlias = Iterable[str] | Iterable[Sequence[str]]

#: Whatever `as_word_vectors` takes.
VectorSource: TypeAlias = Any

#: Word vectors, rows of documents.
Float32Array: TypeAlias = NDArray[np.float32]

#: Seed of what is drawn, as everywhere in scikit-learn.
RandomState: TypeAlias = int | np.random.RandomState | None

#: One word or vector, or several of them.
Words: TypeAlias = str | np.ndarray | Sequence[str | np.ndarray]

#: Parameters of texts, as in scikit-learn's vectorizers.
StripAccents: TypeAlias = str | Callable[[str], str] | None
Preprocessor: TypeAlias = Callable[[str], str] | None
Tokenizer: TypeAlias = str | Callable[[str], Iterable[str]] | None
Analyzer: TypeAlias = str | Callable[[str], Iterable[str]]
StopWords: TypeAlias = str | Collection[str] | None

#: A method, which a decorator gives back with the same signature.
Method = TypeVar("Method", bound=Callable[..., Any])
