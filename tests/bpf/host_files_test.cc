// HostKernel's calls on files, descriptors and memory, on the running kernel.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/fd.h"
#include "purebpf/bpf/host_kernel.h"

namespace purebpf {
namespace {

using ::testing::ElementsAre;

size_t OpenFds() {
  size_t count = 0;
  for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) == -1 ? 0 : 1;
  return count;
}

std::string_view TextOf(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes BytesIn(std::string_view text) { return std::as_bytes(std::span(text)); }

constexpr auto kNothingLess = [] { return std::vector<std::byte>(); };

// The line of /proc/self/maps that this address is in; empty where it is mapped nowhere.
std::string MapsLine(const void* address) {
  std::ifstream maps("/proc/self/maps");
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  for (std::string line; std::getline(maps, line);) {
    char* rest = nullptr;
    const uintptr_t start = std::strtoull(line.c_str(), &rest, 16);
    const uintptr_t end = std::strtoull(rest + 1, nullptr, 16);
    if (wanted >= start && wanted < end) return line;
  }
  return {};
}

// The most memory that this process ever had since ResetPeak, in KiB; 0 where the kernel does not
// say.
size_t Peak() {
  std::ifstream status("/proc/self/status");
  constexpr std::string_view kKey = "VmHWM:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(kKey)) return std::strtoull(line.c_str() + kKey.size(), nullptr, 10);
  }
  return 0;
}

// Documentation/filesystems/proc.rst: clear_refs.
bool ResetPeak() { return (std::ofstream("/proc/self/clear_refs") << "5").flush().good(); }

// A folder of the test's own, and no descriptor more at its end than at its start.
class HostFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const base = std::getenv("TEST_TMPDIR");
    folder_ = std::string(base != nullptr ? base : "/tmp") + "/host_files_XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    fds_ = OpenFds();
  }
  void TearDown() override {
    EXPECT_EQ(OpenFds(), fds_);
    const std::string remove = "rm -rf " + folder_;
    EXPECT_EQ(std::system(remove.c_str()), 0);
  }
  std::string FileOf(std::string_view text, const std::string& name = "file") {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::string ContentsOf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  HostKernel kernel_;
  std::string folder_;

 private:
  size_t fds_ = 0;
};

// --- Whole files ------------------------------------------------------------------------------

TEST_F(HostFiles, OpensAPlainFileInMemoryOfItsOwn) {
  const std::string path = FileOf("hello, world");
  const auto opened = kernel_.OpenFile(path, 100);
  ASSERT_TRUE(opened.has_value()) << opened.error().value;
  EXPECT_EQ(TextOf(*opened), "hello, world");
  // A copy: the file may shrink under it.
  ASSERT_EQ(truncate(path.c_str(), 0), 0);
  EXPECT_EQ(TextOf(*opened), "hello, world");
  const void* const address = opened->data();
  EXPECT_NE(MapsLine(address), "");
  kernel_.CloseFile(*opened, kNothingLess);
  EXPECT_EQ(MapsLine(address), "");
}

TEST_F(HostFiles, OpensFilesOfEverySizeUpToTheLimit) {
  struct Case {
    size_t size;
    size_t max_bytes;
    int error;
  };
  const Case cases[] = {{0, 0, 0},
                        {0, 10, 0},
                        {5, 5, 0},
                        {5, 4, EFBIG},
                        {4096, 4096, 0},
                        {4097, 1 << 20, 0},
                        {100000, 99999, EFBIG}};
  for (const Case& row : cases) {
    SCOPED_TRACE(std::to_string(row.size) + " of at most " + std::to_string(row.max_bytes));
    const std::string text(row.size, 'x');
    const auto opened = kernel_.OpenFile(FileOf(text), row.max_bytes);
    if (row.error != 0) {
      ASSERT_FALSE(opened.has_value());
      EXPECT_EQ(opened.error().value, row.error);
      continue;
    }
    ASSERT_TRUE(opened.has_value()) << opened.error().value;
    EXPECT_EQ(TextOf(*opened), text);
    kernel_.CloseFile(*opened, kNothingLess);
  }
}

