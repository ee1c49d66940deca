#include "purebpf/netlink/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "purebpf/tests/netlink/hex.h"
#include "purebpf/tests/netlink/recorded_dump.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf::netlink {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::Hex;
using purebpf::testing::IsOk;
using purebpf::testing::kLittleEndian;
using purebpf::testing::ToHex;
using ::testing::IsEmpty;

class Literals : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kLittleEndian) GTEST_SKIP() << "the literals are little-endian";
  }
};

using MessageBuilderTest = Literals;
using NextMessageTest = Literals;
using NextAttributeTest = Literals;
using AcknowledgementTest = Literals;

std::string Built(MessageBuilder builder, uint32_t sequence = 0x01020304) {
  const Result<std::vector<std::byte>> bytes = std::move(builder).Finish(sequence);
  return bytes ? ToHex(*bytes) : bytes.error().ToString();
}

TEST_F(MessageBuilderTest, WritesTheHeaderAlone) {
  EXPECT_EQ(Built(MessageBuilder(18, 0x301)), "10 00 00 00 12 00 01 03 04 03 02 01 00 00 00 00");
}

TEST_F(MessageBuilderTest, AddsFlagsToThoseItHas) {
  MessageBuilder builder(18, 0x300);
  builder.AddFlags(1).AddFlags(4);
  EXPECT_EQ(Built(std::move(builder)), "10 00 00 00 12 00 05 03 04 03 02 01 00 00 00 00");
}

TEST_F(MessageBuilderTest, PadsEachAttributeToFourBytesButNotItsLength) {
  MessageBuilder builder(19);
  builder.Header(IfInfo{.ifi_index = 5, .ifi_flags = 1, .ifi_change = 1});
  builder.String(3, "eth0").Int(4, uint32_t{1500}).Attribute(9, {}).Int(10, uint8_t{0xff});
  EXPECT_EQ(Built(std::move(builder)),
            "40 00 00 00 13 00 00 00 04 03 02 01 00 00 00 00 "
            "00 00 00 00 05 00 00 00 01 00 00 00 01 00 00 00 "
            "09 00 03 00 65 74 68 30 00 00 00 00 "
            "08 00 04 00 dc 05 00 00 "
            "04 00 09 00 "
            "05 00 0a 00 ff 00 00 00");
}

TEST_F(MessageBuilderTest, NestsWithTheFlagAndTheWholeLength) {
  MessageBuilder builder(19);
  builder.Begin(43).Int(1, int32_t{-1}).Begin(7).Int(2, uint8_t{3}).End().End();
  builder.Int(4, uint16_t{9});
  EXPECT_EQ(Built(std::move(builder)),
            "30 00 00 00 13 00 00 00 04 03 02 01 00 00 00 00 "
            "18 00 2b 80 08 00 01 00 ff ff ff ff "
            "0c 00 07 80 05 00 02 00 03 00 00 00 "
            "06 00 04 00 09 00 00 00");
}

TEST_F(MessageBuilderTest, PadsAFamilyHeaderOfOddSize) {
  MessageBuilder builder(19);
  builder.Header(uint8_t{2}).Int(1, uint8_t{3});
  EXPECT_EQ(Built(std::move(builder)),
            "1c 00 00 00 13 00 00 00 04 03 02 01 00 00 00 00 02 00 00 00 05 00 01 00 03 00 00 00");
}

TEST(MessageBuilder, TakesTheLongestAttributeAndRefusesALongerOne) {
  const std::vector<std::byte> longest(65535 - 4);
  MessageBuilder fits(19);
  fits.Attribute(1, longest);
  const Result<std::vector<std::byte>> bytes = std::move(fits).Finish(1);
  ASSERT_THAT(bytes, IsOk());
  EXPECT_EQ(bytes->size(), 16u + 65536u);

  const std::vector<std::byte> longer(65535 - 3);
  MessageBuilder builder(19);
  builder.Attribute(1, longer);
  EXPECT_THAT(std::move(builder).Finish(1), Fails(Code::kInvalidArgument, "65535 bytes"));
}

