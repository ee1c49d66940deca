#include "purebpf/tools/xconnect/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace purebpf::xconnect {
namespace {

using Arguments = std::vector<const char*>;

TEST(Options, ReadsTheFileInEverySpelling) {
  for (const Arguments& arguments :
       {Arguments{"--config", "f"}, Arguments{"-config", "f"}, Arguments{"-conf", "f"},
        Arguments{"--conf", "f"}, Arguments{"--config=f"}, Arguments{"-conf=f"}}) {
    const auto options = ParseOptions(arguments);
    ASSERT_TRUE(options.has_value()) << arguments[0];
    EXPECT_EQ(options->config, "f");
    EXPECT_EQ(options->task, Task::kRun);
    EXPECT_EQ(options->mode, ModePolicy::kSkb);
    EXPECT_FALSE(options->force);
    EXPECT_EQ(options->format, Format::kText);
  }
}

TEST(Options, ReadsAllOthers) {
  const auto options =
      ParseOptions(Arguments{"--check", "--force", "--json", "--mode", "native", "--config", "-"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->task, Task::kCheck);
  EXPECT_EQ(options->config, "-");
  EXPECT_EQ(options->mode, ModePolicy::kNative);
  EXPECT_TRUE(options->force);
  EXPECT_EQ(options->format, Format::kJson);
  EXPECT_EQ(ParseOptions(Arguments{"--mode=auto", "-conf", "f"})->mode, ModePolicy::kAuto);
  EXPECT_EQ(ParseOptions(Arguments{"--mode=skb", "-conf", "f"})->mode, ModePolicy::kSkb);
}

TEST(Options, ReadsWhatBecomesOfTheConversation) {
  const auto record = ParseOptions(Arguments{"--config", "f", "--record", "a.fixture", "--trace"});
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->record, "a.fixture");
  EXPECT_EQ(record->replay, "");
  EXPECT_TRUE(record->trace);
  EXPECT_EQ(ParseOptions(Arguments{"--config", "f", "--replay=b"})->replay, "b");
  EXPECT_FALSE(ParseOptions(Arguments{"--config", "f"})->trace);
}

TEST(Options, HelpAndVersionNeedNoFile) {
  EXPECT_EQ(ParseOptions(Arguments{"--help"})->task, Task::kHelp);
  EXPECT_EQ(ParseOptions(Arguments{"-h"})->task, Task::kHelp);
  EXPECT_EQ(ParseOptions(Arguments{"--version"})->task, Task::kVersion);
}

TEST(Options, SaysWhatIsWrong) {
  struct Row {
    Arguments arguments;
    std::string_view error;
  };
  const Row rows[] = {
      {{}, "--config FILE is missing"},
      {{"--json"}, "--config FILE is missing"},
      {{"--config"}, "--config needs a value"},
      {{"--config="}, "--config needs the path of a file"},
      {{"--config", "a", "-conf", "b"}, "--config is given twice"},
      {{"--mode", "fast", "--config", "a"}, "--mode is skb, native or auto, not 'fast'"},
      {{"--mode"}, "--mode needs a value"},
      {{"--json=yes"}, "--json takes no value"},
      {{"--trace=yes"}, "--trace takes no value"},
      {{"--record"}, "--record needs a value"},
      {{"--replay="}, "--replay needs the path of a file"},
      {{"--record", "a", "--record", "b"}, "--record is given twice"},
      {{"--config", "a", "--record", "b", "--replay", "c"},
       "--record and --replay exclude each other"},
      {{"--verbose"}, "unknown option '--verbose'"},
      {{"---config", "a"}, "unknown option '---config'"},
      {{"file"}, "unexpected argument 'file'"},
      {{"-"}, "unexpected argument '-'"},
      {{""}, "unexpected argument ''"},
      {{"--"}, "unknown option '--'"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.error);
    const auto options = ParseOptions(row.arguments);
    ASSERT_FALSE(options.has_value());
    EXPECT_EQ(options.error(), row.error);
  }
}

TEST(Options, NamesPolicies) {
  EXPECT_EQ(PolicyName(ModePolicy::kSkb), "skb");
  EXPECT_EQ(PolicyName(ModePolicy::kNative), "native");
  EXPECT_EQ(PolicyName(ModePolicy::kAuto), "auto");
}

}  // namespace
}  // namespace purebpf::xconnect
