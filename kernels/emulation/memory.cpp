#include "memory_emulation.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "grid.h"

namespace {

// Start and size of what is allocated. Never destroyed: other threads may outlive the statics.
struct allocations {
  std::mutex mutex;
  std::map<std::uintptr_t, std::size_t> sizes;
};

allocations& all() {
  static allocations* const a = new allocations;
  return *a;
}

std::uintptr_t address_of(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p);
}

enum class machine_kind { whole, no_driver, old_driver, no_device };

machine_kind kind_of_machine() {
  static const machine_kind kind = [] {
    const char* const name = std::getenv("NK_EMU_MACHINE");
    if (name == nullptr || *name == '\0') return machine_kind::whole;
    if (std::strcmp(name, "no-driver") == 0) return machine_kind::no_driver;
    if (std::strcmp(name, "old-driver") == 0) return machine_kind::old_driver;
    if (std::strcmp(name, "no-device") == 0) return machine_kind::no_device;
    std::fprintf(stderr, "NK_EMU_MACHINE is '%s'; it may be no-driver, old-driver or no-device\n", name);
    std::abort();
  }();
  return kind;
}

}  // namespace

cudaError_t nk::emu::machine() {
  switch (kind_of_machine()) {
    case machine_kind::no_driver:
    case machine_kind::old_driver:
      return cudaErrorInsufficientDriver;
    case machine_kind::no_device:
      return cudaErrorNoDevice;
    default:
      return cudaSuccess;
  }
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* found, int device) {
  if (nk::emu::machine() != cudaSuccess) return nk::emu::machine();
  if (device != 0) return cudaErrorInvalidDevice;
  // Memory is the host's; a program that plans by a device's memory is to find some.
  *found = {"CUDA emulated on the CPU", 9, 0, nk::emu::kMultiprocessors, std::size_t{1} << 30};
  return cudaSuccess;
}

cudaError_t cudaMallocAsync(void** p, std::size_t bytes, cudaStream_t) {
  if (nk::emu::machine() != cudaSuccess) return nk::emu::machine();
  // Garbage, so that nobody relies on zeros.
  void* const memory = std::malloc(bytes);
  if (memory == nullptr) return cudaErrorMemoryAllocation;
  std::memset(memory, 0xff, bytes);
  const std::lock_guard<std::mutex> lock(all().mutex);
  all().sizes[address_of(memory)] = bytes;
  *p = memory;
  return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* p, cudaStream_t) {
  {
    const std::lock_guard<std::mutex> lock(all().mutex);
    if (all().sizes.erase(address_of(p)) == 0) return cudaErrorInvalidValue;
  }
  std::free(p);
  return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* found, const void* p) {
  const std::lock_guard<std::mutex> lock(all().mutex);
  auto after = all().sizes.upper_bound(address_of(p));
  *found = {cudaMemoryTypeUnregistered, -1};
  if (after != all().sizes.begin()) {
    --after;
    if (address_of(p) - after->first < after->second) *found = {cudaMemoryTypeDevice, 0};
  }
  return cudaSuccess;
}

// Streams differ in nothing: every call has finished when it returns.
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  if (nk::emu::machine() != cudaSuccess) return nk::emu::machine();
  *stream = reinterpret_cast<cudaStream_t>(new char);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete reinterpret_cast<char*>(stream);
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  const machine_kind kind = kind_of_machine();
  *version = kind == machine_kind::no_driver ? 0 : kind == machine_kind::old_driver ? 10020 : CUDART_VERSION;
  return cudaSuccess;
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorNotSupported:
      return "cudaErrorNotSupported";
  }
  return "unrecognized error code";
}

const char* nk_emulation_error() {
  return nk::emu::last_error();
}
