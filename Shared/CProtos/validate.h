// Checks a message's bytes before protobuf-c unpacks them. protobuf-c recurses as deep as the bytes
// say, takes a string's bytes as they are and loses what follows a NUL; this looks at every byte once
// and refuses all three, naming the field.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

typedef enum WireFault {
  WIRE_FAULT_NONE = 0,
  // The bytes end within a field.
  WIRE_FAULT_TRUNCATED = 1,
  // A field number of zero or above 2^29 - 1, a varint of more than ten bytes, a group, or a wire type
  // that does not exist.
  WIRE_FAULT_MALFORMED = 2,
  // A field of ours in another wire type than its declaration's.
  WIRE_FAULT_WIRE_TYPE = 3,
  WIRE_FAULT_NOT_UTF8 = 4,
  // A string with U+0000.
  WIRE_FAULT_NUL = 5,
  // Messages within messages, more than WIRE_DEPTH_MAX deep.
  WIRE_FAULT_TOO_DEEP = 6,
} WireFault;

enum { WIRE_DEPTH_MAX = 100 };

typedef struct WireProblem {
  WireFault fault;
  // The innermost message the fault is in, and its field; NULL where the fault is between fields.
  const ProtobufCMessageDescriptor *message;
  const ProtobufCFieldDescriptor *field;
} WireProblem;

WireProblem wire_validate(const ProtobufCMessageDescriptor *message, const void *bytes, size_t count);
