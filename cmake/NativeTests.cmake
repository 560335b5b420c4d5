# The native tests: what can only be seen from below the C ABI, and everything once more under sanitizers.
enable_language(C)
if(CMAKE_CROSSCOMPILING)
  # Systems have GoogleTest compiled for themselves, Debian and Ubuntu also as sources.
  if(NOT CMAKE_CROSSCOMPILING_EMULATOR)
    message(FATAL_ERROR "The native tests for another machine need what runs its programs: install qemu-user "
      "(Debian, Ubuntu), or build without -DNK_BUILD_TESTS=ON.")
  endif()
  find_path(NK_GTEST_SOURCES googletest/CMakeLists.txt PATHS /usr/src/googletest NO_CMAKE_FIND_ROOT_PATH)
  mark_as_advanced(NK_GTEST_SOURCES)
  if(NK_GTEST_SOURCES)
    add_subdirectory("${NK_GTEST_SOURCES}/googletest" googletest EXCLUDE_FROM_ALL)
    set(GTest_FOUND ON)
  endif()
else()
  find_package(GTest QUIET)
endif()
if(NOT GTest_FOUND)
  message(FATAL_ERROR "The native tests need GoogleTest: install libgtest-dev (Debian, Ubuntu), gtest-devel (Fedora) or "
    "googletest (Homebrew, vcpkg), or build without -DNK_BUILD_TESTS=ON.")
endif()
include(GoogleTest)

add_executable(normkernels_native_tests
  native/tests/abi_c_test.c
  native/tests/abi_test.cpp
  native/tests/channel_streams_test.cpp
  native/tests/dtype_test.cpp
  native/tests/power_test.cpp
  native/tests/reductions_test.cpp
  native/tests/row_norm_parameters_test.cpp
  native/tests/row_norm_test.cpp
  native/tests/slices_test.cpp
  native/tests/strip_runs_test.cpp
  native/tests/vec_test.cpp
)
nk_add_kernels(normkernels_native_tests "${PROJECT_SOURCE_DIR}/native/tests/vec_probe.cpp" probe)
target_sources(normkernels_native_tests PRIVATE native/core/cpu.cpp)
foreach(isa IN LISTS NK_ISAS)
  target_sources(normkernels_native_tests PRIVATE $<TARGET_OBJECTS:normkernels_strip_kernels_${isa}>)
endforeach()
target_include_directories(normkernels_native_tests PRIVATE native)
target_link_libraries(normkernels_native_tests PRIVATE nk_settings normkernels GTest::gtest_main)
if(TARGET nk_emulation)
  target_sources(normkernels_native_tests PRIVATE native/tests/emulation_test.cpp)
  target_link_libraries(normkernels_native_tests PRIVATE nk_emulation)
endif()
if(TARGET normkernels_emu)
  target_sources(normkernels_native_tests PRIVATE native/tests/cuda_matrix_norm_test.cpp
    native/tests/cuda_row_norm_test.cpp native/tests/cuda_slices_test.cpp native/tests/cuda_statistics_test.cpp)
  target_link_libraries(normkernels_native_tests PRIVATE normkernels_emu)
endif()
gtest_discover_tests(normkernels_native_tests DISCOVERY_TIMEOUT 60)
if(TARGET normkernels_emu)
  # What runs under compute-sanitizer where there is a GPU. Under the CPU's sanitizers the tests above run the same kernels,
  # but for those of rows with something fused.
  add_executable(normkernels_every_kernel_emu bench/gpu/every_kernel.cpp)
  target_link_libraries(normkernels_every_kernel_emu PRIVATE nk_settings normkernels_emu)
  set(families rows)
  if(NOT NK_SANITIZE)
    list(APPEND families long_rows channels axes reductions)
  endif()
  foreach(family IN LISTS families)
    add_test(NAME every_kernel_${family} COMMAND normkernels_every_kernel_emu ${family})
    # Long ones, which are begun first, so that none is left alone at the end.
    set_tests_properties(every_kernel_${family} PROPERTIES COST 100)
  endforeach()
  # How bench/gpu calls the library from Python.
  find_program(NK_PYTHON python3)
  mark_as_advanced(NK_PYTHON)
  if(NK_PYTHON AND NOT NK_SANITIZE)
    add_test(NAME bench_calls COMMAND ${NK_PYTHON} -B "${PROJECT_SOURCE_DIR}/bench/gpu/self_test.py"
      --library $<TARGET_FILE:normkernels_emu> --layout $<TARGET_FILE:normkernels>)
  endif()
endif()

# Nothing but nk_* may be visible, and nothing but the C library be needed: users' processes hold other C++ libraries.
if(UNIX AND NOT APPLE AND NOT NK_SANITIZE)
  foreach(library IN ITEMS normkernels normkernels_emu normkernels_cuda)
    if(TARGET ${library})
      add_test(NAME exports_${library} COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DREADELF=${CMAKE_READELF}
        -DLIBRARY=$<TARGET_FILE:${library}> -P "${PROJECT_SOURCE_DIR}/native/tests/exports_test.cmake")
    endif()
  endforeach()
  # A kernel object that offers any symbol but its table could have its AVX-512 code linked into the scalar path.
  get_property(objects GLOBAL PROPERTY NK_KERNEL_OBJECTS)
  foreach(object IN LISTS objects)
    add_test(NAME one_symbol_${object} COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM}
      "-DOBJECT=$<TARGET_OBJECTS:${object}>" -DEXPECTED=$<TARGET_PROPERTY:${object},NK_TABLE>
      -P "${PROJECT_SOURCE_DIR}/native/tests/one_symbol_test.cmake")
  endforeach()
endif()
