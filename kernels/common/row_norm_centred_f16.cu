// Kernels of norms over rows: centred, of float16.
#include "common/row_norm_launch.cuh"

namespace nk {
namespace cuda {

NK_ROW_NORM_KERNELS(true, f16);

}  // namespace cuda
}  // namespace nk
