#include "purebpf/tools/purebpf/reach.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>

#include "purebpf/tools/purebpf/insn_value.h"

namespace purebpf::tool {
namespace {

constexpr size_t kMaxInsns = 1'000'000;       // BPF_COMPLEXITY_LIMIT_INSNS
constexpr size_t kMaxInsnsWithStack = 65536;  // beyond, spilled values are not followed
constexpr int kSlots = 64;                    // of 8 bytes: MAX_BPF_STACK
constexpr size_t kFramePointer = 10;

struct Value {
  enum class Kind : uint8_t { kUnknown, kConstant, kStack, kFrozen };
  Kind kind = Kind::kUnknown;
  uint32_t frozen = 0;  // kFrozen: which
  uint64_t number = 0;  // kConstant: the value; kStack, kFrozen: the offset

  bool operator==(const Value&) const = default;
  static Value Constant(uint64_t number) { return {.kind = Kind::kConstant, .number = number}; }
};

struct State {
  std::array<Value, 11> registers;
  std::vector<Value> slots;  // none, or kSlots

  void Clobber(size_t first, size_t last) {
    for (size_t i = first; i <= last; ++i) registers[i] = {};
  }
  void ForgetStack() { std::ranges::fill(slots, Value{}); }
  // False where nothing changed.
  bool Merge(const State& other) {
    bool changed = false;
    const auto merge = [&](Value& mine, const Value& theirs) {
      if (mine == theirs || mine == Value{}) return;
      mine = {};
      changed = true;
    };
    for (size_t i = 0; i < registers.size(); ++i) merge(registers[i], other.registers[i]);
    for (size_t i = 0; i < slots.size(); ++i) merge(slots[i], other.slots[i]);
    return changed;
  }
};

class Walk {
 public:
  Walk(std::span<const Insn> insns, std::span<const FrozenAddress> frozen, std::endian order)
      : insns_(insns),
        frozen_(frozen),
        order_(order),
        reached_(insns.size()),
        entries_(insns.size()),
        leaders_(insns.size()) {}

  std::vector<bool> Run(std::span<const uint32_t> entries);

 private:
  bool FindLeaders();
  [[nodiscard]] State FunctionEntry() const;
  // What is known on the way to `target`; a target outside of the program is the verifier's matter.
  void Enter(int64_t target, const State& state);
  void WalkBlock(size_t first);
  // False where nothing follows.
  bool Step(size_t& at, State& state);
  bool StepJump(size_t at, State& state);
  void StepBranch(size_t at, State& state, bool& falls_through);
  void StepAlu(const Insn& insn, State& state) const;
  void StepLoad(const Insn& insn, State& state) const;
  void StepStore(const Insn& insn, State& state) const;
  void StepImmediate(size_t at, State& state);
  [[nodiscard]] std::optional<uint64_t> ReadFrozen(const Value& address, size_t size) const;
  static Value* SlotAt(State& state, const Value& base, int16_t offset);