TEST(MessageBuilder, RefusesANestThatGrewTooLong) {
  const std::vector<std::byte> half(40000);
  MessageBuilder builder(19);
  builder.Begin(1).Attribute(2, half).Attribute(3, half).End();
  EXPECT_THAT(std::move(builder).Finish(1), Fails(Code::kInvalidArgument, "65535 bytes"));
}

TEST(MessageBuilder, RefusesNestsThatDoNotPair) {
  MessageBuilder open(19);
  open.Begin(1).Begin(2).End();
  EXPECT_THAT(std::move(open).Finish(1), Fails(Code::kInvalidArgument, "a nest is not ended"));
  MessageBuilder closed(19);
  closed.Begin(1).End().End();
  EXPECT_THAT(std::move(closed).Finish(1),
              Fails(Code::kInvalidArgument, "a nest ends that did not begin"));
}

TEST_F(NextMessageTest, TakesOneAfterTheOtherWithPaddingBetween) {
  const std::vector<std::byte> bytes =
      Hex("11 00 00 00 10 00 02 00 07 00 00 00 09 00 00 00 ab 00 00 00 "
          "10 00 00 00 03 00 00 00 08 00 00 00 00 00 00 00");
  Bytes datagram = bytes;
  const auto first = NextMessage(datagram);
  ASSERT_THAT(first, IsOk());
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ((*first)->type, 16);
  EXPECT_EQ((*first)->flags, 2);
  EXPECT_EQ((*first)->sequence, 7u);
  EXPECT_EQ((*first)->port, 9u);
  EXPECT_EQ(ToHex((*first)->payload), "ab");
  const auto second = NextMessage(datagram);
  ASSERT_THAT(second, IsOk());
  ASSERT_TRUE(second->has_value());
  EXPECT_EQ((*second)->type, 3);
  EXPECT_THAT((*second)->payload, IsEmpty());
  const auto end = NextMessage(datagram);
  ASSERT_THAT(end, IsOk());
  EXPECT_FALSE(end->has_value());
}

TEST_F(NextMessageTest, NeedsNoPaddingAfterTheLast) {
  const std::vector<std::byte> bytes = Hex("11 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 ab");
  Bytes datagram = bytes;
  ASSERT_THAT(NextMessage(datagram), IsOk());
  EXPECT_TRUE(datagram.empty());
}

TEST_F(NextMessageTest, RefusesWhatIsNoMessage) {
  struct Case {
    std::string_view name, hex, words;
  };
  const Case kCases[] = {
      {"one byte", "10", "1 bytes where a header of 16"},
      {"a header cut short", "10 00 00 00 03 00 00 00 00 00 00 00 00 00 00", "15 bytes where"},
      {"length 0", "00 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00", "nlmsg_len 0 "},
      {"length 15", "0f 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00", "nlmsg_len 15 "},
      {"length beyond", "11 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00", "nlmsg_len 17 "},
      {"largest length", "ff ff ff ff 03 00 00 00 00 00 00 00 00 00 00 00",
       "nlmsg_len 4294967295 is not between 16 and the 16 bytes there"},
  };
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    const std::vector<std::byte> bytes = Hex(row.hex);
    Bytes datagram = bytes;
    EXPECT_THAT(NextMessage(datagram), Fails(Code::kMalformed, row.words));
  }
}

// Every attribute as its number and its payload, and then how it ended.
std::pair<std::vector<std::pair<int, std::string>>, std::string> Walk(std::string_view hex) {
  const std::vector<std::byte> bytes = Hex(hex);
  Bytes rest = bytes;
  std::vector<std::pair<int, std::string>> seen;
  for (;;) {
    const Result<std::optional<Attribute>> next = NextAttribute(rest);
    if (!next) return {seen, next.error().detail};
    if (!next->has_value()) return {seen, rest.empty() ? "end" : "bytes left"};
    seen.emplace_back((*next)->type, ToHex((*next)->payload));
  }
}

