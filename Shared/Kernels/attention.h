// Self-attention of one text, one head at a time. A head's keys (transposed) and values are copied
// into panels once; then MR queries at a time make their scores, softmax and context while all of
// that is in the L1 and L2 caches. Nothing of size n² leaves the core unless training keeps it.

// panels[d/32][n][32] = source[n][d].
static void copy_rows(float *panels, const float *source, long lds, int n, int d) {
  for (int c = 0; c < d; c += PANEL) copy_panel(panels + (size_t)c * n, source + c, lds, n);
}

// For each of R rows of scores: row[0 ..< n] = exp((row - its greatest) · scale), zero up to padded(n), and
// inverse = 1 / its sum. The rows are independent work for the processor, so each step is taken for all of them.
INLINE void exponentials(float *rows, float *inverse, float scale, int R, int n) {
  const int width = padded(n), whole = n / VW * VW;
  const vi rest = lanes_below(n, whole);
  const float c = scale * 1.44269504088896341f;
  float top[MR];
  for (int r = 0; r < R; r++) top[r] = greatest(rows + (size_t)r * width, n);
  for (int r = 0; r < R; r++) {
    float *row = rows + (size_t)r * width;
    const vf base = splat(top[r] * c);
    vf sum = splat(0.0f);
    for (int j = 0; j < whole; j += VW) {
      const vf e = vexp2(load(row + j) * splat(c) - base);
      store(row + j, e);
      sum += e;
    }
    int j = whole;
    if (whole < n) {
      const vf e = (vf)((vi)vexp2(load(row + j) * splat(c) - base) & rest);
      store(row + j, e);
      sum += e;
      j += VW;
    }
    for (; j < width; j += VW) store(row + j, splat(0.0f));
    inverse[r] = 1.0f / horizontal_sum(sum);
  }
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
      for (int j = 0; j < n; j += PANEL)
        panel_columns(n - j, p + j, width, q + i * ld, ld, keys + (size_t)j * d, R, d);
      float inverse[MR];
      exponentials(p, inverse, scale, R, n);
      const float *weights = p;
      if (rate > 0) {
        for (int r = 0; r < R; r++) {
          const Mask mask = mask_of_row(key, (uint64_t)h * n + i + r, rate);
          for (int j = 0; j < n; j += VW) {
            const size_t at = (size_t)r * width + j;
            store(dropped + at, load(p + at) * mask_at(mask, j));
          }
        }
        weights = dropped;
      }
      // The sums of the softmax divide what comes out: d values a row, not n.
      float *out = context + (size_t)i * H + h * d;
      for (int c = 0; c < d; c += PANEL)
        panel_product(out + c, H, weights, width, values + (size_t)c * n, R, n);
      for (int r = 0; r < R; r++) scale_row(out + (size_t)r * H, inverse[r], d);
      if (probabilities) {
        for (int r = 0; r < R; r++) scale_row(p + (size_t)r * width, inverse[r], width);
      }
      i += R;
    }
  }
}

static void attention_fp32(
    float *context, const float *qkv, float *scratch, int n, int heads, int d, int H) {
  attention(context, 0, qkv, scratch, n, heads, d, H, 0, 0);
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
    for (int j = 0; j < n; j += PANEL)
      panel_columns(n - j, ds + j, width, g, H, valuesT + (size_t)j * d, n, d);
    const float *D = rate > 0 ? dropped : p;
    for (int i = 0; i < n; i++) {
      float *row = ds + (size_t)i * width;
      const float *prow = p + (size_t)i * width;
      const Mask mask = mask_of_row(key, (uint64_t)h * n + i, rate);
      vf dot = splat(0.0f);
      for (int j = 0; j < n; j += VW) {
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
      for (int j = 0; j < n; j += VW)
        store(row + j, load(prow + j) * (load(row + j) - total) * splat(scale));
    }
    for (int c = 0; c < d; c += PANEL) {
      float *dq = dqkv + h * d + c;
      const size_t at = (size_t)c * n;
      panel_product(dq, ld, ds, width, keys + at, n, n);
      panel_product_transposed(dq + H, ld, ds, width, queries + at, n, n, 0, 0);
      panel_product_transposed(dq + 2 * H, ld, D, width, dout + at, n, n, 0, 0);
    }
  }
}
