#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/try.h"
#include "purebpf/loader/collection.h"
#include "purebpf/loader/collection_spec.h"
#include "purebpf/tests/replay/scenario.h"
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

constexpr Scenario kScenarios[] = {
    {.name = "load_xconnect", .run = LoadXconnect},
    {.name = "large_collection", .run = LargeCollection},
};

}  // namespace

std::span<const Scenario> LoaderScenarios() { return kScenarios; }

}  // namespace purebpf::testing
