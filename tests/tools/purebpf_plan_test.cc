// purebpf inspect and purebpf plan: what they say of an object, for people and for machines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/tools/purebpf_fixture.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "tests/tools/tool_object.h"
#include "tests/tools/tool_object_big.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    WriteFile(small_, SmallObject());
    WriteFile(tool_, tool_object::Object());
  }

  TempFolder folder_;
  std::string small_ = folder_ / "small.o";
  std::string tool_ = folder_ / "tool.o";
};

TEST_F(PlanTest, IsOneObjectALineWithEveryInstruction) {
  const Ran ran = RunPurebpf({"plan", "--json", small_});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "{\"file\":\"" + small_ +
                         R"(","open":"ok",)"
                         R"("maps":[{"name":"unused","type":1,"key_size":4,"value_size":8,)"
                         R"("max_entries":16,"map_flags":0,"map_extra":0},)"
                         R"({"name":"numbers","type":2,"key_size":4,"value_size":8,)"
                         R"("max_entries":3,"map_flags":0,"map_extra":0}],)"
                         R"("programs":[{"name":"passes","section":"xdp","type":6,)"
                         R"("attach_type":37,"flags":0,"plan":"ok","insn_cnt":4,)"
                         R"("insns":"18110000010000000000000000000000)"
                         R"(b7000000020000009500000000000000",)"
                         R"("fnv":"76d19e7e37386bd2"}]})"
                         "\n");
}

// What is written is to be compiled: a header with a member of no type would be one in silence.
TEST(DumpTest, RefusesTypesThatReferToWhatIsNotThere) {
  TempFolder folder;
  const std::string types = folder / "types";
  testing::BtfBuilder btf;
  btf.Struct("odd", 8, {{"a", btf.Int("int", 4, 1), 0}, {"b", 999, 32}});
  WriteFile(types, btf.Build());
  for (const char* format : {"c", "raw"}) {
    const Ran ran = RunPurebpf({"btf", "dump", types, "--format", format});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("refers to type 999, but the last is 2"));
  }
}

TEST_F(PlanTest, ReadsAsATable) {
  const Ran ran = RunPurebpf({"plan", small_});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, small_ +
                         ":\n"
                         "  map  unused   BPF_MAP_TYPE_HASH   key 4  value 8  entries 16\n"
                         "  map  numbers  BPF_MAP_TYPE_ARRAY  key 4  value 8  entries 3\n"
                         "  program  passes  section xdp  BPF_PROG_TYPE_XDP  4 instructions, "
                         "planned\n");
}

TEST_F(PlanTest, OfEachHasTheOptionalOnesToo) {
  EXPECT_THAT(RunPurebpf({"plan", tool_}).out, Not(HasSubstr("optional")));
  EXPECT_THAT(RunPurebpf({"plan", "--each", tool_}).out, HasSubstr("  program  optional "));
}

TEST_F(PlanTest, OfOneProgramThatFailsHurtsNoOther) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"plan", "--json", tool_}, {"plan", "--json", "--each", tool_}}) {
    const Ran ran = RunPurebpf(arguments);
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
    EXPECT_THAT(
        ran.out,
        AllOf(HasSubstr(R"("name":"passes","section":"xdp","type":6,"attach_type":37,"flags":0,)"
                        R"("plan":"ok","insn_cnt":2,"insns":"b7000000020000009500000000000000",)"
                        R"("fnv":"6d9e4cbfdb7106c5")"),
              HasSubstr(R"("name":"unknown_kind","section":"mystery","type":0,"attach_type":0,)"
                        R"("flags":0,"plan":{"code":)")));
  }
}

// What a big-endian kernel is given: the registers' nibbles and the numbers are the other way
// round.
TEST_F(PlanTest, IsInTheByteOrderOfTheObject) {
  const std::string big = folder_ / "big.o";
  const std::string types = folder_ / "types";
  WriteFile(big, tool_object_big::Object());
  testing::BtfBuilder btf(std::endian::big);
  btf.Int("int", 4, 1);
  WriteFile(types, btf.Build());
  const Ran ran = RunPurebpf({"plan", "--json", "--each", "--btf", types, big});
  EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "") << ran.out << ran.err;
  EXPECT_THAT(
      ran.out,
      AllOf(HasSubstr(R"("name":"passes","section":"xdp","type":6,"attach_type":37,"flags":0,)"
                      R"("plan":"ok","insn_cnt":2,"insns":"b7000000000000029500000000000000",)"
                      R"("fnv":"139a5b295d90a019")"),
            // key = threshold: r1 = &tool.data, which is the map of number 1
            HasSubstr(R"("name":"sized","section":"xdp","type":6,"attach_type":37,"flags":0,)"
                      R"("plan":"ok","insn_cnt":)"),
            HasSubstr("18120000000000010000000000000000")));
}

TEST_F(PlanTest, IsRefusedWhereThisKernelHasTheOtherByteOrder) {
  const std::string big = folder_ / "big.o";
  WriteFile(big, tool_object_big::Object());
  for (const char* verb : {"plan", "load"}) {
    const Ran ran = RunPurebpf({verb, big});
    EXPECT_EQ(ran.status, 1);
    constexpr std::string_view kWhy = "the object is big-endian, the kernel little-endian";
    EXPECT_THAT(ran.out, AllOf(HasSubstr(kWhy), HasSubstr("compile it with clang -target bpfel")));
    EXPECT_EQ(ran.out.find(kWhy), ran.out.rfind(kWhy)) << "said once: " << ran.out;
  }
}