TEST_F(NextAttributeTest, TakesOneAfterTheOther) {
  struct Case {
    std::string_view name, hex;
    std::vector<std::pair<int, std::string>> attributes;
    std::string_view end;
  };
  const Case kCases[] = {
      {"nothing", "", {}, "end"},
      {"one to three bytes are padding", "00 00 00", {}, "end"},
      {"an empty payload", "04 00 09 00", {{9, ""}}, "end"},
      {"padding between",
       "05 00 01 00 aa 00 00 00 06 00 02 00 bb cc 00 00",
       {{1, "aa"}, {2, "bb cc"}},
       "end"},
      {"no padding after the last", "05 00 01 00 aa", {{1, "aa"}}, "end"},
      {"padding cut short", "05 00 01 00 aa 00 00", {{1, "aa"}}, "end"},
      {"the flags are not the number",
       "04 00 2b 80 04 00 07 40 04 00 08 c0",
       {{43, ""}, {7, ""}, {8, ""}},
       "end"},
      {"length 0",
       "04 00 01 00 00 00 05 00",
       {{1, ""}},
       "nla_len 0 of attribute 5 is not between 4 and the 4 bytes there"},
      {"length 1",
       "01 00 05 00",
       {},
       "nla_len 1 of attribute 5 is not between 4 and the 4 bytes there"},
      {"length 2",
       "02 00 05 00",
       {},
       "nla_len 2 of attribute 5 is not between 4 and the 4 bytes there"},
      {"length 3",
       "03 00 05 80",
       {},
       "nla_len 3 of attribute 5 is not between 4 and the 4 bytes there"},
      {"beyond the end",
       "09 00 05 00 01 02 03 04",
       {},
       "nla_len 9 of attribute 5 is not between 4 and the 8 bytes there"},
      {"largest length",
       "ff ff 05 00 01 02 03 04",
       {},
       "nla_len 65535 of attribute 5 is not between 4 and the 8 bytes there"},
  };
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    const auto [attributes, end] = Walk(row.hex);
    EXPECT_EQ(attributes, row.attributes);
    EXPECT_EQ(end, row.end);
  }
}

TEST_F(NextAttributeTest, ReadsIntegersOfExactlyTheirSize) {
  const std::vector<std::byte> bytes = Hex("01 02 03 04 05");
  const Bytes all = bytes;
  EXPECT_EQ(Attribute({.payload = all.first(1)}).U8().value_or(0), 1);
  EXPECT_EQ(Attribute({.payload = all.first(4)}).U32().value_or(0), 0x04030201u);
  EXPECT_THAT(Attribute({.type = 4, .payload = all.first(0)}).U8(),
              Fails(Code::kMalformed, "attribute 4 has 0 bytes, not 1"));
  EXPECT_THAT(Attribute({.type = 4, .payload = all.first(2)}).U8(),
              Fails(Code::kMalformed, "attribute 4 has 2 bytes, not 1"));
  EXPECT_THAT(Attribute({.type = 4, .payload = all.first(3)}).U32(),
              Fails(Code::kMalformed, "attribute 4 has 3 bytes, not 4"));
  EXPECT_THAT(Attribute({.type = 4, .payload = all.first(5)}).U32(),
              Fails(Code::kMalformed, "attribute 4 has 5 bytes, not 4"));
}

TEST_F(NextAttributeTest, ReadsTextToItsFirstNulIfItHasOne) {
  const auto text = [](std::string_view hex) {
    const std::vector<std::byte> bytes = Hex(hex);
    return std::string(Attribute({.payload = bytes}).Text());
  };
  EXPECT_EQ(text("65 74 68 30 00"), "eth0");
  EXPECT_EQ(text("65 74 68 30"), "eth0");
  EXPECT_EQ(text("65 00 68 30 00"), "e");
  EXPECT_EQ(text("00"), "");
  EXPECT_EQ(text(""), "");
}

TEST_F(NextAttributeTest, WalksTheNestsThatTheBuilderMade) {
  MessageBuilder builder(19);
  builder.Begin(43).String(1, "ab").Begin(7).Int(2, uint32_t{3}).End().End();
  const std::vector<std::byte> bytes = std::move(builder).Finish(1).value();
  Bytes datagram = bytes;
  Bytes attributes = NextMessage(datagram).value()->payload;
  const Attribute outer = *NextAttribute(attributes).value();
  EXPECT_EQ(outer.type, 43);
  Bytes inner = outer.payload;
  EXPECT_EQ(NextAttribute(inner).value()->Text(), "ab");
  const Attribute second = *NextAttribute(inner).value();
  EXPECT_EQ(second.type, 7);
  Bytes innermost = second.payload;
  EXPECT_EQ(NextAttribute(innermost).value()->U32().value_or(0), 3u);
}

