#!/usr/bin/env python3
"""Measures the encoder beside its peers, in one run, and holds the result against the targets.

    Tests/Benchmarks/encoder.py ENCODER_FOLDER [--quick] [--minutes 20] [--texts FILE...]

Peers: sentence-transformers (PyTorch), ONNX Runtime (plain, and with its transformers optimiser: the
better of the two counts), OpenVINO and CTranslate2, in a virtual environment it makes on first use
(about 2 GB, from PyPI). Every engine measures a point before the next point comes, so what else the
machine does meets all of them. Results go to a file as they come; the same command goes on where it was
stopped, --fresh begins anew. Points of equal length have no padding; the real mix is measured twice for
peers, sorted by length and as it comes. --threads, --kinds, --batches and --engines choose what a call
measures; the summary is of all there is. Token ids are given, so tokenizing is not timed. Pooling and
normalising are part of everyone's graph. Keep the machine quiet: above a load average of about 0.3 the
numbers say more about the other work.
"""

import argparse
import json
import math
import os
import pathlib
import platform
import random
import select
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A peer that is not to be had is left out and said so.
REQUIRED = ["torch==2.13.0", "transformers==4.57.6", "sentence-transformers==5.1.2"]
OPTIONAL = ["onnx==1.23.2 onnxruntime==1.32.0", "openvino==2026.4.1 nncf==3.4.0", "ctranslate2==4.8.5"]
ENGINES = ["torch fp32", "ort fp32", "openvino fp32", "lauter fp32", "openvino bf16", "lauter bf16",
           "ort int8", "openvino int8", "ctranslate2 int8", "lauter int8"]
LENGTHS = [16, 64, 256]
# What the targets are about comes first, so that a run cut short has it.
BATCHES = [32, 1, 8, 128]
MIXED_BATCHES = [32, 128]
TRAINING = "training"
KINDS = [TRAINING, "equal", "sorted", "given"]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=pathlib.Path, help="a sentence-transformers folder")
    parser.add_argument("--binaries", type=pathlib.Path, default=ROOT / ".build/release")
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / ".build/benchmark-venv")
    parser.add_argument("--results", type=pathlib.Path,
                        default=ROOT / ".build/benchmark-results.jsonl")
    parser.add_argument("--texts", type=pathlib.Path, nargs="+", help="JSON Lines with a \"text\"")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--engines", nargs="+", default=ENGINES, metavar="ENGINE")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS, metavar="KIND",
                        help="of points to measure now, of: " + ", ".join(KINDS))
    parser.add_argument("--batches", type=int, nargs="+", default=BATCHES)
    parser.add_argument("--seconds", type=float, default=0.6, help="for each measurement, at least")
    parser.add_argument("--minutes", type=float, default=20,
                        help="further rounds are made, and the best of them counts, until then")
    parser.add_argument("--quick", action="store_true", help="a few points, briefly: a smoke test")
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--peer", help=argparse.SUPPRESS)  # inside the environment
    arguments = parser.parse_args()
    arguments.encoder = arguments.encoder.resolve()
    if arguments.peer:
        return peer(arguments)
    if arguments.quick:
        arguments.seconds, arguments.minutes = 0.1, 0
        arguments.results = arguments.results.with_suffix(".quick.jsonl")
    for name in ["lauter-inference", "lauter-trainer"]:
        if not (arguments.binaries / name).exists():
            sys.exit(f"{arguments.binaries / name} is missing: scripts/build.sh --product {name}")
    Run(arguments).run()


