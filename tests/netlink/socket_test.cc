#include "purebpf/netlink/socket.h"

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
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Action kAction{.operation = "do this", .object = "eth0"};

// The first request of a socket has sequence number 1, the next 2.
constexpr char kAck1[] =
    "24 00 00 00 02 00 00 01 01 00 00 00 00 00 00 00 00 00 00 00 "
    "20 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 ";
constexpr char kAck2[] =
    "24 00 00 00 02 00 00 01 02 00 00 00 00 00 00 00 00 00 00 00 "
    "20 00 00 00 13 00 05 00 02 00 00 00 00 00 00 00 ";
constexpr char kNoop1[] = "10 00 00 00 01 00 00 00 01 00 00 00 00 00 00 00 ";
constexpr char kOverrun[] = "10 00 00 00 04 00 00 00 01 00 00 00 00 00 00 00 ";
// EBUSY with "in use", about the attribute at byte 36.
constexpr char kRefusal1[] =
    "38 00 00 00 02 00 00 03 01 00 00 00 00 00 00 00 f0 ff ff ff "
    "38 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 "
    "0b 00 01 00 69 6e 20 75 73 65 00 00 08 00 02 00 24 00 00 00 ";
// Messages of type 16 whose payload is one number.
constexpr char kOne1[] = "14 00 00 00 10 00 02 00 01 00 00 00 00 00 00 00 11 00 00 00 ";
constexpr char kTwo1[] = "14 00 00 00 10 00 02 00 01 00 00 00 00 00 00 00 22 00 00 00 ";
constexpr char kOne2[] = "14 00 00 00 10 00 02 00 02 00 00 00 00 00 00 00 33 00 00 00 ";
constexpr char kEvent[] = "14 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 44 00 00 00 ";
constexpr char kInterrupted1[] = "14 00 00 00 10 00 12 00 01 00 00 00 00 00 00 00 22 00 00 00 ";
constexpr char kDone1[] = "14 00 00 00 03 00 02 00 01 00 00 00 00 00 00 00 00 00 00 00 ";
constexpr char kDone2[] = "14 00 00 00 03 00 02 00 02 00 00 00 00 00 00 00 00 00 00 00 ";

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) joined += part;
  return joined;
}

class SocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kLittleEndian) GTEST_SKIP() << "the literals are little-endian";
  }

  // A request as XDP makes it: IFLA_XDP at byte 32, IFLA_XDP_FD at 36.
  static MessageBuilder XdpRequest() {
    MessageBuilder request(kRtmSetLink);
    request.Header(IfInfo{.ifi_index = 3}).Begin(kIflaXdp).Int(kXdpFd, int32_t{-1}).End();
    return request;
  }

  Result<void> Request() { return socket_.Request(XdpRequest(), kAction); }
  Result<void> Get() { return socket_.Get(MessageBuilder(kRtmGetLink), kAction, Note()); }
  Result<void> Dump() { return socket_.Dump(MessageBuilder(kRtmGetLink), kAction, Note()); }
  Result<void> Events() { return events_.ReadEvents(Note()); }

  FakeNetlink kernel_;
  Socket socket_ = Socket::Open(kernel_).value();
  Socket events_ = Socket::Open(kernel_, kRtmgrpLink).value();
  std::vector<std::string> seen_;  // the payloads that were given to the handler

 private:
  struct Noter {
    std::vector<std::string>* seen;
    Result<void> operator()(const Message& message) const {
      seen->push_back(ToHex(message.payload));
      return {};
    }
  };
  Noter Note() { return {&seen_}; }
};

TEST_F(SocketTest, SendsARequestOnceAndReceivesOnce) {
  kernel_.Datagram(kAck1);
  EXPECT_THAT(Request(), IsOk());
  ASSERT_EQ(kernel_.sent().size(), 1u);
  EXPECT_EQ(ToHex(kernel_.sent()[0]),
            "2c 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 "
            "00 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 "
            "0c 00 2b 80 08 00 01 00 ff ff ff ff");
  EXPECT_EQ(kernel_.receives(), 1);
  EXPECT_EQ(kernel_.nonblocking(), 0);
}

