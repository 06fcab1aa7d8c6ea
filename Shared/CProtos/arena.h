// A bump allocator for one message at a time: everything protobuf-c allocates while it unpacks, or we
// while we pack, lies in a few blocks that are freed together. Not thread safe; one arena per call.
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct WireArena {
  uint8_t *next;
  uint8_t *end;
  // Beyond the first, which lies behind this struct; the latest first.
  struct WireArenaBlock *blocks;
  size_t block_size;
  // Of the first block, in bytes.
  size_t capacity;
  ProtobufCAllocator allocator;
} WireArena;

// NULL when memory has run out. `capacity` is the first block's size in bytes, a hint.
WireArena *wire_arena_create(size_t capacity);
void wire_arena_destroy(WireArena *arena);
void *wire_arena_allocate_block(WireArena *arena, size_t size);

// Eight-byte aligned and not initialised. NULL when memory has run out.
static inline void *wire_arena_allocate(WireArena *arena, size_t size) {
  size_t room = (size_t)(arena->end - arena->next);
  if (size > room || ((size + 7) & ~(size_t)7) > room) return wire_arena_allocate_block(arena, size);
  void *result = arena->next;
  arena->next += (size + 7) & ~(size_t)7;
  return result;
}

static inline ProtobufCAllocator *wire_arena_allocator(WireArena *arena) { return &arena->allocator; }

// `text`, which need not end in a NUL, with one. Returns NULL when memory has run out.
static inline char *wire_arena_copy_text(WireArena *arena, const void *text, size_t size) {
  char *copy = wire_arena_allocate(arena, size + 1);
  if (copy == NULL) return NULL;
  if (size > 0) memcpy(copy, text, size);
  copy[size] = 0;
  return copy;
}

static inline int wire_text_holds_nul(const void *text, size_t size) {
  return size > 0 && memchr(text, 0, size) != NULL;
}
