#!/usr/bin/env python3
"""Writes Shared/Transformer/UnicodeTables.swift by asking the released tokenizers package about every
Unicode scalar. Its tables are of several ages (categories as in Unicode 8, case current), so no version
of the Unicode database gives them; the package itself does.

    pip install tokenizers==0.22.2
    scripts/make-unicode-tables.py > Shared/Transformer/UnicodeTables.swift
"""
import sys
import unicodedata

import tokenizers
from tokenizers.normalizers import NFD, BertNormalizer, Lowercase
from tokenizers.pre_tokenizers import BertPreTokenizer

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def bert(**on):
    options = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return BertNormalizer(**{**options, **on}).normalize_str


def ranges(scalars):
    out = []
    for c in scalars:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return [f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in out]


clean = bert(clean_text=True)
cleaned = {c: clean(f"a{chr(c)}b") for c in SCALARS}
controls = [c for c in SCALARS if cleaned[c] == "ab"]
spaces = [c for c in SCALARS if cleaned[c] == "a b"]
assert all(cleaned[c] in ("ab", "a b", f"a{chr(c)}b") for c in SCALARS)

chinese = bert(handle_chinese_chars=True)
ideographs = [c for c in SCALARS if chinese(f"a{chr(c)}b") == f"a {chr(c)} b"]

nfd = NFD().normalize_str
decomposed = {c: nfd(chr(c)) for c in SCALARS}
HANGUL = range(0xAC00, 0xAC00 + 11172)
for c in HANGUL:
    s = c - 0xAC00
    jamo = [0x1100 + s // 588, 0x1161 + s % 588 // 28] + ([0x11A7 + s % 28] if s % 28 else [])
    assert decomposed[c] == "".join(map(chr, jamo)), hex(c)

strip = bert(strip_accents=True)
marks = [c for c in SCALARS if decomposed[c] == chr(c) and strip(f"a{chr(c)}") == "a"]

# Combining classes: a scalar of class k moves before one of a higher class, and behind none of a lower
# one. Their numbers are Python's; that they order as the package's do is checked against one scalar of
# every class.
representatives = {}
for c in SCALARS:
    k, r = unicodedata.combining(chr(c)), chr(c)
    # Not by one that is too new for the package and never moves.
    if k and decomposed[c] == r and (
            nfd(f"a\u0345{r}") == f"a{r}\u0345" != f"a\u0345{r}" or nfd(f"a{r}\u0334") == f"a\u0334{r}"
            != f"a{r}\u0334"):
        representatives.setdefault(k, r)
classes = {}
for c in SCALARS:
    if decomposed[c] != chr(c):
        continue
    others = [(k, r) for k, r in representatives.items() if r != chr(c)]
    after = {k for k, r in others if nfd(f"a{r}{chr(c)}") == f"a{chr(c)}{r}"}
    before = {k for k, r in others if nfd(f"a{chr(c)}{r}") == f"a{r}{chr(c)}"}
    if not after and not before:
        continue
    k = max(representatives if not after else [x for x in representatives if x < min(after)])
    assert after == {x for x in representatives if x > k}, hex(c)
    assert before == {x for x in representatives if x < k}, hex(c)
    classes[c] = k

low = Lowercase().normalize_str
lowered = {c: low(chr(c)) for c in SCALARS if low(chr(c)) != chr(c)}

split = BertPreTokenizer().pre_tokenize_str
pieces = {c: [p for p, _ in split(f"a{chr(c)}b")] for c in SCALARS}
punctuation = [c for c in SCALARS if pieces[c] == ["a", chr(c), "b"]]
separators = [c for c in SCALARS if pieces[c] == ["a", "b"]]

by_class = {}
for c, k in classes.items():
    by_class.setdefault(k, []).append(c)


# Runs of scalars that lower by the same distance, every scalar or every second: "41-5A+32".
def lower_runs():
    single = [(c, ord(v) - c) for c, v in lowered.items() if len(v) == 1]
    out, i = [], 0
    while i < len(single):
        best = (1, 1)
        for step in (1, 2):
            n = 1
            while (i + n < len(single) and single[i + n][1] == single[i][1]
                   and single[i + n][0] == single[i][0] + n * step):
                n += 1
            if n > best[0]:
                best = (n, step)
        n, step = best
        first, last, distance = single[i][0], single[i + n - 1][0], single[i][1]
        out.append(f"{first:X}-{last:X}{'/' if step == 1 else ':'}{distance}")
        i += n
    return out


assert {c: v for c, v in lowered.items() if len(v) != 1} == {0x130: "i\u0307"}


def literal(name, comment, items, indent="    "):
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) + 1 > 94:
            lines.append(line)
            line = ""
        line = f"{line} {item}" if line else item
    lines.append(line)
    body = "".join(f"{indent}{l} \\\n" for l in lines[:-1]) + f"{indent}{lines[-1]}\n"
    doc = "".join(f"  /// {l}\n" for l in comment)
    return f'{doc}  static let {name}: String = """\n{body}{indent}"""\n'


parts = [
    literal("controls", ["U+0000, U+FFFD and the categories Cc, Cf and Co but for tab, line feed and carriage",
                         "return: dropped by cleaning."], ranges(controls)),
    literal("spaces", ["Turned into a space by cleaning."], ranges(spaces)),
    literal("separators", ["Where the pre-tokenizer splits."], ranges(separators)),
    literal("ideographs", ["Put between spaces as Chinese."], ranges(ideographs)),
    literal("nonspacingMarks", ["Category Mn: dropped as accents."], ranges(marks)),
    literal("punctuation", ["ASCII punctuation and the categories P: words of their own."], ranges(punctuation)),
    literal("lowercase", ["Runs \"first-last/distance\" of every scalar and \"first-last:distance\" of every second one.",
                          "U+0130, the only one that becomes two (i, U+0307), is not in here."], lower_runs()),
    literal("combiningClasses", ["\"class=ranges\"; all others have class 0."],
            [f"{k}=" + ",".join(ranges(v)) for k, v in sorted(by_class.items())]),
    literal("decompositions", ["Full canonical decompositions, \"scalar=scalars\", without Hangul syllables."],
            [f"{c:X}=" + ",".join(f"{ord(x):X}" for x in v) for c, v in decomposed.items()
             if v != chr(c) and c not in HANGUL]),
]
sys.stdout.write(f"""// Generated by scripts/make-unicode-tables.py from tokenizers {tokenizers.__version__}; do not edit.

// swift-format-ignore-file
/// What the released Hugging Face tokenizers take each Unicode scalar for, in hexadecimal ranges.
enum UnicodeTables {{
{chr(10).join(parts)}}}
""")
