"""JSON, arrays and lists of strings turned back into values; see `persistence`."""

# SPDX-License-Identifier: BSD-3-Clause

from types import NoneType

import numpy as np

from sklearn_embed._estimators.last_vectors import made_by
from sklearn_embed._estimators.loading import check_fitted, make_record
from sklearn_embed._estimators.records import RECORDS, REGISTRY
from sklearn_embed._models.quantize import QuantizedFastText
from sklearn_embed._text.tokens import TextOptions
from sklearn_embed._vectors.word_vectors import WordVectors
from sklearn_embed.io._sources import VectorFile


class Reader:
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
        if kind in RECORDS:
            return make_record(RECORDS[kind], list(map(self.value, content)))
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
        made = made_by(cls)
        is_made = not isinstance(state.get("_model"), (NoneType, QuantizedFastText))
        for name in made:
            if is_made and name not in state:
                raise ValueError(f"{name!r} is missing")
        for name in state:
            is_own = hasattr(cls, name) and name not in made
            if is_own or name in params or "_" not in (name[0], name[-1]):
                raise ValueError(f"{name!r} is nothing that is fitted")
        if not isinstance(state.get("_text_options", TextOptions()), TextOptions):
            raise ValueError("_text_options is none")
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
