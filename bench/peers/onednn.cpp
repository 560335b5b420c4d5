// oneDNN's normalizations, where its headers were found: of 2.x as Debian has it, or of 3.x.
#include "peers.h"

#if defined(NKP_ONEDNN)

#include <dlfcn.h>

#include <memory>
#include <unordered_map>

#include <dnnl.hpp>

namespace {

using memory = dnnl::memory;

struct primitive {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  dnnl::primitive call;
  std::unordered_map<int, memory> arguments;

  void pass(int name, const memory::desc& desc, const void* data) {
    arguments.emplace(name, memory(desc, engine, const_cast<void*>(data)));
  }
};

const auto kFlags = dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

memory::desc matrix(std::int64_t rows, std::int64_t cols) {
  return memory::desc({rows, cols}, memory::data_type::f32, memory::format_tag::ab);
}

memory::desc vector(std::int64_t length) {
  return memory::desc({length}, memory::data_type::f32, memory::format_tag::a);
}

// One thread: oneDNN takes as many as OpenMP has, and OpenMP reads the environment once, before anybody asks.
void use_one_thread() {
  using set = void (*)(int);
  if (const auto f = reinterpret_cast<set>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"))) f(1);
}

dnnl::layer_normalization_forward::primitive_desc forward_desc(const primitive& p, std::int64_t rows, std::int64_t cols,
                                                               float epsilon) {
  const memory::desc data = matrix(rows, cols), statistics = vector(rows);
  constexpr auto kind = dnnl::prop_kind::forward_training;
#if DNNL_VERSION_MAJOR >= 3
  return {p.engine, kind, data, data, statistics, epsilon, kFlags};
#else
  return {dnnl::layer_normalization_forward::desc(kind, data, statistics, epsilon, kFlags), p.engine};
#endif
}

dnnl::layer_normalization_backward::primitive_desc backward_desc(
    const primitive& p, const dnnl::layer_normalization_forward::primitive_desc& forward, std::int64_t rows,
    std::int64_t cols, float epsilon) {
  const memory::desc data = matrix(rows, cols), statistics = vector(rows);
  constexpr auto kind = dnnl::prop_kind::backward;
#if DNNL_VERSION_MAJOR >= 3
  return {p.engine, kind, data, data, data, statistics, epsilon, kFlags, forward};
#else
  return {dnnl::layer_normalization_backward::desc(kind, data, data, statistics, epsilon, kFlags), p.engine, forward};
#endif
}

// Exceptions must not leave the library.
template <class Make>
void* made(Make&& make) {
  try {
    use_one_thread();
    auto p = std::make_unique<primitive>();
    make(*p);
    return p.release();
  } catch (const dnnl::error&) {
    return nullptr;
  }
}

}  // namespace

const char* nkp_onednn_version() {
  static char text[32];
  const dnnl_version_t* const v = dnnl_version();
  const int numbers[] = {v->major, v->minor, v->patch};
  char* to = text;
  for (const int number : numbers) {
    if (to != text) *to++ = '.';
    if (number >= 10) *to++ = static_cast<char>('0' + number / 10 % 10);
    *to++ = static_cast<char>('0' + number % 10);
  }
  *to = '\0';
  return text;
}

void* nkp_onednn_layer_norm_forward(const float* x, float* y, const float* weight, const float* bias, float* mean,
                                    float* variance, std::int64_t rows, std::int64_t cols, float epsilon) {
  return made([&](primitive& p) {
    p.call = dnnl::layer_normalization_forward(forward_desc(p, rows, cols, epsilon));
    p.pass(DNNL_ARG_SRC, matrix(rows, cols), x);
    p.pass(DNNL_ARG_DST, matrix(rows, cols), y);
    p.pass(DNNL_ARG_SCALE, vector(cols), weight);
    p.pass(DNNL_ARG_SHIFT, vector(cols), bias);
    p.pass(DNNL_ARG_MEAN, vector(rows), mean);
    p.pass(DNNL_ARG_VARIANCE, vector(rows), variance);
  });
}

void* nkp_onednn_layer_norm_backward(const float* dy, const float* x, float* dx, const float* weight, const float* mean,
                                     const float* variance, float* dweight, float* dbias, std::int64_t rows,
                                     std::int64_t cols, float epsilon) {
  return made([&](primitive& p) {
    const auto forward = forward_desc(p, rows, cols, epsilon);
    p.call = dnnl::layer_normalization_backward(backward_desc(p, forward, rows, cols, epsilon));
    p.pass(DNNL_ARG_DIFF_DST, matrix(rows, cols), dy);
    p.pass(DNNL_ARG_SRC, matrix(rows, cols), x);
    p.pass(DNNL_ARG_DIFF_SRC, matrix(rows, cols), dx);
    p.pass(DNNL_ARG_SCALE, vector(cols), weight);
    p.pass(DNNL_ARG_SHIFT, vector(cols), weight);  // 2.x refuses to run without one, and does not read it
    p.pass(DNNL_ARG_MEAN, vector(rows), mean);
    p.pass(DNNL_ARG_VARIANCE, vector(rows), variance);
    p.pass(DNNL_ARG_DIFF_SCALE, vector(cols), dweight);
    p.pass(DNNL_ARG_DIFF_SHIFT, vector(cols), dbias);
  });
}

#if DNNL_VERSION_MAJOR * 100 + DNNL_VERSION_MINOR >= 302
#define NKP_ONEDNN_GROUP_NORM

void* nkp_onednn_group_norm_backward(const float* dy, const float* x, float* dx, const float* weight, const float* mean,
                                     const float* variance, float* dweight, float* dbias, const std::int64_t* shape,
                                     std::int64_t groups, float epsilon) {
  return made([&](primitive& p) {
    const std::int64_t channels = shape[1];
    const memory::desc data({shape[0], channels, shape[2], shape[3]}, memory::data_type::f32, memory::format_tag::nchw);
    const memory::desc statistics = matrix(shape[0], groups);
    const dnnl::group_normalization_forward::primitive_desc forward(p.engine, dnnl::prop_kind::forward_training, data,
                                                                    data, groups, epsilon, kFlags);
    p.call = dnnl::group_normalization_backward(
        {p.engine, dnnl::prop_kind::backward, data, data, data, groups, epsilon, kFlags, forward});
    p.pass(DNNL_ARG_DIFF_DST, data, dy);
    p.pass(DNNL_ARG_SRC, data, x);
    p.pass(DNNL_ARG_DIFF_SRC, data, dx);
    p.pass(DNNL_ARG_SCALE, vector(channels), weight);
    p.pass(DNNL_ARG_MEAN, statistics, mean);
    p.pass(DNNL_ARG_VARIANCE, statistics, variance);
    p.pass(DNNL_ARG_DIFF_SCALE, vector(channels), dweight);
    p.pass(DNNL_ARG_DIFF_SHIFT, vector(channels), dbias);
  });
}

#endif

int nkp_onednn_run(void* call) {
  try {
    auto& p = *static_cast<primitive*>(call);
    p.call.execute(p.stream, p.arguments);
    p.stream.wait();
    return 1;
  } catch (const dnnl::error&) {
    return 0;
  }
}

void nkp_onednn_free(void* call) {
  delete static_cast<primitive*>(call);
}

#else

const char* nkp_onednn_version() {
  return nullptr;
}
void* nkp_onednn_layer_norm_forward(const float*, float*, const float*, const float*, float*, float*, std::int64_t,
                                    std::int64_t, float) {
  return nullptr;
}
void* nkp_onednn_layer_norm_backward(const float*, const float*, float*, const float*, const float*, const float*,
                                     float*, float*, std::int64_t, std::int64_t, float) {
  return nullptr;
}
int nkp_onednn_run(void*) {
  return 0;
}
void nkp_onednn_free(void*) {}

#endif

#if !defined(NKP_ONEDNN_GROUP_NORM)

void* nkp_onednn_group_norm_backward(const float*, const float*, float*, const float*, const float*, const float*,
                                     float*, float*, const std::int64_t*, std::int64_t, float) {
  return nullptr;
}

#endif
