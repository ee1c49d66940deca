#include "purebpf/netlink/attribute_names.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "purebpf/tests/netlink/hex.h"

namespace purebpf::netlink {
namespace {

using purebpf::testing::Hex;
using purebpf::testing::kLittleEndian;

// RTM_SETLINK: at 32 IFLA_IFNAME; at 44 IFLA_XDP with at 48 FD, at 56 number 99 and at 64
// EXPECTED_FD; at 72 number 77 with something inside that has no names.
constexpr char kRequest[] =
    "54 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 "
    "00 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 "
    "09 00 03 00 65 74 68 30 00 00 00 00 "
    "1c 00 2b 80 08 00 01 00 ff ff ff ff 08 00 63 00 00 00 00 00 08 00 08 00 04 00 00 00 "
    "0c 00 4d 80 08 00 01 00 00 00 00 00 ";

class AttributeNames : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kLittleEndian) GTEST_SKIP() << "the literals are little-endian";
  }
  const std::vector<std::byte> request_ = Hex(kRequest);
};

TEST_F(AttributeNames, GivesThePathOfWhatBeginsAtTheOffset) {
  struct Case {
    uint32_t offset;
    std::string_view path;
  };
  const Case kCases[] = {
      {0, ""},                                // the message header
      {16, ""},                               // ifinfomsg
      {32, "IFLA_IFNAME"},                    //
      {36, ""},                               // inside a payload that is no nest
      {44, "IFLA_XDP"},                       //
      {48, "IFLA_XDP.IFLA_XDP_FD"},           //
      {49, ""},                               // between
      {52, ""},                               // a payload
      {56, "IFLA_XDP.99"},                    //
      {64, "IFLA_XDP.IFLA_XDP_EXPECTED_FD"},  //
      {72, "77"},                             //
      {76, ""},                               // in a nest of which nothing is known
      {84, ""},                               // the end
      {std::numeric_limits<uint32_t>::max(), ""},
  };
  for (const Case& row : kCases) EXPECT_EQ(AttributePath(request_, row.offset), row.path);
}

TEST_F(AttributeNames, NamesWhatIsMissing) {
  EXPECT_EQ(MissingAttributePath(request_, 43, {}), "IFLA_XDP");
  EXPECT_EQ(MissingAttributePath(request_, 99, {}), "99");
  EXPECT_EQ(MissingAttributePath(request_, 3, 44), "IFLA_XDP.IFLA_XDP_FLAGS");
  EXPECT_EQ(MissingAttributePath(request_, 3, 72), "77.3");
  EXPECT_EQ(MissingAttributePath(request_, 3, 45), "3");
}

TEST_F(AttributeNames, KnowsNothingOfOtherFamilies) {
  std::vector<std::byte> address = request_;
  address[4] = std::byte{20};  // RTM_NEWADDR
  EXPECT_EQ(AttributePath(address, 32), "");
  EXPECT_EQ(MissingAttributePath(address, 3, {}), "3");
}

TEST_F(AttributeNames, SurvivesEveryPrefixAndEveryChangedByte) {
  for (size_t size = 0; size <= request_.size(); ++size) {
    const std::vector<std::byte> prefix(request_.begin(),
                                        request_.begin() + static_cast<long>(size));
    for (uint32_t offset = 0; offset < request_.size() + 8; ++offset) {
      const std::string path = AttributePath(prefix, offset);
      if (offset + 4 > size) {
        EXPECT_EQ(path, "");
      }
      EXPECT_LE(path.size(), 40u);
    }
  }
  for (size_t i = 0; i < request_.size(); ++i) {
    for (const unsigned value : {0x00U, 0x01U, 0x03U, 0x04U, 0x7fU, 0x80U, 0xffU}) {
      std::vector<std::byte> changed = request_;
      changed[i] = static_cast<std::byte>(value);
      for (uint32_t offset = 0; offset < request_.size(); ++offset)
        EXPECT_LE(AttributePath(changed, offset).size(), 40u);
    }
  }
}

}  // namespace
}  // namespace purebpf::netlink