TEST(TakeHeader, GivesTheRestBehindThePadding) {
  const std::vector<std::byte> bytes = Hex("01 02 03 04 05");
  Bytes rest = bytes;
  EXPECT_EQ(TakeHeader<uint8_t>(rest).value_or(0), 1);
  EXPECT_EQ(ToHex(rest), "05");
  EXPECT_EQ(TakeHeader<uint8_t>(rest).value_or(0), 5);
  EXPECT_TRUE(rest.empty());
  EXPECT_THAT(TakeHeader<uint8_t>(rest), Fails(Code::kMalformed, "0 bytes where a header of 1"));
  rest = Bytes(bytes).first(3);
  EXPECT_THAT(TakeHeader<uint32_t>(rest), Fails(Code::kMalformed, "3 bytes where a header of 4"));
  EXPECT_EQ(rest.size(), 3u);
}

Result<Acknowledgement> Acknowledge(uint16_t type, uint16_t flags,
                                    const std::vector<std::byte>& p) {
  return ParseAcknowledgement(Message{.type = type, .flags = flags, .payload = p});
}

// The request's header inside an acknowledgement: 40 bytes long.
constexpr char kRequestHeader[] = "28 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 ";

TEST_F(AcknowledgementTest, ReadsSuccessAndRefusal) {
  const std::vector<std::byte> success = Hex(std::string("00 00 00 00 ") + kRequestHeader);
  const Result<Acknowledgement> ack = Acknowledge(2, 0x100, success);
  ASSERT_THAT(ack, IsOk());
  EXPECT_EQ(ack->error, Errno{0});
  EXPECT_EQ(ack->text, "");

  const std::vector<std::byte> refusal =
      Hex(std::string("f0 ff ff ff ") + kRequestHeader +
          "0a 00 01 00 62 75 73 79 21 00 00 00 08 00 02 00 20 00 00 00 "
          "08 00 05 00 2b 80 00 00 08 00 06 00 24 00 00 00 04 00 04 80");
  const Result<Acknowledgement> refused = Acknowledge(2, 0x300, refusal);
  ASSERT_THAT(refused, IsOk());
  EXPECT_EQ(refused->error, Errno{16});
  EXPECT_EQ(refused->text, "busy!");
  EXPECT_EQ(refused->attribute_offset, 32u);
  EXPECT_EQ(refused->missing_type, 43);
  EXPECT_EQ(refused->missing_nest, 36u);
}

TEST_F(AcknowledgementTest, SkipsTheRequestThatIsRepeatedInIt) {
  // 40 - 16 bytes of it; what would be attributes if they were not skipped.
  const std::string repeated =
      "08 00 01 00 78 78 78 00 00 00 00 00 00 00 00 00 "
      "00 00 00 00 00 00 00 00 ";
  const std::vector<std::byte> payload =
      Hex(std::string("ea ff ff ff ") + kRequestHeader + repeated + "07 00 01 00 79 79 00 00");
  const Result<Acknowledgement> ack = Acknowledge(2, 0x200, payload);
  ASSERT_THAT(ack, IsOk());
  EXPECT_EQ(ack->error, Errno{22});
  EXPECT_EQ(ack->text, "yy");
}

TEST_F(AcknowledgementTest, HasNoAttributesWithoutTheFlag) {
  const std::vector<std::byte> payload =
      Hex(std::string("ea ff ff ff ") + kRequestHeader + "07 00 01 00 79 79 00 00");
  const Result<Acknowledgement> ack = Acknowledge(2, 0x100, payload);
  ASSERT_THAT(ack, IsOk());
  EXPECT_EQ(ack->text, "");
}

TEST_F(AcknowledgementTest, ReadsTheEndOfADump) {
  const std::vector<std::byte> plain = Hex("00 00 00 00");
  EXPECT_EQ(Acknowledge(3, 2, plain).value().error, Errno{0});
  const std::vector<std::byte> failed = Hex("f4 ff ff ff 07 00 01 00 6e 6f 00 00");
  EXPECT_EQ(Acknowledge(3, 0x202, failed).value().error, Errno{12});
  EXPECT_EQ(Acknowledge(3, 0x202, failed).value().text, "no");
  EXPECT_EQ(Acknowledge(3, 0x2, failed).value().text, "");
}