  std::span<const Insn> insns_;
  std::span<const FrozenAddress> frozen_;
  std::endian order_;
  std::vector<bool> reached_;
  std::vector<std::unique_ptr<State>> entries_;  // at leaders that were reached
  std::vector<bool> leaders_;                    // where paths may meet
  std::vector<size_t> pending_;
};

// Where jumps lead to. False where that is not known: a jump by table.
bool Walk::FindLeaders() {
  for (size_t i = 0; i < insns_.size(); ++i) {
    const Insn& insn = insns_[i];
    if (insn.code == kLoadImm64) {
      const auto target = static_cast<int64_t>(i) + 1 + insn.imm;
      if (insn.src() == kPseudoFunction && target >= 0 &&
          target < static_cast<int64_t>(insns_.size())) {
        leaders_[static_cast<size_t>(target)] = true;
      }
      ++i;
      continue;
    }
    if (insn.code == kJumpByRegister) return false;
    const auto target = JumpTarget(insn, static_cast<int64_t>(i));
    if (target && *target >= 0 && *target < static_cast<int64_t>(insns_.size())) {
      leaders_[static_cast<size_t>(*target)] = true;
    }
  }
  return true;
}

State Walk::FunctionEntry() const {
  State state;
  if (insns_.size() <= kMaxInsnsWithStack) state.slots.resize(kSlots);
  state.registers[kFramePointer] = {.kind = Value::Kind::kStack};
  return state;
}

void Walk::Enter(int64_t target, const State& state) {
  if (target < 0 || target >= static_cast<int64_t>(insns_.size())) return;
  const auto at = static_cast<size_t>(target);
  if (entries_[at] == nullptr) {
    entries_[at] = std::make_unique<State>(state);
  } else if (!entries_[at]->Merge(state)) {
    return;
  }
  pending_.push_back(at);
}

std::vector<bool> Walk::Run(std::span<const uint32_t> entries) {
  if (insns_.empty()) return {};
  if (insns_.size() > kMaxInsns || !FindLeaders()) return std::vector<bool>(insns_.size(), true);
  Enter(0, FunctionEntry());
  for (const uint32_t entry : entries) {
    if (entry >= insns_.size()) continue;
    leaders_[entry] = true;
    Enter(entry, FunctionEntry());
  }
  while (!pending_.empty()) {
    const size_t first = pending_.back();
    pending_.pop_back();
    WalkBlock(first);
  }
  return std::move(reached_);
}

void Walk::WalkBlock(size_t first) {
  State state = *entries_[first];
  for (size_t at = first; at < insns_.size(); ++at) {
    if (at != first && leaders_[at]) return Enter(static_cast<int64_t>(at), state);
    reached_[at] = true;
    if (!Step(at, state)) return;
  }
}

bool Walk::Step(size_t& at, State& state) {
  const Insn& insn = insns_[at];
  switch (ClassOf(insn)) {
    case InsnClass::kAlu:
    case InsnClass::kAlu64:
      StepAlu(insn, state);
      return true;
    case InsnClass::kLoadX:
      StepLoad(insn, state);
      return true;
    case InsnClass::kStore:
    case InsnClass::kStoreX:
      StepStore(insn, state);
      return true;
    case InsnClass::kJump:
    case InsnClass::kJump32:
      return StepJump(at, state);
    case InsnClass::kLoad:
      if (insn.code == kLoadImm64) {
        StepImmediate(at, state);
        if (at + 1 < insns_.size()) reached_[++at] = true;
      } else {
        state.Clobber(0, 5);  // BPF_ABS and BPF_IND are calls
      }
      return true;
  }
  return true;
}

void Walk::StepImmediate(size_t at, State& state) {
  const Insn& insn = insns_[at];
  if (at + 1 >= insns_.size() || insn.dst() > kFramePointer) return;
  Value& value = state.registers[insn.dst()];
  const uint32_t high = static_cast<uint32_t>(insns_[at + 1].imm);
  value = {};
  if (insn.src() == 0) {
    const uint64_t number = uint64_t{high} << 32 | static_cast<uint32_t>(insn.imm);
    if (number != kUnknownImmediate) value = Value::Constant(number);
  } else if (insn.src() == kPseudoFunction) {
    Enter(static_cast<int64_t>(at) + 1 + insn.imm, FunctionEntry());
  } else if (insn.src() == kPseudoMapValue) {
    const auto found = std::ranges::lower_bound(frozen_, at, {}, &FrozenAddress::insn);
    if (found != frozen_.end() && found->insn == at) {
      value = {.kind = Value::Kind::kFrozen,
               .frozen = static_cast<uint32_t>(found - frozen_.begin()),
               .number = high};
    }
  }
}

void Walk::StepAlu(const Insn& insn, State& state) const {
  if (insn.dst() >= kFramePointer || insn.src() > kFramePointer) return;
  Value& dst = state.registers[insn.dst()];
  const Value operand = (insn.code & kFromRegister) != 0
                            ? state.registers[insn.src()]
                            : Value::Constant(static_cast<uint64_t>(int64_t{insn.imm}));
  const bool wide = ClassOf(insn) == InsnClass::kAlu64;
  if (wide && OperationOf(insn) == kMove && insn.off == 0) {
    dst = operand;
    return;
  }
  if (wide && OperationOf(insn) == kAdd && insn.off == 0 && dst.kind != Value::Kind::kUnknown &&
      operand.kind == Value::Kind::kConstant) {
    dst.number += operand.number;
    return;
  }
  std::optional<uint64_t> result;
  const bool unary = OperationOf(insn) == kMove;
  if (operand.kind == Value::Kind::kConstant && (unary || dst.kind == Value::Kind::kConstant)) {
    result = Calculate(insn, dst.number, operand.number);
  }
  dst = result ? Value::Constant(*result) : Value{};
}

// The slot that 8 bytes at this address are; null where it is none.
Value* Walk::SlotAt(State& state, const Value& base, int16_t offset) {
  const int64_t at = static_cast<int64_t>(base.number) + offset;
  if (state.slots.empty() || base.kind != Value::Kind::kStack) return nullptr;
  if (at % 8 != 0 || at >= 0 || at < -8 * kSlots) return nullptr;
  return &state.slots[static_cast<size_t>(at / 8 + kSlots)];
}

std::optional<uint64_t> Walk::ReadFrozen(const Value& address, size_t size) const {
  const FrozenAddress& data = frozen_[address.frozen];
  if (address.number > data.size || size > data.size - address.number) return std::nullopt;
  // The last that begins before what is read ends.
  const auto next =
      std::ranges::lower_bound(data.unknown, address.number + size, {},
                               [](ByteRange range) -> uint64_t { return range.offset; });
  if (next != data.unknown.begin() &&
      uint64_t{std::prev(next)->offset} + std::prev(next)->size > address.number)
    return std::nullopt;
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) {
    // From the highest byte down.
    const size_t at =
        static_cast<size_t>(address.number) + (order_ == std::endian::big ? i : size - 1 - i);
    const auto byte = at < data.value.size() ? data.value[at] : std::byte{};
    number = number << 8 | std::to_integer<uint8_t>(byte);
  }
  return number;
}

void Walk::StepLoad(const Insn& insn, State& state) const {
  if (insn.dst() >= kFramePointer || insn.src() > kFramePointer) return;
  const Value base = state.registers[insn.src()];
  Value& dst = state.registers[insn.dst()];
  const size_t size = SizeOf(insn);
  Value loaded;
  if (ModeOf(insn) == kMemory && base.kind == Value::Kind::kFrozen) {
    Value address = base;
    address.number += static_cast<uint64_t>(int64_t{insn.off});
    if (const auto number = ReadFrozen(address, size)) loaded = Value::Constant(*number);
  } else if (ModeOf(insn) == kMemory && size == 8) {
    if (const Value* slot = SlotAt(state, base, insn.off)) loaded = *slot;
  }
  dst = loaded;
}

void Walk::StepStore(const Insn& insn, State& state) const {
  if (insn.dst() > kFramePointer || insn.src() > kFramePointer) return;
  const Value base = state.registers[insn.dst()];
  if (ModeOf(insn) != kMemory) {  // atomic: may fetch, and compare with r0
    state.ForgetStack();
    state.registers[0] = {};
    if (insn.src() < kFramePointer) state.registers[insn.src()] = {};
    if (insn.dst() < kFramePointer) state.registers[insn.dst()] = {};
    return;
  }
  Value* slot = SizeOf(insn) == 8 ? SlotAt(state, base, insn.off) : nullptr;
  if (slot == nullptr) return state.ForgetStack();  // it may point to the stack
  *slot = ClassOf(insn) == InsnClass::kStoreX
              ? state.registers[insn.src()]
              : Value::Constant(static_cast<uint64_t>(int64_t{insn.imm}));
}

bool Walk::StepJump(size_t at, State& state) {
  const Insn& insn = insns_[at];
  const auto here = static_cast<int64_t>(at);
  switch (OperationOf(insn)) {
    case kJumpExit:
      return false;
    case kJumpCall:
      if (insn.src() == kPseudoCall) Enter(here + 1 + insn.imm, FunctionEntry());
      state.Clobber(0, 5);
      state.ForgetStack();  // whoever is called may have its address
      return true;
    case kJumpAlways:
      Enter(*JumpTarget(insn, here), state);
      return false;
    default: {
      bool falls_through = true;
      StepBranch(at, state, falls_through);
      return falls_through;
    }
  }
}

void Walk::StepBranch(size_t at, State& state, bool& falls_through) {
  const Insn& insn = insns_[at];
  const int64_t target = *JumpTarget(insn, static_cast<int64_t>(at));
  const bool from_register = (insn.code & kFromRegister) != 0;
  if (insn.dst() > kFramePointer || insn.src() > kFramePointer || OperationOf(insn) == kMayJump) {
    return Enter(target, state);
  }
  const Value operand = from_register ? state.registers[insn.src()]
                                      : Value::Constant(static_cast<uint64_t>(int64_t{insn.imm}));
  Value& value = state.registers[insn.dst()];
  if (value.kind == Value::Kind::kConstant && operand.kind == Value::Kind::kConstant) {
    const auto jumps = Compare(insn, value.number, operand.number);
    if (jumps) {
      falls_through = !*jumps;
      if (*jumps) Enter(target, state);
      return;
    }
  }
  // On one of the two ways the register is what it was compared with.
  const bool equals = ClassOf(insn) == InsnClass::kJump && OperationOf(insn) == kJumpEqual;
  const bool differs = ClassOf(insn) == InsnClass::kJump && OperationOf(insn) == kJumpNotEqual;
  const bool learns = operand.kind == Value::Kind::kConstant && value == Value{};
  if (equals && learns) {
    State taken = state;
    taken.registers[insn.dst()] = operand;
    return Enter(target, taken);
  }
  Enter(target, state);
  if (differs && learns) value = operand;
}

}  // namespace

std::vector<bool> ReachableInsns(std::span<const Insn> insns, std::span<const FrozenAddress> frozen,
                                 std::endian order, std::span<const uint32_t> entries) {
  return Walk(insns, frozen, order).Run(entries);
}

}  // namespace purebpf::tool
