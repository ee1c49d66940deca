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
#include <cstddef>
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

// The most members that LoadAndAssign binds: one row of MemberTypes each.
inline constexpr size_t kMaxMembers = 32;

template <typename T, size_t N = kMaxMembers>
consteval size_t CountMembers() {
  if constexpr (N == 0) {
    return 0;
  } else if constexpr (InitialisableBy<T>(std::make_index_sequence<N>())) {
    return N;
  } else {
    return CountMembers<T, N - 1>();
  }
}

}  // namespace internal
}  // namespace purebpf

#endif  // PUREBPF_LOADER_BIND_H_
