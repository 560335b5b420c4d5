# The library, loaded and called where the other tests do not run: under musl where musl-gcc is (Debian: musl-tools), which
# has to print what glibc has; and for another system by an emulator (wine64), if there is one.
enable_language(C)

add_executable(normkernels_load_test native/tests/load_test.c)
target_include_directories(normkernels_load_test PRIVATE native/include)
target_link_libraries(normkernels_load_test PRIVATE nk_settings ${CMAKE_DL_LIBS})
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  add_test(NAME load COMMAND normkernels_load_test $<TARGET_FILE:normkernels>)
endif()

find_program(NK_MUSL_GCC musl-gcc)
mark_as_advanced(NK_MUSL_GCC)
if(NK_MUSL_GCC AND NOT CMAKE_CROSSCOMPILING AND NOT NK_SANITIZE)
  set(program "${PROJECT_BINARY_DIR}/normkernels_load_test_musl")
  add_custom_command(
    OUTPUT "${program}"
    COMMAND "${NK_MUSL_GCC}" -std=c11 -O1 "-I${PROJECT_SOURCE_DIR}/native/include" -o "${program}"
      "${PROJECT_SOURCE_DIR}/native/tests/load_test.c"
    DEPENDS native/tests/load_test.c ${nk_headers}
    VERBATIM)
  add_custom_target(load_test_musl ALL DEPENDS "${program}")
  add_test(NAME load_musl COMMAND ${CMAKE_COMMAND} -DHERE=$<TARGET_FILE:normkernels_load_test> "-DTHERE=${program}"
    -DLIBRARY=$<TARGET_FILE:normkernels> -P "${PROJECT_SOURCE_DIR}/native/tests/same_bits_test.cmake")
endif()
