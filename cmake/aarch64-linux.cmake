# A toolchain file: what Debian's and Ubuntu's g++-aarch64-linux-gnu compiles is for arm64 Linux. Preset linux-arm64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Runs the tests, where it is installed.
find_program(NK_QEMU NAMES qemu-aarch64 qemu-aarch64-static)
mark_as_advanced(NK_QEMU)
if(NK_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${NK_QEMU}" -L /usr/aarch64-linux-gnu)
endif()
