#!/usr/bin/env python3
"""Baselines of a recipe, all on the same stays: one table, made by one command that resumes.

    pip install -r fusion/recipes/requirements.txt
    python3 fusion/recipes/baselines.py --vigil bin/vigil --data physionet2012 --out bin/baselines

Each network is the recipe with the settings that its row names, trained by `vigil train`
with each seed. Logistic regression and boosting are fitted here to the statistics that
`vigil train --export-statistics` writes of the same stays. What was done stands in --out,
one JSON file a run with its settings, and is not done again; a training that was cut goes on
from its checkpoint. --only NAME,NAME makes some rows, --table prints what is there so far.

A row is the mean over its seeds and, in brackets, the least and the greatest of them; the
interval is the mean over the seeds of the 95 % intervals by resampling patients. The recipe's
settings were chosen for the whole network, on its training stays; no row has its own.

Exit codes: 0 ok, 1 a run failed, 2 an option or a file cannot be used, 130 interrupted.
"""

import argparse
import json
import os
import subprocess
import sys

# One thread: sums that several share end in other bits on another number of cores.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from teacher import Refused, Table, probabilities

WHOLE = "the recipe: joint router, Laplace gate"
NO_EXPERTS = ["model.experts=0", "model.balance=0"]
NETWORKS = {
    "laplace": (WHOLE, []),
    "softmax": ("softmax gate", ["model.gate=softmax"]),
    "gaussian": ("Gaussian gate", ["model.gate=gaussian"]),
    "permod": ("routers per modality", ["model.router=permod"]),
    "disjoint": ("disjoint routers", ["model.router=disjoint"]),
    "concatenation": ("concatenation, no experts", NO_EXPERTS),
    "mtand": (
        "mTAND alone: no experts, no regular grid, no statistics of the window",
        NO_EXPERTS + ["model.regular=none", "model.now=0", "model.pool=last", "model.values=id", "model.intensity=false"],
    ),
    "zeros": ("zeros for a missing modality", ["model.missing=zeros"]),
    "no-balance": ("no balance loss", ["model.balance=0"]),
    "entropy": ("routers per modality, with the entropy loss", ["model.router=permod", "model.entropy_weight=0.01"]),
    "one-task": ("death in hospital alone, no further tasks", ["model.tasks=[{name: mortality, kind: binary, weight: 1, bias: -1.8, report: risk}]"]),
}
FITTED = {"logistic": "logistic regression on the statistics, missing ones at their mean and marked", "boosting": "boosting on the statistics"}
DRAWS = 1000


class Failed(Exception):
    """A run of vigil that failed: its command and what it said."""


