// A folder for one test.
#ifndef PUREBPF_TESTS_TOOLS_TEMP_FOLDER_H_
#define PUREBPF_TESTS_TOOLS_TEMP_FOLDER_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace purebpf::testing {

// Empty at first; removed with everything in it.
class TempFolder {
 public:
  TempFolder() {
    path_ = (std::filesystem::canonical(std::filesystem::temp_directory_path()) / "xconnect_XXXXXX")
                .string();
    if (mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << "no folder " << path_;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string operator/(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

 private:
  std::string path_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_TOOLS_TEMP_FOLDER_H_