TEST_F(SocketTest, NumbersEachRequestAnew) {
  kernel_.Datagram(kAck1);
  kernel_.Datagram(kAck2);
  EXPECT_THAT(Request(), IsOk());
  EXPECT_THAT(Request(), IsOk());
  EXPECT_EQ(kernel_.sent().size(), 2u);
  EXPECT_EQ(kernel_.receives(), 2);
}

TEST_F(SocketTest, TellsWhatTheKernelSaidAndOfWhichAttribute) {
  kernel_.Datagram(kRefusal1);
  const Result<void> result = Request();
  ASSERT_THAT(result, Fails(Code::kConflict, "do this 'eth0': EBUSY"));
  EXPECT_EQ(result.error().log, "in use");
  EXPECT_EQ(result.error().detail, "in use: IFLA_XDP.IFLA_XDP_FD");
  EXPECT_EQ(result.error().sys_errno, EBUSY);
}

TEST_F(SocketTest, TellsWhichAttributeIsMissing) {
  kernel_.Datagram(
      "34 00 00 00 02 00 00 03 01 00 00 00 00 00 00 00 ea ff ff ff "
      "2c 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 "
      "08 00 05 00 03 00 00 00 08 00 06 00 20 00 00 00");
  EXPECT_EQ(Request().error().detail, "missing IFLA_XDP.IFLA_XDP_FLAGS");
}

TEST_F(SocketTest, GivesTheByteWhereNoAttributeBegins) {
  kernel_.Datagram(
      "2c 00 00 00 02 00 00 03 01 00 00 00 00 00 00 00 ea ff ff ff "
      "2c 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00 08 00 02 00 15 00 00 00");
  EXPECT_EQ(Request().error().detail, "byte 21 of the request");
}

TEST_F(SocketTest, TakesAMissingDeviceForNotFound) {
  kernel_.Datagram(
      "24 00 00 00 02 00 00 01 01 00 00 00 00 00 00 00 ed ff ff ff "
      "2c 00 00 00 13 00 05 00 01 00 00 00 00 00 00 00");
  const Result<void> result = Request();
  EXPECT_THAT(result, Fails(Code::kNotFound, "ENODEV"));
  EXPECT_EQ(result.error().log, "");
}

TEST_F(SocketTest, SkipsOtherAnswersNoopsAndWhatIsNoAnswer) {
  kernel_.Datagram(kAck2);
  kernel_.Datagram("");
  kernel_.Datagram(kNoop1);
  kernel_.Datagram(Join({kOne2, kEvent, kAck1}));
  EXPECT_THAT(Request(), IsOk());
  EXPECT_EQ(kernel_.receives(), 4);
}

TEST_F(SocketTest, GoesOnAfterASignal) {
  kernel_.Fails(EINTR);
  kernel_.Datagram(kAck1);
  EXPECT_THAT(Request(), IsOk());
}

TEST_F(SocketTest, GivesUpAfter1024DatagramsThatAnswerNothing) {
  kernel_.Datagram(kAck2);
  kernel_.RepeatForEver();
  EXPECT_THAT(Request(), Fails(Code::kSystem, "does not answer"));
  EXPECT_EQ(kernel_.receives(), 1024);
}

TEST_F(SocketTest, GivesUpWhenSignalsDoNotEnd) {
  kernel_.Fails(EINTR);
  kernel_.RepeatForEver();
  EXPECT_THAT(Request(), Fails(Code::kSystem, "does not answer"));
}

TEST_F(SocketTest, RefusesAMalformedAnswer) {
  struct Case {
    std::string_view name, hex, words;
  };
  const Case kCases[] = {
      {"a header cut short", "24 00 00 00", "do this 'eth0': 4 bytes where a header"},
      {"a length beyond", "25 00 00 00 02 00 00 01 01 00 00 00 00 00 00 00", "nlmsg_len 37"},
      {"an acknowledgement without a number", "10 00 00 00 02 00 00 01 01 00 00 00 00 00 00 00",
       "do this 'eth0': 0 bytes where a header of 4"},
  };
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    FakeNetlink kernel;
    Socket socket = Socket::Open(kernel).value();
    kernel.Datagram(row.hex);
    EXPECT_THAT(socket.Request(XdpRequest(), kAction), Fails(Code::kMalformed, row.words));
  }
}

