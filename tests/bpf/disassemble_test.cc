#include "purebpf/bpf/disassemble.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace purebpf {
namespace {

TEST(Disassemble, SpellsAsTheVerifierDoes) {
  struct Case {
    Insn insn;
    std::string_view text;
  };
  const auto regs = [](uint8_t dst, uint8_t src) { return Insn::Registers(dst, src); };
  const Case cases[] = {
      {{0xb7, regs(0, 0), 0, 2}, "r0 = 2"},
      {{0xb7, regs(1, 0), 0, -1}, "r1 = -1"},
      {{0xbf, regs(6, 1), 0, 0}, "r6 = r1"},
      {{0xbf, regs(6, 1), 8, 0}, "r6 = (s8)r1"},
      {{0xbc, regs(6, 1), 0, 0}, "w6 = w1"},
      {{0xbf, regs(1, 2), 1, 0x10000}, "r1 = addr_space_cast(r2, 1, 0)"},
      {{0x07, regs(2, 0), 0, 8}, "r2 += 8"},
      {{0x0f, regs(2, 3), 0, 0}, "r2 += r3"},
      {{0x37, regs(2, 0), 0, 3}, "r2 /= 3"},
      {{0x3f, regs(2, 3), 1, 0}, "r2 s/= r3"},
      {{0x9f, regs(2, 3), 1, 0}, "r2 s%= r3"},
      {{0xc7, regs(2, 0), 0, 5}, "r2 s>>= 5"},
      {{0x87, regs(2, 0), 0, 0}, "r2 = -r2"},
      {{0xdc, regs(2, 0), 0, 16}, "r2 = be16 r2"},
      {{0xd4, regs(2, 0), 0, 64}, "r2 = le64 r2"},
      {{0xd7, regs(2, 0), 0, 32}, "r2 = bswap32 r2"},
      {{0x61, regs(2, 1), 16, 0}, "r2 = *(u32 *)(r1 +16)"},
      {{0x79, regs(2, 10), -8, 0}, "r2 = *(u64 *)(r10 -8)"},
      {{0x91, regs(2, 1), 0, 0}, "r2 = *(s8 *)(r1 +0)"},
      {{0x63, regs(10, 1), -4, 0}, "*(u32 *)(r10 -4) = r1"},
      {{0x62, regs(10, 0), -4, 7}, "*(u32 *)(r10 -4) = 7"},
      {{0x30, regs(0, 0), 0, 12}, "r0 = *(u8 *)skb[12]"},
      {{0x50, regs(0, 3), 0, 12}, "r0 = *(u8 *)skb[r3 + 12]"},
      {{0xdb, regs(1, 2), 0, 0}, "lock *(u64 *)(r1 +0) += r2"},
      {{0xc3, regs(1, 2), 4, 0x40}, "lock *(u32 *)(r1 +4) |= r2"},
      {{0xdb, regs(1, 2), 0, 1}, "r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)"},
      {{0xdb, regs(1, 2), 0, 0xe1}, "r2 = atomic64_xchg((u64 *)(r1 +0), r2)"},
      {{0xdb, regs(1, 2), 0, 0xf1}, "r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)"},
      {{0xdb, regs(1, 2), 0, 0x100}, "r1 = load_acquire((u64 *)(r2 +0))"},
      {{0xc3, regs(1, 2), 0, 0x110}, "store_release((u32 *)(r1 +0), r2)"},
      {{0x85, 0, 0, 51}, "call bpf_redirect_map#51"},
      {{0x85, 0, 0, 9999}, "call unknown#9999"},
      {{0x85, regs(0, 1), 0, 7}, "call pc+7"},
      {{0x85, regs(0, 2), 0, 77}, "call kernel-function#77"},
      {{0x05, 0, -3, 0}, "goto pc-3"},
      {{0x06, 0, 0, 70000}, "gotol pc+70000"},
      {{0xe5, 0, 2, 0}, "may_goto pc+2"},
      {{0x15, regs(1, 0), 3, 0x86}, "if r1 == 0x86 goto pc+3"},
      {{0x55, regs(1, 0), 3, -1}, "if r1 != 0xffffffff goto pc+3"},
      {{0x6d, regs(1, 2), 3, 0}, "if r1 s> r2 goto pc+3"},
      {{0x16, regs(1, 0), 3, 0}, "if w1 == 0x0 goto pc+3"},
      {{0x95, 0, 0, 0}, "exit"},
      {{0x00, 0, 0, 0}, "unknown opcode 0x0"},
      {{0xff, 0, 0, 0}, "unknown opcode 0xff"},
      {{0xdb, regs(1, 2), 0, 0x77}, "unknown opcode 0xdb, atomic operation 0x77"},
      {{0x85, regs(0, 9), 0, 0}, "unknown opcode 0x85, call of kind 9"},
      {{0x18, regs(1, 0), 0, 0}, "r1 = a 64-bit immediate that is cut off"},
  };
  for (const Case& row : cases) EXPECT_EQ(Disassemble({&row.insn, 1}), row.text);
}

TEST(Disassemble, TakesTwoSlotsForA64BitImmediate) {
  struct Case {
    uint8_t kind;
    int32_t low;
    int32_t high;
    std::string_view text;
  };
  const Case cases[] = {
      {0, 0x55667788, 0x11223344, "r3 = 0x1122334455667788"},
      {1, 4, 0, "r3 = map[fd:4]"},
      {2, 4, 16, "r3 = map[fd:4][0]+16"},
      {3, 700, 0, "r3 = &btf_id:700"},
      {4, -5, 0, "r3 = function at pc-5"},
      {5, 1, 0, "r3 = map[index:1]"},
      {6, 1, 8, "r3 = map[index:1][0]+8"},
      {9, 0, 0, "unknown opcode 0x18, 64-bit immediate of kind 9"},
  };
  for (const Case& row : cases) {
    const std::vector<Insn> insns = {{0x18, Insn::Registers(3, row.kind), 0, row.low},
                                     {0, 0, 0, row.high}};
    EXPECT_EQ(Disassemble(insns), row.text);
    EXPECT_EQ(SlotCount(insns), 2u);
  }
}

TEST(Disassemble, PutsTheCallersNameForADescriptor) {
  const std::vector<Insn> load = {{0x18, Insn::Registers(1, 1), 0, 4}, {}};
  EXPECT_EQ(Disassemble(load, "xconnect_map"), "r1 = map[xconnect_map]");
  const std::vector<Insn> call = {{0x85, Insn::Registers(0, 2), 0, 4}};
  EXPECT_EQ(Disassemble(call, "bpf_xdp_metadata_rx_hash"),
            "call kernel-function bpf_xdp_metadata_rx_hash");
}

TEST(Disassemble, HasATextForEveryOpcode) {
  for (int code = 0; code < 256; ++code)
    for (const uint8_t registers : {uint8_t{0x00}, uint8_t{0x21}, uint8_t{0xff}})
      for (const int32_t imm : {0, 1, -1, 0xe1}) {
        const Insn insn{static_cast<uint8_t>(code), registers, -1, imm};
        EXPECT_FALSE(Disassemble({&insn, 1}).empty());
      }
}

TEST(HelperName, IsTheKernelsWithoutItsPrefix) {
  EXPECT_EQ(HelperName(1), "map_lookup_elem");
  EXPECT_EQ(HelperName(51), "redirect_map");
  EXPECT_EQ(HelperName(211), "cgrp_storage_delete");
  EXPECT_EQ(HelperName(212), "");
  EXPECT_EQ(HelperName(UINT32_MAX), "");
}

}  // namespace
}  // namespace purebpf
