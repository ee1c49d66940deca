// docs/TESTING.md tells the truth: each of its blocks is a file of examples/hermetic_test, or lines
// of testing_snippets_test.cc, or a fixture that can be read, or what a replay really reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "examples/hermetic_test/counter.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/replay_kernel.h"

namespace purebpf::testing {
namespace {

using ::testing::HasSubstr;

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// From the environment: a file of the test's data.
std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? "" : value;
}

struct Block {
  size_t line = 0;
  std::string language;
  std::string name;  // behind the language: a file, or how it is checked
  std::string text;
};

std::vector<Block> Blocks(std::string_view page) {
  std::vector<Block> blocks;
  bool inside = false;
  size_t number = 0;
  while (!page.empty()) {
    const std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    ++number;
    if (line.starts_with("```")) {
      inside = !inside;
      if (!inside) continue;
      const std::string_view info = line.substr(3);
      const size_t space = std::min(info.find(' '), info.size());
      blocks.push_back({.line = number, .language = std::string(info.substr(0, space))});
      if (space < info.size()) blocks.back().name = info.substr(space + 1);
    } else if (inside) {
      blocks.back().text.append(line).append("\n");
    }
  }
  return blocks;
}

// Lines, each without what indents it.
std::string Outdented(std::string_view text) {
  std::string lines;
  bool start = true;
  for (const char c : text) {
    if (start && c == ' ') continue;
    start = c == '\n';
    lines += c;
  }
  return lines;
}

class TestingDoc : public ::testing::Test {
 protected:
  static constexpr std::string_view kHeader =
      "purebpf fixture 1\nkernel 6.12.0\narch x86_64\nabout docs\n\n";

  const std::string page_ = Contents(Variable("PAGE"));
  const std::string folder_ = Variable("COUNTER").substr(0, Variable("COUNTER").rfind('/') + 1);
  const std::vector<Block> blocks_ = Blocks(page_);
};

TEST_F(TestingDoc, HasTheExamplesFilesAsTheyAre) {
  std::set<std::string> files;
  for (const Block& block : blocks_) {
    constexpr std::string_view kFolder = "counter/";
    if (!block.name.starts_with(kFolder)) continue;
    const std::string name = block.name.substr(kFolder.size());
    files.insert(name);
    const std::string file = Contents(folder_ + name);
    EXPECT_NE(file, "") << name;
    EXPECT_EQ(block.text, file) << "line " << block.line << ": " << name;
  }
  EXPECT_EQ(files, (std::set<std::string>{
                       "BUILD", "CounterTest.CountsPackets.fixture", "counter.bpf.c", "counter.cc",
                       "counter.h", "counter_test.cc", "try_counter.cc", "try_counter.expected"}));
}

TEST_F(TestingDoc, HasNoOtherCodeThanWhatIsRun) {
  const std::string snippets = Outdented(Contents(Variable("SNIPPETS")));
  size_t found = 0;
  for (const Block& block : blocks_) {
    if (block.language != "cpp" || !block.name.empty()) continue;
    ++found;
    EXPECT_THAT(snippets, HasSubstr(Outdented(block.text))) << "line " << block.line;
  }
  EXPECT_EQ(found, 5U);
}

// As a fixture is written: what is read and written again is the same text.
TEST_F(TestingDoc, HasFixturesThatCanBeRead) {
  size_t found = 0;
  for (const Block& block : blocks_) {
    if (block.language != "fixture") continue;
    ++found;
    const std::string text =
        block.text.starts_with("purebpf fixture") ? block.text : std::string(kHeader) + block.text;
    const auto fixture = ParseFixture(text);
    ASSERT_TRUE(fixture.has_value()) << "line " << block.line << ": " << fixture.error().ToString();
    EXPECT_EQ(WriteFixture(*fixture), text) << "line " << block.line;
  }
  EXPECT_EQ(found, 8U);
}

// What the page shows is what is said of a map with another number of entries than was recorded.
TEST_F(TestingDoc, ShowsAReportAsItIs) {
  std::string text = Contents(folder_ + "CounterTest.CountsPackets.fixture");
  const size_t line = text.find("BPF_MAP_CREATE");
  const size_t at = text.find("max_entries=1 ", line);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string_view("max_entries=1 ").size(), "max_entries=2 ");
  auto kernel = ReplayKernel::FromText(
      text, {.name = "counter/CounterTest.CountsPackets.fixture",
             .record_again = "sudo PUREBPF_RECORD=counter bazel-bin/counter/counter_test "
                             "--gtest_filter=CounterTest.CountsPackets"});
  ASSERT_TRUE(kernel.has_value());
  EXPECT_FALSE(Counter::Load(*kernel).has_value());
  bool found = false;
  for (const Block& block : blocks_) {
    if (block.name != "report") continue;
    found = true;
    EXPECT_EQ(block.text, kernel->Report());
  }
  EXPECT_TRUE(found);
}

// The rest is the workspace and the commands, which tests/consumer/follow_docs makes and runs.
TEST_F(TestingDoc, HasNoOtherBlocks) {
  std::map<std::string, int> kinds;
  for (const Block& block : blocks_) {
    const bool is_file = block.name.starts_with("counter/") || block.name == "report";
    if (!is_file && block.language != "cpp" && block.language != "fixture")
      ++kinds[block.language + " " + block.name];
  }
  EXPECT_EQ(kinds, (std::map<std::string, int>{{"sh ", 2},
                                               {"sh root", 2},
                                               {"starlark MODULE.bazel", 1},
                                               {"starlark WORKSPACE", 1},
                                               {"text .bazelrc", 1}}));
}

}  // namespace
}  // namespace purebpf::testing
