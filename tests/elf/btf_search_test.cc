#include "purebpf/elf/btf_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/support/btf_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::BtfBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr KindSet kStructs = {BtfKind::kStruct, BtfKind::kUnion};

TEST(EssentialName, EndsAtTheLastSeparator) {
  struct Row {
    std::string_view name;
    std::string_view essential;
  };
  constexpr Row kRows[] = {
      {"task_struct", "task_struct"},
      {"task_struct___old", "task_struct"},
      {"a___b", "a"},
      {"a___b___c", "a___b"},
      {"a___", "a___"},      // nothing behind it
      {"___a", "___a"},      // nor before it
      {"a____b", "a____b"},  // four are none
      {"a___b____c", "a"},   // so the first one counts
      {"a___b_", "a"},
      {"_a___b", "_a"},
      {"a__b", "a__b"},
      {"", ""},
      {"_", "_"},
      {"___", "___"},
      {"_____", "_____"},
      {"a___b___", "a"},
  };
  for (const Row& row : kRows) EXPECT_EQ(EssentialName(row.name), row.essential) << row.name;
}

// One search over types that are named so, from 1 on; all are structs.
std::vector<uint32_t> Search(const std::vector<std::string>& names, std::string_view wanted,
                             bool exact = false) {
  BtfBuilder builder;
  for (const std::string& name : names) builder.Struct(name, 0, {});
  const auto blob = builder.Build();
  BtfSearch search;
  const uint32_t want = exact ? search.WantExact(wanted, kStructs) : search.Want(wanted, kStructs);
  const auto btf = Btf::Index(blob, &search);
  EXPECT_THAT(btf, IsParsed());
  std::vector<uint32_t> found;
  for (const TypeId id : search.Found(want)) found.push_back(static_cast<uint32_t>(id));
  return found;
}

TEST(BtfSearch, FindsANameInAllItsFlavours) {
  EXPECT_THAT(Search({"sock", "socket", "sock___a", "soc", "sock___", "sock__a", "sock",
                      "sock____a", "sock___a___b"},
                     "sock___mine"),
              ElementsAre(1, 3, 7));
}

// The filter looks at four and at eight bytes: names around those lengths, and the separator across
// their ends.
TEST(BtfSearch, FindsNamesOfEveryLength) {
  for (size_t length = 1; length <= 20; ++length) {
    SCOPED_TRACE(length);
    const std::string name = std::string("abcdefghijklmnopqrst").substr(0, length);
    EXPECT_THAT(Search({"other", name + "___x", name + "x", name, "x" + name, name + "___xyz___",
                        name + "___longer_than_eight", name + "_"},
                       name),
                ElementsAre(2, 4, 6, 7));
    EXPECT_THAT(Search({"other", name}, name), ElementsAre(2)) << "the last string there is";
    EXPECT_THAT(Search({name + "___x", name}, name, true), ElementsAre(2));
    EXPECT_THAT(Search({name, name + "___x", name + "___y"}, name + "___x", true), ElementsAre(2));
  }
}

TEST(BtfSearch, FindsNamesOfUnderscores) {
  EXPECT_THAT(Search({"_", "__", "___", "____", "_____", "______", "_______", "________"}, "___"),
              ElementsAre(3));
  EXPECT_THAT(Search({"__a", "__a___b", "___a", "a_", "a______b"}, "__a"), ElementsAre(1, 2));
  EXPECT_THAT(Search({"a_____b", "a_____b___c"}, "a_____b"), ElementsAre(1, 2));
}

TEST(BtfSearch, FindsManyNamesOfManyKinds) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    BtfBuilder builder(order);
    builder.Int("int", 4);                    // 1
    builder.Struct("file", 8, {});            // 2
    builder.Typedef("file", 2);               // 3
    builder.Union("file", 8, {});             // 4
    builder.Func("file_open", 0, 1);          // 5
    builder.Func("file_open___x", 0, 1);      // 6
    builder.Enum64("wide", {{"WIDE", 1}});    // 7
    builder.Struct("", 8, {{"file", 1, 0}});  // 8
    builder.Typedef("btf_trace_x", 1);        // 9
    builder.Fwd("file");                      // 10
    const auto blob = builder.Build();

    BtfSearch search;
    const uint32_t structs = search.Want("file", kStructs);
    const uint32_t functions = search.WantExact("file_open", {BtfKind::kFunc});
    const uint32_t enums = search.Want("wide___y", {BtfKind::kEnum, BtfKind::kEnum64});
    const uint32_t tracepoint = search.WantExact("btf_trace_x", {BtfKind::kTypedef});
    const uint32_t missing = search.Want("inode", kStructs);
    const uint32_t unnamed = search.Want("", kStructs);
    const uint32_t forward = search.WantExact("file", {BtfKind::kFwd});
    const auto btf = Btf::Index(blob, &search);
    ASSERT_THAT(btf, IsParsed());
    EXPECT_THAT(search.Found(structs), ElementsAre(TypeId{2}, TypeId{4}));
    EXPECT_THAT(search.Found(functions), ElementsAre(TypeId{5}));
    EXPECT_THAT(search.Found(enums), ElementsAre(TypeId{7}));
    EXPECT_THAT(search.Found(tracepoint), ElementsAre(TypeId{9}));
    EXPECT_THAT(search.Found(forward), ElementsAre(TypeId{10}));
    EXPECT_THAT(search.Found(missing), IsEmpty());
    EXPECT_THAT(search.Found(unnamed), IsEmpty());
    EXPECT_THAT(search.Found(99), IsEmpty());
  }
}

