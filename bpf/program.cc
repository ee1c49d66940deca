#include "purebpf/bpf/program.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/load_log.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/memlock.h"

namespace purebpf {

using internal::Loaded;

namespace {

constexpr uint32_t kBranches = 1;      // BPF_LOG_LEVEL1
constexpr uint32_t kInstructions = 2;  // BPF_LOG_LEVEL2

class LoadCommand {
 public:
  LoadCommand(Kernel& kernel, const ProgramParams& params)
      : kernel_(kernel),
        params_(params),
        with_info_(params.btf_fd >= 0),
        with_attach_type_(params.expected_attach_type != AttachType{0}) {
    const std::string name = KernelName(params.name);
    std::memcpy(name_.data(), name.data(), name.size());
  }

  SysResult<int> WithoutLog() { return Issue(0, {}).answer; }

  Loaded WithLog(uint32_t level, uint32_t max_bytes) {
    return internal::LoadWithLog(max_bytes, [&](MutableBytes log) { return Issue(level, log); });
  }

  // Leaves out one thing more of what an older kernel may have refused; false where nothing is
  // left, or the kernel's words are about something else.
  bool Reduce(Errno answer, std::string_view log) {
    if ((answer != Errno{EINVAL} && answer != Errno{E2BIG}) || params_.insns.empty()) return false;
    if (with_info_ && (log.empty() || IsAboutInfo(log))) {
      with_info_ = false;
      return true;
    }
    if (!log.empty()) return false;
    if (with_attach_type_ && params_.attach_type_optional) {
      with_attach_type_ = false;
      return true;
    }
    // kernel/bpf/syscall.c: bpf_obj_name_cpy takes dots since Linux 5.2; no name before 4.15.
    if (name_[0] == '\0') return false;
    if (answer == Errno{E2BIG}) {
      name_ = {};
      return true;
    }
    const bool dots = std::ranges::find(name_, '.') != name_.end();
    std::ranges::replace(name_, '.', '_');
    return dots;
  }

 private:
  // kernel/bpf/verifier.c: check_btf_func, check_btf_line.
  static bool IsAboutInfo(std::string_view log) {
    const std::string_view line = internal::TellingLine(log);
    return line.find("func_info") != line.npos || line.find("func info") != line.npos ||
           line.find("line_info") != line.npos;
  }

  static uint32_t CountOf(const InfoRecords& info) {
    if (info.record_size == 0) return 0;
    return static_cast<uint32_t>(info.records.size() / info.record_size);
  }

  internal::LoadAnswer Issue(uint32_t level, MutableBytes log) {
    ProgLoadAttr attr{.prog_type = static_cast<uint32_t>(params_.type),
                      .insn_cnt = static_cast<uint32_t>(params_.insns.size()),
                      .log_level = level,
                      .log_size = static_cast<uint32_t>(log.size()),
                      .kern_version = params_.kern_version,
                      .prog_flags = params_.flags,
                      .prog_name = name_,
                      .prog_ifindex = params_.ifindex,
                      .attach_btf_id = params_.attach_btf_id};
    if (with_attach_type_)
      attr.expected_attach_type = static_cast<uint32_t>(params_.expected_attach_type);
    if (params_.attach_fd >= 0) attr.attach_prog_fd = static_cast<uint32_t>(params_.attach_fd);
    if (params_.token_fd >= 0) {
      attr.prog_flags |= kTokenFd;
      attr.prog_token_fd = params_.token_fd;
    }
    const std::string& license = params_.license;  // with its NUL
    BpfCall call(Command::kProgLoad, attr);
    call.In(&ProgLoadAttr::insns, std::as_bytes(std::span(params_.insns)))
        .In(&ProgLoadAttr::license, std::as_bytes(std::span(license.c_str(), license.size() + 1)));
    if (with_info_) {
      attr.prog_btf_fd = static_cast<uint32_t>(params_.btf_fd);
      attr.func_info_rec_size = params_.func_info.record_size;
      attr.func_info_cnt = CountOf(params_.func_info);
      attr.line_info_rec_size = params_.line_info.record_size;
      attr.line_info_cnt = CountOf(params_.line_info);
      call.In(&ProgLoadAttr::func_info, params_.func_info.records)
          .In(&ProgLoadAttr::line_info, params_.line_info.records);
    }
    if (params_.bind_fd_array) attr.fd_array_cnt = static_cast<uint32_t>(params_.fd_array.size());
    const auto answer = call.In(&ProgLoadAttr::fd_array, std::as_bytes(std::span(params_.fd_array)))
                            .Out(&ProgLoadAttr::log_buf, log)
                            .Issue(kernel_);
    return {answer, attr.log_true_size};
  }

  Kernel& kernel_;
  const ProgramParams& params_;
  // What Reduce has left of the rest.
  bool with_info_;
  bool with_attach_type_;
  std::array<char, kObjNameLen> name_{};
};

struct Attempt {
  SysResult<int> answer;
  Loaded loaded;
  Memlock memlock = Memlock::kNotCharged;
};

// Without a log where none is asked for, and where that fails once more with one.
Attempt Try(Kernel& kernel, LoadCommand& command, const VerifierLog& log) {
  Attempt attempt;
  Loaded& loaded = attempt.loaded;
  SysResult<int>& answer = attempt.answer;
  answer = IssueWithMemlock(kernel, attempt.memlock, [&] {
    if (log.level == 0) return command.WithoutLog();
    loaded = command.WithLog(log.level, log.max_bytes);
    return loaded.answer;
  });
  // A log that does not fit fails the load, and hides why: neither is what was asked for.
  if (!loaded.whole) answer = command.WithoutLog();
  const bool words = (log.level & (kBranches | kInstructions)) != 0;
  if (!answer && !words && internal::VerifierMayHaveSaid(answer.error())) {
    loaded = command.WithLog(log.level | kBranches, log.max_bytes);
    // The kernel may think otherwise the second time: memory was short, a limit was raised.
    if (loaded.answer) answer = loaded.answer;
  }
  return attempt;
}

std::string NameOf(const ProgramParams& params) {
  if (!params.name.empty()) return params.name;
  const std::string_view type = KernelSpelling(params.type);
  if (!type.empty()) return std::string(type);
  return "program type " + std::to_string(static_cast<uint32_t>(params.type));
}

[[gnu::cold]] Error Refused(Kernel& kernel, const ProgramParams& params, Attempt attempt) {
  const Errno answer = attempt.answer.error();
  Error error = SystemError(answer, "load program", NameOf(params));
  if (!attempt.loaded.log.empty()) {
    error.code = Code::kRejected;
    error.detail = internal::LogDetail(attempt.loaded.log, attempt.loaded.whole);
    error.log = std::move(attempt.loaded.log);
    return error;
  }
  Explain(kernel, internal::kProgramHints,
          {.command = Command::kProgLoad,
           .error = answer,
           .memlock = attempt.memlock,
           .newcomer = NewcomerOf(params.type),
           .with_token = params.token_fd >= 0,
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
  Attempt attempt = Try(kernel, command, log);
  while (!attempt.answer && command.Reduce(attempt.answer.error(), attempt.loaded.log))
    attempt = Try(kernel, command, log);
  if (!attempt.answer) return std::unexpected(Refused(kernel, params, std::move(attempt)));
  Program program(Fd(kernel, *attempt.answer), params.name, params.type,
                  log.level == 0 ? std::string() : std::move(attempt.loaded.log));
  program.expected_attach_type_ = params.expected_attach_type;
  return program;
}

}  // namespace purebpf
