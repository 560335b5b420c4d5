// The name of a kernel by its address. Kernels are hidden from the dynamic linker, so dladdr does not know them; the
// symbol table of the file they came from does.
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "engine.h"

#if defined(__linux__)
#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#endif

namespace nk {
namespace emu {
namespace {

#if defined(__linux__)
struct closer {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using file = std::unique_ptr<std::FILE, closer>;

// `count` things at `offset`; none if the file is shorter.
template <class T>
std::vector<T> read_at(const file& f, std::uint64_t offset, std::uint64_t count) {
  std::vector<T> things(count);
  if (std::fseek(f.get(), static_cast<long>(offset), SEEK_SET) != 0) return {};
  if (std::fread(things.data(), sizeof(T), count, f.get()) != count) return {};
  return things;
}

std::string symbol_of(const void* kernel) {
  using header = ElfW(Ehdr);
  using section = ElfW(Shdr);
  using symbol = ElfW(Sym);
  Dl_info module = {};
  if (dladdr(kernel, &module) == 0) return "";
  file f(std::fopen(module.dli_fname, "rb"));
  if (!f) f.reset(std::fopen("/proc/self/exe", "rb"));  // a program that was found along PATH
  if (!f) return "";
  const std::vector<header> head = read_at<header>(f, 0, 1);
  if (head.empty()) return "";
  std::uintptr_t address = reinterpret_cast<std::uintptr_t>(kernel);
  if (head[0].e_type != ET_EXEC) address -= reinterpret_cast<std::uintptr_t>(module.dli_fbase);
  const std::vector<section> sections = read_at<section>(f, head[0].e_shoff, head[0].e_shnum);
  for (const section& s : sections) {
    if (s.sh_type != SHT_SYMTAB || s.sh_link >= sections.size()) continue;
    const section& names = sections[s.sh_link];
    for (const symbol& candidate : read_at<symbol>(f, s.sh_offset, s.sh_size / sizeof(symbol))) {
      if (candidate.st_value != address || (candidate.st_info & 0xf) != STT_FUNC) continue;
      if (candidate.st_name >= names.sh_size) return "";
      const std::vector<char> text =
          read_at<char>(f, names.sh_offset + candidate.st_name, names.sh_size - candidate.st_name);
      return text.empty() ? "" : std::string(text.data());  // a table of names ends with a zero
    }
  }
  return "";
}

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status),
                                                    std::free);
  return text ? text.get() : name;
}
#endif

// Without the result, which templates name, and the parameters.
std::string shortened(std::string name) {
  if (name.rfind("void ", 0) == 0) name.erase(0, 5);
  std::size_t i = name.size();
  for (int depth = 0; i > 0;) {
    --i;
    depth += name[i] == ')' ? 1 : name[i] == '(' ? -1 : 0;
    if (depth == 0) break;
  }
  if (i > 0 && name.back() == ')') name.erase(i);
  return name;
}

}  // namespace

std::string kernel_name(const void* kernel) {
#if defined(__linux__)
  const std::string name = symbol_of(kernel);
  if (!name.empty()) return shortened(demangled(name));
#endif
  char text[32];
  std::snprintf(text, sizeof text, "at %p", kernel);
  return text;
}

}  // namespace emu
}  // namespace nk
