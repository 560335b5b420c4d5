// The one trait that kernels are written in: `vf`, a step of 16 float lanes, and `vd`, the same step in double, on
// every instruction set.
//
// AVX-512 holds a step in one register, AVX2 in two, NEON in four, the scalar build in an array. Every operation is
// lane-wise and correctly rounded, and the reductions add in one fixed order, so all give the same bits (the sign and
// payload of a NaN excepted). What an implementation must have:
//
//   splat(s), zero()                     all lanes s, all lanes 0
//   load(p, lanes), store(p, v, lanes)   p: float, f16 or bf16, any alignment; lanes: `whole` or `first{n}`, 0 < n
//                                        <= 16. With first{n} nothing beyond p[n - 1] is touched, the other lanes load
//                                        as 0.
//   load(p, between{b, e})               lanes b to e - 1, 0 <= b < e <= 16: nothing else is touched, all others are 0
//   skew_of(p)                           how many lanes p lies behind a place where a step of elements like p's is
//                                        aligned to its size; kAligns<T>: or always 0, where that costs more than it
//                                        saves
//   store_pair(p, a, b)                  two whole steps, one behind the other
//   rounded<T>(v)                        v as it is when it has been stored as T
//   stream(p, v)                         a whole step past the caches; p: float, aligned to a step
//   stream_pair(p, a, b)                 two whole steps past the caches; p: aligned to 64 bytes
//   keep(v, lanes)                       v with all other lanes set to 0
//   select(first{n}, a, b)               the first n lanes of a, the others of b
//   held(v)                              v in a register: what is used three times is not loaded three times
//   add sub mul fma(a, b, c) = a * b + c neg_fma(a, b, c) = c - a * b, rounded once
//   max(a, b)                            a > b ? a : b; b where either is NaN
//   div(a, b)                            a / b
//   abs(v)
//   store_i8(p, v, lanes)                v rounded to nearest even, as int8; v within [-128, 127]
//   sum(v), largest(v)                   halves folded: lane i with i + 8, then i + 4, i + 2, i + 1
//   sum_each(v)                          lane k is sum(v[k]); v: kLanes steps
//   prefetch(p)                          a hint that p's cache line is read soon; p may be any address
//   kHints                               whether prefetch() and stream() do more than nothing and store()
//   kVectors                             how many vf there are registers for
//   finish_streams()                     orders streamed stores before whatever the thread does next
//
// and for double:
//
//   splat_double(s)                      all lanes s
//   widen(v), narrow(v)                  vf to vd, exact; vd to vf, rounded to nearest even
//   load(p), store(p, v)                 p: 16 doubles, any alignment
//   add sub mul div fma keep sum         as above
//   sqrt(v)                              square roots
//   all_in(v, least, most)               whether least <= v <= most in all lanes; false where one is NaN
#pragma once

#include <cstdint>

#include "compiler.h"
#include "dtype.h"

NK_BEGIN_ISA

constexpr int kLanes = 16;

// How many lanes of a step are inside the row.
struct whole {};
struct first {
  int n;
};
struct between {
  int begin, end;
};

NK_END_ISA

#define NK_ISA_HEADER_scalar "vec_scalar.h"
#define NK_ISA_HEADER_avx2 "vec_avx2.h"
#define NK_ISA_HEADER_avx512 "vec_avx512.h"
#define NK_ISA_HEADER_neon "vec_neon.h"
#define NK_ISA_HEADER_OF(isa) NK_ISA_HEADER_##isa
#define NK_ISA_HEADER(isa) NK_ISA_HEADER_OF(isa)
#include NK_ISA_HEADER(NK_ISA)
