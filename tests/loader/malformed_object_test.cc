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
using ::testing::HasSubstr;
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
  const FunctionSpec& code = spec->CodeOf(*spec->FindProgram("p"));
  EXPECT_EQ(spec->maps[code.references[0].target].name, "m");
  const std::vector<Insn> insns = {
      {.code = 0x18, .registers = Insn::Registers(1, 0)}, {}, {.code = 0xb7}, {.code = kExit}};
  EXPECT_EQ(code.insns, insns);
}

// All that is wrong with something of the object.
std::string ProblemsOf(const CollectionSpec& spec) {
  std::string all;
  for (const MapSpec& map : spec.maps) all += map.problem;
  for (const FunctionSpec& function : spec.functions) all += function.problem;
  return all;
}

struct Case {
  std::string_view what;
  std::function<void(Sound&)> damage;
  std::string_view words;
};

const Case kCases[] = {
    {"definition too short", [](Sound& s) { s.elf.BreakSymbol(s.map, symbol_field::kSize, 12); },
     "its definition at offset 0 of section 2 'maps' has 12 bytes of 20, but needs at least 16"},
    {"definition beyond its section",
     [](Sound& s) { s.elf.BreakSymbol(s.map, symbol_field::kValue, 16); },
     "its definition at offset 16 of section 2 'maps' has 4 bytes of 20"},
    {"function that is no whole number of instructions",
     [](Sound& s) { s.elf.BreakSymbol(s.program, symbol_field::kSize, 30); },
     "section 1 'xdp': function 'p' is said to be 30 bytes at offset 0, but must be whole "
     "instructions below 32"},
    {"function beyond its section",
     [](Sound& s) { s.elf.BreakSymbol(s.program, symbol_field::kSize, 40); },
     "function 'p' is said to be 40 bytes at offset 0"},
    {"function whose end overflows",
     [](Sound& s) {
       s.elf.BreakSymbol(s.program, symbol_field::kValue, 8);
       s.elf.BreakSymbol(s.program, symbol_field::kSize, ~uint64_t{0} - 7);
     },
     "function 'p' is said to be 18446744073709551608 bytes at offset 8"},
    {"functions that overlap",
     [](Sound& s) {
       s.elf.AddSymbol({.name = "q",
                        .type = kFunc,
                        .section = static_cast<uint16_t>(s.code),
                        .value = 16,
                        .size = 16});
     },
     "function 'p' is said to be 32 bytes at offset 0, but must be whole instructions below 16"},
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
    {"typed maps without types",
     [](Sound& s) {
       const uint32_t maps = s.elf.AddSection({.name = ".maps", .contents = Zeros(32)});
       s.elf.AddSymbol(
           {.name = "t", .type = kObject, .section = static_cast<uint16_t>(maps), .size = 32});
     },
     "there is no .BTF: compile with -g"},
};

TEST(MalformedObject, SaysWhatIsWrongWhereItIs) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.what);
    Sound sound;
    row.damage(sound);
    const auto spec = CollectionSpec::Parse(sound.elf.Build(), "bad.o");
    ASSERT_THAT(spec, IsOk());
    EXPECT_THAT(ProblemsOf(*spec), HasSubstr(row.words));
  }
}

TEST(MalformedObject, OneBadProgramDoesNotHurtTheOthers) {
  Sound sound;
  const uint32_t other =
      sound.elf.AddSection({.name = "tc", .flags = kExec, .contents = LoadAndExit()});
  sound.elf.AddSymbol(
      {.name = "q", .type = kFunc, .section = static_cast<uint16_t>(other), .size = 32});
  sound.elf.Relocate(sound.code, {.offset = 16, .type = 1, .symbol = sound.map});
  sound.elf.Relocate(other, {.offset = 0, .type = 1, .symbol = sound.map});
  const auto spec = CollectionSpec::Parse(sound.elf.Build(), "bad.o");
  ASSERT_THAT(spec, IsOk());
  EXPECT_NE(spec->CodeOf(*spec->FindProgram("p")).problem, "");
  const FunctionSpec& q = spec->CodeOf(*spec->FindProgram("q"));
  EXPECT_EQ(q.problem, "");
  ASSERT_EQ(q.references.size(), 1U);
  EXPECT_EQ(spec->maps[q.references[0].target].name, "m");
  EXPECT_EQ(spec->maps[q.references[0].target].problem, "");
}

