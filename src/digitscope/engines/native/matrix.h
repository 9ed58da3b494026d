/* Matrices, and the one product that a dense layer needs in three forms.

A matrix stands in panels: columns 0 to PANEL - 1 of all rows, then the next PANEL columns, so that
what is used together lies together. The last panel is as wide as it must be, in whole vectors; the
columns added to fill it are 0 in weights and gradients. */

enum { PANEL = PANEL_VECTORS * LANES };

INLINE long panels(long columns) { return (columns + PANEL - 1) / PANEL; }
INLINE long panel_vectors(long columns, long panel) {
    long left = columns - panel * PANEL;
    return left >= PANEL ? PANEL_VECTORS : (left + LANES - 1) / LANES;
}
INLINE long panel_width(long columns, long panel) { return panel_vectors(columns, panel) * LANES; }
INLINE long padded(long columns) { return (columns + LANES - 1) / LANES * LANES; }

/* C [rows, vectors] += A [rows, k] B [k, vectors]; A(r, t) = A[r * by_row + t * by_column]. */
INLINE void tile(int rows, int vectors, long k, const real *A, long by_row, long by_column,
                 const real *B, long ldb, real *C, long ldc) {
    vec sum[TILE_ROWS][PANEL_VECTORS];
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            sum[r][v] = load(C + r * ldc + v * LANES);
    for (long t = 0; t < k; t++) {
        for (int v = 0; v < vectors; v++) {
            vec b = load(B + t * ldb + v * LANES);
            for (int r = 0; r < rows; r++)
                sum[r][v] += A[r * by_row + t * by_column] * b;
        }
    }
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++)
            store(C + r * ldc + v * LANES, sum[r][v]);
}

/* The same for any number of rows and the vectors of one panel. */
static void accumulate(long rows, long vectors, long k, const real *A, long by_row, long by_column,
                       const real *B, long ldb, real *C, long ldc) {
    long v = 0;
    for (; v + TILE_VECTORS <= vectors; v += TILE_VECTORS) {
        long r = 0;
        for (; r + TILE_ROWS <= rows; r += TILE_ROWS)
            tile(TILE_ROWS, TILE_VECTORS, k, A + r * by_row, by_row, by_column, B + v * LANES, ldb,
                 C + r * ldc + v * LANES, ldc);
        for (; r < rows; r++)
            tile(1, TILE_VECTORS, k, A + r * by_row, by_row, by_column, B + v * LANES, ldb,
                 C + r * ldc + v * LANES, ldc);
    }
    for (; v < vectors; v++) {
        long r = 0;
        for (; r + TILE_ROWS <= rows; r += TILE_ROWS)
            tile(TILE_ROWS, 1, k, A + r * by_row, by_row, by_column, B + v * LANES, ldb,
                 C + r * ldc + v * LANES, ldc);
        for (; r < rows; r++)
            tile(1, 1, k, A + r * by_row, by_row, by_column, B + v * LANES, ldb,
                 C + r * ldc + v * LANES, ldc);
    }
}
