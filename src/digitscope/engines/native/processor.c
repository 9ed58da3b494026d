/* Which of the kernels this processor can run: 2 with AVX-512, 1 with AVX2, 0 any. */
int best_processor(void) {
#if defined(__x86_64__) && !defined(_WIN32) /* see hatch_build.py */
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return avx2 && avx512 ? 2 : avx2;
#else
    return 0;
#endif
}

/* The digest of the sources that this library is of: see kernels.py. */
const char *sources(void) {
    return SOURCES;
}
