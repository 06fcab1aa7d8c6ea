// What attention does in every precision: transposing, and the softmax of some rows of scores.

INLINE int padded(int n) { return (n + PANEL - 1) / PANEL * PANEL; }

typedef float v4 __attribute__((ext_vector_type(4)));
typedef float v4_unaligned __attribute__((ext_vector_type(4), aligned(4), may_alias));

// panels[padded(n)/32][d][32] = source[n][d]ᵀ, zero from n up to where a product of n columns may read.
static void transpose_rows(float *panels, const float *source, long lds, int n, int d) {
  for (int j = 0; j < n; j += 4) {
    float *panel = panels + (size_t)(j / PANEL * PANEL) * d + j % PANEL;
    for (int i = 0; i < d; i += 4) {
      v4 r[4];
      UNROLL for (int k = 0; k < 4; k++)
        r[k] = j + k < n ? *(const v4_unaligned *)(source + (j + k) * lds + i) : (v4)0.0f;
      const v4 a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
      const v4 b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
      const v4 c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
      const v4 e = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
      float *to = panel + i * PANEL;
      *(v4_unaligned *)to = __builtin_shufflevector(a, b, 0, 1, 4, 5);
      *(v4_unaligned *)(to + PANEL) = __builtin_shufflevector(a, b, 2, 3, 6, 7);
      *(v4_unaligned *)(to + 2 * PANEL) = __builtin_shufflevector(c, e, 0, 1, 4, 5);
      *(v4_unaligned *)(to + 3 * PANEL) = __builtin_shufflevector(c, e, 2, 3, 6, 7);
    }
  }
  const int end = (n + 3) / 4 * 4, stop = (n + NV * VW - 1) / (NV * VW) * (NV * VW);
  float *last = panels + (size_t)(n / PANEL * PANEL) * d;
  for (int j = end; j < stop; j += 4) {
    for (int i = 0; i < d; i++) *(v4_unaligned *)(last + i * PANEL + j % PANEL) = (v4)0.0f;
  }
}

// Lanes of columns column ..< column + VW that are below n.
INLINE vi lanes_below(int n, int column) {
  vi lane;
  UNROLL for (int i = 0; i < VW; i++) lane[i] = i;
  return lane < (vi)(n - column);
}

// The greatest of row[0 ..< n].
INLINE float greatest(const float *row, int n) {
  const int whole = n / VW * VW;
  vf most = splat(-__builtin_inff());
  for (int j = 0; j < whole; j += VW) most = vmax(most, load(row + j));
  if (whole < n)
    most = vmax(most, choose(lanes_below(n, whole), load(row + whole), splat(-__builtin_inff())));
  return horizontal_max(most);
}

INLINE void scale_row(float *row, float by, int count) {
  for (int j = 0; j < count; j += VW) store(row + j, load(row + j) * splat(by));
}
