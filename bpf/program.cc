#include "purebpf/bpf/program.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/memlock.h"
#include "purebpf/bpf/try.h"

namespace purebpf {
namespace {

constexpr uint32_t kBranches = 1;      // BPF_LOG_LEVEL1
constexpr uint32_t kInstructions = 2;  // BPF_LOG_LEVEL2

// kernel/bpf/log.c: bpf_verifier_log_attr_valid; before Linux 6.4 there was the lower bound too.
constexpr uint32_t kLeastLogSize = 128;
constexpr uint32_t kMostLogSize = UINT32_MAX >> 2;
constexpr uint32_t kFirstLogSize = 64U << 10;

// What to try after a buffer of `size` was too small; `size` itself where nothing is left to try.
// `true_size` is what the kernel said that it needs, 0 before Linux 6.4: larger steps then, for
// each try verifies the program anew, which may take a second.
uint32_t GrownLogSize(uint32_t size, uint32_t true_size, uint32_t limit) {
  const uint64_t wanted = true_size > size ? true_size : uint64_t{size} * 4;
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, limit));
}

// Never the verifier's: a second try with a log would tell nothing, and may make it worse.
bool VerifierMayHaveSaid(Errno error) {
  switch (error.value) {
    case ENOMEM:
    case ENFILE:
    case EMFILE:
    case EFAULT:
    case ENOSYS:
    case EAGAIN:
      return false;
    default:
      return true;
  }
}

// One attempt, or several with a growing log.
struct Loaded {
  SysResult<int> answer;
  std::string log;
  bool whole = true;  // false: `log` is the part that fitted (its end since Linux 6.4)
};

class LoadCommand {
 public:
  LoadCommand(Kernel& kernel, const ProgramParams& params) : kernel_(kernel), params_(params) {}

  SysResult<int> WithoutLog() { return Issue(0, {}).answer; }

  Loaded WithLog(uint32_t level, uint32_t max_bytes) {
    const uint32_t limit = std::clamp(max_bytes, kLeastLogSize, kMostLogSize);
    uint32_t size = std::min(kFirstLogSize, limit);
    Loaded kept{.answer = std::unexpected(Errno{ENOSPC})};
    while (true) {
      std::string log(size, '\0');
      auto [answer, true_size] =
          Issue(level, std::as_writable_bytes(std::span(log.data(), log.size())));
      log.resize(strnlen(log.data(), log.size()));
      // Told that the log fitted: ENOSPC was about something else.
      const bool fitted = true_size != 0 && true_size <= size;
      if (answer || answer.error() != Errno{ENOSPC} || fitted) {
        // Refused for the buffer's size alone (16 MiB before Linux 5.2): what came before counts.
        if (!answer && log.empty() && !kept.log.empty()) return kept;
        return {.answer = answer, .log = std::move(log)};
      }
      kept = {.answer = answer, .log = std::move(log), .whole = false};
      const uint32_t grown = GrownLogSize(size, true_size, limit);
      if (grown == size) return kept;
      size = grown;
    }
  }

 private:
  struct Answer {
    SysResult<int> answer;
    uint32_t true_size;
  };

  Answer Issue(uint32_t level, MutableBytes log) {
    ProgLoadAttr attr{.prog_type = static_cast<uint32_t>(params_.type),
                      .insn_cnt = static_cast<uint32_t>(params_.insns.size()),
                      .log_level = level,
                      .log_size = static_cast<uint32_t>(log.size()),
                      .kern_version = params_.kern_version,
                      .prog_flags = params_.flags,
                      .expected_attach_type = static_cast<uint32_t>(params_.expected_attach_type)};
    const std::string name = KernelName(params_.name);
    std::memcpy(attr.prog_name.data(), name.data(), name.size());
    const std::string& license = params_.license;  // with its NUL
    auto answer = BpfCall(Command::kProgLoad, attr)
                      .In(&ProgLoadAttr::insns, std::as_bytes(std::span(params_.insns)))
                      .In(&ProgLoadAttr::license,
                          std::as_bytes(std::span(license.c_str(), license.size() + 1)))
                      .Out(&ProgLoadAttr::log_buf, log)
                      .Issue(kernel_);
    return {answer, attr.log_true_size};
  }

  Kernel& kernel_;
  const ProgramParams& params_;
};

// Lines that follow the verifier's last word: kernel/bpf/verifier.c: print_verification_stats.
constexpr std::string_view kStatistics[] = {"processed ", "verification time ", "stack depth "};

bool IsTelling(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return false;
  return std::ranges::none_of(kStatistics,
                              [line](std::string_view start) { return line.starts_with(start); });
}

struct LogSummary {
  std::string_view telling;  // the last line that is no statistics
  size_t lines = 0;
};

