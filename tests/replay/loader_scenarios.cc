#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"
#include "purebpf/bpf/ring_buffer.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/tests/replay/scenario.h"
#include "purebpf/tests/replay/watch.h"
#include "purebpf/tests/support/elf_builder.h"
#include "purebpf/tools/xconnect/xconnect_object.h"

namespace purebpf::testing {
namespace {

template <typename T>
void Append(std::vector<std::byte>& bytes, const T& value) {
  const Bytes more = BytesOf(value);
  bytes.insert(bytes.end(), more.begin(), more.end());
}

// An object of `count` hash maps, and as many XDP programs, each with a map of its own:
//   r1 = map; r0 = 2; exit
std::vector<std::byte> ObjectOf(uint32_t count) {
  ElfBuilder elf;
  std::vector<std::byte> maps;
  std::vector<std::byte> code;
  for (uint32_t i = 0; i < count; ++i) {
    for (const uint32_t field : {1U, 4U, 8U, 16U, 0U}) Append(maps, field);
    Append(code, Insn{.code = kLoadImm64, .registers = Insn::Registers(1, 0)});
    Append(code, Insn{});
    Append(code, Insn{.code = 0xb7, .imm = 2});
    Append(code, Insn{.code = kExit});
  }
  const uint32_t license =
      elf.AddSection({.name = "license",
                      .contents = {std::byte{'G'}, std::byte{'P'}, std::byte{'L'}, std::byte{0}}});
  static_cast<void>(license);
  const uint32_t map_section = elf.AddSection({.name = "maps", .flags = 3, .contents = maps});
  const uint32_t code_section = elf.AddSection({.name = "xdp", .flags = 6, .contents = code});
  constexpr uint8_t kObject = 1;
  constexpr uint8_t kFunction = 2;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t map = elf.AddSymbol({.name = "map_" + std::to_string(i),
                                        .type = kObject,
                                        .section = static_cast<uint16_t>(map_section),
                                        .value = i * 20,
                                        .size = 20});
    elf.AddSymbol({.name = "program_" + std::to_string(i),
                   .type = kFunction,
                   .section = static_cast<uint16_t>(code_section),
                   .value = i * 32,
                   .size = 32});
    elf.Relocate(code_section, {.offset = i * 32, .type = 1, .symbol = map});
  }
  return elf.Build();
}

Result<void> LoadAll(Stage& stage, Bytes object, std::string_view name, std::string_view program) {
  const CollectionSpec spec = PUREBPF_TRY(CollectionSpec::Parse(object, name));
  const Collection collection =
      PUREBPF_TRY(stage.AllOrNothing("load", [&] { return spec.Load(stage.kernel()); }));
  return stage.Check(collection.FindProgram(program) != nullptr, "the last program is there");
}

Result<void> LoadXconnect(Stage& stage) {
  return LoadAll(stage, xconnect_object::Object(), "xconnect", "xdp_xconnect");
}

// 50 maps, 50 programs: all or nothing.
Result<void> LargeCollection(Stage& stage) {
  return LoadAll(stage, ObjectOf(50), "large", "program_49");
}

// Why `name` was left out of a partial load; null where it was not.
const Error* LeftOut(const Collection& collection, std::string_view name) {
  for (const Failure& failure : collection.failures())
    if ((failure.map.empty() ? failure.program : failure.map) == name) return &failure.error;
  return nullptr;
}

// Of what is named a map that no kernel knows the type of, the program that uses it, and one that
// the verifier refuses, are left out, and nothing else is: what is left out for another reason ends
// the scenario with that.
Result<void> Partial(Stage& stage) {
  CollectionSpec spec = PUREBPF_TRY(CollectionSpec::Parse(ObjectOf(4), "partial"));
  spec.FindMap("map_1")->params.type = MapType{9999};
  constexpr Insn kUnread = {.code = 0xbf, .registers = Insn::Registers(0, 9)};  // r0 = r9
  spec.functions[spec.FindProgram("program_2")->function].insns[2] = kUnread;
  LoadOptions options{.only = {{"program_0", "program_1", "program_2"}}};
  const auto load = [&] { return spec.Load(stage.kernel(), options); };
  const auto whole = stage.AllOrNothing("load all or nothing", load);
  if (whole) return stage.Check(false, "no kernel has such a map");
  PUREBPF_TRY(stage.Check(whole.error().object != "partial: program_2", "its map comes first"));
  if (whole.error().object != "partial: map_1") return std::unexpected(whole.error());

  options.partial = true;
  const Collection collection = PUREBPF_TRY(stage.AllOrNothing("load what can be", load));
  for (const char* name : {"map_0", "program_0", "map_2"})
    if (const Error* error = LeftOut(collection, name)) return std::unexpected(*error);
  struct Refused {
    std::string name;
    int sys_errno;
    Code code;
  };
  for (const Refused& refused : {Refused{"map_1", EINVAL, Code::kInvalidArgument},
                                 Refused{"program_1", EINVAL, Code::kInvalidArgument},
                                 Refused{"program_2", EACCES, Code::kRejected}}) {
    const Error* const error = LeftOut(collection, refused.name);
    PUREBPF_TRY(stage.Check(error != nullptr, refused.name + " is left out"));
    if (error->sys_errno != refused.sys_errno) return std::unexpected(*error);
    PUREBPF_TRY(stage.Check(error->code == refused.code, "it is said why " + refused.name + " is"));
  }
  PUREBPF_TRY(stage.Check(LeftOut(collection, "program_1")->object == "program 'program_1': map_1",
                          "it is said for which map"));
  PUREBPF_TRY(stage.Check(collection.failures().size() == 3 && collection.programs().size() == 1 &&
                              collection.maps().size() == 2,
                          "the rest is there, and nothing that was not named"));
  const std::vector<std::byte> packet(64);
  const auto ran = PUREBPF_TRY(collection.FindProgram("program_0")->TestRun({.data = packet}));
  return stage.Check(ran.retval == 2, "what is loaded runs");
}

constexpr const char* kKept = "/sys/fs/bpf/purebpf_kept";

// CO-RE, global data, a map that is found again by its pin.
Result<void> WholeCollection(Stage& stage) {
  PUREBPF_TRY(stage.BpfFileSystem());
  CollectionSpec spec = PUREBPF_TRY(CollectionSpec::Parse(watch::Object(), "watch"));
  PUREBPF_TRY(spec.Set<uint32_t>("first_number", 7));
  const auto load = [&] { return spec.Load(stage.kernel()); };
  Collection first = PUREBPF_TRY(stage.AllOrNothing("load", load));
  Undo unpin(stage, [&] { return Map::Unpin(stage.kernel(), kKept); });
  const uint32_t key = 1;
  const uint64_t value = 5;
  const Map* const kept = first.FindMap("purebpf_kept");
  PUREBPF_TRY(stage.Check(kept != nullptr && first.FindProgram("on_fork") != nullptr, "all there"));
  PUREBPF_TRY(kept->Put(BytesOf(key), BytesOf(value)));
  PUREBPF_TRY(first.Set<uint32_t>("limit", 2));
  const auto limit = PUREBPF_TRY(first.Get<uint32_t>("limit"));
  PUREBPF_TRY(stage.Check(limit == 2, "a variable is what it was set to"));

  const Collection second = PUREBPF_TRY(stage.AllOrNothing("load again", load));
  uint64_t found = 0;
  const bool there =
      PUREBPF_TRY(second.FindMap("purebpf_kept")->Lookup(BytesOf(key), MutableBytesOf(found)));
  PUREBPF_TRY(stage.Check(there && found == 5, "the pinned map is the same one"));
  return unpin.Do();
}

// What a program writes, read where it wrote it.
Result<void> ReadRing(Stage& stage) {
  const CollectionSpec spec = PUREBPF_TRY(CollectionSpec::Parse(watch::Object(), "watch"));
  Collection collection = PUREBPF_TRY(stage.AllOrNothing("load", [&] {
    return spec.Load(stage.kernel(), {.only = std::vector<std::string>{"on_packet"}});
  }));
  const Program* const program = collection.FindProgram("on_packet");
  const Map* const events = collection.FindMap("events");
  PUREBPF_TRY(stage.Check(program != nullptr && events != nullptr, "all there"));
  RingBuffer ring = PUREBPF_TRY(RingBuffer::Open(*events));
  const std::vector<std::byte> packet(64);
  for (int i = 0; i < 3; ++i) PUREBPF_TRY(program->TestRun({.data = packet}));
  const bool woken = PUREBPF_TRY(ring.Wait(std::chrono::seconds(10)));
  PUREBPF_TRY(stage.Check(woken, "records are there"));
  std::vector<uint32_t> words;
  const size_t read = PUREBPF_TRY(ring.Consume([&](Bytes record) {
    for (size_t at = 0; at + 4 <= record.size(); at += 4) {
      uint32_t word = 0;
      std::memcpy(&word, record.data() + at, sizeof word);
      words.push_back(word);
    }
  }));
  PUREBPF_TRY(stage.Check(read == 3 && words == std::vector<uint32_t>{64, 1, 64, 2, 64, 3},
                          "all three, in order"));
  const auto seen = PUREBPF_TRY(collection.Get<uint64_t>("seen"));
  return stage.Check(seen == 3, "the program counted them");
}

constexpr Scenario kScenarios[] = {
    {.name = "whole_collection", .run = WholeCollection},
    {.name = "read_ring", .run = ReadRing},
    {.name = "load_xconnect", .run = LoadXconnect},
    {.name = "large_collection", .run = LargeCollection},
    {.name = "partial", .run = Partial},
};

}  // namespace

std::span<const Scenario> LoaderScenarios() { return kScenarios; }

}  // namespace purebpf::testing
