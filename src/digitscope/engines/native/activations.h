/* g and g' on vectors; derivatives are functions of Z, as in digitscope.maths.activations. */

enum { LINEAR, SIGMOID, TANH, RELU, SOFTMAX }; /* in the order of `FUNCTIONS` in kernels.py */

INLINE vec sigmoid(vec z) {
    vec e = exponential(-magnitude(z));
    return choose(z < 0, e, all(1)) / (1 + e);
}

INLINE vec sigmoid_derivative(vec z) {
    vec e = exponential(-magnitude(z));
    return e / ((1 + e) * (1 + e));
}

INLINE vec hyperbolic_tangent(vec z) {
    vec e = exponential(-2 * magnitude(z));
    vec a = (1 - e) / (1 + e);
    return choose(z < 0, -a, a);
}

/* A = g(Z), `size` numbers in whole vectors. */
static void activate(int function, long size, const real *Z, real *A) {
    switch (function) {
    case SIGMOID:
        for (long j = 0; j < size; j += LANES)
            store(A + j, sigmoid(load(Z + j)));
        break;
    case TANH:
        for (long j = 0; j < size; j += LANES)
            store(A + j, hyperbolic_tangent(load(Z + j)));
        break;
    case RELU:
        for (long j = 0; j < size; j += LANES) {
            vec z = load(Z + j);
            store(A + j, choose(z < 0, all(0), z)); /* a NaN stays one */
        }
        break;
    default:
        __builtin_memcpy(A, Z, (size_t)size * sizeof(real));
    }
}

/* dZ = dA g'(Z). */
static void activate_backward(int function, long size, const real *Z, const real *dA, real *dZ) {
    switch (function) {
    case SIGMOID:
        for (long j = 0; j < size; j += LANES)
            store(dZ + j, load(dA + j) * sigmoid_derivative(load(Z + j)));
        break;
    case TANH:
        for (long j = 0; j < size; j += LANES)
            store(dZ + j, load(dA + j) * (4 * sigmoid_derivative(2 * load(Z + j))));
        break;
    case RELU:
        for (long j = 0; j < size; j += LANES)
            store(dZ + j, choose(load(Z + j) > 0, load(dA + j), all(0)));
        break;
    default:
        __builtin_memcpy(dZ, dA, (size_t)size * sizeof(real));
    }
}

/* a_j = e^(z_j - max z) / sum, for one row of n numbers in whole vectors; what fills the last
vector becomes 0. Returns log sum e^(z_j - max z), and max z in `largest`. */
static double softmax_row(long n, const real *z, real *a, real *largest) {
    real max = z[0];
    for (long j = 1; j < n; j++)
        max = z[j] > max ? z[j] : max;
    for (long j = 0; j < padded(n); j += LANES)
        store(a + j, exponential(load(z + j) - max));
    real sum = 0;
    for (long j = 0; j < n; j++)
        sum += a[j];
    for (long j = 0; j < n; j++)
        a[j] /= sum;
    for (long j = n; j < padded(n); j++)
        a[j] = 0;
    *largest = max;
    return __builtin_log((double)sum);
}
