// What the dual tests of maps share.
#ifndef PUREBPF_TESTS_BPF_MAP_FIXTURE_H_
#define PUREBPF_TESTS_BPF_MAP_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {

// Skips where the running kernel may not make maps at all: asked aside, so that it is no part of a
// recording.
class MapTest : public purebpf::testing::DualTest {
 protected:
  void SetUp() override {
    DualTest::SetUp();
    if (IsSkipped() || HasFatalFailure() || !live()) return;
    HostKernel host;
    const auto map = Map::Create(host, {.name = "probe",
                                        .type = MapType::kHash,
                                        .key_size = 4,
                                        .value_size = 4,
                                        .max_entries = 1});
    if (!map && (map.error().code == Code::kPermission || map.error().sys_errno == ENOSYS))
      GTEST_SKIP() << map.error().ToString();
    ASSERT_THAT(map, purebpf::testing::IsOk());
  }
};

// What the kernel says of the map.
inline BpfMapInfo InfoOf(const Map& map) {
  BpfMapInfo info;
  GetInfoByFdAttr attr{.bpf_fd = static_cast<uint32_t>(map.fd()), .info_len = sizeof info};
  const auto answer = BpfCall(Command::kObjGetInfoByFd, attr)
                          .InOut(&GetInfoByFdAttr::info, MutableBytesOf(info))
                          .Issue(map.kernel());
  EXPECT_TRUE(answer.has_value());
  return info;
}

}  // namespace purebpf

#endif  // PUREBPF_TESTS_BPF_MAP_FIXTURE_H_
