// Binding to a struct: its members name what they want, and get it loaded.
//
//   struct Objects {
//     purebpf::Named<"xdp_xconnect", purebpf::Program> program;
//     purebpf::Named<"xconnect_map", purebpf::TypedMap<uint32_t, uint32_t>> map;
//   };
//   auto objects = spec.LoadAndAssign<Objects>(kernel);
//   objects->map.Put(1, 2);
//
// What may stand in Named: Program, Map, TypedMap<K, V>, PerCpuMap<K, V>. Names, kinds and the
// sizes of key and value are all checked before the first system call.
#ifndef PUREBPF_LOADER_BIND_H_
#define PUREBPF_LOADER_BIND_H_

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <expected>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/typed_map.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_plan.h"

namespace purebpf {

// A string literal as a template argument.
template <size_t N>
struct Name {
  constexpr Name(const char (&text)[N]) {
    std::copy_n(text, N, chars.begin());
  }  // NOLINT(google-explicit-constructor): Named<"x", T>
  [[nodiscard]] constexpr std::string_view view() const { return {chars.data(), N - 1}; }
  std::array<char, N> chars{};
};

// A T that LoadAndAssign looks up by name, and that is otherwise a T.
template <Name N, typename T>
class Named : public T {
 public:
  using Object = T;
  static constexpr std::string_view kName = N.view();
  explicit Named(T object) : T(std::move(object)) {}
};

namespace internal {

// Converts to any member of an aggregate: counts them.
struct AnyMember {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor): never defined, never called
};

template <typename T, size_t... I>
consteval bool InitialisableBy(std::index_sequence<I...>) {
  return requires { T{((void)I, AnyMember{})...}; };
}

inline constexpr size_t kMaxMembers = 24;  // a row of MembersOf each

template <typename T, size_t N = kMaxMembers + 1>
consteval size_t CountMembers() {
  if constexpr (InitialisableBy<T>(std::make_index_sequence<N>())) {
    return N;
  } else {
    static_assert(N > 0, "LoadAndAssign needs a struct of Named<> members");
    return CountMembers<T, N - 1>();
  }
}

// std::type_identity of a tuple of the members' types. Never called.
template <typename T, size_t N = CountMembers<T>()>
auto MembersOf(T& aggregate) {
  static_assert(N >= 1 && N <= kMaxMembers, "LoadAndAssign binds 1 to 24 members");
  // clang-format off
  if constexpr (N == 0) { }
  else if constexpr (N == 1) { auto& [m0] = aggregate; return std::type_identity<std::tuple<decltype(m0)>>(); }
  else if constexpr (N == 2) { auto& [m0, m1] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1)>>(); }
  else if constexpr (N == 3) { auto& [m0, m1, m2] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2)>>(); }
  else if constexpr (N == 4) { auto& [m0, m1, m2, m3] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3)>>(); }
  else if constexpr (N == 5) { auto& [m0, m1, m2, m3, m4] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4)>>(); }
  else if constexpr (N == 6) { auto& [m0, m1, m2, m3, m4, m5] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5)>>(); }
  else if constexpr (N == 7) { auto& [m0, m1, m2, m3, m4, m5, m6] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6)>>(); }
  else if constexpr (N == 8) { auto& [m0, m1, m2, m3, m4, m5, m6, m7] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7)>>(); }
  else if constexpr (N == 9) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8)>>(); }
  else if constexpr (N == 10) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9)>>(); }
  else if constexpr (N == 11) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10)>>(); }
  else if constexpr (N == 12) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11)>>(); }
  else if constexpr (N == 13) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12)>>(); }
  else if constexpr (N == 14) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13)>>(); }
  else if constexpr (N == 15) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14)>>(); }
  else if constexpr (N == 16) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15)>>(); }
  else if constexpr (N == 17) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16)>>(); }
  else if constexpr (N == 18) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16), decltype(m17)>>(); }
  else if constexpr (N == 19) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16), decltype(m17), decltype(m18)>>(); }
  else if constexpr (N == 20) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16), decltype(m17), decltype(m18), decltype(m19)>>(); }
  else if constexpr (N == 21) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16), decltype(m17), decltype(m18), decltype(m19), decltype(m20)>>(); }
  else if constexpr (N == 22) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16), decltype(m17), decltype(m18), decltype(m19), decltype(m20), decltype(m21)>>(); }
  else if constexpr (N == 23) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16), decltype(m17), decltype(m18), decltype(m19), decltype(m20), decltype(m21), decltype(m22)>>(); }
  else if constexpr (N == 24) { auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23] = aggregate; return std::type_identity<std::tuple<decltype(m0), decltype(m1), decltype(m2), decltype(m3), decltype(m4), decltype(m5), decltype(m6), decltype(m7), decltype(m8), decltype(m9), decltype(m10), decltype(m11), decltype(m12), decltype(m13), decltype(m14), decltype(m15), decltype(m16), decltype(m17), decltype(m18), decltype(m19), decltype(m20), decltype(m21), decltype(m22), decltype(m23)>>(); }
  // clang-format on
}

