# What every library of this project has in common: nk_library_settings(<target>) for one that exists.

# Beside a library lies all that it needs; the C++ runtime is inside, and only nk_* is visible. The prefix stays on
# Windows, where normkernels.dll and the assembly NormKernels.dll would be one file.
function(nk_library_settings target)
  set_target_properties(${target} PROPERTIES PREFIX lib)
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/native" PUBLIC "${PROJECT_SOURCE_DIR}/native/include")
  target_compile_definitions(${target} PRIVATE NK_BUILDING_LIBRARY NK_VERSION="${PROJECT_VERSION}")
  if(MINGW)
    # fma() of Windows' C library, as mingw-w64's own rounds twice: the scalar build would have other bits. All else is of
    # the C library that mingw-w64's start-up code is made for.
    target_link_libraries(${target} PRIVATE msvcrt ucrt)
    target_link_options(${target} PRIVATE -static)
  elseif(UNIX)
    set_target_properties(${target} PROPERTIES
      BUILD_RPATH_USE_ORIGIN ON INSTALL_RPATH "$ORIGIN" BUILD_WITH_INSTALL_RPATH ON)
    if(NOT NK_SANITIZE AND NOT APPLE)
      target_link_options(${target} PRIVATE -static-libgcc -static-libstdc++ -Wl,--exclude-libs,ALL -Wl,--as-needed)
      target_link_options(${target} PRIVATE "-Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map" -Wl,-z,defs)
      set_target_properties(${target} PROPERTIES LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/exports.map")
    endif()
  endif()
endfunction()
