// ELF64 executables and shared libraries, of any machine and either byte order, as far as it takes
// to find a function in the file: program headers, and the functions of .symtab and .dynsym. For
// probes in user space; BPF objects are File's.
//
// Lifetime: an Executable and the names that it hands out borrow the bytes given to Parse.
// Allocation: proportional to the program and section headers that are really present.
// Source: the System V gABI (ELF header, sections, symbol table, program header), and the LSB
// ("Symbol Versioning") for .gnu.version.
#ifndef PUREBPF_ELF_EXECUTABLE_H_
#define PUREBPF_ELF_EXECUTABLE_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/constants.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

// A PT_LOAD: `file_size` bytes of the file at `offset`, at `address` in memory (in that of a shared
// library or a position-independent program: from where it was loaded). Not checked against the
// file's size.
struct Segment {
  uint64_t offset = 0;
  uint64_t address = 0;
  uint64_t file_size = 0;
  bool executable = false;
};

// A symbol of type STT_FUNC or STT_GNU_IFUNC.
struct FunctionSymbol {
  std::string_view name;  // without a version
  uint64_t address = 0;   // as segments have it
  uint64_t size = 0;
  SymbolBinding binding = SymbolBinding::kLocal;
  bool defined = false;   // else another file has it
  bool resolver = false;  // STT_GNU_IFUNC: `address` is of what chooses the function
  bool old = false;       // not the version that a new program gets
};

class Executable {
 public:
  // Any byte string gives an Executable or a ParseError. Checked here: the header, and that the
  // tables that are read lie in the file. Unsupported: 32 bits, a file above 4 GiB.
  [[nodiscard]] static Result<Executable> Parse(Bytes bytes);

  [[nodiscard]] std::endian order() const { return order_; }
  [[nodiscard]] std::span<const Segment> segments() const { return segments_; }
  // Whether there is any symbol table: a program may be stripped of all.
  [[nodiscard]] bool has_symbols() const { return !tables_.empty(); }

  // Where in the file the code at `address` stands; nothing where no executable segment has it.
  [[nodiscard]] std::optional<uint64_t> FileOffset(uint64_t address) const;

  // Calls `visit` with each function, of .symtab first; what is in both tables comes twice. Names
  // above 4096 bytes are left out.
  template <typename F>
  Result<void> EachFunction(F visit) const {
    for (const SymbolTable& table : tables_) {
      for (uint32_t index = 0; index < table.count; ++index) {
        const Result<std::optional<FunctionSymbol>> function = FunctionAt(table, index);
        if (!function) return std::unexpected(function.error());
        if (*function) visit(**function);
      }
    }
    return {};
  }

 private:
  struct SymbolTable {
    uint32_t section = 0;
    uint32_t count = 0;
    Bytes symbols;
    Bytes names;
    Bytes versions;  // one u16 each, or none
  };
  struct SectionHeader;

  Executable() = default;
  Result<void> ReadSegments(Bytes bytes, uint64_t offset, uint64_t count);
  Result<void> ReadTables(Bytes bytes, Bytes headers);
  [[nodiscard]] SectionHeader HeaderAt(Bytes headers, uint64_t index) const;
  [[nodiscard]] Result<SymbolTable> ReadTable(Bytes bytes, Bytes headers, uint32_t index) const;
  [[nodiscard]] Result<std::optional<FunctionSymbol>> FunctionAt(const SymbolTable& table,
                                                                 uint32_t index) const;

  std::endian order_ = std::endian::little;
  std::vector<Segment> segments_;
  std::vector<SymbolTable> tables_;  // at most two
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_EXECUTABLE_H_