LogSummary Summarize(std::string_view log) {
  LogSummary summary;
  while (!log.empty()) {
    const size_t end = std::min(log.find('\n'), log.size());
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(std::min(end + 1, log.size()));
    ++summary.lines;
    if (IsTelling(line)) summary.telling = line;
  }
  return summary;
}

std::string DetailOf(const Loaded& loaded) {
  constexpr size_t kLongest = 500;  // a line may hold all registers; the log has it whole
  const LogSummary summary = Summarize(loaded.log);
  std::string detail(summary.telling.substr(0, kLongest));
  if (summary.telling.size() > kLongest) detail += "...";
  if (!detail.empty()) detail += ' ';
  detail += '(' + std::to_string(summary.lines) + (summary.lines == 1 ? " log line" : " log lines");
  if (!loaded.whole) detail += ", more than the log may take";
  return detail + ')';
}

std::string NameOf(const ProgramParams& params) {
  if (!params.name.empty()) return params.name;
  const std::string_view type = KernelSpelling(params.type);
  if (!type.empty()) return std::string(type);
  return "program type " + std::to_string(static_cast<uint32_t>(params.type));
}

Error Refused(Kernel& kernel, const ProgramParams& params, Errno answer, Memlock memlock,
              Loaded loaded) {
  Error error = SystemError(answer, "load program", NameOf(params));
  if (!loaded.log.empty()) {
    error.code = Code::kRejected;
    error.detail = DetailOf(loaded);
    error.log = std::move(loaded.log);
    return error;
  }
  Explain(kernel,
          {.command = Command::kProgLoad,
           .error = answer,
           .memlock = memlock,
           .prog_type = params.type,
           .insn_count = params.insns.size()},
          error);
  return error;
}

}  // namespace

Program::Program(Fd fd, std::string name, ProgType type, std::string log)
    : fd_(std::move(fd)), name_(std::move(name)), type_(type), log_(std::move(log)) {}

Result<Program> Program::Load(Kernel& kernel, const ProgramParams& params, const VerifierLog& log) {
  LoadCommand command(kernel, params);
  Memlock memlock = Memlock::kNotCharged;
  Loaded loaded;
  SysResult<int> answer = IssueWithMemlock(kernel, memlock, [&] {
    if (log.level == 0) return command.WithoutLog();
    loaded = command.WithLog(log.level, log.max_bytes);
    return loaded.answer;
  });
  // A log that does not fit fails the load, and hides why: neither is what was asked for.
  if (!loaded.whole) answer = command.WithoutLog();
  const bool words = (log.level & (kBranches | kInstructions)) != 0;
  if (!answer && !words && VerifierMayHaveSaid(answer.error())) {
    loaded = command.WithLog(log.level | kBranches, log.max_bytes);
    // The kernel may think otherwise the second time: memory was short, a limit was raised.
    if (loaded.answer) answer = loaded.answer;
  }
  if (!answer)
    return std::unexpected(Refused(kernel, params, answer.error(), memlock, std::move(loaded)));
  return Program(Fd(kernel, *answer), params.name, params.type,
                 log.level == 0 ? std::string() : std::move(loaded.log));
}

Result<Program> Program::FromId(Kernel& kernel, uint32_t id) {
  const std::string object = "id " + std::to_string(id);
  GetFdByIdAttr attr{.id = id};
  const auto fd = BpfCall(Command::kProgGetFdById, attr).Issue(kernel);
  if (!fd) {
    Error error = SystemError(fd.error(), "open program", object);
    Explain(kernel, {.command = Command::kProgGetFdById, .error = fd.error()}, error);
    return std::unexpected(std::move(error));
  }
  Program program(Fd(kernel, *fd), object, ProgType::kUnspec, {});
  ProgramInfo info = PUREBPF_TRY(program.Info());
  program.name_ = std::move(info.name);
  program.type_ = info.type;
  return program;
}

Result<ProgramInfo> Program::Info() const {
  BpfProgInfo info;
  GetInfoByFdAttr attr{.bpf_fd = static_cast<uint32_t>(fd_.get()), .info_len = sizeof info};
  const auto answer = BpfCall(Command::kObjGetInfoByFd, attr)
                          .InOut(&GetInfoByFdAttr::info, MutableBytesOf(info))
                          .Issue(kernel());
  if (!answer) {
    Error error = SystemError(answer.error(), "ask about program", name_);
    Explain(kernel(), {.command = Command::kObjGetInfoByFd, .error = answer.error()}, error);
    return std::unexpected(std::move(error));
  }
  return ProgramInfo{.id = info.id,
                     .type = static_cast<ProgType>(info.type),
                     .name = std::string(info.name.data(), strnlen(info.name.data(), kObjNameLen)),
                     .tag = info.tag};
}

}  // namespace purebpf
