"""Reads a Parquet file of predictions by meds-evaluation: its schema first, and then, with the outcome of odd subjects
joined as true, its scores. Prints one line of JSON."""
import json
import sys

import polars as pl
import pyarrow.parquet as pq
from meds_evaluation.evaluate import evaluate_binary_classification
from meds_evaluation.schema import PredictionSchema

table = PredictionSchema.align(pq.read_table(sys.argv[1]))
frame = pl.from_arrow(table)
judged = frame.with_columns((pl.col("subject_id") % 2 == 1).alias("boolean_value")).select(
    "subject_id", "prediction_time", "boolean_value", "predicted_boolean_value", "predicted_boolean_probability")
found = evaluate_binary_classification(judged)["samples_equally_weighted"]
rows = [[s, t.isoformat(), p, c] for s, t, p, c in frame.select(
    "subject_id", "prediction_time", "predicted_boolean_probability", "predicted_boolean_value").rows()]
print(json.dumps({"rows": rows, "auroc": float(found["roc_auc_score"])}))
