// Matrix products on panels of bf16 and int8 weights. Rows of x are converted once for each block of
// rows; then the loop is that of matmul.h, with two or four inputs in each 32-bit lane. The including
// file may define BF16_DOT or INT8_DOT where the processor has an instruction for it, and INT8_SIGNED
// where that takes rows in signed bytes, which are then 128 less.

// Rows of a tile without a dot instruction, which needs a few registers more.
#if MR > 6
#define MR_SPLIT 12
#else
#define MR_SPLIT 4
#endif

typedef int32_t vi_unaligned __attribute__((ext_vector_type(VW), aligned(4), may_alias));
typedef int32_t i32_unaligned __attribute__((aligned(1), may_alias));
typedef uint16_t vh __attribute__((ext_vector_type(VW)));
typedef uint16_t vh_unaligned __attribute__((ext_vector_type(VW), aligned(2), may_alias));
typedef uint8_t vb __attribute__((ext_vector_type(VW)));
typedef uint8_t vb_unaligned __attribute__((ext_vector_type(VW), aligned(1), may_alias));

INLINE vi load_lanes(const void *p) { return *(const vi_unaligned *)p; }
INLINE vi splat_lane(const void *p) { return (vi)(*(const i32_unaligned *)p); }

// sum + x[0] · w[0] + x[1] · w[1] in each lane, for pairs of bf16.
#if defined(BF16_DOT)
enum { rowsBF16 = MR };
INLINE vf dot_bf16(vf sum, vi x, vi w) { return BF16_DOT(sum, x, w); }
#else
enum { rowsBF16 = MR_SPLIT };
INLINE vf dot_bf16(vf sum, vi x, vi w) {
  const vi high = (vi)(int32_t)0xffff0000;
  sum = (vf)(x << 16) * (vf)(w << 16) + sum;
  return (vf)(x & high) * (vf)(w & high) + sum;
}
#endif

// sum + x[0] · w[0] + ... + x[3] · w[3] in each lane, for bytes x and signed bytes w. Exact.
#if defined(INT8_DOT)
enum { rowsInt8 = MR };
INLINE vi dot_int8(vi sum, vi x, vi w) { return INT8_DOT(sum, x, w); }
#elif defined(__x86_64__) && VW == 16
// The sum of two products fits 16 bits: see pack_panels_int8.
enum { rowsInt8 = MR_SPLIT };
INLINE vi dot_int8(vi sum, vi x, vi w) {
  const __m512i pairs = _mm512_maddubs_epi16((__m512i)x, (__m512i)w);
  return sum + (vi)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}
#elif defined(__x86_64__) && VW == 8
enum { rowsInt8 = MR };
INLINE vi dot_int8(vi sum, vi x, vi w) {
  const __m256i pairs = _mm256_maddubs_epi16((__m256i)x, (__m256i)w);
  return sum + (vi)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
#else
enum { rowsInt8 = MR_SPLIT };
#if defined(__x86_64__)
typedef int16_t vs __attribute__((ext_vector_type(2 * VW)));
typedef uint16_t vus __attribute__((ext_vector_type(2 * VW)));
// Sums of products of two neighbouring 16-bit lanes.
INLINE vi multiply_pairs(vs a, vs b) { return (vi)_mm_madd_epi16((__m128i)a, (__m128i)b); }
INLINE vi dot_int8(vi sum, vi x, vi w) {
  const vs even = (vs)((vus)x & (vus)(uint16_t)0xff), odd = (vs)((vus)x >> 8);
  sum += multiply_pairs(even, (vs)((vus)w << 8) >> 8);
  return sum + multiply_pairs(odd, (vs)w >> 8);
}
#else
INLINE vi dot_int8(vi sum, vi x, vi w) {
  UNROLL for (int shift = 24; shift >= 0; shift -= 8) {
    sum += (vi)((vu)(x << shift) >> 24) * ((w << shift) >> 24);
  }
  return sum;
}
#endif
#endif

// One block of converted rows.
typedef struct {
  const uint8_t *bytes;  // [rows][K · bytes of a value]
  const float *scale;    // of each row; int8 only
  const int32_t *zero;   // what stands for 0 in each row; int8 only
} CompactRows;

INLINE void finish(vf y, float *out, const float *bias, const float *residual) {
  if (bias) y += load(bias);
  if (residual) y += load(residual);
  store(out, y);
}

INLINE void tile_bf16(
    const int R, float *out, long ldo, CompactRows x, const uint8_t *panel, long K, int c0,
    const float *bias, const float *residual, const uint8_t *ahead, long step) {
  vf sum[MR][NV];
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < NV; c++) sum[r][c] = splat(0.0f);
  }
  _Pragma("clang loop unroll(disable)") for (long k = 0; k < K; k += 2) {
    vi w[NV];
    UNROLL for (int c = 0; c < NV; c++) w[c] = load_lanes(panel + (k * PANEL + 2 * (c0 + c * VW)) * 2);
    __builtin_prefetch(ahead + k / 2 * step, 0, 2);
    UNROLL for (int r = 0; r < R; r++) {
      const vi lane = splat_lane(x.bytes + (r * K + k) * 2);
      UNROLL for (int c = 0; c < NV; c++) sum[r][c] = dot_bf16(sum[r][c], lane, w[c]);
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < NV; c++) {
      const long at = r * ldo + c0 + c * VW;
      finish(
          sum[r][c], out + at, bias ? bias + c0 + c * VW : 0, residual ? residual + at : 0);
    }
  }
}

