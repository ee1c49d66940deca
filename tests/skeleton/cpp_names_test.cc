#include "purebpf/tools/skeleton/cpp_names.h"

#include <gtest/gtest.h>

#include <string>

namespace purebpf::skeleton {
namespace {

TEST(CppNames, AreIdentifiersWhateverTheObjectSays) {
  EXPECT_EQ(Identifier("flow_key"), "flow_key");
  EXPECT_EQ(Identifier("class"), "class_");
  EXPECT_EQ(Identifier("linux"), "linux_");
  EXPECT_EQ(Identifier("std"), "std_");
  EXPECT_EQ(Identifier("3com"), "_3com");
  EXPECT_EQ(Identifier(""), "unnamed");
  EXPECT_EQ(Identifier("rodata.str1.1"), "rodata_str1_1");
  EXPECT_EQ(Identifier("x{};}int main(){}//"), "x____int_main______");
  EXPECT_EQ(Identifier("caf\xc3\xa9"), "caf__");
  EXPECT_EQ(Identifier(std::string(5000, 'x')).size(), 200U);
}

// Each is one in a header that generated ones have, or that may come before them.
TEST(CppNames, AreNoMacros) {
  for (const char* macro : {"INT_MAX", "INT32_MAX", "UINT_LEAST8_MAX", "INTPTR_MIN", "UINTMAX_MAX",
                            "SIZE_MAX", "UINT64_C", "CHAR_BIT", "EINVAL", "ENOENT"})
    EXPECT_EQ(Identifier(macro), std::string(macro) + "_");
  for (const char* name : {"MY_MAX", "INT", "TIME_MAX", "INT32_MAXIMUM", "EVENT", "E", "_MAX"})
    EXPECT_EQ(Identifier(name), name);
}

TEST(CppNames, AreUniqueInTheirScope) {
  Names names;
  EXPECT_EQ(names.Take("a"), "a");
  EXPECT_EQ(names.Take("a"), "a_2");
  EXPECT_EQ(names.Take("a_2"), "a_2_2");
  EXPECT_EQ(names.Take("a"), "a_3");
  EXPECT_EQ(names.Take("a.b"), "a_b");
  EXPECT_EQ(names.Take("a b"), "a_b_2");
}

TEST(CppNames, KnowNamespaces) {
  EXPECT_TRUE(IsNamespace("count"));
  EXPECT_TRUE(IsNamespace("app::net::count"));
  for (const char* text : {"", "::", "a::", "::a", "a:b", "a::::b", "1a", "a b", "int", "a;b"})
    EXPECT_FALSE(IsNamespace(text)) << text;
}

TEST(CppNames, EndNoCommentAndContinueNone) {
  EXPECT_EQ(CommentText("SEC(\"?xdp\")"), "SEC(\"?xdp\")");
  EXPECT_EQ(CommentText("a\nint x;\\"), "a_int x;_");
  EXPECT_EQ(CommentText("what?\?/"), "what?_/");
  EXPECT_EQ(CommentText("*/ */"), "*/ */");  // a comment to the end of a line
  EXPECT_EQ(CommentText(std::string(5000, 'x')).size(), 200U);
}

TEST(CppNames, AreQuotedWhateverIsInThem) {
  EXPECT_EQ(Literal("bss"), "\"bss\"");
  EXPECT_EQ(Literal("a\"b\\c"), R"("a\042b\134c")");
  EXPECT_EQ(Literal("\n1?"), R"("\0121\077")");
  std::string text;
  AppendBytes(std::string(65, '\0'), "  ", text);
  std::string first;
  for (int i = 0; i < 64; ++i) first += "\\000";
  EXPECT_EQ(text, "  \"" + first + "\"\n  \"\\000\"");
}

TEST(CppNames, MakeGuardsOfPaths) {
  EXPECT_EQ(Guard("app/count.skel.h"), "APP_COUNT_SKEL_H_");
  EXPECT_EQ(Guard("3.h"), "H_3_H_");
}

}  // namespace
}  // namespace purebpf::skeleton
