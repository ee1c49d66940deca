// What is asked of the kernel, byte by byte, and what is made of its answers. xdp_netns_test.cc
// asks a real one.
#include "purebpf/netlink/xdp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "purebpf/tests/netlink/fake_netlink.h"
#include "purebpf/tests/netlink/hex.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf::netlink {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeNetlink;
using purebpf::testing::Hex;
using purebpf::testing::IsOk;
using purebpf::testing::kLittleEndian;
using purebpf::testing::ToHex;
using ::testing::HasSubstr;

constexpr uint32_t kIfindex = 5;

class XdpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kLittleEndian) GTEST_SKIP() << "the literals are little-endian";
  }

  Program Load(int fd) {
    kernel_.Answer(Command::kProgLoad,
                   [fd](MutableBytes, std::span<const Region>) -> SysResult<int> { return fd; });
    return Program::Load(kernel_, {.type = ProgType::kXdp,
                                   .license = "MIT",
                                   .insns = {{.code = 0xb7, .imm = 2}, {.code = kExit}}})
        .value();
  }

  // The next request, number `sequence`, is answered with -`error` and `text`.
  void Answer(int error, const std::string& text = "", int sequence = 1) {
    const int negative = -error;
    std::string payload =
        ToHex(BytesOf(negative)) + "20 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00";
    if (!text.empty()) {
      const auto length = static_cast<uint16_t>(text.size() + 5);
      payload += ToHex(BytesOf(length)) + "01 00";
      payload += ToHex(std::as_bytes(std::span(text.c_str(), text.size() + 1)));
    }
    const auto size = static_cast<uint32_t>(16 + Hex(payload).size());
    kernel_.Datagram(ToHex(BytesOf(size)) + "02 00 00 03" + ToHex(BytesOf(sequence)) +
                     "00 00 00 00" + payload);
  }

  // What was sent behind the two headers of 32 bytes, which are checked here.
  std::string Sent() {
    EXPECT_EQ(kernel_.sent().size(), 1u);
    EXPECT_EQ(kernel_.receives(), 1);
    const std::string all = ToHex(kernel_.sent().at(0));
    EXPECT_EQ(all.substr(4 * 3, 28 * 3),
              "13 00 05 00 01 00 00 00 00 00 00 00 "
              "00 00 00 00 05 00 00 00 00 00 00 00 00 00 00 00 ");
    return all.substr(32 * 3);
  }

  FakeNetlink kernel_;
  Socket socket_ = Socket::Open(kernel_).value();
  Program program_ = Load(0x11);
  Program expected_ = Load(0x22);
};

TEST_F(XdpTest, AttachRefusesAProgramThatIsThereUnlessToldOtherwise) {
  Answer(0);
  EXPECT_THAT(AttachXdp(socket_, kIfindex, program_), IsOk());
  EXPECT_EQ(Sent(), "14 00 2b 80 08 00 01 00 11 00 00 00 08 00 03 00 01 00 00 00");
}

TEST_F(XdpTest, AttachDisplacesWhenTold) {
  Answer(0);
  EXPECT_THAT(AttachXdp(socket_, kIfindex, program_,
                        {.mode = XdpMode::kSkb, .if_attached = IfAttached::kDisplace}),
              IsOk());
  EXPECT_EQ(Sent(), "14 00 2b 80 08 00 01 00 11 00 00 00 08 00 03 00 02 00 00 00");
}

TEST_F(XdpTest, AttachSetsTheFlagOfTheMode) {
  struct Case {
    XdpMode mode;
    std::string_view flags;
  };
  const Case kCases[] = {
      {XdpMode::kDefault, "01 00 00 00"},
      {XdpMode::kSkb, "03 00 00 00"},
      {XdpMode::kNative, "05 00 00 00"},
      {XdpMode::kHardware, "09 00 00 00"},
  };
  int sequence = 0;
  for (const Case& row : kCases) {
    Answer(0, "", ++sequence);
    EXPECT_THAT(AttachXdp(socket_, kIfindex, program_, {.mode = row.mode}), IsOk());
    const std::string sent = ToHex(kernel_.sent().back());
    EXPECT_EQ(sent.substr(sent.size() - 11), row.flags);
  }
}

TEST_F(XdpTest, ReplaceNamesTheExpectedProgram) {
  Answer(0);
  EXPECT_THAT(ReplaceXdp(socket_, kIfindex, program_, expected_, XdpMode::kNative), IsOk());
  EXPECT_EQ(Sent(),
            "1c 00 2b 80 08 00 01 00 11 00 00 00 08 00 08 00 22 00 00 00 08 00 03 00 14 00 00 00");
}

TEST_F(XdpTest, DetachNamesTheExpectedProgram) {
  Answer(0);
  EXPECT_THAT(DetachXdp(socket_, kIfindex, expected_, XdpMode::kSkb), IsOk());
  EXPECT_EQ(Sent(),
            "1c 00 2b 80 08 00 01 00 ff ff ff ff 08 00 08 00 22 00 00 00 08 00 03 00 12 00 00 00");
}

