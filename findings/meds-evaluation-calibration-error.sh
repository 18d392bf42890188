#!/usr/bin/env bash
# meds-evaluation 0.0.6 (PyPI): its calibration_error under the heading
# "samples_equally_weighted" does not weigh samples equally. It is the mean over
# those tenths of the probability that hold any sample, each counting as much as
# any other, and not the expected calibration error, in which a tenth counts by
# its samples. Of 1,001 predictions 1,000 are calibrated exactly (0.05, of which
# 50 are true), and a single one of 0.95 is wrong: by samples the error is
# 0.00095, and the package says 0.475. A model of rare events whose few high
# probabilities are off looks uncalibrated, and one more sample in an empty
# tenth moves the figure by half. Seen:
#
#   calibration_error 0.475; weighted by samples 0.00095
#   without the one sample: 0.000
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


def error(truths, probabilities):
    n = len(truths)
    predictions = pl.DataFrame({
        "subject_id": list(range(n)),
        "prediction_time": [datetime.datetime(2030, 1, 1)] * n,
        "boolean_value": truths,
        "predicted_boolean_value": pl.Series([None] * n, dtype=pl.Boolean),
        "predicted_boolean_probability": pl.Series(probabilities, dtype=pl.Float32),
    })
    return evaluate_binary_classification(predictions)["samples_equally_weighted"]["calibration_error"]


truths, probabilities = [False] * 950 + [True] * 50, [0.05] * 1000
weighted = (1000 * abs(50 / 1000 - 0.05) + 1 * abs(0 - 0.95)) / 1001
print(f"calibration_error {error(truths + [False], probabilities + [0.95]):.3f}; weighted by samples {weighted:.5f}")
print(f"without the one sample: {error(truths, probabilities):.3f}")
PY
cat "$dir/out"
diff "$dir/out" - <<'SEEN'
calibration_error 0.475; weighted by samples 0.00095
without the one sample: 0.000
SEEN
