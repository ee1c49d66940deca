// purebpf check and purebpf btf dump: other kernels, by their types.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <map>
#include <string>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/tools/purebpf_fixture.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "tests/loader/order_big.h"
#include "tests/loader/order_little.h"
#include "tests/loader/traps.h"
#include "tests/tools/tool_object.h"
#include "tests/tools/tool_object_big.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using testing::BtfBuilder;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using testing::TempFolder;

// A kernel's types: struct thing { int always; int sometimes; } and a kernel function.
std::vector<std::byte> NewKernel(std::endian order = std::endian::little) {
  BtfBuilder btf(order);
  const uint32_t number = btf.Int("int", 4, 1);
  btf.Struct("thing", 8, {{"always", number, 0}, {"sometimes", number, 32}});
  btf.Func("kernel_function", btf.FuncProto(number, {{"x", number}}), 0);
  return btf.Build();
}

// One that has less.
std::vector<std::byte> OldKernel(std::endian order = std::endian::little) {
  BtfBuilder btf(order);
  const uint32_t number = btf.Int("int", 4, 1);
  btf.Struct("thing", 4, {{"always", number, 0}});
  return btf.Build();
}

class CheckTest : public ::testing::Test {
 protected:
  CheckTest() {
    std::filesystem::create_directory(folder_ / "kernels");
    WriteFile(tool_, tool_object::Object());
    WriteFile(new_, NewKernel());
    WriteFile(old_, OldKernel());
    WriteFile(folder_ / "kernels/README", std::string_view("how these came here\n"));
    WriteFile(folder_ / "kernels/untyped.o", SmallObject());
    WriteFile(small_, SmallObject());
  }

  TempFolder folder_;
  std::string tool_ = folder_ / "tool.o";
  std::string small_ = folder_ / "small.o";
  std::string new_ = folder_ / "kernels/new";
  std::string old_ = folder_ / "kernels/old";
};

constexpr std::string_view kTable =
    "                new    old\n"
    "  passes        ok     ok\n"
    "  sized         ok     ok\n"
    "  guarded       ok     1 guarded\n"
    "  unguarded     ok     1 missing\n"
    "  guarded_call  ok     1 guarded\n"
    "  option        ok     ok\n"
    "  unknown_kind  fails  fails\n";

TEST_F(CheckTest, IsATableOfKernelsAndPrograms) {
  const Ran ran = RunPurebpf({"check", tool_, "--btf", new_, old_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr(tool_ + ":\n" + std::string(kTable)));
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("  old: unguarded: missing: field 'sometimes' of struct thing does "
                              "not exist on this kernel"),
                    HasSubstr("  old: guarded: guarded: field 'sometimes' of struct thing"),
                    HasSubstr("  old: guarded_call: guarded: "), Not(HasSubstr("new: unguarded")),
                    HasSubstr("new: unknown_kind: ")));
  EXPECT_EQ(ran.err, "");
}

// Objects and kernels of big-endian machines, wherever they are looked at.
TEST_F(CheckTest, IsOfTheOtherByteOrderToo) {
  const std::string big = folder_ / "big.o";
  WriteFile(big, tool_object_big::Object());
  std::filesystem::create_directory(folder_ / "big");
  WriteFile(folder_ / "big/new", NewKernel(std::endian::big));
  WriteFile(folder_ / "big/old", OldKernel(std::endian::big));
  const Ran ran = RunPurebpf({"check", big, "--btf", folder_ / "big"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr(big + ":\n" + std::string(kTable)));
  EXPECT_THAT(ran.out, HasSubstr("  old: unguarded: missing: field 'sometimes' of struct thing"));
}

// What a constant guards depends on how its bytes are read.
TEST_F(CheckTest, ReadsConstantsInTheObjectsByteOrder) {
  for (const auto& [order, object] : {std::pair(std::endian::little, order_little::Object()),
                                      std::pair(std::endian::big, order_big::Object())}) {
    const std::string path = folder_ / "order.o";
    const std::string types = folder_ / "types";
    WriteFile(path, object);
    WriteFile(types, NewKernel(order));
    for (const char* set : {"limit", "limit=0x01020304"}) {
      EXPECT_THAT(RunPurebpf({"check", path, "--btf", types, "--set", set}).out,
                  AllOf(HasSubstr("  shift    1 missing\n"), HasSubstr("  guarded  1 guarded\n")));
    }
  }
}

TEST_F(CheckTest, SaysOnceThatObjectAndKernelDiffer) {
  const std::string big = folder_ / "big.o";
  WriteFile(big, tool_object_big::Object());
  const Ran ran = RunPurebpf({"check", "--json", big, "--btf", new_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "") << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("the object is big-endian, the kernel little-endian"),
                             HasSubstr(R"("programs":[])")));
}

