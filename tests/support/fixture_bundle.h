// Several recordings in one file, each a whole fixture (bpf/testing/fixture.h) that its line
// "about" names: a test's. The file says what a kernel answered to all tests of one source file.
#ifndef PUREBPF_TESTS_SUPPORT_FIXTURE_BUNDLE_H_
#define PUREBPF_TESTS_SUPPORT_FIXTURE_BUNDLE_H_

#include <string>
#include <string_view>
#include <vector>

namespace purebpf::testing {

class FixtureBundle {
 public:
  // Empty where there is no such file.
  static FixtureBundle Read(const std::string& path);
  static FixtureBundle Parse(std::string_view text);

  // Nullptr where there is none of that name.
  [[nodiscard]] const std::string* Find(std::string_view about) const;
  // In the place of the one of that name, or at the end.
  void Put(std::string_view about, std::string fixture);

  [[nodiscard]] std::string Text() const;
  [[nodiscard]] bool Write(const std::string& path) const;

 private:
  struct Entry {
    std::string about;
    std::string fixture;
  };
  std::vector<Entry> entries_;
};

}  // namespace purebpf::testing

#endif  // PUREBPF_TESTS_SUPPORT_FIXTURE_BUNDLE_H_
