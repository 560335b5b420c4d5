// The shape that many libraries have: AVX2, one accumulator, one row at a time.
#include <immintrin.h>

#include <cmath>

#include "peers.h"

namespace {

float sum_of(__m256 v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  s = _mm_add_ss(s, _mm_movehdup_ps(s));
  return _mm_cvtss_f32(s);
}

}  // namespace

int nkp_naive_available() {
#if defined(_MSC_VER)
  return 1;
#else
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
#endif
}

void nkp_naive_rms_norm(const float* x, float* y, const float* weight, std::int64_t rows, std::int64_t cols,
                        float epsilon) {
  for (std::int64_t row = 0; row < rows; ++row, x += cols, y += cols) {
    __m256 squares = _mm256_setzero_ps();
    std::int64_t i = 0;
    for (; i + 8 <= cols; i += 8) {
      const __m256 v = _mm256_loadu_ps(x + i);
      squares = _mm256_fmadd_ps(v, v, squares);
    }
    float total = sum_of(squares);
    for (; i < cols; ++i) total += x[i] * x[i];
    const float rstd = 1.0f / std::sqrt(total / static_cast<float>(cols) + epsilon);
    const __m256 scale = _mm256_set1_ps(rstd);
    for (i = 0; i + 8 <= cols; i += 8) {
      const __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x + i), scale);
      _mm256_storeu_ps(y + i, _mm256_mul_ps(v, _mm256_loadu_ps(weight + i)));
    }
    for (; i < cols; ++i) y[i] = x[i] * rstd * weight[i];
  }
}

void nkp_naive_layer_norm(const float* x, float* y, const float* weight, const float* bias, std::int64_t rows,
                          std::int64_t cols, float epsilon) {
  for (std::int64_t row = 0; row < rows; ++row, x += cols, y += cols) {
    __m256 sum = _mm256_setzero_ps();
    std::int64_t i = 0;
    for (; i + 8 <= cols; i += 8) sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + i));
    float total = sum_of(sum);
    for (; i < cols; ++i) total += x[i];
    const float mean = total / static_cast<float>(cols);
    const __m256 centre = _mm256_set1_ps(mean);
    __m256 squares = _mm256_setzero_ps();
    for (i = 0; i + 8 <= cols; i += 8) {
      const __m256 d = _mm256_sub_ps(_mm256_loadu_ps(x + i), centre);
      squares = _mm256_fmadd_ps(d, d, squares);
    }
    total = sum_of(squares);
    for (; i < cols; ++i) total += (x[i] - mean) * (x[i] - mean);
    const float rstd = 1.0f / std::sqrt(total / static_cast<float>(cols) + epsilon);
    const __m256 scale = _mm256_set1_ps(rstd);
    for (i = 0; i + 8 <= cols; i += 8) {
      const __m256 v = _mm256_mul_ps(_mm256_sub_ps(_mm256_loadu_ps(x + i), centre), scale);
      _mm256_storeu_ps(y + i, _mm256_fmadd_ps(v, _mm256_loadu_ps(weight + i), _mm256_loadu_ps(bias + i)));
    }
    for (; i < cols; ++i) y[i] = (x[i] - mean) * rstd * weight[i] + bias[i];
  }
}
