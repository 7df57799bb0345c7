"""The safe container: arrays, lists of words and JSON in one file that can be mapped.

A file is a valid safetensors file: eight bytes with the length of a JSON header, the
header, then the arrays' bytes end to end.  Nothing in it can run code, other tools open
it, and the arrays of a mapped file are shared by all processes that read it.  A list
of strings is kept as two arrays: its UTF-8 text and where each string ends.
"""

# SPDX-License-Identifier: BSD-3-Clause

import json
import mmap as _mmap
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from sklearn_embed._files.atomic import replacing
from sklearn_embed._files.opening import opened

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
# The upper halves of float32, which only other programs write.
_HALF = "BF16"
# A header is JSON, which takes a hundred times its length in memory at worst.
_LONGEST_HEADER = 1 << 24
_ALIGNMENT = 64
DAMAGED = "The file is damaged; write it anew"


def save_arrays(
    path: str | os.PathLike[str],
    arrays: Mapping[str, np.ndarray | Sequence[str]],
    meta: object = None,
) -> None:
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
    ValueError
        If `meta` and the names of the arrays take more than 2**24 bytes as JSON.
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
    document: dict[str, Any] = {"version": VERSION, "strings": strings, "meta": meta}
    header: dict[str, Any] = {
        "__metadata__": {"sklearn-embed": json.dumps(document, allow_nan=False)}
    }
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
    if len(text) > _LONGEST_HEADER:
        raise ValueError(
            f"meta takes {len(text)} bytes as JSON, more than the {_LONGEST_HEADER} "
            "that are read again: put what is long into arrays or lists of strings."
        )
    with replacing(path) as stream:
        stream.write(len(text).to_bytes(8, "little"))
        stream.write(text)
        for name in order:
            stream.write(tensors[name].reshape(-1).view(np.uint8).data)


def load_arrays(
    path: str | os.PathLike[str] | BinaryIO, mmap: bool = False
) -> tuple[dict[str, Any], Any]:
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
        return load(source, mmap)


def load(source, mmap):
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
            raise source.error("there are bytes after the last array", DAMAGED)
    for name, entry in header.items():
        if entry["dtype"] == _HALF:
            arrays[name] = (arrays[name].astype(np.uint32) << 16).view(np.float32)
    for name in document["strings"]:
        try:
            parts = arrays.pop(f"{name}.text"), arrays.pop(f"{name}.ends")
            arrays[name] = _unpack(*parts)
        except (KeyError, ValueError, TypeError) as error:
            raise source.error(
                f"the list of strings {name!r} is damaged", DAMAGED
            ) from error
    return arrays, document["meta"]


def looks_like(source):
    """Tell whether a file begins as this format does."""
    start = source.peek(9)
    length = int.from_bytes(start[:8], "little")
    return len(start) == 9 and start[8:] == b"{" and 2 <= length <= _LONGEST_HEADER


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
        raise source.error(
            f"a header of {length} bytes; {_LONGEST_HEADER} may be",
            "This is another format",
        )
    text = source.exactly(length, "the header")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise source.error(f"the header is no JSON: {error}", DAMAGED) from error
    if not isinstance(header, dict):
        raise source.error("the header is no JSON object", DAMAGED)
    return header, 8 + length


def _document(source, metadata):
    """Return our part of the metadata; that of other tools' files is empty."""
    document = {"version": VERSION, "strings": [], "meta": None}
    if isinstance(metadata, dict) and "sklearn-embed" in metadata:
        try:
            document.update(json.loads(metadata["sklearn-embed"]))
            named = all(isinstance(name, str) for name in document["strings"])
        except (ValueError, TypeError, RecursionError) as error:
            raise source.error("the metadata is damaged", DAMAGED) from error
        if not named or not isinstance(document["version"], int):
            raise source.error("the metadata is damaged", DAMAGED)
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
            kind = entry["dtype"]
            dtype = np.dtype("<u2" if kind == _HALF else _DTYPES[kind])
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
            f"the table of arrays contradicts itself: {error!r}", DAMAGED
        ) from error
    remaining = source.remaining()
    if remaining is not None and offset != remaining:
        raise source.error(
            f"the arrays take {offset} bytes, but {remaining} are there", DAMAGED
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
