"""Values turned into JSON, arrays and lists of strings; see `persistence`."""

# SPDX-License-Identifier: BSD-3-Clause

import math
import os
from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from sklearn_embed._estimators.records import RECORDS, REGISTRY
from sklearn_embed._estimators.snapshot import fitted_state
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import VectorFile, as_word_vectors

# What the container adds to the name of a list of strings.
_ENDS = ("", ".text", ".ends")
_REMEDY = (
    "a file of plain values and arrays cannot hold it. Set it to a plain value first, "
    "or write the estimator by joblib.dump or skops.io.dump"
)


def _parts(record):
    """Return the parts of a NamedTuple or dataclass, as its constructor takes them."""
    if isinstance(record, tuple):
        return record._asdict()
    return {field.name: getattr(record, field.name) for field in fields(record)}


class Writer:
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
            for name, value in fitted_state(estimator).items()
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
            if value.tokenizer is not None:
                parts["tokenizer"] = value.tokenizer
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
        for name, record in RECORDS.items():
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
