"""Compare predictions with fastText's own, on models that fastText trained.

Needs the `fasttext-wheel` package in an environment of its own (it wants numpy < 2):

    python3 -m venv ft && ft/bin/pip install fasttext-wheel "numpy<2"
    python benchmarks/fasttext_equality.py --fasttext ft/bin/python FOLDER

FOLDER holds ag_news.csv.gz, ru_ruslit_authors.csv.gz and zh_waimai_10k.csv.gz, with a
column of texts and one of labels.  For each language fastText trains a model with each
loss, one of several labels a document, a quantised one and an unsupervised one.  Then
classifiers trained and quantised here are written, and fastText predicts with them.

fastText adds 1e-5 to a probability before it takes the logarithm ("softmax" once, "hs"
at every node), and reads sigmoids ("ns", "ova") from a table of 512 steps: about 1e-5 a
turn and 8e-3 of the differences are that.  The last column adds the same to ours ("hs":
to each node on the way), and shows what is left.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

SETS = ["ag_news", "ru_ruslit_authors", "zh_waimai_10k"]
SUPERVISED = ["softmax", "hs", "ns", "ova", "several", "quantised"]
ROWS, TESTED = 4000, 1000

#: Run by the other environment: trains, predicts, and writes what it found.
THERE = """
import json, sys
import fasttext
import numpy as np
folder, name = sys.argv[1:]
texts = json.load(open(f"{folder}/{name}.json"))
plain = {"dim": 20, "epoch": 5, "thread": 1, "minCount": 1, "verbose": 0}
grams = {"wordNgrams": 2, "minn": 2, "maxn": 3, "bucket": 20000}
kinds = {
    "softmax": {"loss": "softmax"},
    "hs": {"loss": "hs", **grams},
    "ns": {"loss": "ns"},
    "ova": {"loss": "ova", **grams},
    "several": {"loss": "ova"},
    "quantised": {"loss": "softmax", **grams},
}
out = {}
for kind, params in kinds.items():
    source = f"{folder}/{name}.{'many' if kind == 'several' else 'one'}.txt"
    model = fasttext.train_supervised(source, lr=0.5, **plain, **params)
    path = f"{folder}/{name}.{kind}.bin"
    if kind == "quantised":
        model.quantize(input=source, cutoff=20000, retrain=False, qnorm=True)
        path = path[:-3] + "ftz"
    model.save_model(path)
    labels, shares = zip(*[model.predict(text, k=-1) for text in texts])
    rows = [model.get_sentence_vector(text).tolist() for text in texts]
    out[kind] = [path, [list(x) for x in labels], [x.tolist() for x in shares], rows]
model = fasttext.train_unsupervised(
    f"{folder}/{name}.plain.txt", model="skipgram", **plain, bucket=20000
)
path = f"{folder}/{name}.plain.bin"
model.save_model(path)
rows = [model.get_sentence_vector(text).tolist() for text in texts]
out["unsupervised"] = [path, None, None, rows]
json.dump(out, open(f"{folder}/{name}.out.json", "w"))
"""

#: Run by the other environment: predicts with files that were written here.
THERE_AGAIN = """
import json, sys
import fasttext
folder, name, *paths = sys.argv[1:]
texts = json.load(open(f"{folder}/{name}.json"))
out = {}
for path in paths:
    model = fasttext.load_model(path)
    labels, shares = zip(*[model.predict(text, k=-1) for text in texts])
    rows = [model.get_sentence_vector(text).tolist() for text in texts]
    out[path] = [path, [list(x) for x in labels], [x.tolist() for x in shares], rows]
json.dump(out, open(f"{folder}/{name}.again.json", "w"))
"""

#: What fastText's files know.
MEANS = {
    "normalization": "l1",
    "weights": None,
    "word_ngrams": 1,
    "learning_rate": 0.5,
    "random_state": 0,
}

#: How classifiers are trained here, and made smaller.
GRAMS = {"word_ngrams": 2, "min_n": 2, "max_n": 3, "bucket": 20_000}
OURS = {
    "all, codes": ({}, {}),
    "n-grams, codes": (GRAMS, {}),
    "n-grams, norms": (GRAMS, {"qnorm": True}),
    "cutoff": (GRAMS, {"cutoff": 3000, "qnorm": True}),
    "few": (GRAMS, {"cutoff": 60}),
    "retrained": (GRAMS, {"cutoff": 3000, "retrain": True, "dsub": 3}),
    "tree, outputs": (
        {**GRAMS, "loss": "hierarchical_softmax"},
        {"qout": True, "cutoff": 9000},
    ),
    "ova, outputs": ({"loss": "one_vs_all"}, {"qout": True, "qnorm": True}),
}


def main():
    """Train there, predict here, and print the largest differences; then turn round."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="of the labelled texts")
    parser.add_argument("--fasttext", required=True, help="python with fasttext-wheel")
    arguments = parser.parse_args()
    titles = "texts", "model", "labels equal", "probability", "row", "with 1e-5"
    print("{:20}{:14}{:>14}{:>14}{:>12}{:>14}".format(*titles))
    with tempfile.TemporaryDirectory() as folder:
        for name in SETS:
            write_texts(arguments.folder / f"{name}.csv.gz", Path(folder), name)
            command = [arguments.fasttext, "-c", THERE, folder, name]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            found = json.loads((Path(folder) / f"{name}.out.json").read_text())
            texts = json.loads((Path(folder) / f"{name}.json").read_text())
            for kind, results in found.items():
                print(f"{name:20}{kind:14}{compared(texts, *results)}", flush=True)
            paths = write_ours(Path(folder), name)
            command = [arguments.fasttext, "-c", THERE_AGAIN, folder, name, *paths]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            found = json.loads((Path(folder) / f"{name}.again.json").read_text())
            for (path, (kind, model)), results in zip(
                paths.items(), found.values(), strict=True
            ):
                shown = compared(texts, *results, model=model)
                size = f"{Path(path).stat().st_size / 1e6:8.2f} MB"
                print(f"{name:20}{kind:14}{shown}{size}", flush=True)


