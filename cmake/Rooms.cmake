# The norms that are built, each a folder native/norms/<room>: the only native list of them.
set(NK_ROOMS
  layer_norm
  rms_norm
  group_norm
  instance_norm
  batch_norm
  weight_norm
  l2_normalize
  vector_norm
  matrix_norm
  axis_norm
)

# Their CUDA kernels, for the CUDA library and for its emulation.
file(GLOB NK_CUDA_SOURCES CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/kernels/common/*.cu" "${PROJECT_SOURCE_DIR}/kernels/norms/*.cu")
