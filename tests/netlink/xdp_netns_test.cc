// XDP on veth pairs in a network namespace of this test's own: what kernels answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "purebpf/bpf/call.h"
#include "purebpf/bpf/program.h"
#include "purebpf/netlink/link.h"
#include "purebpf/netlink/xdp.h"
#include "purebpf/tests/support/dual_test.h"
#include "purebpf/tests/support/frames.h"
#include "purebpf/tests/support/netns.h"
#include "purebpf/tests/support/result_matchers.h"

namespace purebpf::netlink {
namespace {

using purebpf::testing::AllCross;
using purebpf::testing::DualTableTest;
using purebpf::testing::DualTest;
using purebpf::testing::Fails;
using purebpf::testing::IsOk;
using purebpf::testing::NoneCross;
using purebpf::testing::TempNetns;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int32_t kXdpDrop = 1;
constexpr int32_t kXdpPass = 2;
constexpr XdpState kNothing;

class XdpNetns : public DualTest {
 protected:
  void SetUp() override {
    DualTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!netns_.ok()) GTEST_SKIP() << netns_.reason();
    first_ = Load(kXdpPass);
    if (!first_) GTEST_SKIP() << why_;
    second_ = Load(kXdpPass);
    socket_ = Socket::Open(kernel_).value();
    ASSERT_TRUE(netns_->MakeVeth("veth0", "veth1"));
    index_ = netns_->Index("veth0");
  }
  void TearDown() override {
    first_.reset();
    second_.reset();
    socket_.reset();
    DualTest::TearDown();
  }

  std::optional<Program> Load(int32_t verdict) {
    Result<Program> program =
        Program::Load(kernel_, {.name = "verdict",
                                .type = ProgType::kXdp,
                                .license = "MIT",
                                .insns = {{.code = 0xb7, .imm = verdict}, {.code = kExit}}});
    if (program) return std::move(*program);
    why_ = program.error().ToString();
    return std::nullopt;
  }

  static uint32_t Id(const std::optional<Program>& program) { return program->Info().value().id; }

  // Where `id` shows when it is attached in `mode`. By default veth takes it in native mode.
  static XdpState Attached(XdpMode mode, uint32_t id) {
    return mode == XdpMode::kSkb ? XdpState{.skb = id} : XdpState{.native = id};
  }

  XdpState Query() {
    const Result<XdpState> state = QueryXdp(*socket_, index_);
    EXPECT_THAT(state, IsOk());
    return state.value_or(XdpState{.skb = 0xdead});
  }

  // Asks when `expected` is known: which of EXPECT_EQ's two is asked for first, when both talk to
  // the kernel, is the compiler's choice.
  ::testing::AssertionResult Shows(const XdpState& expected) {
    const XdpState now = Query();
    if (now == expected) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << ::testing::PrintToString(now);
  }

  TempNetns netns_{!live()};
  std::string why_;
  std::optional<Program> first_;
  std::optional<Program> second_;
  std::optional<Socket> socket_;
  uint32_t index_ = 0;
};

struct ModeRow {
  const char* name;
  XdpMode mode;
};

constexpr auto kModes = std::to_array<ModeRow>({
    {"Default", XdpMode::kDefault},
    {"Skb", XdpMode::kSkb},
    {"Native", XdpMode::kNative},
});

class XdpModes : public DualTableTest<ModeRow, XdpNetns> {
 public:
  static std::span<const ModeRow> Rows() { return kModes; }
};

DUAL_TEST(XdpModes, AttachesShowsAndDetaches) {
  EXPECT_EQ(Query(), kNothing);
  ASSERT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = row_.mode}), IsOk());
  EXPECT_TRUE(Shows(Attached(row_.mode, Id(first_))));
  // The judge sees it as well.
  const uint32_t id = Id(first_);
  if (live()) {
    const std::string shown = netns_->IpOutput("link show veth0");
    EXPECT_THAT(shown, HasSubstr("prog/xdp id " + std::to_string(id) + " "));
    EXPECT_THAT(shown, HasSubstr(row_.mode == XdpMode::kSkb ? "xdpgeneric" : " xdp "));
  }
  ASSERT_THAT(DetachXdp(*socket_, index_, *first_, row_.mode), IsOk());
  EXPECT_EQ(Query(), kNothing);
  if (live()) {
    EXPECT_THAT(netns_->IpOutput("link show veth0"), Not(HasSubstr("xdp")));
  }
}

