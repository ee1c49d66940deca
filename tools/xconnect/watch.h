// Notices that a file may have changed, whichever way: edited in place, replaced by rename, deleted
// and made again, its folder made again, or one of the symlinks on the way to it swapped (so does
// Kubernetes: FILE -> ..data/FILE, ..data -> ..TIME).
//
// Watching the file itself would lose it with its first replacement. So every folder that is passed
// on the way to the file is watched (inotify(7)) for the one name that is looked up in it.
#ifndef PUREBPF_TOOLS_XCONNECT_WATCH_H_
#define PUREBPF_TOOLS_XCONNECT_WATCH_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf::xconnect {

enum class FileChange : uint8_t {
  kNone,
  kPartly,   // something on the way to it: more may follow at once
  kWriting,  // it is being written in place: half of it may read as a sound file
  kWhole,    // it was closed, or renamed to its name
};

// Not copyable: owns a descriptor.
class FileWatch {
 public:
  // The file, and any part of its path, may be missing. kSystem: no inotify left (EMFILE, ENOSPC).
  // `kernel` reads what happened, and must outlive it.
  [[nodiscard]] static Result<FileWatch> Open(Kernel& kernel, std::string path);
  FileWatch(FileWatch&& other) noexcept;
  FileWatch& operator=(FileWatch&&) = delete;
  ~FileWatch();

  // Becomes readable when something happened.
  [[nodiscard]] int fd() const { return fd_; }
  // Some of what happened since the last call: the descriptor stays readable while there is more.
  // Never blocks.
  [[nodiscard]] FileChange Read();

  // False: a folder on the way to the file may not be watched any more, so changes may be missed.
  [[nodiscard]] bool armed() const { return armed_; }

  // The folders that are watched and the names in each.
  [[nodiscard]] std::map<std::string, std::set<std::string>> Watched() const;

 private:
  FileWatch(Kernel& kernel, std::string path, int fd)
      : kernel_(&kernel), path_(std::move(path)), fd_(fd) {}

  struct Folder {
    std::string path;
    std::set<std::string> names;
  };

  // Drops all watches and walks to the file anew. False: a folder may not be watched.
  bool Arm();
  bool Watch(const std::string& folder, const std::string& name, uint32_t mask);
  bool WatchFile(const std::string& folder, const std::string& name, bool is_there);
  FileChange Judge(int watch, uint32_t mask, std::string_view name, bool& rearm) const;

  Kernel* kernel_;
  std::string path_;
  int fd_;
  bool armed_ = true;
  std::map<int, Folder> folders_;  // by watch descriptor
  std::optional<int> file_;        // the watch of the file itself, where it is there
};

// When to look: at once when a change is whole, else after a quiet while. A writer that keeps the
// file open is waited for longer.
class Debounce {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kQuiet{200};
  static constexpr std::chrono::milliseconds kUnclosed{3000};
  // Somebody who never stops is looked at all the same.
  static constexpr std::chrono::milliseconds kLongest{10000};

  void Note(FileChange change, Time now);
  // How long to wait, 0 when it is due; nothing where nothing is to be done.
  [[nodiscard]] std::optional<std::chrono::milliseconds> Remaining(Time now) const;
  void Clear() {
    due_.reset();
    writing_ = false;
  }

 private:
  std::optional<Time> due_;
  Time first_;
  bool writing_ = false;
};

}  // namespace purebpf::xconnect

#endif  // PUREBPF_TOOLS_XCONNECT_WATCH_H_
