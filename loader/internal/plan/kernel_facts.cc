#include "purebpf/loader/internal/plan/kernel_facts.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

#include "purebpf/elf/btf_reduce.h"

namespace purebpf::internal {
namespace {

constexpr size_t kMaxText = size_t{64} << 10;

std::string_view Text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What stands behind `mark`; empty where that is not there.
std::string_view Behind(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + mark.size());
}

}  // namespace

// include/uapi/linux/auxvec.h: AT_PAGESZ. The file is pairs of words that the kernel gave the
// process when it started.
std::optional<uint32_t> AskPageSize(Kernel& kernel) {
  constexpr unsigned long kPageSize = 6;
  const auto bytes = kernel.ReadFile("/proc/self/auxv", kMaxText);
  if (!bytes) return std::nullopt;
  unsigned long pair[2];
  for (size_t at = 0; at + sizeof pair <= bytes->size(); at += sizeof pair) {
    std::memcpy(pair, bytes->data() + at, sizeof pair);
    if (pair[0] == kPageSize && pair[1] != 0 && pair[1] <= (1U << 30))
      return static_cast<uint32_t>(pair[1]);
  }
  return std::nullopt;
}

std::optional<uint32_t> VersionCode(std::string_view release) {
  constexpr uint32_t kMost = 255;  // KERNEL_VERSION() since 4.14.228 and its like
  uint32_t parts[3] = {};
  size_t count = 0;
  const char* at = release.data();
  const char* const end = at + release.size();
  while (count < std::size(parts)) {
    const auto [next, error] = std::from_chars(at, end, parts[count]);
    if (error != std::errc()) break;
    ++count;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  if (count < 2 || parts[0] > kMost || parts[1] > kMost) return std::nullopt;
  return parts[0] << 16 | parts[1] << 8 | std::min(parts[2], kMost);
}

std::optional<uint32_t> AskVersion(Kernel& kernel) {
  if (const auto file = kernel.ReadFile("/proc/version", kMaxText)) {
    // "Linux version 6.1.0-18-amd64 (... #1 SMP Debian 6.1.76-1 (2024-02-01)"
    const std::string_view text = Text(*file);
    const std::string_view release = Behind(text, "Linux version ");
    if (text.contains("Ubuntu")) {
      // "Ubuntu 5.15.0-94.104-generic 5.15.136"
      if (const auto signature = kernel.ReadFile("/proc/version_signature", kMaxText)) {
        const std::string_view words = Text(*signature);
        const auto code = VersionCode(words.substr(words.rfind(' ') + 1));
        if (code) return code;
      }
    }
    // With the '#' of utsname's version: not the compiler's "(Debian 12.2.0)" before it.
    if (const auto code = VersionCode(Behind(Behind(text, "#"), " Debian "))) return code;
    if (const auto code = VersionCode(release)) return code;
  }
  const auto release = kernel.Release();
  return release ? VersionCode(*release) : std::nullopt;
}

namespace {

struct Line {
  uint64_t address = 0;
  char type = 0;
  std::string_view name;
};

// "ffffffff81000000 T _text\t[module]"
std::optional<Line> ParseLine(std::string_view text) {
  Line line;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), line.address, 16);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.size() < 4 || text[0] != ' ' || text[2] != ' ') return std::nullopt;
  line.type = text[1];
  line.name = text.substr(3, text.find_first_of("\t ", 3) - 3);
  if (line.type == 'd') line.name = line.name.substr(0, line.name.find(".llvm."));
  return line;
}

}  // namespace

Result<void> FindSymbols(std::string_view lines, std::span<KernelSymbol> symbols) {
  std::vector<KernelSymbol*> wanted;
  for (KernelSymbol& symbol : symbols) {
    symbol.address.reset();
    symbol.second_address.reset();
    wanted.push_back(&symbol);
  }
  const auto name = [](const KernelSymbol* symbol) { return symbol->name; };
  std::ranges::sort(wanted, {}, name);
  bool shown = false;  // an address that is not 0
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const auto line = ParseLine(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (!line) continue;
    shown = shown || line->address != 0;
    for (auto found = std::ranges::lower_bound(wanted, line->name, {}, name);
         found != wanted.end() && (*found)->name == line->name; ++found) {
      KernelSymbol& symbol = **found;
      if (!symbol.address) {
        symbol.address = line->address;
      } else if (*symbol.address != line->address && !symbol.second_address) {
        symbol.second_address = line->address;
      }
    }
  }
  const bool any =
      std::ranges::any_of(symbols, [](const KernelSymbol& s) { return s.address.has_value(); });
  if (any && !shown)
    return std::unexpected(Error{.code = Code::kPermission,
                                 .operation = "read kernel symbols",
                                 .object = "/proc/kallsyms",
                                 .detail = "all addresses are hidden",
                                 .hint = "needs CAP_SYSLOG, and kernel.kptr_restrict below 2"});
  return {};
}

std::vector<std::byte> ReduceBtf(Bytes file, const std::optional<elf::Btf>& btf,
                                 const elf::TypeIdSet& visited) {
  if (btf) {
    auto reduced = elf::ReduceKeepingIds(*btf, visited, btf->base());
    if (reduced) return std::move(*reduced);
  }
  return {file.begin(), file.end()};
}

}  // namespace purebpf::internal
