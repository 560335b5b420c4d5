// Launching the kernels of norms over rows. Each of the files row_norm_*.cu instantiates this for one norm and one
// element type, so that they are compiled side by side.
#pragma once

#include "launch.cuh"
#include "row_norm_backward.cuh"
#include "row_norm_entry.cuh"
#include "row_norm_forward.cuh"
#include "row_norm_jvp.cuh"

namespace nk {
namespace cuda {

template <int Threads, int Slots>
struct geometry {
  static constexpr int kThreads = Threads;
  static constexpr int kSlots = Slots;
};

// Calls f(geometry) for a plan of plan_in_registers.
template <class F>
nk_status with_geometry(const row_plan& plan, F&& f) {
  if (plan.threads == 8) return f(geometry<8, 1>());
  if (plan.threads == 16) return f(geometry<16, 1>());
  if (plan.threads == 32) return plan.slots == 1 ? f(geometry<32, 1>()) : f(geometry<32, 4>());
  if (plan.threads == 128) return f(geometry<128, 4>());
  return plan.slots == 4 ? f(geometry<256, 4>()) : plan.slots == 8 ? f(geometry<256, 8>()) : f(geometry<256, 0>());
}

// The same of backward_plan.
template <class F>
nk_status with_backward_geometry(const row_plan& plan, F&& f) {
  if (plan.threads == 8) return f(geometry<8, 1>());
  if (plan.threads == 16) return f(geometry<16, 1>());
  if (plan.threads == 32) return plan.slots == 1 ? f(geometry<32, 1>()) : f(geometry<32, 4>());
  if (plan.threads == 128) return f(geometry<128, 2>());
  if (plan.threads == 512) return f(geometry<512, 4>());
  return plan.slots != 0 ? f(geometry<256, 2>()) : f(geometry<256, 0>());
}

// So many clusters. No call has more than 65535 times 2^31 blocks: its rows would fill no memory.
inline dim3 grid_for(std::int64_t clusters, const row_plan& plan) {
  const std::int64_t most = 0x7fffffff / plan.cluster;
  if (clusters <= most) return dim3(static_cast<unsigned>(clusters * plan.cluster));
  return dim3(static_cast<unsigned>(most * plan.cluster), static_cast<unsigned>((clusters + most - 1) / most));
}

// Forward and jvp: kernel(geometry) is a kernel of one parameter, p.
template <class Params, class Kernel>
nk_status launch_in_registers(const Params& p, const row_plan& plan, cudaStream_t stream, Kernel&& kernel) {
  return with_geometry(plan, [&](auto g) {
    using G = decltype(g);
    constexpr int kRows = kBlockThreads<G::kThreads> / G::kThreads;
    const std::int64_t groups = p.rows / kRows + (p.rows % kRows != 0 ? 1 : 0);
    return status_of(launch_cluster(kernel(g), grid_for(groups, plan), dim3(kBlockThreads<G::kThreads>), plan.cluster,
                                    0, stream, p));
  });
}

template <bool Centred, class T>
nk_status launch_forward(const nk_row_norm_forward_params& p, const row_plan& plan, cudaStream_t stream) {
  if (p.quantize != NK_QUANTIZE_NONE) {
    return launch_in_registers(p, plan, stream, [](auto g) {
      using G = decltype(g);
      return forward_rows<Centred, true, T, G::kThreads, G::kSlots>;
    });
  }
  return launch_in_registers(p, plan, stream, [](auto g) {
    using G = decltype(g);
    return forward_rows<Centred, false, T, G::kThreads, G::kSlots>;
  });
}

template <bool Centred, class T>
nk_status launch_backward(const nk_row_norm_backward_params& p, const row_plan& plan, std::int64_t groups,
                          float* partial, cudaStream_t stream) {
  return with_backward_geometry(plan, [&](auto g) {
    using G = decltype(g);
    return status_of(launch_cluster(backward_rows<Centred, T, G::kThreads, G::kSlots>, grid_for(groups, plan),
                                    dim3(kBackwardThreads<G::kThreads>), plan.cluster,
                                    static_cast<std::size_t>(backward_shared_bytes(plan)), stream, p, partial));
  });
}

template <bool Centred, class T>
nk_status launch_jvp(const nk_row_norm_jvp_params& p, const row_plan& plan, cudaStream_t stream) {
  return launch_in_registers(p, plan, stream, [](auto g) {
    using G = decltype(g);
    // No plan for two tensors has 8 slots.
    constexpr int kSlots = G::kSlots == 8 ? 4 : G::kSlots;
    return jvp_rows<Centred, T, G::kThreads, kSlots>;
  });
}

#define NK_ROW_NORM_KERNELS(Centred, T)                                                                             \
  template nk_status launch_forward<Centred, T>(const nk_row_norm_forward_params&, const row_plan&, cudaStream_t);  \
  template nk_status launch_backward<Centred, T>(const nk_row_norm_backward_params&, const row_plan&, std::int64_t, \
                                                 float*, cudaStream_t);                                             \
  template nk_status launch_jvp<Centred, T>(const nk_row_norm_jvp_params&, const row_plan&, cudaStream_t)

}  // namespace cuda
}  // namespace nk
