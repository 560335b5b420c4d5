// |x|^p against the C library, and where IEEE 754 says what it must be.
#include <cmath>
#include <limits>

#include "core/power.h"
#include "support.h"

namespace {

TEST(Power, AgreesWithTheCLibrary) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> exponent_of_base(-140.0, 128.0), exponent(-7.0, 7.0);
  double worst = 0.0;
  for (int i = 0; i < 200000; ++i) {
    const double base = std::exp2(exponent_of_base(random)), p = exponent(random);
    const double expected = std::pow(base, p);
    worst = std::fmax(worst, std::fabs(nk::power_of(base, p) / expected - 1.0));
  }
  EXPECT_LT(worst, 1e-12);
}

TEST(Power, KnowsTheEdges) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const double bases[] = {0.0, 1e-300, 0.5, 1.0, 2.0, 1e300, inf};
  for (const double base : bases) {
    for (const double p : {-1000.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 1000.0}) {
      const double expected = std::pow(base, p), found = nk::power_of(base, p);
      if (std::isinf(expected)) {
        EXPECT_EQ(found, expected) << base << "^" << p;
      } else if (expected < 1e-290) {
        EXPECT_LT(found, 1e-290) << base << "^" << p;
      } else {
        EXPECT_NEAR(found / expected, 1.0, 1e-11) << base << "^" << p;
      }
    }
  }
  EXPECT_TRUE(std::isnan(nk::power_of(std::nan(""), 2.0)));
}

}  // namespace
