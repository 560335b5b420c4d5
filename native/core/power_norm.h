// Power norms of slices, (sum |x|^p)^(1/p), and their derivatives: for l2_normalize and vector_norm. Ordinary code over
// slices.h.
//
// Squares and cubes of float32 values are doubles with room to spare. For p other than 1/2, 1, 2, 3 the slice is first
// searched for its largest magnitude (its smallest for p < 0), and what is raised to p is the ratio to that: every term
// is at most 1, one of them is 1.
#pragma once

#include "slices.h"

namespace nk {

// Norms of the slices of a range.
void slice_norms(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x,
                 const power_function& f, double* norm);

// By how much the derivative of strips.h must be divided: the number of elements that tie for an extreme, else 1. A
// slice whose norm is 0 has a derivative of 0, which is an infinite divisor; one whose norm is NaN a derivative of NaN.
void slice_ties(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* x,
                const power_function& f, const double* norm, double* ties);

// sum of t * derivative(x), ties not yet divided by.
void slice_derivative_products(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* t,
                               const void* x, const power_function& f, const double* norm, double* sum);

// out = t * a + derivative(x) * b, coefficients for each slice; t may be null.
void slice_derivative_combine(const slice_range& r, const strip_table& ops, std::int32_t dtype, const void* t,
                              const void* x, void* out, const power_function& f, const double* norm, const double* a,
                              const double* b);

}  // namespace nk
