#!/usr/bin/env bash
# meds-evaluation 0.0.6 (PyPI): a table of predictions without the column
# predicted_boolean_value, which its own PredictionSchema has as optional and
# accepts, cannot be evaluated: evaluate_binary_classification looks the column
# up without asking, and polars raises ColumnNotFoundError. The same table with
# that column present and null in every row is evaluated, by the probabilities
# alone. Whoever writes probabilities only, as most models do, must write a
# column of nulls beside them. Seen:
#
#   schema: accepted, without predicted_boolean_value
#   evaluation without the column: ColumnNotFoundError
#   evaluation with the column null: roc_auc_score 0.75
#
# Fails where any of this has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet meds-evaluation==0.0.6 meds==0.4.1 polars==2.1.0 pyarrow==26.0.1 scikit-learn==1.9.1 numpy==2.4.6
"$dir/venv/bin/python" - >"$dir/out" <<'PY'
import datetime

import polars as pl
from meds_evaluation.evaluate import evaluate_binary_classification
from meds_evaluation.schema import PredictionSchema

predictions = pl.DataFrame({
    "subject_id": [1, 2, 3, 4],
    "prediction_time": [datetime.datetime(2030, 1, 1)] * 4,
    "boolean_value": [False, False, True, True],
    "predicted_boolean_probability": pl.Series([0.1, 0.4, 0.35, 0.8], dtype=pl.Float32),
})
columns = PredictionSchema.align(predictions.to_arrow()).column_names
print("schema: accepted,", "with" if "predicted_boolean_value" in columns else "without", "predicted_boolean_value")
try:
    evaluate_binary_classification(predictions)
    print("evaluation without the column: works")
except Exception as e:
    print("evaluation without the column:", type(e).__name__)
nulls = predictions.with_columns(pl.lit(None, dtype=pl.Boolean).alias("predicted_boolean_value"))
print("evaluation with the column null: roc_auc_score", evaluate_binary_classification(nulls)["samples_equally_weighted"]["roc_auc_score"])
PY
cat "$dir/out"
diff "$dir/out" - <<'SEEN'
schema: accepted, without predicted_boolean_value
evaluation without the column: ColumnNotFoundError
evaluation with the column null: roc_auc_score 0.75
SEEN
