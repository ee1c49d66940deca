#include "purebpf/elf/ident.h"

#include <algorithm>
#include <array>
#include <limits>

#include "purebpf/elf/text.h"

namespace purebpf::elf {
namespace {

// The gABI's chapter "ELF Header".
constexpr std::array kMagic = {std::byte{0x7f}, std::byte{'E'}, std::byte{'L'}, std::byte{'F'}};
constexpr uint8_t kClass64 = 2;
constexpr uint8_t kDataLittle = 1;
constexpr uint8_t kDataBig = 2;
constexpr uint8_t kCurrentVersion = 1;

}  // namespace

Result<std::endian> ReadIdent(Bytes bytes) {
  if (bytes.size() < kHeaderSize) {
    return Malformed(Concat({"ELF header: the file has ", Hex(bytes.size()),
                             " bytes, the header needs ", Hex(kHeaderSize)}));
  }
  if (!std::ranges::equal(bytes.first(kMagic.size()), kMagic)) {
    return Malformed("ELF header: the file does not start with 7f 'ELF'");
  }
  // Section, symbol and relocation indices are 32 bits wide; below this size all of them fit.
  if (bytes.size() > std::numeric_limits<uint32_t>::max()) {
    return Unsupported(Concat({"ELF header: the file has ", Hex(bytes.size()),
                               " bytes, this reader takes at most 0xffffffff"}));
  }
  ByteReader reader(bytes.subspan(kMagic.size()), std::endian::little);
  const uint8_t file_class = reader.U8();
  const uint8_t data = reader.U8();
  const uint8_t version = reader.U8();
  if (file_class != kClass64) {
    return Malformed(Concat({"ELF header: class ", Decimal(file_class), ", not 2 (64-bit)"}));
  }
  if (version != kCurrentVersion) {
    return Malformed(Concat({"ELF header: identification version ", Decimal(version), ", not 1"}));
  }
  if (data == kDataLittle) return std::endian::little;
  if (data == kDataBig) return std::endian::big;
  return Malformed(
      Concat({"ELF header: data encoding ", Decimal(data), ", not 1 (little) or 2 (big endian)"}));
}

}  // namespace purebpf::elf
