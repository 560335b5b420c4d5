# libnormkernels_cuda.so: the CUDA kernels, where there is a CUDA compiler. The C++ compiler that nvcc 11 works with is
# older than what systems have as g++: unless CUDAHOSTCXX names another, g++-11 is looked for.
# Off by itself: it takes a quarter of an hour on two cores.
set(NK_CUDA OFF CACHE STRING "Build the CUDA library: AUTO where there is a compiler, ON, OFF")
set_property(CACHE NK_CUDA PROPERTY STRINGS AUTO ON OFF)

# Whatever is not built, configuring says why.
function(nk_no_cuda why)
  if(NK_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA library: no (${why})")
  else()
    message(FATAL_ERROR "NK_CUDA=ON, but ${why}")
  endif()
endfunction()

if(NK_CUDA STREQUAL "OFF")
  message(STATUS "CUDA library: no (NK_CUDA=OFF)")
  return()
elseif(NOT NK_CUDA MATCHES "^(AUTO|ON)$")
  message(FATAL_ERROR "NK_CUDA is AUTO, ON or OFF, not ${NK_CUDA}")
elseif(NOT NK_CUDA_SOURCES)
  nk_no_cuda("there are no kernels in kernels/norms")
  return()
elseif(NK_SANITIZE)
  nk_no_cuda("sanitizers run the kernels in the emulation")
  return()
endif()

# Named through the environment, so that one that does not work is found out by check_language and is no error.
if(NOT CMAKE_CUDA_COMPILER)
  unset(CMAKE_CUDA_COMPILER CACHE)  # installed since the last time, perhaps
  find_program(NK_NVCC nvcc PATHS /usr/local/cuda/bin)
  mark_as_advanced(NK_NVCC)
  if(NK_NVCC AND NOT DEFINED ENV{CUDACXX})
    set(ENV{CUDACXX} "${NK_NVCC}")
  endif()
  if(NK_NVCC AND NOT CMAKE_CUDA_HOST_COMPILER AND NOT DEFINED ENV{CUDAHOSTCXX})
    execute_process(COMMAND "$ENV{CUDACXX}" --version OUTPUT_VARIABLE nk_nvcc_version ERROR_QUIET)
    find_program(NK_OLDER_GXX NAMES g++-11 g++-10)
    mark_as_advanced(NK_OLDER_GXX)
    if(nk_nvcc_version MATCHES "release 11\\." AND NK_OLDER_GXX)
      set(ENV{CUDAHOSTCXX} "${NK_OLDER_GXX}")
    endif()
  endif()
endif()

# Each target names its own; without this CMake chooses some when the language is enabled.
set(CMAKE_CUDA_ARCHITECTURES OFF)
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  nk_no_cuda("no CUDA compiler that works; what was tried is in CMakeFiles/CMakeError.log")
  return()
endif()
enable_language(CUDA)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 11.8)
  nk_no_cuda("CUDA ${CMAKE_CUDA_COMPILER_VERSION} is older than 11.8, the first that knows compute capability 9.0")
  return()
endif()

# Machine code for the architectures with asynchronous copies, and PTX of the last for those to come. Where the library is
# for one machine alone, its architecture (90-real) takes a fraction of the time.
if(NOT NK_CUDA_ARCHITECTURES)
  set(NK_CUDA_ARCHITECTURES 80-real 86-real 89-real)
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.8)
    list(APPEND NK_CUDA_ARCHITECTURES 90-real 100-real 120)
  else()
    list(APPEND NK_CUDA_ARCHITECTURES 90)
  endif()
endif()

add_library(normkernels_cuda SHARED ${NK_CUDA_SOURCES})
nk_library_settings(normkernels_cuda)
target_include_directories(normkernels_cuda PRIVATE kernels)
set_target_properties(normkernels_cuda PROPERTIES
  CUDA_ARCHITECTURES "${NK_CUDA_ARCHITECTURES}"
  CUDA_RUNTIME_LIBRARY Static
  CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON
  CUDA_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  POSITION_INDEPENDENT_CODE ON)
# -fmad=false: an FMA where the source says fma() and nowhere else, as on the CPU. Division and square root are rounded
# correctly and subnormals kept by default.
target_compile_options(normkernels_cuda PRIVATE
  -fmad=false -Werror=all-warnings $<$<BOOL:${UNIX}>:-Xcompiler=-Wall,-Wextra,-Werror,-Wno-psabi,-ffp-contract=off>)
message(STATUS "CUDA library: yes (CUDA ${CMAKE_CUDA_COMPILER_VERSION}, architectures ${NK_CUDA_ARCHITECTURES})")

# Every entry once, for compute-sanitizer; see bench/gpu/run.sh.
add_executable(normkernels_every_kernel EXCLUDE_FROM_ALL bench/gpu/every_kernel.cpp)
target_link_libraries(normkernels_every_kernel PRIVATE nk_settings normkernels_cuda)
