// Checks a message's bytes before protobuf-c unpacks them. protobuf-c recurses as deep as the bytes
// say, takes a string's bytes as they are and loses what follows a NUL; this looks at every byte first
// and refuses, naming the field, whatever would not come out as it went in.
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
  // A single message in several parts. Protocol buffers allow it and nobody writes it; protobuf-c 1.4 would
  // drop what only an earlier part says.
  WIRE_FAULT_IN_PARTS = 7,
} WireFault;

enum { WIRE_DEPTH_MAX = 100 };

// Where there is a fault, `place` becomes the way to the field from the message checked, cut to
// `place_size` bytes with the NUL: "records[17].fields[0].value"; empty where it is between the
// message's own fields.
WireFault wire_validate(
    const ProtobufCMessageDescriptor *message, const void *bytes, size_t count, char *place,
    size_t place_size);
