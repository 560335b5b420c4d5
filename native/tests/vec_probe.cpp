#include "tests/vec_probe.h"

#include "core/silu.h"
#include "core/vec.h"

NK_BEGIN_ISA

#define NK_PROBE(name, expression)                                                   \
  void name##_probe(const float* pa, const float* pb, const float* pc, float* out) { \
    const vf a = load(pa, whole{});                                                  \
    const vf b = load(pb, whole{});                                                  \
    const vf c = load(pc, whole{});                                                  \
    (void)b, (void)c;                                                                \
    store(out, expression, whole{});                                                 \
  }

NK_PROBE(add, add(a, b))
NK_PROBE(sub, sub(a, b))
NK_PROBE(mul, mul(a, b))
NK_PROBE(fma, fma(a, b, c))
NK_PROBE(neg_fma, neg_fma(a, b, c))
NK_PROBE(max, max(a, b))
NK_PROBE(abs, abs(a))
NK_PROBE(div, div(a, b))
NK_PROBE(silu, silu(a))
NK_PROBE(fma_double, narrow(fma(widen(a), widen(b), widen(c))))
NK_PROBE(sub_double, narrow(sub(add(widen(a), widen(c)), widen(b))))
NK_PROBE(mul_double, narrow(mul(widen(a), widen(b))))
NK_PROBE(div_double, narrow(div(widen(a), widen(b))))
NK_PROBE(sqrt_double, narrow(sqrt(widen(a))))

void sum_each_probe(const float* a, float* out) {
  vf v[kLanes];
  for (int k = 0; k < kLanes; ++k) v[k] = load(a + k * kLanes, whole{});
  store(out, sum_each(v), whole{});
}
bool all_in_probe(const double* a, const double* least, const double* most) {
  return all_in(load(a), load(least), load(most));
}
float sum_probe(const float* a) {
  return sum(load(a, whole{}));
}
float largest_probe(const float* a) {
  return largest(load(a, whole{}));
}

double sum_double_probe(const double* a) {
  return sum(load(a));
}

template <class T>
vf load_n(const void* p, int n) {
  const T* const typed = static_cast<const T*>(p);
  return n == kLanes ? load(typed, whole{}) : load(typed, first{n});
}

template <class T>
void store_n(void* p, vf v, int n) {
  T* const typed = static_cast<T*>(p);
  if (n == kLanes) {
    store(typed, v, whole{});
  } else {
    store(typed, v, first{n});
  }
}

vf load_kind(int kind, const void* p, int n) {
  return kind == 0 ? load_n<float>(p, n) : kind == 1 ? load_n<f16>(p, n) : load_n<bf16>(p, n);
}

void store_kind(int kind, void* p, vf v, int n) {
  if (kind == 0) {
    store_n<float>(p, v, n);
  } else if (kind == 1) {
    store_n<f16>(p, v, n);
  } else {
    store_n<bf16>(p, v, n);
  }
}

void copy_probe(int kind, const void* from, void* to, int n) {
  store_kind(kind, to, load_kind(kind, from, n), n);
}
void widen_probe(int kind, const void* from, float* to, int n) {
  store(to, load_kind(kind, from, n), whole{});
}
void narrow_probe(int kind, const float* from, void* to, int n) {
  store_kind(kind, to, load(from, whole{}), n);
}
void keep_probe(const float* from, float* to, int n) {
  const vf v = load(from, whole{});
  store(to, n == kLanes ? keep(v, whole{}) : keep(v, first{n}), whole{});
}

void keep_double_probe(const double* from, double* to, int n) {
  const vd v = load(from);
  store(to, n == kLanes ? keep(v, whole{}) : keep(v, first{n}));
}
void widen_between_probe(int kind, const void* from, float* to, int begin, int end) {
  const between lanes = {begin, end};
  store(to,
        kind == 0   ? load(static_cast<const float*>(from), lanes)
        : kind == 1 ? load(static_cast<const f16*>(from), lanes)
                    : load(static_cast<const bf16*>(from), lanes),
        whole{});
}
void keep_between_probe(const float* from, float* to, int begin, int end) {
  store(to, keep(load(from, whole{}), between{begin, end}), whole{});
}
void select_probe(const float* a, const float* b, float* to, int n) {
  store(to, select(first{n}, load(a, whole{}), load(b, whole{})), whole{});
}
void narrow_pair_probe(int kind, const float* from, void* to) {
  const vf a = load(from, whole{}), b = load(from + kLanes, whole{});
  if (kind == 0) {
    store_pair(static_cast<float*>(to), a, b);
  } else if (kind == 1) {
    store_pair(static_cast<f16*>(to), a, b);
  } else {
    store_pair(static_cast<bf16*>(to), a, b);
  }
}
int skew_probe(int kind, const void* p) {
  return kind == 0   ? skew_of(static_cast<const float*>(p))
         : kind == 1 ? skew_of(static_cast<const f16*>(p))
                     : skew_of(static_cast<const bf16*>(p));
}
void store_i8_probe(const float* from, std::int8_t* to, int n) {
  const vf v = load(from, whole{});
  if (n == kLanes) {
    store_i8(to, v, whole{});
  } else {
    store_i8(to, v, first{n});
  }
}

NK_END_ISA

namespace nk {
namespace NK_ISA {

const vec_probe probe = {
    add_probe,           sub_probe,          mul_probe,      fma_probe,         neg_fma_probe,    max_probe,
    abs_probe,           div_probe,          silu_probe,     fma_double_probe,  sub_double_probe, mul_double_probe,
    div_double_probe,    sqrt_double_probe,  sum_each_probe, all_in_probe,      sum_probe,        largest_probe,
    sum_double_probe,    copy_probe,         widen_probe,    narrow_probe,      keep_probe,       keep_double_probe,
    widen_between_probe, keep_between_probe, select_probe,   narrow_pair_probe, skew_probe,       store_i8_probe};

}  // namespace NK_ISA
}  // namespace nk
