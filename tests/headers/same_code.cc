// same_code OURS.o THEIRS.o: whether two objects say the same, section by section: instructions,
// data, relocations, and what depends on the kernel's types (CO-RE). Prints where they do not, and
// exits with 1.
//
// Names of local symbols and numbers of types are the compiler's own business: a place in a
// section, and the type's name and member, stand for them. Debug information is not compared.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/elf/btf_print.h"
#include "purebpf/elf/file.h"

namespace {

namespace elf = purebpf::elf;

using Lines = std::vector<std::string>;

std::string Hex(uint64_t number, int digits) {
  char text[32];
  std::snprintf(text, sizeof(text), "%0*llx", digits, static_cast<unsigned long long>(number));
  return text;
}

// What is read at run time, and the maps' definitions, which are not.
bool Counts(const elf::Section& section) {
  return section.Has(elf::SectionFlag::kAlloc) &&
         (section.type == elf::SectionType::kProgbits || section.type == elf::SectionType::kNobits);
}

std::string Place(const elf::File& file, uint32_t index) {
  const elf::Symbol& symbol = file.symbols()[index];
  if (symbol.binding != elf::SymbolBinding::kLocal) return std::string(symbol.name);
  return std::string(file.sections()[symbol.section].name) + "+0x" + Hex(symbol.value, 1);
}

void AddContents(const elf::File& file, const elf::Section& section, Lines& lines) {
  lines.push_back("size " + std::to_string(section.size));
  for (size_t at = 0; at < section.contents.size(); at += 8) {
    std::string line = Hex(at, 4) + ":";
    for (const std::byte byte :
         section.contents.subspan(at, std::min<size_t>(8, section.contents.size() - at)))
      line += ' ' + Hex(std::to_integer<unsigned>(byte), 2);
    lines.push_back(line);
  }
  const auto relocations = file.Relocations(section.index);
  if (!relocations) {
    lines.push_back("relocations: " + relocations.error().message);
    return;
  }
  for (const elf::Relocation& relocation : *relocations)
    lines.push_back(Hex(relocation.offset, 4) + ": relocation " + std::to_string(relocation.type) +
                    " " + Place(file, relocation.symbol));
}

// Where functions begin, and how they are bound: which of them are programs.
void AddSymbols(const elf::File& file, std::map<std::string, Lines>& sections) {
  for (const elf::Symbol& symbol : file.symbols())
    if (symbol.type == elf::SymbolType::kFunc)
      sections[std::string(file.sections()[symbol.section].name)].push_back(
          "function " + std::string(symbol.name) + " at " + Hex(symbol.value, 4) + " size " +
          std::to_string(symbol.size) + " binding " +
          std::to_string(static_cast<int>(symbol.binding)) + " visibility " +
          std::to_string(static_cast<int>(symbol.visibility)));
}

bool AddCore(const elf::File& file, std::map<std::string, Lines>& sections) {
  const elf::Section* types = file.FindSection(".BTF");
  const elf::Section* extended = file.FindSection(".BTF.ext");
  if (types == nullptr || extended == nullptr) return true;
  const auto btf = elf::Btf::Parse(types->contents);
  if (!btf) return false;
  const auto core = elf::ParseCoreRelocations(extended->contents, *btf);
  if (!core) return false;
  for (const elf::CoreSection& section : *core)
    for (const elf::CoreRelocation& relocation : section.relocations)
      sections[std::string(section.section)].push_back(
          Hex(relocation.offset, 4) + ": CO-RE " + std::to_string(relocation.kind) + " " +
          std::string(relocation.access) + " " +
          elf::FormatAccess(*btf, relocation.type, relocation.access));
  return true;
}

bool Read(const char* path, std::map<std::string, Lines>& sections) {
  std::ifstream stream(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  const auto file = elf::File::Parse(std::as_bytes(std::span(bytes)));
  if (!file) {
    std::printf("%s: %s\n", path, file.error().message.c_str());
    return false;
  }
  for (const elf::Section& section : file->sections())
    if (Counts(section)) AddContents(*file, section, sections[std::string(section.name)]);
  AddSymbols(*file, sections);
  if (AddCore(*file, sections)) return true;
  std::printf("%s: its types cannot be read\n", path);
  return false;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: same_code OURS.o THEIRS.o\n", stderr);
    return 2;
  }
  std::map<std::string, Lines> ours;
  std::map<std::string, Lines> theirs;
  if (!Read(arguments[1], ours) || !Read(arguments[2], theirs)) return 1;
  bool same = !ours.empty();
  for (const auto& [name, lines] : theirs) {
    const Lines& mine = ours[name];
    const auto [a, b] = std::mismatch(mine.begin(), mine.end(), lines.begin(), lines.end());
    if (a == mine.end() && b == lines.end()) continue;
    same = false;
    std::printf("section %s differs first at:\n  ours   %s\n  theirs %s\n", name.c_str(),
                a == mine.end() ? "(ends)" : a->c_str(), b == lines.end() ? "(ends)" : b->c_str());
  }
  for (const auto& [name, lines] : ours)
    if (!theirs.contains(name)) {
      same = false;
      std::printf("section %s is only in ours\n", name.c_str());
    }
  return same ? 0 : 1;
}
