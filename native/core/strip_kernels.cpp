// The operations of strips.h, compiled once for each instruction set.
#include "strips.h"

#include "strip_exact.h"
#include "strip_maps.h"
#include "strip_power.h"
#include "strip_runs.h"
#include "strip_sums.h"

namespace nk {
namespace NK_ISA {

#define NK_EVERY_DTYPE(f) \
  { f<float>, f<f16>, f<bf16> }

const strip_table strip_ops = {
    NK_EVERY_DTYPE(moments),
    NK_EVERY_DTYPE(moments_columns),
    NK_EVERY_DTYPE(moments_runs),
    NK_EVERY_DTYPE(exact_moments),
    NK_EVERY_DTYPE(exact_moments_columns),
    NK_EVERY_DTYPE(products),
    NK_EVERY_DTYPE(products_columns),
    NK_EVERY_DTYPE(products_runs),
    NK_EVERY_DTYPE(exact_products),
    NK_EVERY_DTYPE(exact_products_columns),
    NK_EVERY_DTYPE(affine),
    NK_EVERY_DTYPE(affine_columns),
    NK_EVERY_DTYPE(affine_runs),
    NK_EVERY_DTYPE(affine_double),
    NK_EVERY_DTYPE(affine_double_columns),
    NK_EVERY_DTYPE(combine),
    NK_EVERY_DTYPE(combine_columns),
    NK_EVERY_DTYPE(combine_runs),
    NK_EVERY_DTYPE(power_sum),
    NK_EVERY_DTYPE(power_sum_columns),
    NK_EVERY_DTYPE(power_product),
    NK_EVERY_DTYPE(power_product_columns),
    NK_EVERY_DTYPE(power_combine),
    NK_EVERY_DTYPE(power_combine_columns),
};

}  // namespace NK_ISA
}  // namespace nk
