#include "purebpf/tools/xconnect/watch.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

#include "purebpf/bpf/try.h"

namespace purebpf::xconnect {
namespace {

constexpr int kMaxSymlinks = 40;  // MAXSYMLINKS, include/linux/namei.h

// The name is another file than before, or none.
constexpr uint32_t kReplaced = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
constexpr uint32_t kFolderGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
constexpr uint32_t kOnTheWay = kReplaced | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::optional<std::string> SymlinkTarget(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = readlink(path.c_str(), target.data(), target.size());
  if (size <= 0) return std::nullopt;
  return std::string(target.data(), static_cast<size_t>(size));
}

// Takes the first component off `path`, with the slashes around it.
std::string TakeComponent(std::string& path) {
  path.erase(0, path.find_first_not_of('/'));
  std::string component = path.substr(0, path.find('/'));
  path.erase(0, component.size());
  path.erase(0, path.find_first_not_of('/'));
  return component;
}

}  // namespace

Result<FileWatch> FileWatch::Open(Kernel& kernel, std::string path) {
  const int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return std::unexpected(SystemError(Errno{errno}, "watch file", path));
  FileWatch watch(kernel, std::move(path), fd);
  if (!watch.Arm())
    return std::unexpected(SystemError(Errno{errno}, "watch folder of", watch.path_));
  return watch;
}

FileWatch::FileWatch(FileWatch&& other) noexcept
    : kernel_(other.kernel_),
      path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      folders_(std::move(other.folders_)),
      file_(other.file_) {}

FileWatch::~FileWatch() {
  if (fd_ >= 0) close(fd_);
}

// Each folder is watched before its name is looked up: what changes later makes an event.
bool FileWatch::Arm() {
  for (const auto& [watch, folder] : folders_) inotify_rm_watch(fd_, watch);
  folders_.clear();
  if (file_) inotify_rm_watch(fd_, *file_);
  file_.reset();
  std::string rest = path_;
  std::string folder = rest.starts_with('/') ? "/" : "./";
  int symlinks = 0;
  bool all = true;
  while (!rest.empty()) {
    const std::string name = TakeComponent(rest);
    if (name.empty() || name == ".") continue;
    if (name != "..") all = Watch(folder, name, kOnTheWay) && all;
    const std::string path = folder + name;
    if (std::optional<std::string> target = SymlinkTarget(path)) {
      if (++symlinks > kMaxSymlinks) break;
      if (target->starts_with('/')) folder = "/";
      rest = *target + "/" + rest;
      continue;
    }
    struct stat status{};
    const bool is_there = stat(path.c_str(), &status) == 0;
    if (!is_there || !S_ISDIR(status.st_mode)) return WatchFile(folder, name, is_there) && all;
    folder = path + "/";
  }
  return all;
}

// The folder tells who closes a file that is made anew. Of writing only the file itself tells: its
// neighbours may be logs.
bool FileWatch::WatchFile(const std::string& folder, const std::string& name, bool is_there) {
  if (is_there) {
    const int file = inotify_add_watch(fd_, (folder + name).c_str(), IN_MODIFY);
    if (file >= 0) file_ = file;
  }
  return Watch(folder, name, kOnTheWay | IN_CLOSE_WRITE);
}

bool FileWatch::Watch(const std::string& folder, const std::string& name, uint32_t mask) {
  const int watch = inotify_add_watch(fd_, folder.c_str(), mask | IN_MASK_ADD);
  if (watch < 0) return errno == ENOENT || errno == ENOTDIR;
  Folder& watched = folders_[watch];
  watched.path = folder;
  watched.names.insert(name);
  return true;
}

FileChange FileWatch::Read() {
  FileChange change = FileChange::kNone;
  bool rearm = false;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
  // Not until there is nothing left: who makes events faster than they are read must not keep the
  // caller here.
  const size_t size = kernel_->Read(fd_, std::as_writable_bytes(std::span(buffer))).value_or(0);
  for (size_t at = 0; at + sizeof(inotify_event) <= size;) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* name = buffer.data() + at + sizeof event;
    change = std::max(change, Judge(event.wd, event.mask, {name, strnlen(name, event.len)}, rearm));
    at += sizeof event + event.len;
  }
  if (rearm) armed_ = Arm();
  return change;
}

FileChange FileWatch::Judge(int watch, uint32_t mask, std::string_view name, bool& rearm) const {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    rearm = true;
    return FileChange::kPartly;
  }
  if (watch == file_) return (mask & IN_MODIFY) != 0 ? FileChange::kWriting : FileChange::kNone;
  const auto folder = folders_.find(watch);
  if (folder == folders_.end()) return FileChange::kNone;  // of a watch that was dropped
  if ((mask & kFolderGone) != 0) {
    rearm = true;
    return FileChange::kPartly;
  }
  if (!std::ranges::any_of(folder->second.names,
                           [&](const std::string& watched) { return watched == name; }))
    return FileChange::kNone;
  if ((mask & kReplaced) != 0) rearm = true;
  return (mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0 ? FileChange::kWhole : FileChange::kPartly;
}

std::map<std::string, std::set<std::string>> FileWatch::Watched() const {
  std::map<std::string, std::set<std::string>> watched;
  for (const auto& [watch, folder] : folders_) watched[folder.path] = folder.names;
  return watched;
}

void Debounce::Note(FileChange change, Time now) {
  if (change == FileChange::kNone) return;
  if (!due_) first_ = now;
  writing_ = writing_ || change == FileChange::kWriting;
  const auto quiet = writing_ ? kUnclosed : kQuiet;
  due_ = change == FileChange::kWhole ? now : std::min(now + quiet, first_ + kLongest);
}

std::optional<std::chrono::milliseconds> Debounce::Remaining(Time now) const {
  if (!due_) return std::nullopt;
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(*due_ - now),
                  std::chrono::milliseconds(0));
}

}  // namespace purebpf::xconnect
