#include "purebpf/tests/differential/core_cases.h"

#include <algorithm>
#include <bit>
#include <span>
#include <string>
#include <string_view>

#include "purebpf/bpf/insn.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_ext.h"
#include "purebpf/loader/internal/core/core_access.h"
#include "purebpf/loader/internal/core/core_value.h"
#include "purebpf/tests/support/btf_builder.h"
#include "purebpf/tests/support/byte_writer.h"
#include "purebpf/tests/support/elf_builder.h"

namespace purebpf::testing {
namespace {

using elf::BtfKind;
using elf::BtfType;
using elf::TypeId;
using internal::CoreKind;

// SplitMix64.
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint32_t Below(uint32_t bound) {
    state_ = Mix(state_);
    return static_cast<uint32_t>(state_ >> 11) % bound;
  }
  bool OneIn(uint32_t bound) { return Below(bound) == 0; }

 private:
  uint64_t state_;
};

constexpr uint32_t kTypes = 48;
constexpr uint32_t kPlainTypes = 9;  // integers and a float come first
constexpr uint32_t kMaxMembers = 6;

// A graph of types in which each refers to earlier ones. What is drawn depends on the seed, the
// type and a slot there, so that one difference does not change all the rest.
class Graph {
 public:
  // One draw in `differences` differs; none where it is 0.
  Graph(uint64_t seed, uint64_t variant, uint32_t differences)
      : seed_(seed), variant_(variant), differences_(differences) {}

  void AddTo(BtfBuilder& btf) {
    btf.Int("char", 1, 1);
    btf.Int("unsigned char", 1);
    btf.Int("_Bool", 1, 4);
    btf.Int("short", 2, 1);
    btf.Int("unsigned int", 4);
    btf.Int("int", 4, 1);
    btf.Int("unsigned long long", 8);
    btf.Int("long long", 8, 1);
    btf.Float("double", 8);
    for (type_ = kPlainTypes; type_ < kTypes; ++type_) {
      slot_ = 0;
      AddOne(btf);
    }
  }

 private:
  uint32_t Draw(uint32_t bound) {
    const uint64_t place = Mix(seed_ ^ (uint64_t{type_} << 32 | slot_++));
    const uint64_t other = Mix(place ^ variant_);
    const bool differs = differences_ != 0 && other % differences_ == 0;
    return static_cast<uint32_t>((differs ? other : place) >> 20) % bound;
  }
  bool OneIn(uint32_t bound) { return Draw(bound) == 0; }
  uint32_t Earlier() { return 1 + Draw(type_); }
  std::string Name(std::string_view prefix, uint32_t count) {
    std::string name = std::string(prefix) + std::to_string(Draw(count));
    if (OneIn(4)) name += "___v" + std::to_string(Draw(2));
    return name;
  }

  void AddOne(BtfBuilder& btf) {
    switch (Draw(16)) {
      case 0:
        btf.Ptr(OneIn(8) ? 0 : Earlier());
        break;
      case 1:
        btf.Array(Earlier(), 5, Draw(4));
        break;
      case 2:
        btf.Typedef(Name("t", 5), Earlier());
        break;
      case 3:
        OneIn(2) ? btf.Const(Earlier()) : btf.Volatile(Earlier());
        break;
      case 4:
        btf.Fwd(Name("s", 12));
        break;
      case 5:
        AddEnum(btf);
        break;
      case 6:
        btf.FuncProto(OneIn(3) ? 0 : Earlier(), {{"a", Earlier()}, {"b", Earlier()}});
        break;
      case 7:
        AddAggregate(btf, OneIn(2), "");
        break;
      case 8:
        AddBits(btf);
        break;
      case 9:
        AddAggregate(btf, false, Name("u", 4));
        break;
      default:
        AddAggregate(btf, true, Name("s", 12));
        break;
    }
  }

  void AddEnum(BtfBuilder& btf) {
    static constexpr std::string_view kNames[] = {"A", "B", "C", "B___x", "D"};
    static constexpr uint64_t kValues[] = {0, 1, 2, 0x7fffffff, 0xffffffffffffffff, 77};
    std::vector<BtfBuilder::Enumerator> enumerators;
    const uint32_t count = 1 + Draw(4);
    for (uint32_t i = 0; i < count; ++i) enumerators.push_back({kNames[Draw(5)], kValues[Draw(6)]});
    const std::string name = OneIn(6) ? "" : Name("e", 4);
    if (OneIn(3))
      btf.Enum64(name, enumerators, OneIn(2));
    else
      btf.Enum(name, 4, enumerators, OneIn(2));
  }

  // No name twice in a struct with its anonymous members, as C has it.
  std::string MemberName(uint32_t index, bool anonymous) {
    const uint32_t number = OneIn(10) ? index + kMaxMembers : index;
    return anonymous ? "n" + std::to_string(type_ * 100 + number) : "m" + std::to_string(number);
  }