def write_ours(folder, name):
    """Train, quantise and write classifiers; return them and their kinds by path."""
    from sklearn_embed import FastTextClassifier
    from sklearn_embed.io.fasttext import write_model

    lines = (folder / f"{name}.one.txt").read_text().splitlines()
    labels, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    found = {}
    for number, (kind, (params, options)) in enumerate(OURS.items()):
        text = {"lowercase": False, "token_pattern": r"[^ \n\r\t\v\f\0]+"}
        model = FastTextClassifier(20, epochs=5, **text, **MEANS | params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Chinese is cut at blanks there, too
            model.fit(texts, labels)
        given = (texts, labels) if options.get("retrain") else ()
        model.quantize(*given, **options)
        path = folder / f"{name}.{number}.ftz"
        write_model(model.to_fasttext(), path)
        # fastText judges documents without known words by their end mark.
        model._model.labels = model._model.labels._replace(mass=None)
        found[str(path)] = kind, model
    return found


def write_texts(source, folder, name):
    """Write training texts for fastText, and the texts to predict."""
    import pandas as pd

    table = pd.read_csv(source).dropna().sample(frac=1, random_state=0)
    column = max(table.columns, key=lambda c: table[c].astype(str).str.len().mean())
    label = next(c for c in ("label", "y", "class", "target") if c in table.columns)
    texts = table[column].astype(str).str.replace(r"[\n\r]", " ", regex=True).tolist()
    labels = ["__label__" + "_".join(str(x).split()) for x in table[label]]
    texts, labels = texts[: ROWS + TESTED], labels[: ROWS + TESTED]
    if name.startswith("zh"):
        texts = [" ".join(text) for text in texts]
    train = list(zip(labels, texts, strict=True))[:ROWS]
    length = float(np.median([len(text) for text in texts]))
    forms = {
        "one": [f"{label} {text}" for label, text in train],
        "many": [
            f"{label} __label__{'long' if len(text) > length else 'short'} {text}"
            for label, text in train
        ],
        "plain": [text for _, text in train],
    }
    for form, lines in forms.items():
        content = "".join(line + "\n" for line in lines)
        (folder / f"{name}.{form}.txt").write_text(content, newline="\n")
    tested = [*texts[-TESTED:], "", "qqqqqqq", "a\xa0b c\u3000d"]
    (folder / f"{name}.json").write_text(json.dumps(tested))


def compared(texts, path, labels, shares, rows, model=None):
    """Return the largest differences of one model, read from a file, as text."""
    from sklearn_embed import FastTextClassifier, FastTextVectorizer

    if labels is None:
        model = FastTextVectorizer.from_fasttext(path)
        worst = np.abs(model.transform(texts) - np.array(rows)).max()
        return f"{'':14}{'':14}{worst:12.1e}"
    if model is None:
        model = FastTextClassifier.from_fasttext(path, label_type=str)
    worst = np.abs(model.sentence_vectors(texts) - np.array(rows)).max()
    ours, chances = model.predict_top_k(texts, -1)
    n_equal, furthest = 0, 0.0
    guarded, left = guarded_probabilities(model, texts), 0.0
    column = {name: place for place, name in enumerate(model.classes_)}
    for number, (one, chance, theirs, share) in enumerate(
        zip(ours, chances, labels, shares, strict=True)
    ):
        names = list(theirs)
        if not one[0].startswith("__label__"):
            names = [x.removeprefix("__label__") for x in theirs]
        there = dict(zip(names, share, strict=True))
        # Of a tree, less than 1e-5 is not returned.
        apart = [abs(p - there.get(x, 0)) for x, p in zip(one, chance, strict=True)]
        furthest = max(furthest, *apart)
        if guarded is not None:
            row = guarded[number]
            left = max(left, *(abs(row[column[x]] - there[x]) for x in names))
        # Equal probabilities have no order: fastText's table of sigmoids makes some.
        n_equal += one[0] == names[0] or there.get(one[0]) == share[0]
    shown = "" if guarded is None else f"{left:14.1e}"
    return f"{n_equal:>9}/{len(texts)}{furthest:14.1e}{worst:12.1e}{shown}"


def guarded_probabilities(model, texts):
    """Return probabilities to which 1e-5 is added where fastText does so, or None."""
    loss = model._model.settings.loss
    if loss == "softmax":
        return model.predict_proba(texts) + 1e-5
    if loss != "hierarchical_softmax":
        return None
    inner = model._model
    tree = (inner.dense() if hasattr(inner, "dense") else inner)._tree()
    scores = model.sentence_vectors(texts) @ model.output_vectors_.T
    turns = 1 / (1 + np.exp(-scores.astype(np.float64)))
    out = np.ones((len(texts), len(model.classes_)))
    for place in range(out.shape[1]):
        for at in range(tree.offsets[place], tree.offsets[place + 1]):
            turn = turns[:, tree.nodes[at]]
            out[:, place] *= (turn if tree.codes[at] else 1 - turn) + 1e-5
    return out


if __name__ == "__main__":
    sys.exit(main())
