#include "purebpf/tests/loader/written_objects.h"

#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "purebpf/bpf/insn.h"
#include "purebpf/tests/support/byte_writer.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::testing {
namespace {

constexpr uint8_t kObject = 1, kFunc = 2;     // symbols
constexpr uint64_t kData = 0x3, kExec = 0x6;  // sections: SHF_ALLOC with WRITE, with EXECINSTR

constexpr uint8_t kMoveImm = 0xb7, kMoveReg = 0xbf, kAddReg = 0x0f, kAndImm = 0x57,
                  kShiftLeftImm = 0x67, kLoadWord = 0x61, kLoadDouble = 0x79, kStoreWord = 0x63,
                  kJumpToReg = 0x0d;

std::vector<std::byte> Bytes32(std::initializer_list<uint32_t> words) {
  ByteWriter writer(std::endian::native);
  for (const uint32_t word : words) writer.U32(word);
  return writer.bytes();
}

void AddLicense(ElfBuilder& elf) {
  elf.AddSection({.name = "license",
                  .contents = {std::byte{'G'}, std::byte{'P'}, std::byte{'L'}, std::byte{0}}});
}

uint16_t AddProgram(ElfBuilder& elf, std::span<const Insn> code) {
  const auto bytes = std::as_bytes(code);
  const auto section = static_cast<uint16_t>(
      elf.AddSection({.name = "socket", .flags = kExec, .contents = {bytes.begin(), bytes.end()}}));
  elf.AddSymbol({.name = "program", .type = kFunc, .section = section, .size = bytes.size()});
  return section;
}

}  // namespace

std::vector<std::byte> ArenaObject() {
  constexpr std::array kCode = {
      Insn{.code = kLoadImm64, .registers = Insn::Registers(1, 0)},  // r1 = &number
      Insn{},
      // r1 = addr_space_cast(r1, 0, 1): from the arena's addresses to the kernel's.
      Insn{.code = kMoveReg, .registers = Insn::Registers(1, 1), .off = 1, .imm = 1},
      Insn{.code = kLoadWord, .registers = Insn::Registers(0, 1)},
      Insn{.code = kMoveImm, .registers = Insn::Registers(2, 0), .imm = 42},
      Insn{.code = kStoreWord, .registers = Insn::Registers(1, 2)},
      Insn{.code = kExit},
  };
  constexpr uint32_t kArenaMap = 33, kMmapableFlag = 1U << 10;
  ElfBuilder elf(std::endian::native);
  AddLicense(elf);
  const uint16_t text = AddProgram(elf, kCode);
  const auto maps = static_cast<uint16_t>(elf.AddSection(
      {.name = "maps", .flags = kData, .contents = Bytes32({kArenaMap, 0, 0, 2, kMmapableFlag})}));
  elf.AddSymbol({.name = "arena", .type = kObject, .section = maps, .size = 20});
  // It is not the first of the arena's globals.
  const auto globals = static_cast<uint16_t>(
      elf.AddSection({.name = ".addr_space.1", .flags = kData, .contents = Bytes32({1, 7})}));
  const uint32_t number =
      elf.AddSymbol({.name = "number", .type = kObject, .section = globals, .value = 4, .size = 4});
  elf.Relocate(text, {.offset = 0, .type = 1, .symbol = number});
  return elf.Build();
}

std::vector<std::byte> JumpTableObject() {
  constexpr std::array kCode = {
      Insn{.code = kLoadWord, .registers = Insn::Registers(2, 1)},  // r2 = skb->len
      Insn{.code = kAndImm, .registers = Insn::Registers(2, 0), .imm = 1},
      Insn{.code = kShiftLeftImm, .registers = Insn::Registers(2, 0), .imm = 3},
      Insn{.code = kLoadImm64, .registers = Insn::Registers(3, 0)},  // r3 = the table
      Insn{},
      Insn{.code = kAddReg, .registers = Insn::Registers(3, 2)},
      Insn{.code = kLoadDouble, .registers = Insn::Registers(3, 3)},
      Insn{.code = kJumpToReg, .registers = Insn::Registers(3, 0)},
      Insn{.code = kMoveImm, .registers = Insn::Registers(0, 0), .imm = 1},
      Insn{.code = kExit},
      Insn{.code = kMoveImm, .registers = Insn::Registers(0, 0), .imm = 2},
      Insn{.code = kExit},
  };
  ElfBuilder elf(std::endian::native);
  AddLicense(elf);
  const uint16_t text = AddProgram(elf, kCode);
  ByteWriter entries(std::endian::native);
  for (const uint64_t insn : {8U, 10U}) entries.U64(insn * sizeof(Insn));
  const auto tables = static_cast<uint16_t>(
      elf.AddSection({.name = ".jumptables", .flags = kData, .contents = entries.bytes()}));
  const uint32_t table =
      elf.AddSymbol({.name = "BPF.JT.0.0", .type = kObject, .section = tables, .size = 16});
  elf.Relocate(text, {.offset = 3 * sizeof(Insn), .type = 1, .symbol = table});
  return elf.Build();
}

}  // namespace purebpf::testing