class Run:
    def __init__(self, arguments):
        self.arguments = arguments
        self.python = environment(arguments.venv)
        self.folder = arguments.venv / f"models-{arguments.encoder.name}"
        self.folder.mkdir(exist_ok=True)
        self.results = []
        if arguments.fresh:
            arguments.results.unlink(missing_ok=True)
        if arguments.results.exists():
            self.results = [json.loads(line) for line in arguments.results.read_text().splitlines()]
            print(f"going on with {len(self.results)} measurements from {arguments.results}")

    def run(self):
        arguments = self.arguments
        deadline = time.monotonic() + 60 * arguments.minutes
        self.mix()
        self.conditions("at the beginning")
        subprocess.run([self.python, __file__, arguments.encoder, "--peer", "convert", "--venv",
                        arguments.venv], check=True)
        for threads in arguments.threads:
            self.round(threads, 0, deadline + 240)
        number = 1
        while time.monotonic() < deadline:
            for threads in arguments.threads:
                self.round(threads, number, deadline)
            number += 1
        self.conditions("at the end")
        if time.monotonic() > deadline + 240:
            print("time is over: the same command measures what is missing")
        Summary(self.results, arguments, self.texts).show()

    def mix(self):
        """Real texts in an order without any order, as text and as ids."""
        arguments = self.arguments
        files = arguments.texts
        if not files:
            shared = os.environ.get("LAUTER_TEST_SHARED", ROOT.parent / "shared")
            files = sorted(pathlib.Path(shared).glob("data/*/test.jsonl")) or sorted(
                (ROOT / "scripts/example").glob("*.jsonl"))
        count = 64 if arguments.quick else 256
        lines = []
        for file in files:
            records = [json.loads(line) for line in file.read_text().splitlines()]
            own = [json.dumps({"text": r["text"]}) for r in records if "text" in r]
            random.Random(0).shuffle(own)
            lines += own[:math.ceil(count / len(files))]
        random.Random(1).shuffle(lines)
        lines = lines[:count]
        (self.folder / "mix.texts.jsonl").write_text("\n".join(lines) + "\n")
        ids = subprocess.run(
            [arguments.binaries / "lauter-inference", "tokenize", arguments.encoder],
            input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True).stdout
        cut = [json.loads(line)["ids"] for line in ids.splitlines()]
        cut = [text[:255] + text[-1:] if len(text) > 256 else text for text in cut]
        (self.folder / "mix.jsonl").write_text(
            "\n".join(json.dumps({"ids": text}) for text in cut) + "\n")
        self.texts = cut

    def conditions(self, when):
        arguments = self.arguments
        commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                                stdout=subprocess.PIPE, text=True).stdout.strip()
        print(f"{when}: {time.strftime('%Y-%m-%d %H:%M:%S')}, load average "
              f"{os.getloadavg()[0]:.2f}, {platform.platform()}, {cpu()}, {os.cpu_count()} cores, "
              f"commit {commit}, {arguments.encoder.name}; mix: {len(self.texts)} texts, "
              f"{sum(map(len, self.texts)) / len(self.texts):.1f} tokens in the mean", flush=True)

    def points(self):
        kinds, batches = self.arguments.kinds, self.arguments.batches
        return [point for point in self.all_points() if point["kind"] in kinds
                and (point["kind"] == TRAINING or point["batch"] in batches)]

    def all_points(self):
        lengths, batches = (LENGTHS, BATCHES) if not self.arguments.quick else ([16, 64], [1, 8])
        mixed = MIXED_BATCHES if not self.arguments.quick else [32]
        yield {"kind": TRAINING, "batch": 32}
        for batch in batches:
            for tokens in lengths:
                yield {"kind": "equal", "tokens": tokens, "batch": batch}
            if batch in mixed:
                for kind in ["sorted", "given"]:
                    yield {"kind": kind, "batch": batch}
        if self.arguments.quick:
            for kind in ["sorted", "given"]:
                yield {"kind": kind, "batch": 32}

    def round(self, threads, number, deadline):
        done = {self.key(result) for result in self.results}
        workers = {}
        try:
            for point in self.points():
                for engine in self.arguments.engines:
                    if point["kind"] == TRAINING and engine not in ("torch fp32", "lauter fp32"):
                        continue
                    # The order of texts changes nothing for Lauter: it has no padding.
                    if engine.startswith("lauter") and point["kind"] == "sorted":
                        continue
                    entry = {**point, "engine": engine, "threads": threads, "round": number}
                    if self.key(entry) in done:
                        continue
                    if time.monotonic() > deadline:
                        return
                    # Long points say as much after one round as after three.
                    if number and self.best(entry) > 2000:
                        continue
                    if engine.startswith("lauter"):
                        measured = self.lauter(engine, threads, point)
                    else:
                        if engine not in workers:
                            workers[engine] = Worker(engine, threads, self)
                        measured = workers[engine].measure(point)
                    self.keep({**entry, **measured})
        finally:
            for worker in workers.values():
                worker.close()

    def key(self, result):
        return json.dumps([result.get(name) for name in
                           ["kind", "tokens", "batch", "engine", "threads", "round"]])

    def best(self, entry):
        return min((r["p50"] for r in self.results
                    if "p50" in r and self.key({**r, "round": 0}) == self.key({**entry, "round": 0})),
                   default=0)

    def keep(self, result):
        self.results.append(result)
        with self.arguments.results.open("a") as file:
            file.write(json.dumps(result) + "\n")
        shape = result["kind"] if result["kind"] != "equal" else f"{result['tokens']} tokens"
        words = result.get("error") or f"{result['p50']:.2f} ms"
        print(f"  {result['threads']} threads, {shape} x {result['batch']}, {result['engine']}: "
              f"{words}", flush=True)

    def lauter(self, engine, threads, point):
        arguments = self.arguments
        common = ["--threads", threads, "--seconds", arguments.seconds, "--json"]
        if point["kind"] == TRAINING:
            command = [arguments.binaries / "lauter-trainer", "bench", arguments.encoder,
                       "--texts", self.folder / "mix.texts.jsonl", "--batch", point["batch"], *common]
        else:
            which = (["--tokens", point["tokens"]] if point["kind"] == "equal"
                     else ["--ids", self.folder / "mix.jsonl"])
            command = [arguments.binaries / "lauter-inference", "bench", arguments.encoder,
                       "--precision", engine.split()[1], "--batch", point["batch"], *which, *common]
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: pin(threads))
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            return {"error": f"failed with status {process.returncode}"}
        report = json.loads(output)
        measured = report["measurements"][0] if "measurements" in report else report
        kept = {name: measured[name] for name in ["best", "p50", "p99"]}
        if point["kind"] == TRAINING:
            kept = dict.fromkeys(kept, measured["mean"])
        for name in ["peak", "load"]:
            if name in report:
                kept[name] = report[name]
        return {**kept, "memory": usage.ru_maxrss * 1024}


