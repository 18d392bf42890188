#!/usr/bin/env python3
"""The boosted teacher of a recipe: one probability of death a stay.

Gradient boosting on the statistics that Vigil itself computes (no binning is done
here), written to a file that training reads. Training only: the network alone predicts.

    pip install -r fusion/recipes/requirements.txt
    vigil train --recipe physionet2012 --data physionet2012 --export-statistics statistics.csv
    python3 fusion/recipes/teacher.py fit statistics.csv --out teacher.csv
    python3 fusion/recipes/teacher.py check statistics.csv

`fit` writes patient,stay,probability of the stays to train on. Each probability is
out-of-fold: it comes from models that saw no stay of that patient, so that the network
never learns from a teacher that saw the label (5 folds, mean of 2 seeds). `check` prints
AUROC and AUPRC of the same boosting over five folds of those stays (mean of 3 seeds) and,
where the table has stays to test on, fitted to all of the first and tested on those (mean
of 5 seeds).

A table is what `--export-statistics` writes, one line a stay: stay, patient, as_of, part
(train or test), label.TASK of each task, then the features, empty where a value is not
known.

Exit codes: 0 ok, 2 a table or an option cannot be used, 130 interrupted.
"""

import argparse
import csv
import os
import sys
import tempfile

# One thread: sums that several share end in other bits on another number of cores.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold

FOLDS = 5
BOOSTING = dict(
    max_iter=400,
    learning_rate=0.03,
    max_leaf_nodes=12,
    min_samples_leaf=30,
    l2_regularization=5.0,
    early_stopping=True,
    validation_fraction=0.12,
)


class Refused(Exception):
    """An input that cannot be used: what, why, how to mend it."""


FIRST = ["stay", "patient", "as_of", "part"]


class Table:
    """The lines of one part of an exported table: features x [lines][features], labels y."""

    def __init__(self, path, part, task, least=2 * FOLDS):
        self.patients, self.stays = [], []
        labels, rows = [], []
        with open(path, newline="", encoding="utf-8") as f:
            lines = csv.reader(f)
            header = next(lines, [])
            if header[:4] != FIRST:
                raise Refused(f"{path} begins with {','.join(header[:4])!r}, not with {','.join(FIRST)}: is it of --export-statistics?")
            tasks = [name[6:] for name in header if name.startswith("label.")]
            if task not in tasks:
                raise Refused(f"{path} has no task {task}; it has {', '.join(tasks) or 'none'}: see --task")
            label, first = header.index("label." + task), len(FIRST) + len(tasks)
            for line in lines:
                where = f"{path} line {lines.line_num}"
                if len(line) != len(header):
                    raise Refused(f"{where}: {len(line)} fields, the header has {len(header)}; export it again")
                if line[3] != part:
                    continue
                try:
                    rows.append([float(v) if v else np.nan for v in line[first:]])
                    labels.append(float(line[label]))
                except ValueError as e:
                    raise Refused(f"{where}: {e}; export it again") from e
                self.stays.append(line[0])
                self.patients.append(line[1])
        twice = len(self.stays) - len(set(zip(self.patients, self.stays)))
        if twice:
            raise Refused(f"{path}: {twice} stays have more than one line: export one moment a stay")
        self.x, self.y = np.array(rows, dtype=np.float32), np.array(labels)
        if not np.isin(self.y, [0, 1]).all():
            raise Refused(f"{path}: label.{task} is neither 0 nor 1 somewhere")
        for name, n in ("deaths", int(self.y.sum())), ("survivors", int((1 - self.y).sum())):
            if rows and n < least:
                raise Refused(f"{path}: only {n} {name} of part {part}: want at least {least}, for {FOLDS} folds or an interval")

    def folds(self, seed):
        """The fold of each line. All lines of a patient are in one; each class is in equal shares."""
        died = {}
        for patient, label in zip(self.patients, self.y):
            died[patient] = max(died.get(patient, 0), label)
        patients = sorted(died)
        classes = [died[patient] for patient in patients]
        parting = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(patients, classes)
        fold = {patients[i]: k for k, (_, test) in enumerate(parting) for i in test}
        return np.array([fold[patient] for patient in self.patients])


def probabilities(train_x, train_y, x, seeds):
    """The mean over seeds of what boosting fitted to (train_x, train_y) says of x."""
    total = np.zeros(len(x))
    for seed in seeds:
        model = HistGradientBoostingClassifier(random_state=seed, **BOOSTING)
        total += model.fit(train_x, train_y).predict_proba(x)[:, 1]
    return total / len(seeds)


def out_of_fold(table, seeds):
    """A probability a line, of models that saw none of the patient's lines."""
    p, fold = np.zeros(len(table.y)), table.folds(0)
    for k in range(FOLDS):
        test = fold == k
        p[test] = probabilities(table.x[~test], table.y[~test], table.x[test], seeds)
    return p, fold


def fit(table, out):
    p, _ = out_of_fold(table, seeds=[0, 1])
    # Whole or not at all.
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(os.path.abspath(out)), newline="", encoding="utf-8", delete=False) as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["patient", "stay", "probability"])
        w.writerows((patient, stay, f"{v:.6g}") for patient, stay, v in sorted(zip(table.patients, table.stays, p)))
    os.chmod(f.name, 0o644)
    os.replace(f.name, out)
    print(f"{len(p)} stays to {out}: {score(table.y, p)} over all", file=sys.stderr)


def check(table, test):
    p, fold = out_of_fold(table, seeds=[0, 1, 2])
    parts = [fold == k for k in range(FOLDS)]
    roc = np.mean([roc_auc_score(table.y[k], p[k]) for k in parts])
    pr = np.mean([average_precision_score(table.y[k], p[k]) for k in parts])
    print(f"five folds: AUROC {roc:.4f} AUPRC {pr:.4f}, mean over the folds; {table.x.shape[0]} stays, {table.x.shape[1]} features", flush=True)
    if len(test.y):
        q = probabilities(table.x, table.y, test.x, seeds=range(5))
        print(f"test: {score(test.y, q)}; {len(test.y)} stays that no model saw")


def score(y, p):
    return f"AUROC {roc_auc_score(y, p):.4f} AUPRC {average_precision_score(y, p):.4f}"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in ("fit", "write the teacher's probability of each stay"), ("check", "print how well the boosting predicts"):
        c = commands.add_parser(name, help=what)
        c.add_argument("table", metavar="TABLE", help="of --export-statistics")
        c.add_argument("--task", default="mortality", help="the label is label.TASK (mortality)")
        if name == "fit":
            c.add_argument("--out", required=True, metavar="FILE")
    o = parser.parse_args(argv)
    try:
        if o.command == "fit" and not os.path.isdir(os.path.dirname(os.path.abspath(o.out))):
            raise Refused(f"--out {o.out}: there is no such folder")
        table = Table(o.table, "train", o.task)
        if not len(table.y):
            raise Refused(f"{o.table} has no line of part train: export it again")
        if o.command == "fit":
            fit(table, o.out)
        else:
            check(table, Table(o.table, "test", o.task))
    except (Refused, OSError, UnicodeDecodeError) as e:
        print(f"teacher.py: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
