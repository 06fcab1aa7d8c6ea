#include "validate.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
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

// How many bytes at the start are ASCII and not U+0000, in steps of whole blocks: as signed bytes those
// are the ones above 0.
static size_t plain_prefix(const uint8_t *p, size_t count) {
  typedef int8_t Block __attribute__((vector_size(32)));
  size_t done = 0;
  for (; count - done >= sizeof(Block); done += sizeof(Block)) {
    Block bytes;
    memcpy(&bytes, p + done, sizeof bytes);
    uint64_t other[4];
    Block is_other = (Block)(bytes < 1);
    memcpy(other, &is_other, sizeof other);
    if (other[0] | other[1] | other[2] | other[3]) break;
  }
  return done;
}

// Well-formed UTF-8 as of table 3-7 of the Unicode standard, without U+0000.
static WireFault check_text(const uint8_t *p, const uint8_t *end) {
  p += plain_prefix(p, (size_t)(end - p));
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

// The fields that lead to a fault, the innermost first.
typedef struct Trail {
  struct {
    const ProtobufCFieldDescriptor *field;
    size_t index;
  } steps[WIRE_DEPTH_MAX];
  int count;
} Trail;

static WireFault check_message(
    const ProtobufCMessageDescriptor *message, Reader reader, int depth, Trail *trail);

static WireFault check_value(
    const ProtobufCFieldDescriptor *field, ProtobufCWireType type, Reader *reader, int depth,
    Trail *trail) {
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
      if (value > left(reader)) return WIRE_FAULT_TRUNCATED;
      Reader inner = {reader->next, reader->next + value};
      reader->next = inner.end;
      if (field == NULL) return WIRE_FAULT_NONE;
      ProtobufCWireType declared = wire_type_of(field->type);
      if (declared != PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED)
        return field->label == PROTOBUF_C_LABEL_REPEATED ? check_packed(inner, declared)
                                                         : WIRE_FAULT_WIRE_TYPE;
      if (field->type == PROTOBUF_C_TYPE_STRING) return check_text(inner.next, inner.end);
      if (field->type != PROTOBUF_C_TYPE_MESSAGE) return WIRE_FAULT_NONE;
      if (depth == WIRE_DEPTH_MAX) return WIRE_FAULT_TOO_DEEP;
      return check_message(field->descriptor, inner, depth + 1, trail);
    }
    default:
      return WIRE_FAULT_MALFORMED;
  }
  if (fault == WIRE_FAULT_NONE && field != NULL && wire_type_of(field->type) != type)
    fault = WIRE_FAULT_WIRE_TYPE;
  return fault;
}

// How often a field stands before `end`, in bytes that have been found in order.
static size_t count_field(Reader reader, const uint8_t *end, uint64_t number) {
  size_t count = 0;
  uint64_t tag, value;
  while (reader.next < end) {
    read_varint(&reader, &tag);
    if (tag >> 3 == number) count++;
    switch (tag & 7) {
      case PROTOBUF_C_WIRE_TYPE_VARINT:
        read_varint(&reader, &value);
        break;
      case PROTOBUF_C_WIRE_TYPE_64BIT:
        reader.next += 8;
        break;
      case PROTOBUF_C_WIRE_TYPE_32BIT:
        reader.next += 4;
        break;
      default:
        read_varint(&reader, &value);
        reader.next += value;
    }
  }
  return count;
}

static WireFault check_message(
    const ProtobufCMessageDescriptor *message, Reader reader, int depth, Trail *trail) {
  const Reader whole = reader;
  // The single messages there have been, by their field's index modulo 64.
  uint64_t seen = 0;
  while (reader.next < reader.end) {
    const uint8_t *start = reader.next;
    uint64_t tag;
    WireFault fault = read_varint(&reader, &tag);
    if (fault != WIRE_FAULT_NONE) return fault;
    if (tag >> 3 == 0 || tag >> 32 != 0) return WIRE_FAULT_MALFORMED;
    const ProtobufCFieldDescriptor *field = find_field(message, tag >> 3);
    fault = check_value(field, (ProtobufCWireType)(tag & 7), &reader, depth, trail);
    if (fault == WIRE_FAULT_NONE && field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE &&
        field->label != PROTOBUF_C_LABEL_REPEATED) {
      uint64_t bit = (uint64_t)1 << ((field - message->fields) % 64);
      if ((seen & bit) && count_field(whole, start, tag >> 3) > 0) fault = WIRE_FAULT_IN_PARTS;
      seen |= bit;
    }
    if (fault != WIRE_FAULT_NONE) {
      if (field != NULL) {
        trail->steps[trail->count].field = field;
        trail->steps[trail->count].index = count_field(whole, start, tag >> 3);
        trail->count++;
      }
      return fault;
    }
  }
  return WIRE_FAULT_NONE;
}

WireFault wire_validate(
    const ProtobufCMessageDescriptor *message, const void *bytes, size_t count, char *place,
    size_t place_size) {
  const uint8_t *start = bytes;
  Trail trail;
  trail.count = 0;
  WireFault fault = check_message(message, (Reader){start, start + count}, 1, &trail);
  if (fault == WIRE_FAULT_NONE) return fault;
  size_t used = 0;
  place[0] = 0;
  for (int i = trail.count - 1; i >= 0 && used < place_size; i--) {
    const ProtobufCFieldDescriptor *field = trail.steps[i].field;
    const char *dot = used > 0 ? "." : "";
    int more = field->label == PROTOBUF_C_LABEL_REPEATED
                   ? snprintf(place + used, place_size - used, "%s%s[%zu]", dot, field->name,
                              trail.steps[i].index)
                   : snprintf(place + used, place_size - used, "%s%s", dot, field->name);
    if (more < 0) break;
    used += (size_t)more;
  }
  return fault;
}
