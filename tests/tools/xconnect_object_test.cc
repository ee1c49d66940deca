// xconnect.bpf.c compiled by hand in every way that people do, and each object loaded.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "purebpf/bpf/host_kernel.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/tools/temp_folder.h"
#include "purebpf/tools/xconnect/config.h"
#include "purebpf/tools/xconnect/switchboard.h"

namespace purebpf::xconnect {
namespace {

struct Form {
  std::string_view name;
  std::string_view command;
};

constexpr Form kForms[] = {
    {"clang, with BTF", "clang -O2 -g -target bpf $INCLUDES -c $SOURCE -o $OBJECT"},
    {"clang, without BTF", "clang -O2 -target bpf $INCLUDES -c $SOURCE -o $OBJECT"},
    {"clang and llc, without BTF",
     "clang -O2 -target bpf $INCLUDES -emit-llvm -c $SOURCE -o - | "
     "llc -march=bpf -mcpu=probe -filetype=obj -o $OBJECT"},
    {"clang and llc, with BTF",
     "clang -O2 -g -target bpf $INCLUDES -emit-llvm -c $SOURCE -o - | "
     "llc -march=bpf -mcpu=probe -filetype=obj -o $OBJECT"},
};

bool Runs(const std::string& command) {
  return std::system(("PATH=$PATH:/usr/bin; " + command).c_str()) == 0;
}

void CompileAndLoad(const std::string& includes) {
  HostKernel kernel;
  const testing::TempFolder folder;
  for (const Form& form : kForms) {
    SCOPED_TRACE(form.name);
    const std::string object = folder / "xconnect.o";
    ASSERT_TRUE(Runs("INCLUDES=" + includes + " SOURCE=tools/xconnect/xconnect.bpf.c OBJECT=" +
                     object + "; set -e; " + std::string(form.command)));
    const Result<CollectionSpec> spec = CollectionSpec::FromFile(kernel, object);
    ASSERT_TRUE(spec.has_value()) << spec.error().ToString();
    const Result<Objects> objects = spec->LoadAndAssign<Objects>(kernel);
    ASSERT_TRUE(objects.has_value()) << objects.error().ToString() << objects.error().log;
    EXPECT_EQ(objects->map.Lookup(1).value(), std::nullopt);
    // The old and the new entries of two whole files stand in it at once.
    EXPECT_GE(objects->map.untyped().params().max_entries, 2 * 2 * kMaxPairs);
    std::filesystem::remove(object);
  }
}

class XconnectObject : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Runs("command -v clang >/dev/null")) GTEST_SKIP() << "no clang";
    if (!Runs("command -v llc >/dev/null")) GTEST_SKIP() << "no llc";
    HostKernel kernel;
    const Result<Objects> objects = LoadObjects(kernel);
    if (!objects && objects.error().code == Code::kPermission)
      GTEST_SKIP() << objects.error().ToString();
  }
};

TEST_F(XconnectObject, LoadsHoweverItIsCompiledWithOurHeader) { CompileAndLoad("-Ibpf/include"); }

TEST_F(XconnectObject, LoadsHoweverItIsCompiledWithLibbpfsHeader) {
  if (access("/usr/include/bpf/bpf_helpers.h", R_OK) != 0) GTEST_SKIP() << "no libbpf-dev";
  // Where Debian keeps <asm/types.h>.
  CompileAndLoad("-I/usr/include/$(uname -m)-linux-gnu");
}

}  // namespace
}  // namespace purebpf::xconnect
