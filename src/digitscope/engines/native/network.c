/* A network of dense layers: forward, loss, back-propagation and update, for many batches in one
call. The maths is that of digitscope.network; what differs is where the numbers lie, and that the
work of a batch is cut into tasks: first CHUNK images each, from the input to every dZ, then some
rows of W each, from dW to the update. */

#ifdef __AVX512BW__
#include <immintrin.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "vector.h"
#include "matrix.h"
#include "activations.h"
#include "losses.h"
#include "optimizers.h"
#include "ink.h"
#include "pool.h"

#define JOIN(a, b) a##_##b
#define JOINED(a, b) JOIN(a, b)
#define EXPORT(name) JOINED(PREFIX, name)

enum { DENSE, ACTIVATION, DROPOUT }; /* in the order of `KINDS` in kernels.py */
enum { CHUNK = 64, SLOTS = 2 };

typedef struct {
    int kind, function;
    long n_in, n_out;
    real *W, *b, *W_T; /* W in panels; W^T too, for the way back */
    real *W_slot[SLOTS], *b_slot[SLOTS];
    real *dW, *db;
    real *Y, *dY; /* the output and its gradient, in panels [panel][capacity][width] */
    const real *mask; /* a dropout's, [m, n_out], the caller's */
} Op;

typedef struct {
    long ops, first; /* the first dense layer: nothing before it learns */
    Op *op;
    long reserved; /* images that the buffers can hold */
    long capacity; /* and for how many they are laid out now, a multiple of CHUNK */
    real *X;       /* an input that is not bytes, in panels */
    uint64_t *where; /* of an input of bytes: an image a row, its inked pixels, BLOCK a word, */
    uint64_t *masks; /* and a pixel a row, the images inked there, CHUNK a word */
    real ink[256];
    double *losses;
    Pool pool;
} Network;

/* What one batch is. */
typedef struct {
    Network *net;
    long m;
    const uint8_t *bytes; /* [m, n_in] or NULL, and then */
    const real *numbers;  /* [m, n_in] */
    const int32_t *labels;
    int loss, output;
    real l2;
    Update how;
    int no_loss; /* forward only */
} Batch;

/* --- memory --- */

static void *zeros(size_t bytes) {
    char *block = calloc(1, bytes + 128);
    if (!block)
        return NULL;
    char *p = block + 128 - (uintptr_t)block % 64;
    ((void **)p)[-1] = block;
    return p;
}

static void release(void *p) {
    if (p)
        free(((void **)p)[-1]);
}

static real *numbers(long count) { return zeros((size_t)count * sizeof(real)); }

/* --- one layer, some images --- */

static const real *input_of(const Network *net, long k) { return k ? net->op[k - 1].Y : net->X; }

/* Where panel `panel` of a matrix [rows, columns] in panels begins. All but the last are PANEL
wide. */
INLINE long panel_start(long rows, long panel) { return panel * rows * PANEL; }

static void dense_forward(const Batch *batch, long k, long from, long count) {
    Network *net = batch->net;
    Op *op = &net->op[k];
    for (long panel = 0; panel < panels(op->n_out); panel++) {
        long vectors = panel_vectors(op->n_out, panel), width = vectors * LANES;
        const real *W = op->W + panel_start(op->n_in, panel), *b = op->b + panel * PANEL;
        real *Y = op->Y + panel_start(net->capacity, panel) + from * width;
        if (k == 0 && batch->bytes) {
            int together = op->n_out - panel * PANEL >= TOGETHER * PANEL ? TOGETHER : 1;
            ink_forward(vectors, together, count, op->n_in, batch->bytes + from * op->n_in,
                        net->where + from * blocks(op->n_in), net->ink, W, b, Y,
                        net->capacity * PANEL);
            panel += together - 1;
            continue;
        }
        for (long i = 0; i < count; i++)
            memcpy(Y + i * width, b, (size_t)width * sizeof(real));
        for (long part = 0; part < panels(op->n_in); part++) {
            long left = op->n_in - part * PANEL, columns = panel_width(op->n_in, part);
            accumulate(count, vectors, left < PANEL ? left : PANEL,
                       input_of(net, k) + panel_start(net->capacity, part) + from * columns,
                       columns, 1, W + part * PANEL * width, width, Y, width);
        }
    }
}

