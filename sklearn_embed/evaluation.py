"""Questions to word vectors: neighbours, analogies, test sets, linear algebra.

The queries and the test sets are gensim's own, asked over the same memory.  Every
function takes whatever :func:`sklearn_embed.io.as_word_vectors` takes, and pipelines
that end in an embedding.
"""

# SPDX-License-Identifier: BSD-3-Clause

import os
import tempfile

import numpy as np
from sklearn.preprocessing import normalize

from sklearn_embed._vectors import as_word_vectors

__all__ = [
    "AnalogyScorer",
    "WordPairScorer",
    "analogy",
    "doesnt_match",
    "embedding_report",
    "evaluate_word_analogies",
    "evaluate_word_pairs",
    "most_similar",
    "nearest_documents",
    "similarity",
    "singular_values",
]


def most_similar(vectors, positive=(), negative=(), topn=10):
    """Return the words nearest to a sum of words, by the cosine.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    positive, negative : str, ndarray, or list of these
        What to add, and what to subtract.
    topn : int, default=10
        How many words.

    Returns
    -------
    list of (str, float)
        Words and cosines, nearest first; the words asked about are left out.

    Raises
    ------
    KeyError
        If a word is unknown.

    Examples
    --------
    >>> from sklearn_embed.evaluation import most_similar
    >>> pets = {"cat": [1.0, 0.0], "kitten": [0.9, 0.1], "fish": [0.0, 1.0]}
    >>> most_similar(pets, "cat", topn=1)[0][0]
    'kitten'
    """
    keyed = _keyed(vectors)
    return keyed.most_similar(_listed(positive), _listed(negative), topn=topn)


def similarity(vectors, w1, w2):
    """Return the cosine of two words.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    w1, w2 : str
        Words.

    Returns
    -------
    float
        In [-1, 1].

    Raises
    ------
    KeyError
        If a word is unknown.
    """
    return float(_keyed(vectors).similarity(w1, w2))


def analogy(vectors, a, b, c, topn=1):
    """Answer "`a` is to `b` as `c` is to ..." by b - a + c.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    a, b, c : str
        Words: man, king, woman.
    topn : int, default=1
        How many answers.

    Returns
    -------
    list of (str, float)
        Words and cosines, best first; the three words themselves are left out.

    References
    ----------
    Mikolov, Yih and Zweig (2013), "Linguistic regularities in continuous space word
    representations".
    """
    return most_similar(vectors, [b, c], [a], topn)


def doesnt_match(vectors, words):
    """Return the word that is farthest from the mean of all.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    words : list of str
        Words; unknown ones are left out of the comparison.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If no word is known.
    """
    vectors = _embedding_of(vectors)
    known = [word for word in words if word in vectors]
    if not known:
        raise ValueError(f"none of {list(words)} is in the vocabulary")
    return vectors.to_keyed_vectors().doesnt_match(known)


def nearest_documents(embedder, documents, queries, topn=5):
    """Find the documents nearest to each query, by the cosine of their rows.

    Parameters
    ----------
    embedder : estimator
        A fitted transformer of documents.
    documents : sequence of documents
        Where to look.
    queries : sequence of documents
        What to look for.
    topn : int, default=5
        How many documents for each query.

    Returns
    -------
    pandas.DataFrame
        Columns "query" and "document" (positions), "similarity" (cosine); for each
        query the nearest first, equals in the order of the documents.  A row of zeros
        has the cosine 0 with everything.
    """
    import pandas as pd

    rows = normalize(np.asarray(embedder.transform(documents)))
    asked = normalize(np.asarray(embedder.transform(queries)))
    topn = min(topn, len(rows))
    cosines = asked @ rows.T
    nearest = np.argsort(-cosines, axis=1, kind="stable")[:, :topn]
    return pd.DataFrame(
        {
            "query": np.repeat(np.arange(len(asked)), topn),
            "document": nearest.ravel(),
            "similarity": np.take_along_axis(cosines, nearest, axis=1).ravel(),
        }
    )


def evaluate_word_pairs(
    vectors, pairs, *, restrict_vocab=300_000, case_insensitive=True
):
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

    keyed = _keyed(vectors)
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
    vectors, analogies, *, restrict_vocab=300_000, case_insensitive=True
):
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

    keyed = _keyed(vectors)
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

    def __init__(self, pairs, measure="spearman"):
        if measure not in ("spearman", "pearson"):
            raise ValueError(
                f"measure must be 'spearman' or 'pearson'; got {measure!r}"
            )
        self.pairs, self.measure = _read_pairs(pairs), measure

    def __call__(self, estimator, X=None, y=None):
        """Return the correlation; `X` and `y` have no bearing on it."""
        table = evaluate_word_pairs(estimator, {"pairs": self.pairs})
        return float(table[self.measure].iloc[0])

    def __repr__(self):
        """Say how many pairs there are, rather than list them."""
        return f"WordPairScorer({len(self.pairs)} pairs, {self.measure!r})"


class AnalogyScorer:
    """Score an embedding by analogies; for ``GridSearchCV(scoring=...)``.

    Parameters
    ----------
    analogies : path or sequence of (str, str, str, str)
        As in `evaluate_word_analogies`.
    restrict_vocab : int, default=30000
        Only this many first words count as known, and as answers.
    """

    def __init__(self, analogies, restrict_vocab=30_000):
        if not isinstance(analogies, (str, os.PathLike)):
            analogies = [tuple(words) for words in analogies]
        self.analogies, self.restrict_vocab = analogies, restrict_vocab

    def __call__(self, estimator, X=None, y=None):
        """Return the share of right answers; `X` and `y` have no bearing on it."""
        table = evaluate_word_analogies(
            estimator, self.analogies, restrict_vocab=self.restrict_vocab
        )
        return float(table["accuracy"].iloc[-1])