TEST_F(XdpTest, DetachAnyNamesNone) {
  Answer(0);
  EXPECT_THAT(DetachAnyXdp(socket_, kIfindex, XdpMode::kSkb), IsOk());
  EXPECT_EQ(Sent(), "14 00 2b 80 08 00 01 00 ff ff ff ff 08 00 03 00 02 00 00 00");
}

TEST_F(XdpTest, SaysWhatTheAnswerMeansAndWhatToDo) {
  struct Case {
    int error;
    XdpMode mode;
    std::string text;
    Code code;
    std::string_view hint;
  };
  // The kernel's words are those of net/core/dev.c and drivers/net/veth.c, virtio_net.c.
  const Case kCases[] = {
      {EPERM, XdpMode::kSkb, "", Code::kPermission, "CAP_NET_ADMIN"},
      {EBUSY, XdpMode::kSkb, "XDP program already attached", Code::kConflict, "detach it first"},
      {EBUSY, XdpMode::kNative, "Can't replace active BPF XDP link", Code::kConflict, "a bpf_link"},
      {EEXIST, XdpMode::kSkb, "Active program does not match expected", Code::kConflict,
       "somebody else"},
      {EEXIST, XdpMode::kSkb, "Native and generic XDP can't be active at the same time",
       Code::kConflict, "in the other mode"},
      {EEXIST, XdpMode::kNative, "Cannot attach when an upper device already has a program",
       Code::kConflict, "bond"},
      {EEXIST, XdpMode::kSkb, "in words of the future", Code::kConflict, ""},
      {EOPNOTSUPP, XdpMode::kNative, "Underlying driver does not support XDP in native mode",
       Code::kUnsupported, "try SKB mode"},
      {EOPNOTSUPP, XdpMode::kDefault, "", Code::kUnsupported, "try SKB mode"},
      {EOPNOTSUPP, XdpMode::kHardware, "", Code::kUnsupported, "native or SKB mode"},
      {EOPNOTSUPP, XdpMode::kSkb, "", Code::kUnsupported, ""},
      {EINVAL, XdpMode::kHardware, "", Code::kInvalidArgument, "a device that runs programs"},
      {ERANGE, XdpMode::kNative, "Peer MTU is too large to set XDP", Code::kInvalidArgument,
       "MTU is too large"},
      {EINVAL, XdpMode::kDefault, "MTU too large to enable XDP without frags",
       Code::kInvalidArgument, "MTU is too large"},
      {ENOSPC, XdpMode::kNative, "XDP expects number of rx queues not less than peer tx queues",
       Code::kUnsupported, "queues"},
      {ENOMEM, XdpMode::kNative, "Too few free TX rings available: queues", Code::kUnsupported,
       "queues"},
      {ENOMEM, XdpMode::kNative, "", Code::kSystem, ""},
      {ENODEV, XdpMode::kSkb, "", Code::kNotFound, "gone"},
      {EINVAL, XdpMode::kSkb, "", Code::kInvalidArgument, ""},
  };
  int sequence = 0;
  for (const Case& row : kCases) {
    SCOPED_TRACE(ErrnoName(row.error) + " " + row.text);
    Answer(row.error, row.text, ++sequence);
    const Result<void> result = AttachXdp(socket_, kIfindex, program_, {.mode = row.mode});
    ASSERT_THAT(result, Fails(row.code, "attach XDP program 'ifindex 5': " + ErrnoName(row.error)));
    EXPECT_THAT(result.error().ToString(), HasSubstr(row.text));
    EXPECT_EQ(result.error().log, row.text);
    EXPECT_EQ(result.error().sys_errno, row.error);
    if (row.hint.empty()) {
      EXPECT_EQ(result.error().hint, "");
    } else {
      EXPECT_THAT(result.error().hint, HasSubstr(std::string(row.hint)));
    }
  }
}

TEST_F(XdpTest, HintsThatOldKernelsCannotCompare) {
  Answer(EINVAL);
  EXPECT_THAT(DetachXdp(socket_, kIfindex, expected_, XdpMode::kSkb),
              Fails(Code::kInvalidArgument, "needs Linux 5.7"));
}

TEST_F(XdpTest, QueryIsOneRequestForTheLink) {
  kernel_.Datagram(
      "3c 00 00 00 10 00 00 00 01 00 00 00 00 00 00 00 "
      "00 00 01 00 05 00 00 00 00 00 00 00 00 00 00 00 "
      "06 00 03 00 61 00 00 00 "
      "14 00 2b 80 05 00 02 00 02 00 00 00 08 00 06 00 2a 00 00 00");
  const Result<XdpState> state = QueryXdp(socket_, kIfindex);
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(*state, (XdpState{.skb = 42}));
  EXPECT_TRUE(state->attached());
  EXPECT_EQ(kernel_.sent().size(), 1u);
  EXPECT_EQ(kernel_.receives(), 1);
  EXPECT_THAT(kernel_.calls().size(), 2u);  // the two loads of this fixture
}

}  // namespace
}  // namespace purebpf::netlink
