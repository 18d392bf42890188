"""Judges predictions.parquet by the package meds-evaluation, and prints what it finds as one line of JSON."""
import json
import sys

import polars as pl
from meds_evaluation.evaluate import evaluate_binary_classification

found = evaluate_binary_classification(pl.read_parquet(sys.argv[1]))["samples_equally_weighted"]
print(json.dumps({name: float(value) for name, value in found.items()}))
