#include "purebpf/elf/executable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "purebpf/elf/executable_reduce.h"
#include "purebpf/tests/elf/parse_matchers.h"
#include "purebpf/tests/elf/walk.h"
#include "purebpf/tests/support/executable_builder.h"

namespace purebpf::elf {
namespace {

using ::purebpf::testing::ExecutableBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "name address size binding", and what else is to be known of it.
std::vector<std::string> FunctionsOf(const Executable& executable) {
  std::vector<std::string> functions;
  const auto read = executable.EachFunction([&](const FunctionSymbol& each) {
    std::string line(each.name);
    line += " " + std::to_string(each.address) + " " + std::to_string(each.size) + " " +
            std::to_string(static_cast<int>(each.binding));
    if (!each.defined) line += " undefined";
    if (each.resolver) line += " resolver";
    if (each.old) line += " old";
    functions.push_back(line);
  });
  EXPECT_THAT(read, IsParsed());
  return functions;
}

ExecutableBuilder Whole(std::endian order = std::endian::little) {
  ExecutableBuilder exe(order);
  exe.Function({.name = "main", .address = 0x2100, .size = 0x30});
  exe.Function({.name = "helper", .address = 0x2140, .size = 8, .binding = 0});
  exe.Function({.name = "counter", .address = 0x4800, .size = 8, .type = 1});
  exe.Function({.name = "write@GLIBC_2.2.5", .section = 0});
  exe.Function({.name = "copy@V1", .address = 0x2200});
  exe.Function({.name = "copy@@V2", .address = 0x2240});
  exe.Dynamic({.name = "start_it", .address = 0x2300, .size = 0x10, .binding = 2});
  exe.Dynamic({.name = "choose", .address = 0x2340, .type = 10});
  exe.Dynamic({.name = "start_it", .address = 0x2320, .version = 0x8003});
  exe.Dynamic({.name = "puts", .section = 0});
  return exe;
}

TEST(Executable, HasTheFunctionsOfBothSymbolTables) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const std::vector<std::byte> bytes = Whole(order).Build();
    const auto executable = Executable::Parse(bytes);
    ASSERT_THAT(executable, IsParsed());
    EXPECT_EQ(executable->order(), order);
    EXPECT_TRUE(executable->has_symbols());
    EXPECT_THAT(
        FunctionsOf(*executable),
        ElementsAre("main 8448 48 1", "helper 8512 8 0", "write 0 0 1 undefined old",
                    "copy 8704 0 1 old", "copy 8768 0 1", "start_it 8960 16 2",
                    "choose 9024 0 1 resolver", "start_it 8992 0 1 old", "puts 0 0 1 undefined"));
  }
}

TEST(Executable, FindsCodeInTheFile) {
  const std::vector<std::byte> bytes = Whole().Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  EXPECT_EQ(executable->segments().size(), 3u);
  EXPECT_EQ(executable->FileOffset(0x2000), 0x1000u);
  EXPECT_EQ(executable->FileOffset(0x27ff), 0x17ffu);
  EXPECT_EQ(executable->FileOffset(0x1fff), std::nullopt);
  EXPECT_EQ(executable->FileOffset(0x2800), std::nullopt);
  // Read only, data, and nothing.
  EXPECT_EQ(executable->FileOffset(0x40), std::nullopt);
  EXPECT_EQ(executable->FileOffset(0x4800), std::nullopt);
  EXPECT_EQ(executable->FileOffset(0xffffffffffffffff), std::nullopt);
}

// A program that is loaded where it says, as gcc -no-pie makes it.
TEST(Executable, MayHaveAFixedAddress) {
  ExecutableBuilder exe;
  exe.segments = {{.flags = 5, .offset = 0x1000, .address = 0x401000, .file_size = 0x200}};
  exe.Function({.name = "main", .address = 0x401126});
  exe.elf().Break({16, 2}, 2);  // ET_EXEC
  const std::vector<std::byte> bytes = exe.Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  EXPECT_EQ(executable->FileOffset(0x401126), 0x1126u);
}

