"""Read word vectors from files of every format."""

# SPDX-License-Identifier: BSD-3-Clause

import io
import os
from collections.abc import Collection, Mapping
from typing import BinaryIO, NamedTuple

import numpy as np

from sklearn_embed._core.typing import FilePath
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._files.opening import opened
from sklearn_embed._vectors.convert import converted
from sklearn_embed._vectors.static import composed
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._binary import read_rows as read_binary_rows
from sklearn_embed.io._collect import finished
from sklearn_embed.io._companions import counted
from sklearn_embed.io._fasttext_reader import read_stream
from sklearn_embed.io._recognise import recognise
from sklearn_embed.io._static import layout_of, read_layout
from sklearn_embed.io._text import read_rows as read_text_rows
from sklearn_embed.io.native import read as read_native

_READABLE = (
    "word2vec",
    "word2vec_binary",
    "glove",
    "fasttext",
    "native",
    "parquet",
    "gensim",
)

# More bytes than any machine's memory: what is cut there is refused as damaged.
_LARGEST_PARQUET = 1 << 46


class Options(NamedTuple):
    """What a caller asked for, checked."""

    vocabulary: object
    limit: int | None
    encoding: str
    errors: str
    bad_rows: str


def read_vectors(
    source: FilePath | BinaryIO,
    *,
    format: str | None = None,
    limit: int | None = None,
    vocabulary: Collection[str] | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    bad_rows: str = "error",
    mmap: bool = False,
    counts: Mapping[str, int] | FilePath | None = None,
    words: Collection[str] | FilePath | None = None,
    tensor: str | None = None,
    tokenizer: FilePath | None = None,
) -> WordVectors:
    r"""Read word vectors from a file, or a static model from its folder.

    Parameters
    ----------
    source : str, path or binary file
        The file, plain or compressed by gzip, bzip2, xz or zip (one member); or the
        folder of a static model: model2vec's (``model.safetensors``,
        ``tokenizer.json`` and ``config.json``), one of sentence-transformers with a
        ``StaticEmbedding``, or that of the package wordllama.
    format : str or None, default=None
        None: recognised by the content, never by the name.  Otherwise "word2vec",
        "word2vec_binary", "glove" (text without header), "fasttext" (``.bin`` and
        ``.ftz``; a ``.vec`` file is "word2vec"), "native" (safetensors), "parquet" or
        "gensim".  The last is a pickle, which can run any code: it is loaded, by
        gensim, only if named here.  Name it only for files that you trust.
    limit : int or None, default=None
        Look at no more than the first `limit` rows of the file.
    vocabulary : collection of str or None, default=None
        Keep these words only: rows of others take no memory.  Of fastText's models,
        the n-grams are kept that these words are made of, whether the model knows a
        word or not; others count as zeros.  Where vectors of any unknown word are
        wanted, leave it None.
    encoding, errors : str
        How to decode the words, as in ``bytes.decode``.  ``errors="replace"`` reads
        files whose words were cut inside a character.
    bad_rows : {"error", "warn"}, default="error"
        Whether a row of text that is damaged, with too few numbers for example, is an
        error, or is left out with a warning.
    mmap : bool, default=False
        Map the file's matrix instead of reading it ("native" only).
    counts : mapping of str to int, str, path or None, default=None
        How often each word occurs, for weights like SIF, or a file of lines of a word
        and its count, such as word2vec's ``-save-vocab``, gensim's ``fvocab`` and
        GloVe's ``vocab.txt``.  Words that are not there have 0.  None: what the file
        of vectors says.
    words : collection of str, str, path or None, default=None
        The words of the rows of a safetensors file that another program wrote, or a
        file of them: one a line, or ``tokenizer.json`` of the tokenizers library.
    tensor : str or None, default=None
        Which array of such a file holds the vectors; None: the only matrix.
    tokenizer : str, path or None, default=None
        In place of `words`, ``tokenizer.json`` of the tokenizers library: the rows are
        those of a static model, whose texts this tokenizer cuts.

    Returns
    -------
    WordVectors
        Of a static model they are those of pieces of words, with a `tokenizer`; if
        there is a `vocabulary`, those of its words, means of their pieces.

    Raises
    ------
    VectorFileError
        If the content is damaged, hostile or of an unknown format; the message says
        where and what to do.
    ValueError
        If a parameter is out of its range.
    ImportError
        If a static model is read without the package ``tokenizers``.

    Warns
    -----
    UserWarning
        If a word comes twice (as in gensim, its first row counts), or a damaged row
        was left out.

    Notes
    -----
    The vectors are gensim's to the last bit, but for the end mark ``</s>`` of
    fastText's models, which has no n-grams there and here.  In text, numbers are
    rounded to float64 and from there to float32.

    What is longer than these limits is refused: a row of 2**26 bytes, 2**20
    dimensions, a word of 2**16 bytes in a binary file, the header of a safetensors
    file of 2**24 bytes, a list of words or counts of 2**30 bytes, a tokenizer of 2**27
    bytes, and compressed files that grow more than 400 times beyond 2**26 bytes.
    Memory grows with what a file really holds, whatever its header promises.

    Examples
    --------
    >>> import io
    >>> from sklearn_embed.io import read_vectors
    >>> read_vectors(io.BytesIO(b"cat 0.5 1.5\ndog 0.25 -1\n"))
    <WordVectors: 2 words, 2 dimensions>
    """
    options = _check_options(format, limit, vocabulary, encoding, errors, bad_rows)
    layout = None
    if isinstance(source, (str, os.PathLike)) and os.path.isdir(source):
        layout = layout_of(os.fsdecode(source))
    if layout is not None:
        given = {"format": format, "words": words, "tensor": tensor}
        vectors = _read_static(layout, mmap, {**given, "tokenizer": tokenizer})
        vectors = _select(vectors, options)
        return vectors if counts is None else counted(vectors, counts)
    if mmap and format not in (None, "native"):
        raise ValueError(f"only the native format can be mapped, not {format!r}")
    if format == "gensim":
        vectors = _select(_read_gensim(source), options)
    elif format == "parquet":
        vectors = _select(_read_parquet(source), options)
    else:
        foreign = words, tensor, tokenizer
        vectors = _read_recognised(source, format, options, mmap, foreign)
    return vectors if counts is None else counted(vectors, counts)