/* dX = dZ W^T. */
static void dense_backward(const Batch *batch, long k, long from, long count) {
    Network *net = batch->net;
    Op *op = &net->op[k];
    for (long panel = 0; panel < panels(op->n_in); panel++) {
        long vectors = panel_vectors(op->n_in, panel), width = vectors * LANES;
        real *dX = net->op[k - 1].dY + panel_start(net->capacity, panel) + from * width;
        memset(dX, 0, (size_t)(count * width) * sizeof(real));
        for (long part = 0; part < panels(op->n_out); part++) {
            long left = op->n_out - part * PANEL, columns = panel_width(op->n_out, part);
            accumulate(count, vectors, left < PANEL ? left : PANEL,
                       op->dY + panel_start(net->capacity, part) + from * columns, columns, 1,
                       op->W_T + panel_start(op->n_out, panel) + part * PANEL * width, width, dX,
                       width);
        }
    }
}

/* Y = X * mask, or dX = dY * mask; Y = X without one. */
static void drop(const Network *net, const Op *op, const real *masks, long from, long count,
                 const real *X, real *Y) {
    for (long panel = 0; panel < panels(op->n_out); panel++) {
        long width = panel_width(op->n_out, panel), left = op->n_out - panel * PANEL;
        long columns = left < PANEL ? left : PANEL;
        long at = panel_start(net->capacity, panel) + from * width;
        for (long i = 0; i < count; i++) {
            const real *mask = masks ? masks + (from + i) * op->n_out + panel * PANEL : NULL;
            for (long j = 0; j < width; j++) {
                real x = j < columns ? X[at + i * width + j] : 0;
                Y[at + i * width + j] = mask && j < columns ? x * mask[j] : x;
            }
        }
    }
}

static void each_panel(const Network *net, const Op *op, long from, long count, int back) {
    const real *Z = op == net->op ? net->X : op[-1].Y;
    for (long panel = 0; panel < panels(op->n_out); panel++) {
        long width = panel_width(op->n_out, panel);
        long at = panel_start(net->capacity, panel) + from * width;
        if (back)
            activate_backward(op->function, count * width, Z + at, op->dY + at, op[-1].dY + at);
        else
            activate(op->function, count * width, Z + at, op->Y + at);
    }
}

static void forward(const Batch *batch, long from, long count) {
    Network *net = batch->net;
    for (long k = 0; k < net->ops; k++) {
        Op *op = &net->op[k];
        if (op->kind == DENSE)
            dense_forward(batch, k, from, count);
        else if (op->kind == ACTIVATION)
            each_panel(net, op, from, count, 0);
        else
            drop(net, op, batch->no_loss ? NULL : op->mask, from, count, input_of(net, k), op->Y);
    }
}

/* The numbers of an input that is not bytes, into panels. */
static void pack(const Batch *batch, long from, long count) {
    Network *net = batch->net;
    long n = net->op[0].n_in;
    for (long panel = 0; panel < panels(n); panel++) {
        long width = panel_width(n, panel), left = n - panel * PANEL;
        long columns = left < PANEL ? left : PANEL;
        real *X = net->X + panel_start(net->capacity, panel) + from * width;
        for (long i = 0; i < count; i++)
            for (long j = 0; j < columns; j++) {
                long at = (from + i) * n + panel * PANEL + j;
                X[i * width + j] = batch->bytes ? net->ink[batch->bytes[at]] : batch->numbers[at];
            }
    }
}

/* --- the tasks --- */

/* CHUNK images: forward, loss, and back to the first layer's dZ. */
static void images_task(void *work, long index) {
    const Batch *batch = work;
    Network *net = batch->net;
    long from = index * CHUNK, left = batch->m - from, count = left < CHUNK ? left : CHUNK;
    Op *last = &net->op[net->ops - 1];
    int on_bytes = batch->bytes && net->op[0].kind == DENSE;
    long n_in = net->op[0].n_in;
    if (on_bytes)
        find_ink(count, n_in, batch->bytes + from * n_in, net->where + from * blocks(n_in));
    else
        pack(batch, from, count);
    forward(batch, from, count);
    if (batch->no_loss)
        return;
    long width = padded(last->n_out);
    batch_loss(batch->loss, batch->output, count, batch->m, last->n_out, last->Y + from * width,
               batch->labels + from, last->dY + from * width, net->losses + from);
    for (long k = net->ops - 1; k > net->first; k--) {
        Op *op = &net->op[k];
        if (op->kind == DENSE)
            dense_backward(batch, k, from, count);
        else if (op->kind == ACTIVATION)
            each_panel(net, op, from, count, 1);
        else
            drop(net, op, op->mask, from, count, op->dY, op[-1].dY);
    }
    if (on_bytes) {
        turn_ink(count, n_in, net->where + from * blocks(n_in), net->masks + index,
                 net->capacity / CHUNK);
    }
}

