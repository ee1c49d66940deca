// Objects that are sound ELF files and yet no sound programs: every refusal of the object parser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/byte_writer.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::ElfBuilder;
using testing::Fails;
using testing::IsOk;
namespace symbol_field = testing::symbol_field;

constexpr uint64_t kExec = 0x6;  // SHF_ALLOC | SHF_EXECINSTR
constexpr uint8_t kObject = 1, kFunc = 2;

std::vector<std::byte> Bytes8(std::initializer_list<uint8_t> bytes) {
  std::vector<std::byte> result;
  for (const uint8_t byte : bytes) result.push_back(std::byte{byte});
  return result;
}

// r1 = map (two slots); r0 = 0; exit
std::vector<std::byte> LoadAndExit() {
  return Bytes8({0x18, 0x01, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0,  //
                 0xb7, 0,    0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0});
}

std::vector<std::byte> Zeros(size_t count) { return std::vector<std::byte>(count); }

// A legacy map "m" and a program "p" that refers to it.
struct Sound {
  ElfBuilder elf;
  uint32_t code = elf.AddSection({.name = "xdp", .flags = kExec, .contents = LoadAndExit()});
  uint32_t maps = elf.AddSection({.name = "maps", .contents = Zeros(20)});
  uint32_t map = elf.AddSymbol(
      {.name = "m", .type = kObject, .section = static_cast<uint16_t>(maps), .size = 20});
  uint32_t program = elf.AddSymbol(
      {.name = "p", .type = kFunc, .section = static_cast<uint16_t>(code), .size = 32});
};

TEST(MalformedObject, TheUnbrokenOneIsRead) {
  Sound sound;
  sound.elf.Relocate(sound.code, {.offset = 0, .type = 1, .symbol = sound.map});
  const auto spec = CollectionSpec::Parse(sound.elf.Build(), "sound");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->FindProgram("p")->references[0].target, "m");
  const std::vector<Insn> insns = {
      {.code = 0x18, .registers = Insn::Registers(1, 0)}, {}, {.code = 0xb7}, {.code = kExit}};
  EXPECT_EQ(spec->FindProgram("p")->insns, insns);
}

struct Case {
  std::string_view what;
  std::function<void(Sound&)> damage;
  std::string_view words;
};

const Case kCases[] = {
    {"definition too short", [](Sound& s) { s.elf.BreakSymbol(s.map, symbol_field::kSize, 12); },
     "map 'm' at offset 0 has 12 bytes of 20; a definition needs at least 16"},
    {"definition beyond its section",
     [](Sound& s) { s.elf.BreakSymbol(s.map, symbol_field::kValue, 16); },
     "map 'm' at offset 16 has 4 bytes of 20"},
    {"maps without symbols",
     [](Sound& s) { s.elf.AddSection({.name = "maps/more", .contents = Zeros(20)}); },
     "has 20 bytes but no symbol names a map in it; was the object stripped?"},
    {"function that is no whole number of instructions",
     [](Sound& s) { s.elf.BreakSymbol(s.program, symbol_field::kSize, 30); },
     "function 'p' is said to be bytes 0 to 30, but must be whole instructions below 32"},
    {"function beyond its section",
     [](Sound& s) { s.elf.BreakSymbol(s.program, symbol_field::kSize, 40); },
     "function 'p' is said to be bytes 0 to 40"},
    {"function whose end overflows",
     [](Sound& s) {
       s.elf.BreakSymbol(s.program, symbol_field::kValue, 8);
       s.elf.BreakSymbol(s.program, symbol_field::kSize, ~uint64_t{0} - 7);
     },
     "function 'p' is said to be bytes 8 to 0"},
    {"functions that overlap",
     [](Sound& s) {
       s.elf.AddSymbol({.name = "q",
                        .type = kFunc,
                        .section = static_cast<uint16_t>(s.code),
                        .value = 16,
                        .size = 16});
     },
     "function 'p' is said to be bytes 0 to 32, but must be whole instructions below 16"},
    {"relocation inside an instruction",
     [](Sound& s) { s.elf.Relocate(s.code, {.offset = 4, .type = 1, .symbol = s.map}); },
     "a relocation at offset 4 is not at an instruction's start"},
    {"relocation of a load's second half",
     [](Sound& s) { s.elf.Relocate(s.code, {.offset = 8, .type = 1, .symbol = s.map}); },
     "a relocation at offset 8 is not at an instruction's start"},
    {"instruction relocated twice",
     [](Sound& s) {
       s.elf.Relocate(s.code, {.offset = 0, .type = 1, .symbol = s.map});
       s.elf.Relocate(s.code, {.offset = 0, .type = 1, .symbol = s.map});
     },
     "instruction 0 is relocated twice"},
    {"relocation of an instruction that refers to nothing",
     [](Sound& s) { s.elf.Relocate(s.code, {.offset = 16, .type = 1, .symbol = s.map}); },
     "instruction 2 (opcode 183) is relocated against 'm' but is neither"},
    {"reference into a definition",
     [](Sound& s) {
       s.elf.BreakContents("xdp", 4, 12);  // the addend
       s.elf.Relocate(s.code, {.offset = 0, .type = 1, .symbol = s.map});
     },
     "refers to 'm', offset 12 of section 2 'maps', where no map is defined"},
    {"license without an end",
     [](Sound& s) { s.elf.AddSection({.name = "license", .contents = testing::Pattern(3)}); },
     "is no string: no NUL in its 3 bytes"},
    {"version of another size",
     [](Sound& s) { s.elf.AddSection({.name = "version", .contents = Zeros(8)}); },
     "has 8 bytes; a kernel version has 4"},
    {"typed maps without types",
     [](Sound& s) {
       const uint32_t maps = s.elf.AddSection({.name = ".maps", .contents = Zeros(32)});
       s.elf.AddSymbol(
           {.name = "t", .type = kObject, .section = static_cast<uint16_t>(maps), .size = 32});
     },
     "there is no .BTF: compile with -g"},
    {"typed maps without symbols",
     [](Sound& s) { s.elf.AddSection({.name = ".maps", .contents = Zeros(32)}); },
     "has 32 bytes but no symbol names a map in it"},
    {"types that are no BTF",
     [](Sound& s) {
       s.elf.AddSection({.name = ".BTF", .contents = Zeros(40)});
       s.elf.AddSection({.name = ".BTF.ext", .contents = Zeros(40)});
     },
     "BTF"},
};

