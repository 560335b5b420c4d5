// The trait on every instruction set against its contract in vec.h: every partial step, every misalignment, every
// 16-bit pattern, and the same bits everywhere.
#include <cmath>
#include <limits>
#include <memory>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "core/dtype.h"
#include "support.h"
#include "vec_probe.h"

namespace {

using nk_test::same_bits;

constexpr int kLanes = 16;
constexpr int kKinds = 3;

class Vec : public testing::TestWithParam<nk_isa> {
 protected:
  const nk::vec_probe& probe() const {
    constexpr nk::isa_tables<nk::vec_probe> probes = NK_TABLES(probe);
    return *probes[nk::place_of(GetParam())];
  }
};

std::size_t size_of(int kind) {
  return kind == 0 ? 4 : 2;
}

float widen(int kind, const unsigned char* p) {
  if (kind == 0) {
    float f;
    std::memcpy(&f, p, sizeof f);
    return f;
  }
  std::uint16_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return kind == 1 ? nk::to_float(nk::f16{bits}) : nk::to_float(nk::bf16{bits});
}

std::vector<float> awkward_values() {
  const float inf = std::numeric_limits<float>::infinity();
  return {0.0f,  -0.0f,  1.0f,          -1.0f,       0.1f,        -3.5f,        1e-45f,   -1e-40f,
          1e30f, -1e30f, 3.4028235e38f, 1e-30f,      16777216.0f, 65504.0f,     65519.0f, 65520.0f,
          inf,   -inf,   std::nanf(""), 0.33333334f, 6e-8f,       2.9802322e-8f};
}

// For operands that an operation does not have.
const float* no_operand() {
  static const float zeros[kLanes] = {};
  return zeros;
}

TEST_P(Vec, ArithmeticIsLanewiseAndCorrectlyRounded) {
  const std::vector<float> values = awkward_values();
  std::mt19937 random(1);
  std::uniform_int_distribution<std::size_t> pick(0, values.size() - 1);
  for (int round = 0; round < 2000; ++round) {
    float a[kLanes], b[kLanes], c[kLanes], out[kLanes];
    for (int i = 0; i < kLanes; ++i) {
      a[i] = values[pick(random)];
      b[i] = values[pick(random)];
      c[i] = values[pick(random)];
    }
    const auto check = [&](const char* name, void (*op)(const float*, const float*, const float*, float*),
                           auto expected) {
      op(a, b, c, out);
      for (int i = 0; i < kLanes; ++i) {
        const float e = expected(a[i], b[i], c[i]);
        EXPECT_TRUE(same_bits(out[i], e))
            << name << "(" << a[i] << ", " << b[i] << ", " << c[i] << ") = " << out[i] << ", expected " << e;
      }
    };
    check("add", probe().add, [](float x, float y, float) { return x + y; });
    check("sub", probe().sub, [](float x, float y, float) { return x - y; });
    check("mul", probe().mul, [](float x, float y, float) { return x * y; });
    check("fma", probe().fma, [](float x, float y, float z) { return std::fma(x, y, z); });
    check("neg_fma", probe().neg_fma, [](float x, float y, float z) { return std::fma(-x, y, z); });
    check("max", probe().max, [](float x, float y, float) { return x > y ? x : y; });
    check("abs", probe().abs, [](float x, float, float) { return std::fabs(x); });
    check("div", probe().div, [](float x, float y, float) { return x / y; });
    using wide = double;
    check("fma_double", probe().fma_double,
          [](float x, float y, float z) { return static_cast<float>(std::fma(wide{x}, wide{y}, wide{z})); });
    check("sub_double", probe().sub_double,
          [](float x, float y, float z) { return static_cast<float>((wide{x} + wide{z}) - wide{y}); });
    check("mul_double", probe().mul_double,
          [](float x, float y, float) { return static_cast<float>(wide{x} * wide{y}); });
    check("div_double", probe().div_double,
          [](float x, float y, float) { return static_cast<float>(wide{x} / wide{y}); });
    check("sqrt_double", probe().sqrt_double,
          [](float x, float, float) { return static_cast<float>(std::sqrt(wide{x})); });
  }
}

TEST_P(Vec, SumsOfSixteenStepsAreThoseOfEach) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.0f, 1e3f);
  for (int round = 0; round < 1000; ++round) {
    float steps[kLanes * kLanes], sums[kLanes];
    for (float& value : steps) value = normal(random);
    steps[random() % (kLanes * kLanes)] = awkward_values()[random() % awkward_values().size()];
    probe().sum_each(steps, sums);
    for (int k = 0; k < kLanes; ++k) EXPECT_TRUE(same_bits(sums[k], probe().sum(steps + k * kLanes))) << k;
  }
}

