"""The other side of WireTests: Google's protobuf for Python.

  peer.py make  PROTOS FILE SEED COUNT NAME...
      writes COUNT random messages of the types named to FILE
  peer.py check PROTOS FILE SEED COUNT NAME...
      reads them back as Swift decoded and encoded them: are they equal?
  peer.py make-json  PROTOS FILE SEED COUNT NAME...
      writes the same messages, each as bytes and then as JSON
  peer.py check-json PROTOS FILE SEED COUNT NAME...
      reads what Swift made of each: bytes of the JSON, then JSON of the bytes
  peer.py agree PROTOS FILE
      reads pairs of bytes that Swift accepted and what it made of them: does Python accept the bytes,
      and make the same of them?

A file holds entries of a name and bytes, each preceded by its length as four bytes, little-endian.
Exits with 1 and says which message differs.
"""

import difflib
import math
import pathlib
import random
import struct
import sys
import tempfile
import unicodedata

import grpc_tools.protoc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as F
from google.protobuf.unknown_fields import UnknownFieldSet

DEPTH = 4


def load(protos):
    """Compiles every proto below the folder and returns the message classes by name."""
    names = sorted(str(p.relative_to(protos)) for p in pathlib.Path(protos).rglob("*.proto"))
    with tempfile.NamedTemporaryFile() as out:
        arguments = ["protoc", f"-I{protos}", f"--descriptor_set_out={out.name}", "--include_imports", *names]
        if grpc_tools.protoc.main(arguments) != 0:
            sys.exit("protoc failed")
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read()).file
    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    return {
        f"{file.package}.{message.name}": message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{file.package}.{message.name}")
        )
        for file in files
        for message in file.message_type
    }


def is_repeated(field):
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == F.LABEL_REPEATED


def integer(rng, bits, signed):
    width = rng.choice([1, 7, 8, 14, 31, 32, bits - 1, bits])
    value = rng.getrandbits(min(width, bits - 1 if signed else bits))
    if rng.random() < 0.05:
        value = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    if signed and rng.random() < 0.5:
        value = -value - 1
    return value


def real(rng, double):
    if rng.random() < 0.2:
        return rng.choice([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.5])
    value = rng.uniform(-1, 1) * 10.0 ** rng.randint(-30, 30)
    return value if double else struct.unpack("<f", struct.pack("<f", value))[0]


def text(rng):
    if rng.random() < 0.05:
        # One letter to a reader, two to the wire.
        return rng.choice(["\u00e9", "e\u0301"])
    ranges = [(0x1, 0x7F), (0x20, 0x7E), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF)]
    low, high = rng.choice(ranges)
    mixed = rng.random() < 0.3
    result = ""
    for _ in range(rng.choice([0, 1, 2, 7, 8, 9, 15, 16, 17, 40, 300])):
        if mixed:
            low, high = rng.choice(ranges)
        result += chr(rng.randint(low, high))
    return result


def scalar(rng, field):
    kind = field.type
    if kind in (F.TYPE_INT32, F.TYPE_SINT32, F.TYPE_SFIXED32):
        return integer(rng, 32, True)
    if kind in (F.TYPE_INT64, F.TYPE_SINT64, F.TYPE_SFIXED64):
        return integer(rng, 64, True)
    if kind in (F.TYPE_UINT32, F.TYPE_FIXED32):
        return integer(rng, 32, False)
    if kind in (F.TYPE_UINT64, F.TYPE_FIXED64):
        return integer(rng, 64, False)
    if kind in (F.TYPE_FLOAT, F.TYPE_DOUBLE):
        return real(rng, kind == F.TYPE_DOUBLE)
    if kind == F.TYPE_BOOL:
        return rng.random() < 0.5
    if kind == F.TYPE_STRING:
        return text(rng)
    if kind == F.TYPE_BYTES:
        return rng.randbytes(rng.choice([0, 1, 5, 100]))
    if kind == F.TYPE_ENUM:
        values = [value.number for value in field.enum_type.values]
        return rng.choice(values) if rng.random() < 0.8 else integer(rng, 32, True)
    raise AssertionError(kind)


def nfc(text):
    return unicodedata.normalize("NFC", text)


def add_unknown(rng, message):
    """A field that no contract has, of any wire type."""
    number = rng.randint(20000, 2**29 - 2)
    kind, value = rng.choice([(0, b"\x96\x01"), (1, bytes(8)), (2, b"\x03abc"), (5, b"\x01\x02\x03\x04")])
    tag, data = number << 3 | kind, b""
    while tag > 0x7F:
        data += bytes([tag & 0x7F | 0x80])
        tag >>= 7
    message.MergeFromString(data + bytes([tag]) + value)


