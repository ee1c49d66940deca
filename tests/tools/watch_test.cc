#include "purebpf/tools/xconnect/watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "purebpf/bpf/host_kernel.h"

namespace purebpf::xconnect {
namespace {

using std::chrono::milliseconds;
namespace fs = std::filesystem;

class Watch : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string path = (fs::canonical(fs::temp_directory_path()) / "watch_XXXXXX").string();
    ASSERT_NE(mkdtemp(path.data()), nullptr);
    folder_ = path;
  }
  void TearDown() override { fs::remove_all(folder_); }

  FileWatch Open(const fs::path& file) { return FileWatch::Open(kernel_, file.string()).value(); }

  static void Write(const fs::path& file, std::string_view text = "x") {
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
  }

  // The largest change that is told of until nothing comes for a while. inotify tells before the
  // system call that it tells of returns, so that nothing here has to wait for it.
  static FileChange All(FileWatch& watch) {
    FileChange change = FileChange::kNone;
    pollfd readable{.fd = watch.fd(), .events = POLLIN, .revents = 0};
    while (poll(&readable, 1, 0) == 1) change = std::max(change, watch.Read());
    return change;
  }

  HostKernel kernel_;
  fs::path folder_;
};

TEST_F(Watch, TellsOfAFileEditedInPlace) {
  Write(folder_ / "f");
  FileWatch watch = Open(folder_ / "f");
  EXPECT_EQ(All(watch), FileChange::kNone);
  const int fd = open((folder_ / "f").c_str(), O_WRONLY);
  ASSERT_EQ(write(fd, "y", 1), 1);
  EXPECT_EQ(All(watch), FileChange::kWriting);
  close(fd);
  EXPECT_EQ(All(watch), FileChange::kWhole);
}

TEST_F(Watch, TellsOfAFileReplacedByRenameAgainAndAgain) {
  Write(folder_ / "f");
  FileWatch watch = Open(folder_ / "f");
  for (int round = 0; round < 3; ++round) {
    Write(folder_ / "new");
    EXPECT_EQ(All(watch), FileChange::kNone);
    fs::rename(folder_ / "new", folder_ / "f");
    EXPECT_EQ(All(watch), FileChange::kWhole);
  }
}

TEST_F(Watch, TellsOfAFileDeletedAndMadeAgain) {
  Write(folder_ / "f");
  FileWatch watch = Open(folder_ / "f");
  fs::remove(folder_ / "f");
  EXPECT_EQ(All(watch), FileChange::kPartly);
  Write(folder_ / "f");
  EXPECT_EQ(All(watch), FileChange::kWhole);
}

TEST_F(Watch, TellsOfAFileThatIsMadeLater) {
  FileWatch watch = Open(folder_ / "f");
  Write(folder_ / "f");
  EXPECT_EQ(All(watch), FileChange::kWhole);
}

TEST_F(Watch, TellsOfAFolderMadeAgain) {
  fs::create_directories(folder_ / "a/b");
  Write(folder_ / "a/b/f");
  FileWatch watch = Open(folder_ / "a/b/f");
  fs::remove_all(folder_ / "a");
  EXPECT_EQ(All(watch), FileChange::kPartly);
  fs::create_directory(folder_ / "a");
  EXPECT_EQ(All(watch), FileChange::kPartly);
  fs::create_directory(folder_ / "a/b");
  EXPECT_EQ(All(watch), FileChange::kPartly);
  Write(folder_ / "a/b/f");
  EXPECT_EQ(All(watch), FileChange::kWhole);
}

TEST_F(Watch, TellsOfAFolderReplacedByRename) {
  fs::create_directory(folder_ / "a");
  fs::create_directory(folder_ / "b");
  Write(folder_ / "a/f");
  Write(folder_ / "b/f");
  FileWatch watch = Open(folder_ / "a/f");
  fs::rename(folder_ / "a", folder_ / "old");
  fs::rename(folder_ / "b", folder_ / "a");
  EXPECT_EQ(All(watch), FileChange::kWhole);
  Write(folder_ / "old/f");
  EXPECT_EQ(All(watch), FileChange::kNone);
  Write(folder_ / "a/f");
  EXPECT_EQ(All(watch), FileChange::kWhole);
}

// FILE -> ..data/FILE, ..data -> ..1
TEST_F(Watch, FollowsTheSymlinksOfKubernetes) {
  for (const char* time : {"..1", "..2", "..3"}) {
    fs::create_directory(folder_ / time);
    Write(folder_ / time / "f");
  }
  fs::create_symlink("..1", folder_ / "..data");
  fs::create_symlink("..data/f", folder_ / "f");
  FileWatch watch = Open(folder_ / "f");
  for (const char* time : {"..2", "..3"}) {
    fs::create_symlink(time, folder_ / "..data_tmp");
    EXPECT_EQ(All(watch), FileChange::kNone);
    fs::rename(folder_ / "..data_tmp", folder_ / "..data");
    EXPECT_EQ(All(watch), FileChange::kWhole);
    Write(folder_ / time / "f");
    EXPECT_EQ(All(watch), FileChange::kWhole);
  }
  Write(folder_ / "..1/f");
  EXPECT_EQ(All(watch), FileChange::kNone);
}

