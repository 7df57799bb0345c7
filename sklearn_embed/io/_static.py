"""Static models: a matrix in safetensors, and the tokenizer of its rows.

Those of model2vec are folders, which sentence-transformers reads, too; WordLlama brings
its weights and tokenizers in its own folder.
"""

# SPDX-License-Identifier: BSD-3-Clause

import glob
import json
import os
import sys
from typing import NamedTuple

import numpy as np

from sklearn_embed._files.arrays import load
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._files.opening import opened
from sklearn_embed._text.pieces import PieceTokenizer
from sklearn_embed._vectors.word_vectors import WordVectors

#: Bytes of a tokenizer and of a config; JSON takes many times its length in memory.
LARGEST_TOKENIZER, LARGEST_CONFIG = 1 << 27, 1 << 20

#: A matrix whose rows several pieces share grows by no more than this, beyond so much.
LARGEST_RATIO, FREE_BYTES = 400, 1 << 26

#: Pieces of a text that count where a config says nothing, as in model2vec.
MAX_LENGTH = 512

_DAMAGED = "Fetch the model again"
_MODEL2VEC, _SENTENCE_TRANSFORMERS = "embeddings", "embedding.weight"


class Layout(NamedTuple):
    """Which files make a model, and the tensor that holds the vectors."""

    weights: str
    tokenizer: str
    config: str | None
    tensor: str | None


_FOLDERS = [
    Layout("model.safetensors", "tokenizer.json", "config.json", _MODEL2VEC),
    *(
        Layout(
            f"{folder}model.safetensors",
            f"{folder}tokenizer.json",
            "config_sentence_transformers.json",
            _SENTENCE_TRANSFORMERS,
        )
        for folder in ("", "0_StaticEmbedding/")
    ),
]


def layout_of(folder):
    """Return the Layout of a folder, None if it holds no static model."""
    for layout in _FOLDERS:
        files = [os.path.join(folder, name) for name in layout[:3]]
        if all(map(os.path.isfile, files)):
            return Layout(*files, layout.tensor)
    return _wordllama(folder)


def _wordllama(folder):
    """Return the Layout of the folder of the package wordllama, or None."""
    weights = glob.glob(os.path.join(glob.escape(folder), "weights", "*.safetensors"))
    found = []
    for path in sorted(weights):
        name = os.path.basename(path).rpartition("_")[0]
        tokenizer = f"{name}_tokenizer_config.json"
        tokenizer = os.path.join(folder, "tokenizers", tokenizer)
        if os.path.isfile(tokenizer):
            found.append(Layout(path, tokenizer, None, _SENTENCE_TRANSFORMERS))
    if len(found) > 1:
        raise VectorFileError(
            folder,
            f"it holds {len(found)} models, such as {found[0].weights}",
            "Name one: read_vectors(weights, tokenizer=tokenizer)",
        )
    return found[0] if found else None


def read_layout(layout, mmap):
    """Read the static model of a Layout."""
    config = {} if layout.config is None else read_config(layout.config)
    max_length = config.get("max_length", MAX_LENGTH) if layout.config else None
    tokenizer = read_tokenizer(layout.tokenizer, max_length, layout.config is not None)
    with opened(layout.weights) as stream:
        # Where it can be mapped, no more of it is read than the vectors.
        maps = mmap or (stream.size is not None and sys.byteorder == "little")
        arrays, _ = load(stream, maps)
        normalize = config.get("normalize", False)
        return put_together(stream, arrays, layout.tensor, tokenizer, normalize, mmap)


def read_config(path):
    """Return the part of a config that matters.

    Returns
    -------
    dict
        With ``max_length``, ``normalize``, both or none.
    """
    with opened(path) as stream:
        text = stream.read(LARGEST_CONFIG)
        try:
            if stream.peek(1):
                raise ValueError(f"it is longer than {LARGEST_CONFIG} bytes")
            config = json.loads(text)
            if not isinstance(config, dict):
                raise ValueError("it is no JSON object")
            found = {k: config[k] for k in ("max_length", "normalize") if k in config}
            length = found.get("max_length")
            if length is not None and not (
                type(length) is int and 0 < length < 1 << 31
            ):
                raise ValueError(f"max_length is {length!r:.40}")
            if type(found.get("normalize", False)) is not bool:
                raise ValueError(f"normalize is {found['normalize']!r:.40}")
        except (ValueError, TypeError, RecursionError) as error:
            raise stream.error(
                f"it is no config of a static model: {error}", _DAMAGED, offset=0
            ) from error
    return found