class Worker:
    """A peer in a process of its own, pinned to its cores, that measures the points it is sent."""

    def __init__(self, engine, threads, run):
        self.log = (run.folder / f"{engine.replace(' ', '-')}.log").open("a")
        command = [run.python, __file__, run.arguments.encoder, "--peer", engine, "--threads", threads,
                   "--seconds", run.arguments.seconds, "--venv", run.arguments.venv]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1",
                       "TOKENIZERS_PARALLELISM": "false"}
        # Some workplaces set it for old libraries; new ones choose better.
        environment.pop("OPENBLAS_CORETYPE", None)
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log, text=True, preexec_fn=lambda: pin(threads), env=environment)

    def measure(self, point):
        if self.process.poll() is not None:
            return {"error": f"is gone; see {self.log.name}"}
        try:
            self.process.stdin.write(json.dumps(point) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": f"is gone; see {self.log.name}"}
        ready, _, _ = select.select([self.process.stdout], [], [], 240)
        if not ready:
            self.process.kill()
            return {"error": "took more than 240 seconds"}
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": f"is gone; see {self.log.name}"}

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.log.close()


def pin(threads):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


class Summary:
    def __init__(self, results, arguments, texts):
        self.arguments = arguments
        self.rows = {}
        self.peaks = {}
        self.memory = {}
        self.load = {}
        self.errors = {}
        config = json.loads((arguments.encoder / "config.json").read_text())
        self.layers, self.hidden = config["num_hidden_layers"], config["hidden_size"]
        self.inner = config["intermediate_size"]
        self.mixed = sum(self.operations(len(text)) for text in texts)
        self.texts = len(texts)
        for result in results:
            engine, threads = result["engine"], result["threads"]
            if "error" in result:
                self.errors.setdefault((engine, threads), result["error"])
                continue
            kind, place = result["kind"], (engine, threads)
            kinds = ["sorted", "given"] if engine.startswith("lauter") and kind == "given" else [kind]
            for kind in kinds:
                key = (*place, kind, result.get("tokens"), result["batch"])
                known = self.rows.get(key)
                if known is None or result["p50"] < known["p50"]:
                    self.rows[key] = result
            if "peak" in result:
                peak = (engine.split()[1], threads)
                self.peaks[peak] = max(self.peaks.get(peak, 0), result["peak"])
            if "load" in result:
                self.load[place] = min(self.load.get(place, math.inf), result["load"])
            if kind != TRAINING:
                self.memory[place] = max(self.memory.get(place, 0), result["memory"])

    def operations(self, n):
        return self.layers * n * (8 * self.hidden ** 2 + 4 * self.hidden * self.inner
                                  + 4 * n * self.hidden)

    def point(self, engine, threads, kind, tokens, batch):
        return self.rows.get((engine, threads, kind, tokens, batch))

    def speed(self, *key):
        row = self.point(*key)
        if row is None:
            return None
        return 1e3 * (key[4] if key[2] == "equal" else self.texts) / row["p50"]

    def percent(self, engine, threads, kind, tokens, batch):
        row = self.point(engine, threads, kind, tokens, batch)
        peak = self.peaks.get((engine.split()[1], threads))
        if row is None or not peak:
            return None
        work = batch * self.operations(tokens) if kind == "equal" else self.mixed
        return 100 * work / (row["best"] / 1e3) / peak

    def show(self):
        engines = [e for e in ENGINES if any(key[0] == e for key in self.rows)]
        shapes = sorted({key[2:] for key in self.rows if key[2] != TRAINING},
                        key=lambda s: (s[0] != "equal", s[0], s[1] or 0, s[2]))
        for threads in self.arguments.threads:
            print(f"\n{threads} thread(s): texts/s at the median | p50 ms | p99 ms | % of peak")
            print(f"{'':>16}" + "".join(f"{engine:>27}" for engine in engines))
            for kind, tokens, batch in shapes:
                name = f"{tokens} x {batch}" if kind == "equal" else f"{kind} x {batch}"
                cells = []
                for engine in engines:
                    row = self.point(engine, threads, kind, tokens, batch)
                    if row is None:
                        cells.append("-")
                        continue
                    percent = self.percent(engine, threads, kind, tokens, batch)
                    cells.append(f"{self.speed(engine, threads, kind, tokens, batch):.1f}|"
                                 f"{row['p50']:.2f}|{row['p99']:.2f}|"
                                 + (f"{percent:.0f}" if percent else "-"))
                print(f"{name:>16}" + "".join(f"{cell:>27}" for cell in cells))
            print(f"{'peak memory MiB':>16}" + "".join(
                f"{self.memory.get((engine, threads), 0) / 2 ** 20:>27.0f}" for engine in engines))
        for (engine, threads), error in sorted(self.errors.items()):
            print(f"not measured in full: {engine}, {threads} thread(s): {error}")
        self.targets(shapes)

    def targets(self, shapes):
        lines = []

        def target(what, wanted, found, at_least=True):
            if found is None:
                lines.append((what, wanted, "-", "not measured"))
                return
            reached = found >= wanted if at_least else found <= wanted
            short = (wanted - found if at_least else found - wanted) / wanted
            lines.append((what, wanted, f"{found:.2f}",
                          "reached" if reached else f"short by {100 * short:.0f}%"))

        equal = [shape for shape in shapes if shape[0] == "equal"]
        lengths = sorted({shape[1] for shape in equal})
        for precision, share in [("fp32", 88), ("bf16", 75), ("int8", 60)]:
            for threads in self.arguments.threads:
                for tokens in lengths:
                    target(f"{precision}, {threads} thread(s), {tokens} x 32, % of peak", share,
                           self.percent(f"lauter {precision}", threads, "equal", tokens, 32))
            if len(self.arguments.threads) > 1:
                few, many = min(self.arguments.threads), max(self.arguments.threads)
                for tokens in lengths:
                    one = self.speed(f"lauter {precision}", few, "equal", tokens, 32)
                    two = self.speed(f"lauter {precision}", many, "equal", tokens, 32)
                    target(f"{precision}, {tokens} x 32, {many} threads over {few}",
                           1.9 * many / few / 2, two / one if one and two else None)
        for precision, wanted in [("fp32", 1.25), ("bf16", 1.4), ("int8", 1.7)]:
            peers = [e for e in ENGINES if e.endswith(precision) and not e.startswith("lauter")]
            for threads in self.arguments.threads:
                for group, kinds, goal, worst in [
                        ("equal lengths", ["equal"], wanted, True),
                        ("mix, peers sort", ["sorted"], 1.5, False),
                        ("mix, peers do not sort", ["given"], 3.0, False)]:
                    ratios = {}
                    for shape in [s for s in shapes if s[0] in kinds]:
                        own = self.speed(f"lauter {precision}", threads, *shape)
                        others = {p: self.speed(p, threads, *shape) for p in peers}
                        others = {p: speed for p, speed in others.items() if speed}
                        if own and others:
                            best = max(others, key=others.get)
                            ratios[shape, best] = own / others[best]
                    mean = (math.exp(sum(map(math.log, ratios.values())) / len(ratios))
                            if ratios else None)
                    target(f"{precision}, {threads} thread(s), {group}, x best peer (geometric mean)",
                           goal, mean)
                    if worst and ratios:
                        (shape, best), ratio = min(ratios.items(), key=lambda item: item[1])
                        target(f"{precision}, {threads} thread(s), worst point: {shape[1]} x "
                               f"{shape[2]} against {best}", 1.0, ratio)
        many = max(self.arguments.threads)
        for precision, wanted in [("fp32", 1.7), ("int8", 0.6)]:
            row = self.point(f"lauter {precision}", many, "equal", 16, 1)
            target(f"{precision}, {many} threads, one text of 16 tokens, ms",
                   wanted * self.layers / 6, row and row["p50"], at_least=False)
        for threads in self.arguments.threads:
            ours = self.point("lauter fp32", threads, TRAINING, None, 32)
            theirs = self.point("torch fp32", threads, TRAINING, None, 32)
            target(f"training step of 32 texts, {threads} thread(s), x PyTorch", 4.0,
                   theirs["p50"] / ours["p50"] if ours and theirs else None)
            if ours and theirs:
                print(f"training step of 32 texts, {threads} thread(s): Lauter {ours['p50']:.1f} ms, "
                      f"PyTorch {theirs['p50']:.1f} ms")
        loads = [ms for (engine, _), ms in self.load.items() if engine.startswith("lauter")]
        target("load from a warm cache, ms, slowest precision", 100, max(loads, default=None),
               at_least=False)
        print(f"\n{'target':<78}{'wanted':>8}{'found':>9}  verdict")
        for what, wanted, found, verdict in lines:
            print(f"{what:<78}{wanted:>8.2f}{found:>9}  {verdict}")
        reached = sum(verdict == "reached" for *_, verdict in lines)
        print(f"{reached} of {len(lines)} targets reached")


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def environment(folder):
    python = folder / "bin/python"
    stamp = folder / "complete"
    wanted = json.dumps([REQUIRED, OPTIONAL])
    if not stamp.exists() or stamp.read_text() != wanted:
        print("making a Python environment with the peers", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *REQUIRED], check=True)
        for group in OPTIONAL:
            if subprocess.run([*pip, *group.split()]).returncode:
                print(f"cannot install {group}: it is left out", flush=True)
        stamp.write_text(wanted)
    return python


