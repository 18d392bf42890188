"""The network of a model file in PyTorch, for comparison: does it agree, and how fast is it in batch?

    python torchtwin.py MODEL.safetensors STAYS.safetensors

STAYS holds inputs and the probabilities that Vigil has for them; BenchmarkTorch of package fusion
writes it (make bench-torch). One line of JSON comes out: the largest difference of a probability, and
stays per second with one thread and with two. It reads models of the kind of open-icu: series, hourly
cells, one joint router. Vigil is research software, not a medical device.
"""

import json
import math
import struct
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F


def read(path):
    """Tensors and metadata of a safetensors file; all are float32."""
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    meta = header.pop("__metadata__", {})
    tensors = {}
    for name, of in header.items():
        if of["dtype"] != "F32":
            raise SystemExit(f"{path}: {name} is {of['dtype']}, want F32")
        first, last = of["data_offsets"]
        tensors[name] = torch.from_numpy(np.frombuffer(data[first:last], dtype="<f4").reshape(of["shape"]).copy())
    return tensors, meta


class Twin:
    def __init__(self, weights, config):
        self.w, self.c = weights, config
        want = {"cells": 48, "points": 48, "router": "joint", "gate": "laplace", "regular": "last_observation", "pool": "now_last_mean",
                "utde": "batch_seq_feature", "values": "hinges", "intensity": True, "seen": False, "soft_cap": True, "form": "token",
                "missing": "learned", "states": False, "scaled": False, "expert": "ffn", "reference": "ends"}
        other = {k: config.get(k) for k, v in want.items() if config.get(k) != v}
        if other:
            raise SystemExit(f"this twin reads no model with {other}")
        self.names = [m["name"] for m in config["modalities"]]
        self.members = [[i for i, ch in enumerate(config["channels"]) if ch["modality"] == n] for n in self.names]
        edges = weights["edges.statistics"]
        self.stat, self.static = self.bins(edges.reshape(-1, edges.shape[-1])), self.bins(weights["edges.statics"])
        points = config["points"]
        self.scores = self.exponentials((torch.arange(points) + 1.0) / points, (torch.arange(points) + 0.5) / points)

    @staticmethod
    def bins(edges):
        """Lower ends, widths, and which bins there are: none from the first without a width on."""
        width = edges[:, 1:] - edges[:, :-1]
        there = torch.cumprod((width > 0).float(), dim=1)
        return edges[:, :-1], width.clamp(min=1e-4), there

    def dense(self, name, x):
        return F.linear(x, self.w[name + ".w"], self.w.get(name + ".b"))

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.w[name + ".gain"], self.w[name + ".bias"], 1e-5)

    def exponentials(self, reference, centres):
        """[heads*points][cells], the same for every stay."""
        def phi(t):
            arg = t.double()[:, None] * self.w["time.w"].double() + self.w["time.b"].double()
            return torch.cat([arg[:, :1], torch.sin(arg[:, 1:])], 1).float()

        q, k = self.dense("attention.query", phi(reference)), self.dense("attention.key", phi(centres))
        heads = self.c["time_heads"]
        e = q.shape[1] // heads
        s = torch.stack([q[:, h * e:(h + 1) * e] @ k[:, h * e:(h + 1) * e].T for h in range(heads)]) / math.sqrt(e)
        return torch.exp(8 * torch.tanh(s / 8)).reshape(heads * len(reference), -1)

    def encode(self, bins, x, known):
        low, width, there = bins
        parts = (((x[:, :, None] - low) / width).clamp(0, 1) - 0.5) * there * known[:, :, None]
        return torch.cat([parts, known[:, :, None] - 0.5], 2).flatten(1)

    def attended(self, s):
        """[stays][points][columns] of each modality."""
        n, z = s["count"], s["mean"]
        values = torch.stack([n * z, n * F.relu(z - 1), n * F.relu(-z - 1), n], 1)  # [B][4][channels][cells]
        sums = torch.einsum("rc,bfkc->brfk", self.scores, values)
        weight = sums[:, :, 3:]
        out = torch.cat([torch.where(weight > 0, sums[:, :, :3] / weight.clamp(min=1e-30), torch.zeros(())), torch.log1p(weight)], 2)
        b, points, heads = n.shape[0], self.c["points"], self.c["time_heads"]
        out = out.reshape(b, heads, points, 4, -1).transpose(1, 2)
        return [out[..., m].reshape(b, points, -1) for m in self.members]

    def last(self, s):
        """The last observation carried forward, [stays][channels][points][6]."""
        seen = s["count"] > 0
        at = torch.arange(seen.shape[2])
        newest = torch.cummax(torch.where(seen, at, torch.full((), -1)), 2).values
        there = (newest >= 0).float()
        z = torch.gather(s["last"], 2, newest.clamp(min=0)) * there
        age = (at - newest).float()
        return torch.stack([z, F.relu(z - 1), F.relu(-z - 1), torch.exp(-age / 3) * there, torch.exp(-age / 12) * there, seen.float()], 3)

    def tokens(self, s):
        attended, last = self.attended(s), self.last(s)
        stay = torch.cat([self.encode(self.static, s["statics"], s["statics_known"]), s["hours"][:, None] / 48 - 1], 1)
        stats = self.encode(self.stat, s["stats"], s["stats_known"])
        each = stats.reshape(stats.shape[0], len(self.c["channels"]), -1)
        z = []
        for i, name in enumerate(self.names):
            m = self.members[i]
            irregular = self.dense(name + ".attention", attended[i])
            regular = self.dense(name + ".regular", last[:, m].permute(0, 2, 3, 1).flatten(2))
            gate = torch.sigmoid(self.dense(name + ".utde.second", F.relu(self.dense(name + ".utde.first", torch.cat([irregular, regular], 2)))))
            now = self.dense(name + ".now2", F.relu(self.dense(name + ".now1", torch.cat([each[:, m].flatten(1), stay], 1))))
            tokens = torch.cat([gate * irregular + (1 - gate) * regular, now[:, None]], 1) + self.w[name + ".type"]
            there = (s["count"][:, m] > 0).flatten(1).any(1)
            z.append(torch.where(there[:, None, None], tokens, self.w[name + ".missing"]))
        return z, torch.cat([stats, stay], 1)

    def mixture(self, prefix, x):
        score = -torch.sqrt(((x[:, None] - self.w[prefix + "router0.centres"]) ** 2).sum(2))
        top, index = score.topk(self.c["top_k"], 1)
        weight = top.softmax(1)
        y = torch.zeros_like(x)
        for e in range(self.c["experts"]):
            row, slot = torch.where(index == e)
            if len(row):
                h = F.gelu(F.linear(x[row], self.w[prefix + "experts.w1"][e], self.w[prefix + "experts.b1"][e]))
                y.index_add_(0, row, weight[row, slot, None] * F.linear(h, self.w[prefix + "experts.w2"][e], self.w[prefix + "experts.b2"][e]))
        return y

    def attention(self, prefix, x):
        normed = self.norm(prefix + "norm1", x)
        b, n, d = x.shape
        heads = self.c["heads"]
        kv = self.dense(prefix + "keyvalue", normed)
        q, k, v = (t.reshape(b, n, heads, d // heads).transpose(1, 2) for t in (self.dense(prefix + "query", normed), kv[..., :d], kv[..., d:]))
        a = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(d // heads), 3) @ v
        return x + self.dense(prefix + "out", a.transpose(1, 2).reshape(b, n, d))

    def logits(self, s):
        z, skip = self.tokens(s)
        x = [t + self.w["positions"] for t in z]
        b, n, d = x[0].shape
        for layer in range(self.c["layers"]):
            x = [self.attention(f"layer{layer}.{name}.", t) for name, t in zip(self.names, x)]
            joined = torch.cat([self.norm(f"layer{layer}.{name}.norm2", t) for name, t in zip(self.names, x)], 2)
            y = self.mixture(f"layer{layer}.moe.", joined.reshape(b * n, -1)).reshape(b, n, -1)
            for i, name in enumerate(self.names):
                t = x[i] + y[..., i * d:(i + 1) * d]
                h = F.relu(self.dense(f"layer{layer}.{name}.ffn1", self.norm(f"layer{layer}.{name}.norm3", t)))
                x[i] = t + self.dense(f"layer{layer}.{name}.ffn2", h)
        parts = []
        for name, t in zip(self.names, x):
            t = self.norm(name + ".final", t)
            parts += [t[:, -1], t[:, -2], t[:, :-1].mean(1)]
        h = torch.cat(parts, 1)
        out = self.dense("head.out", h + self.dense("head.b", F.relu(self.dense("head.a", h))))
        return out + self.dense("skip3", F.relu(self.dense("skip2", F.relu(self.dense("skip1", skip)))))

    def probability(self, s):
        points = self.c["tasks"][0]["calibration"]
        hours = s["hours"].numpy()
        scale, shift = (torch.from_numpy(np.interp(hours, [p["hours"] for p in points], [p[key] for p in points]).astype("f4")) for key in ("scale", "shift"))
        return torch.sigmoid(self.logits(s)[:, 0] * scale + shift)


def main():
    weights, meta = read(sys.argv[1])
    stays, _ = read(sys.argv[2])
    want = stays.pop("probability")
    twin = Twin(weights, json.loads(meta["vigil"]))
    with torch.no_grad():
        off = float((twin.probability(stays) - want).abs().max())
        rates = {}
        for threads in (1, 2):
            torch.set_num_threads(threads)
            best = float("inf")
            for _ in range(7):
                start = time.perf_counter()
                twin.probability(stays)
                best = min(best, time.perf_counter() - start)
            rates[str(threads)] = len(want) / best
    print(json.dumps({"torch": torch.__version__, "stays": len(want), "off": off, "stays_per_second": rates}))


if __name__ == "__main__":
    main()
