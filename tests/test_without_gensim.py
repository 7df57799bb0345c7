"""Where gensim is not installed, everything works that does not exchange with it."""
# SPDX-License-Identifier: BSD-3-Clause

import os
import subprocess
import sys
from pathlib import Path

import sklearn_embed

SCRIPT = """
import sys
sys.modules["gen" + "sim"] = None  # any import of it raises
import sklearn_embed
from sklearn_embed.evaluation import similarity
texts = ["the cat sat on the mat", "the dog sat on the log"] * 10
model = sklearn_embed.Word2VecVectorizer(4, min_count=1, random_state=0).fit(texts)
assert model.transform(texts).shape == (20, 4)
assert -1 <= similarity(model, "cat", "dog") <= 1
rows = sklearn_embed.MeanPoolEmbedder(model).fit_transform(texts)
model.save("model")
again = sklearn_embed.Word2VecVectorizer.load("model")
assert (again.vectors_ == model.vectors_).all()
sklearn_embed.io.write_vectors(model, "vectors.txt")
assert len(sklearn_embed.io.read_vectors("vectors.txt")) == len(model.words_)
try:
    model.to_keyed_vectors()
except ModuleNotFoundError as error:
    print(error)
"""


def test_training_and_files_need_no_other_library(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(sklearn_embed.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "gen" + "sim" in done.stdout
