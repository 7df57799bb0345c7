"""Rows of static models beside those of model2vec and WordLlama: equal, and how fast.

Run ``python benchmarks/static_models.py PEER [--texts CSV]``.  PEER is the Python of
an environment with ``pip install model2vec wordllama``, so that neither has to live in
ours.  Models are made up, with tokenizers of three kinds, every type of number, and
rows that pieces share; WordLlama's real one is there, too.  All run on one thread; the
ratio is that of processor time, the least of some turns.

Where a text repeats a piece hundreds of times, the peers' sums in float32 lose digits.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from itertools import islice

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))

#: Characters that made-up texts consist of, those that tokenizers trip over included.
ALPHABET = [*"abcdehmnorstu  ,.'-ÀéñüßŁ№", " the ", " cat", "日本", "кош", "😀", "\n\t"]
ALPHABET += ["\u0301", "\u200d", "\ufdfa", "\x00", "[UNK]", "[CLS]", "▁", "<unk>"]

TURNS = 5


def made_up(n_texts, seed=0):
    """Return texts of characters drawn."""
    rng = np.random.default_rng(seed)
    sizes = rng.geometric(0.02, n_texts)
    return ["".join(rng.choice(ALPHABET, size)) for size in sizes] + [
        "",
        " ",
        "x" * 9999,
    ]


def write_models(folder):
    """Write a folder for each kind of model; return their names."""
    import static_models as static

    for name, make in static.TOKENIZERS.items():
        tokenizer = make()
        matrix = static.matrix_of(tokenizer, 32)
        size = len(matrix)
        rng = np.random.default_rng(1)
        shared = {
            "embeddings": matrix[:5],
            "mapping": rng.integers(0, 5, size),
            "weights": rng.random(size),
        }
        kinds = {
            "float32": ({"embeddings": matrix}, {}),
            "float64": ({"embeddings": matrix.astype("<f8")}, {}),
            "float16": ({"embeddings": matrix.astype("<f2")}, {}),
            "int8": ({"embeddings": (40 * matrix).astype("i1")}, {"normalize": True}),
            "unit": ({"embeddings": matrix}, {"normalize": True}),
            "long": ({"embeddings": matrix}, {"max_length": None}),
            "short": ({"embeddings": matrix}, {"max_length": 7}),
            "shared": (shared, {"normalize": True}),
            "weighted": ({"embeddings": matrix, "weights": shared["weights"]}, {}),
        }
        for kind, (arrays, config) in kinds.items():
            static.write(folder / f"{name} {kind}", tokenizer, arrays, **config)
    return sorted(path.name for path in folder.iterdir())


def read_texts(path, n_texts):
    """Return the first texts of a table."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [row["text"] for row in islice(csv.DictReader(stream), n_texts)]


def timed(encode, texts):
    """Return rows and the least seconds of processor time of some turns."""
    rows, seconds = encode(texts[:10]), []
    for _ in range(TURNS):
        start = time.process_time()
        rows = encode(texts)
        seconds.append(time.process_time() - start)
    return rows, min(seconds)


def as_peer(folder):
    """Write the rows of the other packages for what lies in a folder."""
    import wordllama
    from model2vec import StaticModel
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    texts = json.loads((folder / "texts.json").read_text("utf-8"))
    real = json.loads((folder / "real.json").read_text("utf-8"))
    rows, seconds = {}, {}
    for path in sorted((folder / "models").iterdir()):
        model = StaticModel.from_pretrained(path)
        rows[path.name] = model.encode(texts, use_multiprocessing=False)
    # Its own loader looks for the tokenizer elsewhere, and downloads it.
    package = pathlib.Path(wordllama.__file__).parent
    matrix = load_file(package / "weights/l2_supercat_256.safetensors")
    tokenizer = package / "tokenizers/l2_supercat_tokenizer_config.json"
    llama = wordllama.WordLlamaInference(
        matrix["embedding.weight"], Tokenizer.from_file(str(tokenizer))
    )
    rows["WordLlama"], seconds["wordllama"] = timed(llama.embed, real)
    model = StaticModel(llama.embedding, llama.tokenizer, max_length=None)

    def encode(some):
        return model.encode(some, use_multiprocessing=False)

    rows["WordLlama by model2vec"], seconds["model2vec"] = timed(encode, real)
    seconds["folder"] = str(package)
    np.savez(folder / "rows.npz", **rows)
    (folder / "seconds.json").write_text(json.dumps(seconds))


def main(options):
    from sklearn_embed import MeanPoolEmbedder

    real = (
        read_texts(options.texts, options.n_texts) if options.texts else made_up(2000)
    )
    with tempfile.TemporaryDirectory() as name:
        folder, texts = pathlib.Path(name), made_up(options.made_up)
        names = write_models(folder / "models")
        (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
        (folder / "real.json").write_text(json.dumps(real), "utf-8")
        environment = {**os.environ, "TOKENIZERS_PARALLELISM": "false"}
        environment.pop("PYTHONPATH", None)
        command = [options.peer, __file__, "--as-peer", str(folder), "-"]
        subprocess.run(command, check=True, env=environment)
        theirs = np.load(folder / "rows.npz")
        seconds = json.loads((folder / "seconds.json").read_text())
        for name in names:
            model = MeanPoolEmbedder(folder / "models" / name).fit(["the cat"])
            rows, other = model.transform(texts), theirs[name]
            # Their sums of half floats are rounded to half floats again.
            error = np.abs(rows.astype(other.dtype) - other).max()
            print(f"{name:20s} {other.dtype!s:8s} largest difference {error:.1e}")
        model = MeanPoolEmbedder(seconds["folder"]).fit(real[:100])
        rows, ours = timed(model.transform, real)
        for name in ("WordLlama", "WordLlama by model2vec"):
            error = np.abs(rows - theirs[name]).max()
            print(f"{name:29s} largest difference {error:.1e}")
    for name in ("wordllama", "model2vec"):
        here, there = len(real) / ours, len(real) / seconds[name]
        print(f"{here:,.0f} texts a second, {there:,.0f} by {name}: {here / there:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("peer", help="a Python with model2vec and wordllama")
    parser.add_argument("--texts", help="a table of texts, .csv.gz")
    parser.add_argument("--n-texts", type=int, default=4000, help="of that table")
    parser.add_argument("--made-up", type=int, default=300, help="texts made up")
    parser.add_argument("--as-peer", type=pathlib.Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    sys.exit(as_peer(given.as_peer) if given.as_peer else main(given))