INLINE void tile_int8(
    const int R, float *out, long ldo, CompactRows x, const uint8_t *panel, long K, int c0,
    const float *bias, const float *residual, const uint8_t *ahead, long step) {
  vi sum[MR][NV];
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < NV; c++) sum[r][c] = (vi)0;
  }
  _Pragma("clang loop unroll(disable)") for (long k = 0; k < K; k += 4) {
    vi w[NV];
    UNROLL for (int c = 0; c < NV; c++) w[c] = load_lanes(panel + k * PANEL + 4 * (c0 + c * VW));
    __builtin_prefetch(ahead + k / 4 * step, 0, 2);
    UNROLL for (int r = 0; r < R; r++) {
      const vi lane = splat_lane(x.bytes + r * K + k);
      UNROLL for (int c = 0; c < NV; c++) sum[r][c] = dot_int8(sum[r][c], lane, w[c]);
    }
  }
  const float *scale = (const float *)(panel + K * PANEL);
  const int32_t *total = (const int32_t *)(scale + PANEL);
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < NV; c++) {
      const int column = c0 + c * VW;
      const vi exact = sum[r][c] - load_lanes(total + column) * (vi)x.zero[r];
      const vf y = __builtin_convertvector(exact, vf) * (splat(x.scale[r]) * load(scale + column));
      const long at = r * ldo + column;
      finish(y, out + at, bias ? bias + column : 0, residual ? residual + at : 0);
    }
  }
}

#define COMPACT_TILE(R)                                                                       \
  case R:                                                                                     \
    for (int c = 0; c < PANEL; c += NV * VW, ahead += step * (K / VALUES))                    \
      TILE_OF(R, out, ld, x, panel, K, c, bias, residual, ahead, step);                       \
    break;
#if MR > 6  // 13 and 14 are for the dot instructions, which leave registers enough
#define COMPACT_TILES                                                                         \
  COMPACT_TILE(1) COMPACT_TILE(2) COMPACT_TILE(3) COMPACT_TILE(4) COMPACT_TILE(5)             \
  COMPACT_TILE(6) COMPACT_TILE(7) COMPACT_TILE(8) COMPACT_TILE(9) COMPACT_TILE(10)            \
  COMPACT_TILE(11) COMPACT_TILE(12) COMPACT_TILE(13) COMPACT_TILE(14)
#else
#define COMPACT_TILES                                                                         \
  COMPACT_TILE(1) COMPACT_TILE(2) COMPACT_TILE(3) COMPACT_TILE(4) COMPACT_TILE(5) COMPACT_TILE(6)
#endif

#define TILE_OF tile_bf16
#define VALUES 2
static void panel_bf16(
    int R, float *out, long ld, CompactRows x, const uint8_t *panel, long K, const float *bias,
    const float *residual, const uint8_t *ahead, long step) {
  switch (R) { COMPACT_TILES }
}
#undef TILE_OF
#undef VALUES
#define TILE_OF tile_int8
#define VALUES 4
static void panel_int8(
    int R, float *out, long ld, CompactRows x, const uint8_t *panel, long K, const float *bias,
    const float *residual, const uint8_t *ahead, long step) {
  switch (R) { COMPACT_TILES }
}
#undef TILE_OF
#undef VALUES

