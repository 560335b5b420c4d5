// common/launch.cuh on the CPU.
#pragma once

#include <tuple>

#include "cuda_emulation.h"

namespace nk {
namespace cuda {

inline cudaError_t status_of(emu::outcome outcome) {
  switch (outcome) {
    case emu::outcome::done:
      return cudaSuccess;
    case emu::outcome::bad_shape:
      return cudaErrorInvalidConfiguration;
    case emu::outcome::bad_shared:
      return cudaErrorInvalidValue;
    case emu::outcome::no_memory:
      return cudaErrorMemoryAllocation;
    case emu::outcome::failed:
      break;
  }
  return cudaErrorLaunchFailure;
}

template <class... P>
struct call {
  void (*kernel)(P...);
  std::tuple<P...> arguments;

  // Every thread gets arguments of its own, which it may change.
  static void body(const void* self) {
    const call* c = static_cast<const call*>(self);
    std::apply(c->kernel, c->arguments);
  }
};

template <class... P, class... A>
cudaError_t launch_cluster(void (*kernel)(P...), dim3 grid, dim3 block, int cluster, std::size_t dynamic_shared_bytes,
                           cudaStream_t, A... args) {
  static_assert(sizeof...(P) == sizeof...(A), "an argument for each parameter");
  static_assert((std::size_t{0} + ... + sizeof(P)) <= 4096, "CUDA passes 4096 bytes of parameters at most");
  const call<P...> c{kernel, std::tuple<P...>(static_cast<P>(args)...)};
  emu::launch_shape shape;
  shape.grid = grid;
  shape.block = block;
  shape.cluster = static_cast<unsigned>(cluster);
  shape.dynamic_shared_bytes = dynamic_shared_bytes;
  return status_of(emu::run(shape, reinterpret_cast<const void*>(kernel), &call<P...>::body, &c));
}

template <class... P, class... A>
cudaError_t launch(void (*kernel)(P...), dim3 grid, dim3 block, std::size_t dynamic_shared_bytes, cudaStream_t stream,
                   A... args) {
  return launch_cluster(kernel, grid, block, 1, dynamic_shared_bytes, stream, args...);
}

template <class... P>
cudaError_t cluster_fits(void (*)(P...), dim3, int cluster, std::size_t dynamic_shared_bytes, bool* fits) {
  *fits = static_cast<unsigned>(cluster) <= emu::current_device().cluster &&
          dynamic_shared_bytes <= emu::current_device().shared_bytes;
  return cudaSuccess;
}

// Tests make it another one.
constexpr bool kDevicesStayTheSame = false;

}  // namespace cuda
}  // namespace nk
