"""Types that the signatures of many public functions share."""

# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

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
