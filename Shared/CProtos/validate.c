#include "validate.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct Reader {
  const uint8_t *next;
  const uint8_t *end;
} Reader;

static size_t left(const Reader *reader) { return (size_t)(reader->end - reader->next); }

static WireFault read_varint(Reader *reader, uint64_t *value) {
  uint64_t result = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (reader->next == reader->end) return WIRE_FAULT_TRUNCATED;
    uint8_t byte = *reader->next++;
    result |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = result;
      return WIRE_FAULT_NONE;
    }
  }
  return WIRE_FAULT_MALFORMED;
}

static WireFault skip(Reader *reader, uint64_t count) {
  if (count > left(reader)) return WIRE_FAULT_TRUNCATED;
  reader->next += count;
  return WIRE_FAULT_NONE;
}

// Well-formed UTF-8 as of table 3-7 of the Unicode standard, without U+0000.
static WireFault check_text(const uint8_t *p, const uint8_t *end) {
  while (p < end) {
    while (end - p >= 8) {
      uint64_t word;
      memcpy(&word, p, 8);
      if (word & 0x8080808080808080u) break;
      if ((word - 0x0101010101010101u) & ~word & 0x8080808080808080u) return WIRE_FAULT_NUL;
      p += 8;
    }
    if (p == end) break;
    uint8_t lead = *p++;
    if (lead < 0x80) {
      if (lead == 0) return WIRE_FAULT_NUL;
      continue;
    }
    uint8_t low = 0x80, high = 0xbf;
    int more;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return WIRE_FAULT_NOT_UTF8;
    }
    if (end - p < more || *p < low || *p > high) return WIRE_FAULT_NOT_UTF8;
    for (int i = 1; i < more; i++)
      if ((p[i] & 0xc0) != 0x80) return WIRE_FAULT_NOT_UTF8;
    p += more;
  }
  return WIRE_FAULT_NONE;
}

static ProtobufCWireType wire_type_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
      return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
      return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default:
      return PROTOBUF_C_WIRE_TYPE_VARINT;
  }
}

static WireFault check_packed(Reader values, ProtobufCWireType type) {
  switch (type) {
    case PROTOBUF_C_WIRE_TYPE_32BIT:
      return left(&values) % 4 == 0 ? WIRE_FAULT_NONE : WIRE_FAULT_TRUNCATED;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
      return left(&values) % 8 == 0 ? WIRE_FAULT_NONE : WIRE_FAULT_TRUNCATED;
    default:
      while (values.next < values.end) {
        uint64_t ignored;
        WireFault fault = read_varint(&values, &ignored);
        if (fault != WIRE_FAULT_NONE) return fault;
      }
      return WIRE_FAULT_NONE;
  }
}

static const ProtobufCFieldDescriptor *find_field(
    const ProtobufCMessageDescriptor *message, uint64_t number) {
  for (unsigned i = 0; i < message->n_field_ranges; i++) {
    const ProtobufCIntRange *range = &message->field_ranges[i];
    uint64_t start = (uint64_t)range->start_value;
    if (number >= start && number - start < range[1].orig_index - range->orig_index)
      return &message->fields[range->orig_index + (number - start)];
  }
  return NULL;
}

static bool check_message(
    const ProtobufCMessageDescriptor *message, Reader reader, int depth, WireProblem *problem);

// One field's value. Sets *nested where the problem is inside the value and already told.
static WireFault check_value(
    const ProtobufCFieldDescriptor *field, ProtobufCWireType type, Reader *reader, int depth,
    WireProblem *problem, bool *nested) {
  uint64_t value;
  WireFault fault = WIRE_FAULT_NONE;
  switch (type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
      fault = read_varint(reader, &value);
      break;
    case PROTOBUF_C_WIRE_TYPE_64BIT:
      fault = skip(reader, 8);
      break;
    case PROTOBUF_C_WIRE_TYPE_32BIT:
      fault = skip(reader, 4);
      break;
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED: {
      fault = read_varint(reader, &value);
      if (fault != WIRE_FAULT_NONE) return fault;
      Reader inner = {reader->next, reader->next + (value < left(reader) ? value : left(reader))};
      fault = skip(reader, value);
      if (fault != WIRE_FAULT_NONE || field == NULL) return fault;
      ProtobufCWireType declared = wire_type_of(field->type);
      if (declared != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return field->label == PROTOBUF_C_LABEL_REPEATED ? check_packed(inner, declared)
                                                         : WIRE_FAULT_WIRE_TYPE;
      if (field->type == PROTOBUF_C_TYPE_STRING) return check_text(inner.next, inner.end);
      if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        if (depth == WIRE_DEPTH_MAX) return WIRE_FAULT_TOO_DEEP;
        *nested = !check_message(field->descriptor, inner, depth + 1, problem);
      }
      return WIRE_FAULT_NONE;
    }
    default:
      return WIRE_FAULT_MALFORMED;
  }
  if (fault == WIRE_FAULT_NONE && field != NULL && wire_type_of(field->type) != type)
    fault = WIRE_FAULT_WIRE_TYPE;
  return fault;
}

static bool check_message(
    const ProtobufCMessageDescriptor *message, Reader reader, int depth, WireProblem *problem) {
  while (reader.next < reader.end) {
    const ProtobufCFieldDescriptor *field = NULL;
    bool nested = false;
    uint64_t tag;
    WireFault fault = read_varint(&reader, &tag);
    if (fault == WIRE_FAULT_NONE && (tag >> 3 == 0 || tag >> 32 != 0)) fault = WIRE_FAULT_MALFORMED;
    if (fault == WIRE_FAULT_NONE) {
      field = find_field(message, tag >> 3);
      fault = check_value(field, (ProtobufCWireType)(tag & 7), &reader, depth, problem, &nested);
    }
    if (nested) return false;
    if (fault != WIRE_FAULT_NONE) {
      *problem = (WireProblem){fault, message, field};
      return false;
    }
  }
  return true;
}

WireProblem wire_validate(const ProtobufCMessageDescriptor *message, const void *bytes, size_t count) {
  WireProblem problem = {WIRE_FAULT_NONE, NULL, NULL};
  const uint8_t *start = bytes;
  check_message(message, (Reader){start, start + count}, 1, &problem);
  return problem;
}