DUAL_TEST(XdpModes, RefusesToDisplaceAForeignProgramUnlessTold) {
  ASSERT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = row_.mode}), IsOk());
  const Result<void> refused = AttachXdp(*socket_, index_, *second_, {.mode = row_.mode});
  ASSERT_THAT(refused, Fails(Code::kConflict, "EBUSY"));
  EXPECT_EQ(refused.error().log, "XDP program already attached");
  EXPECT_TRUE(Shows(Attached(row_.mode, Id(first_))));
  // Its own program is a program as well.
  EXPECT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = row_.mode}),
              Fails(Code::kConflict, "EBUSY"));
  ASSERT_THAT(AttachXdp(*socket_, index_, *second_,
                        {.mode = row_.mode, .if_attached = IfAttached::kDisplace}),
              IsOk());
  EXPECT_TRUE(Shows(Attached(row_.mode, Id(second_))));
}

DUAL_TEST(XdpModes, ReplacesOnlyTheExpectedProgram) {
  const auto replace = [&](const Program& program, const Program& expected) {
    return ReplaceXdp(*socket_, index_, program, expected, row_.mode);
  };
  const Result<void> none_there = replace(*second_, *first_);
  ASSERT_THAT(none_there, Fails(Code::kConflict, "EEXIST"));
  EXPECT_EQ(none_there.error().log, "Active program does not match expected");
  ASSERT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = row_.mode}), IsOk());
  EXPECT_THAT(replace(*first_, *second_), Fails(Code::kConflict, "EEXIST"));
  EXPECT_TRUE(Shows(Attached(row_.mode, Id(first_))));
  EXPECT_THAT(replace(*second_, *first_), IsOk());
  EXPECT_TRUE(Shows(Attached(row_.mode, Id(second_))));
  EXPECT_THAT(replace(*second_, *second_), IsOk());
}

DUAL_TEST(XdpModes, DetachesOnlyTheExpectedProgram) {
  EXPECT_THAT(DetachXdp(*socket_, index_, *first_, row_.mode), Fails(Code::kConflict, "EEXIST"));
  ASSERT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = row_.mode}), IsOk());
  EXPECT_THAT(DetachXdp(*socket_, index_, *second_, row_.mode),
              Fails(Code::kConflict, "Active program does not match expected"));
  EXPECT_TRUE(Shows(Attached(row_.mode, Id(first_))));
}

DUAL_TEST(XdpModes, DetachesWhateverIsThere) {
  EXPECT_THAT(DetachAnyXdp(*socket_, index_, row_.mode), IsOk());
  ASSERT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = row_.mode}), IsOk());
  EXPECT_THAT(DetachAnyXdp(*socket_, index_, row_.mode), IsOk());
  EXPECT_EQ(Query(), kNothing);
}

DUAL_TEST(XdpModes, RunsTheProgram) {
  const std::optional<Program> drop = Load(kXdpDrop);
  ASSERT_THAT(AttachXdp(*socket_, index_, *drop, {.mode = row_.mode}), IsOk());
  if (live()) {
    EXPECT_TRUE(NoneCross(netns_.netns(), "veth1", netns_.netns(), "veth0"));
  }
  ASSERT_THAT(ReplaceXdp(*socket_, index_, *first_, *drop, row_.mode), IsOk());
  if (live()) {
    EXPECT_TRUE(AllCross(netns_.netns(), "veth1", netns_.netns(), "veth0"));
  }
}

DUAL_TEST(XdpNetns, RefusesHardwareModeInTheKernelsWords) {
  const AttachOptions hardware = {.mode = XdpMode::kHardware};
  // lo has no driver that could be asked.
  const Result<void> on_lo = AttachXdp(*socket_, 1, *first_, hardware);
  ASSERT_THAT(on_lo, Fails(Code::kUnsupported, "EOPNOTSUPP"));
  EXPECT_EQ(on_lo.error().log, "Underlying driver does not support XDP in native mode");
  EXPECT_THAT(on_lo.error().ToString(), HasSubstr(on_lo.error().log));
  // veth's driver is asked, and says no more than that (drivers/net/veth.c: veth_xdp).
  const Result<void> on_veth = AttachXdp(*socket_, index_, *first_, hardware);
  ASSERT_THAT(on_veth, Fails(Code::kInvalidArgument, "EINVAL"));
  EXPECT_EQ(on_veth.error().log, "");
  EXPECT_THAT(on_veth.error().hint, HasSubstr("a device that runs programs"));
  EXPECT_EQ(Query(), kNothing);
}

DUAL_TEST(XdpNetns, RefusesTheOtherModeWhileOneHasAProgram) {
  ASSERT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = XdpMode::kSkb}), IsOk());
  const Result<void> native = AttachXdp(*socket_, index_, *first_, {.mode = XdpMode::kNative});
  ASSERT_THAT(native, Fails(Code::kConflict, "EEXIST"));
  EXPECT_EQ(native.error().log, "Native and generic XDP can't be active at the same time");
  EXPECT_THAT(native.error().hint, HasSubstr("in the other mode"));
  EXPECT_TRUE(Shows(XdpState{.skb = Id(first_)}));
  // Nothing is attached in the mode that is asked for.
  EXPECT_THAT(DetachXdp(*socket_, index_, *first_, XdpMode::kNative),
              Fails(Code::kConflict, "EEXIST"));
  EXPECT_THAT(DetachAnyXdp(*socket_, index_, XdpMode::kNative), IsOk());
  EXPECT_TRUE(Shows(XdpState{.skb = Id(first_)}));
}