template <typename T>
using Members = typename decltype(MembersOf(std::declval<T&>()))::type;

template <typename Member>
concept IsNamed = requires {
  typename Member::Object;
  { Member::kName } -> std::convertible_to<std::string_view>;
};

// What a member wants, with the check of a typed map against its definition.
struct Wanted {
  std::string_view name;
  bool program = false;
  Result<void> (*check)(const MapParams&) = nullptr;
};

template <IsNamed Member>
constexpr Wanted WantedBy() {
  using Object = typename Member::Object;
  if constexpr (std::is_same_v<Object, Program>) {
    return {.name = Member::kName, .program = true};
  } else if constexpr (std::is_same_v<Object, Map>) {
    return {.name = Member::kName};
  } else {
    return {.name = Member::kName, .check = &Object::Check};
  }
}

// Checks names, kinds and sizes, then loads what is wanted and what that needs.
[[nodiscard]] Result<Collection> LoadWanted(Kernel& kernel, const CollectionSpec& spec,
                                            LoadOptions options, std::span<const Wanted> wanted);

template <IsNamed Member>
Result<Member> Take(Collection& collection) {
  using Object = typename Member::Object;
  if constexpr (std::is_same_v<Object, Program>) {
    auto program = collection.TakeProgram(Member::kName);
    if (!program) return std::unexpected(std::move(program).error());
    return Member(std::move(*program));
  } else {
    auto map = collection.TakeMap(Member::kName);
    if (!map) return std::unexpected(std::move(map).error());
    if constexpr (std::is_same_v<Object, Map>) {
      return Member(std::move(*map));
    } else {
      auto typed = Object::From(std::move(*map));
      if (!typed) return std::unexpected(std::move(typed).error());
      return Member(std::move(*typed));
    }
  }
}

template <typename T, typename... Member>
Result<T> Assign(Kernel& kernel, const CollectionSpec& spec, const LoadOptions& options,
                 std::type_identity<std::tuple<Member...>>) {
  static constexpr std::array<Wanted, sizeof...(Member)> kWanted{WantedBy<Member>()...};
  auto collection = LoadWanted(kernel, spec, options, kWanted);
  if (!collection) return std::unexpected(std::move(collection).error());
  std::tuple<Result<Member>...> taken{Take<Member>(*collection)...};
  return std::apply(
      [](Result<Member>&... member) -> Result<T> {
        Error* first = nullptr;
        ((first == nullptr && !member ? void(first = &member.error()) : void()), ...);
        if (first != nullptr) return std::unexpected(std::move(*first));
        return T{std::move(*member)...};
      },
      taken);
}

}  // namespace internal

template <typename T>
Result<T> CollectionSpec::LoadAndAssign(Kernel& kernel, const LoadOptions& options) const {
  return internal::Assign<T>(kernel, *this, options, std::type_identity<internal::Members<T>>());
}

template <typename T>
Result<T> CollectionSpec::LoadAndAssign(Kernel& kernel) const {
  return LoadAndAssign<T>(kernel, LoadOptions{});
}

}  // namespace purebpf

#endif  // PUREBPF_LOADER_BIND_H_
