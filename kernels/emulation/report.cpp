// What is said about a grid that went wrong.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <cxxabi.h>
#include <dlfcn.h>

#include "engine.h"

namespace nk {
namespace emu {
namespace {

std::string place(const site& where) {
  const char* slash = std::strrchr(where.file, '/');
  return std::string(slash != nullptr ? slash + 1 : where.file) + ":" + std::to_string(where.line);
}

template <class Index>
std::string triple(const Index& i) {
  return "(" + std::to_string(i.x) + "," + std::to_string(i.y) + "," + std::to_string(i.z) + ")";
}

std::string doing(const thread_state& t) {
  char mask[16];
  std::snprintf(mask, sizeof mask, "0x%08x", t.mask);
  switch (t.waits) {
    case state::ready:
      return "run";
    case state::at_barrier:
      return "wait at the barrier in " + place(t.where);
    case state::at_cluster_barrier:
      return "wait at the cluster's barrier in " + place(t.where);
    case state::at_warp_barrier:
      return "wait at the warp's barrier of lanes " + std::string(mask) + " in " + place(t.where);
    case state::at_shuffle:
      return "wait at the shuffle of lanes " + std::string(mask) + " in " + place(t.where);
    case state::at_vote:
      return "wait at the vote of lanes " + std::string(mask) + " in " + place(t.where);
    case state::exited:
      break;
  }
  return "have ended";
}

std::string where_in(const engine& e, const block_state& block) {
  return "block " + triple(block.index) + " of grid " + triple(e.shape.grid);
}

}  // namespace

std::string describe_stuck(const engine& e) {
  std::string text = "kernel " + kernel_name(e.kernel) + " cannot go on";
  for (const block_state& block : e.blocks) {
    text += "; " + where_in(e, block) + ":";
    constexpr unsigned kMost = 12;  // ranges listed: enough to see a pattern
    unsigned ranges = 0;
    for (unsigned first = 0, last = 0; first < e.threads_per_block; first = last + 1) {
      const std::string what = doing(block.threads[first]);
      for (last = first; last + 1 < e.threads_per_block && doing(block.threads[last + 1]) == what;) ++last;
      if (++ranges > kMost) {
        text += ", ...";
        break;
      }
      text += ranges > 1 ? ", " : " ";
      text += first == last ? "thread " + std::to_string(first)
                            : "threads " + std::to_string(first) + "-" + std::to_string(last);
      text += " " + what;
    }
  }
  return text;
}

std::string describe_failure(const thread_state& t, const char* what, site where) {
  return "kernel " + kernel_name(t.owner->kernel) + ", " + where_in(*t.owner, *t.block) + ", thread " +
         std::to_string(t.number) + ": " + what + " in " + place(where);
}

std::string kernel_name(const void* kernel) {
  char text[32];
  std::snprintf(text, sizeof text, "at %p", kernel);
  return text;
}

}  // namespace emu
}  // namespace nk
