// Kernels of norms over rows: centred, of float32.
#include "common/row_norm_launch.cuh"

namespace nk {
namespace cuda {

NK_ROW_NORM_KERNELS(true, float);

}  // namespace cuda
}  // namespace nk
