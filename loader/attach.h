// Attaches a program where its section's name says: "kprobe/vfs_read", "tp/sched/sched_switch",
// "uprobe/libc.so.6:malloc".
//
//   auto link = AttachBySection(program, *spec.FindProgram("on_read"));
//   if (!link) ...                    // it should be attached somewhere, and could not be
//   if (!*link) ...                   // its section names no place: bpf/attach.h, netlink/xdp.h
//
// What follows the section's type is ProgramSpec::attach_to, which may be edited:
//
//   kprobe, kretprobe                  FUNCTION, FUNCTION+OFFSET (kprobe alone)
//   kprobe.multi, kretprobe.multi,     FUNCTION, or a pattern with * and ?. Linux 5.18, 6.10
//     kprobe.session
//   ksyscall, kretsyscall              SYSCALL: "openat" for __x64_sys_openat
//   uprobe, uretprobe (.s)             FILE:FUNCTION, FILE:FUNCTION+OFFSET (uprobe alone)
//   uprobe.multi, uretprobe.multi,     FILE:FUNCTION, or a pattern. Linux 6.6, 6.13
//     uprobe.session (.s)
//   tracepoint, tp (.s)                GROUP/NAME
//   raw_tracepoint, raw_tp (.s, .w)    NAME
//   tp_btf, fentry, fexit, fmod_ret,   what the program was loaded for
//     fsession, lsm, freplace (.s)
//   iter (.s)                          a kind that needs nothing to iterate over
//
// A FILE without a slash is looked for where systems have libraries (it has ".so" in its name) or
// programs; the environment's PATH and LD_LIBRARY_PATH are not asked.
#ifndef PUREBPF_LOADER_ATTACH_H_
#define PUREBPF_LOADER_ATTACH_H_

#include <optional>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/link.h"
#include "purebpf/bpf/program.h"
#include "purebpf/loader/collection_spec.h"

namespace purebpf {

// Nothing where the section's name says no place: it names a kind alone ("kprobe"), or a kind that
// is attached to what only the caller knows: an interface, a cgroup, a map, a perf event.
// Errors: those of the targets in bpf/attach.h and bpf/perf_event.h; kInvalidArgument where what
// follows the kind makes no sense for it; kNotFound where there is no such function, file or
// tracepoint, with names that are near it; kUnsupported for usdt. Whatever fails leaves nothing.
[[nodiscard]] Result<std::optional<Link>> AttachBySection(const Program& program,
                                                          const ProgramSpec& spec);

}  // namespace purebpf

#endif  // PUREBPF_LOADER_ATTACH_H_
