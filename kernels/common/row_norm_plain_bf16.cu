// Kernels of norms over rows: not centred, of bfloat16.
#include "common/row_norm_launch.cuh"

namespace nk {
namespace cuda {

NK_ROW_NORM_KERNELS(false, bf16);

}  // namespace cuda
}  // namespace nk
