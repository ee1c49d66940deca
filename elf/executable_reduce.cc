#include "purebpf/elf/executable_reduce.h"

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace purebpf::elf {
namespace {

// In the executable's byte order.
class Writer {
 public:
  explicit Writer(std::endian order) : order_(order) {}

  template <std::unsigned_integral T>
  Writer& Put(T value) {
    if (order_ != std::endian::native) value = std::byteswap(value);
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
    return *this;
  }
  Writer& Zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  Writer& Text(const std::string& text) {
    const Bytes raw = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    return *this;
  }
  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  std::endian order_;
  std::vector<std::byte> bytes_;
};

constexpr uint64_t kHeaderSize = 64;
constexpr uint64_t kProgramHeaderSize = 56;
constexpr uint64_t kSectionHeaderSize = 64;
constexpr uint64_t kSymbolSize = 24;
constexpr uint64_t kSections = 3;  // the null section, .symtab, .strtab

void PutSection(Writer& out, uint32_t type, uint64_t offset, uint64_t size, uint32_t link) {
  out.Put(uint32_t{0}).Put(type).Zeros(16);  // no name, flags, address
  out.Put(offset).Put(size).Put(link).Zeros(12);
  out.Put(type == 2 ? kSymbolSize : uint64_t{0});
}

void PutHeader(Writer& out, std::endian order, uint64_t segments, bool has_symbols) {
  const uint8_t data = order == std::endian::little ? 1 : 2;
  out.Text(
         "\x7f"
         "ELF")
      .Put(uint8_t{2})
      .Put(data)
      .Put(uint8_t{1})
      .Zeros(9);
  out.Put(uint16_t{3}).Put(uint16_t{0}).Put(uint32_t{1}).Zeros(8);  // ET_DYN, EM_NONE
  out.Put(kHeaderSize).Put(has_symbols ? kHeaderSize + segments * kProgramHeaderSize : uint64_t{0});
  out.Zeros(4).Put(static_cast<uint16_t>(kHeaderSize));
  out.Put(static_cast<uint16_t>(kProgramHeaderSize)).Put(static_cast<uint16_t>(segments));
  out.Put(static_cast<uint16_t>(kSectionHeaderSize));
  out.Put(static_cast<uint16_t>(has_symbols ? kSections : 0)).Put(uint16_t{0});
}

}  // namespace

std::vector<std::byte> ReduceExecutable(const Executable& executable,
                                        std::span<const FunctionSymbol> kept) {
  // More than the header can count has no linker made; what is beyond is not asked either.
  const auto segments =
      executable.segments().first(std::min<size_t>(executable.segments().size(), 0xfffe));
  Writer out(executable.order());
  PutHeader(out, executable.order(), segments.size(), executable.has_symbols());
  for (const Segment& segment : segments) {
    out.Put(uint32_t{1}).Put(uint32_t{segment.executable ? 5U : 4U});  // PT_LOAD; PF_R, PF_X
    out.Put(segment.offset).Put(segment.address).Put(segment.address);
    out.Put(segment.file_size).Put(segment.file_size).Put(uint64_t{0});
  }
  if (!executable.has_symbols()) return out.Take();
  std::string names(1, '\0');
  Writer symbols(executable.order());
  for (const FunctionSymbol& function : kept) {
    const auto info = static_cast<uint8_t>(static_cast<unsigned>(function.binding) << 4 |
                                           (function.resolver ? 10U : 2U));
    symbols.Put(static_cast<uint32_t>(names.size())).Put(info).Put(uint8_t{0});
    symbols.Put(static_cast<uint16_t>(function.defined ? 1 : 0));
    symbols.Put(function.address).Put(function.size);
    names += function.name;
    if (function.old) names += "@OLD";
    names += '\0';
  }
  const uint64_t tables =
      kHeaderSize + segments.size() * kProgramHeaderSize + kSections * kSectionHeaderSize;
  const uint64_t symbols_size = kept.size() * kSymbolSize;
  PutSection(out, 0, 0, 0, 0);
  PutSection(out, 2, tables, symbols_size, 2);
  PutSection(out, 3, tables + symbols_size, names.size(), 0);
  std::vector<std::byte> bytes = out.Take();
  const std::vector<std::byte> table = symbols.Take();
  bytes.insert(bytes.end(), table.begin(), table.end());
  const Bytes text = std::as_bytes(std::span(names));
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

}  // namespace purebpf::elf