static void update_bias(const Batch *batch, const Op *op, long panel) {
    long width = panel_width(op->n_out, panel), at = panel * PANEL;
    const real *dZ = op->dY + panel_start(batch->net->capacity, panel);
    real *db = op->db + at;
    memset(db, 0, (size_t)width * sizeof(real));
    for (long i = 0; i < batch->m; i++)
        for (long j = 0; j < width; j++)
            db[j] += dZ[i * width + j];
    update(batch->how, 0, width, op->b + at, op->b_slot[0] + at, op->b_slot[1] + at, db);
}

/* Rows `from` to `from + count` of one panel of W, on bytes: dW and update, row by row. */
static void update_ink_rows(const Batch *batch, Op *op, long panel, long from, long count) {
    Network *net = batch->net;
    long vectors = panel_vectors(op->n_out, panel), width = vectors * LANES;
    long words = net->capacity / CHUNK, used = (batch->m + CHUNK - 1) / CHUNK;
    const real *dZ = op->dY + panel_start(net->capacity, panel);
    real dW[PANEL] __attribute__((aligned(64)));
    for (long p = from; p < from + count; p++) {
        const uint64_t *masks = net->masks + p * words;
        uint64_t any = 0;
        for (long w = 0; w < used; w++)
            any |= masks[w];
        if (!any && rests(batch->how, batch->l2))
            continue;
        ink_gradient(vectors, used, masks, batch->bytes + p, op->n_in, net->ink, dZ, dW);
        long at = panel_start(op->n_in, panel) + p * width;
        update(batch->how, batch->l2, width, op->W + at, op->W_slot[0] + at, op->W_slot[1] + at,
               dW);
    }
}

/* The same for an input of numbers. */
static void update_rows(const Batch *batch, long k, long panel, long from, long count) {
    Network *net = batch->net;
    Op *op = &net->op[k];
    long vectors = panel_vectors(op->n_out, panel), width = vectors * LANES;
    long at = panel_start(op->n_in, panel) + from * width, part = from / PANEL;
    memset(op->dW + at, 0, (size_t)(count * width) * sizeof(real));
    accumulate(count, vectors, batch->m, input_of(net, k) + panel_start(net->capacity, part), 1,
               panel_width(op->n_in, part), op->dY + panel_start(net->capacity, panel), width,
               op->dW + at, width);
    update(batch->how, batch->l2, count * width, op->W + at, op->W_slot[0] + at,
           op->W_slot[1] + at, op->dW + at);
    if (k > net->first) {
        long row_width = panel_width(op->n_in, part), left = op->n_out - panel * PANEL;
        long columns = left < PANEL ? left : PANEL;
        real *W_T = op->W_T + panel_start(op->n_out, part) + panel * PANEL * row_width;
        for (long j = 0; j < columns; j++)
            for (long r = 0; r < count; r++)
                W_T[j * row_width + r] = op->W[at + r * width + j];
    }
}

INLINE long rows_tasks(const Op *op) {
    return op->kind == DENSE ? panels(op->n_in) * panels(op->n_out) : 0;
}

/* PANEL rows of one panel of one W, and with the first of them its part of b. */
static void rows_task(void *work, long index) {
    const Batch *batch = work;
    Network *net = batch->net;
    long k = 0;
    for (; index >= rows_tasks(&net->op[k]); k++)
        index -= rows_tasks(&net->op[k]);
    Op *op = &net->op[k];
    long panel = index / panels(op->n_in), from = index % panels(op->n_in) * PANEL;
    long left = op->n_in - from, count = left < PANEL ? left : PANEL;
    if (from == 0)
        update_bias(batch, op, panel);
    if (k == 0 && batch->bytes)
        update_ink_rows(batch, op, panel, from, count);
    else
        update_rows(batch, k, panel, from, count);
}