TEST_F(SocketTest, TakesAnOverrunForAnError) {
  kernel_.Datagram(kOverrun);
  EXPECT_THAT(Request(), Fails(Code::kSystem, "ENOBUFS"));
}

TEST_F(SocketTest, PassesOnWhatTheSystemCallsSay) {
  kernel_.send_error = EPERM;
  EXPECT_THAT(Request(), Fails(Code::kPermission, "do this 'eth0': EPERM"));
  kernel_.send_error = 0;
  kernel_.Fails(ENOBUFS);
  EXPECT_THAT(Request(), Fails(Code::kSystem, "do this 'eth0': ENOBUFS"));
  FakeNetlink refusing;
  refusing.open_error = EAFNOSUPPORT;
  EXPECT_THAT(Socket::Open(refusing),
              Fails(Code::kUnsupported, "open netlink socket: EAFNOSUPPORT"));
}

TEST_F(SocketTest, SendsNothingWhereTheRequestCannotBeBuilt) {
  MessageBuilder request(kRtmSetLink);
  request.Begin(1);
  EXPECT_THAT(socket_.Request(std::move(request), kAction),
              Fails(Code::kInvalidArgument, "do this 'eth0': a nest is not ended"));
  EXPECT_THAT(kernel_.sent(), IsEmpty());
}

TEST_F(SocketTest, DoesNotReadAnAcknowledgementThatWasCut) {
  std::vector<std::byte> longer = Hex(kAck1);
  longer.resize(40000);
  kernel_.Datagram(longer);
  EXPECT_THAT(Request(), Fails(Code::kSystem, "did not fit"));
  EXPECT_EQ(kernel_.sent().size(), 1u);  // it may have been carried out: never twice
}

TEST_F(SocketTest, ClosesWhatItOpened) {
  FakeNetlink kernel;
  {
    Socket first = Socket::Open(kernel, kRtmgrpLink).value();
    const Socket second = std::move(first);
    EXPECT_THAT(kernel.open_fds(), ElementsAre(second.fd()));
    EXPECT_EQ(kernel.groups(), 1u);
  }
  EXPECT_THAT(kernel.open_fds(), IsEmpty());
  EXPECT_EQ(kernel.wrong_closes(), 0u);
}

TEST_F(SocketTest, GetsOneAnswerWithOneSendAndOneReceive) {
  kernel_.Datagram(Join({kOne1, kTwo1}));
  EXPECT_THAT(Get(), IsOk());
  EXPECT_THAT(seen_, ElementsAre("11 00 00 00"));
  EXPECT_EQ(ToHex(kernel_.sent().at(0)), "10 00 00 00 12 00 01 00 01 00 00 00 00 00 00 00");
  EXPECT_EQ(kernel_.sent().size(), 1u);
  EXPECT_EQ(kernel_.receives(), 1);
}

TEST_F(SocketTest, AsksAgainWithALargerBufferWhereAnAnswerWasCut) {
  std::vector<std::byte> longer = Hex(kOne1);
  longer.resize(100000);  // would be malformed if it were read
  kernel_.Datagram(longer);
  kernel_.Datagram(kOne2);
  EXPECT_THAT(Get(), IsOk());
  EXPECT_THAT(seen_, ElementsAre("33 00 00 00"));
  EXPECT_EQ(kernel_.sent().size(), 2u);
  EXPECT_GE(kernel_.buffer_size(), 100000u);
}

TEST_F(SocketTest, DoesNotGrowItsBufferWithoutEnd) {
  kernel_.Datagram(std::vector<std::byte>((16U << 20) + 1));
  EXPECT_THAT(Get(), Fails(Code::kMalformed, "a message of 16777217 bytes, beyond the limit"));
  EXPECT_EQ(kernel_.buffer_size(), 32768u);
}