def fill(rng, message, depth):
    if rng.random() < 0.1:
        add_unknown(rng, message)
    for field in message.DESCRIPTOR.fields:
        if rng.random() < 0.3:
            continue
        is_message = field.type == F.TYPE_MESSAGE
        is_map = is_message and field.message_type.GetOptions().map_entry
        if is_message and depth == 0:
            continue
        if is_map:
            key, value = field.message_type.fields
            target = getattr(message, field.name)
            for _ in range(rng.choice([0, 1, 3])):
                each = scalar(rng, key)
                # Swift refuses keys that differ in normalisation alone.
                if key.type == F.TYPE_STRING and any(nfc(each) == nfc(other) for other in target):
                    continue
                if value.type == F.TYPE_MESSAGE:
                    fill(rng, target[each], depth - 1)
                else:
                    target[each] = scalar(rng, value)
        elif is_repeated(field):
            target = getattr(message, field.name)
            for _ in range(rng.choice([0, 1, 2, 5, 20] if not is_message else [0, 1, 2])):
                if is_message:
                    fill(rng, target.add(), depth - 1)
                else:
                    target.append(scalar(rng, field))
        elif is_message:
            target = getattr(message, field.name)
            target.SetInParent()
            fill(rng, target, depth - 1)
        else:
            setattr(message, field.name, scalar(rng, field))


def messages(classes, seed, count, *names):
    rng = random.Random(int(seed))
    for index in range(int(count)):
        name = names[index % len(names)]
        message = classes[name]()
        fill(rng, message, DEPTH)
        yield name, message


def read(path):
    data = pathlib.Path(path).read_bytes()
    position = 0

    def take():
        nonlocal position
        (length,) = struct.unpack_from("<I", data, position)
        position += 4 + length
        return data[position - length : position]

    while position < len(data):
        yield take().decode(), take()


def canonical(message):
    message.DiscardUnknownFields()
    return message.SerializeToString(deterministic=True)


def has_stashed_entry(message):
    """Whether Python put a map's entry aside because it has unknown fields, where others keep it."""
    descriptor = message.DESCRIPTOR
    if any(u.field_number in descriptor.fields_by_number for u in UnknownFieldSet(message)):
        return True
    for field, value in message.ListFields():
        if field.type != F.TYPE_MESSAGE:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].type != F.TYPE_MESSAGE:
                continue
            value = value.values()
        elif not is_repeated(field):
            value = [value]
        if any(has_stashed_entry(each) for each in value):
            return True
    return False


def difference(a, b):
    lines = difflib.unified_diff(str(a).splitlines(), str(b).splitlines(), "Python", "Swift", n=2)
    return "\n".join(lines)


def main():
    mode, protos, path, *rest = sys.argv[1:]
    classes = load(protos)
    if mode == "make":
        with open(path, "wb") as out:
            for name, message in messages(classes, *rest):
                for part in (name.encode(), message.SerializeToString()):
                    out.write(struct.pack("<I", len(part)) + part)
    elif mode == "check":
        for (name, message), (_, data) in zip(messages(classes, *rest), read(path), strict=True):
            other = classes[name].FromString(data)
            if canonical(message) != canonical(other):
                sys.exit(f"{name} came back different:\n{difference(message, other)}")
    elif mode == "make-json":
        with open(path, "wb") as out:
            for name, message in messages(classes, *rest):
                text = json_format.MessageToJson(message, indent=None)
                for part in (name.encode(), message.SerializeToString(), name.encode(), text.encode()):
                    out.write(struct.pack("<I", len(part)) + part)
    elif mode == "check-json":
        entries = list(read(path))
        for (name, message), (_, data), (_, text) in zip(
            messages(classes, *rest), entries[::2], entries[1::2], strict=True
        ):
            for other in (classes[name].FromString(data), json_format.Parse(text, classes[name]())):
                if canonical(message) != canonical(other):
                    sys.exit(f"{name} came back different:\n{difference(message, other)}")
    elif mode == "agree":
        entries = list(read(path))
        for (name, given), (_, made) in zip(entries[::2], entries[1::2], strict=True):
            try:
                ours = classes[name].FromString(given)
            except Exception as error:
                sys.exit(f"Swift accepts a {name} that Python does not ({error}): {given.hex()}")
            if has_stashed_entry(ours):
                continue
            theirs = classes[name].FromString(made)
            if canonical(ours) != canonical(theirs):
                sys.exit(f"{name} {given.hex()} is not the same to both:\n{difference(ours, theirs)}")
    else:
        sys.exit(__doc__)


main()
