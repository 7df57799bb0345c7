"""What classifiers of texts get right as they come: ours beside plain baselines.

Usage: python benchmarks/accuracy.py FOLDER [--sets NAME ...] [--sizes N ...]
[--texts N] [--seeds N] [--pretrained FILE] [--contenders NAME ...] [--out FILE.csv]
[--table FILE.csv] [--unlabeled]

FOLDER holds ``NAME.csv.gz`` with the columns ``text``, ``label`` and perhaps ``split``
(train, test); words of sets whose names begin with ``zh_`` are single characters.
Each cell is the mean accuracy over seeds, each of which draws its own training and test
texts; duplicate texts are dropped first.  With ``--sizes`` so many training texts are
labelled, and with ``--unlabeled`` the others are known without labels.  Seconds are
those of the processor, of fit and score together.

A measurement found in ``--out`` is not repeated: delete the file, or lines of it, to
measure anew.  ``--table`` writes what the manual shows: accuracy by set, or by number
of labels where there are several ``--sizes``.
"""

# SPDX-License-Identifier: BSD-3-Clause

import argparse
import time
from pathlib import Path

import pandas as pd
from contenders import CONTENDERS, STRONGEST, Task
from sklearn.model_selection import train_test_split

N_TEST = 2000
KEY = ["set", "labels", "unlabeled", "seed", "contender"]


def load(path, n_texts, seed):
    """Return training texts, their labels, and the same of test texts."""
    table = pd.read_csv(path).dropna(subset=["text", "label"])
    table = table.astype({"text": str, "label": str}).drop_duplicates("text")
    if "split" in table and (table["split"] == "test").any():
        train = table[table["split"] == "train"]
        test = table[table["split"] == "test"]
    else:
        train, test = train_test_split(table, test_size=0.35, random_state=seed)
    train = train.sample(min(n_texts, len(train)), random_state=seed)
    test = test.sample(min(N_TEST, len(test)), random_state=seed)
    return train["text"], train["label"], test["text"], test["label"]


def measure(path, options, seed, known, pretrained):
    """Yield one record for each contender and number of labels not known yet."""
    X, y, X_test, y_test = load(path, options.texts, seed)
    name = path.name.partition(".")[0]
    for size in options.sizes or [len(X)]:
        if size > len(X) or y[:size].nunique() < 2:
            continue
        rest = X[size:].tolist() if options.unlabeled and size < len(X) else None
        task = Task(seed, not name.startswith("zh_"), rest, pretrained)
        for contender in options.contenders:
            key = (name, size, options.unlabeled, seed, contender)
            if key in known:
                continue
            start = time.process_time()
            try:
                model = CONTENDERS[contender](task)
                if model is None:
                    continue
                share = model.fit(X[:size], y[:size]).score(X_test, y_test)
            except ValueError as error:
                # A class has too few texts to be searched or split.
                print(f"{name}, {size}, {contender}: left out: {error}", flush=True)
                continue
            seconds = time.process_time() - start
            yield dict(zip(KEY, key, strict=True)) | {
                "accuracy": round(100 * share, 3),
                "seconds": round(seconds, 3),
            }


def summary(group):
    """Return accuracy by contender and set, means, and wins over the strongest.

    Parameters
    ----------
    group : DataFrame
        Records of one number of labels.
    """
    table = group.pivot_table("accuracy", "contender", "set", sort=False)
    sets = list(table.columns)
    # The mean over sets would mean another thing where some are missing.
    whole = table[sets].notna().all(axis=1)
    table["mean"] = table[sets].mean(axis=1).where(whole)
    if STRONGEST in table.index:
        gaps = table[sets] - table.loc[STRONGEST, sets]
        table["wins"] = (gaps > 0).sum(axis=1)
        table["losses"] = (gaps < 0).sum(axis=1)
        table["worst"] = gaps.min(axis=1)
    table["seconds"] = group.groupby("contender")["seconds"].mean()
    order = [name for name in CONTENDERS if name in table.index]
    others = [name for name in table.columns if name not in sets]
    return table.loc[order, others + sets].round(1)


def curves(records):
    """Return mean accuracy by contender and number of labels."""
    table = records.pivot_table("accuracy", "contender", "size", sort=False)
    return table.loc[[name for name in CONTENDERS if name in table.index]].round(1)


def show(records):
    """Print a table for each number of labels; return what the manual shows."""
    records["size"] = records["labels"].where(records["labels"] < 2000, "all")
    table = None
    for (size, unlabeled), group in records.groupby(["size", "unlabeled"], sort=False):
        table = summary(group)
        further = ", further texts without labels" if unlabeled else ""
        print(f"\n{size} labelled texts{further}, {group['seed'].nunique()} seeds")
        print(table.to_string())
    return table if records["size"].nunique() == 1 else curves(records)


def parse():
    """Return the options, checked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--sizes", nargs="*", type=int, default=[])
    parser.add_argument("--texts", type=int, default=2500)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--unlabeled", action="store_true")
    parser.add_argument("--pretrained", type=Path, help="a file of word vectors")
    parser.add_argument(
        "--contenders",
        nargs="*",
        choices=CONTENDERS,
        default=list(CONTENDERS),
        metavar="NAME",
    )
    parser.add_argument("--out", type=Path, help="all measurements, kept and reused")
    parser.add_argument("--table", type=Path, help="the table of the manual")
    options = parser.parse_args()
    options.paths = [
        path
        for path in sorted(options.folder.glob("*.csv.gz"))
        if not options.sets or path.name.partition(".")[0] in options.sets
    ]
    if not options.paths:
        parser.error(f"{options.folder} holds no such NAME.csv.gz")
    return options


def main():
    """Measure, print and write."""
    options = parse()
    pretrained = None
    if options.pretrained:
        from sklearn_embed.io import read_vectors

        pretrained = read_vectors(options.pretrained)
    records = pd.DataFrame(columns=[*KEY, "accuracy", "seconds"])
    if options.out and options.out.exists():
        records = pd.read_csv(options.out)
    for path in options.paths:
        for seed in range(options.seeds):
            known = set(records[KEY].itertuples(index=False, name=None))
            found = pd.DataFrame(measure(path, options, seed, known, pretrained))
            records = pd.concat([records, found]) if len(records) else found
            if options.out:
                records.to_csv(options.out, index=False)
            print(f"{path.name}, seed {seed}: {len(found)} measured", flush=True)
    table = show(records)
    if options.table:
        table.to_csv(options.table)


if __name__ == "__main__":
    main()
