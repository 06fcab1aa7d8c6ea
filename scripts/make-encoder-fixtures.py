#!/usr/bin/env python3
"""Writes Tests/TransformerTests/Fixtures/encoders.json: folders in the manner of the encoders people use,
and what sentence-transformers makes of texts with them.

The folders have the layers, pooling, prompts, data types and tensor names of the real encoders, but a small
width and vocabulary; their weights come from a hash that the test has too. Needs PyTorch:

    python3 -m venv .venv && .venv/bin/pip install torch transformers==4.57.6 sentence-transformers==5.1.2
    .venv/bin/python scripts/make-encoder-fixtures.py

With --full FOLDER it writes folders of the real width and vocabulary there instead, with the expected
embeddings in each as expected.jsonl and the texts as texts.jsonl, to be compared with
`lauter-inference embed` by hand or, with --compare BINARY, by this script.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy
import torch
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
FIXTURE = ROOT / "Tests/TransformerTests/Fixtures/encoders.json"
TEXTS = ["the quick brown fox", "a", "", "query: 42 is not passage: 7!", "Ünder the [SEP] bridge, twice"]
SMALL = {"hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 128,
         "max_position_embeddings": 64}
REAL = {"hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536,
        "max_position_embeddings": 512}

# name, layers, pooling, normalise, data type, prefix of tensor names, prompts, default prompt
ENCODERS = [
    ("bge-micro-v2", 3, "mean", False, "F16", "", {}, None),
    ("bge-small", 12, "cls", True, "F32", "", {}, None),
    ("e5-small", 12, "mean", True, "F32", "", {"query": "query: ", "passage": "passage: "}, "query"),
    ("gte-tiny", 6, "mean", False, "F32", "bert.", {}, None),
    ("snowflake-arctic-embed-xs", 6, "cls", True, "BF16", "",
     {"query": "the passage for searching: ", "document": ""}, None),
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def vocabulary():
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = ["the", "query", "passage", "quick", "##ick", "fox", "under", "bridge", "for", "search", "##ing"]
    return SPECIAL + list(":!,.") + list(letters) + ["##" + letter for letter in letters] + words


def uniform(name, count):
    """Values in [-1, 1): splitmix64 from the FNV-1a hash of `name`."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    steps = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
    z = steps + numpy.uint64(state)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    z ^= z >> numpy.uint64(31)
    return (z >> numpy.uint64(40)).astype(numpy.float64) / 2.0**23 - 1


def values(name, shape):
    """Multiples of 1/64 below 2, which F16 and BF16 hold exactly."""
    gain = name.endswith("LayerNorm.weight")
    raw = uniform(name, int(numpy.prod(shape))) * (0.25 if gain else 0.3) + (1 if gain else 0)
    return torch.from_numpy(numpy.floor(raw * 64 + 0.5) / 64).reshape(shape).to(torch.float32)


def files(layers, pooling, normalise, prompts, default, size, words, layout6):
    """The texts of a folder's JSON files, in the layout of sentence-transformers before 6 or from 6 on."""
    kind = {"Transformer": "base.modules.transformer", "Pooling": "sentence_transformer.modules.pooling",
            "Normalize": "sentence_transformer.modules.normalize"}
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + [("2_Normalize", "Normalize")] * normalise
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu",
        "num_hidden_layers": layers, "layer_norm_eps": 1e-12, "type_vocab_size": 2,
        "vocab_size": len(words), "attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1,
        "position_embedding_type": "absolute", "pad_token_id": 0, **size}
    made = {
        "config.json": config,
        "modules.json": [
            {"idx": i, "name": str(i), "path": path,
             "type": f"sentence_transformers.{kind[name]}.{name}" if layout6
             else f"sentence_transformers.models.{name}"}
            for i, (path, name) in enumerate(modules)],
        "config_sentence_transformers.json": {
            "prompts": prompts, "default_prompt_name": default, "similarity_fn_name": "cosine"},
        "tokenizer_config.json": {
            "do_lower_case": True, "tokenizer_class": "BertTokenizer",
            "model_max_length": size["max_position_embeddings"],
            **{f"{name}_token": f"[{name.upper()}]" for name in ["pad", "unk", "cls", "sep", "mask"]}},
    }
    width = size["hidden_size"]
    if layout6:
        made["sentence_bert_config.json"] = {"transformer_task": "feature-extraction"}
        made["1_Pooling/config.json"] = {
            "embedding_dimension": width, "pooling_mode": pooling, "include_prompt": True}
    else:
        made["sentence_bert_config.json"] = {
            "max_seq_length": size["max_position_embeddings"], "do_lower_case": False}
        made["1_Pooling/config.json"] = {
            "word_embedding_dimension": width, "pooling_mode_cls_token": pooling == "cls",
            "pooling_mode_mean_tokens": pooling == "mean", "pooling_mode_max_tokens": False}
    return {**{path: json.dumps(content) for path, content in made.items()},
            "vocab.txt": "\n".join(words) + "\n"}


def write(folder, contents, kind, prefix):
    from transformers import BertConfig, BertModel

    for path, text in contents.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    config = BertConfig(**json.loads(contents["config.json"]))
    dtype = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[kind]
    tensors = {
        prefix + name: values(name, tensor.shape).to(dtype)
        for name, tensor in BertModel(config, add_pooling_layer=False).state_dict().items()
        if not name.endswith("position_ids")}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def encode(folder, prompts):
    """[(prompt's name, text, embedding)]: by the default prompt first."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    for name in [None, *prompts]:
        vectors = model.encode(TEXTS, prompt_name=name, batch_size=1)
        for text, vector in zip(TEXTS, vectors):
            yield name, text, [float(f"{x:.7g}") for x in vector]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", type=pathlib.Path)
    parser.add_argument("--compare", type=pathlib.Path, help="lauter-inference")
    arguments = parser.parse_args()
    words = vocabulary()
    size = SMALL
    if arguments.full:
        words = words + [f"[unused{i}]" for i in range(30522 - len(words))]
        size = REAL
    made = []
    for name, layers, pooling, normalise, kind, prefix, prompts, default in ENCODERS:
        shape = (layers, pooling, normalise, prompts, default, size, words)
        with tempfile.TemporaryDirectory() as temporary:
            folder = arguments.full / name if arguments.full else pathlib.Path(temporary)
            write(folder, files(*shape, layout6=False), kind, prefix)
            cases = [{"prompt": prompt, "text": text, "embedding": embedding}
                     for prompt, text, embedding in encode(folder, prompts)]
            if arguments.full:
                compare(folder, cases, arguments.compare)
                continue
        made.append({"name": name, "layers": layers, "type": kind, "prefix": prefix, "cases": cases,
                     "before6": files(*shape, layout6=False), "from6": files(*shape, layout6=True)})
    if not arguments.full:
        FIXTURE.write_text("\n".join(["[", ",\n".join(map(json.dumps, made)), "]", ""]))


def compare(folder, cases, binary):
    if not binary:
        return
    for prompt in sorted({case["prompt"] for case in cases}, key=str):
        own = [case for case in cases if case["prompt"] == prompt]
        lines = "\n".join(json.dumps({"text": case["text"]}) for case in own)
        command = [binary, "embed", folder] + (["--prompt", prompt] if prompt else [])
        output = subprocess.run(command, input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout
        found = [json.loads(line)["embedding"] for line in output.splitlines()]
        worst = max(numpy.abs(numpy.array(f) - numpy.array(c["embedding"])).max()
                    for f, c in zip(found, own))
        print(f"{folder.name}, prompt {prompt}: largest difference {worst:.2g}")


if __name__ == "__main__":
    main()
