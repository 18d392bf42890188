// Times one product on OpenBLAS in one thread, for the benchmark of package nn, which
// runs this program beside its own kernels. It reads lines "m k n repeats" and answers
// each with the nanoseconds of all repeats together; the first line it prints names
// the library and its kernel. `make bench` builds it where there is a compiler.
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static float *dense(long n) {
  float *x = malloc(n * sizeof *x);
  unsigned s = 1;
  for (long i = 0; x && i < n; i++) {
    s = s * 1664525u + 1013904223u;
    x[i] = (float)(s >> 8) / (1 << 24) - 0.5f; // dense: no element is 0 by design
  }
  return x;
}

int main(void) {
  openblas_set_num_threads(1);
  printf("%s, kernel %s\n", openblas_get_config(), openblas_get_corename());
  fflush(stdout);
  int m, k, n;
  long repeats;
  while (scanf("%d %d %d %ld", &m, &k, &n, &repeats) == 4) {
    float *a = dense((long)m * k), *b = dense((long)k * n), *c = dense((long)m * n);
    if (!a || !b || !c) return 1;
    struct timespec from, to;
    for (long i = -1; i < repeats; i++) { // once to warm up
      if (i == 0) clock_gettime(CLOCK_MONOTONIC, &from);
      if (m == 1)
        cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, b, n, a, 1, 0, c, 1);
      else
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, k, b, n, 0, c, n);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%ld\n", (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec);
    fflush(stdout);
    free(a), free(b), free(c);
  }
  return 0;
}
