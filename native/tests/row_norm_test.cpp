// The norms over rows through the C ABI, in exactly sized heap blocks (so that a sanitizer sees a byte too many): the
// same bits on every instruction set, whole or by row blocks, contiguous or strided; and values against plain double
// arithmetic. The full suites, against the managed reference, are in .NET.
#include <algorithm>
#include <cmath>
#include <limits>

#include "row_norm_rooms.h"
#include "support.h"

namespace {

using nk_test::equal;
using nk_test::kRooms;
using nk_test::room;
using nk_test::same_bits;
using nk_test::tensor;

// Where tensors lie: each of them so many elements behind a line of the cache, as many as no other.
struct places {
  int first = 0;
  bool aligned = true;

  std::int64_t next() { return aligned ? 0 : (first += 5) % 16; }
};

// Inputs and results of all three verbs, with an affine map and saved statistics, and with a residual or without.
struct problem {
  problem(int dtype, int param_dtype, std::int64_t columns, unsigned seed, std::int64_t row_count = 3, places at = {})
      : rows(row_count),
        cols(columns),
        dt(dtype),
        pdt(param_dtype),
        x(dtype, rows * cols, at.next()),
        residual(dtype, rows * cols, at.next()),
        dy(dtype, rows * cols, at.next()),
        dh(dtype, rows * cols, at.next()),
        weight(param_dtype, cols, at.next()),
        bias(param_dtype, cols, at.next()),
        tan_weight(param_dtype, cols, at.next()) {
    std::mt19937 random(seed);
    x.fill(random, 3.0f, 1.0f);
    residual.fill(random, -1.0f, 2.0f);
    dy.fill(random, 0.0f, 1.0f);
    dh.fill(random, 0.0f, 1.0f);
    weight.fill(random, 1.0f, 0.5f);
    bias.fill(random, 0.0f, 1.0f);
    tan_weight.fill(random, 0.0f, 1.0f);
  }

  std::int64_t rows, cols;
  int dt, pdt;
  bool has_residual = true;
  tensor x, residual, dy, dh, weight, bias, tan_weight;
};

struct results {
  explicit results(const problem& p, places at = {})
      : h(p.dt, p.rows * p.cols, at.next()),
        y(p.dt, p.rows * p.cols, at.next()),
        dx(p.dt, p.rows * p.cols, at.next()),
        jvp_h(p.dt, p.rows * p.cols, at.next()),
        jvp_y(p.dt, p.rows * p.cols, at.next()),
        mean(NK_F32, p.rows),
        rstd(NK_F32, p.rows),
        dweight(NK_F32, p.cols, at.next()),
        dbias(NK_F32, p.cols, at.next()) {}

  bool operator==(const results& o) const {
    return equal(h, o.h) && equal(y, o.y) && equal(dx, o.dx) && equal(jvp_h, o.jvp_h) && equal(jvp_y, o.jvp_y) &&
           equal(mean, o.mean) && equal(rstd, o.rstd) && equal(dweight, o.dweight) && equal(dbias, o.dbias);
  }