TEST_F(Watch, FollowsAnAbsoluteSymlinkAndItsReplacement) {
  fs::create_directory(folder_ / "etc");
  fs::create_directory(folder_ / "store");
  Write(folder_ / "store/one");
  Write(folder_ / "store/two");
  fs::create_symlink(folder_ / "store/one", folder_ / "etc/f");
  FileWatch watch = Open(folder_ / "etc/f");
  Write(folder_ / "store/one");
  EXPECT_EQ(All(watch), FileChange::kWhole);
  fs::remove(folder_ / "etc/f");
  fs::create_symlink(folder_ / "store/two", folder_ / "etc/f");
  EXPECT_EQ(All(watch), FileChange::kPartly);
  Write(folder_ / "store/two");
  EXPECT_EQ(All(watch), FileChange::kWhole);
}

TEST_F(Watch, IsNotWokenByALogInTheSameFolder) {
  Write(folder_ / "f");
  Write(folder_ / "log");
  FileWatch watch = Open(folder_ / "f");
  const int log = open((folder_ / "log").c_str(), O_WRONLY);
  ASSERT_EQ(write(log, "y", 1), 1);
  pollfd readable{.fd = watch.fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&readable, 1, 0), 0);
  close(log);
}

TEST_F(Watch, HasNoInterestInOtherFiles) {
  Write(folder_ / "f");
  FileWatch watch = Open(folder_ / "f");
  Write(folder_ / "g");
  Write(folder_ / "f.swp");
  fs::remove(folder_ / "g");
  EXPECT_EQ(All(watch), FileChange::kNone);
}

TEST_F(Watch, SurvivesSymlinksThatGoRound) {
  fs::create_symlink("b", folder_ / "a");
  fs::create_symlink("a", folder_ / "b");
  FileWatch watch = Open(folder_ / "a/f");
  fs::remove(folder_ / "a");
  fs::create_directory(folder_ / "a");
  Write(folder_ / "a/f");
  EXPECT_EQ(All(watch), FileChange::kPartly);
  Write(folder_ / "a/f");
  EXPECT_EQ(All(watch), FileChange::kWhole);
}

TEST_F(Watch, TakesPathsAsPeopleWriteThem) {
  fs::create_directory(folder_ / "a");
  Write(folder_ / "a/f");
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "a");
  for (const std::string path : {"f", "./f", "../a/f", "..//a/./f"}) {
    SCOPED_TRACE(path);
    FileWatch watch = Open(path);
    Write(folder_ / "a/f");
    EXPECT_EQ(All(watch), FileChange::kWhole);
  }
  fs::current_path(before);
}

TEST_F(Watch, WatchesOneNameInEachFolderOnTheWay) {
  fs::create_directory(folder_ / "a");
  Write(folder_ / "a/f");
  const FileWatch watch = Open(folder_ / "a/f");
  const auto watched = watch.Watched();
  EXPECT_EQ(watched.at(folder_.string() + "/"), std::set<std::string>{"a"});
  EXPECT_EQ(watched.at(folder_.string() + "/a/"), std::set<std::string>{"f"});
}

const Debounce::Time kStart{std::chrono::seconds(100)};

TEST(Debounce, HasNothingToWaitForAtFirst) {
  Debounce debounce;
  EXPECT_EQ(debounce.Remaining(kStart), std::nullopt);
  debounce.Note(FileChange::kNone, kStart);
  EXPECT_EQ(debounce.Remaining(kStart), std::nullopt);
}

TEST(Debounce, IsDueAtOnceWhenAChangeIsWhole) {
  Debounce debounce;
  debounce.Note(FileChange::kPartly, kStart);
  debounce.Note(FileChange::kWhole, kStart + milliseconds(10));
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(10)), milliseconds(0));
  debounce.Clear();
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(10)), std::nullopt);
}

TEST(Debounce, WaitsForQuiet) {
  Debounce debounce;
  debounce.Note(FileChange::kPartly, kStart);
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(50)), milliseconds(150));
  debounce.Note(FileChange::kPartly, kStart + milliseconds(100));
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(100)), milliseconds(200));
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(301)), milliseconds(0));
}

// Half a file may read as a sound one that connects nothing.
TEST(Debounce, WaitsLongerForAWriterToCloseTheFile) {
  Debounce debounce;
  debounce.Note(FileChange::kWriting, kStart);
  EXPECT_EQ(debounce.Remaining(kStart), milliseconds(3000));
  debounce.Note(FileChange::kPartly, kStart + milliseconds(1000));
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(1000)), milliseconds(3000));
  debounce.Note(FileChange::kWhole, kStart + milliseconds(1500));
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(1500)), milliseconds(0));
}

TEST(Debounce, DoesNotWaitForever) {
  Debounce debounce;
  for (int i = 0; i <= 99; ++i) debounce.Note(FileChange::kWriting, kStart + milliseconds(100 * i));
  EXPECT_EQ(debounce.Remaining(kStart + milliseconds(9900)), milliseconds(100));
}

}  // namespace
}  // namespace purebpf::xconnect
