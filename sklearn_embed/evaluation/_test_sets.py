"""Test sets: word pairs judged by people, and analogies."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sklearn_embed._core.typing import FilePath, VectorSource
from sklearn_embed.evaluation._source import keyed_vectors_of

if TYPE_CHECKING:
    import pandas as pd

#: Two words and people's judgement; four words of which the last is the answer.
Pairs: TypeAlias = FilePath | Iterable[tuple[str, str, float]]
Analogies: TypeAlias = FilePath | Iterable[tuple[str, str, str, str]]


def evaluate_word_pairs(
    vectors: VectorSource,
    pairs: Pairs | Mapping[str, Pairs],
    *,
    restrict_vocab: int = 300_000,
    case_insensitive: bool = True,
) -> pd.DataFrame:
    """Compare cosines with people's judgements of similarity.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    pairs : path, sequence of (str, str, float), or dict of these by name
        A file holds two words and a number on each line, separated by tabs, commas or
        blanks; lines that begin with ``#`` or hold no number are left out.
    restrict_vocab : int, default=300000
        Only this many first words count as known.
    case_insensitive : bool, default=True
        Whether "Cat" finds "cat".

    Returns
    -------
    pandas.DataFrame
        A row for each test set: "spearman" and "pearson" correlation with their
        "spearman_pvalue" and "pearson_pvalue", "n_pairs", "n_known".  NaN where fewer
        than two pairs are known.

    Raises
    ------
    ValueError
        If a test set holds no pairs.
    """
    import pandas as pd

    keyed = keyed_vectors_of(vectors)
    known = set(keyed.index_to_key[:restrict_vocab])
    if case_insensitive:
        known = {word.upper() for word in known}
    sets = pairs if isinstance(pairs, dict) else {_name_of(pairs): pairs}
    table = {}
    for name, source in sets.items():
        triples = _read_pairs(source)
        row = {"n_pairs": len(triples), "n_known": _n_known(triples, known)}
        results = [(np.nan, np.nan)] * 2
        if row["n_known"] > 1:
            lines = ["\t".join(map(str, triple)) for triple in triples]
            results = _with_file(
                lines,
                lambda path: keyed.evaluate_word_pairs(
                    path,
                    restrict_vocab=restrict_vocab,
                    case_insensitive=case_insensitive,
                ),
            )
        for measure, result in zip(("pearson", "spearman"), results, strict=False):
            row[measure], row[f"{measure}_pvalue"] = map(float, result)
        table[name] = row
    order = ["spearman", "spearman_pvalue", "pearson", "pearson_pvalue"]
    order += ["n_pairs", "n_known"]
    return pd.DataFrame.from_dict(table, orient="index")[order]


def evaluate_word_analogies(
    vectors: VectorSource,
    analogies: Analogies,
    *,
    restrict_vocab: int = 300_000,
    case_insensitive: bool = True,
) -> pd.DataFrame:
    """Count the analogies that b - a + c answers rightly.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    analogies : path or sequence of (str, str, str, str)
        A file holds four words on each line, and ``: name`` before each section.
    restrict_vocab : int, default=300000
        Only this many first words count as known, and as answers.
    case_insensitive : bool, default=True
        Whether "Athens" finds "athens".

    Returns
    -------
    pandas.DataFrame
        A row for each section and a last one, "total": "accuracy", "n_correct" and
        "n_known", the number of questions whose four words are known.  Accuracy is
        NaN where none is.
    """
    import pandas as pd

    keyed = keyed_vectors_of(vectors)
    options = {"restrict_vocab": restrict_vocab, "case_insensitive": case_insensitive}
    if isinstance(analogies, (str, os.PathLike)):
        _, sections = keyed.evaluate_word_analogies(os.fspath(analogies), **options)
    else:
        lines = [": questions", *(" ".join(words) for words in analogies)]
        _, sections = _with_file(
            lines, lambda path: keyed.evaluate_word_analogies(path, **options)
        )
    names = [section["section"] for section in sections[:-1]]
    frame = pd.DataFrame(index=[*names, "total"])
    frame["n_correct"] = [len(section["correct"]) for section in sections]
    wrong = np.array([len(section["incorrect"]) for section in sections])
    frame["n_known"] = frame["n_correct"] + wrong
    frame.insert(0, "accuracy", frame["n_correct"] / frame["n_known"])
    return frame


class WordPairScorer:
    """Score an embedding by people's judgements; for ``GridSearchCV(scoring=...)``.

    Parameters
    ----------
    pairs : path or sequence of (str, str, float)
        As in `evaluate_word_pairs`; read once, at once.
    measure : {"spearman", "pearson"}, default="spearman"
        Which correlation to return.

    Examples
    --------
    >>> from sklearn_embed.evaluation import WordPairScorer
    >>> scorer = WordPairScorer([("cat", "dog", 9.0), ("cat", "car", 1.0)])
    >>> pets = {"cat": [1.0, 0.0], "dog": [0.9, 0.1], "car": [0.0, 1.0]}
    >>> round(scorer(pets), 6)
    1.0
    """

    def __init__(self, pairs: Pairs, measure: str = "spearman") -> None:
        if measure not in ("spearman", "pearson"):
            raise ValueError(
                f"measure must be 'spearman' or 'pearson'; got {measure!r}"
            )
        self.pairs, self.measure = _read_pairs(pairs), measure

    def __call__(
        self, estimator: VectorSource, X: object = None, y: object = None
    ) -> float:
        """Return the correlation; `X` and `y` have no bearing on it."""
        table = evaluate_word_pairs(estimator, {"pairs": self.pairs})
        return float(table[self.measure].iloc[0])


class AnalogyScorer:
    """Score an embedding by analogies; for ``GridSearchCV(scoring=...)``.

    Parameters
    ----------
    analogies : path or sequence of (str, str, str, str)
        As in `evaluate_word_analogies`.
    restrict_vocab : int, default=30000
        Only this many first words count as known, and as answers.
    """

    def __init__(self, analogies: Analogies, restrict_vocab: int = 30_000) -> None:
        self.analogies: Any = analogies
        if not isinstance(analogies, (str, os.PathLike)):
            self.analogies = [tuple(words) for words in analogies]
        self.restrict_vocab = restrict_vocab

    def __call__(
        self, estimator: VectorSource, X: object = None, y: object = None
    ) -> float:
        """Return the share of right answers; `X` and `y` have no bearing on it."""
        table = evaluate_word_analogies(
            estimator, self.analogies, restrict_vocab=self.restrict_vocab
        )
        return float(table["accuracy"].iloc[-1])


def _name_of(pairs):
    """Return the name of a file without its ending, or "pairs"."""
    if isinstance(pairs, (str, os.PathLike)):
        return os.path.splitext(os.path.basename(os.fspath(pairs)))[0]
    return "pairs"


def _read_pairs(source):
    """Return a list of (word, word, number) from a file or a sequence."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, encoding="utf-8") as stream:
            lines = [line.strip() for line in stream]
        rows = [_fields(line) for line in lines if line and not line.startswith("#")]
    else:
        if hasattr(source, "itertuples"):
            source = source.itertuples(index=False)
        rows = [tuple(row) for row in source]
    triples = []
    for row in rows:
        try:
            first, second, number = row
            triples.append((str(first), str(second), float(number)))
        except ValueError:
            continue  # a heading, or a line of something else
    if not triples:
        raise ValueError(f"no lines of two words and a number in {_name_of(source)!r}")
    return triples


def _fields(line):
    """Split a line at tabs, else commas, else blanks."""
    for separator in ("\t", ","):
        if separator in line:
            return line.split(separator)
    return line.split()


def _n_known(triples, known):
    """Count the pairs of which both words are known, in either spelling."""
    return sum(
        all(word in known or word.upper() in known for word in pair)
        for *pair, _ in triples
    )


def _with_file(lines, use):
    """Give gensim, which reads files only, a file for the time of a call."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "questions")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("\n".join(lines))
        return use(path)
