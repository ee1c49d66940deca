#include "purebpf/tests/support/container.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

namespace purebpf::testing {
namespace {

// include/uapi/linux/magic.h, include/uapi/linux/mount.h: glibc 2.36 has the latter's functions,
// and its header is at odds with <sys/mount.h> before.
constexpr unsigned kCgroup2Magic = 0x63677270;
constexpr unsigned kFsopenCloexec = 1;
constexpr unsigned kFsconfigSetString = 1;
constexpr unsigned kFsconfigCreate = 6;
constexpr unsigned kFsmountCloexec = 1;
constexpr unsigned kMoveMountEmptyPath = 4;

std::string Failed(std::string_view what) {
  return std::string(what) + ": " + std::strerror(errno);
}

// The thread that asks is in a mount namespace of its own from then on.
bool HaveOwnMounts() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

class OwnFd {
 public:
  OwnFd() = default;
  OwnFd(const OwnFd&) = delete;
  OwnFd& operator=(const OwnFd&) = delete;
  ~OwnFd() {
    if (fd >= 0) close(fd);
  }
  int fd = -1;
};

// Runs `body` as another process that has this one's memory and descriptors: threads of one process
// are all in one user namespace. As with vfork(2), the caller waits. Returns why it could not
// begin.
std::string AsProcess(int flags, std::function<void()> body) {
  constexpr size_t kStackSize = size_t{1} << 20;
  std::vector<char> stack(kStackSize);
  const auto run = [](void* argument) {
    (*static_cast<std::function<void()>*>(argument))();
    return 0;
  };
  const pid_t child = clone(run, stack.data() + stack.size(),
                            CLONE_VM | CLONE_FILES | CLONE_VFORK | SIGCHLD | flags, &body);
  if (child < 0) return Failed("make a process");
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return "";
}

// A mount of `file_system`, which is not anywhere yet, that allows tokens for everything. Older
// kernels pay no heed to options that they do not know.
int MountWithDelegation(int file_system) {
  for (const char* option :
       {"delegate_cmds", "delegate_maps", "delegate_progs", "delegate_attachs"})
    if (syscall(SYS_fsconfig, file_system, kFsconfigSetString, option, "any", 0) != 0) return -1;
  if (syscall(SYS_fsconfig, file_system, kFsconfigCreate, nullptr, nullptr, 0) != 0) return -1;
  return static_cast<int>(syscall(SYS_fsmount, file_system, kFsmountCloexec, 0));
}

}  // namespace

TempCgroup::TempCgroup(bool pretended) {
  if (pretended) return;
  constexpr const char* kRoot = "/sys/fs/cgroup";
  struct statfs there{};
  if (statfs(kRoot, &there) != 0 || static_cast<unsigned>(there.f_type) != kCgroup2Magic) {
    // A machine whose cgroups are of version 1: seen by this thread alone, and gone with it.
    if (!HaveOwnMounts() || mount("cgroup2", kRoot, "cgroup2", 0, nullptr) != 0) {
      reason_ = Failed("mount cgroup2");
      return;
    }
  }
  rmdir(kPath);  // of a run that was killed
  made_ = mkdir(kPath, 0755) == 0;
  if (!made_) reason_ = Failed("make a cgroup");
}

TempCgroup::~TempCgroup() {
  if (made_) rmdir(kPath);
}

std::string RunInUserNamespace(const std::function<void()>& inside, bool pretended) {
  if (pretended) {
    inside();
    return "";
  }
  // A BPF file system is of the user namespace in which it is opened, and what it delegates is for
  // one outside of that to say (kernel/bpf/inode.c: bpf_parse_param). Who opens one needs a mount
  // namespace that is of its user namespace.
  OwnFd user;
  OwnFd file_system;
  OwnFd mounted;
  std::string reason = "a process did not come to its end";
  std::string failed = AsProcess(CLONE_NEWUSER | CLONE_NEWNS, [&] {
    user.fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    file_system.fd = static_cast<int>(syscall(SYS_fsopen, "bpf", kFsopenCloexec));
    reason = file_system.fd < 0 ? Failed("open a BPF file system") : "";
  });
  if (!failed.empty() || !reason.empty()) return failed + reason;
  mounted.fd = MountWithDelegation(file_system.fd);
  if (mounted.fd < 0) return Failed("mount a BPF file system");

  reason = "a process did not come to its end";
  failed = AsProcess(0, [&] {
    if (!HaveOwnMounts() || syscall(SYS_move_mount, mounted.fd, "", AT_FDCWD, "/sys/fs/bpf",
                                    kMoveMountEmptyPath) != 0) {
      reason = Failed("mount a BPF file system");
    } else if (setns(user.fd, CLONE_NEWUSER) != 0) {
      reason = Failed("enter a user namespace");
    } else {
      inside();
      reason.clear();
    }
  });
  return failed + reason;
}

}  // namespace purebpf::testing