/* --- what the caller sees --- */

/* Lay the buffers out for batches of m images. 0 where memory is short. */
static int reserve(Network *net, long m) {
    long capacity = (m + CHUNK - 1) / CHUNK * CHUNK, n_in = net->op[0].n_in;
    net->capacity = capacity;
    if (capacity <= net->reserved)
        return 1;
    release(net->X), release(net->masks), release(net->where), release(net->losses);
    net->X = numbers(capacity * padded(n_in));
    net->where = zeros((size_t)(capacity * blocks(n_in)) * sizeof(uint64_t));
    net->masks = zeros((size_t)(capacity / CHUNK * n_in) * sizeof(uint64_t));
    net->losses = zeros((size_t)capacity * sizeof(double));
    int whole = net->X && net->where && net->masks && net->losses;
    for (long k = 0; k < net->ops; k++) {
        Op *op = &net->op[k];
        release(op->Y), release(op->dY);
        op->Y = numbers(capacity * padded(op->n_out));
        op->dY = numbers(capacity * padded(op->n_out));
        whole = whole && op->Y && op->dY;
    }
    net->reserved = whole ? capacity : 0;
    return whole;
}

void EXPORT(close)(Network *net) {
    if (!net)
        return;
    close_pool(&net->pool);
    for (long k = 0; k < net->ops; k++) {
        Op *op = &net->op[k];
        real *own[] = {op->W, op->b, op->W_T, op->W_slot[0], op->W_slot[1], op->b_slot[0],
                       op->b_slot[1], op->dW, op->db, op->Y, op->dY};
        for (size_t i = 0; i < sizeof own / sizeof *own; i++)
            release(own[i]);
    }
    release(net->X), release(net->masks), release(net->where);
    release(net->losses);
    release(net->op), release(net);
}

/* A network of `ops` rows (kind, function, n_in, n_out); NULL where memory is short. */
Network *EXPORT(open)(long ops, const int64_t *rows, const real *ink, int threads) {
    Network *net = zeros(sizeof *net);
    if (!net)
        return NULL;
    net->op = zeros((size_t)ops * sizeof(Op));
    if (!net->op) {
        release(net);
        return NULL;
    }
    net->ops = ops;
    net->first = -1;
    memcpy(net->ink, ink, sizeof net->ink);
    int whole = 1;
    for (long k = 0; k < ops; k++) {
        Op *op = &net->op[k];
        op->kind = (int)rows[4 * k];
        op->function = (int)rows[4 * k + 1];
        op->n_in = rows[4 * k + 2];
        op->n_out = rows[4 * k + 3];
        if (op->kind != DENSE)
            continue;
        long size = op->n_in * padded(op->n_out), biases = padded(op->n_out);
        op->W = numbers(size), op->dW = numbers(size);
        op->b = numbers(biases), op->db = numbers(biases);
        op->W_T = numbers(op->n_out * padded(op->n_in));
        whole = whole && op->W && op->dW && op->b && op->db && op->W_T;
        for (int s = 0; s < SLOTS; s++) {
            op->W_slot[s] = numbers(size), op->b_slot[s] = numbers(biases);
            whole = whole && op->W_slot[s] && op->b_slot[s];
        }
        if (net->first < 0)
            net->first = k;
    }
    if (!whole) {
        EXPORT(close)(net);
        return NULL;
    }
    open_pool(&net->pool, threads);
    return net;
}

/* Copy W and b of op k in (or out), row-major; slot -1 is the weights themselves. */
void EXPORT(copy)(Network *net, long k, int slot, real *W, real *b, int out) {
    Op *op = &net->op[k];
    real *own_W = slot < 0 ? op->W : op->W_slot[slot], *own_b = slot < 0 ? op->b : op->b_slot[slot];
    for (long j = 0; j < op->n_out; j++) {
        long panel = j / PANEL, width = panel_width(op->n_out, panel), column = j % PANEL;
        if (out)
            b[j] = own_b[j];
        else
            own_b[j] = b[j];
        for (long r = 0; r < op->n_in; r++) {
            real *own = own_W + panel_start(op->n_in, panel) + r * width + column;
            if (out)
                W[r * op->n_out + j] = *own;
            else
                *own = W[r * op->n_out + j];
            if (!out && slot < 0) {
                long part = r / PANEL, row_width = panel_width(op->n_in, part);
                op->W_T[panel_start(op->n_out, part) + j * row_width + r % PANEL] = *own;
            }
        }
    }
}