// The types of a kernel are asked for in its vmlinux too, and with debug information that is large.
TEST_F(HostFiles, HasALargeFileInMemoryOnce) {
  constexpr size_t kSize = size_t{48} << 20;
  const std::string path = FileOf(std::string(kSize, 'x'));
  if (!ResetPeak() || Peak() == 0) GTEST_SKIP() << "/proc does not tell of memory";
  const size_t before = Peak();
  const auto opened = kernel_.OpenFile(path, 2 * kSize);
  const size_t after = Peak();
  ASSERT_TRUE(opened.has_value()) << opened.error().value;
  EXPECT_EQ(opened->size(), kSize);
  EXPECT_LT(after - before, (kSize + kSize / 4) >> 10);
  kernel_.CloseFile(*opened, kNothingLess);
}

TEST_F(HostFiles, OpensWhatDoesNotSayItsSize) {
  const auto opened = kernel_.OpenFile("/proc/self/status", 1 << 20);
  ASSERT_TRUE(opened.has_value()) << opened.error().value;
  EXPECT_TRUE(TextOf(*opened).starts_with("Name:"));
  kernel_.CloseFile(*opened, kNothingLess);
}

TEST_F(HostFiles, EndsAtTheLimitWhereThereIsNoEnd) {
  EXPECT_EQ(kernel_.OpenFile("/dev/zero", 100000).error().value, EFBIG);
  EXPECT_EQ(kernel_.ReadFile("/dev/zero", 100000).error().value, EFBIG);
}

// A file that says beforehand that it is too large is not read to that end.
TEST_F(HostFiles, DoesNotReadWhatSaysThatItIsTooLarge) {
  constexpr size_t kLimit = size_t{32} << 20;
  const std::string path = FileOf("");
  ASSERT_EQ(truncate(path.c_str(), kLimit + 1), 0);
  if (!ResetPeak() || Peak() == 0) GTEST_SKIP() << "/proc does not tell of memory";
  const size_t before = Peak();
  EXPECT_EQ(kernel_.OpenFile(path, kLimit).error().value, EFBIG);
  EXPECT_EQ(kernel_.ReadFile(path, kLimit).error().value, EFBIG);
  EXPECT_LT(Peak() - before, kLimit / 8 >> 10);
}

// The other end of a pipe takes its time: to write, and to read what does not fit into it.
TEST_F(HostFiles, WaitsForTheOtherEndOfAPipe) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  // Both ends, so that nobody finds it without the other one.
  const int ends = open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(ends, 0);
  const std::string text(200000, 'x');
  SysResult<void> written;
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    written = kernel_.WriteFile(path, BytesIn(text), WriteMode::kReplace);
    close(ends);
  });
  const auto read = kernel_.ReadFile(path, 1 << 20);
  writer.join();
  EXPECT_TRUE(written.has_value()) << written.error().value;
  ASSERT_TRUE(read.has_value()) << read.error().value;
  EXPECT_EQ(TextOf(*read), text);
}

TEST_F(HostFiles, DoesNotOpenWhatIsNotThere) {
  EXPECT_EQ(kernel_.OpenFile(folder_ + "/missing", 10).error().value, ENOENT);
  EXPECT_EQ(kernel_.OpenFile(folder_, 10).error().value, EISDIR);
  EXPECT_EQ(kernel_.OpenFile(folder_, 1 << 20).error().value, EISDIR);
  EXPECT_EQ(kernel_.OpenFile(FileOf("x") + std::string("\0.o", 3), 10).error().value, EINVAL);
  EXPECT_EQ(kernel_.OpenFile("/sys/kernel/btf/missing", 10).error().value, ENOENT);
}

TEST_F(HostFiles, NeverAsksToReduceWhatItClosed) {
  const auto opened = kernel_.OpenFile(FileOf("x"), 10);
  ASSERT_TRUE(opened.has_value());
  bool asked = false;
  kernel_.CloseFile(*opened, [&] {
    asked = true;
    return std::vector<std::byte>();
  });
  EXPECT_FALSE(asked);
}

TEST_F(HostFiles, MapsTheKernelsBtfWhereItCan) {
  static constexpr const char* kBtf = "/sys/kernel/btf/vmlinux";
  constexpr size_t kMost = size_t{256} << 20;
  const auto read = kernel_.ReadFile(kBtf, kMost);
  if (!read) GTEST_SKIP() << kBtf << ": errno " << read.error().value;
  const auto opened = kernel_.OpenFile(kBtf, kMost);
  ASSERT_TRUE(opened.has_value()) << opened.error().value;
  ASSERT_EQ(opened->size(), read->size());
  EXPECT_EQ(std::memcmp(opened->data(), read->data(), read->size()), 0);
  // kernel/bpf/sysfs_btf.c: btf_sysfs_vmlinux_mmap.
  const KernelVersion running = ParseRelease(kernel_.Release().value());
  if (running >= KernelVersion{6, 16}) {
    EXPECT_NE(MapsLine(opened->data()).find(kBtf), std::string::npos);
  }
  kernel_.CloseFile(*opened, kNothingLess);
  // What is mapped is bounded as well.
  EXPECT_EQ(kernel_.OpenFile(kBtf, 1000).error().value, EFBIG);
}

