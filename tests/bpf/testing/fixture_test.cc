// What is a fixture, what is none, and what is said then.
#include "purebpf/bpf/testing/fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace purebpf::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kHeader =
    "purebpf fixture 1\n"
    "kernel 6.12.0\n"
    "arch x86_64\n"
    "about a test\n"
    "\n";

std::string WithHeader(std::string_view calls) { return std::string(kHeader) + std::string(calls); }

TEST(Fixture, HasAHeaderCallsAndBlobs) {
  const auto fixture = ParseFixture(
      "purebpf fixture 1\n"
      "kernel 6.12.0\n"
      "arch x86_64\n"
      "about load drop.o\n"
      "\n"
      "# the map\n"
      "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH map_name=\"a b\" = map:1  # the first\n"
      "BPF_MAP_LOOKUP_ELEM map_fd=map:1 = ENOENT (No such file or directory)\n"
      "BPF_PROG_LOAD insn_cnt=1 = prog:1 log_true_size=9\n"
      "    insns\n"
      "        0: 95 00 0000 00000000  # exit\n"
      "    = log\n"
      "        \"two words\"\n"
      "close fd=map:1\n"
      "# the end\n"
      "\n"
      "blob 091eabede08ca659 4\n"
      "    (ab*4)\n");
  ASSERT_TRUE(fixture.has_value()) << fixture.error().ToString();
  EXPECT_EQ(fixture->kernel, "6.12.0");
  EXPECT_EQ(fixture->arch, "x86_64");
  EXPECT_EQ(fixture->about, "load drop.o");
  ASSERT_EQ(fixture->calls.size(), 4U);
  const Call& create = fixture->calls[0];
  EXPECT_EQ(create.verb, "BPF_MAP_CREATE");
  EXPECT_THAT(create.inputs,
              ElementsAre(Field{"map_type", "BPF_MAP_TYPE_HASH"}, Field{"map_name", "\"a b\""}));
  EXPECT_EQ(create.result, "map:1");
  EXPECT_EQ(create.comment, "the first");
  EXPECT_THAT(create.before, ElementsAre("the map"));
  EXPECT_EQ(create.line, 7U);
  EXPECT_EQ(fixture->calls[1].result, "ENOENT");
  const Call& load = fixture->calls[2];
  EXPECT_THAT(load.outputs, ElementsAre(Field{"log_true_size", "9"}));
  ASSERT_EQ(load.blocks.size(), 2U);
  EXPECT_EQ(load.blocks[0].head, "insns");
  EXPECT_FALSE(load.blocks[0].answered);
  ASSERT_EQ(load.blocks[0].blocks.size(), 1U);
  EXPECT_EQ(load.blocks[0].blocks[0].head, "0:");
  EXPECT_EQ(load.blocks[0].blocks[0].comment, "exit");
  EXPECT_TRUE(load.blocks[1].answered);
  EXPECT_EQ(fixture->calls[3].result, "");
  EXPECT_THAT(fixture->after, ElementsAre("the end"));
  ASSERT_EQ(fixture->blobs.size(), 1U);
  EXPECT_EQ(fixture->blobs[0].second.size, 4U);
}

TEST(Fixture, RefusesANewerFormatAndSaysWhichItReads) {
  const auto fixture = ParseFixture("purebpf fixture 2\n\n");
  ASSERT_FALSE(fixture.has_value());
  EXPECT_EQ(fixture.error().code, Code::kUnsupported);
  EXPECT_EQ(fixture.error().ToString(),
            "read fixture 'line 1': format 2, and this purebpf reads up to 1; use the purebpf that "
            "recorded it, or record it again");
}

struct Bad {
  const char* text;
  const char* error;
};

class BadHeader : public ::testing::TestWithParam<Bad> {};

