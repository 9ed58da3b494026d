/* Threads that share the tasks of a phase.

A phase is a number of tasks that do not depend on each other. Whoever is free takes the next one;
the caller takes part, and waits only for tasks that somebody has begun. So a helper that the system
has put aside holds nothing up, and no result depends on who computed it. */

#ifndef _WIN32
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST_THREADS = 64, SPINS = 20000 };
#define CLOSED 0xffffffffu /* in place of the next task, while a phase is being set up */

typedef void Task(void *work, long index);

typedef struct {
    _Atomic uint64_t ticket; /* the phase's number, then the next task, 32 bits each */
    _Atomic long tasks, done;
    _Atomic int awake, closing;
    Task *task;
    void *work;
    int helpers;
    pthread_t thread[MOST_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t wake;
} Pool;

INLINE void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Do tasks of this phase until none is left. */
static void take_part(Pool *pool, uint64_t phase) {
    for (;;) {
        uint64_t ticket = atomic_load(&pool->ticket);
        long index = (long)(ticket & 0xffffffffu);
        if (ticket >> 32 != phase || index == CLOSED || index >= atomic_load(&pool->tasks))
            return;
        /* Were the tasks exchanged since the ticket was read, it is no longer there to be taken. */
        if (atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1)) {
            pool->task(pool->work, index);
            atomic_fetch_add(&pool->done, 1);
        }
    }
}

static void *help(void *given) {
    Pool *pool = given;
    uint64_t seen = 0;
    long spins = 0;
    while (!atomic_load(&pool->closing)) {
        uint64_t phase = atomic_load(&pool->ticket) >> 32;
        if (phase != seen) {
            take_part(pool, phase);
            seen = phase;
            spins = 0;
        } else if (!atomic_load(&pool->awake)) {
            pthread_mutex_lock(&pool->lock);
            while (!atomic_load(&pool->awake) && !atomic_load(&pool->closing))
                pthread_cond_wait(&pool->wake, &pool->lock);
            pthread_mutex_unlock(&pool->lock);
        } else if (++spins > SPINS) {
            sched_yield();
        } else {
            relax();
        }
    }
    return NULL;
}

static void run_phase(Pool *pool, Task *task, void *work, long tasks) {
    if (pool->helpers == 0 || tasks == 1) {
        for (long i = 0; i < tasks; i++)
            task(work, i);
        return;
    }
    uint64_t phase = atomic_load(&pool->ticket) >> 32;
    atomic_store(&pool->ticket, phase++ << 32 | CLOSED);
    atomic_store(&pool->done, 0);
    pool->task = task;
    pool->work = work;
    atomic_store(&pool->tasks, tasks);
    atomic_store(&pool->ticket, phase << 32);
    take_part(pool, phase);
    for (long spins = 0; atomic_load(&pool->done) < tasks; spins++) {
        if (spins > SPINS)
            sched_yield();
        else
            relax();
    }
}

static void set_awake(Pool *pool, int awake) {
    if (pool->helpers == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->awake, awake);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void open_pool(Pool *pool, int threads) {
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    while (pool->helpers < threads - 1 && pool->helpers < MOST_THREADS) {
        if (pthread_create(&pool->thread[pool->helpers], NULL, help, pool))
            return; /* fewer hands, the same result */
        pool->helpers++;
    }
}

static void close_pool(Pool *pool) {
    atomic_store(&pool->closing, 1);
    set_awake(pool, 1);
    for (int i = 0; i < pool->helpers; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
}
#else
typedef void Task(void *work, long index);
typedef struct { int helpers; } Pool;
static void run_phase(Pool *pool, Task *task, void *work, long tasks) {
    (void)pool;
    for (long i = 0; i < tasks; i++)
        task(work, i);
}
static void set_awake(Pool *pool, int awake) { (void)pool, (void)awake; }
static void open_pool(Pool *pool, int threads) { (void)pool, (void)threads; }
static void close_pool(Pool *pool) { (void)pool; }
#endif
