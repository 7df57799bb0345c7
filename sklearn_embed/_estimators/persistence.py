"""Whole estimators in the native format: parameters as JSON, what was fitted as arrays.

Nothing in such a file can run code: it holds plain values and arrays, and names of
this package's estimators, which are made by their constructors.
"""

# SPDX-License-Identifier: BSD-3-Clause

import math
import os
from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from sklearn_embed._core.version import __version__
from sklearn_embed._estimators.loading import check_fitted, make_record
from sklearn_embed._files import arrays as container
from sklearn_embed._files.errors import VectorFileError
from sklearn_embed._files.stream import opened
from sklearn_embed._models.classifier import (
    ClassifierSettings,
    Labels,
    SupervisedFastText,
)
from sklearn_embed._models.fasttext import FastText, FastTextSettings
from sklearn_embed._models.features import Ngrams
from sklearn_embed._models.glove import GloVe, GloveParameters, GloveSettings
from sklearn_embed._models.prediction import Outputs
from sklearn_embed._models.word2vec import Word2Vec, Word2VecSettings
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._vectors.subwords import Subwords
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import VectorFile, as_word_vectors

#: Raised whenever files written from now on cannot be read by earlier code.
VERSION = 2

#: Estimators that a file may name, by their names; see `register`.
REGISTRY: dict[str, type] = {}

#: What else a file may name: values whose parts are written one by one.
_RECORDS = {
    record.__name__: record
    for record in (
        TextOptions,
        Subwords,
        Outputs,
        Word2VecSettings,
        Word2Vec,
        FastTextSettings,
        FastText,
        GloveSettings,
        GloveParameters,
        GloVe,
        Ngrams,
        ClassifierSettings,
        Labels,
        SupervisedFastText,
    )
}
# What the container adds to the name of a list of strings.
_ENDS = ("", ".text", ".ends")
_DAMAGED = "The file is damaged; write it anew"
_REMEDY = (
    "a file of plain values and arrays cannot hold it. Set it to a plain value first, "
    "or write the estimator by joblib.dump or skops.io.dump"
)
# What scikit-learn's callbacks leave behind belongs to the process, not to the model.
_PASSING = ("_skl_callbacks", "_parent_callback_ctx")


def register(cls):
    """Let files name an estimator: a class decorator."""
    REGISTRY[cls.__name__] = cls
    return cls


def save(estimator, path):
    """Write an estimator, fitted or not, whole or not at all.

    Parameters
    ----------
    estimator : estimator
        One of this package's.
    path : str or path
        The file.  If anything goes wrong, what was there before stays.

    Raises
    ------
    TypeError
        If a parameter, or something fitted, cannot be written; it is named.
    """
    writer = _Writer()
    meta = {
        "kind": "estimator",
        "version": VERSION,
        "sklearn_embed": __version__,
        "estimator": writer.estimator(estimator),
    }
    container.save_arrays(path, writer.arrays, meta)


def load(cls, path, mmap=False):
    """Read an estimator.

    Parameters
    ----------
    cls : type
        The class that the file must be of.
    path : str, path or binary file
        The file.
    mmap : bool, default=False
        Whether to map the arrays instead of reading them.

    Returns
    -------
    estimator
        An instance of `cls`.

    Raises
    ------
    VectorFileError
        If the file is damaged, from a later version, or of another class.
    """
    with opened(path) as source:
        if not container.looks_like(source):
            raise source.error(
                "this is no file of an estimator",
                "read_vectors reads files of word vectors",
            )
        name = source.name
        arrays, meta = container.load(source, mmap)
    if not isinstance(meta, dict) or meta.get("kind") != "estimator":
        raise VectorFileError(
            name,
            "a file of arrays, but not of an estimator",
            "read_vectors reads files of word vectors",
        )
    version = meta.get("version")
    if version != VERSION:
        is_later = not isinstance(version, int) or version > VERSION
        raise VectorFileError(
            name,
            f"written by sklearn-embed {meta.get('sklearn_embed')!r:.40}, in "
            f"{'a later' if is_later else 'an earlier'} version of the format",
            "Upgrade sklearn-embed" if is_later else "Fit the estimator again",
        )
    node = meta.get("estimator")
    found = node.get("estimator") if isinstance(node, dict) else None
    if found != cls.__name__:
        raise VectorFileError(
            name,
            f"it holds a {found!s:.60}, no {cls.__name__}",
            f"Call {found}.load" if str(found) in REGISTRY else _DAMAGED,
        )
    try:
        return _Reader(arrays, cls, check_finite=not mmap).value(node)
    except VectorFileError:
        raise
    except (
        *(KeyError, TypeError, ValueError, IndexError, AttributeError),
        RecursionError,
    ) as error:
        raise VectorFileError(name, f"its parts disagree: {error}", _DAMAGED) from error


