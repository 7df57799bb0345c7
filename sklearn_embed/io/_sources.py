"""Whatever word vectors come as, files included, turned into one value."""

# SPDX-License-Identifier: BSD-3-Clause

import inspect
import os
from collections.abc import Collection
from typing import Any

from sklearn_embed._core.typing import FilePath, VectorSource
from sklearn_embed._vectors.convert import converted
from sklearn_embed._vectors.static import composed
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._read import read_vectors
from sklearn_embed.io._static import layout_of

_OPTIONS = inspect.signature(read_vectors).parameters.keys() - {"source"}


class VectorFile:
    """A file of word vectors and how to read it, for parameters that take vectors.

    Estimators read it when they need it, as they do with a plain path; it is cloned,
    pickled and saved by its name.

    Parameters
    ----------
    path : str or path
        The file.
    **options : dict
        Parameters of :func:`sklearn_embed.io.read_vectors`.

    Attributes
    ----------
    path : str
        As given.
    options : dict
        As given.

    Examples
    --------
    >>> from sklearn_embed import MeanPoolEmbedder
    >>> from sklearn_embed.io import VectorFile
    >>> vectors = VectorFile("vectors.txt", limit=100_000, counts="vocab.txt")
    >>> MeanPoolEmbedder(vectors)
    MeanPoolEmbedder(embedding=VectorFile('vectors.txt', limit=100000,
                                          counts='vocab.txt'))
    """

    def __init__(self, path: FilePath, **options: Any) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(
                f"path must be the name of a file; got {type(path).__name__}. An open "
                "file can be read once: pass read_vectors(file)"
            )
        unknown = sorted(options.keys() - _OPTIONS)
        if unknown:
            raise TypeError(
                f"{unknown[0]!r} is no parameter of read_vectors; these are: "
                f"{', '.join(sorted(_OPTIONS))}"
            )
        self.path = os.fsdecode(path)
        self.options = options

    def read(self, vocabulary: Collection[str] | None = None) -> WordVectors:
        """Read the vectors.

        Parameters
        ----------
        vocabulary : collection of str or None, default=None
            The only words that are wanted, of those that the options leave.

        Returns
        -------
        WordVectors
        """
        options = dict(self.options)
        own = options.pop("vocabulary", None)
        if own is not None and vocabulary is not None:
            own = frozenset(own) & frozenset(vocabulary)
        return read_vectors(
            self.path, vocabulary=vocabulary if own is None else own, **options
        )

    def __repr__(self):
        parts = [repr(self.path)]
        parts += [f"{name}={value!r}" for name, value in self.options.items()]
        return f"{type(self).__name__}({', '.join(parts)})"

    def __eq__(self, other):
        if not isinstance(other, VectorFile):
            return NotImplemented
        return (self.path, self.options) == (other.path, other.options)

    def __hash__(self):
        return hash(self.path)

    def __sklearn_clone__(self):
        return self


def cuts_texts(source: VectorSource) -> bool:
    """Tell whether a source brings a tokenizer, as static models do.

    Of a file that is no folder, only its VectorFile tells.
    """
    if isinstance(source, VectorFile):
        if "tokenizer" in source.options:
            return True
        source = source.path
    if isinstance(source, (str, os.PathLike)):
        return os.path.isdir(source) and layout_of(os.fsdecode(source)) is not None
    return isinstance(source, WordVectors) and source.tokenizer is not None


def as_word_vectors(
    source: VectorSource, vocabulary: Collection[str] | None = None
) -> WordVectors:
    """Return word vectors, whatever they come as.

    Parameters
    ----------
    source : object
        `WordVectors`; gensim's ``KeyedVectors`` or a model that has them as ``wv``; a
        DataFrame whose index holds the words; a mapping from word to vector; a fitted
        vectorizer (``words_`` and ``vectors_``, or a ``to_word_vectors`` method); the
        path of a file or a static model's folder, read by
        :func:`sklearn_embed.io.read_vectors`, or a
        :class:`VectorFile`, which says how it is read.
    vocabulary : collection of str or None, default=None
        The only words that are asked for: others may be missing.  Of a file, only
        these are read.  Of a static model, which has vectors of pieces of words,
        each word gets the mean of its pieces.

    Returns
    -------
    WordVectors
        Over the source's own matrix wherever that is float32 and C-contiguous.

    Raises
    ------
    TypeError
        If the source is none of these.
    ValueError
        If it is one, but its content is not usable.

    Notes
    -----
    gensim invents counts n, n-1, ..., 1 for vectors read from a file without counts.
    They are recognised and dropped.
    """
    if isinstance(source, (str, os.PathLike)):
        source = VectorFile(source)
    if isinstance(source, VectorFile):
        return source.read(vocabulary)
    vectors = converted(source)
    if vectors.tokenizer is None or vocabulary is None:
        return vectors
    return composed(vectors, sorted(vocabulary))
