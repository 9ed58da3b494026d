/* The first layer, on bytes: four of five pixels are paper, and 0 times a weight need not be added.

    Z  = X W      for each image, the rows of W at its inked pixels, each times its ink
    dW = X^T dZ   for each pixel, the rows of dZ of the images inked there, each times its ink

`ink` is the table of the 256 values that a byte stands for. */

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "eight bytes are read as one number, the first as its lowest"
#endif

/* Bit j says whether byte j is not 0; `count` of at most 64 bytes are read. */
INLINE uint64_t inked(const uint8_t *bytes, long count) {
#ifdef __AVX512BW__
    __mmask64 valid = count >= 64 ? ~0ull : (1ull << count) - 1;
    __m512i x = _mm512_maskz_loadu_epi8(valid, bytes);
    return _mm512_test_epi8_mask(x, x);
#else
    uint64_t mask = 0;
    long j = 0;
    for (; j + 8 <= count; j += 8) {
        uint64_t x;
        __builtin_memcpy(&x, bytes + j, 8);
        /* The highest bit of each byte that is not 0, then these eight bits side by side. */
        uint64_t high = (((x & 0x7f7f7f7f7f7f7f7full) + 0x7f7f7f7f7f7f7f7full) | x) >> 7;
        mask |= (((high & 0x0101010101010101ull) * 0x0102040810204080ull) >> 56) << j;
    }
    for (; j < count; j++)
        mask |= (uint64_t)(bytes[j] != 0) << j;
    return mask;
#endif
}

/* sum += ink * row, for every bit of the mask; the byte of bit j is bytes[j * stride]. A row goes on
in the next panel, `apart` numbers further. */
INLINE void add_rows(vec *sum, int together, int vectors, uint64_t mask, const uint8_t *bytes,
                     long stride, const real *ink, const real *rows, long apart) {
    while (mask) {
        long j = __builtin_ctzll(mask);
        mask &= mask - 1;
        real x = ink[bytes[j * stride]];
        for (int t = 0; t < together; t++)
            for (int v = 0; v < vectors; v++)
                sum[t * vectors + v] += x * load(rows + t * apart + (j * vectors + v) * LANES);
    }
}

enum { BLOCK = 64 }; /* pixels, a bit each in a word, whose weights fit into the first cache */

INLINE long blocks(long pixels) { return (pixels + BLOCK - 1) / BLOCK; }

/* Where m images are inked: [m, blocks] words. */
static void find_ink(long m, long pixels, const uint8_t *X, uint64_t *where) {
    for (long i = 0; i < m; i++)
        for (long at = 0; at < pixels; at += BLOCK)
            *where++ = inked(X + i * pixels + at, pixels - at < BLOCK ? pixels - at : BLOCK);
}

/* Panels of Z [m, vectors] = b + X W, block by block of the pixels. */
INLINE void ink_forward_panels(int vectors, int together, long m, long pixels, const uint8_t *X,
                               const uint64_t *where, const real *ink, const real *W,
                               const real *b, real *Z, long Z_apart) {
    long width = vectors * LANES;
    for (long block = 0; block < blocks(pixels); block++) {
        for (long i = 0; i < m; i++) {
            uint64_t mask = where[i * blocks(pixels) + block];
            if (block && !mask)
                continue;
            vec sum[TOGETHER * PANEL_VECTORS];
            for (int t = 0; t < together; t++) {
                const real *start = block ? Z + t * Z_apart + i * width : b + t * width;
                for (int v = 0; v < vectors; v++)
                    sum[t * vectors + v] = load(start + v * LANES);
            }
            add_rows(sum, together, vectors, mask, X + i * pixels + block * BLOCK, 1, ink,
                     W + block * BLOCK * width, pixels * width);
            for (int t = 0; t < together; t++)
                for (int v = 0; v < vectors; v++)
                    store(Z + t * Z_apart + i * width + v * LANES, sum[t * vectors + v]);
        }
    }
}

/* Call a function with its number of vectors known to the compiler. */
#define AT_MOST_A_PANEL(vectors) ((vectors) <= PANEL_VECTORS ? (vectors) : PANEL_VECTORS)
#define FOR_VECTORS(vectors, call, ...)                                                            \
    switch (vectors) {                                                                             \
    case 1: call(1, __VA_ARGS__); break;                                                           \
    case 2: call(2, __VA_ARGS__); break;                                                           \
    case 3: call(3, __VA_ARGS__); break;                                                           \
    case 4: call(4, __VA_ARGS__); break;                                                           \
    case 5: call(AT_MOST_A_PANEL(5), __VA_ARGS__); break;                                          \
    case 6: call(AT_MOST_A_PANEL(6), __VA_ARGS__); break;                                          \
    case 7: call(AT_MOST_A_PANEL(7), __VA_ARGS__); break;                                          \
    default: call(PANEL_VECTORS, __VA_ARGS__);                                                     \
    }

/* One panel, or where they are wide TOGETHER of them. */
static void ink_forward(long vectors, int together, long m, long pixels, const uint8_t *X,
                        const uint64_t *where, const real *ink, const real *W, const real *b,
                        real *Z, long Z_apart) {
    if (together > 1)
        ink_forward_panels(PANEL_VECTORS, TOGETHER, m, pixels, X, where, ink, W, b, Z, Z_apart);
    else
        FOR_VECTORS(vectors, ink_forward_panels, 1, m, pixels, X, where, ink, W, b, Z, Z_apart)
}

/* 64 words of 64 bits, bit j of word i exchanged with bit i of word j: first the quarters of 32 by
32 bits, then within each of these those of 16 by 16, and so on. */
static void transpose_bits(uint64_t *x) {
    uint64_t keep = 0x00000000ffffffffull;
    for (int step = 32; step; step >>= 1, keep ^= keep << step)
        for (int i = 0; i < 64; i += 2 * step)
            for (int r = i; r < i + step; r++) {
                uint64_t exchanged = ((x[r] >> step) ^ x[r + step]) & keep;
                x[r + step] ^= exchanged;
                x[r] ^= exchanged << step;
            }
}

/* From where at most 64 images are inked to who is inked at a pixel: bit i of masks[p * stride]. */
static void turn_ink(long m, long pixels, const uint64_t *where, uint64_t *masks, long stride) {
    for (long block = 0; block < blocks(pixels); block++) {
        uint64_t x[BLOCK] = {0};
        for (long i = 0; i < m; i++)
            x[i] = where[i * blocks(pixels) + block];
        transpose_bits(x);
        for (long p = block * BLOCK; p < pixels && p < (block + 1) * BLOCK; p++)
            masks[p * stride] = x[p - block * BLOCK];
    }
}

/* One row of dW, for one pixel and one panel. */
INLINE void ink_gradient_row(int vectors, long words, const uint64_t *masks, const uint8_t *bytes,
                             long pixels, const real *ink, const real *dZ, real *dW) {
    long width = vectors * LANES;
    vec sum[PANEL_VECTORS] = {};
    for (long w = 0; w < words; w++)
        add_rows(sum, 1, vectors, masks[w], bytes + 64 * w * pixels, pixels, ink,
                 dZ + 64 * w * width, 0);
    for (int v = 0; v < vectors; v++)
        store(dW + v * LANES, sum[v]);
}

static void ink_gradient(long vectors, long words, const uint64_t *masks, const uint8_t *bytes,
                         long pixels, const real *ink, const real *dZ, real *dW) {
    FOR_VECTORS(vectors, ink_gradient_row, words, masks, bytes, pixels, ink, dZ, dW)
}
