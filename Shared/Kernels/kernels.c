// Which kernels to use, the layout of weights, memory, cores.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "kernels.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__aarch64__)
#include <sys/sysctl.h>
#endif

// MARK: Choice

extern const Kernels kernels_baseline;
#if defined(__x86_64__)
extern const Kernels kernels_avx2, kernels_avx512;
extern CompactMatmul *const kernels_matmul_int8_vnni, *const kernels_matmul_bf16_dot;
extern CompactAttention *const kernels_attention_bf16_dot;
extern double (*const kernels_burn_dot)(BurnKind kind, long iterations);
static const char *const names[] = {"avx512bf16", "avx512vnni", "avx512", "avx2", "baseline", NULL};

// avx512.c's kernels with dot product instructions where the processor has them.
static Kernels avx512vnni, avx512bf16;
static double burn_vnni(BurnKind kind, long iterations) {
  return kind == BURN_BF16 ? kernels_avx512.burn(kind, iterations)
                           : kernels_burn_dot(kind, iterations);
}
__attribute__((constructor)) static void complete_tables(void) {
  avx512vnni = kernels_avx512;
  avx512vnni.name = "avx512vnni";
  avx512vnni.matmul_int8 = kernels_matmul_int8_vnni;
  avx512vnni.burn = burn_vnni;
  avx512bf16 = avx512vnni;
  avx512bf16.name = "avx512bf16";
  avx512bf16.matmul_bf16 = kernels_matmul_bf16_dot;
  avx512bf16.attention_compact = kernels_attention_bf16_dot;
  avx512bf16.burn = kernels_burn_dot;
}
#elif defined(__aarch64__)
extern CompactMatmul *const kernels_matmul_int8_neon_dot;
extern double (*const kernels_burn_neon_dot)(BurnKind kind, long iterations);
static const char *const names[] = {"neon-dot", "neon", NULL};

// baseline.c's kernels with dot product instructions where the processor has them.
static Kernels neon_dot;
static double burn_neon_dot(BurnKind kind, long iterations) {
  return kind == BURN_INT8 ? kernels_burn_neon_dot(kind, iterations)
                           : kernels_baseline.burn(kind, iterations);
}
__attribute__((constructor)) static void complete_tables(void) {
  neon_dot = kernels_baseline;
  neon_dot.name = "neon-dot";
  neon_dot.matmul_int8 = kernels_matmul_int8_neon_dot;
  neon_dot.burn = burn_neon_dot;
}
static int has_dot_product(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  int found = 0;
  size_t size = sizeof found;
  return sysctlbyname("hw.optional.arm.FEAT_DotProd", &found, &size, NULL, 0) == 0 && found;
#endif
}
#else
static const char *const names[] = {"baseline", NULL};
#endif

const char *const *kernels_names(void) { return names; }

const Kernels *kernels_named(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (strcmp(name, "avx2") == 0) return avx2 ? &kernels_avx2 : NULL;
  const int avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512vl");
  const int vnni = avx512 && __builtin_cpu_supports("avx512vnni");
  if (strcmp(name, "avx512") == 0) return avx512 ? &kernels_avx512 : NULL;
  if (strcmp(name, "avx512vnni") == 0) return vnni ? &avx512vnni : NULL;
  if (strcmp(name, "avx512bf16") == 0)
    return vnni && __builtin_cpu_supports("avx512bf16") ? &avx512bf16 : NULL;
#elif defined(__aarch64__)
  if (strcmp(name, "neon-dot") == 0) return has_dot_product() ? &neon_dot : NULL;
#endif
  return strcmp(name, kernels_baseline.name) == 0 ? &kernels_baseline : NULL;
}

const Kernels *kernels_best(void) {
  const char *wanted = getenv("LAUTER_ISA");
  if (wanted && *wanted) {
    const Kernels *kernels = kernels_named(wanted);
    if (kernels) return kernels;
    fprintf(stderr, "LAUTER_ISA is \"%s\", which this processor or build does not have; use one of:",
            wanted);
    for (const char *const *name = names; *name; name++)
      if (kernels_named(*name)) fprintf(stderr, " %s", *name);
    fprintf(stderr, "\n");
    exit(2);
  }
  for (const char *const *name = names; *name; name++) {
    const Kernels *kernels = kernels_named(*name);
    if (kernels) return kernels;
  }
  return &kernels_baseline;
}

// MARK: Layout

enum { panel = KERNELS_PANEL };

void pack_panels(float *panels, const float *weight, int N, int K) {
  for (int n0 = 0; n0 < N; n0 += panel) {
    float *p = panels + (size_t)n0 * K;
    for (int k0 = 0; k0 < K; k0 += panel) {  // squares, so that every line is written while in L1
      for (int c = 0; c < panel; c++) {
        const float *row = weight + (size_t)(n0 + c) * K;
        for (int k = k0; k < k0 + panel; k++) p[(size_t)k * panel + c] = row[k];
      }
    }
  }
}

size_t kernels_panel_bytes_bf16(int K) { return (size_t)K * panel * 2; }
size_t kernels_panel_bytes_int8(int K) { return (size_t)K * panel + panel * 8; }
// 126 rows of two bytes a value, and a scale and a zero for each; see compact.h.
size_t kernels_compact_scratch(int K) { return 126 * ((size_t)K * 2 + 8); }

static uint16_t rounded_bf16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return (uint16_t)((bits + ((bits >> 16) & 1) + 0x7fff) >> 16);
}