TEST(MalformedObject, ALicenseEndsWithItsSection) {
  Sound sound;
  sound.elf.AddSection({.name = "license", .contents = Bytes8({'G', 'P', 'L'})});
  const auto spec = CollectionSpec::Parse(sound.elf.Build(), "good.o");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->license, "GPL");
}

TEST(MalformedObject, AVersionThatIsTooShortIsNone) {
  Sound sound;
  sound.elf.AddSection({.name = "version", .contents = Bytes8({1, 2})});
  const auto spec = CollectionSpec::Parse(sound.elf.Build(), "good.o");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->kern_version, 0U);
}

TEST(MalformedObject, WithoutASymbolTableItWasStripped) {
  ElfBuilder elf;
  elf.AddSection({.name = "xdp", .flags = kExec, .contents = LoadAndExit()});
  EXPECT_THAT(CollectionSpec::Parse(elf.Build(), "bad.o"),
              Fails(Code::kMalformed, "the object was stripped"));
}

// A .BTF.ext that has CO-RE relocations, or none.
std::vector<std::byte> ExtWith(uint32_t core_bytes) {
  testing::ByteWriter writer(std::endian::little);
  for (const uint32_t word : {0x0001eb9fU, 32U, 0U, 0U, 0U, 0U, 0U, core_bytes}) writer.U32(word);
  for (uint32_t i = 0; i < core_bytes; ++i) writer.U8(0);
  return writer.bytes();
}

TEST(MalformedObject, DamagedTypesHurtOnlyWhatNeedsThem) {
  for (const bool compressed : {false, true}) {
    Sound sound;
    sound.elf.AddSection({.name = ".BTF",
                          .flags = compressed ? uint64_t{0x800} : 0,
                          .contents = compressed ? BtfBuilder().Build() : Zeros(40)});
    sound.elf.AddSection({.name = ".BTF.ext", .contents = ExtWith(0)});
    const auto spec = CollectionSpec::Parse(sound.elf.Build(), "good.o");
    ASSERT_THAT(spec, IsOk());
    EXPECT_EQ(ProblemsOf(*spec), "");
    EXPECT_THAT(spec->btf_problem, HasSubstr(compressed ? "compressed" : "BTF"));
    EXPECT_TRUE(spec->btf.empty());
  }
}

// Loaded all the same, they would read at the offsets of the machine that compiled them.
TEST(MalformedObject, ProgramsThatDependOnLayoutNeedTypes) {
  Sound sound;
  sound.elf.AddSection({.name = ".BTF", .contents = Zeros(40)});
  sound.elf.AddSection({.name = ".BTF.ext", .contents = ExtWith(24)});
  const auto spec = CollectionSpec::Parse(sound.elf.Build(), "bad.o");
  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(spec->functions[0].problem, HasSubstr("but the object's types are damaged"));
}

TEST(MalformedObject, DamagedRelocationsOfTypesHurtEveryProgram) {
  for (const bool compressed : {false, true}) {
    Sound sound;
    sound.elf.AddSection({.name = ".BTF", .contents = BtfBuilder().Build()});
    sound.elf.AddSection(
        {.name = ".BTF.ext", .flags = compressed ? uint64_t{0x800} : 0, .contents = ExtWith(24)});
    const auto spec = CollectionSpec::Parse(sound.elf.Build(), "bad.o");
    ASSERT_THAT(spec, IsOk());
    EXPECT_THAT(spec->functions[0].problem, HasSubstr(compressed ? "compressed" : "CO-RE"));
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
     "it has no variable in BTF's section .maps"},
    {"no struct", [](TypedMap& m) { return m.Build(m.u32); }, "it is a unsigned int"},
    {"too many members",
     [](TypedMap& m) {
       return m.Build(m.btf.Struct(
           "", 8, std::vector<BtfBuilder::Member>(33, BtfBuilder::Member{"type", m.u32, 0})));
     },
     "it has 33 members; a definition has at most 32"},
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
    const auto spec = CollectionSpec::Parse(row.build(map), "bad.o");
    ASSERT_THAT(spec, IsOk());
    ASSERT_EQ(spec->maps.size(), 1U);
    EXPECT_THAT(spec->maps[0].problem, HasSubstr(row.words));
  }
}

