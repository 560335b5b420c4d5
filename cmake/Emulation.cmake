# libnormkernels_emu.so: the CUDA kernels, compiled by the C++ compiler and run on the CPU by the tests. It has the C ABI
# of libnormkernels_cuda. Needs GCC or Clang and a POSIX system; not for another
# machine, where it would be run by one more emulation.
if(MSVC OR NOT UNIX OR CMAKE_CROSSCOMPILING)
  return()
endif()

# A source of its own for each .cu, with one #include in it: told that a .cu file is C++, CMake would believe it for
# normkernels_cuda as well.
function(nk_emulate target)
  foreach(source IN LISTS ARGN)
    file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}/kernels" "${source}")
    set(wrapper "${PROJECT_BINARY_DIR}/emulation/${name}.cpp")
    file(CONFIGURE OUTPUT "${wrapper}" CONTENT "#include \"${source}\"\n" @ONLY)
    target_sources(${target} PRIVATE "${wrapper}")
  endforeach()
endfunction()

# What runs a grid, for the library and for the tests.
add_library(nk_emulation OBJECT
  kernels/emulation/device.cpp
  kernels/emulation/engine.cpp
  kernels/emulation/fiber.cpp
  kernels/emulation/kernel_name.cpp
  kernels/emulation/memory.cpp
  kernels/emulation/report.cpp
)
set_target_properties(nk_emulation PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_link_libraries(nk_emulation PUBLIC nk_settings ${CMAKE_DL_LIBS})
target_include_directories(nk_emulation PUBLIC kernels native)
# -O2 takes minutes for a room, -O1 seconds. #pragma unroll means nothing to a C++ compiler.
set(NK_EMULATION_FLAGS $<$<NOT:$<CONFIG:Debug>>:-O1> -Wno-unknown-pragmas)
target_compile_options(nk_emulation PRIVATE ${NK_EMULATION_FLAGS})

if(NK_CUDA_SOURCES)
  add_library(normkernels_emu SHARED kernels/emulation/exports.cpp)
  nk_emulate(normkernels_emu ${NK_CUDA_SOURCES})
  target_link_libraries(normkernels_emu PRIVATE nk_emulation)
  target_compile_options(normkernels_emu PRIVATE ${NK_EMULATION_FLAGS})
  nk_library_settings(normkernels_emu)
endif()