TEST_F(AcknowledgementTest, RefusesWhatIsNone) {
  struct Case {
    std::string_view name;
    uint16_t type;
    uint16_t flags;
    std::string hex;
    std::string_view words;
  };
  const std::string request = kRequestHeader;
  const Case kCases[] = {
      {"empty", 2, 0, "", "0 bytes where a header of 4"},
      {"number cut short", 2, 0, "00 00 00", "3 bytes where a header of 4"},
      {"no request", 2, 0, "00 00 00 00", "0 bytes where a header of 16"},
      {"request cut short", 2, 0, "00 00 00 00 28 00 00 00", "4 bytes where a header of 16"},
      {"a positive number", 2, 0, "01 00 00 00 " + request, "an acknowledgement of 1,"},
      {"beyond the largest", 2, 0, "00 f0 ff ff " + request, "an acknowledgement of -4096,"},
      {"the least integer", 2, 0, "00 00 00 80 " + request, "of -2147483648,"},
      {"a request longer than the message", 2, 0x200, "ff ff ff ff " + request, "nlmsg_len 40"},
      {"a request without a header", 2, 0x200,
       "ff ff ff ff 0f 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00", "nlmsg_len 15"},
      {"a malformed attribute", 2, 0x300, "ff ff ff ff " + request + "03 00 01 00", "nla_len 3"},
      {"an offset of 2 bytes", 2, 0x300, "ff ff ff ff " + request + "06 00 02 00 00 00 00 00",
       "attribute 2 has 2 bytes, not 4"},
      {"a missing type of 1 byte", 2, 0x300, "ff ff ff ff " + request + "05 00 05 00 00 00 00 00",
       "attribute 5 has 1 bytes, not 4"},
      {"a missing nest of 0 bytes", 2, 0x300, "ff ff ff ff " + request + "04 00 06 00",
       "attribute 6 has 0 bytes, not 4"},
      {"an end of a dump without a number", 3, 2, "", "0 bytes where a header of 4"},
  };
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    const std::vector<std::byte> payload = Hex(row.hex);
    EXPECT_THAT(Acknowledge(row.type, row.flags, payload), Fails(Code::kMalformed, row.words));
  }
}

// Walks all attributes of all messages, into every nest of theirs; false where one is malformed.
bool WalkAll(Bytes datagram, size_t& attributes) {
  for (;;) {
    const Result<std::optional<Message>> message = NextMessage(datagram);
    if (!message) return false;
    if (!message->has_value()) return true;
    Bytes rest = (*message)->payload;
    if ((*message)->type != kRtmNewLink || !TakeHeader<IfInfo>(rest)) continue;
    for (;;) {
      const Result<std::optional<Attribute>> attribute = NextAttribute(rest);
      if (!attribute) return false;
      if (!attribute->has_value()) break;
      ++attributes;
    }
  }
}

TEST_F(NextMessageTest, TakesARecordedDumpAndNoPrefixOfItThatCutsAMessage) {
  const std::vector<std::byte> dump = Hex(kRecordedDump);
  size_t attributes = 0;
  ASSERT_TRUE(WalkAll(dump, attributes));
  EXPECT_EQ(attributes, kRecordedAttributes);
  // The messages' ends: only there may it be cut.
  std::vector<size_t> whole = {0};
  for (Bytes rest = dump; !rest.empty();) {
    ASSERT_TRUE(NextMessage(rest).has_value());
    whole.push_back(dump.size() - rest.size());
  }
  for (size_t size = 0; size < dump.size(); ++size) {
    // A copy of exactly that size: the sanitizer sees a read beyond it.
    const std::vector<std::byte> prefix(dump.begin(), dump.begin() + static_cast<long>(size));
    size_t ignored = 0;
    EXPECT_EQ(WalkAll(prefix, ignored), std::ranges::count(whole, size) == 1) << size;
  }
}

}  // namespace
}  // namespace purebpf::netlink