TEST_P(Vec, RangesIncludeTheirEndsAndNoNan) {
  double v[kLanes], least[kLanes], most[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int i = 0; i < kLanes; ++i) {
      least[i] = i;
      most[i] = i + 1.0;
      v[i] = i % 2 == 0 ? least[i] : most[i];
    }
    EXPECT_TRUE(probe().all_in(v, least, most));
    for (const double outside : {lane - 1e-9, lane + 1.0 + 1e-9, std::nan("")}) {
      v[lane] = outside;
      EXPECT_FALSE(probe().all_in(v, least, most)) << lane << ": " << outside;
    }
  }
}

TEST_P(Vec, SumsFoldHalves) {
  std::mt19937 random(2);
  std::normal_distribution<float> normal(0.0f, 1e3f);
  for (int round = 0; round < 1000; ++round) {
    float a[kLanes], sum[kLanes], top[kLanes];
    for (int i = 0; i < kLanes; ++i) a[i] = sum[i] = top[i] = normal(random);
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) {
        sum[i] += sum[i + half];
        top[i] = top[i] > top[i + half] ? top[i] : top[i + half];
      }
    }
    EXPECT_TRUE(same_bits(probe().sum(a), sum[0]));
    double wide[kLanes];
    for (int i = 0; i < kLanes; ++i) wide[i] = static_cast<double>(a[i]) / 3.0;
    const double found = probe().sum_double(wide);
    for (int half = kLanes / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; ++i) wide[i] += wide[i + half];
    }
    EXPECT_EQ(found, wide[0]);
    EXPECT_TRUE(same_bits(probe().largest(a), top[0]));
  }
}

// Exactly sized heap blocks: under AddressSanitizer a byte too many, read or written, is an error (intrinsics of masked
// loads excepted, for which guard pages are used from .NET).
TEST_P(Vec, PartialStepsTouchNothingBeyond) {
  std::mt19937 random(3);
  for (int kind = 0; kind < kKinds; ++kind) {
    for (int n = 1; n <= kLanes; ++n) {
      for (std::size_t offset = 0; offset < 17; ++offset) {
        const std::size_t bytes = size_of(kind) * static_cast<std::size_t>(n);
        const std::unique_ptr<unsigned char[]> from(new unsigned char[offset + bytes]);
        const std::unique_ptr<unsigned char[]> to(new unsigned char[offset + bytes + 64]);
        for (std::size_t i = 0; i < offset + bytes; ++i) from[i] = static_cast<unsigned char>(random() & 0x3f);
        std::memset(to.get(), 0xa5, offset + bytes + 64);

        probe().copy(kind, from.get() + offset, to.get() + offset, n);
        EXPECT_EQ(std::memcmp(from.get() + offset, to.get() + offset, bytes), 0) << kind << " " << n << " " << offset;
        for (std::size_t i = 0; i < offset; ++i) EXPECT_EQ(to[i], 0xa5);
        for (std::size_t i = offset + bytes; i < offset + bytes + 64; ++i) EXPECT_EQ(to[i], 0xa5);

        float wide[kLanes];
        probe().widen(kind, from.get() + offset, wide, n);
        for (int i = 0; i < kLanes; ++i) {
          const float expected =
              i < n ? widen(kind, from.get() + offset + size_of(kind) * static_cast<std::size_t>(i)) : 0.0f;
          EXPECT_TRUE(same_bits(wide[i], expected)) << kind << " " << n << " " << i;
        }
      }
    }
  }
}

#if defined(__unix__) || defined(__APPLE__)
// The same between pages that cannot be touched, which no intrinsic escapes: where .NET's tests do not run, these do.
TEST_P(Vec, PartialStepsStayOnTheirPage) {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const pages = mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  unsigned char* const begin = static_cast<unsigned char*>(pages) + page;
  ASSERT_EQ(mprotect(begin, page, PROT_READ | PROT_WRITE), 0);
  unsigned char steps[kLanes * 4] = {};
  float wide[kLanes] = {};
  for (int kind = 0; kind < kKinds; ++kind) {
    for (int n = 1; n <= kLanes; ++n) {
      const std::size_t bytes = size_of(kind) * static_cast<std::size_t>(n);
      for (unsigned char* const at : {begin, begin + page - bytes}) {
        probe().copy(kind, at, steps, n);
        probe().copy(kind, steps, at, n);
        for (int skew = 0; skew + n <= kLanes; ++skew) {
          const auto from = reinterpret_cast<std::uintptr_t>(at) - size_of(kind) * static_cast<std::size_t>(skew);
          probe().widen_between(kind, reinterpret_cast<const void*>(from), wide, skew, skew + n);
        }
      }
      std::int8_t* const last = reinterpret_cast<std::int8_t*>(begin + page) - n;
      probe().store_i8(wide, reinterpret_cast<std::int8_t*>(begin), n);
      probe().store_i8(wide, last, n);
    }
  }
  munmap(pages, 3 * page);
}
#endif