// No program needs it; the object cannot be loaded all the same.
TEST_F(PlanTest, FailsForAMapThatCannotBeMade) {
  const std::string bad = folder_ / "bad.o";
  WriteFile(bad, ObjectWithABadMap());
  const Ran ran = RunPurebpf({"plan", "--json", bad});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr(R"("maps":[{"name":"numbers","type":2,"key_size":4,"value_size":8,)"
                              R"("max_entries":3,"map_flags":0,"map_extra":0},)"
                              R"({"name":"unused","type":1,"key_size":4,"value_size":8,)"
                              R"("max_entries":16,"map_flags":0,"map_extra":0,"plan":{"code":)"),
                    // With the index of "numbers", which is now the first.
                    HasSubstr(R"("plan":"ok","insn_cnt":4,"insns":"1811000000000000)")));
  EXPECT_THAT(RunPurebpf({"plan", bad}).out,
              HasSubstr("byte 0 after its definition's map_flags is not zero"));
  // Alone, a program needs no more than what is its own.
  EXPECT_EQ(RunPurebpf({"plan", "--each", bad}).status, 0);
}

TEST_F(PlanTest, HasTheSizesThatAreGiven) {
  const auto plan = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"plan", tool_});
    return RunPurebpf(options);
  };
  const auto sized = [](const char* entries) {
    return HasSubstr(std::string("  map  sized_by_user  BPF_MAP_TYPE_HASH   key 4  value 8  "
                                 "entries ") +
                     entries + "\n");
  };
  EXPECT_THAT(plan({}).out, sized("0"));
  EXPECT_THAT(plan({"--max-entries", "sized_by_user=5"}).out, sized("5"));
  EXPECT_THAT(plan({"--max-entries=sized_by_user=4294967295"}).out, sized("4294967295"));
  EXPECT_THAT(plan({"--default-max-entries", "9"}).out,
              AllOf(sized("9"), HasSubstr("tool.data      BPF_MAP_TYPE_ARRAY  key 4  value 4  "
                                          "entries 1,")));
  EXPECT_THAT(plan({"--default-max-entries", "9", "--max-entries", "sized_by_user=5"}).out,
              sized("5"));
}

TEST_F(PlanTest, ComplainsOfASizeForNoMap) {
  const Ran ran = RunPurebpf({"plan", "--max-entries", "nobody=3", small_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.err, "purebpf: --max-entries: no object has a map 'nobody'\n");
}

TEST_F(PlanTest, TakesAKernelsOptionsFromAFile) {
  const auto insns_of_option = [](const std::string& out) {
    const size_t at = out.find(R"("name":"option")");
    return out.substr(at, out.find('}', at) - at);
  };
  const std::string types = folder_ / "types";
  const std::string config = folder_ / "config";
  testing::BtfBuilder btf;
  btf.Int("int", 4, 1);
  WriteFile(types, btf.Build());
  WriteFile(config, std::string_view("CONFIG_HZ=250\n"));
  const Ran ran = RunPurebpf({"plan", "--json", "--btf", types, "--kconfig", config, tool_});
  EXPECT_THAT(insns_of_option(ran.out), HasSubstr(R"("plan":"ok")")) << ran.err;
  WriteFile(config, std::string_view("CONFIG_HZ=\"often\"\n"));
  const Ran text = RunPurebpf({"plan", "--btf", types, "--kconfig", config, tool_});
  EXPECT_THAT(text.out, AllOf(HasSubstr("option "), HasSubstr("CONFIG_HZ"), HasSubstr("often")));
}

TEST_F(PlanTest, RefusesAKernelThatCannotBeRead) {
  for (const auto* option : {"--btf", "--kconfig"}) {
    const Ran ran = RunPurebpf({"plan", option, folder_ / "missing", small_});
    EXPECT_EQ(ran.status, 1) << option;
    EXPECT_EQ(ran.out, "") << option;
    EXPECT_THAT(ran.err, AllOf(HasSubstr("missing"), HasSubstr("ENOENT"))) << option;
  }
  WriteFile(folder_ / "text", std::string_view("no types\n"));
  const Ran ran = RunPurebpf({"plan", "--btf", folder_ / "text", small_});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("text"));
}

TEST_F(PlanTest, IsSaidInWordsBefore) {
  const Ran ran = RunPurebpf({"inspect", tool_});
  EXPECT_EQ(ran.status, 0);
  for (const char* line :
       {": little-endian, license \"GPL\"", "  xdp  ",
        ("    sized_by_user  BPF_MAP_TYPE_HASH   key 4  value 8  entries 0  section .maps, "
         "unsigned int -> unsigned long long\n"),
        ("    optional      section ?xdp     BPF_PROG_TYPE_XDP     2 instructions, BPF_XDP, only "
         "when named\n"),
        "    .data + 0x0  size 4  unsigned int threshold\n",
        "    kernel option, weak    int CONFIG_HZ\n", "    kernel function, weak  int ",
        " map 'sized_by_user'\n", "kernel option 'CONFIG_HZ'\n",
        " existence of struct thing: sometimes\n", " offset of struct thing: always\n"}) {
    EXPECT_THAT(ran.out, HasSubstr(line));
  }
}

TEST_F(PlanTest, IsInspectedAsJson) {
  const Ran ran = RunPurebpf({"inspect", "--json", small_, tool_});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(WhyNotJsonLines(ran.out, 2), "");
  for (const char* part :
       {R"("maps":[{"name":"unused","section":"maps","type":1,)",
        (R"("name":"passes","section":"xdp","type":6,"attach_type":37,"flags":0,"attach_to":"",)"
         R"("autoload":true,"function":0)"),
        R"("relocations":[{"insn":0,"to":"map 'numbers'"}],"core":[])",
        R"("what":"existence of struct thing: sometimes")",
        R"({"name":"threshold","map":".data","offset":0,"size":4,"type":"unsigned int",)"}) {
    EXPECT_THAT(ran.out, HasSubstr(part));
  }
}

}  // namespace
}  // namespace purebpf::tool
