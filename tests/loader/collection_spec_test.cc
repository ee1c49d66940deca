#include "purebpf/loader/collection_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/elf/btf.h"
#include "purebpf/tests/support/result_matchers.h"
#include "tests/loader/kinds.h"
#include "tests/loader/kinds_foreign.h"
#include "tests/loader/unresolved.h"

namespace purebpf {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using testing::Fails;
using ::testing::IsEmpty;
using testing::IsOk;

CollectionSpec Kinds() {
  auto spec = CollectionSpec::Parse(kinds::Object(), "kinds");
  EXPECT_THAT(spec, IsOk());
  return spec ? *spec : CollectionSpec{};
}

std::vector<std::string> NamesOf(const auto& specs) {
  std::vector<std::string> names;
  for (const auto& spec : specs) names.push_back(spec.name);
  return names;
}

TEST(CollectionSpec, ReadsLicenseVersionAndOrder) {
  const CollectionSpec spec = Kinds();
  EXPECT_EQ(spec.name, "kinds");
  EXPECT_EQ(spec.license, "Dual MIT/GPL");
  EXPECT_EQ(spec.kern_version, 0x050a01U);
  EXPECT_EQ(spec.order, std::endian::little);
}

TEST(CollectionSpec, ReadsMapsOfBothStyles) {
  const CollectionSpec spec = Kinds();
  EXPECT_THAT(NamesOf(spec.maps),
              ::testing::UnorderedElementsAre("by_type", "by_size", "ring", "events", "old_style",
                                              "older_style"));
  struct Case {
    std::string_view name, section;
    MapType type;
    uint32_t key_size, value_size, max_entries, flags;
  };
  const Case cases[] = {
      {"by_type", ".maps", MapType::kHash, 4, 24, 128, 1},
      {"by_size", ".maps", MapType::kPercpuArray, 4, 8, 4, 0},
      {"ring", ".maps", MapType::kRingbuf, 0, 24, 5000, 0},
      {"events", ".maps", MapType::kPerfEventArray, 0, 0, 0, 0},
      {"old_style", "maps", MapType::kArray, 4, 16, 2, 0},
      {"older_style", "maps", MapType::kHash, 8, 4, 7, 0},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const MapSpec* map = spec.FindMap(row.name);
    ASSERT_NE(map, nullptr);
    EXPECT_EQ(map->section, row.section);
    EXPECT_EQ(map->params.name, row.name);
    EXPECT_EQ(map->params.type, row.type);
    EXPECT_EQ(map->params.key_size, row.key_size);
    EXPECT_EQ(map->params.value_size, row.value_size);
    EXPECT_EQ(map->params.max_entries, row.max_entries);
    EXPECT_EQ(map->params.flags, row.flags);
    EXPECT_EQ(map->pinning, Pinning::kNone);
    EXPECT_TRUE(map->inner.empty());
    EXPECT_EQ(map->problem, "");
  }
}

TEST(CollectionSpec, KeepsWhatALegacyDefinitionHoldsBeyondTheKnownFields) {
  const CollectionSpec spec = Kinds();
  EXPECT_EQ(spec.FindMap("old_style")->extra.size(), 8U);
  EXPECT_THAT(spec.FindMap("old_style")->extra, Each(std::byte{0}));
  EXPECT_THAT(spec.FindMap("older_style")->extra, IsEmpty());
}

TEST(CollectionSpec, CutsProgramsAtTheirSymbols) {
  const CollectionSpec spec = Kinds();
  struct Case {
    std::string_view name, section;
    ProgType type;
    std::string_view attach_to;
    bool autoload;
  };
  const Case cases[] = {
      {"first", "xdp", ProgType::kXdp, "", true},
      {"second", "xdp", ProgType::kXdp, "", true},
      {"optional", "?tc", ProgType::kSchedCls, "", false},
      {"probe", "kprobe/do_something", ProgType::kKprobe, "do_something", true},
      {"untyped", "nothing_known", ProgType::kUnspec, "", true},
  };
  ASSERT_EQ(spec.programs.size(), std::size(cases));
  for (const Case& row : cases) {
    SCOPED_TRACE(row.name);
    const ProgramSpec* program = spec.FindProgram(row.name);
    ASSERT_NE(program, nullptr);
    EXPECT_EQ(program->section, row.section);
    EXPECT_EQ(program->type, row.type);
    EXPECT_EQ(program->attach_to, row.attach_to);
    EXPECT_EQ(program->autoload, row.autoload);
    ASSERT_FALSE(spec.CodeOf(*program).insns.empty());
    EXPECT_EQ(spec.CodeOf(*program).insns.back().code, kExit);
  }
}

TEST(CollectionSpec, TellsWhichMapEachInstructionRefersTo) {
  const CollectionSpec spec = Kinds();
  const FunctionSpec& code = spec.CodeOf(*spec.FindProgram("first"));
  const auto& first = code.references;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].kind, ReferenceKind::kMap);
  EXPECT_EQ(spec.maps[first[0].target].name, "by_type");
  EXPECT_EQ(code.insns[first[0].insn].code, kLoadImm64);

  const auto& second = spec.CodeOf(*spec.FindProgram("second")).references;
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(spec.maps[second[0].target].name, "old_style");
  EXPECT_EQ(spec.maps[second[1].target].name, "by_size");
  EXPECT_LT(second[0].insn, second[1].insn);
}