def _parts(record):
    """Return the parts of a NamedTuple or dataclass, as its constructor takes them."""
    if isinstance(record, tuple):
        return record._asdict()
    return {field.name: getattr(record, field.name) for field in fields(record)}


class _Writer:
    """Turns values into JSON, and puts arrays and lists of strings aside."""

    def __init__(self):
        self.arrays = {}
        self._places, self._lists, self._numbers = {}, [], {}
        self._alive = []  # so that no id is given twice
        self._path = []  # names of what is being written, from the outside in

    def estimator(self, estimator):
        """Return an estimator's class, parameters and what was fitted."""
        params = {}
        for name, value in estimator.get_params(deep=False).items():
            is_source = name in estimator._vector_parameters
            if is_source and not isinstance(
                value, (str, os.PathLike, VectorFile, *REGISTRY.values())
            ):
                value = None if value is None else self._source(value)
            where = f"the parameter {name!r} of {type(estimator).__name__}"
            params[name] = self._part(name, value, where)
        state = {
            name: self._part(name, value, f"{type(estimator).__name__}.{name}")
            for name, value in estimator.__getstate__().items()
            if name not in params and name not in _PASSING
        }
        name = type(estimator).__name__
        return {"estimator": name, "params": params, "state": state}

    def _part(self, name, value, where):
        """Return a part of something as JSON; its arrays are named after it."""
        self._path.append(name)
        node = self.value(value, where)
        self._path.pop()
        return node

    def value(self, value, where):
        """Return any value as JSON."""
        if isinstance(value, tuple(REGISTRY.values())):
            return self._once(value, lambda: self.estimator(value))
        if ("source", id(value)) in self._numbers or any(
            hasattr(value, name)
            for name in ("key_to_index", "iloc", "wv", "to_word_vectors")
        ):
            value = self._source(value)
        if isinstance(value, WordVectors):
            parts = value.__getstate__()
            if value.subwords is not None:
                parts["subwords"] = value.subwords
            return self._once(
                value,
                lambda: {"vectors": {k: self._part(k, parts[k], where) for k in parts}},
            )
        if isinstance(value, np.ndarray) and value.ndim:
            return self._array(value, where)
        if isinstance(value, (np.generic, np.ndarray)):
            value = value.item()
        if value is None or isinstance(value, (bool, int, str)):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {"float": repr(value)}
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, VectorFile):
            options = self._part("options", value.options, where)
            return {"vector_file": [value.path, options]}
        if isinstance(value, type) and issubclass(value, np.number):
            return {"type": np.dtype(value).str}
        if isinstance(value, np.dtype):
            return {"dtype": value.str}
        return self._collection(value, where)

    def _collection(self, value, where):
        """Return what holds other values as JSON."""
        for name, record in _RECORDS.items():
            if type(value) is record:
                parts = _parts(value)
                return {name: [self._part(k, parts[k], where) for k in parts]}
        if isinstance(value, Mapping):
            return self._mapping(value, where)
        if isinstance(value, (set, frozenset)):
            return {"set": self.value(sorted(value), where)}
        if isinstance(value, list) and value and set(map(type, value)) == {str}:
            return {"strings": self._strings(value)}
        if type(value) in (list, tuple):
            items = [self.value(item, where) for item in value]
            return {type(value).__name__: items}
        raise TypeError(f"{where} is {value!r}: {_REMEDY}.")

    def _mapping(self, mapping, where):
        words, numbers = list(mapping), list(mapping.values())
        if (
            words
            and set(map(type, words)) == {str}
            and set(map(type, numbers)) <= {int}
        ):
            if numbers == list(range(len(words))):
                return {"index": self._strings(words)}
            numbers = self._array(np.array(numbers), where)
            return {"numbers": [self._strings(words), numbers]}
        pairs = [
            [self.value(key, where), self.value(value, where)]
            for key, value in mapping.items()
        ]
        return {"dict": pairs}

    def _array(self, array, where):
        """Put an array aside, unless it is there; views of the same are one."""
        if array.dtype.kind in "OU":
            return {"objects": self.value(array.tolist(), where)}
        key = (array.ctypes.data, array.shape, array.strides, array.dtype.str)
        if key not in self._places:
            self._alive.append(array)
            self._places[key] = self._name()
            self.arrays[self._places[key]] = array
        return {"array": self._places[key]}

    def _strings(self, strings):
        """Put a list of strings aside, unless an equal one is there."""
        for name in self._lists:
            if self.arrays[name] == strings:
                return name
        self._lists.append(self._name())
        self.arrays[self._lists[-1]] = strings
        return self._lists[-1]

    def _name(self):
        """Return the name under which what is being written is put aside."""
        name = first = ".".join(self._path)
        taken = {f"{name}{end}" for name in self.arrays for end in _ENDS}
        number = 1
        while any(f"{name}{end}" in taken for end in _ENDS):
            number += 1
            name = f"{first}:{number}"
        return name

    def _source(self, source):
        """Return a source of vectors as WordVectors, always the same ones."""
        if ("source", id(source)) not in self._numbers:
            self._alive.append(source)
            self._numbers["source", id(source)] = as_word_vectors(source)
        return self._numbers["source", id(source)]

    def _once(self, thing, make):
        """Write a thing where it comes first, and refer to it later."""
        if id(thing) in self._numbers:
            return {"same": self._numbers[id(thing)]}
        node = make()
        self._alive.append(thing)
        self._numbers[id(thing)] = sum(isinstance(k, int) for k in self._numbers)
        return node


