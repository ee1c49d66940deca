// How purebpf is called, and what it says where that makes no sense.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tests/tools/purebpf_fixture.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::TempFolder;

using Arguments = std::vector<std::string>;

Arguments WordsOf(const Verb& verb) {
  const size_t space = verb.name.find(' ');
  Arguments words{std::string(verb.name.substr(0, space))};
  if (space != std::string_view::npos) words.emplace_back(verb.name.substr(space + 1));
  return words;
}

TEST(Usage, EveryVerbSaysWhatItDoes) {
  for (const Verb& verb : Verbs()) {
    for (const char* help : {"--help", "-h"}) {
      Arguments arguments = WordsOf(verb);
      arguments.emplace_back(help);
      const Ran ran = RunPurebpf(arguments);
      EXPECT_EQ(ran.status, 0);
      EXPECT_THAT(ran.out, StartsWith("usage: purebpf " + std::string(verb.name)));
      EXPECT_EQ(ran.err, "");
    }
  }
}

TEST(Usage, TheFirstWordOfVerbsHasTheirHelp) {
  for (const auto& [word, verb] : {std::pair("btf", "btf dump"), {"gen", "gen skeleton"}}) {
    for (const char* help : {"--help", "-h"}) {
      const Ran ran = RunPurebpf({word, help});
      EXPECT_EQ(ran.status, 0);
      EXPECT_THAT(ran.out, StartsWith(std::string("usage: purebpf ") + verb));
      EXPECT_EQ(ran.err, "");
    }
    const Ran wrong = RunPurebpf({word, "nothing"});
    EXPECT_EQ(wrong.status, 2);
    EXPECT_THAT(wrong.err, StartsWith(std::string("purebpf: unknown verb '") + word + " nothing'"));
    EXPECT_THAT(wrong.err, HasSubstr(std::string("usage: purebpf ") + verb));
  }
}

TEST(Usage, TheHelpHasEveryVerb) {
  for (const char* help : {"--help", "-h", "help"}) {
    const Ran ran = RunPurebpf({help});
    EXPECT_EQ(ran.status, 0);
    for (const Verb& verb : Verbs())
      EXPECT_THAT(ran.out, HasSubstr("  " + std::string(verb.name) + "  "));
    EXPECT_EQ(ran.err, "");
  }
}

TEST(Usage, TheHelpOfAVerbCanBeAskedForFirst) {
  for (const char* help : {"--help", "-h", "help"}) {
    for (const Verb& verb : Verbs()) {
      Arguments arguments = WordsOf(verb);
      arguments.insert(arguments.begin(), help);
      const Ran ran = RunPurebpf(arguments);
      EXPECT_EQ(ran.status, 0);
      EXPECT_EQ(ran.out, verb.help);
      EXPECT_EQ(ran.err, "");
    }
    EXPECT_THAT(RunPurebpf({help, "btf"}).out, StartsWith("usage: purebpf btf dump "));
    EXPECT_THAT(RunPurebpf({help, "--json"}).out, StartsWith("usage: purebpf VERB "));
  }
}

struct Misuse {
  const char* name;
  Arguments arguments;
  const char* complaint;
};

class Misused : public ::testing::TestWithParam<Misuse> {};

TEST_P(Misused, IsToldOnStderrWithTheUsage) {
  const Ran ran = RunPurebpf(GetParam().arguments);
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, StartsWith(std::string("purebpf: ") + GetParam().complaint + "\n"));
  EXPECT_THAT(ran.err, HasSubstr("usage: purebpf "));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Misused,
    ::testing::ValuesIn(std::vector<Misuse>{
        {"NoVerb", {}, "no verb is given"},
        {"UnknownVerb", {"inspekt", "a.o"}, "unknown verb 'inspekt'"},
        {"EmptyVerb", {""}, "unknown verb ''"},
        {"TerminalCodes", {"\x1b[31m"}, "unknown verb '?[31m'"},
        {"HelpOfAnUnknownVerb", {"help", "inspekt"}, "unknown verb 'inspekt'"},
        {"HalfAVerb", {"btf"}, "unknown verb 'btf'"},
        {"NoFile", {"inspect"}, "nothing to work on is named"},
        {"EmptyFile", {"inspect", ""}, "a file's name is empty"},
        {"UnknownOption", {"inspect", "--jason", "a.o"}, "unknown option '--jason'"},
        {"AnotherVerbsOption", {"inspect", "--each", "a.o"}, "unknown option '--each'"},
        {"ValueForASwitch", {"plan", "--each=yes", "a.o"}, "--each takes no value"},
        {"NoValue", {"plan", "a.o", "--btf"}, "--btf needs a value"},
        {"NoShortValue", {"record", "-o"}, "-o needs a value"},
        {"ShortValueTwice", {"record", "-o", "a", "-o", "b", "c"}, "-o is given twice"},
        {"EmptyValue", {"plan", "--btf=", "a.o"}, "--btf needs a value"},
        {"TwoKernels", {"plan", "--btf", "a", "--btf", "b", "a.o"}, "--btf is given twice"},
        {"TwoConfigs",
         {"plan", "--kconfig", "a", "--kconfig", "b", "a.o"},
         "--kconfig is given twice"},
        {"EntriesOfNothing",
         {"plan", "--max-entries", "=3", "a.o"},
         "--max-entries is NAME=NUMBER, not '=3'"},
        {"EntriesWithoutNumber",
         {"plan", "--max-entries", "m", "a.o"},
         "--max-entries is NAME=NUMBER, not 'm'"},
        {"NegativeEntries",
         {"plan", "--max-entries", "m=-1", "a.o"},
         "--max-entries is NAME=NUMBER, not 'm=-1'"},
        {"EntriesThatDoNotFit",
         {"plan", "--max-entries", "m=4294967296", "a.o"},
         "--max-entries is NAME=NUMBER, not 'm=4294967296'"},
        {"EntriesBehindTheNumber",
         {"plan", "--max-entries", "m=3x", "a.o"},
         "--max-entries is NAME=NUMBER, not 'm=3x'"},
        {"DefaultIsNoNumber",
         {"load", "--default-max-entries", "many", "a.o"},
         "--default-max-entries is a number, not 'many'"},
        {"CheckWithoutKernel", {"check", "a.o"}, "--btf FILE is missing"},
        {"CheckWithoutObject", {"check", "--btf", "vmlinux"}, "nothing to work on is named"},
        {"UnknownFormat",
         {"btf", "dump", "--format", "json", "vmlinux"},
         "--format is c or raw, not 'json'"},
        {"TwoFilesOfTypes", {"btf", "dump", "a", "b"}, "one file at a time, not 'b' too"},
    }),
    [](const auto& row) { return std::string(row.param.name); });

