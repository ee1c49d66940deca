#include "purebpf/loader/internal/attach/place.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace purebpf::internal {
namespace {

TEST(Place, IsANameAndPerhapsAnOffset) {
  struct Case {
    std::string_view text;
    std::optional<Place> place;
  };
  const Case cases[] = {
      {"vfs_read", Place{"vfs_read", 0}},
      {"vfs_read+0x1c", Place{"vfs_read", 0x1c}},
      {"vfs_read+0XFF", Place{"vfs_read", 0xff}},
      {"vfs_read+28", Place{"vfs_read", 28}},
      {"vfs_read+034", Place{"vfs_read", 28}},
      {"vfs_read+0", Place{"vfs_read", 0}},
      {"vfs_read.isra.0+1", Place{"vfs_read.isra.0", 1}},
      {"a+b+2", Place{"a+b", 2}},
      {"f+0xffffffffffffffff", Place{"f", 0xffffffffffffffff}},
      {"f+0x10000000000000000", std::nullopt},
      {"", std::nullopt},
      {"+4", std::nullopt},
      {"f+", std::nullopt},
      {"f+x", std::nullopt},
      {"f+0x", std::nullopt},
      {"f+4x", std::nullopt},
      {"f+-4", std::nullopt},
      {"f+09", std::nullopt},
  };
  for (const Case& each : cases) EXPECT_EQ(SplitOffset(each.text), each.place) << each.text;
}

TEST(Place, PatternsHaveStarsAndQuestionMarks) {
  EXPECT_FALSE(IsPattern("vfs_read"));
  EXPECT_TRUE(IsPattern("vfs_*"));
  EXPECT_TRUE(IsPattern("vfs_rea?"));
  struct Case {
    std::string_view pattern;
    std::string_view name;
    bool matches;
  };
  const Case cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"vfs_*", "vfs_read", true},
      {"vfs_*", "xvfs_read", false},
      {"*_read", "vfs_read", true},
      {"*_read", "vfs_reader", false},
      {"vfs_*r*d", "vfs_read", true},
      {"vfs_*r*x", "vfs_read", false},
      {"*ab*ab", "abcabab", true},
      {"**", "a", true},
      {"a*b?d", "a_bb_bcd", true},
      {"a**c", "ac", true},
  };
  for (const Case& each : cases)
    EXPECT_EQ(Matches(each.pattern, each.name), each.matches) << each.pattern << " " << each.name;
}

// Each star would try every length for each one before it.
TEST(Place, ManyStarsTakeNoLongerThanTheirProduct) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(Matches(pattern + "b", std::string(4000, 'a')));
}

std::string Near(std::string_view wanted, std::initializer_list<std::string_view> names) {
  Nearest nearest(wanted);
  for (const std::string_view name : names) nearest.Offer(name);
  return nearest.Words();
}

TEST(Place, NearNamesDifferByALetterOrTwo) {
  EXPECT_EQ(Near("vfs_reed", {"vfs_read", "vfs_write", "schedule"}), "; near it: vfs_read");
  EXPECT_EQ(Near("vfs_raed", {"vfs_readv", "vfs_read"}), "; near it: vfs_read");
  EXPECT_EQ(Near("vfs_read", {"vfs_write", "schedule", ""}), "");
  // Of short names fewer letters tell.
  EXPECT_EQ(Near("fork", {"vfor", "forks", "work"}), "; near it: forks, work");
}

TEST(Place, ACompilersCopiesAreNearest) {
  EXPECT_EQ(Near("tcp_ack", {"tcp_acl", "tcp_ack.isra.0", "tcp_ack.constprop.0", "tcp_acks"}),
            "; near it: tcp_ack.constprop.0, tcp_ack.isra.0, tcp_acks");
}

TEST(Place, NearNamesAreSaidOnceAndThreeAtMost) {
  EXPECT_EQ(Near("read_it", {"read_i1", "read_i3", "read_i1", "read_i2", "read_i4"}),
            "; near it: read_i1, read_i2, read_i3");
}

TEST(Place, NamesThatAreTooLongHaveNoneNear) {
  const std::string name(100, 'x');
  EXPECT_EQ(Near(name, {name + "y"}), "");
}

}  // namespace
}  // namespace purebpf::internal
