// What programs for older loaders (iproute2, kernel samples, cilium/ebpf's first releases) hold,
// and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/planner.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/byte_writer.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using testing::BtfBuilder;
using testing::ByteWriter;
using testing::ElfBuilder;
using testing::Fails;
using ::testing::HasSubstr;
using testing::IsOk;

constexpr uint64_t kExec = 0x6;  // SHF_ALLOC | SHF_EXECINSTR
constexpr uint8_t kLocal = 0;
constexpr uint8_t kObject = 1, kFunc = 2;

std::vector<std::byte> Words(std::initializer_list<uint32_t> words) {
  ByteWriter writer(std::endian::little);
  for (const uint32_t word : words) writer.U32(word);
  return writer.bytes();
}

// r0 = 0; exit
std::vector<std::byte> Exit() { return Words({0xb7, 0, 0x95, 0}); }

// An object with maps of `size` bytes each, "a", "b", ..., one behind the other.
CollectionSpec WithMaps(std::string_view section, uint32_t size, std::vector<std::byte> contents) {
  ElfBuilder elf;
  const size_t count = contents.size() / size;
  const auto maps = static_cast<uint16_t>(
      elf.AddSection({.name = std::string(section), .contents = std::move(contents)}));
  for (size_t i = 0; i < count; ++i)
    elf.AddSymbol({.name = std::string(1, static_cast<char>('a' + i)),
                   .type = kObject,
                   .section = maps,
                   .value = i * size,
                   .size = size});
  auto spec = CollectionSpec::Parse(elf.Build(), "old.o");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

Result<CreateMapStep> PlanOf(const CollectionSpec& spec, uint32_t map) {
  auto target = TargetKernel::Described({.page_size = 4096, .possible_cpus = 4});
  const LoadOptions options{.pin_root = ""};
  return Planner(spec, target, options).PlanMap(map);
}

TEST(OldObjects, MapsStandInAnySectionWhoseNameBeginsWithMaps) {
  for (const std::string_view section : {"maps", "maps/a", "maps_old", "lirc_mode2/maps"}) {
    SCOPED_TRACE(section);
    const CollectionSpec spec = WithMaps(section, 20, Words({2, 4, 8, 16, 0}));
    ASSERT_EQ(spec.maps.size(), 1U);
    EXPECT_EQ(spec.maps[0].params, (MapParams{.name = "a",
                                              .type = MapType::kArray,
                                              .key_size = 4,
                                              .value_size = 8,
                                              .max_entries = 16}));
  }
}

TEST(OldObjects, TheFirstDefinitionsHadNoFlags) {
  const CollectionSpec spec = WithMaps("maps", 16, Words({1, 4, 8, 16}));
  EXPECT_EQ(spec.maps[0].params.flags, 0U);
  EXPECT_THAT(PlanOf(spec, 0), IsOk());
}

// Trap 3: loaders gave what follows map_flags different meanings.
TEST(OldObjects, ADefinitionThatIsLongerThanKnownMustEndInZeros) {
  const CollectionSpec zeros = WithMaps("maps", 28, Words({1, 4, 8, 16, 0, 0, 0}));
  EXPECT_EQ(zeros.maps[0].extra, Words({0, 0}));
  EXPECT_THAT(PlanOf(zeros, 0), IsOk());
  const CollectionSpec other = WithMaps("maps", 28, Words({1, 4, 8, 16, 0, 0, 2}));
  EXPECT_EQ(other.maps[0].extra, Words({0, 2}));
  EXPECT_THAT(PlanOf(other, 0),
              Fails(Code::kUnsupported, "byte 4 after its definition's map_flags is not zero"));
}

TEST(OldObjects, WhatFollowsIsToldBySizeWhereItIsIproute2s) {
  // type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx
  const CollectionSpec spec =
      WithMaps("maps", 36, Words({1,  4, 8, 16, 1, 7, 2, 0,  0,     //
                                  12, 4, 4, 3,  0, 0, 0, 7,  0,     //
                                  2,  4, 8, 1,  0, 0, 1, 0,  5,     //
                                  12, 4, 4, 3,  0, 0, 0, 99, 0}));  // nobody's id
  ASSERT_EQ(spec.maps.size(), 4U);
  EXPECT_EQ(spec.maps[0].pinning, Pinning::kByName);
  EXPECT_EQ(spec.maps[0].params.flags, 1U);
  EXPECT_TRUE(spec.maps[0].extra.empty());
  ASSERT_EQ(spec.maps[1].inner.size(), 1U);
  EXPECT_EQ(spec.maps[1].inner[0].params, spec.maps[0].params);
  EXPECT_EQ(spec.maps[1].inner[0].pinning, Pinning::kNone);
  EXPECT_EQ(spec.maps[2].pinning, Pinning::kNone) << "pinned for this object alone";
  const auto outer = PlanOf(spec, 1);
  ASSERT_THAT(outer, IsOk());
  EXPECT_EQ(outer->inner->params.key_size, 4U);
  EXPECT_THAT(PlanOf(spec, 2), IsOk());
  EXPECT_THAT(PlanOf(spec, 3), Fails(Code::kInvalidArgument, "nothing says what these are like"));
}

// Two functions of section "xdp": "main" calls "helper", which is static.
CollectionSpec WithHelper() {
  ElfBuilder elf;
  auto code = Words({0x1085, 0xffffffff, 0x95, 0});  // call; exit
  const auto helper = Exit();
  code.insert(code.end(), helper.begin(), helper.end());
  const auto xdp =
      static_cast<uint16_t>(elf.AddSection({.name = "xdp", .flags = kExec, .contents = code}));
  const uint32_t called = elf.AddSymbol({.name = "helper",
                                         .type = kFunc,
                                         .binding = kLocal,
                                         .section = xdp,
                                         .value = 16,
                                         .size = 16});
  elf.AddSymbol({.name = "main", .type = kFunc, .section = xdp, .size = 16});
  elf.Relocate(xdp, {.offset = 0, .type = 10, .symbol = called});
  auto spec = CollectionSpec::Parse(elf.Build(), "static.o");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

TEST(OldObjects, AStaticFunctionOfAProgramsSectionIsAProgramUnlessOthersUseIt) {
  const CollectionSpec spec = WithHelper();
  ASSERT_EQ(spec.programs.size(), 2U);
  EXPECT_TRUE(spec.FindProgram("main")->autoload);
  EXPECT_FALSE(spec.FindProgram("helper")->autoload);
  auto target = TargetKernel::Described({});
  const auto all = LoadPlan::Make(spec, target);
  ASSERT_THAT(all, IsOk());
  ASSERT_EQ(all->steps.size(), 1U);
  EXPECT_EQ(std::get<LoadProgramStep>(all->steps[0]).params.name, "main");
  const LoadOptions options;
  EXPECT_THAT(Planner(spec, target, options).PlanAlone(spec.programs[0].name == "helper" ? 0 : 1),
              IsOk());
}

// r1 = `symbol` (two slots), or a call of it; r0 = 0; exit
CollectionSpec Undefined(uint32_t first, uint8_t binding) {
  ElfBuilder elf;
  const auto code = first == 0x85 ? Words({0x1085, 0xffffffff, 0xb7, 0, 0x95, 0})
                                  : Words({0x118, 0, 0, 0, 0xb7, 0, 0x95, 0});
  const auto socket =
      static_cast<uint16_t>(elf.AddSection({.name = "socket", .flags = kExec, .contents = code}));
  elf.AddSymbol({.name = "p", .type = kFunc, .section = socket, .size = code.size()});
  const uint32_t symbol = elf.AddSymbol({.name = "MY_CONST", .binding = binding});
  elf.Relocate(socket, {.offset = 0, .type = first == 0x85 ? 10U : 1U, .symbol = symbol});
  auto spec = CollectionSpec::Parse(elf.Build(), "asm.o");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

TEST(OldObjects, AnUndefinedNameOfAssemblyIsANumberToBePatched) {
  constexpr uint8_t kGlobal = 1;
  const CollectionSpec spec = Undefined(0x18, kGlobal);
  auto target = TargetKernel::Described({});
  const auto plan = LoadPlan::Make(spec, target);
  ASSERT_THAT(plan, IsOk());
  const auto& step = std::get<LoadProgramStep>(plan->steps.back());
  EXPECT_EQ(step.params.insns[0], (Insn{.code = 0x18, .registers = Insn::Registers(1, 0)}));
  ASSERT_EQ(step.notes.size(), 1U);
  EXPECT_THAT(step.notes[0].text, HasSubstr("'MY_CONST' is defined nowhere"));
}

TEST(OldObjects, ACallOfAnUndefinedFunctionIsRefusedUnlessItIsWeak) {
  constexpr uint8_t kGlobal = 1, kWeak = 2;
  auto target = TargetKernel::Described({});
  EXPECT_THAT(LoadPlan::Make(Undefined(0x85, kGlobal), target),
              Fails(Code::kNotFound, "'MY_CONST'"));
  const auto plan = LoadPlan::Make(Undefined(0x85, kWeak), target);
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(std::get<LoadProgramStep>(plan->steps.back()).params.insns[0],
            (Insn{.code = kCall, .imm = 2002000000}));
}

// r1 = address of "v", 8 bytes into .data, with 8 as the immediate.
int64_t OffsetWith(std::string_view compiler) {
  ElfBuilder elf;
  const auto socket = static_cast<uint16_t>(elf.AddSection(
      {.name = "socket", .flags = kExec, .contents = Words({0x118, 8, 0, 0, 0xb7, 0, 0x95, 0})}));
  const auto data = static_cast<uint16_t>(
      elf.AddSection({.name = ".data", .flags = 0x3, .contents = std::vector<std::byte>(24)}));
  const auto text = std::as_bytes(std::span(compiler));
  elf.AddSection({.name = ".comment", .contents = {text.begin(), text.end()}});
  elf.AddSymbol({.name = "p", .type = kFunc, .section = socket, .size = 32});
  const uint32_t v =
      elf.AddSymbol({.name = "v", .type = kObject, .section = data, .value = 8, .size = 16});
  elf.Relocate(socket, {.offset = 0, .type = 1, .symbol = v});
  const auto spec = CollectionSpec::Parse(elf.Build(), "gcc.o");
  EXPECT_THAT(spec, IsOk());
  return spec ? spec->functions[0].references[0].offset : -1;
}

TEST(OldObjects, ACallOfAFunctionWithoutATypeIsOfTheKernelsOfThatName) {
  constexpr uint8_t kGlobal = 1;
  BtfBuilder btf;
  const uint32_t prototype = btf.FuncProto(0, {});
  EXPECT_EQ(btf.Func("MY_CONST", prototype, 1), 2U);
  KernelSources sources;
  sources.btf = btf.Build();
  auto target = TargetKernel::Described(std::move(sources));
  const auto plan = LoadPlan::Make(Undefined(0x85, kGlobal), target);
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(std::get<LoadProgramStep>(plan->steps.back()).params.insns[0],
            (Insn{.code = kCall, .registers = Insn::Registers(0, kPseudoKfuncCall), .imm = 2}));
}

// GCC's types say nothing of where variables lie: the symbols do, of which several may have one
// name.
TEST(OldObjects, WhereVariablesLieStandsInTheirSymbols) {
  struct Case {
    std::string_view names;  // of the types' variables, of 1, 2, 3 and 4 bytes
    std::string_view symbols;
    std::vector<uint32_t> offsets;
  };
  const Case cases[] = {
      {"abcd", "abcd", {0, 8, 16, 24}}, {"abcd", "dcba", {24, 16, 8, 0}},
      {"abcd", "axbd", {0, 16, 0, 24}}, {"bacd", "abcd", {8, 0, 16, 24}},
      {"abab", "abab", {0, 8, 16, 24}}, {"aaaa", "aaaa", {0, 8, 16, 24}},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.names) + " " + std::string(each.symbols));
    BtfBuilder btf;
    ElfBuilder elf;
    const auto data = static_cast<uint16_t>(
        elf.AddSection({.name = ".data", .contents = std::vector<std::byte>(32)}));
    std::vector<BtfBuilder::Variable> variables;
    std::vector<uint32_t> types;
    for (uint32_t i = 0; i < each.names.size(); ++i) {
      types.push_back(btf.Array(btf.Int("char", 1), 0, i + 1));
      variables.push_back({btf.Var(each.names.substr(i, 1), types[i], 0), 0, i + 1});
      elf.AddSymbol({.name = std::string(each.symbols.substr(i, 1)),
                     .type = kObject,
                     .binding = kLocal,
                     .section = data,
                     .value = i * uint64_t{8},
                     .size = i + 1});
    }
    btf.Datasec(".data", 0, variables);
    elf.AddSection({.name = ".BTF", .contents = btf.Build()});
    const auto spec = CollectionSpec::Parse(elf.Build(), "gcc.o");
    ASSERT_THAT(spec, IsOk());
    for (uint32_t i = 0; i < types.size(); ++i) {
      const auto found = std::ranges::find(spec->variables, types[i], &VariableSpec::type);
      ASSERT_NE(found, spec->variables.end()) << i;
      EXPECT_EQ(found->offset, each.offsets[i]) << i;
    }
  }
}

TEST(OldObjects, TheAssemblerOfOldGccCountsFromTheSectionsStart) {
  EXPECT_EQ(OffsetWith("GCC: (12-20220319-1+deb12u1) 12.2.0"), 8);
  EXPECT_EQ(OffsetWith("GCC: (GNU) 16.0.1 20260101 (experimental)"), 16);
  EXPECT_EQ(OffsetWith("clang version 19.1.7"), 16);
  EXPECT_EQ(OffsetWith("GCC: (no version"), 16);
}

TEST(OldObjects, CpumapsHaveNoMoreEntriesThanThereCanBeCpus) {
  const CollectionSpec spec = WithMaps("maps", 20,
                                       Words({16, 4, 4, 0, 0,   //
                                              16, 4, 4, 64, 0,  //
                                              16, 4, 4, 1024, 0}));
  for (const auto& [map, entries] : {std::pair(0U, 4U), {1U, 64U}, {2U, 4U}}) {
    const auto step = PlanOf(spec, map);
    ASSERT_THAT(step, IsOk());
    EXPECT_EQ(step->params.max_entries, entries);
  }
}

}  // namespace
}  // namespace purebpf