// What is no object, and the words for it.
struct NoObject {
  const char* name;
  std::string contents;
  const char* complaint;
};

std::string ObjectOfX86() {
  testing::ElfBuilder elf;
  elf.AddSection({.name = ".text", .contents = testing::Pattern(16)});
  elf.Break(testing::header_field::kMachine, 62);
  const auto bytes = elf.Build();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<NoObject> NoObjects() {
  return {
      {"Empty", "", "the file has 0x0 bytes"},
      {"Text", std::string(100, 'x'), "does not start with 7f 'ELF'"},
      {"ElfOfAnotherMachine", ObjectOfX86(), "machine 62, not 247 (BPF)"},
      {"HalfAHeader",
       "\x7f"
       "ELF\x02\x01\x01",
       "the file has 0x7 bytes"},
  };
}

class NoObjectTest : public ::testing::TestWithParam<NoObject> {
 protected:
  TempFolder folder_;
};

TEST_P(NoObjectTest, IsRefusedByEveryVerbWithItsName) {
  const std::string path = folder_ / "no.o";
  const std::string types = folder_ / "types";
  WriteFile(path, std::string_view(GetParam().contents));
  WriteFile(types, std::string_view("x"));
  for (const Arguments& verb : std::vector<Arguments>{
           {"inspect"}, {"plan"}, {"plan", "--each"}, {"load"}, {"check", "--btf", types, "--"}}) {
    Arguments arguments = verb;
    if (verb[0] == "check") {
      arguments = {"check", path, "--btf", types};
    } else {
      arguments.push_back(path);
    }
    const Ran ran = RunPurebpf(arguments);
    EXPECT_EQ(ran.status, 1) << verb[0];
    EXPECT_THAT(ran.out + ran.err, AllOf(HasSubstr("no.o"), HasSubstr(GetParam().complaint)))
        << verb[0];
    arguments.insert(arguments.begin() + 1, "--json");
    const Ran json = RunPurebpf(arguments);
    EXPECT_EQ(json.status, 1) << verb[0];
    EXPECT_EQ(WhyNotJsonLines(json.out, 1), "") << verb[0];
    EXPECT_THAT(json.out, HasSubstr(R"("open":{"code":)")) << verb[0];
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, NoObjectTest, ::testing::ValuesIn(NoObjects()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Files, ThatAreMissingOrFoldersAreNamedAndHinderNoOther) {
  const TempFolder folder;
  const std::string object = folder / "small.o";
  WriteFile(object, SmallObject());
  for (const char* verb : {"inspect", "plan"}) {
    const Ran ran =
        RunPurebpf({verb, "--json", object, folder / "missing.o", folder / "", "--", object});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(WhyNotJsonLines(ran.out, 4), "") << ran.out;
    EXPECT_THAT(ran.out, HasSubstr(R"("errno_name":"ENOENT")"));
    EXPECT_THAT(ran.out, HasSubstr(R"("errno_name":"EISDIR")"));
    EXPECT_EQ(RunPurebpf({verb, object, object}).status, 0);
  }
}

TEST(Files, WithNamesThatAreNoTextAreJsonAllTheSame) {
  const TempFolder folder;
  const std::string object = folder / "a\"\\\x01\xff\xc3.o";
  WriteFile(object, SmallObject());
  for (const char* verb : {"inspect", "plan"}) {
    const Ran ran = RunPurebpf({verb, "--json", object});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(WhyNotJsonLines(ran.out, 1), "");
    EXPECT_THAT(RunPurebpf({verb, object}).out, HasSubstr("a\"\\?"));
  }
}

}  // namespace
}  // namespace purebpf::tool
