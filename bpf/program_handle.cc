// Programs that are there already: by id, pin or descriptor, and what the kernel says of them.
#include <utility>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/handle.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/try.h"

namespace purebpf {

using internal::kProgramKind;

Result<Program> Program::Opened(Fd fd, std::string object) {
  Program program(std::move(fd), std::move(object), ProgType::kUnspec, {});
  ProgramInfo info = PUREBPF_TRY(program.Info());
  program.name_ = std::move(info.name);
  program.type_ = info.type;
  return program;
}

Result<Program> Program::FromId(Kernel& kernel, uint32_t id) {
  return Opened(PUREBPF_TRY(internal::OpenById(kernel, Command::kProgGetFdById, kProgramKind, id)),
                internal::NameOfId(id));
}

Result<Program> Program::FromPin(Kernel& kernel, const std::string& path) {
  return Opened(PUREBPF_TRY(internal::OpenPin(kernel, path, kProgramKind)), path);
}

Result<Program> Program::FromFd(Kernel& kernel, int fd) {
  Fd owned(kernel, fd);
  std::string object = "descriptor " + std::to_string(fd);
  PUREBPF_TRY(internal::CheckKind(kernel, fd, kProgramKind, object));
  return Opened(std::move(owned), std::move(object));
}

Result<ProgramInfo> Program::Info() const {
  BpfProgInfo info;
  PUREBPF_TRY(internal::AskInfo(kernel(), fd(), MutableBytesOf(info), kProgramKind, name_));
  return ProgramInfo{.id = info.id,
                     .type = static_cast<ProgType>(info.type),
                     .name = internal::TextOf(info.name),
                     .tag = info.tag,
                     .translated_size = info.xlated_prog_len,
                     .jited_size = info.jited_prog_len,
                     .load_time = info.load_time,
                     .created_by_uid = info.created_by_uid,
                     .map_count = info.nr_map_ids,
                     .gpl_compatible = (info.gpl_compatible & 1) != 0,
                     .ifindex = info.ifindex,
                     .btf_id = info.btf_id,
                     .func_info_count = info.nr_func_info,
                     .line_info_count = info.nr_line_info,
                     .run_time = info.run_time_ns,
                     .run_count = info.run_cnt,
                     .recursion_misses = info.recursion_misses,
                     .verified_insns = info.verified_insns,
                     .attach_btf_obj_id = info.attach_btf_obj_id,
                     .attach_btf_id = info.attach_btf_id};
}

namespace {

// Asks once more, with room for the array that the first answer told the length of.
template <typename T>
Result<std::vector<T>> AskArray(const Program& program, uint32_t BpfProgInfo::* length,
                                uint64_t BpfProgInfo::* pointer, size_t unit) {
  BpfProgInfo info;
  PUREBPF_TRY(internal::AskInfo(program.kernel(), program.fd(), MutableBytesOf(info), kProgramKind,
                                program.name()));
  const uint32_t told = info.*length;
  std::vector<T> items(told * unit / sizeof(T));
  if (items.empty()) return items;
  const MutableBytes room = std::as_writable_bytes(std::span(items));
  info = {};
  info.*length = told;
  info.*pointer = reinterpret_cast<uintptr_t>(items.data());
  const auto offset =
      reinterpret_cast<uintptr_t>(&(info.*pointer)) - reinterpret_cast<uintptr_t>(&info);
  const Region nested = {.attr_offset = static_cast<uint32_t>(offset),
                         .direction = Direction::kOut,
                         .bytes = room,
                         .holder = 0};
  PUREBPF_TRY(internal::AskInfo(program.kernel(), program.fd(), MutableBytesOf(info), kProgramKind,
                                program.name(), std::span(&nested, 1)));
  // The kernel zeroes the pointer where it shows nothing: kernel/bpf/syscall.c:
  // bpf_prog_get_info_by_fd.
  if (info.*pointer == 0) items.clear();
  if (const size_t now = info.*length * unit / sizeof(T); now < items.size()) items.resize(now);
  return items;
}

}  // namespace

Result<std::vector<uint32_t>> Program::MapIds() const {
  return AskArray<uint32_t>(*this, &BpfProgInfo::nr_map_ids, &BpfProgInfo::map_ids,
                            sizeof(uint32_t));
}

Result<std::vector<Insn>> Program::Translated() const {
  return AskArray<Insn>(*this, &BpfProgInfo::xlated_prog_len, &BpfProgInfo::xlated_prog_insns, 1);
}

Result<void> Program::Pin(const std::string& path) const {
  return internal::Pin(kernel(), fd(), path, kProgramKind, name_);
}

Result<void> Program::Unpin(Kernel& kernel, const std::string& path) {
  return internal::Unpin(kernel, path, kProgramKind);
}

Result<Program> Program::Duplicate() const {
  Program copy(PUREBPF_TRY(internal::Duplicate(fd_, kProgramKind, name_)), name_, type_, log_);
  copy.expected_attach_type_ = expected_attach_type_;
  return copy;
}

}  // namespace purebpf
