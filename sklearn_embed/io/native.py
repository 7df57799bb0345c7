"""The native format: arrays, lists of words and JSON in one file that can be mapped.

A file is a valid safetensors file: eight bytes with the length of a JSON header, the
header, then the arrays' bytes end to end.  Nothing in it can run code, other tools open
it, and the arrays of a mapped file are shared by all processes that read it.  A list
of strings is kept as two arrays: its UTF-8 text and where each string ends.
"""

# SPDX-License-Identifier: BSD-3-Clause

import json
import mmap as _mmap
import sys

import numpy as np

from sklearn_embed._subwords import Subwords
from sklearn_embed.io._atomic import replacing
from sklearn_embed.io._collect import finished
from sklearn_embed.io._errors import VectorFileError
from sklearn_embed.io._source import opened

#: Raised whenever files written from now on cannot be read by earlier code.
VERSION = 1

_DTYPES = {
    "F64": "<f8",
    "I64": "<i8",
    "U64": "<u8",
    "F32": "<f4",
    "I32": "<i4",
    "U32": "<u4",
    "F16": "<f2",
    "I16": "<i2",
    "U16": "<u2",
    "I8": "|i1",
    "U8": "|u1",
    "BOOL": "|b1",
}
_NAMES = {np.dtype(code).str: name for name, code in _DTYPES.items()}
_LONGEST_HEADER = 100_000_000
_ALIGNMENT = 64
_DAMAGED = "The file is damaged; write it anew"


def save_arrays(path, arrays, meta=None):
    """Write arrays, lists of strings and a JSON document, whole or not at all.

    Parameters
    ----------
    path : str or path
        The file.  If anything goes wrong, what was there before stays.
    arrays : dict
        From name to ndarray (booleans, integers, floats) or to a list of strings.
    meta : object, default=None
        Anything that JSON can hold.

    Raises
    ------
    TypeError
        If something is neither an array of numbers nor a list of strings, or `meta`
        is not JSON.
    """
    tensors, strings = {}, []
    for name, value in arrays.items():
        if isinstance(value, (list, tuple)):
            strings.append(name)
            tensors[f"{name}.text"], tensors[f"{name}.ends"] = _pack(name, value)
        else:
            tensors[name] = _plain(name, value)
    # Wide numbers first: every array then begins at a multiple of its own width.
    order = sorted(tensors, key=lambda name: -tensors[name].dtype.itemsize)
    document = {"version": VERSION, "strings": strings, "meta": meta}
    header = {"__metadata__": {"sklearn-embed": json.dumps(document, allow_nan=False)}}
    offset = 0
    for name in order:
        tensor = tensors[name]
        header[name] = {
            "dtype": _NAMES[tensor.dtype.str],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + tensor.nbytes],
        }
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-(len(text) + 8) % _ALIGNMENT)
    with replacing(path) as stream:
        stream.write(len(text).to_bytes(8, "little"))
        stream.write(text)
        for name in order:
            stream.write(tensors[name].reshape(-1).view(np.uint8).data)


def load_arrays(path, mmap=False):
    """Read what `save_arrays` wrote.

    Parameters
    ----------
    path : str, path or binary file
        The file; it may be compressed.
    mmap : bool, default=False
        Whether to map the arrays instead of reading them: nothing is read before it
        is used, and all processes share one copy.  They are read-only then.

    Returns
    -------
    arrays : dict
        From name to ndarray or list of strings.
    meta : object
        The JSON document.

    Raises
    ------
    VectorFileError
        If the file is damaged, or from a later version.
    """
    with opened(path) as source:
        return _load(source, mmap)


