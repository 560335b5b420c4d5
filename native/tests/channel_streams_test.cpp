// Norms over channels of tensors so large that they are written past the caches.
#include <normkernels/nk_batch_norm.h>

#include "support.h"

namespace {

struct form {
  int dtype, layout;
  std::int64_t batch, channels, spatial;
};

// Numbers that repeat after 4099.
std::vector<unsigned char> numbers(int dtype, std::size_t bytes, unsigned seed) {
  constexpr std::int64_t kDistinct = 4099;
  std::mt19937 random(seed);
  nk_test::tensor some(dtype, kDistinct);
  some.fill(random, 0.5f, 2.0f);
  const std::size_t period = kDistinct * (dtype == NK_F32 ? 4 : 2);
  std::vector<unsigned char> all(bytes);
  for (std::size_t at = 0; at < bytes; at += period) {
    std::memcpy(&all[at], some.data(), std::min(period, bytes - at));
  }
  return all;
}

// Runs and columns, and short runs, in lines alike or not, beginning with a line and in the middle of one: the bits of
// a call in place, which streams nothing.
TEST(ChannelStreams, HaveTheBitsOfACallInPlace) {
  constexpr form kForms[] = {{NK_F16, NK_CHANNELS_FIRST, 3, 24, 240001},
                             {NK_BF16, NK_CHANNELS_FIRST, 3, 24, 240000},
                             {NK_BF16, NK_CHANNELS_LAST, 1, 300, 57000},
                             {NK_F16, NK_CHANNELS_LAST, 1, 320, 54000},
                             {NK_BF16, NK_CHANNELS_FIRST, 1, 34000, 500}};
  for (const form& f : kForms) {
    const std::size_t bytes = static_cast<std::size_t>(f.batch * f.channels * f.spatial) * 2;
    ASSERT_GE(bytes, std::size_t{32} << 20);
    const std::vector<unsigned char> x = numbers(f.dtype, bytes, 1), tan_x = numbers(f.dtype, bytes, 2);
    std::vector<unsigned char> in_place, out(bytes + 128);
    unsigned char* const line = out.data() + (64 - reinterpret_cast<std::uintptr_t>(out.data()) % 64) % 64;
    for (const nk_isa isa : nk_test::available_isas()) {
      const auto call = [&](auto p, auto function) {
        p.struct_size = sizeof p;
        p.dtype = f.dtype;
        p.isa = isa;
        p.layout = f.layout;
        p.batch = f.batch;
        p.channels = f.channels;
        p.spatial = f.spatial;
        p.epsilon = 1e-5;
        ASSERT_EQ(function(&p), NK_OK);
      };
      if (isa == NK_ISA_SCALAR) continue;  // streams nothing
      for (const int behind : {0, 32}) {
        SCOPED_TRACE(testing::Message() << f.channels << " x " << f.spatial << " isa " << isa << " behind " << behind);
        nk_channel_norm_forward_params forward = {};
        in_place = x;
        forward.x = forward.y = in_place.data();
        call(forward, nk_batch_norm_forward);
        forward.x = x.data();
        forward.y = line + behind;
        call(forward, nk_batch_norm_forward);
        EXPECT_EQ(std::memcmp(line + behind, in_place.data(), bytes), 0) << "forward";
        nk_channel_norm_jvp_params jvp = {};
        in_place = tan_x;
        jvp.x = x.data();
        jvp.tan_x = jvp.jvp_y = in_place.data();
        call(jvp, nk_batch_norm_jvp);
        jvp.tan_x = tan_x.data();
        jvp.jvp_y = line + behind;
        call(jvp, nk_batch_norm_jvp);
        EXPECT_EQ(std::memcmp(line + behind, in_place.data(), bytes), 0) << "jvp";
      }
    }
  }
}

}  // namespace