def _read_static(layout, mmap, given):
    """Read the folder of a static model, which says all by itself."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{name}= is for files; a static model is read from its folder as a "
                "whole"
            )
    return read_layout(layout, mmap)


def _read_recognised(source, format, options, mmap, tensor):
    """Read a file whose format its content tells."""
    with opened(source) as stream:
        layout = recognise(stream, format)
        if layout.format == "native":
            return _select(read_native(stream, mmap, *tensor), options)
        if mmap:
            raise ValueError(
                f"{stream.name} is in the format {layout.format!r}; only the native "
                "format can be mapped"
            )
        if any(part is not None for part in tensor):
            raise ValueError(
                "words=, tensor= and tokenizer= are for safetensors files of other "
                "programs; "
                f"{stream.name} is in the format {layout.format!r}"
            )
        if layout.format == "fasttext":
            model = read_stream(stream, options)
            return model.to_word_vectors(stream.name)
        stream.read(len(layout.header))
        is_binary = layout.format == "word2vec_binary"
        read_rows = read_binary_rows if is_binary else read_text_rows
        return read_rows(stream, layout.n_dimensions, layout.n_rows, options)


def _check_options(format, limit, vocabulary, encoding, errors, bad_rows):
    """Refuse parameters out of range; make the vocabulary quick to look up."""
    if format is not None and format not in _READABLE:
        raise ValueError(f"format must be None or one of {_READABLE}; got {format!r}")
    if limit is not None and (not isinstance(limit, (int, np.integer)) or limit < 0):
        raise ValueError(f"limit must be None or a number from 0 on; got {limit!r}")
    if bad_rows not in ("error", "warn"):
        raise ValueError(f"bad_rows must be 'error' or 'warn'; got {bad_rows!r}")
    if isinstance(vocabulary, str):
        raise ValueError("vocabulary must be a collection of words, not one string")
    if vocabulary is not None and not isinstance(vocabulary, (set, frozenset, dict)):
        vocabulary = frozenset(vocabulary)
    "".encode(encoding, errors)
    limit = None if limit is None else int(limit)
    return Options(vocabulary, limit, encoding, errors, bad_rows)


def _read_gensim(source):
    """Let gensim load its own pickle, as the caller trusts it."""
    from gensim.models import KeyedVectors

    if hasattr(source, "read"):
        raise ValueError("format='gensim' needs a path: gensim may keep several files")
    path = os.fspath(source)
    try:
        keyed = KeyedVectors.load(path)
    except OSError:
        raise
    except Exception as error:
        # Whatever a pickle raises: old classes that are gone, damage, other objects.
        raise VectorFileError(
            str(path),
            f"gensim cannot load it: {error}",
            "Load it with the gensim that wrote it, and save it anew",
        ) from error
    return converted(keyed)


def _read_parquet(source):
    """Read a table with the words in its index."""
    import pandas as pd

    with opened(source) as stream:
        try:
            # Whole in memory, as parquet's own index stands at its end.
            frame = pd.read_parquet(io.BytesIO(stream.read(_LARGEST_PARQUET)))
            return converted(frame)
        except VectorFileError:
            raise
        except (ValueError, TypeError, OSError, KeyError) as error:
            raise stream.error(
                f"no readable parquet file of words and vectors: {error}",
                "Fetch it again, or pass the DataFrame, with the words in its index",
                offset=0,
            ) from error


def _select(vectors, options):
    """Leave out what the caller did not ask for."""
    if vectors.tokenizer is not None:
        if options.limit is not None:
            raise ValueError("limit= is for files of words, not for a static model")
        wanted = options.vocabulary
        return vectors if wanted is None else composed(vectors, sorted(wanted))
    if options.limit is None and options.vocabulary is None:
        return vectors
    words = vectors.words[: options.limit]
    wanted = options.vocabulary
    kept = [r for r, word in enumerate(words) if wanted is None or word in wanted]
    counts = None if vectors.counts is None else vectors.counts[kept]
    parts = vectors.subwords
    if parts is not None and parts.own is not None:
        parts = parts._replace(own=parts.own[kept])
    words = [words[r] for r in kept]
    matrix = vectors.vectors[kept]
    return finished("vectors", words, matrix, counts=counts, subwords=parts)