// Rounded to nearest even, in the lower half of each lane.
INLINE vu rounded_bf16(vf x) {
  const vu bits = (vu)x;
  return (bits + ((bits >> 16) & 1) + 0x7fff) >> 16;
}
static void convert_bf16(uint8_t *out, const float *x, int count) {
  for (int i = 0; i < count; i += VW)
    *(vh_unaligned *)(out + 2 * i) = __builtin_convertvector(rounded_bf16(load(x + i)), vh);
}

static void convert_int8(uint8_t *out, float *scale, int32_t *zero, const float *x, int count) {
  vf least = splat(0.0f), most = splat(0.0f);
  for (int i = 0; i < count; i += VW) {
    least = vmin(least, load(x + i));
    most = vmax(most, load(x + i));
  }
  const float low = -horizontal_max(-least), high = horizontal_max(most);
  *scale = high > low ? (high - low) / 255.0f : 1.0f;
  const float inverse = 1.0f / *scale;
  const vf shifter = splat(12582912.0f);  // 1.5 · 2^23: adding it rounds to an integer
  *zero = (int32_t)(-low * inverse + 0.5f);
  const vi offset = (vi)*zero - (vi)shifter;
  for (int i = 0; i < count; i += VW) {
    vi q = (vi)(load(x + i) * splat(inverse) + shifter) + offset;
    q = q < 0 ? (vi)0 : q;
    q = q > 255 ? (vi)255 : q;
#if defined(INT8_SIGNED)
    q ^= 128;
#endif
    *(vb_unaligned *)(out + i) = __builtin_convertvector(q, vb);
  }
#if defined(INT8_SIGNED)
  *zero -= 128;
#endif
}

// Blocks of rows as in matmul.h, and the next panel meanwhile fetched as there: so many bytes further for
// each 32-bit lane of K.
INLINE long step_ahead(int tiles) {
  const int parts = tiles * (PANEL / (NV * VW));
  return (PANEL * 4 + parts - 1) / parts;
}
#define COMPACT_BLOCKS(CONVERT, VALUE_BYTES, ROWS, PANEL_BYTES, PANEL_TILE)                     \
  int t = 0;                                                                                    \
  uint8_t *bytes = scratch;                                                                     \
  float *scale = (float *)(bytes + (size_t)rowsPerBlock * K * VALUE_BYTES);                     \
  int32_t *zero = (int32_t *)(scale + rowsPerBlock);                                            \
  for (int blocks = (T + rowsPerBlock - 1) / rowsPerBlock; blocks > 0; blocks--) {              \
    const int rows = (T - t + blocks - 1) / blocks;                                             \
    for (int r = 0; r < rows; r++) CONVERT;                                                     \
    for (int column = 0; column < N; column += PANEL) {                                         \
      const uint8_t *panel = (const uint8_t *)panels + column / PANEL * (PANEL_BYTES);          \
      const uint8_t *ahead = column + PANEL < N ? panel + (PANEL_BYTES) : panels;               \
      int row = 0, tiles = (rows + ROWS - 1) / ROWS;                                            \
      const long step = step_ahead(tiles);                                                      \
      for (; tiles > 0; tiles--) {                                                              \
        const int R = (rows - row + tiles - 1) / tiles;                                         \
        const size_t at = (size_t)(t + row) * ld + column;                                      \
        const CompactRows block = {                                                             \
            bytes + (size_t)row * K * VALUE_BYTES, scale + row, zero + row};                    \
        PANEL_TILE(                                                                             \
            R, out + at, ld, block, panel, K, bias ? bias + column : 0,                          \
            residual ? residual + at : 0, ahead, step);                                         \
        row += R;                                                                               \
        ahead += step * (K * VALUE_BYTES / 4) * (PANEL / (NV * VW));                            \
      }                                                                                         \
      if (activated) activate(activated, out, t, rows, column, ld);                             \
    }                                                                                           \
    t += rows;                                                                                  \
  }