TEST(BtfSearch, ANameWantedTwiceHasOneList) {
  BtfBuilder builder;
  builder.Struct("file", 8, {});  // 1
  builder.Typedef("file", 1);     // 2
  const auto blob = builder.Build();
  BtfSearch search;
  const uint32_t first = search.Want("file___a", {BtfKind::kStruct});
  const uint32_t second = search.Want("file___b", {BtfKind::kTypedef});
  const uint32_t exact = search.WantExact("file", {BtfKind::kTypedef});
  ASSERT_THAT(Btf::Index(blob, &search), IsParsed());
  EXPECT_THAT(search.Found(first), ElementsAre(TypeId{1}, TypeId{2}));
  EXPECT_THAT(search.Found(second), ElementsAre(TypeId{1}, TypeId{2}));
  EXPECT_THAT(search.Found(exact), ElementsAre(TypeId{2}));
}

TEST(BtfSearch, RunsOverWhatWasIndexedAndForgetsWhatWasFound) {
  BtfBuilder builder;
  builder.Struct("file", 8, {});
  builder.Struct("inode", 8, {});
  const auto blob = builder.Build();
  const auto btf = Btf::Parse(blob);
  BtfSearch search;
  const uint32_t file = search.Want("file", kStructs);
  EXPECT_THAT(search.Found(file), IsEmpty()) << "not searched yet";
  search.Run(*btf);
  EXPECT_THAT(search.Found(file), ElementsAre(TypeId{1}));
  const uint32_t inode = search.Want("inode", kStructs);
  search.Run(*btf);
  EXPECT_THAT(search.Found(file), ElementsAre(TypeId{1}));
  EXPECT_THAT(search.Found(inode), ElementsAre(TypeId{2}));
}

TEST(BtfSearch, SearchesAModuleWithItsKernelsNames) {
  BtfBuilder kernel;
  kernel.Struct("file", 8, {});   // 1
  kernel.Struct("inode", 8, {});  // 2
  const uint32_t shared = kernel.Name("shared_name");
  const auto kernel_blob = kernel.Build();
  const auto base = Btf::Parse(kernel_blob);
  ASSERT_THAT(base, IsParsed());
  // The module's own strings begin behind the kernel's: its first name is "" there.
  BtfBuilder module;
  const auto own = static_cast<uint32_t>(base->strings().size());
  module.Raw({shared, 4U << 24, 8});                     // 3
  module.Raw({own + module.Name("file"), 4U << 24, 8});  // 4
  module.Raw({own + 3, 4U << 24, 8});                    // 5: "le"
  const auto blob = module.Build();
  BtfSearch search;
  const uint32_t file = search.Want("file", kStructs);
  const uint32_t named = search.Want("shared_name", kStructs);
  const uint32_t inode = search.Want("inode", kStructs);
  const uint32_t tail = search.Want("le", kStructs);
  const auto btf = Btf::Index(blob, &search, &*base);
  ASSERT_THAT(btf, IsParsed());
  EXPECT_THAT(search.Found(file), ElementsAre(TypeId{4})) << "without the base's";
  EXPECT_THAT(search.Found(named), ElementsAre(TypeId{3}));
  EXPECT_THAT(search.Found(tail), ElementsAre(TypeId{5}));
  EXPECT_THAT(search.Found(inode), IsEmpty());
  search.Run(*btf);
  EXPECT_THAT(search.Found(named), ElementsAre(TypeId{3}));
}

TEST(BtfSearch, DoesNotFindNamesBeyondTheLimit) {
  const std::string longest(BtfSearch::kMaxName, 'n');
  EXPECT_THAT(Search({longest, longest + "n"}, longest), ElementsAre(1));
  EXPECT_THAT(Search({longest, longest + "n"}, longest + "n"), IsEmpty());
}

TEST(BtfSearch, IgnoresNamesThatAreNotThere) {
  BtfBuilder builder;
  builder.Raw({0xffffffff, 4U << 24, 8});
  builder.Raw({5, 4U << 24, 8});
  builder.Raw({4, 4U << 24, 8});
  builder.Name("abc");  // 1 to 4, the NUL included
  const auto blob = builder.Build();
  BtfSearch search;
  const uint32_t want = search.Want("abc", kStructs);
  ASSERT_THAT(Btf::Index(blob, &search), IsParsed());
  EXPECT_THAT(search.Found(want), IsEmpty());
}

TEST(BtfSearch, ManyWantedNamesAreStillToldApart) {
  BtfBuilder builder;
  std::vector<std::string> names;
  for (int i = 0; i < 20'000; ++i) names.push_back("common_prefix_" + std::to_string(i));
  for (const std::string& name : names) builder.Struct(name, 0, {});
  const auto blob = builder.Build();
  BtfSearch search;
  for (size_t i = 0; i < names.size(); i += 2) search.Want(names[i], kStructs);
  ASSERT_THAT(Btf::Index(blob, &search), IsParsed());
  for (uint32_t i = 0; i < names.size() / 2; ++i) {
    ASSERT_THAT(search.Found(i), ElementsAre(TypeId{2 * i + 1}));
  }
}

}  // namespace
}  // namespace purebpf::elf