TEST(MalformedObject, IsRefusedWithWhatAndWhere) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.what);
    Sound sound;
    row.damage(sound);
    const auto bytes = sound.elf.Build();
    EXPECT_THAT(CollectionSpec::Parse(bytes, "bad.o"),
                Fails(Code::kMalformed, std::string(row.words)));
    EXPECT_THAT(CollectionSpec::Parse(bytes, "bad.o"), Fails(Code::kMalformed, "bad.o"));
  }
}

// Compressed, they would read as empty, and CO-RE relocations as none.
TEST(MalformedObject, CompressedTypesAreRefused) {
  for (const std::string_view compressed : {".BTF", ".BTF.ext"}) {
    SCOPED_TRACE(compressed);
    Sound sound;
    for (const std::string_view name : {".BTF", ".BTF.ext"})
      sound.elf.AddSection({.name = std::string(name),
                            .flags = name == compressed ? uint64_t{0x800} : 0,
                            .contents = BtfBuilder().Build()});
    EXPECT_THAT(CollectionSpec::Parse(sound.elf.Build(), "bad.o"),
                Fails(Code::kUnsupported, "compressed"));
  }
}

// A BTF-defined map "t" of the given members.
class TypedMap {
 public:
  BtfBuilder btf;
  uint32_t u32 = btf.Int("unsigned int", 4);

  uint32_t Number(uint32_t value) { return btf.Ptr(btf.Array(u32, u32, value)); }

  std::vector<std::byte> Build(uint32_t type, std::string_view variable = "t",
                               std::string_view section = ".maps") {
    btf.Datasec(section, 32, {{btf.Var(variable, type, 1), 0, 32}});
    ElfBuilder elf;
    const uint32_t maps = elf.AddSection({.name = ".maps", .contents = Zeros(32)});
    elf.AddSection({.name = ".BTF", .contents = btf.Build()});
    elf.AddSymbol(
        {.name = "t", .type = kObject, .section = static_cast<uint16_t>(maps), .size = 32});
    return elf.Build();
  }
};

struct TypedCase {
  std::string_view what;
  std::function<std::vector<std::byte>(TypedMap&)> build;
  std::string_view words;
};

const TypedCase kTypedCases[] = {
    {"no section", [](TypedMap& m) { return m.Build(m.btf.Struct("", 8, {}), "t", ".other"); },
     "BTF describes no section .maps"},
    {"no variable", [](TypedMap& m) { return m.Build(m.btf.Struct("", 8, {}), "another"); },
     "map 't' has no variable in BTF's section .maps"},
    {"no struct", [](TypedMap& m) { return m.Build(m.u32); }, "map 't' is a unsigned int"},
    {"too many members",
     [](TypedMap& m) {
       return m.Build(m.btf.Struct(
           "", 8, std::vector<BtfBuilder::Member>(33, BtfBuilder::Member{"type", m.u32, 0})));
     },
     "map 't' has 33 members; a definition has at most 32"},
    {"unknown member",
     [](TypedMap& m) { return m.Build(m.btf.Struct("", 8, {{"colour", m.Number(1), 0}})); },
     "member 'colour' is not a field of a map definition"},
    {"number of another shape",
     [](TypedMap& m) { return m.Build(m.btf.Struct("", 8, {{"type", m.u32, 0}})); },
     "member 'type' is a unsigned int; a number is a pointer to an array"},
    {"type of another shape",
     [](TypedMap& m) { return m.Build(m.btf.Struct("", 8, {{"key", m.u32, 0}})); },
     "member 'key' is a unsigned int; a type is given as a pointer to it"},
    {"type without a size",
     [](TypedMap& m) { return m.Build(m.btf.Struct("", 8, {{"value", m.btf.Ptr(0), 0}})); },
     "void"},
    {"type too large",
     [](TypedMap& m) {
       const uint32_t huge = m.btf.Array(m.btf.Array(m.u32, m.u32, 65536), m.u32, 65536);
       return m.Build(m.btf.Struct("", 8, {{"value", m.btf.Ptr(huge), 0}}));
     },
     "member 'value' has 17179869184 bytes, more than 32 bits hold"},
    {"number too large",
     [](TypedMap& m) {
       return m.Build(
           m.btf.Struct("", 8, {{"max_entries", m.btf.Enum64("", {{"x", uint64_t{1} << 32}}), 0}}));
     },
     "member 'max_entries' is 4294967296, more than 32 bits hold"},
    {"unknown pinning",
     [](TypedMap& m) { return m.Build(m.btf.Struct("", 8, {{"pinning", m.Number(2), 0}})); },
     "member 'pinning' is 2, not 0 (none) or 1 (by name)"},
    {"sizes that contradict",
     [](TypedMap& m) {
       return m.Build(
           m.btf.Struct("", 8, {{"key_size", m.Number(8), 0}, {"key", m.btf.Ptr(m.u32), 64}}));
     },
     "member 'key' gives 4 bytes, but 8 were given before"},
};