# What runs inside the environment.


def peer(arguments):
    # Whatever a library prints must not stand among the results.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    folder = arguments.venv / f"models-{arguments.encoder.name}"
    if arguments.peer == "convert":
        return convert(arguments.encoder, folder)
    import numpy
    import torch

    name, precision = arguments.peer.split()
    threads = arguments.threads[0]
    torch.set_num_threads(threads)
    engines = {"torch": torch_peer, "ort": ort_peer, "openvino": openvino_peer,
               "ctranslate2": ctranslate2_peer}
    try:
        variants = engines[name](arguments.encoder, folder, precision, threads)
        failure = None
    except Exception as error:
        variants, failure = [], f"{type(error).__name__}: {error}".splitlines()[0][:200]
    mix = [json.loads(line)["ids"] for line in (folder / "mix.jsonl").read_text().splitlines()]
    for line in sys.stdin:
        point = json.loads(line)
        try:
            if failure:
                raise RuntimeError(failure)
            if point["kind"] == TRAINING:
                measured = train(arguments.encoder, folder, point["batch"])
            else:
                slices = batches(point, mix)
                bodies = [lambda embed=embed: [embed(*part) for part in slices] for embed in variants]
                if len(bodies) > 1:
                    bodies.sort(key=once)
                measured = timed(bodies[0], arguments.seconds)
        except Exception as error:
            measured = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        status = pathlib.Path("/proc/self/status").read_text()
        measured["memory"] = 1024 * int(status.split("VmHWM:")[1].split()[0])
        print(json.dumps(measured), file=results, flush=True)