TEST_F(CheckTest, TakesTheFilesOfAFolderThatAreTypes) {
  const Ran ran = RunPurebpf({"check", tool_, "--btf", folder_ / "kernels"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, HasSubstr(tool_ + ":\n" + std::string(kTable)));
}

// Counts how often each file is opened, and how many are open at a time.
class CountingKernel final : public ForwardingKernel {
 public:
  using ForwardingKernel::ForwardingKernel;

  SysResult<Bytes> OpenFile(const std::string& path, size_t max_bytes) override {
    auto file = next().OpenFile(path, max_bytes);
    if (!file) return file;
    ++opened[std::filesystem::path(path).filename()];
    most_open = std::max(most_open, ++open_);
    return file;
  }
  void CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()> reduce) override {
    --open_;
    next().CloseFile(contents, reduce);
  }

  std::map<std::string, int> opened;
  int most_open = 0;

 private:
  int open_ = 0;
};

// A vmlinux has hundreds of megabytes.
TEST_F(CheckTest, OpensEachKernelOnceForAllObjects) {
  testing::ElfBuilder elf;
  elf.AddSection({.name = ".BTF", .contents = NewKernel()});
  WriteFile(folder_ / "kernels/vmlinux", elf.Build());
  HostKernel host;
  CountingKernel kernel(host);
  const Ran ran = RunPurebpf(
      kernel, {"check", tool_, small_, tool_, small_, "--btf", folder_ / "kernels", new_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(kernel.opened, ElementsAre(Pair("README", 1), Pair("new", 2), Pair("old", 1),
                                         Pair("untyped.o", 1), Pair("vmlinux", 1)));
  EXPECT_EQ(kernel.most_open, 1);
  EXPECT_THAT(ran.out, HasSubstr(small_ +
                                 ":\n          new  old  vmlinux  new\n"
                                 "  passes  ok   ok   ok       ok\n" +
                                 tool_ + ":\n"));
}

// Symbols have addresses on every kernel, also those that several objects name.
TEST_F(CheckTest, KnowsTheSymbolsOfAllObjects) {
  const std::string traps = folder_ / "traps.o";
  std::filesystem::create_directory(folder_ / "more");
  const std::string again = folder_ / "more/traps.o";  // errors name the object by its file
  WriteFile(traps, traps::Object());
  WriteFile(again, traps::Object());
  const std::string alone = RunPurebpf({"check", traps, "--btf", new_}).out;
  EXPECT_THAT(alone, HasSubstr("  asks_for_symbol "));
  const std::string both = RunPurebpf({"check", small_, traps, again, "--btf", new_}).out;
  EXPECT_THAT(both, HasSubstr(alone + again + alone.substr(traps.size())));
}

TEST_F(CheckTest, EndsWellWhereNothingIsMissing) {
  const Ran ran = RunPurebpf({"check", small_, "--btf", new_, old_});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_EQ(ran.out, small_ + ":\n          new  old\n  passes  ok   ok\n");
}

TEST_F(CheckTest, TakesOneFileBehindAnEqualsSign) {
  const Ran ran = RunPurebpf({"check", "--btf=" + new_, "--btf=" + old_, small_});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, small_ + ":\n          new  old\n  passes  ok   ok\n");
}

TEST_F(CheckTest, IsOneJsonObjectAnObject) {
  const Ran ran = RunPurebpf({"check", "--json", tool_, small_, "--btf", new_, old_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(WhyNotJsonLines(ran.out, 2), "") << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("{\"btf\":\"" + new_ + R"(","open":"ok","ok":false,)"));
  EXPECT_THAT(ran.out,
              HasSubstr(R"({"name":"unguarded","section":"xdp","plan":"ok","core":2,"functions":0,)"
                        R"("guarded":[],"depends":[],"missing":[],"ok":true})"));
  EXPECT_THAT(ran.out,
              HasSubstr(R"({"name":"unguarded","section":"xdp","plan":"ok","core":2,"functions":0,)"
                        R"("guarded":[],"depends":[],"missing":[{"insn":)"));
  EXPECT_THAT(ran.out, HasSubstr("{\"file\":\"" + small_ + R"(","open":"ok","ok":true,)"));
}

TEST_F(CheckTest, FailsOnAKernelThatCannotBeRead) {
  const std::string broken = folder_ / "kernels/broken";
  WriteFile(broken, std::string_view("\x9f\xeb\x01\x00\xff\xff", 6));
  const Ran ran = RunPurebpf({"check", small_, "--btf", broken, new_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("          broken  new\n  passes  ?       ok\n"),
                             HasSubstr("broken")));
  const Ran missing = RunPurebpf({"check", "--json", small_, "--btf", folder_ / "missing"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.out, HasSubstr("ENOENT"));
}

TEST_F(CheckTest, SaysWhereAFolderHasNoTypes) {
  std::filesystem::create_directory(folder_ / "empty");
  const Ran ran = RunPurebpf({"check", small_, "--btf", folder_ / "empty"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, AllOf(HasSubstr("purebpf: no file with BTF in "), EndsWith("empty\n")));
}

TEST_F(CheckTest, TypesAreDumpedOneByOne) {
  const Ran ran = RunPurebpf({"btf", "dump", old_});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out,
            "[1] INT int  size 4  bits 32  signed\n"
            "[2] STRUCT thing  size 4\n"
            "    always  type 1  bit 0  // int\n");
}

TEST_F(CheckTest, TypesAreDumpedAsAHeader) {
  const Ran ran = RunPurebpf({"btf", "dump", "--format", "c", new_});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("struct thing {\n\tint always;\n\tint sometimes;\n};\n"));
}

TEST_F(CheckTest, TypesAreDumpedAsJson) {
  const Ran ran = RunPurebpf({"btf", "dump", "--json", old_});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "{\"file\":\"" + old_ +
                         R"(","open":"ok","types":[{"id":1,"kind":"INT","name":"int","size":4,)"
                         R"("bits":32,"bit_offset":0,"signed":true,"char":false,"bool":false},)"
                         R"({"id":2,"kind":"STRUCT","name":"thing","size":4,"members":[)"
                         R"({"name":"always","type":1,"bit_offset":0,"bit_size":0}]}]})"
                         "\n");
  const Ran header = RunPurebpf({"btf", "dump", "--json", "--format=c", new_});
  EXPECT_EQ(WhyNotJsonLines(header.out, 1), "");
  EXPECT_THAT(header.out, HasSubstr("struct thing {"));
}

TEST_F(CheckTest, TypesOfAnObjectAreDumpedToo) {
  const Ran ran = RunPurebpf({"btf", "dump", tool_});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out, HasSubstr("DATASEC .maps"));
}

TEST_F(CheckTest, TypesOverOthersAreDumpedWithTheirBase) {
  // "typedef struct thing more", where the strings of the base have 18 bytes.
  BtfBuilder split;
  split.Raw({18 + split.Name("more"), 8U << 24, 2});
  const std::string module = folder_ / "module";
  WriteFile(module, split.Build());
  EXPECT_EQ(RunPurebpf({"btf", "dump", module, "--base", old_}).out, "[3] TYPEDEF more  type 2\n");
  const Ran missing = RunPurebpf({"btf", "dump", module, "--base", folder_ / "missing"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, HasSubstr("ENOENT"));
}

TEST_F(CheckTest, WhatHasNoTypesIsRefused) {
  for (const char* path : {"missing", "kernels/README", "kernels"}) {
    for (const bool json : {false, true}) {
      std::vector<std::string> arguments{"btf", "dump", folder_ / path};
      if (json) arguments.emplace_back("--json");
      const Ran ran = RunPurebpf(arguments);
      EXPECT_EQ(ran.status, 1) << path;
      EXPECT_THAT(ran.out + ran.err, HasSubstr(path));
      if (json) {
        EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
      }
    }
  }
}

}  // namespace
}  // namespace purebpf::tool
