// purebpf gen skeleton: where the header goes, and what is said where there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tools/purebpf/output.h"
#include "purebpf/tools/purebpf/verbs.h"
#include "tests/skeleton/shapes.skel.h"

namespace purebpf::tool {
namespace {

using testing::FakeKernel;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Heard final : Output {
  bool Write(std::string_view text) override {
    out += text;
    return true;
  }
  void Complain(std::string_view text) override { complaints += text; }
  std::string out;
  std::string complaints;
};

class GenSkeleton : public ::testing::Test {
 protected:
  GenSkeleton() {
    const auto object = shapes::Object();
    kernel_.files["out/shapes.bpf.o"] =
        std::string(reinterpret_cast<const char*>(object.data()), object.size());
  }
  int Run(std::initializer_list<std::string_view> arguments) {
    std::vector<std::string_view> all = {"gen", "skeleton"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return RunTool(kernel_, all, heard_);
  }

  FakeKernel kernel_;
  Heard heard_;
};

TEST_F(GenSkeleton, GoesToStdoutUnderTheFilesName) {
  EXPECT_EQ(Run({"out/shapes.bpf.o"}), kOk);
  EXPECT_THAT(heard_.out, StartsWith("// BPF object 'shapes' for C++."));
  EXPECT_THAT(heard_.out, HasSubstr("\nnamespace shapes {\n"));
  EXPECT_EQ(heard_.complaints, "");
}

TEST_F(GenSkeleton, GoesToTheFileThatIsNamed) {
  EXPECT_EQ(Run({"-o", "x.skel.h", "--name", "other", "--namespace", "app::bpf", "--type", "aside",
                 "out/shapes.bpf.o"}),
            kOk);
  EXPECT_EQ(heard_.out, "");
  const std::string& text = kernel_.files["x.skel.h"];
  EXPECT_THAT(text, StartsWith("// BPF object 'other' for C++."));
  EXPECT_THAT(text, HasSubstr("\nnamespace app::bpf {\n"));
  EXPECT_THAT(text, HasSubstr("\nstruct aside {\n"));
}

TEST_F(GenSkeleton, SaysWhyThereIsNone) {
  EXPECT_EQ(Run({"nowhere.o"}), kFailed);
  EXPECT_THAT(heard_.complaints, HasSubstr("read object 'nowhere.o': ENOENT"));
  EXPECT_EQ(Run({"--type", "no_such", "out/shapes.bpf.o"}), kFailed);
  EXPECT_THAT(heard_.complaints, HasSubstr("no struct, union, enum or typedef 'no_such'"));
  EXPECT_EQ(Run({"--namespace", "int", "out/shapes.bpf.o"}), kFailed);
  EXPECT_THAT(heard_.complaints, HasSubstr("'int' is no namespace of C++"));
  EXPECT_EQ(Run({}), kUsage);
}

}  // namespace
}  // namespace purebpf::tool