def batches(point, mix):
    """[(ids, mask)], padded to the longest of each batch."""
    import numpy

    if point["kind"] == "equal":
        batch, tokens = point["batch"], point["tokens"]
        ids = (numpy.arange(batch * tokens, dtype=numpy.int64).reshape(batch, tokens) * 7919) % 30000
        return [(ids, numpy.ones_like(ids))]
    texts = sorted(mix, key=len, reverse=True) if point["kind"] == "sorted" else mix
    parts = [texts[i:i + point["batch"]] for i in range(0, len(texts), point["batch"])]
    made = []
    for part in parts:
        longest = max(map(len, part))
        ids = numpy.array([text + [0] * (longest - len(text)) for text in part], dtype=numpy.int64)
        mask = numpy.array([[1] * len(text) + [0] * (longest - len(text)) for text in part],
                           dtype=numpy.int64)
        made.append((ids, mask))
    return made


def once(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def timed(body, seconds):
    body()
    times = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        body()
        times.append(1e3 * (time.perf_counter() - start))
    times.sort()
    return {"best": times[0], "p50": times[len(times) // 2], "p99": times[min(len(times) - 1, len(times) * 99 // 100)]}


def torch_peer(encoder, folder, precision, threads):
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(encoder), device="cpu").eval()

    def embed(ids, mask):
        with torch.inference_mode():
            features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
            return model(features)["sentence_embedding"].numpy()

    return [embed]


def ort_peer(encoder, folder, precision, threads):
    import onnxruntime

    def variant(file):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(file), options, ["CPUExecutionProvider"])
        return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0]

    return [variant(file) for file in sorted(folder.glob(f"ort-*-{precision}.onnx"))]


