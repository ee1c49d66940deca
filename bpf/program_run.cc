// What is done with a loaded program that is not attached.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"

namespace purebpf {
namespace {

[[gnu::cold]] std::unexpected<Error> Refused(const Program& program, Command command, Errno answer,
                                             std::string_view operation) {
  Error error = SystemError(answer, operation, program.name());
  Explain(program.kernel(), internal::kObjectHints,
          {.command = command,
           .error = answer,
           .newcomer = NewcomerOf(command),
           .prog_type = program.type()},
          error);
  return std::unexpected(std::move(error));
}

uint32_t Size(size_t size) { return static_cast<uint32_t>(std::min<size_t>(size, UINT32_MAX)); }

}  // namespace

Result<TestRunResult> Program::TestRun(const TestRunInput& input) const {
  constexpr Command kCommand = Command::kProgTestRun;
  // net/bpf/test_run.c: a packet may grow into its headroom, XDP_PACKET_HEADROOM.
  constexpr size_t kHeadroom = 256;
  TestRunResult result;
  if (!input.data.empty())
    result.data.resize(input.data_room != 0 ? input.data_room : input.data.size() + kHeadroom);
  result.context.resize(input.context_room);
  TestRunAttr attr{.prog_fd = static_cast<uint32_t>(fd()),
                   .data_size_in = Size(input.data.size()),
                   .data_size_out = Size(result.data.size()),
                   .repeat = input.repeat,
                   .ctx_size_in = Size(input.context.size()),
                   .ctx_size_out = Size(result.context.size()),
                   .flags = input.flags,
                   .cpu = input.cpu,
                   .batch_size = input.batch_size};
  // Live frames are sent, not given back.
  const bool live = (input.flags & kTestXdpLiveFrames) != 0;
  if (live) {
    result.data.clear();
    attr.data_size_out = 0;
  }
  const auto answer = BpfCall(kCommand, attr)
                          .In(&TestRunAttr::data_in, input.data)
                          .Out(&TestRunAttr::data_out, result.data)
                          .In(&TestRunAttr::ctx_in, input.context)
                          .Out(&TestRunAttr::ctx_out, result.context)
                          .Issue(kernel());
  // It ran all the same: bpf_test_finish tells the sizes where the room was too small.
  const bool cut =
      !answer && answer.error() == Errno{ENOSPC} &&
      (attr.data_size_out > result.data.size() || attr.ctx_size_out > result.context.size());
  if (!answer && !cut) return Refused(*this, kCommand, answer.error(), "run program");
  result.retval = attr.retval;
  result.duration = attr.duration;
  result.data_size = attr.data_size_out;
  result.context_size = attr.ctx_size_out;
  result.data.resize(std::min<size_t>(result.data.size(), attr.data_size_out));
  result.context.resize(std::min<size_t>(result.context.size(), attr.ctx_size_out));
  return result;
}

Result<void> Program::BindMap(const Map& map) const {
  ProgBindMapAttr attr{.prog_fd = static_cast<uint32_t>(fd()),
                       .map_fd = static_cast<uint32_t>(map.fd())};
  const auto answer = BpfCall(Command::kProgBindMap, attr).Issue(kernel());
  if (answer) return {};
  auto refused = Refused(*this, Command::kProgBindMap, answer.error(), "bind map to program");
  refused.error().detail = "the map is " + NameOf(map.params());
  return refused;
}

Result<std::string> Program::ReadStream(ProgramStream stream) const {
  constexpr Command kCommand = Command::kProgStreamReadByFd;
  constexpr size_t kPiece = 4096;
  std::string text;
  while (true) {
    const size_t before = text.size();
    text.resize(before + kPiece);
    ProgStreamReadAttr attr{.stream_buf_len = kPiece,
                            .stream_id = static_cast<uint32_t>(stream),
                            .prog_fd = static_cast<uint32_t>(fd())};
    const auto read = BpfCall(kCommand, attr)
                          .Out(&ProgStreamReadAttr::stream_buf,
                               std::as_writable_bytes(std::span(text)).subspan(before))
                          .Issue(kernel());
    if (!read) return Refused(*this, kCommand, read.error(), "read the stream of program");
    const size_t got = std::min<size_t>(static_cast<size_t>(*read), kPiece);
    text.resize(before + got);
    // kernel/bpf/stream.c lets 100,000 bytes wait at most: more is what came meanwhile.
    if (got < kPiece || text.size() > 200000) return text;
  }
}

}  // namespace purebpf