TEST(MalformedObject, SoundDefinitionsOfEveryFieldAreRead) {
  TypedMap map;
  const uint32_t extra = map.btf.Enum64("", {{"x", uint64_t{5} << 40}});
  const auto spec =
      CollectionSpec::Parse(map.Build(map.btf.Struct("", 64,
                                                     {{"type", map.Number(9), 0},
                                                      {"max_entries", map.Number(77), 64},
                                                      {"map_flags", map.Number(4), 128},
                                                      {"key_size", map.Number(4), 192},
                                                      {"key", map.btf.Ptr(map.u32), 256},
                                                      {"value_size", map.Number(12), 320},
                                                      {"numa_node", map.Number(3), 384},
                                                      {"map_extra", extra, 448},
                                                      {"pinning", map.Number(1), 448}})),
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
  EXPECT_EQ(read.problem, "");
}

// Else each section that a file gives one name would have all of these maps and variables.
TEST(MalformedObject, WhatTypesTellOfLiesInTheFirstSectionOfThatName) {
  BtfBuilder btf;
  const uint32_t u32 = btf.Int("unsigned int", 4);
  const uint32_t ops = btf.Struct("ops", 8, {{"n", u32, 0}});
  const uint32_t a = btf.Var("a", ops, 1);
  const uint32_t b = btf.Var("b", ops, 1);
  ElfBuilder elf;
  uint16_t last = 0;
  for (const std::string name : {".maps", ".struct_ops", ".data"}) {
    elf.AddSection({.name = name, .contents = Zeros(16)});
    last = static_cast<uint16_t>(elf.AddSection({.name = name, .contents = Zeros(16)}));
    btf.Datasec(name, 16, {{a, 0, 8}, {b, 8, 8}});
  }
  elf.AddSection({.name = ".BTF", .contents = btf.Build()});
  elf.AddSymbol({.name = "c", .type = kObject, .section = 2, .size = 8});
  elf.AddSymbol({.name = "d", .type = kObject, .section = last, .value = 4, .size = 4});
  const auto spec = CollectionSpec::Parse(elf.Build(), "bad.o");
  ASSERT_THAT(spec, IsOk());
  std::vector<std::string> maps;
  for (const MapSpec& map : spec->maps) maps.push_back(map.section + " " + map.name);
  EXPECT_THAT(maps, ::testing::ElementsAre(".maps a", ".maps b", ".maps c", ".data .data",
                                           ".data .data", ".struct_ops a", ".struct_ops b"));
  EXPECT_EQ(spec->maps[2].problem, "it has no variable in BTF's section .maps");
  std::vector<std::string> variables;
  for (const VariableSpec& variable : spec->variables) variables.push_back(variable.name);
  EXPECT_THAT(variables, ::testing::ElementsAre("a", "b", "d"));
}

TEST(MalformedObject, TypesTellOfNoVariableInASectionWithoutAName) {
  BtfBuilder btf;
  btf.Datasec("", 8, {{btf.Var("a", btf.Int("unsigned int", 4), 1), 0, 4}});
  Sound sound;
  const uint32_t nameless =
      sound.elf.AddSection({.name = "", .flags = 0x2, .contents = Zeros(8)});  // SHF_ALLOC
  sound.elf.AddSection({.name = ".BTF", .contents = btf.Build()});
  const uint32_t symbol = sound.elf.AddSymbol(
      {.name = "a", .type = kObject, .section = static_cast<uint16_t>(nameless), .size = 4});
  sound.elf.Relocate(sound.code, {.offset = 0, .type = 1, .symbol = symbol});
  const auto spec = CollectionSpec::Parse(sound.elf.Build(), "bad.o");
  ASSERT_THAT(spec, IsOk());
  const Reference& reference = spec->CodeOf(*spec->FindProgram("p")).references.at(0);
  EXPECT_EQ(spec->maps.at(reference.target).params.value_size, 8U);
  EXPECT_EQ(spec->variables.at(0).type, 0U);
}

// The names of a section's symbols are sorted once: for each of these it would take minutes.
TEST(MalformedObject, ManyPartsOfTheTypesTellOfOneSection) {
  constexpr uint32_t kMany = 10'000;
  BtfBuilder btf;
  ElfBuilder elf;
  const auto data =
      static_cast<uint16_t>(elf.AddSection({.name = ".data", .contents = Zeros(kMany)}));
  const uint32_t stranger = btf.Var("stranger", btf.Int("char", 1), 1);
  for (uint32_t i = 0; i < kMany; ++i) {
    btf.Datasec(".data", 0, {{stranger, 0, 1}});
    elf.AddSymbol({.name = "v" + std::to_string(i),
                   .type = kObject,
                   .section = data,
                   .value = kMany - 1 - i,
                   .size = 1});
  }
  elf.AddSection({.name = ".BTF", .contents = btf.Build()});
  const auto spec = CollectionSpec::Parse(elf.Build(), "bad.o");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->variables.size(), kMany + size_t{1});
}

