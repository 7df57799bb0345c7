"""Test sets: word pairs judged by people, and analogies."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, TypeAlias

from sklearn_embed._core.typing import FilePath, VectorSource
from sklearn_embed._vectors.static import composed
from sklearn_embed.evaluation._lines import name_of
from sklearn_embed.evaluation._pairs import correlations, read_pairs
from sklearn_embed.evaluation._questions import count_right, read_sections
from sklearn_embed.evaluation._source import embedding_of
from sklearn_embed.evaluation._spellings import Spellings

if TYPE_CHECKING:
    import pandas as pd

#: Two words and people's judgement; four words of which the last is the answer.
Pairs: TypeAlias = FilePath | Iterable[tuple[str, str, float] | str]
Analogies: TypeAlias = FilePath | Iterable[tuple[str, str, str, str] | str]


def evaluate_word_pairs(
    vectors: VectorSource,
    pairs: Pairs | Mapping[str, Pairs],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    oov: str = "skip",
) -> pd.DataFrame:
    """Compare cosines with people's judgements of similarity.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.  Of a static model, which has vectors of pieces of
        words, each word gets the mean of its pieces.
    pairs : path, sequence of (str, str, float), table, or dict of these by name
        The words are the first two columns, the judgement is the first column behind
        them that holds numbers; further ones are passed over.  So SimLex-999,
        SimVerb-3500, RareWords, WordSim-353, MEN and others are read as they are
        distributed.  A file is UTF-8, may be compressed (gzip, bzip2, xz, zip), and
        is split at tabs, semicolons, commas, bars, blanks or colons, whichever makes
        most lines usable.  Lines of comment (``# ...``) and a heading are passed over.
    restrict_vocab : int or None, default=300000
        Only this many first words count as known.  None: all.
    case_insensitive : bool, default=True
        Whether "Cat" finds "cat" where there is no "Cat".
    oov : {"skip", "subword"}, default="skip"
        "subword": unknown words get vectors made of their n-grams, where the vectors
        know any, and count as known.

    Returns
    -------
    pandas.DataFrame
        A row for each test set: "spearman" and "pearson" correlation with their
        "spearman_pvalue" and "pearson_pvalue", "n_pairs", "n_known", and "n_skipped",
        the number of rows that could not be read.  NaN where fewer than two pairs are
        known, or where all judgements or all cosines are equal.

    Raises
    ------
    ValueError
        If a test set holds no pairs, or a file is not UTF-8.

    Warns
    -----
    UserWarning
        If rows could not be read, or hold NaN: they are left out.

    Notes
    -----
    gensim compares words in capitals, so that maße and masse are one to it; here an
    exact spelling comes first.
    """
    import pandas as pd

    if oov not in ("skip", "subword"):
        raise ValueError(f"oov must be 'skip' or 'subword'; got {oov!r}")
    sets = _sets(pairs)
    vectors = embedding_of(vectors)
    looked_up = vectors, Spellings(vectors, _checked(restrict_vocab), case_insensitive)
    table = {}
    for name, source in sets.items():
        triples = read_pairs(source, name)
        if vectors.tokenizer is not None:
            words = composed(vectors, (word for *pair, _ in triples for word in pair))
            looked_up = words, Spellings(words, None, case_insensitive)
        row = {"n_pairs": len(triples), "n_skipped": triples.n_skipped}
        found, lookup = looked_up
        row |= correlations(found, triples, lookup, subword=oov == "subword")
        table[name] = row
    order = ["spearman", "spearman_pvalue", "pearson", "pearson_pvalue"]
    order += ["n_pairs", "n_known", "n_skipped"]
    return pd.DataFrame.from_dict(table, orient="index")[order]


def evaluate_word_analogies(
    vectors: VectorSource,
    analogies: Analogies | Mapping[str, Analogies],
    *,
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
) -> pd.DataFrame:
    """Count the analogies that b - a + c answers rightly.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    analogies : path, sequence of (str, str, str, str), table, or dict of these
        A file holds four words on each line, separated as those of
        `evaluate_word_pairs`, and ``: name`` before each section.  The keys of a dict
        name sections.
    restrict_vocab : int or None, default=300000
        Only this many first words count as known, and as answers.  None: all.
    case_insensitive : bool, default=True
        Whether "Athens" finds "athens" where there is no "Athens", and is the right
        answer where "athens" is wanted.

    Returns
    -------
    pandas.DataFrame
        A row for each section and a last one, "total": "accuracy", "n_correct",
        "n_known", the number of questions whose four words are known, and
        "n_questions".  Accuracy is NaN where no question is known.

    Raises
    ------
    ValueError
        If there are no questions, or a file is not UTF-8.

    Warns
    -----
    UserWarning
        If lines do not hold four words: they are left out.
    """
    import pandas as pd

    sections = read_sections(analogies, name_of(analogies, "analogies"))
    vectors = embedding_of(vectors)
    if vectors.tokenizer is not None:
        raise ValueError(
            "a static model has vectors of pieces of words, among which no answer is "
            "to be found: give read_vectors(folder, vocabulary=words), with all words "
            "that may be one"
        )
    lookup = Spellings(vectors, _checked(restrict_vocab), case_insensitive)
    counts: list[tuple[int, ...]] = []
    for _, questions in sections:
        n_known, n_correct = count_right(
            vectors, questions, lookup, case_insensitive=case_insensitive
        )
        counts.append((n_correct, n_known, len(questions)))
    counts.append(tuple(map(sum, zip(*counts, strict=True))))
    frame = pd.DataFrame(
        counts,
        index=[*(name for name, _ in sections), "total"],
        columns=["n_correct", "n_known", "n_questions"],
    )
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
        self.pairs = read_pairs(pairs, name_of(pairs, "pairs"))
        self.measure = measure

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
        As in `evaluate_word_analogies`; read once, at once.
    restrict_vocab : int or None, default=30000
        Only this many first words count as known, and as answers.
    """

    def __init__(
        self,
        analogies: Analogies | Mapping[str, Analogies],
        restrict_vocab: int | None = 30_000,
    ) -> None:
        self.analogies = read_sections(analogies, name_of(analogies, "analogies"))
        self.restrict_vocab = restrict_vocab

    def __call__(
        self, estimator: VectorSource, X: object = None, y: object = None
    ) -> float:
        """Return the share of right answers; `X` and `y` have no bearing on it."""
        table = evaluate_word_analogies(
            estimator, self.analogies, restrict_vocab=self.restrict_vocab
        )
        return float(table["accuracy"].iloc[-1])


def _sets(pairs):
    """Return name → test set."""
    if not isinstance(pairs, Mapping):
        return {name_of(pairs, "pairs"): pairs}
    if not pairs:
        raise ValueError("pairs is an empty dict: there is no test set in it")
    if all(isinstance(key, tuple) for key in pairs):  # (word, word) → number
        return {"pairs": pairs}
    return pairs


def _checked(restrict_vocab):
    """Return a number of words, or None, if it makes sense."""
    whole = isinstance(restrict_vocab, Integral) and restrict_vocab > 0
    if restrict_vocab is not None and not whole:
        raise ValueError(
            f"restrict_vocab must be a positive integer or None; got {restrict_vocab!r}"
        )
    return restrict_vocab