TEST_P(BadHeader, IsRefused) {
  const auto fixture = ParseFixture(GetParam().text);
  ASSERT_FALSE(fixture.has_value());
  EXPECT_EQ(fixture.error().code, Code::kMalformed);
  EXPECT_THAT(fixture.error().ToString(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadHeader,
    ::testing::Values(Bad{"", "'line 1': no fixture: it begins with \"\""},
                      Bad{"#!/bin/sh\n", "'line 1': no fixture: it begins with \"#!/bin/sh\""},
                      Bad{"purebpf fixture\n", "no fixture"},
                      Bad{"purebpf fixture one\n", "'line 1': no version: \"one\""},
                      Bad{"purebpf fixture 0\n", "no version: \"0\""},
                      Bad{"purebpf fixture 1\nauthor me\n\n",
                          "'line 2': the header has kernel, arch and about, not \"author me\""}));

class BadLine : public ::testing::TestWithParam<Bad> {};

// Each below a header of five lines.
TEST_P(BadLine, IsRefusedByItsNumber) {
  const auto fixture = ParseFixture(WithHeader(GetParam().text));
  ASSERT_FALSE(fixture.has_value());
  EXPECT_EQ(fixture.error().code, Code::kMalformed);
  EXPECT_THAT(fixture.error().ToString(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadLine,
    ::testing::Values(
        Bad{"    insns\n", "'line 6': indented, but there is no call above it"},
        Bad{"close fd=map:1\n  x\n", "'line 7': indented by 2 spaces, which is no multiple of 4"},
        Bad{"close fd=map:1\n        x\n", "'line 7': indented by more than one level"},
        Bad{"close fd=map:1\n    a\n    = \n", "'line 8': \"=\" begins only the name of a block"},
        Bad{"close fd=map:1\n    a\n        = b\n", "'line 8': \"=\" begins only the name"},
        Bad{"close path=\"a\n", "'line 6': a quote that does not end"},
        Bad{"fd=map:1 = 0\n", "'line 6': a call begins with its name, not \"fd=map:1\""},
        Bad{"= 0\n", "a call begins with its name, not \"=\""},
        Bad{"close fd=map:1 =\n", "'line 6': nothing after \"=\""},
        Bad{"close fd=map:1 = 0 = 1\n", "'line 6': a second \"=\""},
        Bad{"close = EPERM (Operation\n", "'line 6': \"(\" without \")\""},
        Bad{"blob x\n", "'line 6': a blob is \"blob NAME SIZE\""},
        Bad{"blob x 67108865\n", "'line 6': a blob is \"blob NAME SIZE\", with at most 64 MiB"},
        Bad{"blob x 4\nclose fd=map:1\n", "'line 7': a call after the blobs: \"close\""},
        Bad{"blob x 4\n        00\n", "'line 7': a blob's lines are digits, indented by 4"},
        Bad{"blob x 4\n    (ab*4)\n", "'line 6': blob x: the bytes' hash is"},
        Bad{"blob x 5\n    (ab*4)\n", "'line 6': blob x has 4 bytes, not 5"},
        Bad{"blob x 4\n    (ab*4\n", "'line 6': blob x: not hexadecimal digits"},
        Bad{"blob x 4\n    (ab*99999999999)\n", "'line 6': blob x: not hexadecimal digits, or "},
        Bad{"blob x 4\n    abc\n", "'line 6': blob x: not hexadecimal digits"},
        Bad{"blob x 1\n    ab\nblob x 1\n    ab\n", "'line 8': blob \"x\" is there twice"}));

// A nest that is deeper than any that is recorded would only cost whoever goes down.
TEST(Fixture, IsNestedTwelveDeepAndNoDeeper) {
  std::string text = WithHeader("call\n");
  for (size_t depth = 1; depth <= 12; ++depth) text += std::string(4 * depth, ' ') + "x\n";
  EXPECT_TRUE(ParseFixture(text).has_value());
  text += std::string(size_t{4} * 13, ' ') + "x\n";
  const auto fixture = ParseFixture(text);
  ASSERT_FALSE(fixture.has_value());
  EXPECT_THAT(fixture.error().ToString(), HasSubstr("nested deeper than 12"));
}

// An editor may have changed line ends, and the file may end without one.
TEST(Fixture, TakesWhatEditorsDo) {
  const auto fixture =
      ParseFixture("purebpf fixture 1\r\nkernel 6.1.0\r\n\r\nclose fd=map:1\r\nclose fd=map:2");
  ASSERT_TRUE(fixture.has_value()) << fixture.error().ToString();
  EXPECT_EQ(fixture->kernel, "6.1.0");
  ASSERT_EQ(fixture->calls.size(), 2U);
  EXPECT_EQ(fixture->calls[0].inputs[0].value, "map:1");
}

TEST(Fixture, IsWrittenAsItWasRead) {
  const std::string text = WithHeader(
      "# a step\n"
      "BPF_MAP_CREATE map_name=\"\\\"\\\\\\n\\xff = # (\" = map:1  # one\n"
      "BPF_PROG_LOAD = EACCES (Permission denied) log_true_size=3\n"
      "    insns\n"
      "        0: 95 00 0000 00000000  # exit\n"
      "    = log\n"
      "        \"no\"\n"
      "recv fd=nl:1 = 32\n"
      "    = RTM_NEWLINK seq=1 pid=~self\n"
      "        IFLA_XDP\n"
      "            IFLA_XDP_ATTACHED=XDP_ATTACHED_NONE\n"
      "# the end\n"
      "\n"
      "blob 091eabede08ca659 4\n"
      "    (ab*4)\n");
  const auto fixture = ParseFixture(text);
  ASSERT_TRUE(fixture.has_value()) << fixture.error().ToString();
  EXPECT_EQ(WriteFixture(*fixture), text);
}

}  // namespace
}  // namespace purebpf::testing