def read_tokenizer(path, max_length=None, drop_unknown=False):
    """Return the PieceTokenizer of a file ``tokenizer.json``, which can be used."""
    with opened(path) as stream:
        text = stream.read(LARGEST_TOKENIZER)
        if stream.peek(1):
            raise stream.error(
                f"it is longer than {LARGEST_TOKENIZER} bytes", "This is no tokenizer"
            )
        document = np.frombuffer(text, np.uint8)
        tokenizer = PieceTokenizer(document, max_length, drop_unknown)
        try:
            tokenizer.built()
        except ValueError as error:
            raise stream.error(str(error), _DAMAGED, offset=0) from error
    return tokenizer


def put_together(source, arrays, tensor, tokenizer, normalize=False, mmap=False):
    """Return the vectors of pieces that a file of arrays holds.

    Parameters
    ----------
    source : Source
        The file, for messages.
    arrays : dict
        Its arrays.  Of model2vec there may be two more: ``mapping``, the row of each
        piece where several share one, and ``weights``, what each is multiplied by.
    tensor : str or None
        The name of the matrix; None: there is only one.
    tokenizer : PieceTokenizer
        What cuts texts.
    normalize : bool, default=False
        See WordVectors.
    mmap : bool, default=False
        Whether the matrix stays in the file, if it can.
    """
    matrix = _matrix(source, arrays, tensor)
    words = tokenizer.built().words
    mapping = _per_piece(source, arrays, "mapping", len(words), "iu")
    weights = _per_piece(source, arrays, "weights", len(words), "f")
    if mapping is None and len(matrix) != len(words):
        raise source.error(
            f"the tokenizer has {len(words)} pieces, but there are {len(matrix)} rows",
            "Give the tokenizer of this very model",
            offset=0,
        )
    if mapping is not None:
        matrix = _spread(source, matrix, mapping)
    with np.errstate(over="ignore"):  # infinity is found afterwards
        if mapping is not None or weights is not None or not mmap:
            matrix = matrix.astype(np.float32)
        if weights is not None:
            matrix *= weights.astype(np.float32)[:, None]
    try:
        return WordVectors(words, matrix, tokenizer=tokenizer, normalize=normalize)
    except ValueError as error:
        raise source.error(str(error), _DAMAGED, offset=0) from error


def _matrix(source, arrays, tensor):
    """Return the matrix of vectors."""
    matrices = {
        name: array
        for name, array in arrays.items()
        if isinstance(array, np.ndarray)
        and array.ndim == 2
        and array.dtype.kind in "fi"
    }
    if tensor is None and len(matrices) == 1:
        (tensor,) = matrices
    if tensor not in matrices:
        there = ", ".join(f"{name!r} {a.shape}" for name, a in [*matrices.items()][:5])
        raise source.error(
            f"which matrix holds the vectors? There are {there or 'none'}",
            "Name one: read_vectors(weights, tokenizer=path, tensor=NAME)",
            offset=0,
        )
    return matrices[tensor]


def _per_piece(source, arrays, name, n_pieces, kinds):
    """Return one number for each piece, or None if there is no such array."""
    array = arrays.get(name)
    if array is None:
        return None
    if array.shape != (n_pieces,) or array.dtype.kind not in kinds:
        raise source.error(
            f"{name!r} must hold one number for each of {n_pieces} pieces; it has "
            f"shape {array.shape} and type {array.dtype}",
            _DAMAGED,
            offset=0,
        )
    return array


def _spread(source, matrix, mapping):
    """Return a row for each piece, of rows that several pieces share."""
    if mapping.size and not (
        0 <= int(mapping.min()) and int(mapping.max()) < len(matrix)
    ):
        raise source.error(
            f"'mapping' names rows beyond the {len(matrix)} there are",
            _DAMAGED,
            offset=0,
        )
    n_bytes = 4 * len(mapping) * matrix.shape[1]
    there = matrix.nbytes + mapping.nbytes
    if n_bytes > FREE_BYTES + LARGEST_RATIO * there:
        raise source.error(
            f"{there} bytes of shared rows would become {n_bytes}",
            "The file is damaged, or made to fill the memory",
            offset=0,
        )
    return matrix[mapping]
