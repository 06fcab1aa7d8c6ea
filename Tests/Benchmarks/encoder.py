#!/usr/bin/env python3
"""Measures the encoder beside sentence-transformers (PyTorch) and ONNX Runtime, in one run.

    Tests/Benchmarks/encoder.py ENCODER_FOLDER [--lauter .build/release/lauter-inference] [--venv DIR]

Makes a virtual environment with the peers on first use (about 1 GB, from PyPI). For each number of
threads and precision it runs the peers and Lauter by turns, so that what else the machine does hits
all of them, and prints the machine's state with the numbers. Token ids are given, so tokenizing is not
timed; all texts of a batch have the same length, so nobody pads. Keep the machine quiet: above a load
average of about 0.3 the numbers, and PyTorch's above all, say more about the other work.
"""

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = [
    "torch==2.13.0", "transformers<5", "sentence-transformers<5.2", "onnx", "onnxscript",
    "onnxruntime==1.32.0",
]
LENGTHS = [16, 64, 256]
BATCHES = [1, 8, 32]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("encoder", type=pathlib.Path, help="a sentence-transformers folder")
    parser.add_argument("--lauter", type=pathlib.Path,
                        default=ROOT / ".build/release/lauter-inference")
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / ".build/benchmark-venv")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--seconds", type=float, default=1.0, help="for each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="turns; the best of them counts")
    parser.add_argument("--peer", help=argparse.SUPPRESS)  # one peer, in the environment
    arguments = parser.parse_args()
    if arguments.peer:
        return run_peer(arguments)
    if not arguments.lauter.exists():
        sys.exit(f"{arguments.lauter} is missing: swift build -c release --product lauter-inference")
    python = environment(arguments.venv)
    print(f"{platform.platform()}; {cpu()}; {os.cpu_count()} cores; "
          f"load average {os.getloadavg()[0]:.1f}; {', '.join(PEERS)}")
    for threads in arguments.threads:
        best = {}
        for _ in range(arguments.rounds):
            for engine in ["torch fp32", "ort fp32", "ort int8",
                           "lauter fp32", "lauter bf16", "lauter int8"]:
                for point, speed in measure(engine, threads, arguments, python).items():
                    key = (engine, point)
                    best[key] = max(best.get(key, 0), speed)
        table(threads, best)
    print(f"load average at the end {os.getloadavg()[0]:.1f}")


def measure(engine, threads, arguments, python):
    """(tokens, batch) -> texts/s, from a process of its own, pinned to `threads` cores."""
    name, precision = engine.split()
    if name == "lauter":
        command = [arguments.lauter, "bench", arguments.encoder, "--precision", precision,
                   "--threads", threads, "--seconds", arguments.seconds, "--json"]
    else:
        command = [python, __file__, arguments.encoder, "--peer", engine, "--threads", threads,
                   "--seconds", arguments.seconds, "--venv", arguments.venv]
    cores = sorted(os.sched_getaffinity(0))[:threads]
    result = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores))
    if result.returncode:
        sys.exit(f"{engine} failed with status {result.returncode}; its words are above")
    report = json.loads(result.stdout.splitlines()[-1])
    # 1000 / best: as quiet a moment as there was, for everyone alike.
    return {(m["tokens"], m["batch"]): 1e3 * m["batch"] / m["best"]
            for m in report["measurements"]}


def table(threads, best):
    engines = sorted({engine for engine, _ in best})
    print(f"\n{threads} thread(s), texts/s, best call")
    print(f"{'tokens':>6} {'batch':>5} " + " ".join(f"{e:>12}" for e in engines)
          + "   fp32/best fp32 peer   int8/ort int8")
    ratios = ([], [])
    for point in sorted({point for _, point in best}):
        row = {engine: best[engine, point] for engine in engines}
        fp32 = row["lauter fp32"] / max(row["torch fp32"], row["ort fp32"])
        int8 = row["lauter int8"] / row["ort int8"]
        ratios[0].append(fp32)
        ratios[1].append(int8)
        print(f"{point[0]:>6} {point[1]:>5} " + " ".join(f"{row[e]:>12.1f}" for e in engines)
              + f"   {fp32:>19.2f}   {int8:>13.2f}")
    for name, values in zip(["fp32 over the best fp32 peer", "int8 over ort int8"], ratios):
        product = 1.0
        for value in values:
            product *= value
        print(f"geometric mean, {name}: {product ** (1 / len(values)):.2f}")


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def environment(folder):
    python = folder / "bin/python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
        (folder / "complete").touch()
    return python


# What runs inside the environment.


def run_peer(arguments):
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import time

    import torch

    threads = arguments.threads[0]
    torch.set_num_threads(threads)
    name, precision = arguments.peer.split()
    embed = torch_peer(arguments) if name == "torch" else ort_peer(arguments, threads, precision)
    measurements = []
    for tokens in LENGTHS:
        for batch in BATCHES:
            ids = (torch.arange(batch * tokens).reshape(batch, tokens) * 7919) % 30000
            mask = torch.ones_like(ids)
            for _ in range(3):
                embed(ids, mask)
            times = []
            end = time.perf_counter() + arguments.seconds
            while not times or time.perf_counter() < end:
                start = time.perf_counter()
                embed(ids, mask)
                times.append(time.perf_counter() - start)
            measurements.append({"tokens": tokens, "batch": batch, "best": 1e3 * min(times)})
    print(json.dumps({"measurements": measurements}))


def torch_peer(arguments):
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(arguments.encoder), device="cpu").eval()

    def embed(ids, mask):
        with torch.inference_mode():
            return model({"input_ids": ids, "attention_mask": mask})["sentence_embedding"]

    return embed


def ort_peer(arguments, threads, precision):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(onnx_file(arguments, precision)), options, providers=["CPUExecutionProvider"])

    def embed(ids, mask):
        states = session.run(
            None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        mean = states.mean(axis=1)  # every text is as long as the batch
        return mean / (mean ** 2).sum(axis=1, keepdims=True) ** 0.5

    return embed


def onnx_file(arguments, precision):
    """The encoder as ONNX, optimised for transformers; int8 is quantised dynamically."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers.optimizer import optimize_model
    from transformers import AutoModel

    folder = arguments.venv / f"onnx-{arguments.encoder.name}"
    fp32, int8 = folder / "fp32.onnx", folder / "int8.onnx"
    if not int8.exists():
        folder.mkdir(exist_ok=True)
        model = AutoModel.from_pretrained(arguments.encoder, attn_implementation="eager").eval()
        plain = folder / "plain.onnx"
        example = torch.ones(2, 8, dtype=torch.int64)
        torch.onnx.export(
            model, (example, example), plain, dynamo=False, opset_version=17,
            input_names=["input_ids", "attention_mask"], output_names=["states", "pooled"],
            dynamic_axes={"input_ids": {0: "b", 1: "n"}, "attention_mask": {0: "b", 1: "n"},
                          "states": {0: "b", 1: "n"}})
        config = model.config
        optimize_model(
            str(plain), model_type="bert", num_heads=config.num_attention_heads,
            hidden_size=config.hidden_size).save_model_to_file(str(fp32))
        quantize_dynamic(fp32, int8, per_channel=True, weight_type=QuantType.QInt8)
    return int8 if precision == "int8" else fp32


if __name__ == "__main__":
    main()
