// Whatever bytes a caller passes and a kernel answers, they can be told: the recording is a fixture
// that is the same when it is read and written again, and a replay of it answers the same caller,
// as it says or with an errno. The input is the caller's calls, one after the other, and the
// answers.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/forwarding_kernel.h"
#include "purebpf/bpf/testing/fixture.h"
#include "purebpf/bpf/testing/recording_kernel.h"
#include "purebpf/bpf/testing/replay_kernel.h"
#include "purebpf/bpf/testing/trace_kernel.h"
#include "purebpf/tests/support/fake_kernel.h"

using namespace purebpf;           // NOLINT(google-build-using-namespace): a fuzzer, not a library
using namespace purebpf::testing;  // NOLINT(google-build-using-namespace)

namespace {

// Zeros where it is at its end.
class Input {
 public:
  explicit Input(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  uint8_t Byte() {
    const std::vector<std::byte> one = Take(1);
    return static_cast<uint8_t>(one[0]);
  }
  std::vector<std::byte> Take(size_t size) {
    const Bytes own = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(own.size());
    std::vector<std::byte> bytes(own.begin(), own.end());
    bytes.resize(size);
    return bytes;
  }

 private:
  Bytes rest_;
};

// Answers with bytes of the input wherever a kernel writes.
class Answers final : public ForwardingKernel {
 public:
  Answers(FakeKernel& next, Input input) : ForwardingKernel(next), fake_(next), input_(input) {}

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override {
    const uint8_t how = input_.Byte();
    if (how == 0xff) return std::unexpected(Errno{EINVAL});
    if ((how & 1) != 0) std::ranges::copy(input_.Take(attr.size()), attr.begin());
    for (const Region& region : regions)
      if (region.direction != Direction::kIn)
        std::ranges::copy(input_.Take(region.bytes.size()), region.bytes.begin());
    return next().Bpf(command, attr, regions);
  }
  SysResult<std::vector<std::byte>> ReadFile(const std::string&, size_t) override {
    return input_.Take(input_.Byte());
  }
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override {
    fake_.replies.push_back(input_.Take(input_.Byte()));
    return next().NetlinkReceive(fd, buffer, mode);
  }

 private:
  FakeKernel& fake_;
  Input input_;
};

std::string Text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

constexpr uint8_t kCommands = 48;
constexpr size_t kMostRegions = 3;

void CallBpf(Kernel& kernel, Input& input) {
  const auto command = static_cast<Command>(input.Byte() % kCommands);
  std::vector<std::byte> attr = input.Take(input.Byte() % 160);
  std::vector<std::vector<std::byte>> memory;
  std::vector<Region> regions;
  const size_t count = input.Byte() % (kMostRegions + 1);
  for (size_t i = 0; i < count; ++i) {
    memory.push_back(input.Take(input.Byte()));
    const int holder = static_cast<int>(input.Byte() % (i + 1)) - 1;
    const size_t room = holder < 0 ? attr.size() : memory[static_cast<size_t>(holder)].size();
    const size_t offset = input.Byte() & ~7U;
    if (offset + 8 > room) continue;
    regions.push_back({.attr_offset = static_cast<uint32_t>(offset),
                       .direction = static_cast<Direction>(input.Byte() % 3),
                       .bytes = memory.back(),
                       .holder = regions.size() == i ? holder : -1});
    if (regions.back().holder < 0 && offset + 8 > attr.size()) regions.pop_back();
  }
  (void)kernel.Bpf(command, attr, regions);
}

void Call(Kernel& kernel, Input& input) {
  const int fd = input.Byte();
  switch (input.Byte() % 9) {
    case 0:
      (void)kernel.NetlinkOpen(input.Byte(), input.Byte());
      return;
    case 1:
      (void)kernel.NetlinkSend(fd, input.Take(input.Byte()));
      return;
    case 2: {
      std::vector<std::byte> room(input.Byte());
      (void)kernel.NetlinkReceive(fd, room, ReceiveMode::kDontWait);
      return;
    }
    case 3:
      (void)kernel.Ioctl(fd, static_cast<uint32_t>(input.Byte()) | 0x2400U, input.Byte());
      return;
    case 4:
      (void)kernel.SetSocketOption(fd, input.Byte(), input.Byte(), input.Take(input.Byte()));
      return;
    case 5: {
      std::vector<std::byte> attr = input.Take(input.Byte());
      (void)kernel.PerfEventOpen(attr, {}, {.pid = fd, .cpu = input.Byte()});
      return;
    }
    case 6: {
      const std::vector<std::byte> path = input.Take(input.Byte());
      (void)kernel.WriteFile(Text(path), input.Take(input.Byte()), WriteMode::kReplace);
      return;
    }
    case 7: {
      const std::vector<std::byte> path = input.Take(input.Byte());
      (void)kernel.ReadFile(Text(path), 4096);
      return;
    }
    default:
      kernel.Close(fd);
      return;
  }
}

void Converse(Kernel& kernel, Input input) {
  while (!input.done()) {
    if ((input.Byte() & 1) != 0)
      CallBpf(kernel, input);
    else
      Call(kernel, input);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes bytes = std::as_bytes(std::span(data, size));
  const Input calls(bytes.first(size / 2));
  const Input answers(bytes.subspan(size / 2));

  FakeKernel fake;
  Answers kernel(fake, answers);
  RecordingKernel recorder(kernel, {.about = "fuzz"});
  Converse(recorder, calls);
  const std::string text = recorder.Text();
  const auto fixture = ParseFixture(text);
  if (!fixture || WriteFixture(*fixture) != text) std::abort();

  for (const Order order : {Order::kStrict, Order::kPerObject, Order::kLoose}) {
    auto replay = ReplayKernel::FromText(text, {.order = order, .name = "fuzz"});
    if (!replay) std::abort();
    Converse(*replay, calls);
    const std::string report = replay->Report();
    if (replay->failed() && report.empty()) std::abort();
  }

  FakeKernel other;
  Answers heard(other, answers);
  TraceKernel trace(heard, [](std::string_view told) {
    if (told.empty() || told.back() != '\n') std::abort();
  });
  Converse(trace, calls);
  return 0;
}