/* The mask of a dropout for the next batch, [m, n_out]; it must live until the batch is done. */
void EXPORT(mask)(Network *net, long k, const real *mask) { net->op[k].mask = mask; }

/* One update a batch of the `n` images, and the loss of each before it. 0 where memory is short. */
int EXPORT(advance)(Network *net, long n, const uint8_t *bytes, const real *values,
                    const int32_t *labels, long batch_size, long batches, const double *rates,
                    const double *adam_rates, int optimizer, int loss, int output, double l2,
                    double *losses) {
    long n_in = net->op[0].n_in, row_tasks = 0;
    if (!reserve(net, batch_size < n ? batch_size : n))
        return 0;
    for (long k = 0; k < net->ops; k++)
        row_tasks += rows_tasks(&net->op[k]);
    set_awake(&net->pool, 1);
    for (long i = 0; i < batches; i++) {
        long from = i * batch_size, left = n - from;
        Batch batch = {.net = net,
                       .m = left < batch_size ? left : batch_size,
                       .bytes = bytes ? bytes + from * n_in : NULL,
                       .numbers = values ? values + from * n_in : NULL,
                       .labels = labels + from,
                       .loss = loss,
                       .output = output,
                       .l2 = (real)l2,
                       .how = {optimizer, rates[i], adam_rates[i]}};
        run_phase(&net->pool, images_task, &batch, (batch.m + CHUNK - 1) / CHUNK);
        double J = 0;
        for (long j = 0; j < batch.m; j++)
            J += net->losses[j];
        losses[i] = J / (double)batch.m;
        run_phase(&net->pool, rows_task, &batch, row_tasks);
    }
    set_awake(&net->pool, 0);
    return 1;
}

/* Z [n, n_out] of n images. 0 where memory is short. */
int EXPORT(logits)(Network *net, long n, const uint8_t *bytes, const real *values, real *Z) {
    enum { MOST = 1024 };
    Op *last = &net->op[net->ops - 1];
    long n_in = net->op[0].n_in, n_out = last->n_out;
    if (!reserve(net, n < MOST ? n : MOST))
        return 0;
    int many = n > CHUNK;
    if (many)
        set_awake(&net->pool, 1);
    for (long from = 0; from < n; from += MOST) {
        long m = n - from < MOST ? n - from : MOST;
        Batch batch = {.net = net,
                       .m = m,
                       .bytes = bytes ? bytes + from * n_in : NULL,
                       .numbers = values ? values + from * n_in : NULL,
                       .no_loss = 1};
        run_phase(&net->pool, images_task, &batch, (m + CHUNK - 1) / CHUNK);
        for (long panel = 0; panel < panels(n_out); panel++) {
            long width = panel_width(n_out, panel), left = n_out - panel * PANEL;
            const real *Y = last->Y + panel_start(net->capacity, panel);
            for (long i = 0; i < m; i++)
                memcpy(Z + (from + i) * n_out + panel * PANEL, Y + i * width,
                       (size_t)(left < PANEL ? left : PANEL) * sizeof(real));
        }
    }
    if (many)
        set_awake(&net->pool, 0);
    return 1;
}

/* softmax(Z / temperature) [n, n_out] of n images. 0 where memory is short. */
int EXPORT(probabilities)(Network *net, long n, const uint8_t *bytes, const real *values,
                          double temperature, real *Z, double *P) {
    long n_out = net->op[net->ops - 1].n_out;
    if (!EXPORT(logits)(net, n, bytes, values, Z))
        return 0;
    for (long i = 0; i < n; i++) {
        const real *z = Z + i * n_out;
        double *p = P + i * n_out, sum = 0;
        real largest = z[0];
        for (long j = 1; j < n_out; j++)
            largest = z[j] > largest ? z[j] : largest;
        for (long j = 0; j < n_out; j++)
            sum += p[j] = __builtin_exp((double)(z[j] - largest) / temperature);
        for (long j = 0; j < n_out; j++)
            p[j] /= sum;
    }
    return 1;
}
