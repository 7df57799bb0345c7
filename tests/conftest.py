"""What many tests are given."""

# SPDX-License-Identifier: BSD-3-Clause

import re
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


@pytest.fixture
def path(tmp_path):
    """Return the path of a file that does not exist yet."""
    return tmp_path / "vectors"
