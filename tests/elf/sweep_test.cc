// Every prefix and every damaged byte of good inputs: a value or an error, never more. Each input
// is parsed from a heap block of exactly its size, so that AddressSanitizer sees any look past its
// end.
#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "purebpf/elf/file.h"
#include "purebpf/tests/elf/test_objects.h"
#include "purebpf/tests/elf/walk.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
using ::purebpf::testing::ElfBuilder;
using ::purebpf::testing::Pattern;

using Walker = std::function<Walk(Bytes)>;

// How many of the variants still parse.
struct Tally {
  int parsed = 0;
  int refused = 0;
};

void Visit(const Walker& walk, Bytes bytes, Tally& tally) {
  const Walk walked = walk(bytes);
  EXPECT_EQ(walked.violation, "");
  EXPECT_EQ(walked.parsed, walked.error.empty());
  ++(walked.parsed ? tally.parsed : tally.refused);
}

Tally SweepPrefixes(const Walker& walk, const std::vector<std::byte>& good) {
  Tally tally;
  for (size_t size = 0; size < good.size(); ++size) {
    const std::vector<std::byte> prefix(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    Visit(walk, prefix, tally);
  }
  return tally;
}

Tally SweepFlips(const Walker& walk, const std::vector<std::byte>& good) {
  Tally tally;
  std::vector<std::byte> bytes = good;
  for (std::byte& byte : bytes) {
    const std::byte before = byte;
    for (const unsigned flip : {0x01U, 0x02U, 0x10U, 0x80U, 0xffU}) {
      byte = before ^ static_cast<std::byte>(flip);
      Visit(walk, bytes, tally);
    }
    byte = before;
  }
  return tally;
}

std::vector<std::byte> BuiltBtf(std::endian order) {
  BtfBuilder btf(order);
  btf.Int("int", 4, 1);
  btf.Ptr(1);
  btf.Array(1, 1, 3);
  btf.Struct("s", 8, {{"a", 1, 0, 5}, {"b", 3, 32}});
  btf.Enum("e", 4, {{"A", 1}, {"B", 2}});
  btf.Typedef("t", 4);
  btf.FuncProto(1, {{"x", 2}});
  btf.Func("f", 7, 1);
  btf.Var("v", 4, 1);
  btf.Datasec(".data", 8, {{9, 0, 8}});
  btf.DeclTag("tag", 4, 0);
  btf.Enum64("w", {{"W", 1ULL << 33}});
  btf.Float("d", 8);
  btf.Fwd("s___x");
  btf.Restrict(2);
  btf.TypeTag("user", 1);
  btf.Union("", 8, {{"", 4, 0}, {"c", 1, 0}});
  return btf.Build();
}

std::vector<std::byte> BuiltFile(std::endian order) {
  ElfBuilder elf(order);
  const uint32_t xdp = elf.AddSection({.name = "xdp", .flags = 6, .contents = Pattern(24)});
  elf.AddSection({.name = ".bss", .type = 8, .flags = 3, .size = 64});
  elf.AddSection({.name = ".BTF", .contents = BuiltBtf(order)});
  elf.AddSymbol({.name = "", .type = 3, .binding = 0, .section = 1});
  const uint32_t map = elf.AddSymbol({.name = "map", .type = 1, .section = 0xffff, .size = 8});
  elf.ExtendedIndices({0, 1, 2});
  elf.Relocate(xdp, {.offset = 8, .type = 1, .symbol = map});
  return elf.Build();
}

class ElfSweep : public ::testing::TestWithParam<const char*> {};

TEST_P(ElfSweep, NoPrefixOfACompiledObjectIsTakenWrongly) {
  const auto good = TestObject(GetParam());
  ASSERT_FALSE(good.empty());
  Tally whole;
  Visit(WalkFile, good, whole);
  EXPECT_EQ(whole.parsed, 1);
  const Tally tally = SweepPrefixes(WalkFile, good);
  // clang writes the section headers last: without the last byte the table is cut.
  EXPECT_EQ(tally.parsed, 0);
}

TEST_P(ElfSweep, NoDamagedByteOfACompiledObjectIsTakenWrongly) {
  const auto good = TestObject(std::string(GetParam()).replace(0, 6, "legacy"));
  ASSERT_FALSE(good.empty());
  const Tally tally = SweepFlips(WalkFile, good);
  EXPECT_GT(tally.parsed, 0) << "instructions may say anything";
  EXPECT_GT(tally.refused, 0);
}

TEST_P(ElfSweep, NoVariantOfCompiledBtfIsTakenWrongly) {
  const auto object = TestObject(std::string(GetParam()).replace(0, 6, "kinds"));
  const auto file = File::Parse(object);
  ASSERT_TRUE(file.has_value());
  const Section* section = file->FindSection(".BTF");
  ASSERT_NE(section, nullptr);
  const std::vector<std::byte> good(section->contents.begin(), section->contents.end());
  EXPECT_EQ(WalkBtf(good).violation, "");
  EXPECT_EQ(SweepPrefixes(WalkBtf, good).parsed, 0) << "the strings end the blob";
  const Tally tally = SweepFlips(WalkBtfLightly, good);
  EXPECT_GT(tally.parsed, 0);
  EXPECT_GT(tally.refused, 0);
}

TEST_P(ElfSweep, NoVariantOfBtfExtIsTakenWrongly) {
  const auto object = TestObject(std::string(GetParam()).replace(0, 6, "kinds"));
  const auto file = File::Parse(object);
  ASSERT_TRUE(file.has_value());
  const Section* types = file->FindSection(".BTF");
  const Section* extension = file->FindSection(".BTF.ext");
  ASSERT_TRUE(types != nullptr && extension != nullptr);
  const auto walk = [types](Bytes bytes) { return WalkBtfExt(types->contents, bytes); };
  const std::vector<std::byte> good(extension->contents.begin(), extension->contents.end());
  EXPECT_TRUE(walk(good).parsed) << walk(good).error;
  const Tally prefixes = SweepPrefixes(walk, good);
  EXPECT_EQ(prefixes.parsed, 1) << "nothing at all";
  const Tally tally = SweepFlips(walk, good);
  EXPECT_GT(tally.parsed, 0);
  EXPECT_GT(tally.refused, 0);
}

INSTANTIATE_TEST_SUITE_P(BothOrders, ElfSweep, ::testing::Values("sample_el", "sample_eb"),
                         [](const auto& name) { return std::string(name.param); });

TEST(ElfSweepBuilt, NoVariantOfABuiltFileIsTakenWrongly) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const auto good = BuiltFile(order);
    ASSERT_TRUE(WalkFile(good).parsed);
    EXPECT_EQ(SweepPrefixes(WalkFile, good).parsed, 0);
    const Tally tally = SweepFlips(WalkFile, good);
    EXPECT_GT(tally.parsed, 0);
    EXPECT_GT(tally.refused, 0);
  }
}

TEST(ElfSweepBuilt, NoVariantOfBuiltBtfIsTakenWrongly) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const auto good = BuiltBtf(order);
    ASSERT_TRUE(WalkBtf(good).parsed);
    EXPECT_EQ(SweepPrefixes(WalkBtf, good).parsed, 0);
    const Tally tally = SweepFlips(WalkBtf, good);
    EXPECT_GT(tally.parsed, 0);
    EXPECT_GT(tally.refused, 0);
  }
}

}  // namespace
}  // namespace purebpf::elf