  void AddAggregate(BtfBuilder& btf, bool is_struct, std::string_view name) {
    std::vector<std::string> names;
    std::vector<BtfBuilder::Member> members;
    const uint32_t count = Draw(kMaxMembers + 1);
    names.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t type = Earlier();
      const bool unnamed = std::ranges::find(anonymous_, type) != anonymous_.end() && !OneIn(3);
      names.push_back(unnamed ? "" : MemberName(i, name.empty()));
      members.push_back({names.back(), type, is_struct ? Draw(64) * 8 : 0});
    }
    const uint32_t size = 8 * (1 + Draw(8));
    const uint32_t id =
        is_struct ? btf.Struct(name, size, members) : btf.Union(name, size, members);
    if (name.empty()) anonymous_.push_back(id);
  }

  // Bit fields, of integers only: others divide by nothing in some libbpf.
  void AddBits(BtfBuilder& btf) {
    std::vector<std::string> names;
    std::vector<BtfBuilder::Member> members;
    const uint32_t count = 1 + Draw(kMaxMembers);
    names.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
      names.push_back(MemberName(i, false));
      const uint32_t type = 1 + Draw(kPlainTypes - 1);
      members.push_back({names.back(), type, Draw(200), OneIn(4) ? 0 : 1 + Draw(20)});
      if (members.back().bit_size == 0) members.back().bit_offset &= ~7U;
    }
    members.push_back({"last", 5, 0, 3});
    btf.Struct(Name("s", 12), 64, members);
  }

  uint64_t seed_;
  uint64_t variant_;
  uint32_t differences_;
  uint32_t type_ = 0;
  uint32_t slot_ = 0;
  std::vector<uint32_t> anonymous_;  // structs and unions
};

struct Relocated {
  uint32_t type = 0;
  std::string access;
  CoreKind kind = CoreKind::kFieldByteOffset;
};

// A path that the types have, but for one in thirty steps.
std::string WalkFrom(const elf::Btf& local, uint32_t root, Random& random) {
  std::string access = random.OneIn(6) ? std::to_string(random.Below(4)) : "0";
  TypeId next{root};
  for (int depth = 0; depth < 8; ++depth) {
    const auto type = local.Resolve(next);
    if (!type || (depth > 0 && random.OneIn(4))) break;
    uint32_t count = type->count;
    if (type->kind == BtfKind::kArray) {
      count = local.Array(*type).count + (random.OneIn(6) ? 1 : 0);
    } else if (type->kind != BtfKind::kStruct && type->kind != BtfKind::kUnion) {
      break;
    }
    if (count == 0 && !random.OneIn(30)) break;
    const uint32_t index = random.OneIn(30) ? random.Below(8) : random.Below(std::max(count, 1U));
    access += ":" + std::to_string(index);
    if (type->kind == BtfKind::kArray) {
      next = local.Array(*type).element;
    } else {
      if (index >= type->count) break;
      next = local.Member(*type, index).type;
    }
  }
  return access;
}

bool EndsInElement(const elf::Btf& local, const Relocated& relocated) {
  internal::CoreTypes types(local, 8);
  internal::CorePath path;
  const elf::CoreRelocation relocation{.type = TypeId{relocated.type},
                                       .access = relocated.access,
                                       .kind = static_cast<uint32_t>(relocated.kind)};
  return internal::FollowAccess(types, relocation, path) && path.last().name.empty();
}

Relocated DrawRelocation(const elf::Btf& local, Random& random) {
  Relocated relocated;
  for (int tries = 0; tries < 30; ++tries) {
    relocated.type = 1 + random.Below(kTypes);
    const BtfType type = local.Type(TypeId{relocated.type});
    if (type.name.empty() && !random.OneIn(40)) continue;
    const bool plain =
        type.kind == BtfKind::kInt || type.kind == BtfKind::kFloat || type.kind == BtfKind::kFwd;
    if (plain && !random.OneIn(10)) continue;
    break;
  }
  const auto stripped = local.Resolve(TypeId{relocated.type});
  const bool is_enum =
      stripped && (stripped->kind == BtfKind::kEnum || stripped->kind == BtfKind::kEnum64);
  relocated.access = "0";
  if (is_enum && !random.OneIn(5)) {
    relocated.kind = random.OneIn(2) ? CoreKind::kEnumvalExists : CoreKind::kEnumvalValue;
    relocated.access = std::to_string(random.Below(stripped->count + (random.OneIn(20) ? 1 : 0)));
  } else if (random.OneIn(3)) {
    relocated.kind = static_cast<CoreKind>(6 + random.Below(4));
    if (random.OneIn(3)) relocated.kind = CoreKind::kTypeMatches;
  } else {
    relocated.kind = static_cast<CoreKind>(random.OneIn(2) ? 0 : random.Below(6));
    relocated.access = WalkFrom(local, relocated.type, random);
    // An element has an offset, a size and an existence; no more, but for one in thirty.
    if (EndsInElement(local, relocated) && !random.OneIn(30))
      relocated.kind = static_cast<CoreKind>(random.Below(3));
  }
  return relocated;
}

