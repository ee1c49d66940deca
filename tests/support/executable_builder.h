// Makes ELF64 executables and shared libraries with functions in their symbol tables.
//
//     ExecutableBuilder exe;
//     exe.Function({.name = "main", .address = 0x1139, .size = 0x20});
//     exe.Dynamic({.name = "puts", .section = 0});
//     std::vector<std::byte> bytes = exe.Build();
//
// The program headers come first, at 0x40; the segments are what a linker makes of a small
// position-independent program, unless `segments` is set.
#ifndef PUREBPF_TESTS_SUPPORT_EXECUTABLE_BUILDER_H_
#define PUREBPF_TESTS_SUPPORT_EXECUTABLE_BUILDER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/tests/support/byte_writer.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::testing {

struct ExecutableSegment {
  uint32_t type = 1;  // PT_LOAD
  uint32_t flags = 5;
  uint64_t offset = 0;
  uint64_t address = 0;
  uint64_t file_size = 0;
};

struct ExecutableSymbol {
  std::string name;
  uint64_t address = 0;
  uint64_t size = 0;
  uint8_t type = 2;      // STT_FUNC
  uint8_t binding = 1;   // STB_GLOBAL
  uint16_t section = 1;  // 0: undefined
  uint16_t version = 2;  // of the dynamic ones
};

class ExecutableBuilder {
 public:
  explicit ExecutableBuilder(std::endian order = std::endian::little)
      : order_(order), elf_(order) {}

  // Read only; code at address 0x2000 that is at 0x1000 in the file; data.
  std::vector<ExecutableSegment> segments = {
      {.type = 6, .flags = 4, .offset = 0x40, .address = 0x40, .file_size = 0xe0},
      {.flags = 4, .offset = 0, .address = 0, .file_size = 0x1000},
      {.flags = 5, .offset = 0x1000, .address = 0x2000, .file_size = 0x800},
      {.flags = 6, .offset = 0x1800, .address = 0x4800, .file_size = 0x200},
  };
  bool with_versions = true;

  void Function(ExecutableSymbol symbol) { symbols_.push_back(std::move(symbol)); }
  void Dynamic(ExecutableSymbol symbol) { dynamic_.push_back(std::move(symbol)); }
  // For what is to be broken; after everything was added.
  ElfBuilder& elf() {
    AddAll();
    return elf_;
  }
  std::vector<std::byte> Build() {
    AddAll();
    return elf_.Build();
  }

 private:
  void AddAll() {
    if (std::exchange(added_, true)) return;
    ByteWriter headers(order_);
    for (const ExecutableSegment& segment : segments)
      headers.U32(segment.type)
          .U32(segment.flags)
          .U64(segment.offset)
          .U64(segment.address)
          .U64(segment.address)
          .U64(segment.file_size)
          .U64(segment.file_size)
          .U64(0x1000);
    elf_.AddSection({.name = ".headers", .contents = headers.Take()});
    for (const ExecutableSymbol& symbol : symbols_)
      elf_.AddSymbol({.name = symbol.name,
                      .type = symbol.type,
                      .binding = symbol.binding,
                      .section = symbol.section,
                      .value = symbol.address,
                      .size = symbol.size});
    if (!dynamic_.empty()) AddDynamic();
    elf_.Break({16, 2}, 3);                // e_type: ET_DYN
    elf_.Break({18, 2}, 62);               // e_machine: EM_X86_64
    elf_.Break({32, 8}, 0x40);             // e_phoff
    elf_.Break({54, 2}, 56);               // e_phentsize
    elf_.Break({56, 2}, segments.size());  // e_phnum
  }

  void AddDynamic() {
    ByteWriter names(order_);
    ByteWriter symbols(order_);
    ByteWriter versions(order_);
    names.U8(0);
    symbols.Zeros(24);
    versions.U16(0);
    for (const ExecutableSymbol& symbol : dynamic_) {
      symbols.U32(static_cast<uint32_t>(names.size()))
          .U8(static_cast<uint8_t>(symbol.binding << 4 | symbol.type))
          .U8(0)
          .U16(symbol.section)
          .U64(symbol.address)
          .U64(symbol.size);
      names.Text(symbol.name);
      versions.U16(symbol.version);
    }
    const uint32_t strings =
        elf_.AddSection({.name = ".dynstr", .type = 3, .contents = names.Take()});
    const uint32_t table = elf_.AddSection({.name = ".dynsym",
                                            .type = 11,
                                            .link = strings,
                                            .entry_size = 24,
                                            .contents = symbols.Take()});
    if (with_versions)
      elf_.AddSection({.name = ".gnu.version",
                       .type = 0x6fffffff,
                       .link = table,
                       .entry_size = 2,
                       .contents = versions.Take()});
  }

  std::endian order_;
  ElfBuilder elf_;
  std::vector<ExecutableSymbol> symbols_;
  std::vector<ExecutableSymbol> dynamic_;
  bool added_ = false;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_EXECUTABLE_BUILDER_H_
