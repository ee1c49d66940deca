// Objects that compilers made: ours from testdata, and those of Debian's package xdp-tools.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/file.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/elf/test_objects.h"
#include "purebpf/tests/elf/walk.h"

namespace purebpf::elf {
namespace {

using ::testing::Contains;
using ::testing::IsSupersetOf;

// The names of the symbols that relocations of this type in this section refer to.
std::set<std::string> Targets(const File& file, const char* section, RelocationType type) {
  std::set<std::string> names;
  const Section* found = file.FindSection(section);
  if (found == nullptr) return names;
  const auto relocations = file.Relocations(found->index);
  if (!relocations) return names;
  for (const Relocation& relocation : *relocations) {
    if (relocation.type == static_cast<uint32_t>(type)) {
      names.emplace(file.symbols()[relocation.symbol].name);
    }
  }
  return names;
}

struct Compiled {
  const char* name;
  std::endian order;
};

class CompiledObject : public ::testing::TestWithParam<Compiled> {
 protected:
  void SetUp() override {
    const std::string suffix = GetParam().order == std::endian::little ? "_el" : "_eb";
    sample_ = TestObject("sample" + suffix);
    legacy_ = TestObject("legacy" + suffix);
  }
  std::vector<std::byte> sample_;
  std::vector<std::byte> legacy_;
};

TEST_P(CompiledObject, HasItsSectionsSymbolsAndRelocations) {
  const auto file = File::Parse(sample_);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->order(), GetParam().order);
  for (const char* name :
       {"xdp", ".text", ".maps", "maps", ".rodata", ".data", ".bss", "license"}) {
    SCOPED_TRACE(name);
    const Section* section = file->FindSection(name);
    ASSERT_NE(section, nullptr);
    EXPECT_TRUE(section->Has(SectionFlag::kAlloc));
    EXPECT_EQ(section->contents.size(), name == std::string(".bss") ? 0 : section->size);
  }
  EXPECT_EQ(file->FindSection("license")->size, 4U);
  EXPECT_EQ(StringAt(file->FindSection("license")->contents, 0), "GPL");

