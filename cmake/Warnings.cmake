# Compiler settings that every native target of this project shares: target nk_settings.
add_library(nk_settings INTERFACE)
target_compile_features(nk_settings INTERFACE cxx_std_17)

# address,undefined for instance; the sanitizers' runtimes cannot be linked statically into a library.
set(NK_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

if(MSVC)
  # /fp:precise neither reorders sums nor contracts a * b + c.
  target_compile_options(nk_settings INTERFACE /W4 /WX /fp:precise)
else()
  # -ffp-contract=off: an FMA where the source says fma() and nowhere else, or the instruction sets would differ.
  target_compile_options(nk_settings INTERFACE
    -Wall -Wextra -Werror -Wshadow -Wconversion -Wno-psabi
    -ffp-contract=off -fno-math-errno -fvisibility=hidden $<$<COMPILE_LANGUAGE:CXX>:-fvisibility-inlines-hidden>)
  if(NK_SANITIZE)
    target_compile_options(nk_settings INTERFACE
      # Loops over 16 lanes without vectors take three times as long to compile when they are optimized.
      $<IF:$<BOOL:$<TARGET_PROPERTY:NK_LANES>>,-O0,-O1> -g1
      -fno-var-tracking -fsanitize=${NK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
      # A third of the compile time: what these three find, AddressSanitizer finds too.
      -fno-sanitize=null,object-size,pointer-overflow
      # A fifth of it, in the kernels for vectors. The scalar build of the same source is checked for undefined behaviour.
      $<$<BOOL:$<TARGET_PROPERTY:NK_VECTORS>>:-fno-sanitize=undefined>
      # AVX2's take twice as long to compile as AVX-512's (125 s a file, without 29): the source is the same, and what
      # they read and write is checked by the managed tests between guard pages.
      $<$<BOOL:$<TARGET_PROPERTY:NK_NARROW_VECTORS>>:-fno-sanitize=all>)
    target_link_options(nk_settings INTERFACE -fsanitize=${NK_SANITIZE})
  endif()
endif()
