// Links of tracing: functions, tracepoints, probes, iterators, other programs.
#include <utility>
#include <vector>

#include "purebpf/bpf/attach.h"
#include "purebpf/bpf/attach_link.h"
#include "purebpf/bpf/call.h"

namespace purebpf {

using internal::Attached;
using internal::CannotAttach;
using internal::HeadOf;

namespace {

constexpr Command kCreate = Command::kLinkCreate;

Bytes PathBytes(const std::string& text) {
  return std::as_bytes(std::span(text.c_str(), text.size() + 1));  // with its NUL
}

template <typename T>
Bytes ArrayBytes(const std::vector<T>& items) {
  return std::as_bytes(std::span(items));
}

// BPF_RAW_TRACEPOINT_OPEN, which also attaches to what a program was loaded for.
SysResult<int> OpenRaw(const Program& program, const std::string* name, uint64_t cookie) {
  RawTracepointOpenAttr attr{.prog_fd = static_cast<uint32_t>(program.fd()), .cookie = cookie};
  BpfCall call(Command::kRawTracepointOpen, attr);
  if (name != nullptr) call.In(&RawTracepointOpenAttr::name, PathBytes(*name));
  return call.Issue(program.kernel());
}

// Without a cookie every kernel since Linux 5.5 attaches by BPF_RAW_TRACEPOINT_OPEN; tracepoints
// take one there too (kernel/bpf/syscall.c: bpf_raw_tp_link_attach), functions do not.
bool NeedsLinkCreate(AttachType type, uint64_t cookie) {
  switch (type) {
    case AttachType::kTraceFsession:
      return true;
    case AttachType::kTraceRawTp:
      return false;
    default:
      return cookie != 0;
  }
}

// The counts of what must be given for each item, or not at all.
bool OneEachOrNone(size_t count, size_t items) { return count == 0 || count == items; }

}  // namespace

Result<Link> Attach(const Program& program, const TracingTarget& target) {
  const AttachType type =
      target.attach_type != AttachType{0} ? target.attach_type : program.expected_attach_type();
  constexpr std::string_view kWhere = "to what it was loaded for";
  if (!NeedsLinkCreate(type, target.cookie))
    return Attached(program.kernel(), program.name(), Command::kRawTracepointOpen,
                    LinkType::kTracing, OpenRaw(program, nullptr, target.cookie),
                    std::string(kWhere));
  if (type == AttachType{0})
    return CannotAttach(program, "with a cookie its attach type must be given");
  LinkCreateTracingAttr attr{.head = HeadOf(program, 0, type), .cookie = target.cookie};
  return Attached(program.kernel(), program.name(), kCreate, LinkType::kTracing,
                  BpfCall(kCreate, attr).Issue(program.kernel()), std::string(kWhere));
}

Result<Link> Attach(const Program& program, const FreplaceTarget& target) {
  if (target.program_fd < 0) {
    if (target.function_btf_id != 0)
      return CannotAttach(program, "a function is given, but not whose");
    return Attach(program, TracingTarget{});
  }
  LinkCreateTracingAttr attr{
      .head = HeadOf(program, static_cast<uint32_t>(target.program_fd), AttachType{0}),
      .target_btf_id = target.function_btf_id};
  return Attached(program.kernel(), program.name(), kCreate, LinkType::kTracing,
                  BpfCall(kCreate, attr).Issue(program.kernel()),
                  "to function " + std::to_string(target.function_btf_id) + " of another program");
}

Result<Link> Attach(const Program& program, const RawTracepointTarget& target) {
  return Attached(program.kernel(), program.name(), Command::kRawTracepointOpen,
                  LinkType::kRawTracepoint, OpenRaw(program, &target.name, target.cookie),
                  "to raw tracepoint " + target.name);
}

Result<Link> Attach(const Program& program, const IterTarget& target) {
  // union bpf_iter_link_info: a map; a cgroup's order, descriptor and id; a task's tid, pid, pidfd.
  std::array<uint32_t, 4> info{};
  size_t words = 0;
  const int kinds = (target.map_fd >= 0) + (target.cgroup_fd >= 0 || target.order != 0) +
                    (target.tid != 0 || target.pid != 0 || target.pid_fd >= 0);
  if (kinds > 1) return CannotAttach(program, "it can iterate over one thing only");
  if (target.map_fd >= 0) {
    info = {static_cast<uint32_t>(target.map_fd)};
    words = 1;
  } else if (target.cgroup_fd >= 0 || target.order != 0) {
    info = {target.order, internal::FdOrZero(target.cgroup_fd)};
    words = 4;
  } else if (kinds == 1) {
    info = {target.tid, target.pid, internal::FdOrZero(target.pid_fd)};
    words = 3;
  }
  LinkCreateIterAttr attr{.head = HeadOf(program, 0, AttachType::kTraceIter),
                          .iter_info_len = static_cast<uint32_t>(words * sizeof(uint32_t))};
  const auto fd =
      BpfCall(kCreate, attr)
          .In(&LinkCreateIterAttr::iter_info, std::as_bytes(std::span(info).first(words)))
          .Issue(program.kernel());
  return Attached(program.kernel(), program.name(), kCreate, LinkType::kIter, fd, "as an iterator");
}

Result<Link> Attach(const Program& program, const KprobeMultiTarget& target) {
  const size_t count = target.symbols.size() + target.addresses.size();
  if (count == 0) return CannotAttach(program, "no function is given");
  if (!target.symbols.empty() && !target.addresses.empty())
    return CannotAttach(program, "functions are given by name and by address: it can be one only");
  if (!OneEachOrNone(target.cookies.size(), count))
    return CannotAttach(program, std::to_string(target.cookies.size()) + " cookies for " +
                                     std::to_string(count) + " functions");
  const AttachType type =
      target.session ? AttachType::kTraceKprobeSession : AttachType::kTraceKprobeMulti;
  LinkCreateKprobeMultiAttr attr{.head = HeadOf(program, 0, type),
                                 .flags = target.on_return ? 1U : 0U,
                                 .cnt = static_cast<uint32_t>(count)};
  std::vector<uint64_t> names;
  std::vector<Region> regions;
  regions.reserve(target.symbols.size() + 2);
  const auto add = [&regions](size_t offset, Bytes bytes, uint64_t& slot, int holder) {
    slot = reinterpret_cast<uintptr_t>(bytes.data());
    regions.push_back({.attr_offset = static_cast<uint32_t>(offset),
                       .direction = Direction::kIn,
                       .bytes = {const_cast<std::byte*>(bytes.data()), bytes.size()},
                       .holder = holder});
  };
  if (!target.cookies.empty())
    add(offsetof(LinkCreateKprobeMultiAttr, cookies), ArrayBytes(target.cookies), attr.cookies, -1);
  if (!target.addresses.empty()) {
    add(offsetof(LinkCreateKprobeMultiAttr, addrs), ArrayBytes(target.addresses), attr.addrs, -1);
  } else {
    names.resize(count);
    const int holder = static_cast<int>(regions.size());
    add(offsetof(LinkCreateKprobeMultiAttr, syms), ArrayBytes(names), attr.syms, -1);
    for (size_t i = 0; i < count; ++i)
      add(i * sizeof(uint64_t), PathBytes(target.symbols[i]), names[i], holder);
  }
  const auto fd = program.kernel().Bpf(kCreate, MutableBytesOf(attr), regions);
  return Attached(program.kernel(), program.name(), kCreate, LinkType::kKprobeMulti, fd,
                  "to " + std::to_string(count) + (count == 1 ? " function" : " functions"));
}

Result<Link> Attach(const Program& program, const UprobeMultiTarget& target) {
  const size_t count = target.offsets.size();
  if (count == 0) return CannotAttach(program, "no offset is given");
  if (!OneEachOrNone(target.cookies.size(), count) ||
      !OneEachOrNone(target.ref_ctr_offsets.size(), count))
    return CannotAttach(program, std::to_string(target.cookies.size()) + " cookies and " +
                                     std::to_string(target.ref_ctr_offsets.size()) +
                                     " semaphores for " + std::to_string(count) + " offsets");
  const AttachType type =
      target.session ? AttachType::kTraceUprobeSession : AttachType::kTraceUprobeMulti;
  LinkCreateUprobeMultiAttr attr{.head = HeadOf(program, 0, type),
                                 .cnt = static_cast<uint32_t>(count),
                                 .flags = target.on_return ? 1U : 0U,
                                 .pid = target.pid};
  const auto fd =
      BpfCall(kCreate, attr)
          .In(&LinkCreateUprobeMultiAttr::path, PathBytes(target.path))
          .In(&LinkCreateUprobeMultiAttr::offsets, ArrayBytes(target.offsets))
          .In(&LinkCreateUprobeMultiAttr::ref_ctr_offsets, ArrayBytes(target.ref_ctr_offsets))
          .In(&LinkCreateUprobeMultiAttr::cookies, ArrayBytes(target.cookies))
          .Issue(program.kernel());
  return Attached(program.kernel(), program.name(), kCreate, LinkType::kUprobeMulti, fd,
                  "to " + target.path);
}

Result<Link> Attach(const Program& program, const TracingMultiTarget& target) {
  const size_t count = target.btf_ids.size();
  if (count == 0) return CannotAttach(program, "no function is given");
  if (!OneEachOrNone(target.cookies.size(), count))
    return CannotAttach(program, std::to_string(target.cookies.size()) + " cookies for " +
                                     std::to_string(count) + " functions");
  LinkCreateTracingMultiAttr attr{.head = HeadOf(program, 0, program.expected_attach_type()),
                                  .cnt = static_cast<uint32_t>(count)};
  const auto fd = BpfCall(kCreate, attr)
                      .In(&LinkCreateTracingMultiAttr::ids, ArrayBytes(target.btf_ids))
                      .In(&LinkCreateTracingMultiAttr::cookies, ArrayBytes(target.cookies))
                      .Issue(program.kernel());
  return Attached(program.kernel(), program.name(), kCreate, LinkType::kTracingMulti, fd,
                  "to " + std::to_string(count) + (count == 1 ? " function" : " functions"));
}

Result<Link> Attach(const Program& program, const PerfEventTarget& target) {
  LinkCreatePerfEventAttr attr{
      .head = HeadOf(program, internal::FdOrZero(target.perf_fd), AttachType::kPerfEvent),
      .bpf_cookie = target.cookie};
  return Attached(program.kernel(), program.name(), kCreate, LinkType::kPerfEvent,
                  BpfCall(kCreate, attr).Issue(program.kernel()), "to a perf event");
}

}  // namespace purebpf
