/* The loss of each image of a part of a batch, and dZ, from the logits Z [count, n], as in
digitscope.maths.losses. m is the size of the whole batch: J is the sum over it, over m. n fits into
one panel. */

enum { BINARY_CROSS_ENTROPY, CATEGORICAL_CROSS_ENTROPY, QUADRATIC }; /* as `LOSSES` in kernels.py */

static void binary_cross_entropy(long count, long m, const real *Z, const int32_t *y, real *dZ,
                                 double *losses) {
    for (long i = 0; i < count; i++) {
        double z = (double)Z[i * LANES];
        vec a = sigmoid(load(Z + i * LANES));
        losses[i] = (z < 0 ? 0 : z) - y[i] * z + __builtin_log1p(__builtin_exp(-__builtin_fabs(z)));
        store(dZ + i * LANES, (vec){});
        dZ[i * LANES] = (a[0] - (real)y[i]) / (real)m;
    }
}

static void categorical_cross_entropy(long count, long m, long n, const real *Z, const int32_t *y,
                                      real *dZ, double *losses) {
    long width = padded(n);
    for (long i = 0; i < count; i++) {
        const real *z = Z + i * width;
        real *dz = dZ + i * width, largest;
        double log_sum = softmax_row(n, z, dz, &largest);
        losses[i] = log_sum - (double)(z[y[i]] - largest);
        dz[y[i]] -= 1;
        for (long j = 0; j < width; j += LANES)
            store(dz + j, load(dz + j) / (real)m);
    }
}

static void quadratic(long count, long m, long n, int output, const real *Z, const int32_t *y,
                      real *dZ, double *losses) {
    long width = padded(n);
    real A[PANEL] __attribute__((aligned(64))), dA[PANEL] __attribute__((aligned(64))), largest;
    for (long i = 0; i < count; i++) {
        const real *z = Z + i * width;
        real *dz = dZ + i * width, mixed = 0;
        double squares = 0;
        if (output == SOFTMAX)
            softmax_row(n, z, A, &largest);
        else
            activate(output, width, z, A);
        for (long j = 0; j < width; j++) {
            real target = n == 1 ? (real)y[i] : (real)(j == y[i]);
            real error = j < n ? A[j] - target : 0;
            squares += (double)error * (double)error;
            dA[j] = error / (real)m;
            mixed += dA[j] * A[j];
        }
        losses[i] = squares / 2;
        if (output == SOFTMAX)
            for (long j = 0; j < width; j++)
                dz[j] = j < n ? A[j] * (dA[j] - mixed) : 0;
        else
            activate_backward(output, width, z, dA, dz);
    }
}

static void batch_loss(int loss, int output, long count, long m, long n, const real *Z,
                       const int32_t *y, real *dZ, double *losses) {
    switch (loss) {
    case BINARY_CROSS_ENTROPY: binary_cross_entropy(count, m, Z, y, dZ, losses); break;
    case CATEGORICAL_CROSS_ENTROPY:
        categorical_cross_entropy(count, m, n, Z, y, dZ, losses);
        break;
    default: quadratic(count, m, n, output, Z, y, dZ, losses);
    }
}