static void matmul_bf16(
    float *out, float *activated, const float *x, const void *panels, const float *bias,
    const float *residual, void *scratch, int T, int K, int N, int ld) {
  COMPACT_BLOCKS(
      convert_bf16(bytes + (size_t)r * K * 2, x + (size_t)(t + r) * K, K), 2, rowsBF16,
      kernels_panel_bytes_bf16(K), panel_bf16)
}

static void matmul_int8(
    float *out, float *activated, const float *x, const void *panels, const float *bias,
    const float *residual, void *scratch, int T, int K, int N, int ld) {
  COMPACT_BLOCKS(
      convert_int8(bytes + (size_t)r * K, scale + r, zero + r, x + (size_t)(t + r) * K, K), 1,
      rowsInt8, kernels_panel_bytes_int8(K), panel_int8)
}

#define BURN(SUM, ZERO, STEP)                                                          \
  {                                                                                    \
    SUM sum[MR][NV];                                                                   \
    UNROLL for (int r = 0; r < MR; r++) {                                              \
      UNROLL for (int c = 0; c < NV; c++) sum[r][c] = ZERO;                            \
    }                                                                                  \
    _Pragma("clang loop unroll(disable)") for (long i = 0; i < iterations; i++) {      \
      UNROLL for (int r = 0; r < MR; r++) {                                            \
        UNROLL for (int c = 0; c < NV; c++) sum[r][c] = STEP;                          \
      }                                                                                \
    }                                                                                  \
    UNROLL for (int r = 0; r < MR; r++) {                                              \
      UNROLL for (int c = 0; c < NV; c++) kept = (float)sum[r][c][0];                  \
    }                                                                                  \
  }

// Without an instruction for it a dot product is several, of which the compiler would take out of the loop
// what only depends on x or w: they come from memory anew each time, as in a tile.
#define BURN_SPLIT(SUM, ZERO, DOT)                                                     \
  {                                                                                    \
    int32_t memory[MR + NV * VW] = {lanes};                                            \
    SUM sum[MR][NV];                                                                   \
    UNROLL for (int r = 0; r < MR; r++) {                                              \
      UNROLL for (int c = 0; c < NV; c++) sum[r][c] = ZERO;                            \
    }                                                                                  \
    _Pragma("clang loop unroll(disable)") for (long i = 0; i < iterations; i++) {      \
      __asm__ volatile("" : : "r"(memory) : "memory");                                 \
      vi w[NV];                                                                        \
      UNROLL for (int c = 0; c < NV; c++) w[c] = load_lanes(memory + MR + c * VW);     \
      UNROLL for (int r = 0; r < MR; r++) {                                            \
        const vi x = splat_lane(memory + r);                                           \
        UNROLL for (int c = 0; c < NV; c++) sum[r][c] = DOT(sum[r][c], x, w[c]);       \
      }                                                                                \
    }                                                                                  \
    UNROLL for (int r = 0; r < MR; r++) {                                              \
      UNROLL for (int c = 0; c < NV; c++) kept = (float)sum[r][c][0];                  \
    }                                                                                  \
  }

static double burn(BurnKind kind, long iterations) {
  // Volatile, so that nothing here is known when the program is compiled.
  volatile float kept = 0.5f;
  volatile int32_t lanes = 0x01010101;
  const vf x = splat(kept), y = splat(kept);
#if defined(BF16_DOT) || defined(INT8_DOT)
  const vi a = (vi)lanes, b = (vi)lanes;
#endif
  switch (kind) {
    case BURN_FP32: BURN(vf, splat(0.0f), x * y + sum[r][c]) break;
#if defined(BF16_DOT)
    case BURN_BF16: BURN(vf, splat(0.0f), dot_bf16(sum[r][c], a, b)) break;
#else
    case BURN_BF16: BURN_SPLIT(vf, splat(0.0f), dot_bf16) break;
#endif
#if defined(INT8_DOT)
    case BURN_INT8: BURN(vi, (vi)0, dot_int8(sum[r][c], a, b)) break;
#else
    case BURN_INT8: BURN_SPLIT(vi, (vi)0, dot_int8) break;
#endif
  }
  const double values[] = {2, 4, 8};
  return values[kind] * VW * NV * MR * (double)iterations;
}
