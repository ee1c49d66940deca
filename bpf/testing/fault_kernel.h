// A Kernel that hands calls on to another, and makes some of them fail. Looped over all n, it shows
// that every way out of an error is clean:
//
//   for (size_t n = 1;; ++n) {
//     auto next = ReplayKernel::FromFile(host, path, {.order = Order::kLoose});
//     FaultKernel kernel(*next);
//     kernel.FailCall(n, Errno{ENOMEM});
//     ... code under test, with `kernel` ...
//     EXPECT_EQ(kernel.Leaks(), "");
//     if (kernel.faults() == 0) break;                     // n is beyond the last call
//   }
//
// A call that fails is not handed on, and does nothing. Calls that cannot fail (close, the end of a
// mapping or file, Look) are neither counted nor made to fail.
// Not thread-safe: one call at a time.
#ifndef PUREBPF_BPF_TESTING_FAULT_KERNEL_H_
#define PUREBPF_BPF_TESTING_FAULT_KERNEL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/forwarding_kernel.h"

namespace purebpf::testing {

// The calls that can fail.
enum class CallKind : uint8_t {
  kBpf,
  kReadFile,
  kOpenFile,
  kWriteFile,
  kListFolder,
  kMakeFolder,
  kRemoveFile,
  kFileSystemType,
  kOpen,
  kRead,
  kDuplicate,
  kPerfEventOpen,
  kIoctl,
  kSetSocketOption,
  kMapMemory,
  kRelease,
  kGetResourceLimit,
  kSetResourceLimit,
  kNetlinkOpen,
  kNetlinkSend,
  kNetlinkReceive,
  kWait,
};

class FaultKernel final : public ForwardingKernel {
 public:
  // Borrows `next`, which must outlive it.
  explicit FaultKernel(Kernel& next) : ForwardingKernel(next) {}

  // The n-th call, from 1, whatever it is.
  void FailCall(size_t n, Errno error);
  // Every n-th of a kind, or of a bpf(2) command: with 1, all of them.
  void FailEvery(size_t n, CallKind kind, Errno error);
  void FailEvery(size_t n, Command command, Errno error);
  // From now on nothing fails.
  void Heal();

  // Calls that could fail, with those that did; and those that were made to.
  [[nodiscard]] size_t calls() const { return calls_; }
  [[nodiscard]] size_t faults() const { return faults_; }
  // The last one that was made to fail: "BPF_MAP_CREATE, call 3: ENOMEM", of a file with its path;
  // empty where none was.
  [[nodiscard]] const std::string& last_fault() const { return last_fault_; }
  // The same, to be looked at: what failed, for bpf(2) which command, for a file which.
  struct Failed {
    CallKind kind = CallKind::kBpf;
    std::optional<Command> command;
    std::string path;
    Errno error;
  };
  [[nodiscard]] const std::optional<Failed>& failed() const { return failed_; }

  // What was opened through this and not ended.
  struct Held {
    size_t fds = 0;
    size_t mappings = 0;
    size_t files = 0;         // of OpenFile
    size_t pins = 0;          // by path: BPF_OBJ_PIN, and RemoveFile
    size_t folders = 0;       // made, and not removed by path
    size_t wrong_closes = 0;  // of what was not open: twice, or never made

    bool operator==(const Held&) const = default;
  };
  [[nodiscard]] Held held() const;
  // The same in words: "2 fds (7, 9), 1 pin (/sys/fs/bpf/x)"; empty where all was ended.
  [[nodiscard]] std::string Leaks() const;

  SysResult<int> Bpf(Command command, MutableBytes attr, std::span<const Region> regions) override;
  void Close(int fd) override;
  SysResult<std::vector<std::byte>> ReadFile(const std::string& path, size_t max_bytes) override;
  SysResult<Bytes> OpenFile(const std::string& path, size_t max_bytes) override;
  void CloseFile(Bytes contents, FunctionRef<std::vector<std::byte>()> reduce) override;
  SysResult<void> WriteFile(const std::string& path, Bytes bytes, WriteMode mode) override;
  SysResult<std::vector<std::string>> ListFolder(const std::string& path) override;
  SysResult<void> MakeFolder(const std::string& path) override;
  SysResult<void> RemoveFile(const std::string& path) override;
  SysResult<uint64_t> FileSystemType(const std::string& path) override;
  SysResult<int> Open(const std::string& path) override;
  SysResult<size_t> Read(int fd, MutableBytes buffer) override;
  SysResult<int> Duplicate(int fd) override;
  SysResult<int> PerfEventOpen(MutableBytes attr, std::span<const Region> regions,
                               const PerfTarget& target) override;
  SysResult<int> Ioctl(int fd, uint32_t request, uint64_t argument) override;
  SysResult<void> SetSocketOption(int fd, int level, int option, Bytes value) override;
  SysResult<MutableBytes> MapMemory(int fd, size_t size, uint64_t offset, Access access,
                                    uint64_t address) override;
  void UnmapMemory(MutableBytes memory) override;
  SysResult<std::string> Release() override;
  SysResult<ResourceLimit> GetResourceLimit(int resource) override;
  SysResult<void> SetResourceLimit(int resource, ResourceLimit limit) override;
  SysResult<int> NetlinkOpen(int protocol, uint32_t groups) override;
  SysResult<void> NetlinkSend(int fd, Bytes message) override;
  SysResult<size_t> NetlinkReceive(int fd, MutableBytes buffer, ReceiveMode mode) override;
  SysResult<size_t> Wait(std::span<Pollable> descriptors,
                         std::optional<std::chrono::milliseconds> timeout) override;

 private:
  struct Rule {
    size_t every;
    std::optional<CallKind> kind;
    std::optional<Command> command;
    Errno error;
    size_t seen = 0;
  };

  // The error that this call is to have.
  std::optional<Errno> Fault(CallKind kind, std::optional<Command> command = std::nullopt,
                             const std::string& path = {});
  SysResult<int> Opened(SysResult<int> fd);

  std::optional<std::pair<size_t, Errno>> nth_;
  std::vector<Rule> rules_;
  size_t calls_ = 0;
  size_t faults_ = 0;
  std::string last_fault_;
  std::optional<Failed> failed_;
  std::set<int> fds_;
  std::map<const std::byte*, size_t> mappings_;
  std::multiset<const std::byte*> files_;
  std::set<std::string> pins_;
  std::set<std::string> folders_;
  size_t wrong_closes_ = 0;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_BPF_TESTING_FAULT_KERNEL_H_
