// Internal. The caller's side of every call of the seam, in words: the same for recording, tracing
// and comparing.
#ifndef PUREBPF_BPF_TESTING_WORDS_H_
#define PUREBPF_BPF_TESTING_WORDS_H_

#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "purebpf/bpf/kernel.h"
#include "purebpf/bpf/testing/describe.h"
#include "purebpf/bpf/testing/fixture.h"

namespace purebpf::testing::internal {

// The verbs of the calls that are not bpf(2), named after the system call where there is one.
inline constexpr std::string_view kClose = "close";
inline constexpr std::string_view kReadFile = "read_file";
inline constexpr std::string_view kOpenFile = "open_file";
inline constexpr std::string_view kCloseFile = "close_file";
inline constexpr std::string_view kWriteFile = "write_file";
inline constexpr std::string_view kListFolder = "list_folder";
inline constexpr std::string_view kMakeFolder = "mkdir";
inline constexpr std::string_view kRemoveFile = "unlink";
inline constexpr std::string_view kFileSystemType = "statfs";
inline constexpr std::string_view kOpen = "open";
inline constexpr std::string_view kRead = "read";
inline constexpr std::string_view kDuplicate = "dup";
inline constexpr std::string_view kPerfEventOpen = "perf_event_open";
inline constexpr std::string_view kIoctl = "ioctl";
inline constexpr std::string_view kSetSocketOption = "setsockopt";
inline constexpr std::string_view kMapMemory = "mmap";
inline constexpr std::string_view kUnmapMemory = "munmap";
inline constexpr std::string_view kLook = "look";
inline constexpr std::string_view kRelease = "uname";
inline constexpr std::string_view kGetResourceLimit = "getrlimit";
inline constexpr std::string_view kSetResourceLimit = "setrlimit";
inline constexpr std::string_view kNetlinkOpen = "socket";
inline constexpr std::string_view kNetlinkSend = "send";
inline constexpr std::string_view kNetlinkReceive = "recv";
inline constexpr std::string_view kWait = "poll";

// Its files are named after descriptors, which are tokens here: "/proc/self/fdinfo/map:1".
inline constexpr std::string_view kFdInfo = "/proc/self/fdinfo/";

// "BPF_MAP_CREATE", else "bpf_99".
std::string VerbOf(Command command);

// The kind of descriptor or the map that a bpf(2) call is about, by its attribute.
About AboutOf(Context& context, Command command, Bytes attr);

Call BpfWords(Context& context, Command command, Bytes attr, std::span<const Region> regions);
Call PerfEventOpenWords(Context& context, Bytes attr, std::span<const Region> regions,
                        const PerfTarget& target);
Call FdWords(Context& context, std::string_view verb, int fd);  // close, dup
Call PathWords(Context& context, std::string_view verb, const std::string& path);
Call WriteFileWords(Context& context, const std::string& path, Bytes bytes, WriteMode mode);
Call IoctlWords(Context& context, int fd, uint32_t request, uint64_t argument);
Call SetSocketOptionWords(Context& context, int fd, int level, int option, Bytes value);
Call MapMemoryWords(Context& context, int fd, size_t size, uint64_t offset, Access access,
                    uint64_t address);
Call ResourceWords(int resource, const ResourceLimit* limit);
Call NetlinkOpenWords(int protocol, uint32_t groups);
Call NetlinkSendWords(Context& context, int fd, Bytes message);
Call NetlinkReceiveWords(Context& context, int fd, ReceiveMode mode);
Call WaitWords(Context& context, std::span<const Pollable> descriptors,
               std::optional<std::chrono::milliseconds> timeout);

// A pointer of a structure that is passed: the region that it leads to.
const Region* RegionAt(std::span<const Region> regions, size_t offset, int holder = -1);

// The row of a pointer in what BPF_OBJ_GET_INFO_BY_FD fills.
FieldSpec InfoPointer(const About& about, size_t offset);

}  // namespace purebpf::testing::internal

#endif  // PUREBPF_BPF_TESTING_WORDS_H_