TEST(MalformedObject, HasItsMapDefinitionsRefused) {
  for (const TypedCase& row : kTypedCases) {
    SCOPED_TRACE(row.what);
    TypedMap map;
    EXPECT_THAT(CollectionSpec::Parse(row.build(map), "bad.o"),
                Fails(Code::kMalformed, std::string(row.words)));
  }
}

TEST(MalformedObject, SoundDefinitionsOfEveryFieldAreRead) {
  TypedMap map;
  const uint32_t extra = map.btf.Enum64("", {{"x", uint64_t{5} << 40}});
  const auto spec = CollectionSpec::Parse(
      map.Build(map.btf.Struct("", 64,
                               {{"type", map.Number(9), 0},
                                {"max_entries", map.Number(77), 64},
                                {"map_flags", map.Number(4), 128},
                                {"key_size", map.Number(4), 192},
                                {"key", map.btf.Ptr(map.u32), 256},
                                {"value_size", map.Number(12), 320},
                                {"numa_node", map.Number(3), 384},
                                {"map_extra", extra, 448},
                                {"pinning", map.Number(1), 448},
                                {"values", map.btf.Array(map.u32, map.u32, 0), 448}})),
      "good.o");
  ASSERT_THAT(spec, IsOk());
  const MapSpec& read = *spec->FindMap("t");
  EXPECT_EQ(read.params, (MapParams{.name = "t",
                                    .type = MapType::kLruHash,
                                    .key_size = 4,
                                    .value_size = 12,
                                    .max_entries = 77,
                                    .flags = 4,
                                    .numa_node = 3,
                                    .map_extra = uint64_t{5} << 40}));
  EXPECT_EQ(read.pinning, Pinning::kByName);
  EXPECT_TRUE(read.has_values);
}

TEST(MalformedObject, ProgramsOfOldClangHaveNoTypeAndNoSize) {
  // Before clang 7 a function's symbol was NOTYPE without a size; its maps' symbols as well.
  ElfBuilder elf;
  auto code = LoadAndExit();
  const auto again = LoadAndExit();
  code.insert(code.end(), again.begin(), again.end());
  const uint32_t xdp = elf.AddSection({.name = "xdp", .flags = kExec, .contents = code});
  const uint32_t maps = elf.AddSection({.name = "maps", .contents = Zeros(56)});
  elf.AddSymbol(
      {.name = "LBB0_1", .binding = 0, .section = static_cast<uint16_t>(xdp), .value = 8});
  elf.AddSymbol({.name = "one", .section = static_cast<uint16_t>(xdp)});
  elf.AddSymbol({.name = "two", .section = static_cast<uint16_t>(xdp), .value = 32});
  elf.AddSymbol({.name = "a", .section = static_cast<uint16_t>(maps)});
  elf.AddSymbol({.name = "b", .section = static_cast<uint16_t>(maps), .value = 28});
  // Relocated against the section: the addend says which map.
  const uint32_t section =
      elf.AddSymbol({.name = "", .type = 3, .binding = 0, .section = static_cast<uint16_t>(maps)});
  elf.BreakContents("xdp", 36, 28);
  elf.Relocate(xdp, {.offset = 32, .type = 1, .symbol = section});
  const auto spec = CollectionSpec::Parse(elf.Build(), "old.o");
  ASSERT_THAT(spec, IsOk());
  ASSERT_EQ(spec->programs.size(), 2U);
  EXPECT_EQ(spec->programs[0].name, "one");
  EXPECT_EQ(spec->programs[1].insns.size(), 4U);
  ASSERT_EQ(spec->programs[1].references.size(), 1U);
  EXPECT_EQ(spec->programs[1].references[0].target, "b");
  EXPECT_EQ(spec->FindMap("a")->extra.size(), 8U);
}

}  // namespace
}  // namespace purebpf
