#include "purebpf/tests/tools/purebpf_fixture.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tools/purebpf/output.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

class Listener final : public Output {
 public:
  explicit Listener(Ran& ran) : ran_(ran) {}
  bool Write(std::string_view text) override {
    ran_.out += text;
    return true;
  }
  void Complain(std::string_view text) override { ran_.err += text; }

 private:
  Ran& ran_;
};

// RFC 8259, without a tree: where the text stops being JSON.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool Value() {
    constexpr int kMostNested = 64;
    if (++depth_ > kMostNested) return false;
    const bool good = Take('{')   ? Many('}', [this] { return String() && Take(':') && Value(); })
                      : Take('[') ? Many(']', [this] { return Value(); })
                      : Next() == '"' ? String()
                                      : Word("true") || Word("false") || Number();
    --depth_;
    return good;
  }
  [[nodiscard]] bool AtEnd() const { return at_ == text_.size(); }
  [[nodiscard]] size_t at() const { return at_; }

 private:
  [[nodiscard]] char Next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (Next() != c) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool Many(char end, auto element) {
    if (Take(end)) return true;
    do {
      if (!element()) return false;
    } while (Take(','));
    return Take(end);
  }
  bool Number() {
    Take('-');
    const size_t start = at_;
    while (Next() >= '0' && Next() <= '9') ++at_;
    return at_ > start;
  }
  bool String() {
    if (!Take('"')) return false;
    while (!AtEnd()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\' && std::string_view("\"\\/bfnrtu").find(text_[at_++]) == std::string::npos)
        return false;
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

bool IsUtf8(std::string_view text) {
  size_t follow = 0;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (follow > 0) {
      if ((byte & 0xc0) != 0x80) return false;
      --follow;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return false;
      follow = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    }
  }
  return follow == 0;
}

std::vector<std::byte> Words(const std::vector<uint32_t>& words) {
  std::vector<std::byte> bytes;
  for (const uint32_t word : words)
    for (int shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<std::byte>(word >> shift));
  return bytes;
}

}  // namespace

Ran RunPurebpf(const std::vector<std::string>& arguments) {
  HostKernel kernel;
  return RunPurebpf(kernel, arguments);
}

Ran RunPurebpf(Kernel& kernel, const std::vector<std::string>& arguments) {
  Ran ran;
  Listener listener(ran);
  const std::vector<std::string_view> views(arguments.begin(), arguments.end());
  ran.status = RunTool(kernel, views, listener);
  return ran;
}

std::string WhyNotJsonLines(std::string_view out, size_t lines) {
  if (!IsUtf8(out)) return "bytes that are no UTF-8";
  size_t seen = 0;
  for (; !out.empty(); ++seen) {
    const size_t end = out.find('\n');
    if (end == std::string_view::npos) return "the last line has no end";
    const std::string_view line = out.substr(0, end);
    out.remove_prefix(end + 1);
    JsonReader reader(line);
    if (!line.starts_with('{') || !reader.Value() || !reader.AtEnd())
      return "no JSON object at " + std::to_string(reader.at()) + " of " + std::string(line);
  }
  return seen == lines ? "" : std::to_string(seen) + " lines";
}

void WriteFile(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) ADD_FAILURE() << "cannot write " << path;
}

void WriteFile(const std::string& path, std::string_view text) {
  WriteFile(path, std::as_bytes(std::span(text)));
}

namespace {

// `definitions`: of maps "unused" and "numbers", as the section "maps" has them.
std::vector<std::byte> ObjectWithMaps(const std::vector<uint32_t>& definitions) {
  const uint32_t size = static_cast<uint32_t>(definitions.size() / 2 * sizeof(uint32_t));
  testing::ElfBuilder elf;
  elf.AddSection({.name = "license", .contents = Words({0x4c5047})});  // "GPL"
  const uint32_t maps = elf.AddSection({.name = "maps", .contents = Words(definitions)});
  const uint32_t xdp = elf.AddSection({.name = "xdp",
                                       .flags = 6,
                                       .contents = Words({0x118, 0, 0, 0,        // r1 = numbers
                                                          0xb7, 2, 0x95, 0})});  // return XDP_PASS
  elf.AddSymbol(
      {.name = "unused", .type = 1, .section = static_cast<uint16_t>(maps), .size = size});
  const uint32_t numbers = elf.AddSymbol({.name = "numbers",
                                          .type = 1,
                                          .section = static_cast<uint16_t>(maps),
                                          .value = size,
                                          .size = size});
  elf.AddSymbol({.name = "passes", .type = 2, .section = static_cast<uint16_t>(xdp), .size = 32});
  elf.Relocate(xdp, {.offset = 0, .type = 1, .symbol = numbers});
  return elf.Build();
}

}  // namespace

// struct bpf_map_def: type, key, value, entries, flags.
std::vector<std::byte> SmallObject() { return ObjectWithMaps({1, 4, 8, 16, 0, 2, 4, 8, 3, 0}); }

std::vector<std::byte> ObjectWithABadMap() {
  return ObjectWithMaps({1, 4, 8, 16, 0, 7, 2, 4, 8, 3, 0, 0});
}

}  // namespace purebpf::tool
