#include "purebpf/bpf/testing/test_kernel.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "purebpf/bpf/try.h"

namespace purebpf::testing {
namespace {

constexpr std::string_view kSuffix = ".fixture";

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): tests do not change it
  return value == nullptr ? "" : value;
}

// How a test is recorded: bpf_replay_test knows where it is.
std::string RecordCommand(std::string_view test) {
  std::string command = Variable("PUREBPF_RECORD_COMMAND");
  if (command.empty()) command = "sudo PUREBPF_RECORD=FOLDER THE_TEST";
  // GoogleTest's name of it; an underscore may have been a slash.
  std::string filter(test);
  std::ranges::replace(filter, '_', '?');
  return command + " --gtest_filter=" + (filter == test ? filter : "'" + filter + "'");
}

}  // namespace

Result<std::string> FixturePath(std::string_view test) {
  const std::string files = Variable("PUREBPF_FIXTURES");
  const std::string wanted = std::string(test) + std::string(kSuffix);
  for (size_t at = 0; at < files.size();) {
    const size_t end = std::min(files.find(' ', at), files.size());
    std::string file = files.substr(at, end - at);
    if (file.substr(file.rfind('/') + 1) == wanted) return file;
    at = end + 1;
  }
  return std::unexpected(
      Error{.code = Code::kNotFound,
            .operation = "replay",
            .object = wanted,
            .detail = files.empty() ? "PUREBPF_FIXTURES is empty: this is no run of a "
                                      "bpf_replay_test, or that has no fixtures"
                                    : "not among the fixtures: " + files,
            .hint = "record it, on a machine where the code works: " + RecordCommand(test)});
}

Result<TestKernel> TestKernel::Open(Kernel& host, const std::string& name, ReplayOptions options) {
  TestKernel test(host);
  if (const std::string folder = Variable("PUREBPF_RECORD"); !folder.empty()) {
    test.file_ = folder + "/" + name + std::string(kSuffix);
    test.recorder_ = std::make_unique<RecordingKernel>(
        host, RecordingOptions{.about = name, .types_are_free = true});
    return test;
  }
  const std::string file = PUREBPF_TRY(FixturePath(name));
  if (options.record_again.empty()) options.record_again = RecordCommand(name);
  ReplayKernel replay = PUREBPF_TRY(ReplayKernel::FromFile(host, file, std::move(options)));
  test.replay_ = std::make_unique<ReplayKernel>(std::move(replay));
  return test;
}

Kernel& TestKernel::kernel() const {
  if (replay_ != nullptr) return *replay_;
  return *recorder_;
}

Result<void> TestKernel::Finish() const {
  return replay_ != nullptr ? replay_->Finish() : recorder_->Save(*host_, file_);
}

}  // namespace purebpf::testing