class _Reader:
    """Turns JSON back into values."""

    def __init__(self, arrays, cls, check_finite):
        self._arrays, self._check_finite = arrays, check_finite
        self._classes = {**REGISTRY, cls.__name__: cls}
        self._things, self._depth = [], 0

    def value(self, node):
        """Return the value that a node of JSON stands for."""
        if not isinstance(node, dict):
            if node is None or isinstance(node, (bool, int, float, str)):
                return node
            raise ValueError("a bare list")
        if "estimator" in node:
            return self._estimator(node)
        ((kind, content),) = node.items()
        if kind in _RECORDS:
            return make_record(_RECORDS[kind], list(map(self.value, content)))
        return getattr(self, f"_{_KINDS[kind]}")(content)

    def _estimator(self, node):
        cls = self._classes[node["estimator"]]
        self._depth += 1
        params = {name: self.value(value) for name, value in node["params"].items()}
        try:
            estimator = cls(**params)
        except TypeError as error:
            raise ValueError(
                f"{error}; was it written by another version of sklearn-embed?"
            ) from error
        state = {name: self.value(value) for name, value in node["state"].items()}
        for name in state:
            if hasattr(cls, name) or name in params or "_" not in (name[0], name[-1]):
                raise ValueError(f"{name!r} is nothing that is fitted")
        estimator.__setstate__({**params, **state})
        if state:
            check_fitted(estimator, params)
            estimator._check_loaded()
        self._depth -= 1
        if self._depth:
            self._things.append(estimator)
        return estimator

    def _word_vectors(self, parts):
        parts = {name: self.value(part) for name, part in parts.items()}
        vectors = WordVectors(**parts, check_finite=self._check_finite)
        self._things.append(vectors)
        return vectors

    def _vector_file(self, content):
        path, options = content
        options = self.value(options)
        if options.get("format") == "gensim":
            raise ValueError("a file must not name pickles, which can run any code")
        return VectorFile(path, **options)

    def _strings(self, name):
        return self._typed(name, list)

    def _array(self, name):
        return self._typed(name, np.ndarray)

    def _typed(self, name, kind):
        value = self._arrays[name]
        if not isinstance(value, kind):
            raise ValueError(f"{name!r} is no {kind.__name__}")
        return value

    def _index(self, name):
        return {word: row for row, word in enumerate(self._strings(name))}

    def _numbered(self, content):
        name, numbers = content
        words, numbers = self._strings(name), self.value(numbers).tolist()
        return dict(zip(words, numbers, strict=True))

    def _objects(self, content):
        return np.array(self.value(content), object)

    def _dtype(self, code):
        if np.dtype(code).kind not in "biuf":
            raise ValueError(f"type {code}")
        return np.dtype(code)

    def _type(self, code):
        return self._dtype(code).type

    def _float(self, text):
        return float(text)

    def _list(self, items):
        return [self.value(item) for item in items]

    def _tuple(self, items):
        return tuple(self._list(items))

    def _set(self, items):
        return set(self.value(items))

    def _mapping(self, pairs):
        return {self.value(key): self.value(value) for key, value in pairs}

    def _earlier(self, number):
        return self._things[number]


#: What a node may be called, and the method that reads it.
_KINDS = {
    "vectors": "word_vectors",
    "vector_file": "vector_file",
    "strings": "strings",
    "array": "array",
    "index": "index",
    "numbers": "numbered",
    "objects": "objects",
    "dtype": "dtype",
    "type": "type",
    "float": "float",
    "list": "list",
    "tuple": "tuple",
    "set": "set",
    "dict": "mapping",
    "same": "earlier",
}
