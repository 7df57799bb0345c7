"""What many tests are given."""

# SPDX-License-Identifier: BSD-3-Clause

import pytest


@pytest.fixture
def path(tmp_path):
    """Return the path of a file that does not exist yet."""
    return tmp_path / "vectors"