TEST(Executable, MayHaveNoSymbols) {
  ExecutableBuilder exe;
  const std::vector<std::byte> bytes = exe.Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  EXPECT_FALSE(executable->has_symbols());
  EXPECT_THAT(FunctionsOf(*executable), IsEmpty());
}

TEST(Executable, WithoutVersionsNothingIsOld) {
  ExecutableBuilder exe;
  exe.with_versions = false;
  exe.Dynamic({.name = "f", .address = 0x2000, .version = 0x8003});
  const std::vector<std::byte> bytes = exe.Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  EXPECT_THAT(FunctionsOf(*executable), ElementsAre("f 8192 0 1"));
}

TEST(Executable, LeavesOutNamesThatAreTooLong) {
  ExecutableBuilder exe;
  exe.Function({.name = std::string(5000, 'x'), .address = 0x2000});
  exe.Function({.name = "f", .address = 0x2000});
  const std::vector<std::byte> bytes = exe.Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  EXPECT_THAT(FunctionsOf(*executable), ElementsAre("f 8192 0 1"));
}

// Where counts do not fit the header they stand in section 0.
TEST(Executable, CountsMayStandInSection0) {
  ExecutableBuilder exe = Whole();
  exe.elf().Break({56, 2}, 0xffff);
  exe.elf().Break("", testing::section_field::kInfo, 4);
  exe.elf().Break({60, 2}, 0);
  exe.elf().Break("", testing::section_field::kSize, 8);
  const std::vector<std::byte> bytes = exe.Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  EXPECT_EQ(executable->segments().size(), 3u);
  EXPECT_EQ(FunctionsOf(*executable).size(), 9u);
}

