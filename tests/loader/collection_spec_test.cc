#include "purebpf/loader/collection_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
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
    EXPECT_FALSE(map->has_values);
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
    ASSERT_FALSE(program->insns.empty());
    EXPECT_EQ(program->insns.back().code, kExit);
  }
}

TEST(CollectionSpec, TellsWhichMapEachInstructionRefersTo) {
  const CollectionSpec spec = Kinds();
  const auto& first = spec.FindProgram("first")->references;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].kind, ReferenceKind::kMap);
  EXPECT_EQ(first[0].target, "by_type");
  EXPECT_EQ(spec.FindProgram("first")->insns[first[0].insn].code, kLoadImm64);

  const auto& second = spec.FindProgram("second")->references;
  ASSERT_EQ(second.size(), 2U);
  EXPECT_EQ(second[0].target, "old_style");
  EXPECT_EQ(second[1].target, "by_size");
  EXPECT_LT(second[0].insn, second[1].insn);
}

TEST(CollectionSpec, ReadsAForeignByteOrderToTheSameSpec) {
  auto foreign = CollectionSpec::Parse(kinds_foreign::Object(), "kinds");
  ASSERT_THAT(foreign, IsOk());
  EXPECT_EQ(foreign->order, std::endian::big);
  CollectionSpec native = Kinds();
  native.order = std::endian::big;
  EXPECT_EQ(*foreign, native);
}

TEST(CollectionSpec, TellsReferencesToDataFunctionsAndExternsApart) {
  auto spec = CollectionSpec::Parse(unresolved::Object(), "unresolved");
  ASSERT_THAT(spec, IsOk());
  EXPECT_THAT(NamesOf(spec->programs), ElementsAre("uses_data", "calls_function", "calls_extern",
                                                   "reads_kernel_type", "needs_nothing"));
  struct Case {
    std::string_view program;
    ReferenceKind kind;
    std::string_view target;
  };
  for (const Case& row :
       {Case{"uses_data", ReferenceKind::kData, ".data"},
        Case{"calls_function", ReferenceKind::kFunction, "helper_function"},
        Case{"calls_extern", ReferenceKind::kExtern, "something_elsewhere"},
        Case{"reads_kernel_type", ReferenceKind::kCoRe, "struct net_device 0:0"}}) {
    SCOPED_TRACE(row.program);
    const auto& references = spec->FindProgram(row.program)->references;
    ASSERT_FALSE(references.empty());
    EXPECT_EQ(references[0].kind, row.kind);
    EXPECT_EQ(references[0].target, row.target);
  }
  EXPECT_THAT(spec->FindProgram("needs_nothing")->references, IsEmpty());
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

// Every prefix, and every object with one byte changed, is an Error or a spec whose references stay
// inside its programs.
void ExpectSound(Bytes object) {
  const auto spec = CollectionSpec::Parse(object, "hostile");
  if (!spec) {
    EXPECT_FALSE(spec.error().detail.empty());
    return;
  }
  for (const ProgramSpec& program : spec->programs)
    for (const Reference& reference : program.references)
      ASSERT_LT(reference.insn, program.insns.size());
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
