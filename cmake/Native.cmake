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

# The tables of abi_layout.cpp are made from the headers.
file(GLOB nk_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/native/include/normkernels/*.h")
add_custom_command(
  OUTPUT "${PROJECT_BINARY_DIR}/abi/abi_table.inc" "${PROJECT_BINARY_DIR}/abi/abi_headers.h"
  COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DHEADERS=${PROJECT_SOURCE_DIR}/native/include"
    "-DOUTPUT=${PROJECT_BINARY_DIR}/abi" "-DMSVC=$<BOOL:${MSVC}>"
    -P "${PROJECT_SOURCE_DIR}/cmake/AbiTable.cmake"
  DEPENDS ${nk_headers} "${PROJECT_SOURCE_DIR}/cmake/AbiTable.cmake"
  VERBATIM)
target_sources(normkernels PRIVATE "${PROJECT_BINARY_DIR}/abi/abi_table.inc" "${PROJECT_BINARY_DIR}/abi/abi_headers.h")
target_include_directories(normkernels PRIVATE "${PROJECT_BINARY_DIR}/abi")

target_link_libraries(normkernels PRIVATE nk_settings)
nk_library_settings(normkernels)