// --- Writing ----------------------------------------------------------------------------------

TEST_F(HostFiles, ReplacesAFileOrMakesIt) {
  const std::string path = folder_ + "/new";
  const mode_t mask = umask(0);
  ASSERT_TRUE(kernel_.WriteFile(path, BytesIn("first and long"), WriteMode::kReplace).has_value());
  umask(mask);
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U);
  ASSERT_TRUE(kernel_.WriteFile(path, BytesIn("second"), WriteMode::kReplace).has_value());
  EXPECT_EQ(ContentsOf(path), "second");
  ASSERT_TRUE(kernel_.WriteFile(path, {}, WriteMode::kReplace).has_value());
  EXPECT_EQ(ContentsOf(path), "");
}

TEST_F(HostFiles, AppendsOnlyToWhatIsThere) {
  const std::string path = FileOf("one\n");
  ASSERT_TRUE(kernel_.WriteFile(path, BytesIn("two\n"), WriteMode::kAppend).has_value());
  EXPECT_EQ(ContentsOf(path), "one\ntwo\n");
  EXPECT_EQ(kernel_.WriteFile(folder_ + "/missing", {}, WriteMode::kAppend).error().value, ENOENT);
}

TEST_F(HostFiles, SaysWhyItCannotWrite) {
  EXPECT_EQ(kernel_.WriteFile(folder_, BytesIn("x"), WriteMode::kReplace).error().value, EISDIR);
  EXPECT_EQ(kernel_.WriteFile("/dev/full", BytesIn("x"), WriteMode::kReplace).error().value,
            ENOSPC);
  EXPECT_EQ(kernel_.WriteFile(std::string("a\0b", 3), {}, WriteMode::kReplace).error().value,
            EINVAL);
}

// --- Folders ----------------------------------------------------------------------------------

TEST_F(HostFiles, ListsNamesInOrder) {
  for (const char* name : {"b", "a", ".hidden", "c with space"}) FileOf("x", name);
  ASSERT_TRUE(kernel_.MakeFolder(folder_ + "/folder").has_value());
  EXPECT_THAT(kernel_.ListFolder(folder_).value(),
              ElementsAre(".hidden", "a", "b", "c with space", "folder"));
  EXPECT_THAT(kernel_.ListFolder(folder_ + "/folder").value(), ElementsAre());
}

TEST_F(HostFiles, ListsMoreThanOneReadsWorth) {
  const std::string long_name(200, 'x');
  for (int i = 0; i < 500; ++i) FileOf("", long_name + std::to_string(1000 + i));
  const auto names = kernel_.ListFolder(folder_);
  ASSERT_TRUE(names.has_value());
  ASSERT_EQ(names->size(), 500u);
  EXPECT_EQ(names->front(), long_name + "1000");
  EXPECT_EQ(names->back(), long_name + "1499");
}

TEST_F(HostFiles, ListsOnlyFolders) {
  EXPECT_EQ(kernel_.ListFolder(FileOf("x")).error().value, ENOTDIR);
  EXPECT_EQ(kernel_.ListFolder(folder_ + "/missing").error().value, ENOENT);
  EXPECT_FALSE(kernel_.ListFolder("/proc/self/fd").value().empty());
}