// And so are the options.
TEST(MalformedObject, ManyPartsOfTheTypesTellOfOptions) {
  constexpr uint32_t kMany = 10'000;
  BtfBuilder btf;
  ElfBuilder elf;
  const uint32_t type = btf.Int("char", 1);
  std::vector<BtfBuilder::Variable> options;
  for (uint32_t i = 0; i < kMany; ++i) {
    const std::string name = "CONFIG_" + std::to_string(kMany - i);
    options.push_back({btf.Var(name, type, 2), 0, 1});
    elf.AddSymbol({.name = name});
  }
  btf.Datasec(".kconfig", 0, options);
  for (uint32_t i = 0; i < kMany; ++i) btf.Datasec(".kconfig", 0, {});
  elf.AddSection({.name = ".BTF", .contents = btf.Build()});
  const auto spec = CollectionSpec::Parse(elf.Build(), "bad.o");
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->externs.size(), kMany);
  EXPECT_EQ(spec->externs.back().kind, ExternKind::kKconfig);
}

TEST(MalformedObject, AFunctionEndsWithItsSectionThoughTheNextOneBeginsBeyond) {
  Sound sound;
  sound.elf.BreakSymbol(sound.program, symbol_field::kSize, uint64_t{1} << 48);
  sound.elf.AddSymbol({.name = "beyond",
                       .type = kFunc,
                       .section = static_cast<uint16_t>(sound.code),
                       .value = uint64_t{1} << 56});
  const auto spec = CollectionSpec::Parse(sound.elf.Build(), "bad.o");
  ASSERT_THAT(spec, IsOk());
  ASSERT_EQ(spec->functions.size(), 2U);
  EXPECT_THAT(spec->functions[0].problem, HasSubstr("is said to be 281474976710656 bytes"));
  EXPECT_THAT(spec->functions[0].problem, HasSubstr("whole instructions below 32"));
  EXPECT_THAT(spec->functions[1].problem, HasSubstr("'beyond'"));
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
  const FunctionSpec& two = spec->CodeOf(spec->programs[1]);
  EXPECT_EQ(two.insns.size(), 4U);
  ASSERT_EQ(two.references.size(), 1U);
  EXPECT_EQ(spec->maps[two.references[0].target].name, "b");
  EXPECT_EQ(spec->FindMap("a")->extra.size(), 8U);
}

}  // namespace
}  // namespace purebpf
