"""Writes messages of the open inference protocol as another implementation lays them out: the
generated classes of tritonclient.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install 'tritonclient[grpc]==2.*' && /tmp/v/bin/python make.py
"""

import json
import pathlib
import struct

from tritonclient.grpc import service_pb2 as p

request = p.ModelInferRequest(model_name="notes", model_version="3")
request.inputs.add(name="input_ids", datatype="INT64", shape=[1, 3])
request.inputs.add(name="film", datatype="FP32", shape=[1, 2])
request.outputs.add(name="hidden")
request.raw_input_contents.append(struct.pack("<3q", 2, 300, 3))
request.raw_input_contents.append(struct.pack("<2f", 0.5, -1024))

raw = p.ModelInferResponse(model_name="notes", model_version="3")
raw.outputs.add(name="hidden", datatype="FP32", shape=[1, 3])
raw.outputs.add(name="ids", datatype="INT64", shape=[2])
raw.raw_output_contents.append(struct.pack("<3f", 1, 2.5, -3))
raw.raw_output_contents.append(struct.pack("<2q", -1, 7))

typed = p.ModelInferResponse(model_name="notes")
typed.outputs.add(name="hidden", datatype="FP32", shape=[1, 3]).contents.fp32_contents.extend([1, 2.5, -3])
typed.outputs.add(name="ids", datatype="INT64", shape=[2]).contents.int64_contents.extend([-1, 7])

metadata = p.ModelMetadataResponse(name="notes", versions=["3"], platform="onnxruntime_onnx")
metadata.inputs.add(name="input_ids", datatype="INT64", shape=[-1, -1])
metadata.outputs.add(name="hidden", datatype="FP32", shape=[-1, 8])

messages = {"metadata_request": p.ModelMetadataRequest(name="notes", version="3"), "request": request, "raw": raw, "typed": typed, "metadata": metadata}
path = pathlib.Path(__file__).parent / "messages.json"
path.write_text(json.dumps({k: v.SerializeToString(deterministic=True).hex() for k, v in messages.items()}, indent=1) + "\n")