def _load(source, mmap):
    """Read the arrays and the JSON document of a source."""
    header, start = _read_header(source)
    document = _document(source, header.pop("__metadata__", None))
    entries = _entries(source, header)
    if mmap:
        arrays = _map(source, entries, start)
    else:
        arrays = {
            name: _read(source, name, dtype, shape, n_bytes)
            for name, dtype, shape, n_bytes in entries
        }
        if source.peek(1):
            raise source.error("there are bytes after the last array", _DAMAGED)
    for name in document["strings"]:
        try:
            parts = arrays.pop(f"{name}.text"), arrays.pop(f"{name}.ends")
            arrays[name] = _unpack(*parts)
        except (KeyError, ValueError, TypeError) as error:
            raise source.error(
                f"the list of strings {name!r} is damaged", _DAMAGED
            ) from error
    return arrays, document["meta"]


def looks_like(source):
    """Tell whether a file begins as this format does."""
    start = source.peek(9)
    length = int.from_bytes(start[:8], "little")
    return len(start) == 9 and start[8:] == b"{" and 2 <= length <= _LONGEST_HEADER


def write(vectors, path):
    """Write word vectors, subwords included."""
    arrays = {"vectors": vectors.vectors, "words": vectors.words}
    meta = {"kind": "WordVectors"}
    if vectors.counts is not None:
        arrays["counts"] = vectors.counts
    parts = vectors.subwords
    if parts is not None:
        arrays["subwords.vectors"] = parts.vectors
        for name in ("rows", "own"):
            if getattr(parts, name) is not None:
                arrays[f"subwords.{name}"] = getattr(parts, name)
        scalars = ("min_n", "max_n", "n_buckets", "missing")
        meta["subwords"] = {name: getattr(parts, name) for name in scalars}
    save_arrays(path, arrays, meta)


def read(source, mmap=False):
    """Read word vectors from a source at its beginning, mapped if asked for."""
    arrays, meta = _load(source, mmap)
    if not {"vectors", "words"} <= set(arrays):
        raise source.error(
            "a file of arrays, but not of word vectors",
            "native.load_arrays gives the arrays themselves",
            offset=0,
        )
    try:
        subwords = None
        if isinstance(meta, dict) and meta.get("subwords") is not None:
            subwords = _subwords(arrays, meta["subwords"])
        parts = {"counts": arrays.get("counts"), "subwords": subwords}
        # What was checked when it was written is not all paged in to look for NaN.
        return finished(
            source.name,
            arrays["words"],
            arrays["vectors"],
            check_finite=not mmap,
            **parts,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, VectorFileError):
            raise
        raise source.error(f"its parts disagree: {error}", _DAMAGED) from error


def _subwords(arrays, scalars):
    """Put the subwords' parts together and check that they fit."""
    vectors, rows = arrays["subwords.vectors"], arrays.get("subwords.rows")
    n_buckets = int(scalars["n_buckets"])
    limits = int(scalars["min_n"]), int(scalars["max_n"])
    if vectors.dtype != np.float32 or (rows is not None and rows.dtype != np.int32):
        raise ValueError("the n-grams' vectors or their rows have another type")
    if not 0 <= limits[0] <= limits[1] < 1 << 31:
        raise ValueError(f"n-grams of {limits[0]} to {limits[1]} characters")
    own = arrays.get("subwords.own")
    missing = "skip" if scalars.get("missing") == "skip" else "zero"
    return Subwords(vectors, *limits, n_buckets, rows, missing, own)


def _plain(name, value):
    """Return an array whose bytes can be written as they are."""
    array = np.asarray(value)
    little = array.dtype.newbyteorder("<").str
    if array.dtype.kind not in "biuf" or little not in _NAMES:
        raise TypeError(
            f"{name!r} is of type {array.dtype}; arrays of booleans, integers and "
            "floats, and lists of strings can be written"
        )
    return np.ascontiguousarray(array.astype(little, copy=False)).reshape(array.shape)


def _pack(name, strings):
    """Turn a list of strings into its text and where each ends."""
    if not all(isinstance(string, str) for string in strings):
        raise TypeError(f"the list {name!r} must hold strings only")
    encoded = [string.encode("utf-8", "surrogatepass") for string in strings]
    ends = np.cumsum([len(string) for string in encoded], dtype="<i8")
    return np.frombuffer(b"".join(encoded), np.uint8), ends


