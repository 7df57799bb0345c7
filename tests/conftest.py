"""What many tests are given."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

# gensim has no wheel for Python 3.14 yet: setup.cfg does not ask for it there.
WITHOUT_GENSIM = find_spec("gensim") is None
collect_ignore = [
    path.name
    for path in Path(__file__).parent.glob("test_*.py")
    if WITHOUT_GENSIM and re.search(r"(from|import) gensim", path.read_text("utf-8"))
]


#: These ask for it in another process, in a doctest, or by a number.
NEEDING_GENSIM = (
    "test_the_real_corpus_is_large_clean_and_the_same_in_two_processes",
    "test_example_of_the_readme",
    "test_examples_in_docstrings[sklearn_embed.evaluation._queries]",
    "test_examples_in_docstrings[sklearn_embed.plotting._analogy]",
)


def pytest_collection_modifyitems(items):
    """Leave out what needs gensim and cannot say so itself."""
    for item in items:
        if WITHOUT_GENSIM and item.name in NEEDING_GENSIM:
            item.add_marker(pytest.mark.skip(reason="needs gensim"))


@contextmanager
def _or_skip():
    try:
        yield
    except ModuleNotFoundError as error:
        if WITHOUT_GENSIM and (error.name or "").startswith("gensim"):
            pytest.skip("needs gensim")
        raise


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    """Skip a test whose fixtures ask for gensim where there is none."""
    with _or_skip():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip a test that asks for gensim where there is none."""
    with _or_skip():
        return (yield)


@pytest.fixture
def path(tmp_path):
    """Return the path of a file that does not exist yet."""
    return tmp_path / "vectors"
