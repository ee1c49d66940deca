// Where to attach, in a section's words. Pure.
#ifndef PUREBPF_LOADER_INTERNAL_ATTACH_PLACE_H_
#define PUREBPF_LOADER_INTERNAL_ATTACH_PLACE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace purebpf::internal {

// "vfs_read+0x10".
struct Place {
  std::string_view name;
  uint64_t offset = 0;

  bool operator==(const Place&) const = default;
};

// Splits at the last '+', after which C's notation of a number must follow (0x10, 16, 020); nothing
// where it does not, or where no name precedes it.
std::optional<Place> SplitOffset(std::string_view text);

// Whether * (any characters, or none) or ? (one) stand in it.
bool IsPattern(std::string_view text);
bool Matches(std::string_view pattern, std::string_view name);

// Of names that are offered one by one, the few that somebody who wrote `wanted` may have meant.
class Nearest {
 public:
  explicit Nearest(std::string_view wanted) : wanted_(wanted) {}

  void Offer(std::string_view name);
  // "; near it are: a, b", or "" where none was near.
  [[nodiscard]] std::string Words() const;
  [[nodiscard]] bool IsNear(std::string_view name) const { return Distance(name).has_value(); }

 private:
  struct Found {
    size_t distance;
    std::string name;
    auto operator<=>(const Found&) const = default;
  };

  // How many letters differ; nothing where too many do.
  [[nodiscard]] std::optional<size_t> Distance(std::string_view name) const;

  std::string_view wanted_;
  std::vector<Found> found_;  // by distance
};

}  // namespace purebpf::internal

#endif  // PUREBPF_LOADER_INTERNAL_ATTACH_PLACE_H_
