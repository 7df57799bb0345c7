"""scikit-learn's own tests of CountVectorizer, run on OneHotTokens.

    python benchmarks/sklearn_text_tests.py

The test module is imported from the installed scikit-learn, with a class in
CountVectorizer's place that has its parameters and OneHotTokens' methods.  Only tests
in which that class is used are counted.
"""

import ast
import inspect
import sys
from collections import defaultdict

import numpy as np
import pytest
import sklearn.feature_extraction.text as sklearn_text

from sklearn_embed import OneHotTokens

MODULE = "sklearn.feature_extraction.tests.test_text"

#: Why tests do not pass; of others, that it says something in other words.
REASONS = {
    "test_word_analyzer_unigrams": "input='file', where we have paths",
    "test_word_ngram_analyzer": "input='file', where we have paths",
    "test_char_ngram_analyzer": "input='file', where we have paths",
    "test_char_wb_ngram_analyzer": "input='file', where we have paths",
    "test_callable_analyzer_error": "input='file', where we have paths",
    "test_callable_analyzer_reraise_error": "input='file', where we have paths",
    "test_countvectorizer_stop_words": "the method get_stop_words",
    "test_stop_word_validation_custom_preprocessor": "private methods",
    "test_feature_names": "the attribute fixed_vocabulary_",
    "test_vectorizer": "the attribute fixed_vocabulary_",
    "test_countvectorizer_sort_features_64bit_sparse_indices": "a private method",
}

#: How a failure reads if the right kind of error or warning has other words.
OTHER_WORDS = ("Actual message:", "Emitted warnings: [ UserWarning", "UserWarning(")


class Counts(OneHotTokens):
    """OneHotTokens under CountVectorizer's parameters."""

    min_count, max_length, handle_unknown = 1, None, "auto"
    padding = truncating = "post"

    def __init__(
        self,
        *,
        input="content",
        encoding="utf-8",
        decode_error="strict",
        strip_accents=None,
        lowercase=True,
        preprocessor=None,
        tokenizer=None,
        stop_words=None,
        token_pattern=r"(?u)\b\w\w+\b",
        ngram_range=(1, 1),
        analyzer="word",
        max_df=1.0,
        min_df=1,
        max_features=None,
        vocabulary=None,
        binary=False,
        dtype=np.int64,
    ):
        self.input, self.encoding, self.decode_error = input, encoding, decode_error
        self.strip_accents, self.lowercase = strip_accents, lowercase
        self.preprocessor, self.tokenizer = preprocessor, tokenizer
        self.stop_words, self.token_pattern = stop_words, token_pattern
        self.ngram_range, self.analyzer = ngram_range, analyzer
        self.max_df, self.min_df, self.max_features = max_df, min_df, max_features
        self.vocabulary, self.binary, self.dtype = vocabulary, binary, dtype

    @property
    def output(self):
        """What `binary` asks for."""
        return "binary" if self.binary else "count"


Counts.__name__ = Counts.__qualname__ = "CountVectorizer"
CountVectorizer = Counts  # by this name it is pickled
Counts._parameter_constraints = {
    name: constraint
    for name, constraint in {
        **OneHotTokens._parameter_constraints,
        "binary": ["boolean"],
        "input": [str],
    }.items()
    if name in inspect.signature(Counts).parameters
}


class Record:
    """Collects outcomes and what failures say: a plugin of pytest."""

    def __init__(self):
        self.outcomes, self.errors = {}, defaultdict(str)

    def pytest_runtest_logreport(self, report):
        """Keep the outcome of a test."""
        name = report.nodeid.rpartition("::")[2]
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[name] = report.outcome
        if report.failed:
            self.errors[name] = str(report.longrepr).strip().rpartition("\n")[2]


def tests_of_the_class(module):
    """Return the names of tests whose source, parameters included, names the class."""
    tree = ast.parse(inspect.getsource(module))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test")
        and any(
            getattr(part, "id", None) == "CountVectorizer" for part in ast.walk(node)
        )
    }


def main():
    """Run the tests and print what passes, what does not, and why."""
    sklearn_text.CountVectorizer = Counts
    __import__(MODULE)
    module = sys.modules[MODULE]
    record, names = Record(), tests_of_the_class(module)
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "-W",
        "ignore",
        "--tb=short",
    ]
    pytest.main([*options, module.__file__, "--rootdir=/", *sys.argv[1:]], [record])
    outcomes = {
        name: outcome
        for name, outcome in record.outcomes.items()
        if name.partition("[")[0] in names
        # Of parametrized tests, the cases of this class.
        and ("[" not in name or ("Tfidf" not in name and "Hashing" not in name))
    }
    groups = defaultdict(list)
    for name, outcome in outcomes.items():
        why = REASONS.get(name.partition("[")[0])
        if outcome == "passed":
            groups["pass"].append(name)
        elif any(words in record.errors[name] for words in OTHER_WORDS):
            groups["pass but for the words of a message"].append(name)
        elif why is not None:
            groups["do not apply"].append(f"{name}: {why}")
        else:
            groups["fail"].append(f"{name}: {record.errors[name][:300]}")
    print(f"\nOf {len(outcomes)} tests that use CountVectorizer")
    for group, members in groups.items():
        print(f"{len(members)} {group}")
        for name in members if group != "pass" else ():
            print(f"    {name}")


if __name__ == "__main__":
    main()
