/* Numbers, vectors of them, and e^x of a vector.

Every file here is compiled once for float and once for double, and for each of them once for every
kind of processor: see hatch_build.py. */

#include <stddef.h>
#include <stdint.h>

#ifdef DOUBLE
typedef double real;
typedef int64_t integer;
#else
typedef float real;
typedef int32_t integer;
#endif

/* A vector fills a register of the processor. A panel of a matrix has PANEL_VECTORS of them, a tile of
a product TILE_ROWS rows of TILE_VECTORS; the first layer has TOGETHER panels in registers. */
#if defined(__AVX512F__)
enum { VECTOR_BYTES = 64, PANEL_VECTORS = 4, TILE_ROWS = 6, TILE_VECTORS = 4, TOGETHER = 2 };
#elif defined(__AVX2__)
enum { VECTOR_BYTES = 32, PANEL_VECTORS = 8, TILE_ROWS = 6, TILE_VECTORS = 2, TOGETHER = 1 };
#else
enum { VECTOR_BYTES = 16, PANEL_VECTORS = 8, TILE_ROWS = 3, TILE_VECTORS = 4, TOGETHER = 1 };
#endif
enum { LANES = VECTOR_BYTES / sizeof(real) };

typedef real vec __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef integer ivec __attribute__((vector_size(VECTOR_BYTES), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const real *p) { return *(const vec *)p; }
INLINE void store(real *p, vec x) { *(vec *)p = x; }
INLINE vec all(real x) { return x - (vec){}; }
INLINE vec choose(ivec where, vec x, vec y) { return (vec)((where & (ivec)x) | (~where & (ivec)y)); }
INLINE vec magnitude(vec x) { return choose(x < 0, -x, x); }

/* e^x = 2^n e^r with n = round(x / ln 2), so |r| <= ln 2 / 2, and e^r by its Taylor series. Adding
1.5 * 2^(bits of the fraction) to a number rounds it, and leaves n in its last bits. */
#ifdef DOUBLE
enum { FRACTION = 52, TERMS = 13 };
#define ROUNDING 6755399441055744.0
#define LOWEST -708.0
#define HIGHEST 709.0
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#else
enum { FRACTION = 23, TERMS = 7 };
#define ROUNDING 12582912.0f
#define LOWEST -87.0f
#define HIGHEST 88.0f
#define LN2_HIGH 0x1.62e400p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
#endif

static const real INVERSE_FACTORIAL[14] = {
    1.0, 1.0, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
    1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0};

INLINE vec exponential(vec x) {
    x = choose(x < LOWEST, all(LOWEST), x); /* a NaN is neither, and stays */
    x = choose(x > HIGHEST, all(HIGHEST), x);
    vec t = x * (real)1.44269504088896340736 + (real)ROUNDING;
    vec n = t - (real)ROUNDING;
    vec r = (x - n * (real)LN2_HIGH) - n * (real)LN2_LOW;
    vec y = all(INVERSE_FACTORIAL[TERMS]);
    for (int k = TERMS - 1; k >= 0; k--)
        y = y * r + INVERSE_FACTORIAL[k];
    return (vec)((ivec)y + ((ivec)t << FRACTION));
}
