#include "arena.h"

#include <pthread.h>
#include <stdbool.h>
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

// The memory of most messages is never given back: each thread keeps one arena of this size for its next
// message. Two of them at once, a message within a message, are rare, and so are larger ones.
enum { KEPT_CAPACITY = 32 * 1024 };

static pthread_key_t kept;
static bool can_keep;

static void make_key(void) { can_keep = pthread_key_create(&kept, free) == 0; }

static bool keeps_arenas(void) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  return false;  // It could not tell memory that is used again from memory used too long.
#endif
#endif
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_key);
  return can_keep;
}

static void begin(WireArena *arena) {
  arena->next = (uint8_t *)(arena + 1);
  arena->end = arena->next + arena->capacity;
  arena->blocks = NULL;
  arena->block_size = arena->capacity * 2;
}

WireArena *wire_arena_create(size_t capacity) {
  if (capacity > SIZE_MAX / 2) return NULL;
  capacity = (capacity + 7) & ~(size_t)7;
  if (capacity <= KEPT_CAPACITY && keeps_arenas()) {
    capacity = KEPT_CAPACITY;
    WireArena *arena = pthread_getspecific(kept);
    if (arena != NULL) {
      pthread_setspecific(kept, NULL);
      begin(arena);
      return arena;
    }
  }
  if (capacity < 256) capacity = 256;
  WireArena *arena = malloc(sizeof *arena + capacity);
  if (arena == NULL) return NULL;
  arena->capacity = capacity;
  arena->allocator =
      (ProtobufCAllocator){.alloc = allocate, .free = release, .allocator_data = arena};
  begin(arena);
  return arena;
}

void wire_arena_destroy(WireArena *arena) {
  for (WireArenaBlock *block = arena->blocks; block != NULL;) {
    WireArenaBlock *earlier = block->earlier;
    free(block);
    block = earlier;
  }
  if (arena->capacity == KEPT_CAPACITY && keeps_arenas() && pthread_getspecific(kept) == NULL &&
      pthread_setspecific(kept, arena) == 0)
    return;
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
