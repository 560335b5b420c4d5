// What `normkernels bench --peers` measures against, as far as it runs in the process: loops of our own that are
// written the way ONNX Runtime's are, and oneDNN where its headers were found when this was built. No part of what
// ships.
#pragma once

#include <cstdint>

#if defined(_WIN32)
#define NKP_API extern "C" __declspec(dllexport)
#else
#define NKP_API extern "C" __attribute__((visibility("default")))
#endif

// AVX2, one accumulator a sum, one row at a time; layer_norm in two passes (mean, then variance). 0 if the processor
// has no AVX2.
NKP_API int nkp_naive_available();
NKP_API void nkp_naive_rms_norm(const float* x, float* y, const float* weight, std::int64_t rows, std::int64_t cols,
                                float epsilon);
NKP_API void nkp_naive_layer_norm(const float* x, float* y, const float* weight, const float* bias, std::int64_t rows,
                                  std::int64_t cols, float epsilon);

// "2.6.3", or null if this was built without oneDNN.
NKP_API const char* nkp_onednn_version();

// A primitive on one thread, made once with its memory objects, as a caller with a warm cache has it; null if oneDNN
// has none.
NKP_API void* nkp_onednn_layer_norm_forward(const float* x, float* y, const float* weight, const float* bias,
                                            float* mean, float* variance, std::int64_t rows, std::int64_t cols,
                                            float epsilon);
NKP_API void* nkp_onednn_layer_norm_backward(const float* dy, const float* x, float* dx, const float* weight,
                                             const float* mean, const float* variance, float* dweight, float* dbias,
                                             std::int64_t rows, std::int64_t cols, float epsilon);
// Over a tensor NCHW of these four sizes; oneDNN has it from 3.2 on.
NKP_API void* nkp_onednn_group_norm_backward(const float* dy, const float* x, float* dx, const float* weight,
                                             const float* mean, const float* variance, float* dweight, float* dbias,
                                             const std::int64_t* shape, std::int64_t groups, float epsilon);
NKP_API int nkp_onednn_run(void* primitive);  // 0 if oneDNN refused
NKP_API void nkp_onednn_free(void* primitive);
