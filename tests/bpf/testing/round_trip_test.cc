// What is recorded of a kernel replays, and comes out of parsing and writing as it went in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/gtest.h"
#include "purebpf/bpf/testing/recording_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/tests/support/fake_kernel.h"

namespace purebpf::testing {
namespace {

using ::testing::HasSubstr;

// What the caller got of a call, to be compared between recording and replay.
using Story = std::function<std::string(Kernel&)>;

std::string ErrorText(Errno error) { return ErrnoName(error.value); }

template <typename T>
std::string Text(const SysResult<T>& result) {
  if (!result) return ErrorText(result.error());
  if constexpr (std::is_void_v<T>) {
    return "done";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(*result);
  } else {
    return std::string(*result);
  }
}

std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Records `story` with `fake`, checks that the text is stable, replays it, and gives the text.
std::string RoundTrip(FakeKernel& fake, const Story& story) {
  RecordingKernel recorder(fake, {.about = "a test"});
  const std::string live = story(recorder);
  const std::string text = recorder.Text();
  const auto fixture = ParseFixture(text);
  EXPECT_TRUE(fixture.has_value()) << fixture.error().ToString() << "\n" << text;
  if (fixture) {
    EXPECT_EQ(WriteFixture(*fixture), text);
  }
  auto replay = ReplayKernel::FromText(text);
  EXPECT_TRUE(replay.has_value()) << replay.error().ToString();
  if (replay) {
    EXPECT_EQ(story(*replay), live) << text;
    EXPECT_TRUE(Finished(*replay)) << text;
  }
  return text.substr(text.find("\n\n") + 2);
}

std::string RoundTrip(const Story& story) {
  FakeKernel fake;
  return RoundTrip(fake, story);
}

SysResult<int> MakeMap(Kernel& kernel, MapType type = MapType::kHash, uint32_t value_size = 8) {
  MapCreateAttr attr{.map_type = static_cast<uint32_t>(type),
                     .key_size = 4,
                     .value_size = value_size,
                     .max_entries = 16,
                     .map_flags = MapFlag::kNoPrealloc};
  std::memcpy(attr.map_name.data(), "counts", 6);
  return BpfCall(Command::kMapCreate, attr).Issue(kernel);
}

SysResult<int> Element(Kernel& kernel, Command command, int map, Bytes key, MutableBytes value,
                       Direction direction, uint64_t flags = 0) {
  MapElemAttr attr{.map_fd = static_cast<uint32_t>(map), .flags = flags};
  return BpfCall(command, attr)
      .In(&MapElemAttr::key, key)
      .Add(&MapElemAttr::value, direction, value)
      .Issue(kernel);
}

TEST(RoundTrip, OfCreatingAMap) {
  EXPECT_EQ(RoundTrip([](Kernel& kernel) {
              const auto fd = MakeMap(kernel);
              kernel.Close(*fd);
              return std::string(fd ? "made" : "");
            }),
            "BPF_MAP_CREATE map_type=BPF_MAP_TYPE_HASH key_size=4 value_size=8 max_entries=16 "
            "map_flags=BPF_F_NO_PREALLOC map_name=\"counts\" = map:1\n"
            "close fd=map:1\n");
}

TEST(RoundTrip, OfElements) {
  FakeKernel fake;
  fake.Answer(Command::kMapLookupElem, [](MutableBytes, std::span<const Region> regions) {
    std::ranges::fill(regions[1].bytes, std::byte{7});
    return SysResult<int>(0);
  });
  fake.Answer(Command::kMapLookupElem, Errno{ENOENT});
  const std::string text = RoundTrip(fake, [](Kernel& kernel) {
    const int map = *MakeMap(kernel);
    std::array<std::byte, 8> value{};
    const std::array<std::byte, 4> key{std::byte{1}};
    std::string seen =
        Text(Element(kernel, Command::kMapLookupElem, map, key, value, Direction::kOut));
    seen += AsText(value);
    seen += Text(Element(kernel, Command::kMapLookupElem, map, key, value, Direction::kOut));
    seen += Text(Element(kernel, Command::kMapUpdateElem, map, key, value, Direction::kIn, 1));
    kernel.Close(map);
    return seen;
  });
  EXPECT_THAT(text, HasSubstr("BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = 0 "
                              "value=hex:(07*8)\n"
                              "BPF_MAP_LOOKUP_ELEM map_fd=map:1 key=hex:01000000 = ENOENT "
                              "(No such file or directory)\n"
                              "BPF_MAP_UPDATE_ELEM map_fd=map:1 key=hex:01000000 value=hex:(07*8) "
                              "flags=BPF_NOEXIST = 0\n"));
}

}  // namespace
}  // namespace purebpf::testing
