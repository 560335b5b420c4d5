// The operations of `vf`, reachable from a test for each instruction set. In and out are arrays of 16 unless n is
// given.
#pragma once

#include <cstdint>

#include "core/isas.h"

namespace nk {

struct vec_probe {
  void (*add)(const float* a, const float* b, const float* c, float* out);
  void (*sub)(const float* a, const float* b, const float* c, float* out);
  void (*mul)(const float* a, const float* b, const float* c, float* out);
  void (*fma)(const float* a, const float* b, const float* c, float* out);
  void (*neg_fma)(const float* a, const float* b, const float* c, float* out);
  void (*max)(const float* a, const float* b, const float* c, float* out);
  void (*abs)(const float* a, const float* b, const float* c, float* out);
  void (*div)(const float* a, const float* b, const float* c, float* out);
  void (*silu)(const float* a, const float* b, const float* c, float* out);
  // narrow(a * b + c), a - b and a * b computed in double
  void (*fma_double)(const float* a, const float* b, const float* c, float* out);
  void (*sub_double)(const float* a, const float* b, const float* c, float* out);
  void (*mul_double)(const float* a, const float* b, const float* c, float* out);
  // narrow(a / b) and narrow(sqrt(a)) computed in double
  void (*div_double)(const float* a, const float* b, const float* c, float* out);
  void (*sqrt_double)(const float* a, const float* b, const float* c, float* out);
  void (*sum_each)(const float* a, float* out);  // a: 16 steps of 16
  bool (*all_in)(const double* a, const double* least, const double* most);
  float (*sum)(const float* a);
  float (*largest)(const float* a);
  double (*sum_double)(const double* a);
  // n elements, 1 to 16: 16 by `whole`, fewer by `first`. kind: 0 float, 1 f16, 2 bf16.
  void (*copy)(int kind, const void* from, void* to, int n);     // load, store
  void (*widen)(int kind, const void* from, float* to, int n);   // load, store 16 floats: the rest must be 0
  void (*narrow)(int kind, const float* from, void* to, int n);  // load 16 floats, store n
  void (*keep)(const float* from, float* to, int n);             // keep, store 16 floats
  void (*keep_double)(const double* from, double* to, int n);    // keep, store 16 doubles
  // Lanes begin to end - 1 of what would lie at `from`, the others 0, as 16 floats.
  void (*widen_between)(int kind, const void* from, float* to, int begin, int end);
  void (*keep_between)(const float* from, float* to, int begin, int end);
  void (*select)(const float* a, const float* b, float* to, int n);  // 16 floats each
  void (*narrow_pair)(int kind, const float* from, void* to);        // 32 floats, stored as a pair
  int (*skew)(int kind, const void* p);
  void (*store_i8)(const float* from, std::int8_t* to, int n);  // load 16 floats, store n
};

}  // namespace nk

NK_DECLARE_TABLES(vec_probe, probe)
