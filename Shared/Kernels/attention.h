// Self-attention of one text, one head at a time. A head's keys (transposed) and values are copied
// into panels once; then MR queries at a time make their scores, softmax and context while all of
// that is in the L1 and L2 caches. Nothing of size n² leaves the core unless training keeps it.

INLINE int padded(int n) { return (n + PANEL - 1) / PANEL * PANEL; }

// panels[padded(n)/32][d][32] = source[n][d]ᵀ, zero beyond n.
static void transpose_rows(float *panels, const float *source, long lds, int n, int d) {
  for (int j0 = 0; j0 < n; j0 += PANEL) {
    float *panel = panels + (size_t)j0 * d;
    const int rows = n - j0 < PANEL ? n - j0 : PANEL;
    for (int j = 0; j < rows; j++) {
      for (int i = 0; i < d; i++) panel[i * PANEL + j] = source[(j0 + j) * lds + i];
    }
    for (int j = rows; j < PANEL; j++) {
      for (int i = 0; i < d; i++) panel[i * PANEL + j] = 0.0f;
    }
  }
}

// panels[d/32][n][32] = source[n][d].
static void copy_rows(float *panels, const float *source, long lds, int n, int d) {
  for (int c = 0; c < d; c += PANEL) copy_panel(panels + (size_t)c * n, source + c, lds, n);
}

// row[0 ..< n] = softmax(row · scale), row[n ..< padded(n)] = 0.
INLINE void softmax(float *row, float scale, int n) {
  const int width = padded(n);
  for (int j = n; j < width; j++) row[j] = -__builtin_inff();
  vf most = load(row);
  for (int j = VW; j < width; j += VW) most = vmax(most, load(row + j));
  const vf top = splat(horizontal_max(most));
  vf sum = splat(0.0f);
  for (int j = 0; j < width; j += VW) {
    const vf e = vexp((load(row + j) - top) * splat(scale));
    store(row + j, e);
    sum += e;
  }
  const vf inverse = splat(1.0f / horizontal_sum(sum));
  for (int j = 0; j < width; j += VW) store(row + j, load(row + j) * inverse);
}

static void attention(
    float *context, float *probabilities, const float *qkv, float *scratch, int n, int heads, int d,
    int H, float rate, uint64_t key) {
  const int width = padded(n);
  const long ld = 3 * (long)H;
  const float scale = 1.0f / __builtin_sqrtf((float)d);
  float *keys = scratch;                         // [width/32][d][32]
  float *values = keys + (size_t)width * d;      // [d/32][n][32]
  float *scores = values + (size_t)width * d;    // [MR][width]
  float *dropped = scores + (size_t)16 * width;  // [MR][width]
  for (int h = 0; h < heads; h++) {
    const float *q = qkv + h * d;
    transpose_rows(keys, q + H, ld, n, d);
    copy_rows(values, q + 2 * H, ld, n, d);
    int i = 0;
    for (int tiles = (n + MR - 1) / MR; tiles > 0; tiles--) {
      const int R = (n - i + tiles - 1) / tiles;
      float *p = probabilities ? probabilities + ((size_t)h * n + i) * width : scores;
      for (int j = 0; j < width; j += PANEL)
        panel_product(p + j, width, q + i * ld, ld, keys + (size_t)j * d, R, d, 0, 0, 0);
      for (int r = 0; r < R; r++) softmax(p + (size_t)r * width, scale, n);
      if (rate > 0) {
        for (int r = 0; r < R; r++) {
          const Mask mask = mask_of_row(key, (uint64_t)h * n + i + r, rate);
          for (int j = 0; j < width; j += VW) {
            const size_t at = (size_t)r * width + j;
            store(dropped + at, load(p + at) * mask_at(mask, j));
          }
        }
        p = dropped;
      }
      for (int c = 0; c < d; c += PANEL)
        panel_product(
            context + (size_t)i * H + h * d + c, H, p, width, values + (size_t)c * n, R, n, 0, 0, 0);
      i += R;
    }
  }
}

// With P the softmax, M dropout's mask, D = P∘M, O = D V:
//   dV = Dᵀ dO,  dD = dO Vᵀ,  dP = dD∘M,  dS = P∘(dP - rowsum(dP∘P)) / sqrt d,  dQ = dS K,  dK = dSᵀ Q
static void attention_backward(
    float *dqkv, const float *dcontext, const float *qkv, const float *probabilities,
    float *scratch, int n, int heads, int d, float rate, uint64_t key) {
  const int H = heads * d, width = padded(n);
  const long ld = 3 * (long)H;
  const float scale = 1.0f / __builtin_sqrtf((float)d);
  const size_t area = (size_t)width * d;
  float *valuesT = scratch, *keys = valuesT + area, *queries = keys + area, *dout = queries + area;
  float *ds = dout + area;                      // [n][width]: dD, then dS
  float *dropped = ds + (size_t)n * width;      // [n][width]: D
  for (int h = 0; h < heads; h++) {
    const float *q = qkv + h * d, *g = dcontext + h * d;
    const float *p = probabilities + (size_t)h * n * width;
    transpose_rows(valuesT, q + 2 * H, ld, n, d);
    copy_rows(keys, q + H, ld, n, d);
    copy_rows(queries, q, ld, n, d);
    copy_rows(dout, g, H, n, d);
    for (int j = 0; j < width; j += PANEL)
      panel_product(ds + j, width, g, H, valuesT + (size_t)j * d, n, d, 0, 0, 0);
    const float *D = rate > 0 ? dropped : p;
    for (int i = 0; i < n; i++) {
      float *row = ds + (size_t)i * width;
      const float *prow = p + (size_t)i * width;
      const Mask mask = mask_of_row(key, (uint64_t)h * n + i, rate);
      vf dot = splat(0.0f);
      for (int j = 0; j < width; j += VW) {
        vf dp = load(row + j);
        const vf pj = load(prow + j);
        if (rate > 0) {
          const vf m = mask_at(mask, j);
          dp *= m;
          store(dropped + (size_t)i * width + j, pj * m);
        }
        store(row + j, dp);
        dot += dp * pj;
      }
      const vf total = splat(horizontal_sum(dot));
      for (int j = 0; j < width; j += VW)
        store(row + j, load(prow + j) * (load(row + j) - total) * splat(scale));
    }
    for (int c = 0; c < d; c += PANEL) {
      float *dq = dqkv + h * d + c;
      const size_t at = (size_t)c * n;
      panel_product(dq, ld, ds, width, keys + at, n, n, 0, 0, 0);
      panel_product_transposed(dq + H, ld, ds, width, queries + at, n, n, 0, 0);
      panel_product_transposed(dq + 2 * H, ld, D, width, dout + at, n, n, 0, 0);
    }
  }
}
