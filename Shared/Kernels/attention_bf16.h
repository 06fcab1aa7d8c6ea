// Self-attention of one text as in attention.h, with both products in bf16: for processors that have the
// instruction, beside weights in bf16 or int8. Two neighbours share a 32-bit lane: of a head's dimensions
// for queries and keys, of tokens for probabilities and values.

// out[R][V · VW] = rows · panel, over so many lanes; rows are `stride` bytes apart.
INLINE void pairs_tile(
    const int R, const int V, float *out, long ldo, const uint8_t *rows, long stride,
    const uint8_t *panel, int lanes) {
  vf sum[MR][NV];
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < V; c++) sum[r][c] = splat(0.0f);
  }
  _Pragma("clang loop unroll(disable)") for (long k = 0; k < lanes; k++) {
    vi w[NV];
    UNROLL for (int c = 0; c < V; c++) w[c] = load_lanes(panel + (k * PANEL + c * VW) * 4);
    UNROLL for (int r = 0; r < R; r++) {
      const vi lane = splat_lane(rows + r * stride + 4 * k);
      UNROLL for (int c = 0; c < V; c++) sum[r][c] = dot_bf16(sum[r][c], lane, w[c]);
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < V; c++) store(out + r * ldo + c * VW, sum[r][c]);
  }
}

#define PAIRS_TILE(R)                                         \
  case R:                                                     \
    if (columns > VW)                                         \
      pairs_tile(R, 2, out, ldo, rows, stride, panel, lanes); \
    else                                                      \
      pairs_tile(R, 1, out, ldo, rows, stride, panel, lanes); \
    break;

// The first `columns` of one panel, up to a multiple of VW; R <= MR rows.
static void pairs_product(
    int R, int columns, float *out, long ldo, const uint8_t *rows, long stride,
    const uint8_t *panel, int lanes) {
  switch (R) {
    PAIRS_TILE(1) PAIRS_TILE(2) PAIRS_TILE(3) PAIRS_TILE(4) PAIRS_TILE(5) PAIRS_TILE(6)
    PAIRS_TILE(7) PAIRS_TILE(8) PAIRS_TILE(9) PAIRS_TILE(10) PAIRS_TILE(11) PAIRS_TILE(12)
    PAIRS_TILE(13) PAIRS_TILE(14)
  }
}

// panels[d/32][(n+1)/2][32][2] = source[n][d]; what is beyond an odd n is zero.
static void pair_rows(uint8_t *panels, const float *source, long lds, int n, int d) {
  const int lanes = (n + 1) / 2;
  for (int c = 0; c < d; c += PANEL) {
    for (int i = 0; i < n; i += 2) {
      const float *even = source + i * lds + c, *odd = even + lds;
      uint8_t *to = panels + ((size_t)c * lanes + (size_t)i / 2 * PANEL) * 4;
      UNROLL for (int j = 0; j < PANEL; j += VW) {
        const vu low = rounded_bf16(load(even + j));
        const vu high = i + 1 < n ? rounded_bf16(load(odd + j)) : (vu)0u;
        *(vi_unaligned *)(to + 4 * j) = (vi)(low | high << 16);
      }
    }
  }
}

// As `exponentials`, with the results in bf16.
INLINE void exponentials_bf16(
    uint8_t *out, const float *rows, float *inverse, float scale, int R, int n) {
  const int width = padded(n), whole = n / VW * VW;
  const vi rest = lanes_below(n, whole);
  const float c = scale * 1.44269504088896341f;
  float top[MR];
  for (int r = 0; r < R; r++) top[r] = greatest(rows + (size_t)r * width, n);
  for (int r = 0; r < R; r++) {
    const float *row = rows + (size_t)r * width;
    uint8_t *to = out + (size_t)r * width * 2;
    const vf base = splat(top[r] * c);
    vf sum = splat(0.0f);
    for (int j = 0; j < whole; j += VW) {
      const vf e = vexp2(load(row + j) * splat(c) - base);
      *(vh_unaligned *)(to + 2 * j) = __builtin_convertvector(rounded_bf16(e), vh);
      sum += e;
    }
    if (whole < n) {
      const vf e = (vf)((vi)vexp2(load(row + whole) * splat(c) - base) & rest);
      *(vh_unaligned *)(to + 2 * whole) = __builtin_convertvector(rounded_bf16(e), vh);
      sum += e;
    }
    inverse[r] = 1.0f / horizontal_sum(sum);
  }
}

static void attention_bf16(
    float *context, const float *qkv, float *scratch, int n, int heads, int d, int H) {
  const int width = padded(n), lanes = (n + 1) / 2;
  const long ld = 3 * (long)H;
  const float scale = 1.0f / __builtin_sqrtf((float)d);
  float *keys = scratch;                                         // [width/32][d/2][32] lanes
  uint8_t *values = (uint8_t *)(keys + (size_t)width * d / 2);   // [d/32][(n+1)/2][32] lanes
  float *rows = (float *)(values + (size_t)width * d * 2);       // [n][d/2] lanes
  uint8_t *queries = (uint8_t *)(rows + (size_t)width * d / 2);  // [MR][d/2] lanes
  float *scores = (float *)(queries + (size_t)16 * d * 2);       // [MR][width]
  uint8_t *weights = (uint8_t *)(scores + (size_t)16 * width);   // [MR][width/2] lanes
  for (int h = 0; h < heads; h++) {
    const float *q = qkv + h * d;
    for (int i = 0; i < n; i++)
      convert_bf16((uint8_t *)(rows + (size_t)i * d / 2), q + H + i * ld, d);
    transpose_rows(keys, rows, d / 2, n, d / 2);
    pair_rows(values, q + 2 * H, ld, n, d);
    int i = 0;
    for (int tiles = (n + MR - 1) / MR; tiles > 0; tiles--) {
      const int R = (n - i + tiles - 1) / tiles;
      for (int r = 0; r < R; r++) convert_bf16(queries + (size_t)r * d * 2, q + (i + r) * ld, d);
      for (int j = 0; j < n; j += PANEL)
        pairs_product(
            R, n - j, scores + j, width, queries, 2 * d, (uint8_t *)(keys + (size_t)j * d / 2),
            d / 2);
      float inverse[MR];
      exponentials_bf16(weights, scores, inverse, scale, R, n);
      float *out = context + (size_t)i * H + h * d;
      for (int c = 0; c < d; c += PANEL)
        pairs_product(
            R, PANEL, out + c, H, weights, 2 * width, values + (size_t)c * lanes * 4, lanes);
      for (int r = 0; r < R; r++) scale_row(out + (size_t)r * H, inverse[r], d);
      i += R;
    }
  }
}
