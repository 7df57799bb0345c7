"""Damaged files of every kind, loaded and used; benchmarks/fuzz_io.py tries millions.

What kills a process or hangs fails the whole run, which is a failure, too.
"""

# SPDX-License-Identifier: BSD-3-Clause

import io

import numpy as np
import pytest
import saved_objects
import static_models
import vector_files

N_FILES = 25


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    return {
        **vector_files.kinds(folder),
        **static_models.kinds(folder),
        **saved_objects.kinds(folder),
    }


NAMES = [*vector_files.NAMES, *static_models.NAMES, *saved_objects.NAMES]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_what_is_loaded_from_a_damaged_file_can_be_used(kinds, name):
    kind = kinds[name]
    kind.use(kind.load(io.BytesIO(kind.intact)), True)
    for seed in range(N_FILES):
        damaged = kind.damaged(np.random.default_rng([seed, 7]))
        try:
            found = kind.load(io.BytesIO(damaged))
        except kind.refusals:
            continue
        try:
            kind.use(found, seed % 4 == 0)
        except (*kind.errors, TypeError, MemoryError):
            pass


def test_every_kind_is_tried(kinds):
    assert sorted(NAMES) == sorted(kinds)


def test_parts_are_put_together_again_as_they_were(kinds):
    kind = kinds["documents"]
    tensors, document = saved_objects.parts(kind.intact)
    again = kind.load(io.BytesIO(saved_objects.joined(tensors, document)))
    assert list(again) == list(kind.load(io.BytesIO(kind.intact)))
