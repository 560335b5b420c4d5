// The second launch of backward over rows: sums of the groups' partial sums.
#include "common/row_norm_entry.cuh"

#include "common/launch.cuh"

namespace nk {
namespace cuda {
namespace {

constexpr int kSumColumns = 32;
constexpr int kSumTeams = 16;

// gradient (+)= the sum of `count` rows of partial sums, dweight and dbias side by side: 32 columns a block, its 16
// teams taking every 16th row.
__global__ void __launch_bounds__(kSumColumns* kSumTeams)
    add_rows(const float* partial, std::int64_t count, std::int64_t cols, float* dweight, float* dbias,
             bool accumulate) {
  const int column = static_cast<int>(threadIdx.x) % kSumColumns, team = static_cast<int>(threadIdx.x) / kSumColumns;
  const std::int64_t place = static_cast<std::int64_t>(blockIdx.x) * kSumColumns + column, padded = padded_cols(cols);
  double sum = 0.0;
  if (place < 2 * padded) {
    // 8 on their way at once.
#pragma unroll 8
    for (std::int64_t row = team; row < count; row += kSumTeams)
      sum += static_cast<double>(partial[row * 2 * padded + place]);
  }
  NK_SHARED(double, sums, kSumTeams* kSumColumns);
  sums[team * kSumColumns + column] = sum;
  __syncthreads();
  float* const gradient = place < padded ? dweight : dbias;
  const std::int64_t at = place < padded ? place : place - padded;
  if (team != 0 || at >= cols || gradient == nullptr) return;
  for (int t = 1; t < kSumTeams; ++t) sum += sums[t * kSumColumns + column];
  gradient[at] = static_cast<float>(accumulate ? static_cast<double>(gradient[at]) + sum : sum);
}

}  // namespace

nk_status sum_partials(const nk_row_norm_backward_params& p, const float* partial, std::int64_t groups,
                       cudaStream_t stream) {
  // Where dbias is not wanted, its sums are not read.
  const std::int64_t columns = padded_cols(p.cols) * (p.dbias != nullptr ? 2 : 1);
  return status_of(launch(add_rows, dim3(blocks_for(columns, kSumColumns)), dim3(kSumColumns * kSumTeams), 0, stream,
                          partial, groups, p.cols, p.dweight, p.dbias, (p.flags & NK_FLAG_ACCUMULATE) != 0));
}

}  // namespace cuda
}  // namespace nk
