#include "purebpf/bpf/link.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/attr_link.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/explain.h"
#include "purebpf/bpf/handle.h"
#include "purebpf/bpf/try.h"

namespace purebpf {

using internal::kLinkKind;

Result<Link> Link::FromPin(Kernel& kernel, const std::string& path) {
  return Link(PUREBPF_TRY(internal::OpenPin(kernel, path, kLinkKind)), path);
}

Result<Link> Link::FromId(Kernel& kernel, uint32_t id) {
  return Link(PUREBPF_TRY(internal::OpenById(kernel, Command::kLinkGetFdById, kLinkKind, id)),
              internal::NameOfId(id));
}

Result<Link> Link::FromFd(Kernel& kernel, int fd) {
  Fd owned(kernel, fd);
  std::string name = "descriptor " + std::to_string(fd);
  PUREBPF_TRY(internal::CheckKind(kernel, fd, kLinkKind, name));
  return Link(std::move(owned), std::move(name));
}

std::unexpected<Error> Link::Refused(Command command, Errno answer,
                                     std::string_view operation) const {
  Error error = SystemError(answer, operation, name_);
  Explain(kernel(), internal::kLinkHints,
          {.command = command, .error = answer, .newcomer = NewcomerOf(command)}, error);
  return std::unexpected(std::move(error));
}

Result<void> Link::NeedsKernelLink(std::string_view operation) const {
  if (is_kernel_link_) return {};
  return std::unexpected(Error{.code = Code::kUnsupported,
                               .operation = std::string(operation),
                               .object = name_,
                               .detail = "this kernel attached it without a link",
                               .hint = "links of perf events need Linux 5.15"});
}

Result<void> Link::UpdateWith(int fd, int expected_fd) const {
  constexpr std::string_view kOperation = "update link";
  PUREBPF_TRY(NeedsKernelLink(kOperation));
  LinkUpdateAttr attr{.link_fd = static_cast<uint32_t>(fd_.get()),
                      .new_prog_fd = static_cast<uint32_t>(fd)};
  if (expected_fd >= 0) {
    attr.flags = kAttachReplace;
    attr.old_prog_fd = static_cast<uint32_t>(expected_fd);
  }
  const auto answer = BpfCall(Command::kLinkUpdate, attr).Issue(kernel());
  if (answer) return {};
  auto refused = Refused(Command::kLinkUpdate, answer.error(), kOperation);
  // The descriptor alone gives the right: EPERM is the kernel's word for another program.
  if (expected_fd >= 0 && answer.error() == Errno{EPERM}) {
    refused.error().code = Code::kConflict;
    refused.error().detail = "not what was expected is attached";
    refused.error().hint.clear();
  }
  return refused;
}

Result<void> Link::Update(const Program& program) const { return UpdateWith(program.fd(), -1); }
Result<void> Link::Update(const Program& program, const Program& expected) const {
  return UpdateWith(program.fd(), expected.fd());
}
Result<void> Link::Update(const Map& map) const { return UpdateWith(map.fd(), -1); }
Result<void> Link::Update(const Map& map, const Map& expected) const {
  return UpdateWith(map.fd(), expected.fd());
}

Result<void> Link::Detach() {
  if (!is_kernel_link_) {
    fd_ = Fd(kernel(), -1);
    return {};
  }
  LinkDetachAttr attr{.link_fd = static_cast<uint32_t>(fd_.get())};
  const auto answer = BpfCall(Command::kLinkDetach, attr).Issue(kernel());
  if (answer) return {};
  return Refused(Command::kLinkDetach, answer.error(), "detach link");
}

Result<void> Link::Pin(const std::string& path) const {
  PUREBPF_TRY(NeedsKernelLink("pin link"));
  return internal::Pin(kernel(), fd(), path, kLinkKind, name_);
}

Result<void> Link::Unpin(Kernel& kernel, const std::string& path) {
  return internal::Unpin(kernel, path, kLinkKind);
}

Result<Fd> Link::OpenIterator() const {
  constexpr std::string_view kOperation = "iterate with link";
  PUREBPF_TRY(NeedsKernelLink(kOperation));
  IterCreateAttr attr{.link_fd = static_cast<uint32_t>(fd_.get())};
  const auto fd = BpfCall(Command::kIterCreate, attr).Issue(kernel());
  if (!fd) return Refused(Command::kIterCreate, fd.error(), kOperation);
  return Fd(kernel(), *fd);
}

Result<std::string> Link::ReadIterator(size_t max_bytes) const {
  constexpr size_t kPiece = 16384;  // kernel/bpf/bpf_iter.c gives 8 pages at most at once
  const Result<Fd> iterator = OpenIterator();
  if (!iterator) return std::unexpected(iterator.error());
  std::string text;
  while (true) {
    const size_t before = text.size();
    text.resize(before + kPiece);
    const auto got =
        kernel().Read(iterator->get(), std::as_writable_bytes(std::span(text)).subspan(before));
    if (!got) return std::unexpected(SystemError(got.error(), "read iterator", name_));
    text.resize(before + std::min(*got, kPiece));
    if (*got == 0) return text;
    if (text.size() <= max_bytes) continue;
    Error error = SystemError(Errno{EFBIG}, "read iterator", name_);
    error.detail = "it writes more than " + std::to_string(max_bytes) + " bytes";
    return std::unexpected(std::move(error));
  }
}

}  // namespace purebpf
