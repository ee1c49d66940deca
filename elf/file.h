// ELF64 relocatable objects for BPF, both byte orders: header (with extended numbering), sections,
// symbols, REL relocations. Views over the caller's bytes: nothing is copied, every access checked.
//
// Lifetime: a File and all it hands out (names, contents) borrow the bytes given to Parse.
// Allocation: proportional to the section and symbol records that are really present in the bytes.
// Source: the System V gABI (elf header, sections, symbol table, relocation), and LLVM's BPF
// backend for the relocation kinds (Documentation/bpf/llvm_reloc.rst).
#ifndef PUREBPF_ELF_FILE_H_
#define PUREBPF_ELF_FILE_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/elf/bytes.h"
#include "purebpf/elf/constants.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

struct Section {
  uint32_t index = 0;
  std::string_view name;
  SectionType type = SectionType::kNull;
  uint64_t flags = 0;  // SectionFlag
  uint32_t link = 0;
  uint32_t info = 0;
  uint64_t size = 0;  // in memory for NOBITS, which has no contents; in the file for all others
  uint64_t alignment = 0;
  uint64_t entry_size = 0;
  Bytes contents;  // empty for NOBITS, and where compressed (only sections that are not loaded are)

  // `contents`; an `unsupported` error where they are compressed. For what is not loaded as it
  // stands (.BTF, .BTF.ext), which a toolchain may compress as it does debug information.
  [[nodiscard]] Result<Bytes> Contents() const;
  [[nodiscard]] bool Has(SectionFlag flag) const {
    return (flags & static_cast<uint64_t>(flag)) != 0;
  }
};

struct Symbol {
  uint32_t index = 0;
  std::string_view name;
  SymbolType type = SymbolType::kNone;
  SymbolBinding binding = SymbolBinding::kLocal;
  SymbolVisibility visibility = SymbolVisibility::kDefault;
  // Resolved through SHT_SYMTAB_SHNDX where it does not fit. kUndefinedSection, kAbsoluteSection
  // and kCommonSection keep their special values; any other is below the number of sections.
  uint32_t section = 0;
  uint64_t value = 0;  // offset in its section; like `size` not checked against the section's
  uint64_t size = 0;
};

struct Relocation {
  uint64_t offset = 0;  // below the size of the section that is relocated
  uint32_t type = 0;    // RelocationType, or a number that this reader does not know
  uint32_t symbol = 0;  // index, below the number of symbols
};

class File {
 public:
  // Any byte string gives a File or a ParseError. Checked here: the header, that every section's
  // name and contents lie in the file, that relocation sections name a section, and the one symbol
  // table. The machine must be BPF, or none (as clang before 3.7 wrote); the type must be
  // relocatable. Unsupported: a file above 4 GiB, a name above 4096 bytes, compressed names.
  [[nodiscard]] static Result<File> Parse(Bytes bytes);

  [[nodiscard]] std::endian order() const { return order_; }
  // Index 0 is the null section.
  [[nodiscard]] std::span<const Section> sections() const { return sections_; }
  // Index 0 is the null symbol. Empty where the object has no symbol table (it was stripped).
  [[nodiscard]] std::span<const Symbol> symbols() const { return symbols_; }
  // The first section of that name.
  [[nodiscard]] const Section* FindSection(std::string_view name) const;

  // All relocations that apply to section `index`, in file order, from every REL section that names
  // it; empty where there are none. Each entry's symbol and offset are checked. RELA: unsupported,
  // and so are compressed sections, the target or those with its relocations.
  [[nodiscard]] Result<std::vector<Relocation>> Relocations(uint32_t index) const;

 private:
  File() = default;
  Result<void> ReadSections(Bytes bytes);
  Result<void> ReadSymbols();

  std::endian order_ = std::endian::little;
  uint64_t size_ = 0;  // of the file
  std::vector<Section> sections_;
  std::vector<Symbol> symbols_;
  std::vector<uint32_t> relocation_sections_;  // REL and RELA, by the section they relocate
};

// "section 3 '.maps'": how messages name a section.
[[gnu::cold]] std::string Describe(const Section& section);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_FILE_H_