TEST_F(HostFiles, MakesFoldersForTheirOwnerAlone) {
  const std::string path = folder_ + "/private";
  ASSERT_TRUE(kernel_.MakeFolder(path).has_value());
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISDIR(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  EXPECT_EQ(kernel_.MakeFolder(path).error().value, EEXIST);
  EXPECT_EQ(kernel_.MakeFolder(folder_ + "/no/way").error().value, ENOENT);
  EXPECT_EQ(kernel_.MakeFolder(std::string("a\0b", 3)).error().value, EINVAL);
}

TEST_F(HostFiles, RemovesFilesAndEmptyFolders) {
  const std::string path = FileOf("x");
  ASSERT_TRUE(kernel_.RemoveFile(path).has_value());
  EXPECT_EQ(kernel_.RemoveFile(path).error().value, ENOENT);
  ASSERT_TRUE(kernel_.MakeFolder(path).has_value());
  ASSERT_TRUE(kernel_.MakeFolder(path + "/inner").has_value());
  const auto refused = kernel_.RemoveFile(path);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().value, ENOTEMPTY);
  EXPECT_TRUE(kernel_.RemoveFile(path + "/inner").has_value());
  EXPECT_TRUE(kernel_.RemoveFile(path).has_value());
  EXPECT_EQ(kernel_.RemoveFile(std::string("a\0b", 3)).error().value, EINVAL);
}

TEST_F(HostFiles, TellsTheTypeOfAFileSystem) {
  EXPECT_EQ(kernel_.FileSystemType("/proc").value(), 0x9fa0u);
  EXPECT_EQ(kernel_.FileSystemType("/sys").value(), 0x62656572u);
  EXPECT_EQ(kernel_.FileSystemType(folder_ + "/missing").error().value, ENOENT);
  EXPECT_EQ(kernel_.FileSystemType(std::string("a\0b", 3)).error().value, EINVAL);
}

// --- Descriptors ------------------------------------------------------------------------------

TEST_F(HostFiles, OpensWhatADescriptorIsNeededOf) {
  const auto opened = kernel_.Open("/proc/self/ns/net");
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  const auto folder = kernel_.Open(folder_);
  ASSERT_TRUE(folder.has_value());
  kernel_.Close(*folder);
  EXPECT_EQ(kernel_.Open(folder_ + "/missing").error().value, ENOENT);
  EXPECT_EQ(kernel_.Open(std::string("a\0b", 3)).error().value, EINVAL);
}

TEST_F(HostFiles, ReadsOnce) {
  const auto opened = kernel_.Open(FileOf("hello"));
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  std::array<std::byte, 3> buffer{};
  EXPECT_EQ(kernel_.Read(fd.get(), buffer).value(), 3u);
  EXPECT_EQ(TextOf(buffer), "hel");
  EXPECT_EQ(kernel_.Read(fd.get(), buffer).value(), 2u);
  EXPECT_EQ(TextOf(Bytes(buffer).first(2)), "lo");
  EXPECT_EQ(kernel_.Read(fd.get(), buffer).value(), 0u);
  EXPECT_EQ(kernel_.Read(-1, buffer).error().value, EBADF);
}

TEST_F(HostFiles, DuplicatesADescriptor) {
  const auto opened = kernel_.Open(FileOf("hello"));
  ASSERT_TRUE(opened.has_value());
  const Fd fd(kernel_, *opened);
  const auto copied = kernel_.Duplicate(fd.get());
  ASSERT_TRUE(copied.has_value());
  const Fd copy(kernel_, *copied);
  EXPECT_NE(copy.get(), fd.get());
  EXPECT_GE(copy.get(), 3);
  EXPECT_NE(fcntl(copy.get(), F_GETFD) & FD_CLOEXEC, 0);
  // One open file: reading through one moves both.
  std::array<std::byte, 2> buffer{};
  EXPECT_EQ(kernel_.Read(fd.get(), buffer).value(), 2u);
  EXPECT_EQ(kernel_.Read(copy.get(), buffer).value(), 2u);
  EXPECT_EQ(TextOf(buffer), "ll");
  EXPECT_EQ(kernel_.Duplicate(-1).error().value, EBADF);
}

TEST_F(HostFiles, SetsSocketOptions) {
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(fd, 0);
  const int on = 1;
  EXPECT_TRUE(kernel_.SetSocketOption(fd, SOL_SOCKET, SO_PASSCRED, BytesOf(on)).has_value());
  int found = 0;
  socklen_t size = sizeof found;
  ASSERT_EQ(getsockopt(fd, SOL_SOCKET, SO_PASSCRED, &found, &size), 0);
  EXPECT_EQ(found, 1);
  EXPECT_EQ(kernel_.SetSocketOption(fd, SOL_SOCKET, 9999, BytesOf(on)).error().value, ENOPROTOOPT);
  close(fd);
}

// --- Memory -----------------------------------------------------------------------------------

