/* One update of `size` weights that lie together; g becomes the gradient with the penalty's.
See digitscope.network.optimizers for what each does. */

enum { SGD, MOMENTUM, NESTEROV, ADAM }; /* in the order of `OPTIMIZERS` in kernels.py */

typedef struct {
    int optimizer;
    double eta, adam_rate; /* Adam's has the corrections of both means in it */
} Update;

static void update(Update how, real l2, long size, real *restrict W, real *restrict s0,
                   real *restrict s1, const real *restrict g) {
    const real eta = (real)how.eta, rate = (real)how.adam_rate;
    switch (how.optimizer) {
    case SGD:
        for (long j = 0; j < size; j++)
            W[j] -= eta * (g[j] + l2 * W[j]);
        break;
    case MOMENTUM:
        for (long j = 0; j < size; j++) {
            s0[j] = (real)0.9 * s0[j] - eta * (g[j] + l2 * W[j]);
            W[j] += s0[j];
        }
        break;
    case NESTEROV:
        for (long j = 0; j < size; j++) {
            real step = eta * (g[j] + l2 * W[j]);
            s0[j] = (real)0.9 * s0[j] - step;
            W[j] += (real)0.9 * s0[j] - step;
        }
        break;
    default:
        for (long j = 0; j < size; j++) {
            real dW = g[j] + l2 * W[j];
            s0[j] = (real)0.9 * s0[j] + (real)(1 - 0.9) * dW;
            s1[j] = (real)0.999 * s1[j] + (real)(1 - 0.999) * (dW * dW);
            W[j] -= rate * s0[j] / ((real)(sizeof(real) == 8 ? __builtin_sqrt((double)s1[j])
                                                             : __builtin_sqrtf((float)s1[j])) +
                                    (real)1e-7);
        }
    }
}

/* Whether an update by a gradient of 0 changes nothing. */
INLINE int rests(Update how, real l2) { return how.optimizer == SGD && l2 == 0; }