TEST_P(Vec, KeepClearsTheLanesBeyond) {
  float a[kLanes], out[kLanes];
  for (int i = 0; i < kLanes; ++i) a[i] = i % 3 == 0 ? std::nanf("") : 1.0f + static_cast<float>(i);
  for (int n = 1; n <= kLanes; ++n) {
    probe().keep(a, out, n);
    for (int i = 0; i < kLanes; ++i) EXPECT_TRUE(same_bits(out[i], i < n ? a[i] : 0.0f));
    double wide[kLanes], kept[kLanes];
    for (int i = 0; i < kLanes; ++i) wide[i] = static_cast<double>(a[i]);
    probe().keep_double(wide, kept, n);
    for (int i = 0; i < kLanes; ++i) {
      EXPECT_TRUE(same_bits(static_cast<float>(kept[i]), i < n ? a[i] : 0.0f)) << n << " " << i;
    }
  }
}

TEST_P(Vec, LanesBetweenTwoPlacesTouchNothingElse) {
  std::mt19937 random(4);
  for (int kind = 0; kind < kKinds; ++kind) {
    const std::size_t size = size_of(kind);
    for (int begin = 0; begin < kLanes; ++begin) {
      for (int end = begin + 1; end <= kLanes; ++end) {
        // Only these elements exist; `from` is where lane 0 would be.
        const std::size_t bytes = size * static_cast<std::size_t>(end - begin);
        const std::unique_ptr<unsigned char[]> there(new unsigned char[bytes]);
        for (std::size_t i = 0; i < bytes; ++i) there[i] = static_cast<unsigned char>(random() & 0x3f);
        const auto from = reinterpret_cast<std::uintptr_t>(there.get()) - size * static_cast<std::size_t>(begin);
        float wide[kLanes];
        probe().widen_between(kind, reinterpret_cast<const void*>(from), wide, begin, end);
        for (int i = 0; i < kLanes; ++i) {
          const float expected =
              i >= begin && i < end ? widen(kind, there.get() + size * static_cast<std::size_t>(i - begin)) : 0.0f;
          EXPECT_TRUE(same_bits(wide[i], expected)) << kind << " " << begin << " " << end << " " << i;
        }
      }
    }
  }
}

TEST_P(Vec, KeepAndSelectLanes) {
  float a[kLanes], b[kLanes], out[kLanes];
  for (int i = 0; i < kLanes; ++i) a[i] = i % 3 == 0 ? std::nanf("") : 1.0f + static_cast<float>(i), b[i] = -a[i] * 2;
  for (int begin = 0; begin < kLanes; ++begin) {
    for (int end = begin + 1; end <= kLanes; ++end) {
      probe().keep_between(a, out, begin, end);
      for (int i = 0; i < kLanes; ++i) EXPECT_TRUE(same_bits(out[i], i >= begin && i < end ? a[i] : 0.0f));
    }
    probe().select(a, b, out, begin + 1);
    for (int i = 0; i < kLanes; ++i) EXPECT_TRUE(same_bits(out[i], i <= begin ? a[i] : b[i])) << begin << " " << i;
  }
}

TEST_P(Vec, PairsAreTwoSteps) {
  std::mt19937 random(5);
  const std::vector<float> values = awkward_values();
  for (int kind = 0; kind < kKinds; ++kind) {
    for (int round = 0; round < 100; ++round) {
      float from[2 * kLanes];
      for (float& v : from)
        v = round % 2 == 0 ? values[random() % values.size()]
                           : nk::float_from_bits(static_cast<std::uint32_t>(random()));
      unsigned char steps[2 * kLanes * 4], pair[2 * kLanes * 4];
      const std::size_t bytes = size_of(kind) * kLanes;
      probe().narrow(kind, from, steps, kLanes);
      probe().narrow(kind, from + kLanes, steps + bytes, kLanes);
      probe().narrow_pair(kind, from, pair);
      EXPECT_EQ(std::memcmp(steps, pair, 2 * bytes), 0) << kind;
    }
  }
}

TEST_P(Vec, SkewIsWhatAStepLacksOfItsAlignment) {
  alignas(64) unsigned char line[64 + 64];
  for (int kind = 0; kind < kKinds; ++kind) {
    const int size = static_cast<int>(size_of(kind));
    EXPECT_EQ(probe().skew(kind, line), 0);
    for (int i = 0; i < 64; i += size) {
      const int skew = probe().skew(kind, line + i);
      EXPECT_TRUE(skew == 0 || skew == i / size % kLanes) << kind << " " << i;
    }
  }
}