  tensor h, y, dx, jvp_h, jvp_y, mean, rstd, dweight, dbias;
};

// Runs everything; `saved` decides whether backward and jvp get the statistics, `staged` whether backward runs by row
// blocks in reverse order.
results run(const room& r, problem& p, nk_isa isa, bool saved, bool staged, places at = {}) {
  results out(p, at);
  const auto common = [&](auto& params) {
    params.struct_size = sizeof params;
    params.dtype = p.dt;
    params.param_dtype = p.pdt;
    params.isa = isa;
    params.rows = p.rows;
    params.cols = p.cols;
    params.epsilon = 1e-5;
    params.weight = p.weight.data();
  };
  const auto statistics = [&](auto& params) {
    if (saved) {
      params.mean = r.centred ? static_cast<const float*>(out.mean.data()) : nullptr;
      params.rstd = static_cast<const float*>(out.rstd.data());
    }
  };

  nk_row_norm_forward_params f = {};
  common(f);
  f.x = p.x.data();
  if (p.has_residual) {
    f.residual = p.residual.data();
    f.h = out.h.data();
  }
  const void* const normalized = p.has_residual ? out.h.data() : p.x.data();
  f.y = out.y.data();
  f.bias = p.bias.data();
  f.mean = r.centred ? static_cast<float*>(out.mean.data()) : nullptr;
  f.rstd = static_cast<float*>(out.rstd.data());
  EXPECT_EQ(r.forward(&f), NK_OK);

  nk_plan plan;
  EXPECT_EQ(nk_row_norm_plan(p.rows, p.cols, &plan), NK_OK);
  const std::unique_ptr<unsigned char[]> workspace(new unsigned char[plan.workspace_size]);
  nk_row_norm_backward_params b = {};
  common(b);
  statistics(b);
  b.dy = p.dy.data();
  b.x = normalized;
  b.dh = p.has_residual ? p.dh.data() : nullptr;
  b.dx = out.dx.data();
  b.dweight = static_cast<float*>(out.dweight.data());
  b.dbias = static_cast<float*>(out.dbias.data());
  b.workspace = workspace.get();
  b.workspace_size = plan.workspace_size;
  if (staged) {
    for (std::int64_t block = plan.part_count - 1; block >= 0; --block) {
      b.stage = NK_STAGE_PARTS;
      b.part_begin = block;
      b.part_end = block + 1;
      EXPECT_EQ(r.backward(&b), NK_OK);
    }
    b.stage = NK_STAGE_SUMS;
    b.part_begin = b.part_end = 0;
  }
  EXPECT_EQ(r.backward(&b), NK_OK);

  nk_row_norm_jvp_params j = {};
  common(j);
  statistics(j);
  j.x = normalized;
  j.tan_x = p.dy.data();
  if (p.has_residual) {
    j.tan_residual = p.dh.data();
    j.jvp_h = out.jvp_h.data();
  }
  j.jvp_y = out.jvp_y.data();
  j.tan_weight = p.tan_weight.data();
  j.tan_bias = p.bias.data();
  EXPECT_EQ(r.jvp(&j), NK_OK);
  return out;
}

TEST(RowNorm, SameBitsOnEveryIsaSavedOrNotStagedOrNot) {
  constexpr int kPairs[][2] = {
      {NK_F32, NK_F32}, {NK_F16, NK_F16}, {NK_F16, NK_F32}, {NK_BF16, NK_BF16}, {NK_BF16, NK_F32}};
  for (const room& r : kRooms) {
    for (const auto& pair : kPairs) {
      for (const std::int64_t cols : nk_test::interesting_cols()) {
        problem p(pair[0], pair[1], cols, static_cast<unsigned>(cols));
        const results expected = run(r, p, NK_ISA_SCALAR, true, false);
        for (const nk_isa isa : nk_test::available_isas()) {
          EXPECT_TRUE(run(r, p, isa, true, true) == expected)
              << r.name << " dtype " << pair[0] << " isa " << isa << " cols " << cols;
          EXPECT_TRUE(run(r, p, isa, false, false) == expected)
              << r.name << " dtype " << pair[0] << " isa " << isa << " cols " << cols << " recomputed";
        }
      }
    }
  }
}

// Loads and stores are aligned by beginning rows a few columns earlier, parameters are copied to where they are
// aligned, rows are written two at a time: the bits are those of the scalar build, which does none of this.
TEST(RowNorm, SameBitsWhereverTensorsLie) {
  constexpr int kPairs[][2] = {{NK_F32, NK_F32}, {NK_F16, NK_F32}, {NK_BF16, NK_BF16}};
  constexpr std::int64_t kRows = 9;  // as many as make it worth while to copy parameters, and an odd one
  for (const room& r : kRooms) {
    for (const auto& pair : kPairs) {
      for (const std::int64_t cols : {1, 5, 15, 16, 17, 31, 96, 97, 111, 130, 1000, 1024, 4097, 8200}) {
        for (const bool has_residual : {false, true}) {
          problem aligned(pair[0], pair[1], cols, 3, kRows);
          aligned.has_residual = has_residual;
          const results expected = run(r, aligned, NK_ISA_SCALAR, true, false);
          for (int first = 0; first<16; first += cols> 1000 ? 3 : 1) {
            problem p(pair[0], pair[1], cols, 3, kRows, {first, false});
            p.has_residual = has_residual;
            for (const nk_isa isa : nk_test::available_isas()) {
              if (isa == NK_ISA_SCALAR) continue;
              EXPECT_TRUE(run(r, p, isa, first % 2 == 0, false, {first + 1, false}) == expected)
                  << r.name << " dtype " << pair[0] << " isa " << isa << " cols " << cols << " first " << first;
            }
          }
        }
      }
    }
  }
}

// Rows whose squares leave float32's range take a path of their own, on every instruction set alike.
TEST(RowNorm, ExtremeRowsHaveTheSameBitsAndStayFinite) {
  for (const room& r : kRooms) {
    for (const float scale : {1e30f, 1e-30f, 1e38f, 1e-40f, 1e19f}) {
      for (const std::int64_t cols : {2, 17, 100, 8200}) {
        problem p(NK_F32, NK_F32, cols, 5);
        for (std::int64_t i = 0; i < p.x.count(); ++i) {
          p.x.set(i, p.x.get(i) * 0.25f * scale);
          p.residual.set(i, p.residual.get(i) * 0.25f * scale);
        }
        const results expected = run(r, p, NK_ISA_SCALAR, true, false);
        for (std::int64_t i = 0; i < p.x.count(); ++i) EXPECT_TRUE(std::isfinite(expected.y.get(i))) << scale;
        for (const nk_isa isa : nk_test::available_isas()) {
          EXPECT_TRUE(run(r, p, isa, false, true) == expected) << r.name << " " << scale << " isa " << isa;
        }
      }
    }
  }
}

// The statistics of sixteen rows are taken a lane each; a row for which that does not do must disturb no other.
TEST(RowNorm, RowsTakenTogetherHaveTheBitsOfSingleRows) {
  const auto value_of = [](int kind, std::int64_t column, float normal) {
    switch (kind) {
      case 0:
        return normal * 1e30f;
      case 1:
        return normal * 1e-40f;
      case 2:
        return column == 3 ? std::nanf("") : normal;
      case 3:
        return column == 1 ? std::numeric_limits<float>::infinity() : normal;
      case 4:
        return column < 16 ? 100.0f : normal;  // begins far from its mean
      case 5:
        return 0.0f;
      case 6:
        return 1e6f;
      default:
        return normal;
    }
  };
  std::mt19937 random(17);
  std::normal_distribution<float> normal(1.0f, 2.0f);
  for (const room& r : kRooms) {
    for (const std::int64_t rows : {5, 13, 16, 40}) {
      for (const std::int64_t cols : {1, 7, 16, 17, 64, 100, 256}) {
        for (const double epsilon : {1e-5, 0.0}) {
          tensor x(NK_F32, rows * cols), weight(NK_F32, cols);
          weight.fill(random, 1.0f, 0.5f);
          for (std::int64_t row = 0; row < rows; ++row) {
            const int kind = static_cast<int>(random() % 12);
            for (std::int64_t c = 0; c < cols; ++c) x.set(row * cols + c, value_of(kind, c, normal(random)));
          }
          for (const nk_isa isa : nk_test::available_isas()) {
            const auto call = [&](std::int64_t first, std::int64_t count, tensor& y, tensor& mean, tensor& rstd) {
              nk_row_norm_forward_params p = {};
              p.struct_size = sizeof p;
              p.isa = isa;
              p.rows = count;
              p.cols = cols;
              p.epsilon = epsilon;
              p.x = static_cast<float*>(x.data()) + first * cols;
              p.y = static_cast<float*>(y.data()) + first * cols;
              p.weight = weight.data();
              p.mean = r.centred ? static_cast<float*>(mean.data()) + first : nullptr;
              p.rstd = static_cast<float*>(rstd.data()) + first;
              ASSERT_EQ(r.forward(&p), NK_OK);
            };
            tensor y(NK_F32, rows * cols), mean(NK_F32, rows), rstd(NK_F32, rows);
            tensor one_y(NK_F32, rows * cols), one_mean(NK_F32, rows), one_rstd(NK_F32, rows);
            call(0, rows, y, mean, rstd);
            for (std::int64_t row = 0; row < rows; ++row) call(row, 1, one_y, one_mean, one_rstd);
            EXPECT_TRUE(equal(y, one_y) && equal(mean, one_mean) && equal(rstd, one_rstd))
                << r.name << " isa " << isa << " " << rows << "x" << cols << " epsilon " << epsilon;
          }
        }
      }
    }
  }
}

// From memory, rows are taken together, long ones by fours, and the next ones asked for ahead. A block of 32
// rows by itself is in the cache: the bits are the same, and the gradients of parameters the sums over blocks in
// double.
TEST(RowNorm, DerivativesFromMemoryHaveTheBitsOfTheirBlocks) {
  constexpr std::int64_t kBlock = 32;
  for (const room& r : kRooms) {
    for (const int dtype : {NK_F32, NK_BF16}) {
      for (const std::int64_t row_bytes : {4404, 8404}) {
        const std::int64_t size = dtype == NK_F32 ? 4 : 2, cols = row_bytes / size, rows = 9 * (1 << 18) / row_bytes;
        std::mt19937 random(23);
        tensor x(dtype, rows * cols), dy(dtype, rows * cols), dh(dtype, rows * cols), weight(dtype, cols);
        x.fill(random, 1.0f, 2.0f);
        dy.fill(random, 0.0f, 1.0f);
        dh.fill(random, 0.0f, 1.0f);
        weight.fill(random, 1.0f, 0.5f);
        for (std::int64_t row = 7; row < rows; row += 29) {  // rows that are scaled, beside others that are not
          for (std::int64_t c = 0; c < cols; ++c) x.set(row * cols + c, x.get(row * cols + c) * 1e30f);
        }
        for (const nk_isa isa : nk_test::available_isas()) {
          if (isa == NK_ISA_SCALAR) continue;  // takes all rows one by one
          for (const bool add : {false, true}) {
            // Of `count` rows from `first` on.
            const auto call = [&](std::int64_t first, std::int64_t count, tensor& dx, tensor& dweight, tensor& dbias,
                                  tensor& jvp_y) {
              const auto from = [&](tensor& t) { return static_cast<char*>(t.data()) + first * row_bytes; };
              nk_row_norm_backward_params p = {};
              p.struct_size = sizeof p;
              p.dtype = p.param_dtype = dtype;
              p.isa = isa;
              p.rows = count;
              p.cols = cols;
              p.epsilon = 1e-5;
              p.x = from(x);
              p.dy = from(dy);
              p.dh = add ? from(dh) : nullptr;
              p.dx = from(dx);
              p.weight = weight.data();
              p.dweight = static_cast<float*>(dweight.data());
              p.dbias = r.centred ? static_cast<float*>(dbias.data()) : nullptr;
              nk_plan plan;
              ASSERT_EQ(nk_row_norm_plan(count, cols, &plan), NK_OK);
              std::vector<char> workspace(static_cast<std::size_t>(plan.workspace_size));
              p.workspace = workspace.data();
              p.workspace_size = plan.workspace_size;
              ASSERT_EQ(r.backward(&p), NK_OK);
              nk_row_norm_jvp_params j = {};
              j.struct_size = sizeof j;
              j.dtype = j.param_dtype = dtype;
              j.isa = isa;
              j.rows = count;
              j.cols = cols;
              j.epsilon = 1e-5;
              j.x = from(x);
              j.tan_x = from(dy);
              j.jvp_y = from(jvp_y);
              j.weight = weight.data();
              j.tan_weight = add ? nullptr : weight.data();
              j.tan_bias = r.centred ? weight.data() : nullptr;
              ASSERT_EQ(r.jvp(&j), NK_OK);
            };
            tensor dx(dtype, rows * cols), dweight(NK_F32, cols), dbias(NK_F32, cols), jvp_y(dtype, rows * cols);
            call(0, rows, dx, dweight, dbias, jvp_y);
            tensor block_dx(dtype, rows * cols), block_dweight(NK_F32, cols), block_dbias(NK_F32, cols),
                block_jvp_y(dtype, rows * cols);
            std::vector<double> weights(static_cast<std::size_t>(cols)), biases(weights);
            for (std::int64_t first = 0; first < rows; first += kBlock) {
              call(first, std::min(kBlock, rows - first), block_dx, block_dweight, block_dbias, block_jvp_y);
              for (std::int64_t c = 0; c < cols; ++c) {
                weights[static_cast<std::size_t>(c)] += static_cast<double>(block_dweight.get(c));
                biases[static_cast<std::size_t>(c)] += static_cast<double>(block_dbias.get(c));
              }
            }
            SCOPED_TRACE(testing::Message()
                         << r.name << " " << rows << " x " << cols << " isa " << isa << " dh " << add);
            EXPECT_TRUE(equal(dx, block_dx));
            EXPECT_TRUE(equal(jvp_y, block_jvp_y));
            for (std::int64_t c = 0; c < cols; ++c) {
              ASSERT_EQ(dweight.get(c), static_cast<float>(weights[static_cast<std::size_t>(c)])) << c;
              ASSERT_EQ(dbias.get(c), static_cast<float>(biases[static_cast<std::size_t>(c)])) << c;
            }
          }
        }
      }
    }
  }
}

// An output as large as the last-level cache may be written past the caches: the bits are those of one row at a time.
TEST(RowNorm, LargeOutputsHaveTheBitsOfSingleRows) {
  constexpr std::int64_t kDistinctRows = 7;
  constexpr std::int64_t kBytes = std::int64_t{34} << 20;
  // Of 16 bits, every other row of 1040, 2064 and 4112 columns begins in the middle of a line.
  struct form {
    int dtype;
    std::int64_t cols;
  };
  constexpr form kForms[] = {{NK_F32, 1040}, {NK_F32, 4112},  {NK_F16, 1040},  {NK_F16, 2064}, {NK_F16, 4112},
                             {NK_F16, 4128}, {NK_BF16, 2064}, {NK_BF16, 2080}, {NK_BF16, 4112}};
  for (const room& r : kRooms) {
    for (const form& f : kForms) {
      const int dtype = f.dtype;
      const std::int64_t cols = f.cols;
      const std::int64_t rows = kBytes / cols / (dtype == NK_F32 ? 4 : 2);
      std::mt19937 random(11);
      tensor x(dtype, kDistinctRows * cols), weight(NK_F32, cols), bias(NK_F32, cols);
      x.fill(random, 1.0f, 2.0f);
      weight.fill(random, 1.0f, 0.5f);
      bias.fill(random, 0.0f, 1.0f);
      const std::size_t row_bytes = static_cast<std::size_t>(cols) * (dtype == NK_F32 ? 4 : 2);
      std::vector<unsigned char> many(static_cast<std::size_t>(rows) * row_bytes), out(many.size() + 64),
          one(row_bytes);
      for (std::int64_t row = 0; row < rows; ++row) {
        std::memcpy(&many[static_cast<std::size_t>(row) * row_bytes],
                    static_cast<unsigned char*>(x.data()) + static_cast<std::size_t>(row % kDistinctRows) * row_bytes,
                    row_bytes);
      }
      // On a cache line, as streaming needs it.
      unsigned char* const to = out.data() + (64 - reinterpret_cast<std::uintptr_t>(out.data()) % 64) % 64;
      for (const nk_isa isa : nk_test::available_isas()) {
        if (isa == NK_ISA_SCALAR) continue;  // streams nothing
        // `point` sets what is read and what is written.
        const auto check = [&](auto p, auto call, auto point, const char* verb) {
          p.struct_size = sizeof p;
          p.dtype = dtype;
          p.isa = isa;
          p.rows = rows;
          p.cols = cols;
          p.epsilon = 1e-5;
          p.weight = weight.data();
          point(p, many.data(), to);
          ASSERT_EQ(call(&p), NK_OK);
          for (std::int64_t row = 0; row < kDistinctRows; ++row) {
            p.rows = 1;
            point(p, static_cast<unsigned char*>(x.data()) + static_cast<std::size_t>(row) * row_bytes, one.data());
            ASSERT_EQ(call(&p), NK_OK);
            for (std::int64_t at = row; at < rows; at += kDistinctRows) {
              ASSERT_EQ(std::memcmp(to + static_cast<std::size_t>(at) * row_bytes, one.data(), row_bytes), 0)
                  << r.name << " " << verb << " dtype " << dtype << " cols " << cols << " isa " << isa << " row " << at;
            }
          }
        };
        check(
            nk_row_norm_forward_params{}, r.forward,
            [&](nk_row_norm_forward_params& p, void* from, void* y) {
              p.x = from;
              p.bias = r.centred ? bias.data() : nullptr;
              p.y = y;
            },
            "forward");
        nk_plan plan;
        ASSERT_EQ(nk_row_norm_plan(rows, cols, &plan), NK_OK);
        std::vector<char> workspace(static_cast<std::size_t>(plan.workspace_size));
        tensor dweight(NK_F32, cols);
        check(
            nk_row_norm_backward_params{}, r.backward,
            [&](nk_row_norm_backward_params& p, void* from, void* dx) {
              p.dy = p.x = from;
              p.dx = dx;
              p.dweight = static_cast<float*>(dweight.data());
              p.workspace = workspace.data();
              p.workspace_size = plan.workspace_size;
            },
            "backward");
        check(
            nk_row_norm_jvp_params{}, r.jvp,
            [&](nk_row_norm_jvp_params& p, void* from, void* jvp_y) {
              p.tan_x = p.x = from;
              p.tan_weight = bias.data();
              p.tan_bias = r.centred ? weight.data() : nullptr;
              p.jvp_y = jvp_y;
            },
            "jvp");
      }
    }
  }
}

TEST(RowNorm, ForwardMeetsDoubleArithmetic) {
  for (const room& r : kRooms) {
    for (const std::int64_t cols : nk_test::interesting_cols()) {
      problem p(NK_F32, NK_F32, cols, 7);
      const results out = run(r, p, NK_ISA_BEST, true, false);
      for (std::int64_t row = 0; row < p.rows; ++row) {
        double mean = 0, square = 0;
        for (std::int64_t c = 0; c < cols; ++c) mean += out.h.get(row * cols + c);
        mean = r.centred ? mean / static_cast<double>(cols) : 0.0;
        for (std::int64_t c = 0; c < cols; ++c) {
          const double d = out.h.get(row * cols + c) - mean;
          square += d * d;
        }
        const double rstd = 1.0 / std::sqrt(square / static_cast<double>(cols) + 1e-5);
        for (std::int64_t c = 0; c < cols; ++c) {
          const double expected = (out.h.get(row * cols + c) - mean) * rstd * p.weight.get(c) + p.bias.get(c);
          const double scale = std::fabs(p.weight.get(c)) * (rstd < 10 ? 4.0 : rstd) + std::fabs(p.bias.get(c));
          EXPECT_NEAR(out.y.get(row * cols + c), expected, 1e-6 * scale) << r.name << " " << cols << " " << c;
        }
      }
    }
  }
}

}  // namespace
