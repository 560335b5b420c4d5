// What the C ABI is, as compiled: every field, every enumerator and every entry point of the headers. A test compares
// the tables with the C# declarations, both ways. AbiTable.cmake lists the names.
#include <cstddef>

#include "abi_headers.h"
#include "core/type_name.h"

namespace nk {
#define NK_ENUM(type) NK_NAME_TYPE(type, #type)
#define NK_STRUCT(type) NK_NAME_TYPE(type, #type)
#define NK_ENUMERATOR(type, name)
#define NK_FIELD(type, field)
#define NK_ENTRY_POINT(name)
#include "abi_table.inc"
#undef NK_ENUM
#undef NK_STRUCT
#undef NK_ENUMERATOR
#undef NK_FIELD
#undef NK_ENTRY_POINT
}  // namespace nk

namespace {

#define NK_ENUM(type)
#define NK_STRUCT(type)
#define NK_ENUMERATOR(type, name)
#define NK_ENTRY_POINT(name)
#define NK_FIELD(type, field)                             \
  {                                                       \
      #type,                                              \
      #field,                                             \
      nk::type_name<decltype(type::field)>::kText.data(), \
      offsetof(type, field),                              \
      sizeof(type::field),                                \
      sizeof(type)},
constexpr nk_field_layout kFields[] = {
#include "abi_table.inc"
};
#undef NK_FIELD
#define NK_FIELD(type, field)
#undef NK_ENUMERATOR
#define NK_ENUMERATOR(type, name) {#type, #name, type::name},
constexpr nk_enumerator kEnumerators[] = {
#include "abi_table.inc"
};
#undef NK_ENUMERATOR
#define NK_ENUMERATOR(type, name)
#undef NK_ENTRY_POINT
// decltype does not need the function: those of CUDA are in another library.
#define NK_ENTRY_POINT(name) {#name, nk::type_name<decltype(name)>::kText.data()},
constexpr nk_entry_point kEntryPoints[] = {
#include "abi_table.inc"
};

template <class T, std::size_t N>
const T* table(const T (&rows)[N], int64_t* count) {
  if (count != nullptr) *count = static_cast<int64_t>(N);
  return rows;
}

}  // namespace

const nk_field_layout* nk_abi_layout(int64_t* count) {
  return table(kFields, count);
}

const nk_enumerator* nk_abi_enumerators(int64_t* count) {
  return table(kEnumerators, count);
}

const nk_entry_point* nk_abi_entry_points(int64_t* count) {
  return table(kEntryPoints, count);
}
