# The library, loaded and called where the other tests do not run, which has to give the bits that it gives here: under musl
# where musl-gcc is (Debian: musl-tools); and for another system by an emulator (wine64, qemu-user), if there is one.
enable_language(C)

add_executable(normkernels_load_test native/tests/load_test.c)
target_include_directories(normkernels_load_test PRIVATE native/include)
target_link_libraries(normkernels_load_test PRIVATE nk_settings ${CMAKE_DL_LIBS})
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  add_test(NAME load COMMAND normkernels_load_test $<TARGET_FILE:normkernels>)
endif()

# Compiles the load test as `program` by a compiler that CMake does not know.
function(nk_other_load_test target compiler program)
  add_custom_command(
    OUTPUT "${program}"
    COMMAND "${compiler}" -std=c11 -O1 "-I${PROJECT_SOURCE_DIR}/native/include" -o "${program}"
      "${PROJECT_SOURCE_DIR}/native/tests/load_test.c" -ldl
    DEPENDS native/tests/load_test.c ${nk_headers}
    VERBATIM)
  add_custom_target(${target} ALL DEPENDS "${program}")
endfunction()

# One argument of a test that is a list, run as a command by the script.
function(nk_add_same_bits_test name here there)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} "-DHERE=${here}" "-DTHERE=${there}"
    -P "${PROJECT_SOURCE_DIR}/native/tests/same_bits_test.cmake")
endfunction()

find_program(NK_MUSL_GCC musl-gcc)
mark_as_advanced(NK_MUSL_GCC)
if(NK_MUSL_GCC AND NOT CMAKE_CROSSCOMPILING AND NOT NK_SANITIZE)
  set(program "${PROJECT_BINARY_DIR}/normkernels_load_test_musl")
  nk_other_load_test(load_test_musl "${NK_MUSL_GCC}" "${program}")
  nk_add_same_bits_test(load_musl
    "$<TARGET_FILE:normkernels_load_test>;$<TARGET_FILE:normkernels>" "${program};$<TARGET_FILE:normkernels>")
endif()

# What this machine's own library gives: that of preset release, which has to be built before these tests are run.
find_program(NK_HOST_CC NAMES cc gcc clang)
mark_as_advanced(NK_HOST_CC)
if(CMAKE_CROSSCOMPILING AND CMAKE_CROSSCOMPILING_EMULATOR AND NK_HOST_CC)
  set(ending so)
  if(CMAKE_HOST_APPLE)
    set(ending dylib)
  endif()
  set(NK_HOST_LIBRARY "${PROJECT_SOURCE_DIR}/artifacts/native/release/libnormkernels.${ending}" CACHE FILEPATH
    "The library for this machine, whose bits that for the other must have")
  set(program "${PROJECT_BINARY_DIR}/normkernels_load_test_here")
  nk_other_load_test(load_test_here "${NK_HOST_CC}" "${program}")
  nk_add_same_bits_test(load_same_bits "${program};${NK_HOST_LIBRARY}"
    "${CMAKE_CROSSCOMPILING_EMULATOR};$<TARGET_FILE:normkernels_load_test>;$<TARGET_FILE:normkernels>")
endif()