TEST_F(HostFiles, MapsMemoryThatIsShared) {
  const int file = open(FileOf(std::string(8192, 'x')).c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  const auto whole = kernel_.MapMemory(file, 8192, 0, Access::kReadWrite, 0);
  const auto second = kernel_.MapMemory(file, 4096, 4096, Access::kRead, 0);
  ASSERT_TRUE(whole.has_value() && second.has_value());
  EXPECT_EQ(whole->size(), 8192u);
  (*whole)[4096] = std::byte{'y'};
  EXPECT_EQ((*second)[0], std::byte{'y'});
  EXPECT_NE(MapsLine(second->data()).find(" r--s "), std::string::npos);
  EXPECT_NE(MapsLine(whole->data()).find(" rw-s "), std::string::npos);
  kernel_.Look(*second);
  kernel_.UnmapMemory(*whole);
  kernel_.UnmapMemory(*second);
  EXPECT_EQ(MapsLine(second->data()), "");
  EXPECT_EQ(kernel_.MapMemory(file, 4096, 100, Access::kRead, 0).error().value, EINVAL);
  EXPECT_EQ(kernel_.MapMemory(-1, 4096, 0, Access::kRead, 0).error().value, EBADF);
  close(file);
}

TEST_F(HostFiles, MapsMemoryWhereItIsToldAndOverNothing) {
  const int file = open(FileOf(std::string(4096, 'x')).c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  // An address that is free: one that was just mapped and unmapped.
  void* const free = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(free, MAP_FAILED);
  const auto address = reinterpret_cast<uintptr_t>(free);
  EXPECT_EQ(kernel_.MapMemory(file, 4096, 0, Access::kRead, address).error().value, EEXIST);
  ASSERT_EQ(munmap(free, 4096), 0);
  const auto memory = kernel_.MapMemory(file, 4096, 0, Access::kRead, address);
  ASSERT_TRUE(memory.has_value()) << memory.error().value;
  EXPECT_EQ(memory->data(), free);
  kernel_.UnmapMemory(*memory);
  close(file);
}

// --- Perf events ------------------------------------------------------------------------------

TEST_F(HostFiles, OpensPerfEventsAndControlsThem) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_SOFTWARE;
  attr.size = sizeof attr;
  attr.config = PERF_COUNT_SW_TASK_CLOCK;
  attr.disabled = 1;
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  const auto opened = kernel_.PerfEventOpen(MutableBytesOf(attr), {}, {.pid = 0, .cpu = -1});
  if (!opened && (opened.error() == Errno{EACCES} || opened.error() == Errno{EPERM} ||
                  opened.error() == Errno{ENOSYS}))
    GTEST_SKIP() << "perf_event_open: errno " << opened.error().value;
  ASSERT_TRUE(opened.has_value()) << opened.error().value;
  const Fd fd(kernel_, *opened);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  const auto count = [&] {
    uint64_t value = 0;
    EXPECT_EQ(kernel_.Read(fd.get(), MutableBytesOf(value)).value(), 8u);
    return value;
  };
  EXPECT_EQ(count(), 0u);
  EXPECT_EQ(kernel_.Ioctl(fd.get(), PERF_EVENT_IOC_ENABLE, 0).value(), 0);
  volatile uint64_t work = 0;
  for (int i = 0; i < 1000000; ++i) work = work + 1;
  EXPECT_GT(count(), 0u);
  EXPECT_EQ(kernel_.Ioctl(fd.get(), PERF_EVENT_IOC_DISABLE, 0).value(), 0);
  EXPECT_EQ(kernel_.Ioctl(fd.get(), 0x12345678, 0).error().value, ENOTTY);
}

TEST_F(HostFiles, SaysWhyAPerfEventCannotBeOpened) {
  perf_event_attr attr{};
  attr.type = 4000;
  attr.size = sizeof attr;
  const auto opened = kernel_.PerfEventOpen(MutableBytesOf(attr), {}, {.pid = 0, .cpu = -1});
  ASSERT_FALSE(opened.has_value());
  EXPECT_TRUE(opened.error() == Errno{ENOENT} || opened.error() == Errno{EACCES} ||
              opened.error() == Errno{EPERM} || opened.error() == Errno{ENOSYS})
      << opened.error().value;
  EXPECT_EQ(kernel_.Ioctl(-1, PERF_EVENT_IOC_ENABLE, 0).error().value, EBADF);
}

}  // namespace
}  // namespace purebpf
