#include "arena.h"

#include <stdlib.h>

typedef struct WireArenaBlock {
  struct WireArenaBlock *earlier;
  uint64_t bytes[];
} WireArenaBlock;

static void *allocate(void *arena, size_t size) { return wire_arena_allocate(arena, size); }

static void release(void *arena, void *pointer) {
  (void)arena;
  (void)pointer;
}

WireArena *wire_arena_create(size_t capacity) {
  if (capacity < 256) capacity = 256;
  if (capacity > SIZE_MAX / 2) return NULL;
  capacity = (capacity + 7) & ~(size_t)7;
  WireArena *arena = malloc(sizeof *arena + capacity);
  if (arena == NULL) return NULL;
  *arena = (WireArena){
      .next = (uint8_t *)(arena + 1),
      .end = (uint8_t *)(arena + 1) + capacity,
      .block_size = capacity * 2,
      .allocator = {.alloc = allocate, .free = release, .allocator_data = arena},
  };
  return arena;
}

void wire_arena_destroy(WireArena *arena) {
  for (WireArenaBlock *block = arena->blocks; block != NULL;) {
    WireArenaBlock *earlier = block->earlier;
    free(block);
    block = earlier;
  }
  free(arena);
}

// What is left of the block in use is given up: blocks double, so this wastes at most half.
void *wire_arena_allocate_block(WireArena *arena, size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size = (size + 7) & ~(size_t)7;
  size_t block_size = arena->block_size > size ? arena->block_size : size;
  WireArenaBlock *block = malloc(sizeof *block + block_size);
  if (block == NULL) return NULL;
  block->earlier = arena->blocks;
  arena->blocks = block;
  if (arena->block_size < (size_t)1 << 20) arena->block_size *= 2;
  arena->next = (uint8_t *)block->bytes + size;
  arena->end = (uint8_t *)block->bytes + block_size;
  return block->bytes;
}
