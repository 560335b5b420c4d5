# Instruction sets and their compiler flags. A kernel file is compiled once for each, as nk::<isa>.
# native/core/isas.h has the same lists.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(NK_ISAS scalar neon)
else()
  set(NK_ISAS scalar avx2 avx512)
endif()

if(MSVC)
  set(NK_FLAGS_scalar "")
  set(NK_FLAGS_avx2 /arch:AVX2)
  set(NK_FLAGS_avx512 /arch:AVX512)
  set(NK_FLAGS_neon "")
else()
  # -O3 would unroll every loop over the 16 lanes: minutes of compile time for the build that is meant to be plain.
  set(NK_FLAGS_scalar $<$<NOT:$<CONFIG:Debug>>:-O2>)
  set(NK_FLAGS_avx2 -mavx2 -mfma -mf16c)
  set(NK_FLAGS_avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c)
  set(NK_FLAGS_neon "")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A loop that asks at every step whether an operand is there is meant to stay one loop: GCC makes one for each answer
    # and for each combination of answers, minutes of compile time for code that is seldom run.
    foreach(isa IN LISTS NK_ISAS)
      list(APPEND NK_FLAGS_${isa} -fno-unswitch-loops)
    endforeach()
    # GCC 12's own avx512fintrin.h trips over these: its "undefined" registers are meant to be.
    list(APPEND NK_FLAGS_avx512 -Wno-uninitialized -Wno-maybe-uninitialized)
  endif()
  if(MINGW)
    # GCC keeps the stack of 64-bit Windows aligned to 16 bytes and spills registers of 32 and 64 with aligned moves all
    # the same (its bug 54412): the assembler makes them unaligned ones, which cost nothing where memory is aligned.
    foreach(isa IN ITEMS avx2 avx512)
      list(APPEND NK_FLAGS_${isa} -Wa,-muse-unaligned-vector-move)
    endforeach()
  endif()
endif()

# Adds a kernel file to a target, once for each instruction set. `table` is the one symbol that it defines.
function(nk_add_kernels target source table)
  get_filename_component(name "${source}" NAME_WE)
  foreach(isa IN LISTS NK_ISAS)
    set(object "${target}_${name}_${isa}")
    add_library(${object} OBJECT "${source}")
    target_link_libraries(${object} PRIVATE nk_settings)
    target_include_directories(${object} PRIVATE "${PROJECT_SOURCE_DIR}/native" "${PROJECT_SOURCE_DIR}/native/include")
    target_compile_definitions(${object} PRIVATE NK_ISA=${isa} NK_BUILDING_LIBRARY)
    target_compile_options(${object} PRIVATE ${NK_FLAGS_${isa}})
    set_target_properties(${object} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${object}>)
    if(isa STREQUAL "scalar")
      set_property(TARGET ${object} PROPERTY NK_LANES ON)
    else()
      set_property(TARGET ${object} PROPERTY NK_VECTORS ON)
    endif()
    set_property(TARGET ${object} PROPERTY NK_TABLE nk::${isa}::${table})
    set_property(GLOBAL APPEND PROPERTY NK_KERNEL_OBJECTS ${object})
  endforeach()
endfunction()
