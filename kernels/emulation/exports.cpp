// How the tests, which load the library, choose the order of threads and learn what went wrong.
#include "grid.h"

#define NK_EMU_EXPORT extern "C" __attribute__((visibility("default")))

// 0: ascending, 1: descending.
NK_EMU_EXPORT void nk_emu_set_order(int order) {
  nk::emu::set_order(order == 0 ? nk::emu::order::ascending : nk::emu::order::descending);
}

// The type of the device: the blocks of its largest cluster, and the shared memory of a block.
NK_EMU_EXPORT void nk_emu_set_device(int cluster, int shared_bytes) {
  nk::emu::set_device({static_cast<unsigned>(cluster), static_cast<std::size_t>(shared_bytes)});
}

// The last failure of a launch by the calling thread, empty if there was none since. Valid until its next launch.
NK_EMU_EXPORT const char* nk_emu_last_error() {
  return nk::emu::last_error();
}
