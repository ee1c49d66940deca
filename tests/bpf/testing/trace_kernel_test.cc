// A conversation that is told while it goes on.
#include "purebpf/bpf/testing/trace_kernel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "purebpf/tests/support/every_call.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Trace, TellsEachCallWhenItIsAnsweredInTheWordsOfAFixture) {
  FakeKernel fake;
  PrepareEveryCall(fake);
  std::string told;
  size_t calls = 0;
  TraceKernel kernel(fake, [&](std::string_view text) {
    ++calls;
    told += text;
  });
  const std::string got = EveryCall(kernel);
  EXPECT_EQ(calls, 59U);
  EXPECT_THAT(told, StartsWith("BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 "
                               "max_entries=16 map_name=\"counts\" = map:1\n"));
  for (const char* words :
       {"\n    insns\n        0: 18 10 0000 map:1  # r0 = map[map:1]\n",
        "\nBPF_MAP_DELETE_ELEM map_fd=map:1 key=hex:01000000 = ENOENT (No such file",
        "\nperf_event_open size=128 pid=0 cpu=1 group_fd=-1 = perf:1\n",
        "\nioctl fd=perf:1 request=PERF_EVENT_IOC_SET_BPF argument=prog:1 = 0\n",
        "\n    RTM_GETLINK flags=NLM_F_REQUEST seq=~7\n        ifinfomsg index=3\n",
        "            IFLA_XDP_ATTACHED=XDP_ATTACHED_NONE\n"})
    EXPECT_THAT(told, HasSubstr(words));

  // Who is told of hears the same as who is not.
  FakeKernel alone;
  PrepareEveryCall(alone);
  EXPECT_EQ(EveryCall(alone), got);
}

// An alias is taken away by one that is empty, without even a NUL.
TEST(Trace, TellsAnAttributeWithoutBytes) {
  FakeKernel fake;
  std::string told;
  TraceKernel kernel(fake, [&](std::string_view text) { told += text; });
  const int socket = *kernel.NetlinkOpen(0, 0);
  // nlmsghdr of RTM_SETLINK, ifinfomsg of interface 3, IFLA_IFALIAS of 4 bytes.
  const std::array<uint32_t, 9> request = {36, 19 | (1U << 16), 7, 0, 0, 3, 0, 0, 4 | (20U << 16)};
  (void)kernel.NetlinkSend(socket, BytesOf(request));
  EXPECT_THAT(told, HasSubstr("\n        ifinfomsg index=3\n        IFLA_IFALIAS=hex:\n"));
}

TEST(Trace, TellsOfManyBytesOnlyTheBeginning) {
  FakeKernel fake;
  for (int i = 0; i < 700; ++i) fake.files["/proc/many"] += static_cast<char>(128 + i * 7 % 100);
  std::string told;
  TraceKernel kernel(fake, [&](std::string_view text) { told += text; });
  ASSERT_TRUE(kernel.ReadFile("/proc/many", 1000).has_value());
  EXPECT_THAT(told, StartsWith("read_file path=\"/proc/many\" = 700 contents="));
  EXPECT_LT(told.size(), 200U) << told;
}

}  // namespace
}  // namespace purebpf::testing
