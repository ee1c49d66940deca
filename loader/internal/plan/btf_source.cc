#include "purebpf/loader/internal/plan/btf_source.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/bytes.h"
#include "purebpf/elf/text.h"

namespace purebpf::internal {
namespace {

[[gnu::cold]] std::unexpected<Error> Wrong(Code code, std::string detail) {
  return std::unexpected(
      Error{.code = code,
            .operation = "read kernel types",
            .detail = std::move(detail),
            .hint = "a BTF file begins with 9f eb; /sys/kernel/btf/vmlinux is one"});
}

// The System V gABI: of the ELF header, what leads to the sections.
struct Header {
  std::endian order = std::endian::little;
  uint64_t sections = 0;  // file offset
  uint16_t entry_size = 0;
  uint16_t count = 0;
  uint16_t names = 0;  // index of the section with their names
};

constexpr size_t kHeaderSize = 64;
constexpr size_t kSectionSize = 64;
constexpr uint32_t kNobits = 8;             // SHT_NOBITS
constexpr uint64_t kCompressed = 1U << 11;  // SHF_COMPRESSED

Result<Header> ReadHeader(Bytes file) {
  constexpr uint8_t kClass64 = 2;
  if (file.size() < kHeaderSize) return Wrong(Code::kMalformed, "the ELF header is cut off");
  if (std::to_integer<uint8_t>(file[4]) != kClass64)
    return Wrong(Code::kUnsupported, "an ELF file of 32 bits");
  Header header;
  header.order = file[5] == std::byte{2} ? std::endian::big : std::endian::little;
  elf::ByteReader reader(file.subspan(40), header.order);
  header.sections = reader.U64();
  reader.Take(10);  // e_flags, e_ehsize, e_phentsize, e_phnum
  header.entry_size = reader.U16();
  header.count = reader.U16();
  header.names = reader.U16();
  if (header.entry_size != kSectionSize)
    return Wrong(Code::kMalformed,
                 "ELF section headers of " + std::to_string(header.entry_size) + " bytes, not 64");
  return header;
}

struct SectionHeader {
  uint32_t name = 0;
  uint32_t type = 0;
  uint64_t flags = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
};

Result<SectionHeader> ReadSection(Bytes file, const Header& header, uint32_t index) {
  const auto bytes = header.sections > file.size()
                         ? std::nullopt
                         : elf::Slice(file, header.sections + index * kSectionSize, kSectionSize);
  if (!bytes)
    return Wrong(Code::kMalformed, "ELF section header " + std::to_string(index) +
                                       " lies behind the file's " + std::to_string(file.size()) +
                                       " bytes");
  elf::ByteReader reader(*bytes, header.order);
  SectionHeader section;
  section.name = reader.U32();
  section.type = reader.U32();
  section.flags = reader.U64();
  reader.U64();  // sh_addr
  section.offset = reader.U64();
  section.size = reader.U64();
  return section;
}

Result<Bytes> Contents(Bytes file, const SectionHeader& section, std::string_view name) {
  const auto contents = elf::Slice(file, section.offset, section.size);
  if (section.type == kNobits || !contents)
    return Wrong(Code::kMalformed,
                 "ELF section " + elf::Quoted(name) + " at " + std::to_string(section.offset) +
                     " with " + std::to_string(section.size) + " bytes lies behind the file's " +
                     std::to_string(file.size()));
  return *contents;
}

Result<Bytes> ElfBtf(Bytes file) {
  const Header header = PUREBPF_TRY(ReadHeader(file));
  const SectionHeader names = PUREBPF_TRY(ReadSection(file, header, header.names));
  const Bytes table = PUREBPF_TRY(Contents(file, names, ".shstrtab"));
  constexpr std::string_view kName(".BTF\0", 5);
  for (uint32_t i = 0; i < header.count; ++i) {
    const SectionHeader section = PUREBPF_TRY(ReadSection(file, header, i));
    const auto name = elf::Slice(table, section.name, kName.size());
    if (!name || std::memcmp(name->data(), kName.data(), kName.size()) != 0) continue;
    if ((section.flags & kCompressed) != 0)
      return Wrong(Code::kUnsupported, "ELF section '.BTF' is compressed");
    return Contents(file, section, ".BTF");
  }
  return Wrong(Code::kNotFound,
               "the ELF file has no section '.BTF': was it built without "
               "CONFIG_DEBUG_INFO_BTF, or stripped?");
}

bool BeginsWith(Bytes file, std::initializer_list<uint8_t> start) {
  if (file.size() < start.size()) return false;
  size_t i = 0;
  for (const uint8_t byte : start)
    if (file[i++] != std::byte{byte}) return false;
  return true;
}

}  // namespace

Result<Bytes> RawBtf(Bytes file) {
  if (elf::BeginsAsBtf(file)) return file;
  if (BeginsWith(file, {0x7f, 'E', 'L', 'F'})) return ElfBtf(file);
  return Wrong(Code::kNotFound,
               "neither BTF nor an ELF file, in " + std::to_string(file.size()) + " bytes");
}

std::vector<std::string> VmlinuxPaths(std::string_view release) {
  struct Place {
    std::string_view before, after;
  };
  static constexpr Place kPlaces[] = {
      {"/boot/vmlinux-", ""},
      {"/lib/modules/", "/build/vmlinux"},
      {"/lib/modules/", "/vmlinux"},
      {"/usr/lib/modules/", "/kernel/vmlinux"},
      {"/usr/lib/debug/boot/vmlinux-", ""},
      {"/usr/lib/debug/boot/vmlinux-", ".debug"},
      {"/usr/lib/debug/lib/modules/", "/vmlinux"},
  };
  std::vector<std::string> paths;
  for (const Place& place : kPlaces)
    paths.push_back(std::string(place.before) + std::string(release) + std::string(place.after));
  return paths;
}

}  // namespace purebpf::internal
