// What the tests of maps in the running kernel share. They need root.
#ifndef PUREBPF_TESTS_BPF_MAP_FIXTURE_H_
#define PUREBPF_TESTS_BPF_MAP_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/call.h"
#include "purebpf/bpf/host_kernel.h"
#include "purebpf/bpf/map.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {

// Skips where this process or this kernel may not make maps at all.
class MapTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "maps need root";
    const auto map = Map::Create(kernel_, {.name = "probe",
                                           .type = MapType::kHash,
                                           .key_size = 4,
                                           .value_size = 4,
                                           .max_entries = 1});
    if (!map && (map.error().code == Code::kPermission || map.error().sys_errno == ENOSYS))
      GTEST_SKIP() << map.error().ToString();
    ASSERT_THAT(map, purebpf::testing::IsOk());
  }

  HostKernel kernel_;
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
