# libnormkernels.so, .dll or .dylib: every norm on the CPU. The prefix stays on Windows, where normkernels.dll and the
# assembly NormKernels.dll would be one file.
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

set_target_properties(normkernels PROPERTIES PREFIX lib)
target_link_libraries(normkernels PRIVATE nk_settings)
target_include_directories(normkernels PRIVATE native PUBLIC native/include)
target_compile_definitions(normkernels PRIVATE NK_BUILDING_LIBRARY NK_VERSION="${PROJECT_VERSION}")

if(UNIX)
  # Beside the library lies all that it needs; the C++ runtime is inside, and only nk_* is visible.
  set_target_properties(normkernels PROPERTIES BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN" BUILD_WITH_INSTALL_RPATH ON)
  if(NOT NK_SANITIZE AND NOT APPLE)
    target_link_options(normkernels PRIVATE -static-libgcc -static-libstdc++ -Wl,--exclude-libs,ALL -Wl,--as-needed)
    target_link_options(normkernels PRIVATE "-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map" -Wl,-z,defs)
    set_target_properties(normkernels PROPERTIES LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/exports.map")
  endif()
endif()
