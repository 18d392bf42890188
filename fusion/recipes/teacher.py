#!/usr/bin/env python3
"""The boosted teacher of a recipe: one probability of death a stay.

Gradient boosting on the statistics that Vigil itself computes (no binning is done
here), written to a file that training reads. Training only: the network alone predicts.

    pip install -r fusion/recipes/requirements.txt
    vigil train --recipe fusion/recipes/physionet2012.yaml --data physionet2012/set-a.tar.gz --export-statistics a.csv
    python3 fusion/recipes/teacher.py fit a.csv --out teacher.csv
    python3 fusion/recipes/teacher.py check a.csv --test b.csv

`fit` writes patient,stay,probability. Each probability is out-of-fold: it comes from
models that saw no stay of that patient, so that the network never learns from a teacher
that saw the label (5 folds, mean of 2 seeds). `check` prints AUROC and AUPRC of the same
boosting over five folds (mean of 3 seeds) and, with --test, fitted to all of the first
table and tested on the second (mean of 5).

A table is what `--export-statistics` writes, one line a stay: stay, patient, as_of,
label.TASK of each task, then the features, empty where a value is not known.

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


class Table:
    """The lines of one or more exported tables."""

    def __init__(self, paths, task):
        self.features, self.patients, self.stays = None, [], []
        labels, rows = [], []
        for path in paths:
            with open(path, newline="", encoding="utf-8") as f:
                lines = csv.reader(f)
                header = next(lines, [])
                self._check(path, header, task)
                label = header.index("label." + task)
                first = next(i for i, name in enumerate(header) if i > 2 and not name.startswith("label."))
                for line in lines:
                    where = f"{path} line {lines.line_num}"
                    if len(line) != len(header):
                        raise Refused(f"{where}: {len(line)} fields, the header has {len(header)}; export it again")
                    try:
                        values = [float(v) if v else np.nan for v in line[first:]]
                        labels.append(float(line[label]) if line[label] else np.nan)
                    except ValueError as e:
                        raise Refused(f"{where}: {e}; export it again") from e
                    self.stays.append(line[0])
                    self.patients.append(line[1])
                    rows.append(values)
        twice = len(self.stays) - len(set(zip(self.patients, self.stays)))
        if twice:
            raise Refused(f"{twice} stays have more than one line: export one moment a stay, and name no table twice")
        self.x, self.y = np.array(rows, dtype=np.float32), np.array(labels)
        unknown = ~np.isin(self.y, [0, 1])
        if unknown.any():
            raise Refused(f"label.{task} of stay {self.stays[int(np.argmax(unknown))]} is neither 0 nor 1")
        for name, n in ("deaths", int(self.y.sum())), ("survivors", int((1 - self.y).sum())):
            if n < 2 * FOLDS:
                raise Refused(f"only {n} {name} in {', '.join(paths)}: {FOLDS} folds want at least {2 * FOLDS}")

    def _check(self, path, header, task):
        if header[:3] != ["stay", "patient", "as_of"]:
            raise Refused(f"{path} begins with {','.join(header[:3])!r}, not with stay,patient,as_of: is it of --export-statistics?")
        if "label." + task not in header:
            known = ", ".join(n[6:] for n in header if n.startswith("label.")) or "none"
            raise Refused(f"{path} has no task {task}; it has {known}: see --task")
        features = [n for n in header[3:] if not n.startswith("label.")]
        if not features:
            raise Refused(f"{path} has no features behind its labels: export it again")
        if self.features not in (None, features):
            raise Refused(f"{path} has other features than the table before it: export both with one recipe")
        self.features = features

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
    of_folds = [(roc_auc_score(table.y[fold == k], p[fold == k]), average_precision_score(table.y[fold == k], p[fold == k])) for k in range(FOLDS)]
    roc, pr = np.mean(of_folds, axis=0)
    print(f"five folds: AUROC {roc:.4f} AUPRC {pr:.4f}, mean over the folds of {len(table.y)} stays, {len(table.features)} features")
    if test is not None:
        q = probabilities(table.x, table.y, test.x, seeds=range(5))
        print(f"on the second table: {score(test.y, q)}, {len(test.y)} stays")


def score(y, p):
    return f"AUROC {roc_auc_score(y, p):.4f} AUPRC {average_precision_score(y, p):.4f}"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in ("fit", "write the teacher's probability of each stay"), ("check", "print how well the boosting predicts"):
        c = commands.add_parser(name, help=what)
        c.add_argument("tables", nargs="+", metavar="TABLE", help="of --export-statistics")
        c.add_argument("--task", default="mortality", help="the label is label.TASK (mortality)")
        if name == "fit":
            c.add_argument("--out", required=True, metavar="FILE")
        else:
            c.add_argument("--test", metavar="TABLE", help="test on this one too, fitted to all of the others")
    o = parser.parse_args(argv)
    try:
        if o.command == "fit" and not os.path.isdir(os.path.dirname(os.path.abspath(o.out))):
            raise Refused(f"--out {o.out}: there is no such folder")
        table = Table(o.tables, o.task)
        if o.command == "fit":
            fit(table, o.out)
            return 0
        test = Table([o.test], o.task) if o.test else None
        if test and test.features != table.features:
            raise Refused(f"{o.test} has other features than {o.tables[0]}: export both with one recipe")
        check(table, test)
    except (Refused, OSError, UnicodeDecodeError) as e:
        print(f"teacher.py: {e}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