TEST_P(Vec, EightBitStoresRoundToNearestEvenAndTouchNothingBeyond) {
  float values[kLanes];
  for (int from = -1016; from < 1016; from += kLanes) {  // every eighth from -127 to 127: ties among them
    for (int i = 0; i < kLanes; ++i) values[i] = static_cast<float>(from + i) / 8.0f;
    for (int n = 1; n <= kLanes; ++n) {
      std::int8_t out[kLanes + 1];
      std::memset(out, 0x55, sizeof out);
      probe().store_i8(values, out, n);
      for (int i = 0; i <= kLanes; ++i) {
        EXPECT_EQ(out[i], i < n ? static_cast<int>(std::nearbyint(values[i])) : 0x55) << values[i];
      }
    }
  }
}

TEST_P(Vec, SiluIsAccurateToItsLimits) {
  std::vector<float> values = awkward_values();
  for (float z = -110.0f; z < 110.0f; z += 0.37f) values.push_back(z);
  values.resize(values.size() / kLanes * kLanes);
  for (std::size_t at = 0; at < values.size(); at += kLanes) {
    float out[kLanes];
    probe().silu(&values[at], no_operand(), no_operand(), out);
    for (std::size_t i = 0; i < kLanes; ++i) {
      const double z = static_cast<double>(values[at + i]);
      const double expected = z < -1e30 ? 0.0 : z / (1.0 + std::exp(-z));
      if (std::isnan(z)) {
        EXPECT_TRUE(std::isnan(out[i]));
      } else if (std::isinf(expected)) {
        EXPECT_EQ(static_cast<double>(out[i]), expected);
      } else {
        EXPECT_NEAR(static_cast<double>(out[i]), expected, std::fabs(expected) * 4e-7 + 1e-43) << z;
      }
    }
  }
}

TEST_P(Vec, EverySixteenBitPatternLoadsAsDefined) {
  for (int kind = 1; kind < kKinds; ++kind) {
    for (unsigned u = 0; u < 65536; u += kLanes) {
      std::uint16_t in[kLanes];
      float out[kLanes];
      for (unsigned i = 0; i < kLanes; ++i) in[i] = static_cast<std::uint16_t>(u + i);
      probe().widen(kind, in, out, kLanes);
      for (unsigned i = 0; i < kLanes; ++i) {
        const float expected = kind == 1 ? nk::to_float(nk::f16{in[i]}) : nk::to_float(nk::bf16{in[i]});
        EXPECT_EQ(nk_test::bits_of(out[i]), nk_test::bits_of(expected)) << kind << " " << in[i];
      }
    }
  }
}

std::uint16_t narrow_by_definition(int kind, float v) {
  nk::f16 half;
  nk::bf16 brain;
  nk::from_float(v, &half);
  nk::from_float(v, &brain);
  return kind == 1 ? half.bits : brain.bits;
}

// Every exponent and both signs, with fractions around every rounding decision of either format; and the same with a
// subnormal number among any others, which may be rounded in another way then.
TEST_P(Vec, SixteenBitStoresRoundAsDefined) {
  constexpr std::size_t kPair = 2 * kLanes;
  std::vector<float> values;
  for (std::uint32_t high = 0; high < 0x10000; high += 7) {
    for (const std::uint32_t low : {0x0000u, 0x0001u, 0x0fffu, 0x1000u, 0x1001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      values.push_back(nk::float_from_bits(high << 16 | low));
    }
  }
  values.resize(values.size() / kPair * kPair);
  for (int kind = 1; kind < kKinds; ++kind) {
    for (std::size_t at = 0; at < values.size(); at += kPair) {
      for (const bool has_subnormal : {false, true}) {
        float in[kPair];
        std::copy(&values[at], &values[at] + kPair, in);
        if (has_subnormal) in[at / kPair % kPair] = nk::float_from_bits(0x00018000u);
        std::uint16_t out[kPair], pair[kPair];
        probe().narrow(kind, in, out, kLanes);
        probe().narrow(kind, in + kLanes, out + kLanes, kLanes);
        probe().narrow_pair(kind, in, pair);
        for (std::size_t i = 0; i < kPair; ++i) {
          const std::uint16_t expected = narrow_by_definition(kind, in[i]);
          EXPECT_EQ(out[i], expected) << kind << " " << std::hex << nk_test::bits_of(in[i]);
          EXPECT_EQ(pair[i], expected) << kind << " " << std::hex << nk_test::bits_of(in[i]);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Vec, testing::ValuesIn(nk_test::available_isas()),
                         [](const auto& isa) { return nk::kIsas[nk::place_of(isa.param)].name; });

}  // namespace