def run(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    except OSError as e:
        raise Refused(f"--vigil {command[0]}: {e.strerror}: build it with make build") from e
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode:
        raise Failed(f"{' '.join(command)}: exit {done.returncode}")
    return done.stdout


def keep(path, value):
    """Writes a result whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as f:
        json.dump(value, f)
    os.replace(path + ".part", path)


def kept(path, settings):
    """A result that was made before, None where there is none. One of other settings is refused."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        found = json.load(f)
    if found["settings"] != settings:
        raise Refused(f"{path} was made with {found['settings']}, this run wants {settings}: name another folder with --out")
    return found


def network(o, name, seed):
    """Trains one network, and returns its quality at mortality on the stays to test on."""
    settings = {"recipe": o.recipe, "data": o.data, "set": NETWORKS[name][1] + o.set, "seed": seed}
    path, model = (os.path.join(o.out, f"{name}-{seed}{ending}") for ending in (".json", ".safetensors"))
    if (found := kept(path, settings)) or o.table:
        return found
    command = [o.vigil, "train", "--recipe", o.recipe, "--data", o.data, "--seed", str(seed), "--out", model, "--json", "--threads", str(o.threads)]
    for key in settings["set"]:
        command += ["--set", key]
    if os.path.exists(model):  # cut between the model and its result: the same is trained again
        os.remove(model)
    if os.path.exists(model + ".checkpoint"):
        command.append("--resume")
    said = json.loads(run(command))
    (quality,) = (q for q in said["test"] if q["task"] == "mortality")
    found = {"settings": settings, "parameters": said["parameters"], "auroc": quality["auroc"], "auprc": quality["auprc"]}
    keep(path, found)
    return found


def quality_of(y, p, patients):
    """AUROC and AUPRC with 95 % intervals by resampling patients."""
    y, p = np.asarray(y), np.asarray(p)
    of = {}
    for i, patient in enumerate(patients):
        of.setdefault(patient, []).append(i)
    groups, draw = [np.array(g) for g in of.values()], np.random.default_rng(1)
    drawn = [np.concatenate([groups[k] for k in draw.integers(len(groups), size=len(groups))]) for _ in range(DRAWS)]
    drawn = [i for i in drawn if 0 < y[i].sum() < len(i)]  # of one outcome alone there is no AUROC
    found = {}
    for name, metric in ("auroc", roc_auc_score), ("auprc", average_precision_score):
        low, high = np.percentile([metric(y[i], p[i]) for i in drawn], [2.5, 97.5])
        found[name] = {"value": float(metric(y, p)), "low": float(low), "high": float(high)}
    return found


def fitted(o, name, seed):
    """Fits one model to the exported statistics; logistic regression has no seed."""
    settings = {"recipe": o.recipe, "data": o.data, "set": o.set, "seed": seed}
    path, table = os.path.join(o.out, f"{name}-{seed}.json"), os.path.join(o.out, "statistics.csv")
    if (found := kept(path, settings)) or o.table:
        return found
    if not os.path.exists(table):
        command = [o.vigil, "train", "--recipe", o.recipe, "--data", o.data, "--export-statistics", table + ".part"]
        for key in o.set:
            command += ["--set", key]
        run(command)
        os.replace(table + ".part", table)
    train, test = Table(table, "train", "mortality", least=2), Table(table, "test", "mortality", least=2)
    told = ~np.isnan(train.x).all(axis=0)  # a feature that no stay has can be fitted by neither
    train.x, test.x = train.x[:, told], test.x[:, told]
    if name == "logistic":
        model = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
        p = model.fit(train.x, train.y).predict_proba(test.x)[:, 1]
    else:
        p = probabilities(train.x, train.y, test.x, [seed])
    found = {"settings": settings, "parameters": None, **quality_of(test.y, p, test.patients)}
    keep(path, found)
    return found


def row(name, what, runs):
    def of(measure):
        values = [100 * r[measure]["value"] for r in runs]
        low, high = (np.mean([100 * r[measure][end] for r in runs]) for end in ("low", "high"))
        return f"{np.mean(values):.2f} [{min(values):.2f}, {max(values):.2f}] ({low:.1f} to {high:.1f})"

    return f"| {what} | {len(runs)} | {runs[0]['parameters'] or '-'} | {of('auroc')} | {of('auprc')} |"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vigil", default="bin/vigil", help="the program (bin/vigil)")
    parser.add_argument("--recipe", default="physionet2012-plain", help="recipe of all networks (physionet2012-plain)")
    parser.add_argument("--data", required=True, help="folder of recorded stays")
    parser.add_argument("--out", required=True, help="folder of what was done")
    parser.add_argument("--seeds", type=int, default=3, help="seeds, from 1 on (3)")
    parser.add_argument("--threads", type=int, default=0, help="of a training; 0: as many as there are cores")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the recipe in all rows")
    parser.add_argument("--only", help="names of rows, with commas: " + ", ".join([*FITTED, *NETWORKS]))
    parser.add_argument("--table", action="store_true", help="print what is there, and make nothing")
    o = parser.parse_args(argv)
    try:
        names = o.only.split(",") if o.only else [*FITTED, *NETWORKS]
        if unknown := [n for n in names if n not in FITTED and n not in NETWORKS]:
            raise Refused(f"--only {','.join(unknown)}: want of {', '.join([*FITTED, *NETWORKS])}")
        if o.seeds < 1:
            raise Refused(f"--seeds {o.seeds}: want 1 or more")
        os.makedirs(o.out, exist_ok=True)
        rows = {n: [] for n in names}
        for seed in range(1, o.seeds + 1):  # one seed of all rows first
            for n in names:
                if n == "logistic" and seed > 1:
                    continue
                if found := (fitted if n in FITTED else network)(o, n, seed):
                    rows[n].append(found)
        print("| baseline | seeds | parameters | AUROC, % | AUPRC, % |\n|---|---|---|---|---|")
        for n in names:
            if rows[n]:
                print(row(n, FITTED.get(n) or NETWORKS[n][0], rows[n]))
    except Refused as e:
        print(f"baselines.py: {e}", file=sys.stderr)
        return 2
    except OSError as e:
        print(f"baselines.py: {e}", file=sys.stderr)
        return 2
    except Failed as e:
        print(f"baselines.py: {e}; the same command goes on from here", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("baselines.py: interrupted; the same command goes on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
