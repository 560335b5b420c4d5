# libnormkernels_cuda.so: the CUDA kernels, where there is a CUDA compiler.
set(NK_CUDA AUTO CACHE STRING "Build the CUDA library: AUTO where there is a compiler, ON, OFF")
set_property(CACHE NK_CUDA PROPERTY STRINGS AUTO ON OFF)