def _unpack(text, ends):
    """Turn text and ends back into a list of strings."""
    ends = ends.astype(np.int64)
    if ends.ndim != 1 or text.ndim != 1 or text.dtype != np.uint8:
        raise ValueError("shape")
    bounds = np.concatenate([[0], ends])
    if (np.diff(bounds) < 0).any() or bounds[-1] != len(text):
        raise ValueError("ends")
    raw, bounds = text.tobytes(), bounds.tolist()
    return [
        raw[bounds[i] : bounds[i + 1]].decode("utf-8", "surrogatepass")
        for i in range(len(ends))
    ]


def _read_header(source):
    """Return the header and the position of the first array."""
    length = int.from_bytes(source.exactly(8, "the length of the header"), "little")
    if length > _LONGEST_HEADER:
        raise source.error(f"a header of {length} bytes", "This is another format")
    text = source.exactly(length, "the header")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise source.error(f"the header is no JSON: {error}", _DAMAGED) from error
    if not isinstance(header, dict):
        raise source.error("the header is no JSON object", _DAMAGED)
    return header, 8 + length


def _document(source, metadata):
    """Return our part of the metadata; that of other tools' files is empty."""
    document = {"version": VERSION, "strings": [], "meta": None}
    if isinstance(metadata, dict) and "sklearn-embed" in metadata:
        try:
            document.update(json.loads(metadata["sklearn-embed"]))
            named = all(isinstance(name, str) for name in document["strings"])
        except (ValueError, TypeError, RecursionError) as error:
            raise source.error("the metadata is damaged", _DAMAGED) from error
        if not named or not isinstance(document["version"], int):
            raise source.error("the metadata is damaged", _DAMAGED)
        if document["version"] > VERSION:
            raise source.error(
                f"written in version {document['version']} of the format, while this "
                f"code knows {VERSION}",
                "Upgrade sklearn-embed",
            )
    return document


def _entries(source, header):
    """Check the table of arrays; return it in the order of the file."""
    entries, offset = [], 0
    try:
        ordered = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
        for name, entry in ordered:
            dtype = np.dtype(_DTYPES[entry["dtype"]])
            shape = tuple(entry["shape"])
            begin, end = entry["data_offsets"]
            n_bytes = dtype.itemsize
            for length in shape:
                if type(length) is not int or length < 0:
                    raise ValueError(f"shape {shape}")
                n_bytes *= length
            if begin != offset or end - begin != n_bytes or len(shape) > 32:
                raise ValueError(f"{n_bytes} bytes from {begin} to {end}")
            offset = end
            entries.append((name, dtype, shape, n_bytes))
    except (ValueError, KeyError, TypeError) as error:
        raise source.error(
            f"the table of arrays contradicts itself: {error!r}", _DAMAGED
        ) from error
    remaining = source.remaining()
    if remaining is not None and offset != remaining:
        raise source.error(
            f"the arrays take {offset} bytes, but {remaining} are there", _DAMAGED
        )
    return entries


def _read(source, name, dtype, shape, n_bytes):
    """Read one array as its bytes arrive."""
    flat = source.block(n_bytes, f"the array {name!r}")
    array = flat.view(dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _map(source, entries, start):
    """Map the arrays of an uncompressed file."""
    if source.size is None or sys.byteorder == "big":
        raise source.error(
            "only a plain file on a little-endian machine can be mapped",
            "Decompress it, or pass mmap=False",
        )
    arrays, offset = {}, start
    handle = source.stream.fileno()
    mapped = _mmap.mmap(handle, source.size, access=_mmap.ACCESS_READ)
    for name, dtype, shape, length in entries:
        n_items = length // dtype.itemsize
        flat = np.frombuffer(mapped, dtype, n_items, offset if n_items else 0)
        arrays[name] = flat.reshape(shape)
        offset += length
    return arrays
