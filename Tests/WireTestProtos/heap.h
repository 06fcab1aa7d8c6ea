// How much the program has allocated, so that a test can see a leak.
#pragma once

#include <stddef.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

// Bytes in use, or 0 where the C library does not tell.
static inline size_t heap_bytes_in_use(void) {
#if defined(__GLIBC__)
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}
