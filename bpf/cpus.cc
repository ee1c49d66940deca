#include "purebpf/bpf/cpus.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace purebpf {
namespace {

// The number of CPUs in a list as the kernel prints them: "0-3,8". Nothing where it is none.
// lib/bitmap.c: bitmap_print_to_pagebuf.
std::optional<uint32_t> CountCpus(std::string_view list) {
  constexpr uint32_t kLimit = 1U << 16;  // far above every architecture's NR_CPUS
  uint32_t count = 0;
  while (!list.empty() && list.back() == '\n') list.remove_suffix(1);
  const char* at = list.data();
  const char* const end = at + list.size();
  while (true) {
    uint32_t first = 0;
    auto [rest, first_error] = std::from_chars(at, end, first);
    if (first_error != std::errc()) return std::nullopt;
    uint32_t last = first;
    if (rest != end && *rest == '-') {
      const auto [after, last_error] = std::from_chars(rest + 1, end, last);
      if (last_error != std::errc()) return std::nullopt;
      rest = after;
    }
    if (last < first || last >= kLimit || count > kLimit) return std::nullopt;
    count += last - first + 1;
    if (rest == end) return count;
    if (*rest != ',') return std::nullopt;
    at = rest + 1;
  }
}

}  // namespace

Result<uint32_t> PossibleCpus(Kernel& kernel) {
  static constexpr const char* kPath = "/sys/devices/system/cpu/possible";
  const auto bytes = kernel.ReadFile(kPath, 4096);
  if (!bytes) {
    Error error = SystemError(bytes.error(), "read", kPath);
    if (bytes.error() == Errno{ENOENT})
      error.hint = "per-CPU maps and perf event arrays need /sys: mount it into the container";
    return std::unexpected(std::move(error));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const auto count = CountCpus(text);
  if (count) return *count;
  return std::unexpected(Error{.code = Code::kMalformed,
                               .operation = "read",
                               .object = kPath,
                               .detail = "not a list of CPUs: \"" + std::string(text) + "\""});
}

}  // namespace purebpf