TEST(CollectionSpec, ReadsAForeignByteOrderToTheSameSpec) {
  auto foreign = CollectionSpec::Parse(kinds_foreign::Object(), "kinds");
  ASSERT_THAT(foreign, IsOk());
  EXPECT_EQ(foreign->order, std::endian::big);
  CollectionSpec native = Kinds();
  native.order = std::endian::big;
  // The types are kept as they are in the file.
  EXPECT_EQ(foreign->btf.size(), native.btf.size());
  native.btf = foreign->btf;
  EXPECT_EQ(*foreign, native);
}

TEST(CollectionSpec, TellsReferencesToDataFunctionsAndExternsApart) {
  auto spec = CollectionSpec::Parse(unresolved::Object(), "unresolved");
  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(NamesOf(spec->programs), ElementsAre("uses_data", "calls_function", "calls_extern",
                                                   "reads_kernel_type", "needs_nothing"));
  const auto first = [&](std::string_view program) {
    return spec->CodeOf(*spec->FindProgram(program)).references.at(0);
  };
  EXPECT_EQ(first("uses_data").kind, ReferenceKind::kData);
  EXPECT_EQ(spec->maps[first("uses_data").target].name, ".data");
  EXPECT_EQ(first("calls_function").kind, ReferenceKind::kFunctionCall);
  EXPECT_EQ(spec->functions[first("calls_function").target].name, "helper_function");
  EXPECT_EQ(first("calls_extern").kind, ReferenceKind::kExtern);
  EXPECT_EQ(spec->externs[first("calls_extern").target].name, "something_elsewhere");
  const FunctionSpec& nothing = spec->CodeOf(*spec->FindProgram("needs_nothing"));
  EXPECT_THAT(nothing.references, IsEmpty());
  EXPECT_THAT(nothing.core, IsEmpty());

  const auto& core = spec->CodeOf(*spec->FindProgram("reads_kernel_type")).core;
  ASSERT_EQ(core.size(), 1U);
  EXPECT_EQ(core[0].access, "0:0");
  EXPECT_EQ(core[0].kind, 0U);
  const auto btf = elf::Btf::Parse(spec->btf);
  ASSERT_TRUE(btf);
  EXPECT_EQ(elf::Describe(btf->Type(elf::TypeId{core[0].type})), "struct net_device");
}

