// The kernels of the centred norms: compiled once for all that use them.
#include "common/centred.cuh"
#include "common/slice_launch.cuh"

namespace nk {
namespace cuda {

nk_status run(const centred_forward& op, std::int32_t dtype, const slice_layout& l, const given_workspace& given,
              bool keeps, nk_stream stream) {
  return run_slices(op, dtype, l, given, keeps, stream);
}

}  // namespace cuda
}  // namespace nk