  EXPECT_THAT(Targets(*file, "xdp", RelocationType::k64_64), IsSupersetOf({"legacy", "limit"}));
  EXPECT_THAT(Targets(*file, "xdp", RelocationType::k64_32), Contains("elsewhere"));
  EXPECT_THAT(Targets(*file, ".text", RelocationType::k64_64),
              IsSupersetOf({"counters", "initialised", "zeroed"}));
  for (const Section& section : file->sections()) {
    EXPECT_THAT(file->Relocations(section.index), IsParsed());
  }
  for (const Symbol& symbol : file->symbols()) {
    if (symbol.name != "count") continue;
    EXPECT_EQ(symbol.type, SymbolType::kFunc);
    EXPECT_EQ(symbol.binding, SymbolBinding::kGlobal);
    EXPECT_EQ(file->sections()[symbol.section].name, "xdp");
    EXPECT_EQ(symbol.size, file->FindSection("xdp")->size);
  }
}

TEST_P(CompiledObject, HasTheTypesOfItsMaps) {
  const auto file = File::Parse(sample_);
  ASSERT_THAT(file, IsParsed());
  const auto btf = Btf::Parse(file->FindSection(".BTF")->contents);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_EQ(btf->order(), GetParam().order);

  const auto datasec = btf->Find(BtfKind::kDatasec, ".maps");
  ASSERT_TRUE(datasec.has_value());
  const auto variables = btf->Variables(*datasec);
  ASSERT_EQ(variables.size(), 1U);
  EXPECT_EQ(variables[0].size, 32U);
  const BtfType counters = btf->Type(variables[0].variable);
  EXPECT_EQ(Describe(counters), "var counters");
  EXPECT_EQ(counters.linkage, 1U);

  const auto definition = btf->Resolve(counters.target);
  ASSERT_THAT(definition, IsParsed());
  const auto members = btf->Members(*definition);
  ASSERT_EQ(members.size(), 4U);
  EXPECT_EQ(members[1].name, "max_entries");
  EXPECT_EQ(members[3].bit_offset, 192U);
  const BtfType pointer = btf->Type(members[1].type);
  ASSERT_EQ(pointer.kind, BtfKind::kPtr);
  EXPECT_EQ(btf->Array(btf->Type(pointer.target)).count, 16U);
  const BtfType value = btf->Type(btf->Type(members[3].type).target);
  EXPECT_EQ(Describe(value), "struct value");
  EXPECT_EQ(btf->SizeOf(value.id).value_or(0), 40U);
}

TEST_P(CompiledObject, HasItsBitFieldsAndFunctions) {
  const auto file = File::Parse(sample_);
  ASSERT_THAT(file, IsParsed());
  const auto btf = Btf::Parse(file->FindSection(".BTF")->contents);
  ASSERT_THAT(btf, IsParsed());
  const auto flags = btf->Find(BtfKind::kStruct, "flags");
  ASSERT_TRUE(flags.has_value());
  const auto members = btf->Members(*flags);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[1].name, "high");
  EXPECT_EQ(members[1].bit_offset, 3U);
  EXPECT_EQ(members[1].bit_size, 29U);
  EXPECT_EQ(members[2].bit_size, 0U);
  ASSERT_TRUE(btf->Find(BtfKind::kFunc, "count").has_value());
  EXPECT_EQ(btf->Find(BtfKind::kFunc, "count")->linkage, 1U);
  EXPECT_EQ(btf->Find(BtfKind::kFunc, "beside")->linkage, 0U);
  const auto color = btf->Find(BtfKind::kEnum, "color");
  ASSERT_TRUE(color.has_value());
  EXPECT_EQ(btf->Enumerators(*color)[1].value, 7U);
}

TEST_P(CompiledObject, ParsesWithoutBtf) {
  const auto file = File::Parse(legacy_);
  ASSERT_THAT(file, IsParsed());
  EXPECT_EQ(file->FindSection(".BTF"), nullptr);
  ASSERT_NE(file->FindSection("maps"), nullptr);
  EXPECT_EQ(file->FindSection("maps")->contents.size(), 20U);
  EXPECT_THAT(Targets(*file, "socket", RelocationType::k64_64), Contains("hits"));
}

INSTANTIATE_TEST_SUITE_P(BothOrders, CompiledObject,
                         ::testing::Values(Compiled{"Little", std::endian::little},
                                           Compiled{"Big", std::endian::big}),
                         [](const auto& object) { return object.param.name; });

TEST(DebianObjects, ParseWhole) {
  namespace fs = std::filesystem;
  int count = 0;
  std::error_code none;
  for (const auto& directory : fs::directory_iterator("/usr/lib", none)) {
    for (const auto& entry : fs::directory_iterator(directory.path() / "bpf", none)) {
      if (entry.path().extension() != ".o") continue;
      SCOPED_TRACE(entry.path());
      const auto bytes = ReadFile(entry.path());
      const auto file = File::Parse(bytes);
      ASSERT_THAT(file, IsParsed());
      EXPECT_FALSE(file->symbols().empty());
      for (const Section& section : file->sections()) {
        EXPECT_THAT(file->Relocations(section.index), IsParsed());
      }
      ASSERT_NE(file->FindSection(".BTF"), nullptr);
      EXPECT_THAT(Btf::Parse(file->FindSection(".BTF")->contents), IsParsed());
      EXPECT_EQ(WalkFile(bytes).violation, "");
      ++count;
    }
  }
  if (count == 0) GTEST_SKIP() << "no /usr/lib/*/bpf/*.o: Debian's package xdp-tools has them";
  std::cout << "parsed " << count << " objects of /usr/lib/*/bpf\n";
}

}  // namespace
}  // namespace purebpf::elf
