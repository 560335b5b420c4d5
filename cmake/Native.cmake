# libnormkernels.so, .dll or .dylib: every norm on the CPU.
add_library(normkernels SHARED
  native/core/abi_layout.cpp
  native/core/channel_norm.cpp
  native/core/cpu.cpp
  native/core/power_norm.cpp
  native/core/row_norm_entry.cpp
  native/core/runtime.cpp
  native/core/slices.cpp
)
nk_add_kernels(normkernels "${PROJECT_SOURCE_DIR}/native/core/strip_kernels.cpp" strip_ops)
foreach(room IN LISTS NK_ROOMS)
  target_sources(normkernels PRIVATE native/norms/${room}/${room}.cpp)
  # A room whose skeleton is made of strips has no kernels of its own.
  set(kernels "${PROJECT_SOURCE_DIR}/native/norms/${room}/${room}_kernels.cpp")
  if(EXISTS "${kernels}")
    nk_add_kernels(normkernels "${kernels}" ${room}_table)
  endif()
endforeach()

target_link_libraries(normkernels PRIVATE nk_settings)
nk_library_settings(normkernels)
