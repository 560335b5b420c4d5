// Kernels of norms over rows: not centred, of float32.
#include "common/row_norm_launch.cuh"

namespace nk {
namespace cuda {

NK_ROW_NORM_KERNELS(false, float);

}  // namespace cuda
}  // namespace nk