DUAL_TEST(XdpNetns, SaysThatTheMtuIsTooLarge) {
  ASSERT_TRUE(netns_->Ip("link set veth1 mtu 9000"));
  const Result<void> refused = AttachXdp(*socket_, index_, *first_, {.mode = XdpMode::kNative});
  ASSERT_THAT(refused, Fails(Code::kInvalidArgument, "ERANGE"));
  EXPECT_THAT(refused.error().log, HasSubstr("Peer MTU is too large to set XDP"));
  EXPECT_THAT(refused.error().hint, HasSubstr("MTU is too large"));
  EXPECT_THAT(AttachXdp(*socket_, index_, *first_, {.mode = XdpMode::kSkb}), IsOk());
}

DUAL_TEST(XdpNetns, SaysThatTheDriverHasNoNativeMode) {
  const Result<void> refused = AttachXdp(*socket_, 1, *first_, {.mode = XdpMode::kNative});
  ASSERT_THAT(refused, Fails(Code::kUnsupported, "try SKB mode"));
  EXPECT_EQ(refused.error().log, "Underlying driver does not support XDP in native mode");
  // By default such an interface takes it in SKB mode.
  ASSERT_THAT(AttachXdp(*socket_, 1, *first_), IsOk());
  const uint32_t id = Id(first_);
  EXPECT_EQ(QueryXdp(*socket_, 1).value(), (XdpState{.skb = id}));
}

DUAL_TEST(XdpNetns, SaysThatAnInterfaceIsGone) {
  ASSERT_TRUE(netns_->Delete("veth0"));
  EXPECT_THAT(AttachXdp(*socket_, index_, *first_), Fails(Code::kNotFound, "ENODEV"));
  EXPECT_THAT(DetachXdp(*socket_, index_, *first_, XdpMode::kSkb),
              Fails(Code::kNotFound, "ENODEV"));
  EXPECT_THAT(QueryXdp(*socket_, index_), Fails(Code::kNotFound, "ENODEV"));
}

DUAL_TEST(XdpNetns, SaysThatAProgramIsOfAnotherType) {
  Result<Program> filter =
      Program::Load(kernel_, {.type = ProgType::kSocketFilter,
                              .license = "MIT",
                              .insns = {{.code = 0xb7, .imm = 0}, {.code = kExit}}});
  ASSERT_THAT(filter, IsOk());
  EXPECT_THAT(AttachXdp(*socket_, index_, *filter, {.mode = XdpMode::kSkb}),
              Fails(Code::kInvalidArgument, "EINVAL"));
}

DUAL_TEST(XdpNetns, SaysThatABpfLinkHoldsTheInterface) {
  // BPF_LINK_CREATE: prog_fd, target_ifindex, attach_type BPF_XDP (37), flags: SKB mode.
  struct LinkCreate {
    uint32_t prog_fd, target_ifindex, attach_type, flags;
  };
  LinkCreate attr = {.prog_fd = static_cast<uint32_t>(first_->fd()),
                     .target_ifindex = index_,
                     .attach_type = 37,
                     .flags = kXdpSkbMode};
  constexpr auto kLinkCreate = static_cast<Command>(28);
  const SysResult<int> fd = kernel_.Bpf(kLinkCreate, MutableBytesOf(attr), {});
  if (!fd) GTEST_SKIP() << "BPF_LINK_CREATE: " << ErrnoName(fd.error().value);
  const Fd link(kernel_, *fd);
  EXPECT_TRUE(Shows(XdpState{.skb = Id(first_)}));
  const AttachOptions displace = {.mode = XdpMode::kSkb, .if_attached = IfAttached::kDisplace};
  const Result<void> refused = AttachXdp(*socket_, index_, *second_, displace);
  ASSERT_THAT(refused, Fails(Code::kConflict, "EBUSY"));
  EXPECT_EQ(refused.error().log, "Can't replace active BPF XDP link");
  EXPECT_THAT(refused.error().hint, HasSubstr("a bpf_link holds this interface"));
  EXPECT_THAT(DetachAnyXdp(*socket_, index_, XdpMode::kSkb), Fails(Code::kConflict, "EBUSY"));
  EXPECT_THAT(DetachXdp(*socket_, index_, *first_, XdpMode::kSkb), Fails(Code::kConflict, "EBUSY"));
  EXPECT_THAT(ReplaceXdp(*socket_, index_, *second_, *first_, XdpMode::kSkb),
              Fails(Code::kConflict, "EBUSY"));
}

}  // namespace
}  // namespace purebpf::netlink
