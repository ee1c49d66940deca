#include "purebpf/loader/kconfig.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/internal/inflate.h"

namespace purebpf {
namespace {

constexpr size_t kMaxConfig = size_t{16} << 20;  // a distribution's has 0.3 MB

std::string_view WithoutSpace(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

[[gnu::cold]] std::unexpected<Error> DoesNotFit(std::string_view option, std::string_view value,
                                                std::string_view why) {
  return std::unexpected(
      Error{.code = Code::kInvalidArgument,
            .operation = "set kernel option",
            .object = std::string(option),
            .detail = "its value " + std::string(value.substr(0, 64)) + " " + std::string(why),
            .hint = "declare the extern with a type that holds it",
            .log = ""});
}

// The low bytes of `bits`.
void Store(uint64_t bits, std::endian order, MutableBytes out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const size_t at = order == std::endian::little ? i : out.size() - 1 - i;
    out[at] = static_cast<std::byte>(bits >> (8 * i));
  }
}

// Decimal, 0x..., 0...; with a sign.
std::optional<uint64_t> Number(std::string_view text, bool& negative) {
  negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool InRange(uint64_t magnitude, bool negative, const ConfigType& type) {
  const uint32_t bits = 8 * type.size;
  if (negative && !type.is_signed) return magnitude == 0;
  if (type.is_signed) {
    const uint64_t half = uint64_t{1} << (bits - 1);
    return negative ? magnitude <= half : magnitude < half;
  }
  return bits == 64 || magnitude < uint64_t{1} << bits;
}

Result<void> EncodeLetter(std::string_view option, std::string_view value, const ConfigType& type,
                          std::endian order, MutableBytes out) {
  const char letter = value.front();
  switch (type.kind) {
    case ConfigKind::kBool:
      if (letter == 'm') return DoesNotFit(option, value, "is a module: no bool");
      Store(letter == 'y', order, out);
      return {};
    case ConfigKind::kTristate:
      Store(letter == 'y' ? 1 : letter == 'm' ? 2 : 0, order, out);
      return {};
    case ConfigKind::kChar:
      Store(static_cast<uint64_t>(letter), order, out);
      return {};
    default:
      return DoesNotFit(option, value, "needs a bool, an enum libbpf_tristate or a char");
  }
}

Result<void> EncodeText(std::string_view option, std::string_view value, const ConfigType& type,
                        MutableBytes out) {
  if (type.kind != ConfigKind::kString)
    return DoesNotFit(option, value, "is a text: it needs an array of char");
  if (value.size() < 2 || !value.ends_with('"'))
    return DoesNotFit(option, value, "is a text without its closing quote");
  value = value.substr(1, value.size() - 2);
  // As long as the terminating NUL leaves room for.
  const size_t size = std::min(value.size(), out.size() - 1);
  std::memcpy(out.data(), value.data(), size);
  return {};
}

Result<void> EncodeNumber(std::string_view option, std::string_view value, const ConfigType& type,
                          std::endian order, MutableBytes out) {
  bool negative = false;
  const auto magnitude = Number(value, negative);
  if (!magnitude) return DoesNotFit(option, value, "is neither y, m, n, a number nor a text");
  if (type.kind != ConfigKind::kInt && type.kind != ConfigKind::kChar)
    return DoesNotFit(option, value, "is a number: it needs an integer");
  if (!InRange(*magnitude, negative, type))
    return DoesNotFit(option, value,
                      "is beyond the range of its " + std::to_string(type.size) + "-byte " +
                          (type.is_signed ? "signed" : "unsigned") + " integer");
  Store(negative ? ~*magnitude + 1 : *magnitude, order, out);
  return {};
}

}  // namespace

KernelConfig KernelConfig::Parse(std::string text) {
  KernelConfig config;
  if (text.size() > kMaxConfig) text.resize(kMaxConfig);
  config.text_ = std::move(text);
  const std::string_view all = config.text_;
  const auto place = [&](std::string_view part) {
    return static_cast<uint32_t>(part.data() - all.data());
  };
  for (size_t at = 0; at < all.size();) {
    const size_t end = std::min(all.find('\n', at), all.size());
    const std::string_view line = WithoutSpace(all.substr(at, end - at));
    at = end + 1;
    const size_t sign = line.find('=');
    if (!line.starts_with("CONFIG_") || sign == std::string_view::npos) continue;
    const std::string_view name = WithoutSpace(line.substr(0, sign));
    const std::string_view value = WithoutSpace(line.substr(sign + 1));
    if (value.empty()) continue;
    config.options_.push_back({place(name), static_cast<uint32_t>(name.size()), place(value),
                               static_cast<uint32_t>(value.size())});
  }
  // Stable by the place of the name, so that of equal names the last line is the last option.
  std::ranges::sort(config.options_, [&](const Option& a, const Option& b) {
    const int order = config.NameOf(a).compare(config.NameOf(b));
    return order != 0 ? order < 0 : a.name < b.name;
  });
  return config;
}

Result<KernelConfig> KernelConfig::ParseFile(Bytes file) {
  std::vector<std::byte> unpacked;
  if (internal::IsGzip(file)) {
    unpacked = PUREBPF_TRY(internal::Gunzip(file, kMaxConfig));
    file = unpacked;
  }
  return Parse(std::string(reinterpret_cast<const char*>(file.data()), file.size()));
}

Result<KernelConfig> KernelConfig::OfRunning(Kernel& kernel) {
  const auto release = kernel.Release();
  const std::string boot = "/boot/config-" + (release ? *release : std::string());
  Errno first{};
  for (const std::string& path : {std::string("/proc/config.gz"), boot}) {
    const auto file = kernel.ReadFile(path, kMaxConfig);
    if (!file) {
      if (first == Errno{}) first = file.error();
      continue;
    }
    auto config = ParseFile(*file);
    if (!config) return std::unexpected(std::move(config).error().Within(path));
    return config;
  }
  Error error = SystemError(first, "read the kernel's configuration", "/proc/config.gz");
  error.detail = "nor is there " + boot;
  error.hint = "give its text in LoadOptions, or declare the externs weak";
  return std::unexpected(std::move(error));
}

std::optional<std::string_view> KernelConfig::Find(std::string_view option) const {
  const auto after = std::ranges::upper_bound(options_, option, {},
                                              [&](const Option& entry) { return NameOf(entry); });
  if (after == options_.begin() || NameOf(*std::prev(after)) != option) return std::nullopt;
  const Option& found = *std::prev(after);
  return std::string_view(text_).substr(found.value, found.value_size);
}

std::optional<std::string_view> KernelConfig::Release() const {
  constexpr std::string_view kBefore = "# Linux/";
  constexpr std::string_view kAfter = " Kernel Configuration";
  const std::string_view all = text_;
  for (size_t at = 0; at < all.size();) {
    const size_t end = std::min(all.find('\n', at), all.size());
    std::string_view line = WithoutSpace(all.substr(at, end - at));
    at = end + 1;
    if (line.starts_with("CONFIG_")) break;
    if (!line.starts_with(kBefore) || !line.ends_with(kAfter)) continue;
    line.remove_suffix(kAfter.size());
    return line.substr(line.rfind(' ') + 1);  // after the machine's name
  }
  return std::nullopt;
}

Result<void> EncodeConfig(std::string_view option, std::string_view value, const ConfigType& type,
                          MutableBytes out, std::endian order) {
  const bool size_fits = type.kind == ConfigKind::kString
                             ? type.size > 0
                             : type.size <= 8 && std::has_single_bit(type.size);
  if (out.size() != type.size || !size_fits || value.empty())
    return DoesNotFit(option, value,
                      "cannot be a variable of " + std::to_string(type.size) + " bytes");
  std::ranges::fill(out, std::byte{});
  if (value == "y" || value == "m" || value == "n")
    return EncodeLetter(option, value, type, order, out);
  if (value.starts_with('"')) return EncodeText(option, value, type, out);
  return EncodeNumber(option, value, type, order, out);
}

}  // namespace purebpf
