#include "purebpf/bpf/btf.h"

#include <array>
#include <cerrno>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/handle.h"
#include "purebpf/bpf/ids.h"
#include "purebpf/bpf/load_log.h"
#include "purebpf/bpf/memlock.h"
#include "purebpf/bpf/try.h"

namespace purebpf {

using internal::kBtfKind;

namespace {

constexpr std::string_view kObject = "BTF";

internal::LoadAnswer Issue(Kernel& kernel, Bytes btf, int token_fd, MutableBytes log) {
  BtfLoadAttr attr{.btf_size = static_cast<uint32_t>(btf.size()),
                   .btf_log_size = static_cast<uint32_t>(log.size()),
                   .btf_log_level = log.empty() ? 0U : 1U};
  if (token_fd >= 0) {
    attr.btf_flags = kTokenFd;
    attr.btf_token_fd = token_fd;
  }
  const auto answer = BpfCall(Command::kBtfLoad, attr)
                          .In(&BtfLoadAttr::btf, btf)
                          .Out(&BtfLoadAttr::btf_log_buf, log)
                          .Issue(kernel);
  return {answer, attr.btf_log_true_size};
}

// `name_room` bytes of a name; 0 asks as before Linux 5.11.
Result<BtfInfo> Ask(const Fd& fd, size_t name_room) {
  std::array<char, 64> name{};  // include/linux/moduleparam.h: MODULE_NAME_LEN is 56
  BpfBtfInfo info;
  MutableBytes room = MutableBytesOf(info);
  std::array<Region, 1> nested{};
  if (name_room != 0) {
    info.name = reinterpret_cast<uintptr_t>(name.data());
    info.name_len = static_cast<uint32_t>(name_room);
    nested[0] = {.attr_offset = offsetof(BpfBtfInfo, name),
                 .direction = Direction::kOut,
                 .bytes = std::as_writable_bytes(std::span(name)),
                 .holder = 0};
  } else {
    room = room.first(offsetof(BpfBtfInfo, name));
  }
  PUREBPF_TRY(internal::AskInfo(fd.kernel(), fd.get(), room, kBtfKind, kObject,
                                std::span(nested).first(name_room != 0 ? 1 : 0)));
  return BtfInfo{.id = info.id,
                 .size = info.btf_size,
                 .name = internal::TextOf(name),
                 .kernel = info.kernel_btf != 0};
}

}  // namespace

Result<BtfObject> BtfObject::Load(Kernel& kernel, Bytes btf, const BtfLoadOptions& options) {
  auto issue = [&](MutableBytes log) { return Issue(kernel, btf, options.token_fd, log); };
  Memlock memlock = Memlock::kNotCharged;
  SysResult<int> answer = IssueWithMemlock(kernel, memlock, [&] { return issue({}).answer; });
  internal::Loaded loaded;
  if (!answer && internal::VerifierMayHaveSaid(answer.error())) {
    loaded = internal::LoadWithLog(options.max_log_bytes, issue);
    if (loaded.answer) answer = loaded.answer;
  }
  if (answer) return BtfObject(Fd(kernel, *answer));
  Error error = SystemError(answer.error(), "load", kObject);
  if (!loaded.log.empty()) {
    error.code = Code::kRejected;
    error.detail = internal::LogDetail(loaded.log, loaded.whole);
    error.log = std::move(loaded.log);
  } else {
    Explain(kernel, internal::kObjectHints,
            {.command = Command::kBtfLoad,
             .error = answer.error(),
             .memlock = memlock,
             .newcomer = NewcomerOf(Command::kBtfLoad)},
            error);
  }
  return std::unexpected(std::move(error));
}

Result<BtfObject> BtfObject::FromId(Kernel& kernel, uint32_t id) {
  return BtfObject(PUREBPF_TRY(internal::OpenById(kernel, Command::kBtfGetFdById, kBtfKind, id)));
}

Result<BtfInfo> BtfObject::Info() const {
  auto info = Ask(fd_, 64);
  // E2BIG: fields that this kernel does not know (kernel/bpf/syscall.c: bpf_check_uarg_tail_zero).
  if (!info && info.error().sys_errno == E2BIG) return Ask(fd_, 0);
  return info;
}

Result<std::vector<std::byte>> BtfObject::Contents() const {
  const BtfInfo told = PUREBPF_TRY(Info());
  std::vector<std::byte> contents(told.size);
  if (contents.empty()) return contents;
  BpfBtfInfo info{.btf = reinterpret_cast<uintptr_t>(contents.data()), .btf_size = told.size};
  const Region nested = {.attr_offset = offsetof(BpfBtfInfo, btf),
                         .direction = Direction::kOut,
                         .bytes = contents,
                         .holder = 0};
  PUREBPF_TRY(internal::AskInfo(kernel(), fd(),
                                MutableBytesOf(info).first(offsetof(BpfBtfInfo, name)), kBtfKind,
                                kObject, std::span(&nested, 1)));
  return contents;
}

Result<void> VisitModules(Kernel& kernel, FunctionRef<bool(BtfObject, const BtfInfo&)> visit) {
  uint32_t last = 0;
  while (const auto next = PUREBPF_TRY(NextId(kernel, IdsOf::kBtf, last))) {
    if (*next <= last) break;
    last = *next;
    auto object = BtfObject::FromId(kernel, last);
    if (!object && object.error().code == Code::kNotFound) continue;
    if (!object) return std::unexpected(std::move(object).error());
    const BtfInfo info = PUREBPF_TRY(object->Info());
    if (!info.kernel || info.name == "vmlinux") continue;
    if (!visit(std::move(*object), info)) break;
  }
  return {};
}

}  // namespace purebpf
