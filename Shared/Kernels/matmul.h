// Matrix products on panels. The one loop everything rests on is `tile`: MR rows by NV vectors of
// accumulators that stay in registers while K runs. Each output is a chain of additions over k = 0, 1, 2, ...,
// cut at the same places whatever the tile, which is what makes results independent of the batch.

// out[R][NV·VW] = a · b + bias + residual, for b[K][32].
// byRows: a[r][k] is a[r·lda + k]. Otherwise a is read down its columns: a[k·lda + r].
// ahead: what will be read after this, fetched into the L2 cache `step` bytes further with each k; or null.
INLINE void tile(
    const int R, const int byRows, float *out, long ldo, const float *a, long lda, const float *b,
    long K, const float *bias, const float *residual, long ldr, const char *ahead, long step) {
  vf sum[MR][NV];
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < NV; c++) sum[r][c] = splat(0.0f);
  }
  // Not unrolled: with some heights of tile, clang then runs out of registers (12 x 32: 72 GFLOP/s
  // instead of 116).
  _Pragma("clang loop unroll(disable)") for (long k = 0; k < K; k++) {
    vf w[NV];
    UNROLL for (int c = 0; c < NV; c++) w[c] = load(b + k * PANEL + c * VW);
    if (ahead) __builtin_prefetch(ahead + k * step, 0, 2);
    UNROLL for (int r = 0; r < R; r++) {
      const vf x = splat(byRows ? a[r * lda + k] : a[k * lda + r]);
      UNROLL for (int c = 0; c < NV; c++) sum[r][c] = x * w[c] + sum[r][c];
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int c = 0; c < NV; c++) {
      vf y = sum[r][c];
      if (bias) y += load(bias + c * VW);
      if (residual) y += load(residual + r * ldr + c * VW);
      store(out + r * ldo + c * VW, y);
    }
  }
}

#define TILE(R)                                                                                  \
  case R:                                                                                        \
    for (int c = 0; c < columns; c += NV * VW)                                                   \
      tile(R, byRows, out + c, ldo, a, lda, b + c, K, bias ? bias + c : 0,                       \
           residual ? residual + c : 0, ldr, ahead ? ahead + c / (NV * VW) * step * K : 0, step); \
    break;

// The first `columns` of one panel (up to a multiple of NV · VW), R <= MR rows.
INLINE void panel_tile(
    int R, int columns, const int byRows, float *out, long ldo, const float *a, long lda,
    const float *b, long K, const float *bias, const float *residual, long ldr, const char *ahead,
    long step) {
  switch (R) {
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if MR > 6
    TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#endif
  }
}

// One panel, any number of rows, cut into tiles of nearly equal height (16 rows are 8 + 8, not
// 14 + 2: a low tile does not keep the multipliers busy). Meanwhile the panel at `ahead`, if there is
// one, comes nearer: weights come from far away, and the processor by itself only looks for them once
// the first tile of a panel waits.
INLINE void panel_rows(
    int columns, const int byRows, float *out, long ldo, const float *a, long lda, const float *b,
    int rows, long K, const float *bias, const float *residual, long ldr, const char *ahead) {
  int tiles = (rows + MR - 1) / MR;
  enum { parts = PANEL / (NV * VW) };
  const long step = (PANEL * (long)sizeof(float) + tiles * parts - 1) / (tiles * parts);
  for (; tiles > 0; tiles--) {
    const int R = (rows + tiles - 1) / tiles;
    panel_tile(R, columns, byRows, out, ldo, a, lda, b, K, bias, residual, ldr, ahead, step);
    rows -= R;
    out += R * ldo;
    a += byRows ? R * lda : R;
    if (residual) residual += R * ldr;
    if (ahead) ahead += parts * step * K;
  }
}

static void panel_product(
    float *out, long ldo, const float *a, long lda, const float *b, int rows, long K) {
  panel_rows(PANEL, 1, out, ldo, a, lda, b, rows, K, 0, 0, 0, 0);
}
static void panel_product_ahead(
    float *out, long ldo, const float *a, long lda, const float *b, int rows, long K,
    const float *bias, const float *residual, long ldr, const float *ahead) {
  panel_rows(PANEL, 1, out, ldo, a, lda, b, rows, K, bias, residual, ldr, (const char *)ahead);
}
static void panel_product_transposed(
    float *out, long ldo, const float *a, long lda, const float *b, int rows, long K,
    const float *residual, long ldr) {
  panel_rows(PANEL, 0, out, ldo, a, lda, b, rows, K, 0, residual, ldr, 0);
}
// The first `columns` of one panel, or all of them; any number of rows.
static void panel_columns(
    int columns, float *out, long ldo, const float *a, long lda, const float *b, int rows, long K) {
  panel_rows(columns < PANEL ? columns : PANEL, 1, out, ldo, a, lda, b, rows, K, 0, 0, 0, 0);
}

// panel[rows][32] from 32 columns of a matrix of row length lds.
INLINE void copy_panel(float *panel, const float *source, long lds, int rows) {
  for (int r = 0; r < rows; r++) {
    UNROLL for (int c = 0; c < PANEL; c += VW) store(panel + r * PANEL + c, load(source + r * lds + c));
  }
}

// x and the panels are taken `depth` of K at a time, so that a panel's share and those of all rows stay in the
// L2 cache; from the second share on, what stands in out is the residual.
static void matmul(
    float *out, float *activated, const float *x, const float *panels, const float *bias,
    const float *residual, int T, int K, int N, int ld) {
  enum { depth = 384 };
  int t = 0;
  for (int blocks = (T + rowsPerBlock - 1) / rowsPerBlock; blocks > 0; blocks--) {
    const int rows = (T - t + blocks - 1) / blocks;
    for (int k = 0; k < K; k += depth) {
      const int share = K - k < depth ? K - k : depth;
      const float *after = panels + (k + share < K ? (size_t)(k + share) * PANEL : 0);
      for (int column = 0; column < N; column += PANEL) {
        const size_t at = (size_t)t * ld + column;
        const float *panel = panels + (size_t)column * K + (size_t)k * PANEL;
        panel_product_ahead(
            out + at, ld, x + (size_t)t * K + k, K, panel, rows, share,
            bias && k == 0 ? bias + column : 0, k > 0 ? out + at : residual ? residual + at : 0, ld,
            column + PANEL < N ? panel + (size_t)PANEL * K : after);
        if (activated && k + share == K) activate(activated, out, t, rows, column, ld);
      }
    }
    t += rows;
  }
}

static void matmul_backward_panel(
    float *panel, float *bias, const float *x, const float *dy, float *scratch, int column, int T,
    int K, int N) {
  enum { tokens = 256 };  // dy's panel of so many tokens fits the L1 cache
  vf biasSum[PANEL / VW];
  UNROLL for (int c = 0; c < PANEL / VW; c++) biasSum[c] = splat(0.0f);
  for (int t = 0; t < T; t += tokens) {
    const int rows = T - t < tokens ? T - t : tokens;
    copy_panel(scratch, dy + (size_t)t * N + column, N, rows);
    for (int r = 0; r < rows; r++) {
      UNROLL for (int c = 0; c < PANEL / VW; c++) biasSum[c] += load(scratch + r * PANEL + c * VW);
    }
    panel_product_transposed(
        panel, PANEL, x + (size_t)t * K, K, scratch, K, rows, t > 0 ? panel : 0, PANEL);
  }
  UNROLL for (int c = 0; c < PANEL / VW; c++) store(bias + c * VW, biasSum[c]);
}