def openvino_peer(encoder, folder, precision, threads):
    import openvino

    core = openvino.Core()
    name = "openvino-int8.xml" if precision == "int8" else "plain.onnx"
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"}
    compiled = core.compile_model(core.read_model(folder / name), "CPU", settings)
    request = compiled.create_infer_request()
    return [lambda ids, mask: request.infer({"ids": ids, "mask": mask}, share_inputs=True)[0].copy()]


def ctranslate2_peer(encoder, folder, precision, threads):
    import ctranslate2
    import numpy

    model = ctranslate2.Encoder(str(folder / "ctranslate2"), device="cpu", compute_type="int8",
                                inter_threads=1, intra_threads=threads)
    normalizes = normalize(encoder)

    def embed(ids, mask):
        lengths = mask.sum(axis=1)
        texts = [row[:length].tolist() for row, length in zip(ids, lengths)]
        states = numpy.array(model.forward_batch(texts).last_hidden_state)
        weights = mask[:, :, None].astype(numpy.float32)
        mean = (states * weights).sum(axis=1) / weights.sum(axis=1)
        return mean / numpy.linalg.norm(mean, axis=1, keepdims=True) if normalizes else mean

    return [embed]


def normalize(encoder):
    file = encoder / "modules.json"
    return file.exists() and "Normalize" in file.read_text()


