#!/usr/bin/env python3
"""Writes Tests/TransformerTests/Fixtures/gradients.json: what PyTorch computes for a tiny encoder.

The encoder's weights and the batches come from a hash (splitmix64) that the test has too, so the
fixture holds results only: every STRIDE-th value of each tensor's gradient after one backward pass,
and of each tensor after ten steps of AdamW over batches that touch different words. Computed in
double precision. Needs torch and nothing else:

    python3 -m venv .venv && .venv/bin/pip install torch
    .venv/bin/python scripts/make-gradient-fixtures.py

With --encoder FOLDER --output FOLDER it computes the same of a real encoder, with transformers, on texts of
random words, and writes every value of every tensor: some 200 MB, which are not committed. The test takes
them from LAUTER_TEST_GRADIENTS. Needs torch, transformers and safetensors.
"""
import argparse
import json
import math
import pathlib
import random

import torch

torch.set_default_dtype(torch.float64)

LAYERS, HIDDEN, HEADS, INTERMEDIATE, VOCABULARY, POSITIONS = 2, 64, 2, 96, 60, 48
STRIDE = 29
STEPS = 10
MASK = (1 << 64) - 1


def uniform(name, count):
    """Values in [-1, 1): splitmix64 from the FNV-1a hash of `name`."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    values = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        values.append((z >> 40) / 2.0**23 - 1)
    return values


def shapes():
    H, I = HIDDEN, INTERMEDIATE
    yield "embeddings.word_embeddings.weight", [VOCABULARY, H]
    yield "embeddings.position_embeddings.weight", [POSITIONS, H]
    yield "embeddings.token_type_embeddings.weight", [2, H]
    yield "embeddings.LayerNorm.weight", [H]
    yield "embeddings.LayerNorm.bias", [H]
    for i in range(LAYERS):
        p = f"encoder.layer.{i}"
        for name, out, inputs in [
            ("attention.self.query", H, H), ("attention.self.key", H, H),
            ("attention.self.value", H, H), ("attention.output.dense", H, H),
            ("intermediate.dense", I, H), ("output.dense", H, I),
        ]:
            yield f"{p}.{name}.weight", [out, inputs]
            yield f"{p}.{name}.bias", [out]
        for name in ["attention.output.LayerNorm", "output.LayerNorm"]:
            yield f"{p}.{name}.weight", [H]
            yield f"{p}.{name}.bias", [H]


def initial(name, shape):
    scale, offset = (0.1, 1.0) if name.endswith("LayerNorm.weight") else (0.15, 0.0)
    # Rounded to float, because that is what the test starts from.
    values = torch.tensor(uniform(name, math.prod(shape))) * scale + offset
    return values.float().double().reshape(shape)


def batch(step):
    """Five texts of 1 to 40 tokens; the words of one step are mostly not those of the next."""
    texts = []
    for t, length in enumerate([7, 40, 1, 16, 33]):
        draws = uniform(f"tokens {step} {t}", length)
        texts.append([(int((u + 1) * 10) + 7 * step) % VOCABULARY for u in draws])
    return texts


def embed(P, text, pooling, normalizes):
    n = len(text)
    layer_norm = lambda x, name: torch.nn.functional.layer_norm(
        x, [HIDDEN], P[f"{name}.weight"], P[f"{name}.bias"], 1e-12)
    linear = lambda x, name: x @ P[f"{name}.weight"].T + P[f"{name}.bias"]
    x = (P["embeddings.word_embeddings.weight"][text] + P["embeddings.token_type_embeddings.weight"][0]
         + P["embeddings.position_embeddings.weight"][:n])
    x = layer_norm(x, "embeddings.LayerNorm")
    for i in range(LAYERS):
        p = f"encoder.layer.{i}"
        heads = lambda name: linear(x, f"{p}.attention.self.{name}").reshape(n, HEADS, -1).transpose(0, 1)
        q, k, v = heads("query"), heads("key"), heads("value")
        a = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(HIDDEN // HEADS), -1) @ v
        a = a.transpose(0, 1).reshape(n, HIDDEN)
        x = layer_norm(x + linear(a, f"{p}.attention.output.dense"), f"{p}.attention.output.LayerNorm")
        h = torch.nn.functional.gelu(linear(x, f"{p}.intermediate.dense"))
        x = layer_norm(x + linear(h, f"{p}.output.dense"), f"{p}.output.LayerNorm")
    out = x.mean(0) if pooling == "mean" else x[0]
    return out / out.norm().clamp_min(1e-12) if normalizes else out


def train(pooling, normalizes):
    P = {name: torch.nn.Parameter(initial(name, shape)) for name, shape in shapes()}
    plain = [p for name, p in P.items() if "LayerNorm" in name or name.endswith("bias")]
    decayed = [p for name, p in P.items() if not ("LayerNorm" in name or name.endswith("bias"))]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}],
        betas=(0.9, 0.999), eps=1e-8)
    sample = lambda values: [float(f"{x:.8g}") for x in values.reshape(-1)[::STRIDE].tolist()]
    result = {"pooling": pooling, "normalizes": normalizes, "norms": []}
    for step in range(STEPS):
        texts = batch(step)
        out = torch.stack([embed(P, text, pooling, normalizes) for text in texts])
        direction = torch.tensor(uniform(f"gradient {step}", out.numel())).float().double()
        # Every other step's gradient is small enough not to be clipped.
        loss = (out.reshape(-1) * direction).sum() * (1.0 if step % 2 else 0.001)
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            result["embeddings"] = sample(out.detach())
            result["gradients"] = {name: sample(p.grad) for name, p in P.items()}
        result["norms"].append(float(torch.nn.utils.clip_grad_norm_(P.values(), 1.0)))
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * step / STEPS  # the first step has rate 0, as a warm-up does
        optimiser.step()
    result["trained"] = {name: sample(p.detach()) for name, p in P.items()}
    return result


def train_real(encoder, output):
    """Ten steps like a fine-tuning's, in double precision, without dropout; for encoders that pool by mean."""
    from safetensors.torch import save_file
    from transformers import AutoModel

    normalizes = "Normalize" in (encoder / "modules.json").read_text()
    model = AutoModel.from_pretrained(
        encoder, dtype=torch.float64, attn_implementation="eager", add_pooling_layer=False).eval()
    plain = [p for name, p in model.named_parameters() if "LayerNorm" in name or name.endswith("bias")]
    decayed = [p for name, p in model.named_parameters()
               if not ("LayerNorm" in name or name.endswith("bias"))]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}],
        betas=(0.9, 0.999), eps=1e-8)
    tensors = lambda of: {
        name: of(p).detach().float().contiguous() for name, p in model.named_parameters()}
    generator = random.Random(7)
    words = model.config.vocab_size
    batches = [[[101] + [generator.randrange(1000, words) for _ in range(n)] + [102]
                for n in (3, 11, 24, 38)] for _ in range(STEPS)]
    norms = []
    for step, texts in enumerate(batches):
        out = torch.stack([model(torch.tensor([text])).last_hidden_state[0].mean(0) for text in texts])
        if normalizes:
            out = torch.nn.functional.normalize(out, dim=1)
        direction = torch.tensor(uniform(f"gradient {step}", out.numel())).float().double()
        optimiser.zero_grad()
        (out.reshape(-1) * direction).sum().backward()
        if step == 0:
            save_file(tensors(lambda p: p.grad), output / "gradients.safetensors")
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)))
        for group in optimiser.param_groups:
            group["lr"] = 2e-5 * step / STEPS
        optimiser.step()
    save_file(tensors(lambda p: p), output / "trained.safetensors")
    (output / "steps.json").write_text(json.dumps(
        {"encoder": str(encoder.resolve()), "batches": batches, "norms": norms}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--encoder", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.encoder:
        arguments.output.mkdir(parents=True, exist_ok=True)
        train_real(arguments.encoder, arguments.output)
        raise SystemExit
    out = pathlib.Path(__file__).parent.parent / "Tests/TransformerTests/Fixtures/gradients.json"
    out.parent.mkdir(exist_ok=True)
    fixture = {"stride": STRIDE, "runs": [train("mean", True), train("cls", False)]}
    out.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(f"{out}: {out.stat().st_size} bytes")
