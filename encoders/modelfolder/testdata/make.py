"""Writes the model folders that the tests read: three small networks with random weights, which mean
nothing, and beside each the vectors that numpy, the tokenizers library and ONNX Runtime make of a few
inputs, independently of the Go code.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install -r requirements.txt && /tmp/v/bin/python make.py

The same seed gives the same files.
"""

import hashlib
import json
import pathlib
import struct
import zlib

import numpy as np
import onnx
import onnxruntime
import tokenizers
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
draw = np.random.default_rng(20261201)


def weights(name, *shape, scale=0.5):
    return numpy_helper.from_array((draw.standard_normal(shape) * scale).astype(np.float32), name)


def save(folder, nodes, inputs, outputs, initializers, properties):
    graph = helper.make_graph(nodes, "invented", inputs, outputs, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="vigil tests")
    helper.set_model_props(model, properties)
    onnx.checker.check_model(model)
    (here / folder).mkdir(exist_ok=True)
    data = model.SerializeToString()
    (here / folder / "model.onnx").write_bytes(data)
    return onnxruntime.InferenceSession(data), hashlib.sha256(data).hexdigest()


def write(folder, manifest, cases):
    (here / folder / "encoder.json").write_text(json.dumps(manifest, indent="\t") + "\n")
    (here / folder / "golden.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")


def about(folder, modality, dim, sha256):
    return {"id": "invented-" + folder, "version": "1", "modality": modality, "dim": dim, "license": "Apache-2.0",
            "source": "random weights, for tests", "network": {"file": "model.onnx", "sha256": sha256}}


def floats(x):
    return [float(v) for v in np.asarray(x, np.float32).ravel()]


# Notes: a table of words, one layer, and a pooled output beside the hidden states.
def notes():
    words = """the patient is on no with and of for fever septic shock sepsis pneumonia effusion intubated extubated norepinephrine
    started weaned stable cafe naive blood pressure heart rate oxygen denies chest pain history left right lower lobe""".split()
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + [str(d) for d in range(10)]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words + letters + ["##" + c for c in letters] + list(".,:;-/%?()") + ["##ed", "##ing", "##s"]
    t = tokenizers.Tokenizer(tokenizers.models.WordPiece({w: i for i, w in enumerate(dict.fromkeys(vocabulary))}, unk_token="[UNK]"))
    t.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    t.decoder = tokenizers.decoders.WordPiece()
    t.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    cls, sep = t.token_to_id("[CLS]"), t.token_to_id("[SEP]")
    t.post_processor = tokenizers.processors.BertProcessing(("[SEP]", sep), ("[CLS]", cls))
    n, width = t.get_vocab_size(), 8
    sides = ["batch_size", "sequence_length"]
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["w"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["y"]),
        helper.make_node("Add", ["w", "y"], ["e"]),
        helper.make_node("Cast", ["attention_mask"], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["m", "last"], ["m3"]),
        helper.make_node("Mul", ["e", "m3"], ["em"]),
        helper.make_node("ReduceSum", ["em", "second"], ["context"], keepdims=1),
        helper.make_node("MatMul", ["context", "mix"], ["mixed"]),
        helper.make_node("Add", ["e", "mixed"], ["both"]),
        helper.make_node("MatMul", ["both", "layer"], ["h"]),
        helper.make_node("Tanh", ["h"], ["last_hidden_state"]),
        helper.make_node("Gather", ["last_hidden_state", "first"], ["c"], axis=1),
        helper.make_node("MatMul", ["c", "pool"], ["p"]),
        helper.make_node("Tanh", ["p"], ["pooler_output"]),
    ]
    constants = [weights("words", n, width), weights("types", 2, width), weights("mix", width, width, scale=0.1), weights("layer", width, width), weights("pool", width, width),
                 numpy_helper.from_array(np.array([2], np.int64), "last"), numpy_helper.from_array(np.array([1], np.int64), "second"), numpy_helper.from_array(np.array(0, np.int64), "first")]
    session, sha = save("notes", nodes,
                        [helper.make_tensor_value_info(i, TensorProto.INT64, sides) for i in ("input_ids", "attention_mask", "token_type_ids")],
                        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, sides + [width]), helper.make_tensor_value_info("pooler_output", TensorProto.FLOAT, ["batch_size", width])],
                        constants, {"icu.encoder.id": "invented-notes", "icu.encoder.modality": "notes", "icu.encoder.dim": str(2 * width)})
    t.save(str(here / "notes" / "tokenizer.json"))
    most, stride = 12, 6
    def passes(text):
        """The tokens of each pass, and what the network gives for it."""
        ids = t.encode(text, add_special_tokens=False).ids
        chunks, at = [], 0
        while True:
            chunks.append([cls] + ids[at:at + most - 2] + [sep])
            if at + most - 2 >= len(ids):
                break
            at += stride
        given = []
        for c in chunks:
            x = np.array([c], np.int64)
            given.append(session.run(["last_hidden_state", "pooler_output"], {"input_ids": x, "attention_mask": np.ones_like(x), "token_type_ids": np.zeros_like(x)}))
        return chunks, given

    cases, others = [], {"cls": [], "pooler": [], "mean": []}
    for text in ["The patient is septic, on norepinephrine.", "naïve café: no fever; BP 90/60", "", "x" * 150 + " stable",
                 "Left lower lobe pneumonia with effusion. Intubated 3 days, denies chest pain. History of sepsis: weaned and extubated."]:
        chunks, given = passes(text)
        pooled = np.stack([hidden[0].mean(0) for hidden, _ in given])
        cases.append({"text": text, "tokens": chunks, "vector": floats(np.concatenate([pooled.mean(0), pooled.max(0)]))})
        of = {"cls": np.stack([hidden[0, 0] for hidden, _ in given]).mean(0), "pooler": np.stack([p[0] for _, p in given]).mean(0), "mean": pooled.mean(0)}
        of["mean"] /= np.linalg.norm(of["mean"])  # this one is normalized
        for pooling, vector in of.items():
            others[pooling].append({"text": text, "vector": floats(vector)})
    for pooling, of in others.items():
        (here / "notes" / ("golden_" + pooling + ".json")).write_text(json.dumps({"cases": of}) + "\n")
    manifest = about("notes", "notes", 2 * width, sha)
    manifest["text"] = {"tokenizer": "tokenizer.json", "output": "last_hidden_state", "max_tokens": most, "stride": stride, "pooling": "mean_max"}
    write("notes", manifest, cases)


