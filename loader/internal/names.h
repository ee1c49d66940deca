// Names for messages.
#ifndef PUREBPF_LOADER_INTERNAL_NAMES_H_
#define PUREBPF_LOADER_INTERNAL_NAMES_H_

#include <bit>
#include <functional>
#include <string>
#include <string_view>

namespace purebpf::internal {

inline std::string_view OrderName(std::endian order) {
  return order == std::endian::little ? "little-endian" : "big-endian";
}

// The names of all of `things`: "a, b", or "none". `name` is a member or a function of a thing.
template <typename Things, typename Projection>
std::string NamesOf(const Things& things, Projection name) {
  std::string names;
  for (const auto& thing : things) {
    if (!names.empty()) names += ", ";
    names += std::string_view(std::invoke(name, thing));
  }
  return names.empty() ? "none" : names;
}

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_NAMES_H_
