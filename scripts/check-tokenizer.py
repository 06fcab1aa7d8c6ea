#!/usr/bin/env python3
"""Compares token ids with the released tokenizers package, on strings over all of Unicode.

    pip install tokenizers==0.22.2
    scripts/check-tokenizer.py ENCODER_DIR COUNT [SEED] -- COMMAND...

COMMAND reads {"text": ...} lines and writes {"ids": [...]} lines, for example
`.build/release/lauter-inference tokenize ENCODER_DIR`.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

import tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
# Where rules differ from scalar to scalar: these blocks are drawn from far more often than their size.
BLOCKS = [(0, 0x250), (0x250, 0x700), (0x700, 0x1100), (0x1100, 0x1200), (0x1E00, 0x2000),
          (0x2000, 0x2100), (0x2C00, 0x3100), (0x4DB0, 0x4E10), (0xA640, 0xABFF), (0xAC00, 0xAD00),
          (0xF900, 0x10000), (0x10000, 0x12000), (0x16F00, 0x17000), (0x1D100, 0x1D200),
          (0x1DF00, 0x1F000), (0x1F000, 0x1FA00), (0x2B700, 0x2BA00), (0x2F800, 0x2FA20), (0xE0000, 0xE0200)]
MARKS = [c for c in SCALARS if not tokenizers.normalizers.NFD().normalize_str("a" + chr(c) + "\u0334")
         .endswith(chr(c) + "\u0334") or 0x300 <= c < 0x370]
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "[cls]", "[SEP", "##", "##ing"]


def strings(count, random, words):
    for _ in range(count):
        kind = random.random()
        length = int(random.expovariate(1 / 12)) + 1
        out = []
        for _ in range(length):
            pick = random.random()
            if pick < 0.3 or kind < 0.2:
                out.append(random.choice(words))
                if random.random() < 0.7:
                    out.append(random.choice(" \t\u00a0-.,'"))
            elif pick < 0.6:
                first, end = random.choice(BLOCKS)
                out.append(chr(random.randrange(first, end)))
            elif pick < 0.75:
                out.append(chr(random.choice(SCALARS)))
            elif pick < 0.9:
                out.append(random.choice("aeiouAEx") + "".join(chr(random.choice(MARKS))
                                                               for _ in range(random.randrange(4))))
            elif pick < 0.93:
                out.append(random.choice(SPECIAL))
            else:
                out.append(random.choice("abcxyz\u00e9") * random.choice([1, 2, 3, 50, 98, 99, 100, 101]))
        text = "".join(out)
        yield "".join(c for c in text if not 0xD800 <= ord(c) < 0xE000)


def main():
    split = sys.argv.index("--")
    folder, count = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if split > 3 else 1
    command = sys.argv[split + 1:]
    reference = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    reference.no_padding()
    reference.no_truncation()
    words = [w.removeprefix("##") for w in reference.get_vocab()]
    words.sort()
    texts = list(strings(count, random.Random(seed), words))
    # Every scalar alone and between letters.
    texts += [chr(c) for c in SCALARS if c % 7 == seed % 7] + [f"a{chr(c)}b" for c in SCALARS if c % 7 == seed % 7]
    with tempfile.TemporaryFile("w+") as lines:
        for text in texts:
            lines.write(json.dumps({"text": text}) + "\n")
        lines.seek(0)
        process = subprocess.Popen(command, stdin=lines, stdout=subprocess.PIPE, text=True)
    different = 0
    for start in range(0, len(texts), 1000):
        batch = texts[start:start + 1000]
        for text, expected in zip(batch, reference.encode_batch_fast(batch)):
            ids = json.loads(process.stdout.readline())["ids"]
            if ids != expected.ids:
                different += 1
                if different <= 10:
                    print(f"{json.dumps(text)}\n  is  {ids}\n  not {expected.ids}")
    if process.wait() != 0:
        sys.exit(f"{command[0]} failed")
    print(f"{len(texts)} strings, {different} with other ids than tokenizers {tokenizers.__version__}")
    sys.exit(1 if different else 0)


main()
