"""Reads Parquet files of predictions by meds-evaluation: the schema of each, and then, with the outcome of odd subjects
joined as true, the scores of all. Prints one line of JSON."""
import json
import sys

import polars as pl
import pyarrow.parquet as pq
from meds_evaluation.evaluate import evaluate_binary_classification
from meds_evaluation.schema import PredictionSchema

frames = []
for name in sys.argv[1:]:
    table = pq.read_table(name)
    assert b"not a medical device" in table.schema.metadata[b"notice"], table.schema.metadata
    frames.append(pl.from_arrow(PredictionSchema.align(table)))
frame = pl.concat(frames)
judged = frame.with_columns((pl.col("subject_id") % 2 == 1).alias("boolean_value")).select(
    "subject_id", "prediction_time", "boolean_value", "predicted_boolean_value", "predicted_boolean_probability")
found = evaluate_binary_classification(judged)["samples_equally_weighted"]
rows = [[s, t.isoformat(), p, c] for s, t, p, c in frame.select(
    "subject_id", "prediction_time", "predicted_boolean_probability", "predicted_boolean_value").rows()]
print(json.dumps({"rows": rows, "auroc": float(found["roc_auc_score"])}))