TEST_F(SocketTest, GetPassesOnARefusalAndTheHandlersError) {
  kernel_.Datagram(kRefusal1);
  EXPECT_THAT(Get(), Fails(Code::kConflict, "in use"));
  kernel_.Datagram(kAck2);
  EXPECT_THAT(Get(), Fails(Code::kMalformed, "an acknowledgement where an answer should be"));
  kernel_.Datagram("10 00 00 00 10 00 00 00 03 00 00 00 00 00 00 00");
  const auto refuse = [](const Message&) -> Result<void> {
    return std::unexpected(Error{.code = Code::kUnsupported, .operation = "judge"});
  };
  EXPECT_THAT(socket_.Get(MessageBuilder(kRtmGetLink), kAction, refuse),
              Fails(Code::kUnsupported, "judge"));
}

TEST_F(SocketTest, ReadsADumpOfSeveralDatagramsToItsEnd) {
  kernel_.Datagram(Join({kOne1, kNoop1, kTwo1}));
  kernel_.Datagram(kOne2);
  kernel_.Datagram(kOne1);
  kernel_.Datagram(kDone1);
  EXPECT_THAT(Dump(), IsOk());
  EXPECT_THAT(seen_, ElementsAre("11 00 00 00", "22 00 00 00", "11 00 00 00"));
  EXPECT_EQ(ToHex(kernel_.sent().at(0)), "10 00 00 00 12 00 01 03 01 00 00 00 00 00 00 00");
  EXPECT_EQ(kernel_.receives(), 4);
  EXPECT_EQ(kernel_.nonblocking(), 0);
}

TEST_F(SocketTest, ReadsADumpOfAnyLengthWithSomeForeignDatagramsBetween) {
  constexpr size_t kDatagrams = 3000;
  for (size_t i = 0; i < kDatagrams; ++i) {
    kernel_.Datagram(kOne1);
    kernel_.Datagram(kOne2);
  }
  kernel_.Datagram(kDone1);
  EXPECT_THAT(Dump(), IsOk());
  EXPECT_EQ(seen_.size(), kDatagrams);
}

TEST_F(SocketTest, SaysThatADumpWasInterruptedButReadsItsEnd) {
  kernel_.Datagram(Join({kInterrupted1, kOne1}));
  kernel_.Datagram(kDone1);
  kernel_.Datagram(Join({kOne2, kDone2}));
  const Result<void> interrupted = Dump();
  ASSERT_THAT(interrupted, Fails(Code::kSystem, "EINTR"));
  EXPECT_TRUE(AskAgain(interrupted.error()));
  seen_.clear();
  EXPECT_THAT(Dump(), IsOk());
  EXPECT_THAT(seen_, ElementsAre("33 00 00 00"));
}

TEST_F(SocketTest, SeesTheInterruptionInTheEndToo) {
  kernel_.Datagram(kOne1);
  kernel_.Datagram("14 00 00 00 03 00 12 00 01 00 00 00 00 00 00 00 00 00 00 00");
  EXPECT_THAT(Dump(), Fails(Code::kSystem, "EINTR"));
}

TEST_F(SocketTest, HonoursTheErrorInTheEndOfADump) {
  kernel_.Datagram(kOne1);
  kernel_.Datagram(
      "1c 00 00 00 03 00 02 02 01 00 00 00 00 00 00 00 f4 ff ff ff 07 00 01 00 6e 6f 00 00");
  const Result<void> result = Dump();
  ASSERT_THAT(result, Fails(Code::kSystem, "ENOMEM"));
  EXPECT_EQ(result.error().log, "no");
  EXPECT_FALSE(AskAgain(result.error()));
}

TEST_F(SocketTest, DumpPassesOnARefusal) {
  kernel_.Datagram(kRefusal1);
  EXPECT_THAT(Dump(), Fails(Code::kConflict, "in use"));
}

