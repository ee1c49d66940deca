// Programs that are there already, over a kernel that is not: pins, descriptors, what they tell,
// trial runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/attr.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/tests/support/fake_kernel.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf {
namespace {

using purebpf::testing::Fails;
using purebpf::testing::FakeCall;
using purebpf::testing::FakeKernel;
using purebpf::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kPin = "/sys/fs/bpf/pass";

class ProgramHandle : public ::testing::Test {
 protected:
  Program Loaded() {
    auto program = Program::Load(
        kernel_, {.name = "pass", .type = ProgType::kXdp, .insns = {{.code = kExit}}});
    EXPECT_THAT(program, IsOk());
    before_ = kernel_.calls().size();
    return std::move(*program);
  }
  void InfoIs(const BpfProgInfo& info) {
    kernel_.Always(Command::kObjGetInfoByFd,
                   [info](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                     std::memcpy(regions[0].bytes.data(), &info, sizeof info);
                     return 0;
                   });
  }
  // The calls since Loaded.
  [[nodiscard]] size_t Calls() const { return kernel_.calls().size() - before_; }
  void TearDown() override {
    EXPECT_THAT(kernel_.open_fds(), IsEmpty());
    EXPECT_EQ(kernel_.wrong_closes(), 0u);
  }

  FakeKernel kernel_;
  size_t before_ = 0;
};

std::string TextOf(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST_F(ProgramHandle, IsOpenedFromAPinInTwoCalls) {
  InfoIs({.type = 6, .id = 33, .name = {'p', 'a', 's', 's'}});
  kernel_.files["/proc/self/fdinfo/101"] = "pos:\t0\nprog_type:\t6\nprog_id:\t33\n";
  {
    const auto program = Program::FromPin(kernel_, kPin);
    ASSERT_THAT(program, IsOk());
    EXPECT_EQ(program->name(), "pass");
    EXPECT_EQ(program->type(), ProgType::kXdp);
    EXPECT_EQ(program->fd(), 101);
  }
  ASSERT_EQ(kernel_.calls().size(), 2u);
  const FakeCall& get = kernel_.calls()[0];
  EXPECT_EQ(get.command, Command::kObjGet);
  EXPECT_EQ(TextOf(get.regions[0].bytes), std::string(kPin) + '\0');
  EXPECT_EQ(get.As<ObjAttr>().file_flags, 0u);
  EXPECT_THAT(kernel_.read_paths(), ElementsAre("/proc/self/fdinfo/101"));
}

TEST_F(ProgramHandle, IsOpenedWithoutProcToo) {
  InfoIs({.type = 6, .id = 33});
  EXPECT_THAT(Program::FromPin(kernel_, kPin), IsOk());
}

TEST_F(ProgramHandle, IsNotOpenedFromWhatIsNoProgram) {
  kernel_.files["/proc/self/fdinfo/101"] = "map_type:\t1\nmap_id:\t5\n";
  EXPECT_THAT(Program::FromPin(kernel_, kPin),
              Fails(Code::kInvalidArgument, "open program '/sys/fs/bpf/pass': it is a map"));
  kernel_.files["/proc/self/fdinfo/102"] = "link_type:\txdp\nlink_id:\t5\nprog_id:\t3\n";
  EXPECT_THAT(Program::FromPin(kernel_, kPin), Fails(Code::kInvalidArgument, "it is a link"));
  const int fd = kernel_.NewFd();
  kernel_.files["/proc/self/fdinfo/" + std::to_string(fd)] = "btf_id:\t5\n";
  EXPECT_THAT(Program::FromFd(kernel_, fd),
              Fails(Code::kInvalidArgument, "open program 'descriptor 103': it is a BTF"));
  EXPECT_EQ(kernel_.Count(Command::kObjGetInfoByFd), 0u);
}

TEST_F(ProgramHandle, TakesADescriptorOver) {
  InfoIs({.type = 6, .id = 33});
  const int fd = kernel_.NewFd();
  {
    const auto program = Program::FromFd(kernel_, fd);
    ASSERT_THAT(program, IsOk());
    EXPECT_EQ(program->fd(), fd);
  }
  const int other = kernel_.NewFd();
  kernel_.Always(Command::kObjGetInfoByFd, Errno{EPERM});
  EXPECT_THAT(Program::FromFd(kernel_, other), Fails(Code::kPermission, "ask about program"));
}

TEST_F(ProgramHandle, SaysWhyAPinCannotBeOpened) {
  kernel_.Answer(Command::kObjGet, Errno{ENOENT});
  EXPECT_THAT(Program::FromPin(kernel_, kPin),
              Fails(Code::kNotFound, "open pinned program '/sys/fs/bpf/pass': ENOENT"));
  kernel_.Answer(Command::kObjGet, Errno{EACCES});
  EXPECT_THAT(Program::FromPin(kernel_, kPin), Fails(Code::kPermission, "EACCES"));
  EXPECT_THAT(Program::FromPin(kernel_, ""), Fails(Code::kInvalidArgument, "path is empty"));
  EXPECT_THAT(Program::FromPin(kernel_, std::string("/a\0b", 4)),
              Fails(Code::kInvalidArgument, "NUL"));
  EXPECT_EQ(kernel_.calls().size(), 2u);
}

TEST_F(ProgramHandle, IsPinnedInOneCall) {
  const Program program = Loaded();
  EXPECT_THAT(program.Pin(kPin), IsOk());
  ASSERT_EQ(Calls(), 1u);
  const FakeCall& call = kernel_.Nth(Command::kObjPin, 0);
  EXPECT_EQ(call.As<ObjAttr>().bpf_fd, static_cast<uint32_t>(program.fd()));
  EXPECT_EQ(TextOf(call.regions[0].bytes), std::string(kPin) + '\0');
  kernel_.files[kPin] = "";
  EXPECT_THAT(Program::Unpin(kernel_, kPin), IsOk());
  EXPECT_THAT(Program::Unpin(kernel_, kPin),
              Fails(Code::kNotFound, "unpin program '/sys/fs/bpf/pass': ENOENT"));
}

TEST_F(ProgramHandle, SaysWhyItCannotBePinned) {
  const Program program = Loaded();
  kernel_.Answer(Command::kObjPin, Errno{EEXIST});
  EXPECT_THAT(
      program.Pin(kPin),
      Fails(Code::kConflict, "pin program 'pass': EEXIST (File exists): at " + std::string(kPin)));
  kernel_.Answer(Command::kObjPin, Errno{EPERM});
  EXPECT_THAT(program.Pin("/sys/fs/bpf/pass.1"), Fails(Code::kPermission, "may have no dot"));
  kernel_.file_system = 0x01021994;  // tmpfs
  kernel_.Answer(Command::kObjPin, Errno{EPERM});
  EXPECT_THAT(program.Pin("/tmp/pass"),
              Fails(Code::kPermission, "/tmp is not in a BPF file system: mount -t bpf"));
  EXPECT_THAT(program.Pin(""), Fails(Code::kInvalidArgument, "path is empty"));
}

TEST_F(ProgramHandle, TellsAllOfItsInfo) {
  const Program program = Loaded();
  InfoIs({.type = 26,
          .id = 1,
          .tag = {9, 8, 7},
          .jited_prog_len = 2,
          .xlated_prog_len = 3,
          .load_time = 4,
          .created_by_uid = 5,
          .nr_map_ids = 6,
          .name = {'n'},
          .ifindex = 7,
          .gpl_compatible = 1,
          .btf_id = 8,
          .nr_func_info = 9,
          .nr_line_info = 10,
          .run_time_ns = 11,
          .run_cnt = 12,
          .recursion_misses = 13,
          .verified_insns = 14,
          .attach_btf_obj_id = 15,
          .attach_btf_id = 16});
  const ProgramInfo expected = {.id = 1,
                                .type = ProgType::kTracing,
                                .name = "n",
                                .tag = {9, 8, 7},
                                .translated_size = 3,
                                .jited_size = 2,
                                .load_time = 4,
                                .created_by_uid = 5,
                                .map_count = 6,
                                .gpl_compatible = true,
                                .ifindex = 7,
                                .btf_id = 8,
                                .func_info_count = 9,
                                .line_info_count = 10,
                                .run_time = 11,
                                .run_count = 12,
                                .recursion_misses = 13,
                                .verified_insns = 14,
                                .attach_btf_obj_id = 15,
                                .attach_btf_id = 16};
  EXPECT_EQ(program.Info().value(), expected);
  EXPECT_EQ(Calls(), 1u);
}

TEST_F(ProgramHandle, TellsItsMapsInTwoCalls) {
  const Program program = Loaded();
  kernel_.Always(Command::kObjGetInfoByFd,
                 [](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
                   BpfProgInfo info;
                   std::memcpy(&info, regions[0].bytes.data(), sizeof info);
                   const std::array<uint32_t, 3> ids = {71, 72, 73};
                   if (info.nr_map_ids != 0) {
                     EXPECT_EQ(regions[1].holder, 0);
                     EXPECT_EQ(regions[1].attr_offset, offsetof(BpfProgInfo, map_ids));
                     std::memcpy(regions[1].bytes.data(), ids.data(),
                                 std::min<size_t>(regions[1].bytes.size(), sizeof ids));
                   }
                   info.nr_map_ids = 3;
                   std::memcpy(regions[0].bytes.data(), &info, sizeof info);
                   return 0;
                 });
  EXPECT_THAT(program.MapIds().value(), ElementsAre(71u, 72u, 73u));
  EXPECT_EQ(Calls(), 2u);
  InfoIs({});
  EXPECT_THAT(program.MapIds().value(), IsEmpty());
  EXPECT_EQ(Calls(), 3u);
}

TEST_F(ProgramHandle, TellsNoInstructionsWhereTheyAreHidden) {
  const Program program = Loaded();
  // As kernel.kptr_restrict would have it: the pointer is zeroed.
  InfoIs({.xlated_prog_len = 16});
  EXPECT_THAT(program.Translated().value(), IsEmpty());
  EXPECT_EQ(Calls(), 2u);
}

TEST_F(ProgramHandle, RunsInOneCall) {
  const Program program = Loaded();
  kernel_.Always(Command::kProgTestRun,
                 [](MutableBytes attr, std::span<const Region> regions) -> SysResult<int> {
                   TestRunAttr asked;
                   std::memcpy(&asked, attr.data(), sizeof asked);
                   EXPECT_EQ(regions.size(), 4u);
                   std::memcpy(regions[1].bytes.data(), "abc", 3);
                   std::memcpy(regions[3].bytes.data(), "de", 2);
                   asked.retval = 3;
                   asked.duration = 55;
                   asked.data_size_out = 3;
                   asked.ctx_size_out = 2;
                   std::memcpy(attr.data(), &asked, sizeof asked);
                   return 0;
                 });
  const std::vector<std::byte> packet(14);
  const std::vector<std::byte> context(24);
  const auto run = program.TestRun({.data = packet,
                                    .context = context,
                                    .context_room = 24,
                                    .repeat = 1000,
                                    .flags = kTestRunOnCpu,
                                    .cpu = 2,
                                    .batch_size = 7});
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->retval, 3u);
  EXPECT_EQ(run->duration, 55u);
  EXPECT_EQ(TextOf(run->data), "abc");
  EXPECT_EQ(TextOf(run->context), "de");
  ASSERT_EQ(Calls(), 1u);
  const auto attr = kernel_.Nth(Command::kProgTestRun, 0).As<TestRunAttr>();
  EXPECT_EQ(attr.prog_fd, static_cast<uint32_t>(program.fd()));
  EXPECT_EQ(attr.data_size_in, 14u);
  EXPECT_EQ(attr.data_size_out, 270u);
  EXPECT_EQ(attr.ctx_size_in, 24u);
  EXPECT_EQ(attr.ctx_size_out, 24u);
  EXPECT_EQ(attr.repeat, 1000u);
  EXPECT_EQ(attr.flags, 1u);
  EXPECT_EQ(attr.cpu, 2u);
  EXPECT_EQ(attr.batch_size, 7u);
}

TEST_F(ProgramHandle, GivesARunWithoutDataNoRoomForData) {
  const Program program = Loaded();
  ASSERT_THAT(program.TestRun({}), IsOk());
  EXPECT_THAT(kernel_.Nth(Command::kProgTestRun, 0).regions, IsEmpty());
  EXPECT_EQ(kernel_.Nth(Command::kProgTestRun, 0).As<TestRunAttr>().data_size_out, 0u);
  const std::vector<std::byte> packet(14);
  ASSERT_THAT(program.TestRun({.data = packet, .flags = kTestXdpLiveFrames}), IsOk());
  EXPECT_EQ(kernel_.Nth(Command::kProgTestRun, 1).regions.size(), 1u);
}

TEST_F(ProgramHandle, TellsTheSizeOfWhatDidNotFit) {
  const Program program = Loaded();
  kernel_.Always(Command::kProgTestRun, [](MutableBytes attr, auto) -> SysResult<int> {
    TestRunAttr asked;
    std::memcpy(&asked, attr.data(), sizeof asked);
    asked.retval = 2;
    asked.data_size_out = 1500;
    std::memcpy(attr.data(), &asked, sizeof asked);
    return std::unexpected(Errno{ENOSPC});
  });
  const std::vector<std::byte> packet(14);
  const auto run = program.TestRun({.data = packet, .data_room = 100});
  ASSERT_THAT(run, IsOk());
  EXPECT_EQ(run->retval, 2u);
  EXPECT_EQ(run->data.size(), 100u);
  EXPECT_EQ(run->data_size, 1500u);
}

TEST_F(ProgramHandle, SaysWhyItCannotRun) {
  const Program program = Loaded();
  kernel_.Answer(Command::kProgTestRun, Errno{524});
  EXPECT_THAT(program.TestRun({}),
              Fails(Code::kUnsupported,
                    "run program 'pass': ENOTSUPP (Operation is not supported); "
                    "programs of this type cannot be run on trial"));
  kernel_.Answer(Command::kProgTestRun, Errno{EINVAL});
  EXPECT_THAT(program.TestRun({}), Fails(Code::kInvalidArgument, "XDP and packet programs need"));
  kernel_.Answer(Command::kProgTestRun, Errno{ENOSPC});
  EXPECT_THAT(program.TestRun({}), Fails(Code::kSystem, "ENOSPC"));
}

TEST_F(ProgramHandle, BindsAMap) {
  const Program program = Loaded();
  const auto map = Map::Create(
      kernel_, {.name = "facts", .type = MapType::kArray, .key_size = 4, .value_size = 4});
  ASSERT_THAT(map, IsOk());
  EXPECT_THAT(program.BindMap(*map), IsOk());
  const auto attr = kernel_.Nth(Command::kProgBindMap, 0).As<ProgBindMapAttr>();
  EXPECT_EQ(attr.prog_fd, static_cast<uint32_t>(program.fd()));
  EXPECT_EQ(attr.map_fd, static_cast<uint32_t>(map->fd()));
  kernel_.release = std::string("5.8.0");
  kernel_.Answer(Command::kProgBindMap, Errno{EINVAL});
  EXPECT_THAT(program.BindMap(*map),
              Fails(Code::kUnsupported,
                    "bind map to program 'pass': EINVAL (Invalid argument): the map is facts; "
                    "BPF_PROG_BIND_MAP needs Linux 5.10; this is 5.8.0"));
}

TEST_F(ProgramHandle, ReadsAStreamToItsEnd) {
  const Program program = Loaded();
  auto gives = [](size_t size) {
    return [size](MutableBytes, std::span<const Region> regions) -> SysResult<int> {
      std::memset(regions[0].bytes.data(), 'x', size);
      return static_cast<int>(size);
    };
  };
  kernel_.Answer(Command::kProgStreamReadByFd, gives(4096));
  kernel_.Answer(Command::kProgStreamReadByFd, gives(5));
  EXPECT_EQ(program.ReadStream(ProgramStream::kError).value(), std::string(4101, 'x'));
  EXPECT_EQ(kernel_.Nth(Command::kProgStreamReadByFd, 1).As<ProgStreamReadAttr>().stream_id, 2u);
  kernel_.Answer(Command::kProgStreamReadByFd, Errno{EINVAL});
  EXPECT_THAT(program.ReadStream(ProgramStream::kOut),
              Fails(Code::kUnsupported, "needs Linux 6.17; this is 6.1.0"));
  kernel_.Always(Command::kProgStreamReadByFd, gives(4096));
  EXPECT_EQ(program.ReadStream(ProgramStream::kOut).value().size(), 49u * 4096);
}

TEST_F(ProgramHandle, IsDuplicated) {
  const Program program = Loaded();
  const auto copy = program.Duplicate();
  ASSERT_THAT(copy, IsOk());
  EXPECT_NE(copy->fd(), program.fd());
  EXPECT_EQ(copy->name(), "pass");
  EXPECT_EQ(Calls(), 0u);
}

}  // namespace
}  // namespace purebpf
