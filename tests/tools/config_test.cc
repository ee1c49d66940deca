#include "purebpf/tools/xconnect/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace purebpf::xconnect {

void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.a << "<->" << pair.b; }
void PrintTo(const ConfigError& error, std::ostream* out) {
  *out << error.line << ":" << error.column << ": " << error.message;
}

namespace {

using namespace std::string_literals;

struct GoodCase {
  std::string_view name;
  std::string text;
  std::vector<Pair> pairs;
};

const std::vector<GoodCase>& GoodCases() {
  static const std::vector<GoodCase> cases = {
      {"as users write it",
       "links:\n    eth0: tap0\n    veth2: veth3\n",
       {{"eth0", "tap0"}, {"veth2", "veth3"}}},
      {"no line end at the end", "links:\n  eth0: tap0", {{"eth0", "tap0"}}},
      {"carriage returns",
       "links:\r\n  eth0: tap0\r\n\r\n  a: b\r\n",
       {{"eth0", "tap0"}, {"a", "b"}}},
      {"comments and blank lines",
       "# top\n\nlinks: # here\n\n  # between\n  eth0: tap0 # behind\n\t\n# at the margin\n  a: "
       "b\n#end",
       {{"eth0", "tap0"}, {"a", "b"}}},
      {"document markers", "--- # one\nlinks:\n  a: b\n...\n# nothing else\n", {{"a", "b"}}},
      {"byte order mark", "\xEF\xBB\xBFlinks:\n  a: b\n", {{"a", "b"}}},
      {"single quotes", "'links':\n  'eth0': 'it''s'\n", {{"eth0", "it's"}}},
      {"double quotes",
       "\"links\":\n  \"eth0\": \"a\\\"b\\\\c\\x41\\u00e9\\U0001F600\"\n",
       {{"eth0", "a\"b\\cA\xC3\xA9\xF0\x9F\x98\x80"}}},
      {"quoted words that mean nothing", "links:\n  'null': \"~\"\n", {{"null", "~"}}},
      {"plain names with marks inside",
       "links:\n  eth0.100: br-lan\n  -x: a:b\n  c#d: wg@0\n",
       {{"eth0.100", "br-lan"}, {"-x", "a:b"}, {"c#d", "wg@0"}}},
      {"names that look like numbers",
       "links:\n  1: 2\n  true: no\n",
       {{"1", "2"}, {"true", "no"}}},
      {"blanks around the colon", "links :\n  eth0 \t: \t tap0 \t\n", {{"eth0", "tap0"}}},
      {"no pairs", "links:\n", {}},
      {"no pairs in a flow mapping", "links: {}\n", {}},
      {"null", "links: ~\n", {}},
      {"the word null", "links: null # none\n", {}},
      {"flow mapping", "links: {eth0: tap0, 'a': \"b\"}\n", {{"eth0", "tap0"}, {"a", "b"}}},
      {"flow mapping over lines",
       "links: {\n  eth0: tap0, # one\n\ta: b,\n}\n",
       {{"eth0", "tap0"}, {"a", "b"}}},
      {"JSON", "{\"links\":{\"eth0\":\"tap0\",\n\"a\" : \"b\"}}", {{"eth0", "tap0"}, {"a", "b"}}},
      {"the same pair twice is one", "links:\n  a: b\n  b: a\n  a: b\n", {{"a", "b"}}},
      {"an interface with itself", "links:\n  a: a\n", {{"a", "a"}}},
      {"a name of 127 bytes",
       "links:\n  " + std::string(127, 'x') + ": b\n",
       {{std::string(127, 'x'), "b"}}},
  };
  return cases;
}

TEST(Config, ReadsWhatUsersWrite) {
  for (const GoodCase& row : GoodCases()) {
    SCOPED_TRACE(row.name);
    const auto config = ParseConfig(row.text);
    ASSERT_TRUE(config.has_value()) << testing::PrintToString(config.error());
    EXPECT_EQ(config->pairs, row.pairs);
  }
}

struct BadCase {
  std::string_view name;
  std::string text;
  ConfigError error;
};

const std::vector<BadCase>& BadCases() {
  static const std::vector<BadCase> cases = {
      {"empty", "", {1, 1, "expected 'links:', found the end"}},
      {"only comments", "# nothing\n\n", {3, 1, "expected 'links:', found the end"}},
      {"only a marker", "---\n", {2, 1, "expected 'links:', found the end"}},
      {"only an empty mapping", "{}", {1, 3, "expected 'links:', found the end"}},
      {"larger than 1 MiB",
       std::string((1U << 20) + 1, '#'),
       {1, 1, "larger than 1 MiB: no configuration file"}},
      {"NUL", "links:\n  a: b\0\n"s, {2, 7, "a NUL byte: this is not a text file"}},
      {"control character", "links:\n  a: \x1b[m\n", {2, 6, "a control character"}},
      {"delete", "links: \x7f\n", {1, 8, "a control character"}},
      {"carriage return alone", "links:\r  a: b\n", {1, 7, "a control character"}},
      {"UTF-8: a continuation byte", "links:\n  \x80: b\n", {2, 3, "not valid UTF-8"}},
      {"UTF-8: cut short", "links:\n  \xC3", {2, 3, "not valid UTF-8"}},
      {"UTF-8: overlong", "links: \xC0\xAF\n", {1, 8, "not valid UTF-8"}},
      {"UTF-8: a surrogate", "links: \xED\xA0\x80\n", {1, 8, "not valid UTF-8"}},
      {"UTF-8: beyond the last", "links: \xF4\x90\x80\x80\n", {1, 8, "not valid UTF-8"}},
      {"columns count characters",
       "links:\n  \xC3\xA9\xE2\x82\xAC: \x01\n",
       {2, 7, "a control character"}},
      {"tab in the indentation",
       "links:\n\ta: b\n",
       {2, 1, "a tab in the indentation: expected spaces"}},
      {"tab after spaces",
       "links:\n  \ta: b\n",
       {2, 3, "a tab in the indentation: expected spaces"}},
      {"links indented",
       "  links:\n    a: b\n",
       {1, 3, "wrong indentation: expected 'links:' at the start of a line"}},
      {"entry indented more",
       "links:\n  a: b\n    c: d\n",
       {3, 5, "wrong indentation: expected 2 spaces as in line 2, found 4"}},
      {"entry indented less",
       "links:\n\n   a: b\n  c: d\n",
       {4, 3, "wrong indentation: expected 3 spaces as in line 3, found 2"}},
      {"entry not indented",
       "links:\na: b\n",
       {2, 1, "unknown key 'a': expected 'links', or an interface below it with spaces before it"}},
      {"indented after a flow mapping",
       "links: {}\n  a: b\n",
       {2, 3, "wrong indentation: expected 'links:' at the start of a line"}},
      {"unknown key", "link:\n  a: b\n", {1, 1, "unknown key 'link': expected 'links'"}},
      {"unknown key in JSON", "{\"lnks\": {}}", {1, 2, "unknown key 'lnks': expected 'links'"}},
      {"links twice",
       "links:\n  a: b\nlinks:\n  c: d\n",
       {3, 1, "'links' stands in line 1 already"}},
      {"links twice in JSON",
       "{links: {},\n links: {}}",
       {2, 2, "'links' stands in line 1 already"}},
      {"text before links", "hello\n", {1, 6, "expected ': ' after 'hello'"}},
      {"links has text",
       "links: eth0\n",
       {1, 8, "expected a mapping of interfaces to interfaces in 'links'"}},
      {"links has a list",
       "links: [a, b]\n",
       {1, 8, "lists are not supported; expected a mapping of interfaces to interfaces"}},
      {"entries are a list",
       "links:\n  - a: b\n",
       {2, 3, "lists are not supported; expected an interface"}},
      {"a list at the margin",
       "links:\n- a\n",
       {2, 1, "lists are not supported; expected 'links:'"}},
      {"no value", "links:\n  a:\n  c: d\n", {2, 5, "expected the interface to connect 'a' to"}},
      {"no value but a comment",
       "links:\n  a: # b\n",
       {2, 6, "expected the interface to connect 'a' to"}},
      {"null value", "links:\n  a: ~\n", {2, 6, "expected the interface to connect 'a' to"}},
      {"no value in a flow mapping",
       "links: {a: , c: d}\n",
       {1, 12, "expected the interface to connect 'a' to"}},
      {"no value at the end of a flow mapping",
       "links: {a: }\n",
       {1, 12, "expected the interface to connect 'a' to"}},
      {"no colon", "links:\n  a b\n", {2, 6, "expected ': ' after 'a b'"}},
      {"no space behind the colon",
       "links:\n  a:b\n",
       {2, 6, "expected ': ' after 'a:b' (the colon needs a space behind it)"}},
      {"no colon in a flow mapping", "links: {a, b: c}\n", {1, 10, "expected ': ' after 'a'"}},
      {"no key", "links:\n  : b\n", {2, 3, "expected an interface"}},
      {"no key in a flow mapping", "links: {,}\n", {1, 9, "expected an interface"}},
      {"two values",
       "links:\n  a: b: c\n",
       {2, 7, "expected the end of the line after the interface"}},
      {"text behind a quoted name",
       "links:\n  a: 'b' c\n",
       {2, 10, "expected the end of the line after the interface"}},
      {"comment glued to a quoted name",
       "links:\n  a: 'b'#c\n",
       {2, 9, "expected the end of the line after the interface"}},
      {"text behind a flow mapping",
       "links: {a: b} c\n",
       {1, 15, "expected the end of the line after the value of 'links'"}},
      {"text behind JSON", "{links: {}} c\n", {1, 13, "expected the end of the line after '}'"}},
      {"a line behind JSON",
       "{links: {}}\nlinks:\n",
       {2, 1, "expected the end of the file after '}'"}},
      {"text behind a marker", "--- links:\n", {1, 5, "expected the end of the line after '---'"}},
      {"text behind the end",
       "links: {}\n...\nmore: x\n",
       {3, 1, "expected the end of the file after '...'"}},
      {"text in the line of the end",
       "links: {}\n... x\n",
       {2, 5, "expected the end of the line after '...'"}},
      {"a second document",
       "links: {}\n---\nlinks: {}\n",
       {2, 1, "a second document: expected only one"}},
      {"a second document behind the end",
       "links: {}\n...\n---\n",
       {3, 1, "a second document: expected only one"}},
      {"flow mapping not closed", "links: {a: b,\n", {1, 8, "the '{' is not closed"}},
      {"flow mapping of two entries without comma",
       "links: {'a': 'b' 'c': 'd'}\n",
       {1, 18, "expected ',' or '}'"}},
      {"a mapping in a flow mapping",
       "links: {a: {b: c}}\n",
       {1, 12, "a mapping cannot stand here; expected the interface to connect 'a' to"}},
      {"single quote not closed",
       "links:\n  a: 'b\n",
       {2, 6, "the quote is not closed in its line"}},
      {"double quote not closed",
       "links:\n  \"a: b\n",
       {2, 3, "the quote is not closed in its line"}},
      {"unknown escape",
       R"(links: {"a\z": b})",
       {1, 11, R"(unknown escape: expected \\, \", \/, \xNN, \uNNNN or \UNNNNNNNN)"}},
      {"short escape",
       R"(links: {"a\x4": b})",
       {1, 11, R"(expected 2 hexadecimal digits after \x)"}},
      {"escaped surrogate",
       R"(links: {"\uD800": b})",
       {1, 10, "the escape is no Unicode character"}},
      {"escaped NUL",
       R"(links: {"a\x00": b})",
       {1, 9, "no name of an interface: it contains a control character"}},
      {"anchor",
       "links:\n  a: &x b\n",
       {2, 6, "anchors are not supported; expected the interface to connect 'a' to"}},
      {"alias",
       "links: *x\n",
       {1, 8, "aliases are not supported; expected a mapping of interfaces to interfaces"}},
      {"tag",
       "links: !!map {}\n",
       {1, 8, "tags are not supported; expected a mapping of interfaces to interfaces"}},
      {"folded text",
       "links:\n  a: >\n    b\n",
       {2, 6, "text blocks are not supported; expected the interface to connect 'a' to"}},
      {"literal text",
       "links: |\n  a\n",
       {1, 8, "text blocks are not supported; expected a mapping of interfaces to interfaces"}},
      {"directive", "%YAML 1.2\n", {1, 1, "directives are not supported; expected 'links:'"}},
      {"explicit key",
       "links:\n  ? a\n",
       {2, 3, "explicit keys are not supported; expected an interface"}},
      {"reserved character",
       "links:\n  @a: b\n",
       {2, 3, "this character is reserved in YAML: quote the name; expected an interface"}},
      {"indicator at the start of a name",
       "links:\n  a: ]b\n",
       {2, 6,
        "this character has a meaning in YAML: quote the name; expected the interface to connect "
        "'a' to"}},
      {"empty name", "links:\n  '': b\n", {2, 3, "no name of an interface: it is empty"}},
      {"empty value", "links:\n  a: \"\"\n", {2, 6, "no name of an interface: it is empty"}},
      {"name of 128 bytes",
       "links:\n  a: " + std::string(128, 'x') + "\n",
       {2, 6, "no name of an interface: it has more than 127 bytes"}},
      {"slash", "links:\n  a/b: c\n", {2, 3, "no name of an interface: it contains '/'"}},
      {"white space",
       "links:\n  a: b c\n",
       {2, 6, "no name of an interface: it contains white space"}},
      {"dot", "links:\n  .: a\n", {2, 3, "no name of an interface: the kernel reserves it"}},
      {"dot dot", "links:\n  a: ..\n", {2, 6, "no name of an interface: the kernel reserves it"}},
      {"an interface to two others",
       "links:\n  a: b\n  c: d\n  a: e\n",
       {4, 3, "'a' is connected to 'b' in line 2 already"}},
      {"an interface from two others",
       "links:\n  a: b\n  c: b\n",
       {3, 6, "'b' is connected to 'a' in line 2 already"}},
      {"an interface to itself and another",
       "links:\n  a: a\n  b: a\n",
       {3, 6, "'a' is connected to 'a' in line 2 already"}},
      {"a chain", "links: {a: b, b: c}\n", {1, 15, "'b' is connected to 'a' in line 1 already"}},
  };
  return cases;
}

TEST(Config, SaysWhereAndWhatWasExpected) {
  for (const BadCase& row : BadCases()) {
    SCOPED_TRACE(row.name);
    const auto config = ParseConfig(row.text);
    ASSERT_FALSE(config.has_value());
    EXPECT_EQ(config.error(), row.error);
  }
}

std::string ManyPairs(size_t count) {
  std::string text = "links:\n";
  for (size_t i = 0; i < count; ++i)
    text += "  a" + std::to_string(i) + ": b" + std::to_string(i) + "\n";
  return text;
}

TEST(Config, HoldsAsManyPairsAsTheMap) {
  const auto most = ParseConfig(ManyPairs(2048));
  ASSERT_TRUE(most.has_value());
  EXPECT_EQ(most->pairs.size(), 2048U);
  EXPECT_EQ(ParseConfig(ManyPairs(2049)).error(), (ConfigError{2050, 3, "more than 2048 pairs"}));
}

// Whatever an answer is, it must be one that a person can use.
void ExpectSane(std::string_view text) {
  const auto config = ParseConfig(text);
  if (config.has_value()) {
    for (const Pair& pair : config->pairs) {
      EXPECT_FALSE(pair.a.empty());
      EXPECT_FALSE(pair.b.empty());
    }
    return;
  }
  EXPECT_FALSE(config.error().message.empty());
  EXPECT_GE(config.error().line, 1U);
  EXPECT_GE(config.error().column, 1U);
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  EXPECT_LE(config.error().line, lines);
}

TEST(Config, SurvivesEveryPrefix) {
  for (const GoodCase& row : GoodCases()) {
    SCOPED_TRACE(row.name);
    for (size_t size = 0; size <= row.text.size(); ++size)
      ExpectSane(std::string_view(row.text).substr(0, size));
  }
}

TEST(Config, SurvivesEveryChangedByte) {
  for (const GoodCase& row : GoodCases()) {
    SCOPED_TRACE(row.name);
    for (size_t at = 0; at < row.text.size(); ++at) {
      for (const char byte : "\0\t\n\r #'\"\\{}[]:,&*!|>%@`?-~.\x7f\x80\xC3\xFF"s) {
        std::string text = row.text;
        text[at] = byte;
        ExpectSane(text);
      }
    }
  }
}

// A file cut short must never be read as one that disconnects what stood after the cut, as far as
// that can be told: what is cut inside a flow mapping or before 'links' is an error.
TEST(Config, RefusesAFlowMappingCutAnywhere) {
  const std::string text = "{links: {eth0: tap0, a: b}}";
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(ParseConfig(text.substr(0, size)).has_value()) << text.substr(0, size);
  EXPECT_TRUE(ParseConfig(text).has_value());
}

}  // namespace
}  // namespace purebpf::xconnect
