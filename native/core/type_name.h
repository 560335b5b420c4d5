// The names of the types of the C ABI, put together by the compiler: "nk_status(const nk_plan*)" without its const.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nk {

// The characters of several texts in one, ended by a zero.
template <const std::string_view&... Parts>
struct joined {
  static constexpr auto make() {
    std::array<char, (Parts.size() + ... + 1)> all{};
    std::size_t at = 0;
    const auto add = [&](std::string_view part) {
      for (const char c : part) all[at++] = c;
    };
    (add(Parts), ...);
    return all;
  }
  static constexpr std::array<char, (Parts.size() + ... + 1)> kCharacters = make();
  static constexpr std::string_view kText{kCharacters.data(), kCharacters.size() - 1};
};

namespace text {
inline constexpr std::string_view kStar = "*", kOpen = "(", kClose = ")", kComma = ", ", kNothing = "";
inline constexpr std::string_view kBracket = "[", kEnd = "]";

template <std::size_t N>
struct decimal {
  static constexpr auto make() {
    std::array<char, 20> digits{};
    std::size_t count = 0;
    for (std::size_t n = N; n != 0 || count == 0; n /= 10, ++count) {
      for (std::size_t i = count; i > 0; --i) digits[i] = digits[i - 1];
      digits[0] = static_cast<char>('0' + n % 10);
    }
    return digits;
  }
  static constexpr std::array<char, 20> kDigits = make();
  static constexpr std::string_view kText{kDigits.data()};
};
}  // namespace text

// No primary definition: a type that is not listed does not compile.
template <class T>
struct type_name;

#define NK_NAME_TYPE(type, name)                    \
  template <>                                       \
  struct type_name<type> {                          \
    static constexpr std::string_view kText = name; \
  };
NK_NAME_TYPE(void, "void")
NK_NAME_TYPE(char, "char")
NK_NAME_TYPE(float, "float")
NK_NAME_TYPE(double, "double")
NK_NAME_TYPE(std::int32_t, "int32_t")
NK_NAME_TYPE(std::uint32_t, "uint32_t")
NK_NAME_TYPE(std::int64_t, "int64_t")
NK_NAME_TYPE(std::uint64_t, "uint64_t")

template <class T>
struct type_name<const T> : type_name<T> {};

template <class T>
struct type_name<T*> : joined<type_name<T>::kText, text::kStar> {};

template <class T, std::size_t N>
struct type_name<T[N]> : joined<type_name<T>::kText, text::kBracket, text::decimal<N>::kText, text::kEnd> {};

template <class... T>
struct argument_names {
  static constexpr std::string_view kText = text::kNothing;
};

template <class T>
struct argument_names<T> : type_name<T> {};

template <class T, class U, class... Rest>
struct argument_names<T, U, Rest...> : joined<type_name<T>::kText, text::kComma, argument_names<U, Rest...>::kText> {};

template <class Result, class... Arguments>
struct type_name<Result(Arguments...)>
    : joined<type_name<Result>::kText, text::kOpen, argument_names<Arguments...>::kText, text::kClose> {};

}  // namespace nk