void pack_panels_bf16(void *panels, const float *weight, int N, int K) {
  for (int n0 = 0; n0 < N; n0 += panel) {
    uint16_t *p = (uint16_t *)panels + (size_t)n0 * K;
    for (int k0 = 0; k0 < K; k0 += panel) {
      for (int c = 0; c < panel; c++) {
        const float *row = weight + (size_t)(n0 + c) * K;
        for (int k = k0; k < k0 + panel; k++)
          p[(size_t)(k / 2) * panel * 2 + c * 2 + k % 2] = rounded_bf16(row[k]);
      }
    }
  }
}

void pack_panels_int8(void *panels, const float *weight, int N, int K) {
  for (int n0 = 0; n0 < N; n0 += panel) {
    int8_t *p = (int8_t *)panels + (size_t)(n0 / panel) * kernels_panel_bytes_int8(K);
    float *scale = (float *)(p + (size_t)K * panel);
    int32_t *sum = (int32_t *)(scale + panel);
    float inverse[panel];
    for (int c = 0; c < panel; c++) {
      const float *row = weight + (size_t)(n0 + c) * K;
      float most = 0;
      for (int k = 0; k < K; k += 2) {
        const float a = row[k], b = row[k + 1];
        const float above = (a > 0 ? a : 0) + (b > 0 ? b : 0), below = (a < 0 ? a : 0) + (b < 0 ? b : 0);
        most = above > most ? above : most;
        most = -below > most ? -below : most;
      }
      // Below, 1 / scale would be infinite.
      scale[c] = most > 1e-36f ? most / 127.0f : 1.0f;
      inverse[c] = 1.0f / scale[c];
      sum[c] = 0;
    }
    for (int k0 = 0; k0 < K; k0 += panel) {
      for (int c = 0; c < panel; c++) {
        const float *row = weight + (size_t)(n0 + c) * K;
        for (int k = k0; k < k0 + panel; k++) {
          const float scaled = row[k] * inverse[c];
          const int q = (int)(scaled + (scaled < 0 ? -0.5f : 0.5f));
          p[(size_t)(k / 4) * panel * 4 + c * 4 + k % 4] = (int8_t)q;
          sum[c] += q;
        }
      }
    }
  }
}

void unpack_panels(float *weight, const float *panels, int N, int K) {
  for (int n0 = 0; n0 < N; n0 += panel) {
    const float *p = panels + (size_t)n0 * K;
    for (int c = 0; c < panel; c++) {
      float *row = weight + (size_t)(n0 + c) * K;
      for (int k = 0; k < K; k++) row[k] = p[(size_t)k * panel + c];
    }
  }
}

void transpose_panel(float *transposed, const float *panels, int index, int N, int K) {
  const float *p = panels + (size_t)index * panel * K;  // [K][32]
  for (int k0 = 0; k0 < K; k0 += panel) {
    float *t = transposed + (size_t)k0 * N + (size_t)index * panel * panel;  // [32 of N][32 of K]
    for (int c = 0; c < panel; c++)
      for (int k = 0; k < panel; k++) t[c * panel + k] = p[(size_t)(k0 + k) * panel + c];
  }
}

static size_t rounded(int n) { return (size_t)(n + panel - 1) / panel * panel; }

size_t kernels_attention_scratch(int n, int d) {
  return 2 * rounded(n) * (size_t)d + 2 * 16 * rounded(n);
}

size_t kernels_attention_backward_scratch(int n, int d) {
  return 4 * rounded(n) * (size_t)d + 2 * (size_t)n * rounded(n);
}

// MARK: Memory

enum { huge = 2 << 20 };

static size_t whole_pages(size_t bytes) {
  const size_t unit = bytes >= huge ? huge : 4096;
  return (bytes + unit - 1) / unit * unit;
}

void *kernels_allocate(size_t bytes) {
  const size_t size = whole_pages(bytes ? bytes : 1);
  const size_t slack = size >= huge ? huge : 0;
  char *memory =
      mmap(NULL, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "out of memory: %zu bytes were asked for\n", bytes);
    abort();
  }
  if (slack) {  // keep the 2 MiB-aligned part
    const size_t head = (huge - (uintptr_t)memory % huge) % huge;
    if (head) munmap(memory, head);
    if (slack > head) munmap(memory + head + size, slack - head);
    memory += head;
#if defined(MADV_HUGEPAGE)
    madvise(memory, size, MADV_HUGEPAGE);
#endif
  }
  return memory;
}

void kernels_free(void *memory, size_t bytes) {
  if (memory) munmap(memory, whole_pages(bytes ? bytes : 1));
}

// MARK: Cores

int kernels_usable_cores(void) {
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) cores = CPU_COUNT(&set);
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");  // "max 100000" or "150000 100000"
  if (file) {
    double quota, period;
    if (fscanf(file, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0) {
      const long allowed = (long)((quota + period - 1) / period);
      if (allowed < cores) cores = allowed;
    }
    fclose(file);
  }
#endif
  return cores < 1 ? 1 : (int)cores;
}

void kernels_wait(int tries) {
  if (tries > 2000) {
    sched_yield();
    return;
  }
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// MARK: Random keys

// The finaliser of splitmix64 (Steele, Lea and Flood, 2014).
static uint64_t finalise(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t kernels_mix(uint64_t seed, uint64_t a, uint64_t b) {
  uint64_t x = finalise(seed + 0x9e3779b97f4a7c15u);
  x = finalise(x ^ (a + 0x9e3779b97f4a7c15u));
  return finalise(x ^ (b + 0x3c6ef372fe94f82au));
}