// What a compiler would have put there, but for one in forty.
std::vector<Insn> InsnsFor(const elf::Btf& local, const Relocated& relocated, Random& random) {
  internal::CoreTypes types(local, 8);
  internal::CorePath path;
  internal::CoreValue value;
  const elf::CoreRelocation relocation{.type = TypeId{relocated.type},
                                       .access = relocated.access,
                                       .kind = static_cast<uint32_t>(relocated.kind)};
  if (internal::FollowAccess(types, relocation, path)) {
    if (const auto known = internal::ValueOf(types, relocated.kind, TypeId{relocated.type}, path))
      value = *known;
  }
  if (random.OneIn(40)) value.value += 8;
  const Insn exit{.code = kExit, .registers = 0, .off = 0, .imm = 0};
  if (relocated.kind == CoreKind::kFieldByteOffset && !random.OneIn(4)) {
    constexpr uint8_t kClasses[] = {0x61, 0x62, 0x63};  // load, store of a number, of a register
    constexpr uint8_t kByWidth[] = {0, 0x10, 0x08, 0, 0, 0, 0, 0, 0x18};
    uint8_t code = kClasses[random.Below(3)];
    if (value.width <= 8 && !random.OneIn(10))
      code = static_cast<uint8_t>(code | kByWidth[value.width]);
    return {{.code = code,
             .registers = Insn::Registers(1, 2),
             .off = static_cast<int16_t>(value.value),
             .imm = 0},
            exit};
  }
  if (relocated.kind == CoreKind::kEnumvalValue ? !random.OneIn(3) : random.OneIn(4))
    return {{.code = kLoadImm64,
             .registers = Insn::Registers(1, 0),
             .off = 0,
             .imm = static_cast<int32_t>(value.value)},
            {.code = 0, .registers = 0, .off = 0, .imm = static_cast<int32_t>(value.value >> 32)},
            exit};
  constexpr uint8_t kCodes[] = {0xb7, 0xb4, 0x07, 0x0f, 0x05};  // the last two have no immediate
  const uint8_t code = kCodes[random.OneIn(30) ? 3 + random.Below(2) : random.Below(3)];
  return {{.code = code,
           .registers = Insn::Registers(1, 0),
           .off = 0,
           .imm = static_cast<int32_t>(value.value)},
          exit};
}

}  // namespace

CoreCase MakeCoreCase(uint64_t seed) {
  Random random(Mix(seed));
  const uint64_t graph = random.Below(1U << 31);
  CoreCase result;
  BtfBuilder kernel;
  Graph(graph, 0, 0).AddTo(kernel);
  result.kernel = kernel.Build();

  const uint64_t variant = random.Below(1U << 31);
  const uint32_t differences = 4 + random.Below(40);
  BtfBuilder same;
  Graph(graph, variant, differences).AddTo(same);
  const std::vector<std::byte> bytes = same.Build();
  const auto local = elf::Btf::Parse(bytes);
  if (!local) return result;

  // The same types once more, now with the relocations' strings behind theirs.
  BtfBuilder types;
  Graph(graph, variant, differences).AddTo(types);
  ElfBuilder object;
  ByteWriter code(std::endian::native);
  ByteWriter records(std::endian::native);
  const uint32_t programs = 1 + random.Below(6);
  const uint32_t section_name = types.Name("raw_tp/x");
  records.U32(16).U32(section_name).U32(programs);
  for (uint32_t i = 0; i < programs; ++i) {
    const Relocated relocated = DrawRelocation(*local, random);
    const std::vector<Insn> insns = InsnsFor(*local, relocated, random);
    object.AddSymbol({.name = "p" + std::to_string(i),
                      .type = 2,
                      .section = 1,
                      .value = code.size(),
                      .size = insns.size() * sizeof(Insn)});
    records.U32(static_cast<uint32_t>(code.size()))
        .U32(relocated.type)
        .U32(types.Name(relocated.access))
        .U32(static_cast<uint32_t>(relocated.kind));
    code.Append(std::as_bytes(std::span(insns)));
  }
  object.AddSection({.name = "raw_tp/x", .flags = 6, .contents = code.Take()});
  object.AddSection({.name = "license",
                     .flags = 3,
                     .contents = ByteWriter(std::endian::native).Text("GPL").Take()});
  object.AddSection({.name = ".BTF", .contents = types.Build()});
  ByteWriter ext(std::endian::native);
  ext.U16(0xeb9f).U8(1).U8(0).U32(32);
  ext.U32(0).U32(0).U32(0).U32(0).U32(0).U32(static_cast<uint32_t>(records.size()));
  object.AddSection({.name = ".BTF.ext", .contents = ext.Append(records.bytes()).Take()});
  result.object = object.Build();
  return result;
}

}  // namespace purebpf::testing