def png(pixels):
    """A grey PNG of 8 or 16 bits."""
    deep = pixels.dtype == np.uint16
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\x00" + row.astype(">u2" if deep else "u1").tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16 if deep else 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def area(x, size):
    """The mean of what lies under each pixel of the result, parts of pixels counted as parts."""
    def matrix(n):
        m = np.zeros((size, n))
        for i in range(size):
            low, high = i * n / size, (i + 1) * n / size
            for j in range(n):
                m[i, j] = max(0.0, min(high, j + 1) - max(low, j))
            m[i] /= m[i].sum()
        return m
    return matrix(x.shape[0]) @ x @ matrix(x.shape[1]).T


# Films: the input convention of the chest film networks in use, one channel in [-1024, 1024].
def imaging():
    side, width = 16, 6
    nodes = [
        helper.make_node("Div", ["film", "range"], ["x"]),
        helper.make_node("Conv", ["x", "k", "kb"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("ReduceMean", ["r"], ["features"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["features", "head"], ["logits"]),
    ]
    session, sha = save("imaging", nodes, [helper.make_tensor_value_info("film", TensorProto.FLOAT, ["n", 1, side, side])],
                        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", width]), helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3])],
                        [weights("k", width, 1, 3, 3), weights("kb", width), weights("head", width, 3), numpy_helper.from_array(np.array(1024, np.float32), "range")],
                        {"icu.encoder.id": "invented-imaging"})
    cases = []
    for name, pixels in {"wide": draw.integers(0, 256, (21, 40)).astype(np.uint8), "tall16": (draw.random((50, 33)) * 65535).astype(np.uint16)}.items():
        (here / "imaging" / (name + ".png")).write_bytes(png(pixels))
        most = 65535 if pixels.dtype == np.uint16 else 255
        x = (2 * pixels.astype(np.float64) / most - 1) * 1024
        n = min(x.shape)
        top, left = x.shape[0] // 2 - n // 2, x.shape[1] // 2 - n // 2
        x = area(x[top:top + n, left:left + n], side).astype(np.float32)
        features, = session.run(["features"], {"film": x[None, None]})
        cases.append({"file": name + ".png", "vector": floats(features)})
    manifest = about("imaging", "imaging", width, sha)
    manifest["image"] = {"input": "film", "output": "features", "side": side, "channels": 1, "low": -1024, "high": 1024}
    write("imaging", manifest, cases)


# Strips: two leads, a second and a half at 100 Hz.
def ecg():
    samples, width = 150, 5
    nodes = [
        helper.make_node("Conv", ["ecg", "k", "kb"], ["c"], strides=[4]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("ReduceMax", ["r"], ["features"], axes=[2], keepdims=0),
    ]
    session, sha = save("ecg", nodes, [helper.make_tensor_value_info("ecg", TensorProto.FLOAT, ["n", 2, samples])],
                        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", width])], [weights("k", width, 2, 9), weights("kb", width)], {})
    x = (np.sin(np.arange(samples + 20) / 7) * 200 + draw.integers(-20, 20, samples + 20)).astype(np.int16)
    y = (np.cos(np.arange(samples + 20) / 5) * 100).astype(np.int16)
    strip = {"rate_hz": 100, "gain": 0.005, "leads": ["v1", "II"], "samples": [y.tolist(), x.tolist()]}
    physical = np.stack([x, y]).astype(np.float64)[:, :samples] * 0.005
    features, = session.run(["features"], {"ecg": physical.astype(np.float32)[None]})
    manifest = about("ecg", "ecg", width, sha)
    manifest["strip"] = {"input": "ecg", "output": "features", "leads": ["II", "V1"], "rate_hz": 100, "samples": samples}
    write("ecg", manifest, [{"strip": strip, "vector": floats(features)}])




def bpe():
    """A tokenizer of the other kind, and the tokens that it makes."""
    t = tokenizers.Tokenizer(tokenizers.models.BPE())
    t.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=320, special_tokens=["<s>", "</s>", "<pad>"], show_progress=False,
                                             initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    t.train_from_iterator(["the patient is septic on norepinephrine, the patient is stable"] * 3, trainer)
    t.post_processor = tokenizers.processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    t.save(str(here / "bpe.json"), pretty=False)
    text = "The patient, naïve café:\n BP 90/60  is stable on norepinephrine!"
    (here / "bpe_tokens.json").write_text(json.dumps({"text": text, "tokens": t.encode(text).ids}) + "\n")


bpe()
notes()
imaging()
ecg()
