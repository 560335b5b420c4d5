# The norms that are built, each a folder native/norms/<room>: the only native list of them.
set(NK_ROOMS
  layer_norm
  rms_norm
)