def convert(encoder, folder):
    """The peers' models; what cannot be made is said, and its engine fails later by itself."""
    steps = [("plain.onnx", export), ("ort-optimised-fp32.onnx", optimise),
             ("ort-plain-int8.onnx", quantise), ("openvino-int8.xml", openvino_int8),
             ("ctranslate2", ctranslate2_int8)]
    for name, step in steps:
        if not (folder / name).exists():
            print(f"making {name}", flush=True)
            try:
                step(encoder, folder)
            except Exception as error:
                print(f"cannot make {name}: {type(error).__name__}: {error}"[:600], flush=True)


def export(encoder, folder):
    import torch
    from transformers import AutoModel

    class Sentence(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained(encoder, attn_implementation="eager").eval()

        def forward(self, ids, mask):
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).to(states.dtype)
            mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1) if normalize(encoder) else mean

    example = torch.ones(2, 8, dtype=torch.int64)
    axes = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        Sentence(), (example, example), folder / "plain.onnx", dynamo=False, opset_version=17,
        input_names=["ids", "mask"], output_names=["embeddings"],
        dynamic_axes={"ids": axes, "mask": axes, "embeddings": {0: "batch"}})
    (folder / "ort-plain-fp32.onnx").symlink_to("plain.onnx")


def optimise(encoder, folder):
    from onnxruntime.transformers.optimizer import optimize_model

    config = json.loads((encoder / "config.json").read_text())
    model = optimize_model(
        str(folder / "plain.onnx"), model_type="bert", num_heads=config["num_attention_heads"],
        hidden_size=config["hidden_size"], use_gpu=False)
    print(f"fused: {model.get_fused_operator_statistics()}", flush=True)
    model.save_model_to_file(str(folder / "ort-optimised-fp32.onnx"))


def quantise(encoder, folder):
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    for kind in ["optimised", "plain"]:
        # The fused operators' types are not inferred.
        quantize_dynamic(
            folder / f"ort-{kind}-fp32.onnx", folder / f"ort-{kind}-int8.onnx", per_channel=True,
            weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def openvino_int8(encoder, folder):
    import nncf
    import numpy
    import openvino

    texts = [json.loads(line)["ids"] for line in (folder / "mix.jsonl").read_text().splitlines()]
    data = nncf.Dataset([
        {"ids": numpy.array([text], dtype=numpy.int64), "mask": numpy.ones((1, len(text)), numpy.int64)}
        for text in texts[:100]])
    model = openvino.Core().read_model(folder / "plain.onnx")
    model = nncf.quantize(model, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=100)
    openvino.save_model(model, folder / "openvino-int8.xml", compress_to_fp16=False)


def ctranslate2_int8(encoder, folder):
    import ctranslate2

    ctranslate2.converters.TransformersConverter(str(encoder)).convert(
        str(folder / "ctranslate2"), quantization="int8")


def train(encoder, folder, batch):
    """SetFit's step: two columns of texts, their cosines, AdamW over everything, dropout on."""
    import torch
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(encoder), device="cpu").train()
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0}], lr=2e-5)
    mix = [json.loads(line)["ids"] for line in (folder / "mix.jsonl").read_text().splitlines()]
    targets = torch.arange(batch // 2) % 2 * 1.0
    position = 0

    def column(texts):
        ids, mask = batches({"kind": "given", "batch": len(texts)}, texts)[0]
        features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        return model(features)["sentence_embedding"]

    def step():
        nonlocal position
        texts = [mix[(position + i) % len(mix)] for i in range(batch)]
        position += batch
        first, second = column(texts[0::2]), column(texts[1::2])
        loss = ((torch.cosine_similarity(first, second) - targets) ** 2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()

    # A pass to warm up and a pass that counts: steps of longer texts take longer.
    passes = []
    for _ in range(2):
        start = time.perf_counter()
        for _ in range(0, len(mix), batch):
            step()
        passes.append(1e3 * (time.perf_counter() - start) / math.ceil(len(mix) / batch))
    return {"best": passes[-1], "p50": passes[-1], "p99": passes[-1]}


if __name__ == "__main__":
    main()