TEST(CollectionSpec, KeepsNothingOfTheObject) {
  std::vector<std::byte> object(kinds::Object().begin(), kinds::Object().end());
  auto spec = CollectionSpec::Parse(object, "kinds");
  ASSERT_THAT(spec, IsOk());
  std::ranges::fill(object, std::byte{0xff});
  EXPECT_EQ(*spec, Kinds());
}

TEST(CollectionSpec, ReadsTheObjectsOfDebiansXdpTools) {
  HostKernel kernel;
  size_t objects = 0;
  std::error_code none;
  for (const auto& machine : std::filesystem::directory_iterator("/usr/lib", none)) {
    for (const auto& file : std::filesystem::directory_iterator(machine.path() / "bpf", none)) {
      if (file.path().extension() != ".o") continue;
      SCOPED_TRACE(file.path());
      const auto spec = CollectionSpec::FromFile(kernel, file.path());
      ASSERT_THAT(spec, IsOk());
      EXPECT_FALSE(spec->programs.empty());
      EXPECT_EQ(spec->license, "GPL");
      ++objects;
    }
  }
  if (objects == 0) GTEST_SKIP() << "no /usr/lib/*/bpf/*.o: package xdp-tools is not installed";
}

TEST(CollectionSpec, FindsNothingByAnUnknownName) {
  const CollectionSpec spec = Kinds();
  EXPECT_EQ(spec.FindMap("first"), nullptr);
  EXPECT_EQ(spec.FindProgram("by_type"), nullptr);
}

TEST(CollectionSpec, RefusesWhatIsNoObject) {
  const std::string text = "this is not an ELF file, but it is longer than a header of 64 bytes is";
  EXPECT_THAT(CollectionSpec::Parse(std::as_bytes(std::span(text)), "text"),
              Fails(Code::kMalformed, "text"));
  EXPECT_THAT(CollectionSpec::Parse({}, "empty"), Fails(Code::kMalformed, "empty"));
}

// Every prefix, and every object with one byte changed, is an Error or a spec whose indices all
// lead somewhere.
void ExpectSound(Bytes object) {
  const auto spec = CollectionSpec::Parse(object, "hostile");
  if (!spec) {
    EXPECT_FALSE(spec.error().detail.empty());
    return;
  }
  for (const ProgramSpec& program : spec->programs)
    ASSERT_LT(program.function, spec->functions.size());
  for (const FunctionSpec& function : spec->functions) {
    for (const CoreReference& core : function.core) ASSERT_LT(core.insn, function.insns.size());
    for (const Reference& reference : function.references) {
      ASSERT_LT(reference.insn, function.insns.size());
      switch (reference.kind) {
        case ReferenceKind::kMap:
        case ReferenceKind::kData:
        case ReferenceKind::kArena:
          ASSERT_LT(reference.target, spec->maps.size());
          break;
        case ReferenceKind::kFunctionCall:
        case ReferenceKind::kFunctionAddress:
          ASSERT_LT(reference.target, spec->functions.size());
          break;
        case ReferenceKind::kExtern:
          ASSERT_LT(reference.target, spec->externs.size());
          break;
      }
    }
  }
}

TEST(CollectionSpec, SurvivesEveryPrefix) {
  for (const Bytes object : {kinds::Object(), kinds_foreign::Object(), unresolved::Object()})
    for (size_t size = 0; size < object.size(); ++size) ExpectSound(object.first(size));
}

TEST(CollectionSpec, SurvivesEveryChangedByte) {
  for (const Bytes object : {kinds::Object(), unresolved::Object()}) {
    std::vector<std::byte> changed(object.begin(), object.end());
    constexpr std::byte kFlips[] = {std::byte{0x01}, std::byte{0x80}, std::byte{0xff}};
    for (size_t i = 0; i < changed.size(); ++i) {
      const std::byte flip = kFlips[i % std::size(kFlips)];
      changed[i] ^= flip;
      ExpectSound(changed);
      changed[i] ^= flip;
    }
  }
}

}  // namespace
}  // namespace purebpf