def singular_values(vectors):
    """Return the singular values of the matrix of vectors, largest first.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.

    Returns
    -------
    ndarray of shape (min(n_words, n_dimensions),), float64

    Notes
    -----
    Computed from the triangle of a QR decomposition that is built block by block, in
    float64 and in little memory, and not from the products of columns, which would
    lose half of the digits.
    """
    matrix = _embedding_of(vectors).vectors
    triangle = np.zeros((0, matrix.shape[1]))
    step = max(4 * matrix.shape[1], 1024)
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step].astype(np.float64)
        triangle = np.linalg.qr(np.vstack([triangle, block]), mode="r")
    return np.linalg.svd(triangle, compute_uv=False)


def embedding_report(vectors, *, n_sample=2000, random_state=0):
    """Describe an embedding as a matrix, beside the one-hot code of the same words.

    Parameters
    ----------
    vectors : object
        Word vectors of any kind.
    n_sample : int, default=2000
        Words drawn, without replacement, for the cosines between words.
    random_state : int, default=0
        Seed of that draw.

    Returns
    -------
    pandas.DataFrame
        Columns "embedding" and "one_hot", and the rows

        - "n_words" and "n_dimensions": the shape;
        - "rank": dimensions really spanned, at most the smaller of the two; one-hot
          vectors span as many as there are words;
        - "effective_rank": the exponential of the entropy of the squared singular
          values (as shares of their sum): how many directions carry the weight;
        - "largest_singular_value", "smallest_singular_value", "condition_number";
        - "first_direction_share": the largest squared singular value, as a share;
        - "mean_cosine", "mean_absolute_cosine", "largest_absolute_cosine" between
          different words: all 0 where the words are orthogonal;
        - "isotropy": in [0, 1], 1 if the words look alike from every direction;
        - "mean_norm": mean length of a vector.

    Notes
    -----
    Isotropy is min Z(c) / max Z(c), where Z(c) sums exp(c · w) over all words w, and c
    runs over the eigenvectors of the matrix of products of columns, in both
    directions (Mu and Viswanath 2018, equation 5).  One-hot vectors, whose
    eigenvectors are the axes, are given the value for one direction of each.

    References
    ----------
    Roy and Vetterli (2007), "The effective rank"; Mu and Viswanath (2018),
    "All-but-the-top".
    """
    import pandas as pd

    vectors = _embedding_of(vectors)
    matrix, n_words = vectors.vectors, len(vectors)
    if n_words < 2:
        raise ValueError(f"at least two words are needed; got {n_words}")
    values = singular_values(vectors)
    shares = values**2 / max((values**2).sum(), np.finfo(float).tiny)
    weighty = shares[shares > 0]
    # Rounding the numbers to float32 can change no singular value by more.
    threshold = np.sqrt((values**2).sum()) * np.finfo(np.float32).eps
    rng = np.random.default_rng(random_state)
    drawn = rng.choice(n_words, min(n_sample, n_words), replace=False)
    rows = normalize(matrix[drawn])
    cosines = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        condition = values[0] / values[-1]
    report = {
        "n_words": (n_words, n_words),
        "n_dimensions": (matrix.shape[1], n_words),
        "rank": (int((values > threshold).sum()), n_words),
        "effective_rank": (np.exp(-(weighty * np.log(weighty)).sum()), n_words),
        "largest_singular_value": (values[0], 1),
        "smallest_singular_value": (values[-1], 1),
        "condition_number": (condition, 1),
        "first_direction_share": (shares[0], 1 / n_words),
        "mean_cosine": (cosines.mean(), 0),
        "mean_absolute_cosine": (np.abs(cosines).mean(), 0),
        "largest_absolute_cosine": (np.abs(cosines).max(), 0),
        "isotropy": (_isotropy(matrix), 1),
        "mean_norm": (np.linalg.norm(matrix, axis=1).mean(dtype=np.float64), 1),
    }
    return pd.DataFrame.from_dict(
        report, orient="index", columns=["embedding", "one_hot"], dtype=np.float64
    )


def _isotropy(matrix, block=4096):
    """Return min Z / max Z over the eigenvectors of the products of columns."""
    products = np.zeros((matrix.shape[1],) * 2)
    for start in range(0, len(matrix), block):
        part = matrix[start : start + block].astype(np.float64)
        products += part.T @ part
    _, directions = np.linalg.eigh(products)
    directions = np.hstack([directions, -directions])
    # Sums of exponentials as logarithms, since long vectors would overflow.
    logs = np.full(directions.shape[1], -np.inf)
    for start in range(0, len(matrix), block):
        part = matrix[start : start + block] @ directions
        most = part.max(axis=0)
        sums = np.exp(part - most).sum(axis=0)
        logs = np.logaddexp(logs, np.log(sums) + most)
    return float(np.exp(logs.min() - logs.max()))


def _embedding_of(source):
    """Find the word vectors in what may be an estimator around them."""
    if hasattr(source, "steps"):  # a pipeline
        for _, step in reversed(source.steps):
            try:
                return _embedding_of(step)
            except (TypeError, ValueError):
                continue
        raise TypeError("no step of this pipeline has word vectors")
    if hasattr(source, "best_estimator_"):
        return _embedding_of(source.best_estimator_)
    if hasattr(source, "embedding_") and not hasattr(source, "words_"):
        return _embedding_of(source.embedding_)
    return as_word_vectors(source)


def _keyed(vectors):
    """Return gensim's view of word vectors of any kind."""
    return _embedding_of(vectors).to_keyed_vectors()


def _listed(words):
    """Return a list of what may be one word or one vector."""
    if isinstance(words, str) or (isinstance(words, np.ndarray) and words.ndim == 1):
        return [words]
    return list(words)


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
