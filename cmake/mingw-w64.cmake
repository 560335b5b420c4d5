# A toolchain file: what Debian's and Ubuntu's g++-mingw-w64-x86-64 compiles is for Windows. Preset win-x64.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)

# Runs the load test, where it is installed.
find_program(NK_WINE NAMES wine64 wine PATHS /usr/lib/wine)
mark_as_advanced(NK_WINE)
if(NK_WINE)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${NK_WINE}")
endif()
