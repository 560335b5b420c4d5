// CUDA's vector types: the same members, sizes and alignments, so that a misaligned 16-byte access is one here too
// (UndefinedBehaviorSanitizer reports it).
#pragma once

#include <cstdint>

#define NK_EMU_VECTOR(T, name, bytes2, bytes4)        \
  struct name##1 {                                    \
    T x;                                              \
  };                                                  \
  struct alignas(bytes2) name##2 {                    \
    T x, y;                                           \
  };                                                  \
  struct name##3 {                                    \
    T x, y, z;                                        \
  };                                                  \
  struct alignas(bytes4) name##4 {                    \
    T x, y, z, w;                                     \
  };                                                  \
  inline name##1 make_##name##1(T x) {                \
    return name##1 {x};                               \
  }                                                   \
  inline name##2 make_##name##2(T x, T y) {           \
    return name##2 {x, y};                            \
  }                                                   \
  inline name##3 make_##name##3(T x, T y, T z) {      \
    return name##3 {x, y, z};                         \
  }                                                   \
  inline name##4 make_##name##4(T x, T y, T z, T w) { \
    return name##4 {x, y, z, w};                      \
  }

NK_EMU_VECTOR(signed char, char, 2, 4)
NK_EMU_VECTOR(unsigned char, uchar, 2, 4)
NK_EMU_VECTOR(short, short, 4, 8)
NK_EMU_VECTOR(unsigned short, ushort, 4, 8)
NK_EMU_VECTOR(int, int, 8, 16)
NK_EMU_VECTOR(unsigned int, uint, 8, 16)
NK_EMU_VECTOR(float, float, 8, 16)
NK_EMU_VECTOR(long long, longlong, 16, 16)
NK_EMU_VECTOR(unsigned long long, ulonglong, 16, 16)
NK_EMU_VECTOR(double, double, 16, 16)

#undef NK_EMU_VECTOR

struct dim3 {
  unsigned x, y, z;

  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