TEST(Executable, RefusesWhatIsNone) {
  namespace section = testing::section_field;
  struct Case {
    const char* name;
    std::function<void(testing::ElfBuilder&)> damage;
    const char* words;
  };
  const Case cases[] = {
      {"empty", [](auto& elf) { elf.Truncate(0); }, "the file has 0x0 bytes"},
      {"relocatable", [](auto& elf) { elf.Break({16, 2}, 1); },
       "type 1, not 2 (an executable) or 3 (a shared library)"},
      {"class", [](auto& elf) { elf.Break({4, 1}, 1); }, "class 1, not 2 (64-bit)"},
      {"e_shentsize", [](auto& elf) { elf.Break({58, 2}, 0x41); }, "e_shentsize 0x41, not 0x40"},
      {"e_phentsize", [](auto& elf) { elf.Break({54, 2}, 32); }, "e_phentsize 0x20, not 0x38"},
      {"e_phoff", [](auto& elf) { elf.Break({32, 8}, 0xfffffffffffffff0); },
       "4 program headers at 0xfffffffffffffff0 end past the file's"},
      {"e_phnum", [](auto& elf) { elf.Break({56, 2}, 0xfffe); }, "65534 program headers at 0x40"},
      {"e_shoff", [](auto& elf) { elf.Break({40, 8}, 0x7fffffffffffffff); },
       "section headers at 0x7fffffffffffffff end past the file's"},
      {"e_shnum", [](auto& elf) { elf.Break({60, 2}, 0xff00); }, "65280 section headers at"},
      {"no room for section 0",
       [](auto& elf) {
         elf.Break({60, 2}, 0);
         elf.Break({40, 8}, 0x7fffffffffffffff);
       },
       "e_shoff 0x7fffffffffffffff leaves no room for a section header"},
      {"sh_size of section 0",
       [](auto& elf) {
         elf.Break({60, 2}, 0);
         elf.Break("", section::kSize, 0xffffffffffffffff);
       },
       "18446744073709551615 section headers at"},
      {"symbols", [](auto& elf) { elf.Break(".symtab", section::kSize, 0xffffff); },
       "the symbols, offset"},
      {"symbols' names", [](auto& elf) { elf.Break(".dynsym", section::kLink, 99); },
       "its names are in section 99, but there are 8 sections"},
      {"names", [](auto& elf) { elf.Break(".dynstr", section::kSize, 0xffffff); },
       "the names, offset"},
      {"versions' offset", [](auto& elf) { elf.Break(".gnu.version", section::kOffset, 0xffffff); },
       "0xa bytes at 0xffffff are no versions of 5 symbols"},
      {"versions' count", [](auto& elf) { elf.Break(".gnu.version", section::kSize, 8); },
       "0x8 bytes at"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    ExecutableBuilder exe = Whole();
    each.damage(exe.elf());
    EXPECT_THAT(Executable::Parse(exe.Build()), IsMalformed(each.words));
  }
}

TEST(Executable, RefusesNamesOutsideOfTheirTable) {
  ExecutableBuilder exe = Whole();
  exe.elf().BreakSymbol(1, testing::symbol_field::kName, 0xffff);
  const std::vector<std::byte> bytes = exe.Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  EXPECT_THAT(executable->EachFunction([](const FunctionSymbol&) {}),
              IsMalformed("symbol 1: name at 0xffff lies outside of the string table's"));
}

// What a recording keeps: the same answers, from a file that is much smaller.
TEST(Executable, ReducedSaysTheSameOfWhatIsKept) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const std::vector<std::byte> bytes = Whole(order).Build();
    const auto executable = Executable::Parse(bytes);
    ASSERT_THAT(executable, IsParsed());
    std::vector<FunctionSymbol> kept;
    ASSERT_THAT(executable->EachFunction([&](const FunctionSymbol& each) {
      if (each.name != "main") kept.push_back(each);
    }),
                IsParsed());
    const std::vector<std::byte> reduced = ReduceExecutable(*executable, kept);
    EXPECT_EQ(reduced.size(), 64u + 3 * 56 + 3 * 64 + 8 * 24 + 66);
    const auto again = Executable::Parse(reduced);
    ASSERT_THAT(again, IsParsed());
    EXPECT_EQ(again->order(), order);
    EXPECT_EQ(again->FileOffset(0x2340), 0x1340u);
    EXPECT_EQ(again->FileOffset(0x4800), std::nullopt);
    std::vector<std::string> wanted = FunctionsOf(*executable);
    wanted.erase(wanted.begin());
    EXPECT_EQ(FunctionsOf(*again), wanted);
  }
}

TEST(Executable, ReducedKeepsThatThereAreNoSymbols) {
  ExecutableBuilder exe;
  const std::vector<std::byte> bytes = exe.Build();
  const auto executable = Executable::Parse(bytes);
  ASSERT_THAT(executable, IsParsed());
  const std::vector<std::byte> reduced = ReduceExecutable(*executable, {});
  const auto again = Executable::Parse(reduced);
  ASSERT_THAT(again, IsParsed());
  EXPECT_FALSE(again->has_symbols());
  EXPECT_EQ(again->segments().size(), 3u);
}

// Every prefix and every damaged byte: a value or an error. From blocks of exactly their size, so
// that AddressSanitizer sees any look past the end.
TEST(Executable, SurvivesPrefixesAndFlips) {
  ExecutableBuilder small = Whole();
  small.segments.pop_back();
  const std::vector<std::byte> good = small.Build();
  size_t parsed = 0;
  for (size_t size = 0; size < good.size(); ++size) {
    const std::vector<std::byte> prefix(good.begin(), good.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(WalkExecutable(prefix).violation, "");
  }
  std::vector<std::byte> bytes = good;
  for (std::byte& byte : bytes) {
    const std::byte before = byte;
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      byte = before ^ static_cast<std::byte>(flip);
      const Walk walk = WalkExecutable(bytes);
      EXPECT_EQ(walk.violation, "");
      parsed += walk.parsed ? 1 : 0;
    }
    byte = before;
  }
  EXPECT_GT(parsed, good.size());
}

}  // namespace
}  // namespace purebpf::elf