// What is left of a dump is read away: the kernel refuses another while one goes on.
TEST_F(SocketTest, DrainsADumpThatItDoesNotReadToItsEnd) {
  std::vector<std::byte> longer = Hex(kOne1);
  longer.resize(50000);
  kernel_.Datagram(longer);
  kernel_.Datagram(kTwo1);
  kernel_.Datagram(kDone1);
  const Result<void> cut = Dump();
  ASSERT_THAT(cut, Fails(Code::kSystem, "EAGAIN"));
  EXPECT_TRUE(AskAgain(cut.error()));
  EXPECT_THAT(seen_, IsEmpty());
  EXPECT_EQ(kernel_.receives(), 1);
  EXPECT_EQ(kernel_.nonblocking(), 3);  // two datagrams, and that there is no more
  kernel_.Datagram(Join({kOne2, kDone2}));
  EXPECT_THAT(Dump(), IsOk());
  EXPECT_GE(kernel_.buffer_size(), 50000u);
}

TEST_F(SocketTest, ReadsEventsUntilThereAreNone) {
  kernel_.Datagram(Join({kEvent, kOne1}));
  kernel_.Datagram(Join({kNoop1, kDone1, kAck1, kOne2}));
  EXPECT_THAT(Events(), IsOk());
  EXPECT_THAT(seen_, ElementsAre("44 00 00 00", "11 00 00 00", "33 00 00 00"));
  EXPECT_EQ(kernel_.receives(), 0);
  EXPECT_EQ(kernel_.nonblocking(), 3);
}

TEST_F(SocketTest, ReadingEventsGoesOnAfterASignalButNotForEver) {
  kernel_.Fails(EINTR);
  kernel_.Datagram(kEvent);
  EXPECT_THAT(Events(), IsOk());
  EXPECT_EQ(seen_.size(), 1u);
  kernel_.Datagram(kEvent);
  kernel_.RepeatForEver();
  seen_.clear();
  EXPECT_THAT(Events(), IsOk());
  EXPECT_EQ(seen_.size(), 1024u);
}

TEST_F(SocketTest, LostEventsThrowAwayThoseThatWait) {
  struct Case {
    std::string_view name;
    void (*lose)(FakeNetlink&);
  };
  const Case kCases[] = {
      {"the kernel says so", [](FakeNetlink& kernel) { kernel.Fails(ENOBUFS); }},
      {"an overrun message", [](FakeNetlink& kernel) { kernel.Datagram(kOverrun); }},
      {"one was cut", [](FakeNetlink& kernel) { kernel.Datagram(std::vector<std::byte>(40000)); }},
  };
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.name);
    kernel_.Datagram(kEvent);
    row.lose(kernel_);
    kernel_.Datagram(kEvent);
    kernel_.Datagram(kEvent);
    const Result<void> lost = Events();
    ASSERT_THAT(lost, Fails(Code::kSystem, "events were lost"));
    EXPECT_EQ(lost.error().sys_errno, ENOBUFS);
    seen_.clear();
    EXPECT_THAT(Events(), IsOk());
    EXPECT_THAT(seen_, IsEmpty());
  }
}

TEST_F(SocketTest, ReadingEventsRefusesMalformedOnesAndPassesOnErrors) {
  kernel_.Datagram("14 00 00 00 10 00 00 00");
  EXPECT_THAT(Events(), Fails(Code::kMalformed, "read netlink events"));
  kernel_.Datagram(std::vector<std::byte>((16U << 20) + 1));
  EXPECT_THAT(Events(), Fails(Code::kMalformed, "beyond 16 MiB"));
  kernel_.Fails(EBADF);
  EXPECT_THAT(Events(), Fails(Code::kSystem, "EBADF"));
  kernel_.Datagram(kEvent);
  const auto refuse = [](const Message&) -> Result<void> {
    return std::unexpected(Error{.code = Code::kUnsupported, .operation = "judge"});
  };
  EXPECT_THAT(events_.ReadEvents(refuse), Fails(Code::kUnsupported, "judge"));
}

TEST_F(SocketTest, RefusesRequestsOnASocketForEvents) {
  EXPECT_THAT(events_.Request(XdpRequest(), kAction),
              Fails(Code::kInvalidArgument, "a socket that is for events"));
  EXPECT_THAT(kernel_.sent(), IsEmpty());
}

}  // namespace
}  // namespace purebpf::netlink
